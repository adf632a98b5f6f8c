"""Continuous batching (Yu et al. 2022, "Orca", OSDI): a finished row makes room for the next prompt at once."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torch

from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import GeneratedToken, SamplingParams
from email_assistant.language_model.sampler import Sampler

# Prompts are prefilled up to this many tokens at a time; more take more memory and are not faster.
PREFILL_TOKENS = 2048
# A shorter prefix is not worth a forward pass of its own.
MIN_SHARED_PREFIX = 32


@dataclass
class Row:
    """A prompt that is being completed.

    Attributes:
        prompt_id: Its index among all prompts.
        prompt_logits: Logits of the first new token, (vocabulary,), for further rows with the same prompt.
        num_tokens: Tokens generated so far.
        last_token: The last generated token.
    """

    prompt_id: int
    prompt_logits: torch.Tensor
    num_tokens: int = 0
    last_token: int = -1


class ContinuousBatch:
    """Completes prompts in a batch of at most `batch_size` rows.

    Row i of the batch is row i of the decoder.
    """

    def __init__(
        self,
        decoder: CachedDecoder,
        prompts: Sequence[Sequence[int]],
        params: SamplingParams,
        seeds: Sequence[int | None],
        stop_ids: Collection[int],
        batch_size: int,
    ) -> None:
        """Prefill the common prefix of all prompts.

        Args:
            decoder: A decoder without rows.
            prompts: Token ids. Equal prompts are prefilled once if they are next to each other.
            params: How tokens are chosen.
            seeds: The seed of each prompt; None: greedy decoding.
            stop_ids: Token ids that end a completion.
            batch_size: The maximum number of rows.
        """
        self._decoder, self._prompts, self._batch_size = decoder, prompts, batch_size
        self._stop_ids, self._max_new_tokens = stop_ids, params.max_new_tokens
        self._sampler = Sampler(params, seeds)
        self._rows: list[Row] = []
        self._waiting = deque(range(len(prompts)))
        self._prefix_length = shared_prefix_length(prompts)
        decoder.prefill_prefix(prompts[0][: self._prefix_length])

    def run(self) -> Iterator[GeneratedToken]:
        """Yield tokens until all prompts are completed."""
        while self._rows or self._waiting:
            logits = [self._decoder.step([row.last_token for row in self._rows])] if self._rows else []
            logits += self._admit()
            tokens = self._sampler.sample(
                logits[0] if len(logits) == 1 else torch.cat(logits), [row.prompt_id for row in self._rows]
            )
            log_probabilities = self._sampler.log_probabilities
            # From the end, because a row that is evicted is replaced by the last one.
            for index in reversed(range(len(self._rows))):
                row, token = self._rows[index], tokens[index]
                row.last_token = token
                row.num_tokens += 1
                is_last = token in self._stop_ids or row.num_tokens == self._max_new_tokens
                yield GeneratedToken(row.prompt_id, token, is_last, log_probabilities[index])
                if is_last:
                    self._evict(index)

    def _admit(self) -> list[torch.Tensor]:
        """Add rows for waiting prompts where there is room; returns the logits of their first tokens."""
        new, repeated = self._next_prompts()
        logits = []
        if new:
            logits.append(self._decoder.prefill([self._prompts[prompt_id][self._prefix_length :] for prompt_id in new]))
            # The sampler changes logits in place; further rows with the same prompt need them unchanged.
            self._rows += [Row(*pair) for pair in zip(new, logits[0].clone(), strict=True)]
        for prompt_id in repeated:
            index = next(index for index, row in enumerate(self._rows) if row.prompt_id == prompt_id - 1)
            self._decoder.fork(index)
            self._rows.append(Row(prompt_id, self._rows[index].prompt_logits))
            logits.append(self._rows[index].prompt_logits[None])
        return logits

    def _next_prompts(self) -> tuple[list[int], list[int]]:
        """The ids of the next prompts to add: those to prefill, within `PREFILL_TOKENS`, and repeated ones.

        A prompt counts as repeated if it equals the one before it, and that is in the batch or is added too.
        """
        new: list[int] = []
        repeated: list[int] = []
        in_batch = {row.prompt_id for row in self._rows}
        tokens, room = 0, self._batch_size - len(self._rows)
        while self._waiting and len(new) + len(repeated) < room:
            prompt_id = self._waiting[0]
            prompt = self._prompts[prompt_id]
            if (new or repeated or prompt_id - 1 in in_batch) and prompt == self._prompts[prompt_id - 1]:
                repeated.append(prompt_id)
            else:
                tokens += len(prompt) - self._prefix_length
                if new and tokens > PREFILL_TOKENS:
                    break
                new.append(prompt_id)
            self._waiting.popleft()
        return new, repeated

    def _evict(self, index: int) -> None:
        """Remove a row; the last one takes its index."""
        self._decoder.evict(index)
        self._rows[index] = self._rows[-1]
        self._rows.pop()


def common_prefix_length(rows: Sequence[Sequence[int]]) -> int:
    """The length of the longest common prefix that is shorter than every row."""
    shortest = min(map(len, rows))
    length = 0
    while length < shortest - 1 and all(row[length] == rows[0][length] for row in rows):
        length += 1
    return length


def shared_prefix_length(prompts: Sequence[Sequence[int]]) -> int:
    """The length of the prefix to prefill once for all prompts; 0 if that does not save time.

    At least one token of every prompt is left, for the logits of its first new token.
    """
    length = common_prefix_length(prompts)
    return length if len(prompts) > 1 and length >= MIN_SHARED_PREFIX else 0
