"""Best-of-n sampling: choose the mail that best says what was asked.

As in Stiennon et al. 2020 (arXiv:2009.01325), but candidates are ranked by the rules of `metrics.sense`, not by a
learned reward: what small models lose first is who does what, a name, a negation, or a part of the request. Rules do
not notice whether a sentence makes sense, but a garbled one is less likely to the model itself. So both are added up.

The constants were chosen on nine drafts each of 100 typed notes that were read blind. Results hardly change between 6
and 20 for a note's words, and between 2 and 8 for a nat (docs/trials.md).
"""

import math
from collections.abc import Sequence

from email_assistant.language_model.decoding import Completion
from email_assistant.metrics.sense import log_odds, sense_features
from email_assistant.metrics.usual import Usual
from email_assistant.requests.reading import Reading
from email_assistant.requests.request_form import looks_like_order
from email_assistant.storage.records import Request

# How many units of log-odds of `could_be_sent` a nat of a candidate's mean log-probability is worth.
NAT_WORTH = 3.0
# The same for the share of a note's content words that a candidate has. `could_be_sent` counts only the first 0.8,
# since people say the rest in other words; of several drafts for one note, the one that says more of it is better. An
# order is worded differently from its mail, so its words do not count.
CONTENT_WORTH = 10.0
_READING = Reading(subjects=True, orders=True, shorthand=True)
# Below this, candidates are equally hopeless by their faults: what they say and their likelihood decide.
_LOWEST = math.log(0.001 / 0.999)


def best_completion(request: Request, candidates: Sequence[Completion]) -> Completion:
    """The complete candidate that is most likely to say what was asked; on a tie, the first.

    If none is complete, the likeliest of all.
    """
    instruction, context = request["instruction"], request.get("context")

    def quality_of(candidate: Completion) -> tuple[bool, float]:
        # The choice depends only on the request: an adapter from elsewhere comes without its owner's mails.
        return candidate.is_complete, quality(instruction, candidate.text, Usual(), context, candidate.log_probability)

    return max(candidates, key=quality_of)


def quality(instruction: str, draft: str, usual: Usual, context: str | None, log_probability: float | None) -> float:
    """How well a draft says what was asked, to compare drafts for one request.

    Args:
        instruction: The request. It is read as a note with its subjects: who does it, counts.
        draft: The mail that was written.
        usual: What the owner's mails usually say.
        context: The mail that is answered, if any.
        log_probability: The mean of its tokens' log-probabilities, in nats; None if unknown, and then for all drafts.
    """
    note = _READING.worded(instruction)
    features = sense_features(note, draft, usual, context)
    said = 0.0 if looks_like_order(note) else CONTENT_WORTH * features.content_said
    return max(_LOWEST, log_odds(features)) + said + NAT_WORTH * (log_probability or 0.0)
