"""Decoding on a processor: rows that grow by a token at a time, with their keys and values kept.

The forward pass is that of `decoder.py`, its adapter added to the weights once. Keys and values lie in
tensors made ahead; what all prompts begin with is read once and kept once, and so is a prompt for all
the rows that follow it. A row that ends gives its place to the last one, and new rows can join, so that
the multiplications stay wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from email_assistant.language_model.decoder import Angles, Decoder, Layer, norm, rotate, rotated

# Places for further tokens are made so many at once.
CAPACITY_STEP = 64
# Up to so many rows a product counts as skinny; but MKL's kernels for AVX-512 want none turned round.
FEW_ROWS = 0 if torch.backends.cpu.get_cpu_capability() == "AVX512" else 128
# Such a product is made of so many outputs at a time.
SLICE = 4096
# Ids by which the results are compared with the model's own.
COMPARED_IDS = 8


def padded_capacity(length: int) -> int:
    """The tokens that a cache has room for when a sequence of this length is stored in it."""
    return -(-length // CAPACITY_STEP) * CAPACITY_STEP


def multiply(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """A linear layer, (rows, out).

    Of few rows the product is made the other way round: with the large matrix on the left MKL is up to
    twice as fast on processors without AVX-512.
    """
    if len(inputs) > FEW_ROWS:
        return functional.linear(inputs, weight, bias)
    product = inputs.new_empty(len(inputs), len(weight))
    for start in range(0, len(weight), SLICE):
        # Turned round again while it is in the processor's cache.
        product[:, start : start + SLICE] = torch.mm(weight[start : start + SLICE], inputs.t()).t()
    return product if bias is None else product.add_(bias)


@dataclass
class _Merged:
    """A layer's weights with the adapter in them."""

    layer: Layer
    query_key_value: torch.Tensor
    attention_out: torch.Tensor
    gate_up: torch.Tensor
    down: torch.Tensor


class _Kept:
    """Keys and values of sequences, which lie at places 0 to len - 1, for each layer, in tensors made ahead.

    Keys are (places, key-value heads, width of a head, capacity), as they are multiplied; values are
    (places, key-value heads, capacity, width of a head).
    """

    def __init__(self, layers: int, heads: int, width: int, like: torch.Tensor) -> None:
        """None yet.

        Args:
            layers: Of the model.
            heads: For keys and values.
            width: Of a head.
            like: A tensor of their type.
        """
        self.lengths = torch.zeros(0, dtype=torch.long)
        # Zeros, since a place that is masked counts nothing only where it holds a number.
        self.keys = [like.new_zeros(0, heads, width, 0) for _ in range(layers)]
        self.values = [like.new_zeros(0, heads, 0, width) for _ in range(layers)]

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def longest(self) -> int:
        """The length of the longest, 0 where there is none."""
        return max(self.lengths.tolist(), default=0)

    def add(self, lengths: Sequence[int]) -> None:
        """Further sequences; their keys and values are put there afterwards."""
        self.lengths = torch.cat([self.lengths, torch.tensor(lengths, dtype=torch.long)])
        self.make_room()

    def make_room(self) -> None:
        """See to places for all sequences and their tokens."""
        places, heads, before, width = self.values[0].shape
        if len(self) <= places and self.longest <= before:
            return
        places, capacity = max(places, len(self)), padded_capacity(max(before, self.longest))
        for number, (keys, values) in enumerate(zip(self.keys, self.values, strict=True)):
            self.keys[number] = keys.new_zeros(places, heads, width, capacity)
            self.keys[number][: len(keys), ..., :before] = keys
            self.values[number] = values.new_zeros(places, heads, capacity, width)
            self.values[number][: len(values), :, :before] = values

    def fill(self, place: int, layer: int, key: torch.Tensor, value: torch.Tensor) -> None:
        """Put a sequence's keys and values of a layer there, (key-value heads, length, width) each."""
        self.keys[layer][place, ..., : key.shape[1]] = key.transpose(1, 2)
        self.values[layer][place, :, : value.shape[1]] = value

    def of(self, place: int, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """A sequence's keys and values of a layer, as for `fill`."""
        length = int(self.lengths[place])
        return self.keys[layer][place, ..., :length].transpose(1, 2), self.values[layer][place, :, :length]

    def remove(self, place: int) -> None:
        """Remove a sequence; the last one takes its place."""
        last = len(self) - 1
        length = int(self.lengths[last])
        if place != last:
            for keys, values in zip(self.keys, self.values, strict=True):
                keys[place, ..., :length] = keys[last, ..., :length]
                values[place, :, :length] = values[last, :, :length]
            self.lengths[place] = length
        self.lengths = self.lengths[:last]


class _Followed:
    """Sequences that rows follow, several rows perhaps the same one, which are multiplied with it together."""

    def __init__(self, kept: _Kept, followed: Sequence[int]) -> None:
        """For as long as neither sequences nor rows change.

        Args:
            kept: The sequences, each followed by a row at least.
            followed: The place of the sequence that each row follows.
        """
        self._kept, self._longest, self._places = kept, kept.longest, torch.tensor(followed)
        sizes = [0] * len(kept)
        numbers = []
        for place in followed:
            numbers.append(sizes[place])
            sizes[place] += 1
        # Which of its sequence's rows each is.
        self._numbers, self._most = torch.tensor(numbers), max(sizes)
        self._one_each = list(followed) == list(range(len(kept)))
        unused = torch.arange(self._longest) >= kept.lengths[:, None]
        self._mask = torch.zeros(unused.shape).masked_fill_(unused, -torch.inf)[:, None, None]

    def attend(self, query: torch.Tensor, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Attention of each row to its sequence alone.

        Args:
            query: (rows, key-value heads, query heads of each, width), scaled.
            layer: Whose keys and values are meant.

        Returns:
            The values mixed, as the query, and the logarithm of the sum of the scores' exponentials,
            (rows, key-value heads, query heads of each, 1).
        """
        keys = self._kept.keys[layer][: len(self._kept), ..., : self._longest]
        values = self._kept.values[layer][: len(self._kept), :, : self._longest]
        scores = (self._together(query) @ keys).add_(self._mask)
        highest = scores.amax(dim=-1, keepdim=True)
        weights = scores.sub_(highest).exp_()
        total = weights.sum(dim=-1, keepdim=True)
        return self._apart((weights @ values).div_(total)), self._apart(highest.add_(total.log_()))

    def _together(self, rows: torch.Tensor) -> torch.Tensor:
        """(sequences, key-value heads, most rows of one times query heads, width), with zeros where it has fewer."""
        if self._one_each:
            return rows
        _, heads, queries, width = rows.shape
        together = rows.new_zeros(len(self._kept), heads, self._most, queries, width)
        together[self._places, :, self._numbers] = rows
        return together.view(len(self._kept), heads, self._most * queries, width)

    def _apart(self, together: torch.Tensor) -> torch.Tensor:
        """The inverse of `_together`."""
        if self._one_each:
            return together
        sequences, heads, queries, width = together.shape
        by_row = together.view(sequences, heads, self._most, queries // self._most, width)
        return by_row[self._places, :, self._numbers]


class CachedDecoder:
    """Rows of prompts and what was written after them."""

    def __init__(self, decoder: Decoder, embedding: torch.Tensor, head: torch.Tensor) -> None:
        """Use `CachedDecoder.from_model`."""
        self._decoder, self._embedding, self._head = decoder, embedding, head
        self._layers = [
            _Merged(
                layer,
                layer.query_key_value.merged(),
                layer.attention_out.merged(),
                layer.gate_up.merged(),
                layer.down.merged(),
            )
            for layer in decoder.layers
        ]
        heads, width = decoder.shape.key_value_heads, decoder.shape.head_width
        # What all rows begin with, as one sequence or none; the prompts, and what each row has written.
        self._shared, self._prompts, self._written = (
            _Kept(len(self._layers), heads, width, embedding) for _ in range(3)
        )
        # The place of each row's prompt.
        self._prompt_of: list[int] = []

    @classmethod
    @torch.no_grad()
    def from_model(cls, model: nn.Module) -> "CachedDecoder | None":
        """The decoder of a causal model; None where the model is of another kind or gives other logits."""
        wrapped: Any = model
        decoder = Decoder.from_model(model, for_training=False)
        head = wrapped.get_output_embeddings()
        if decoder is None or type(head) is not nn.Linear or head.bias is not None:
            return None
        found = cls(decoder, wrapped.get_input_embeddings().weight, head.weight)
        ids = list(range(min(COMPARED_IDS, len(head.weight))))
        expected = wrapped(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        same = torch.allclose(found.prefill([ids])[0], expected, rtol=1e-2, atol=1e-2 * float(expected.abs().max()))
        found.evict(0)
        return found if same else None

    def prefill_prefix(self, ids: Sequence[int]) -> None:
        """Read what all rows will begin with; before any row is read."""
        if not ids:
            return
        self._shared.add([len(ids)])
        hidden = functional.embedding(torch.tensor(ids), self._embedding)
        angles = self._decoder.angles(torch.arange(len(ids)))
        for place, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            self._shared.fill(0, place, *self._decoder.by_heads(projected)[1:])
            hidden = self._rest(hidden, self._decoder.attend_each(projected, [len(ids)]), merged)

    def prefill(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Add a row for each prompt, given without what is shared.

        Returns:
            Logits of the token after each prompt, (prompts, vocabulary).
        """
        lengths = [len(prompt) for prompt in prompts]
        first = len(self._prompts)
        self._prompts.add(lengths)
        shared = self._shared.longest
        hidden = functional.embedding(torch.tensor([token for prompt in prompts for token in prompt]), self._embedding)
        angles = self._decoder.angles(torch.cat([torch.arange(length) for length in lengths]) + shared)
        for place, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            for number, piece in enumerate(torch.split(projected, lengths)):
                self._prompts.fill(first + number, place, *self._decoder.by_heads(piece)[1:])
            mixed = self._decoder.attend_each(projected, lengths, self._shared.of(0, place) if shared else ())
            if place == len(self._layers) - 1:
                # Of the last layer no more is wanted than the prompts' last tokens.
                last = torch.tensor(lengths).cumsum(0) - 1
                hidden, mixed = hidden[last], mixed[last]
            hidden = self._rest(hidden, mixed, merged)
        self._add_rows(range(first, len(self._prompts)))
        return self._logits(hidden)

    def fork(self, place: int) -> None:
        """Add a row with the prompt of the row at a place."""
        self._add_rows([self._prompt_of[place]])

    def _add_rows(self, prompts: Sequence[int]) -> None:
        self._prompt_of += prompts
        self._written.add([0] * len(prompts))

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """Add a token to each row.

        Returns:
            Logits of the token after it, (rows, vocabulary).
        """
        shape, rows, before = self._decoder.shape, torch.arange(len(tokens)), self._written.lengths
        positions = self._prompts.lengths[self._prompt_of] + before + self._shared.longest
        self._written.lengths = before + 1
        self._written.make_room()
        followed = [_Followed(self._prompts, self._prompt_of), _Followed(self._written, range(len(rows)))]
        if len(self._shared):
            followed.append(_Followed(self._shared, [0] * len(rows)))
        hidden = functional.embedding(torch.tensor(tokens), self._embedding)
        angles = self._decoder.angles(positions)
        for place, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            heads = projected.view(len(rows), -1, shape.head_width)
            query, key, value = torch.split(heads, [shape.heads, shape.key_value_heads, shape.key_value_heads], dim=1)
            self._written.keys[place][rows, :, :, before] = key
            self._written.values[place][rows, :, before] = value
            hidden = self._rest(hidden, self._mix_one(query, place, followed), merged)
        return self._logits(hidden)

    def evict(self, place: int) -> None:
        """Remove a row; the last one takes its place. A prompt that no row follows is removed too."""
        self._written.remove(place)
        prompt, last = self._prompt_of[place], self._prompt_of.pop()
        if place < len(self._prompt_of):
            self._prompt_of[place] = last
        if prompt not in self._prompt_of:
            self._prompts.remove(prompt)
            moved = len(self._prompts)
            self._prompt_of = [prompt if each == moved else each for each in self._prompt_of]

    def _project(self, hidden: torch.Tensor, merged: _Merged, angles: Angles) -> torch.Tensor:
        shape = self._decoder.shape
        normed, _ = norm(hidden, merged.layer.attention_norm, shape.epsilon)
        projected = multiply(normed, merged.query_key_value, merged.layer.query_key_value.bias)
        rotate(rotated(projected, shape), *angles)
        return projected

    def _rest(self, hidden: torch.Tensor, mixed: torch.Tensor, merged: _Merged) -> torch.Tensor:
        """What comes after the attention: its projection, and the feed-forward part."""
        layer = merged.layer
        hidden = hidden + multiply(mixed, merged.attention_out, layer.attention_out.bias)
        normed, _ = norm(hidden, layer.feed_forward_norm, self._decoder.shape.epsilon)
        gate, up = multiply(normed, merged.gate_up, layer.gate_up.bias).chunk(2, dim=-1)
        return hidden.add_(multiply(functional.silu(gate).mul_(up), merged.down, layer.down.bias))

    def _mix_one(self, query: torch.Tensor, layer: int, followed: Sequence[_Followed]) -> torch.Tensor:
        """Attention of one token a row, (rows, heads times width): to what is shared, its prompt and its own tokens.

        Query heads of one key-value head are multiplied with it together. Each part has a softmax of its own, and
        the sums of these weigh the parts (Milakov and Gimelshein 2018, arXiv:1805.02867).

        Args:
            query: (rows, heads, width).
            layer: Whose attention it is.
            followed: The parts.
        """
        shape = self._decoder.shape
        query = (query * shape.head_width**-0.5).view(len(query), shape.key_value_heads, -1, shape.head_width)
        mixed, logarithms = zip(*(part.attend(query, layer) for part in followed), strict=True)
        shares = torch.softmax(torch.stack(logarithms, dim=-1), dim=-1)
        return (shares @ torch.stack(mixed, dim=-2)).view(len(query), -1)

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        normed, _ = norm(hidden, self._decoder.norm, self._decoder.shape.epsilon)
        return multiply(normed, self._head, None)
