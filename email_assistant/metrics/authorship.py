"""Authorship: the share of generated mails that a classifier attributes to the owner.

Character n-grams and a linear classifier, the usual strong baseline of authorship attribution (Stamatatos 2009,
doi:10.1002/asi.21001; Kestemont et al. 2018, PAN). The classifier is trained on the owner's training mails and on other
text; it never sees a mail that it judges, nor an instruction of the test set.
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

from email_assistant.metrics.per_mail_score import PerMailScore, mean_score

NGRAMS = (2, 5)
FOLDS = 5
# With fewer mails of either kind the classifier would learn nothing.
MIN_MAILS = 10


@dataclass(frozen=True)
class Judge:
    """A trained classifier.

    Attributes:
        model: Maps texts to verdicts.
        accuracy: Balanced accuracy in cross-validation on its training data: 0.5 is chance level.
        owner_mails: Number of the owner's mails in its training data.
        other_mails: Number of other texts in its training data.
    """

    model: Pipeline
    accuracy: float
    owner_mails: int
    other_mails: int

    def are_by_owner(self, texts: Sequence[str]) -> list[bool]:
        """Whether each text is attributed to the owner."""
        return [bool(verdict) for verdict in self.model.predict(list(texts))]


def train_judge(owner: Sequence[str], others: Sequence[str], seed: int) -> Judge | None:
    """Train a classifier of the owner's mails against other text.

    Both classes have the same weight, however many texts they have.

    Args:
        owner: The owner's training mails.
        others: Mails that the owner did not write.
        seed: The seed of the cross-validation folds.

    Returns:
        The classifier; None if either class has fewer than `MIN_MAILS` texts.
    """
    if min(len(owner), len(others)) < MIN_MAILS:
        return None
    texts, labels = [*owner, *others], np.array([True] * len(owner) + [False] * len(others))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    predicted = cross_val_predict(_classifier(), texts, labels, cv=folds)
    accuracy = float(balanced_accuracy_score(labels, predicted))
    return Judge(_classifier().fit(texts, labels), accuracy, len(owner), len(others))


def authorship_score(judge: Judge, generated: Sequence[str]) -> PerMailScore:
    """The share of generated mails that the judge attributes to the owner."""
    return mean_score([float(by_owner) for by_owner in judge.are_by_owner(generated)])


def _classifier() -> Any:
    grams = TfidfVectorizer(analyzer="char", ngram_range=NGRAMS, lowercase=False, sublinear_tf=True, min_df=2)
    return make_pipeline(grams, LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000))
