"""BLEU and chrF of written mails against the real ones, by sacrebleu."""

from collections.abc import Sequence

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from email_assistant.metrics.formulas import Array
from email_assistant.metrics.per_mail_score import PerMailScore, ratio


def text_scores(written: Sequence[str], real: Sequence[str]) -> dict[str, PerMailScore]:
    """Corpus BLEU and chrF, each from 0 to 100, and the ratio of lengths in characters.

    Papineni et al. 2002 (doi:10.3115/1073083.1073135) and Popović 2015 (doi:10.18653/v1/W15-3049),
    in the definition of Post 2018 (arXiv:1804.08771), whose signatures say how they were computed.

    Args:
        written: The model's mails.
        real: The owner's mail for each of them.

    Returns:
        bleu, chrf and length_ratio (1 is the owner's).
    """
    return {
        "bleu": PerMailScore(_counts(BLEU(), written, real), "bleu"),
        "chrf": PerMailScore(_counts(CHRF(), written, real), "chrf"),
        "length_ratio": ratio([*map(len, written)], [*map(len, real)]),
    }


def signatures() -> dict[str, str]:
    """How sacrebleu computes both, for one reference a mail."""
    made = {}
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF())):
        metric.corpus_score([""], [[""]])
        made[name] = str(metric.get_signature())
    return made


def _counts(metric: BLEU | CHRF, written: Sequence[str], real: Sequence[str]) -> Array:
    """The counts of n-grams that sacrebleu makes of each mail, (mails, counts)."""
    return np.asarray(metric._extract_corpus_statistics(list(written), [list(real)]), dtype=float)
