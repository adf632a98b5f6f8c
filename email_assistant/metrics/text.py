"""BLEU and chrF of written mails against the owner's, by sacrebleu."""

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from email_assistant.metrics.formulas import Array
from email_assistant.metrics.per_mail_score import PerMailScore, ratio


def text_scores(written: Sequence[str], real: Sequence[str]) -> dict[str, PerMailScore]:
    """Corpus BLEU and chrF, each from 0 to 100, and the ratio of lengths in characters.

    Papineni et al. 2002 (doi:10.3115/1073083.1073135) and Popović 2015 (doi:10.18653/v1/W15-3049),
    as defined by Post 2018 (arXiv:1804.08771); `signatures` gives the parameters.

    Args:
        written: The model's mails.
        real: The owner's mail for each of them.

    Returns:
        bleu, chrf and length_ratio: 1 if the written mails are as long as the owner's in total.
    """
    return {
        "bleu": PerMailScore(_counts(BLEU(), written, real), "bleu"),
        "chrf": PerMailScore(_counts(CHRF(), written, real), "chrf"),
        "length_ratio": ratio([*map(len, written)], [*map(len, real)]),
    }


def signatures() -> dict[str, str]:
    """Sacrebleu's signatures of both scores, with one reference per mail."""
    by_score = {}
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF())):
        metric.corpus_score([""], [[""]])
        by_score[name] = str(metric.get_signature())
    return by_score


def _counts(metric: BLEU | CHRF, written: Sequence[str], real: Sequence[str]) -> Array:
    """Sacrebleu's counts of n-grams for each mail, (mails, counts)."""
    return np.asarray(metric._extract_corpus_statistics(list(written), [list(real)]), dtype=float)
