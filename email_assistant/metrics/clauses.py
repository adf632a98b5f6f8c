"""Clauses of requests and mails: what each says, whether it is negated, and whose matter it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from email_assistant.lexicon.languages import alternatives, words
from email_assistant.metrics.same_words import Words, in_digits, is_negation, is_said, split_tokens

BOUNDARY = re.compile(
    r"[.,;:!?…]+(?=[\s\"'”»)]|$)|[\n()—–]+|\s-+\s|\s[+&]\s|\b(?:and|but|or|so|because|и|но|а|или)\b", re.IGNORECASE
)
# What says the same as a negation in other words: it makes up for one, but asks for none.
_SOFT = re.compile(rf"(?:{alternatives('soft_negations')})\w*")
_IDIOMS = re.compile(alternatives("negation_idioms"), re.IGNORECASE)
FIRST, SECOND = words("first_person"), words("second_person")
# Russian verbs that say 'I' or 'we' by their endings, and imperatives and what else speaks to the reader.
_FIRST_ENDING = re.compile(r"[а-я]{2,}(?:у|ю|усь|юсь|ем|им|емся|имся)")
_SECOND_ENDING = re.compile(r"[а-я]{2,}(?:йте|ите|ьте|тесь|ешь|ишь|ете|й|ься)|please|pls|пожалуйста")


@dataclass(frozen=True)
class Clause:
    """A clause.

    Attributes:
        opening: Its first token.
        said: Its tokens that carry meaning: see `is_said`.
        words: The same, to look others up in.
        negated: Whether it has a negation. Two negations in one clause count as one, as in Russian.
        softly: Whether it says in other words what a negation could say.
        first: Whether it names the writer.
        second: Whether it names the reader.
        implies_first: Whether it may mean the writer without a pronoun.
        implies_second: Whether it may mean the reader without a pronoun.
    """

    opening: str
    said: list[str]
    words: Words
    negated: bool
    softly: bool
    first: bool
    second: bool
    implies_first: bool
    implies_second: bool

    def shared(self, other: "Clause") -> int:
        """How many of its tokens another clause has."""
        return sum(map(other.words.has, set(self.said)))

    @property
    def enough(self) -> int:
        """How many of its tokens a clause that says the same has at least."""
        return max(1, -(-len(set(self.said)) // 2))


def clauses(text: str) -> list[Clause]:
    """The clauses of a text that have any words."""
    parts = (split_tokens(part) for part in BOUNDARY.split(in_digits(_IDIOMS.sub(" ", text))))
    return [_clause(part) for part in parts if part]


def _clause(found: Sequence[str]) -> Clause:
    people = {part for token in found for part in (token, token.partition("'")[0])}
    said = list(filter(is_said, found))
    return Clause(
        opening=found[0],
        said=said,
        words=Words(said),
        negated=any(map(is_negation, found)),
        softly=any(_SOFT.fullmatch(token) for token in found),
        first=bool(people & FIRST),
        second=bool(people & SECOND),
        implies_first=any(map(_FIRST_ENDING.fullmatch, found)),
        implies_second=any(map(_SECOND_ENDING.fullmatch, found)),
    )
