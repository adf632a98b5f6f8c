"""A training that resumes from a checkpoint, beside one that was never interrupted."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from benchmarks.gpu import models
from benchmarks.gpu.session import Session
from benchmarks.gpu.training import Case
from email_assistant.language_model.loading import LanguageModel
from email_assistant.training.trainer import Trainer, TrainingData

STEPS = 3
# Relative distance of the changes in the weights; a GPU may add up gradients in another order each time.
TOLERANCE = 1e-2


def measure(session: Session) -> None:
    """With both optimizers, on the main model's format."""
    base = models.random_base(session.sizes.medium, session.sizes.main, session.device)
    kinds: tuple[Literal["adamw", "paged_adamw_8bit"], ...] = ("adamw",)
    if session.device.type == "cuda" and models.nf4_error("cuda") is None:
        kinds = ("adamw", "paged_adamw_8bit")
    for optimizer in kinds:
        case = Case(session.sizes.training_tokens[0], "mails", optimizer=optimizer)
        session.measure(optimizer, partial(_resumed, session, base, case), 5)


def _resumed(session: Session, base: LanguageModel, case: Case) -> dict[str, Any]:
    folder = session.scratch / "checkpoints"
    shutil.rmtree(folder, ignore_errors=True)
    with _training(session, base, case, folder) as trainer:
        initial = _values(trainer)
        # Finds no checkpoint yet.
        trainer.resume()
        trainer.validate()
        _train(trainer, STEPS)
        seconds = session.seconds_of(partial(trainer.checkpointer.save, trainer.state))
        _train(trainer, STEPS)
        expected = _values(trainer)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    with _training(session, base, case, folder) as trainer:
        resuming = session.seconds_of(trainer.resume)
        step = trainer.state.step
        _train(trainer, STEPS)
        found = _values(trainer)
    distance = float((found - expected).norm() / (expected - initial).norm())
    return {
        "resumed_at_step": step,
        "largest_difference": float((found - expected).abs().max()),
        "distance": distance,
        "equal": distance <= TOLERANCE,
        "identical": bool(torch.equal(found, expected)),
        "seconds_to_save": seconds,
        "seconds_to_resume": resuming,
        "checkpoint_bytes": size,
    }


@contextmanager
def _training(session: Session, base: LanguageModel, case: Case, folder: Path) -> Iterator[Trainer]:
    examples = case.examples(session.sizes.medium)
    with models.adapted(base) as tuned:
        settings = case.settings(session.device, len(examples) // 2)
        yield Trainer(tuned, TrainingData(examples, examples[-2:]), settings, 1, folder)


def _train(trainer: Trainer, steps: int) -> None:
    for _ in range(steps):
        trainer.train_step()


def _values(trainer: Trainer) -> torch.Tensor:
    """All trained weights in one row."""
    return torch.cat([weight.detach().float().flatten().cpu() for weight in trainer.weights.values()])
