"""Persons of whom an order speaks: whom it is for, and which pronouns may mean somebody."""

import re
from dataclasses import dataclass

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_names import MEN, WOMEN

HE, SHE, THEY = (frozenset(words.split()) for words in (order_words.HE, order_words.SHE, order_words.THEY))
_GROUPS = frozenset(f"{order_words.GROUPS} {order_words.ORGANIZATIONS}".split())
JOINS = frozenset(("and", "or", "but", "then", "&", "+"))
SUBJECTS = frozenset(("he", "she", "they"))
# The subject of the same person, by the pronoun that an order has after its verb: 'ask him'.
SUBJECTS_BY_OBJECT = {"him": "he", "her": "she", "them": "they"}
# Stands in a text for the recipient's name, which may be several words: it becomes 'you'.
HERE = "recipient_"


@dataclass(frozen=True)
class Recipient:
    """Whom a mail is for.

    Attributes:
        front: The name to put before the note; may be empty.
        names: The words of the name, as they were typed.
        pronouns: Those of 'he', 'she' and 'they' that may mean the recipient.
        with_others: What 'they' are to somebody who gets the mail for others, too: 'you and your kids'; or empty.
        is_organization: Whether the recipient is a council or the like; 'them' may then be things.
    """

    front: str
    names: frozenset[str]
    pronouns: frozenset[str]
    is_organization: bool = False
    with_others: str = ""


def pronouns_of(words: list[str]) -> frozenset[str]:
    """Which of 'he', 'she' and 'they' may mean a person or group of this name.

    Args:
        words: The words of the name, in lower case, with a title or a noun for somebody if there is one.
    """
    if len(words) > 1 and JOINS & set(words):
        return frozenset(("they",))
    if set(words) & THEY or words[-1] in _GROUPS:
        return frozenset(("they",))
    for word in words:
        if word in HE or word in MEN:
            return frozenset(("he",))
        if word in SHE or word in WOMEN:
            return frozenset(("she",))
    return SUBJECTS


def by_ending(name: str) -> set[str]:
    """Which of 'he' and 'she' may mean somebody of a name that is in no table: most that end in 'a' are women's."""
    if re.search(r"(?:a|ine|elle|ette)$", name):
        return {"she"}
    return {"he"} if re.search(r"(?<!k)o$", name) else {"he", "she"}


def said_of(name: str) -> set[str]:
    """Which of 'he' and 'she' may mean somebody of a name."""
    return {"he"} if name in MEN else {"she"} if name in WOMEN else {"he", "she"}
