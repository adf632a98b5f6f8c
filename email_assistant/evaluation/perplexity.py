"""Perplexity of the owner's real mails: how little a model is surprised by them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.metrics.measured import Measured
from email_assistant.training.batches import collate
from email_assistant.training.loss import CompletionLoss


class Surprise:
    """How little a model expects the mails after their prompts."""

    def __init__(self, model: Any, device: torch.device) -> None:
        """Look at the model once; its weights and its adapter are read anew at every call.

        Args:
            model: A causal model of transformers, in evaluation mode.
            device: Where it is.
        """
        self._loss, self._device = CompletionLoss(model), device

    @torch.no_grad()
    def nats(self, example: TokenizedExample) -> float:
        """The sum over the supervised tokens of an example."""
        return float(self._loss(collate([example], self._device)))


def perplexity(
    model: Any, examples: Sequence[TokenizedExample], device: torch.device, advance: Callable[[], None]
) -> Measured:
    """The exponential of the mean surprise of a mail's token, end of the turn included, after its prompt.

    Jelinek et al. 1977 (doi:10.1121/1.2016299). Comparable only between models with the same tokenizer.

    Args:
        model: A causal model of transformers, in evaluation mode.
        examples: Prompt and real mail of each test mail.
        device: Where the model is.
        advance: Called after each.
    """
    surprise = Surprise(model, device)
    parts = []
    for example in examples:
        parts.append([surprise.nats(example), float(example.num_target_tokens)])
        advance()
    return Measured(np.array(parts), "perplexity")
