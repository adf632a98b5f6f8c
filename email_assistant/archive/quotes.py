"""Separates the author's own words from what a message quotes or forwards.

The order of the steps matters. First, lines marked by '>' are removed wherever they are, with the attribution above
them, since people answer above, below and in between. Then the first full attribution, separator or header block is
searched; everything below it is quoted. If that leaves nothing, the answer is below the quote, so that the author's
words are never lost.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from email_assistant.archive import attributions
from email_assistant.archive.header_blocks import SINGLE_LINE_BLOCK, QuoteHeader, find_header_block, find_separator
from email_assistant.archive.labelled_answers import announces_answers, labelled_answers
from email_assistant.archive.quote_marks import (
    CLAUSE_END,
    INITIALS,
    MARKS,
    POINTER,
    find_marked,
    is_bracketed_elision,
    is_elision,
    is_remark,
    is_short_remark,
)
from email_assistant.archive.signatures import STANDARD_DELIMITER, is_signature

FOOTER_RULE = re.compile(r"^[-_=*]{10,}\s*$")
# The rest of '*   *' that is left when a program converts formatted mail to plain text.
EMPTY_EMPHASIS = re.compile(r"^(?:\s*(?:\*{1,4}|/{1,2})|\|{1,2})\s*$")
# Marks of code around nothing, or around what ends on another line.
EMPTY_CODE, OPEN_CODE = re.compile(r"^\|\|(?=[^\s|][^|]*$)"), re.compile(r"^\|(?=[^\s|][^|]*$)")
MIN_SINGLE_LINE, MAX_SINGLE_LINE = 30, 20_000
MAX_BLANK_LINES = 3
MAX_FOOTER_LINES = 12
MAX_ATTRIBUTION_LINES = 4
MAX_LINES_BELOW_ATTRIBUTION = 3
# If only a greeting is above the attribution, and the first marked lines have none of their own.
MAX_LINES_BELOW_FIRST_ATTRIBUTION = 40
MAX_GREETING_WORDS = 6
# Between two marks like '**snip**'.
MAX_BLOCK_LINES = 40
MAX_SIGN_OFF_LINES, MAX_SIGN_OFF_WORDS = 3, 4


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


def split(text: str, authors: Collection[str] = ()) -> MessageParts:
    """Split the text of a message into the author's own words and what is quoted.

    Args:
        text: The text of the message.
        authors: The names and addresses of the message's writer in lower case, to recognize the head of a memo.
    """
    lines = attributions.mend_torn(text).split("\n")
    is_marked = find_marked(lines)
    kept, quoted = _remove_marked(lines, is_marked)
    header = _find_quote_header(kept, authors)
    above = [*kept[: header.start], kept[header.start][: header.column]] if header else kept
    rest = kept[header.end :] if header else []
    if header and announces_answers(above):
        older = _find_quote_header(rest, authors)
        above = [*above, *labelled_answers(rest[: older.start] if older else rest, authors)]
    own = normalize_lines(above)
    forwarded = bool(header and header.forwarded)
    if not own and header and (quoted or header.attribution):
        # Nothing above: the answer is below the marked lines, or below the attribution.
        return MessageParts(normalize_lines(rest), tuple(quoted), forwarded)
    return MessageParts(own, tuple(quoted or (rest if any(line.strip() for line in rest) else ())), forwarded)


def _remove_marked(lines: list[str], is_marked: list[bool]) -> tuple[list[str], list[str]]:
    """The lines without marks and without the attributions above marked lines; and the marked lines."""
    kept: list[str] = []
    quoted: list[str] = []
    in_quote = False
    after_last_quote = 0
    own = (index for index in range(len(lines) - 1, -1, -1) if not is_marked[index] and lines[index].strip())
    last_own = next(own, -1)
    for index, (line, marked) in enumerate(zip(lines, is_marked, strict=True)):
        if marked:
            if not in_quote:
                _remove_attribution(kept, is_inline=not quoted and index < last_own)
            in_quote = True
            quoted.append(line)
            after_last_quote = len(kept)
        elif not (in_quote and (is_elision(line) or POINTER.match(line) or is_remark(lines, is_marked, index))):
            kept.append(line)
            in_quote = in_quote and not line.strip()
    below = kept[after_last_quote:]
    first = next((index for index, line in enumerate(below) if line.strip()), 0)
    if any(line.strip() for line in kept[:after_last_quote]) and _is_only_signature(below[first:]):
        del kept[after_last_quote:]
    if quoted:
        _remove_last_elision(kept)
    return kept, quoted


def _remove_last_elision(kept: list[str]) -> None:
    """Remove a remark like '[...]' for the rest of a quote, below which there is at most a sign-off."""
    below = 0
    for index in range(_content_end(kept) - 1, -1, -1):
        if is_bracketed_elision(kept[index]) and (not index or not kept[index - 1].strip()):
            del kept[index]
            return
        below += bool(kept[index].strip())
        if below > MAX_SIGN_OFF_LINES or len(kept[index].split()) > MAX_SIGN_OFF_WORDS:
            return


def _is_only_signature(lines: list[str]) -> bool:
    """Whether the lines are a signature or the footer of a list, each with the line above it."""
    if not lines:
        return False
    return is_signature(lines) or (FOOTER_RULE.match(lines[0]) is not None and len(lines) <= MAX_FOOTER_LINES)


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


def _remove_attribution(kept: list[str], is_inline: bool) -> None:
    """Remove what introduces marked lines from the end of `kept`: attributions, remarks like '[...]', and blank lines.

    A full attribution also introduces the marked lines if a short paragraph of the author's is in between.

    Args:
        kept: The lines above the marked ones; changed in place.
        is_inline: Whether the marked lines are the first ones, and text is below them. Then any text may be in between.
    """
    length = len(kept)
    while _remove_last_attribution(kept):
        pass
    end = _content_end(kept)
    reach = MAX_LINES_BELOW_FIRST_ATTRIBUTION if is_inline and len(kept) == length else MAX_LINES_BELOW_ATTRIBUTION
    for last in range(end - 1, max(-1, end - 1 - 2 * reach), -1):
        if not attributions.may_end_attribution(kept[last]):
            continue
        start = _attribution_start(kept, last)
        if start is not None and _may_introduce(kept, start, last, end):
            del kept[start : last + 1]
            return


def _may_introduce(kept: list[str], start: int, last: int, end: int) -> bool:
    """Whether an attribution from line `start` to `last` introduces the marked lines below line `end`."""
    lines_below = sum(bool(line.strip()) for line in kept[last + 1 : end])
    if lines_below <= MAX_LINES_BELOW_ATTRIBUTION:
        return True
    above = [line for line in kept[:start] if line.strip()]
    is_greeting = len(above) <= 1 and all(len(line.split()) <= MAX_GREETING_WORDS for line in above)
    return is_greeting and lines_below <= MAX_LINES_BELOW_FIRST_ATTRIBUTION


def _content_end(lines: list[str]) -> int:
    """The end of the lines without blank lines at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _remove_last_attribution(kept: list[str]) -> bool:
    """Remove an attribution of one to four lines, or a remark like '[...]', from the end; whether there was one."""
    end = _content_end(kept)
    if not end or len(kept) - end > MAX_BLANK_LINES:
        return False
    is_remark = is_short_remark(kept[end - 1]) and end > 1 and _attribution_start(kept, end - 2) is not None
    if is_remark or (is_elision(kept[end - 1]) and not _closes(kept, end - 1)) or find_separator(kept, end - 1):
        # 'Begin forwarded message:' above marked lines introduces only these.
        del kept[end - 1 :]
        return True
    if not attributions.may_end_attribution(kept[end - 1]):
        return False
    start = _attribution_start(kept, end - 1)
    if start is not None:
        del kept[start:]
        return True
    column = attributions.find_inline(kept[end - 1])
    if column:
        kept[end - 1 :] = [kept[end - 1][:column].rstrip(" -")]
    elif attributions.is_short_attribution(kept[end - 1]):
        is_torn = end > 1 and attributions.is_fragment(kept[end - 1]) and attributions.may_begin(kept[end - 2])
        del kept[end - 1 - is_torn :]
        return end > 1 and attributions.is_short_attribution(kept[-1] if kept else "")
    return False


def _closes(kept: list[str], index: int) -> bool:
    """Whether a mark like '**snip**', directly below own text, ends what the same mark begins above."""
    line = kept[index].strip()
    above = kept[max(0, index - MAX_BLOCK_LINES) : index]
    return bool(above and above[-1].strip()) and any(other.strip() == line for other in above[:-1])


def _attribution_start(lines: list[str], last: int) -> int | None:
    """The first line of the full attribution that ends with line `last`; None if there is none."""
    undated = None
    for length in range(1, MAX_ATTRIBUTION_LINES + 1):
        start = last - length + 1
        if start < 0 or not lines[start].strip():
            return undated
        joined = " ".join(line.strip() for line in lines[start : last + 1])
        if attributions.is_full_attribution(joined):
            return start
        is_longer = (
            undated is not None and lines[last].lstrip().startswith("<") and attributions.may_begin(lines[start])
        )
        if (undated is None or is_longer) and attributions.is_undated_attribution(joined):
            # The line above may have the date: 'On 3 May 2022 at 10:00,'.
            undated = start
        if length > 1 and CLAUSE_END.search(lines[start].strip()) and not attributions.is_fragment(lines[last]):
            return undated
    return undated


def _find_quote_header(lines: list[str], authors: Collection[str]) -> QuoteHeader | None:
    """The lines that introduce a quote without marks; None if there is none."""
    memo_end = 0
    is_first = True
    for index, line in enumerate(lines):
        if index < memo_end or not line.strip():
            continue
        header = find_separator(lines, index) or find_header_block(lines, index)
        if header and header.start == index and _is_memo(lines[index : header.end], authors, is_first):
            memo_end, is_first = header.end, False
            continue
        is_first = False
        if header:
            return _with_header_block(lines, header)
        if attributions.is_groupwise(line) or attributions.is_before_text(line):
            return QuoteHeader(index, index + 1, attribution=True)
        if attributions.may_end_attribution(line) and (start := _attribution_start(lines, index)) is not None:
            return QuoteHeader(start, index + 1, attribution=True)
        may_be_block = line.count(":") > 2 and len(line) > MIN_SINGLE_LINE
        block = SINGLE_LINE_BLOCK.search(line[:MAX_SINGLE_LINE]) if may_be_block else None
        if block:
            return QuoteHeader(index, index + 1, column=block.start())
    return None


def _is_memo(head: Sequence[str], authors: Collection[str], is_first: bool) -> bool:
    """Whether a header block is the head of a memo, 'TO: All members, FROM: Jane Roe', which its author wrote.

    It names the author, and has neither an address nor a clock time. Below other text, it has no date either.
    """
    if not any(line.partition(":")[2].strip().casefold() in authors for line in head):
        return False
    strange = (attributions.ADDRESS, attributions.CLOCK, *(() if is_first else (attributions.FULL_DATE,)))
    return not any(pattern.search(line) for pattern in strange for line in head)


def _with_header_block(lines: list[str], separator: QuoteHeader) -> QuoteHeader:
    """A separator extended by the header block below it, if there is one."""
    following = separator.end
    while following < len(lines) and not lines[following].strip():
        following += 1
    block = find_header_block(lines, following) if following < len(lines) else None
    return QuoteHeader(separator.start, block.end, separator.forwarded) if block else separator


def _stripped(line: str) -> str:
    """The line without trailing spaces, but for the delimiter of a signature, which has one."""
    return line if line == STANDARD_DELIMITER else line.rstrip()


def _is_empty_emphasis(lines: list[str], index: int) -> bool:
    """Whether a line has only marks of emphasis; between two lines of text they stand for something else."""
    if not EMPTY_EMPHASIS.match(lines[index]):
        return False
    if len(lines) - index <= MAX_FOOTER_LINES and is_signature(lines[index:]):
        return False
    return not (0 < index < len(lines) - 1 and lines[index - 1].strip() and lines[index + 1].strip())


def _without_code_marks(lines: list[str]) -> list[str]:
    """The lines without '|' that stands for markup of code which is empty, or ends on a line of its own.

    Such a mark is above a paragraph or begins one, and there are no others: trees of files, tables, commands and SQL
    have '|' at the beginning of lines, too.
    """
    marked = [index for index, line in enumerate(lines) if line.startswith("|")]
    if not marked or len(marked) > 2 or any(index and lines[index - 1].strip() for index in marked):
        return lines
    first, last = marked[0], marked[-1]
    if first < last and lines[last].rstrip() == "|" and OPEN_CODE.match(lines[first]):
        return [line[1:] if index == first else line for index, line in enumerate(lines)]
    return [EMPTY_CODE.sub("", line) if index == first else line for index, line in enumerate(lines)]


def normalize_lines(lines: list[str]) -> str:
    """Join the lines without trailing spaces, repeated blank lines and empty emphasis marks."""
    lines = _without_code_marks(lines)
    text = "\n".join("" if _is_empty_emphasis(lines, index) else _stripped(line) for index, line in enumerate(lines))
    text = re.sub(r"\n{3,}", "\n\n", text).strip("\n").rstrip()
    # An own line that is indented may begin with '>', which would be a mark without the indentation.
    return text if text.lstrip()[:1] == ">" else text.lstrip()
