"""Padding-free forward and backward pass for Llama-style models on the CPU.

It uses the weights of a transformers model and its LoRA layers without copying them. All sequences are concatenated
into one row of tokens, so no multiplication is spent on padding, and each sequence attends only to itself. The
backward pass is written out (`decoder_ops`): per token and layer only the residuals, the projections and the output
of the attention are kept for it, and what is cheap to recompute is recomputed.

`Decoder.from_model` recognizes a suitable model by its modules. As a second check, its logits are compared with those
of the model once (`email_assistant.training.loss`, `CachedDecoder.from_model`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from email_assistant.language_model.decoder_ops import (
    Angles,
    DecoderShape,
    FinalNorm,
    NormLinear,
    ResidualLinear,
    SwiGLUResidual,
)
from email_assistant.language_model.lora_linear import FusedLinear, LoraLinear
from email_assistant.language_model.meta_model import Nf4Linear

# Kinds of rotary embedding whose angles depend only on the position.
STATIC_ROPE = ("default", "linear", "llama3", "yarn")


@dataclass(frozen=True)
class DecoderLayer:
    """The weights of a decoder layer; projections of the same input are fused."""

    attention_norm: torch.Tensor
    qkv_proj: FusedLinear
    o_proj: FusedLinear
    mlp_norm: torch.Tensor
    gate_up_proj: FusedLinear
    down_proj: FusedLinear


class Decoder:
    """The forward pass from embeddings to the states of the last layer.

    Attributes:
        layers: Weights, layer by layer.
        shape: Sizes of the attention heads, and the norms' epsilon.
        norm: The weight of the norm after the last layer.
    """

    def __init__(self, model: Any, layers: list[DecoderLayer], shape: DecoderShape) -> None:
        """Call `Decoder.from_model` instead."""
        self.layers, self.shape = layers, shape
        self.norm: torch.Tensor = model.norm.weight
        self._rotary = model.rotary_emb

    @classmethod
    def from_model(cls, model: nn.Module, for_training: bool) -> "Decoder | None":
        """The decoder of a causal model on the CPU; None for a model with other modules than those known here.

        LoRA variants whose update is not a plain sum (DoRA) are left to peft.

        Args:
            model: A causal model of transformers, with a LoRA adapter or without.
            for_training: Accept 4-bit weights. They are dequantized for every multiplication, which only pays off for
                as many tokens as a training step has.
        """
        wrapped: Any = model
        base: Any = wrapped.get_base_model() if hasattr(model, "get_base_model") else model
        inner = base.base_model
        if not _is_supported(inner):
            return None
        layers = [_decoder_layer(layer, for_training) for layer in inner.layers]
        if any(layer is None for layer in layers):
            return None
        attention = inner.layers[0].self_attn
        head_dim = int(attention.head_dim)
        shape = DecoderShape(
            num_heads=int(attention.q_proj.out_features) // head_dim,
            num_kv_heads=int(attention.k_proj.out_features) // head_dim,
            head_dim=head_dim,
            epsilon=float(inner.norm.variance_epsilon),
        )
        return cls(inner, [layer for layer in layers if layer is not None], shape)

    def hidden_states(
        self, embedded: torch.Tensor, lengths: Sequence[int], prefix_length: int = 0, recompute: bool = False
    ) -> torch.Tensor:
        """States of the last layer, after its norm.

        Args:
            embedded: (tokens, width): the embeddings of the common prefix of all sequences, once, and then of the
                rest of each sequence, concatenated.
            lengths: Length of each sequence without the prefix.
            prefix_length: Length of the common prefix.
            recompute: Keep only the residuals for the backward pass and recompute everything else.

        Returns:
            (tokens, width).
        """
        hidden = embedded
        positions = [torch.arange(prefix_length), *(torch.arange(length) + prefix_length for length in lengths)]
        angles = self.angles(torch.cat(positions))
        for layer in self.layers:
            if recompute and torch.is_grad_enabled():
                hidden = checkpoint(self._layer, hidden, layer, angles, lengths, prefix_length, use_reentrant=False)
            else:
                hidden = self._layer(hidden, layer, angles, lengths, prefix_length)
        return FinalNorm.apply(hidden, self.norm, self.shape.epsilon)  # type: ignore[no-any-return,no-untyped-call]

    def _layer(
        self, hidden: torch.Tensor, layer: DecoderLayer, angles: Angles, lengths: Sequence[int], prefix_length: int
    ) -> torch.Tensor:
        qkv_proj, o_proj, gate_up_proj, down_proj = layer.qkv_proj, layer.o_proj, layer.gate_up_proj, layer.down_proj
        projected = NormLinear.apply(  # type: ignore[no-untyped-call]
            hidden, layer.attention_norm, self.shape, angles, qkv_proj, *qkv_proj.lora_weights
        )
        attended = self._attention(projected, lengths, prefix_length)
        hidden = ResidualLinear.apply(hidden, attended, o_proj, *o_proj.lora_weights)  # type: ignore[no-untyped-call]
        gate_up = NormLinear.apply(  # type: ignore[no-untyped-call]
            hidden, layer.mlp_norm, self.shape, None, gate_up_proj, *gate_up_proj.lora_weights
        )
        return SwiGLUResidual.apply(hidden, gate_up, down_proj, *down_proj.lora_weights)  # type: ignore[no-any-return,no-untyped-call]

    def angles(self, positions: torch.Tensor) -> Angles:
        """Cosine and sine of the rotary embedding, (tokens, 1, head_dim / 2) each."""
        cosine, sine = self._rotary(self.norm, positions[None])
        half = self.shape.head_dim // 2
        return cosine[0, :, None, :half], sine[0, :, None, :half]

    def _attention(self, projected: torch.Tensor, lengths: Sequence[int], prefix_length: int) -> torch.Tensor:
        """Causal attention of every sequence to the prefix and to itself, (tokens, heads * head_dim)."""
        if not prefix_length:
            return self.varlen_attention(projected, lengths)
        query, *prefix_kv = self.split_heads(projected[:prefix_length])
        return torch.cat(
            [
                causal_attention(query, *prefix_kv),
                self.varlen_attention(projected[prefix_length:], lengths, prefix_kv),
            ]
        )

    def varlen_attention(
        self, projected: torch.Tensor, lengths: Sequence[int], prefix_kv: Sequence[torch.Tensor] = ()
    ) -> torch.Tensor:
        """Causal attention of every sequence to the prefix and to itself, (tokens, heads * head_dim).

        Args:
            projected: Fused query-key-value projections of the sequences, concatenated.
            lengths: Length of each sequence.
            prefix_kv: Keys and values of the common prefix, (key-value heads, tokens, head_dim) each.
        """
        attended = []
        for sequence in torch.split(projected, list(lengths)):
            query, key, value = self.split_heads(sequence)
            if prefix_kv:
                key, value = (torch.cat(parts, dim=1) for parts in zip(prefix_kv, (key, value), strict=True))
            attended.append(causal_attention(query, key, value))
        return torch.cat(attended)

    def split_heads(self, projected: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Query, key and value, (heads, tokens, head_dim) each, of a fused projection."""
        shape = self.shape
        heads = projected.view(len(projected), -1, shape.head_dim).transpose(0, 1)
        query, key, value = torch.split(heads, [shape.num_heads, shape.num_kv_heads, shape.num_kv_heads])
        return query, key, value


def causal_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Causal attention of the last tokens of one sequence, (tokens, heads * head_dim).

    Args:
        query: (heads, tokens, head_dim).
        key: (key-value heads, tokens of the whole sequence, head_dim).
        value: Like the keys.
    """
    tokens, num_earlier = query.shape[1], key.shape[1] - query.shape[1]
    mask = torch.ones(tokens, key.shape[1], dtype=torch.bool).tril_(num_earlier) if num_earlier else None
    attended = functional.scaled_dot_product_attention(
        query[None], key[None], value[None], attn_mask=mask, is_causal=mask is None, enable_gqa=True
    )
    return attended[0].transpose(0, 1).reshape(tokens, -1)


def _is_supported(inner: Any) -> bool:
    """Whether a model has the modules that `Decoder.hidden_states` knows, in float32 on the CPU."""
    config = inner.config
    rope = getattr(config, "rope_parameters", None) or {}
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    return (
        all(hasattr(inner, name) for name in ("layers", "embed_tokens", "norm", "rotary_emb"))
        and hasattr(inner.norm, "variance_epsilon")
        and getattr(config, "hidden_act", None) in ("silu", "swish")
        and rope.get("rope_type", "default") in STATIC_ROPE
        and rope.get("partial_rotary_factor", 1.0) == 1.0
        and window is None
        and inner.embed_tokens.weight.device.type == "cpu"
        and inner.embed_tokens.weight.dtype == torch.float32
    )


def _decoder_layer(layer: Any, for_training: bool) -> DecoderLayer | None:
    attention, mlp = layer.self_attn, layer.mlp
    names = [(attention, name) for name in ("q_proj", "k_proj", "v_proj", "o_proj")]
    names += [(mlp, name) for name in ("gate_proj", "up_proj", "down_proj")]
    norms = [getattr(layer, name, None) for name in ("input_layernorm", "post_attention_layernorm")]
    linears = [_lora_linear(getattr(owner, name, None), for_training) for owner, name in names]
    if any(linear is None for linear in linears) or any(norm is None for norm in norms) or hasattr(attention, "q_norm"):
        return None
    query, key, value, out, gate, up, down = [linear for linear in linears if linear is not None]
    return DecoderLayer(
        attention_norm=norms[0].weight,  # type: ignore[union-attr]
        qkv_proj=FusedLinear([query, key, value]),
        o_proj=FusedLinear([out]),
        mlp_norm=norms[1].weight,  # type: ignore[union-attr]
        gate_up_proj=FusedLinear([gate, up]),
        down_proj=FusedLinear([down]),
    )


def _lora_linear(layer: nn.Module | None, for_training: bool) -> LoraLinear | None:
    """A linear layer's weights; None for another kind of layer, or an adapter that is not a plain sum."""
    module: Any = layer
    if _is_readable(module, for_training):
        return LoraLinear(module)
    from peft.tuners.lora import LoraLayer

    if not isinstance(module, LoraLayer) or not _is_readable(module.base_layer, for_training):
        return None
    if module.disable_adapters:
        return LoraLinear(module.base_layer)
    names = list(module.active_adapters)
    if len(names) != 1 or module.merged or module.lora_variant:
        return None
    name = names[0]
    lora_a: Any = module.lora_A[name]
    lora_b: Any = module.lora_B[name]
    dropout = module.lora_dropout[name]
    if not isinstance(dropout, nn.Dropout | nn.Identity):
        return None
    return LoraLinear(
        module.base_layer,
        lora_a.weight,
        lora_b.weight,
        float(module.scaling[name]),
        dropout if isinstance(dropout, nn.Dropout) else None,
    )


def _is_readable(layer: Any, for_training: bool) -> bool:
    """Whether a linear layer has dense weights or, for training, 4-bit weights that dequantize to float32."""
    if type(layer) is nn.Linear:
        return True
    if not for_training or not isinstance(layer, nn.Linear):
        return False
    state = getattr(layer.weight, "quant_state", None)
    # Such weights are stored in another order (email_assistant.language_model.loading).
    is_repacked = getattr(layer, "support_avx512bf16_for_cpu", False)
    return isinstance(layer, Nf4Linear) or (state is not None and state.dtype == torch.float32 and not is_repacked)
