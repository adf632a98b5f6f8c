"""Keys and values of sequences that are being generated, and attention to them."""

from collections.abc import Sequence

import torch

# The cache grows by this many tokens at a time.
CAPACITY_STEP = 64
# Added to scores that are masked. Finite, because all scores of a row may be: every token is outside its window.
MASKED = -1e30


def padded_capacity(length: int) -> int:
    """The tokens that the cache allocates for a sequence of this length."""
    return -(-length // CAPACITY_STEP) * CAPACITY_STEP


class KVCache:
    """Keys and values of each layer for a changing list of sequences, in preallocated tensors.

    Sequences are numbered 0 to len - 1.

    Attributes:
        lengths: Tokens of each sequence, (sequences,).
        keys: One tensor per layer, (capacity in sequences, key-value heads, head_dim, capacity in tokens): transposed,
            as queries are multiplied with them.
        values: One tensor per layer, (capacity in sequences, key-value heads, capacity in tokens, head_dim).
    """

    def __init__(self, num_layers: int, num_heads: int, head_dim: int, like: torch.Tensor) -> None:
        """Start without sequences.

        Args:
            num_layers: Number of the model's layers.
            num_heads: Key-value heads.
            head_dim: Width of a head.
            like: A tensor with the dtype and device of the cache.
        """
        self.lengths = torch.zeros(0, dtype=torch.long)
        # Zeros, because masked positions must hold finite numbers: their weight of zero times NaN would be NaN.
        self.keys = [like.new_zeros(0, num_heads, head_dim, 0) for _ in range(num_layers)]
        self.values = [like.new_zeros(0, num_heads, 0, head_dim) for _ in range(num_layers)]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def max_length(self) -> int:
        """The length of the longest sequence; 0 without sequences."""
        return max(self.lengths.tolist(), default=0)

    def append(self, lengths: Sequence[int]) -> None:
        """Add sequences of these lengths; `fill` stores their keys and values."""
        self.lengths = torch.cat([self.lengths, torch.tensor(lengths, dtype=torch.long)])
        self.reserve()

    def reserve(self) -> None:
        """Allocate memory for all sequences at their current lengths."""
        rows, num_heads, capacity, head_dim = self.values[0].shape
        if len(self) <= rows and self.max_length <= capacity:
            return
        new_rows, new_capacity = max(rows, len(self)), padded_capacity(max(capacity, self.max_length))
        for layer, (keys, values) in enumerate(zip(self.keys, self.values, strict=True)):
            self.keys[layer] = keys.new_zeros(new_rows, num_heads, head_dim, new_capacity)
            self.keys[layer][:rows, ..., :capacity] = keys
            self.values[layer] = values.new_zeros(new_rows, num_heads, new_capacity, head_dim)
            self.values[layer][:rows, :, :capacity] = values

    def fill(self, index: int, layer: int, key: torch.Tensor, value: torch.Tensor) -> None:
        """Store the keys and values of a sequence in a layer, (key-value heads, length, head_dim) each."""
        self.keys[layer][index, ..., : key.shape[1]] = key.transpose(1, 2)
        self.values[layer][index, :, : value.shape[1]] = value

    def sequence(self, index: int, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The keys and values of a sequence in a layer, (key-value heads, length, head_dim) each."""
        length = int(self.lengths[index])
        return self.keys[layer][index, ..., :length].transpose(1, 2), self.values[layer][index, :, :length]

    def copy(self, source: int, target: int) -> None:
        """Replace a sequence by a copy of another one."""
        length = int(self.lengths[source])
        for keys, values in zip(self.keys, self.values, strict=True):
            keys[target, ..., :length] = keys[source, ..., :length]
            values[target, :, :length] = values[source, :, :length]
        self.lengths[target] = length

    def remove(self, index: int) -> None:
        """Remove a sequence; the last one takes its index."""
        last = len(self) - 1
        if index != last:
            self.copy(last, index)
        self.lengths = self.lengths[:last]


class GroupedAttention:
    """Attention of rows to cached sequences, where several rows may attend to the same sequence.

    Rows of the same sequence are multiplied with its keys and values in one product.
    """

    def __init__(self, cache: KVCache, sequence_of_row: Sequence[int], first_token: torch.Tensor | None = None) -> None:
        """Prepare for one step; later changes of the cache's sequences are not seen.

        Args:
            cache: Each of its sequences belongs to at least one row.
            sequence_of_row: The index of each row's sequence.
            first_token: (rows,): the first token of its sequence that each row attends to; negative: all of them. The
                result of a row that attends to none is finite, and its log-sum-exp hugely negative. None: all rows
                attend to all tokens.
        """
        self._cache, self._max_length = cache, cache.max_length
        self._sequence_of_row = torch.tensor(sequence_of_row)
        group_sizes = [0] * len(cache)
        index_in_group = []
        for sequence in sequence_of_row:
            index_in_group.append(group_sizes[sequence])
            group_sizes[sequence] += 1
        self._index_in_group, self._max_group = torch.tensor(index_in_group), max(group_sizes)
        self._is_one_to_one = list(sequence_of_row) == list(range(len(cache)))
        masked = self._masked(first_token)
        self._mask = torch.zeros(masked.shape).masked_fill_(masked, MASKED)[:, None, :, None]

    def _masked(self, first_token: torch.Tensor | None) -> torch.Tensor:
        """What is not attended to, (sequences, rows of each, tokens) bool; with 1 row if all are equal."""
        tokens = torch.arange(self._max_length)
        padding = tokens >= self._cache.lengths[:, None]
        if first_token is None:
            return padding[:, None]
        masked = padding[:, None].repeat(1, self._max_group, 1)
        masked[self._sequence_of_row, self._index_in_group] |= tokens < first_token[:, None]
        return masked

    def attend(self, query: torch.Tensor, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Attention of each row to its sequence.

        Args:
            query: (rows, key-value heads, queries per key-value head, head_dim), scaled.
            layer: Index of the layer.

        Returns:
            The weighted mean of the values, with the shape of the query, and the log-sum-exp of the scores,
            (rows, key-value heads, queries per key-value head, 1).
        """
        keys = self._cache.keys[layer][: len(self._cache), ..., : self._max_length]
        values = self._cache.values[layer][: len(self._cache), :, : self._max_length]
        scores = self._group(query) @ keys
        scores.view(*scores.shape[:2], self._max_group, -1, self._max_length).add_(self._mask)
        max_score = scores.amax(dim=-1, keepdim=True)
        weights = scores.sub_(max_score).exp_()
        total = weights.sum(dim=-1, keepdim=True)
        return self._ungroup((weights @ values).div_(total)), self._ungroup(max_score.add_(total.log_()))

    def _group(self, rows: torch.Tensor) -> torch.Tensor:
        """Queries by sequence, (sequences, key-value heads, largest group * queries, head_dim), padded with zeros."""
        if self._is_one_to_one:
            return rows
        _, num_heads, queries, head_dim = rows.shape
        grouped = rows.new_zeros(len(self._cache), num_heads, self._max_group, queries, head_dim)
        grouped[self._sequence_of_row, :, self._index_in_group] = rows
        return grouped.view(len(self._cache), num_heads, self._max_group * queries, head_dim)

    def _ungroup(self, grouped: torch.Tensor) -> torch.Tensor:
        """The inverse of `_group`."""
        if self._is_one_to_one:
            return grouped
        sequences, num_heads, queries, head_dim = grouped.shape
        by_row = grouped.view(sequences, num_heads, self._max_group, queries // self._max_group, head_dim)
        return by_row[self._sequence_of_row, :, self._index_in_group]
