"""Faithfulness: whether a mail keeps the names, dates and numbers that its instruction gives, and what it adds.

As in the entity-level checks of summaries (Nan et al. 2021, arXiv:2102.09130), turned round: there a
summary may name nothing that its text does not, here a mail should name everything that was asked for.
"""

from collections.abc import Sequence

from email_assistant.metrics.facts import facts, mentions
from email_assistant.metrics.per_mail_score import PerMailScore, mean, ratio


def faithfulness(written: Sequence[str], asked: Sequence[str], known: frozenset[str]) -> dict[str, PerMailScore]:
    """How mails keep to their instructions.

    Args:
        written: Mails.
        asked: The request for each of them, with the mail that it answers where there is one.
        known: Facts that count as nobody's invention, as of `frequent_facts`.

    Returns:
        facts_kept: The share of the requests' facts that their mails name. facts_invented: facts of a mail
        that neither its request nor the owner's habit explains, as the mean over mails.
    """
    kept, given, invented = [], [], []
    for mail, request in zip(written, asked, strict=True):
        wanted = facts(request)
        kept.append(sum(mentions(mail, fact) for fact in wanted))
        given.append(len(wanted))
        invented.append(sum(not mentions(request, fact) and fact not in known for fact in facts(mail)))
    return {
        "facts_kept": ratio(kept, given),
        "facts_invented": mean(invented),
    }
