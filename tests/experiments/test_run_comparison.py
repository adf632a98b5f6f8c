"""Comparing runs: which is best, what a parameter does, and which differences are not significant."""

import random
from pathlib import Path
from typing import Any

import pytest

from email_assistant.commands.compare import show
from email_assistant.evaluation.comparison import compare_arms
from email_assistant.experiments.run_comparison import RunComparison, compare_runs, verdict
from email_assistant.experiments.scored_runs import ScoredRun
from email_assistant.metrics.per_mail_score import Average, PerMailScore, mean_score
from email_assistant.reports.comparison_page import PLOTTED_RUNS, figures_of, write_page

MAILS = [f"m{number}" for number in range(40)]
BY_DIFFICULTY = [random.Random(number).uniform(0, 50) for number in range(40)]


def run(name: str, better_by: float, ids: list[str] = MAILS, **params: str) -> ScoredRun:
    """A run whose mails score by their difficulty, plus a constant, plus a little noise."""
    rng = random.Random(name)
    chrf = mean_score([score + better_by + rng.uniform(-1, 1) for score in BY_DIFFICULTY[: len(ids)]])
    flat = {"stage": "train", "data.processes": name, "tracking.run_name": name} | params
    history = [{"step": 0, "validation/loss": 3.0}, {"step": 5, "validation/loss": 2.0}]
    return ScoredRun(name * 8, name, flat, ids, {"chrf": chrf}, {"chrf": "nc:6"}, history, name)


def grid() -> list[ScoredRun]:
    """Runs whose rank has no effect, and whose learning rate has one."""
    return [
        run(f"{rank}{rate}", {"low": 0.0, "high": 3.0}[rate], **{"lora.r": rank, "trainer.learning_rate": rate})
        for rank in ("4", "16")
        for rate in ("low", "high")
    ]


@pytest.fixture(scope="module")
def comparison() -> RunComparison:
    return compare_runs(grid(), "chrf", 400, 1)


def test_the_best_run_comes_first_and_ties_are_named(comparison: RunComparison) -> None:
    assert comparison.varied == ["lora.r", "trainer.learning_rate"]
    assert {label.partition(", ")[2] for label in comparison.labels[:2]} == {"learning_rate=high"}
    assert comparison.ties == [comparison.labels[1]]
    best = comparison.report["arms"][comparison.best]["chrf"]
    assert comparison.warnings == []
    assert best == max(scores["chrf"] for scores in comparison.report["arms"].values())
    assert comparison.runs[comparison.best].params["trainer.learning_rate"] == "high"


def test_the_effect_of_a_parameter_is_averaged_over_the_others(comparison: RunComparison) -> None:
    rank, rate = comparison.effects["lora.r"], comparison.effects["trainer.learning_rate"]
    best, worst = rate
    assert [best.value, worst.value] == ["high", "low"]
    assert worst.is_worse and not rank[1].is_worse and not best.is_worse
    assert worst.low is not None and worst.difference is not None and worst.high is not None
    assert 2.5 < worst.low <= worst.difference <= worst.high < 3.5
    assert best.mean - worst.mean == pytest.approx(worst.difference)


def test_the_verdict_begins_with_the_run_to_take_and_why(comparison: RunComparison) -> None:
    first, ties, rank, rate = verdict(comparison).lines()
    assert first.startswith(f"Take {comparison.best}: run {comparison.runs[comparison.best].id} has the best chrF, ")
    assert "not significantly better than 1 of the 3 other runs" in first
    assert comparison.ties[0] in ties
    assert rank.startswith("lora.r: ") and "not significantly different from" in rank
    assert "high is best, significantly better than low" in rate
    alone = compare_runs([run("a", 0.0), run("b", -9.0)], "chrf", 400, 1)
    assert "significantly better than the other run" in verdict(alone).lines()[0]


def test_the_verdict_names_a_score_as_within_a_sentence() -> None:
    def by_sense(name: str) -> ScoredRun:
        return ScoredRun(**{**vars(run(name, 0.0)), "scores": {"sense": mean_score([0.5] * len(MAILS))}})

    line = verdict(compare_runs([by_sense("a"), by_sense("b")], "sense", 200, 1)).lines()[0]
    assert "has the best sense, 0.50 (" in line


def test_the_effect_of_the_only_parameter_is_averaged_over_no_others(tmp_path: Path, comparison: RunComparison) -> None:
    def page_of(compared: RunComparison) -> str:
        write_page(tmp_path / "c.html", compared, "validation", verdict(compared), figures_of(compared))
        return (tmp_path / "c.html").read_text(encoding="utf-8")

    alone = compare_runs([run("a", 0.0, **{"lora.r": "4"}), run("b", -9.0, **{"lora.r": "8"})], "chrf", 200, 1)
    page = page_of(alone)
    assert "4 is best, significantly better than 8." in page and "averaged over" not in page.casefold()
    assert "Averaged over the other parameters, high is best" in page_of(comparison)


def test_few_mails_are_warned_about_on_the_page_and_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = compare_runs([run("a", 0.0, MAILS[:2]), run("b", -9.0, MAILS[:2])], "chrf", 200, 1)
    (warning,) = few.warnings
    assert warning.startswith("2 mails are few")
    show(few, verdict(few).lines(), tmp_path / "c.html")
    assert "Note: 2 mails are few" in capsys.readouterr().out


def test_seeds_are_not_ranked_but_tell_how_far_runs_differ_by_chance() -> None:
    runs = [
        run(f"{rank}{seed}", better_by, **{"lora.r": rank, "seed": seed})
        for rank, seed, better_by in (("4", "1", 0.0), ("4", "2", 2.0), ("8", "1", 5.0), ("8", "2", 1.0))
    ]
    compared = compare_runs(runs, "chrf", 400, 1)
    values = [each.scores["chrf"].value for each in runs]
    between = ((values[0] - values[1]) ** 2 / 2 + (values[2] - values[3]) ** 2 / 2) / 2
    assert compared.between_seeds == pytest.approx(between**0.5)
    assert list(compared.effects) == ["lora.r"]
    (line,) = [line for line in verdict(compared).lines() if line.startswith("seed: ")]
    assert f"standard deviation of {compared.between_seeds:.1f}" in line and "is best" not in line
    single = [run(seed, 0.0, **{"lora.r": seed, "seed": seed}) for seed in "12"]
    assert compare_runs(single, "chrf", 400, 1).between_seeds is None
    assert compare_runs(grid(), "chrf", 400, 1).between_seeds is None


def test_a_parameter_with_missing_combinations_is_not_judged() -> None:
    runs = [run for run in grid() if run.name != "4low"]
    assert compare_runs(runs, "chrf", 200, 1).effects == {}


def test_runs_on_other_mails_are_excluded_and_named() -> None:
    other = run("other", 9.0, [f"x{number}" for number in range(40)], **{"lora.r": "64"})
    comparison = compare_runs([other, *grid()], "chrf", 200, 1)
    assert comparison.excluded == ["other"]
    assert "(other)" in verdict(comparison).remarks[-1]
    assert not any("64" in label for label in comparison.labels)


def test_scores_that_were_computed_differently_are_warned_about() -> None:
    first, second = run("a", 0.0), run("b", 1.0)
    second = ScoredRun(**{**vars(second), "signatures": {"chrf": "nc:5"}})
    (warning,) = compare_runs([first, second], "chrf", 200, 1).warnings
    assert warning.startswith("chrf ")
    assert compare_runs([first, run("b", 1.0)], "chrf", 200, 1).warnings == []


@pytest.mark.parametrize(
    ("name", "said"), [("requests", "requests for these mails"), ("mails", "texts of these mails")]
)
def test_other_requests_or_texts_for_the_same_mails_are_warned_about(name: str, said: str) -> None:
    def signed(label: str, **more: str) -> ScoredRun:
        made = run(label, 0.0)
        return ScoredRun(**{**vars(made), "signatures": {**made.signatures, **more}})

    (warning,) = compare_runs([signed("a", **{name: "1"}), signed("b", **{name: "2"})], "chrf", 200, 1).warnings
    assert said in warning
    # Runs of earlier versions have no such signature.
    assert compare_runs([signed("a", **{name: "1"}), signed("b")], "chrf", 200, 1).warnings == []


def test_what_a_sweep_chose_from_groups_stands_for_the_keys_that_differ_with_it() -> None:
    def chosen(summarizer: str, forms: str, rank: str) -> ScoredRun:
        params = {"summarizer": summarizer, "summarizer.forms": forms, "model": "a", "lora.r": rank}
        return run(f"{summarizer}{rank}", 0.0, **params, **{"summarizer.variants": rank})

    compared = compare_runs(
        [chosen(name, forms, rank) for name, forms in (("rough", "[1]"), ("both", "[2]")) for rank in ("4", "8")],
        "chrf",
        200,
        1,
    )
    assert compared.varied == ["summarizer", "lora.r", "summarizer.variants"]
    one = compare_runs([chosen("rough", "[1]", "4"), chosen("both", "[2]", "4")], "chrf", 200, 1)
    assert sorted(one.labels) == ["summarizer=both", "summarizer=rough"] and list(one.effects) == ["summarizer"]
    # A run outside of the sweep has only the keys.
    alone = run("alone", 0.0, **{"summarizer.forms": "[3]", "lora.r": "4", "summarizer.variants": "4"})
    assert "summarizer" not in compare_runs([chosen("rough", "[1]", "4"), alone], "chrf", 200, 1).varied


def test_an_experiment_stands_for_keys_of_all_groups() -> None:
    runs = [
        run(name, 0.0, **{"experiment": name, "lora.r": rank, "seed": seed})
        for name, rank in (("quick", "4"), ("panza", "8"))
        for seed in ("1", "2")
    ]
    assert compare_runs(runs, "chrf", 200, 1).varied == ["experiment", "seed"]


def test_keys_with_the_same_last_part_are_named_in_full() -> None:
    runs = [run(size, 0.0, **{"trainer.max_mails": size, "data.max_mails": size, "lora.r": size}) for size in "12"]
    assert sorted(compare_runs(runs, "chrf", 200, 1).labels) == [
        f"trainer.max_mails={size}, data.max_mails={size}, r={size}" for size in "12"
    ]


def test_a_single_run_has_a_page_without_ties(tmp_path: Path) -> None:
    comparison = compare_runs([run("a", 0.0)], "chrf", 200, 1)
    assert comparison.ties == [] and comparison.varied == []
    write_page(tmp_path / "c.html", comparison, "validation", verdict(comparison), figures_of(comparison))
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert f"<h1>Take {comparison.best}</h1>" in page and "There is no other run to compare it with" in page


def test_the_page_is_self_contained_and_shows_values_as_text(tmp_path: Path, comparison: RunComparison) -> None:
    runs: dict[str, Any] = dict(comparison.runs)
    hostile = ScoredRun(**{**vars(runs[comparison.best]), "params": {"lora.r": "<script>alert(1)</script>"}})
    shown = RunComparison(**{**vars(comparison), "runs": runs | {comparison.best: hostile}})
    path = tmp_path / "c.html"
    write_page(path, shown, "validation", verdict(comparison), figures_of(comparison))
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("data:image/svg+xml;base64,") == 2
    assert "4 runs on 40 validation mails" in page
    order = [f"<h1>Take {comparison.best}</h1>", "has the best chrF", "Just as good, as far as", "<table", "<img"]
    assert sorted(order, key=page.index) == order


def test_a_mean_over_runs_is_resampled_like_them() -> None:
    one, other = mean_score([1.0, 2.0, 3.0]), mean_score([3.0, 2.0, 4.0])
    import numpy as np

    drawn = np.array([[3.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    both = Average([one, other])
    assert both.value == 2.5
    assert both.resample(drawn).tolist() == [2.0, 2.5]


def test_each_score_is_resampled_once_however_many_runs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    resample, calls = PerMailScore.resample, []

    def counted(score: PerMailScore, weights: Any) -> Any:
        calls.append(score)
        return resample(score, weights)

    monkeypatch.setattr(PerMailScore, "resample", counted)
    compare_arms({run.name: run.scores for run in grid()}, None, "4high", 100, 1)
    assert len(calls) == 4


@pytest.mark.filterwarnings("error:constrained_layout")
def test_plots_show_the_best_of_many_runs_and_the_table_all(tmp_path: Path) -> None:
    runs = [run(f"n{number}", number / 10, **{"lora.r": f"{number}"}) for number in range(3 * PLOTTED_RUNS)]
    comparison = compare_runs(runs, "chrf", 100, 1)
    figures = figures_of(comparison)
    (losses,) = figures["loss"].axes
    assert [line.get_label() for line in losses.get_lines()] == comparison.labels[:PLOTTED_RUNS]
    rows = [tick.get_text() for tick in figures["scores"].axes[0].get_yticklabels()]
    assert rows == comparison.labels[:PLOTTED_RUNS]
    write_page(tmp_path / "c.html", comparison, "validation", verdict(comparison), figures)
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert f"Of the {len(runs)} runs, the best {PLOTTED_RUNS} are shown." in page
    table = page[: page.index('id="plots-title"')]
    assert all(f">{each.id[:8]}<" in table for each in runs)
