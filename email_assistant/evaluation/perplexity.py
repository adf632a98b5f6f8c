"""Perplexity of the owner's mails under a model."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from email_assistant.language_model.device import out_of_memory_named
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.metrics.per_mail_score import PerMailScore
from email_assistant.training.batches import collate
from email_assistant.training.loss import CompletionLoss


class Surprisal:
    """Negative log-likelihoods of completions under a model."""

    def __init__(self, model: Any, device: torch.device) -> None:
        """Prepare the model; its weights and its adapter may change between calls.

        Args:
            model: A causal model of transformers, in evaluation mode.
            device: The model's device.
        """
        self._loss, self._device = CompletionLoss(model), device

    @torch.no_grad()
    def nats(self, example: TokenizedExample) -> float:
        """The negative log-likelihood of an example's completion, summed over its tokens, in nats."""
        with out_of_memory_named(
            "the logits of a single mail: use a lower trainer.max_length or model.quantization=nf4"
        ):
            return float(self._loss(collate([example], self._device)))


def perplexity(
    model: Any, examples: Sequence[TokenizedExample], device: torch.device, advance: Callable[[], None]
) -> PerMailScore:
    """Perplexity of completions: the exponential of the mean negative log-likelihood per token, end of turn included.

    Jelinek et al. 1977 (doi:10.1121/1.2016299). Comparable only between models with the same tokenizer.

    Args:
        model: A causal model of transformers, in evaluation mode.
        examples: Prompt and mail of each pair.
        device: The model's device.
        advance: Called after each example.
    """
    surprisal = Surprisal(model, device)
    contributions = []
    for example in examples:
        contributions.append([surprisal.nats(example), float(example.num_target_tokens)])
        advance()
    return PerMailScore(np.array(contributions), "perplexity")
