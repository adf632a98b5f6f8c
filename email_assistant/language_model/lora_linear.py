"""Linear layers with their LoRA update, several of them multiplied as one, and the gradients of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from email_assistant.language_model.meta_model import Nf4Linear


@dataclass(frozen=True)
class LoraLinear:
    """A frozen linear layer, with or without a LoRA update (Hu et al. 2021, arXiv:2106.09685).

    Attributes:
        layer: The frozen layer, in float32 or 4 bit.
        lora_a: (rank, in), or None.
        lora_b: (out, rank), or None.
        scale: Factor of the update.
        dropout: Applied to the input of the update while this module is in training mode; None: no dropout.
    """

    layer: Any
    lora_a: torch.Tensor | None = None
    lora_b: torch.Tensor | None = None
    scale: float = 0.0
    dropout: nn.Dropout | None = None

    @property
    def dropout_p(self) -> float:
        """The probability that an input of the update is dropped now; 0 outside training mode."""
        return self.dropout.p if self.dropout is not None and self.dropout.training else 0.0

    @property
    def is_dense(self) -> bool:
        """Whether `weight` returns the layer's own tensor instead of a dequantized copy."""
        return type(self.layer) is nn.Linear

    def weight(self) -> torch.Tensor:
        """The weight without the update, (out, in); a 4-bit weight is dequantized."""
        if self.is_dense:
            return self.layer.weight  # type: ignore[no-any-return]
        if isinstance(self.layer, Nf4Linear):
            return self.layer.dense()
        from bitsandbytes.functional import dequantize_4bit

        return dequantize_4bit(self.layer.weight, self.layer.weight.quant_state)

    def bias(self) -> torch.Tensor:
        """The bias, (out,); zeros if the layer has none."""
        if self.layer.bias is None:
            return torch.zeros(self.layer.out_features)
        return self.layer.bias  # type: ignore[no-any-return]


class FusedLinear:
    """One or more linear layers on the same input, computed by one matrix multiplication.

    Attributes:
        linears: The layers, in the order of their outputs.
        bias: (out,) of all layers, or None.
    """

    def __init__(self, linears: Sequence[LoraLinear]) -> None:
        """Refer to the layers' weights; only biases are copied."""
        self.linears = list(linears)
        self._offsets = [0, *accumulate(int(linear.layer.out_features) for linear in linears)]
        has_bias = any(linear.layer.bias is not None for linear in linears)
        self.bias = torch.cat([linear.bias() for linear in linears]) if has_bias else None

    @property
    def lora_weights(self) -> list[torch.Tensor]:
        """A and B of every layer that has an update."""
        return [weight for linear in self.linears if linear.lora_a is not None for weight in _lora_of(linear)]

    @property
    def output_slices(self) -> list[tuple[slice, LoraLinear]]:
        """Each layer with its slice of the output features."""
        return [
            (slice(start, end), linear)
            for start, end, linear in zip(self._offsets, self._offsets[1:], self.linears, strict=False)
        ]

    @property
    def adapted(self) -> list[tuple[slice, LoraLinear]]:
        """`output_slices` of the layers that have an update."""
        return [(outputs, linear) for outputs, linear in self.output_slices if linear.lora_a is not None]

    @torch.no_grad()
    def merged_weight(self, with_lora: bool = True) -> torch.Tensor:
        """All weights, (out, in), with the updates added or without them.

        A single weight without an update is returned as it is, not copied.
        """
        first, adapted = self.linears[0].weight(), self.adapted if with_lora else []
        if len(self.linears) == 1 and not (adapted and self.linears[0].is_dense):
            merged = first
        else:
            merged = first.new_empty(self._offsets[-1], first.shape[1])
            merged[: len(first)] = first
            # A dequantized weight is freed before the next one is made.
            del first
            for outputs, linear in self.output_slices[1:]:
                merged[outputs] = linear.weight()
        for outputs, linear in adapted:
            lora_a, lora_b = _lora_of(linear)
            merged[outputs].addmm_(lora_b, lora_a, alpha=linear.scale)
        return merged

    def dropout_masks(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """A dropout mask of the inputs, (tokens, in), for every layer with an update; none if nothing is dropped."""
        if not any(linear.dropout_p for _, linear in self.adapted):
            return []
        return [_dropout_mask(inputs, linear.dropout_p) for _, linear in self.adapted]

    def forward(
        self, inputs: torch.Tensor, masks: Sequence[torch.Tensor], residual: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The output, (tokens, out).

        Without dropout the update is merged into a copy of the weight for this one multiplication, which reads less
        memory than a low-rank product of every activation. With dropout the update has another input than the layer,
        and is such a product.

        Args:
            inputs: (tokens, in).
            masks: The masks from `dropout_masks`.
            residual: (tokens, out), added to the output; None: nothing is added.
        """
        weights = self.merged_weight(with_lora=not masks)
        if residual is None:
            out = functional.linear(inputs, weights, self.bias)
        else:
            out = torch.addmm(residual, inputs, weights.t())
            out = out if self.bias is None else out.add_(self.bias)
        for (outputs, linear), mask in zip(self.adapted, masks, strict=bool(masks)):
            lora_a, lora_b = _lora_of(linear)
            low_rank = _apply_dropout(inputs, mask, linear.dropout_p) @ lora_a.t()
            out[:, outputs].addmm_(low_rank, lora_b.t(), alpha=linear.scale)
        return out

    def backward(
        self, grad_output: torch.Tensor, inputs: torch.Tensor, masks: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The gradients of `forward`.

        Args:
            grad_output: (tokens, out).
            inputs: The inputs that were given to `forward`.
            masks: The masks that were given to `forward`.

        Returns:
            The gradient of the input, (tokens, in), and those of `lora_weights`.
        """
        grad_input, grad_lora = grad_output @ self.merged_weight(with_lora=not masks), []
        for index, (outputs, linear) in enumerate(self.adapted):
            lora_a, lora_b = _lora_of(linear)
            grad_slice = grad_output[:, outputs]
            lora_input = _apply_dropout(inputs, masks[index], linear.dropout_p) if masks else inputs
            low_rank = lora_input @ lora_a.t()
            grad_low_rank = grad_slice @ lora_b
            grad_lora += [
                (grad_low_rank.t() @ lora_input).mul_(linear.scale),
                (grad_slice.t() @ low_rank).mul_(linear.scale),
            ]
            if masks:
                dropped = _apply_dropout(grad_low_rank @ lora_a, masks[index], linear.dropout_p)
                grad_input.add_(dropped, alpha=linear.scale)
        return grad_input, grad_lora


def _lora_of(linear: LoraLinear) -> tuple[torch.Tensor, torch.Tensor]:
    """A and B of a layer that has an update."""
    assert linear.lora_a is not None and linear.lora_b is not None
    return linear.lora_a, linear.lora_b


def _dropout_mask(inputs: torch.Tensor, p: float) -> torch.Tensor:
    """A byte for each input: 1 if it is kept, 0 if it is dropped.

    One 64-bit random number decides four inputs, by 16 bits each: several times as fast as a draw for each input.
    """
    random_words = torch.empty(-(-inputs.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    random_bits = random_words.view(torch.int16)[: inputs.numel()].view(inputs.shape)
    return (random_bits >= min(round(p * 2**16), 2**16 - 1) - 2**15).view(torch.uint8)


def _apply_dropout(values: torch.Tensor, mask: torch.Tensor, p: float) -> torch.Tensor:
    """Inverted dropout: what is kept is scaled by 1 / (1 - p) (Srivastava et al. 2014)."""
    return (values * mask).mul_(1 / (1 - p))
