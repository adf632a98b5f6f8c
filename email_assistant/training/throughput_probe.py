"""How fast training and writing will be, from a few seconds of each with two layers of random weights."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, DynamicCache, PretrainedConfig

from email_assistant.configuration.schema import Lora
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.loading import attach_lora, quantize_nf4
from email_assistant.language_model.meta_model import replace_linear_layers, with_layers
from email_assistant.training.batches import Batch
from email_assistant.training.loss import CompletionLoss

ROUNDS = 3
# So many tokens of an answer are written; every further one takes what these did.
WRITTEN = 8


@dataclass(frozen=True)
class Probe:
    """What is measured: an architecture, and what it is computed with.

    Attributes:
        config: The base's architecture.
        device: Of the computation.
        dtype: Of the computation.
        nf4: Whether the base's linear layers are held in 4 bit.
    """

    config: PretrainedConfig
    device: torch.device
    dtype: torch.dtype
    nf4: bool

    def step_seconds(self, lora: Lora, lengths: Sequence[int], supervised: float, recompute: bool) -> float:
        """Seconds of forward and backward over one micro-batch, for all layers of the architecture.

        Args:
            lora: The adapter.
            lengths: Of the micro-batch's sequences.
            supervised: The share of their tokens that is supervised.
            recompute: Whether activations are made again in the backward pass.
        """
        one, two = (self._step_seconds(layers, lora, lengths, supervised, recompute) for layers in (1, 2))
        return _for_all_layers(self.config, one, two)

    @torch.inference_mode()
    def generation_seconds(self, rows: int, prompt: int, new_tokens: int) -> float:
        """Seconds for so many answers at once, each of so many tokens after a prompt of so many."""
        prompts = (torch.arange(rows * prompt, device=self.device) % self.config.vocab_size).view(rows, prompt)
        one, two = (self._answer_seconds(layers, prompts) for layers in (1, 2))
        reading, a_token = (_for_all_layers(self.config, *pair) for pair in zip(one, two, strict=True))
        return reading + new_tokens * a_token

    def _model(self, layers: int) -> Any:
        with self.device:
            model = AutoModelForCausalLM.from_config(with_layers(self.config, layers), dtype=self.dtype)
        model.requires_grad_(False)
        if self.nf4:
            replace_linear_layers(model, lambda layer: quantize_nf4(layer, self.dtype, self.device))
            model.is_loaded_in_4bit = True
        return model.eval()

    def _step_seconds(
        self, layers: int, lora: Lora, lengths: Sequence[int], supervised: float, recompute: bool
    ) -> float:
        tuned = attach_lora(self._model(layers), lora)
        tuned.train()
        if recompute:
            tuned.gradient_checkpointing_enable({"use_reentrant": False})
        batch = _batch(lengths, supervised, self.device, self.config.vocab_size)
        loss = CompletionLoss(tuned, recompute=recompute)
        loss.choose_mode(batch)
        seconds = []
        for _ in range(ROUNDS + 1):
            started = time.perf_counter()
            with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
                total = loss(batch)
            total.backward()  # type: ignore[no-untyped-call]
            seconds.append(_since(started, self.device))
        # The first one makes the memory that the others find.
        return statistics.median(seconds[1:])

    def _answer_seconds(self, layers: int, prompts: torch.Tensor) -> tuple[float, float]:
        """Of reading the prompts and of one further token for each; the first round makes memory for the second."""
        model = self._model(layers)
        return [_answer_seconds(model, prompts) for _ in range(2)][-1]


def _for_all_layers(config: PretrainedConfig, one: float, two: float) -> float:
    """From what one layer and two take; every further one takes what the second did."""
    return one + (int(config.num_hidden_layers) - 1) * max(two - one, 0.0)


def _answer_seconds(model: Any, prompts: torch.Tensor) -> tuple[float, float]:
    """Seconds of reading the prompts, (rows, tokens), and of one further token for each."""
    own = CachedDecoder.from_model(model)
    tokens = prompts[:, :1]
    started = time.perf_counter()
    if own:
        own.prefill(prompts.tolist())
    else:
        cache = DynamicCache(config=model.config)
        model(input_ids=prompts, cache=cache, use_cache=True, logits_to_keep=1)
    reading = _since(started, prompts.device)
    started = time.perf_counter()
    for _ in range(WRITTEN):
        if own:
            own.step(tokens.flatten().tolist())
        else:
            model(input_ids=tokens, cache=cache, use_cache=True, logits_to_keep=1)
    return reading, _since(started, prompts.device) / WRITTEN


def _since(started: float, device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _batch(lengths: Sequence[int], supervised: float, device: torch.device, vocabulary: int) -> Batch:
    ids = torch.arange(sum(lengths), device=device) % vocabulary
    marks = torch.cat([torch.arange(length) >= max(1, round(length * (1 - supervised))) for length in lengths])
    return Batch(ids, marks.to(device), list(lengths))
