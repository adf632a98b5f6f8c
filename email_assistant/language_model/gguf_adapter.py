"""A LoRA adapter as GGUF, as llama.cpp and Ollama read it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.numpy import load_file

from email_assistant.errors import ModelError
from email_assistant.language_model.adapter_folder import PREFIX, WEIGHTS, check_folder, read_settings, update_scale
from email_assistant.storage import jsonl
from email_assistant.storage.atomic import atomic_path

# llama.cpp's architecture of a model type, and whether it stores the rows of query and key weights in another order.
ARCHITECTURES = {
    "llama": (gguf.MODEL_ARCH.LLAMA, True),
    "mistral": (gguf.MODEL_ARCH.LLAMA, True),
    "qwen2": (gguf.MODEL_ARCH.QWEN2, False),
    "qwen3": (gguf.MODEL_ARCH.QWEN3, False),
    "gemma3_text": (gguf.MODEL_ARCH.GEMMA3, False),
}


def write(adapter: Path, base: Path, target: Path) -> None:
    """Write an adapter as GGUF, in float32.

    Args:
        adapter: A folder with adapter_config.json and adapter_model.safetensors.
        base: The folder of its base model, whose config.json names the architecture.
        target: The file to write. It appears when it is complete.

    Raises:
        ModelError: when llama.cpp does not support the adapter (DoRA, an alpha per layer) or the base is not one of
            `ARCHITECTURES`.
    """
    check_folder(adapter)
    settings = read_settings(adapter)
    config = jsonl.read_object(base / "config.json")
    if settings.get("use_dora") or settings.get("alpha_pattern"):
        raise ModelError(f"{adapter}: llama.cpp supports only plain LoRA, not DoRA or an alpha per layer")
    if config.get("model_type") not in ARCHITECTURES:
        supported = ", ".join(ARCHITECTURES)
        raise ModelError(
            f"{base}: model type {config.get('model_type')} cannot be written as GGUF; supported: {supported}"
        )
    architecture, _ = ARCHITECTURES[config["model_type"]]
    with atomic_path(target) as partial:
        writer = gguf.GGUFWriter(partial, gguf.MODEL_ARCH_NAMES[architecture])
        writer.add_type(gguf.GGUFType.ADAPTER)
        writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
        writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, _alpha(settings))
        for name, tensor in _tensors(adapter, config):
            writer.add_tensor(name, tensor)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def _tensors(adapter: Path, config: dict[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    """The adapter's weights by llama.cpp's names, in its layout; `config` is that of the base model."""
    architecture, is_reordered = ARCHITECTURES[config["model_type"]]
    names = gguf.get_tensor_name_map(architecture, config["num_hidden_layers"])
    for name, weight in sorted(load_file(adapter / WEIGHTS).items()):
        layer, _, kind = name.removeprefix(PREFIX).removesuffix(".weight").rpartition(".")
        gguf_name = names.get_name(layer)
        if gguf_name is None or kind not in ("lora_A", "lora_B"):
            raise ModelError(f"{adapter}: llama.cpp has no tensor for {name}")
        tensor = weight.astype(np.float32)
        if is_reordered and kind == "lora_B" and layer.endswith((".q_proj", ".k_proj")):
            heads = config["num_attention_heads" if layer.endswith(".q_proj") else "num_key_value_heads"]
            tensor = _interleaved(tensor, heads)
        yield f"{gguf_name}.weight.{kind.lower()}", np.ascontiguousarray(tensor)


def _alpha(settings: dict[str, Any]) -> float:
    """The alpha that, divided by the rank, is the scale of the update."""
    return update_scale(settings) * float(settings["r"])


def _interleaved(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows in llama.cpp's order, (out, rank): the two features that are rotated together are next to each other."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)
