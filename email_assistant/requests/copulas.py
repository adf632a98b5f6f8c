"""'Is', 'are' and 'has been' that a rough note leaves out are put back: 'contract ready' is 'contract is ready'."""

import re

from email_assistant.lexicon.note_subjects import (
    ADVERBS,
    DETERMINERS,
    EVENTS,
    FINITE,
    LEADS,
    LINKS,
    MODIFIERS,
    NOMINAL_GERUNDS,
    NOUNS,
    PLURALS,
    PREDICATES,
    PREPOSITIONS,
    THIRD_PERSONS,
    UNITS,
    VERBS,
)

# The longest subject, in words.
_LONGEST = 7
_LEADS = re.compile(LEADS, re.IGNORECASE)
_PREDICATE = re.compile(PREDICATES, re.IGNORECASE)
_ON_IT = re.compile(r"on it\b", re.IGNORECASE)
# In 'revised draft attached', the first participle belongs to the noun.
_SENT = re.compile(r"(?:attached|enclosed)\b\W*$", re.IGNORECASE)
_EVENT = re.compile(EVENTS, re.IGNORECASE)
_NOMINAL = re.compile(rf"(?:{NOMINAL_GERUNDS})s?$", re.IGNORECASE)
_GERUND = re.compile(rf"(?!(?:{NOMINAL_GERUNDS})\b)(?-i:[a-z]{{2,}}ing)(?= (?:{LINKS})\b| (?-i:[A-Z]))", re.IGNORECASE)
_WORD = re.compile(r"[\w'’&+./“”\"-]+$")
_FINITE, _ADVERBS, _PLURALS, _UNITS = (frozenset(words.split()) for words in (FINITE, ADVERBS, PLURALS, UNITS))
_VERBS = frozenset(VERBS.split())
_THIRD = frozenset(THIRD_PERSONS.split())
_MODIFIERS = frozenset(MODIFIERS.split())
_IMPERATIVES = _VERBS - frozenset(NOUNS.split())
_SINGULARS = frozenset(("news", "gas", "lens", "series", "physics", "maths"))
_CLAUSES = frozenset(("and", "but", "so", "because", "if", "when", "that", "which", "who", "till", "until", "as"))
_VERBS_OF_THIRD = frozenset(("is", "are", "was", "were", "has", "wants", "needs", "says", "have", "will", "can"))
_AND = frozenset(("and", "+", "&"))
_PREPOSITIONS = frozenset(PREPOSITIONS.split()) | _AND
_ONE = frozenset(("a", "an"))
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


def with_copula(clause: str) -> str:
    """A clause with the verb between its subject and what is said of it, if both are plain and it has none.

    Args:
        clause: A sentence or a part of one, without commas.
    """
    lead, said = split_lead(clause)
    words = said.split(" ")
    first = words[0].casefold()
    if not first or first in _IMPERATIVES or first in _PREPOSITIONS or first.endswith("ly"):
        return clause
    has_verb, is_sent = False, bool(_SENT.search(said))
    for number in range(1, min(_LONGEST + 1, len(words))):
        subject, rest = words[:number], " ".join(words[number:])
        last = subject[-1].casefold()
        if (
            _is_verb(last)
            or (last.endswith("ed") and not (number == 1 and is_sent))
            or (number > 1 and last in _THIRD)
            or (last == "to" and words[number].casefold() in _VERBS)
        ):
            return clause
        has_verb = has_verb or (number > 1 and _acts(subject[-2].casefold(), last))
        if (
            last in _JOINS
            or last in _UNITS
            or last in _MODIFIERS
            or last.endswith(("'s", "’s"))
            or (number == 1 and not last.replace("/", "").isalpha())
        ):
            continue
        if _EVENT.match(rest) and not has_verb and last not in _ADVERBS and not said[0].isdigit():
            return f"{lead}{' '.join(subject)} {'have' if _copula(subject) == 'are' else 'has'} been {rest}"
        if _is_said(rest, number, first in _ONE) and (not has_verb or rest.startswith(("attached", "enclosed"))):
            while subject and subject[-1].casefold() in _ADVERBS:
                rest = f"{subject.pop()} {rest}"
            return f"{lead}{' '.join(subject)} {_copula(subject)} {rest}" if subject else clause
    return clause


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
    # 'The man waiting at the door wants you.'
    for word in rest.casefold().split()[1:]:
        if word in _CLAUSES:
            break
        if word in _VERBS_OF_THIRD:
            return False
    return bool(
        _PREDICATE.match(rest)
        or (number == 1 and _ON_IT.match(rest))
        or (number <= 3 and not is_one and _GERUND.match(rest))
    )


def _copula(subject: list[str]) -> str:
    words = [word.casefold().strip('"“”') for word in subject]
    head = next((index for index, word in enumerate(words) if word in _PREPOSITIONS - _AND), len(words)) - 1
    noun = words[head]
    is_name = subject[head][:1].isupper() or words[0] in {"mr", "mrs", "ms", "dr", "mr.", "mrs.", "ms.", "dr."}
    ends_so = noun.endswith("s") and not noun.endswith(("ss", "us", "is", "'s", "’s")) and noun not in _SINGULARS
    plural = noun in _PLURALS or (ends_so and not is_name)
    return "are" if plural or _AND & set(words[: head + 1]) else "is"
