"""Choosing the next token of every row of a batch.

transformers' `LogitsProcessorList` is not used: rows join and leave the batch and share one call, but its processors
read the whole history of every row, padded to one length, at each step, count the prompt as generated text, and sort
the full vocabulary for top-p. Here each row keeps what it needs of its history, and only the most likely tokens are
sorted.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from email_assistant.language_model.decoding import SamplingParams

# Number of most likely tokens that are sorted first; the nucleus is nearly always among them.
TOP_K_FIRST = 256


@dataclass
class _RowState:
    """State of a row that its next token depends on, in addition to the logits.

    Attributes:
        rng: The row's random generator; None: the most likely token is taken.
        generated: Ids of all tokens so far.
        last_tokens: The last `no_repeat_ngram_size` - 1 tokens.
        next_tokens: For each run of tokens of that length, the tokens that have followed it.
    """

    rng: random.Random | None
    generated: set[int] = field(default_factory=set)
    last_tokens: tuple[int, ...] = ()
    next_tokens: dict[tuple[int, ...], set[int]] = field(default_factory=dict)


class Sampler:
    """Samples the next token of every row; each row has a random generator of its own.

    Attributes:
        log_probabilities: Of the tokens that were sampled last, at temperature 1, in nats.
    """

    def __init__(self, params: SamplingParams, seeds: Sequence[int | None]) -> None:
        """Start without generated tokens.

        Args:
            params: The sampling parameters of all rows.
            seeds: The seed of each row that will ever be sampled, in the order of their ids; None: greedy decoding.
        """
        self._params = params
        self.log_probabilities: list[float] = []
        greedy = params.temperature == 0.0
        self._rows = [_RowState(None if greedy or seed is None else random.Random(seed)) for seed in seeds]

    def sample(self, logits: torch.Tensor, row_ids: Sequence[int]) -> list[int]:
        """Choose the next token of each row.

        Args:
            logits: (rows, vocabulary); modified in place.
            row_ids: The index of each row's seed.

        Returns:
            A token id for each row.
        """
        rows = [self._rows[row_id] for row_id in row_ids]
        # Penalties change logits in place.
        own_logits = logits.clone() if self._params.repetition_penalty != 1.0 else logits
        normalizers = logits.logsumexp(dim=-1)
        if self._params.repetition_penalty != 1.0:
            self._penalize_repetition(logits, rows)
        if self._params.no_repeat_ngram_size:
            self._forbid_repeated_ngrams(logits, rows)
        tokens: list[int] = logits.argmax(dim=-1).tolist()
        sampled = [index for index, row in enumerate(rows) if row.rng is not None]
        if sampled:
            chosen = logits if len(sampled) == len(rows) else logits[sampled]
            drawn = self._sample(chosen / self._params.temperature, [rows[index] for index in sampled])
            for index, token in zip(sampled, drawn, strict=True):
                tokens[index] = token
        chosen_logits = own_logits.gather(1, torch.tensor(tokens, device=logits.device)[:, None]).squeeze(1)
        self.log_probabilities = (chosen_logits - normalizers).tolist()
        for row, token in zip(rows, tokens, strict=True):
            row.generated.add(token)
            if self._params.no_repeat_ngram_size:
                self._record_ngram(row, token)
        return tokens

    def _penalize_repetition(self, logits: torch.Tensor, rows: Sequence[_RowState]) -> None:
        for index, row in enumerate(rows):
            generated = torch.tensor(sorted(row.generated), dtype=torch.long, device=logits.device)
            values = logits[index, generated]
            penalty = self._params.repetition_penalty
            logits[index, generated] = torch.where(values > 0, values / penalty, values * penalty)

    def _forbid_repeated_ngrams(self, logits: torch.Tensor, rows: Sequence[_RowState]) -> None:
        repeating = (
            (index, token) for index, row in enumerate(rows) for token in row.next_tokens.get(row.last_tokens, ())
        )
        forbid_(logits, list(repeating))

    def _record_ngram(self, row: _RowState, token: int) -> None:
        length = self._params.no_repeat_ngram_size - 1
        if len(row.last_tokens) == length:
            row.next_tokens.setdefault(row.last_tokens, set()).add(token)
        row.last_tokens = (*row.last_tokens, token)[-length:]

    def _sample(self, logits: torch.Tensor, rows: Sequence[_RowState]) -> list[int]:
        """Sample from the smallest set of most likely tokens that reaches top_p, without tokens below min_p."""
        numbers = [row.rng.random() for row in rows if row.rng is not None]
        draws = torch.tensor(numbers, device=logits.device, dtype=logits.dtype)
        probabilities = torch.softmax(logits, dim=-1)
        tokens, is_exact = self._sample_top_k(probabilities, draws, min(TOP_K_FIRST, logits.shape[-1]))
        remaining = (~is_exact).nonzero().flatten()
        if len(remaining):
            tokens[remaining], _ = self._sample_top_k(probabilities[remaining], draws[remaining], logits.shape[-1])
        # At once: every number that is read from a GPU waits for it.
        return tokens.tolist()

    def _sample_top_k(
        self, probabilities: torch.Tensor, draws: torch.Tensor, k: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Sample among the k most likely tokens by inverting the cumulative distribution.

        Args:
            probabilities: (rows, vocabulary).
            draws: A number between 0 and 1 for each row.
            k: How many tokens are sorted.

        Returns:
            A token id for each row, and whether the row's whole nucleus was among the k tokens.
        """
        top, token_ids = probabilities.topk(k, dim=-1)
        cumulative = top.cumsum(dim=-1)
        above_min_p = top >= self._params.min_p * top[:, :1]
        in_nucleus = (cumulative - top < self._params.top_p) & above_min_p
        mass = (top * in_nucleus).sum(dim=-1)
        indices = (cumulative < (draws * mass).unsqueeze(1)).sum(dim=-1)
        last_in_nucleus = in_nucleus.sum(dim=-1) - 1
        tokens = token_ids.gather(1, torch.minimum(indices, last_in_nucleus).unsqueeze(1)).squeeze(1)
        is_exact = (cumulative[:, -1] >= self._params.top_p) | ~above_min_p[:, -1]
        return tokens, is_exact | (k == probabilities.shape[-1])


def forbid_(logits: torch.Tensor, tokens: Sequence[tuple[int, int]]) -> None:
    """Forbid tokens of rows, in place: all at once, since every copy to a GPU takes time.

    Args:
        logits: (rows, vocabulary).
        tokens: The row and the id of each.
    """
    if tokens:
        rows, ids = torch.tensor(tokens).to(logits.device).unbind(dim=1)
        logits[rows, ids] = -torch.inf
