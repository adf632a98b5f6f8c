"""Rejoins the lines of paragraphs that a mail program wrapped; lists, verse, tables and code are not changed.

A program wrapped a line if the first word of the next line would not have fit on it. The width is that of the longest
line of ordinary words. A person who breaks lines by hand leaves room on most of them, and breaks after sentences.
"""

import re
from itertools import pairwise

MIN_WIDTH, MAX_WIDTH = 56, 180
LONG_WORD = re.compile(r"\S{41}")
ITEM = re.compile(r"^\s*(?:[-*•–—·+o>]\s|\(?\d{1,3}[.):]\s|\(?[a-zA-Zа-яА-Я][.)]\s|#)")
# Some programs indent continuation lines by two or three spaces. Four or more are intended by the author.
INDENTED = re.compile(r"^(?: {4,}|\s*\t)")
HANGING = re.compile(r"^\s+")
SENTENCE_OR_COLON_END = re.compile(r"[.!?…:][\"'”»)\]]*$")
# Two spaces within a sentence, left by a program that joined lines with a space at their end.
DOUBLE_SPACE = re.compile(r"(?<=[^\s.!?…:\"'”»)\]]) {2}(?=\S)")
# Wider gaps separate columns.
GAP = re.compile(r"(?<=[^\s.!?…:\"'”»)\]]) {3}|\t")
MAX_SHORT_LINE_WORDS = 3
MIN_FULL_SHARE = 0.6


def unwrap(text: str) -> str:
    """Join the lines that were wrapped at the right margin, and indented continuation lines."""
    lines = text.split("\n")
    width = _width(lines)
    joined = [lines[0]]
    for above, line in pairwise(lines):
        if _is_continuation(above, line) or (width is not None and _is_wrapped(above, line, width)):
            joined[-1] = f"{joined[-1].rstrip()} {line.strip()}"
        else:
            joined.append(line)
    return "\n".join(joined)


def collapse_spaces(text: str) -> str:
    """Replace double spaces within sentences by one. They stay between sentences and in columns."""
    return "\n".join(line if _has_gap(line) else DOUBLE_SPACE.sub(" ", line) for line in text.split("\n"))


def _width(lines: list[str]) -> int | None:
    """The width at which the message was wrapped; None if it was not wrapped."""
    ordinary = [len(line.rstrip()) for line in lines if not _has_long_word(line)]
    longest = max(ordinary, default=0)
    if not MIN_WIDTH <= longest <= MAX_WIDTH:
        return None
    pairs = [pair for pair in pairwise(lines) if _may_join(*pair)]
    full = [pair for pair in pairs if _is_full(*pair, longest)]
    within_sentences = any(not SENTENCE_OR_COLON_END.search(above.rstrip()) for above, _ in full)
    return longest if within_sentences and len(full) >= MIN_FULL_SHARE * len(pairs) else None


def _may_join(above: str, line: str) -> bool:
    return bool(above.strip() and line.strip()) and not (
        ITEM.match(line)
        or INDENTED.match(line)
        or INDENTED.match(above)
        or _has_long_word(above)
        or _has_gap(above)
        or _has_gap(line)
    )


def _is_full(above: str, line: str, width: int) -> bool:
    return len(above.rstrip()) + 1 + len(line.split(maxsplit=1)[0]) > width


def _is_wrapped(above: str, line: str, width: int) -> bool:
    if SENTENCE_OR_COLON_END.search(above.rstrip()) and len(line.split()) <= MAX_SHORT_LINE_WORDS:
        return False
    continues_item = ITEM.match(above) and HANGING.match(line) and line.strip() and not ITEM.match(line)
    return bool(continues_item or _may_join(above, line)) and _is_full(above, line, width)


def _is_continuation(above: str, line: str) -> bool:
    """Whether an indented line continues the sentence of the line above, whatever the width of that line."""
    return (
        HANGING.match(line) is not None
        and _may_join(above, line)
        and len(above.rstrip()) >= MIN_WIDTH
        and not SENTENCE_OR_COLON_END.search(above.rstrip())
    )


def _has_gap(line: str) -> bool:
    return GAP.search(line.strip()) is not None


def _has_long_word(line: str) -> bool:
    return LONG_WORD.search(line) is not None
