"""Comparing arms that wrote the same mails: scores with intervals, paired differences, and the gap to the owner."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

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
from email_assistant.metrics.per_mail_score import PerMailScore, Resampled, Score
from email_assistant.metrics.scores import OWNER, SCORES

Arms = Mapping[str, Mapping[str, Score]]
# Scores that the owner's own mails also have, so that the base model's distance to the owner is defined.
GAPS = ("mauve", "authorship")


class ArmComparison(TypedDict):
    """The part of a report that compares arms.

    Attributes:
        arms: Values by arm and score, without the owner's.
        owner: The values of the owner's own mails, by score.
        intervals: The two ends of the 95% interval, by arm and score, with the owner's.
        differences: `value`, `low`, `high` and `p`, by reference arm, other arm and score.
        gaps_closed: `value`, `low` and `high` as shares of the gap, by arm and score.
        bootstrap: How intervals and p-values were computed.
    """

    arms: dict[str, dict[str, float]]
    owner: dict[str, float]
    intervals: dict[str, dict[str, list[float]]]
    differences: dict[str, dict[str, dict[str, dict[str, float]]]]
    gaps_closed: dict[str, dict[str, dict[str, float]]]
    bootstrap: dict[str, Any]


def compare_arms(
    measured: Mapping[str, Mapping[str, PerMailScore]], baseline: str | None, reference: str, resamples: int, seed: int
) -> ArmComparison:
    """Compare arms: values, intervals, paired differences and closed gaps.

    Args:
        measured: Scores by arm; `owner` holds those of the owner's own training mails.
        baseline: The arm from which the gap to the owner is measured; None for no gaps.
        reference: The arm that is compared with all others.
        resamples: The number of bootstrap resamples.
        seed: The seed of the bootstrap.
    """
    mails = max(len(score.contributions) for scores in measured.values() for score in scores.values())
    weights = bootstrap_weights(mails, resamples, seed)
    arms = {
        arm: {name: Resampled(score, weights) for name, score in scores.items()} for arm, scores in measured.items()
    }
    values = {arm: {name: score.value for name, score in scores.items()} for arm, scores in arms.items()}
    others = [arm for arm in arms if arm not in (reference, OWNER)]
    return {
        "arms": {arm: scores for arm, scores in values.items() if arm != OWNER},
        "owner": values.get(OWNER, {}),
        "intervals": intervals(arms, weights),
        "differences": {reference: differences(arms, reference, others, weights)} if reference in arms else {},
        "gaps_closed": gaps_closed(arms, baseline, weights) if baseline is not None and baseline in arms else {},
        "bootstrap": {
            "resamples": resamples,
            "seed": seed,
            "coverage": CONFIDENCE,
            "p_values": "paired, Holm over arms",
        },
    }


def intervals(arms: Arms, weights: Array) -> dict[str, dict[str, list[float]]]:
    """The ends of the 95% interval of every score of every arm.

    Args:
        arms: Scores by arm.
        weights: The bootstrap's weights, (resamples, mails).
    """
    return {
        arm: {
            name: list(interval(score, weights, SCORES[name].lowest, SCORES[name].highest))
            for name, score in scores.items()
        }
        for arm, scores in arms.items()
    }


def differences(
    arms: Arms, reference: str, others: Sequence[str], weights: Array
) -> dict[str, dict[str, dict[str, float]]]:
    """The paired differences of one arm from others, by arm and score, with Holm's p-values over the arms.

    Args:
        arms: Scores by arm.
        reference: The arm that is compared.
        others: The arms that it is compared with.
        weights: The bootstrap's weights, (resamples, mails).
    """
    unadjusted: dict[str, dict[str, Difference]] = {
        other: {
            name: compare(arms[reference][name], arms[other][name], weights)
            for name in arms[reference]
            if name in arms[other]
        }
        for other in others
    }
    adjusted: dict[str, dict[str, dict[str, float]]] = {other: {} for other in others}
    for name in arms[reference]:
        scored = [other for other in others if name in unadjusted[other]]
        p_values = holm([unadjusted[other][name].p for other in scored])
        for other, p in zip(scored, p_values, strict=True):
            adjusted[other][name] = {**vars(unadjusted[other][name]), "p": p}
    return adjusted


def gaps_closed(arms: Arms, baseline: str, weights: Array) -> dict[str, dict[str, dict[str, float]]]:
    """The share of the gap between a baseline and the owner's own mails that each arm closes, from 0 to 1.

    A score is skipped if the owner does not score above the baseline.

    Args:
        arms: Scores by arm, with the owner's.
        baseline: The arm at which the gap starts.
        weights: The bootstrap's weights, (resamples, mails).
    """
    gaps: dict[str, dict[str, dict[str, float]]] = {}
    for name in GAPS:
        if not all(name in arms.get(arm, {}) for arm in (baseline, OWNER)):
            continue
        low, high = arms[baseline][name], arms[OWNER][name]
        if high.value <= low.value:
            continue
        for arm in arms:
            if arm not in (baseline, OWNER) and name in arms[arm]:
                gaps.setdefault(arm, {})[name] = _gap(arms[arm][name], low, high, weights)
    return gaps


def _gap(score: Score, baseline: Score, owner: Score, weights: Array) -> dict[str, float]:
    value = (score.value - baseline.value) / (owner.value - baseline.value)
    low, high = baseline.resample(weights), owner.resample(weights)
    # Resamples in which the owner scores no higher than the baseline have no gap.
    usable = high - low > 1e-9
    shares = ((score.resample(weights) - low)[usable] / (high - low)[usable]) if usable.any() else np.array([value])
    ends = centered_percentiles(value, shares)
    return {"value": value, "low": min(ends[0], value), "high": max(ends[1], value)}
