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
        layer: The frozen layer, in float32, bfloat16 or 4 bit.
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

    @property
    def dtype(self) -> torch.dtype:
        """The number format of `weight`."""
        state = getattr(self.layer.weight, "quant_state", None)
        return self.layer.weight.dtype if state is None else state.dtype  # type: ignore[no-any-return]

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
            return torch.zeros(self.layer.out_features, dtype=self.dtype, device=self.layer.weight.device)
        return self.layer.bias  # type: ignore[no-any-return]


class FusedLinear:
    """One or more linear layers on the same input, computed by one matrix multiplication.

    With frozen weights in bfloat16, the products are of bfloat16, summed in float32. The weights of the updates stay in
    float32, and are rounded for the products.

    Attributes:
        linears: The layers, in the order of their outputs.
        dtype: The number format of the products.
        bias: (out,) of all layers, or None.
    """

    def __init__(self, linears: Sequence[LoraLinear]) -> None:
        """Refer to the layers' weights; only biases are copied."""
        self.linears = list(linears)
        self.dtype = linears[0].dtype
        self._offsets = [0, *accumulate(int(linear.layer.out_features) for linear in linears)]
        has_bias = any(linear.layer.bias is not None for linear in linears)
        self.bias = torch.cat([linear.bias() for linear in linears]) if has_bias else None

    @property
    def in_features(self) -> int:
        """Width of the input."""
        return int(self.linears[0].layer.in_features)

    @property
    def out_features(self) -> int:
        """Width of the output of all layers together."""
        return self._offsets[-1]

    @property
    def lora_weights(self) -> list[torch.Tensor]:
        """A and B of every layer that has an update."""
        return [weight for linear in self.linears if linear.lora_a is not None for weight in _lora_of(linear)]

    @property
    def input_width(self) -> int:
        """The width of the input, with the low-rank products that `decoding_weights` appends to it."""
        return self.in_features + (self._ranks if self.dtype != torch.float32 else 0)

    @property
    def _ranks(self) -> int:
        """The sum of the ranks of all updates."""
        return sum(len(_lora_of(linear)[0]) for _, linear in self.adapted)

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

    @torch.no_grad()
    def decoding_weights(self) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """Weight, bias and A for decoding, as `cached_decoder.linear` takes them.

        The weight has the updates added, (out, in), and A is None. In bfloat16, which would round small updates away,
        the weight is extended by B of every update, (out, in + sum of ranks), and A is (sum of ranks, in).
        """
        if self.dtype == torch.float32 or not self.adapted:
            return self.merged_weight(), self.bias, None
        return self._extended_weight(), self.bias, self._all_lora_a()

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
        and is such a product. In bfloat16 it always is, because a merged weight would round small updates away.

        Args:
            inputs: (tokens, in), in `dtype`.
            masks: The masks from `dropout_masks`.
            residual: (tokens, out) in float32, added to the output; None: nothing is added.

        Returns:
            In `dtype`, or in float32 with a residual.
        """
        if self.dtype != torch.float32:
            return self._forward_extended(inputs, masks, residual)
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
        if self.dtype != torch.float32:
            return self._backward_extended(grad_output, inputs, masks)
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

    def _forward_extended(
        self, inputs: torch.Tensor, masks: Sequence[torch.Tensor], residual: torch.Tensor | None
    ) -> torch.Tensor:
        """`forward` as one product of [inputs, low-rank products] and [weights, s·B]."""
        if self.adapted:
            inputs = torch.cat([inputs, *self._low_rank(inputs, masks)], dim=1)
        out = functional.linear(inputs, self._extended_weight(), self.bias)
        return out if residual is None else residual + out

    def _backward_extended(
        self, grad_output: torch.Tensor, inputs: torch.Tensor, masks: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """`backward` of `_forward_extended`."""
        grad_output = grad_output.to(self.dtype)
        grad_extended = grad_output @ self._extended_weight()
        if not self.adapted:
            return grad_extended, []
        grad_input, grad_lora, start = grad_extended[:, : inputs.shape[1]], [], inputs.shape[1]
        low_ranks = self._low_rank(inputs, masks)
        if not masks:
            grad_all_low_ranks = grad_extended[:, start:]
            grad_input = torch.addmm(grad_input, grad_all_low_ranks, self._all_lora_a())
            grad_all_a = (grad_all_low_ranks.t() @ inputs).float()
        for index, (outputs, linear) in enumerate(self.adapted):
            lora_a, _ = _lora_of(linear)
            grad_low_rank = grad_extended[:, start : start + len(lora_a)]
            if masks:
                dropped = _apply_dropout(inputs, masks[index], linear.dropout_p)
                grad_a = (grad_low_rank.t() @ dropped).float()
                grad_input = grad_input + _apply_dropout(
                    grad_low_rank @ lora_a.to(self.dtype), masks[index], linear.dropout_p
                )
            else:
                grad_a = grad_all_a[start - inputs.shape[1] :][: len(lora_a)]
            grad_b = (grad_output[:, outputs].t() @ low_ranks[index]).float()
            grad_lora += [grad_a, grad_b.mul_(linear.scale)]
            start += len(lora_a)
        return grad_input, grad_lora

    def _all_lora_a(self) -> torch.Tensor:
        """A of all updates in the format of the products, (sum of ranks, in)."""
        return torch.cat([_lora_of(linear)[0] for _, linear in self.adapted]).to(self.dtype)

    def _low_rank(self, inputs: torch.Tensor, masks: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The product of the inputs, after dropout, with A of each update, (tokens, rank) each."""
        if not masks:
            ranks = [len(_lora_of(linear)[0]) for _, linear in self.adapted]
            return torch.split(inputs @ self._all_lora_a().t(), ranks, dim=1)
        return [
            _apply_dropout(inputs, mask, linear.dropout_p) @ _lora_of(linear)[0].to(self.dtype).t()
            for (_, linear), mask in zip(self.adapted, masks, strict=True)
        ]

    @torch.no_grad()
    def _extended_weight(self) -> torch.Tensor:
        """The weights and, behind them, B of every update times its scale, (out, in + sum of ranks)."""
        if len(self.linears) == 1 and not self.adapted:
            return self.linears[0].weight()
        width = self.in_features
        device = self.linears[0].layer.weight.device
        extended = torch.empty(self.out_features, width + self._ranks, dtype=self.dtype, device=device)
        extended[:, width:].zero_()
        for outputs, linear in self.output_slices:
            extended[outputs, :width] = linear.weight()
        for outputs, linear in self.adapted:
            _, lora_b = _lora_of(linear)
            extended[outputs, width : width + lora_b.shape[1]] = linear.scale * lora_b
            width += lora_b.shape[1]
        return extended


def _lora_of(linear: LoraLinear) -> tuple[torch.Tensor, torch.Tensor]:
    """A and B of a layer that has an update.

    Raises:
        ValueError: when it has none; `FusedLinear.adapted` are those that have one.
    """
    if linear.lora_a is None or linear.lora_b is None:
        raise ValueError("the layer has no LoRA update")
    return linear.lora_a, linear.lora_b


def _dropout_mask(inputs: torch.Tensor, p: float) -> torch.Tensor:
    """A byte for each input: 1 if it is kept, 0 if it is dropped.

    One 64-bit random number decides four inputs, by 16 bits each: several times as fast as a draw for each input.
    """
    random_words = torch.empty(-(-inputs.numel() // 4), dtype=torch.int64, device=inputs.device).random_(-(2**63), None)
    random_bits = random_words.view(torch.int16)[: inputs.numel()].view(inputs.shape)
    return (random_bits >= min(round(p * 2**16), 2**16 - 1) - 2**15).view(torch.uint8)


def _apply_dropout(values: torch.Tensor, mask: torch.Tensor, p: float) -> torch.Tensor:
    """Inverted dropout: what is kept is scaled by 1 / (1 - p) (Srivastava et al. 2014)."""
    return (values * mask).mul_(1 / (1 - p))
