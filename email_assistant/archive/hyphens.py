"""Joins the two parts of a word that a program broke at the end of a line."""

import re
from collections import Counter

HYPHENATED = re.compile(r"[^\W\d_][-\u2010]$")
LAST_PART, FIRST_PART = re.compile(r"(?<![^\W\d_])[^\W\d_]+(?=[-\u2010]$)"), re.compile(r"[^\W\d_]+")
WHOLE_WORD = re.compile(r"\b[^\W\d_]+\b(?![-\u2010])")
# Spaces that fill a line up to the right margin.
FILLED = re.compile(r"[^\W\d_],? {2,4}(?=[^\W\d_])")
MIN_FILLED_SPACES = 3
CONJUNCTION = re.compile(r"(?:and|or|und|oder|et|ou|y|o|e|и|или)\b")
# Ends of words that are no words by themselves, so that the hyphen before them is a program's. Not 'able', 'est' and
# 'dad', which are words in some language.
ENDING = re.compile(
    r"(?:(?:a|i|ica|isa|iza|ni|ta)?tion|sion|cian)(?:s|al|ally|ed|ing)?|tors?|iors?|ments?|ings?|ness|ities|ity|"
    r"(?:t|s)ive(?:s|ly)?|ture[sd]?|tural|[ae]nce[sd]?|(?:en)?tial(?:ly)?|cial(?:ly)?|ified|ifies|ious(?:ly)?|ously|"
    r"(?:a|i)bilit(?:y|ies)|ally|istic|[iy]z(?:ed|ing)|ungen|keit(?:en)?|heit(?:en)?|lich(?:e[nrsm]?)?|schaft(?:en)?|"
    r"mente|ción|ciones|ções|ção|zion[ei]|teur|ци[яюией]|ни[яюей]|ност[иью]{1,2}|ск(?:ий|ого|ая|ой|ие|их)|ться|тся"
)


class WholeWords:
    """The words of a text, to tell a word that was hyphenated at the end of a line from one that has a hyphen."""

    def __init__(self, text: str) -> None:
        """Take a text; its words are looked up when they are first asked for."""
        self._text = text
        self._counts: Counter[str] | None = None
        self._justified: bool | None = None

    def is_justified(self) -> bool:
        """Whether a program filled lines of the text with spaces; such programs also hyphenate."""
        if self._justified is None:
            self._justified = len(FILLED.findall(self._text)) >= MIN_FILLED_SPACES
        return self._justified

    def count(self, word: str) -> int:
        """How often the text has a word as a whole."""
        if self._counts is None:
            self._counts = Counter(map(_key, WHOLE_WORD.findall(self._text)))
        return self._counts[_key(word)]


def _key(word: str) -> str:
    """The word without what the beginning of a sentence changes; one in capitals is another word: 'EX' is not 'ex'."""
    return word if word.isupper() and len(word) > 1 else word.casefold()


def glue(above: str, line: str, words: WholeWords) -> str:
    """Two lines as one: with a space, or without one behind a hyphen, which a program put there or not."""
    if not HYPHENATED.search(above) or not line[0].islower() or CONJUNCTION.match(line):
        return f"{above} {line}"
    first, second = LAST_PART.search(above), FIRST_PART.match(line)
    is_whole = first and second and _is_whole(first[0], second[0], above[-1], words)
    return f"{above[:-1] if is_whole else above}{line}"


def _is_whole(first: str, second: str, hyphen: str, words: WholeWords) -> bool:
    """Whether two parts are one word: by its ending, or if the text has it elsewhere, but none of its parts."""
    if ENDING.fullmatch(second) or words.count(first + second):
        return True
    # No person types the hyphen of Unicode.
    is_program = hyphen == "\u2010" and words.is_justified()
    return is_program and not words.count(first) and words.count(second) == 1
