"""Best-of-n sampling: choose the mail that covers most of the request.

As in Stiennon et al. 2020 (arXiv:2009.01325), but candidates are ranked by the words that they share with the request,
not by a learned reward: what small models lose first is the request's content.
"""

from collections.abc import Sequence

from email_assistant.language_model.decoding import Completion
from email_assistant.metrics.content_words import content_stems
from email_assistant.metrics.facts import facts, mentions


def best_completion(instruction: str, candidates: Sequence[Completion]) -> Completion:
    """The complete candidate that covers most of the instruction; on a tie, the first.

    If none is complete, the one that covers most.
    """
    return max(candidates, key=lambda candidate: (candidate.is_complete, coverage(instruction, candidate.text)))


def coverage(instruction: str, mail: str) -> float:
    """The coverage of a request by a mail, from 0 to 2.

    Returns:
        The share of the request's names, dates and numbers that the mail mentions, plus the share of its content
        words that the mail has, in any inflection. A share is 1 if the request has nothing to count.
    """
    wanted, words = facts(instruction), content_stems(instruction)
    mentioned = sum(mentions(mail, fact) for fact in wanted)
    return _share(mentioned, len(wanted)) + _share(len(words & content_stems(mail)), len(words))


def _share(count: int, total: int) -> float:
    return count / total if total else 1.0
