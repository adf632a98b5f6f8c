"""Slips of the fingers in a request that a person typed: 'befroe', 'colect' and 'untill' are corrected.

Small models copy them. A word is a slip if it is a frequent one with two neighboring letters exchanged, one letter left
out or one typed twice, and no word itself. `lexicon/frequent_words.txt` has the words of this project's invented mails,
`lexicon/rare_words.txt` what such changes make of them that is another word or a name.
"""

import re
from collections import Counter
from functools import cache
from importlib.resources import files

from email_assistant import lexicon
from email_assistant.lexicon.misspellings import ENGLISH
from email_assistant.lexicon.note_names import CALLED

# Of shorter words, too many others are near.
_MIN_LETTERS, _MIN_LETTERS_LEFT_OUT = 5, 6
# What is quoted, and code, is meant as it is.
QUOTED = r'"[^"\n]*"|“[^”\n]*”|`[^`\n]*`'
# What is quoted, or a word in small letters that is no part of a name, an address or code.
_WORD = re.compile(rf"{QUOTED}|(?<![\w'’/@.#&+=-])[a-z]{{3,24}}(?![\w'’@/+=-]|[.:]\w|\()")
_ADDRESSEE = re.compile(r"\s*([\w'’-]+)(?:[:,]| [-–—])")


def corrected(request: str) -> str:
    """An English request with slips and frequent misspellings corrected; whom it is for and quotations stay."""
    named = _ADDRESSEE.match(request)
    begin = named.end() if named and named[1] not in _misspellings() else 0
    return request[:begin] + _WORD.sub(lambda match: _corrections().get(match[0], match[0]), request[begin:])


@cache
def frequent_words() -> frozenset[str]:
    """Frequent English words of five letters and more, in lower case."""
    return frozenset(_lines("frequent_words.txt"))


@cache
def _corrections() -> dict[str, str]:
    """What each misspelled word should be."""
    frequent, rare = frequent_words(), frozenset(_lines("rare_words.txt"))
    slips = [(slip, word) for word in frequent for slip in _slips(word)]
    # What may be a slip of two words says neither.
    counts = Counter(slip for slip, _ in slips)
    others = frequent | rare | CALLED
    found = {slip: word for slip, word in slips if counts[slip] == 1 and slip not in others}
    return found | _misspellings()


@cache
def _misspellings() -> dict[str, str]:
    """Those that are no slips."""
    pairs = (pair.strip().partition("=") for pair in ENGLISH.replace("\n", " ").split(";"))
    return {wrong: right for wrong, _, right in pairs}


def _lines(name: str) -> list[str]:
    return files(lexicon).joinpath(name).read_text(encoding="utf-8").split()


def _slips(word: str) -> set[str]:
    """What a word becomes by one slip."""
    letters = range(1, len(word))
    if len(word) < _MIN_LETTERS:
        return set()
    exchanged = {f"{word[: at - 1]}{word[at]}{word[at - 1]}{word[at + 1 :]}" for at in letters}
    doubled = {f"{word[:at]}{word[at]}{word[at:]}" for at in letters}
    left_out = {word[:at] + word[at + 1 :] for at in letters} if len(word) >= _MIN_LETTERS_LEFT_OUT else set()
    # Without its last letter, a plural is another word.
    return (exchanged | doubled | left_out) - {word} - ({word[:-1]} if word.endswith("s") else set())
