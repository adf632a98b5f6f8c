"""Linear layers of token-by-token decoding: products of a few rows with large weights."""

import platform
from typing import Any

import torch
from torch.nn import functional

# Products of at most this many rows are computed transposed. With AVX-512, a single row gains nothing from it.
MAX_TRANSPOSED_ROWS = 0 if torch.backends.cpu.get_cpu_capability() == "AVX512" else 128
# A transposed product is computed for this many outputs at a time.
OUTPUT_CHUNK = 4096
# oneDNN's blocked weights were measured with AVX-512 and AVX2 (docs/speed.md), and not on other processors.
PACKED_ON = ("x86_64", "AMD64")


def linear(
    inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, lora_a: torch.Tensor | None = None
) -> torch.Tensor:
    """A linear layer, (rows, out).

    The product of few rows is computed transposed: with the large matrix on the left MKL is up to twice as fast on CPUs
    without AVX-512.

    Args:
        inputs: (rows, in), in any number format.
        weight: (out, in); its format is that of the product.
        bias: (out,), or None.
        lora_a: (rank, in), if the weight is extended by B of an update, (out, in + rank).
    """
    inputs = inputs.to(weight.dtype)
    if lora_a is not None:
        inputs = torch.cat([inputs, inputs @ lora_a.t()], dim=1)
    if len(inputs) > MAX_TRANSPOSED_ROWS or inputs.device.type != "cpu":
        return functional.linear(inputs, weight, bias)
    product = transposed_product(inputs, weight)
    return product if bias is None else product.add_(bias)


def transposed_product(inputs: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The product of inputs, (rows, in), and a weight, (out, in), with the weight on the left: (rows, out)."""
    product = inputs.new_empty(len(inputs), len(weight))
    for start in range(0, len(weight), OUTPUT_CHUNK):
        # Each chunk is transposed back while it is still in the CPU's cache.
        product[:, start : start + OUTPUT_CHUNK] = torch.mm(weight[start : start + OUTPUT_CHUNK], inputs.t()).t()
    return product


class DecodingLinear:
    """A linear layer that is called with a few rows at a time.

    Where several rows are written at once in float32 on an x86 CPU, its weight is kept in oneDNN's blocked layout. With
    it, products of 5 to 60 rows were up to 1.9 times as fast as torch's own (docs/speed.md), and those of a single row
    slower.
    """

    def __init__(
        self, weight: torch.Tensor, bias: torch.Tensor | None = None, lora_a: torch.Tensor | None = None
    ) -> None:
        """Take the weights of `linear`."""
        self.weight, self._bias, self._lora_a = weight, bias, lora_a
        self._packed: Any = None

    def pack(self) -> None:
        """Change the weight's layout, if this CPU gains from it; the first layout is freed unless others use it."""
        if self._packed is None and self._lora_a is None and can_pack(self.weight.dtype, self.weight.device):
            self._packed = packed(self.weight.detach())
            # Frees it, unless others use it.
            self.weight = self.weight.new_empty(0, self.weight.shape[1])

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """The output, (rows, out), of inputs, (rows, in)."""
        if self._packed is None:
            return linear(inputs, self.weight, self._bias, self._lora_a)
        return packed_product(inputs, self._packed, self._bias)


def packed(weight: torch.Tensor) -> torch.Tensor:
    """A weight, (out, in), in oneDNN's blocked layout, which only `packed_product` can read."""
    blocked: torch.Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, None)
    return blocked


def packed_product(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """A linear layer, (rows, out), of inputs, (rows, in), and a weight from `packed`, in the same number format."""
    product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
    return product


def can_pack(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether products with weights of this format are faster in oneDNN's layout there."""
    has_onednn = platform.machine() in PACKED_ON and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return has_onednn and dtype == torch.float32 and device.type == "cpu"
