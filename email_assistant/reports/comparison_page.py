"""The page of a comparison of runs."""

from pathlib import Path
from typing import Any

from email_assistant.evaluation.score_table import rows
from email_assistant.experiments.run_comparison import RunComparison
from email_assistant.metrics.scores import SCORES
from email_assistant.reports import plots
from email_assistant.reports.page import render

TEMPLATE = """{% extends "shell" %}
{% from "scores" import td %}
{% block title %}Comparison of {{ comparison.labels|length }} runs{% endblock %}
{% block style %}{% include "scores.css" %}
th { vertical-align: bottom; }
th[data-column] { cursor: pointer; }
.verdict { background: var(--soft); border-left: .25rem solid #54a24b; padding: .5rem 1rem; }
{% endblock %}
{% block body %}
<h1>Comparison of {{ comparison.labels|length }} runs on {{ mails }} {{ kind }} mails</h1>
<div class="verdict">{% for line in verdict %}<p>{{ line }}</p>{% endfor %}</div>
{% for warning in comparison.warnings %}<p class="note">{{ warning }}</p>{% endfor %}
{% for name, effects in comparison.effects.items() %}
<h2>Effect of {{ name }}</h2>
<div class="wide"><table>
<tr><th></th><th>mean {{ by.short }}</th><th>best − this</th><th>95% interval</th><th>p</th><th>runs</th></tr>
{% for effect in effects %}
<tr><td>{{ effect.value }}</td><td{% if loop.first %} class="best"{% endif %}>{{ shown(effect.mean) }}</td>
{% if effect.p is not none %}<td>{{ shown(effect.difference) }}</td>
<td>{{ shown(effect.low) }} to {{ shown(effect.high) }}</td><td>{{ '%.3f'|format(effect.p) }}</td>
{% else %}<td></td><td></td><td></td>{% endif %}<td>{{ effect.runs }}</td></tr>
{% endfor %}
</table></div>
{% endfor %}
<h2>All scores</h2>
<div class="wide"><table id="runs">
<tr>{% for column in columns %}<th data-column="{{ loop.index0 }}">{{ column }}</th>{% endfor %}</tr>
{% for line in lines %}
<tr>{% for cell in line %}{{ td(cell) }}{% endfor %}</tr>
{% endfor %}
</table></div>
<p><small>Below each score is its 95% interval (bootstrap over mails, {{ comparison.report.bootstrap.resamples }}
resamples). Bold: best run. ≠: significantly different from the best-ranked run (paired bootstrap test on the same
mails, p &lt; 0.05 after Holm's correction over all runs). Click a heading to sort.</small></p>
<div class="plots">{% for name, image in plots.items() %}<img alt="{{ name }}" src="{{ image }}">{% endfor %}</div>
<p><small>{% for name, signature in signatures.items() %}{{ name }}: {{ signature }}<br>{% endfor %}</small></p>
{% endblock %}
"""
# Sorts the table by the clicked column; a second click reverses the order.
SCRIPT = """
const table = document.getElementById('runs'), head = table.rows[0], body = head.parentNode;
let last = -1, sign = 1;
head.addEventListener('click', event => {
  const column = Number(event.target.dataset.column);
  if (Number.isNaN(column)) return;
  sign = column === last ? -sign : 1;
  last = column;
  const value = row => row.cells[column].dataset.value;
  const less = (a, b) => Number(a) - Number(b) || String(a).localeCompare(b);
  body.append(...[...table.rows].slice(1).sort((a, b) => sign * less(value(a), value(b))));
});
"""


def figures_of(comparison: RunComparison) -> dict[str, Any]:
    """The plots of a comparison by name."""
    figures = {"scores": plots.dot_plot(comparison.report, comparison.main_scores)}
    histories = {label: comparison.runs[label].history for label in comparison.labels if comparison.runs[label].history}
    return figures | ({"loss": plots.validation_losses(histories)} if histories else {})


def write_comparison(
    path: Path, comparison: RunComparison, kind: str, verdict: list[str], figures: dict[str, Any]
) -> None:
    """Write the page.

    Args:
        path: The page's file.
        comparison: The comparison to show.
        kind: The kind of mails: 'validation' or 'test'.
        verdict: Sentences for the top of the page.
        figures: Plots by name.
    """
    table = rows(comparison.report)
    best, score = comparison.runs[comparison.best], SCORES[comparison.ranked_by]
    lines = []
    for index, label in enumerate(comparison.labels):
        run = comparison.runs[label]
        values = [_plain(run.params.get(name, "")) for name in comparison.varied]
        lines.append([*values, _plain(run.id[:8]), *(row["cells"][index] for row in table)])
    page = render(
        TEMPLATE,
        SCRIPT,
        shown=lambda value: f"{value:.{score.digits}f}",
        comparison=comparison,
        by=score,
        kind=kind,
        mails=len(best.ids),
        verdict=verdict,
        columns=[*(name.rpartition(".")[2] for name in comparison.varied), "run", *(row["label"] for row in table)],
        lines=lines,
        plots={name: plots.as_image(figure) for name, figure in figures.items()},
        signatures=best.signatures,
    )
    path.write_text(page, encoding="utf-8")


def _plain(text: str) -> dict[str, Any]:
    """A cell without a score."""
    return {"value": text, "interval": "", "best": False, "mark": ""}
