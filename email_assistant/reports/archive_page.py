"""The page of the data stage: what was kept beside its originals, then counts, then what was dropped and why."""

import difflib
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from email_assistant.archive.drop_log import REASONS
from email_assistant.archive.report_examples import KEPT_PREFIXES, ReportExample
from email_assistant.reports import plots
from email_assistant.reports.page import render

# Unreadable messages that the page lists.
MAX_UNREADABLE = 200


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
    kept = {label: chosen for label, chosen in examples.items() if label.startswith(KEPT_PREFIXES)}
    dropped = {label: chosen for label, chosen in examples.items() if label not in kept}
    page = render(
        "archive.html",
        report=report,
        summary=_summary(report),
        # The most frequent cuts first.
        kept=sorted((_kept(report, *each) for each in kept.items()), key=itemgetter("count"), reverse=True),
        dropped=[_group(REASONS.get(label, label), report["dropped"].get(label), dropped[label]) for label in dropped],
        tables=_tables(report),
        months=_table("Kept mails by month", "month", "mails", report["months"]),
        plots=plots.as_image(plots.archive(report)),
        unreadable=unreadable[:MAX_UNREADABLE],
    )
    path.write_text(page, encoding="utf-8", errors="replace")


def _summary(report: Mapping[str, Any]) -> str:
    """One sentence about the kept mails."""
    months, languages = list(report["months"]), report["languages"]
    text = f"{report['kept']} mails by the owner are left to train on"
    if months:
        text += f", from {months[0]}" + (f" to {months[-1]}" if len(months) > 1 else "")
    if languages:
        text += f"; languages: {', '.join(f'{name} ({count})' for name, count in languages.items())}"
    return f"{text}."


def _kept(report: Mapping[str, Any], label: str, examples: Sequence[ReportExample]) -> dict[str, Any]:
    kind, _, what = label.partition(": ")
    count = report["cuts"].get(what, 0) if kind == "cut" else 0
    return _group(f"Removed: {what}" if kind == "cut" else "Kept as they were", count, examples)


def _group(label: str, count: int | None, examples: Sequence[ReportExample]) -> dict[str, Any]:
    return {"label": label, "count": count, "examples": [_with_parts(example) for example in examples]}


def _tables(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The counts that the page shows, without empty ones."""
    dropped = {REASONS.get(reason, reason): count for reason, count in report["dropped"].items()}
    tables = [
        _table("Why messages were dropped", "reason", "messages", dropped),
        _table("What was cut from kept mails", "what", "mails", report["cuts"]),
        _table("Kept mails by language", "language", "mails", report["languages"]),
        _table("Kept mails by length", "words", "mails", report["words"]),
        _table("Kept mails by recipient's domain", "domain", "mails", report["domains"]),
        _table("How the owner closes mails", "sign-off", "mails", report["signature"]["sign_offs"]),
        _table("Kinds of the owner's messages", "kind", "messages", report["kinds"]),
        _table("What was repaired in kept mails", "what", "mails", report["repairs"]),
        _table("What was replaced by placeholders", "kind", "places", report["redactions"]),
        _table("What was read", "format", "files", report["formats"]),
    ]
    return [table for table in tables if table["counts"]]


def _table(title: str, what: str, unit: str, counts: Mapping[str, int]) -> dict[str, Any]:
    return {"title": title, "what": what, "unit": unit, "counts": counts}


def _with_parts(example: ReportExample) -> dict[str, Any]:
    """An example with the original in parts of whole lines, each with whether it was removed."""
    original, kept = example.original.split("\n"), example.result.split("\n")
    lines = zip(removed_lines(original, kept), original, strict=True)
    parts = [("\n".join(line for _, line in run), removed) for removed, run in groupby(lines, itemgetter(0))]
    spaced = [(text + ("\n" if index < len(parts) - 1 else ""), removed) for index, (text, removed) in enumerate(parts)]
    return {**vars(example), "parts": spaced}


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
