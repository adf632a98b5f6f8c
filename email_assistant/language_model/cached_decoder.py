"""Decoding on a processor: rows that grow by a token at a time, with their keys and values kept.

The forward pass is that of `decoder.py`, its adapter added to the weights once. Keys and values lie in
tensors made ahead; what all prompts begin with is read once and kept once. A row that ends gives its
place to the last one, and new rows can join, so that the multiplications stay wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from email_assistant.language_model.decoder import Angles, Decoder, Layer, norm, rotate, rotated

# Places for further tokens are made so many at once.
BLOCK = 64
# Up to so many rows a product counts as skinny; but MKL's kernels for AVX-512 want none turned round.
FEW_ROWS = 0 if torch.backends.cpu.get_cpu_capability() == "AVX512" else 128
# Such a product is made of so many outputs at a time.
SLICE = 4096
# Ids by which the results are compared with the model's own.
COMPARED_IDS = 8


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


class CachedDecoder:
    """Rows of prompts and what was written after them."""

    def __init__(self, decoder: Decoder, embedding: torch.Tensor, head: torch.Tensor) -> None:
        """Use `CachedDecoder.of`."""
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
        self._lengths = torch.zeros(0, dtype=torch.long)
        # For each layer keys, (places, key-value heads, width of a head, capacity), as they are multiplied, and values,
        # (places, key-value heads, capacity, width of a head).
        width = decoder.shape.head_width
        self._keys = [self._empty(0, width, 0) for _ in self._layers]
        self._values = [self._empty(0, 0, width) for _ in self._layers]
        # What all rows begin with: (key-value heads, length, width of a head) for each layer.
        self._shared_keys = [self._empty(1, 0, width)[0] for _ in self._layers]
        self._shared_values = [self._empty(1, 0, width)[0] for _ in self._layers]

    @property
    def rows(self) -> int:
        """How many rows there are now, at places 0 to rows - 1."""
        return len(self._lengths)

    @classmethod
    @torch.no_grad()
    def of(cls, model: nn.Module) -> "CachedDecoder | None":
        """The decoder of a causal model; None where the model is of another kind or gives other logits."""
        wrapped: Any = model
        decoder = Decoder.of(model, for_training=False)
        head = wrapped.get_output_embeddings()
        if decoder is None or type(head) is not nn.Linear or head.bias is not None:
            return None
        found = cls(decoder, wrapped.get_input_embeddings().weight, head.weight)
        ids = list(range(min(COMPARED_IDS, len(head.weight))))
        expected = wrapped(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        same = torch.allclose(found.read([ids])[0], expected, rtol=1e-2, atol=1e-2 * float(expected.abs().max()))
        found.leave(0)
        return found if same else None

    def _empty(self, rows: int, *sizes: int) -> torch.Tensor:
        # Zeros, since a place that is masked counts nothing only where it holds a number.
        return self._embedding.new_zeros(rows, self._decoder.shape.key_value_heads, *sizes)

    def share(self, ids: Sequence[int]) -> None:
        """Read what all rows will begin with; before any row is read."""
        if not ids:
            return
        hidden = functional.embedding(torch.tensor(ids), self._embedding)
        angles = self._decoder.angles(torch.arange(len(ids)))
        for place, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            _, self._shared_keys[place], self._shared_values[place] = self._decoder.by_heads(projected)
            hidden = self._rest(hidden, self._decoder.attend_each(projected, [len(ids)]), merged)

    def read(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Add a row for each prompt, given without what is shared.

        Returns:
            Logits of the token after each prompt, (prompts, vocabulary).
        """
        lengths = [len(prompt) for prompt in prompts]
        first = self.rows
        self._make_room(first + len(prompts), max([*self._lengths.tolist(), *lengths]))
        shared = self._shared_keys[0].shape[1]
        hidden = functional.embedding(torch.tensor([token for prompt in prompts for token in prompt]), self._embedding)
        angles = self._decoder.angles(torch.cat([torch.arange(length) for length in lengths]) + shared)
        for place, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            for number, piece in enumerate(torch.split(projected, lengths)):
                _, key, value = self._decoder.by_heads(piece)
                self._keys[place][first + number, :, :, : len(piece)] = key.transpose(1, 2)
                self._values[place][first + number, :, : len(piece)] = value
            before = self._shared_keys[place], self._shared_values[place]
            mixed = self._decoder.attend_each(projected, lengths, before)
            if place == len(self._layers) - 1:
                # Of the last layer no more is wanted than the prompts' last tokens.
                last = torch.tensor(lengths).cumsum(0) - 1
                hidden, mixed = hidden[last], mixed[last]
            hidden = self._rest(hidden, mixed, merged)
        self._lengths = torch.cat([self._lengths, torch.tensor(lengths)])
        return self._logits(hidden)

    def repeat(self, place: int, length: int) -> None:
        """Add a row that begins with so many tokens of the row at a place."""
        self._make_room(self.rows + 1, length)
        self._copy(place, self.rows, length)
        self._lengths = torch.cat([self._lengths, torch.tensor([length])])

    def write(self, tokens: Sequence[int]) -> torch.Tensor:
        """Add a token to each row.

        Returns:
            Logits of the token after it, (rows, vocabulary).
        """
        self._make_room(self.rows, int(self._lengths.max()) + 1)
        shape, shared = self._decoder.shape, self._shared_keys[0].shape[1]
        hidden = functional.embedding(torch.tensor(tokens), self._embedding)
        angles = self._decoder.angles(self._lengths + shared)
        longest = int(self._lengths.max()) + 1
        places = torch.arange(self.rows)
        unused = torch.arange(longest) > self._lengths[:, None]
        mask = torch.zeros(self.rows, 1, 1, longest).masked_fill_(unused[:, None, None], -torch.inf)
        for place, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            heads = projected.view(self.rows, -1, shape.head_width)
            query, key, value = torch.split(heads, [shape.heads, shape.key_value_heads, shape.key_value_heads], dim=1)
            self._keys[place][places, :, :, self._lengths] = key
            self._values[place][places, :, self._lengths] = value
            hidden = self._rest(hidden, self._mix_one(query, place, mask), merged)
        self._lengths = self._lengths + 1
        return self._logits(hidden)

    def leave(self, place: int) -> None:
        """Remove a row; the last one takes its place."""
        last = self.rows - 1
        if place != last:
            self._copy(last, place, int(self._lengths[last]))
            self._lengths[place] = self._lengths[last]
        self._lengths = self._lengths[:last]

    def _copy(self, source: int, target: int, length: int) -> None:
        """Write so many of a row's keys and values to another place."""
        for keys, values in zip(self._keys, self._values, strict=True):
            keys[target, ..., :length] = keys[source, ..., :length]
            values[target, :, :length] = values[source, :, :length]

    def _make_room(self, rows: int, length: int) -> None:
        """See to places for so many rows of so many tokens."""
        places, _, before, width = self._values[0].shape
        if rows <= places and length <= before:
            return
        places, capacity = max(places, rows), -(-max(before, length + 1) // BLOCK) * BLOCK
        for number, (keys, values) in enumerate(zip(self._keys, self._values, strict=True)):
            self._keys[number] = self._empty(places, width, capacity)
            self._keys[number][: self.rows, ..., :before] = keys[: self.rows]
            self._values[number] = self._empty(places, capacity, width)
            self._values[number][: self.rows, :, :before] = values[: self.rows]

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

    def _mix_one(self, query: torch.Tensor, place: int, mask: torch.Tensor) -> torch.Tensor:
        """Attention of one token a row, (rows, heads times width): to what is shared, and to the row itself.

        Query heads of one key-value head are multiplied with it together; what is shared is multiplied
        with all rows at once.
        """
        shape, longest = self._decoder.shape, mask.shape[-1]
        groups = shape.heads // shape.key_value_heads
        query = (query * shape.head_width**-0.5).view(self.rows, shape.key_value_heads, groups, shape.head_width)
        keys, values = self._keys[place][: self.rows, ..., :longest], self._values[place][: self.rows, :, :longest]
        own = (query @ keys).add_(mask)
        shared_keys, shared_values = self._shared_keys[place], self._shared_values[place]
        shared = shared_keys.shape[1]
        if not shared:
            return (torch.softmax(own, dim=-1) @ values).view(self.rows, -1)
        by_head = query.transpose(0, 1).reshape(shape.key_value_heads, self.rows * groups, shape.head_width)
        to_shared = (by_head @ shared_keys.transpose(1, 2)).view(shape.key_value_heads, self.rows, groups, shared)
        weights = torch.softmax(torch.cat([to_shared.transpose(0, 1), own], dim=-1), dim=-1)
        from_shared = weights[..., :shared].transpose(0, 1).reshape(shape.key_value_heads, -1, shared) @ shared_values
        mixed = weights[..., shared:] @ values
        return mixed.add_(from_shared.view(shape.key_value_heads, self.rows, groups, -1).transpose(0, 1)).view(
            self.rows, -1
        )

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        normed, _ = norm(hidden, self._decoder.norm, self._decoder.shape.epsilon)
        return multiply(normed, self._head, None)
