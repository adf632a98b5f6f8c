"""The key of generated mails: settings that change them change it, others do not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from composed import composed_config

from email_assistant.configuration.schema import Config
from email_assistant.language_model.fingerprint import generation_key


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    made = composed_config(tiny_model, archive, tmp_path)
    made.generation.temperature = 0.7
    return made


def key(config: Config, **changed: Any) -> dict[str, Any]:
    return generation_key(replace(config.generation, **changed), config.model, config.outputs)


def test_of_beam_search_only_what_changes_its_drafts_counts(config: Config) -> None:
    beam: dict[str, Any] = {"search": "beam", "candidates": 5}
    same: list[dict[str, Any]] = [{"top_p": 0.5}, {"min_p": 0.3}, {"temperature": 0.2}, {"greedy_first": True}]
    for change in [*same, {"batch_size": 3}]:
        assert key(config, **(beam | change)) == key(config, **beam)
    for change in [{"search": "sample"}, {"candidates": 4}, {"max_new_tokens": 7}, {"no_repeat_ngram_size": 9}]:
        assert key(config, **(beam | change)) != key(config, **beam)


def test_a_single_beam_is_a_greedy_draft(config: Config) -> None:
    assert key(config, search="beam", candidates=1) == key(config, search="sample", candidates=1, greedy_first=True)
    assert key(config, search="beam", candidates=1) != key(config, search="sample", candidates=1, greedy_first=False)


def test_at_temperature_0_there_is_no_search(config: Config) -> None:
    settings = replace(config.generation, search="beam", candidates=5, temperature=0.0)
    assert (settings.by_beams, settings.num_candidates) == (False, 1)
    assert key(config, search="beam", temperature=0.0) == key(config, search="sample", temperature=0.0)
