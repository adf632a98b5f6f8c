"""Authorship: whether a judge that knows the owner's mails takes a written one for the owner's.

Character n-grams and a linear classifier, the usual strong baseline of authorship attribution
(Stamatatos 2009, doi:10.1002/asi.21001; Kestemont et al. 2018, PAN). It learns from the owner's training
mails and from other text; it never sees a mail that it judges, nor an instruction of the test set.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline

from email_assistant.metrics.per_mail_score import PerMailScore, mean

NGRAMS = (2, 5)
FOLDS = 5
# Fewer mails of either kind teach nothing.
FEWEST_MAILS = 10


@dataclass(frozen=True)
class Judge:
    """A trained classifier.

    Attributes:
        accuracy: Balanced, by cross-validation on what it learned from: 0.5 is chance.
        owner_mails: Of the owner, that it learned from.
        other_mails: Of others.
    """

    model: Pipeline
    accuracy: float
    owner_mails: int
    other_mails: int

    def takes_for_owner(self, texts: Sequence[str]) -> list[bool]:
        """The verdict on each text."""
        return [bool(verdict) for verdict in self.model.predict(list(texts))]


def train_judge(owner: Sequence[str], others: Sequence[str], seed: int) -> Judge | None:
    """Learn to tell the owner's mails from other text; None where either is too little.

    Both kinds weigh alike, however many there are, so that a verdict is no guess at the larger one.

    Args:
        owner: The owner's training mails.
        others: Mails that the owner did not write.
        seed: Of the folds.
    """
    if min(len(owner), len(others)) < FEWEST_MAILS:
        return None
    texts, labels = [*owner, *others], np.array([True] * len(owner) + [False] * len(others))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    guessed = cross_val_predict(_classifier(), texts, labels, cv=folds)
    accuracy = float(balanced_accuracy_score(labels, guessed))
    return Judge(_classifier().fit(texts, labels), accuracy, len(owner), len(others))


def verdict(judge: Judge, written: Sequence[str]) -> PerMailScore:
    """The share of written mails that the judge takes for the owner's."""
    return mean([float(taken) for taken in judge.takes_for_owner(written)])


def _classifier() -> Any:
    grams = TfidfVectorizer(analyzer="char", ngram_range=NGRAMS, lowercase=False, sublinear_tf=True, min_df=2)
    return make_pipeline(grams, LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000))
