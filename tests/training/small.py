"""Small trainings for tests: settings, a model whose every gradient counts, examples."""

import dataclasses
from pathlib import Path
from typing import Any

import torch
from conftest import lora, model_settings
from torch.nn import functional

from email_assistant.configuration.schema import Lora
from email_assistant.configuration.schema import Trainer as Settings
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base
from email_assistant.training.batches import Batch
from email_assistant.training.trainer import Trainer, TrainingData

LORA = lora(alpha=4, dropout=0.1)
PLAIN = dataclasses.replace(LORA, dropout=0.0)
SETTINGS = Settings(
    learning_rate=0.01,
    lora_plus_ratio=1.0,
    neftune_alpha=None,
    scheduler="cosine",
    warmup_fraction=0.1,
    optimizer="adamw",
    weight_decay=0.0,
    ema_decay=0.0,
    epochs=3,
    max_steps=None,
    batch_size=4,
    weighting="tokens",
    micro_batch_tokens=10_000,
    max_length=300,
    too_long="drop",
    max_grad_norm=1.0,
    gradient_checkpointing="auto",
    memory_gb=None,
    validations_per_epoch=2,
    patience=None,
    checkpoint_steps=2,
    checkpoint_seconds=0.0,
    scored_mails=2,
    canaries=0,
    canary_repeats=1,
    privacy="none",
    canary_limit=3.0,
    epsilon=8.0,
    delta=None,
)


def settings(**values: Any) -> Settings:
    return dataclasses.replace(SETTINGS, **values)


def fresh(path: Path, lora: Lora = LORA, quantization: str = "none") -> LanguageModel:
    """The tiny model in float32 with a new adapter."""
    return set_lora_b(add_adapter(load_base(model_settings(path, quantization)), lora, seed=1))


def set_lora_b(model: LanguageModel) -> LanguageModel:
    """Replace B's zeros by other values, so that no gradient is zero."""
    for name, weight in model.model.named_parameters():
        if "lora_B" in name:
            torch.manual_seed(len(name))
            torch.nn.init.normal_(weight, std=0.1)
    return model


def encoded(tiny_model: Path) -> list[TokenizedExample]:
    """Ten mails with their instructions."""
    encoder = fresh(tiny_model).encoder
    mails = [
        "Send rope.",
        "Bo, the lamp on the north pier is mended.",
        "No.",
        "Come to tea on Saturday at four o'clock!",
    ]
    found = [
        encoder.example(f"Ask {number}", mails[number % 4] * (1 + number % 3), 400, "drop") for number in range(10)
    ]
    return [example for example in found if example is not None]


def trainer(
    path: Path,
    examples: list[TokenizedExample],
    folder: Path,
    lora: Lora = LORA,
    kind: type[Trainer] = Trainer,
    **values: Any,
) -> Trainer:
    """A trainer of the tiny model on eight examples, with the others to validate on."""
    data = TrainingData(examples[:8], examples[8:])
    return kind(fresh(path, lora), data, settings(**values), 5, folder)


class Killed(Trainer):
    """A trainer that is interrupted after three steps."""

    killed_after = 3

    def train_step(self) -> None:
        if self.state.step == self.killed_after:
            raise KeyboardInterrupt
        super().train_step()


def trained(
    path: Path, examples: list[TokenizedExample], folder: Path, lora: Lora = LORA, **values: Any
) -> tuple[Trainer, dict[str, torch.Tensor]]:
    """A trainer after a whole training, and copies of the weights."""
    loop = trainer(path, examples, folder, lora, **values)
    loop.fit()
    return loop, {name: weight.detach().clone() for name, weight in loop.weights.items()}


def distance(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> float:
    """The largest difference of any value."""
    return max(float((left[name] - right[name]).detach().abs().max()) for name in left)


def relative_distance(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> float:
    """The largest difference of any value from that on the right, whose largest value is 1."""
    return distance(left, right) / max(float(values.detach().abs().max()) for values in right.values())


def gradients(model: LanguageModel, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    """Copies of the gradients of a loss."""
    model.model.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return {name: weight.grad.clone() for name, weight in model.model.named_parameters() if weight.grad is not None}


def reference_loss(model: LanguageModel, batch: Batch) -> torch.Tensor:
    """The summed loss of a batch by the model's own logits of each sequence by itself."""
    pieces = batch.ids.split(batch.lengths)
    logits = torch.cat([model.model(input_ids=piece[None]).logits[0] for piece in pieces])
    targets = batch.ids.masked_fill(~batch.loss_mask, -100)[1:]
    return functional.cross_entropy(logits[:-1], targets, reduction="sum")
