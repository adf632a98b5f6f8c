"""The loss and the gradients of every way, beside those of transformers: right first, then fast."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from benchmarks.gpu import models
from benchmarks.gpu.session import Session
from benchmarks.gpu.sizes import NumberFormat, Shape
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel
from email_assistant.training.batches import collate
from email_assistant.training.loss import CompletionLoss, ForwardMode

WAYS: tuple[ForwardMode, ...] = ("varlen", "packed", "padded", "full_logits", "decoder")
# Those that not every device has.
OPTIONAL = ("varlen", "decoder")
# The largest difference, in nats per target token.
TOLERANCE = 1e-2


def measure(session: Session) -> None:
    """Every shape in every format; the main model first."""
    if error := models.nf4_error(session.device.type):
        session.figure("bitsandbytes", {"error": error, "instead": "NF4 in plain torch"})
    for shape in session.sizes.compared:
        for number_format in reversed(session.sizes.formats):
            session.measure(f"{shape.name} {number_format.name}", partial(_compare, session, shape, number_format), 5)
    session.measure("what a wrong mask would change", partial(_with_a_leak, session))


def _compare(session: Session, shape: Shape, number_format: NumberFormat) -> dict[str, Any]:
    base = models.random_base(shape, number_format, session.device)
    examples = models.examples_of(session.sizes.loss_lengths, shape)
    with models.adapted(base) as tuned:
        return compare_ways(tuned, examples)


def compare_ways(model: LanguageModel, examples: Sequence[TokenizedExample]) -> dict[str, Any]:
    """The losses of all ways that this model and device support, in nats per target token.

    Args:
        model: A model with an adapter.
        examples: The sequences of the batch.

    Returns:
        `transformers`: the reference, one sequence at a time. `chosen`: the way that training would take. For each way
        whether training would accept it, its loss, the difference, whether that is at most `TOLERANCE`, and the
        distance of the gradients.
    """
    reference, expected = _reference(model, examples)
    batch = collate(examples, model.device)
    chosen = CompletionLoss(model.model).choose_mode(batch)
    results: dict[str, Any] = {"transformers": reference, "chosen": chosen}
    for way in WAYS:
        loss = CompletionLoss(model.model, (way,))
        accepted = loss.choose_mode(batch) == way
        if way in OPTIONAL and not accepted:
            results[way] = "not supported here, or its logits differ"
            continue
        # Also where training would not take it: the difference tells why.
        loss.mode = way
        total = loss(batch) / batch.num_target_tokens
        total.backward()  # type: ignore[no-untyped-call]
        gradients = _take_gradients(model)
        value = float(total.detach())
        distance = float((gradients - expected).norm() / expected.norm())
        difference = value - reference
        results[way] = {
            "accepted": accepted,
            "loss": value,
            "difference": difference,
            "equal": abs(difference) <= TOLERANCE,
            "gradient_distance": distance,
        }
    return results


def _reference(model: LanguageModel, examples: Sequence[TokenizedExample]) -> tuple[float, torch.Tensor]:
    """The loss of transformers' own classes, and the gradients of the adapter in one row."""
    module: Any = model.model
    targets = sum(example.num_target_tokens for example in examples)
    total = 0.0
    for example in examples:
        with _autocast(model):
            # transformers divides by the number of targets of the sequence.
            loss = module(**models.padded_batch([example], model.device)).loss * example.num_target_tokens / targets
        loss.backward()
        total += float(loss.detach())
    return total, _take_gradients(model)


def _take_gradients(model: LanguageModel) -> torch.Tensor:
    """All gradients of the adapter, which then has none."""
    weights = models.trained(model).values()
    gradients = torch.cat([weight.grad.float().flatten() for weight in weights if weight.grad is not None])
    for weight in weights:
        weight.grad = None
    return gradients


def _autocast(model: LanguageModel) -> Any:
    """As in training."""
    return torch.autocast(model.device.type, model.dtype, enabled=model.dtype != torch.float32)


def _with_a_leak(session: Session) -> dict[str, float]:
    """The difference between the losses of sequences apart and of the same in one row without a border between them.

    It is what the comparison has to notice, so it has to be larger than the tolerance.
    """
    shape = session.sizes.small
    base = models.random_base(shape, session.sizes.formats[0], session.device)
    examples = models.examples_of(session.sizes.loss_lengths, shape)
    whole = TokenizedExample([token for example in examples for token in example.ids], 1)
    batch = models.padded_batch([whole], session.device)
    labels = [models.padded_batch([example], session.device)["labels"][0] for example in examples]
    batch["labels"] = torch.cat(labels)[None]
    module: Any = base.model
    with torch.no_grad():
        apart = _reference_loss(base, examples)
        return {"difference": float(module(**batch).loss) - apart}


def _reference_loss(model: LanguageModel, examples: Sequence[TokenizedExample]) -> float:
    module: Any = model.model
    losses = [module(**models.padded_batch([example], model.device)).loss for example in examples]
    sums = [float(loss) * example.num_target_tokens for loss, example in zip(losses, examples, strict=True)]
    return sum(sums) / sum(example.num_target_tokens for example in examples)
