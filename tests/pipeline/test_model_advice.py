"""Advice on the model before the first training."""

import dataclasses
import re
from pathlib import Path

import pytest
from composed import composed_config

from email_assistant.configuration.schema import Config
from email_assistant.pipeline.model_advice import LARGE_MODEL_GPU_GB, advice

ROOT = Path(__file__).resolve().parents[2]
SMALL, LARGE = 135_000_000, 8_000_000_000


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    composed = composed_config(tiny_model, archive, tmp_path)
    model = dataclasses.replace(composed.model, path="models/smollm2_135m")
    return dataclasses.replace(composed, model=model)


def test_a_small_model_is_said_to_work_from_notes(config: Config) -> None:
    config.summarizer.orders_as_notes = False
    assert ", not orders" in next(advice(config, SMALL, {"en": 100}, None, 16.0))
    config.summarizer.orders_as_notes = True
    lines = list(advice(config, SMALL, {"en": 100}, None, 16.0))
    assert "135 million" in lines[0]
    assert "rules turn English orders" in lines[0]
    assert "GPU" in lines[-1]
    assert "experiment=" not in " ".join(lines)


def test_a_large_gpu_is_used_for_a_large_model(config: Config) -> None:
    lines = list(advice(config, SMALL, {"en": 100}, 80.0, 16.0))
    assert "experiment=llama3_qlora_a100" in lines[-1]
    assert list(advice(config, LARGE, {"en": 100}, 80.0, 16.0)) == []
    assert "experiment=" not in list(advice(config, SMALL, {"en": 100}, 6.0, 16.0))[-1]


def test_the_smallest_gpu_is_the_same_wherever_it_is_named(config: Config) -> None:
    # A card of that size has a little less.
    fitting, too_small = (
        list(advice(config, SMALL, {"en": 100}, LARGE_MODEL_GPU_GB - less, 16.0))[-1] for less in (0.25, 1)
    )
    assert "experiment=llama3_qlora_a100" in fitting
    assert f"a GPU with {LARGE_MODEL_GPU_GB} GB or more" in too_small
    first = (ROOT / "conf" / "experiment" / "llama3_qlora_a100.yaml").read_text().splitlines()[1]
    assert first.endswith(f"on one GPU of {LARGE_MODEL_GPU_GB} GB or more.")
    sizes = set(re.findall(r"GPU (?:of|with) ([0-9]+) GB or more", (ROOT / "docs" / "models.md").read_text()))
    assert sizes == {str(LARGE_MODEL_GPU_GB)}


def test_other_languages_get_a_model_that_knows_them_if_it_fits(config: Config) -> None:
    languages = {"ru": 60, "en": 40}
    assert "model=gemma3_270m" in list(advice(config, SMALL, languages, None, 16.0))[-1]
    assert all("gemma" not in line for line in advice(config, SMALL, languages, None, 2.0))
    gemma = dataclasses.replace(config, model=dataclasses.replace(config.model, path="models/gemma3_270m"))
    assert all("make gemma" not in line for line in advice(gemma, 270_000_000, languages, None, 16.0))
