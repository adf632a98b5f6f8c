"""Runs beside each other: which is best, what a parameter does, and what cannot be told apart."""

import random
from pathlib import Path
from typing import Any

import pytest

from email_assistant.commands.compare import verdict
from email_assistant.experiments.choice import Choice, choose
from email_assistant.experiments.store import ScoredRun
from email_assistant.metrics.per_mail_score import Average, mean
from email_assistant.reports.comparison_page import figures_of, write_comparison

MAILS = [f"m{number}" for number in range(40)]
HARD = [random.Random(number).uniform(0, 50) for number in range(40)]


def run(name: str, better_by: float, ids: list[str] = MAILS, **params: str) -> ScoredRun:
    """A run whose mails score what they are worth, and so much more, up to a little chance of its own."""
    chance = random.Random(name)
    chrf = mean([worth + better_by + chance.uniform(-1, 1) for worth in HARD[: len(ids)]])
    flat = {"stage": "train", "data.processes": name, "tracking.run_name": name} | params
    history = [{"step": 0, "validation/loss": 3.0}, {"step": 5, "validation/loss": 2.0}]
    return ScoredRun(name * 8, name, flat, ids, {"chrf": chrf}, {"chrf": "nc:6"}, history, name)


def grid() -> list[ScoredRun]:
    """Ranks that do nothing, and a learning rate that does."""
    return [
        run(f"{rank}{rate}", {"low": 0.0, "high": 3.0}[rate], **{"lora.r": rank, "trainer.learning_rate": rate})
        for rank in ("4", "16")
        for rate in ("low", "high")
    ]


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose(grid(), "chrf", 400, 1)


def test_the_best_run_comes_first_and_what_cannot_be_told_from_it_is_named(choice: Choice) -> None:
    assert choice.varied == ["lora.r", "trainer.learning_rate"]
    assert {label.partition(", ")[2] for label in choice.labels[:2]} == {"learning_rate high"}
    assert choice.alike == [choice.labels[1]]
    best = choice.report["arms"][choice.best]["chrf"]
    assert best == max(scores["chrf"] for scores in choice.report["arms"].values())
    assert choice.runs[choice.best].params["trainer.learning_rate"] == "high"


def test_what_a_parameter_does_is_told_over_all_values_of_the_others(choice: Choice) -> None:
    rank, rate = choice.effects["lora.r"], choice.effects["trainer.learning_rate"]
    assert [line["value"] for line in rate] == ["high", "low"]
    assert rate[1]["p"] < 0.05 < rank[1]["p"]
    assert 2.5 < rate[1]["low"] <= rate[1]["difference"] <= rate[1]["high"] < 3.5
    assert rate[0]["mean"] - rate[1]["mean"] == pytest.approx(rate[1]["difference"])
    said = " ".join(verdict(choice))
    assert "1 of 3 others cannot be told from it" in said
    assert "trainer.learning_rate, over all values of the others: high is best, better than low." in said
    assert "not to be told from" in said


def test_a_parameter_that_was_not_tried_alike_is_not_judged() -> None:
    runs = [one for one in grid() if one.name != "4low"]
    assert choose(runs, "chrf", 200, 1).effects == {}


def test_runs_of_other_mails_are_left_out_and_named() -> None:
    alone = run("other", 9.0, [f"x{number}" for number in range(40)], **{"lora.r": "64"})
    found = choose([alone, *grid()], "chrf", 200, 1)
    assert found.left_out == ["other"]
    assert "Left out, since they wrote other mails: 1 runs (other)." in verdict(found)
    assert not any("64" in label for label in found.labels)


def test_scores_that_were_computed_otherwise_are_warned_of() -> None:
    first, second = run("a", 0.0), run("b", 1.0)
    second = ScoredRun(**{**vars(second), "signatures": {"chrf": "nc:5"}})
    assert choose([first, second], "chrf", 200, 1).warnings == [
        "chrf was not computed in the same way in all runs: its differences mean nothing"
    ]


def test_one_run_is_the_only_one(tmp_path: Path) -> None:
    found = choose([run("a", 0.0)], "chrf", 200, 1)
    assert verdict(found)[-1] == "It is the only one."
    write_comparison(tmp_path / "c.html", found, "validation", verdict(found), figures_of(found))


def test_the_page_is_self_contained_and_shows_values_as_text(tmp_path: Path, choice: Choice) -> None:
    runs: dict[str, Any] = dict(choice.runs)
    hostile = ScoredRun(**{**vars(runs[choice.best]), "params": {"lora.r": "<script>alert(1)</script>"}})
    shown = Choice(**{**vars(choice), "runs": runs | {choice.best: hostile}})
    path = tmp_path / "c.html"
    write_comparison(path, shown, "validation", verdict(choice), figures_of(choice))
    page = path.read_text(encoding="utf-8")
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("data:image/svg+xml;base64,") == 2
    assert "4 runs on 40 validation mails" in page


def test_a_mean_over_runs_is_drawn_as_they_are() -> None:
    one, other = mean([1.0, 2.0, 3.0]), mean([3.0, 2.0, 4.0])
    import numpy as np

    drawn = np.array([[3.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    both = Average([one, other])
    assert both.value == 2.5
    assert both.resample(drawn).tolist() == [2.0, 2.5]
