"""The model card: where the mails are, a verdict, then numbers, and no text of a mail."""

from types import SimpleNamespace
from typing import Any

import pytest

from email_assistant.reports.model_card import model_card

CONFIG: Any = SimpleNamespace(
    model=SimpleNamespace(path="models/small/", quantization="none"),
    lora=SimpleNamespace(r=16, scale_numerator=32, dropout=0.0, target_modules="all-linear"),
    seed=1,
)
ARTIFACT: Any = SimpleNamespace(folder=SimpleNamespace(name="abc"), manifest={"counts": {"mails": 12}})
METRICS = {"train_mails": 12, "supervised_tokens": 500, "steps": 7, "best_step": 5, "validation_bleu": 12.5}


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(3.0, 2.25, "from 3.000 to 2.250 nats per token."), (2.0, 2.5, "did not lower")],
)
def test_mails_and_a_verdict_come_before_the_numbers(before: float, after: float, verdict: str) -> None:
    metrics = METRICS | {"base_validation_loss": before, "validation_loss": after}
    card = model_card(CONFIG, metrics, {"bleu": "nc:6"}, {"data": ARTIFACT}, "f00d")
    order = ["base_model: small", "validation_mails.jsonl", verdict, "| validation_bleu | 12.5 |", "r=16", "mails 12"]
    assert sorted(order, key=card.index) == order
