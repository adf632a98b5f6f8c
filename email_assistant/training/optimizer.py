"""The optimizer, its learning rate, and loss scaling for float16."""

import math
from collections.abc import Mapping

import torch

from email_assistant.configuration.schema import Trainer as Settings
from email_assistant.errors import DataError


def build_optimizer(settings: Settings, weights: Mapping[str, torch.nn.Parameter]) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101), paged and in 8 bit where configured.

    With LoRA+ (Hayou et al. 2024, arXiv:2402.12354) B has a higher learning rate than A: each parameter group has a
    `rate_factor`, which the trainer multiplies the learning rate by.

    Args:
        settings: The trainer's settings.
        weights: The weights to train, by name.

    Raises:
        DataError: when the paged optimizer is configured and there is no CUDA.
    """
    lora_b = [weight for name, weight in weights.items() if "lora_B" in name]
    others = [weight for name, weight in weights.items() if "lora_B" not in name]
    groups = [
        {"params": others, "rate_factor": 1.0},
        {"params": lora_b, "rate_factor": settings.lora_plus_ratio},
    ]
    if settings.optimizer == "paged_adamw_8bit":
        if not torch.cuda.is_available():
            raise DataError("trainer.optimizer = paged_adamw_8bit: needs CUDA; use adamw")
        # Optional: only needed with CUDA.
        from bitsandbytes.optim import PagedAdamW8bit

        paged: torch.optim.Optimizer = PagedAdamW8bit(
            groups, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        return paged
    on_gpu = all(weight.device.type == "cuda" for weight in weights.values())
    # One kernel updates all weights. On the CPU it would round differently from the loop over them.
    return torch.optim.AdamW(
        groups, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True if on_gpu else None
    )


def learning_rate(settings: Settings, step: int, total_steps: int) -> float:
    """The learning rate of a step, counted from 0: linear warm-up, then constant, linear or cosine decay to 0."""
    warmup = math.ceil(settings.warmup_fraction * total_steps)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    progress = (step - warmup) / max(1, total_steps - warmup)
    if settings.scheduler == "cosine":
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
    return settings.learning_rate * (1 - progress if settings.scheduler == "linear" else 1.0)


def grad_scaler(device: torch.device, dtype: torch.dtype) -> torch.amp.GradScaler:
    """Loss scaling (Micikevicius et al. 2017, arXiv:1710.03740), which does nothing unless the model is float16.

    The gradient of a mean over thousands of tokens is below float16's smallest number: unscaled, it would become zero.
    """
    return torch.amp.GradScaler(device.type, enabled=dtype == torch.float16)
