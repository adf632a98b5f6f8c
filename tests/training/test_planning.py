"""The estimate beside tensors that are really made, counted by the same watcher, and its use in plan and train."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import model_settings, save_tiny_model
from test_training import PLAIN, settings
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.model import configured
from email_assistant.configuration.schema import Architecture, Lora
from email_assistant.errors import ConfigurationError, ModelError
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import add_adapter, load_base
from email_assistant.language_model.meta_model import NF4_BYTES, architecture, build_on_meta, weight_bytes, with_layers
from email_assistant.training import planning
from email_assistant.training.batches import Batch
from email_assistant.training.loss import CompletionLoss, ForwardMode
from email_assistant.training.memory_estimate import _Alive, step_footprint
from email_assistant.training.throughput_probe import Probe

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


def really(path: Path, quantization: str, way: ForwardMode, lora: Lora, recompute: bool) -> int:
    """The most bytes alive in a real step, beside what was there before it."""
    tuned = add_adapter(load_base(model_settings(path, quantization)), lora, 1).model
    tuned.train()
    for weight in tuned.parameters():
        if weight.requires_grad:
            weight.grad = torch.zeros_like(weight)
    if recompute:
        tuned.gradient_checkpointing_enable({"use_reentrant": False})
    batch = Batch(torch.zeros(240, dtype=torch.long), torch.zeros(240, dtype=torch.bool), [60] * 4)
    loss = CompletionLoss(tuned, (way,), recompute=recompute)
    loss.way = way
    with _Alive() as alive:
        loss.of_shapes(batch, 120).backward()  # type: ignore[no-untyped-call]
    return alive.peak


@pytest.mark.parametrize(
    ("quantization", "way", "recompute"),
    [
        ("none", "decoder", False),
        ("none", "decoder", True),
        ("none", "padded", False),
        ("nf4", "decoder", False),
        ("nf4", "padded", False),
    ],
)
def test_the_estimate_is_what_is_alive_in_a_real_step(
    tmp_path: Path, quantization: str, way: ForwardMode, recompute: bool
) -> None:
    path = save_tiny_model(tmp_path / "model", layers=6)
    config = architecture(model_settings(path))
    found = step_footprint(
        config,
        PLAIN,
        dtype=torch.float32,
        nf4=quantization == "nf4",
        way=way,
        lengths=[60] * 4,
        supervised=0.5,
        optimizer="adamw",
        averaged=False,
        recompute=recompute,
    )
    assert found.activations == pytest.approx(really(path, quantization, way, PLAIN, recompute), rel=0.15)


def test_weights_and_adapter_are_counted_to_the_byte(tiny_model: Path) -> None:
    base = load_base(model_settings(tiny_model))
    stored = sum(weight.numel() * 4 for weight in base.model.parameters())
    rotary = sum(buffer.numel() * buffer.element_size() for buffer in base.model.buffers())
    config = architecture(model_settings(tiny_model))
    assert sum(weight_bytes(build_on_meta(config, torch.float32, nf4=False)).values()) == stored + rotary
    tuned = add_adapter(base, PLAIN, 1).model
    adapter = sum(weight.numel() * 4 for weight in tuned.parameters() if weight.requires_grad)
    for optimizer, share, averaged in (("adamw", 2, True), ("paged_adamw_8bit", 0.5, False)):
        found = step_footprint(
            config,
            PLAIN,
            dtype=torch.float32,
            nf4=False,
            way="decoder",
            lengths=[8],
            supervised=0.5,
            optimizer=optimizer,
            averaged=averaged,
            recompute=False,
        )
        assert (found.adapter, found.gradients, found.optimizer) == (adapter, adapter, adapter * share)
        assert found.average == averaged * adapter
        assert found.total == found.activations + adapter * (2 + share + averaged)


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


def test_the_largest_micro_batch_of_all_epochs_is_planned_for() -> None:
    examples = [TokenizedExample(list(range(length)), length // 2) for length in (10, 20, 30, 40, 50, 60, 70, 80)]
    values = settings(batch_size=4, micro_batch_tokens=100, epochs=3)
    lengths, share = planning.lengths_of(values, 1, examples, padded=False)
    assert 70 < sum(lengths) <= 100
    assert share == 0.5
    padded, _ = planning.lengths_of(values, 1, examples, padded=True)
    assert len(set(padded)) == 1
    assert sum(padded) <= 100
    usual, _ = planning.lengths_of(values, 1, None, padded=False)
    assert usual == [256]


def test_a_training_that_cannot_fit_is_refused_with_the_least_change(tiny_model: Path) -> None:
    config = configured()
    plan_for = planning.Machine("this machine", torch.device("cpu"), torch.float32, 100, 0, here=True)

    def needed(changed: Any) -> int:
        size = 8 * planning.GIB * changed.trainer.micro_batch_tokens // config.trainer.micro_batch_tokens
        return size // 4 if changed.model.quantization == "nf4" else size

    planning.refuse(needed(config), 8 * planning.GIB, config, plan_for, needed)
    with pytest.raises(ConfigurationError, match=r"needs 8\.0 GB .* trainer\.micro_batch_tokens=512 it needs 2\.0 GB"):
        planning.refuse(needed(config), 3 * planning.GIB, config, plan_for, needed)
    with pytest.raises(ConfigurationError, match="still too much: take a smaller base model"):
        planning.refuse(needed(config), 1000, config, plan_for, needed)


def test_activations_are_made_again_only_where_they_would_not_fit(tiny_model: Path) -> None:
    config = configured()
    config = dataclasses.replace(config, model=model_settings(tiny_model))
    base = architecture(config.model)
    plan_for = planning.Machine("this machine", torch.device("cpu"), torch.float32, 100, 0, here=True)
    roomy, recomputed = planning.step(config, base, plan_for, None, 10 * planning.GIB)
    assert not recomputed
    tight, recomputed = planning.step(config, base, plan_for, None, roomy.total - 1)
    assert recomputed
    assert tight.activations < roomy.activations


def test_a_training_here_is_not_planned_for_another_machine() -> None:
    config = configured("plan.device_memory_gb=40")
    assert planning.machine(config).name == "a GPU of 40 GB"
    assert planning.this_machine(config).name != "a GPU of 40 GB"


@pytest.mark.parametrize("nf4", [False, True])
def test_writing_takes_longer_the_more_is_written(tiny_model: Path, nf4: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = architecture(model_settings(tiny_model))
    # A clock that counts operations: a real one says more of the machine.
    with _Counted() as counted:
        monkeypatch.setattr(time, "perf_counter", lambda: float(counted.operations))

        def seconds(new_tokens: int, layers: int) -> float:
            probe = Probe(with_layers(base, layers), torch.device("cpu"), torch.float32, nf4)
            return probe.generation_seconds(rows=4, prompt=20, new_tokens=new_tokens)

        assert 0 < seconds(1, 2) < seconds(1000, 2)
        assert seconds(1000, 2) < seconds(1000, 200)
