"""Number words of a mail as digits, as people type them in notes."""

import re
from functools import cache

from email_assistant.lexicon.note_words import NoteWords

JOINT = re.compile(r"( and | |-)", re.IGNORECASE)


def with_digits(sentence: str, note_words: NoteWords) -> str:
    """A sentence with digits for its number words; names such as 'Seven Oaks' and ordinal numbers stay."""

    def typed(match: re.Match[str]) -> str:
        following = sentence[match.end() :].lstrip()
        is_name = match[0][0].isupper() and (match.start() > 0 or following[:1].isupper())
        goes_on = further.match(sentence, match.end())
        return match[0] if is_name or goes_on else _in_digits(match[0], note_words)

    numbers, further = _patterns(note_words)
    return numbers.sub(typed, sentence)


@cache
def _patterns(note_words: NoteWords) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A run of number words, and what makes it the beginning of something else, such as an ordinal number.

    Not one pattern with a possessive quantifier: Python 3.11.2 matches that wrongly.
    """
    number = "|".join(sorted(note_words.numbers, key=len, reverse=True))
    further = "|".join([number, *note_words.multipliers])
    numbers = rf"(?<![\w-])(?:{number})\b(?:(?: and | |-)(?:{further})\b)*"
    goes_on = rf"-\w|['’]\w| \d|[ -](?:{note_words.ordinals})"
    return re.compile(numbers, re.IGNORECASE), re.compile(goes_on, re.IGNORECASE)


def _in_digits(text: str, note_words: NoteWords) -> str:
    """The digits of one number, or of several that follow each other: 'two and three' is '2 and 3'."""
    words = JOINT.split(text)
    typed, total, part, last = "", 0, 0, 0
    for index in range(0, len(words), 2):
        word, joint = words[index].casefold(), words[index - 1] if index else ""
        multiplier = note_words.multipliers.get(word)
        value = note_words.numbers.get(word, 0)
        if multiplier:
            part = max(1, part) * multiplier
            total, part = (total + part, 0) if multiplier >= 1000 else (total, part)
            last = multiplier
        elif index and _continues(last, value, joint):
            part, last = part + value, value
        else:
            typed += f"{total + part}{joint}" if index else ""
            total, part, last = 0, value, value
    return f"{typed}{total + part}"


def _continues(last: int, value: int, joint: str) -> bool:
    """Whether a number word belongs to the number before it: 'forty-two', 'two hundred and five'."""
    hundreds = last >= 100 and 0 < value < 100
    return hundreds or (20 <= last < 100 and 0 < value < 10 and joint.strip().casefold() != "and")
