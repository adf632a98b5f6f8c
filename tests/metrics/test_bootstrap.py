import numpy as np
import pytest
from scipy.stats import bootstrap

from email_assistant.metrics.bootstrap import bootstrap_weights, compare, holm, interval
from email_assistant.metrics.per_mail_score import mean_score
from email_assistant.metrics.style import style_distances


def test_a_resample_has_as_many_mails_as_there_are() -> None:
    weights = bootstrap_weights(7, 50, 1)
    assert weights.shape == (50, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert (weights == bootstrap_weights(7, 50, 1)).all()
    assert (weights != bootstrap_weights(7, 50, 2)).any()


def test_the_interval_of_a_mean_is_scipy_s() -> None:
    values = np.random.default_rng(3).gamma(2.0, size=80)
    low, high = interval(mean_score(values.tolist()), bootstrap_weights(80, 4000, 1), 0, np.inf)
    theirs = bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=1).confidence_interval
    assert low == pytest.approx(theirs.low, abs=0.03)
    assert high == pytest.approx(theirs.high, abs=0.03)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng, held = np.random.default_rng(5), 0
    for trial in range(200):
        low, high = interval(
            mean_score(rng.normal(10, 2, size=40).tolist()), bootstrap_weights(40, 400, trial), 0, np.inf
        )
        held += low <= 10 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_an_interval_holds_its_score_and_keeps_within_bounds() -> None:
    mails = [f"{'rope ' * (1 + number % 5)}." for number in range(20)]
    measured = style_distances(mails, mails[::-1])["style_mail_length"]
    low, high = interval(measured, bootstrap_weights(20, 500, 1), 0, 12)
    assert low == 0 <= measured.value <= high
    assert interval(mean_score([1.0] * 9), bootstrap_weights(9, 200, 1), 0, 1) == (1.0, 1.0)


def test_a_difference_is_paired() -> None:
    rng = np.random.default_rng(1)
    hard = rng.normal(0, 10, size=50)
    first, second = mean_score((hard + 1).tolist()), mean_score((hard + rng.normal(0, 0.5, size=50)).tolist())
    weights = bootstrap_weights(50, 1000, 1)
    difference = compare(first, second, weights)
    # Mails differ by far more than arms, so only a paired comparison finds the difference.
    assert difference.low < difference.value < difference.high
    assert difference.low > 0.5
    assert difference.p < 0.01
    same = compare(first, first, weights)
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_p_values_without_a_difference_are_uniform() -> None:
    rng, small = np.random.default_rng(8), 0
    weights = bootstrap_weights(60, 400, 1)
    for _ in range(200):
        left, right = (mean_score(rng.normal(size=60).tolist()) for _ in range(2))
        small += compare(left, right, weights).p < 0.05
    assert small <= 24


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
