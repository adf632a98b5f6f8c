"""The persons whom a text names: an order that follows may be for one of them."""

import re
from dataclasses import dataclass, replace

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_names import CALLED, MEN, WOMEN
from email_assistant.lexicon.note_subjects import DAY, MONTH
from email_assistant.requests.order_persons import SUBJECTS_BY_OBJECT, Recipient, said_of
from email_assistant.requests.order_recipients import COMPANY_END, one_of, split_recipient

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
# 'The cake from Holt's'.
_COMPANY_S = re.compile(rf"['’]s(?={COMPANY_END})", re.IGNORECASE)
# Those with whom something is compared are not written to: 'nearer my parents'.
_COMPARED = re.compile(r"\b(?:near|nearer|than|like|without|unlike) $", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(?:^|[.!?…]\s+)\W*$")
# Any first word has a capital letter. It is a name before what only persons do, and may be one elsewhere.
_DONE = one_of(f"{order_words.DONE_BY_PERSONS} {order_words.EXPECTS_ANSWER}")
_ALREADY = "(?: (?:has|had|just|still|also|already|never|always)){0,2}"
# 'Iva left her scarf', and what things do, too.
_OFTEN_DONE = one_of(order_words.OFTEN_DONE_BY_PERSONS)
_DONE_BY_PERSONS = re.compile(rf"{_ALREADY} (?:{_DONE}\b|{_OFTEN_DONE} (?:his|her|their)\b)", re.IGNORECASE)
_MAYBE_DONE = re.compile(
    rf"['’]s? |,? \(|"
    rf"{_ALREADY} (?:{_OFTEN_DONE}|\w+s|\w+ed|\w+n['’]t|can|could|will|would|had|did|got|took|came|are)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:he|she|they|him|her|his|them|their)\b", re.IGNORECASE)
_SUBJECTS = {"his": "he", "their": "they", **SUBJECTS_BY_OBJECT}
_THEIR_PERSON = re.compile(rf"\btheir (?:\w+ )?{_PERSON}\b", re.IGNORECASE)
_DONE_BY_THEM = re.compile(
    r"\bthey(?!['’]re\b| (?:are|were|aren['’]t|weren['’]t|will be|should be|have been)\b)", re.IGNORECASE
)
_FIRST_PRONOUN = re.compile(r"\s*(?:that |if |whether |for |about |on )?(he|she|his|her)\b", re.IGNORECASE)
# A noun in the plural.
_THINGS = re.compile(
    rf"\b(?:{one_of(order_words.BEFORE_THINGS)}|\d+) (?:\w+ ){{0,2}}?[a-z]{{2,}}[^\W\ds]s\b", re.IGNORECASE
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


def called_in(text: str, recipient: Recipient) -> Recipient | None:
    """The recipient without 'they' where an order says 'he' or 'she' of the same person; None if that is not clear.

    Args:
        text: What the order says.
        recipient: Whom it is for.
    """
    said = pronouns_in(text)
    if recipient.pronouns >= {"he", "she"} and (owners := _owners(recipient)) & said:
        # 'Tell Bob's teacher he is ill': who?
        if not {"he", "she"} <= said:
            return None
        recipient = replace(recipient, pronouns=recipient.pronouns - owners)
    if {"he", "she"} <= said & recipient.pronouns:
        recipient = _he_or_she(text, recipient)
    if "they" not in said & recipient.pronouns or not said & recipient.pronouns - {"they"}:
        return recipient
    others = set().union(*(mention.recipient.pronouns for mention in mentions_in(text)))
    # 'They were early, their driver said he was lost'.
    if others & said - {"they"} or _THEIR_PERSON.search(text):
        return recipient
    # 'The tiles are wrong, they are too small, and he is to stop'.
    if not _THINGS.search(text) or _DONE_BY_THEM.search(text):
        return None
    return replace(recipient, pronouns=recipient.pronouns - {"they"})


def _owners(recipient: Recipient) -> set[str]:
    """Which of 'he' and 'she' may mean somebody to whom the recipient belongs: Bob, of 'Bob's teacher'."""
    owners = [name[:-2].casefold() for name in recipient.names if name.endswith(("'s", "’s"))]
    return set().union(*(said_of(owner) for owner in owners if owner in MEN | WOMEN))


def _he_or_she(text: str, recipient: Recipient) -> Recipient:
    """A recipient who is 'he' or 'she' in a text that says both: the one it begins with, or that is nobody else."""
    if first := _FIRST_PRONOUN.match(text):
        other = "she" if first[1].casefold() in {"he", "his", "him"} else "he"
        return replace(recipient, pronouns=recipient.pronouns - {other})
    others = [mention.recipient.pronouns for mention in mentions_in(text)]
    taken = {pronoun for pronoun in ("he", "she") if frozenset((pronoun,)) in others}
    return replace(recipient, pronouns=recipient.pronouns - taken) if len(taken) == 1 else recipient


def pronouns_in(text: str) -> set[str]:
    """Which of 'he', 'she' and 'they' a text has, as a subject or otherwise."""
    said = (found[0].casefold() for found in _PRONOUN.finditer(text))
    return {_SUBJECTS.get(pronoun, pronoun) for pronoun in said}


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
        or (not is_known and _BEFORE_PLACES.search(before) and not _is_reason(text, found))
    ):
        return None
    company = _COMPANY_S.match(text, found.end())
    # 'It is at the cleaner's'.
    if company and first in order_words.DETERMINERS.split():
        return None
    end = company.end() if company else found.end()
    recipient, _ = split_recipient(f"{text[found.start() : end]}:")
    if not recipient or not (is_certain or _MAYBE_DONE.match(text, found.end())):
        return None
    return Mention(found.start(), end, recipient, is_certain)


def _is_reason(text: str, found: re.Match[str]) -> bool:
    """Whether somebody is named in a reason: 'since Bo is away', and not 'since Easter'."""
    begins = text[: found.start()].casefold().endswith(("since ", "now that "))
    return begins and _MAYBE_DONE.match(text, found.end()) is not None
