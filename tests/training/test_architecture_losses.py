"""The loss of a model of any architecture, in the mode that is chosen for it, is that of transformers."""

from pathlib import Path

import pytest
import torch
from architectures import ARCHITECTURES, save_model
from conftest import lora, model_settings
from small import encoded, fresh, reference_loss, settings
from transformers import AutoTokenizer

from email_assistant.language_model.meta_model import architecture
from email_assistant.training import planning
from email_assistant.training.batches import collate
from email_assistant.training.loss import CompletionLoss
from email_assistant.training.planning import TrainingSetup


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_its_loss_is_that_of_transformers(name: str, tiny_model: Path, tmp_path: Path) -> None:
    kind, values, _ = ARCHITECTURES[name]
    model = save_model(tmp_path, AutoTokenizer.from_pretrained(tiny_model), kind, values)
    tuned, mode = fresh(model, lora()), ARCHITECTURES[name][2]
    tuned.model.eval()
    batch = collate(encoded(tiny_model), tuned.device)
    loss = CompletionLoss(tuned.model)
    with torch.no_grad():
        found, expected = loss(batch), reference_loss(tuned, batch)
    assert loss.mode == mode
    assert float(found) == pytest.approx(float(expected), rel=1e-4)
    # The plan knows it without the weights.
    setup = TrainingSetup(model_settings(model), lora(), settings(), 1)
    machine = planning.local_machine(setup.model)
    assert setup.mode(machine, architecture(setup.model)) == mode
