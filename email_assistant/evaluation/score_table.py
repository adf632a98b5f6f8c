"""Human-readable score tables: every score of every arm, its interval, and a mark if it differs significantly."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from email_assistant.metrics.bootstrap import SIGNIFICANCE_LEVEL
from email_assistant.metrics.scores import GROUPS, OWNER, SCORES, ScoreSpec

# A terminal has no room for more digits.
SCREEN_DIGITS = 2


def on_screen(report: Mapping[str, Any], arm: str, name: str) -> Text:
    """A score above its interval; empty if the arm does not have it."""
    scores = report["owner"] if arm == OWNER else report["arms"][arm]
    if name not in scores:
        return Text()
    digits, (low, high) = min(SCREEN_DIGITS, SCORES[name].digits), report["intervals"][arm][name]
    return Text(f"{scores[name]:.{digits}f}\n").append(f"{low:.{digits}f}…{high:.{digits}f}", style="dim")


def rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per score, with `name`, `label`, `group` and `cells` by arm; the owner's column is the last one."""
    table = []
    columns = {**report["arms"], **({OWNER: report["owner"]} if report["owner"] else {})}
    for name, score in SCORES.items():
        having = {arm: values[name] for arm, values in report["arms"].items() if name in values}
        if having:
            best = best_of(score, having, report["owner"].get(name))
            cells = [_cell(report, columns, arm, name, best) for arm in columns]
            table.append({"name": name, "label": score.label, "group": GROUPS[score.group], "cells": cells})
    return table


def best_of(score: ScoreSpec, values: Mapping[str, float], owners: float | None) -> set[str]:
    """The arms with the best score as displayed; for a score that should be near the owner's, the nearest ones."""
    goal = 1.0 if owners is None or score is SCORES["length_ratio"] else owners
    rounded = {arm: round(value, score.digits) for arm, value in values.items()}
    if score.better == "near":
        nearest = min(abs(value - goal) for value in rounded.values())
        return {arm for arm, value in rounded.items() if abs(value - goal) == nearest}
    top = (max if score.better == "high" else min)(rounded.values())
    return {arm for arm, value in rounded.items() if value == top}


def _cell(report: Mapping[str, Any], columns: Mapping[str, Any], arm: str, name: str, best: set[str]) -> dict[str, Any]:
    if name not in columns[arm]:
        return {"value": "", "interval": "", "best": False, "mark": ""}
    low, high = report["intervals"][arm][name]
    digits = SCORES[name].digits
    differs = any(
        others.get(arm, {}).get(name, {}).get("p", 1.0) < SIGNIFICANCE_LEVEL
        for others in report["differences"].values()
    )
    return {
        "value": f"{columns[arm][name]:.{digits}f}",
        "interval": f"{low:.{digits}f} to {high:.{digits}f}",
        "best": arm in best,
        "mark": " ≠" if differs else "",
    }
