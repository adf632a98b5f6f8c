"""Memory estimates of training and generation, in bytes, before anything runs."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import psutil
import torch
from transformers import PretrainedConfig

from email_assistant.configuration.schema import Config, Generation, Lora, Model, Plan, Summarizer, Trainer
from email_assistant.errors import ConfigurationError
from email_assistant.language_model.batch_memory import MEMORY_SHARE, RowMemory
from email_assistant.language_model.continuous_batch import PREFILL_TOKENS
from email_assistant.language_model.decoder import Decoder, recomputed_layers
from email_assistant.language_model.decoding_linear import can_pack
from email_assistant.language_model.device import available_memory, choose_device, choose_dtype
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.kv_cache import padded_capacity
from email_assistant.language_model.loading import attach_lora
from email_assistant.language_model.meta_model import (
    architecture,
    build_on_meta,
    feed_forward_width,
    key_value_width,
    weight_bytes,
)
from email_assistant.language_model.static_decoder import fitting_dense_bytes
from email_assistant.training.batches import epoch_batches, group_by_length
from email_assistant.training.loss import PADDED_MODES, CompletionLoss, ForwardMode, default_modes
from email_assistant.training.memory_estimate import (
    ComputeSpec,
    MicroBatch,
    StepMemory,
    estimate_step,
    on_every_layer,
)

GIB = 2**30
# Assumed before any mails are known: tokens of a prompt with its mail, the share of them that are targets, and tokens
# of a prompt without a mail.
USUAL_TOKENS, USUAL_TARGET_SHARE, USUAL_PROMPT_TOKENS = 256, 0.6, 128
# The fewest UTF-8 bytes of text per token: those of Russian with an English tokenizer.
MIN_BYTES_PER_TOKEN = 1.75
FLOAT32_BYTES = 4
# CUDA's context, libraries and workspaces.
CUDA_PROCESS_BYTES = 600 * 2**20


@dataclass(frozen=True)
class TrainingSetup:
    """The groups of the configuration that decide what a training run needs."""

    model: Model
    lora: Lora
    trainer: Trainer
    seed: int

    @classmethod
    def from_config(cls, config: Config) -> "TrainingSetup":
        """The setup of a whole configuration."""
        return cls(config.model, config.lora, config.trainer, config.seed)

    @property
    def nf4(self) -> bool:
        """Whether the base's linear layers are in 4 bit."""
        return self.model.quantization == "nf4"

    def mode(self, machine: "Machine", base: PretrainedConfig) -> ForwardMode:
        """The mode in which the loss will run a model of an architecture on a machine."""
        model = build_on_meta(base, machine.dtype, self.nf4)
        # DoRA is not a plain sum, which this project's own forward pass needs.
        modes = [mode for mode in default_modes(machine.device) if mode != "decoder" or not self.lora.use_dora]
        return CompletionLoss(model, modes).expected_mode()


@dataclass(frozen=True)
class Machine:
    """The machine to plan for.

    Attributes:
        name: Its display name.
        device: The device of the computation.
        dtype: The number format of the computation.
        memory: Bytes that this process may use, including those that it already uses.
        process: Bytes that it uses before it loads a model.
        is_local: Whether it is this machine.
    """

    name: str
    device: torch.device
    dtype: torch.dtype
    memory: int
    process: int
    is_local: bool


@dataclass(frozen=True)
class ResidentMemory:
    """Bytes that are in use before training or generation starts.

    Attributes:
        process: Bytes of the process before it loads a model.
        weights: Bytes of the base's weights by part, as in `weight_bytes`.
        adapter: Bytes of the adapter.
    """

    process: int
    weights: dict[str, int]
    adapter: int

    @property
    def parts(self) -> dict[str, int]:
        """Bytes by the label of each part."""
        weights = {f"weights: {part}": size for part, size in self.weights.items() if size}
        return {"process": self.process, **weights, "adapter": self.adapter}


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes at the peak.

    Attributes:
        resident: What exists before training or generation starts.
        working: Further bytes by the label of each part.
        recompute: The layers, from the first on, that recompute activations in the backward pass; True: all.
        saved: Bytes that they save by that, which are not part of the sum.
        rows: Texts, or beams, that are written at a time; 0 in training.
    """

    resident: ResidentMemory
    working: dict[str, int]
    recompute: bool | int = False
    saved: int = 0
    rows: int = 0

    @property
    def parts(self) -> dict[str, int]:
        """Bytes by the label of each part."""
        return {**self.resident.parts, **self.working}

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return sum(self.parts.values())


def target_machine(plan: Plan, model: Model) -> Machine:
    """The machine to plan for: a GPU with `plan.device_memory_gb`, or this machine."""
    if plan.device_memory_gb is None:
        return local_machine(model)
    dtypes = {"float32": torch.float32, "float16": torch.float16}
    return Machine(
        name=f"a GPU of {plan.device_memory_gb:g} GB",
        device=torch.device("cuda"),
        dtype=dtypes.get(model.dtype, torch.bfloat16),
        memory=int(plan.device_memory_gb * GIB),
        process=CUDA_PROCESS_BYTES,
        is_local=False,
    )


def local_machine(model: Model) -> Machine:
    """This machine, with the memory that is free now."""
    device = choose_device(model)
    dtype = choose_dtype(model, device)
    if device.type == "cuda":
        # CUDA's context exists by now, so that the free memory is without it.
        memory = available_memory(device) + CUDA_PROCESS_BYTES
        return Machine(torch.cuda.get_device_name(), device, dtype, memory, CUDA_PROCESS_BYTES, is_local=True)
    resident = psutil.Process().memory_info().rss
    return Machine("this machine", device, dtype, available_memory(device) + resident, resident, is_local=True)


def instruction_prompt_tokens(settings: Summarizer) -> int:
    """Tokens of the longest prompt that asks for an instruction: a mail, and the examples of its language."""
    lengths = [
        sum(len(f"{settings.prompts[language]}{example.email}{example.instruction}".encode()) for example in examples)
        for language, examples in settings.examples.items()
    ]
    return settings.mail_tokens + round(max(lengths, default=0) / MIN_BYTES_PER_TOKEN)


def largest_micro_batch(
    settings: Trainer, seed: int, examples: Sequence[TokenizedExample] | None, padded: bool
) -> MicroBatch:
    """The micro-batch with the most tokens in the whole training.

    Args:
        settings: The trainer's settings.
        seed: The seed of the examples' order.
        examples: The training examples; None: examples of typical length that fill the micro-batch.
        padded: Whether rows are padded; the lengths are then those of the rows.
    """
    if examples is None:
        usual = min(USUAL_TOKENS, settings.max_length)
        count = max(1, settings.micro_batch_tokens // usual)
        return MicroBatch([usual] * min(count, settings.batch_size), USUAL_TARGET_SHARE)
    lengths, targets = zip(*((len(example.ids), example.num_target_tokens) for example in examples), strict=True)
    largest: list[int] = []
    largest_size = 0
    for epoch in range(settings.epochs):
        for step in epoch_batches(len(lengths), settings.batch_size, seed, epoch):
            for group in group_by_length([lengths[index] for index in step], settings.micro_batch_tokens, padded):
                members = [step[position] for position in group]
                sizes = [lengths[index] for index in members]
                size = max(sizes) * len(sizes) if padded else sum(sizes)
                if size > largest_size:
                    largest, largest_size = members, size
    sizes = [lengths[index] for index in largest]
    target_share = sum(targets[index] for index in largest) / sum(sizes)
    return MicroBatch([max(sizes)] * len(sizes) if padded else sizes, target_share)


def estimate_training_step(
    setup: TrainingSetup,
    base: PretrainedConfig,
    machine: Machine,
    examples: Sequence[TokenizedExample] | None,
    free: int,
) -> tuple[StepMemory, bool | int]:
    """The memory of a training step in addition to the base's weights, and the layers that recompute activations.

    Those are as configured or, with 'auto', as few as let the step fit into the `free` bytes, which are those of
    `memory_for_auto`: none, the first N, or all, which is True.
    """
    mode = setup.mode(machine, base)
    batch = largest_micro_batch(setup.trainer, setup.seed, examples, padded=mode in PADDED_MODES)
    setting = setup.trainer.gradient_checkpointing
    recompute = False if setting == "auto" else setting
    spec = ComputeSpec(machine.dtype, setup.nf4, mode, recompute, machine.device.type == "cuda")
    memory = estimate_micro_batch(setup, base, spec, batch)
    if setting != "auto" or memory.total <= free:
        return memory, recompute
    # No closer, since an estimate may be too low, and memory that runs out halves the micro-batches.
    excess = memory.total - int(MEMORY_SHARE * free)
    others = base.num_hidden_layers - 1
    count = min(others, -(-excess // max(1, memory.saved_per_layer)))
    memory = dataclasses.replace(memory, activations=memory.activations - count * memory.saved_per_layer)
    return memory, count if count < others else True


def estimate_micro_batch(
    setup: TrainingSetup, base: PretrainedConfig, spec: ComputeSpec, batch: MicroBatch
) -> StepMemory:
    """The memory of a step over one micro-batch, in addition to the base's weights."""
    return estimate_step(base, setup.lora, spec, batch, setup.trainer.optimizer, setup.trainer.ema_decay > 0)


def loaded_base(setup: TrainingSetup, machine: Machine) -> ResidentMemory:
    """What is in use once the base is loaded."""
    weights = weight_bytes(build_on_meta(architecture(setup.model), machine.dtype, setup.nf4))
    return ResidentMemory(machine.process, weights, adapter=0)


def estimate_training(
    setup: TrainingSetup, machine: Machine, examples: Sequence[TokenizedExample] | None
) -> MemoryEstimate:
    """The peak memory of a training run."""
    loaded, base = loaded_base(setup, machine), architecture(setup.model)
    used = sum(loaded.parts.values())
    free = memory_for_auto(setup.trainer, machine.memory - used, used)
    step, recompute = estimate_training_step(setup, base, machine, examples, free)
    return MemoryEstimate(
        dataclasses.replace(loaded, adapter=step.adapter),
        {
            "gradients": step.gradients,
            "optimizer": step.optimizer,
            "average of the weights": step.average,
            "activations and logits": step.activations,
        },
        recompute,
        bytes_saved(recompute, step, base.num_hidden_layers),
    )


def memory_for_auto(settings: Trainer, free: int, used: int) -> int:
    """The bytes that a training step is fitted into with `trainer.gradient_checkpointing=auto`.

    Args:
        settings: The trainer's settings.
        free: Bytes that are free once the base is loaded.
        used: Bytes that this process uses then, of which `trainer.memory_gb` counts all.
    """
    return free if settings.memory_gb is None else min(free, int(settings.memory_gb * GIB) - used)


def used_memory(machine: Machine) -> int:
    """Bytes of its memory that this process uses now, on the local machine."""
    return machine.process + (torch.cuda.memory_allocated() if machine.device.type == "cuda" else 0)


def bytes_saved(recompute: bool | int, step: StepMemory, layers: int) -> int:
    """What a step needs less because layers recompute their activations; the last layer's exist in any case."""
    return min(recomputed_layers(recompute, layers), layers - 1) * step.saved_per_layer


def recomputation_in_words(recompute: bool | int, layers: int, saved: int) -> str:
    """How many of a model's layers recompute their activations, and why, as text for the log.

    Args:
        recompute: The layers that do; True: all.
        layers: The model's layers.
        saved: Bytes that this saves; 0: unknown.
    """
    count = recomputed_layers(recompute, layers)
    if not count:
        return f"the activations of all {layers} layers are kept in memory, so that none computes them twice"
    which = f"all {layers}" if count == layers else f"{count} of {layers}"
    size = f"{saved / GIB:.1f} GB of " if saved else ""
    return f"to save {size}memory, {which} layers compute their activations twice in each step, which takes longer"


def estimate_generation(
    setup: TrainingSetup,
    machine: Machine,
    resident: ResidentMemory,
    rows: int,
    prompt_tokens: int,
    new_tokens: int,
    beams: int = 1,
    is_adapted: bool = True,
) -> MemoryEstimate:
    """The peak memory of generation, by as many rows at a time as will really be written.

    Args:
        setup: Model and adapter.
        machine: Where it runs.
        resident: What exists before it, as in the estimate of a training run.
        rows: The most completions, or beams, at a time. As in writing, there are fewer where a GPU has no room for
            them, but always those of one prompt.
        prompt_tokens: Length of the longest prompt.
        new_tokens: The maximum number of generated tokens.
        beams: Rows of each prompt, if they are the beams of a search; 1: no search.
        is_adapted: Whether it is generated with the adapter.
    """
    base = architecture(setup.model)
    if not is_adapted:
        resident = dataclasses.replace(resident, adapter=0)
    # This decoder reads only dense weights.
    if not setup.nf4 and setup.mode(machine, base) == "decoder":
        copied = _copied_on_cpu(base, machine, resident, rows)
        cache, working = _to_write_on_cpu(base, machine.dtype.itemsize, rows, prompt_tokens, new_tokens, beams)
    else:
        copied = dense_to_write(setup, machine, resident)
        memory = RowMemory(base, machine.dtype.itemsize, prompt_tokens, new_tokens, copied > 0, is_adapted, beams)
        if machine.device.type == "cuda":
            rows = memory.rows_to_write(machine.memory - sum(resident.parts.values()) - copied, rows)
        cache, working = memory.cache(rows), memory.working(rows)
    parts = {"copy of the weights with the adapter": copied, "cache": cache, "working memory and logits": working}
    return MemoryEstimate(resident, parts, rows=rows)


def _copied_on_cpu(base: PretrainedConfig, machine: Machine, resident: ResidentMemory, rows: int) -> int:
    """The bytes of the weights that this project's decoder makes of the model's."""
    copied = resident.weights["attention"] + resident.weights["feed-forward"]
    # Several rows are written with packed weights; those of the head are also the embeddings, which stay.
    if rows > 1 and can_pack(machine.dtype, machine.device):
        copied += FLOAT32_BYTES * base.vocab_size * base.hidden_size
    return copied


def generation_that_fits(setup: TrainingSetup, generation: Generation, prompt_tokens: int) -> Generation:
    """How mails will be written on this machine: as configured, but on a GPU by as many rows as it has room for.

    Args:
        setup: Model and adapter.
        generation: The configured generation.
        prompt_tokens: Length of the longest prompt.
    """
    machine = local_machine(setup.model)
    if machine.device.type != "cuda":
        return generation
    resident = loaded_base(setup, machine)
    rows, beams, new_tokens = generation.most_rows, generation.beams, generation.max_new_tokens
    estimate = estimate_generation(setup, machine, resident, rows, prompt_tokens, new_tokens, beams)
    return dataclasses.replace(generation, batch_size=estimate.rows)


def _to_write_on_cpu(
    base: PretrainedConfig, item_size: int, rows: int, prompt_tokens: int, new_tokens: int, beams: int
) -> tuple[int, int]:
    """The cache, and the working memory with logits, of this project's decoder on a CPU.

    Whatever the format of the weights, it computes attention, and all that is added up, in float32.
    """
    # An upper bound: rows with the same prompt store its keys and values once, but only beams always come together.
    cached_tokens = rows // beams * padded_capacity(prompt_tokens) + rows * padded_capacity(new_tokens)
    cache_per_token = base.num_hidden_layers * 2 * key_value_width(base) * FLOAT32_BYTES
    prefilled = min(PREFILL_TOKENS, rows // beams * prompt_tokens)
    width = 4 * base.hidden_size * FLOAT32_BYTES + 3 * feed_forward_width(base) * item_size
    return cached_tokens * cache_per_token, prefilled * width + 3 * FLOAT32_BYTES * rows * base.vocab_size


def dense_to_write(setup: TrainingSetup, machine: Machine, resident: ResidentMemory) -> int:
    """The memory of the dense weights that a GPU writes with; 0 where it does without, and on a CPU.

    Args:
        setup: Model and adapter.
        machine: Where it runs.
        resident: What exists before.
    """
    if machine.device.type != "cuda" or not setup.model.dense_to_write or setup.lora.use_dora:
        return 0
    model = build_on_meta(architecture(setup.model), machine.dtype, setup.nf4)
    if resident.adapter:
        # In 16 bits, its B is appended to the weights.
        model = attach_lora(model, on_every_layer(setup.lora), low_cpu_mem_usage=True)
    decoder = Decoder.from_model(model, for_training=True, device_type="meta")
    return fitting_dense_bytes(decoder, machine.memory - sum(resident.parts.values()))


def remedies(setup: TrainingSetup, machine: Machine) -> Iterator[tuple[str, TrainingSetup]]:
    """Settings that need less memory, each in addition to those before it, with the resulting setup."""
    trainer = setup.trainer
    changes: list[tuple[str, str, object]] = []
    if trainer.gradient_checkpointing is not True and trainer.gradient_checkpointing != "auto":
        changes.append(("trainer", "gradient_checkpointing", True))
    smaller = (trainer.micro_batch_tokens // divisor for divisor in (2, 4, 8))
    changes += [("trainer", "micro_batch_tokens", tokens) for tokens in smaller if tokens >= 256]
    if setup.model.quantization == "none":
        changes.append(("model", "quantization", "nf4"))
    if trainer.optimizer == "adamw" and machine.device.type == "cuda":
        changes.append(("trainer", "optimizer", "paged_adamw_8bit"))
    if trainer.max_length // 2 >= 256:
        changes.append(("trainer", "max_length", trainer.max_length // 2))
    overrides: dict[str, str] = {}
    for group, key, value in changes:
        overrides[f"{group}.{key}"] = str(value).lower() if isinstance(value, bool) else str(value)
        changed = dataclasses.replace(getattr(setup, group), **{key: value})
        setup = dataclasses.replace(setup, **{group: changed})
        yield " ".join(f"{name}={text}" for name, text in overrides.items()), setup


def check_fits(
    needed: int, free: int, setup: TrainingSetup, machine: Machine, estimate: Callable[[TrainingSetup], int]
) -> None:
    """Check that training fits into memory.

    Args:
        needed: Bytes that training needs.
        free: Bytes that are available.
        setup: The training setup.
        machine: Where it would run.
        estimate: Bytes that another setup needs.

    Raises:
        ConfigurationError: when it does not fit; the message names the smallest change that makes it fit.
    """
    if needed <= free:
        return
    advice = "use a smaller base model"
    for overrides, changed in remedies(setup, machine):
        size = estimate(changed)
        if size <= free:
            advice = f"with {overrides} it needs {size / GIB:.1f} GB"
            break
        advice = f"even with {overrides} it needs {size / GIB:.1f} GB; use a smaller base model"
    raise ConfigurationError(
        f"training does not fit: it needs {needed / GIB:.1f} GB and {machine.name} has {free / GIB:.1f} GB; {advice}"
    )
