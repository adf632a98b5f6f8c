"""NF4 in plain torch, for machines on which bitsandbytes does not run. Without double quantization of the scales."""

import torch
from torch import nn
from torch.nn import functional

from email_assistant.language_model.loading import quantize_nf4
from email_assistant.language_model.meta_model import DequantizedLinear

# The quantiles of a normal distribution that the 16 codes stand for (Dettmers et al. 2023, arXiv:2305.14314).
LEVELS = (
    *(-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635),
    *(-0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725),
    *(0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0),
)
# Weights that share a scale.
BLOCK = 64
# Blocks that are quantized at a time: their codes are 64-bit integers for a moment.
BLOCKS_AT_ONCE = 2**18


class PlainNf4Linear(nn.Linear):
    """A frozen linear layer in 4 bit: two codes a byte, and a float32 scale for every 64 weights."""

    def __init__(self, layer: nn.Linear, dtype: torch.dtype) -> None:
        """Quantize a layer whose number of weights is a multiple of 64."""
        nn.Module.__init__(self)
        self.in_features, self.out_features, self.dtype = layer.in_features, layer.out_features, dtype
        device = layer.weight.device
        # peft reads the device and the format of an adapter from here.
        self.weight = nn.Parameter(torch.empty(0, dtype=dtype, device=device), requires_grad=False)
        self.bias = layer.bias
        packed, scales = zip(*map(_quantize, layer.weight.data.view(-1, BLOCK).split(BLOCKS_AT_ONCE)), strict=True)
        self.register_buffer("packed", torch.cat(packed))
        self.register_buffer("scales", torch.cat(scales))
        levels = torch.tensor(LEVELS, device=device, dtype=dtype)
        # The two weights of every byte.
        self.register_buffer("pairs", torch.stack([levels.repeat_interleave(16), levels.repeat(16)], dim=1))

    def dense(self) -> torch.Tensor:
        """The weights, (out, in)."""
        weights: torch.Tensor = functional.embedding(self.packed.int(), self.pairs).view(-1, BLOCK)
        return (weights * self.scales.to(self.dtype)).view(self.out_features, self.in_features)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The product with the dense weights, which exist only meanwhile."""
        product: torch.Tensor = DequantizedLinear.apply(input.to(self.dtype), self)  # type: ignore[no-untyped-call]
        return product if self.bias is None else product + self.bias


def _quantize(blocks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Bytes of two codes each, and the scales, (blocks, 1), of (blocks, 64) weights."""
    blocks = blocks.float()
    scales = blocks.abs().amax(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
    levels = torch.tensor(LEVELS, device=blocks.device)
    codes = torch.bucketize(blocks / scales, (levels[1:] + levels[:-1]) / 2).to(torch.uint8)
    return (codes[:, 0::2] * 16 + codes[:, 1::2]).view(-1), scales


def quantized(layer: nn.Linear, dtype: torch.dtype, device: torch.device, plain: bool) -> nn.Linear:
    """A linear layer in NF4: `PlainNf4Linear` if `plain`, else that of bitsandbytes, as the package loads them."""
    return PlainNf4Linear(layer.to(device), dtype) if plain else quantize_nf4(layer, dtype, device)


@torch.no_grad()
def bitsandbytes_error(device: torch.device) -> str | None:
    """Why bitsandbytes does not work on a device: an error, or a product that is wrong; None if it works."""
    layer = nn.Linear(128, 64, bias=False, device=device)
    inputs = torch.randn(4, 128, device=device)
    expected = PlainNf4Linear(layer, torch.float32)(inputs)
    try:
        product = quantize_nf4(layer, torch.float32, device)(inputs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    # The scales, which are quantized too, differ by up to a hundredth.
    distance = float((product - expected).norm() / expected.norm())
    return None if distance < 0.05 else f"its product differs from that of the same weights by {distance:.0%}"
