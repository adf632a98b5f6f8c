"""How long training and evaluation will take."""

import dataclasses
from pathlib import Path

import pytest
from composed import composed_config

from email_assistant.configuration.schema import Config
from email_assistant.pipeline.time_estimate import (
    FIXED_SECONDS,
    Lengths,
    Speeds,
    evaluation_seconds,
    fitting_seconds,
    scoring_seconds,
    training_seconds,
)

SPEEDS = Speeds(trained_token=0.003, step=0.1, row=0.01)
LENGTHS = Lengths(prompt=40, mail=60, training=120, validation=12, test=16)


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    return composed_config(tiny_model, archive, tmp_path)


def changed(config: Config, group: str, **values: object) -> Config:
    return dataclasses.replace(config, **{group: dataclasses.replace(getattr(config, group), **values)})


def test_writing_reads_each_prompt_once_and_fills_the_batch() -> None:
    # 8 texts in batches of 4 rows: two times 10 steps of 0.1 + 4 * 0.01 s, and 2 prompts of 30 tokens.
    assert SPEEDS.writing(8, 10, 30, 4, 2) == pytest.approx(2 * 10 * 0.14 + 2 * 30 * 0.001)
    assert SPEEDS.writing(0, 10, 30, 4, 0) == 0


def test_fitting_counts_steps_and_validations(config: Config) -> None:
    trainer = dataclasses.replace(config.trainer, epochs=3, validations_per_epoch=2, max_steps=None, batch_size=4)
    # 8 validations, each of a third of a step's work for each of 12 mails.
    assert fitting_seconds(trainer, 0.003, 100, 120, 12) == pytest.approx((3 * 120 + 8 * 12 / 3) * 100 * 0.003)
    trainer = dataclasses.replace(trainer, max_steps=5)
    assert fitting_seconds(trainer, 0.003, 100, 120, 12) == pytest.approx((5 * 4 + 8 * 12 / 3) * 100 * 0.003)


def test_training_takes_longer_with_more_epochs_mails_and_drafts(config: Config) -> None:
    config = changed(config, "trainer", epochs=3, max_steps=None, scored_mails=2)
    seconds = training_seconds(config, SPEEDS, LENGTHS)
    assert seconds > FIXED_SECONDS + 3 * 120 * 100 * 0.003
    twice = dataclasses.replace(LENGTHS, training=240)
    assert training_seconds(config, SPEEDS, twice) - seconds == pytest.approx(3 * 120 * 100 * 0.003)
    stopped = changed(config, "trainer", max_steps=1)
    assert training_seconds(stopped, SPEEDS, LENGTHS) < seconds / 2
    drafts = changed(config, "generation", candidates=9)
    assert training_seconds(drafts, SPEEDS, LENGTHS) > seconds
    assert scoring_seconds(config, SPEEDS, LENGTHS) < seconds / 2


def test_evaluation_counts_the_drafts_of_each_arm(config: Config) -> None:
    config = changed(config, "generation", candidates=9)
    config = changed(config, "evaluation", arms=["base", "tuned"], baseline_candidates=1, max_mails=None)
    seconds = evaluation_seconds(config, SPEEDS, LENGTHS)
    assert evaluation_seconds(changed(config, "evaluation", baseline_candidates=None), SPEEDS, LENGTHS) > 1.5 * seconds
    assert evaluation_seconds(changed(config, "evaluation", arms=["base"]), SPEEDS, LENGTHS) < seconds
    assert evaluation_seconds(changed(config, "evaluation", max_mails=4), SPEEDS, LENGTHS) < seconds
    assert evaluation_seconds(changed(config, "evaluation", judge_mails=0), SPEEDS, LENGTHS) < seconds
