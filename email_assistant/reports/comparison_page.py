"""The page of a comparison of runs: which one to take and why, then all scores."""

from pathlib import Path
from typing import Any

from email_assistant.configuration.keys import short_names
from email_assistant.evaluation.score_table import rows
from email_assistant.experiments.run_comparison import RunComparison, RunVerdict, effect_sentence
from email_assistant.metrics.scores import SCORES
from email_assistant.reports import plots
from email_assistant.reports.page import render

# What the plots show, by name.
ABOUT = {"scores": plots.ABOUT["runs"], "loss": plots.ABOUT["losses"]}
# The plots show the best of more runs, since the names of all would leave no room for the plot; the table has all.
PLOTTED_RUNS = 20


def figures_of(comparison: RunComparison) -> dict[str, Any]:
    """The plots of a comparison by name."""
    best = comparison.labels[:PLOTTED_RUNS]
    figures = {"scores": plots.dot_plot(comparison.report, best, comparison.main_scores)}
    histories = {label: comparison.runs[label].history for label in best if comparison.runs[label].history}
    return figures | ({"loss": plots.validation_losses(histories)} if histories else {})


def write_page(path: Path, comparison: RunComparison, kind: str, verdict: RunVerdict, figures: dict[str, Any]) -> None:
    """Write the page.

    Args:
        path: The page's file.
        comparison: The comparison to show.
        kind: The kind of mails: 'validation' or 'test'.
        verdict: What to take and why, for the top of the page.
        figures: Plots by name.
    """
    table = rows(comparison.report)
    best, score = comparison.runs[comparison.best], SCORES[comparison.ranked_by]
    count = len(comparison.labels)
    of_best = f" Of the {count} runs, the best {PLOTTED_RUNS} are shown." if count > PLOTTED_RUNS else ""
    columns = [*short_names(comparison.varied).values(), "run"]
    page = render(
        "comparison.html",
        shown=lambda value: f"{value:.{score.digits}f}",
        comparison=comparison,
        by=score,
        kind=kind,
        mails=len(best.ids),
        verdict=verdict,
        plain=len(columns),
        columns=[*columns, *(row["label"] for row in table)],
        lines=[
            {"plain": _plain(comparison, label), "scores": [row["cells"][index] for row in table]}
            for index, label in enumerate(comparison.labels)
        ],
        effects=[
            {"name": name, "values": effects, "meaning": effect_sentence(effects, len(comparison.varied))}
            for name, effects in comparison.effects.items()
        ],
        pictures={f"{ABOUT[name]}{of_best}": plots.as_image(figure) for name, figure in figures.items()},
        signatures=best.signatures,
    )
    path.write_text(page, encoding="utf-8")


def _plain(comparison: RunComparison, label: str) -> list[str]:
    """The cells of a run before its scores: its values, and the beginning of its id."""
    run = comparison.runs[label]
    return [*(run.params.get(name, "") for name in comparison.varied), run.id[:8]]
