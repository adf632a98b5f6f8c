"""The head start: an adapter that turns requests into mails in no one's style. The owner's adapter is trained on top.

It is added to the base's weights before the owner's adapter is created, and saved together with it: the saved adapter
has the ranks of both, and belongs to the unchanged base.

`python -m email_assistant.language_model.head_start TRAINED FOLDER` publishes one.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from email_assistant.errors import EmailAssistantError, ModelError
from email_assistant.language_model.adapter_folder import (
    BASE_NOTE,
    PREFIX,
    SETTINGS,
    WEIGHTS,
    check_base,
    check_folder,
    read_settings,
    update_scale,
)
from email_assistant.storage import jsonl
from email_assistant.storage.atomic import atomic_path
from email_assistant.storage.hashing import hash_file

# peft's names of the weights of an adapted layer.
LORA_A, LORA_B, MAGNITUDE = ".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector"
CARD = """---
base_model: {base}
library_name: peft
pipeline_tag: text-generation
tags: [lora, email]
---

# Head start for {base}

A LoRA adapter (rank {rank}, float16) that teaches {base} to turn a rough note into a mail, in nobody's style.
It was trained on {mails} invented mails of `head_start/mails.jsonl`, and on no real mail. `make head_start` trains it
again (`conf/experiment/head_start.yaml`).

- Base model: {base} (fingerprint {fingerprint})
- Validation loss: {before:.3f} nats per token before training, {after:.3f} after
- SHA-256 of `{weights}`: `{sha256}`
"""


@torch.no_grad()
def merge(model: nn.Module, head_start: Path, base_fingerprint: str) -> None:
    """Add a head start to the weights of a base model that is not quantized.

    Args:
        model: The base model; it is changed.
        head_start: The folder of the head start, a plain LoRA adapter.
        base_fingerprint: The fingerprint of the base model.

    Raises:
        ModelError: when the folder has no adapter, or one for another base.
    """
    check_folder(head_start)
    check_base(head_start, base_fingerprint)
    factors, scale = load_file(head_start / WEIGHTS), update_scale(read_settings(head_start))
    for layer in _layers(factors):
        try:
            weight: Any = model.get_submodule(layer.removeprefix(PREFIX)).weight
            update = scale * factors[layer + LORA_B].float() @ factors[layer + LORA_A].float()
            # The sum is rounded once.
            weight.copy_(weight.float() + update.to(weight.device))
        except (AttributeError, KeyError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"{head_start}: the head start does not fit the base model: {reason}") from error


def stack(adapter: Path, head_start: Path, base: nn.Module) -> None:
    """Turn an adapter that was trained on top of a head start into one with both, for the unchanged base.

    s·B·A + t·C·D equals s·[B, (t/s)·C]·[A; D]: a LoRA update whose rank is the sum of both ranks. With DoRA the
    direction is that of the weight with both updates, as it was in training.

    Args:
        adapter: The folder of the adapter; its weights and settings are replaced.
        head_start: The folder of the head start.
        base: The unchanged base model; its weights are read for the magnitudes of DoRA.
    """
    settings, started = read_settings(adapter), read_settings(head_start)
    owner, start = load_file(adapter / WEIGHTS), load_file(head_start / WEIGHTS)
    scale = update_scale(settings)
    ratio = update_scale(started) / scale
    stacked: dict[str, torch.Tensor] = {}
    layers = _layers({**start, **owner})
    for layer in layers:
        inner, outer = _factors(owner, layer, settings["r"], start)
        more_inner, more_outer = _factors(start, layer, started["r"], owner)
        a, b = torch.cat([inner, more_inner]), torch.cat([outer, ratio * more_outer], dim=1)
        stacked[layer + LORA_A], stacked[layer + LORA_B] = a.contiguous(), b.contiguous()
        if settings.get("use_dora"):
            magnitude = owner.get(layer + MAGNITUDE)
            if magnitude is None:
                weight: Any = base.get_submodule(layer.removeprefix(PREFIX)).weight
                magnitude = torch.linalg.vector_norm(weight.detach().float().cpu() + scale * b @ a, dim=1)
            stacked[layer + MAGNITUDE] = magnitude
    rank = settings["r"] + started["r"]
    settings |= {
        "r": rank,
        "lora_alpha": scale * rank,
        "use_rslora": False,
        "target_modules": [layer.removeprefix(PREFIX) for layer in layers],
        "layers_to_transform": None,
    }
    with atomic_path(adapter / WEIGHTS) as partial:
        save_file(stacked, partial)
    (adapter / SETTINGS).write_text(json.dumps(settings, indent=2), encoding="utf-8")


def _factors(
    weights: dict[str, torch.Tensor], layer: str, rank: int, others: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """A and B of a layer in float32; zeros of the other adapter's width where only that one adapts it."""
    if layer + LORA_A in weights:
        return weights[layer + LORA_A].float(), weights[layer + LORA_B].float()
    width, height = others[layer + LORA_A].shape[1], others[layer + LORA_B].shape[0]
    return torch.zeros(rank, width), torch.zeros(height, rank)


def _layers(weights: dict[str, torch.Tensor]) -> list[str]:
    """The names of the adapted layers."""
    return sorted(name.removesuffix(LORA_A) for name in weights if name.endswith(LORA_A))


def publish(trained: Path, folder: Path) -> None:
    """Copy the adapter of a training into a folder that `model.head_start` can name, in float16 and with a card.

    Args:
        trained: The folder of the stage `train`, with adapter/ and metrics.json.
        folder: The folder to write.

    Raises:
        ModelError: when there is no adapter.
    """
    adapter = trained / "adapter"
    check_folder(adapter)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.half() for name, weight in load_file(adapter / WEIGHTS).items()}
    save_file(weights, folder / WEIGHTS)
    for name in (SETTINGS, BASE_NOTE):
        shutil.copyfile(adapter / name, folder / name)
    note, metrics = jsonl.read_object(folder / BASE_NOTE), jsonl.read_object(trained / "metrics.json")["metrics"]
    card = CARD.format(
        base=note["name"],
        fingerprint=note["fingerprint"],
        rank=read_settings(folder)["r"],
        mails=metrics["train_mails"],
        before=metrics["base_validation_loss"],
        after=metrics["validation_loss"],
        weights=WEIGHTS,
        sha256=hash_file(folder / WEIGHTS),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m email_assistant.language_model.head_start",
        description="Publishes the adapter of a training as a head start.",
    )
    parser.add_argument("trained", type=Path, help="folder of stage=train, such as outputs/latest/train")
    parser.add_argument("folder", type=Path, help="folder to write, such as head_start/my_model")
    parsed = parser.parse_args(arguments)
    try:
        publish(parsed.trained, parsed.folder)
    except EmailAssistantError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
