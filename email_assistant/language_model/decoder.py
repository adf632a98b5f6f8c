"""An own forward pass of Llama-like decoders, for processors: no padding, and few passes over memory.

It reads the weights of a transformers model and its LoRA layers where they lie. Sequences stand one after
another in one long row of tokens, so that no multiplication is spent on padding; each attends to itself
alone. The adapter's update is added to a copy of a layer's weight for the time of one multiplication,
which reads less memory than a low-rank product beside every activation; only where dropout makes the
update's input another one is it such a product. The backward pass is written
out, so that only what cannot be made again cheaply is kept: per token and layer the residuals, the
projections and the output of the attention.

Whether a model is of this kind is found out by its parts (`Decoder.from_model`), and by comparing results once
(`email_assistant.training.loss`, `email_assistant.language_model.generation`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from email_assistant.language_model.meta_model import Nf4Linear

# Cosine and sine.
Angles = tuple[torch.Tensor, torch.Tensor]
# Kinds of rotary embedding whose angles depend on the position alone.
STEADY_ROPE = ("default", "linear", "llama3", "yarn")


@dataclass(frozen=True)
class Part:
    """A linear layer with or without its LoRA update.

    Attributes:
        layer: Frozen, in float32 or 4 bit.
        down: LoRA's A, (rank, in), or None.
        up: LoRA's B, (out, rank), or None.
        scale: Of the update.
        drop: The dropout on the update's input, which is in effect while this module is in training, or None.
    """

    layer: Any
    down: torch.Tensor | None = None
    up: torch.Tensor | None = None
    scale: float = 0.0
    drop: nn.Dropout | None = None

    @property
    def dropped(self) -> float:
        """The share of the update's inputs that is left out now."""
        return self.drop.p if self.drop is not None and self.drop.training else 0.0

    @property
    def in_place(self) -> bool:
        """Whether `weight` takes no memory of its own."""
        return type(self.layer) is nn.Linear

    def weight(self) -> torch.Tensor:
        """The weight without the update, (out, in); one in 4 bit is made dense."""
        if self.in_place:
            return self.layer.weight  # type: ignore[no-any-return]
        if isinstance(self.layer, Nf4Linear):
            return self.layer.dense()
        from bitsandbytes.functional import dequantize_4bit

        return dequantize_4bit(self.layer.weight, self.layer.weight.quant_state)

    def bias(self) -> torch.Tensor:
        """The bias, (out,); zeros where there is none."""
        if self.layer.bias is None:
            return torch.zeros(self.layer.out_features)
        return self.layer.bias  # type: ignore[no-any-return]


class FusedLinear:
    """One or more linear layers on the same input, multiplied as one."""

    def __init__(self, parts: Sequence[Part]) -> None:
        """Take the parts in the order of their outputs; no weight is copied."""
        self.parts = list(parts)
        self.sizes = [int(part.layer.out_features) for part in parts]
        self.starts = [0, *accumulate(self.sizes)]
        biased = any(part.layer.bias is not None for part in parts)
        self.bias = torch.cat([part.bias() for part in parts]) if biased else None

    @property
    def factors(self) -> list[torch.Tensor]:
        """A and B of every part that has them."""
        return [factor for part in self.parts if part.down is not None for factor in (part.down, part.up)]  # type: ignore[misc]

    @property
    def rows(self) -> list[tuple[slice, Part]]:
        """Rows of the output and part, of every part."""
        return [
            (slice(start, start + size), part)
            for start, size, part in zip(self.starts, self.sizes, self.parts, strict=False)
        ]

    @property
    def adapted(self) -> list[tuple[slice, Part]]:
        """Rows of the output and part, of every part with an update."""
        return [(rows, part) for rows, part in self.rows if part.down is not None]

    @torch.no_grad()
    def merged(self, updated: bool = True) -> torch.Tensor:
        """The weights with their updates or without, (out, in); a single weight without one is not copied."""
        first, adapted = self.parts[0].weight(), self.adapted if updated else []
        if len(self.parts) == 1 and not (adapted and self.parts[0].in_place):
            merged = first
        else:
            merged = first.new_empty(self.starts[-1], first.shape[1])
            merged[: len(first)] = first
            del first
            for rows, part in self.rows[1:]:
                merged[rows] = part.weight()
        for rows, part in adapted:
            merged[rows].addmm_(part.up, part.down, alpha=part.scale)  # type: ignore[arg-type]
        return merged

    def masks(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """What dropout leaves of the input, (tokens, in), of every part with an update; none where it leaves all."""
        if not any(part.dropped for _, part in self.adapted):
            return []
        return [_mask(inputs, part) for _, part in self.adapted]

    def multiply(
        self, inputs: torch.Tensor, masks: Sequence[torch.Tensor], residual: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The output, (tokens, out), added to a residual where there is one.

        Args:
            inputs: (tokens, in).
            masks: As `masks` gave them.
            residual: (tokens, out).
        """
        weights = self.merged(updated=not masks)
        if residual is None:
            out = functional.linear(inputs, weights, self.bias)
        else:
            out = torch.addmm(residual, inputs, weights.t())
            out = out if self.bias is None else out.add_(self.bias)
        for (rows, part), mask in zip(self.adapted, masks, strict=bool(masks)):
            low = _left(inputs, mask, part) @ part.down.t()  # type: ignore[union-attr]
            out[:, rows].addmm_(low, part.up.t(), alpha=part.scale)  # type: ignore[union-attr]
        return out

    def backward(
        self, above: torch.Tensor, inputs: torch.Tensor, masks: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Gradients of the input, (tokens, in), and of `factors`, from that of the output, (tokens, out)."""
        below, gradients = above @ self.merged(updated=not masks), []
        for number, (rows, part) in enumerate(self.adapted):
            gradient = above[:, rows]
            seen = _left(inputs, masks[number], part) if masks else inputs
            low = seen @ part.down.t()  # type: ignore[union-attr]
            back = gradient @ part.up  # type: ignore[operator]
            gradients += [(back.t() @ seen).mul_(part.scale), (gradient.t() @ low).mul_(part.scale)]
            if masks:
                below.add_(_left(back @ part.down, masks[number], part), alpha=part.scale)  # type: ignore[operator]
        return below, gradients


def _mask(inputs: torch.Tensor, part: Part) -> torch.Tensor:
    """Which inputs dropout leaves, a byte of 0 or 1 each.

    Four inputs are decided by one random number, of 16 bits each: several times as fast as one draw for each.
    """
    drawn = torch.empty(-(-inputs.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    bits = drawn.view(torch.int16)[: inputs.numel()].view(inputs.shape)
    return (bits >= min(round(part.dropped * 2**16), 2**16 - 1) - 2**15).view(torch.uint8)


def _left(values: torch.Tensor, mask: torch.Tensor, part: Part) -> torch.Tensor:
    """What dropout leaves, as much larger as others are left out (Srivastava et al. 2014)."""
    return (values * mask).mul_(1 / (1 - part.dropped))


@dataclass(frozen=True)
class Layer:
    """A decoder layer's weights: (query, key, value) as one projection, (gate, up) as one."""

    attention_norm: torch.Tensor
    query_key_value: FusedLinear
    attention_out: FusedLinear
    feed_forward_norm: torch.Tensor
    gate_up: FusedLinear
    down: FusedLinear


@dataclass(frozen=True)
class Shape:
    """What the layers have in common."""

    heads: int
    key_value_heads: int
    head_width: int
    epsilon: float

    @property
    def rotated(self) -> int:
        """Width of query and key together."""
        return (self.heads + self.key_value_heads) * self.head_width


class Decoder:
    """The forward pass from ids to the states of the last layer."""

    def __init__(self, model: Any, layers: list[Layer], shape: Shape) -> None:
        """Use `Decoder.from_model`."""
        self.layers, self.shape = layers, shape
        self.norm: torch.Tensor = model.norm.weight
        self._rotary = model.rotary_emb

    @classmethod
    def from_model(cls, model: nn.Module, for_training: bool) -> "Decoder | None":
        """The decoder of a causal model on the processor; None where it is not made of the parts known here.

        LoRA whose variants are no plain sum (DoRA) is left to its own library.
        Weights in 4 bit are made dense for one multiplication, which pays for many tokens: in training alone.
        """
        wrapped: Any = model
        base: Any = wrapped.get_base_model() if hasattr(model, "get_base_model") else model
        inner = base.base_model
        if not _is_known(inner):
            return None
        layers = [_layer(layer, for_training) for layer in inner.layers]
        if any(layer is None for layer in layers):
            return None
        attention = inner.layers[0].self_attn
        width = int(attention.head_dim)
        shape = Shape(
            heads=int(attention.q_proj.out_features) // width,
            key_value_heads=int(attention.k_proj.out_features) // width,
            head_width=width,
            epsilon=float(inner.norm.variance_epsilon),
        )
        return cls(inner, [layer for layer in layers if layer is not None], shape)

    def hidden(
        self, embedded: torch.Tensor, lengths: Sequence[int], shared: int = 0, recompute: bool = False
    ) -> torch.Tensor:
        """States of the last layer, after its norm.

        Args:
            embedded: (tokens, width): the embeddings of what all sequences begin with, once, and of the
                rest of each, one after another.
            lengths: Of the sequences without what they share.
            shared: The length of what they share.
            recompute: Keep the residuals alone and make the rest again for the gradient.

        Returns:
            (tokens, width).
        """
        hidden = embedded
        angles = self.angles(torch.cat([torch.arange(shared), *(torch.arange(length) + shared for length in lengths)]))
        for layer in self.layers:
            if recompute and torch.is_grad_enabled():
                hidden = checkpoint(self._layer, hidden, layer, angles, lengths, shared, use_reentrant=False)
            else:
                hidden = self._layer(hidden, layer, angles, lengths, shared)
        return _Normed.apply(hidden, self.norm, self.shape.epsilon)  # type: ignore[no-any-return,no-untyped-call]

    def _layer(
        self, hidden: torch.Tensor, layer: Layer, angles: Angles, lengths: Sequence[int], shared: int
    ) -> torch.Tensor:
        query_key_value, gate_up = layer.query_key_value, layer.gate_up
        projected = _Projected.apply(  # type: ignore[no-untyped-call]
            *(hidden, layer.attention_norm, self.shape, angles, query_key_value), *query_key_value.factors
        )
        mixed = self._attend(projected, lengths, shared)
        hidden = _Added.apply(hidden, mixed, layer.attention_out, *layer.attention_out.factors)  # type: ignore[no-untyped-call]
        gates = _Projected.apply(  # type: ignore[no-untyped-call]
            *(hidden, layer.feed_forward_norm, self.shape, None, gate_up), *gate_up.factors
        )
        return _GatedAdded.apply(hidden, gates, layer.down, *layer.down.factors)  # type: ignore[no-any-return,no-untyped-call]

    def angles(self, positions: torch.Tensor) -> Angles:
        """Cosine and sine of the rotary embedding, (tokens, 1, half of a head's width) each."""
        cosine, sine = self._rotary(self.norm, positions[None])
        half = self.shape.head_width // 2
        return cosine[0, :, None, :half], sine[0, :, None, :half]

    def _attend(self, projected: torch.Tensor, lengths: Sequence[int], shared: int) -> torch.Tensor:
        """Causal attention of every sequence to itself and to what is shared, (tokens, heads times width)."""
        if not shared:
            return self.attend_each(projected, lengths)
        query, *before = self.by_heads(projected[:shared])
        return torch.cat([attend(query, *before), self.attend_each(projected[shared:], lengths, before)])

    def attend_each(
        self, projected: torch.Tensor, lengths: Sequence[int], before: Sequence[torch.Tensor] = ()
    ) -> torch.Tensor:
        """Causal attention of every sequence to itself and to what comes before it, (tokens, heads times width).

        Args:
            projected: The first projection's rows, one sequence after another.
            lengths: Of the sequences.
            before: Keys and values of what comes before all of them, (key-value heads, tokens, width) each.
        """
        mixed = []
        for piece in torch.split(projected, list(lengths)):
            query, key, value = self.by_heads(piece)
            if before:
                key, value = (torch.cat(parts, dim=1) for parts in zip(before, (key, value), strict=True))
            mixed.append(attend(query, key, value))
        return torch.cat(mixed)

    def by_heads(self, piece: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Query, key and value, (heads, tokens, width) each, of rows of the first projection."""
        shape = self.shape
        heads = piece.view(len(piece), -1, shape.head_width).transpose(0, 1)
        query, key, value = torch.split(heads, [shape.heads, shape.key_value_heads, shape.key_value_heads])
        return query, key, value


def attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Causal attention of one sequence's last tokens, (tokens, heads times width).

    Args:
        query: (heads, tokens, width).
        key: (key-value heads, tokens and those before them, width).
        value: As the keys.
    """
    tokens, before = query.shape[1], key.shape[1] - query.shape[1]
    mask = torch.ones(tokens, key.shape[1], dtype=torch.bool).tril_(before) if before else None
    mixed = functional.scaled_dot_product_attention(
        *(query[None], key[None], value[None]), attn_mask=mask, is_causal=mask is None, enable_gqa=True
    )
    return mixed[0].transpose(0, 1).reshape(tokens, -1)


def _is_known(inner: Any) -> bool:
    """Whether a model is made of the parts that `Decoder.hidden` knows, in float32 on the processor."""
    config = inner.config
    rope = getattr(config, "rope_parameters", None) or {}
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    return (
        all(hasattr(inner, name) for name in ("layers", "embed_tokens", "norm", "rotary_emb"))
        and hasattr(inner.norm, "variance_epsilon")
        and getattr(config, "hidden_act", None) in ("silu", "swish")
        and rope.get("rope_type", "default") in STEADY_ROPE
        and rope.get("partial_rotary_factor", 1.0) == 1.0
        and window is None
        and inner.embed_tokens.weight.device.type == "cpu"
        and inner.embed_tokens.weight.dtype == torch.float32
    )


def _layer(layer: Any, for_training: bool) -> Layer | None:
    attention, feed_forward = layer.self_attn, layer.mlp
    names = [(attention, name) for name in ("q_proj", "k_proj", "v_proj", "o_proj")]
    names += [(feed_forward, name) for name in ("gate_proj", "up_proj", "down_proj")]
    norms = [getattr(layer, name, None) for name in ("input_layernorm", "post_attention_layernorm")]
    parts = [_part(getattr(owner, name, None), for_training) for owner, name in names]
    if any(part is None for part in parts) or any(norm is None for norm in norms) or hasattr(attention, "q_norm"):
        return None
    query, key, value, out, gate, up, down = [part for part in parts if part is not None]
    return Layer(
        attention_norm=norms[0].weight,  # type: ignore[union-attr]
        query_key_value=FusedLinear([query, key, value]),
        attention_out=FusedLinear([out]),
        feed_forward_norm=norms[1].weight,  # type: ignore[union-attr]
        gate_up=FusedLinear([gate, up]),
        down=FusedLinear([down]),
    )


def _part(layer: nn.Module | None, for_training: bool) -> Part | None:
    """A linear layer's weights; None when they are of another kind, or its adapter is no plain sum."""
    module: Any = layer
    if _is_readable(module, for_training):
        return Part(module)
    from peft.tuners.lora import LoraLayer

    if not isinstance(module, LoraLayer) or not _is_readable(module.base_layer, for_training):
        return None
    if module.disable_adapters:
        return Part(module.base_layer)
    names = list(module.active_adapters)
    if len(names) != 1 or module.merged or module.lora_variant:
        return None
    name = names[0]
    down: Any = module.lora_A[name]
    up: Any = module.lora_B[name]
    drop = module.lora_dropout[name]
    if not isinstance(drop, nn.Dropout | nn.Identity):
        return None
    dropout = drop if isinstance(drop, nn.Dropout) else None
    return Part(module.base_layer, down.weight, up.weight, float(module.scaling[name]), dropout)


def _is_readable(layer: Any, for_training: bool) -> bool:
    """Whether a layer is linear with weights that are float32, or in training can be made so from 4 bit."""
    if type(layer) is nn.Linear:
        return True
    if not for_training or not isinstance(layer, nn.Linear):
        return False
    state = getattr(layer.weight, "quant_state", None)
    # Such are laid out in another order (email_assistant.language_model.loading).
    packed = getattr(layer, "support_avx512bf16_for_cpu", False)
    return isinstance(layer, Nf4Linear) or (state is not None and state.dtype == torch.float32 and not packed)


def norm(hidden: torch.Tensor, weight: torch.Tensor, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The normed states, (tokens, width), and the inverse root mean square of each, (tokens, 1)."""
    mean = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True).square_().div_(hidden.shape[-1])
    inverse = mean.add_(epsilon).rsqrt_()
    return (hidden * inverse).mul_(weight), inverse


def _norm_backward(
    above: torch.Tensor, hidden: torch.Tensor, weight: torch.Tensor, inverse: torch.Tensor
) -> torch.Tensor:
    """The gradient of the states before the norm; `above` is used up."""
    above.mul_(weight)
    along = torch.linalg.vecdot(above, hidden).unsqueeze_(-1).mul_(inverse.pow(3)).div_(hidden.shape[-1])
    return above.mul_(inverse).addcmul_(hidden, along, value=-1)


def rotate(heads: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> None:
    """Turn heads of shape (tokens, heads, width) by their angles, in place (Su et al. 2021, arXiv:2104.09864)."""
    first, second = heads.chunk(2, dim=-1)
    turned = (first * cosine).addcmul_(second, sine, value=-1)
    second.mul_(cosine).addcmul_(first, sine)
    first.copy_(turned)


class _Normed(torch.autograd.Function):
    """The last norm."""

    @staticmethod
    def forward(context: Any, hidden: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        normed, inverse = norm(hidden, weight, epsilon)
        context.save_for_backward(hidden, weight, inverse)
        return normed

    @staticmethod
    def backward(context: Any, *above: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        return _norm_backward(above[0].clone(), *context.saved_tensors), None, None


class _Projected(torch.autograd.Function):
    """Norm, projection and, where there are angles, rotation; the normed states are made again for the gradient."""

    @staticmethod
    def forward(
        context: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        shape: Shape,
        angles: Angles | None,
        projection: FusedLinear,
        *factors: torch.Tensor,
    ) -> torch.Tensor:
        normed, inverse = norm(hidden, weight, shape.epsilon)
        masks = projection.masks(normed)
        out = projection.multiply(normed, masks)
        if angles is not None:
            rotate(rotated(out, shape), *angles)
        context.save_for_backward(hidden, weight, inverse, *masks)
        context.shape, context.angles, context.projection = shape, angles, projection
        return out

    @staticmethod
    def backward(context: Any, *above: torch.Tensor) -> tuple[Any, ...]:
        hidden, weight, inverse, *masks = context.saved_tensors
        gradient = above[0]
        if context.angles is not None:
            cosine, sine = context.angles
            gradient = gradient.clone()
            rotate(rotated(gradient, context.shape), cosine, -sine)
        normed = (hidden * inverse).mul_(weight)
        below, factors = context.projection.backward(gradient, normed, masks)
        return _norm_backward(below, hidden, weight, inverse), None, None, None, None, *factors


def rotated(projected: torch.Tensor, shape: Shape) -> torch.Tensor:
    """Query and key heads of a first projection, (tokens, heads, width), as a view."""
    return projected[:, : shape.rotated].view(len(projected), -1, shape.head_width)


class _Added(torch.autograd.Function):
    """A projection added to the residual."""

    @staticmethod
    def forward(
        context: Any, residual: torch.Tensor, inputs: torch.Tensor, projection: FusedLinear, *factors: torch.Tensor
    ) -> torch.Tensor:
        masks = projection.masks(inputs)
        context.save_for_backward(inputs, *masks)
        context.projection = projection
        return projection.multiply(inputs, masks, residual)

    @staticmethod
    def backward(context: Any, *above: torch.Tensor) -> tuple[Any, ...]:
        inputs, *masks = context.saved_tensors
        below, factors = context.projection.backward(above[0], inputs, masks)
        return above[0], below, None, *factors


class _GatedAdded(torch.autograd.Function):
    """SwiGLU (Shazeer 2020, arXiv:2002.05202) and its projection, added to the residual."""

    @staticmethod
    def forward(
        context: Any, residual: torch.Tensor, gates: torch.Tensor, projection: FusedLinear, *factors: torch.Tensor
    ) -> torch.Tensor:
        gate, up = gates.chunk(2, dim=-1)
        active = functional.silu(gate).mul_(up)
        masks = projection.masks(active)
        context.save_for_backward(gates, *masks)
        context.projection = projection
        return projection.multiply(active, masks, residual)

    @staticmethod
    def backward(context: Any, *above: torch.Tensor) -> tuple[Any, ...]:
        gates, *masks = context.saved_tensors
        gate, up = gates.chunk(2, dim=-1)
        active = functional.silu(gate)
        below, factors = context.projection.backward(above[0], active * up, masks)
        gradient = torch.empty_like(gates)
        torch.mul(below, active, out=gradient[:, gate.shape[1] :])
        torch.ops.aten.silu_backward.grad_input(below.mul_(up), gate, grad_input=gradient[:, : gate.shape[1]])
        return above[0], gradient, None, *factors
