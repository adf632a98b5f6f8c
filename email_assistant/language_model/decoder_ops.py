"""The operations of a decoder layer with gradients written out, which keep little for the backward pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from email_assistant.language_model.lora_linear import FusedLinear

# Cosine and sine of the rotary embedding, (tokens, 1, head_dim / 2) each.
Angles = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Activation:
    """The activation of a gated MLP.

    Attributes:
        forward: Computes it.
        backward: Writes its gradient to `grad_input`, given the gradient of its output and its input.
    """

    forward: Callable[[torch.Tensor], torch.Tensor]
    backward: Callable[..., torch.Tensor]


_SILU = Activation(functional.silu, torch.ops.aten.silu_backward.grad_input)
_GELU_TANH = Activation(
    partial(functional.gelu, approximate="tanh"), partial(torch.ops.aten.gelu_backward.grad_input, approximate="tanh")
)
# By their names in the configurations of transformers.
ACTIVATIONS = {"silu": _SILU, "swish": _SILU, "gelu_pytorch_tanh": _GELU_TANH}


@dataclass(frozen=True)
class DecoderShape:
    """Settings that all layers of a decoder share.

    Attributes:
        num_heads: Query heads.
        num_kv_heads: Key-value heads.
        head_dim: Width of a head.
        scale: Factor of the attention's scores.
        epsilon: The epsilon of the RMS norms.
        activation: The activation of the MLPs.
    """

    num_heads: int
    num_kv_heads: int
    head_dim: int
    scale: float
    epsilon: float
    activation: Activation

    @property
    def query_key_width(self) -> int:
        """The width of a token's queries and keys together."""
        return (self.num_heads + self.num_kv_heads) * self.head_dim


def rms_norm(hidden: torch.Tensor, weight: torch.Tensor, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """RMS norm (Zhang and Sennrich 2019, arXiv:1910.07467) over the last dimension.

    Returns:
        The normed states, (..., width), and the inverse root mean square of each, (..., 1).
    """
    mean_square = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True).square_().div_(hidden.shape[-1])
    inverse_rms = mean_square.add_(epsilon).rsqrt_()
    return (hidden * inverse_rms).mul_(weight), inverse_rms


def _rms_norm_backward(
    grad_output: torch.Tensor, hidden: torch.Tensor, weight: torch.Tensor, inverse_rms: torch.Tensor
) -> torch.Tensor:
    """The gradient of the norm's input; `grad_output` is overwritten."""
    grad_output.mul_(weight)
    projection = torch.linalg.vecdot(grad_output, hidden).unsqueeze_(-1)
    projection = projection.mul_(inverse_rms.pow(3)).div_(hidden.shape[-1])
    return grad_output.mul_(inverse_rms).addcmul_(hidden, projection, value=-1)


def apply_rotary_(heads: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> None:
    """Rotate heads, (tokens, heads, head_dim), in place by their positions' angles.

    Rotary embedding: Su et al. 2021, arXiv:2104.09864.
    """
    first, second = heads.chunk(2, dim=-1)
    rotated = (first * cosine).addcmul_(second, sine, value=-1)
    second.mul_(cosine).addcmul_(first, sine)
    first.copy_(rotated)


def query_key_view(projected: torch.Tensor, shape: DecoderShape) -> torch.Tensor:
    """The query and key heads of a fused query-key-value projection, (tokens, heads, head_dim), as a view."""
    return projected[:, : shape.query_key_width].view(len(projected), -1, shape.head_dim)


@dataclass(frozen=True)
class QueryKeyTransform:
    """What happens to queries and keys after their projection: a norm, if the model has one, and the rotation.

    Attributes:
        angles: Of the rotation.
        norm: The weight of each head's norm, (query and key heads, head_dim), or None.
        epsilon: The epsilon of the norms.
    """

    angles: Angles
    norm: torch.Tensor | None
    epsilon: float

    def apply_(self, heads: torch.Tensor) -> Sequence[torch.Tensor]:
        """Transform heads, (tokens, heads, head_dim), in place; returns what `backward_` needs."""
        if heads.dtype != torch.float32:
            exact = heads.float()
            needed = self.apply_(exact)
            heads.copy_(exact)
            return needed
        saved: Sequence[torch.Tensor] = ()
        if self.norm is not None:
            projected = heads.clone()
            normed, inverse_rms = rms_norm(projected, self.norm, self.epsilon)
            heads.copy_(normed)
            saved = projected, inverse_rms
        apply_rotary_(heads, *self.angles)
        return saved

    def backward_(self, grad_heads: torch.Tensor, saved: Sequence[torch.Tensor]) -> None:
        """Turn the gradient of the transformed heads into that of the projected ones, in place."""
        if grad_heads.dtype != torch.float32:
            exact = grad_heads.float()
            self.backward_(exact, saved)
            grad_heads.copy_(exact)
            return
        cosine, sine = self.angles
        apply_rotary_(grad_heads, cosine, -sine)
        if self.norm is not None:
            projected, inverse_rms = saved
            _rms_norm_backward(grad_heads, projected, self.norm, inverse_rms)


class FinalNorm(torch.autograd.Function):
    """The norm after the last layer."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        """Return the normed states, (tokens, width)."""
        normed, inverse_rms = rms_norm(hidden, weight, epsilon)
        ctx.save_for_backward(hidden, weight, inverse_rms)
        return normed

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        """Return the gradient of the states."""
        return _rms_norm_backward(grad_outputs[0].clone(), *ctx.saved_tensors), None, None


class NormLinear(torch.autograd.Function):
    """Norm, projection and, for the attention, the transform of queries and keys; the backward pass redoes the norm."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        norm_weight: torch.Tensor,
        shape: DecoderShape,
        transform: QueryKeyTransform | None,
        linear: FusedLinear,
        *lora_weights: torch.Tensor,
    ) -> torch.Tensor:
        """Return the projection, (tokens, out); `lora_weights` of `linear` are arguments to get gradients."""
        normed, inverse_rms = rms_norm(hidden, norm_weight, shape.epsilon)
        normed = normed.to(linear.dtype)
        masks = linear.dropout_masks(normed)
        out = linear.forward(normed, masks)
        of_heads = () if transform is None else transform.apply_(query_key_view(out, shape))
        ctx.save_for_backward(hidden, norm_weight, inverse_rms, *of_heads, *masks)
        ctx.shape, ctx.transform, ctx.linear, ctx.num_of_heads = shape, transform, linear, len(of_heads)
        return out

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[Any, ...]:
        """Return the gradients of the states and of `lora_weights`."""
        hidden, norm_weight, inverse_rms, *others = ctx.saved_tensors
        of_heads, masks = others[: ctx.num_of_heads], others[ctx.num_of_heads :]
        grad_output = grad_outputs[0]
        if ctx.transform is not None:
            grad_output = grad_output.clone()
            ctx.transform.backward_(query_key_view(grad_output, ctx.shape), of_heads)
        normed = (hidden * inverse_rms).mul_(norm_weight).to(ctx.linear.dtype)
        grad_normed, grad_lora = ctx.linear.backward(grad_output, normed, masks)
        grad_hidden = _rms_norm_backward(grad_normed.to(hidden.dtype), hidden, norm_weight, inverse_rms)
        return grad_hidden, None, None, None, None, *grad_lora


class NormResidual(torch.autograd.Function):
    """A normed output added to the residual stream."""

    @staticmethod
    def forward(
        ctx: Any, residual: torch.Tensor, output: torch.Tensor, weight: torch.Tensor, epsilon: float
    ) -> torch.Tensor:
        """Return the new residual, (tokens, width)."""
        output = output.float()
        normed, inverse_rms = rms_norm(output, weight, epsilon)
        ctx.save_for_backward(output, weight, inverse_rms)
        return normed.add_(residual)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None, None]:
        """Return the gradients of the residual and of the output."""
        return grad_outputs[0], _rms_norm_backward(grad_outputs[0].clone(), *ctx.saved_tensors), None, None


class ResidualLinear(torch.autograd.Function):
    """A projection, added to the residual stream if one is given."""

    @staticmethod
    def forward(
        ctx: Any, residual: torch.Tensor | None, inputs: torch.Tensor, linear: FusedLinear, *lora_weights: torch.Tensor
    ) -> torch.Tensor:
        """Return the new residual or, without one, the projection, (tokens, width)."""
        masks = linear.dropout_masks(inputs)
        ctx.save_for_backward(inputs, *masks)
        ctx.linear, ctx.has_residual = linear, residual is not None
        return linear.forward(inputs, masks, residual)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[Any, ...]:
        """Return the gradients of the residual, of the inputs and of `lora_weights`."""
        inputs, *masks = ctx.saved_tensors
        grad_inputs, grad_lora = ctx.linear.backward(grad_outputs[0], inputs, masks)
        return grad_outputs[0] if ctx.has_residual else None, grad_inputs, None, *grad_lora


class GatedResidual(torch.autograd.Function):
    """A gated linear unit (SwiGLU or GeGLU, Shazeer 2020, arXiv:2002.05202) and its down projection.

    They are added to the residual stream if one is given.
    """

    @staticmethod
    def forward(
        ctx: Any,
        residual: torch.Tensor | None,
        gate_up: torch.Tensor,
        activation: Activation,
        linear: FusedLinear,
        *lora_weights: torch.Tensor,
    ) -> torch.Tensor:
        """Return the new residual or, without one, the projection, (tokens, width)."""
        gate, up = gate_up.chunk(2, dim=-1)
        activated = activation.forward(gate).mul_(up)
        masks = linear.dropout_masks(activated)
        ctx.save_for_backward(gate_up, *masks)
        ctx.activation, ctx.linear, ctx.has_residual = activation, linear, residual is not None
        return linear.forward(activated, masks, residual)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[Any, ...]:
        """Return the gradients of the residual, of gate and up, and of `lora_weights`."""
        gate_up, *masks = ctx.saved_tensors
        gate, up = gate_up.chunk(2, dim=-1)
        activated = ctx.activation.forward(gate)
        grad_activated, grad_lora = ctx.linear.backward(grad_outputs[0], activated * up, masks)
        grad_gate_up = torch.empty_like(gate_up)
        torch.mul(grad_activated, activated, out=grad_gate_up[:, gate.shape[1] :])
        ctx.activation.backward(grad_activated.mul_(up), gate, grad_input=grad_gate_up[:, : gate.shape[1]])
        return grad_outputs[0] if ctx.has_residual else None, grad_gate_up, None, None, *grad_lora
