"""Models of random weights, made on the device, and what they are trained on and write after."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM

from benchmarks.gpu.nf4 import bitsandbytes_error, quantized
from benchmarks.gpu.sizes import NumberFormat, Shape
from benchmarks.settings import composed
from email_assistant.configuration.checks import ConfigChecks
from email_assistant.configuration.schema import Config, Model
from email_assistant.language_model.device import free_memory
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel, add_adapter
from email_assistant.training.planning import Machine, TrainingSetup

# Deviation of the logits: a model of usual random weights predicts all tokens alike, whatever it reads.
LOGIT_DEVIATION = 3.0
# Deviation of B, so that the adapter has an effect.
LORA_B_DEVIATION = 0.01
# The share of a sequence that is the prompt.
PROMPT_SHARE = 0.4
VOCABULARY = ("model.embed_tokens", "lm_head")
CHECKS = ConfigChecks(("all",), ())


class IdEncoder:
    """Stands for a chat encoder: no id ends a text, and a text is its ids."""

    stop_ids: frozenset[int] = frozenset()
    pad_id = 0

    def decode(self, ids: Sequence[int]) -> str:
        """The ids, separated by spaces."""
        return " ".join(map(str, ids))


@cache
def settings() -> Config:
    """The configuration of QLoRA."""
    return composed(CHECKS, "trainer=large", "trainer.scheduler=constant", "trainer.warmup_fraction=0")


@cache
def nf4_error(device: str) -> str | None:
    """Why NF4 is this benchmark's own, in plain torch; None: it is that of bitsandbytes."""
    return bitsandbytes_error(torch.device(device))


def model_settings(shape: Shape, number_format: NumberFormat, device: torch.device) -> Model:
    """The model group of the configuration for a shape that has no folder."""
    return dataclasses.replace(
        settings().model,
        path="no folder: random weights",
        gguf=None,
        head_start=None,
        architecture=shape.architecture,
        quantization="nf4" if number_format.nf4 else "none",
        dtype=str(number_format.dtype).removeprefix("torch."),
        device=device.type,
    )


def setup_of(shape: Shape, number_format: NumberFormat, device: torch.device) -> tuple[TrainingSetup, Machine]:
    """What `stage=plan` estimates the memory of."""
    config = settings()
    model = model_settings(shape, number_format, device)
    machine = Machine("", device, number_format.dtype, memory=0, process=0, is_local=True)
    return TrainingSetup(model, config.lora, config.trainer, config.seed), machine


def random_base(shape: Shape, number_format: NumberFormat, device: torch.device, seed: int = 1) -> LanguageModel:
    """A frozen model, made layer by layer: its weights are never in memory all at once unquantized."""
    # Before the seed, since it draws random numbers the first time.
    own = number_format.nf4 and nf4_error(device.type) is not None
    torch.manual_seed(seed)
    config, dtype = shape.config(), number_format.dtype
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    model.requires_grad_(False)
    # By name: a list of modules would keep the unquantized ones alive.
    for name in [name for name, module in model.named_modules() if module._parameters]:
        module = model.get_submodule(name)
        module.to_empty(device=device)
        _fill(module, LOGIT_DEVIATION if name in VOCABULARY else 1.0)
        if number_format.nf4 and ".layers." in name and isinstance(module, nn.Linear):
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], quantized(module, dtype, device, own))
    model.tie_weights()
    model.model.rotary_emb = type(model.model.rotary_emb)(config).to(device)
    model.is_loaded_in_4bit = number_format.nf4 and not own
    model.eval()
    return LanguageModel(model, IdEncoder(), device, dtype)  # type: ignore[arg-type]


def _fill(module: nn.Module, scale: float) -> None:
    """Ones for norms; for other weights, random numbers that multiply the size of what passes through by `scale`."""
    for weight in module.parameters():
        if weight.dim() == 1:
            nn.init.ones_(weight)
        else:
            nn.init.normal_(weight, std=scale / weight.shape[1] ** 0.5)


@contextmanager
def adapted(base: LanguageModel, seed: int = 1) -> Iterator[LanguageModel]:
    """The base with a new adapter that has an effect; afterwards the base is as it was."""
    tuned = add_adapter(base, settings().lora, seed)
    for name, weight in tuned.model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(weight, std=LORA_B_DEVIATION)
    wrapped: Any = tuned.model
    try:
        yield tuned
    finally:
        if wrapped.is_gradient_checkpointing:
            wrapped.gradient_checkpointing_disable()
        wrapped.unload()
        wrapped.eval()
        free_memory()


def trained(model: LanguageModel) -> dict[str, nn.Parameter]:
    """The adapter's weights, by name."""
    return {name: weight for name, weight in model.model.named_parameters() if weight.requires_grad}


def examples_of(lengths: Sequence[int], shape: Shape, seed: int = 1) -> list[TokenizedExample]:
    """Sequences of random ids, of these lengths."""
    generator = torch.Generator().manual_seed(seed)
    ids = [torch.randint(shape.vocabulary, (length,), generator=generator).tolist() for length in lengths]
    return [TokenizedExample(each, max(1, round(PROMPT_SHARE * len(each)))) for each in ids]


def prompts_of(rows: int, length: int, shape: Shape, seed: int = 1) -> list[list[int]]:
    """Prompts of random ids, all of one length."""
    return [example.ids for example in examples_of([length] * rows, shape, seed)]


def padded_batch(examples: Sequence[TokenizedExample], device: torch.device) -> dict[str, torch.Tensor]:
    """Rows padded on the right, as trainers usually make them; labels are -100 where there is no target."""
    longest = max(len(example.ids) for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, example in enumerate(examples):
        length = len(example.ids)
        ids[row, :length], mask[row, :length] = torch.tensor(example.ids), 1
        labels[row, example.prompt_length : length] = ids[row, example.prompt_length : length]
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device), "labels": labels.to(device)}
