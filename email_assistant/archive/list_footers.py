"""Finds the footers of mailing lists and groups, which may have several paragraphs."""

import re

from email_assistant.archive.locales import any_of, words
from email_assistant.archive.sentences import SENTENCE_END

MAX_LINES = 80
MAX_PARAGRAPH_LINES = 8
MAX_CHARACTERS = 2000
RULE = re.compile(r"^\s*(?:[_\-=*~]{5,}|#{20,})\s*$")
SHORT_RULE = re.compile(r"^\s*(?:[_\-=*~#—]{2,}|—)\s*$")
PHRASES = words(lambda locale: locale.list_footers)
# What a footer has if it is a sentence.
LINK = re.compile(r"://|\bwww\.|@|subscri", re.IGNORECASE)
# Yahoo: 'Posted by: Jane Roe <jane@x.example>'.
POSTED = re.compile(r"[\s-]{0,80}posted by: [^<>]{0,80}<[^<>\s]{1,80}@[^<>\s]{1,80}>[\s-]*$", re.IGNORECASE)
# 'You received this message because you are subscribed to …', and where a link or address leads that ends this.
REASON = re.compile(rf"^\W*(?:{any_of(lambda locale: locale.list_reasons)})", re.IGNORECASE)
LEAVING = re.compile(
    r"\S(?:unsub|opt-?out|signoff|leave|/settings|notification|preferences|options)\S*|\S\bgroups?\.\S+|groups\.\w+/",
    re.IGNORECASE,
)


def is_list_footer(paragraph: str) -> bool:
    """Whether a paragraph names a mailing list or how to leave it, with a link or without a sentence."""
    if POSTED.match(paragraph):
        return True
    lowered = paragraph.lower()
    if not any(phrase in lowered for phrase in PHRASES):
        return False
    return LINK.search(paragraph) is not None or not SENTENCE_END.search(paragraph)


def list_footer_start(lines: list[str], last: int) -> int | None:
    """The first line of the footer that ends with a line; None if there is none.

    It has a rule above it, or begins with the reason why the mail was sent and says where to leave the list.
    """
    start: int | None = None
    end = last + 1
    while end > 0 and last - end < MAX_LINES:
        first = end - 1
        while first and lines[first - 1].strip() and end - first <= MAX_PARAGRAPH_LINES:
            first -= 1
        has_rule = SHORT_RULE.match(lines[first]) is not None
        paragraph = " ".join(line.strip() for line in lines[first + has_rule : end])
        is_certain = REASON.match(paragraph[:MAX_CHARACTERS]) is not None and _has_way_to_leave(lines[first : last + 1])
        if end - first - has_rule > MAX_PARAGRAPH_LINES or not (is_certain or is_list_footer(paragraph)):
            break
        start = first if is_certain else start
        above = first if has_rule else _last_text(lines, first)
        if above >= 0 and (RULE if start is None else SHORT_RULE).match(lines[above]):
            return above
        end = 0 if has_rule else above + 1
    return start


def _has_way_to_leave(lines: list[str]) -> bool:
    return any(LEAVING.search(line[:MAX_CHARACTERS]) for line in lines)


def _last_text(lines: list[str], end: int) -> int:
    """The last line with text above a line; -1 if there is none."""
    while end and not lines[end - 1].strip():
        end -= 1
    return end - 1
