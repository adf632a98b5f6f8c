"""How fast a training step will be, from a few seconds of one with two layers of random weights."""

import statistics
import time
from collections.abc import Sequence

import torch
from transformers import AutoModelForCausalLM, PretrainedConfig

from email_assistant.config import Lora
from email_assistant.language_model.blueprint import replace_linear_layers, with_layers
from email_assistant.language_model.loading import attach, quantized
from email_assistant.training.batches import Batch
from email_assistant.training.loss import CompletionLoss

ROUNDS = 3


def seconds_of_step(
    config: PretrainedConfig,
    lora: Lora,
    *,
    device: torch.device,
    dtype: torch.dtype,
    nf4: bool,
    lengths: Sequence[int],
    supervised: float,
    recompute: bool,
) -> float:
    """Seconds of forward and backward over one micro-batch, for all layers of the architecture.

    Measured with one layer and with two; every further one takes what the second did.
    """
    one, two = (
        _median_seconds(config, count, lora, device, dtype, nf4, lengths, supervised, recompute) for count in (1, 2)
    )
    estimate: float = one + (config.num_hidden_layers - 1) * max(two - one, 0.0)
    return estimate


def _median_seconds(
    config: PretrainedConfig,
    layers: int,
    lora: Lora,
    device: torch.device,
    dtype: torch.dtype,
    nf4: bool,
    lengths: Sequence[int],
    supervised: float,
    recompute: bool,
) -> float:
    with device:
        model = AutoModelForCausalLM.from_config(with_layers(config, layers), dtype=dtype)
    model.requires_grad_(False)
    if nf4:
        replace_linear_layers(model, lambda layer: quantized(layer, dtype, device))
        model.is_loaded_in_4bit = True
    tuned = attach(model, lora)
    tuned.train()
    if recompute:
        tuned.gradient_checkpointing_enable({"use_reentrant": False})
    batch = _batch(lengths, supervised, device, config.vocab_size)
    loss = CompletionLoss(tuned, recompute=recompute)
    loss.choose_way(batch)
    seconds = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            total = loss(batch)
        total.backward()  # type: ignore[no-untyped-call]
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    # The first one makes the memory that the others find.
    return statistics.median(seconds[1:])


def _batch(lengths: Sequence[int], supervised: float, device: torch.device, vocabulary: int) -> Batch:
    ids = torch.arange(sum(lengths), device=device) % vocabulary
    marks = torch.cat([torch.arange(length) >= max(1, round(length * (1 - supervised))) for length in lengths])
    return Batch(ids, marks.to(device), list(lengths))
