"""'Is', 'are' and 'has been' that a rough note leaves out are put back: 'contract ready' is 'contract is ready'."""

import re
from typing import NamedTuple

from email_assistant.lexicon.note_names import CALLED
from email_assistant.lexicon.note_subjects import (
    ADVERBS,
    DAY,
    DETERMINERS,
    EVENTS,
    FINITE,
    LEADS,
    LINKS,
    MODIFIERS,
    NOMINAL_GERUNDS,
    NOUNS,
    PERSONS,
    PLURALS,
    PREDICATES,
    PREPOSITIONS,
    SHIFTED,
    STATES_OF_THINGS,
    THIRD_PERSONS,
    UNITS,
    VERBS,
)
from email_assistant.lexicon.note_times import AMOUNT, AT_WHEN, EVENTS_AT, EVENTS_AT_A_TIME, MEASURED, WHEN

# The longest subject, in words.
_LONGEST = 7
_LEADS = re.compile(LEADS, re.IGNORECASE)
_PREDICATE = re.compile(PREDICATES, re.IGNORECASE)
_ON_IT = re.compile(r"on it\b", re.IGNORECASE)
# In 'revised draft attached', the first participle belongs to the noun.
_SENT = re.compile(r"(?:attached|enclosed)\b\W*$", re.IGNORECASE)
_EVENT = re.compile(EVENTS, re.IGNORECASE)
_PLACE = re.compile(r"(?:on|in|by|at|under|behind) ", re.IGNORECASE)
# 'Boiler broken since monday'.
_SINCE = re.compile(r" since (?!i\b|you\b|he\b|she\b|it\b|we\b|they\b)", re.IGNORECASE)
_SHIFTED = re.compile(SHIFTED, re.IGNORECASE)
_WHEN = re.compile(WHEN, re.IGNORECASE)
_AMOUNT = re.compile(AMOUNT, re.IGNORECASE)
_PLANNED = frozenset(EVENTS_AT_A_TIME.split())
_MOVABLE = _PLANNED | frozenset(("date", "time", "venue", "slot", "booking", "order", "start", "raid", "call"))
_AT_WHEN = re.compile(AT_WHEN, re.IGNORECASE)
_PLANNED_AT = frozenset(EVENTS_AT.split())
_MEASURED = frozenset(MEASURED.split())
_NOMINAL = re.compile(rf"(?:{NOMINAL_GERUNDS})s?$", re.IGNORECASE)
_GERUND = re.compile(
    rf"(?!(?:{NOMINAL_GERUNDS})\b)(?-i:[a-z]{{2,}}ing)(?= (?:{LINKS})\b| (?-i:[A-Z]))|"
    rf"(?:{'|'.join(STATES_OF_THINGS.split())})(?=$| (?:{DAY}|early|late|back|home|next|this)\b)",
    re.IGNORECASE,
)
_MOVED_AWAY = frozenset(("off", "out", "away", "up", "down", "over"))
_PERSONS = re.compile(rf"\b(?:{PERSONS})\b", re.IGNORECASE)
_WORD = re.compile(r"[\w'’&+./“”\",£$€-]+$")
_FINITE, _ADVERBS, _PLURALS, _UNITS = (frozenset(words.split()) for words in (FINITE, ADVERBS, PLURALS, UNITS))
_VERBS = frozenset(VERBS.split())
_THIRD = frozenset(THIRD_PERSONS.split())
_MODIFIERS = frozenset(MODIFIERS.split())
_IMPERATIVES = (_VERBS | frozenset(("claim", "kick", "sit", "receive", "lie", "hang"))) - frozenset(NOUNS.split())
_TITLES = frozenset(("mr", "mrs", "ms", "dr"))
_SINGULARS = frozenset(("news", "gas", "lens", "series", "physics", "maths"))
_CLAUSES = frozenset(
    (
        "and",
        "but",
        "so",
        "because",
        "if",
        "when",
        "that",
        "which",
        "who",
        "till",
        "until",
        "as",
        "or",
        "cos",
        "bc",
        "except",
        "since",
    )
)
_VERBS_OF_THIRD = frozenset(
    ("is", "are", "was", "were", "has", "wants", "needs", "says", "have", "will", "can", "suits", "works")
)
_AND = frozenset(("and", "+", "&"))
_PREPOSITIONS = frozenset(PREPOSITIONS.split()) | _AND
_ONE = frozenset(("a", "an"))
# There is more than the clause says: 'extra rehearsal tues 7pm'.
_SOME = _ONE | frozenset(("extra", "another", "more", "other"))
_DETERMINERS = frozenset(DETERMINERS.split())
_JOINS = _PREPOSITIONS | _DETERMINERS
_BEFORE_DETERMINERS = _PREPOSITIONS | frozenset(
    ("all", "both", "half", "most", "only", "just", "also", "near", "against")
)


def split_lead(clause: str) -> tuple[str, str]:
    """What may stand before the subject of a clause ('fyi', 'tomorrow'; may be empty), and the clause after that."""
    lead = _LEADS.match(clause)
    end = lead.end() if lead else 0
    return clause[:end], clause[end:]


class Copula(NamedTuple):
    """Where a clause leaves out its verb: `clause[:place]`, the verb, `clause[place:]`."""

    place: int
    copula: str


def with_copula(clause: str) -> str:
    """A clause with the verb between its subject and what is said of it, if both are plain and it has none.

    Args:
        clause: A sentence or a part of one, without commas.
    """
    lead, said = split_lead(clause)
    found = find_copula(said)
    return f"{lead}{said[: found.place]}{found.copula} {said[found.place :]}" if found else clause


def find_copula(said: str) -> Copula | None:
    """The verb that a clause leaves out between its subject and what is said of it, if both are plain.

    Args:
        said: The clause without what may stand before its subject (see `split_lead`).
    """
    words = said.split(" ")
    first = words[0].casefold()
    if not first or first in _IMPERATIVES or first in _PREPOSITIONS or first.endswith("ly"):
        return None
    has_verb, is_sent = False, bool(_SENT.search(said))
    for number in range(1, min(_LONGEST + 1, len(words))):
        subject, rest = words[:number], " ".join(words[number:])
        last = subject[-1].casefold()
        if _has_no_gap(last, words[number].casefold(), number, is_sent):
            return None
        has_verb = has_verb or (number > 1 and _acts(subject[-2].casefold(), last))
        if _is_part(last, number):
            continue
        if not has_verb and (have := _become(subject, rest, said)):
            return Copula(len(said) - len(rest), have)
        if _PLACE.match(rest) and (last == "sat" or any(word[0].isdigit() for word in subject if word)):
            return None
        if _is_said(rest, number, first in _ONE) and (not has_verb or rest.startswith(("attached", "enclosed"))):
            return _copula_after(subject, rest)
        if not has_verb and first not in _SOME and said[0].islower() and _is_measured(subject, rest):
            return _copula_after(subject, rest)
    return None


def _is_person(subject: list[str]) -> bool:
    """Whether a subject names somebody, who may have done it: 'ann signed'."""
    return subject[-1].casefold() in CALLED or bool(_PERSONS.search(" ".join(subject)))


def _has_no_gap(last: str, following: str, number: int, is_sent: bool) -> bool:
    """Whether the last word of a subject shows that the clause has a verb, or is an order."""
    return (
        _is_verb(last)
        or (last.endswith("ed") and not is_sent)
        or (number > 1 and last in _THIRD)
        or (number > 1 and last in _MOVED_AWAY)
        or (last == "to" and following in _VERBS)
    )


def _is_part(last: str, number: int) -> bool:
    """Whether a subject does not end with that word, but goes on."""
    return (
        last in _JOINS
        or last in _UNITS
        or last in _MODIFIERS
        or last.endswith(("'s", "’s"))
        or (number == 1 and not last.replace("/", "").replace("-", "").isalpha())
    )


def _become(subject: list[str], rest: str, said: str) -> str | None:
    """'Has been' or 'have been', if something is said to have become of the subject."""
    last = subject[-1].casefold()
    if not (_EVENT.match(rest) or (last in _MOVABLE and _SHIFTED.match(rest))):
        return None
    if last in _ADVERBS or said[0].isdigit() or _is_person(subject):
        return None
    return "have been" if _copula(subject) == "are" else "has been"


def _is_measured(subject: list[str], rest: str) -> bool:
    """Whether a time is said of what takes place, or an amount of what is measured or paid."""
    last = subject[-1].casefold()
    if last not in _PLANNED and last not in _PLANNED_AT and last not in _MEASURED:
        return False
    if _has_late_verb(rest) or not _PREPOSITIONS.isdisjoint(word.casefold() for word in subject):
        return False
    return bool(
        (last in _PLANNED and _WHEN.match(rest))
        or (last in _PLANNED_AT and _AT_WHEN.match(rest))
        or (last in _MEASURED and _AMOUNT.match(rest))
    )


def _copula_after(subject: list[str], rest: str) -> Copula | None:
    """The verb after a subject, but before the adverbs at its end."""
    while subject and subject[-1].casefold() in _ADVERBS:
        subject = subject[:-1]
    if not subject:
        return None
    copula = _copula(subject)
    if _SINCE.search(rest):
        copula = "have been" if copula == "are" else "has been"
    return Copula(len(" ".join(subject)) + 1, copula)


def _acts(before: str, word: str) -> bool:
    """Whether a word in a subject is its verb, and not a noun: 'tenors work', 'tin contains the'."""
    plural = before.endswith("s") and not before.endswith(("ss", "us", "'s", "’s"))
    if word in _DETERMINERS:
        return before not in _BEFORE_DETERMINERS
    return word in _IMPERATIVES or (plural and word in _VERBS)


def _is_verb(word: str) -> bool:
    """Whether a word shows that the clause has a verb, or is no plain one."""
    return (
        word in _FINITE
        or not _WORD.match(word)
        or word.endswith(("n't", "n’t", "'ll", "'re", "'ve", "'m", "'d", "’d"))
        or (word.endswith("ing") and not _NOMINAL.match(word))
    )


def _is_said(rest: str, number: int, is_one: bool) -> bool:
    """Whether something is said of a subject of that many words."""
    return not _has_late_verb(rest) and bool(
        (_PREDICATE.match(rest) and not _is_named(rest))
        or (number == 1 and _ON_IT.match(rest))
        or (number <= 3 and not is_one and _GERUND.match(rest))
    )


def _is_named(rest: str) -> bool:
    """Whether what could be said of a subject ends its name: 'Acme Limited'."""
    return rest[:1].isupper() and rest[1:2].islower()


def _has_late_verb(rest: str) -> bool:
    """Whether the verb is further on: 'the man waiting at the door wants you'."""
    for word in rest.casefold().split()[1:]:
        if word in _CLAUSES:
            return False
        if word in _VERBS_OF_THIRD:
            return True
    return False


def _copula(subject: list[str]) -> str:
    words = [word.casefold().strip('"“”') for word in subject]
    head = next((index for index, word in enumerate(words) if word in _PREPOSITIONS - _AND), len(words)) - 1
    noun = words[head]
    # 'Photos attached' begins a sentence.
    is_name = (subject[head][:1].isupper() and (head > 0 or noun in CALLED)) or words[0].rstrip(".") in _TITLES
    ends_so = noun.endswith("s") and not noun.endswith(("ss", "us", "is", "'s", "’s")) and noun not in _SINGULARS
    plural = noun in _PLURALS or (ends_so and not is_name)
    return "are" if plural or _AND & set(words[: head + 1]) else "is"
