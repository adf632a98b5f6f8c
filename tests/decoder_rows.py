"""Rows of a decoder that come and go at random, with the sequence that each of them stands for."""

import random
from collections.abc import Callable

import torch

from email_assistant.language_model.cached_decoder import CachedDecoder

# Asserts that these are the logits after these sequences.
Check = Callable[[torch.Tensor, list[list[int]]], None]


def check_rows(decoder: CachedDecoder, check: Check, prefix_length: int, rounds: int, most_rows: int) -> None:
    """Add, fork, continue and remove rows at random, and check all logits.

    Args:
        decoder: A decoder without rows.
        check: Called with all logits that it returns.
        prefix_length: Tokens of the common prefix.
        rounds: How often every row is continued by a token.
        most_rows: Rows are added while there are fewer than a random number below this.
    """
    rng = random.Random(4)

    def ids(count: int) -> list[int]:
        return rng.choices(range(100), k=count)

    prefix = ids(prefix_length)
    decoder.prefill_prefix(prefix)
    # The prompt's length and all tokens of each row.
    rows: list[tuple[int, list[int]]] = []
    for _ in range(rounds):
        while len(rows) < rng.randrange(2, most_rows):
            if rows and rng.random() < 0.6:
                sources = rng.choices(range(len(rows)), k=rng.randrange(1, 4))
                decoder.fork(*sources)
                pairs = [(source, row) for row, source in enumerate(sources, start=len(rows)) if rng.random() < 0.5]
                decoder.copy_rows(pairs)
                rows += [(rows[source][0], rows[source][1][: rows[source][0]]) for source in sources]
                for source, target in pairs:
                    rows[target] = rows[source]
            else:
                new = [ids(rng.randrange(1, 20)) for _ in range(rng.randrange(1, 4))]
                check(decoder.prefill(new), [prefix + prompt for prompt in new])
                rows += [(prefix_length + len(prompt), prefix + prompt) for prompt in new]
        pairs = _rows_of_one_prompt(rows)
        decoder.copy_rows(pairs)
        for source, target in pairs:
            rows[target] = rows[source]
        tokens = ids(len(rows))
        rows = [(length, [*row, token]) for (length, row), token in zip(rows, tokens, strict=True)]
        check(decoder.step(tokens), [row for _, row in rows])
        while len(rows) > 1 and rng.random() < 0.5:
            row = rng.randrange(len(rows))
            decoder.evict(row)
            rows[row] = rows[-1]
            rows.pop()


def _rows_of_one_prompt(rows: list[tuple[int, list[int]]]) -> list[tuple[int, int]]:
    """The first row of each prompt with every other one whose tokens differ, the longer or the shorter one first."""
    first: dict[tuple[int, ...], int] = {}
    pairs = []
    for row, (length, tokens) in enumerate(rows):
        source = first.setdefault(tuple(tokens[:length]), row)
        if tokens != rows[source][1]:
            pairs.append((source, row))
    return pairs
