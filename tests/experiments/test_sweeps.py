"""Sweeps by run.py, on a random model of two layers."""

import csv
import os
import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import optuna
import pytest
from composed import composed_config
from omegaconf import OmegaConf
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState
from warm import Call

from email_assistant.errors import ConfigurationError, TrackingError, TrialPruned
from email_assistant.experiments import run_logger, sweep_environment
from email_assistant.experiments.connection import open_store
from email_assistant.experiments.optuna_sweeper import OptunaSweeper, ask
from email_assistant.experiments.run_logger import run_name
from email_assistant.experiments.study import RunningTrial, journal, open_study, search_space
from email_assistant.experiments.sweep_environment import StudyFile, SweepJob
from email_assistant.experiments.sweeps import Job, best_of, direction_of, last_overrides, objective_of, sweep_key
from email_assistant.experiments.tags import PARENT_TAG, PRUNED_TAG
from email_assistant.pipeline import sweep_parent
from email_assistant.reports.plots import axis_positions

RATES = FloatDistribution(1e-6, 3e-2, log=True)
Run = Callable[..., Call]


def runs_of(tmp_path: Path) -> tuple[list[Any], list[Any]]:
    """Parents and children, the oldest first."""
    client, experiment = open_store(tmp_path / "mlruns", "email-assistant")
    runs = list(client.search_runs([experiment], order_by=["attributes.start_time ASC"]))
    return (
        [run for run in runs if PARENT_TAG not in run.data.tags],
        [run for run in runs if PARENT_TAG in run.data.tags],
    )


@pytest.mark.slow
def test_rerunning_a_sweep_runs_only_the_failed_jobs(run_py: Run, tmp_path: Path) -> None:
    sweep = ("-m", "stage=train", "lora.r=1,2", "lora.target_modules=[q_proj],[nonsense]", "trainer.scored_mails=2")
    first = run_py(*sweep)
    assert first.code == 1
    assert first.err.count("error: lora.target_modules") == 2
    assert "Traceback" not in first.err
    (parent,), children = runs_of(tmp_path)
    assert parent.info.status == "FAILED"
    assert {run.info.run_name: run.info.status for run in children} == {
        "r=1 target_modules=['q_proj']": "FINISHED",
        "r=1 target_modules=['nonsense']": "FAILED",
        "r=2 target_modules=['q_proj']": "FINISHED",
        "r=2 target_modules=['nonsense']": "FAILED",
    }
    failed = next(run for run in children if run.info.status == "FAILED")
    assert "nonsense" in failed.data.tags["error"]

    # As a process leaves it that was killed at the end.
    client, _ = open_store(tmp_path / "mlruns", "email-assistant")
    client.update_run(parent.info.run_id, status="RUNNING")
    again = run_py(*sweep)
    assert again.code == 1
    (parent,), children = runs_of(tmp_path)
    assert sorted(run.info.status for run in children) == ["FAILED"] * 4 + ["FINISHED"] * 2
    assert parent.data.metrics["children"] == 4
    assert parent.data.metrics["failed"] == 2

    best = min((run for run in children if run.info.status == "FINISHED"), key=by("validation_loss"))
    assert parent.data.tags["best.run"] == best.info.run_id
    assert parent.data.tags["best.lora.r"] == best.data.params["lora.r"]
    assert parent.data.metrics["validation_bleu"] == best.data.metrics["validation_bleu"]
    table = (Path(client.download_artifacts(parent.info.run_id, "children.csv"))).read_text()
    rows = list(csv.DictReader(StringIO(table)))
    assert [row["status"] for row in rows].count("FAILED") == 2
    assert {row["lora.r"] for row in rows} == {"1", "2"}
    pictures = [file.path for file in client.list_artifacts(parent.info.run_id, "plots")]
    assert "plots/parallel_coordinates.png" in pictures


@pytest.mark.slow
def test_jobs_are_named_by_what_was_chosen_from_groups(run_py: Run, tmp_path: Path) -> None:
    done = run_py("-m", "stage=split", "summarizer=rough", "split=random,time")
    assert done.code == 0, done.err
    (parent,), children = runs_of(tmp_path)
    assert [run.info.run_name for run in children] == ["split=random", "split=time"]
    assert [run.data.params["split"] for run in children] == [run.data.params["split.method"] for run in children]
    client, _ = open_store(tmp_path / "mlruns", "email-assistant")
    table = Path(client.download_artifacts(parent.info.run_id, "children.csv")).read_text()
    assert [row["split"] for row in csv.DictReader(StringIO(table))] == ["random", "time"]


def test_a_job_is_named_by_all_that_its_sweep_varies(
    tiny_model: Path, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = composed_config(tiny_model, archive, tmp_path)
    config.data.max_mails, config.evaluation.max_mails = 20, 6
    overrides = ["+experiment='quick'", "data.max_mails=20", "data.columns={text:body}", "evaluation.max_mails=6"]
    monkeypatch.setattr(run_logger, "command_line_overrides", lambda: overrides)
    SweepJob("p", "c", ("experiment", "data.max_mails", "data.columns", "evaluation.max_mails", "lora.r")).export()
    try:
        name = run_name(config, [])
    finally:
        sweep_environment.leave_sweep()
    assert name == "experiment=quick data.max_mails=20 columns={text:body} evaluation.max_mails=6 r=16"


def by(metric: str) -> Callable[[Any], float]:
    return lambda run: float(run.data.metrics[metric])


def test_calls_of_one_sweep_have_one_key() -> None:
    lines = ["stage=train", "lora.r=1,2"]
    key = sweep_key(last_overrides(lines))
    assert sweep_key(last_overrides([*lines[::-1], "tracking=none", "hydra.launcher.n_jobs=2", "force=true"])) == key
    assert sweep_key(last_overrides([*lines, "lora.r=1,2,4"])) != key
    # Stores that exist already name their sweeps by it.
    assert key == "e45803ae8803d7e4"


def test_a_job_inherits_its_sweep_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    assert sweep_environment.current_job() is None and sweep_environment.current_study() is None
    job, study = SweepJob("parent", "call", ("lora.r", "seed")), StudyFile("file", "name", "minimize", True, 3)
    job.export()
    study.export()
    assert sweep_environment.current_job() == job and sweep_environment.current_study() == study
    sweep_environment.leave_sweep()
    assert sweep_environment.current_job() is None


def test_the_best_job_is_finished_and_not_pruned() -> None:
    def job(name: str, objective: float | None, status: str = "FINISHED", pruned: bool = False) -> Job:
        return Job(name, name, {}, objective, status, "", pruned)

    jobs = [job("a", 2.0), job("b", 1.0), job("c", 0.5, pruned=True), job("d", 0.1, "FAILED"), job("e", None)]
    assert best_of(jobs, "validation_loss", "auto") == jobs[1]
    assert best_of(jobs, "validation_bleu", "auto") == jobs[0]
    assert best_of(jobs[2:], "validation_loss", "auto") is None


@pytest.mark.slow
def test_a_sweep_from_a_file_takes_its_objective(run_py: Run, tmp_path: Path) -> None:
    swept = run_py(
        "-m", "stage=train", "sweep=rank_lr", "lora.r=1,2", "trainer.learning_rate=1e-3", "trainer.scored_mails=2",
        "sweep.objective=validation_chrf",
    )  # fmt: skip
    assert swept.code == 0, swept.err
    (parent,), children = runs_of(tmp_path)
    assert [run.info.run_name for run in children] == ["r=1", "r=2"]
    best = max(children, key=by("validation_chrf"))
    assert parent.data.metrics["validation_chrf"] == best.data.metrics["validation_chrf"]
    assert "best: r=" in swept.out
    wrong = run_py("-m", "stage=train", "lora.r=1,2", "sweep.objective=validation_chrff", "sweep.direction=maximize")
    assert wrong.code == 1
    assert "sweep.objective = validation_chrff: stage=train has no such metric" in wrong.err
    assert "validation_chrf" in wrong.err


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("validation_loss", "minimize"),
        ("validation_perplexity", "minimize"),
        ("test_tuned_mauve", "maximize"),
        ("test_base_bm25_bleu", "maximize"),
        ("test_tuned_style_greeting", "minimize"),
    ],
)
def test_the_name_of_a_metric_tells_which_way_is_better(name: str, way: str) -> None:
    assert direction_of(name, "auto") == way
    assert direction_of(name, "maximize") == "maximize"


def test_the_direction_must_be_set_where_the_name_does_not_tell() -> None:
    with pytest.raises(ConfigurationError, match=r"sweep\.direction"):
        direction_of("validation_length_ratio", "auto")
    with pytest.raises(ConfigurationError, match="choose from validation_bleu"):
        objective_of("train", "validation_blue", {"validation_bleu": 1.0})


def test_the_positions_of_values_on_an_axis() -> None:
    assert axis_positions(["0.0001", "0.001", "0.01"])[0] == pytest.approx([0, 0.5, 1])
    assert axis_positions(["4", "8", "6"]) == ([0, 1, 0.5], [(0, "4"), (1, "8"), (0.5, "6")])
    assert axis_positions(["b", "a", "b"])[0] == [1, 0, 1]
    assert axis_positions(["7", "7"])[0] == [0.5, 0.5]
    assert [label for _, label in axis_positions([str(number) for number in range(1, 31)])[1]] == ["1", "30"]


@pytest.mark.slow
def test_a_study_is_resumed_prunes_trials_and_runs_failed_ones_again(run_py: Run, tmp_path: Path) -> None:
    search = (
        "-m", "stage=train", "sweep=optuna", "lora.r=choice(1,2)", "trainer.learning_rate=tag(log,interval(1e-6,3e-2))",
        "trainer.epochs=2", "trainer.scored_mails=2", "hydra.sweeper.startup_trials=2",
    )  # fmt: skip
    first = run_py(*search, "hydra.sweeper.n_trials=2")
    assert first.code == 0, first.err
    study = StudyFile(str(tmp_path / "outputs" / "sweeps" / "studies.journal"), "", "minimize", True, 2)
    (name,) = optuna.get_all_study_names(journal(study.path))
    study = replace(study, name=name)
    trials = open_study(study).trials
    assert len(trials) == 2
    (parent,), children = runs_of(tmp_path)
    by_number = {int(run.data.params["sweep.trial"]): run for run in children}
    for trial in trials:
        run = by_number[trial.number]
        if trial.state is TrialState.COMPLETE:
            assert trial.value == run.data.metrics["validation_loss"]
        else:
            assert trial.state is TrialState.PRUNED
            assert "worse than the median" in run.data.tags[PRUNED_TAG]

    # As a call leaves it that was killed during a trial.
    left = open_study(study).ask({"lora.r": CategoricalDistribution(["1", "2"]), "trainer.learning_rate": RATES})
    again = run_py(*search, "hydra.sweeper.n_trials=4")
    assert again.code == 0, again.err
    trials = open_study(study).trials
    states = [trial.state for trial in trials]
    assert states[2] is TrialState.FAIL
    assert trials[3].params == left.params
    assert sum(state in (TrialState.COMPLETE, TrialState.PRUNED) for state in states) == 4
    assert len({trial.params["trainer.learning_rate"] for trial in trials}) == 4
    (parent,), children = runs_of(tmp_path)
    assert parent.info.status == "FINISHED"
    assert len(children) == parent.data.metrics["children"] == 4
    finished = [run for run in children if PRUNED_TAG not in run.data.tags]
    assert parent.data.tags["best.run"] == min(finished, key=by("validation_loss")).info.run_id

    done = run_py(*search, "hydra.sweeper.n_trials=4")
    assert done.code == 0, done.err
    assert len(open_study(study).trials) == 5


@pytest.mark.slow
def test_a_trial_needs_no_store(run_py: Run, tmp_path: Path) -> None:
    done = run_py(
        "-m", "stage=train", "sweep=optuna", "hydra.sweeper.n_trials=1", "trainer.epochs=1", "trainer.scored_mails=2",
        "tracking=none",
    )  # fmt: skip
    assert done.code == 0, done.err
    storage = journal(str(tmp_path / "outputs" / "sweeps" / "studies.journal"))
    (summary,) = optuna.get_all_study_summaries(storage)
    assert summary.best_trial is not None
    assert summary.best_trial.state is TrialState.COMPLETE


@pytest.mark.slow
def test_a_study_whose_jobs_all_fail_gives_up(run_py: Run, tmp_path: Path) -> None:
    failed = run_py("-m", "stage=train", "sweep=optuna", "lora.target_modules=[nonsense]", "trainer.scored_mails=2")
    assert failed.code == 1
    assert failed.err.count("error: lora.target_modules") == 3
    (parent,), children = runs_of(tmp_path)
    assert parent.info.status == "FAILED"
    assert [run.info.status for run in children] == ["FAILED"] * 3


def test_a_trial_that_is_worse_than_half_of_the_others_is_pruned(tmp_path: Path) -> None:
    for direction in ("minimize", "maximize"):
        file = StudyFile(str(tmp_path / direction), "s", direction, True, 2)  # type: ignore[arg-type]
        study = open_study(file)
        for losses in ([3.0, 2.0], [3.0, 2.4]):
            trial = study.ask()
            running = RunningTrial(file, trial.number)
            for validation, loss in enumerate(losses):
                running.report(loss, validation)
            study.tell(trial, 1.0)
        bad = study.ask()
        running = RunningTrial(file, bad.number)
        running.report(9.0, 0)
        with pytest.raises(TrialPruned, match=r"validation loss 2\.500"):
            running.report(2.5, 1)
        assert study.trials[bad.number].state is TrialState.PRUNED
        never = RunningTrial(replace(file, prune=False), study.ask().number)
        never.report(9.0, 1)


def test_the_search_space_of_a_sweep() -> None:
    space, fixed = search_space(
        [
            "a=1,2",
            "b=int(interval(0,3))",
            "c=tag(log,interval(1e-4,1e-2))",
            "d=range(1,4)",
            "e=x",
            "f=choice([q],[k,v])",
        ]
    )
    assert fixed == ["e=x"]
    assert space["a"] == CategoricalDistribution(["1", "2"])
    assert space["b"] == IntDistribution(0, 3)
    assert space["c"] == FloatDistribution(1e-4, 1e-2, log=True)
    assert space["d"] == CategoricalDistribution(["1", "2", "3"])
    assert space["f"] == CategoricalDistribution(["[q]", "[k,v]"])
    assert search_space(["a=1,2", "a=3"]) == ({}, ["a=3"])


@pytest.mark.parametrize("line", ["a=interval(8,4)", "a=tag(log,interval(0,1))", "a=int(interval(8,4))"])
def test_an_interval_that_cannot_be_searched_is_refused(line: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(line)):
        search_space([line])


@pytest.mark.parametrize(
    ("name", "value"), [("n_trials", "many"), ("n_trials", 0), ("n_jobs", 0), ("startup_trials", -1)]
)
def test_a_study_needs_whole_numbers_of_trials(name: str, value: object) -> None:
    settings: dict[str, Any] = {
        "params": OmegaConf.create(),
        "n_trials": 2,
        "n_jobs": 1,
        "study_name": None,
        "storage": "studies.journal",
        "prune": True,
        "startup_trials": 1,
    }
    with pytest.raises(ConfigurationError, match=f"hydra.sweeper.{name} = {value}: must be an integer"):
        OptunaSweeper(**{**settings, name: value}).sweep([])


def test_a_study_of_other_values_needs_another_name(tmp_path: Path) -> None:
    file = StudyFile(str(tmp_path / "studies.journal"), "mine", "minimize", prune=False, startup_trials=1)
    study = open_study(file)
    study.tell(study.ask({"lora.r": CategoricalDistribution(["4", "8"])}), 1.0)
    with pytest.raises(ConfigurationError, match=r"hydra\.sweeper\.study_name = mine"):
        ask(study, {"lora.r": CategoricalDistribution(["4", "16"])})


def test_a_store_that_refuses_ends_a_sweep_before_its_jobs() -> None:
    with pytest.raises(SystemExit, match="error: the store is locked"), sweep_parent._ending_the_sweep():
        raise TrackingError("the store is locked")
    with pytest.raises(ZeroDivisionError), sweep_parent._ending_the_sweep():
        raise ZeroDivisionError
