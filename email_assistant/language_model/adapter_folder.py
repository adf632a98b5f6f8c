"""An adapter's folder: what it must hold, and which base it belongs to. Nothing heavy is imported here."""

import json
from pathlib import Path

from email_assistant.errors import ModelError

# Beside the adapter: name and fingerprint of the base that it was trained on.
BASE_NOTE = "base_model.json"
# What every adapter folder holds, as peft names it.
WEIGHTS, SETTINGS = "adapter_model.safetensors", "adapter_config.json"


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds no adapter.

    Raises:
        ModelError: naming what is expected.
    """
    if not (folder / SETTINGS).is_file() or not (folder / WEIGHTS).is_file():
        raise ModelError(f"{folder}: holds no adapter: {SETTINGS} and {WEIGHTS} are expected")


def check_base(folder: Path, base_fingerprint: str) -> None:
    """Refuse an adapter that was trained on another base.

    An adapter of another program names no fingerprint; whether its shapes fit shows when it is loaded.

    Raises:
        ModelError: naming both bases.
    """
    note = folder / BASE_NOTE
    trained_on = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    if trained_on and trained_on["fingerprint"] != base_fingerprint:
        raise ModelError(
            f"{folder}: was trained on another base model ({trained_on['name']}, {trained_on['fingerprint']}); "
            f"this one is {base_fingerprint}: set model= or model.path= to the one it was trained on"
        )
