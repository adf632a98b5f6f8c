"""A LoRA adapter as GGUF, as llama.cpp and Ollama read it."""

import json
import math
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.numpy import load_file

from email_assistant.errors import ModelError
from email_assistant.language_model.adapter_folder import SETTINGS, WEIGHTS, check_folder

# llama.cpp's name of a model type, and whether it holds the rows of query and key in its own order.
ARCHITECTURES = {
    "llama": (gguf.MODEL_ARCH.LLAMA, True),
    "mistral": (gguf.MODEL_ARCH.LLAMA, True),
    "qwen2": (gguf.MODEL_ARCH.QWEN2, False),
    "qwen3": (gguf.MODEL_ARCH.QWEN3, False),
}
PREFIX = "base_model.model."


def write(adapter: Path, base: Path, target: Path) -> None:
    """Write an adapter as GGUF, in float32.

    Args:
        adapter: A folder with adapter_config.json and adapter_model.safetensors.
        base: The folder of its base model, whose config.json names the architecture.
        target: The file, written beside its place and renamed into it.

    Raises:
        ModelError: when llama.cpp has no such adapter: DoRA, weights of its own for single layers, or a base that
            is none of `ARCHITECTURES`.
    """
    check_folder(adapter)
    settings: dict[str, Any] = json.loads((adapter / SETTINGS).read_text(encoding="utf-8"))
    config: dict[str, Any] = json.loads((base / "config.json").read_text(encoding="utf-8"))
    if settings.get("use_dora") or settings.get("alpha_pattern"):
        raise ModelError(
            f"{adapter}: llama.cpp knows plain LoRA alone, and neither DoRA nor an alpha for single layers"
        )
    if config["model_type"] not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ModelError(f"{base}: a {config['model_type']} cannot be written as GGUF here; there are {known}")
    architecture, reordered = ARCHITECTURES[config["model_type"]]
    names = gguf.get_tensor_name_map(architecture, config["num_hidden_layers"])
    partial = target.with_name(f"{target.name}.partial")
    writer = gguf.GGUFWriter(partial, gguf.MODEL_ARCH_NAMES[architecture])
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, _alpha(settings))
    for name, weight in sorted(load_file(adapter / WEIGHTS).items()):
        layer, _, kind = name.removeprefix(PREFIX).removesuffix(".weight").rpartition(".")
        known_as = names.get_name(layer)
        if known_as is None or kind not in ("lora_A", "lora_B"):
            raise ModelError(f"{adapter}: llama.cpp has no place for {name}")
        tensor = weight.astype(np.float32)
        if reordered and kind == "lora_B" and layer.endswith((".q_proj", ".k_proj")):
            heads = config["num_attention_heads" if layer.endswith(".q_proj") else "num_key_value_heads"]
            tensor = _paired(tensor, heads)
        writer.add_tensor(f"{known_as}.weight.{kind.lower()}", np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(target)


def _alpha(settings: dict[str, Any]) -> float:
    """The alpha whose quotient by the rank is the adapter's scale."""
    alpha = float(settings["lora_alpha"])
    return alpha * math.sqrt(settings["r"]) if settings.get("use_rslora") else alpha


def _paired(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows in llama.cpp's order: the two numbers that are turned together stand side by side."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)
