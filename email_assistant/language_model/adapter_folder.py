"""Checks of an adapter's folder: its files, and the base model it was trained on. Imports nothing heavy."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from email_assistant.errors import DataError, ModelError
from email_assistant.storage import jsonl

# In the folder: name and fingerprint of the base model that the adapter was trained on, and the forms of its requests.
BASE_NOTE = "base_model.json"
# In every adapter's folder, named by peft.
WEIGHTS, SETTINGS = "adapter_model.safetensors", "adapter_config.json"
# Of the name of every weight there.
PREFIX = "base_model.model."


def update_scale(settings: Mapping[str, Any]) -> float:
    """The factor of an adapter's update, from its settings: alpha / r, or alpha / sqrt(r) with rsLoRA."""
    rank = int(settings["r"])
    return float(settings["lora_alpha"]) / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def check_folder(folder: Path) -> None:
    """Check that a folder has the files of an adapter, and that its weights are whole.

    Raises:
        ModelError: when one is missing or damaged.
    """
    if not (folder / SETTINGS).is_file() or not (folder / WEIGHTS).is_file():
        raise ModelError(f"{folder}: not an adapter: it needs {SETTINGS} and {WEIGHTS}")
    if not _is_whole(folder / WEIGHTS):
        raise ModelError(f"{folder / WEIGHTS}: damaged or incomplete; copy the adapter again, or retrain it")


def _is_whole(weights: Path) -> bool:
    """Whether a file has the header of safetensors, and exactly the bytes that it names."""
    try:
        with safe_open(weights, framework="numpy"):
            return True
    except SafetensorError:
        return False


def check_base(folder: Path, base_fingerprint: str) -> None:
    """Check that an adapter was trained on this base model.

    An adapter of another program has no fingerprint; if its shapes do not fit, loading it fails.

    Raises:
        ModelError: when it was trained on another base.
    """
    base = _note(folder)
    trained_on = base.get("fingerprint", base_fingerprint)
    if trained_on != base_fingerprint:
        raise ModelError(
            f"{folder}: was trained on another base model ({base.get('name')}, fingerprint {trained_on}) than the "
            f"configured one ({base_fingerprint}); set model= or model.path= to the one it was trained on"
        )


def request_forms(folder: Path) -> list[str]:
    """The forms of request that an adapter was trained on; none if its folder does not say."""
    forms = _note(folder).get("forms")
    return [form for form in forms if isinstance(form, str)] if isinstance(forms, list) else []


def _note(folder: Path) -> dict[str, Any]:
    note = folder / BASE_NOTE
    return _read(note) if note.is_file() else {}


def read_settings(folder: Path) -> dict[str, Any]:
    """The settings of an adapter, as peft wrote them.

    Raises:
        ModelError: when they cannot be read, name no rank and no alpha, or are those of another kind of adapter.
    """
    settings = _read(folder / SETTINGS)
    kind = settings.get("peft_type", "LORA")
    if kind != "LORA":
        raise ModelError(f"{folder / SETTINGS}: peft_type = {kind}: only LoRA adapters can be used")
    rank, alpha = settings.get("r"), settings.get("lora_alpha")
    is_scale = isinstance(alpha, int | float) and 0 < alpha < math.inf
    if not (isinstance(rank, int) and rank > 0 and is_scale):
        raise ModelError(
            f"{folder / SETTINGS}: not the settings of a LoRA adapter: r and lora_alpha are missing or invalid"
        )
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return jsonl.read_object(path)
    except DataError as error:
        raise ModelError(f"{error}; copy the adapter again, or retrain it") from error
