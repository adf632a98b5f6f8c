"""How tokens are chosen, and what comes of it: the same for every back end."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Decoding:
    """How tokens are chosen.

    Attributes:
        max_new_tokens: The most tokens of an answer.
        temperature: 0 is greedy.
        top_p: The nucleus that is sampled from (Holtzman et al. 2019, arXiv:1904.09751).
        min_p: Of it the tokens with at least this share of the likeliest one's probability (Nguyen et al. 2024,
            arXiv:2407.01082); 0 is off.
        repetition_penalty: Divides the logits of what was written (Keskar et al. 2019, arXiv:1909.05858).
        no_repeat_ngram_size: No run of so many tokens is written twice (Paulus et al. 2018, arXiv:1705.04304);
            0 is off.
    """

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    min_p: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What a model wrote; `ended` when it stopped by itself."""

    text: str
    tokens: int
    ended: bool


def row_seed(seed: int, prompt: Sequence[int], candidate: int = 0) -> int:
    """The seed of one answer, not of what else is in the batch.

    Args:
        seed: Of the call.
        prompt: Token ids.
        candidate: Which of the answers to this prompt.
    """
    tried = f" {candidate}" if candidate else ""
    return int.from_bytes(sha256(f"{seed} {list(prompt)}{tried}".encode()).digest()[:8], "big")
