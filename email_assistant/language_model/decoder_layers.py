"""The weights of a decoder, read from the modules of a transformers model, without copying the large ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from email_assistant.language_model.decoder_ops import ACTIVATIONS, DecoderShape
from email_assistant.language_model.lora_linear import FusedLinear, LoraLinear
from email_assistant.language_model.meta_model import Nf4Linear

# Kinds of rotary embedding whose angles depend only on the position.
STATIC_ROPE = ("default", "linear", "llama3", "yarn")
# The name of no rotary embedding, in layers without one (SmolLM3).
NO_ROPE = "none"
# Number formats of the frozen weights.
DTYPES = (torch.float32, torch.bfloat16)
# Settings that change the attention or the logits in ways that the decoder does not know, unless they are 0 or 1.
UNSUPPORTED = (
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "use_bidirectional_attention",
    "embedding_multiplier",
    "residual_multiplier",
    "logits_scaling",
    "logit_scale",
)
# The parts with weights that the decoder knows. A layer with any other part is left to transformers.
ATTENTION_PARTS = {"q_proj", "k_proj", "v_proj", "qkv_proj", "o_proj", "q_norm", "k_norm"}
MLP_PARTS = {"gate_proj", "up_proj", "gate_up_proj", "down_proj"}


@dataclass(frozen=True, kw_only=True)
class DecoderLayer:
    """The weights of a decoder layer; projections of the same input are fused.

    Attributes:
        attention_norm: The norm of the attention's input.
        qkv_proj: Queries, keys and values.
        query_key_norm: The norm of each query and key head, (heads, head_dim), or None.
        o_proj: The attention's output projection.
        attention_output_norm: The norm of its output, before that is added to the residual stream, or None.
        mlp_norm: The norm of the MLP's input.
        gate_up_proj: Gate and up.
        down_proj: The MLP's output projection.
        mlp_output_norm: As `attention_output_norm`.
        window: How many tokens the attention sees, including the current one; None: all.
        rope: The name of the layer's rotary embedding in a model that has several; `NO_ROPE` in a layer without one;
            or None.
    """

    attention_norm: torch.Tensor
    qkv_proj: FusedLinear
    query_key_norm: torch.Tensor | None
    o_proj: FusedLinear
    attention_output_norm: torch.Tensor | None = None
    mlp_norm: torch.Tensor
    gate_up_proj: FusedLinear
    down_proj: FusedLinear
    mlp_output_norm: torch.Tensor | None = None
    window: int | None
    rope: str | None


def read_layers(inner: Any, for_training: bool, device_type: str = "cpu") -> list[DecoderLayer] | None:
    """The layers of a model without its head; None if it has other modules than those known here.

    Args:
        inner: The model.
        for_training: Accept 4-bit weights.
        device_type: Where the model has to be, all of it.
    """
    if not _is_supported(inner, device_type):
        return None
    layers = [_read_layer(inner, layer, for_training) for layer in inner.layers]
    return None if any(layer is None for layer in layers) else [layer for layer in layers if layer is not None]


def read_shape(inner: Any, layer: DecoderLayer) -> DecoderShape:
    """The settings that the layers of a supported model share; `layer` is one of them."""
    attention = inner.layers[0].self_attn
    head_dim = int(attention.head_dim)
    query_width = layer.o_proj.in_features
    return DecoderShape(
        num_heads=query_width // head_dim,
        num_kv_heads=(layer.qkv_proj.out_features - query_width) // 2 // head_dim,
        head_dim=head_dim,
        scale=float(attention.scaling),
        epsilon=float(getattr(inner.norm, "variance_epsilon", None) or inner.norm.eps),
        activation=ACTIVATIONS[_activation_name(inner.config)],
    )


def norm_weight(norm: Any) -> torch.Tensor | None:
    """The factors of an RMS norm, in float32; None for another kind of norm."""
    name = type(norm).__name__
    # Cohere's LayerNorm has this attribute, too.
    if hasattr(norm, "variance_epsilon") and name.endswith("RMSNorm"):
        return norm.weight.float()  # type: ignore[no-any-return]
    # Gemma 3 stores their difference from 1.
    return 1 + norm.weight.float() if name == "Gemma3RMSNorm" else None


def _is_supported(inner: Any, device_type: str) -> bool:
    """Whether a model's embedding, norms and settings are known, and it is on one device in a format known here.

    On the meta device only its modules are looked at.
    """
    config = inner.config
    return (
        all(hasattr(inner, name) for name in ("layers", "embed_tokens", "norm", "rotary_emb"))
        and norm_weight(inner.norm) is not None
        and _activation_name(config) in ACTIVATIONS
        and all(_is_static(rope) for rope in _rope_parameters(config))
        and not changes(config, UNSUPPORTED)
        and {weight.device for weight in inner.parameters()} == {inner.embed_tokens.weight.device}
        and inner.embed_tokens.weight.device.type in (device_type, "meta")
        and inner.embed_tokens.weight.dtype in DTYPES
    )


def changes(config: Any, names: Sequence[str]) -> bool:
    """Whether a model's configuration has any of these settings, with another value than 0 or 1."""
    values = [getattr(config, name, None) for name in names]
    return any(value is True or value not in (None, 0, 1) for value in values)


def _activation_name(config: Any) -> str:
    return getattr(config, "hidden_act", None) or getattr(config, "hidden_activation", None) or ""


def _rope_parameters(config: Any) -> Iterator[dict[str, Any]]:
    """The parameters of each rotary embedding: of the only one, or of that of every kind of layer."""
    parameters = getattr(config, "rope_parameters", None) or {}
    nested = [values for values in parameters.values() if isinstance(values, dict)]
    yield from nested or [parameters]


def _is_static(rope: dict[str, Any]) -> bool:
    return rope.get("rope_type", "default") in STATIC_ROPE and rope.get("partial_rotary_factor", 1.0) == 1.0


def _read_layer(inner: Any, layer: Any, for_training: bool) -> DecoderLayer | None:
    attention, mlp = getattr(layer, "self_attn", None), getattr(layer, "mlp", None)
    if not _has_only(attention, ATTENTION_PARTS) or not _has_only(mlp, MLP_PARTS):
        return None
    qkv_proj = _fused(attention, ("qkv_proj",), ("q_proj", "k_proj", "v_proj"), for_training)
    o_proj = _fused(attention, ("o_proj",), (), for_training)
    gate_up_proj = _fused(mlp, ("gate_up_proj",), ("gate_proj", "up_proj"), for_training)
    down_proj = _fused(mlp, ("down_proj",), (), for_training)
    norms = _norms(layer)
    if qkv_proj is None or o_proj is None or gate_up_proj is None or down_proj is None or norms is None:
        return None
    head_norms = _head_norms(attention, qkv_proj, o_proj)
    if head_norms is None:
        return None
    return DecoderLayer(
        qkv_proj=qkv_proj,
        query_key_norm=torch.cat(head_norms) if head_norms else None,
        o_proj=o_proj,
        gate_up_proj=gate_up_proj,
        down_proj=down_proj,
        window=_window(inner.config, attention),
        rope=_rope(inner, attention),
        **norms,
    )


def _has_only(module: Any, known: set[str]) -> bool:
    """Whether a module exists, and all its parts with weights are known."""
    if module is None:
        return False
    parts = {name.partition(".")[0] for name, _ in module.named_parameters()}
    return parts <= known


def _fused(owner: Any, one: tuple[str, ...], several: tuple[str, ...], for_training: bool) -> FusedLinear | None:
    """The linear layers of a module that have these names: those of `one` if it has them, or else of `several`."""
    names = one if hasattr(owner, one[0]) else several
    linears = [_lora_linear(getattr(owner, name, None), for_training) for name in names]
    found = [linear for linear in linears if linear is not None]
    return FusedLinear(found) if found and len(found) == len(names) else None


def _rope(inner: Any, attention: Any) -> str | None:
    """The name of a layer's rotary embedding, as in `DecoderLayer.rope`."""
    if not getattr(attention, "use_rope", True):
        return NO_ROPE
    return attention.layer_type if hasattr(inner.rotary_emb, "layer_types") else None


def _norms(layer: Any) -> dict[str, torch.Tensor] | None:
    """The weights of a layer's norms by their names in `DecoderLayer`; None if one is missing or of another kind."""
    names = {"attention_norm": "input_layernorm", "mlp_norm": "post_attention_layernorm"}
    if hasattr(layer, "pre_feedforward_layernorm"):
        names |= {
            "attention_output_norm": "post_attention_layernorm",
            "mlp_norm": "pre_feedforward_layernorm",
            "mlp_output_norm": "post_feedforward_layernorm",
        }
    weights = {name: norm_weight(getattr(layer, module, None)) for name, module in names.items()}
    found = {name: weight for name, weight in weights.items() if weight is not None}
    return found if len(found) == len(names) else None


def _head_norms(attention: Any, qkv_proj: FusedLinear, o_proj: FusedLinear) -> list[torch.Tensor] | None:
    """The weights of the norms of all query heads and of all key heads, (heads, head_dim) each.

    Returns:
        An empty list if there are no such norms; None if they are of another kind.
    """
    weights = []
    query_width = o_proj.in_features
    for name, width in (("q_norm", query_width), ("k_norm", (qkv_proj.out_features - query_width) // 2)):
        if not hasattr(attention, name):
            continue
        weight = norm_weight(getattr(attention, name))
        if weight is None or weight.shape != (attention.head_dim,):
            return None
        weights.append(weight.expand(width // int(attention.head_dim), -1))
    return weights if len(weights) in (0, 2) else None


def _window(config: Any, attention: Any) -> int | None:
    """The sliding window of a layer: its own or, if its model does not distinguish layers, that of the model."""
    if hasattr(attention, "sliding_window"):
        return attention.sliding_window  # type: ignore[no-any-return]
    return getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None


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
    """Whether a linear layer has dense weights or, for training, 4-bit weights that dequantize to one of `DTYPES`."""
    if type(layer) is nn.Linear:
        return True
    if not for_training or not isinstance(layer, nn.Linear):
        return False
    state = getattr(layer.weight, "quant_state", None)
    # Such weights are stored in another order (email_assistant.language_model.loading).
    is_repacked = getattr(layer, "support_avx512bf16_for_cpu", False)
    return isinstance(layer, Nf4Linear) or (state is not None and state.dtype in DTYPES and not is_repacked)
