"""Training with dropout: this project's forward and backward pass compared with peft's.

python -m benchmarks dropout    forward and backward over sixteen mails of the demo, LoRA r=16, lora.dropout=0.05
"""

import dataclasses
from collections.abc import Callable

from benchmarks.model import DEMO, load_bundled
from benchmarks.training import LORA, MAILS, backward, encoded
from email_assistant.language_model.loading import add_adapter
from email_assistant.training.loss import CompletionLoss

DROPOUT = 0.05


def prepare() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Both on the same mails; each draws its own dropout masks."""
    model = add_adapter(load_bundled(), dataclasses.replace(LORA, dropout=DROPOUT), seed=1)
    model.model.train()
    examples = encoded(model, DEMO, [], MAILS)
    ours, peft = CompletionLoss(model.model), CompletionLoss(model.model, ("padded",))
    return (
        "to peft, padded",
        lambda: backward(model, examples, ours),
        lambda: backward(model, examples, peft),
    )
