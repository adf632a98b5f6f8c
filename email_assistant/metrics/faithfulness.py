"""Faithfulness: whether a mail keeps the names, dates and numbers that its instruction gives, and what it adds.

As in the entity-level checks of summaries (Nan et al. 2021, arXiv:2102.09130), turned round: there a
summary may name nothing that its text does not, here a mail should name everything that was asked for.
"""

import re
from collections.abc import Iterable, Sequence

from email_assistant.metrics.measured import Measured, mean, ratio

NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
# A capital that no sentence's beginning explains.
NAME = re.compile(r"(?<![.!?…:\"'«“(] )(?<![.!?…:\"'«“(])(?<!^)\b(?!I['’])[A-ZА-ЯЁ][\w'’-]+", re.MULTILINE)
DATES = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:january|february|march|april|june|july|august|september|"
    r"october|november|december)\b|\b(?:today|tomorrow|tonight|yesterday)\b|"
    r"\b(?:понедельник|вторник|сред[уаеы]|четверг|пятниц|суббот|воскресень)|"
    r"\b(?:январ|феврал|март|апрел|мая|июн|июл|август|сентябр|октябр|ноябр|декабр)|\b(?:сегодня|завтра|вчера)",
    re.IGNORECASE,
)
# As much of a word as its inflected forms share.
STEM = 4
# A name in so large a share of the owner's mails is habit: the own name, a colleague that all mail is copied to.
HABITUAL_SHARE = 0.1


def facts(text: str) -> set[str]:
    """Names, dates and numbers of a text, each as far as its inflected forms agree."""
    return _numbers(text) | {_stem(word) for word in [*NAME.findall(text), *DATES.findall(text)]}


def names(text: str, fact: str) -> bool:
    """Whether a text has a fact anywhere, a name at the beginning of a sentence too."""
    if fact[0].isdigit():
        return fact in _numbers(text)
    return fact in text.casefold()


def habitual(training: Iterable[str]) -> frozenset[str]:
    """Facts that the owner's mails name so often that no instruction has to."""
    found = [facts(text) for text in training]
    counts: dict[str, int] = {}
    for one in found:
        for fact in one:
            counts[fact] = counts.get(fact, 0) + 1
    return frozenset(fact for fact, count in counts.items() if count > HABITUAL_SHARE * len(found))


def faithfulness(written: Sequence[str], asked: Sequence[str], known: frozenset[str]) -> dict[str, Measured]:
    """How mails keep to their instructions.

    Args:
        written: Mails.
        asked: The request for each of them, with the mail that it answers where there is one.
        known: Facts that count as nobody's invention, as of `habitual`.

    Returns:
        facts_kept: The share of the requests' facts that their mails name. facts_invented: facts of a mail
        that neither its request nor the owner's habit explains, as the mean over mails.
    """
    kept, given, invented = [], [], []
    for mail, request in zip(written, asked, strict=True):
        wanted = facts(request)
        kept.append(sum(names(mail, fact) for fact in wanted))
        given.append(len(wanted))
        invented.append(sum(not names(request, fact) and fact not in known for fact in facts(mail)))
    return {
        "facts_kept": ratio(kept, given),
        "facts_invented": mean(invented),
    }


def _numbers(text: str) -> set[str]:
    return set(NUMBER.findall(text))


def _stem(word: str) -> str:
    return word.casefold()[: max(STEM, len(word) - 3)] if len(word) > STEM else word.casefold()
