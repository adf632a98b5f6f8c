"""Best-of-n sampling: choose the mail that best says what was asked.

As in Stiennon et al. 2020 (arXiv:2009.01325), but candidates are ranked by the rules of `metrics.sense`, not by a
learned reward: what small models lose first is who does what, a name, a negation, or a part of the request. Rules do
not see whether a sentence makes sense; a garbled one is less likely to the model itself. So both are added up.
"""

import math
from collections.abc import Sequence

from email_assistant.language_model.decoding import Completion
from email_assistant.metrics.sense import log_odds, sense_features
from email_assistant.metrics.usual import Usual
from email_assistant.storage.records import Request

# The choice depends on the request alone: an adapter from elsewhere comes without its owner's mails.
_NOTHING_USUAL = Usual()
# How many units of log-odds of `could_be_sent` a nat of a candidate's mean log-probability is worth: the ratio of
# coefficients of a logistic regression on 152 mails that were read blind (docs/results.md).
NAT_WORTH = 3.0
# Below this, candidates are equally hopeless, and only the likelihood counts.
_LOWEST = math.log(0.001 / 0.999)


def best_completion(request: Request, candidates: Sequence[Completion]) -> Completion:
    """The complete candidate that is most likely to say what was asked; on a tie, the first.

    If none is complete, the likeliest of all.
    """
    return max(candidates, key=lambda candidate: (candidate.is_complete, _quality(request, candidate)))


def _quality(request: Request, candidate: Completion) -> float:
    features = sense_features(request["instruction"], candidate.text, _NOTHING_USUAL, request.get("context"))
    return max(_LOWEST, log_odds(features)) + NAT_WORTH * (candidate.log_probability or 0.0)
