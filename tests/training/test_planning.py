"""The estimate beside tensors that are really made, counted by the same watcher, and its use in plan and train."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from architectures import GEMMA3, save_model
from conftest import lora, model_settings, save_tiny_model
from pretended_gpu import GPU, module_to_gpu, pretended_gpu
from small import PLAIN, settings
from static_on_cpu import OnCpu, PretendedGraphs, adapted
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoTokenizer

from benchmarks.model import configured
from email_assistant.configuration.schema import Architecture
from email_assistant.errors import ConfigurationError, ModelError
from email_assistant.language_model import batch_memory, static_decoder, varlen_attention
from email_assistant.language_model.batch_memory import RowMemory, fitting_rows
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding_linear import DecodingLinear, can_pack
from email_assistant.language_model.device import available_memory
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import add_adapter, load_base
from email_assistant.language_model.meta_model import NF4_BYTES, architecture, build_on_meta, weight_bytes, with_layers
from email_assistant.pipeline.model_advice import LARGE_MODEL_GPU_GB
from email_assistant.training import planning, throughput_probe
from email_assistant.training.batches import Batch
from email_assistant.training.loss import CompletionLoss, ForwardMode
from email_assistant.training.memory_estimate import (
    AllocationTracker,
    ComputeSpec,
    MicroBatch,
    StepMemory,
    estimate_step,
)
from email_assistant.training.planning import Machine, MemoryEstimate, TrainingSetup
from email_assistant.training.throughput_probe import ThroughputProbe
from email_assistant.training.trainer import enable_recomputation

LLAMA3 = Architecture(
    model_type="llama",
    vocab_size=128256,
    hidden_size=4096,
    intermediate_size=14336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
    tie_word_embeddings=False,
)


class _Counted(TorchDispatchMode):
    """Counts torch's operations."""

    operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.skipif(not can_pack(torch.float32, torch.device("cpu")), reason="weights are packed on x86 alone")
def test_packed_weights_are_counted_while_they_are_alive() -> None:
    layer = DecodingLinear(torch.randn(64, 32))
    with AllocationTracker() as tracker:
        layer.pack()
        assert tracker.current >= 64 * 32 * 4
        before = tracker.current
        del layer
        assert tracker.current <= before - 64 * 32 * 4


def measured_peak(
    path: Path, quantization: str, mode: ForwardMode, batch: MicroBatch, recompute: bool | int, dtype: Any = "float32"
) -> int:
    """The most bytes alive in a real step, beside what was there before it."""
    chosen = dataclasses.replace(model_settings(path, quantization), dtype=dtype)
    tuned = add_adapter(load_base(chosen), PLAIN, 1).model
    tuned.train()
    for weight in tuned.parameters():
        if weight.requires_grad:
            weight.grad = torch.zeros_like(weight)
    if recompute:
        enable_recomputation(tuned, recompute)
    # The last half of each of four mails is in the loss.
    filled = Batch(torch.zeros(240, dtype=torch.long), torch.arange(240) % 60 >= 30, batch.lengths)
    loss = CompletionLoss(tuned, (mode,), recompute=recompute)
    loss.mode = mode
    if mode == "varlen":
        varlen_attention.install(tuned.get_base_model().base_model)
    with AllocationTracker() as tracker:
        loss(filled).backward()  # type: ignore[no-untyped-call]
    return tracker.peak


@pytest.mark.parametrize(
    ("quantization", "mode", "recompute"),
    [
        ("none", "decoder", False),
        ("none", "decoder", True),
        ("none", "decoder", 3),
        ("none", "padded", False),
        ("nf4", "decoder", False),
        ("nf4", "padded", False),
    ],
)
def test_the_estimate_is_what_is_alive_in_a_real_step(
    tmp_path: Path, quantization: str, mode: ForwardMode, recompute: bool | int
) -> None:
    path = save_tiny_model(tmp_path / "model", layers=6)
    batch = MicroBatch([60] * 4, 0.5)
    spec = ComputeSpec(torch.float32, quantization == "nf4", mode, recompute)
    step = estimate_step(architecture(model_settings(path)), PLAIN, spec, batch, "adamw", averaged=False)
    assert step.activations == pytest.approx(measured_peak(path, quantization, mode, batch, recompute), rel=0.15)


@pytest.mark.parametrize(
    ("quantization", "mode", "on_cuda", "recompute"),
    [
        ("none", "packed", True, False),
        ("none", "varlen", True, True),
        ("nf4", "packed", False, False),
        ("nf4", "varlen", True, False),
        ("nf4", "varlen", True, True),
        ("nf4", "varlen", True, 2),
    ],
)
def test_the_estimate_for_a_gpu_is_what_is_alive_in_a_real_step(
    tmp_path: Path,
    quantization: str,
    mode: ForwardMode,
    on_cuda: bool,
    recompute: bool | int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In bfloat16 and packed, the way of every GPU; there peft's 4-bit layers leave their formats to autocast."""
    path = save_tiny_model(tmp_path / "model", layers=6)
    batch = MicroBatch([60] * 4, 0.5)
    spec = ComputeSpec(torch.bfloat16, quantization == "nf4", mode, recompute, on_cuda)
    step = estimate_step(architecture(model_settings(path)), PLAIN, spec, batch, "adamw", averaged=False)
    if on_cuda:
        enabled = torch.is_autocast_enabled
        monkeypatch.setattr(torch, "is_autocast_enabled", lambda *device: enabled(*(device or ("cpu",))))
    measured = measured_peak(path, quantization, mode, batch, recompute, "bfloat16")
    assert step.activations == pytest.approx(measured, rel=0.15)


def test_four_bits_on_a_gpu_need_no_copies_of_the_adapter_s_inputs(tmp_path: Path) -> None:
    config = architecture(model_settings(save_tiny_model(tmp_path / "model")))
    batch = MicroBatch([60] * 4, 0.5)

    def activations(nf4: bool, on_cuda: bool, dtype: torch.dtype = torch.bfloat16) -> int:
        spec = ComputeSpec(dtype, nf4, "packed", on_cuda=on_cuda)
        return estimate_step(config, PLAIN, spec, batch, "adamw", averaged=False).activations

    assert activations(True, True) < 0.9 * activations(True, False)
    assert activations(False, True) == activations(False, False)
    assert activations(True, True, torch.float32) == activations(True, False, torch.float32)


class PretendedCuda:
    """What torch.cuda says of a GPU with 100 bytes, of which torch's allocator holds 30 and tensors use 20."""

    cached = 30

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = {
            "is_available": lambda: True,
            "is_bf16_supported": lambda including_emulation: True,
            "get_device_name": lambda: "Pretended 9000",
            "mem_get_info": lambda: (100 - self.cached, 100),
            "memory_reserved": lambda: self.cached,
            "memory_allocated": lambda: 20,
            "empty_cache": self.empty_cache,
        }
        for name, answer in answers.items():
            monkeypatch.setattr(torch.cuda, name, answer)

    def empty_cache(self) -> None:
        """Give back what tensors do not use, but for a block that one is in."""
        self.cached = 22


def test_what_the_allocator_holds_unused_counts_as_free(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = PretendedCuda(monkeypatch)
    assert available_memory(torch.device("cuda")) == 80 and cuda.cached == 22
    machine = planning.local_machine(dataclasses.replace(model_settings(tiny_model), device="auto"))
    assert (machine.name, machine.device.type, machine.dtype) == ("Pretended 9000", "cuda", torch.float32)
    # The context is neither in the free memory nor charged again.
    assert machine.memory - machine.process == 80


@pytest.mark.parametrize("mode", ["decoder", "padded"])
def test_layers_of_two_kinds_are_estimated_from_the_first_two(
    tiny_model: Path, tmp_path: Path, mode: ForwardMode
) -> None:
    kind, values = GEMMA3
    layers = {"num_hidden_layers": 6, "layer_types": 2 * values["layer_types"]}
    path = save_model(tmp_path / "model", AutoTokenizer.from_pretrained(tiny_model), kind, values | layers)
    batch, spec = MicroBatch([60] * 4, 0.5), ComputeSpec(torch.float32, nf4=False, mode=mode)
    step = estimate_step(architecture(model_settings(path)), PLAIN, spec, batch, "adamw", averaged=False)
    assert step.activations == pytest.approx(measured_peak(path, "none", mode, batch, recompute=False), rel=0.15)


def test_weights_and_adapter_are_counted_exactly(tiny_model: Path) -> None:
    base = load_base(model_settings(tiny_model))
    stored = sum(weight.numel() * 4 for weight in base.model.parameters())
    rotary = sum(buffer.numel() * buffer.element_size() for buffer in base.model.buffers())
    config = architecture(model_settings(tiny_model))
    assert sum(weight_bytes(build_on_meta(config, torch.float32, nf4=False)).values()) == stored + rotary
    tuned = add_adapter(base, PLAIN, 1).model
    adapter = sum(weight.numel() * 4 for weight in tuned.parameters() if weight.requires_grad)
    spec, batch = ComputeSpec(torch.float32, nf4=False, mode="decoder"), MicroBatch([8], 0.5)
    for optimizer, share, averaged in (("adamw", 2, True), ("paged_adamw_8bit", 0.5078125, False)):
        step = estimate_step(config, PLAIN, spec, batch, optimizer, averaged)
        assert (step.adapter, step.gradients, step.optimizer) == (adapter, adapter, round(adapter * share))
        assert step.average == averaged * adapter
        assert step.total == step.activations + adapter * (2 + averaged) + step.optimizer


def test_llama_3_8b_is_planned_from_its_numbers_alone(tmp_path: Path) -> None:
    config = architecture(model_settings(tmp_path / "none", architecture=LLAMA3))
    dense = weight_bytes(build_on_meta(config, torch.bfloat16, nf4=False))
    # 8.03 billion weights, as its authors count them.
    assert sum(dense.values()) == pytest.approx(2 * 8.03e9, rel=0.001)
    packed = weight_bytes(build_on_meta(config, torch.bfloat16, nf4=True))
    assert packed["head"] == packed["embedding"] == 2 * 128256 * 4096
    assert packed["feed-forward"] == pytest.approx(32 * 3 * 4096 * 14336 * NF4_BYTES, rel=1e-6)
    with pytest.raises(ModelError):
        architecture(model_settings(tmp_path / "none"))


def test_gemma_3_is_planned_from_its_numbers_alone() -> None:
    settings = configured("model=gemma3_270m", "model.path=/nowhere").model
    dense = weight_bytes(build_on_meta(architecture(settings), torch.float32, nf4=False))
    # 268 million weights, of which 168 million embed tokens.
    assert sum(dense.values()) == pytest.approx(4 * 268.1e6, rel=0.001)
    assert dense["embedding"] == pytest.approx(4 * 262144 * 640, rel=1e-6)


@pytest.mark.parametrize(
    ("choice", "billions"),
    [
        ("qwen3_0_6b", 0.596),
        ("qwen3_1_7b", 1.72),
        ("llama3_2_1b", 1.24),
        ("llama3_2_3b", 3.21),
        ("gemma3_1b", 1.0),
        # Without the 0.42 billion weights of what reads images.
        ("gemma3_4b", 3.88),
        ("mistral_7b", 7.25),
        ("llama3_1_8b", 8.03),
    ],
)
def test_every_model_of_conf_has_as_many_weights_as_its_authors_count(choice: str, billions: float) -> None:
    settings = configured(f"model={choice}", "model.path=/nowhere").model
    model = build_on_meta(architecture(settings), torch.bfloat16, nf4=False)
    assert sum(weight.numel() for weight in model.parameters()) == pytest.approx(billions * 1e9, rel=0.005)


def test_the_largest_micro_batch_of_all_epochs_is_planned_for() -> None:
    examples = [TokenizedExample(list(range(length)), length // 2) for length in (10, 20, 30, 40, 50, 60, 70, 80)]
    values = settings(batch_size=4, micro_batch_tokens=100, epochs=3)
    batch = planning.largest_micro_batch(values, 1, examples, padded=False)
    assert 70 < batch.num_tokens <= 100
    assert batch.target_share == 0.5
    padded = planning.largest_micro_batch(values, 1, examples, padded=True)
    assert len(set(padded.lengths)) == 1
    assert padded.num_tokens <= 100
    assert planning.largest_micro_batch(values, 1, None, padded=False).lengths == [256]


def local(memory: int = 100) -> Machine:
    return Machine("this machine", torch.device("cpu"), torch.float32, memory, 0, is_local=True)


def test_a_training_that_does_not_fit_is_refused_with_the_smallest_change() -> None:
    setup = TrainingSetup.from_config(configured())

    def needed(changed: TrainingSetup) -> int:
        size = 8 * planning.GIB * changed.trainer.micro_batch_tokens // setup.trainer.micro_batch_tokens
        return size // 4 if changed.model.quantization == "nf4" else size

    def refusal(free: int, setup: TrainingSetup = setup) -> str:
        with pytest.raises(ConfigurationError) as refused:
            planning.check_fits(needed(setup), free, setup, local(), needed)
        return str(refused.value)

    planning.check_fits(needed(setup), 8 * planning.GIB, setup, local(), needed)
    assert "with trainer.micro_batch_tokens=512 it needs 2.0 GB" in refusal(3 * planning.GIB)
    assert "even with " in refusal(1000) and refusal(1000).endswith(" GB; use a smaller base model")
    # Nothing is left to change.
    trainer = dataclasses.replace(
        setup.trainer, gradient_checkpointing=True, micro_batch_tokens=256, max_length=256, optimizer="adamw"
    )
    model = dataclasses.replace(setup.model, quantization="nf4")
    least = dataclasses.replace(setup, trainer=trainer, model=model)
    assert refusal(1000, least).endswith("has 0.0 GB; use a smaller base model")


def test_activations_are_recomputed_only_where_they_would_not_fit(tiny_model: Path) -> None:
    setup = dataclasses.replace(TrainingSetup.from_config(configured()), model=model_settings(tiny_model))
    base = architecture(setup.model)
    roomy, recompute = planning.estimate_training_step(setup, base, local(), None, 10 * planning.GIB)
    assert not recompute
    tight, recompute = planning.estimate_training_step(setup, base, local(), None, roomy.total - 1)
    # Of two layers, the last one keeps its activations longest and would be recomputed at once.
    assert recompute is True
    assert tight.activations < roomy.activations


def test_as_few_layers_are_recomputed_as_memory_requires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_tiny_model(tmp_path / "model", layers=6)
    setup = dataclasses.replace(TrainingSetup.from_config(configured()), model=model_settings(path))
    base = architecture(setup.model)

    def planned(free: int, setting: Any = "auto") -> tuple[int, bool | int]:
        trainer = dataclasses.replace(setup.trainer, gradient_checkpointing=setting)
        changed = dataclasses.replace(setup, trainer=trainer)
        step, recompute = planning.estimate_training_step(changed, base, local(), None, free)
        return step.total, recompute

    none, two, every = (planned(0, setting)[0] for setting in (False, 2, True))
    assert every < two < none
    assert planned(none) == (none, False) and planned(0) == (every, True)
    # A tenth of the memory stays free.
    assert planned(none - 1)[0] < planning.MEMORY_SHARE * none
    monkeypatch.setattr(planning, "MEMORY_SHARE", 1.0)
    assert planned(two) == (two, 2)
    assert planned(two - 1)[1] == 3


def test_a_limit_of_memory_recomputes_more_layers_than_the_gpu_requires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: dict[Any, StepMemory] = {}
    estimate = planning.estimate_micro_batch

    def once(setup: TrainingSetup, base: Any, spec: ComputeSpec, batch: MicroBatch) -> StepMemory:
        if spec.recompute not in steps:
            steps[spec.recompute] = estimate(setup, base, spec, batch)
        return steps[spec.recompute]

    monkeypatch.setattr(planning, "estimate_micro_batch", once)
    path = save_tiny_model(tmp_path / "model", layers=6)
    setup = dataclasses.replace(TrainingSetup.from_config(configured()), model=model_settings(path))

    def planned(limit: float | None, setting: Any = "auto", memory: int = 100 * planning.GIB) -> MemoryEstimate:
        trainer = dataclasses.replace(setup.trainer, gradient_checkpointing=setting, memory_gb=limit)
        return planning.estimate_training(dataclasses.replace(setup, trainer=trainer), local(memory), None)

    none, two, every = (planned(None, setting) for setting in (False, 2, True))
    assert (planned(None).recompute, planned(none.total / planning.GIB).recompute) == (False, False)
    limited = planned(none.total / planning.GIB - 1e-6)
    assert limited.recompute is not False and limited.total < none.total
    # All that is in use counts, and no limit is too low: then all layers do.
    assert planned(1e-9).recompute is True and planned(1e-9).total == every.total
    # A GPU with less memory than the limit decides by itself.
    assert planned(1000.0, memory=every.total).recompute is True
    # What is said to be saved is.
    assert (none.saved, two.saved, every.saved) == (0, none.total - two.total, none.total - every.total)


@pytest.mark.parametrize(("on_gpu", "expected"), [(True, 7 + 20), (False, 7)])
def test_the_limit_counts_the_memory_that_is_in_use(
    on_gpu: bool, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    PretendedCuda(monkeypatch)
    device = torch.device("cuda" if on_gpu else "cpu")
    machine = Machine("", device, torch.float32, 100, process=7, is_local=True)
    assert planning.used_memory(machine) == expected


def test_the_layers_that_recompute_are_named_in_words() -> None:
    none, some, every = (
        planning.recomputation_in_words(recompute, 32, saved)
        for recompute, saved in ((False, 0), (12, 9 * planning.GIB), (True, 0))
    )
    assert none.startswith("the activations of all 32 layers are kept")
    assert some.startswith("to save 9.0 GB of memory, 12 of 32 layers compute their activations twice")
    assert every.startswith("to save memory, all 32 layers compute their activations twice")
    assert planning.recomputation_in_words(40, 32, 0) == every


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("is_dense", [True, False])
def test_a_plan_writes_as_many_rows_at_a_time_as_writing_does(
    tiny_model: Path, is_dense: bool, beams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_decoder, "SPARE_BYTES", 0)
    model = adapted(tiny_model, "bfloat16")
    config, most, lengths = architecture(model_settings(tiny_model)), 60, (20, 100)
    chosen: Any = dataclasses.replace(model_settings(tiny_model), dtype="bfloat16", dense_to_write=is_dense)
    setup = dataclasses.replace(TrainingSetup.from_config(configured()), model=chosen, lora=lora(alpha=4))
    adapter = sum(weight.numel() * 4 for name, weight in model.model.named_parameters() if "lora_" in name)
    resident = planning.ResidentMemory(50, {"attention": 100}, adapter)
    memory = RowMemory(config, 2, *lengths, is_dense, is_adapted=True, beams=beams)
    planned, written, needed = [], [], []
    with pretended_gpu():
        module_to_gpu(model.model)
        on_gpu = dataclasses.replace(model, device=GPU, dense_to_write=is_dense)
        decoder = static_decoder.Decoder.from_model(model.model, for_training=True, device_type="cuda")
        assert decoder is not None
        dense = static_decoder.dense_bytes(decoder) if is_dense else 0
        frees = [int(memory.needed(rows) / batch_memory.MEMORY_SHARE) + dense + 1 for rows in (1, 8, 32, 64)]
        for free in frees:
            monkeypatch.setattr(batch_memory, "available_memory", lambda device, free=free: free)
            written.append(fitting_rows(on_gpu, *lengths, most, beams))
    for free in frees:
        total = free + 150 + adapter
        machine = Machine("a GPU", torch.device("cuda"), torch.bfloat16, total, 50, is_local=False)
        estimate = planning.estimate_generation(setup, machine, resident, most, *lengths, beams)
        planned.append(estimate.rows)
        needed.append(estimate.total <= machine.memory)
    assert planned == written == ([1, 8, 32, 60] if beams == 1 else [3, 6, 30, 60])
    # The beams of a prompt may need more than there is.
    assert needed[1:] == [True] * 3


def test_on_a_processor_all_rows_are_written(tiny_model: Path) -> None:
    setup = dataclasses.replace(TrainingSetup.from_config(configured()), model=model_settings(tiny_model))
    resident = planning.ResidentMemory(0, {"attention": 0, "feed-forward": 0}, 0)
    estimate = planning.estimate_generation(setup, local(), resident, 60, 20, 100)
    assert (estimate.rows, estimate.total > 100) == (60, True)


def planned_on(memory_gb: int, *overrides: str) -> dict[str, MemoryEstimate]:
    """The estimates of Llama-3-8B's experiment for a GPU of that size, without its weights."""
    device = f"plan.device_memory_gb={memory_gb}"
    config = configured("experiment=llama3_qlora_a100", "model.path=/nowhere/llama", device, *overrides)
    setup, machine = TrainingSetup.from_config(config), planning.target_machine(config.plan, config.model)
    training, generation = planning.estimate_training(setup, machine, None), config.generation
    tokens, summarizer = planning.instruction_prompt_tokens(config.summarizer), config.summarizer
    instructions = (summarizer.batch_size, tokens, summarizer.max_new_tokens)
    mails = (generation.most_rows, planning.USUAL_PROMPT_TOKENS, generation.max_new_tokens, generation.beams)
    return {
        "training": training,
        "instructions": planning.estimate_generation(
            setup, machine, training.resident, *instructions, is_adapted=False
        ),
        "mails": planning.estimate_generation(setup, machine, training.resident, *mails),
    }


@pytest.mark.slow
def test_llama_3_keeps_its_limits_on_a_large_gpu_and_runs_on_the_smallest_that_is_named() -> None:
    large, small = planned_on(40), planned_on(LARGE_MODEL_GPU_GB)
    least = planned_on(LARGE_MODEL_GPU_GB, "trainer.gradient_checkpointing=true")["training"]
    training = large["training"]
    # Not all layers have to recompute, and there is room for a step that needs a fifth more than estimated.
    assert 0 < training.recompute < 32 and training.recompute is not True
    step = training.total - sum(training.resident.parts.values()) + training.resident.adapter
    assert training.total + 0.2 * step < 15 * planning.GIB
    assert max(large["instructions"].total, large["mails"].total) < 9 * planning.GIB
    assert training.recompute < small["training"].recompute
    assert small["training"].total < LARGE_MODEL_GPU_GB * planning.GIB
    # A card has a little less than its name says, something else may be on it, and a step may need a fifth more.
    for estimate in (least, small["instructions"], small["mails"]):
        assert estimate.total < 0.8 * LARGE_MODEL_GPU_GB * planning.GIB


def test_a_training_here_is_not_planned_for_another_machine() -> None:
    config = configured("plan.device_memory_gb=40")
    assert planning.target_machine(config.plan, config.model).name == "a GPU of 40 GB"
    assert planning.local_machine(config.model).name != "a GPU of 40 GB"


def test_dense_weights_that_a_gpu_writes_with_are_planned_for(tmp_path: Path) -> None:
    model = model_settings(tmp_path / "none", "nf4", architecture=LLAMA3)
    setup = dataclasses.replace(TrainingSetup.from_config(configured()), model=model)

    def parts(memory: int, **values: Any) -> dict[str, int]:
        changed = dataclasses.replace(setup, model=dataclasses.replace(model, **values))
        machine = Machine("a GPU", torch.device("cuda"), torch.bfloat16, memory * planning.GIB, 0, is_local=False)
        resident = planning.ResidentMemory(0, {"attention": 6 * planning.GIB}, 0)
        return planning.estimate_generation(changed, machine, resident, 5, 200, 100).working

    dense = weight_bytes(build_on_meta(architecture(model), torch.bfloat16, nf4=False))
    copy, cache, working = "copy of the weights with the adapter", "cache", "working memory and logits"
    # What generation asks a GPU for, with the dense weights and without.
    static, by_transformers = (
        RowMemory(architecture(model), 2, 200, 100, is_static, is_adapted=True) for is_static in (True, False)
    )
    assert parts(24)[copy] == dense["attention"] + dense["feed-forward"]
    assert (parts(24)[cache], parts(24)[working]) == (static.cache(5), static.working(5))
    # Five rows have the room of eight, and 300 tokens that of 512; a layer has its old keys while it gets more room.
    assert static.cache(5) == 8 * 512 * 33 * 2 * 8 * 128 * 2
    # 13 GiB beside the 6 fit, but leave less than 4.
    for found in (parts(22), parts(24, dense_to_write=False)):
        assert found[copy] == 0
        assert (found[cache], found[working]) == (by_transformers.cache(5), by_transformers.working(5))


def test_beams_share_a_prompt_and_a_cache_in_float32(tiny_model: Path) -> None:
    setup = dataclasses.replace(TrainingSetup.from_config(configured()), model=model_settings(tiny_model))
    base = architecture(setup.model)

    def parts(beams: int, dtype: torch.dtype = torch.float32, nf4: bool = False) -> dict[str, int]:
        model = dataclasses.replace(setup.model, quantization="nf4" if nf4 else "none")
        machine = Machine("a CPU", torch.device("cpu"), dtype, planning.GIB, 0, is_local=True)
        resident = planning.ResidentMemory(0, {"attention": 100, "feed-forward": 200}, 0)
        changed = dataclasses.replace(setup, model=model)
        return planning.estimate_generation(changed, machine, resident, 10, 200, 100, beams).working

    per_token = base.num_hidden_layers * 2 * 2 * 16 * 4
    # Places for keys and values grow by 64 tokens.
    assert parts(1)["cache"] == 10 * (256 + 128) * per_token
    assert parts(5)["cache"] == (2 * 256 + 10 * 128) * per_token
    assert parts(5, torch.bfloat16)["cache"] == parts(5)["cache"]
    working = "working memory and logits"
    assert parts(5)[working] < parts(1)[working]
    # transformers gives every beam a prompt of its own, and a layer has its old keys while it gets new ones.
    a_layer = per_token // base.num_hidden_layers
    assert parts(5, nf4=True)["cache"] == parts(1, nf4=True)["cache"] == 10 * 300 * (per_token + a_layer)


def test_what_the_base_writes_needs_no_adapter(tmp_path: Path) -> None:
    model = dataclasses.replace(model_settings(tmp_path / "none", "nf4", LLAMA3), dense_to_write=False)
    setup = dataclasses.replace(TrainingSetup.from_config(configured()), model=model)
    machine = Machine("a GPU", torch.device("cuda"), torch.bfloat16, 24 * planning.GIB, 0, is_local=False)
    resident = planning.ResidentMemory(0, {}, 1000)
    base, tuned = (
        planning.estimate_generation(setup, machine, resident, 5, 200, 100, is_adapted=is_adapted)
        for is_adapted in (False, True)
    )
    assert (base.resident.adapter, tuned.resident.adapter) == (0, 1000)
    # peft's float32 copies of 5 x 200 tokens, in layers 3.5 times as wide inside.
    assert base.working["cache"] == tuned.working["cache"]
    added = tuned.working["working memory and logits"] - base.working["working memory and logits"]
    assert added == 1000 * (4 * 4096 + 6 * 14336)


def test_a_step_of_beam_search_takes_longer_than_one_without(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = architecture(model_settings(tiny_model))
    with _Counted() as counted:
        monkeypatch.setattr(time, "perf_counter", lambda: float(counted.operations))
        for by_transformers in (False, True):
            probe = ThroughputProbe(base, torch.device("cpu"), torch.float32, nf4=by_transformers)
            alone, searched = (probe.prefill_and_token_seconds(None, 6, 20, beams)[1] for beams in (1, 3))
            assert 0 < alone < searched


def test_the_time_of_a_step_follows_the_share_of_layers_that_are_recomputed(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = with_layers(architecture(model_settings(tiny_model)), 4)
    probe = ThroughputProbe(base, torch.device("cpu"), torch.float32, nf4=False)
    seconds = {(False, 1): 2.0, (False, 2): 3.0, (True, 1): 3.0, (True, 2): 5.0}
    monkeypatch.setattr(
        ThroughputProbe, "_measure_step", lambda probe, layers, lora, batch, recomputes: seconds[recomputes, layers]
    )
    # 2 + 3 x 1 without, and 3 + 3 x 2 with recomputation.
    times = [probe.step_seconds(PLAIN, MicroBatch([4], 0.5), recompute) for recompute in (False, 1, 2, True, 9)]
    assert times == [5.0, 6.0, 7.0, 9.0, 9.0]


@pytest.mark.parametrize("beams", [1, 3])
def test_a_gpu_with_dense_weights_is_timed_by_the_steps_that_it_replays(
    tiny_model: Path, beams: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs, asked = PretendedGraphs(), list[tuple[str, bool]]()

    def decoder_on(device: torch.device, model: Any, is_dense: bool) -> CachedDecoder | None:
        asked.append((device.type, is_dense))
        return OnCpu.from_model(model) if is_dense else None

    monkeypatch.setattr(static_decoder, "record", graphs.record)
    monkeypatch.setattr(throughput_probe, "decoder_on", decoder_on)
    # The prompts and what follows them need more room than there was at first.
    monkeypatch.setattr(static_decoder, "TOKEN_STEP", 8)
    probe = ThroughputProbe(architecture(model_settings(tiny_model)), torch.device("cpu"), torch.float32, False, True)
    # A clock of recordings: they are made once, before what is timed.
    monkeypatch.setattr(time, "perf_counter", lambda: float(len(graphs.shapes)))
    assert probe.prefill_and_token_seconds(None, 6, 20, beams) == (0.0, 0.0)
    assert graphs.shapes and graphs.replays and set(asked) == {("cpu", True)}
    graphs.replays = 0
    dataclasses.replace(probe, is_dense=False).prefill_and_token_seconds(None, 6, 20, beams)
    assert graphs.replays == 0


@pytest.mark.parametrize("nf4", [False, True])
def test_writing_takes_longer_the_more_is_written(tiny_model: Path, nf4: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = architecture(model_settings(tiny_model))
    # A clock that counts operations: a real one says more of the machine.
    with _Counted() as counted:
        monkeypatch.setattr(time, "perf_counter", lambda: float(counted.operations))

        def seconds(new_tokens: int, layers: int) -> float:
            probe = ThroughputProbe(with_layers(base, layers), torch.device("cpu"), torch.float32, nf4)
            return probe.generation_seconds(None, rows=4, prompt_tokens=20, new_tokens=new_tokens)

        assert 0 < seconds(1, 2) < seconds(1000, 2)
        assert seconds(1000, 2) < seconds(1000, 200)


def test_writing_with_an_adapter_that_is_not_merged_takes_longer(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = ThroughputProbe(architecture(model_settings(tiny_model)), torch.device("cpu"), torch.float32, nf4=True)
    with _Counted() as counted:
        monkeypatch.setattr(time, "perf_counter", lambda: float(counted.operations))
        alone, adapted = (probe.generation_seconds(lora, 4, 20, 1000) for lora in (None, PLAIN))
    # Three operations for each of the seven linear layers that the adapter has.
    assert adapted > alone + 1000 * 2 * 7 * 2
