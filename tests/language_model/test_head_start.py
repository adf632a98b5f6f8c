"""An adapter that learned on a head start is saved with it, for the unchanged base."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from adapters import base, logits, moved
from conftest import lora

from email_assistant.configuration.schema import Lora
from email_assistant.errors import ModelError
from email_assistant.language_model import head_start
from email_assistant.language_model.adapter_folder import BASE_NOTE, SETTINGS
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_adapter
from email_assistant.training.lora_init import load_or_save_init, save_as_standard_lora

LORA = lora(alpha=6)
# Other ranks, layers and scales than those of the head start.
OWNERS = {
    "plain": lora(alpha=4),
    "rslora": dataclasses.replace(LORA, r=3, use_rslora=True),
    "dora": dataclasses.replace(LORA, use_dora=True),
    "attention of one layer": dataclasses.replace(LORA, target_modules=["q_proj", "o_proj"], layers=[1]),
    "dora on attention": dataclasses.replace(LORA, use_dora=True, target_modules=["q_proj"]),
}


@pytest.fixture
def started(tiny_model: Path, tmp_path: Path) -> Path:
    """The folder of a head start, of rank 5 on all layers."""
    folder = tmp_path / "started"
    moved(add_adapter(base(tiny_model), dataclasses.replace(LORA, r=5, alpha=7.0), 2), 9).model.save_pretrained(folder)
    return folder


def on_head_start(path: Path, started: Path, settings: Lora) -> LanguageModel:
    model = base(path)
    head_start.merge(model.model, started, "")
    return add_adapter(model, settings, 1)


def test_what_is_merged_equals_the_adapter(tiny_model: Path, started: Path) -> None:
    expected = logits(load_adapter(base(tiny_model), started, ""))
    assert torch.allclose(logits(on_head_start(tiny_model, started, LORA)), expected, atol=1e-4)
    assert not torch.allclose(logits(base(tiny_model)), expected, atol=0.1)


@pytest.mark.parametrize("settings", OWNERS.values(), ids=OWNERS)
def test_what_is_saved_gives_on_the_unchanged_base_what_was_trained(
    tiny_model: Path, started: Path, tmp_path: Path, settings: Lora
) -> None:
    model = moved(on_head_start(tiny_model, started, settings), 3)
    expected = logits(model)
    folder = tmp_path / "adapter"
    model.model.save_pretrained(folder)
    untouched = base(tiny_model)
    head_start.stack(folder, started, untouched.model)
    assert torch.allclose(logits(load_adapter(untouched, folder, "")), expected, atol=1e-4)
    assert json.loads((folder / SETTINGS).read_text())["r"] == settings.r + 5


def test_pissa_on_a_head_start_is_saved_with_both(tiny_model: Path, started: Path, tmp_path: Path) -> None:
    model = on_head_start(tiny_model, started, dataclasses.replace(LORA, init="pissa"))
    load_or_save_init(model.model, tmp_path / "start.safetensors")
    expected = logits(moved(model, 3))
    save_as_standard_lora(model.model, tmp_path / "adapter", tmp_path / "start.safetensors")
    untouched = base(tiny_model)
    head_start.stack(tmp_path / "adapter", started, untouched.model)
    assert torch.allclose(logits(load_adapter(untouched, tmp_path / "adapter", "")), expected, atol=1e-4)


def test_a_head_start_of_another_base_is_refused(tiny_model: Path, started: Path) -> None:
    (started / BASE_NOTE).write_text(json.dumps({"name": "other", "fingerprint": "abc"}))
    with pytest.raises(ModelError, match="another base model"):
        head_start.merge(base(tiny_model).model, started, "def")


def test_a_folder_without_an_adapter_is_not_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert head_start.main([str(tmp_path), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'adapter'}: not an adapter")
    assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit):
        head_start.main([])
    assert "required: trained, folder" in capsys.readouterr().err
