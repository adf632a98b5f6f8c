"""The speed of training and of generation, measured for a few seconds on two layers of random weights."""

import statistics
import time
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, DynamicCache, PretrainedConfig

from email_assistant.configuration.schema import Lora
from email_assistant.language_model.beam_search import Hypothesis, beam_search
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoder import recomputed_layers
from email_assistant.language_model.decoding import SamplingParams
from email_assistant.language_model.loading import attach_lora, quantize_nf4
from email_assistant.language_model.meta_model import replace_linear_layers, with_layers
from email_assistant.language_model.static_decoder import decoder_on
from email_assistant.training.batches import Batch
from email_assistant.training.loss import CompletionLoss
from email_assistant.training.memory_estimate import MicroBatch, on_every_layer
from email_assistant.training.trainer import enable_recomputation

ROUNDS = 3
# Tokens that are generated; each further token is assumed to take as long as these.
GENERATED_TOKENS = 8


@dataclass(frozen=True)
class ThroughputProbe:
    """Measures an architecture on a device.

    Attributes:
        config: The base's architecture.
        device: The device of the computation.
        dtype: The number format of the computation.
        nf4: Whether the base's linear layers are in 4 bit.
        is_dense: Whether a GPU has room for a dense copy of the weights, which it then writes with.
    """

    config: PretrainedConfig
    device: torch.device
    dtype: torch.dtype
    nf4: bool
    is_dense: bool = False

    def step_seconds(self, lora: Lora, batch: MicroBatch, recompute: bool | int) -> float:
        """Seconds of the forward and backward pass of one micro-batch, for all layers of the architecture.

        Args:
            lora: The adapter.
            batch: The micro-batch.
            recompute: The layers that recompute activations in the backward pass; True: all.
        """
        layers = int(self.config.num_hidden_layers)
        share = recomputed_layers(recompute, layers) / layers
        seconds = 0.0
        for recomputes, weight in ((False, 1 - share), (True, share)):
            if weight:
                one, two = (self._measure_step(count, lora, batch, recomputes) for count in (1, 2))
                seconds += weight * _for_all_layers(self.config, one, two)
        return seconds

    def generation_seconds(
        self, lora: Lora | None, rows: int, prompt_tokens: int, new_tokens: int, beams: int = 1
    ) -> float:
        """Seconds to generate `new_tokens` in each of `rows` rows of one batch, for all layers.

        Args:
            lora: The adapter; None: the base generates. Where transformers generates on a GPU, which waits for each
                operation to be started, the adapter's operations can double the time.
            rows: Number of rows.
            prompt_tokens: Length of each prompt.
            new_tokens: Tokens after each.
            beams: Rows of each prompt, which are the beams of a search; 1: no search.
        """
        prefill, per_token = self.prefill_and_token_seconds(lora, rows, prompt_tokens, beams)
        return prefill + new_tokens * per_token

    @torch.inference_mode()
    def prefill_and_token_seconds(
        self, lora: Lora | None, rows: int, prompt_tokens: int, beams: int = 1
    ) -> tuple[float, float]:
        """Seconds to read the prompts, and to generate one further token in each row, for all layers.

        The arguments are those of `generation_seconds`.
        """
        prompts = max(1, rows // beams)
        ids = torch.arange(prompts * prompt_tokens, device=self.device) % self.config.vocab_size
        one, two = (self._measure_generation(layers, lora, ids.view(prompts, -1), beams) for layers in (1, 2))
        prefill, per_token = (_for_all_layers(self.config, *pair) for pair in zip(one, two, strict=True))
        return prefill, per_token

    def _random_model(self, layers: int) -> Any:
        with self.device:
            model = AutoModelForCausalLM.from_config(with_layers(self.config, layers), dtype=self.dtype)
        model.requires_grad_(False)
        if self.nf4:
            replace_linear_layers(model, lambda layer: quantize_nf4(layer, self.dtype, self.device))
            model.is_loaded_in_4bit = True
        return model.eval()

    def _measure_step(self, layers: int, lora: Lora, shape: MicroBatch, recompute: bool) -> float:
        model = attach_lora(self._random_model(layers), on_every_layer(lora))
        model.train()
        if recompute:
            enable_recomputation(model)
        batch = _batch(shape, self.device, self.config.vocab_size)
        loss = CompletionLoss(model, recompute=recompute)
        loss.choose_mode(batch)
        seconds = []
        for _ in range(ROUNDS + 1):
            started = time.perf_counter()
            loss(batch).backward()  # type: ignore[no-untyped-call]
            seconds.append(_seconds_since(started, self.device))
        # The first round allocates the memory that the others reuse.
        return statistics.median(seconds[1:])

    def _measure_generation(
        self, layers: int, lora: Lora | None, prompts: torch.Tensor, beams: int
    ) -> tuple[float, float]:
        """Seconds of the prefill, and of one further token for each row.

        Only the last round counts: those before it allocate memory and, on a GPU, record the steps that it replays.
        """
        model = self._random_model(layers)
        if lora:
            model = attach_lora(model, on_every_layer(lora)).eval()
        decoder = decoder_on(self.device, model, self.is_dense)
        if decoder is None:
            return [_measure_by_transformers(model, prompts, beams) for _ in range(2)][-1]
        return [_measure_decoder(decoder, prompts, beams) for _ in range(3 if self.is_dense else 2)][-1]


def _for_all_layers(config: PretrainedConfig, one: float, two: float) -> float:
    """Extrapolate from one and two layers: each further layer takes what the second did."""
    return one + (int(config.num_hidden_layers) - 1) * max(two - one, 0.0)


def _measure_decoder(decoder: CachedDecoder, prompts: torch.Tensor, beams: int) -> tuple[float, float]:
    """Seconds of the prefill of prompts, (prompts, tokens), and of one further token for each row."""
    started = time.perf_counter()
    decoder.prefill(prompts.tolist())
    prefill = _seconds_since(started, prompts.device)
    if beams > 1:
        _evict_all(decoder, prompts)
        return prefill, max(0.0, _search_seconds(decoder, prompts, beams) - prefill) / GENERATED_TOKENS
    tokens = prompts[:, 0].tolist()
    started = time.perf_counter()
    for _ in range(GENERATED_TOKENS):
        decoder.step(tokens)
    per_token = _seconds_since(started, prompts.device) / GENERATED_TOKENS
    _evict_all(decoder, prompts)
    return prefill, per_token


def _evict_all(decoder: CachedDecoder, prompts: torch.Tensor) -> None:
    for _ in prompts:
        decoder.evict(0)


def _search_seconds(decoder: CachedDecoder, prompts: torch.Tensor, beams: int) -> float:
    """Seconds of searches for texts of `GENERATED_TOKENS` tokens after their first one."""
    params, rows = SamplingParams(1 + GENERATED_TOKENS), len(prompts) * beams
    started = time.perf_counter()
    beam_search(decoder, prompts.tolist(), params, beams, (), rows, _ignore)
    return _seconds_since(started, prompts.device)


def _ignore(index: int, found: list[Hypothesis]) -> None:
    """What random weights write does not matter."""


def _measure_by_transformers(model: Any, prompts: torch.Tensor, beams: int) -> tuple[float, float]:
    """As `_measure_decoder`, for models that this project's decoder does not support."""
    cache = DynamicCache(config=model.config)
    prompts = prompts.repeat_interleave(beams, dim=0)
    tokens = prompts[:, :1]
    rows: Any = torch.arange(len(prompts), device=prompts.device)
    started = time.perf_counter()
    model(input_ids=prompts, cache=cache, use_cache=True, logits_to_keep=1)
    prefill = _seconds_since(started, prompts.device)
    started = time.perf_counter()
    for _ in range(GENERATED_TOKENS):
        logits = model(input_ids=tokens, cache=cache, use_cache=True, logits_to_keep=1).logits
        if beams > 1:
            # The choice among all continuations, and the order of the beams.
            logits[:, -1].float().log_softmax(dim=-1).view(len(prompts) // beams, -1).topk(2 * beams)
            cache.reorder_cache(rows)
    return prefill, _seconds_since(started, prompts.device) / GENERATED_TOKENS


def _seconds_since(started: float, device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _batch(shape: MicroBatch, device: torch.device, vocabulary: int) -> Batch:
    """A batch of arbitrary ids, in which the last tokens of each sequence are targets."""
    ids = torch.arange(shape.num_tokens, device=device) % vocabulary
    masks = [torch.arange(length) >= max(1, round(length * (1 - shape.target_share))) for length in shape.lengths]
    return Batch(ids, torch.cat(masks).to(device), shape.lengths)
