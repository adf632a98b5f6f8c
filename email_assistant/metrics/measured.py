"""A score as what each mail adds to it, so that one bootstrap serves all of them.

Every score here is a function of sums over mails: of n-gram counts, of counts of greetings, of nats.
Drawing mails with replacement is then a product of a matrix of draws with a matrix of parts, and what is
kept of an evaluation is enough to compare it with any other of the same mails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from email_assistant.errors import DataError
from email_assistant.metrics.formulas import FORMULAS, Array

# Score of an arm, by the arm's name and the score's.
Table = dict[str, dict[str, "Measured"]]


@dataclass(frozen=True)
class Measured:
    """One score of one arm.

    Attributes:
        parts: What each mail adds, (mails, ...).
        formula: How the score comes of the sums, of `FORMULAS`.
        parameter: Of the formula.
    """

    parts: Array
    formula: str = "quotient"
    parameter: float = 0.0

    @property
    def value(self) -> float:
        """The score on all mails."""
        return float(FORMULAS[self.formula](self.parts.sum(axis=0), self.parameter))

    def under(self, draws: Array) -> Array:
        """The score for every row of draws, (resamples, mails): how often each mail was drawn."""
        sums = draws @ self.parts.reshape(len(self.parts), -1)
        return FORMULAS[self.formula](sums.reshape(len(draws), *self.parts.shape[1:]), self.parameter)


@dataclass(frozen=True)
class Average:
    """The mean of the same score over several arms, mail by mail drawn alike.

    Attributes:
        scores: Of the same mails in the same order.
    """

    scores: Sequence[Measured]

    @property
    def value(self) -> float:
        """The mean on all mails."""
        return float(np.mean([score.value for score in self.scores]))

    def under(self, draws: Array) -> Array:
        """The mean for every row of draws, as of `Measured`."""
        return np.asarray(np.mean([score.under(draws) for score in self.scores], axis=0))


def mean(values: Sequence[float]) -> Measured:
    """The mean of a value a mail."""
    return ratio(values, [1.0] * len(values))


def ratio(above: Sequence[float], below: Sequence[float]) -> Measured:
    """The ratio of two sums over mails; 0 where the lower one is 0."""
    return Measured(np.stack([np.asarray(above, dtype=float), np.asarray(below, dtype=float)], axis=1))


def distance(written: Array, real: Array, formula: str, parameter: float = 0.0) -> Measured:
    """A distance between two distributions, each the sum of what mails count.

    Args:
        written: Counts of each written mail, (mails, kinds).
        real: Counts of the owner's mail for each of them, (mails, kinds).
        formula: Of two distributions.
        parameter: Of the formula.
    """
    return Measured(np.stack([written, real], axis=1).astype(float), formula, parameter)


def save(path: Path, ids: Sequence[str], arms: Mapping[str, Mapping[str, Measured]]) -> None:
    """Keep the parts of all scores in one file of numbers, without any text but the mails' ids."""
    arrays = {"ids": np.array(ids)}
    for arm, scores in arms.items():
        for name, measured in scores.items():
            arrays[f"{arm}/{name}/{measured.formula}/{measured.parameter!r}"] = measured.parts
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load(path: Path) -> tuple[list[str], Table]:
    """What `save` kept: the mails' ids, and the scores by arm and name.

    Raises:
        DataError: when the file holds something else.
    """
    arms: Table = {}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            ids = [str(identity) for identity in arrays["ids"]]
            for key in arrays.files:
                if key != "ids":
                    arm, name, formula, parameter = key.split("/")
                    arms.setdefault(arm, {})[name] = Measured(arrays[key], formula, float(parameter))
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: holds no scores: {error}") from error
    return ids, arms
