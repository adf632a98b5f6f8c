"""Separates the author's own words from what a message quotes or forwards.

The order of the steps matters. First, lines marked by '>' are removed wherever they are, with the attribution above
them, since people answer above, below and in between. Then the first full attribution, separator or header block is
searched; everything below it is quoted. If that leaves nothing, the answer is below the quote, so that the author's
words are never lost.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from email_assistant.archive import attributions
from email_assistant.archive.header_blocks import SINGLE_LINE_BLOCK, QuoteHeader, find_header_block, find_separator

MARKED = re.compile(r"^[ \t\u00a0]{0,3}>")
MARKS = re.compile(r"^(?:[ \t\u00a0]{0,3}>)+ ?")
# The Bat! and similar programs write the initials of the quoted person before the mark.
INITIALS = re.compile(r"^\s{0,2}([A-ZА-ЯЁІЇЄ][\w.]{0,4})>+(?:\s|$)")
DECORATION = re.compile(r"^\s*>+.*<+\s*$")
CLAUSE_END = re.compile(r"[.!?…:;][\"'”»)\]]*$")
SIGNATURE_DELIMITER = re.compile(r"^(?:--|__|—|[-_=*]{10,})\s*$")
# The rest of '*   *' that is left when a program converts formatted mail to plain text.
EMPTY_EMPHASIS = re.compile(r"^\s*(?:\*{1,4}|/{1,2})\s*$")
FULL_LINE_CHARACTERS = 60
MIN_SINGLE_LINE, MAX_SINGLE_LINE = 30, 20_000
MAX_BLANK_LINES = 3
MAX_ATTRIBUTION_LINES = 4


@dataclass(frozen=True)
class MessageParts:
    """The parts of a message.

    Attributes:
        own: The author's own words.
        quoted: The lines that the message answers or forwards, including their marks.
        forwarded: Whether the quoted message is forwarded.
    """

    own: str
    quoted: tuple[str, ...]
    forwarded: bool

    def context(self) -> str:
        """The text that the message answers, without marks and without the quotes in it."""
        return own_words("\n".join(_first_level(self.quoted)))


def own_words(text: str) -> str:
    """The text without quotes and forwarded messages; empty only if there is nothing else."""
    return split(text).own


def split(text: str) -> MessageParts:
    """Split the text of a message into the author's own words and what is quoted."""
    lines = text.split("\n")
    is_marked = _find_marked(lines)
    kept, quoted = _remove_marked(lines, is_marked)
    header = _find_quote_header(kept)
    above = [*kept[: header.start], kept[header.start][: header.column]] if header else kept
    rest = kept[header.end :] if header else []
    own = normalize_lines(above)
    forwarded = bool(header and header.forwarded)
    if not own and header and (quoted or header.attribution):
        # Nothing above: the answer is below the marked lines, or below the attribution.
        return MessageParts(normalize_lines(rest), tuple(quoted), forwarded)
    return MessageParts(own, tuple(quoted or (rest if any(line.strip() for line in rest) else ())), forwarded)


def _find_marked(lines: list[str]) -> list[bool]:
    """For each line, whether it is quoted by a mark at its beginning."""
    flags = [MARKED.match(line) is not None for line in lines]
    initials = [INITIALS.match(line) for line in lines]
    counts = Counter(match[1] for match in initials if match)
    for index, match in enumerate(initials):
        if match and counts[match[1]] > 1:
            flags[index] = True
    for index, line in enumerate(lines):
        if flags[index]:
            is_single = not any(flags[max(0, index - 1) : index]) and not any(flags[index + 1 : index + 2])
            flags[index] = not (is_single and DECORATION.match(line))
        elif 0 < index < len(lines) - 1 and flags[index - 1] and MARKED.match(lines[index + 1]):
            flags[index] = _continues_quote(lines[index - 1], line)
    return flags


def _continues_quote(above: str, line: str) -> bool:
    """Whether a line without a mark is the end of the marked line above, which a program wrapped."""
    words = line.strip()
    if not words or CLAUSE_END.search(above.strip()):
        return False
    is_wrapped = len(above) >= FULL_LINE_CHARACTERS or above.count("(") > above.count(")")
    return words.endswith(">") or (is_wrapped and not words[0].isupper() and not words[0].isdigit())


def _remove_marked(lines: list[str], is_marked: list[bool]) -> tuple[list[str], list[str]]:
    """The lines without marks and without the attributions above marked lines; and the marked lines."""
    kept: list[str] = []
    quoted: list[str] = []
    in_quote = False
    after_last_quote = 0
    for line, marked in zip(lines, is_marked, strict=True):
        if marked:
            if not in_quote:
                _remove_attribution(kept)
            in_quote = True
            quoted.append(line)
            after_last_quote = len(kept)
        else:
            kept.append(line)
            in_quote = in_quote and not line.strip()
    if any(line.strip() for line in kept[:after_last_quote]) and _is_only_signature(kept[after_last_quote:]):
        del kept[after_last_quote:]
    return kept, quoted


def _is_only_signature(lines: list[str]) -> bool:
    """Whether the lines begin with the delimiter of a signature or the rule of a list footer."""
    return next((bool(SIGNATURE_DELIMITER.match(line)) for line in lines if line.strip()), False)


def _first_level(quoted: Sequence[str]) -> list[str]:
    """The quoted lines with a single mark, without the mark; more marks are quotes within the quote."""
    first_level = []
    for line in quoted:
        marks = MARKS.match(line)
        if marks is None:
            first_level.append(INITIALS.sub("", line))
        elif marks[0].count(">") == 1:
            first_level.append(line[marks.end() :])
    return first_level


def _remove_attribution(kept: list[str]) -> None:
    """Remove an attribution of one to four lines from the end of `kept`, with the blank lines below it."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    if not end or len(kept) - end > MAX_BLANK_LINES:
        return
    if find_separator(kept, end - 1):
        # 'Begin forwarded message:' above marked lines introduces only these.
        del kept[end - 1 :]
        return
    if not attributions.may_end_attribution(kept[end - 1]):
        return
    start = _attribution_start(kept, end - 1)
    if start is not None:
        del kept[start:]
        return
    column = attributions.find_inline(kept[end - 1])
    if column:
        kept[end - 1 :] = [kept[end - 1][:column].rstrip(" -")]
    elif attributions.is_short_attribution(kept[end - 1]):
        del kept[end - 1 :]
        if end > 1 and attributions.is_short_attribution(kept[end - 2]):
            del kept[end - 2 :]


def _attribution_start(lines: list[str], last: int) -> int | None:
    """The first line of the full attribution that ends with line `last`; None if there is none."""
    for length in range(1, MAX_ATTRIBUTION_LINES + 1):
        start = last - length + 1
        if start < 0 or not lines[start].strip():
            return None
        joined = " ".join(line.strip() for line in lines[start : last + 1])
        if attributions.is_full_attribution(joined):
            return start
        if length > 1 and CLAUSE_END.search(lines[start].strip()) and not attributions.is_fragment(lines[last]):
            return None
    return None


def _find_quote_header(lines: list[str]) -> QuoteHeader | None:
    """The lines that introduce a quote without marks; None if there is none."""
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        header = find_separator(lines, index) or find_header_block(lines, index)
        if header:
            return _with_header_block(lines, header)
        if attributions.may_end_attribution(line) and (start := _attribution_start(lines, index)) is not None:
            return QuoteHeader(start, index + 1, attribution=True)
        may_be_block = line.count(":") > 2 and len(line) > MIN_SINGLE_LINE
        block = SINGLE_LINE_BLOCK.search(line[:MAX_SINGLE_LINE]) if may_be_block else None
        if block:
            return QuoteHeader(index, index + 1, column=block.start())
    return None


def _with_header_block(lines: list[str], separator: QuoteHeader) -> QuoteHeader:
    """A separator extended by the header block below it, if there is one."""
    following = separator.end
    while following < len(lines) and not lines[following].strip():
        following += 1
    block = find_header_block(lines, following) if following < len(lines) else None
    return QuoteHeader(separator.start, block.end, separator.forwarded) if block else separator


def normalize_lines(lines: list[str]) -> str:
    """Join the lines without trailing spaces, repeated blank lines and empty emphasis marks."""
    text = "\n".join("" if EMPTY_EMPHASIS.match(line) else line.rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n").strip()
