"""The loss of supervised tokens alone: no logits are made where nothing is to be predicted."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from email_assistant.training.batches import Batch

# Rows of logits that exist at once; of a vocabulary of 128,000 in float32 that is 0.25 GB.
CHUNK = 512


class CompletionLoss:
    """Sums the cross-entropy of supervised tokens.

    The usual model is a decoder and an output head without bias: there the head is applied to
    supervised positions alone, in chunks. Models that do more to their logits (soft caps, scales) are
    recognised by comparing once, and take the whole forward pass.
    """

    def __init__(self, model: nn.Module) -> None:
        """Look at how the model makes its logits; nothing is computed yet."""
        wrapped: Any = model
        base: Any = wrapped.get_base_model() if hasattr(model, "get_base_model") else model
        self._model = model
        self._decoder: Any = base.base_model
        self._head: Any = base.get_output_embeddings()
        self._direct: bool | None = None

    @property
    def takes_supervised_alone(self) -> bool | None:
        """Whether logits are made for supervised tokens alone; None before the first batch."""
        return self._direct

    def __call__(self, batch: Batch) -> torch.Tensor:
        """The summed loss of a batch, a scalar in nats; divide by the step's supervised tokens."""
        if self._direct is None:
            self._direct = self._is_direct(batch)
        targets = batch.ids[:, 1:][batch.supervised[:, 1:]]
        if self._direct:
            hidden = self._hidden(batch)[:, :-1][batch.supervised[:, 1:]]
            return _HeadLoss.apply(hidden, self._head.weight, targets)  # type: ignore[no-any-return,no-untyped-call]
        logits = self._model(input_ids=batch.ids, use_cache=False).logits[:, :-1][batch.supervised[:, 1:]]
        return functional.cross_entropy(logits.float(), targets, reduction="sum")

    def _hidden(self, batch: Batch) -> torch.Tensor:
        """States of the last layer, (rows, longest, width)."""
        hidden: torch.Tensor = self._decoder(input_ids=batch.ids, use_cache=False).last_hidden_state
        return hidden

    @torch.no_grad()
    def _is_direct(self, batch: Batch) -> bool:
        """Compare both ways on one row, without dropout and without touching the state of training."""
        head = self._head
        if type(head) is not nn.Linear or head.bias is not None or head.weight.requires_grad:
            return False
        first = Batch(batch.ids[:1], batch.supervised[:1])
        was_training = self._model.training
        self._model.eval()
        expected = self._model(input_ids=first.ids, use_cache=False).logits.float()
        found = head(self._hidden(first)).float()
        self._model.train(was_training)
        return bool(torch.allclose(found, expected, rtol=1e-2, atol=1e-2 * float(expected.abs().max())))


class _HeadLoss(torch.autograd.Function):
    """Cross-entropy of a frozen head's logits; the gradient is made chunk by chunk in the forward pass."""

    @staticmethod
    def forward(context: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        total = hidden.new_zeros((), dtype=torch.float32)
        gradient = torch.empty_like(hidden) if context.needs_input_grad[0] else None
        for start in range(0, len(targets), CHUNK):
            part = slice(start, start + CHUNK)
            logits = functional.linear(hidden[part], weight).float()
            rows = torch.arange(len(logits), device=logits.device)
            normaliser = logits.logsumexp(dim=-1, keepdim=True)
            total += (normaliser.squeeze(1) - logits[rows, targets[part]]).sum()
            if gradient is not None:
                probabilities = logits.sub_(normaliser).exp_()
                probabilities[rows, targets[part]] -= 1
                gradient[part] = probabilities.to(weight.dtype) @ weight
        context.gradient = gradient
        return total

    @staticmethod
    def backward(context: Any, *above: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        return context.gradient * above[0], None, None
