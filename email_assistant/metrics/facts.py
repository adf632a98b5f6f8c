"""What a text says: its facts and its content words.

Facts are names, dates and numbers, which an instruction must give, because a model cannot know them.
"""

import re
from collections import Counter
from collections.abc import Iterable

from email_assistant.lexicon.languages import alternatives, words
from email_assistant.lexicon.words import COMPOUND_WORD

NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_WORD = r"[A-ZА-ЯЁ][\w'’-]*(?:&\w+)*"
# Capitalised words of more than one letter.
_CAPITALIZED = re.compile(rf"\b(?!I['’])(?=\w(?:[\w'’-]|&\w)){_WORD}")
# What precedes the beginning of a sentence: a line break, an item's number, a full stop, a colon, an opening mark.
_OPENED = re.compile(
    r"^[^\w\n]*(?:\w{1,2}[.)][^\S\n]+)?|\((?:\d{1,2}|[a-z]|[ivx]+)\)[^\S\n]+|[.!?…:\"'«“(][^\S\n]*", re.MULTILINE
)
FUNCTION_WORDS = words("function_words")
_NOT_FIRST_NAMES = FUNCTION_WORDS | words("sentence_openers")
DATES = re.compile(alternatives("weekdays_months"), re.IGNORECASE)
# Minimum number of letters in a stem.
STEM = 4
# A fact in a larger share of the owner's mails is frequent: the owner's name, a colleague that is always copied.
FREQUENT_SHARE = 0.1
# Addresses and the numbers of items, which nobody would type into a request.
_NOT_SAID = re.compile(r"\S+@\S+|\b(?:https?://|www\.)\S+|^\s*\(?\w{1,2}[.)]\s+|\(\w\)", re.MULTILINE)
# What follows a name or number in the same phrase: 'Trading Corp.', '17 March', 'Sept. 17', 'Bosch & Co'.
_NEXT = re.compile(rf"(?: {{1,2}}& {{1,2}}| {{1,2}}|-|\. (?=\d))(?:{_WORD}|\d[\w.,:/-]*)")
# The first part of a name at the beginning of a sentence.
_BEFORE = re.compile(r"\b([A-ZА-ЯЁ][\w'’-]*)(?: & | {1,2})$")
_COUNTED = re.compile(r"(?:[$€£]|USD|EUR|GBP|CHF|JPY|RUB)?\d")
_UNIT = re.compile(r" ?%| {1,2}([^\W\d_]+)")
POSSESSIVE = re.compile(r"['’]s?$")
_AMOUNT = re.compile(r"[$€£]?\b\d[\w.,:/-]*\b")
NEGATIONS = words("negations")
STOP_WORDS = FUNCTION_WORDS | words("polite_words")


def facts(text: str) -> set[str]:
    """The names, dates and numbers of a text, as stems, so that their inflections are equal."""
    return _numbers(text) | set(map(stem, names_and_dates(text)))


def names_and_dates(text: str) -> list[str]:
    """The capitalised words of a text that do not begin a sentence, and its weekdays, months and the like."""
    return [match[0] for match in [*_capitalized(text), *DATES.finditer(text)]]


def mentions(text: str, fact: str) -> bool:
    """Whether a text mentions a fact anywhere, even a name at the beginning of a sentence."""
    if fact[0].isdigit():
        return fact in _numbers(text)
    return fact in text.casefold()


def frequent_facts(training: Iterable[str]) -> frozenset[str]:
    """The facts that more than `FREQUENT_SHARE` of the owner's mails have."""
    mails, counts = 0, Counter[str]()
    for text in training:
        mails += 1
        counts.update(facts(text))
    return frozenset(fact for fact, count in counts.items() if count > FREQUENT_SHARE * mails)


def phrases(text: str) -> list[str]:
    """The names, dates and numbers of a text as a person would type them, in its order: '8 pm', 'Rope and Sons'."""
    said = _NOT_SAID.sub(lambda match: "\n" * len(match[0]), text)
    spans = sorted(match.span() for match in [*_capitalized(said), *_AMOUNT.finditer(said), *DATES.finditer(said)])
    typed: list[str] = []
    end = 0
    for start, stop in spans:
        if start >= end:
            before = _BEFORE.search(said, end, start)
            if before and before[1].casefold() not in _NOT_FIRST_NAMES:
                start = before.start()
            end = _end_of_phrase(said, start, stop)
            typed.append(POSSESSIVE.sub("", " ".join(said[start:end].split()).rstrip(".,:/-")))
    return list(dict.fromkeys(phrase for phrase in typed if not _is_function_words(phrase)))


def stem(word: str) -> str:
    """The beginning of a lower-cased word that its inflections share: without three letters, but at least `STEM`."""
    return word.casefold()[: max(STEM, len(word) - 3)] if len(word) > STEM else word.casefold()


def _capitalized(text: str) -> list[re.Match[str]]:
    """Capitalised words that are not the first word of a sentence."""
    opened = {match.end() for match in _OPENED.finditer(text)}
    return [match for match in _CAPITALIZED.finditer(text) if match.start() not in opened]


def _is_function_words(phrase: str) -> bool:
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


def is_content_word(word: str) -> bool:
    """Whether a lower-case word carries meaning; negations do, function words and polite phrases do not."""
    if word in NEGATIONS or word.endswith(("n't", "n’t")):
        return True
    return not {word, before_apostrophe(word)} & STOP_WORDS


def content_stems(text: str) -> set[str]:
    """The stems of a text's content words."""
    return {stem(word) for word in COMPOUND_WORD.findall(text.casefold()) if is_content_word(word)}


def before_apostrophe(word: str) -> str:
    """A word without its contracted ending: 'you' of 'you're'."""
    return word.replace("’", "'").partition("'")[0]
