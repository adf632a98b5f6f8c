"""DoRA on a base in 4 bit."""

import dataclasses
from pathlib import Path

import torch
from conftest import model_settings
from small import PLAIN, encoded, fresh, settings

from email_assistant.language_model.meta_model import architecture
from email_assistant.training import planning
from email_assistant.training.planning import TrainingSetup
from email_assistant.training.trainer import Trainer, TrainingData

DORA = dataclasses.replace(PLAIN, use_dora=True)


def test_dora_is_planned_and_trained_on_weights_in_four_bits(tiny_model: Path, tmp_path: Path) -> None:
    examples, base = encoded(tiny_model), model_settings(tiny_model, "nf4")
    model = fresh(tiny_model, DORA, "nf4")
    magnitudes = [weight for name, weight in model.model.named_parameters() if "magnitude" in name]
    before = [weight.detach().clone() for weight in magnitudes]
    loop = Trainer(model, TrainingData(examples[:8], examples[8:]), settings(epochs=2), 5, tmp_path)
    setup = TrainingSetup(base, DORA, loop.settings, 5)
    step, _ = planning.estimate_training_step(setup, architecture(base), planning.local_machine(base), examples, 2**40)
    assert step.adapter == sum(4 * weight.numel() for weight in loop.weights.values())
    state = loop.fit()
    assert loop.loss.mode == "padded"
    assert state.best_loss < state.history[0]["validation/loss"]
    assert not any(torch.equal(old, new) for old, new in zip(before, magnitudes, strict=True))
