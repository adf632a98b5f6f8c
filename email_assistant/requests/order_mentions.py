"""The persons whom a text names: an order that follows may be for one of them."""

import re
from dataclasses import dataclass

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_names import CALLED
from email_assistant.lexicon.note_subjects import DAY, MONTH
from email_assistant.requests.order_recipients import one_of, split_recipient
from email_assistant.requests.second_person import Recipient

_NO_NAME = rf"(?:{DAY}|{MONTH}|i|i['’]\w+|{one_of(f'{order_words.NO_NAMES} {order_words.HOLIDAYS}')})"
_CAPITAL = rf"(?!{_NO_NAME}\b)(?-i:[A-Z])[\w’'-]*(?<!['’]s)(?<!['’])"
_PERSON = one_of(
    f"{order_words.HE} {order_words.SHE} {order_words.THEY} {order_words.ROLES} {order_words.JOBS} {order_words.GROUPS}"
)
# Names that are other words are names with a capital letter only.
_FIRST_NAME = one_of(" ".join(sorted(CALLED - frozenset(order_words.WORDS_TOO.split()))))
_ONE = (
    rf"(?:(?:great-)?{one_of(order_words.TITLES)}\b\.? {_CAPITAL}(?: {_CAPITAL})?|"
    rf"{one_of(order_words.DETERMINERS)} (?:(?:{order_words.BEFORE_NOUNS}|ex|old) )?{_PERSON}\b"
    rf"(?:,? {_CAPITAL}){{0,2}}|the (?-i:[A-Z])[\w-]+s\b(?!['’])|(?-i:[A-Z])[\w-]*['’]s {_PERSON}\b|"
    rf"{_CAPITAL}(?: {_CAPITAL}){{0,2}}|{_FIRST_NAME}\b)"
)
_MENTION = re.compile(rf"(?<![\w’'-]){_ONE}(?: (?:and|&) {_ONE})?", re.IGNORECASE)
# 'In Leeds', 'the Leeds job', '404 Pecan Lane'.
_BEFORE_PLACES = re.compile(
    r"\b(?:in|at|on|over|during|around|through|until|till|since|near|the|an?|this|that|of|my|our|\d+\w*) $",
    re.IGNORECASE,
)
# 'New Year', 'New Year's Eve', 'Boxing Day'.
_HOLIDAY = re.compile(r"(?:(?:new |boxing |bank )|(?:year['’]?s?|christmas|easter) (?=(?:eve|day)\b))", re.IGNORECASE)
# Those with whom something is compared are not written to: 'nearer my parents'.
_COMPARED = re.compile(r"\b(?:near|nearer|than|like|without|unlike) $", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:^|[.!?…]\s+)\W*$")
# Any first word has a capital letter. It is a name before what only persons do, and may be one elsewhere.
_DONE = one_of(f"{order_words.DONE_BY_PERSONS} {order_words.EXPECTS_ANSWER}")
_ALREADY = "(?: (?:has|had|just|still|also|already|never|always)){0,2}"
_DONE_BY_PERSONS = re.compile(rf"{_ALREADY} {_DONE}\b", re.IGNORECASE)
_MAYBE_DONE = re.compile(
    rf"['’]s? |,? \(|{_ALREADY} (?:\w+s|\w+ed|\w+n['’]t|can|could|will|would|had|did|got|took|came|are)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Mention:
    """A person, or several, who are named in a text.

    Attributes:
        start: Where their name begins, in characters.
        end: Where it ends.
        recipient: The same persons as recipients of a mail.
        is_certain: Whether these words certainly mean somebody.
    """

    start: int
    end: int
    recipient: Recipient
    is_certain: bool


def mentions_in(text: str) -> list[Mention]:
    """The persons whom a text names, except those of others: 'his brother'.

    Args:
        text: A text of a few sentences.
    """
    mentions = (_mention(text, found) for found in _MENTION.finditer(text))
    return [mention for mention in mentions if mention]


def _in_holiday(text: str, start: int) -> bool:
    """Whether a word is the last one of a holiday's name."""
    word = text.rfind(" ", 0, max(0, start - 1)) + 1
    found = _HOLIDAY.match(text, word)
    return found is not None and found.end() == start


def _mention(text: str, found: re.Match[str]) -> Mention | None:
    first = found[0].split()[0].casefold().strip(".")
    before = text[max(0, found.start() - 12) : found.start()]
    is_known = (
        " and " in found[0]
        or first in CALLED
        or first in order_words.DETERMINERS.split()
        or first in order_words.TITLES.split()
    )
    is_certain = is_known or not _SENTENCE_START.search(before) or _DONE_BY_PERSONS.match(text, found.end()) is not None
    if (
        first in {"his", "her", "their"}
        or _in_holiday(text, found.start())
        or _COMPARED.search(before)
        or (not is_known and _BEFORE_PLACES.search(before))
    ):
        return None
    recipient, _ = split_recipient(f"{found[0]}:")
    if not recipient or not (is_certain or _MAYBE_DONE.match(text, found.end())):
        return None
    return Mention(found.start(), found.end(), recipient, is_certain)
