"""Padding-free forward and backward pass for models like Llama and Gemma 3.

It uses the weights of a transformers model and its LoRA layers without copying them. All sequences are concatenated
into one row of tokens, so no multiplication is spent on padding, and each sequence attends only to itself. The
backward pass is written out (`decoder_ops`): per token and layer only the residuals, the projections and the output
of the attention are kept for it, and what is cheap to recompute is recomputed.

`Decoder.from_model` recognizes a suitable model by its modules. As a second check, its logits are compared with those
of the model once (`email_assistant.training.loss`, `CachedDecoder.from_model`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from email_assistant.language_model.decoder_layers import NO_ROPE, DecoderLayer, norm_weight, read_layers, read_shape
from email_assistant.language_model.decoder_ops import (
    Angles,
    DecoderShape,
    FinalNorm,
    GatedResidual,
    NormLinear,
    NormResidual,
    QueryKeyTransform,
    ResidualLinear,
)
from email_assistant.language_model.varlen_attention import PackedSequences, causal_mask, packed_attention

# The largest relative errors of logits, by the Frobenius norm, in float32 and in 16 bits. In bfloat16, logits of
# transformers differ from those in float32 by up to 0.07 (SmolLM2, Gemma 3), this decoder's by up to 0.03; a token that
# is missing or swapped changes them by at least 0.15.
MAX_ERROR, MAX_LOW_PRECISION_ERROR = 1e-3, 0.1


class Decoder:
    """The forward pass from embeddings to the states of the last layer.

    Attributes:
        layers: Weights, layer by layer.
        shape: Settings that all layers share.
        norm: The weight of the norm after the last layer.
    """

    def __init__(self, model: Any, layers: list[DecoderLayer], norm: torch.Tensor) -> None:
        """Call `Decoder.from_model` instead."""
        self.layers, self.norm = layers, norm
        self.shape: DecoderShape = read_shape(model, layers[0])
        self._rotary = model.rotary_emb

    @classmethod
    def from_model(cls, model: nn.Module, for_training: bool, device_type: str = "cpu") -> "Decoder | None":
        """The decoder of a causal model; None for a model with other modules than those known here.

        LoRA variants whose update is not a plain sum (DoRA) are left to peft.

        Args:
            model: A causal model of transformers, with a LoRA adapter or without.
            for_training: Accept 4-bit weights. They are dequantized for every multiplication, which only pays off for
                as many tokens as a training step has.
            device_type: Where the model has to be. Only `StaticDecoder` computes on a GPU.
        """
        wrapped: Any = model
        base: Any = wrapped.get_base_model() if hasattr(model, "get_base_model") else model
        inner = base.base_model
        layers = read_layers(inner, for_training, device_type)
        norm = norm_weight(inner.norm) if layers else None
        return None if layers is None or norm is None else cls(inner, layers, norm)

    def hidden_states(
        self, embedded: torch.Tensor, lengths: Sequence[int], prefix_length: int = 0, recompute: bool | int = False
    ) -> torch.Tensor:
        """States of the last layer, after its norm.

        Args:
            embedded: (tokens, width): the embeddings of the common prefix of all sequences, once, and then of the
                rest of each sequence, concatenated.
            lengths: Length of each sequence without the prefix.
            prefix_length: Length of the common prefix.
            recompute: The layers, from the first on, of which only the residuals are kept for the backward pass and
                everything else is recomputed; True: all.

        Returns:
            (tokens, width).
        """
        # The residual stream is in float32, whatever the format of the weights.
        hidden = embedded.float()
        positions = [torch.arange(prefix_length), *(torch.arange(length) + prefix_length for length in lengths)]
        packed = PackedSequences.of(list(lengths), hidden.device)
        # The formats of all products are chosen here.
        with torch.autocast(hidden.device.type, enabled=False):
            angles = self.angles(torch.cat(positions).to(hidden.device))
            num_recomputed = recomputed_layers(recompute, len(self.layers))
            for index, layer in enumerate(self.layers):
                if index < num_recomputed and torch.is_grad_enabled():
                    hidden = checkpoint(self._layer, hidden, layer, angles, packed, prefix_length, use_reentrant=False)
                else:
                    hidden = self._layer(hidden, layer, angles, packed, prefix_length)
        return FinalNorm.apply(hidden, self.norm, self.shape.epsilon)  # type: ignore[no-any-return,no-untyped-call]

    def _layer(
        self,
        hidden: torch.Tensor,
        layer: DecoderLayer,
        angles: dict[str | None, Angles],
        packed: PackedSequences,
        prefix_length: int,
    ) -> torch.Tensor:
        qkv_proj, o_proj, gate_up_proj, down_proj = layer.qkv_proj, layer.o_proj, layer.gate_up_proj, layer.down_proj
        projected = NormLinear.apply(  # type: ignore[no-untyped-call]
            hidden, layer.attention_norm, self.shape, self.transform(layer, angles), qkv_proj, *qkv_proj.lora_weights
        )
        attended = self._attention(projected, packed, layer.window, prefix_length)
        hidden = self._add(
            hidden,
            layer.attention_output_norm,
            lambda residual: ResidualLinear.apply(residual, attended, o_proj, *o_proj.lora_weights),  # type: ignore[no-untyped-call]
        )
        gate_up = NormLinear.apply(  # type: ignore[no-untyped-call]
            hidden, layer.mlp_norm, self.shape, None, gate_up_proj, *gate_up_proj.lora_weights
        )
        return self._add(
            hidden,
            layer.mlp_output_norm,
            lambda residual: GatedResidual.apply(  # type: ignore[no-untyped-call]
                residual, gate_up, self.shape.activation, down_proj, *down_proj.lora_weights
            ),
        )

    def _add(
        self,
        hidden: torch.Tensor,
        output_norm: torch.Tensor | None,
        output: Callable[[torch.Tensor | None], torch.Tensor],
    ) -> torch.Tensor:
        """The residual stream with an output added to it, which is normed first if there is a norm.

        Args:
            hidden: The residual stream, (tokens, width).
            output_norm: The weight of the norm, or None.
            output: Computes the output, added to its argument unless that is None.
        """
        if output_norm is None:
            return output(hidden)
        return NormResidual.apply(hidden, output(None), output_norm, self.shape.epsilon)  # type: ignore[no-any-return,no-untyped-call]

    def transform(self, layer: DecoderLayer, angles: dict[str | None, Angles]) -> QueryKeyTransform:
        """What happens to a layer's queries and keys after their projection, given the angles of all embeddings."""
        return QueryKeyTransform(angles[layer.rope], layer.query_key_norm, self.shape.epsilon)

    def angles(self, positions: torch.Tensor) -> dict[str | None, Angles]:
        """Cosine and sine, (tokens, 1, head_dim / 2) each, of every rotary embedding by its name."""
        return {rope: self._angles(positions, rope) for rope in {layer.rope for layer in self.layers}}

    def _angles(self, positions: torch.Tensor, rope: str | None) -> Angles:
        if rope == NO_ROPE:
            angles = torch.zeros(len(positions), 1, self.shape.head_dim // 2, device=positions.device)
            return angles.cos(), angles
        cosine, sine = self._rotary(self.norm, positions[None], *([] if rope is None else [rope]))
        half = self.shape.head_dim // 2
        return cosine[0, :, None, :half], sine[0, :, None, :half]

    def _attention(
        self, projected: torch.Tensor, packed: PackedSequences, window: int | None, prefix_length: int
    ) -> torch.Tensor:
        """Causal attention of every sequence to the prefix and to itself, (tokens, heads * head_dim).

        On a GPU there is no common prefix, and all sequences are computed at once.
        """
        shape, lengths = self.shape, packed.lengths
        if projected.is_cuda:
            heads = projected.view(len(projected), -1, shape.head_dim)
            by_token = list(torch.split(heads, [shape.num_heads, shape.num_kv_heads, shape.num_kv_heads], dim=1))
            return packed_attention(by_token, packed, shape.scale, window).reshape(len(projected), -1)
        if not prefix_length:
            return self.varlen_attention(projected, lengths, window)
        query, key, value = self.split_heads(projected[:prefix_length])
        return torch.cat(
            [
                causal_attention(query, key, value, self.shape.scale, window),
                self.varlen_attention(projected[prefix_length:], lengths, window, (key, value)),
            ]
        )

    def varlen_attention(
        self,
        projected: torch.Tensor,
        lengths: Sequence[int],
        window: int | None,
        prefix_kv: Sequence[torch.Tensor] = (),
    ) -> torch.Tensor:
        """Causal attention of every sequence to the prefix and to itself, (tokens, heads * head_dim).

        Args:
            projected: Fused query-key-value projections of the sequences, concatenated.
            lengths: Length of each sequence.
            window: The layer's sliding window, or None.
            prefix_kv: Keys and values of the common prefix, (key-value heads, tokens, head_dim) each.
        """
        attended = []
        for sequence in torch.split(projected, list(lengths)):
            query, key, value = self.split_heads(sequence)
            if prefix_kv:
                earlier = (each.to(key.dtype) for each in prefix_kv)
                key, value = (torch.cat(parts, dim=1) for parts in zip(earlier, (key, value), strict=True))
            attended.append(causal_attention(query, key, value, self.shape.scale, window))
        return torch.cat(attended)

    def split_heads(self, projected: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Query, key and value, (heads, tokens, head_dim) each, of a fused projection."""
        shape = self.shape
        heads = projected.view(len(projected), -1, shape.head_dim).transpose(0, 1)
        query, key, value = torch.split(heads, [shape.num_heads, shape.num_kv_heads, shape.num_kv_heads])
        return query, key, value


def recomputed_layers(setting: bool | int, layers: int) -> int:
    """How many of a model's layers, from the first on, recompute their activations; with True all do."""
    return layers if setting is True else min(int(setting), layers)


def same_logits(logits: torch.Tensor, expected: torch.Tensor, dtype: torch.dtype) -> bool:
    """Whether two ways of computing a model's logits agree within the rounding of the format that they compute in.

    In 16 bits single logits may differ a lot. A fault, such as a token that sees another mail, changes all of them.

    Args:
        logits: (..., vocabulary).
        expected: Likewise.
        dtype: The number format of the model's weights.
    """
    limit = MAX_ERROR if dtype == torch.float32 else MAX_LOW_PRECISION_ERROR
    # Only differences between logits matter.
    centered, reference = (each - each.mean(dim=-1, keepdim=True) for each in (logits, expected))
    return float((centered - reference).norm()) <= limit * float(reference.norm())


def causal_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scale: float, window: int | None
) -> torch.Tensor:
    """Causal attention of the last tokens of one sequence, (tokens, heads * head_dim).

    Args:
        query: (heads, tokens, head_dim).
        key: (key-value heads, tokens of the whole sequence, head_dim).
        value: Like the keys.
        scale: Factor of the scores.
        window: How many tokens each token sees, including itself; None: all before it.
    """
    mask, dtype = causal_mask(query.shape[1], key.shape[1], window, query.device), query.dtype
    if torch.is_grad_enabled():
        # The backward pass in bfloat16 takes up to three times as long for sequences as short as mails.
        query, key, value = query.float(), key.float(), value.float()
    if mask is not None and query.is_cuda:
        # With a mask, torch's fast kernels take no grouped heads: all scores would be in memory.
        key, value = (each.repeat_interleave(len(query) // len(each), dim=0) for each in (key, value))
    grouped = len(key) != len(query)
    attended = functional.scaled_dot_product_attention(
        query[None], key[None], value[None], attn_mask=mask, is_causal=mask is None, scale=scale, enable_gqa=grouped
    )
    return attended[0].transpose(0, 1).reshape(query.shape[1], -1).to(dtype)
