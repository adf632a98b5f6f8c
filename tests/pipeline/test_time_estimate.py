"""How long training and evaluation will take."""

import dataclasses
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from composed import composed_config
from conftest import model_settings

from email_assistant.configuration.schema import Config
from email_assistant.evaluation.generate_mails import sampling_params
from email_assistant.language_model.batch_memory import MEMORY_SHARE, RowMemory
from email_assistant.language_model.cached_decoder import CachedDecoder
from email_assistant.language_model.decoding import Completion
from email_assistant.language_model.generation import generate, generate_likeliest
from email_assistant.language_model.loading import load_base
from email_assistant.language_model.meta_model import architecture
from email_assistant.language_model.static_decoder import SPARE_BYTES
from email_assistant.pipeline import time_estimate
from email_assistant.pipeline.time_estimate import (
    FIXED_SECONDS,
    SEARCH_LENGTH,
    Lengths,
    Speeds,
    Writing,
    evaluation_pieces,
    fitting_seconds,
    scoring_pieces,
    training_pieces,
)
from email_assistant.progress import WholeCall
from email_assistant.storage import json_cache
from email_assistant.training import planning
from email_assistant.training.throughput_probe import ThroughputProbe

SPEEDS = Speeds(trained_token=0.003, step=0.1, row=0.01, beam=0.002)
LENGTHS = Lengths(prompt=40, mail=60, longest=80, training=120, validation=12, test=16)
BEAMS: dict[str, Any] = {"search": "beam", "candidates": 5, "batch_size": 12}


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    return composed_config(tiny_model, archive, tmp_path)


def total(pieces: Callable[[Config, Speeds, Lengths], dict[str, float]], *work: Any) -> float:
    return sum(pieces(*work).values())


def changed(config: Config, group: str, **values: object) -> Config:
    return dataclasses.replace(config, **{group: dataclasses.replace(getattr(config, group), **values)})


def test_writing_reads_each_prompt_once_and_fills_the_batch(config: Config) -> None:
    generation = dataclasses.replace(config.generation, candidates=4, batch_size=4)
    # 8 texts in 4 rows, the last of which ends after 12 steps, and 2 prompts of 30 tokens.
    work = Writing(2, generation, 10, 12, 30)
    assert SPEEDS.writing(work) == pytest.approx((10 + 12) * 0.1 + 80 * 0.01 + 2 * 30 * 0.001)
    assert SPEEDS.writing(dataclasses.replace(work, requests=0)) == 0
    short = dataclasses.replace(work, generation=dataclasses.replace(generation, max_new_tokens=7))
    assert (short.steps, short.row_steps) == (14, 56)


def test_a_search_takes_a_row_for_each_beam_until_its_end(config: Config) -> None:
    generation = dataclasses.replace(config.generation, **BEAMS)
    assert (generation.beams, generation.most_rows) == (5, 10)
    # 4 searches of which 2 fit into 12 rows.
    work = Writing(4, generation, 10, 12, 30)
    steps, row_steps = (10 + 12) * SEARCH_LENGTH, 4 * 5 * 10 * SEARCH_LENGTH
    assert (work.steps, work.row_steps) == (pytest.approx(steps), pytest.approx(row_steps))
    assert SPEEDS.writing(work) == pytest.approx(steps * 0.1 + row_steps * (0.01 + 0.002) + 4 * 30 * 0.001)
    # More beams than the batch has rows, greedy decoding, and llama.cpp, which has no beam search.
    assert dataclasses.replace(generation, batch_size=3).most_rows == 5
    assert dataclasses.replace(generation, temperature=0.0).beams == 1
    assert dataclasses.replace(generation, backend="llama_cpp").beams == 1
    assert dataclasses.replace(generation, search="sample").most_rows == 12


@pytest.mark.parametrize("is_searched", [False, True])
def test_rows_and_steps_are_those_that_are_computed(
    tiny_model: Path, config: Config, is_searched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_base(model_settings(tiny_model))
    # Texts of different lengths. A search with a random model is none: its texts are as long as they may be.
    model.encoder.stop_ids = frozenset() if is_searched else frozenset(range(0, 250, 16))
    values: dict[str, Any] = BEAMS if is_searched else {"candidates": 2, "batch_size": 8}
    generation = dataclasses.replace(config.generation, max_new_tokens=40, **values)
    computed: list[int] = []
    step = CachedDecoder.step

    def counted(self: CachedDecoder, tokens: Sequence[int]) -> torch.Tensor:
        computed.append(len(tokens))
        return step(self, tokens)

    monkeypatch.setattr(CachedDecoder, "step", counted)
    prompts = [model.encoder.prompt(f"Ask number {number}") for number in range(9 if is_searched else 20)]
    texts: list[Completion] = []
    if is_searched:
        generate_likeliest(model, prompts, sampling_params(generation), 5, 12, lambda _, found: texts.extend(found))
    else:
        rows = [prompt for prompt in prompts for _ in range(2)]
        params = sampling_params(generation)
        generate(model, rows, params, list(range(len(rows))), 8, lambda _, text: texts.append(text))
    lengths = [text.num_tokens for text in texts]
    # The comparison with the model's own logits is a step, too.
    del computed[0]
    work = Writing(len(prompts), generation, statistics.mean(lengths), max(lengths), 20)
    assert len(texts) == len(prompts) * generation.num_candidates
    assert max(computed) == generation.most_rows
    assert work.steps == pytest.approx(len(computed), rel=1 / 3)
    assert work.row_steps == pytest.approx(sum(computed), rel=1 / 3)


def test_fitting_counts_steps_and_validations(config: Config) -> None:
    trainer = dataclasses.replace(config.trainer, epochs=3, validations_per_epoch=2, max_steps=None, batch_size=4)
    # 8 validations, each of a third of a step's work for each of 12 mails.
    assert fitting_seconds(trainer, 0.003, 100, 120, 12) == pytest.approx((3 * 120 + 8 * 12 / 3) * 100 * 0.003)
    trainer = dataclasses.replace(trainer, max_steps=5)
    assert fitting_seconds(trainer, 0.003, 100, 120, 12) == pytest.approx((5 * 4 + 8 * 12 / 3) * 100 * 0.003)


def test_training_takes_longer_with_more_epochs_mails_and_drafts(config: Config) -> None:
    config = changed(config, "trainer", epochs=3, max_steps=None, scored_mails=2)
    seconds = total(training_pieces, config, SPEEDS, LENGTHS)
    assert seconds > FIXED_SECONDS + 3 * 120 * 100 * 0.003
    twice = dataclasses.replace(LENGTHS, training=240)
    assert total(training_pieces, config, SPEEDS, twice) - seconds == pytest.approx(3 * 120 * 100 * 0.003)
    stopped = changed(config, "trainer", max_steps=1)
    assert total(training_pieces, stopped, SPEEDS, LENGTHS) < seconds / 2
    drafts = changed(config, "generation", candidates=9)
    assert total(training_pieces, drafts, SPEEDS, LENGTHS) > seconds
    assert total(scoring_pieces, config, SPEEDS, LENGTHS) < seconds / 2


def test_evaluation_counts_the_drafts_of_each_arm(config: Config) -> None:
    config = changed(config, "generation", candidates=9)
    config = changed(config, "evaluation", arms=["base", "tuned"], baseline_candidates=1, max_mails=None)
    seconds = total(evaluation_pieces, config, SPEEDS, LENGTHS)
    assert (
        total(evaluation_pieces, changed(config, "evaluation", baseline_candidates=None), SPEEDS, LENGTHS)
        > 1.5 * seconds
    )
    assert total(evaluation_pieces, changed(config, "evaluation", arms=["base"]), SPEEDS, LENGTHS) < seconds
    assert total(evaluation_pieces, changed(config, "evaluation", max_mails=4), SPEEDS, LENGTHS) < seconds
    assert total(evaluation_pieces, changed(config, "evaluation", judge_mails=0), SPEEDS, LENGTHS) < seconds


def test_scoring_with_beam_search_counts_the_beams(config: Config) -> None:
    config = changed(config, "trainer", scored_mails=12)
    searched = changed(config, "generation", **BEAMS)
    sampled = changed(config, "generation", **(BEAMS | {"search": "sample"}))
    work = Writing(12, searched.generation, 60, 80, 40)
    assert total(scoring_pieces, searched, SPEEDS, LENGTHS) == pytest.approx(FIXED_SECONDS + SPEEDS.writing(work))
    assert total(scoring_pieces, searched, SPEEDS, LENGTHS) > total(scoring_pieces, sampled, SPEEDS, LENGTHS)


def test_the_time_of_real_work_corrects_the_speeds(config: Config) -> None:
    speeds = {"trained_token": 0.08, "step": 0.1, "row": 0.01, "beam": 0.002}
    file, key = config.outputs / time_estimate.SPEEDS_FILE, time_estimate._key(config)
    json_cache.add(file, {key: speeds, "another machine": speeds})
    context = SimpleNamespace(config=config)
    call = WholeCall(("train", "evaluate"))
    call.expect({"train": {"train": 800.0, "score": 20.0, "": 5.0}, "evaluate": {"tuned": 60.0}})
    call.measured = {("train", "train"): 200.0, ("train", "score"): 30.0, ("evaluate", "tuned"): 90.0}
    time_estimate.learn(context, call)
    corrected = {"trained_token": 0.02, "step": 0.15, "row": 0.015, "beam": 0.003}
    assert json_cache.read(file) == {key: pytest.approx(corrected), "another machine": speeds}
    call.measured = {("train", "train"): 2.0}
    time_estimate.learn(context, call)
    assert json_cache.read(file)[key] == pytest.approx(corrected)


def test_fewer_rows_than_configured_are_expected_where_a_gpu_has_no_room_for_them(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = changed(config, "generation", candidates=4, batch_size=64)
    config = changed(config, "model", dense_to_write=False)
    assert time_estimate._with_rows_that_fit(config, LENGTHS) == config
    machine = planning.Machine("a GPU", torch.device("cuda"), torch.float32, 0, 0, is_local=True)
    setup = planning.TrainingSetup.from_config(config)
    used = sum(planning.loaded_base(setup, machine).parts.values())
    memory = RowMemory(architecture(config.model), 4, 40, config.generation.max_new_tokens, False, is_adapted=True)
    for rows, expected in ((8, 8), (640, 64)):
        total = used + int(memory.needed(rows) / MEMORY_SHARE) + 1
        monkeypatch.setattr(
            planning, "local_machine", lambda model, total=total: dataclasses.replace(machine, memory=total)
        )
        found = time_estimate._with_rows_that_fit(config, LENGTHS)
        assert found.generation.most_rows == expected
        assert dataclasses.replace(found, generation=config.generation) == config


@pytest.mark.parametrize("wrong", [None, 5, {}, {"x": 1}, {"trained_token": 1, "step": 1, "row": 1, "beam": "1"}])
def test_damaged_speeds_are_measured_again(config: Config, wrong: object) -> None:
    file, key = config.outputs / time_estimate.SPEEDS_FILE, time_estimate._key(config)
    json_cache.add(file, {key: wrong})
    call = WholeCall(("train",))
    call.expect({"train": {"train": 800.0}})
    call.measured = {("train", "train"): 200.0}
    time_estimate.learn(SimpleNamespace(config=config), call)
    assert json_cache.read(file) == {key: wrong}
    right = {"trained_token": 1.0, "step": 1.0, "row": 1.0, "beam": 1.0}
    assert json_cache.get_or_compute(file, key, lambda: right, time_estimate._are_speeds) == right
    assert json_cache.read(file) == {key: right}


@pytest.mark.parametrize(("spare", "allowed", "expected"), [(0, True, False), (1, True, True), (1, False, False)])
def test_on_a_gpu_the_time_is_that_of_the_decoder_that_will_write(
    config: Config, spare: int, allowed: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, probed = changed(config, "model", dense_to_write=allowed), list[bool]()
    setup = planning.TrainingSetup.from_config(config)
    machine = planning.Machine("a GPU", torch.device("cuda"), torch.float32, 0, 0, is_local=True)
    resident = planning.loaded_base(setup, machine)
    dense = resident.weights["attention"] + resident.weights["feed-forward"]
    memory = sum(resident.parts.values()) + dense + SPARE_BYTES - 1 + spare
    monkeypatch.setattr(planning, "local_machine", lambda model: dataclasses.replace(machine, memory=memory))

    def seconds(probe: ThroughputProbe, *work: Any, **more: Any) -> Any:
        probed.append(probe.is_dense)
        return (1.0, 1.0)

    monkeypatch.setattr(ThroughputProbe, "prefill_and_token_seconds", seconds)
    monkeypatch.setattr(ThroughputProbe, "step_seconds", lambda *work, **more: 1.0)
    time_estimate._measure(config)
    assert set(probed) == {expected}
    # What is remembered of the one is not taken for the other.
    allowing = changed(config, "model", dense_to_write=True)
    assert (time_estimate._key(config) == time_estimate._key(allowing)) == allowed
