"""Faithfulness: the names, dates and numbers of a request that its mail keeps, and those that the mail adds.

These are the entity-level checks of summaries (Nan et al. 2021, arXiv:2102.09130) in the other direction: a summary
must not mention an entity that its text does not have; a mail should mention every entity of its request.
"""

from collections.abc import Sequence

from email_assistant.metrics.facts import facts, mentions
from email_assistant.metrics.per_mail_score import PerMailScore, mean_score, ratio_score


def faithfulness(generated: Sequence[str], requests: Sequence[str], known: frozenset[str]) -> dict[str, PerMailScore]:
    """Scores of faithfulness to the requests.

    Args:
        generated: Mails.
        requests: The request for each of them, with the mail that it answers, if any.
        known: Facts that a mail may add: see `frequent_facts`.

    Returns:
        facts_kept: The share of the requests' facts that their mails mention. facts_invented: The number of facts
        in a mail that neither are known nor in its request, as the mean over mails.
    """
    kept, given, invented = [], [], []
    for mail, request in zip(generated, requests, strict=True):
        wanted = facts(request)
        kept.append(sum(mentions(mail, fact) for fact in wanted))
        given.append(len(wanted))
        invented.append(sum(not mentions(request, fact) and fact not in known for fact in facts(mail)))
    return {
        "facts_kept": ratio_score(kept, given),
        "facts_invented": mean_score(invented),
    }
