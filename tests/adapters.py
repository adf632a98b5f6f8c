"""Adapters of the tiny model: a base, what it computes, and a training that moves every factor."""

from pathlib import Path

import torch
from conftest import model_settings

from email_assistant.language_model.loading import LanguageModel, load_base


def base(path: Path) -> LanguageModel:
    return load_base(model_settings(path))


def logits(model: LanguageModel) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.model(input_ids=torch.arange(20)[None]).logits
    return found


def moved(model: LanguageModel, seed: int = 3) -> LanguageModel:
    """The model after a training that pushed every factor somewhere."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.model.parameters():
            if weight.requires_grad:
                weight.add_(0.1 * torch.randn_like(weight))
    return model
