"""Paragraphs whose lines a mail program broke, made whole; lists, verse, tables and code stay as they are.

A line was broken by a program when the first word of the next one would not have fit. Which width it
had shows in the message: its longest line of ordinary words. A person who ends lines at will leaves
room on most of them, and ends them with sentences.
"""

import re
from itertools import pairwise

NARROWEST, WIDEST = 56, 180
LONG_WORD = re.compile(r"\S{41}")
ITEM = re.compile(r"^\s*(?:[-*•–—·+o>]\s|\(?\d{1,3}[.):]\s|\(?[a-zA-Zа-яА-Я][.)]\s|#)")
# Some programs indent the lines after the first by two or three spaces; more is meant.
INDENTED = re.compile(r"^(?: {4,}|\s*\t)")
HANGING = re.compile(r"^\s+")
ENDS_SENTENCE = re.compile(r"[.!?…:][\"'”»)\]]*$")
# Two spaces within a sentence, where a program joined lines and kept the space at their end.
DOUBLED = re.compile(r"(?<=[^\s.!?…:\"'”»)\]]) {2}(?=\S)")
# Wider gaps, as between columns.
GAP = re.compile(r"(?<=[^\s.!?…:\"'”»)\]]) {3}|\t")
BRIEF = 3
FULL_SHARE = 0.6


def unwrap(text: str) -> str:
    """Join the lines that were broken at the right margin, and those that hang from one above."""
    lines = text.split("\n")
    width = _width(lines)
    joined = [lines[0]]
    for above, line in pairwise(lines):
        if _hangs(above, line) or (width is not None and _is_broken(above, line, width)):
            joined[-1] = f"{joined[-1].rstrip()} {line.strip()}"
        else:
            joined.append(line)
    return "\n".join(joined)


def close_up(text: str) -> str:
    """One space within sentences, where a program left two; between sentences, and in columns, they stay."""
    return "\n".join(line if _has_gap(line) else DOUBLED.sub(" ", line) for line in text.split("\n"))


def _width(lines: list[str]) -> int | None:
    """The margin at which the message was wrapped; None when it was not."""
    ordinary = [len(line.rstrip()) for line in lines if not _has_long_word(line)]
    longest = max(ordinary, default=0)
    if not NARROWEST <= longest <= WIDEST:
        return None
    pairs = [pair for pair in pairwise(lines) if _may_go_on(*pair)]
    full = [pair for pair in pairs if _is_full(*pair, longest)]
    within_sentences = any(not ENDS_SENTENCE.search(above.rstrip()) for above, _ in full)
    return longest if within_sentences and len(full) >= FULL_SHARE * len(pairs) else None


def _may_go_on(above: str, line: str) -> bool:
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


def _is_broken(above: str, line: str, width: int) -> bool:
    if ENDS_SENTENCE.search(above.rstrip()) and len(line.split()) <= BRIEF:
        return False
    goes_on_item = ITEM.match(above) and HANGING.match(line) and line.strip() and not ITEM.match(line)
    return bool(goes_on_item or _may_go_on(above, line)) and _is_full(above, line, width)


def _hangs(above: str, line: str) -> bool:
    """Whether an indented line goes on with a sentence, wherever the one above was broken."""
    return (
        HANGING.match(line) is not None
        and _may_go_on(above, line)
        and len(above.rstrip()) >= NARROWEST
        and not ENDS_SENTENCE.search(above.rstrip())
    )


def _has_gap(line: str) -> bool:
    return GAP.search(line.strip()) is not None


def _has_long_word(line: str) -> bool:
    return LONG_WORD.search(line) is not None
