"""Beam search: the likeliest completions of each prompt.

At every step the likeliest continuations of a prompt's beams become its next beams; those that end are kept. What is
found is ranked by the mean log-probability of its tokens, and the search for a prompt ends when no beam can still be
better than what was found, as in transformers (Wolf et al. 2020, arXiv:1910.03771). For mails, which mostly say again
what their request says, what is likely is also right more often than what is sampled (docs/results.md).
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.continuous_batch import PREFILL_TOKENS, shared_prefix_length
from email_assistant.language_model.decoding import SamplingParams


class Hypothesis(NamedTuple):
    """A completion that the search found.

    Attributes:
        score: The mean log-probability of its tokens, in nats.
        tokens: Its token ids, with the stop token if it has one.
    """

    score: float
    tokens: tuple[int, ...]


@dataclass
class Beam:
    """An unfinished completion.

    Attributes:
        total: The sum of the log-probabilities of its tokens, in nats.
        tokens: Its token ids.
    """

    total: float = 0.0
    tokens: tuple[int, ...] = ()


@dataclass
class _Search:
    """The search for one prompt.

    Attributes:
        prompt_id: Its index among all prompts.
        width: Beams, and completions to find.
        beams: The unfinished completions.
        found: The best that have ended, the best first.
        steps: Tokens of each beam.
    """

    prompt_id: int
    width: int
    beams: list[Beam] = field(default_factory=lambda: [Beam()])
    found: list[Hypothesis] = field(default_factory=list)
    steps: int = 0

    def advance(
        self, continuations: Sequence[tuple[float, int, int]], stop_ids: Collection[int]
    ) -> list[tuple[int, Beam]]:
        """Choose the next beams.

        Args:
            continuations: (log-probability of a beam's tokens and the next one, index of the beam, next token).
            stop_ids: Token ids that end a completion.

        Returns:
            The next beams, the likeliest first, each after the index of the beam that it continues.
        """
        self.steps += 1
        chosen: list[tuple[int, Beam]] = []
        best = heapq.nlargest(2 * self.width, continuations, key=lambda each: each[0])
        for rank, (total, index, token) in enumerate(best):
            tokens = (*self.beams[index].tokens, token)
            if token in stop_ids:
                # One that is less likely than all beams is not worth keeping.
                if rank < self.width:
                    self._keep(total, tokens)
            elif len(chosen) < self.width:
                chosen.append((index, Beam(total, tokens)))
        return chosen

    def _keep(self, total: float, tokens: tuple[int, ...]) -> None:
        found = [*self.found, Hypothesis(total / len(tokens), tokens)]
        self.found = heapq.nlargest(self.width, found, key=lambda each: each.score)

    def is_done(self, longest: int) -> bool:
        """Whether no beam can still be better than what was found, or all are as long as they may be."""
        if not self.beams:
            return True
        likeliest = sorted(self.beams, key=lambda beam: -beam.total)
        if self.steps == longest:
            for beam in likeliest[: self.width - len(self.found)]:
                self._keep(beam.total, beam.tokens)
            return True
        return len(self.found) == self.width and self.found[-1].score >= likeliest[0].total / self.steps


# Called with the index of a prompt and what was found for it, the best first.
OnFound = Callable[[int, list[Hypothesis]], None]


@torch.inference_mode()
def beam_search(
    decoder: CachedDecoder,
    prompts: Sequence[Sequence[int]],
    params: SamplingParams,
    width: int,
    stop_ids: Collection[int],
    batch_size: int,
    on_found: OnFound,
) -> None:
    """Find the likeliest completions of every prompt.

    Prompts are searched in a continuous batch: one that is done makes room for the next one at once.

    Args:
        decoder: A decoder without rows.
        prompts: Token ids, none empty.
        params: The length limit and `no_repeat_ngram_size`; the others are for sampling.
        width: Beams of each prompt, and completions to find.
        stop_ids: Token ids that end a completion.
        batch_size: The maximum number of beams at a time, but at least those of one prompt.
        on_found: Called once for every prompt, in any order.
    """
    _Batch(decoder, prompts, params, width, stop_ids, max(1, batch_size // width), on_found).run()


class _Batch:
    """The searches that are going on: each row of the decoder is a beam of one of them."""

    def __init__(
        self,
        decoder: CachedDecoder,
        prompts: Sequence[Sequence[int]],
        params: SamplingParams,
        width: int,
        stop_ids: Collection[int],
        at_once: int,
        on_found: OnFound,
    ) -> None:
        self._decoder, self._prompts, self._params, self._width = decoder, prompts, params, width
        self._stop_ids, self._at_once, self._on_found = stop_ids, at_once, on_found
        # The longest first, so that short ones are left at the end.
        self._waiting = deque(sorted(range(len(prompts)), key=lambda index: -len(prompts[index])))
        # The search of each row, and which of its beams the row is.
        self._rows: list[tuple[_Search, int]] = []
        self._prefix_length = shared_prefix_length(prompts)
        decoder.prefill_prefix(prompts[0][: self._prefix_length])

    def run(self) -> None:
        """Search until all prompts are done."""
        while self._rows or self._waiting:
            tokens = [search.beams[beam].tokens[-1] for search, beam in self._rows]
            logits = [self._decoder.step(tokens)] if tokens else []
            logits += self._admit()
            self._advance(torch.cat(logits) if len(logits) > 1 else logits[0])

    def _admit(self) -> list[torch.Tensor]:
        """Begin with waiting prompts where there is room; returns the logits of their first tokens."""
        new: list[int] = []
        tokens, room = 0, self._at_once - len({id(search) for search, _ in self._rows})
        while self._waiting and len(new) < room:
            tokens += len(self._prompts[self._waiting[0]]) - self._prefix_length
            if new and tokens > PREFILL_TOKENS:
                break
            new.append(self._waiting.popleft())
        if not new:
            return []
        self._rows += [(_Search(prompt_id, self._width), 0) for prompt_id in new]
        return [self._decoder.prefill([self._prompts[prompt_id][self._prefix_length :] for prompt_id in new])]

    def _advance(self, logits: torch.Tensor) -> None:
        """Continue every search by a token.

        Args:
            logits: (rows, vocabulary); modified in place.
        """
        normalizers = logits.logsumexp(dim=-1, keepdim=True)
        self._forbid_repeated_ngrams(logits)
        values, tokens = logits.topk(min(2 * self._width, logits.shape[-1]))
        log_probabilities = (values - normalizers).tolist()
        rows_by_search: dict[int, list[int]] = {}
        for row, (search, _) in enumerate(self._rows):
            rows_by_search.setdefault(id(search), []).append(row)
        unused = []
        for rows in rows_by_search.values():
            search = self._rows[rows[0]][0]
            continuations = [
                (search.beams[beam].total + log_probability, beam, token)
                for row in rows
                for beam in (self._rows[row][1],)
                for log_probability, token in zip(log_probabilities[row], tokens[row].tolist(), strict=True)
                if log_probability > -torch.inf
            ]
            unused += self._place(search, rows, search.advance(continuations, self._stop_ids))
            if search.is_done(self._params.max_new_tokens):
                self._on_found(search.prompt_id, search.found)
                unused += [row for row, (each, _) in enumerate(self._rows) if each is search and row not in unused]
        for row in sorted(unused, reverse=True):
            # The last row takes its index.
            self._decoder.evict(row)
            self._rows[row] = self._rows[-1]
            self._rows.pop()

    def _place(self, search: _Search, rows: Sequence[int], chosen: Sequence[tuple[int, Beam]]) -> list[int]:
        """Give every new beam a row: that of the beam it continues, or a copy of it.

        Args:
            search: The search.
            rows: Its rows.
            chosen: The new beams, each after the index of the beam that it continues.

        Returns:
            Rows that are not needed any more.
        """
        row_of = {self._rows[row][1]: row for row in rows}
        continued = dict(reversed(chosen))
        copies = [(index, beam) for index, beam in chosen if continued[index] is not beam]
        free = [row for beam, row in row_of.items() if beam not in continued]
        placed = [(row_of[index], beam) for index, beam in continued.items()]
        for index, beam in copies:
            if free:
                row = free.pop()
            else:
                row = len(self._rows)
                self._decoder.fork(row_of[index])
                self._rows.append((search, 0))
            self._decoder.copy_row(row_of[index], row)
            placed.append((row, beam))
        search.beams = [beam for _, beam in placed]
        for number, (row, _) in enumerate(placed):
            self._rows[row] = (search, number)
        return free

    def _forbid_repeated_ngrams(self, logits: torch.Tensor) -> None:
        size = self._params.no_repeat_ngram_size
        if not size:
            return
        for row, (search, number) in enumerate(self._rows):
            tokens = search.beams[number].tokens
            last = tokens[len(tokens) - size + 1 :]
            forbidden = [
                tokens[start + size - 1]
                for start in range(len(tokens) - size + 1)
                if tokens[start : start + size - 1] == last
            ]
            if forbidden:
                logits[row, forbidden] = -torch.inf
