"""BLEU and chrF of generated mails against the owner's, by sacrebleu."""

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from email_assistant.metrics.formulas import Array
from email_assistant.metrics.per_mail_score import PerMailScore, ratio_score


def text_scores(generated: Sequence[str], real: Sequence[str]) -> dict[str, PerMailScore]:
    """Corpus BLEU and chrF, each from 0 to 100, and the ratio of lengths in characters.

    Papineni et al. 2002 (doi:10.3115/1073083.1073135) and Popović 2015 (doi:10.18653/v1/W15-3049),
    as defined by Post 2018 (arXiv:1804.08771); `signatures` gives the parameters.

    Args:
        generated: The model's mails.
        real: The owner's mail for each of them.

    Returns:
        bleu, chrf and length_ratio: 1 if the generated mails are as long as the owner's in total.
    """
    return {
        "bleu": PerMailScore(_counts(BLEU(), generated, real), "bleu"),
        "chrf": PerMailScore(_counts(CHRF(), generated, real), "chrf"),
        "length_ratio": ratio_score([*map(len, generated)], [*map(len, real)]),
    }


def signatures() -> dict[str, str]:
    """Sacrebleu's signatures of both scores, with one reference per mail."""
    by_score = {}
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF())):
        metric.corpus_score([""], [[""]])
        by_score[name] = str(metric.get_signature())
    return by_score


def _counts(metric: BLEU | CHRF, generated: Sequence[str], real: Sequence[str]) -> Array:
    """Sacrebleu's counts of n-grams for each mail, (mails, counts)."""
    return np.asarray(metric._extract_corpus_statistics(list(generated), [list(real)]), dtype=float)
