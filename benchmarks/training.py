"""A training step: this project's batches and loss beside the usual ones, same model, same mails.

The usual: a padded batch with its attention mask through the whole model, logits for every position.
"""

from collections.abc import Callable

import torch

from benchmarks.model import embedded, pairs
from email_assistant.config import Lora
from email_assistant.language_model.loading import add_adapter
from email_assistant.training.batches import collate, micro_batches
from email_assistant.training.loss import CompletionLoss

MAILS, BATCH, TOKENS = 16, 8, 2048


def prepare() -> tuple[str, Callable[[], object], Callable[[], object]]:
    """Forward and backward over sixteen mails, LoRA r=16 on all linear layers, float32."""
    lora = Lora(r=16, alpha=32, dropout=0.0, target_modules="all-linear", use_rslora=False, use_dora=False)
    model = add_adapter(embedded(), lora, seed=1)
    found = [model.encoder.example(instruction, mail, 1024, "drop") for instruction, mail in pairs()[:MAILS]]
    examples = [example for example in found if example is not None]
    loss = CompletionLoss(model.model)

    def ours() -> None:
        for start in range(0, len(examples), BATCH):
            for group in micro_batches(examples[start : start + BATCH], TOKENS):
                loss(collate(group, model.encoder.pad_id, model.device)).backward()  # type: ignore[no-untyped-call]
        model.model.zero_grad()

    def peer() -> None:
        for start in range(0, len(examples), BATCH):
            batch = collate(examples[start : start + BATCH], model.encoder.pad_id, model.device)
            lengths = torch.tensor([len(example.ids) for example in examples[start : start + BATCH]])
            mask = (torch.arange(batch.ids.shape[1]) < lengths[:, None]).long()
            labels = batch.ids.masked_fill(~batch.supervised, -100)
            model.model(input_ids=batch.ids, attention_mask=mask, labels=labels).loss.backward()
        model.model.zero_grad()

    return "to padded batches with logits everywhere", ours, peer
