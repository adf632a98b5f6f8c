"""BLEU and chrF of written mails against the real ones, by sacrebleu."""

from collections.abc import Sequence

from sacrebleu.metrics import BLEU, CHRF


def text_scores(written: Sequence[str], real: Sequence[str]) -> tuple[dict[str, float], dict[str, str]]:
    """Corpus BLEU and chrF, each from 0 to 100, and the ratio of lengths in characters.

    Papineni et al. 2002 (doi:10.3115/1073083.1073135) and Popović 2015 (doi:10.18653/v1/W15-3049),
    in the definition of Post 2018 (arXiv:1804.08771), whose signatures say how they were computed.

    Args:
        written: The model's mails.
        real: The owner's mail for each of them.

    Returns:
        The scores, and the signatures of BLEU and chrF.
    """
    bleu, chrf = BLEU(), CHRF()
    references = [list(real)]
    scores = {
        "bleu": bleu.corpus_score(list(written), references).score,
        "chrf": chrf.corpus_score(list(written), references).score,
        "length_ratio": sum(map(len, written)) / max(1, sum(map(len, real))),
    }
    return scores, {"bleu": str(bleu.get_signature()), "chrf": str(chrf.get_signature())}
