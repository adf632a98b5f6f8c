"""What training and writing will need, in bytes, said before anything runs."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psutil
import torch
from transformers import PretrainedConfig

from email_assistant.configuration.schema import Config, Summarizer, Trainer
from email_assistant.errors import ConfigurationError
from email_assistant.language_model.continuous_batch import PREFILL_TOKENS
from email_assistant.language_model.device import choose_device, choose_dtype
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.kv_cache import padded_capacity
from email_assistant.language_model.meta_model import architecture, build_on_meta, weight_bytes
from email_assistant.training.batches import epoch_batches, micro_batches
from email_assistant.training.loss import ForwardMode
from email_assistant.training.memory_estimate import Footprint, step_footprint

GIB = 2**30
# Where no mails are known yet: the length of a prompt with its mail, how much of it is supervised, and the length of a
# prompt alone.
USUAL_TOKENS, USUAL_SUPERVISED, USUAL_PROMPT = 256, 0.6, 128
# The fewest bytes of UTF-8 that a token stands for in text: those of Russian by an English tokenizer.
FEWEST_BYTES = 1.75
# CUDA's context, its libraries and their workspaces.
CUDA_PROGRAM = 600 * 2**20


def summary_prompt(settings: Summarizer) -> int:
    """The tokens of the longest prompt that asks for an instruction: a mail and the examples of its language."""
    lengths = [
        sum(len(f"{settings.prompts[language]}{example.email}{example.instruction}".encode()) for example in examples)
        for language, examples in settings.examples.items()
    ]
    return settings.mail_tokens + round(max(lengths, default=0) / FEWEST_BYTES)


@dataclass(frozen=True)
class Machine:
    """What is planned for.

    Attributes:
        name: For people.
        device: Of the computation.
        dtype: Of the computation.
        memory: Bytes that this program may have, what it has already included.
        program: Bytes that it takes before any model is there.
        here: Whether it is the machine that the plan is made on.
    """

    name: str
    device: torch.device
    dtype: torch.dtype
    memory: int
    program: int
    here: bool


@dataclass(frozen=True)
class Estimate:
    """Bytes by what takes them, and whether activations are made again in the backward pass."""

    parts: dict[str, int]
    recomputed: bool = False

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.parts.values())

    @property
    def held(self) -> dict[str, int]:
        """What is there before anything is trained or written: the program, the weights and the adapter."""
        return {part: size for part, size in self.parts.items() if part.startswith(("program", "weights", "adapter"))}


def machine(config: Config) -> Machine:
    """The machine to plan for: a GPU of `plan.device_memory_gb`, or this one."""
    if config.plan.device_memory_gb is not None:
        dtypes = {"float32": torch.float32, "float16": torch.float16}
        dtype = dtypes.get(config.model.dtype, torch.bfloat16)
        memory = int(config.plan.device_memory_gb * GIB)
        name = f"a GPU of {config.plan.device_memory_gb:g} GB"
        return Machine(name, torch.device("cuda"), dtype, memory, CUDA_PROGRAM, here=False)
    return this_machine(config)


def this_machine(config: Config) -> Machine:
    """The machine that this runs on."""
    device = choose_device(config.model)
    dtype = choose_dtype(config.model, device)
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return Machine(torch.cuda.get_device_name(), device, dtype, free, CUDA_PROGRAM, here=True)
    resident = psutil.Process().memory_info().rss
    return Machine("this machine", device, dtype, free_memory() + resident, resident, here=True)


def free_memory() -> int:
    """Bytes of memory that this machine has left."""
    return int(psutil.virtual_memory().available)


def way_of(config: Config, device: torch.device, dtype: torch.dtype) -> ForwardMode:
    """How the loss will run a Llama-like model (`email_assistant.training.loss`)."""
    if device.type == "cuda":
        return "packed"
    return "decoder" if not config.lora.use_dora and dtype == torch.float32 else "padded"


def lengths_of(
    settings: Trainer, seed: int, examples: Sequence[TokenizedExample] | None, padded: bool
) -> tuple[list[int], float]:
    """Lengths of the largest micro-batch of a training, and the share of its tokens that is supervised.

    Args:
        settings: As configured.
        seed: Of the order of the mails.
        examples: None: mails of a usual length that fill the micro-batch are assumed.
        padded: Whether rows are filled up; the lengths are then those of the rows.
    """
    if examples is None:
        usual = min(USUAL_TOKENS, settings.max_length)
        fitting = max(1, settings.micro_batch_tokens // usual)
        return [usual] * min(fitting, settings.batch_size), USUAL_SUPERVISED
    largest: list[TokenizedExample] = []
    size = 0
    for epoch in range(settings.epochs):
        for step in epoch_batches(len(examples), settings.batch_size, seed, epoch):
            for group in micro_batches([examples[place] for place in step], settings.micro_batch_tokens, padded):
                lengths = [len(example.ids) for example in group]
                tokens = max(lengths) * len(lengths) if padded else sum(lengths)
                if tokens > size:
                    largest, size = group, tokens
    lengths = [len(example.ids) for example in largest]
    share = sum(example.num_target_tokens for example in largest) / sum(lengths)
    return [max(lengths)] * len(lengths) if padded else lengths, share


def step(
    config: Config, base: PretrainedConfig, plan_for: Machine, examples: Sequence[TokenizedExample] | None, free: int
) -> tuple[Footprint, bool]:
    """What a training step takes beside the base's weights, and whether activations are made again in it.

    They are where it is configured and, with 'auto', where the step would not fit into the free bytes else.
    """
    way = way_of(config, plan_for.device, plan_for.dtype)
    lengths, supervised = lengths_of(config.trainer, config.seed, examples, padded=way == "padded")
    wanted = config.trainer.gradient_checkpointing
    found = footprint_of(config, base, plan_for, lengths, supervised, recompute=wanted is True)
    if wanted == "auto" and found.total > free:
        return footprint_of(config, base, plan_for, lengths, supervised, recompute=True), True
    return found, wanted is True


def footprint_of(
    config: Config,
    base: PretrainedConfig,
    plan_for: Machine,
    lengths: Sequence[int],
    supervised: float,
    recompute: bool,
) -> Footprint:
    """What a step over a micro-batch of given lengths takes beside the base's weights."""
    return step_footprint(
        base,
        config.lora,
        dtype=plan_for.dtype,
        nf4=config.model.quantization == "nf4",
        way=way_of(config, plan_for.device, plan_for.dtype),
        lengths=lengths,
        supervised=supervised,
        optimizer=config.trainer.optimizer,
        averaged=config.trainer.ema_decay > 0,
        recompute=recompute,
    )


def training(config: Config, plan_for: Machine, examples: Sequence[TokenizedExample] | None) -> Estimate:
    """What training takes at its peak."""
    base = architecture(config.model)
    weights = weight_bytes(build_on_meta(base, plan_for.dtype, config.model.quantization == "nf4"))
    held = plan_for.program + sum(weights.values())
    needed, recomputed = step(config, base, plan_for, examples, plan_for.memory - held)
    return Estimate(
        {
            "program": plan_for.program,
            **{f"weights: {part}": size for part, size in weights.items() if size},
            "adapter": needed.adapter,
            "gradients": needed.gradients,
            "optimizer": needed.optimizer,
            "average of the weights": needed.average,
            "activations and logits": needed.activations,
        },
        recomputed,
    )


def writing(
    config: Config, plan_for: Machine, held: dict[str, int], rows: int, prompt: int, new_tokens: int
) -> Estimate:
    """What writing takes at its peak.

    Args:
        config: As it is.
        plan_for: The machine.
        held: What is there before it, as in `Estimate.held` of a training.
        rows: Answers at once.
        prompt: The longest prompt, in tokens.
        new_tokens: The most of an answer.
    """
    base = architecture(config.model)
    plain_sum = config.model.quantization == "none" and not config.lora.use_dora
    own = plan_for.device.type == "cpu" and plan_for.dtype == torch.float32 and plain_sum
    size = plan_for.dtype.itemsize
    head_width = getattr(base, "head_dim", None) or base.hidden_size // base.num_attention_heads
    a_token = base.num_hidden_layers * 2 * base.num_key_value_heads * head_width * size
    # At most: rows with the same prompt keep it once.
    capacity = sum(padded_capacity(length) if own else length for length in (prompt, new_tokens))
    read_at_once = min(PREFILL_TOKENS, rows * prompt) if own else rows * prompt
    work = read_at_once * (4 * base.hidden_size + 3 * base.intermediate_size) * size
    return Estimate(
        {
            **held,
            # On a processor the adapter is added to a copy of the layers' weights once.
            "merged copy": held["weights: attention"] + held["weights: feed-forward"] if own else 0,
            "cache": rows * capacity * a_token,
            "work and logits": work + 3 * 4 * rows * base.vocab_size,
        }
    )


def plain(config: Config) -> Config:
    """The configuration with an adapter that can be laid out without the base's weights."""
    return dataclasses.replace(config, lora=dataclasses.replace(config.lora, init="default"))


def remedies(config: Config, plan_for: Machine) -> Iterator[tuple[str, Config]]:
    """What to change for less memory, each on top of those before, with the configuration that results."""
    changes: list[tuple[str, str, object]] = []
    if config.trainer.gradient_checkpointing is False:
        changes.append(("trainer", "gradient_checkpointing", True))
    smaller = (config.trainer.micro_batch_tokens // divisor for divisor in (2, 4, 8))
    changes += [("trainer", "micro_batch_tokens", tokens) for tokens in smaller if tokens >= 256]
    if config.model.quantization == "none":
        changes.append(("model", "quantization", "nf4"))
    if config.trainer.optimizer == "adamw" and plan_for.device.type == "cuda":
        changes.append(("trainer", "optimizer", "paged_adamw_8bit"))
    if config.trainer.max_length // 2 >= 256:
        changes.append(("trainer", "max_length", config.trainer.max_length // 2))
    said: dict[str, str] = {}
    for group, field, value in changes:
        said[f"{group}.{field}"] = str(value).lower() if isinstance(value, bool) else str(value)
        config = dataclasses.replace(config, **{group: dataclasses.replace(getattr(config, group), **{field: value})})
        yield " ".join(f"{key}={text}" for key, text in said.items()), config


def refuse(needed: int, free: int, config: Config, plan_for: Machine, again: Callable[[Config], int]) -> None:
    """Refuse a training that cannot fit, with the least change by which it would.

    Args:
        needed: Bytes.
        free: Bytes.
        config: As it is.
        plan_for: The machine.
        again: Bytes that a changed configuration needs.

    Raises:
        ConfigurationError: when it cannot fit.
    """
    if needed <= free:
        return
    advice = "take a smaller base model"
    for change, changed in remedies(config, plan_for):
        size = again(changed)
        advice = f"with {change} it needs {size / GIB:.1f} GB"
        if size <= free:
            break
    else:
        advice += ", still too much: take a smaller base model"
    raise ConfigurationError(
        f"training cannot fit: it needs {needed / GIB:.1f} GB and {plan_for.name} has {free / GIB:.1f} GB; {advice}"
    )
