"""The page of an evaluation: the mails, then a verdict, then the scores."""

import difflib
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sacrebleu.metrics import CHRF

from email_assistant.evaluation.score_table import rows
from email_assistant.evaluation.verdict import gap_sentences, meaning, verdict
from email_assistant.metrics.scores import GROUPS, OWNER
from email_assistant.reports import plots
from email_assistant.reports.page import render

# Words, spaces and punctuation; joined they give the text again.
PIECE = re.compile(r"\w+|\s+|[^\w\s]")
# The arms beside the owner's mail; the others are folded away below them.
MAIN_ARMS = ("tuned", "base")
# Mails that are shown at once; one click shows the others.
OPEN_MAILS = 3


def write_page(
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
    arms = list(report["arms"])
    main = [arm for arm in MAIN_ARMS if arm in arms] or arms[:2]
    others = [arm for arm in arms if arm not in main]
    page = render(
        "evaluation.html",
        report=report,
        names=plots.display_name,
        main=main,
        others=others,
        open=OPEN_MAILS,
        mails=[
            _mail(line, {arm: values[index] for arm, values in sense.items()}) for index, line in enumerate(generations)
        ],
        verdict=verdict(report),
        columns=[*main, *others, OWNER],
        groups=_groups(report, [*main, *others]),
        gaps=gap_sentences(report),
        memory=_memory(report),
        pictures={plots.ABOUT[name]: plots.as_image(figure) for name, figure in figures.items()},
    )
    path.write_text(page, encoding="utf-8")


def _groups(report: Mapping[str, Any], arms: Sequence[str]) -> list[dict[str, Any]]:
    """The scores by group, each with what it means and its rows, with the cells of the arms in this order."""
    keys = {title: group for group, title in GROUPS.items()}
    ordered = {**report, "arms": {arm: report["arms"][arm] for arm in arms}}
    return [
        {"title": title, "meaning": meaning(report, keys[title]), "rows": list(of_group)}
        for title, of_group in groupby(rows(ordered), key=itemgetter("group"))
    ]


def _memory(report: Mapping[str, Any]) -> str:
    """Sentences that say how much of the training mails can be extracted."""
    memorization = report["memorisation"]
    if not memorization:
        return ""
    low, high = memorization["intervals"]["tuned"]
    extracted = memorization["extracted"]
    text = (
        f"Given the first {memorization['known_tokens']} tokens of {memorization['mails']} training mails, the tuned "
        f"model reproduces the next {memorization['extracted_tokens']} tokens verbatim for {extracted['tuned']:.0%} of "
        f"them ({low:.0%} to {high:.0%}); the base model does so for {extracted['base']:.0%}."
    )
    canaries = memorization["canaries"]
    if canaries:
        text += (
            f" Canaries have a mean exposure of {canaries['canary_exposure']:.1f} bits (1.4 without memorization, at "
            f"most 10); {canaries['canaries_extracted']:.0%} of them can be extracted."
        )
    return text


def _mail(line: Mapping[str, Any], sense: Mapping[str, float]) -> dict[str, Any]:
    """A test mail with those of each arm, in which words that are not in the owner's mail are marked.

    Args:
        line: A line of generations.jsonl.
        sense: The sense of each arm's mail.
    """
    chrf = CHRF()
    return {
        **{name: line.get(name) for name in ("instruction", "context", "email")},
        "arms": {arm: mark_new_words(line["email"], line[arm]) for arm in sense},
        "sense": sense,
        "chrf": {arm: chrf.sentence_score(line[arm], [line["email"]]).score for arm in sense},
    }


def mark_new_words(real: str, written: str) -> list[tuple[bool, str]]:
    """A written text in pieces, each with whether it is new, that is, not in the real text in the same order."""
    left, right = (PIECE.findall(text) for text in (real, written))
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    return [
        (kind != "equal", "".join(right[start:end])) for kind, _, _, start, end in matcher.get_opcodes() if start < end
    ]
