"""Words that say the same in a request and in its mail, however they are inflected, shortened or written.

A request says 'mtg thurs 2pm', its mail 'we meet on Thursday at two'. Words are compared by groups of words
(`lexicon/word_groups.py`) and by what inflections share; numbers by their value, in digits.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from email_assistant.archive.mail_parts import NOTE_WORDS
from email_assistant.lexicon.languages import words
from email_assistant.lexicon.note_words import with_digits
from email_assistant.lexicon.word_groups import plain, representative, synonyms
from email_assistant.metrics.facts import STOP_WORDS, names_and_dates

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_WITHOUT = re.compile(r"\bw/o\b")
# Numbers of a list's items, which say nothing.
_ITEM = re.compile(r"^[^\S\n]*\(?\d{1,2}[.)]\s", re.MULTILINE)
NEGATIONS = (
    words("negations")
    | words("more_negations")
    | frozenset(word for tables in NOTE_WORDS.values() for word in tables.negations.split())
)
# The letters of the languages with tables.
_LETTERS = {"en": re.compile("[a-z]"), "ru": re.compile("[а-я]")}
_ORDINAL = frozenset(("st", "nd", "rd", "th", "го", "е", "й", "ое", "ого", "му"))
# '5 тыс' and '5k' are 5000; '3-9' are two numbers.
_THOUSAND = re.compile(r"\b(\d{1,3}(?:[.,]\d)?) ?(?:тыс\w*|k)\b", re.IGNORECASE)
_RANGE = re.compile(r"(?<=\d)[-–](?=\d)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
# Words of one: it is a pronoun or an article as often as a number.
_ONE = frozenset(("one", "first", "once", "a", "an", "один", "одна", "одно", "одну", "одного", "одной", "первый"))
_ONES = "1"
# What inflections share: all of a word but this many letters at its end, and at least SHARED letters.
_ENDING, SHARED = 2, 4
# Letters that one form may have more than what both share.
_LONGEST_ENDING = 5
_SHORT_ENDINGS = frozenset(("s", "es", "ed", "d", "ing", "er", "ly"))
_BUCKET = 2


@lru_cache(maxsize=256)
def in_digits(text: str) -> str:
    """A text in lower case with digits for its number words, and with '2.30' for times such as 'half past two'."""
    text = _WITHOUT.sub("without", plain(_ITEM.sub("\n", text)))
    for language, times in _times().items():
        if _LETTERS[language].search(text):
            for pattern, replacement in times:
                text = pattern.sub(replacement, text)
            text = with_digits(text, NOTE_WORDS[language])
    text = _THOUSAND.sub(lambda match: f"{float(match[1].replace(',', '.')) * 1000:g}", text)
    return _RANGE.sub(" ", _THOUSANDS.sub("", text))


@cache
def _times() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    """How times are written in digits, by language."""
    return {
        language: [(re.compile(rule.pattern, re.IGNORECASE), rule.choices[0]) for rule in tables.times]
        for language, tables in NOTE_WORDS.items()
    }


def tokens(text: str) -> list[str]:
    """The words and numbers of a text in its order, in lower case; contractions are whole, ordinals are numbers."""
    return split_tokens(in_digits(text))


def split_tokens(text: str) -> list[str]:
    """The `tokens` of a text that `in_digits` returned, or of a part of it."""
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        token = match[0].replace("’", "'")
        if token[0].isdigit():
            # 12.30 and 12:30 are the same time.
            found.append(token.replace(":", "."))
        elif not (token in _ORDINAL and found and found[-1][0].isdigit() and _is_glued(match)):
            found.append(token)
    return found


def _is_glued(match: re.Match[str]) -> bool:
    """Whether a word follows a digit without a space: '20th', '20-го'."""
    return bool(match.start()) and (match.string[match.start() - 1] == "-" or match.string[match.start() - 1].isdigit())


def facts_in(text: str) -> set[str]:
    """The names and dates of a text, in lower case, and its numbers, in digits."""
    named = {token for name in names_and_dates(text) for token in tokens(name) if is_said(token)}
    return named | {token for token in tokens(text) if token[0].isdigit()}


def is_negation(token: str) -> bool:
    """Whether a token of `tokens` negates."""
    return token in NEGATIONS or token.endswith("n't")


def is_said(token: str) -> bool:
    """Whether a token of `tokens` carries meaning: a number, or a word that is neither small, polite nor a negation."""
    if token[0].isdigit():
        return True
    forms = {token, token.partition("'")[0], representative(token)}
    return len(token) > 1 and not is_negation(token) and not forms & STOP_WORDS


class Words:
    """The words of a text, to look others up in.

    Attributes:
        numbers: Its numbers, in digits.
    """

    def __init__(self, found: Iterable[str]) -> None:
        """Index the result of `tokens`."""
        words = set(found)
        self.numbers = {word for word in words if word[0].isdigit()}
        if words & _ONE:
            self.numbers.add(_ONES)
        known = {form for word in words - self.numbers for form in _forms(word)}
        self._words = known.union(*map(synonyms, known))
        self._by_start: dict[str, list[str]] = {}
        for word in self._words:
            self._by_start.setdefault(word[:_BUCKET], []).append(word)

    def has(self, token: str) -> bool:
        """Whether the text has this word in any form, or this number."""
        if not token[0].isalpha():
            return token in self.numbers or any(_begins(token, number) for number in self.numbers)
        forms = _forms(token)
        return bool(forms & self._words) or any(
            same(form, word) for form in forms for word in self._by_start.get(form[:_BUCKET], ())
        )


def _begins(token: str, number: str) -> bool:
    """Whether two numbers are one time, with and without its minutes: '2' and '2.00'."""
    return token.removesuffix(".00") == number.removesuffix(".00")


def _forms(token: str) -> set[str]:
    bare = token.removesuffix("'s").removesuffix("s'")
    return {bare, representative(bare), *(part for part in bare.split("-") if len(part) > SHARED)}


def same(left: str, right: str) -> bool:
    """Whether two words are forms of one: 'lamp' and 'lamps', 'confirm' and 'confirmation', 'лампа' and 'лампой'."""
    if left == right:
        return True
    short, long = sorted((left, right), key=len)
    shared = next((index for index, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if left.isascii() and shared == len(short) <= SHARED:
        return len(short) > 2 and long[shared:] in _SHORT_ENDINGS
    if not left.isascii() and len(short) <= SHARED + 1:
        # 'дом' and 'дома', 'вика' and 'вике'.
        return shared >= max(SHARED - 1, len(short) - 1) and len(long) - shared <= _ENDING
    return shared >= max(SHARED, len(short) - _ENDING) and len(long) - shared <= _LONGEST_ENDING
