"""Adapters that do not start at zero: PiSSA and OLoRA take a part out of the base and train it.

The base without that part is no base that others have, so the trained adapter is saved as what it adds
to the untouched base: s·(B·A - B0·A0), which is a plain adapter of twice the rank.
"""

import json
import math
from pathlib import Path
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from torch import nn

from email_assistant.language_model.adapter_folder import SETTINGS, WEIGHTS


def lora_factors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copies of A and B of every adapted layer, by `<layer>.lora_A` and `<layer>.lora_B`."""
    found = {}
    for name, layer in _adapted(model):
        for kind, factors in (("lora_A", layer.lora_A), ("lora_B", layer.lora_B)):
            weight: torch.Tensor = factors["default"].weight  # type: ignore[assignment]
            found[f"{name}.{kind}"] = weight.detach().clone()
    return found


@torch.no_grad()
def keep(model: nn.Module, path: Path) -> dict[str, torch.Tensor]:
    """The factors that a run started from: written to `path` at first, read from it by a resumed run.

    A decomposition may come out otherwise on another machine or with another number of threads; then the
    base is set right, so that base and start add up to the untouched base as before.
    """
    now = lora_factors(model)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        save_file(now, partial)
        partial.rename(path)
        return now
    first = load_file(path)
    for name, layer in _adapted(model):
        a, b = f"{name}.lora_A", f"{name}.lora_B"
        if not (torch.equal(now[a], first[a]) and torch.equal(now[b], first[b])):
            change = now[b] @ now[a] - first[b] @ first[a]
            layer.get_base_layer().weight.add_(layer.scaling["default"] * change)  # type: ignore[operator]
    return first


def save_as_standard_lora(folder: Path, start: dict[str, torch.Tensor]) -> None:
    """Rewrite a saved adapter as one for the untouched base, with twice the rank and the same scale."""
    saved = load_file(folder / WEIGHTS)
    plain = {}
    for name, weight in saved.items():
        layer, _, kind = name.removesuffix(".weight").removeprefix("base_model.model.").rpartition(".")
        first = start[f"{layer}.{kind}"].to(weight.dtype)
        plain[name] = torch.cat([weight, first]) if kind == "lora_A" else torch.cat([weight, -first], dim=1)
    settings: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    settings["lora_alpha"] *= math.sqrt(2) if settings["use_rslora"] else 2
    settings["r"] *= 2
    settings["init_lora_weights"] = True
    save_file(plain, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / SETTINGS).write_text(json.dumps(settings, indent=2), encoding="utf-8")


def _adapted(model: nn.Module) -> list[tuple[str, LoraLayer]]:
    """Every adapted layer with its name in the base model."""
    return [
        (name.removeprefix("base_model.model."), module)
        for name, module in model.named_modules()
        if isinstance(module, LoraLayer)
    ]
