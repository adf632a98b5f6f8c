"""The page of the data stage: what was kept, cut and dropped and why, with originals to compare."""

import base64
import difflib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from email_assistant.archive.drop_log import REASONS
from email_assistant.archive.report_examples import ReportExample
from email_assistant.reports.page import render

# The plot shows the newest months.
MAX_MONTHS = 60
TEMPLATE = """{% extends "shell" %}
{% block title %}{{ report.kept }} of {{ report.messages }} messages{% endblock %}
{% block style %}
th, td { border-bottom: 1px solid var(--line); padding: .3rem 1.2rem .3rem 0; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.columns { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }
.pair { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); }
.text { background: var(--soft); border-radius: .4rem; overflow-wrap: anywhere; padding: .6rem .8rem; }
.text { max-height: 30rem; overflow: auto; white-space: pre-wrap; }
.removed { background: #d334; text-decoration: line-through; text-decoration-color: #d338; }
img { background: #fff; border-radius: .4rem; max-width: 100%; }
small, h3 { opacity: .75; }
h3 { font-size: .85rem; margin: .8rem 0 .3rem; }
{% endblock %}
{% block body %}
<h1>{{ report.kept }} of {{ report.messages }} messages kept</h1>
<p>Owner: {{ (report.owner.addresses + report.owner.names)|join(', ') or 'unknown' }}
<small>({{ report.owner.grounds }})</small></p>
<p><img alt="Kept mails by month, language, recipient domain and length" src="{{ plots }}"></p>
<div class="columns">
{% for title, counts in tables.items() if counts %}
<div><h2>{{ title }}</h2><table>
{% for name, count in counts.items() %}<tr><td>{{ name }}</td><td class="number">{{ count }}</td></tr>{% endfor %}
</table></div>
{% endfor %}
</div>
<h2>Learned signature</h2>
<p>Lines that recur at the end of mails. They are cut where they contain contact data or follow the name.</p>
<div class="text">{{ report.signature.lines|join('\n') or 'none' }}</div>
{% if report.signature.boilerplate %}<h3>Recurring last paragraphs, which are cut</h3>
<div class="text">{{ report.signature.boilerplate|join('\n\n') }}</div>{% endif %}
<h2>Examples</h2>
<p>A few random messages for each reason and each kind of cut. Struck-out text was removed; the result is beside it.</p>
{% for label, chosen in examples.items() %}
<details><summary>{{ label }}</summary>
{% for example in chosen %}
<h3>{{ example.source }}{% if example.sender %} — {{ example.sender }}{% endif %}
{%- if example.subject %} — {{ example.subject }}{% endif %}</h3>
<div class="pair">
<div class="text">{% for line, removed in example.lines %}\
<span{% if removed %} class="removed"{% endif %}>{{ line }}</span>
{% endfor %}</div>
{% if example.result %}<div class="text">{{ example.result }}</div>{% endif %}
</div>
{% endfor %}
</details>
{% endfor %}
{% if unreadable %}<h2>Unreadable messages</h2><table>
{% for source, reason in unreadable %}<tr><td>{{ source }}</td><td>{{ reason }}</td></tr>{% endfor %}</table>{% endif %}
{% if report.files_passed_over %}<h2>{{ report.files_passed_over|length }} files passed over</h2><table>
{% for each in report.files_passed_over[:200] %}<tr><td>{{ each.file }}</td><td>{{ each.why }}</td></tr>{% endfor %}
</table>{% endif %}
{% endblock %}
"""


def write_page(
    path: Path,
    report: Mapping[str, Any],
    examples: Mapping[str, list[ReportExample]],
    unreadable: list[tuple[str, str]],
) -> None:
    """Write one self-contained page. Text from mails is escaped.

    Args:
        path: The page's file.
        report: The content of the stage's report.json.
        examples: Examples by the reason why a message was dropped, or by what was cut ('cut: quote').
        unreadable: The messages that could not be read, each with the reason.
    """
    dropped = {REASONS.get(reason, reason): count for reason, count in report["dropped"].items()}
    tables = {
        "Dropped": dropped,
        "Cut from kept mails": report["cuts"],
        "Kinds of the owner's messages": report["kinds"],
        "Sign-offs": report["signature"]["sign_offs"],
        "Repaired in kept mails": report["repairs"],
        "Redacted": report["redactions"],
        "Files": report["formats"],
    }
    shown = {REASONS.get(label, label): list(map(_with_lines, chosen)) for label, chosen in examples.items()}
    text = render(
        TEMPLATE,
        report=report,
        tables=tables,
        examples=shown,
        plots=_plots(report),
        unreadable=unreadable[:200],
    )
    path.write_text(text, encoding="utf-8", errors="replace")


def _with_lines(example: ReportExample) -> dict[str, Any]:
    """An example with the original's lines, each with whether it was removed."""
    original, kept = example.original.split("\n"), example.result.split("\n")
    return {**vars(example), "lines": list(zip(original, removed_lines(original, kept), strict=True))}


def removed_lines(original: list[str], kept: list[str]) -> list[bool]:
    """For each line of the original, whether it is missing from the result, in which lines may have been joined."""
    if kept == [""]:
        return [bool(line.strip()) for line in original]
    words = [word for line in original for word in line.split()]
    matcher = difflib.SequenceMatcher(None, words, [word for line in kept for word in line.split()], autojunk=False)
    is_kept = [False] * len(words)
    for block in matcher.get_matching_blocks():
        is_kept[block.a : block.a + block.size] = [True] * block.size
    removed, start = [], 0
    for line in original:
        count = len(line.split())
        removed.append(count > 0 and sum(is_kept[start : start + count]) * 2 < count)
        start += count
    return removed


def _plots(report: Mapping[str, Any]) -> str:
    """Four bar charts of the kept mails, as the address of an img element."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7), layout="constrained")
    (time, languages), (domains, lengths) = figure.subplots(2, 2)
    months = dict(list(report["months"].items())[-MAX_MONTHS:])
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
    domains.set_title("By recipient domain")
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
