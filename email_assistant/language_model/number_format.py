"""The number format of `model.dtype=auto`: measured once on each machine, and then part of every key."""

import dataclasses
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from email_assistant.configuration.schema import Config, Model
from email_assistant.errors import ModelError
from email_assistant.language_model.fingerprint import model_folder
from email_assistant.storage import json_cache, jsonl

# In the folder of outputs: the formats that were chosen, by processor, version of torch and shape of the model.
MEASURED_FORMATS = "number_formats.json"
GPU_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"), Path("/dev/kfd"))


def resolve(config: Config) -> Config:
    """The configuration with `model.dtype` decided, so that keys and runs name the format that is used.

    It stays 'auto' where the model's folder does not exist.
    """
    if config.model.dtype != "auto":
        return config
    dtype = format_of(config.model, config.outputs)
    if dtype is None:
        return config
    return dataclasses.replace(config, model=dataclasses.replace(config.model, dtype=dtype))


def format_of(settings: Model, outputs: Path) -> Literal["float32", "bfloat16"] | None:
    """The number format that 'auto' stands for; None if the model's folder does not exist.

    On a CPU it is read from a file of measurements, so that it does not change while the machine is busy and torch
    need not be imported.

    Args:
        settings: The model group of the configuration.
        outputs: The folder with the file.

    Raises:
        DataError: when the model's config.json is damaged.
    """
    try:
        folder = model_folder(settings.path)
    except ModelError:
        return None
    if settings.device != "cpu" and (settings.device == "cuda" or any(device.exists() for device in GPU_DEVICES)):
        # torch takes seconds to import.
        import torch

        if torch.cuda.is_available():
            return _choose(settings, "cuda")
        if settings.device == "cuda":
            return None
    shape = jsonl.read_object(folder / "config.json")
    text = shape.get("text_config")
    shape = text if isinstance(text, dict) else shape
    sizes = "x".join(str(shape.get(name)) for name in ("hidden_size", "intermediate_size"))
    machine = f"{machine_name(settings)}, {sizes}"
    known = json_cache.get_or_compute(outputs / MEASURED_FORMATS, machine, lambda: _choose(settings, "cpu"))
    return "bfloat16" if known == "bfloat16" else "float32"


def machine_name(settings: Model) -> str:
    """What speeds on a CPU depend on besides the model: the processor, the threads that are used, torch's version."""
    return f"{_processor()}, {settings.threads or os.cpu_count()} threads, torch {version('torch')}"


def _choose(settings: Model, device: str) -> Literal["float32", "bfloat16"]:
    import torch

    from email_assistant.language_model.device import choose_dtype

    if settings.threads and device == "cpu":
        torch.set_num_threads(settings.threads)
    return "bfloat16" if choose_dtype(settings, torch.device(device)) == torch.bfloat16 else "float32"


def _processor() -> str:
    """The processor's name and, where the system says it, its instructions for bfloat16."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = {flag for line in lines if line.startswith("flags") for flag in line.split() if flag.endswith("_bf16")}
    return " ".join([*names[:1], *sorted(flags)]) or platform.machine()


def features_model(config: Config) -> Model | None:
    """The settings of the model that computes MAUVE's features, with its number format; None if that is the base."""
    path = config.evaluation.mauve.model_path
    if path is None:
        return None
    settings = dataclasses.replace(
        config.model, path=path, gguf=None, architecture=None, quantization="none", dtype="auto"
    )
    return dataclasses.replace(settings, dtype=format_of(settings, config.outputs) or "auto")
