"""The operations of a decoder layer with gradients written out, which keep little for the backward pass."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from email_assistant.language_model.lora_linear import FusedLinear

# Cosine and sine of the rotary embedding, (tokens, 1, head_dim / 2) each.
Angles = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class DecoderShape:
    """Settings and tables that all layers of a decoder share.

    Attributes:
        num_heads: Query heads.
        num_kv_heads: Key-value heads.
        head_dim: Width of a head.
        epsilon: The epsilon of the RMS norms.
    """

    num_heads: int
    num_kv_heads: int
    head_dim: int
    epsilon: float

    @property
    def query_key_width(self) -> int:
        """The width of a token's queries and keys together."""
        return (self.num_heads + self.num_kv_heads) * self.head_dim


def rms_norm(hidden: torch.Tensor, weight: torch.Tensor, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """RMS norm (Zhang and Sennrich 2019, arXiv:1910.07467).

    Returns:
        The normed states, (tokens, width), and the inverse root mean square of each, (tokens, 1).
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
    """Norm, projection and, with angles, rotation of queries and keys; the backward pass recomputes the norm."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        norm_weight: torch.Tensor,
        shape: DecoderShape,
        angles: Angles | None,
        linear: FusedLinear,
        *lora_weights: torch.Tensor,
    ) -> torch.Tensor:
        """Return the projection, (tokens, out); `lora_weights` of `linear` are arguments to get gradients."""
        normed, inverse_rms = rms_norm(hidden, norm_weight, shape.epsilon)
        masks = linear.dropout_masks(normed)
        out = linear.forward(normed, masks)
        if angles is not None:
            apply_rotary_(query_key_view(out, shape), *angles)
        ctx.save_for_backward(hidden, norm_weight, inverse_rms, *masks)
        ctx.shape, ctx.angles, ctx.linear = shape, angles, linear
        return out

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[Any, ...]:
        """Return the gradients of the states and of `lora_weights`."""
        hidden, norm_weight, inverse_rms, *masks = ctx.saved_tensors
        grad_output = grad_outputs[0]
        if ctx.angles is not None:
            cosine, sine = ctx.angles
            grad_output = grad_output.clone()
            apply_rotary_(query_key_view(grad_output, ctx.shape), cosine, -sine)
        normed = (hidden * inverse_rms).mul_(norm_weight)
        grad_normed, grad_lora = ctx.linear.backward(grad_output, normed, masks)
        grad_hidden = _rms_norm_backward(grad_normed, hidden, norm_weight, inverse_rms)
        return grad_hidden, None, None, None, None, *grad_lora


class ResidualLinear(torch.autograd.Function):
    """A projection added to the residual stream."""

    @staticmethod
    def forward(
        ctx: Any, residual: torch.Tensor, inputs: torch.Tensor, linear: FusedLinear, *lora_weights: torch.Tensor
    ) -> torch.Tensor:
        """Return the new residual, (tokens, width)."""
        masks = linear.dropout_masks(inputs)
        ctx.save_for_backward(inputs, *masks)
        ctx.linear = linear
        return linear.forward(inputs, masks, residual)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[Any, ...]:
        """Return the gradients of the residual, of the inputs and of `lora_weights`."""
        inputs, *masks = ctx.saved_tensors
        grad_inputs, grad_lora = ctx.linear.backward(grad_outputs[0], inputs, masks)
        return grad_outputs[0], grad_inputs, None, *grad_lora


class SwiGLUResidual(torch.autograd.Function):
    """SwiGLU (Shazeer 2020, arXiv:2002.05202) and its down projection, added to the residual stream."""

    @staticmethod
    def forward(
        ctx: Any, residual: torch.Tensor, gate_up: torch.Tensor, linear: FusedLinear, *lora_weights: torch.Tensor
    ) -> torch.Tensor:
        """Return the new residual, (tokens, width)."""
        gate, up = gate_up.chunk(2, dim=-1)
        activated = functional.silu(gate).mul_(up)
        masks = linear.dropout_masks(activated)
        ctx.save_for_backward(gate_up, *masks)
        ctx.linear = linear
        return linear.forward(activated, masks, residual)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[Any, ...]:
        """Return the gradients of the residual, of gate and up, and of `lora_weights`."""
        gate_up, *masks = ctx.saved_tensors
        gate, up = gate_up.chunk(2, dim=-1)
        silu = functional.silu(gate)
        grad_activated, grad_lora = ctx.linear.backward(grad_outputs[0], silu * up, masks)
        grad_gate_up = torch.empty_like(gate_up)
        torch.mul(grad_activated, silu, out=grad_gate_up[:, gate.shape[1] :])
        torch.ops.aten.silu_backward.grad_input(
            grad_activated.mul_(up), gate, grad_input=grad_gate_up[:, : gate.shape[1]]
        )
        return grad_outputs[0], grad_gate_up, None, *grad_lora
