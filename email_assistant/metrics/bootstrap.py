"""How sure a score is: intervals and differences by drawing mails again (Efron 1979, doi:10.1214/aos/1176344552)."""

from dataclasses import dataclass

import numpy as np

from email_assistant.metrics.formulas import Array
from email_assistant.metrics.measured import Average, Measured

# Between the ends of an interval lies so much of what was drawn.
COVERAGE = 0.95


@dataclass(frozen=True)
class Difference:
    """One arm against another on the same mails.

    Attributes:
        value: The first arm's score less the second's.
        low: The lower end of its interval.
        high: The upper end.
        p: The probability of a difference at least as far from zero where there is none, two-sided.
    """

    value: float
    low: float
    high: float
    p: float


def draws(mails: int, count: int, seed: int) -> Array:
    """How often each mail is in each resample, (count, mails): as many mails as there are, with replacement."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(mails, np.full(mails, 1 / mails), size=count).astype(float)


def interval(measured: Measured, drawn: Array, lowest: float, highest: float) -> tuple[float, float]:
    """The ends of a score's interval.

    The percentiles of the resamples, moved so that their median stands on the score itself: distances
    between distributions grow under resampling, which repeats mails, and the shift takes that off.

    Args:
        measured: The score.
        drawn: As `draws` gives them.
        lowest: That the score can be.
        highest: That the score can be.
    """
    value = measured.value
    low, high = around(value, measured.under(drawn))
    ends = np.clip([low, high], lowest, highest)
    return float(min(ends[0], value)), float(max(ends[1], value))


def compare(first: Measured | Average, second: Measured | Average, drawn: Array) -> Difference:
    """The paired difference of two arms on the same mails.

    The test is the paired bootstrap (Koehn 2004, aclanthology.org/W04-3250; Efron and Tibshirani 1993,
    chapter 16): how often the difference of resamples, moved to a mean of zero, is as large as the one
    observed. One is added above and below, so that p is never 0.

    Args:
        first: The score of one arm.
        second: The same score of the other, of the same mails in the same order.
        drawn: As `draws` gives them, the same for both.
    """
    value = first.value - second.value
    found = first.under(drawn) - second.under(drawn)
    low, high = around(value, found)
    extreme = int((np.abs(found - found.mean()) >= abs(value) - 1e-12).sum())
    return Difference(value, min(low, value), max(high, value), (extreme + 1) / (len(found) + 1))


def around(value: float, found: Array) -> tuple[float, float]:
    """The percentiles of resamples, moved so that their median stands on the value."""
    tail = (1 - COVERAGE) / 2
    low, middle, high = np.quantile(found, [tail, 0.5, 1 - tail])
    return float(value + low - middle), float(value + high - middle)


def holm(p_values: list[float]) -> list[float]:
    """The p-values of several tests, raised so that the chance of any false one stays (Holm 1979).

    Stable in order: the k-th smallest of n is multiplied by n - k + 1 and is no smaller than those before.
    """
    raised = [0.0] * len(p_values)
    highest = 0.0
    for place, index in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[index]))
        raised[index] = highest
    return raised
