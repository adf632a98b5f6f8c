"""The page of the data stage: what was kept, what was cut and dropped and why, with originals to compare."""

import base64
import difflib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from email_assistant.archive.examples import Example
from email_assistant.archive.mail import KINDS
from email_assistant.reports.page import render

REASONS = {
    "not_by_owner": "by someone else",
    "unreadable": "could not be read",
    "no_text": "no text of its own",
    "only_quoted": "nothing but a quote or forward",
    "only_code": "nothing but code or a log",
    "too_short": "fewer words than data.min_words",
    "too_long": "more words than data.max_words",
    "duplicate": "repeats an earlier mail (data.duplicate_similarity)",
    "beyond_max_mails": "older than the newest data.max_mails",
    "other_language": "not in data.languages",
    **{kind: f"{kind} (data.drop)" for kind in KINDS},
}
MOST_MONTHS = 60
TEMPLATE = """{% extends "shell" %}
{% block title %}{{ report.kept }} of {{ report.messages }} messages{% endblock %}
{% block style %}
th, td { border-bottom: 1px solid var(--line); padding: .3rem 1.2rem .3rem 0; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.columns { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }
.pair { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); }
.text { background: var(--soft); border-radius: .4rem; overflow-wrap: anywhere; padding: .6rem .8rem; }
.text { max-height: 30rem; overflow: auto; white-space: pre-wrap; }
.gone { background: #d334; text-decoration: line-through; text-decoration-color: #d338; }
img { background: #fff; border-radius: .4rem; max-width: 100%; }
small, h3 { opacity: .75; }
h3 { font-size: .85rem; margin: .8rem 0 .3rem; }
{% endblock %}
{% block body %}
<h1>{{ report.kept }} of {{ report.messages }} messages kept</h1>
<p>Owner: {{ (report.owner.addresses + report.owner.names)|join(', ') or 'not named' }}
<small>({{ report.owner.grounds }})</small></p>
<p><img alt="Kept mails over time, by language, by recipient and by length" src="{{ plots }}"></p>
<div class="columns">
{% for title, counts in tables.items() if counts %}
<div><h2>{{ title }}</h2><table>
{% for name, count in counts.items() %}<tr><td>{{ name }}</td><td class="number">{{ count }}</td></tr>{% endfor %}
</table></div>
{% endfor %}
</div>
<h2>The signature, as learned</h2>
<p>Lines that recur at the end of mails: they go where they give contact data or stand below the name.</p>
<div class="text">{{ report.signature.lines|join('\n') or 'none' }}</div>
{% if report.signature.boilerplate %}<h3>Paragraphs that recur as the last one, and go</h3>
<div class="text">{{ report.signature.boilerplate|join('\n\n') }}</div>{% endif %}
<h2>Examples</h2>
<p>A few messages for each reason and each kind of cut, drawn from all over the archive.</p>
{% for label, drawn in examples.items() %}
<details><summary>{{ label }}</summary>
{% for example in drawn %}
<h3>{{ example.source }}{% if example.sender %} — {{ example.sender }}{% endif %}
{%- if example.subject %} — {{ example.subject }}{% endif %}</h3>
<div class="pair">
<div class="text">{% for line, gone in example.lines %}<span{% if gone %} class="gone"{% endif %}>{{ line }}</span>
{% endfor %}</div>
{% if example.result %}<div class="text">{{ example.result }}</div>{% endif %}
</div>
{% endfor %}
</details>
{% endfor %}
{% if unreadable %}<h2>What could not be read</h2><table>
{% for source, why in unreadable %}<tr><td>{{ source }}</td><td>{{ why }}</td></tr>{% endfor %}</table>{% endif %}
{% if report.files_passed_over %}<h2>Files without mail</h2>
<p>{{ report.files_passed_over[:50]|join(', ') }}</p>{% endif %}
{% endblock %}
"""


def write_page(
    path: Path, report: Mapping[str, Any], examples: Mapping[str, list[Example]], unreadable: list[tuple[str, str]]
) -> None:
    """Write one self-contained page; whatever a mail holds is shown as text.

    Args:
        path: Of the page.
        report: The stage's report.json.
        examples: By reason or by what was cut ('cut: quote').
        unreadable: Messages that could not be read, and why.
    """
    dropped = {REASONS.get(reason, reason): count for reason, count in report["dropped"].items()}
    tables = {
        "Dropped": dropped,
        "Cut from kept mails": report["cuts"],
        "Kinds among the owner's": report["kinds"],
        "Sign-offs": report["signature"]["sign_offs"],
        "Redacted": report["redactions"],
        "Files": report["formats"],
    }
    shown = {REASONS.get(label, label): [_shown(each) for each in drawn] for label, drawn in examples.items()}
    text = render(
        TEMPLATE,
        report=report,
        tables=tables,
        examples=shown,
        plots=_plots(report),
        unreadable=unreadable[:200],
    )
    path.write_text(text, encoding="utf-8", errors="replace")


def _shown(example: Example) -> dict[str, Any]:
    """The original's lines, each with whether it went, beside the result."""
    original, kept = example.original.split("\n"), example.result.split("\n")
    return {**vars(example), "lines": list(zip(original, _gone(original, kept), strict=True))}


def _gone(original: list[str], kept: list[str]) -> list[bool]:
    """Which of the original's lines are not in what was kept, whose lines may be joined."""
    if kept == [""]:
        return [bool(line.strip()) for line in original]
    words = [word for line in original for word in line.split()]
    matcher = difflib.SequenceMatcher(None, words, [word for line in kept for word in line.split()], autojunk=False)
    alive = [False] * len(words)
    for block in matcher.get_matching_blocks():
        alive[block.a : block.a + block.size] = [True] * block.size
    gone, place = [], 0
    for line in original:
        count = len(line.split())
        gone.append(count > 0 and sum(alive[place : place + count]) * 2 < count)
        place += count
    return gone


def _plots(report: Mapping[str, Any]) -> str:
    """Four bar charts as a picture for an img element."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7), layout="constrained")
    (time, languages), (domains, lengths) = figure.subplots(2, 2)
    months = dict(list(report["months"].items())[-MOST_MONTHS:])
    for axes, title, counts in (
        (time, "Kept mails by month", months),
        (languages, "By language", report["languages"]),
        (lengths, "By number of words", report["words"]),
    ):
        axes.bar(range(len(counts)), list(counts.values()))
        step = max(1, len(counts) // 12)
        axes.set_xticks(range(0, len(counts), step), list(counts)[::step], rotation=30, ha="right")
        axes.set_title(title)
    names = list(report["domains"])[:12][::-1]
    domains.barh(range(len(names)), [report["domains"][name] for name in names])
    domains.set_yticks(range(len(names)), names)
    domains.set_title("By the recipient's domain")
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
