"""Checkpoints: what a training run needs to resume where it was interrupted, with the same random numbers."""

import json
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from email_assistant.console import StageLogger
from email_assistant.storage.atomic import atomic_path
from email_assistant.storage.hashing import hash_file, hash_of
from email_assistant.training.averaging import MovingAverage, copy_values_

log = StageLogger(__name__, "train")
STATE, WEIGHTS, OPTIMIZER, AVERAGE = "state.json", "weights.safetensors", "optimizer.pt", "average.safetensors"
SCALER, BEST = "scaler.json", "best.safetensors"
# The old name of `validations_without_improvement`, kept so that existing checkpoints can be read.
STORED_WITHOUT_IMPROVEMENT = "worse"


@dataclass
class TrainingState:
    """Progress of a training run.

    Attributes:
        step: Optimizer steps taken.
        best_step: The step with the lowest validation loss.
        best_loss: That loss, in nats per target token.
        validations_without_improvement: Validations since then.
        stopped: Whether patience ran out.
        history: A record of every step and validation.
    """

    step: int = 0
    best_step: int = 0
    best_loss: float = math.inf
    validations_without_improvement: int = 0
    stopped: bool = False
    history: list[dict[str, float]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The values as a checkpoint stores them."""
        values = asdict(self)
        values[STORED_WITHOUT_IMPROVEMENT] = values.pop("validations_without_improvement")
        return values

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "TrainingState":
        """The state that `to_json` stored."""
        values = dict(stored)
        return cls(validations_without_improvement=values.pop(STORED_WITHOUT_IMPROVEMENT), **values)


class Checkpointer:
    """Saves a training run to a folder and restores it."""

    def __init__(
        self,
        folder: Path,
        weights: Mapping[str, torch.nn.Parameter],
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler,
        average: MovingAverage | None = None,
    ) -> None:
        """Set the folder and what to save; nothing is written yet.

        Args:
            folder: The folder of the newest checkpoint and the best weights so far.
            weights: The trained weights, by name; restored in place.
            optimizer: The optimizer of these weights.
            scaler: Loss scaling; stored if it is enabled.
            average: The moving average of the weights, if there is one.
        """
        self.folder = folder
        self._weights, self._optimizer, self._scaler, self._average = weights, optimizer, scaler, average

    def save_best(self) -> None:
        """Save the current weights as the best so far."""
        self._save_weights(self.folder / BEST)

    def load_best(self) -> None:
        """Restore the best weights so far."""
        self._load_weights(self.folder / BEST)

    def save(self, state: TrainingState) -> None:
        """Write a checkpoint, then remove older ones; there is always a complete one."""
        checkpoint = self.folder / f"checkpoint-{state.step:08d}"
        with atomic_path(checkpoint) as partial:
            partial.mkdir(parents=True)
            self._save_weights(partial / WEIGHTS)
            if self._average:
                save_file(self._average.values, partial / AVERAGE)
            if self._scaler.is_enabled():
                (partial / SCALER).write_text(json.dumps(self._scaler.state_dict()))
            torch.save(self._optimizer.state_dict(), partial / OPTIMIZER)
            _link_or_copy(self.folder / BEST, partial / BEST)
            content = {
                "state": state.to_json(),
                "files": {path.name: hash_file(path) for path in partial.iterdir()},
            }
            (partial / STATE).write_text(json.dumps({**content, "hash": hash_of(content)}))
        for other in self.folder.glob("checkpoint-*"):
            if other != checkpoint:
                shutil.rmtree(other)

    def resume(self) -> TrainingState | None:
        """Restore the newest intact checkpoint; None when there is none.

        Checkpoints that are damaged are removed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        intact = []
        for checkpoint in sorted(path for path in self.folder.glob("checkpoint-*") if not path.suffix):
            if _is_intact(checkpoint):
                intact.append(checkpoint)
            else:
                log.info("removing %s, which is incomplete or was changed", checkpoint.name)
                shutil.rmtree(checkpoint)
        return self._restore(intact[-1]) if intact else None

    def _restore(self, checkpoint: Path) -> TrainingState:
        self._load_weights(checkpoint / WEIGHTS)
        if self._average:
            self._average.values = load_file(checkpoint / AVERAGE, device=self._device)
        if self._scaler.is_enabled() and (checkpoint / SCALER).exists():
            self._scaler.load_state_dict(json.loads((checkpoint / SCALER).read_text()))
        # Saved on a GPU that may not exist here; the optimizer moves its state to where the weights are.
        self._load_optimizer(torch.load(checkpoint / OPTIMIZER, map_location="cpu", weights_only=True))
        with atomic_path(self.folder / BEST) as partial:
            _link_or_copy(checkpoint / BEST, partial)
        return TrainingState.from_json(json.loads((checkpoint / STATE).read_text())["state"])

    def _load_optimizer(self, stored: dict[str, Any]) -> None:
        # How the weights are updated is chosen again. Otherwise a checkpoint from another machine would bring its own
        # way, which the scaler of float16 would call wrongly, and steps on another device.
        for to, group in zip(stored["param_groups"], self._optimizer.param_groups, strict=True):
            if "fused" in group:
                to["fused"] = group["fused"]
        self._optimizer.load_state_dict(stored)

    def _save_weights(self, path: Path) -> None:
        with atomic_path(path) as partial:
            save_file({name: weight.detach().contiguous() for name, weight in self._weights.items()}, partial)

    def _load_weights(self, path: Path) -> None:
        copy_values_(self._weights, load_file(path, device=self._device))

    @property
    def _device(self) -> str:
        return str(next(iter(self._weights.values())).device)


def _link_or_copy(source: Path, target: Path) -> None:
    """The same file under another name, where the file system allows that: `source` is replaced, never changed."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _is_intact(checkpoint: Path) -> bool:
    """Whether the files of a checkpoint are as they were written."""
    try:
        content = json.loads((checkpoint / STATE).read_text())
        stored_hash, files = content.pop("hash"), content["files"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    if stored_hash != hash_of(content):
        return False
    return all((checkpoint / name).is_file() and hash_file(checkpoint / name) == files[name] for name in files)
