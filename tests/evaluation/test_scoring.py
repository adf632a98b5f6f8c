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


def test_a_mail_says_in_words_what_its_request_says_in_shorthand() -> None:
    typed: Pair = {
        "id": "1",
        "instruction": "ann: sry, cant come 2moro. shd be ok imo",
        "email": "Sorry Ann.",
        "thread": "1",
        "subject": "",
        "date": None,
        "method": "typed",
    }
    model: Any = None
    settings = Mauve(model_path=None, buckets=None, scaling_factor=5, max_tokens=8, seeds=1)
    scorer = TextScorer(settings, 1, model, "", [typed], [])
    scores = scorer.measure_content(["Ann, sorry, I can't come tomorrow. It should be ok in my opinion."])
    assert scores["content_said"].value == 1
    same = scorer.measure_content(["Ann, sry, I cant come 2moro. It shd be ok imo."])
    assert same["content_said"].value == 1
    assert scores["facts_kept"].value == 1
    assert scores["facts_invented"].value == 0
