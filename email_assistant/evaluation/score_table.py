"""Scores for people: every one of every arm, with its interval and what it may be told apart from."""

from collections.abc import Mapping
from typing import Any

from email_assistant.experiments.comparison import SIGNIFICANT
from email_assistant.metrics.scores import OWNER, SCORES, Score

# More digits have no room on a screen.
SCREEN_DIGITS = 2


def on_screen(report: Mapping[str, Any], arm: str, name: str) -> str:
    """A score above its interval, in the markup of rich; empty where the arm has none."""
    scores = report["owner"] if arm == OWNER else report["arms"][arm]
    if name not in scores:
        return ""
    digits, (low, high) = min(SCREEN_DIGITS, SCORES[name].digits), report["intervals"][arm][name]
    return f"{scores[name]:.{digits}f}\n[dim]{low:.{digits}f}…{high:.{digits}f}[/dim]"


def rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for every score: its cells by arm, the owner's last."""
    found = []
    told = {**report["arms"], **({OWNER: report["owner"]} if report["owner"] else {})}
    for name, score in SCORES.items():
        having = {arm: values[name] for arm, values in report["arms"].items() if name in values}
        if having:
            best = best_of(score, having, report["owner"].get(name))
            cells = [_cell(report, told, arm, name, best) for arm in told]
            found.append({"name": name, "label": score.label, "cells": cells})
    return found


def best_of(score: Score, values: Mapping[str, float], owners: float | None) -> set[str]:
    """The arms whose score is best as it is shown; where it is to be near the owner's, those that are nearest."""
    goal = {"high": float("inf"), "low": float("-inf"), "near": 1.0 if owners is None else owners}[score.better]
    if score is SCORES["length_ratio"]:
        goal = 1.0
    rounded = {arm: round(value, score.digits) for arm, value in values.items()}
    if score.better == "near":
        nearest = min(abs(value - goal) for value in rounded.values())
        return {arm for arm, value in rounded.items() if abs(value - goal) == nearest}
    top = (max if score.better == "high" else min)(rounded.values())
    return {arm for arm, value in rounded.items() if value == top}


def _cell(report: Mapping[str, Any], told: Mapping[str, Any], arm: str, name: str, best: set[str]) -> dict[str, Any]:
    if name not in told[arm]:
        return {"value": "", "interval": "", "best": False, "mark": ""}
    low, high = report["intervals"][arm][name]
    digits = SCORES[name].digits
    apart = any(
        others.get(arm, {}).get(name, {}).get("p", 1.0) < SIGNIFICANT for others in report["differences"].values()
    )
    return {
        "value": f"{told[arm][name]:.{digits}f}",
        "interval": f"{low:.{digits}f} to {high:.{digits}f}",
        "best": arm in best,
        "mark": " ≠" if apart else "",
    }
