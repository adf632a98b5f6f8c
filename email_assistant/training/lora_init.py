"""LoRA initializations that change the base: PiSSA and OLoRA move part of each weight into the adapter.

Nobody else has the base without that part, so the trained adapter is saved as its difference from the initial one,
s·(B·A - B0·A0): a standard LoRA adapter of twice the rank for the unchanged base.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from torch import nn

from email_assistant.language_model.adapter_folder import PREFIX, WEIGHTS
from email_assistant.storage.atomic import atomic_path


def lora_factors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copies, on CPU, of A and B of every adapted layer, by `<layer>.lora_A` and `<layer>.lora_B`."""
    factors = {}
    for name, layer in _lora_layers(model):
        for kind, adapters in (("lora_A", layer.lora_A), ("lora_B", layer.lora_B)):
            weight: torch.Tensor = adapters["default"].weight  # type: ignore[assignment]
            factors[f"{name}.{kind}"] = weight.detach().cpu().clone()
    return factors


@torch.no_grad()
def load_or_save_init(model: nn.Module, path: Path) -> dict[str, torch.Tensor]:
    """The initial factors of a run: written to `path` at first, and read from there when the run is resumed.

    The decomposition may differ on another machine or with another number of threads. A resumed run then corrects the
    base, so that base and initial factors still add up to the unchanged base.

    Args:
        model: A model with a new adapter.
        path: A safetensors file.

    Returns:
        The factors, as in `lora_factors`.
    """
    current = lora_factors(model)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as partial:
            save_file(current, partial)
        return current
    initial = load_file(path)
    for name, layer in _lora_layers(model):
        a, b = f"{name}.lora_A", f"{name}.lora_B"
        if not (torch.equal(current[a], initial[a]) and torch.equal(current[b], initial[b])):
            weight: Any = layer.get_base_layer().weight
            change = current[b] @ current[a] - initial[b] @ initial[a]
            weight.add_(layer.scaling["default"] * change.to(weight.device))
    return initial


def save_as_standard_lora(model: Any, folder: Path, init_path: Path) -> None:
    """Save a trained adapter as one for the unchanged base, with twice the rank and the same scale.

    Args:
        model: The model with the adapter.
        folder: The folder to write the adapter to.
        init_path: The file that `load_or_save_init` wrote.
    """
    # peft wants the initial adapter as a folder, and names a module after it.
    initial_folder = init_path.with_name("initial")
    initial_folder.mkdir(exist_ok=True)
    factors = load_file(init_path)
    save_file({f"{PREFIX}{name}.weight": factor for name, factor in factors.items()}, initial_folder / WEIGHTS)
    with warnings.catch_warnings():
        # That such an adapter does not go with a second one; the initial adapter is there only for the subtraction.
        warnings.filterwarnings("ignore", message=".*changes the base weights", category=UserWarning)
        model.save_pretrained(
            str(folder), save_embedding_layers=False, path_initial_model_for_weight_conversion=str(initial_folder)
        )


def _lora_layers(model: nn.Module) -> Iterator[tuple[str, LoraLayer]]:
    """Every adapted layer with its name in the base model."""
    for name, module in model.named_modules():
        if isinstance(module, LoraLayer):
            yield name.removeprefix(PREFIX), module
