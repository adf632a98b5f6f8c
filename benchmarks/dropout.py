"""Training with dropout: this project's forward and backward pass compared with peft's, and with its own without it.

python -m benchmarks dropout    forward and backward over four mails of the demo, LoRA r=16, lora.dropout=0.05
"""

import dataclasses
from collections.abc import Sequence
from functools import partial

from benchmarks.measure import Row, compare, speed
from benchmarks.model import load_bundled
from benchmarks.training import BATCH, LORA, SETTINGS, encoded
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel, add_adapter
from email_assistant.training.batches import collate, micro_batches
from email_assistant.training.loss import CompletionLoss

DROPOUT, MAILS = 0.05, 4


def rows(rounds: int) -> list[Row]:
    """Tokens per second on the same mails; each arm draws its own dropout masks."""
    model, without = (add_adapter(load_bundled(), dataclasses.replace(LORA, dropout=p), seed=1) for p in (DROPOUT, 0.0))
    examples = encoded(model.encoder, MAILS)
    for tuned in (model, without):
        tuned.model.train()
    ours, padded, plain = (
        partial(backward, tuned, examples, CompletionLoss(tuned.model, modes))
        for tuned, modes in ((model, None), (model, ("padded",)), (without, None))
    )
    for arm in (ours, padded, plain):
        # The first call also chooses how the loss is computed.
        arm()
    peers = {"PEFT, padded": speed(padded), "itself without dropout": speed(plain)}
    return compare(f"forward and backward with dropout {DROPOUT}, float32, tokens/s", speed(ours), peers, rounds)


def backward(model: LanguageModel, examples: Sequence[TokenizedExample], loss: CompletionLoss) -> int:
    """Forward and backward over all examples; returns the number of their tokens."""
    for start in range(0, len(examples), BATCH):
        for group in micro_batches(examples[start : start + BATCH], SETTINGS.micro_batch_tokens):
            loss(collate(group, model.device)).backward()  # type: ignore[no-untyped-call]
    model.model.zero_grad()
    return sum(len(example.ids) for example in examples)
