"""Batched decoding: rows sorted by length, finished rows leave the batch, seeds of their own.

A row's samples depend on its seed and its prompt alone, not on what else is in the batch.
"""

import logging
import random
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Literal

import torch
from transformers import DynamicCache

from email_assistant.errors import OutOfMemoryError
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import Completion, SamplingParams
from email_assistant.language_model.device import free_memory, is_out_of_memory
from email_assistant.language_model.llama_cpp import LlamaCpp
from email_assistant.language_model.loading import LanguageModel

log = logging.getLogger(__name__)
# A shorter common beginning is not worth a pass of its own.
FEWEST_SHARED = 32
# Prompts are read so many tokens at once; more need memory and are no faster.
PREFILL_TOKENS = 2048
# Candidates that are sorted at first; the nucleus is nearly always among them.
CANDIDATES = 256


# What can write: a model in this process, or llama.cpp.
TextGenerator = LanguageModel | LlamaCpp


def generate(
    model: TextGenerator,
    prompts: Sequence[Sequence[int]],
    decoding: SamplingParams,
    seeds: Sequence[int],
    batch_size: int,
    finished: Callable[[int, Completion], None],
) -> None:
    """Answer every prompt; `finished(index, answer)` is called as soon as a row ends.

    Args:
        model: On its device, in evaluation mode.
        prompts: Token ids, none empty.
        decoding: How tokens are chosen.
        seeds: Of each prompt's samples, as `row_seed` makes them.
        batch_size: Rows at once; llama.cpp has its own number of slots.
        finished: Called once for every prompt, in any order.
    """
    if isinstance(model, LlamaCpp):
        model.generate(prompts, decoding, seeds, finished)
        return
    waiting = list(range(len(prompts)))
    while waiting:
        written: dict[int, list[int]] = {index: [] for index in waiting}
        rows, chances = [prompts[index] for index in waiting], [seeds[index] for index in waiting]
        try:
            for place, token, last in decode(model, rows, decoding, chances, batch_size):
                index = waiting[place]
                written[index].append(token)
                if last:
                    finished(index, _answer(model, written.pop(index)))
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if batch_size == 1:
                raise OutOfMemoryError(
                    "no memory to write a single mail: take a smaller model or model.quantization=nf4"
                ) from None
            batch_size = min(batch_size, len(waiting)) // 2 or 1
        # What the traceback held is free here. A row that is begun again comes out the same.
        waiting = list(written)
        if waiting:
            free_memory()
            log.info("%-10s out of memory: from here on %d mails at once", "writing", batch_size)


def stream(model: TextGenerator, prompt: Sequence[int], decoding: SamplingParams, seed: int) -> Iterator[str]:
    """The answer's text piece by piece, whole characters only; `seed` as of `row_seed`."""
    if isinstance(model, LlamaCpp):
        yield from model.stream(prompt, decoding, seed)
        return
    ids: list[int] = []
    shown = ""
    for _, token, last in decode(model, [prompt], decoding, [seed], 1):
        ids.append(token)
        text = model.encoder.decode(ids)
        if last or not text.endswith("\ufffd"):
            yield text[len(shown) :]
            shown = text


def _answer(model: LanguageModel, ids: list[int]) -> Completion:
    finish_reason: Literal["stop", "length"] = "stop" if ids[-1] in model.encoder.stop_ids else "length"
    return Completion(model.encoder.decode(ids).strip(), len(ids), finish_reason)


@torch.inference_mode()
def decode(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    decoding: SamplingParams,
    seeds: Sequence[int],
    batch_size: int,
) -> Iterator[tuple[int, int, bool]]:
    """Decode step by step: yields (index of the prompt, token id, whether it is the last)."""
    if not prompts:
        return
    by_length = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
    own = CachedDecoder.from_model(model.model)
    if own:
        ordered, chances = [prompts[index] for index in by_length], [seeds[index] for index in by_length]
        for row, token, last in _decode_joining(own, model, ordered, decoding, chances, batch_size):
            yield by_length[row], token, last
        return
    for start in range(0, len(by_length), batch_size):
        indices = by_length[start : start + batch_size]
        rows, chances = [prompts[index] for index in indices], [seeds[index] for index in indices]
        for row, token, last in _decode_batch(model, rows, decoding, chances):
            yield indices[row], token, last


def _decode_joining(
    own: CachedDecoder,
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    decoding: SamplingParams,
    seeds: Sequence[int],
    batch_size: int,
) -> Iterator[tuple[int, int, bool]]:
    """By this project's decoder: a row that ends makes room for the next prompt at once."""
    chooser = _Chooser(decoding, seeds)
    shared = shared_prefix_length(prompts)
    own.prefill_prefix(prompts[0][:shared])
    rows: list[int] = []
    # The logits after the prompt of each row that is present, for further rows of the same prompt.
    following: dict[int, torch.Tensor] = {}
    written = [0] * len(prompts)
    waiting = deque(range(len(prompts)))
    tokens: list[int] = []
    while rows or waiting:
        pieces = [own.step(tokens)] if rows else []
        new, repeated = _joining(waiting, prompts, shared, following, batch_size - len(rows))
        if new:
            pieces.append(own.prefill([prompts[row][shared:] for row in new]))
            following |= zip(new, pieces[-1].clone(), strict=True)
            rows += new
        for row in repeated:
            own.fork(rows.index(row - 1))
            following[row] = following[row - 1]
            pieces.append(following[row][None])
            rows.append(row)
        logits = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        tokens = chooser.choose(logits, rows)
        for place in reversed(range(len(rows))):
            row, token = rows[place], tokens[place]
            written[row] += 1
            last = token in model.encoder.stop_ids or written[row] == decoding.max_new_tokens
            yield row, token, last
            if last:
                own.evict(place)
                del following[row]
                rows[place], tokens[place] = rows[-1], tokens[-1]
                rows.pop()
                tokens.pop()


def _joining(
    waiting: deque[int], prompts: Sequence[Sequence[int]], shared: int, present: Container[int], room: int
) -> tuple[list[int], list[int]]:
    """The next rows, as many as there is room for: prompts to read, within the budget of tokens, and repeated ones.

    A prompt is repeated where the row before has the same and is present, or joins too: rows wait in their order.
    """
    new: list[int] = []
    repeated: list[int] = []
    tokens = 0
    while waiting and len(new) + len(repeated) < room:
        row = waiting[0]
        if (new or repeated or row - 1 in present) and prompts[row] == prompts[row - 1]:
            repeated.append(row)
        else:
            tokens += len(prompts[row]) - shared
            if new and tokens > PREFILL_TOKENS:
                break
            new.append(row)
        waiting.popleft()
    return new, repeated


def _decode_batch(
    model: LanguageModel, prompts: Sequence[Sequence[int]], decoding: SamplingParams, seeds: Sequence[int]
) -> Iterator[tuple[int, int, bool]]:
    """By transformers, one batch: yields (row, token id, whether it is the row's last)."""
    shared, cache = _read_shared(model, prompts)
    ids, mask = _left_padded(model, [prompt[shared:] for prompt in prompts])
    mask = torch.cat([mask.new_ones(len(prompts), shared), mask], dim=1)
    chooser = _Chooser(decoding, seeds)
    rows = list(range(len(prompts)))
    positions = (mask.cumsum(1) - 1).clamp(min=0)[:, shared:]
    for step in range(decoding.max_new_tokens):
        output = model.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            cache=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        tokens = chooser.choose(output.logits[:, -1].float(), rows)
        full = step + 1 == decoding.max_new_tokens
        ended = [token in model.encoder.stop_ids or full for token in tokens]
        yield from zip(rows, tokens, ended, strict=True)
        staying = [place for place, end in enumerate(ended) if not end]
        if not staying:
            return
        ids = torch.tensor([[tokens[place]] for place in staying], device=model.device)
        positions = positions[:, -1:] + 1
        if len(staying) < len(rows):
            index = torch.tensor(staying, device=model.device)
            cache.batch_select_indices(index)
            mask, positions = mask[index], positions[index]
            rows = [rows[place] for place in staying]
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)


def _read_shared(model: LanguageModel, prompts: Sequence[Sequence[int]]) -> tuple[int, DynamicCache]:
    """Read what all prompts begin with once; returns its length and its cache, a row for each prompt."""
    cache = DynamicCache(config=model.model.config)
    shared = shared_prefix_length(prompts)
    if not shared:
        return 0, cache
    ids = torch.tensor([list(prompts[0][:shared])], device=model.device)
    model.model(input_ids=ids, cache=cache, use_cache=True, logits_to_keep=1)
    cache.batch_repeat_interleave(len(prompts))
    return shared, cache


def shared_prefix_length(prompts: Sequence[Sequence[int]]) -> int:
    """How many ids all prompts begin with; 0 where reading them once is not worth it.

    At least one id of every prompt is left to read, for the logits of the first token.
    """
    shared = common_prefix_length(prompts)
    return shared if len(prompts) > 1 and shared >= FEWEST_SHARED else 0


def common_prefix_length(rows: Sequence[Sequence[int]]) -> int:
    """How many ids all rows begin with, of which none is all of a row."""
    shortest = min(map(len, rows))
    shared = 0
    while shared < shortest - 1 and all(row[shared] == rows[0][shared] for row in rows):
        shared += 1
    return shared


def _left_padded(model: LanguageModel, prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask of shape (rows, longest prompt)."""
    longest = max(map(len, prompts))
    ids = torch.full((len(prompts), longest), model.encoder.pad_id)
    mask = torch.zeros((len(prompts), longest), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    return ids.to(model.device), mask.to(model.device)


class _Chooser:
    """Chooses the next token of every row; rows keep their number when others leave."""

    def __init__(self, decoding: SamplingParams, seeds: Sequence[int]) -> None:
        self._decoding = decoding
        self._chance = [random.Random(seed) for seed in seeds]
        self._written: list[set[int]] = [set() for _ in seeds]
        # The last tokens of each row, and what has followed each such run.
        self._last: list[tuple[int, ...]] = [() for _ in seeds]
        self._followers: list[dict[tuple[int, ...], set[int]]] = [{} for _ in seeds]

    def choose(self, logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
        """One token id for each row of logits of shape (rows, vocabulary)."""
        if self._decoding.repetition_penalty != 1.0:
            self._penalise(logits, rows)
        if self._decoding.no_repeat_ngram_size:
            self._forbid(logits, rows)
        if self._decoding.temperature == 0.0:
            tokens: list[int] = logits.argmax(dim=-1).tolist()
        else:
            tokens = self._sample(logits / self._decoding.temperature, rows)
        for row, token in zip(rows, tokens, strict=True):
            self._written[row].add(token)
            if self._decoding.no_repeat_ngram_size:
                self._remember(row, token)
        return tokens

    def _forbid(self, logits: torch.Tensor, rows: Sequence[int]) -> None:
        """Leave no chance to what would end a run that was written before."""
        for place, row in enumerate(rows):
            followers = self._followers[row].get(self._last[row])
            if followers:
                logits[place, sorted(followers)] = -torch.inf

    def _remember(self, row: int, token: int) -> None:
        before = self._decoding.no_repeat_ngram_size - 1
        last = self._last[row]
        if len(last) == before:
            self._followers[row].setdefault(last, set()).add(token)
        self._last[row] = (*last, token)[-before:]

    def _penalise(self, logits: torch.Tensor, rows: Sequence[int]) -> None:
        for place, row in enumerate(rows):
            written = torch.tensor(sorted(self._written[row]), dtype=torch.long, device=logits.device)
            values = logits[place, written]
            penalty = self._decoding.repetition_penalty
            logits[place, written] = torch.where(values > 0, values / penalty, values * penalty)

    def _sample(self, logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
        """Draw from the smallest set of likeliest tokens that reaches top_p together, without those below min_p."""
        draws = torch.tensor([self._chance[row].random() for row in rows], device=logits.device, dtype=logits.dtype)
        probabilities = torch.softmax(logits, dim=-1)
        tokens, within = self._draw(probabilities, draws, min(CANDIDATES, logits.shape[-1]))
        rest = (~within).nonzero().flatten()
        if len(rest):
            tokens[rest], _ = self._draw(probabilities[rest], draws[rest], logits.shape[-1])
        return [int(token) for token in tokens]

    def _draw(
        self, probabilities: torch.Tensor, draws: torch.Tensor, candidates: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens from among so many of the likeliest, and whether the whole nucleus was among them, a row each."""
        likeliest, tokens = probabilities.topk(candidates, dim=-1)
        reached = likeliest.cumsum(dim=-1)
        likely = likeliest >= self._decoding.min_p * likeliest[:, :1]
        inside = (reached - likeliest < self._decoding.top_p) & likely
        mass = (likeliest * inside).sum(dim=-1)
        places = (reached < (draws * mass).unsqueeze(1)).sum(dim=-1)
        last = inside.sum(dim=-1) - 1
        chosen = tokens.gather(1, torch.minimum(places, last).unsqueeze(1)).squeeze(1)
        whole = (reached[:, -1] >= self._decoding.top_p) | ~likely[:, -1]
        return chosen, whole | (candidates == probabilities.shape[-1])
