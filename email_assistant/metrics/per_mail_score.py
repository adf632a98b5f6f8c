"""Scores as sums over mails, so that one bootstrap serves all of them.

Every score here is a function of sums over mails: of n-gram counts, of greetings, of negative log-likelihoods.
Resampling mails is then the product of a matrix of weights with a matrix of contributions, and an evaluation that keeps
its contributions can be compared with any other one of the same mails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from email_assistant.errors import DataError
from email_assistant.metrics.formulas import FORMULAS, Array

# Scores by the arm's name and the score's name.
Table = dict[str, dict[str, "PerMailScore"]]


@dataclass(frozen=True)
class PerMailScore:
    """One score of one arm.

    Attributes:
        contributions: What each mail adds to the sums, (mails, ...).
        formula: The name in `FORMULAS` of the function from sums to the score.
        parameter: The formula's parameter.
    """

    contributions: Array
    formula: str = "quotient"
    parameter: float = 0.0

    @property
    def value(self) -> float:
        """The score on all mails."""
        return float(FORMULAS[self.formula](self.contributions.sum(axis=0), self.parameter))

    def resample(self, weights: Array) -> Array:
        """The score of every resample, (resamples,).

        Args:
            weights: How often each resample contains each mail, (resamples, mails).
        """
        sums = weights @ self.contributions.reshape(len(self.contributions), -1)
        return FORMULAS[self.formula](sums.reshape(len(weights), *self.contributions.shape[1:]), self.parameter)


@dataclass(frozen=True)
class Average:
    """The mean of a score over several arms, which are resampled together.

    Attributes:
        scores: Scores of the same mails in the same order.
    """

    scores: Sequence[PerMailScore]

    @property
    def value(self) -> float:
        """The mean on all mails."""
        return float(np.mean([score.value for score in self.scores]))

    def resample(self, weights: Array) -> Array:
        """The mean for every resample, as in `PerMailScore`."""
        return np.asarray(np.mean([score.resample(weights) for score in self.scores], axis=0))


class Resampled:
    """A score that keeps its resamples: comparing one arm with many would compute them again for each.

    Attributes:
        value: The score on all mails.
    """

    def __init__(self, score: PerMailScore, weights: Array) -> None:
        """Resample a score.

        Args:
            score: The score.
            weights: The only weights that `resample` is called with.
        """
        self.value = score.value
        self._weights, self._resampled = weights, score.resample(weights)

    def resample(self, weights: Array) -> Array:
        """The score of every resample, as in `PerMailScore`.

        Raises:
            ValueError: If these are not the weights that it was resampled with.
        """
        if weights is not self._weights:
            raise ValueError("the score was resampled with other weights")
        return self._resampled


Score = PerMailScore | Average | Resampled


def mean_score(values: Sequence[float]) -> PerMailScore:
    """The mean of one value per mail."""
    return ratio_score(values, [1.0] * len(values))


def ratio_score(numerators: Sequence[float], denominators: Sequence[float]) -> PerMailScore:
    """The ratio of two sums over mails; 0 if the denominator is 0."""
    sides = [np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)]
    return PerMailScore(np.stack(sides, axis=1))


def distance_score(generated: Array, real: Array, formula: str, parameter: float = 0.0) -> PerMailScore:
    """A distance between two distributions, each given by counts that are summed over mails.

    Args:
        generated: Counts of each generated mail, (mails, kinds).
        real: Counts of the owner's mail for each of them, (mails, kinds).
        formula: A formula in `FORMULAS` that takes two distributions.
        parameter: The formula's parameter.
    """
    return PerMailScore(np.stack([generated, real], axis=1).astype(float), formula, parameter)


def save(path: Path, ids: Sequence[str], arms: Mapping[str, Mapping[str, PerMailScore]]) -> None:
    """Write the contributions of all scores to an .npz file, which contains no text except the mails' ids."""
    arrays = {"ids": np.array(ids)}
    for arm, scores in arms.items():
        for name, score in scores.items():
            arrays[f"{arm}/{name}/{score.formula}/{score.parameter!r}"] = score.contributions
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load(path: Path) -> tuple[list[str], Table]:
    """Read what `save` wrote: the mails' ids, and the scores by arm and name.

    Raises:
        DataError: when the file is not such a file.
    """
    arms: Table = {}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            ids = [str(identity) for identity in arrays["ids"]]
            for key in arrays.files:
                if key != "ids":
                    arm, name, formula, parameter = key.split("/")
                    arms.setdefault(arm, {})[name] = PerMailScore(arrays[key], formula, float(parameter))
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{path}: not a file of scores, or damaged ({error}); rerun the stage that wrote it with force=true"
        ) from error
    return ids, arms
