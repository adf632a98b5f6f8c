"""Sampling parameters, completions and their seeds: the same for every backend."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, NamedTuple

# Why a text ended: the model or a stop sequence ended it, or it reached its longest length.
FinishReason = Literal["stop", "length"]


@dataclass(frozen=True)
class SamplingParams:
    """Parameters of the choice of the next token.

    Attributes:
        max_new_tokens: Maximum length of a completion, in tokens.
        temperature: The sampling temperature; 0 is greedy decoding.
        top_p: Nucleus sampling (Holtzman et al. 2019, arXiv:1904.09751).
        min_p: Tokens with less than this fraction of the most likely token's probability are never sampled
            (Nguyen et al. 2024, arXiv:2407.01082); 0 disables it.
        repetition_penalty: Divides the logits of tokens that were already generated (Keskar et al. 2019,
            arXiv:1909.05858).
        no_repeat_ngram_size: No n-gram of this size is generated twice (Paulus et al. 2018, arXiv:1705.04304);
            0 disables it.
    """

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    min_p: float = 0.0


class GeneratedToken(NamedTuple):
    """A token of one of several completions that are generated together.

    Attributes:
        row: The index of its prompt.
        token: Its id.
        is_last: Whether it ends the completion.
        log_probability: Of the token after those before it, at temperature 1, in nats.
    """

    row: int
    token: int
    is_last: bool
    log_probability: float


@dataclass(frozen=True)
class Completion:
    """The text that a model generated for one prompt.

    Attributes:
        text: The text, without the end-of-turn token.
        num_tokens: Number of tokens, including the end-of-turn token.
        finish_reason: 'stop' after a stop token, 'length' after `SamplingParams.max_new_tokens` tokens.
        log_probability: The mean of its tokens' log-probabilities at temperature 1, in nats; None if the backend does
            not return them. It is rounded differently in other batches.
    """

    text: str
    num_tokens: int
    finish_reason: FinishReason
    log_probability: float | None = field(default=None, compare=False)

    @property
    def is_complete(self) -> bool:
        """Whether the model ended the text itself."""
        return self.finish_reason == "stop"


def completion_seed(seed: int, prompt: Sequence[int], candidate: int = 0) -> int:
    """The seed of one completion. It does not depend on the other prompts of the batch.

    Args:
        seed: Seed of the whole run.
        prompt: Token ids.
        candidate: Index among the completions of this prompt.
    """
    suffix = f" {candidate}" if candidate else ""
    return int.from_bytes(sha256(f"{seed} {list(prompt)}{suffix}".encode()).digest()[:8], "big")
