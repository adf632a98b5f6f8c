"""The common prefix of token sequences."""

from collections.abc import Sequence

# A shorter prefix is not worth a forward pass of its own.
MIN_SHARED_PREFIX = 32


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
