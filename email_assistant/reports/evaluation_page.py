"""The page of an evaluation."""

import difflib
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sacrebleu.metrics import CHRF

from email_assistant.evaluation.score_table import rows
from email_assistant.metrics.scores import OWNER, SCORES
from email_assistant.reports import plots
from email_assistant.reports.page import render

# Words, spaces and punctuation; joined they give the text again.
PIECE = re.compile(r"\w+|\s+|[^\w\s]")
TEMPLATE = """{% extends "shell" %}
{% from "scores" import td %}
{% block title %}Evaluation on {{ report.mails }} mails{% endblock %}
{% block style %}{% include "scores.css" %}
th:first-child, td:first-child { text-align: left; }
.group th { padding-top: .9rem; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; }
.arms { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
.mail { background: var(--soft); border-radius: .4rem; padding: .6rem .8rem; }
.mail { overflow-wrap: anywhere; white-space: pre-wrap; }
ins { background: #f5851833; border-radius: .2rem; text-decoration: none; }
h3 { font-size: .85rem; margin: .8rem 0 .3rem; opacity: .75; }
.controls { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; }
.controls input, .controls select { font: inherit; padding: .2rem .5rem; }
.plain ins { background: none; }
{% endblock %}
{% block body %}
<h1>Evaluation on {{ report.mails }} mails, requests {{ report.requests }}</h1>
{% for warning in report.warnings %}<p class="note">{{ warning }}</p>{% endfor %}
<div class="wide"><table>
<tr><th></th>{% for arm in columns %}<th>{{ names(arm) }}</th>{% endfor %}</tr>
{% for group, scores in groups %}
<tr class="group"><th colspan="{{ columns|length + 1 }}">{{ group }}</th></tr>
{% for row in scores %}
<tr><td>{{ row.label }}</td>
{% for cell in row.cells %}{{ td(cell) }}{% endfor %}</tr>
{% endfor %}
{% endfor %}
</table></div>
<p><small>Below each score is its 95% interval (bootstrap over mails, {{ report.bootstrap.resamples }} resamples).
Bold: best arm. ≠: significantly different from the tuned model (paired bootstrap test on the same mails, p &lt; 0.05
after Holm's correction). The owner's column scores other mails of the owner as if they had been generated. They are an
upper bound for the style scores, but not for BLEU and chrF, because they are about other topics. The sense, copying and
authorship scores in this column are those of the real test mails: no model can be expected to say what was asked better
than the owner did.</small></p>
{% if gaps %}<p>{% for gap in gaps %}{{ gap }}<br>{% endfor %}</p>{% endif %}
{% if report.memorisation %}<p>{{ memory }}</p>{% endif %}
<div class="plots">{% for name, image in plots.items() %}<img alt="{{ name }}" src="{{ image }}">{% endfor %}</div>
<p><small>{% for name, signature in report.signatures.items() %}{{ name }}: {{ signature }}<br>{% endfor %}
{% if report.judge %}authorship classifier: {{ '%.0f'|format(100 * report.judge.accuracy) }}% cross-validation accuracy,
trained on {{ report.judge.owner_mails }} mails of the owner and {{ report.judge.other_mails }} other mails<br>
{% endif %}</small></p>
<h2>Mails</h2>
<div class="controls">
<label>Filter <input id="filter" type="search" placeholder="words in a mail or request"></label>
<label>Sort by <select id="order"><option value="position">original order</option>
{% for arm in report.arms %}<option value="sense-{{ arm }}">sense of {{ names(arm) }}</option>{% endfor %}
{% for arm in report.arms %}<option value="chrf-{{ arm }}">chrF of {{ names(arm) }}</option>{% endfor %}
</select></label>
<label><input id="marks" type="checkbox" checked> mark words that are not in the real mail</label>
<span id="count"></span>
</div>
<div id="mails">
{% for mail in mails %}
<details class="entry" data-position="{{ -loop.index }}"\
{% for arm, value in mail.sense.items() %} data-sense-{{ arm }}="{{ value }}"{% endfor %}\
{% for arm, value in mail.chrf.items() %} data-chrf-{{ arm }}="{{ value }}"{% endfor %}\
{% if loop.first %} open{% endif %}><summary>{{ mail.instruction }}</summary>
{% if mail.context %}<h3>Reply to</h3><div class="mail">{{ mail.context }}</div>{% endif %}
<div class="arms">
<div><h3>Real mail</h3><div class="mail">{{ mail.email }}</div></div>
{% for arm, pieces in mail.arms.items() %}<div><h3>{{ names(arm) }}, sense {{ '%.2f'|format(mail.sense[arm]) }}, \
chrF {{ '%.0f'|format(mail.chrf[arm]) }}</h3>
<div class="mail">{% for is_new, text in pieces %}{% if is_new %}<ins>{{ text }}</ins>{% else %}{{ text }}{% endif %}\
{% endfor %}</div></div>
{% endfor %}
</div></details>
{% endfor %}
</div>
{% endblock %}
"""
# Filters and sorts the mails of the page; nothing is fetched or stored.
SCRIPT = """
const byId = name => document.getElementById(name);
const mails = byId('mails'), entries = [...mails.children];
function show() {
  const words = byId('filter').value.toLowerCase().split(' ').filter(Boolean);
  let shown = 0;
  for (const entry of entries) {
    const text = entry.textContent.toLowerCase();
    entry.hidden = !words.every(word => text.includes(word));
    shown += !entry.hidden;
  }
  byId('count').textContent = shown + ' of ' + entries.length;
}
function sort() {
  const key = byId('order').value;
  const value = entry => Number(entry.getAttribute('data-' + key));
  mails.append(...[...entries].sort((a, b) => value(b) - value(a)));
}
byId('filter').addEventListener('input', show);
byId('order').addEventListener('change', sort);
byId('marks').addEventListener('change', event => mails.classList.toggle('plain', !event.target.checked));
show();
"""


def write_report(
    path: Path,
    report: Mapping[str, Any],
    generations: Sequence[Mapping[str, Any]],
    figures: Mapping[str, Any],
    sense: Mapping[str, Sequence[float]],
) -> None:
    """Write the page of an evaluation.

    Args:
        path: The page's file.
        report: The content of report.json.
        generations: The lines of generations.jsonl.
        figures: Plots by name.
        sense: The sense of every mail, by arm.
    """
    page = render(
        TEMPLATE,
        SCRIPT,
        report=report,
        names=plots.display_name,
        columns=[*report["arms"], OWNER],
        groups=[(group, list(of_group)) for group, of_group in groupby(rows(report), key=itemgetter("group"))],
        gaps=_gaps(report),
        memory=_memory(report),
        plots={name: plots.as_image(figure) for name, figure in figures.items()},
        mails=[
            _mail(line, {arm: round(values[index], 3) for arm, values in sense.items()})
            for index, line in enumerate(generations)
        ],
    )
    path.write_text(page, encoding="utf-8")


def _gaps(report: Mapping[str, Any]) -> list[str]:
    """Sentences that say how much of the gap to the owner each arm closes."""
    return [
        f"{plots.display_name(arm)} closes {gap['value']:.0%} ({gap['low']:.0%} to {gap['high']:.0%}) of the gap "
        f"between the base model and the owner in {SCORES[name].short}."
        for arm, gaps in report["gaps_closed"].items()
        for name, gap in gaps.items()
    ]


def _memory(report: Mapping[str, Any]) -> str:
    """Sentences that say how much of the training mails can be extracted."""
    memorisation = report["memorisation"]
    if not memorisation:
        return ""
    low, high = memorisation["intervals"]["tuned"]
    extracted = memorisation["extracted"]
    text = (
        f"Given the first {memorisation['known_tokens']} tokens of {memorisation['mails']} training mails, the tuned "
        f"model reproduces the next {memorisation['extracted_tokens']} tokens verbatim for {extracted['tuned']:.0%} of "
        f"them ({low:.0%} to {high:.0%}); the base model does so for {extracted['base']:.0%}."
    )
    canaries = memorisation["canaries"]
    if canaries:
        text += (
            f" Canaries have a mean exposure of {canaries['canary_exposure']:.1f} bits (1.4 without memorisation, at "
            f"most 10); {canaries['canaries_extracted']:.0%} of them can be extracted."
        )
    return text


def _mail(line: Mapping[str, Any], sense: Mapping[str, float]) -> dict[str, Any]:
    """A test mail with those of each arm, in which words that are not in the real mail are marked.

    Args:
        line: A line of generations.jsonl.
        sense: The sense of each arm's mail.
    """
    chrf = CHRF()
    return {
        **{name: line.get(name) for name in ("instruction", "context", "email")},
        "arms": {arm: mark_new_words(line["email"], line[arm]) for arm in sense},
        "sense": sense,
        "chrf": {arm: round(chrf.sentence_score(line[arm], [line["email"]]).score, 1) for arm in sense},
    }


def mark_new_words(real: str, written: str) -> list[tuple[bool, str]]:
    """A written text in pieces, each with whether it is new, that is, not in the real text in the same order."""
    left, right = (PIECE.findall(text) for text in (real, written))
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    return [
        (kind != "equal", "".join(right[start:end])) for kind, _, _, start, end in matcher.get_opcodes() if start < end
    ]
