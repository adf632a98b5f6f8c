"""A base model without its weights: its architecture, and how many bytes each part of it takes."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig

from email_assistant.configuration.schema import Model
from email_assistant.errors import ModelError
from email_assistant.language_model.fingerprint import model_folder

# NF4 with double quantisation (Dettmers et al. 2023, arXiv:2305.14314): half a byte a weight, a byte for the scale
# of 64 weights, four for the scale of 256 of those.
NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
PARTS = {"embedding": "embed_tokens", "attention": "self_attn", "feed-forward": "mlp", "head": "lm_head"}


def architecture(settings: Model) -> PretrainedConfig:
    """The configuration of the base: from its folder, or from `model.architecture` where the folder is not there.

    Raises:
        ModelError: when there is neither.
    """
    try:
        found: PretrainedConfig = AutoConfig.from_pretrained(model_folder(settings.path), local_files_only=True)
    except ModelError:
        if settings.architecture is None:
            raise
        values = vars(settings.architecture).copy()
        found = AutoConfig.for_model(values.pop("model_type"), **values)
    return found


def with_layers(config: PretrainedConfig, count: int) -> PretrainedConfig:
    """The same architecture with so many decoder layers."""
    changed: PretrainedConfig = type(config).from_dict(config.to_dict())
    changed.num_hidden_layers = count
    return changed


def build_on_meta(config: PretrainedConfig, dtype: torch.dtype, nf4: bool) -> Any:
    """The model on the meta device, frozen; with `nf4` the linear layers are stand-ins for bitsandbytes'."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    if nf4:
        replace_linear_layers(model, lambda layer: Nf4Linear(layer.in_features, layer.out_features, dtype))
    model.requires_grad_(False)
    return model


def replace_linear_layers(model: Any, replacement: Callable[[nn.Linear], nn.Module]) -> None:
    """Put another layer in the place of every linear one, as 4-bit loading does; the head stays as it is."""
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is nn.Linear and layer is not model.get_output_embeddings():
                setattr(parent, name, replacement(layer))


class Nf4Linear(nn.Linear):
    """Takes the memory of bitsandbytes' Linear4bit: packed weights, made dense for one multiplication."""

    def __init__(self, inputs: int, outputs: int, dtype: torch.dtype) -> None:
        """On the meta device, without bias; the weight itself has no elements."""
        nn.Module.__init__(self)
        self.in_features, self.out_features = inputs, outputs
        self.weight = nn.Parameter(torch.empty(0, dtype=dtype, device="meta"), requires_grad=False)
        self.register_parameter("bias", None)
        packed = torch.empty(round(inputs * outputs * NF4_BYTES), dtype=torch.uint8, device="meta")
        self.register_buffer("packed", packed)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """The product with a dense weight that lives no longer than it is needed."""
        return _Dense.apply(input, self)  # type: ignore[no-any-return,no-untyped-call]

    def dense(self) -> torch.Tensor:
        """What stands for the dense weight, (out, in), without contents."""
        return torch.empty(self.out_features, self.in_features, dtype=self.weight.dtype)


class _Dense(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, inputs: torch.Tensor, layer: Nf4Linear) -> torch.Tensor:
        context.layer = layer
        return inputs @ layer.dense().t()

    @staticmethod
    def backward(context: Any, *above: torch.Tensor) -> tuple[torch.Tensor, None]:
        return above[0] @ context.layer.dense(), None


def weight_bytes(model: Any) -> dict[str, int]:
    """Bytes of the frozen weights by part: embedding, attention, feed-forward, head, and the rest (norms)."""
    found = dict.fromkeys([*PARTS, "norms"], 0)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        part = next((part for part, mark in PARTS.items() if mark in name), "norms")
        found[part] += tensor.numel() * tensor.element_size()
    return found
