"""The page of a comparison of runs."""

from pathlib import Path
from typing import Any

from email_assistant.evaluation.score_table import rows
from email_assistant.experiments.choice import Choice
from email_assistant.metrics.scores import SCORES
from email_assistant.reports import plots
from email_assistant.reports.page import render

TEMPLATE = """{% extends "shell" %}
{% from "scores" import td %}
{% block title %}{{ choice.labels|length }} runs{% endblock %}
{% block style %}{% include "scores.css" %}
th { vertical-align: bottom; }
th[data-column] { cursor: pointer; }
.verdict { background: var(--soft); border-left: .25rem solid #54a24b; padding: .5rem 1rem; }
{% endblock %}
{% block body %}
<h1>{{ choice.labels|length }} runs on {{ mails }} {{ kind }} mails</h1>
<div class="verdict">{% for line in verdict %}<p>{{ line }}</p>{% endfor %}</div>
{% for warning in choice.warnings %}<p class="note">{{ warning }}</p>{% endfor %}
{% for name, lines in choice.effects.items() %}
<h2>{{ name }}</h2>
<div class="wide"><table>
<tr><th></th><th>mean {{ by.short }}</th><th>best less this</th><th>95% interval</th><th>p</th><th>runs</th></tr>
{% for line in lines %}
<tr><td>{{ line.value }}</td><td{% if loop.first %} class="best"{% endif %}>{{ shown(line.mean) }}</td>
{% if 'p' in line %}<td>{{ shown(line.difference) }}</td><td>{{ shown(line.low) }} to {{ shown(line.high) }}</td>
<td>{{ '%.3f'|format(line.p) }}</td>{% else %}<td></td><td></td><td></td>{% endif %}<td>{{ line.runs }}</td></tr>
{% endfor %}
</table></div>
{% endfor %}
<h2>The runs</h2>
<div class="wide"><table id="runs">
<tr>{% for column in columns %}<th data-column="{{ loop.index0 }}">{{ column }}</th>{% endfor %}</tr>
{% for line in lines %}
<tr>{% for cell in line %}{{ td(cell) }}{% endfor %}</tr>
{% endfor %}
</table></div>
<p><small>Below each score its 95% interval (bootstrap over mails, {{ choice.report.bootstrap.resamples }} times). Bold:
the best. ≠: differs from the first run, paired test on the same mails, p &lt; 0.05 after Holm's correction over all
runs. A click on a heading orders by it.</small></p>
<div class="plots">{% for name, image in plots.items() %}<img alt="{{ name }}" src="{{ image }}">{% endfor %}</div>
<p><small>{% for name, signature in signatures.items() %}{{ name }}: {{ signature }}<br>{% endfor %}</small></p>
{% endblock %}
"""
# Orders the rows of the table by a column; a second click turns them round.
SCRIPT = """
const table = document.getElementById('runs'), head = table.rows[0], body = head.parentNode;
let last = -1, way = 1;
head.addEventListener('click', event => {
  const column = Number(event.target.dataset.column);
  if (Number.isNaN(column)) return;
  way = column === last ? -way : 1;
  last = column;
  const value = row => row.cells[column].dataset.value;
  const less = (a, b) => Number(a) - Number(b) || String(a).localeCompare(b);
  body.append(...[...table.rows].slice(1).sort((a, b) => way * less(value(a), value(b))));
});
"""


def figures_of(choice: Choice) -> dict[str, Any]:
    """The plots of a comparison by name."""
    made = {"scores": plots.dots(choice.report, choice.main_scores)}
    histories = {label: choice.runs[label].history for label in choice.labels if choice.runs[label].history}
    return made | ({"loss": plots.validation_losses(histories)} if histories else {})


def write_comparison(path: Path, choice: Choice, kind: str, verdict: list[str], figures: dict[str, Any]) -> None:
    """Write the page.

    Args:
        path: Of the page.
        choice: What was found.
        kind: Of mails: validation or test.
        verdict: Sentences for its top.
        figures: Plots by name.
    """
    table = rows(choice.report)
    values = [[_plain(choice.runs[label].params.get(name, "")) for name in choice.varied] for label in choice.labels]
    scores = [[row["cells"][place] for row in table] for place in range(len(choice.labels))]
    first, score = choice.runs[choice.best], SCORES[choice.by]
    page = render(
        TEMPLATE,
        SCRIPT,
        shown=lambda value: f"{value:.{score.digits}f}",
        choice=choice,
        by=score,
        kind=kind,
        mails=len(first.ids),
        verdict=verdict,
        columns=[*(name.rpartition(".")[2] for name in choice.varied), "run", *(row["label"] for row in table)],
        lines=[
            [*of_values, _plain(choice.runs[label].id[:8]), *of_scores]
            for label, of_values, of_scores in zip(choice.labels, values, scores, strict=True)
        ],
        plots={name: plots.as_image(figure) for name, figure in figures.items()},
        signatures=first.signatures,
    )
    path.write_text(page, encoding="utf-8")


def _plain(text: str) -> dict[str, Any]:
    return {"value": text, "interval": "", "best": False, "mark": ""}
