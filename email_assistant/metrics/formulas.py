"""The definitions of the scores, each a function of sums over mails.

Every formula takes sums, (..., *contribution), and a parameter, and returns scores, (...).
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics import BLEU, CHRF

Array = NDArray[np.float64]
# Points of MAUVE's divergence curve without its ends, as in mauve-text.
CURVE_POINTS = 25
# Upper bound of the perplexity, so that it stays finite.
MAX_PERPLEXITY = 1e6


def quotient(sums: Array, _: float) -> Array:
    """The first of two sums divided by the second, (..., 2); 0 if that is 0."""
    denominator = sums[..., 1]
    return np.divide(sums[..., 0], denominator, out=np.zeros_like(denominator), where=denominator != 0)


def perplexity(sums: Array, _: float) -> Array:
    """The exponential of negative log-likelihood per token, from nats and tokens, (..., 2)."""
    return np.exp(np.minimum(quotient(sums, 0), math.log(MAX_PERPLEXITY)))


def bleu(sums: Array, _: float) -> Array:
    """Corpus BLEU from sacrebleu's counts of n-grams, (..., counts)."""
    return _by_sacrebleu(BLEU(), sums)


def chrf(sums: Array, _: float) -> Array:
    """Corpus chrF from sacrebleu's counts of n-grams, (..., counts)."""
    return _by_sacrebleu(CHRF(), sums)


def _by_sacrebleu(metric: BLEU | CHRF, sums: Array) -> Array:
    def one(counts: Array) -> float:
        return float(metric._compute_score_from_stats([round(count) for count in counts]).score)

    return np.asarray(np.apply_along_axis(one, -1, sums))


def jensen_shannon(sums: Array, _: float) -> Array:
    """The Jensen-Shannon distance of two distributions, from their counts, (..., 2, kinds).

    The square root of the divergence in bits, from 0 to 1 (Lin 1991, doi:10.1109/18.61115; Endres and Schindelin
    2003, doi:10.1109/TIT.2003.813506). It is 1 if exactly one of the distributions has no counts.
    """
    left, right = _sides(sums)
    middle = (left + right) / 2
    nats = (_kl_divergence(left, middle) + _kl_divergence(right, middle)) / 2
    root: Array = np.sqrt(np.clip(nats / math.log(2), 0, 1))
    one_is_empty = (left.sum(axis=-1) > 0) != (right.sum(axis=-1) > 0)
    return np.where(one_is_empty, 1.0, root)


def wasserstein(sums: Array, width: float) -> Array:
    """The Wasserstein-1 distance of two histograms, (..., 2, bins), in the unit of `width`.

    The area between the cumulative distributions (Vallender 1974, doi:10.1137/1118101).

    Args:
        sums: The histograms.
        width: The width of a bin.
    """
    left, right = _sides(sums)
    area: Array = np.abs(np.cumsum(left - right, axis=-1)).sum(axis=-1) * width
    return area


def mauve(sums: Array, scaling_factor: float) -> Array:
    """The mean over seeds of MAUVE, from histograms over each seed's clusters, (..., seeds, 2, clusters)."""
    generated, real = _sides(sums)
    return np.asarray(divergence_area(real, generated, scaling_factor).mean(axis=-1))


def divergence_area(real: Array, generated: Array, scaling_factor: float) -> Array:
    """The area under the divergence curve of two distributions, (..., kinds) each.

    The mean of the areas along the two axes (Pillutla et al. 2021, arXiv:2102.01454, section 2).
    """
    first, second = divergence_curve(real, generated, scaling_factor)
    return (_area_along(first, second) + _area_along(second, first)) / 2


def divergence_curve(real: Array, generated: Array, scaling_factor: float) -> tuple[Array, Array]:
    """The points exp(-c KL(Q|R)), exp(-c KL(P|R)) for mixtures R = wP + (1-w)Q, (..., points) each.

    Args:
        real: P, (..., kinds).
        generated: Q, (..., kinds).
        scaling_factor: c.
    """
    weights = np.linspace(1e-6, 1 - 1e-6, CURVE_POINTS)[:, None]
    p, q = real[..., None, :], generated[..., None, :]
    mixed = weights * p + (1 - weights) * q
    zeros, ones = (np.full((*real.shape[:-1], 1), value) for value in (0.0, 1.0))
    along, height = (np.exp(-scaling_factor * _kl_divergence(one, mixed)) for one in (q, p))
    first = np.concatenate([ones, along, zeros], axis=-1)
    second = np.concatenate([zeros, height, ones], axis=-1)
    return first, second


def _area_along(first: Array, second: Array) -> Array:
    order = np.argsort(first, axis=-1, kind="stable")
    height, along = (np.take_along_axis(values, order, -1) for values in (second, first))
    return np.asarray(np.trapezoid(height, along, axis=-1))


def _kl_divergence(left: Array, right: Array) -> Array:
    """The Kullback-Leibler divergence over the last axis, in nats."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms: Array = np.where(left > 0, left * np.log(left / right), 0)
    return np.asarray(terms.sum(axis=-1))


def _sides(counts: Array) -> tuple[Array, Array]:
    """The two distributions, (..., kinds) each, from their counts, (..., 2, kinds)."""
    both = shares(counts)
    return both[..., 0, :], both[..., 1, :]


def shares(counts: Array) -> Array:
    """Counts divided by their sum over the last axis; zeros if that is zero."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.zeros_like(counts, dtype=float), where=total != 0))


FORMULAS: dict[str, Callable[[Array, float], Array]] = {
    "bleu": bleu,
    "chrf": chrf,
    "jensen_shannon": jensen_shannon,
    "mauve": mauve,
    "perplexity": perplexity,
    "quotient": quotient,
    "wasserstein": wasserstein,
}
