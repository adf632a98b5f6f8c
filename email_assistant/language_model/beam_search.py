"""Beam search: the likeliest completions of each prompt.

At every step the likeliest continuations of a prompt's beams become its next beams; those that end are kept.
Completions are ranked by the mean log-probability of their tokens, and the search for a prompt ends when no beam can
still beat them, as in transformers (Wolf et al. 2020, arXiv:1910.03771). A mail mostly restates its request, so likely
completions are right more often than sampled ones (docs/results.md).
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from email_assistant.errors import ModelError
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.continuous_batch import PREFILL_TOKENS, shared_prefix_length
from email_assistant.language_model.decoding import SamplingParams
from email_assistant.language_model.sampler import forbid_


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
class Search:
    """The search for one prompt.

    Attributes:
        prompt_id: The number of its prompt.
        width: Beams, and completions to find.
        longest: Maximum length of a completion, in tokens.
        ngram_size: No n-gram of this size is written twice; 0: they may be.
        beams: The unfinished completions.
        found: The best completions that have ended, the best first.
        steps: Tokens of each beam.
    """

    prompt_id: int
    width: int
    longest: int
    ngram_size: int = 0
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

        Raises:
            ModelError: when there are no continuations.
        """
        if not continuations:
            raise ModelError(
                "no token can continue a text: the model's probabilities are not numbers, or every token would repeat "
                "an n-gram; set model.dtype=float32 or generation.no_repeat_ngram_size=0"
            )
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

    def forbidden(self, number: int) -> list[int]:
        """The tokens that would repeat an n-gram of a beam."""
        size, tokens = self.ngram_size, self.beams[number].tokens
        if not size:
            return []
        last = tokens[len(tokens) - size + 1 :]
        starts = range(len(tokens) - size + 1)
        return [tokens[start + size - 1] for start in starts if tokens[start : start + size - 1] == last]

    def finish(self) -> bool:
        """Whether no beam can still beat the completions that were found, or all have the maximum length.

        Then the likeliest beams are kept, too, if fewer completions were found than asked for.
        """
        if not self.beams:
            return True
        likeliest = sorted(self.beams, key=lambda beam: -beam.total)
        if self.steps == self.longest:
            for beam in likeliest[: self.width - len(self.found)]:
                self._keep(beam.total, beam.tokens)
            return True
        return len(self.found) == self.width and self.found[-1].score >= likeliest[0].total / self.steps


class BeamRow(NamedTuple):
    """A row of a decoder that is a beam of a search: the search, and the index of the beam."""

    search: Search
    number: int


def advance_beams(
    decoder: CachedDecoder, rows: list[Any], indices: Sequence[int], logits: torch.Tensor, stop_ids: Collection[int]
) -> tuple[list[Search], list[int]]:
    """Continue searches by a token, with the rows that their next beams need.

    Args:
        decoder: The decoder.
        rows: Its rows, which may be beams of searches or anything else; more may be added at the end.
        indices: The indices of all `BeamRow`s.
        logits: Of these rows, (rows, vocabulary); modified in place.
        stop_ids: Token ids that end a completion.

    Returns:
        The searches that are done, and the indices of rows that no search needs any more, which have to be evicted.
    """
    normalizers = logits.logsumexp(dim=-1, keepdim=True)
    by_search: dict[int, list[int]] = {}
    forbidden: list[tuple[int, int]] = []
    for place, index in enumerate(indices):
        search, number = rows[index]
        by_search.setdefault(id(search), []).append(place)
        forbidden += [(place, token) for token in search.forbidden(number)]
    forbid_(logits, forbidden)
    widest = max(rows[index].search.width for index in indices)
    values, tokens = logits.topk(min(2 * widest, logits.shape[-1]))
    log_probabilities, candidates = (values - normalizers).tolist(), tokens.tolist()
    done: list[Search] = []
    unused: list[int] = []
    moves = _Moves()
    for places in by_search.values():
        search = rows[indices[places[0]]].search
        continuations = [
            (search.beams[rows[indices[place]].number].total + log_probability, rows[indices[place]].number, token)
            for place in places
            for log_probability, token in zip(log_probabilities[place], candidates[place], strict=True)
            if log_probability > -torch.inf
        ]
        own = [indices[place] for place in places]
        chosen = search.advance(continuations, stop_ids)
        search.beams = [beam for _, beam in chosen]
        if search.finish():
            done.append(search)
            unused += own
        else:
            unused += _place(rows, own, search, chosen, moves)
    decoder.fork(*moves.forks)
    decoder.copy_rows(moves.copies)
    return done, unused


@dataclass
class _Moves:
    """What a step needs of the decoder, for all searches at once.

    Attributes:
        forks: The rows whose prompts new rows at the end share.
        copies: (source, target) each: rows whose tokens become those of other rows.
    """

    forks: list[int] = field(default_factory=list)
    copies: list[tuple[int, int]] = field(default_factory=list)


def _place(
    rows: list[Any], own: Sequence[int], search: Search, chosen: Sequence[tuple[int, Beam]], moves: _Moves
) -> list[int]:
    """Give every new beam a row: that of the beam it continues, or a copy of it.

    Args:
        rows: All rows of the decoder; those of `moves` are added.
        own: The indices of the search's rows.
        search: The search.
        chosen: The new beams, each after the index of the beam that it continues.
        moves: What the decoder has to do; more is added.

    Returns:
        The indices of rows that are not needed any more.
    """
    row_of = {rows[index].number: index for index in own}
    # The likeliest of the beams that continue the same one keeps its row.
    continued = dict(reversed(chosen))
    placed = [(row_of[number], beam) for number, beam in continued.items()]
    free = [index for number, index in row_of.items() if number not in continued]
    for number, beam in chosen:
        if continued[number] is beam:
            continue
        if not free:
            free.append(len(rows))
            moves.forks.append(row_of[number])
            rows.append(BeamRow(search, 0))
        index = free.pop()
        moves.copies.append((row_of[number], index))
        placed.append((index, beam))
    search.beams = [beam for _, beam in placed]
    for number, (index, _) in enumerate(placed):
        rows[index] = BeamRow(search, number)
    return free


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
    """The running searches: row i of the decoder is the beam `_rows[i]`."""

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
        self._rows: list[BeamRow] = []
        self._prefix_length = shared_prefix_length(prompts)
        decoder.prefill_prefix(prompts[0][: self._prefix_length])

    def run(self) -> None:
        """Search until all prompts are done."""
        while self._rows or self._waiting:
            tokens = [search.beams[number].tokens[-1] for search, number in self._rows]
            logits = [self._decoder.step(tokens)] if tokens else []
            logits += self._admit()
            self._advance(torch.cat(logits) if len(logits) > 1 else logits[0])

    def _admit(self) -> list[torch.Tensor]:
        """Begin with waiting prompts where there is room; returns the logits of their first tokens."""
        new: list[int] = []
        tokens, room = 0, self._at_once - len({id(row.search) for row in self._rows})
        while self._waiting and len(new) < room:
            tokens += len(self._prompts[self._waiting[0]]) - self._prefix_length
            if new and tokens > PREFILL_TOKENS:
                break
            new.append(self._waiting.popleft())
        if not new:
            return []
        params = self._params
        searches = [Search(each, self._width, params.max_new_tokens, params.no_repeat_ngram_size) for each in new]
        self._rows += [BeamRow(search, 0) for search in searches]
        return [self._decoder.prefill([self._prompts[prompt_id][self._prefix_length :] for prompt_id in new])]

    def _advance(self, logits: torch.Tensor) -> None:
        """Continue every search by a token, from its logits, (rows, vocabulary)."""
        done, unused = advance_beams(self._decoder, self._rows, range(len(self._rows)), logits, self._stop_ids)
        for search in done:
            self._on_found(search.prompt_id, search.found)
        for index in sorted(unused, reverse=True):
            # The last row takes its index.
            self._decoder.evict(index)
            self._rows[index] = self._rows[-1]
            self._rows.pop()
