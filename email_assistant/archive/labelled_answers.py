"""Finds answers that a writer gave within a quoted message without marks, each below a label: '[Ann] On Friday.'.

They count only if the text above the quoted message announces answers, since the minutes of a meeting also have lines
that begin with a name.
"""

import re
from collections.abc import Collection, Sequence

from email_assistant.archive.locales import any_of

ANNOUNCED = re.compile(any_of(lambda locale: locale.answers_below), re.IGNORECASE)
# A label between brackets is certain by itself, or before the answer between them; one of another form has to recur.
BRACKETED = re.compile(r"\s{0,8}[*_]{0,2}\[([^\W\d_][\w.'’ -]{0,40})(?::?\]:?[*_]{0,2}|:)\s+\S")
BARE = re.compile(r"\s{0,8}[*_]{0,2}([^\W\d_][\w.'’ -]{0,40}?)\s?:[*_]{0,2}\s+\S")
MIN_BARE = 2
MAX_CHARACTERS = 400
# A line of this length was broken by a program, so that the answer goes on below it.
FULL_LINE_CHARACTERS = 60


def announces_answers(lines: Sequence[str]) -> bool:
    """Whether the text above a quoted message says that answers are in it."""
    return any(ANNOUNCED.search(line[:MAX_CHARACTERS]) for line in lines)


def labelled_answers(quoted: Sequence[str], authors: Collection[str]) -> list[str]:
    """The answers in a quoted message that are marked by its reader's name or initials, each below a blank line.

    Args:
        quoted: The quoted message without older ones below it.
        authors: The names and addresses of the reader in lower case.
    """
    labels = _labels(authors)
    for pattern, minimum in ((BRACKETED, 1), (BARE, MIN_BARE)):
        starts = [index for index, line in enumerate(quoted) if _label(line, pattern) in labels]
        if len(starts) >= minimum:
            return [line for start in starts for line in ("", *_answer(quoted, start))]
    return []


def _label(line: str, pattern: re.Pattern[str]) -> str:
    match = pattern.match(line)
    return match[1].strip().casefold() if match else ""


def _labels(authors: Collection[str]) -> set[str]:
    """The full name, first name and initials of people, in lower case, also of 'roe, ann'."""
    labels: set[str] = set()
    for name in authors:
        family, _, given = name.partition(",")
        parts = [*given.split(), *family.split()]
        if "@" not in name and len(parts) > 1:
            labels |= {" ".join(parts), parts[0], "".join(part[0] for part in parts)}
    return labels


def _answer(lines: Sequence[str], start: int) -> list[str]:
    end = start + 1
    while end < len(lines) and lines[end].strip() and len(lines[end - 1]) >= FULL_LINE_CHARACTERS:
        end += 1
    return [line.strip() for line in lines[start:end]]
