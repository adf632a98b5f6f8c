"""Training in bfloat16 and float16, as on GPUs and newer CPUs, beside float32."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import model_settings
from small import PLAIN, Killed, distance, encoded, set_lora_b, settings

from email_assistant.errors import ConfigurationError
from email_assistant.language_model import device
from email_assistant.language_model.device import choose_dtype
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_base
from email_assistant.language_model.meta_model import architecture
from email_assistant.training.checkpoints import SCALER
from email_assistant.training.differential import DifferentialTrainer
from email_assistant.training.loss import ForwardMode
from email_assistant.training.planning import Machine, TrainingSetup
from email_assistant.training.trainer import Trainer, TrainingData

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def examples(tiny_model: Path) -> list[TokenizedExample]:
    return encoded(tiny_model)


def model_in(path: Path, dtype: str) -> LanguageModel:
    configured: Any = dataclasses.replace(model_settings(path), dtype=dtype)
    return set_lora_b(add_adapter(load_base(configured), PLAIN, seed=1))


def trainer(
    path: Path, examples: list[TokenizedExample], folder: Path, dtype: str, kind: type[Trainer] = Trainer, **values: Any
) -> Trainer:
    return kind(model_in(path, dtype), TrainingData(examples[:8], examples[8:]), settings(**values), 5, folder)


def gradients(loop: Trainer) -> dict[str, torch.Tensor]:
    """The gradients of the first step, without loss scaling."""
    loop.compute_gradients(0)
    loop.scaler.unscale_(loop.optimizer)
    return {name: weight.grad.clone() for name, weight in loop.weights.items() if weight.grad is not None}


def relative_error(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> float:
    flat, reference = (torch.cat([values[name].flatten() for name in expected]) for values in (found, expected))
    return float((flat - reference).norm() / reference.norm())


@pytest.mark.parametrize("weighting", ["tokens", "mails"])
@pytest.mark.parametrize(
    ("dtype", "mode", "tolerance"),
    [
        ("bfloat16", "decoder", 0.03),
        *(("bfloat16", mode, 0.03) for mode in ("packed", "padded", "full_logits")),
        *(("float16", mode, 0.005) for mode in ("packed", "padded", "full_logits")),
    ],
)
def test_loss_and_gradients_are_near_those_of_float32(
    tiny_model: Path,
    examples: list[TokenizedExample],
    tmp_path: Path,
    dtype: str,
    tolerance: float,
    mode: ForwardMode,
    weighting: str,
) -> None:
    exact, rounded = (
        trainer(tiny_model, examples, tmp_path, used, weighting=weighting, batch_size=8) for used in ("float32", dtype)
    )
    exact.loss.mode = rounded.loss.mode = mode
    assert rounded.validation_loss() == pytest.approx(exact.validation_loss(), rel=1e-3)
    found = gradients(rounded)
    assert all(gradient.dtype == torch.float32 for gradient in found.values())
    error = relative_error(found, gradients(exact))
    # As near as rounding allows, but rounded: the step was computed in that format.
    assert 1e-5 < error < tolerance


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_killed_training_resumed_equals_the_uninterrupted(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, dtype: str
) -> None:
    whole = trainer(tiny_model, examples, tmp_path / "whole", dtype)
    whole.fit()
    assert all(weight.dtype == torch.float32 for weight in whole.weights.values())
    assert whole.state.best_loss < whole.state.history[0]["validation/loss"]
    with pytest.raises(KeyboardInterrupt):
        trainer(tiny_model, examples, tmp_path / "killed", dtype, Killed).fit()
    checkpoint = tmp_path / "killed" / "checkpoint-00000002"
    assert (checkpoint / SCALER).exists() == (dtype == "float16")
    resumed = trainer(tiny_model, examples, tmp_path / "killed", dtype)
    resumed.fit()
    assert distance(whole.weights, resumed.weights) == 0.0
    assert resumed.scaler.state_dict() == whole.scaler.state_dict()


def test_a_float16_step_whose_gradients_overflow_is_skipped(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    loop = trainer(tiny_model, examples, tmp_path, "float16")
    loop.scaler.load_state_dict({**loop.scaler.state_dict(), "scale": 2.0**40})
    before = {name: weight.detach().clone() for name, weight in loop.weights.items()}
    loop.train_step()
    assert distance(before, loop.weights) == 0.0 and loop.state.step == 1
    assert loop.scaler.get_scale() == 2.0**39
    loop.scaler.load_state_dict({**loop.scaler.state_dict(), "scale": 2.0**10})
    loop.train_step()
    assert distance(before, loop.weights) > 0.0


def test_only_float16_is_scaled(tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path) -> None:
    enabled = {
        dtype: trainer(tiny_model, examples, tmp_path, dtype).scaler.is_enabled()
        for dtype in ("float32", "bfloat16", "float16")
    }
    assert enabled == {"float32": False, "bfloat16": False, "float16": True}


def test_differential_privacy_refuses_float16(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=r"model\.dtype = float16"):
        trainer(tiny_model, examples, tmp_path, "float16", DifferentialTrainer, privacy="differential")


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.2, torch.bfloat16), (0.8, torch.bfloat16), (0.9, torch.float32), (12.0, torch.float32)]
)
def test_auto_is_the_format_that_the_processor_multiplies_faster(
    tiny_model: Path, seconds: float, expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "_cpu_has_bfloat16", lambda: True)
    measured = []

    def pretend(rows: int, inputs: int, outputs: int, dtype: torch.dtype) -> float:
        measured.append((inputs, outputs))
        return 1.0 if dtype == torch.float32 else seconds * (1 if rows == min(device.MEASURED_ROWS) else 0.5)

    monkeypatch.setattr(device, "_seconds_of_product", pretend)
    device.bfloat16_gain.cache_clear()
    configured: Any = dataclasses.replace(model_settings(tiny_model), dtype="auto")
    assert choose_dtype(configured, CPU) == expected
    loaded = load_base(configured)
    assert loaded.dtype == loaded.model.dtype == expected
    shape = loaded.model.config
    assert set(measured) == {(shape.hidden_size, shape.intermediate_size)}
    device.bfloat16_gain.cache_clear()


def test_a_processor_without_instructions_for_bfloat16_is_not_measured(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "_cpu_has_bfloat16", lambda: False)
    monkeypatch.setattr(device, "_seconds_of_product", lambda *arguments: pytest.fail("measured"))
    device.bfloat16_gain.cache_clear()
    configured: Any = dataclasses.replace(model_settings(tiny_model), dtype="auto")
    assert choose_dtype(configured, CPU) == torch.float32
    device.bfloat16_gain.cache_clear()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_expected_mode_is_the_one_that_is_chosen(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, dtype: str
) -> None:
    loop = trainer(tiny_model, examples, tmp_path, dtype)
    loop.validation_loss()
    base = architecture(model_settings(tiny_model))
    machine = Machine("this machine", CPU, loop.model.dtype, 0, 0, is_local=True)
    setup = TrainingSetup(model_settings(tiny_model), PLAIN, loop.settings, 5)
    assert loop.loss.mode == setup.mode(machine, base)
    dora = dataclasses.replace(setup, lora=dataclasses.replace(PLAIN, use_dora=True))
    assert dora.mode(machine, base) == "padded"
    on_gpu = dora.mode(dataclasses.replace(machine, device=torch.device("cuda")), base)
    assert on_gpu == ("packed" if dtype == "float32" else "varlen")
