"""Which linear layers of a model get a LoRA update, by the names that its architecture has for them."""

from typing import Any

from torch import nn
from transformers.pytorch_utils import Conv1D

from email_assistant.configuration.schema import Lora

# Llama's names of linear layers, and what other architectures call the layer with that task.
_QKV = ("qkv_proj", "query_key_value", "c_attn", "Wqkv")
OTHER_NAMES = {
    "q_proj": _QKV,
    "k_proj": _QKV,
    "v_proj": _QKV,
    "o_proj": ("out_proj", "attn.c_proj", "attention.dense", "self_attention.dense", "self_attn.dense"),
    "gate_proj": ("gate_up_proj",),
    "up_proj": ("gate_up_proj", "dense_h_to_4h", "c_fc", "fc1"),
    "down_proj": ("dense_4h_to_h", "mlp.c_proj", "fc2"),
}


def target_modules(model: Any, lora: Lora) -> str | list[str]:
    """The modules of `lora.target_modules`, by the names that this model has for them.

    Llama's names also mean the layers with the same task in other architectures. With `lora.layers`, 'all-linear'
    becomes a list, because peft rejects the word there.
    """
    if lora.target_modules == "all-linear":
        return "all-linear" if lora.layers is None else linear_names(decoder_layers(model))
    linear = _linear_modules(model)
    found: dict[str, None] = {}
    for name in lora.target_modules:
        others = [other for other in OTHER_NAMES.get(name, ()) if _is_in(other, linear)]
        found.update(dict.fromkeys(others if others and not _is_in(name, linear) else [name]))
    return list(found)


def linear_names(model: nn.Module) -> list[str]:
    """The last parts of the names of all linear layers."""
    return sorted({name.rpartition(".")[2] for name in _linear_modules(model)})


def decoder_layers(model: Any) -> nn.Module:
    """The list of a model's decoder layers; the whole model if there is no such list."""
    count = model.config.num_hidden_layers
    lists = (module for module in model.modules() if isinstance(module, nn.ModuleList) and len(module) == count)
    return next(lists, model)


def _linear_modules(model: nn.Module) -> list[str]:
    """The names of all linear layers."""
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear | Conv1D)]


def _is_in(name: str, modules: list[str]) -> bool:
    """Whether a name is that of a module, or the end of one's."""
    return any(module == name or module.endswith(f".{name}") for module in modules)
