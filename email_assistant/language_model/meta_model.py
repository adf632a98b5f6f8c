"""A base model without its weights, on the meta device, and the memory that its weights need."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig

from email_assistant.configuration.schema import Model
from email_assistant.errors import ModelError, reason_of
from email_assistant.language_model.fingerprint import model_folder

# Bytes per weight of NF4 with double quantization (Dettmers et al. 2023, arXiv:2305.14314): 4 bits, one byte of scale
# for every 64 weights, and four bytes for every 256 of those scales.
NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
# Parts of a model, and what the names of their parameters contain.
PARTS = {"embedding": "embed_tokens", "attention": "self_attn", "feed-forward": "mlp", "head": "lm_head"}


def architecture(settings: Model) -> PretrainedConfig:
    """The configuration of the base, from its folder or, without one, from `model.architecture`.

    Raises:
        ModelError: when there is neither.
    """
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(model_folder(settings.path), local_files_only=True)
    except ModelError:
        if settings.architecture is None:
            raise
        values = vars(settings.architecture).copy()
        try:
            config = AutoConfig.for_model(values.pop("model_type"), **values)
        except Exception as error:
            raise ModelError(f"model.architecture: {reason_of(error)}") from error
    except Exception as error:
        raise ModelError(f"{settings.path}: config.json cannot be used: {reason_of(error)}") from error
    return config


def with_layers(config: PretrainedConfig, count: int) -> PretrainedConfig:
    """The same architecture with `count` decoder layers."""
    values = config.to_dict() | {"num_hidden_layers": count}
    if values.get("layer_types"):
        values["layer_types"] = [values["layer_types"][index % len(values["layer_types"])] for index in range(count)]
    changed: PretrainedConfig = type(config).from_dict(values)
    return changed


def build_on_meta(config: PretrainedConfig, dtype: torch.dtype, nf4: bool) -> Any:
    """The frozen model on the meta device; with `nf4` its linear layers are `Nf4Linear`."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    if nf4:
        replace_linear_layers(model, lambda layer: Nf4Linear(layer.in_features, layer.out_features, dtype))
    model.requires_grad_(False)
    return model


def replace_linear_layers(model: Any, replacement: Callable[[nn.Linear], nn.Module]) -> None:
    """Replace every linear layer except the head, as loading in 4 bit does."""
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is nn.Linear and layer is not model.get_output_embeddings():
                setattr(parent, name, replacement(layer))


class Nf4Linear(nn.Linear):
    """Needs as much memory as bitsandbytes' Linear4bit: packed weights, dequantized for each multiplication."""

    def __init__(self, inputs: int, outputs: int, dtype: torch.dtype) -> None:
        """Allocate on the meta device, without bias; the parameter `weight` has no elements."""
        nn.Module.__init__(self)
        self.in_features, self.out_features = inputs, outputs
        self.weight = nn.Parameter(torch.empty(0, dtype=dtype, device="meta"), requires_grad=False)
        self.register_parameter("bias", None)
        packed = torch.empty(round(inputs * outputs * NF4_BYTES), dtype=torch.uint8, device="meta")
        self.register_buffer("packed", packed)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The product with a dense weight that is freed right after it."""
        return _DequantizedLinear.apply(input, self)  # type: ignore[no-any-return,no-untyped-call]

    def dense(self) -> torch.Tensor:
        """An uninitialized tensor of the dense weight's size, (out, in)."""
        return torch.empty(self.out_features, self.in_features, dtype=self.weight.dtype)


class _DequantizedLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, layer: Nf4Linear) -> torch.Tensor:
        ctx.layer = layer
        return inputs @ layer.dense().t()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        return grad_outputs[0] @ ctx.layer.dense(), None


def weight_bytes(model: Any) -> dict[str, int]:
    """Bytes of the frozen weights by part: embedding, attention, feed-forward, head and the rest (norms)."""
    sizes = dict.fromkeys([*PARTS, "norms"], 0)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        part = next((part for part, substring in PARTS.items() if substring in name), "norms")
        sizes[part] += tensor.numel() * tensor.element_size()
    return sizes
