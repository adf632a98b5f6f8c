"""Of several mails that were written for one request, the one that says most of what was asked for.

This is best-of-n sampling (Stiennon et al. 2020, arXiv:2009.01325), where a model was taught what people like best.
Here words are compared: what a small model loses first is the matter of the request.
"""

from collections.abc import Sequence

from email_assistant.language_model.decoding import Completion
from email_assistant.metrics.facts import facts, names
from email_assistant.requests.instructions import meaningful


def best(instruction: str, answers: Sequence[Completion]) -> Completion:
    """The fullest of the answers that ended by themselves, or of all where none did; the first of equals."""
    return max(answers, key=lambda answer: (answer.is_complete, fullness(instruction, answer.text)))


def fullness(instruction: str, mail: str) -> float:
    """How much of a request a mail says, from 0 to 2.

    Returns:
        The share of the request's names, dates and numbers that the mail names, and the share of its other
        meaningful words that the mail has, in any form; a share of nothing counts as whole.
    """
    wanted, words = facts(instruction), meaningful(instruction)
    return _share(sum(names(mail, fact) for fact in wanted), len(wanted)) + _share(
        len(words & meaningful(mail)), len(words)
    )


def _share(found: int, of: int) -> float:
    return found / of if of else 1.0
