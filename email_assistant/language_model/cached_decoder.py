"""Token-by-token decoding on the CPU, for a batch whose rows come and go.

The forward pass is that of `decoder.py`, with weights that have the adapter in them. The common prefix of all
prompts is prefilled and cached once, and so is a prompt for all rows that continue it. When a row is evicted, the last
row takes its index, and new rows can be added at any step, so the matrix multiplications stay wide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from email_assistant.console import StageLogger
from email_assistant.language_model.decoder import Decoder, same_logits
from email_assistant.language_model.decoder_layers import DecoderLayer
from email_assistant.language_model.decoder_ops import Angles, query_key_view, rms_norm
from email_assistant.language_model.decoding_linear import DecodingLinear
from email_assistant.language_model.kv_cache import GroupedAttention, KVCache

log = StageLogger(__name__, "model")
# Length of the sequence on which the logits are compared with the model's own.
COMPARED_IDS = 8


@dataclass
class MergedLayer:
    """A layer's weights with the adapter."""

    layer: DecoderLayer
    qkv_proj: DecodingLinear
    o_proj: DecodingLinear
    gate_up_proj: DecodingLinear
    down_proj: DecodingLinear

    @classmethod
    def merge(cls, layer: DecoderLayer) -> "MergedLayer":
        """Merge the adapter; weights without an update are not copied where they are not fused."""
        return cls(
            layer,
            DecodingLinear(*layer.qkv_proj.decoding_weights()),
            DecodingLinear(*layer.o_proj.decoding_weights()),
            DecodingLinear(*layer.gate_up_proj.decoding_weights()),
            DecodingLinear(*layer.down_proj.decoding_weights()),
        )

    @property
    def linears(self) -> tuple[DecodingLinear, ...]:
        """Its linear layers."""
        return self.qkv_proj, self.o_proj, self.gate_up_proj, self.down_proj


class CachedDecoder:
    """A batch of rows: each is a prompt and the tokens that were generated after it."""

    def __init__(self, decoder: Decoder, embed: Any, head: torch.Tensor) -> None:
        """Call `CachedDecoder.from_model` instead."""
        self._decoder, self._embed, self._head = decoder, embed, head
        self._logits_of = DecodingLinear(head)
        self._is_packed = False
        self._layers = [MergedLayer.merge(layer) for layer in decoder.layers]
        # The common prefix as one sequence or none; the distinct prompts; the generated tokens of each row.
        self._prefix, self._prompts, self._generated = (self._empty_cache() for _ in range(3))
        # The index of each row's prompt in `_prompts`.
        self._prompt_of_row: list[int] = []

    @classmethod
    @torch.no_grad()
    def from_model(cls, model: nn.Module) -> "CachedDecoder | None":
        """The decoder of a causal model; None if the model is of another kind or has other logits."""
        wrapped: Any = model
        decoder = cls._read(model)
        head = wrapped.get_output_embeddings()
        if decoder is None or type(head) is not nn.Linear or head.bias is not None:
            return None
        cached = cls(decoder, wrapped.get_input_embeddings(), head.weight)
        # From all over the vocabulary: after a row of control tokens, which come first in it, states are so large that
        # rounding to bfloat16 leaves little of them.
        vocabulary = len(head.weight)
        ids = [(2 * index + 1) * vocabulary // (2 * COMPARED_IDS) for index in range(min(COMPARED_IDS, vocabulary))]
        expected = wrapped(input_ids=torch.tensor([ids], device=head.weight.device), use_cache=False).logits[0, -1]
        # One token by a step, so that both ways are compared.
        cached.prefill([ids[:-1]])
        is_same = same_logits(cached.step(ids[-1:])[0], expected.float(), head.weight.dtype)
        cached.evict(0)
        if not is_same:
            log.info("this project's faster decoder does not reproduce this model; writing with transformers instead")
        return cached if is_same else None

    @staticmethod
    def _read(model: nn.Module) -> Decoder | None:
        return Decoder.from_model(model, for_training=False)

    def prefill_prefix(self, ids: Sequence[int]) -> None:
        """Cache the common prefix of all prompts; called before the first prompt is added."""
        if not ids:
            return
        self._prefix.append([len(ids)])
        hidden = self._embed(torch.tensor(ids)).float()
        angles = self._decoder.angles(torch.arange(len(ids)))
        for index, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            self._prefix.fill(0, index, *self._decoder.split_heads(projected)[1:])
            hidden = self._finish_layer(
                hidden, self._decoder.varlen_attention(projected, [len(ids)], merged.layer.window), merged
            )

    def prefill(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Add a row for each prompt, which is given without the common prefix.

        Returns:
            Logits of the token after each prompt, (prompts, vocabulary).
        """
        lengths = [len(prompt) for prompt in prompts]
        num_earlier, prefix_length = len(self._prompts), self._prefix.max_length
        self._prompts.append(lengths)
        hidden = self._embed(torch.tensor([token for prompt in prompts for token in prompt])).float()
        angles = self._decoder.angles(torch.cat([torch.arange(length) for length in lengths]) + prefix_length)
        for index, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            for prompt, sequence in enumerate(torch.split(projected, lengths), start=num_earlier):
                self._prompts.fill(prompt, index, *self._decoder.split_heads(sequence)[1:])
            prefix_kv = self._prefix.sequence(0, index) if prefix_length else ()
            attended = self._decoder.varlen_attention(projected, lengths, merged.layer.window, prefix_kv)
            if index == len(self._layers) - 1:
                # Only the prompts' last tokens are needed after the last attention.
                last_tokens = torch.tensor(lengths).cumsum(0) - 1
                hidden, attended = hidden[last_tokens], attended[last_tokens]
            hidden = self._finish_layer(hidden, attended, merged)
        self._append_rows(range(num_earlier, len(self._prompts)))
        return self._logits(hidden)

    def fork(self, *rows: int) -> None:
        """Add a row for each of these, with its prompt and without its generated tokens."""
        self._append_rows([self._prompt_of_row[row] for row in rows])

    def copy_rows(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Make the generated tokens of rows those of other rows with the same prompts.

        Args:
            pairs: (source, target) each. No row is a target twice, nor both a source and a target.
        """
        for source, target in pairs:
            self._generated.copy(source, target)

    def _append_rows(self, prompts: Sequence[int]) -> None:
        self._prompt_of_row += prompts
        self._generated.append([0] * len(prompts))

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """Append a token to each row.

        Returns:
            Logits of the token after it, (rows, vocabulary).
        """
        # Not for a single row, which the other layout is for.
        if len(tokens) > 1 and not self._is_packed:
            self._pack()
        shape, rows, lengths = self._decoder.shape, torch.arange(len(tokens)), self._generated.lengths
        positions = self._prompts.lengths[self._prompt_of_row] + lengths + self._prefix.max_length
        self._generated.lengths = lengths + 1
        self._generated.reserve()
        longest = int(positions.max())
        windows = {_effective_window(merged.layer.window, longest) for merged in self._layers}
        attentions = {window: self._attentions(positions, window) for window in windows}
        hidden = self._embed(torch.tensor(tokens)).float()
        angles = self._decoder.angles(positions)
        for index, merged in enumerate(self._layers):
            projected = self._project(hidden, merged, angles)
            heads = projected.float().view(len(rows), -1, shape.head_dim)
            query, key, value = torch.split(heads, [shape.num_heads, shape.num_kv_heads, shape.num_kv_heads], dim=1)
            self._generated.keys[index][rows, :, :, lengths] = key
            self._generated.values[index][rows, :, lengths] = value
            in_reach = attentions[_effective_window(merged.layer.window, longest)]
            hidden = self._finish_layer(hidden, self._attend(query, index, in_reach), merged)
        return self._logits(hidden)

    def _pack(self) -> None:
        self._is_packed = True
        for each in (self._logits_of, *(linear for merged in self._layers for linear in merged.linears)):
            each.pack()

    def evict(self, row: int) -> None:
        """Remove a row; the last one takes its index. A prompt that no row continues is removed too."""
        self._generated.remove(row)
        prompt, last_prompt = self._prompt_of_row[row], self._prompt_of_row.pop()
        if row < len(self._prompt_of_row):
            self._prompt_of_row[row] = last_prompt
        if prompt not in self._prompt_of_row:
            self._prompts.remove(prompt)
            moved = len(self._prompts)
            self._prompt_of_row = [prompt if index == moved else index for index in self._prompt_of_row]

    def release_caches(self) -> None:
        """Free the memory of a batch without rows and prefix: its caches stay as large as the longest they held."""
        self._prompts, self._generated = (self._empty_cache() for _ in range(2))

    def _empty_cache(self) -> KVCache:
        """A cache in float32, as softmax and its products are, whatever the format of the weights."""
        shape = self._decoder.shape
        return KVCache(len(self._layers), shape.num_kv_heads, shape.head_dim, self._decoder.norm)

    def _attentions(self, positions: torch.Tensor, window: int | None) -> list[GroupedAttention]:
        """The attention to each part of the rows' sequences: prompts, generated tokens and, if any, the prefix.

        Args:
            positions: Position of each row's last token.
            window: How many tokens it sees, including itself; None: all.
        """
        prefix_length, rows = self._prefix.max_length, len(positions)
        prompt_ends = self._prompts.lengths[self._prompt_of_row] + prefix_length
        parts: list[tuple[KVCache, Sequence[int], torch.Tensor | int]] = [
            (self._prompts, self._prompt_of_row, prefix_length),
            (self._generated, range(rows), prompt_ends),
        ]
        if len(self._prefix):
            parts.append((self._prefix, [0] * rows, 0))
        first = None if window is None else positions - window + 1
        return [
            GroupedAttention(cache, sequences, None if first is None else first - start)
            for cache, sequences, start in parts
        ]

    def _project(self, hidden: torch.Tensor, merged: MergedLayer, angles: dict[str | None, Angles]) -> torch.Tensor:
        """Norm, fused query-key-value projection and rotation, (tokens, query + key + value width)."""
        shape = self._decoder.shape
        normed, _ = rms_norm(hidden, merged.layer.attention_norm, shape.epsilon)
        projected = merged.qkv_proj(normed)
        self._decoder.transform(merged.layer, angles).apply_(query_key_view(projected, shape))
        return projected

    def _finish_layer(self, hidden: torch.Tensor, attended: torch.Tensor, merged: MergedLayer) -> torch.Tensor:
        """Everything after the attention: its output projection and the MLP, (tokens, width)."""
        layer, shape = merged.layer, self._decoder.shape
        output = merged.o_proj(attended)
        hidden = hidden + self._normed(output, layer.attention_output_norm)
        normed, _ = rms_norm(hidden, layer.mlp_norm, shape.epsilon)
        gate, up = merged.gate_up_proj(normed).chunk(2, dim=-1)
        output = merged.down_proj(shape.activation.forward(gate).mul_(up))
        return hidden.add_(self._normed(output, layer.mlp_output_norm))

    def _normed(self, output: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
        """An output before it is added to the residual stream; unchanged without a norm."""
        return output if weight is None else rms_norm(output.float(), weight, self._decoder.shape.epsilon)[0]

    def _attend(self, query: torch.Tensor, layer: int, attentions: Sequence[GroupedAttention]) -> torch.Tensor:
        """Attention of each row's last token to the prefix, its prompt and its generated tokens.

        Each part has a softmax of its own; their log-sum-exps weight the parts (Milakov and Gimelshein 2018,
        arXiv:1805.02867).

        Args:
            query: (rows, heads, head_dim).
            layer: Index of the layer.
            attentions: One for each part.

        Returns:
            (rows, heads * head_dim).
        """
        shape = self._decoder.shape
        query = (query * shape.scale).view(len(query), shape.num_kv_heads, -1, shape.head_dim)
        means, log_sums = zip(*(attention.attend(query, layer) for attention in attentions), strict=True)
        shares = torch.softmax(torch.stack(log_sums, dim=-1), dim=-1)
        return (shares @ torch.stack(means, dim=-2)).view(len(query), -1)

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        normed, _ = rms_norm(hidden, self._decoder.norm, self._decoder.shape.epsilon)
        return self._logits_of(normed).float()


def _effective_window(window: int | None, position: int) -> int | None:
    """A sliding window, or None as long as the tokens up to a position fit into it."""
    return None if window is None or position < window else window
