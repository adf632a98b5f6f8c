"""What the scores of mails know of their requests."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from email_assistant.configuration.schema import Mauve
from email_assistant.evaluation.scoring import Scorer
from email_assistant.metrics.formulas import Array
from email_assistant.storage.records import Pair


class TextScorer(Scorer):
    """Without a model that embeds mails."""

    def _features(self, texts: Sequence[str]) -> Array:
        return np.zeros((len(texts), 1))


def scorer_of(
    instruction: str = "ann: no", email: str = "Sorry Ann.", vocabulary: Sequence[str] = ("a", "b")
) -> Scorer:
    """A scorer of one mail."""
    pair: Pair = {
        "id": "1",
        "instruction": instruction,
        "email": email,
        "thread": "1",
        "subject": "",
        "date": None,
        "method": "typed",
    }
    model: Any = None
    settings = Mauve(model_path=None, buckets=None, scaling_factor=5, max_tokens=8, seeds=1)
    return TextScorer(settings, 1, model, "", [pair], [], {token: number for number, token in enumerate(vocabulary)})


def test_a_mail_says_in_words_what_its_request_says_in_shorthand() -> None:
    scorer = scorer_of("ann: sry, cant come 2moro. shd be ok imo")
    scores = scorer.measure_content(["Ann, sorry, I can't come tomorrow. It should be ok in my opinion."])
    assert scores["content_said"].value == 1
    same = scorer.measure_content(["Ann, sry, I cant come 2moro. It shd be ok imo."])
    assert same["content_said"].value == 1
    assert scores["facts_kept"].value == 1
    assert scores["facts_invented"].value == 0


def test_signatures_tell_apart_what_scores_cannot_be_compared_over() -> None:
    usual = scorer_of().signatures()
    for changed, names in (
        (scorer_of(instruction="ann: yes"), {"requests"}),
        (scorer_of(email="Dear Ann."), {"mails"}),
        (scorer_of(vocabulary="ba"), {"perplexity"}),
        (scorer_of(), set()),
    ):
        assert {name for name, value in changed.signatures().items() if usual[name] != value} == names
