"""Batched decoding: rows sorted by length, finished rows leave the batch, seeds of their own.

A row's samples depend on the seed and its prompt alone, not on what else is in the batch.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import torch
from transformers import DynamicCache

from email_assistant.language_model.loading import LanguageModel

# A shorter common beginning is not worth a pass of its own.
FEWEST_SHARED = 32


@dataclass(frozen=True)
class Decoding:
    """How tokens are chosen.

    Attributes:
        max_new_tokens: The most tokens of an answer.
        temperature: 0 is greedy.
        top_p: The nucleus that is sampled from (Holtzman et al. 2019, arXiv:1904.09751).
        repetition_penalty: Divides the logits of what was written (Keskar et al. 2019, arXiv:1909.05858).
    """

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0


@dataclass(frozen=True)
class Answer:
    """What a model wrote; `ended` when it stopped by itself."""

    text: str
    tokens: int
    ended: bool


def write_all(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    decoding: Decoding,
    seed: int,
    batch_size: int,
    finished: Callable[[int, Answer], None],
) -> None:
    """Answer every prompt; `finished(index, answer)` is called as soon as a row ends.

    Args:
        model: On its device, in evaluation mode.
        prompts: Token ids, none empty.
        decoding: How tokens are chosen.
        seed: Of the samples; each row's own also depends on its prompt.
        batch_size: Rows at once.
        finished: Called once for every prompt, in any order.
    """
    by_length = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
    for start in range(0, len(by_length), batch_size):
        indices = by_length[start : start + batch_size]
        ids: list[list[int]] = [[] for _ in indices]
        for row, token, last in decode(model, [prompts[index] for index in indices], decoding, seed):
            ids[row].append(token)
            if last:
                finished(indices[row], _answer(model, ids[row]))


def stream(model: LanguageModel, prompt: Sequence[int], decoding: Decoding, seed: int) -> Iterator[str]:
    """The answer's text piece by piece, whole characters only."""
    ids: list[int] = []
    shown = ""
    for _, token, last in decode(model, [prompt], decoding, seed):
        ids.append(token)
        text = model.encoder.decode(ids)
        if last or not text.endswith("\ufffd"):
            yield text[len(shown) :]
            shown = text


def _answer(model: LanguageModel, ids: list[int]) -> Answer:
    return Answer(model.encoder.decode(ids).strip(), len(ids), ids[-1] in model.encoder.stop_ids)


@torch.inference_mode()
def decode(
    model: LanguageModel, prompts: Sequence[Sequence[int]], decoding: Decoding, seed: int
) -> Iterator[tuple[int, int, bool]]:
    """Decode one batch step by step: yields (row, token id, whether it is the row's last)."""
    shared, cache = _read_shared(model, prompts)
    ids, mask = _left_padded(model, [prompt[shared:] for prompt in prompts])
    mask = torch.cat([mask.new_ones(len(prompts), shared), mask], dim=1)
    chooser = _Chooser(decoding, [_row_seed(seed, prompt) for prompt in prompts])
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
    """Read what all prompts begin with once; returns its length and its cache, a row for each prompt.

    At least one id of every prompt is left to read, for the logits of the first token.
    """
    cache = DynamicCache(config=model.model.config)
    shortest = min(map(len, prompts))
    shared = 0
    while shared < shortest - 1 and all(prompt[shared] == prompts[0][shared] for prompt in prompts):
        shared += 1
    if len(prompts) == 1 or shared < FEWEST_SHARED:
        return 0, cache
    ids = torch.tensor([list(prompts[0][:shared])], device=model.device)
    model.model(input_ids=ids, cache=cache, use_cache=True, logits_to_keep=1)
    cache.batch_repeat_interleave(len(prompts))
    return shared, cache


def _left_padded(model: LanguageModel, prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask of shape (rows, longest prompt)."""
    longest = max(map(len, prompts))
    ids = torch.full((len(prompts), longest), model.encoder.pad_id)
    mask = torch.zeros((len(prompts), longest), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    return ids.to(model.device), mask.to(model.device)


def _row_seed(seed: int, prompt: Sequence[int]) -> int:
    return int.from_bytes(sha256(f"{seed} {list(prompt)}".encode()).digest()[:8], "big")


class _Chooser:
    """Chooses the next token of every row; rows keep their number when others leave."""

    def __init__(self, decoding: Decoding, seeds: Sequence[int]) -> None:
        self._decoding = decoding
        self._chance = [random.Random(seed) for seed in seeds]
        self._written: list[set[int]] = [set() for _ in seeds]

    def choose(self, logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
        """One token id for each row of logits of shape (rows, vocabulary)."""
        if self._decoding.repetition_penalty != 1.0:
            self._penalise(logits, rows)
        if self._decoding.temperature == 0.0:
            tokens: list[int] = logits.argmax(dim=-1).tolist()
        else:
            tokens = self._sample(logits / self._decoding.temperature, rows)
        for row, token in zip(rows, tokens, strict=True):
            self._written[row].add(token)
        return tokens

    def _penalise(self, logits: torch.Tensor, rows: Sequence[int]) -> None:
        for place, row in enumerate(rows):
            written = torch.tensor(sorted(self._written[row]), dtype=torch.long, device=logits.device)
            values = logits[place, written]
            penalty = self._decoding.repetition_penalty
            logits[place, written] = torch.where(values > 0, values / penalty, values * penalty)

    def _sample(self, logits: torch.Tensor, rows: Sequence[int]) -> list[int]:
        """Draw from the smallest set of likeliest tokens whose probability reaches top_p."""
        probabilities, tokens = torch.softmax(logits, dim=-1).sort(dim=-1, descending=True, stable=True)
        reached = probabilities.cumsum(dim=-1)
        inside = reached - probabilities < self._decoding.top_p
        mass = (probabilities * inside).sum(dim=-1)
        draws = torch.tensor([self._chance[row].random() for row in rows], device=logits.device, dtype=mass.dtype)
        places = (reached < (draws * mass).unsqueeze(1)).sum(dim=-1)
        last = inside.sum(dim=-1) - 1
        return [int(token) for token in tokens.gather(1, torch.minimum(places, last).unsqueeze(1)).squeeze(1)]
