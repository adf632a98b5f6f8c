"""A base model without its weights, on the meta device, and the memory that its weights need."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoConfig, AutoModelForCausalLM, PretrainedConfig
from transformers.pytorch_utils import Conv1D

from email_assistant.configuration.schema import Model
from email_assistant.errors import ModelError, reason_of
from email_assistant.language_model.fingerprint import model_folder

# Bytes per weight of NF4 with double quantization (Dettmers et al. 2023, arXiv:2305.14314): 4 bits, one byte of scale
# for every 64 weights, and four bytes for every 256 of those scales.
NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
# Parts of a model, and what the names of their parameters contain in the architectures of transformers.
PARTS = {
    "embedding": ("embed_tokens", "embed_in", "word_embeddings", "wte", "wpe"),
    "attention": ("self_attn", "attn", "attention", "self_attention"),
    "feed-forward": ("mlp", "feed_forward", "block_sparse_moe", "experts"),
    "head": ("lm_head", "embed_out"),
}


def text_part(config: PretrainedConfig) -> PretrainedConfig:
    """The configuration of what writes text: that of a part in a model that also reads images, else the whole."""
    text: PretrainedConfig = config.get_text_config(decoder=True)
    return text if type(text) in MODEL_FOR_CAUSAL_LM_MAPPING else config


def architecture(settings: Model) -> PretrainedConfig:
    """The configuration of what writes text in the base: from its folder or, without one, from `model.architecture`.

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
    return text_part(config)


def with_layers(config: PretrainedConfig, count: int) -> PretrainedConfig:
    """The same architecture with `count` decoder layers."""
    values = config.to_dict()
    for name, value in values.items():
        # What each layer has a value of, such as `layer_types`.
        if isinstance(value, list) and value and len(value) == config.num_hidden_layers:
            values[name] = [value[index % len(value)] for index in range(count)]
    changed: PretrainedConfig = type(config).from_dict(values | {"num_hidden_layers": count})
    # Some architectures have a name of their own for the number, which would win.
    changed.num_hidden_layers = count
    return changed


def build_on_meta(config: PretrainedConfig, dtype: torch.dtype, nf4: bool) -> Any:
    """The frozen model on the meta device; with `nf4` its linear layers are `Nf4Linear`.

    Raises:
        ModelError: when transformers builds no such model, or bitsandbytes quantizes none of its layers.
    """
    try:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    except (ValueError, KeyError, AttributeError, TypeError, AssertionError) as error:
        raise ModelError(f"{config.model_type}: not a model that writes text: {reason_of(error)}") from error
    if nf4:
        replace_linear_layers(model, lambda layer: Nf4Linear(*linear_shape(layer), dtype))
        if not any(isinstance(module, Nf4Linear) for module in model.modules()):
            raise ModelError(not_quantized(config))
    model.requires_grad_(False)
    return model


def replace_linear_layers(model: Any, replacement: Callable[[nn.Module], nn.Module]) -> None:
    """Replace every linear layer except the head, as loading in 4 bit does."""
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) in (nn.Linear, Conv1D) and layer is not model.get_output_embeddings():
                setattr(parent, name, replacement(layer))


def not_quantized(config: PretrainedConfig) -> str:
    """What is wrong with quantizing a model whose linear layers have a class of their own, such as Falcon."""
    return f"model.quantization = nf4: bitsandbytes cannot quantize any layer of a {config.model_type} model; use none"


def linear_shape(layer: Any) -> tuple[int, int]:
    """The widths of a linear layer's input and output; GPT-2's `Conv1D` has its weight the other way round."""
    if isinstance(layer, Conv1D):
        inputs, outputs = layer.weight.shape
        return inputs, outputs
    return layer.in_features, layer.out_features


def key_value_width(config: PretrainedConfig) -> int:
    """The width of the keys, and of the values, that a layer keeps of each token."""
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    if getattr(config, "multi_query", False) and not getattr(config, "new_decoder_architecture", False):
        # One head, which all queries share (the first Falcon models).
        heads = 1
    head_width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(heads * head_width)


def feed_forward_width(config: PretrainedConfig) -> int:
    """The width of a feed-forward layer inside; GPT-2 and Falcon have names of their own for it."""
    names = ("intermediate_size", "ffn_hidden_size", "n_inner")
    found = next((value for name in names if (value := getattr(config, name, None))), None)
    return int(found or 4 * config.hidden_size)


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
        return DequantizedLinear.apply(input, self)  # type: ignore[no-any-return,no-untyped-call]

    def dense(self) -> torch.Tensor:
        """An uninitialized tensor of the dense weight's size, (out, in)."""
        return torch.empty(self.out_features, self.in_features, dtype=self.weight.dtype, device=self.weight.device)

    @property
    def W_q(self) -> torch.Tensor:  # noqa: N802 - peft's name
        """The packed weights. For DoRA, peft asks a quantized layer that has them to `dequantize`."""
        return self.packed  # type: ignore[return-value]

    def dequantize(self) -> torch.Tensor:
        """As `dense`, for peft."""
        return self.dense()


class DequantizedLinear(torch.autograd.Function):
    """The product with the dense weights of a quantized layer, which exist only meanwhile."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, layer: Any) -> torch.Tensor:
        """The product, (tokens, out); `layer.dense()` returns the weights, (out, in)."""
        ctx.layer = layer
        weights: torch.Tensor = layer.dense()
        return inputs @ weights.t()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor, None]:
        """The gradient of the inputs, (tokens, in)."""
        return grad_outputs[0] @ ctx.layer.dense(), None


def weight_bytes(model: Any) -> dict[str, int]:
    """Bytes of the frozen weights by part: embedding, attention, feed-forward, head and the rest (norms)."""
    sizes = dict.fromkeys([*PARTS, "norms"], 0)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        modules = set(name.split("."))
        part = next((part for part, names in PARTS.items() if modules.intersection(names)), "norms")
        sizes[part] += tensor.numel() * tensor.element_size()
    return sizes
