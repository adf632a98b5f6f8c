"""Confidence intervals and significance tests by the bootstrap over mails (Efron 1979, doi:10.1214/aos/1176344552)."""

from dataclasses import dataclass

import numpy as np

from email_assistant.metrics.formulas import Array
from email_assistant.metrics.per_mail_score import Score

# Confidence level of the intervals.
CONFIDENCE = 0.95
# Differences with a smaller p-value are significant.
SIGNIFICANCE_LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """The difference of two arms on the same mails.

    Attributes:
        value: The first arm's score minus the second's.
        low: The lower end of its interval.
        high: The upper end of its interval.
        p: The two-sided p-value: the probability of a difference at least as large if there were none.
    """

    value: float
    low: float
    high: float
    p: float


def bootstrap_weights(mails: int, count: int, seed: int) -> Array:
    """How often each resample contains each mail, (count, mails): each draws `mails` mails with replacement."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(mails, np.full(mails, 1 / mails), size=count).astype(float)


def interval(score: Score, weights: Array, lowest: float, highest: float) -> tuple[float, float]:
    """The confidence interval of a score, by median-centered percentiles (see `centered_percentiles`).

    Args:
        score: The score.
        weights: Made by `bootstrap_weights`.
        lowest: The score's lower bound.
        highest: The score's upper bound.
    """
    value = score.value
    low, high = centered_percentiles(value, score.resample(weights))
    ends = np.clip([low, high], lowest, highest)
    return float(min(ends[0], value)), float(max(ends[1], value))


def compare(first: Score, second: Score, weights: Array) -> Difference:
    """The paired difference of two arms on the same mails.

    The p-value is that of the paired bootstrap test (Koehn 2004, aclanthology.org/W04-3250; Efron and Tibshirani
    1993, chapter 16): the share of resampled differences, shifted to a mean of zero, that are at least as large as
    the observed one. One is added to both counts, so that p is never 0.

    Args:
        first: The score of one arm.
        second: The same score of the other arm, of the same mails in the same order.
        weights: Made by `bootstrap_weights`, the same for both arms.
    """
    value = first.value - second.value
    resampled = first.resample(weights) - second.resample(weights)
    low, high = centered_percentiles(value, resampled)
    extreme = int((np.abs(resampled - resampled.mean()) >= abs(value) - 1e-12).sum())
    return Difference(value, min(low, value), max(high, value), (extreme + 1) / (len(resampled) + 1))


def centered_percentiles(value: float, resampled: Array) -> tuple[float, float]:
    """The ends of a percentile interval with its bias corrected: percentiles, shifted so that their median is `value`.

    The percentile interval is Efron's (Efron and Tibshirani 1993, chapter 13). Resampling repeats mails and thereby
    inflates distances between distributions; the shift subtracts the median bias that the bootstrap estimates
    (chapter 10 there, with the median in place of the mean). Unlike the BC interval (chapter 14), which moves the
    percentiles' levels, it keeps the interval's length, and stays defined when all resamples are above `value`.

    Args:
        value: The score on all mails.
        resampled: The score of every resample, (resamples,).
    """
    tail = (1 - CONFIDENCE) / 2
    low, median, high = np.quantile(resampled, [tail, 0.5, 1 - tail])
    return float(value + low - median), float(value + high - median)


def holm(p_values: list[float]) -> list[float]:
    """The p-values of several tests, adjusted to control the family-wise error rate (Holm 1979).

    The k-th smallest of n is multiplied by n - k + 1, and is at least as large as those before it.

    Returns:
        The adjusted p-values, in the order of the given ones.
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
