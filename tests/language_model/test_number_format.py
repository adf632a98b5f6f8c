"""`model.dtype=auto` is decided once on each machine."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from composed import composed_config
from conftest import model_settings

from email_assistant.commands.catalog import CATALOG
from email_assistant.language_model import number_format
from email_assistant.language_model.distributed import SINGLE_PROCESS
from email_assistant.language_model.fingerprint import base_identity
from email_assistant.language_model.number_format import MEASURED_FORMATS, features_model, format_of, resolve
from email_assistant.pipeline import pipeline
from email_assistant.stages.catalog import evaluate_depends_on


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> list[torch.dtype]:
    """The results of the next measurements, the last one first."""
    left = [torch.float32, torch.bfloat16]
    monkeypatch.setattr(number_format, "GPU_DEVICES", ())
    monkeypatch.setattr("email_assistant.language_model.device.choose_dtype", lambda settings, device: left.pop())
    return left


def settings(path: Path, **values: Any) -> Any:
    return dataclasses.replace(model_settings(path), dtype="auto", device="auto", **values)


def test_a_machine_is_measured_once(tiny_model: Path, tmp_path: Path, choices: list[torch.dtype]) -> None:
    found = [format_of(settings(tiny_model), tmp_path) for _ in range(3)]
    assert found == ["bfloat16"] * 3
    assert choices == [torch.float32]
    (machine,) = json.loads((tmp_path / MEASURED_FORMATS).read_text())
    assert "torch" in machine


def test_other_machines_and_other_folders_are_measured_by_themselves(
    tiny_model: Path, tmp_path: Path, choices: list[torch.dtype], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert format_of(settings(tiny_model), tmp_path) == "bfloat16"
    monkeypatch.setattr(number_format, "_processor", lambda: "another")
    assert format_of(settings(tiny_model), tmp_path) == "float32"
    assert choices == []
    monkeypatch.undo()
    monkeypatch.setattr(number_format, "GPU_DEVICES", ())
    assert format_of(settings(tiny_model), tmp_path) == "bfloat16"


def test_a_corrupt_file_is_made_again(tiny_model: Path, tmp_path: Path, choices: list[torch.dtype]) -> None:
    (tmp_path / MEASURED_FORMATS).write_text("{")
    assert format_of(settings(tiny_model), tmp_path) == "bfloat16"
    assert "bfloat16" in (tmp_path / MEASURED_FORMATS).read_text()


def test_without_a_model_nothing_is_decided(tmp_path: Path, choices: list[torch.dtype]) -> None:
    assert format_of(settings(tmp_path / "missing"), tmp_path) is None
    assert len(choices) == 2


def test_the_format_is_part_of_the_key(tiny_model: Path, tmp_path: Path, choices: list[torch.dtype]) -> None:
    archive = tmp_path / "archive.mbox"
    archive.touch()
    config = composed_config(tiny_model, archive, tmp_path)
    assert config.model.dtype == "auto"
    resolved = resolve(config)
    assert resolved.model.dtype == "bfloat16"
    assert base_identity(resolved.model, tmp_path)["dtype"] == "bfloat16"
    explicit = dataclasses.replace(config, model=dataclasses.replace(config.model, dtype="float32"))
    assert resolve(explicit) is explicit


def test_a_graphics_card_without_cuda_leaves_the_measurement_of_the_cpu_in_the_file(
    tiny_model: Path, tmp_path: Path, choices: list[torch.dtype], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_format, "GPU_DEVICES", (tmp_path,))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [format_of(settings(tiny_model), tmp_path) for _ in range(2)] == ["bfloat16"] * 2
    assert choices == [torch.float32]
    assert format_of(dataclasses.replace(settings(tiny_model), device="cuda"), tmp_path) is None


def test_a_graphics_card_is_asked_each_time_and_leaves_no_trace(
    tiny_model: Path, tmp_path: Path, choices: list[torch.dtype], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_format, "GPU_DEVICES", (tmp_path,))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert format_of(settings(tiny_model), tmp_path) == "bfloat16"
    assert not (tmp_path / MEASURED_FORMATS).exists()


def test_another_number_of_threads_is_measured_by_itself(
    tiny_model: Path, tmp_path: Path, choices: list[torch.dtype]
) -> None:
    found = [format_of(dataclasses.replace(settings(tiny_model), threads=count), tmp_path) for count in (1, 2, 1)]
    assert found == ["bfloat16", "float32", "bfloat16"]
    torch.set_num_threads(1)


def test_only_what_uses_the_model_decides_and_no_plan_for_another_machine(
    tiny_model: Path, tmp_path: Path, choices: list[torch.dtype]
) -> None:
    archive = tmp_path / "archive.mbox"
    archive.touch()
    config = composed_config(tiny_model, archive, tmp_path)

    def resolved(**values: Any) -> str:
        context = pipeline._context(dataclasses.replace(config, **values), CATALOG, None, SINGLE_PROCESS)
        return context.config.model.dtype

    elsewhere = dataclasses.replace(config.plan, device_memory_gb=40.0)
    assert [resolved(stage=stage) for stage in ("lock", "purge", "clean", "compare")] == ["auto"] * 4
    assert resolved(stage="plan", plan=elsewhere) == "auto"
    assert not (tmp_path / MEASURED_FORMATS).exists()
    assert [resolved(stage=stage) for stage in ("all", "train", "infer", "compose", "status", "plan")] == [
        "bfloat16"
    ] * 6


def test_the_model_of_features_has_a_format_of_its_own(
    tiny_model: Path, other_model: Path, tmp_path: Path, choices: list[torch.dtype]
) -> None:
    archive = tmp_path / "archive.mbox"
    archive.touch()
    config = composed_config(tiny_model, archive, tmp_path)
    assert features_model(config) is None
    mauve = dataclasses.replace(config.evaluation.mauve, model_path=str(other_model))
    config = dataclasses.replace(config, evaluation=dataclasses.replace(config.evaluation, mauve=mauve))
    model = features_model(config)
    assert model is not None and (model.path, model.dtype) == (str(other_model), "bfloat16")
    assert evaluate_depends_on(config)["evaluation"]["mauve"]["features_dtype"] == "bfloat16"
