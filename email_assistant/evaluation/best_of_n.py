"""Best-of-n sampling: choose the mail that best says what was asked.

As in Stiennon et al. 2020 (arXiv:2009.01325), but candidates are ranked by the rules of `metrics.sense`, not by a
learned reward: what small models lose first is who does what, a name, a negation, or a part of the request.
"""

from collections.abc import Sequence

from email_assistant.language_model.decoding import Completion
from email_assistant.metrics.sense import could_be_sent, sense_features
from email_assistant.metrics.usual import Usual
from email_assistant.storage.records import Request

# The choice depends on the request alone: an adapter from elsewhere comes without its owner's mails.
_NOTHING_USUAL = Usual()


def best_completion(request: Request, candidates: Sequence[Completion]) -> Completion:
    """The complete candidate that is most likely to say what was asked; on a tie, the first.

    If none is complete, the likeliest of all.
    """
    return max(candidates, key=lambda candidate: (candidate.is_complete, _sense(request, candidate.text)))


def _sense(request: Request, mail: str) -> float:
    return could_be_sent(sense_features(request["instruction"], mail, _NOTHING_USUAL, request.get("context")))
