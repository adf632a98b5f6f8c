"""The writer's own words: a message without what it quotes or forwards.

The order of the steps matters. Lines marked '>' go first, with the attribution above them, wherever
they stand: people answer above, below and in between. Then comes what is quoted without marks, below
a separator or a header block, which is all that follows. Where that would leave nothing, the marks
alone decide, so that own words never vanish.
"""

import re
from collections.abc import Iterable

from email_assistant.archive.locales import LOCALES


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True) if word)


VERBS = _either(verb for locale in LOCALES.values() for verb in locale.verbs)
OPENINGS = _either(opening for locale in LOCALES.values() for opening in locale.openings)
SENDER = _either(label for locale in LOCALES.values() for label in locale.sender)
OTHERS = _either(label for locale in LOCALES.values() for label in locale.others)
SEPARATORS = _either(separator for locale in LOCALES.values() for separator in locale.separators)

QUOTED = re.compile(r"^\s{0,3}>")
# Before the colon at its end an attribution has a verb and, somewhere, a date or an address.
ATTRIBUTION_END = re.compile(rf"(?:\b(?:{VERBS})(?:\(\w+\))?)(?:\s+[^:]{{0,80}})?\s*:\s*$", re.IGNORECASE)
DATE_OR_ADDRESS = re.compile(r"\d{1,2}[.:/-]\d{1,2}|\b(19|20)\d{2}\b|@|\b\d{1,2}\.?\s+\w{3,}", re.IGNORECASE)
OPENING = re.compile(rf"^\s*(?:(?:{OPENINGS})\b|\d|\"|<|[\w.+-]+@)", re.IGNORECASE)
# Just above lines marked '>' less is enough: 'Jane Roe writes:'.
SHORT_ATTRIBUTION = re.compile(rf"\b(?:{VERBS})\b[^.!?]{{0,60}}:\s*$", re.IGNORECASE)
SENDER_LABEL = re.compile(rf"^[\s*>]*(?:{SENDER})[\s*]*:", re.IGNORECASE)
OTHER_LABEL = re.compile(rf"^[\s*>]*(?:{OTHERS})[\s*]*:", re.IGNORECASE)
SEPARATOR = re.compile(
    rf"^\s*(?:[-_=*]{{2,}}\s*(?:{SEPARATORS})\b.*|(?:{SEPARATORS})\s*:)\s*[-_=*]*\s*$", re.IGNORECASE
)
LONGEST_ATTRIBUTION = 3


def own_words(text: str) -> str:
    """The text without quotes and forwards; empty only when nothing else was there."""
    unmarked = _without_marked(text.split("\n"))
    own = _tidy(unmarked[: _start_of_unmarked_quote(unmarked)])
    if own:
        return own
    # Nothing above the quote: the answer may stand below it, after marked lines.
    return "" if _forwards(unmarked) else _tidy(unmarked)


def _without_marked(lines: list[str]) -> list[str]:
    """Drop the lines that begin with '>' and the attributions above them."""
    kept: list[str] = []
    inside = False
    for line in lines:
        if QUOTED.match(line):
            if not inside:
                _drop_attribution(kept)
            inside = True
        else:
            kept.append(line)
            inside = inside and not line.strip()
    return kept


def _drop_attribution(kept: list[str]) -> None:
    """Take the attribution off the end of `kept`, one to three lines long, blank lines between aside."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    if not end or not SHORT_ATTRIBUTION.search(kept[end - 1].strip()[-120:]):
        if end and is_attribution(kept[end - 1]):
            del kept[end - 1 :]
        return
    start = end - 1
    for above in range(1, LONGEST_ATTRIBUTION):
        candidate = end - 1 - above
        if candidate < 0 or not kept[candidate].strip():
            break
        if is_attribution(" ".join(line.strip() for line in kept[candidate:end])):
            start = candidate
            break
    if is_attribution(" ".join(line.strip() for line in kept[end - 1 : end])):
        start = end - 1
    del kept[start:]


def is_attribution(line: str) -> bool:
    """Whether a line, or two or three joined, introduces a quote: 'On 3 May 2024, Jane wrote:'."""
    line = line.strip()
    return (
        len(line) < 300
        and bool(OPENING.match(line))
        and bool(ATTRIBUTION_END.search(line))
        and bool(DATE_OR_ADDRESS.search(line))
    )


def _start_of_unmarked_quote(lines: list[str]) -> int:
    """The line from which on everything is quoted without marks; their number when nothing is."""
    for place, line in enumerate(lines):
        if SEPARATOR.match(line) or _is_header_block(lines, place):
            return _above_rule(lines, place)
        for length in range(1, LONGEST_ATTRIBUTION + 1):
            joined = lines[place : place + length]
            if len(joined) == length and all(part.strip() for part in joined) and is_attribution(" ".join(joined)):
                return place
    return len(lines)


def _is_header_block(lines: list[str], place: int) -> bool:
    """Two labels of a quoted header one under the other, the first of them the sender's."""
    if not SENDER_LABEL.match(lines[place]):
        return False
    following = [line for line in lines[place + 1 : place + 5] if line.strip()]
    return sum(bool(OTHER_LABEL.match(line)) for line in following[:3]) >= 2


def _above_rule(lines: list[str], place: int) -> int:
    """Outlook draws a line above the header block."""
    above = place
    while above and not lines[above - 1].strip():
        above -= 1
    return above - 1 if above and re.fullmatch(r"\s*[_-]{5,}\s*", lines[above - 1]) else place


def _forwards(lines: list[str]) -> bool:
    """Whether the first words are those of a forwarded or quoted message."""
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    return first is None or _start_of_unmarked_quote(lines[first:]) <= 1


def _tidy(lines: list[str]) -> str:
    """Trailing spaces off, at most one blank line in a row."""
    text = "\n".join(line.rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n").strip()
