"""Names, dates and numbers of a text: what an instruction must give, since no model can know it."""

import re
from collections import Counter
from collections.abc import Iterable

from email_assistant.metrics.style import FUNCTION_WORDS

NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_WORD = r"[A-ZА-ЯЁ][\w'’-]*(?:&\w+)*"
# Of more than a letter.
_CAPITALISED = re.compile(rf"\b(?!I['’])(?=\w(?:[\w'’-]|&\w)){_WORD}")
# What a sentence's beginning follows: a line's, an item's number, a full stop, a colon, an opening mark.
_OPENED = re.compile(
    r"^[^\w\n]*(?:\w{1,2}[.)][^\S\n]+)?|\((?:\d{1,2}|[a-z]|[ivx]+)\)[^\S\n]+|[.!?…:\"'«“(][^\S\n]*", re.MULTILINE
)
# Words that open a sentence just before a name.
_OPENERS = frozenset(
    ("although", "however", "please", "since", "thanks", "though", "unless", "until", "whereas", "while")
)
DATES = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:january|february|march|april|june|july|august|september|"
    r"october|november|december)\b|\b(?:today|tomorrow|tonight|yesterday)\b|"
    r"\b(?:понедельник|вторник|сред[уаеы]|четверг|пятниц|суббот|воскресень)|"
    r"\b(?:январ|феврал|март|апрел|мая|июн|июл|август|сентябр|октябр|ноябр|декабр)|\b(?:сегодня|завтра|вчера)",
    re.IGNORECASE,
)
# The least that a stem keeps of a word.
STEM = 4
# A name in so large a share of the owner's mails is habit: the own name, a colleague that all mail is copied to.
HABITUAL_SHARE = 0.1
# Addresses, and numbers that count points: nothing that a person would type into a request.
_NOT_SAID = re.compile(r"\S+@\S+|\b(?:https?://|www\.)\S+|^\s*\(?\w{1,2}[.)]\s+|\(\w\)", re.MULTILINE)
# What follows a name or number in the same phrase: 'Trading Corp.', '17 March', 'Sept. 17', 'Bosch & Co'.
_NEXT = re.compile(rf"(?: {{1,2}}& {{1,2}}| {{1,2}}|-|\. (?=\d))(?:{_WORD}|\d[\w.,:/-]*)")
# A name's first part at the beginning of a sentence.
_BEFORE = re.compile(r"\b([A-ZА-ЯЁ][\w'’-]*)(?: & | {1,2})$")
_COUNTED = re.compile(r"(?:[$€£]|USD|EUR|GBP|CHF|JPY|RUB)?\d")
_UNIT = re.compile(r" ?%| {1,2}([^\W\d_]+)")
POSSESSIVE = re.compile(r"['’]s?$")
_AMOUNT = re.compile(r"[$€£]?\b\d[\w.,:/-]*\b")


def facts(text: str) -> set[str]:
    """Names, dates and numbers of a text, each as far as its inflected forms agree."""
    return _numbers(text) | {stem(found[0]) for found in [*_capitalised(text), *DATES.finditer(text)]}


def mentions(text: str, fact: str) -> bool:
    """Whether a text has a fact anywhere, a name at the beginning of a sentence too."""
    if fact[0].isdigit():
        return fact in _numbers(text)
    return fact in text.casefold()


def frequent_facts(training: Iterable[str]) -> frozenset[str]:
    """Facts that the owner's mails name so often that no instruction has to."""
    mails, counts = 0, Counter[str]()
    for text in training:
        mails += 1
        counts.update(facts(text))
    return frozenset(fact for fact, count in counts.items() if count > HABITUAL_SHARE * mails)


def phrases(text: str) -> list[str]:
    """The names, dates and numbers of a text as a person would type them, in its order: '8 pm', 'Rope and Sons'."""
    said = _NOT_SAID.sub(lambda found: "\n" * len(found[0]), text)
    places = sorted(found.span() for found in [*_capitalised(said), *_AMOUNT.finditer(said), *DATES.finditer(said)])
    found: list[str] = []
    end = 0
    for start, stop in places:
        if start >= end:
            before = _BEFORE.search(said, end, start)
            if before and before[1].casefold() not in FUNCTION_WORDS | _OPENERS:
                start = before.start()
            end = _end_of_phrase(said, start, stop)
            found.append(POSSESSIVE.sub("", " ".join(said[start:end].split()).rstrip(".,:/-")))
    return list(dict.fromkeys(phrase for phrase in found if not _says_nothing(phrase)))


def _capitalised(text: str) -> list[re.Match[str]]:
    """Words with a capital that no sentence's beginning explains."""
    opened = {found.end() for found in _OPENED.finditer(text)}
    return [found for found in _CAPITALISED.finditer(text) if found.start() not in opened]


def _says_nothing(phrase: str) -> bool:
    return all(word in FUNCTION_WORDS for word in phrase.casefold().split())


def _end_of_phrase(text: str, start: int, stop: int) -> int:
    while following := _NEXT.match(text, stop):
        stop = following.end()
    last = text[start:stop].rstrip(".,:/-").rpartition(" ")[2]
    if not last[-1:].isdigit() or not _COUNTED.match(last):
        return stop
    unit = _UNIT.match(text, stop)
    return unit.end() if unit and (unit[1] == "am" or unit[1] not in FUNCTION_WORDS) else stop


def _numbers(text: str) -> set[str]:
    return set(NUMBER.findall(text))


def stem(word: str) -> str:
    """As much of a word, in small letters, as its inflected forms share."""
    return word.casefold()[: max(STEM, len(word) - 3)] if len(word) > STEM else word.casefold()
