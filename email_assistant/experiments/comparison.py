"""Arms side by side: scores with intervals, paired differences, and the way from floor to ceiling."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from email_assistant.metrics.bootstrap import (
    CONFIDENCE,
    Difference,
    bootstrap_weights,
    centered_percentiles,
    compare,
    holm,
    interval,
)
from email_assistant.metrics.formulas import Array
from email_assistant.metrics.per_mail_score import PerMailScore
from email_assistant.metrics.scores import OWNER, SCORES

Arms = Mapping[str, Mapping[str, PerMailScore]]
# Scores whose way from the base model to the owner is worth measuring: those that the owner has too.
GAPS = ("mauve", "authorship")
# A difference counts as real below this p.


def values(arms: Arms) -> dict[str, dict[str, float]]:
    """Every score of every arm on all mails."""
    return {arm: {name: measured.value for name, measured in scores.items()} for arm, scores in arms.items()}


def intervals(arms: Arms, drawn: Array) -> dict[str, dict[str, list[float]]]:
    """The ends of every score's 95% interval."""
    return {
        arm: {
            name: list(interval(measured, drawn, SCORES[name].lowest, SCORES[name].highest))
            for name, measured in scores.items()
        }
        for arm, scores in arms.items()
    }


def differences(arms: Arms, first: str, others: Sequence[str], drawn: Array) -> dict[str, dict[str, dict[str, float]]]:
    """One arm less each other one, score by score; p-values are Holm's over the arms compared."""
    found: dict[str, dict[str, Difference]] = {
        other: {
            name: compare(arms[first][name], arms[other][name], drawn) for name in arms[first] if name in arms[other]
        }
        for other in others
    }
    told: dict[str, dict[str, dict[str, float]]] = {other: {} for other in others}
    for name in arms[first]:
        having = [other for other in others if name in found[other]]
        raised = holm([found[other][name].p for other in having])
        for other, p in zip(having, raised, strict=True):
            told[other][name] = {**vars(found[other][name]), "p": p}
    return told


def gaps_closed(arms: Arms, floor: str, drawn: Array) -> dict[str, dict[str, dict[str, float]]]:
    """How much of the way from the floor to the owner's own mails each arm goes: 0 none, 1 all of it.

    Left out where the owner scores no higher than the floor: there is no way to go.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name in GAPS:
        if not all(name in arms.get(arm, {}) for arm in (floor, OWNER)):
            continue
        low, high = arms[floor][name], arms[OWNER][name]
        if high.value <= low.value:
            continue
        for arm in arms:
            if arm not in (floor, OWNER) and name in arms[arm]:
                found.setdefault(arm, {})[name] = _gap(arms[arm][name], low, high, drawn)
    return found


def _gap(one: PerMailScore, floor: PerMailScore, ceiling: PerMailScore, drawn: Array) -> dict[str, float]:
    value = (one.value - floor.value) / (ceiling.value - floor.value)
    low, high = floor.resample(drawn), ceiling.resample(drawn)
    # Where a resample leaves no way to go, it says nothing.
    far = high - low > 1e-9
    ends = centered_percentiles(
        value, ((one.resample(drawn) - low)[far] / (high - low)[far]) if far.any() else np.array([value])
    )
    return {"value": value, "low": min(ends[0], value), "high": max(ends[1], value)}


def report_of(arms: Arms, floor: str | None, first: str, resamples: int, seed: int) -> dict[str, Any]:
    """What a report says of arms that wrote the same mails.

    Args:
        arms: Scores by arm; `owner` is the owner's own training mails.
        floor: The arm that the way to the owner begins at; None: there is none.
        first: The arm that is compared with all others.
        resamples: Of the bootstrap.
        seed: Of the draws.
    """
    mails = max(len(measured.contributions) for scores in arms.values() for measured in scores.values())
    drawn = bootstrap_weights(mails, resamples, seed)
    told, ends = values(arms), intervals(arms, drawn)
    others = [arm for arm in arms if arm not in (first, OWNER)]
    return {
        "arms": {arm: scores for arm, scores in told.items() if arm != OWNER},
        "owner": told.get(OWNER, {}),
        "intervals": ends,
        "differences": {first: differences(arms, first, others, drawn)} if first in arms else {},
        "gaps_closed": gaps_closed(arms, floor, drawn) if floor is not None and floor in arms else {},
        "bootstrap": {
            "resamples": resamples,
            "seed": seed,
            "coverage": CONFIDENCE,
            "p_values": "paired, Holm over arms",
        },
    }
