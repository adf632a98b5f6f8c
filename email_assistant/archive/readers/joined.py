"""Files of text with several mails, as people copy them and some programs export them: a short header above each.

A header divides the file where the first one has no field that only servers and programs write, so that the file is no
message as it was sent; or below a line that programs put between mails.
"""

import re
from collections.abc import Iterator

from email_assistant.archive.mime_tree import mend_start

# Fields of a message as it was sent, which may quote others.
OF_A_SENT_MAIL = re.compile(
    rb"^(?:Message-ID|MIME-Version|Received|Return-Path|Content-[\w-]+|DKIM-Signature|X-[\w-]+)[ \t]*:", re.I | re.M
)
HEADER = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+(?=[ \t]*\r?\n)")
NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
# A header of a mail names its writer, and something of these.
WRITER, OTHERS, MIN_OTHERS = b"from", frozenset((b"date", b"sent", b"to", b"subject")), 2
# What ends a mail: a line of one mark, as in '-----', or one that only programs write: a dot, a form feed.
RULE = re.compile(rb"[ \t]*([-=_*#~])\1{2,}[ \t]*")
MARKS_OF_PROGRAMS = (b".", b"\f", b"\x1a")


def split(data: bytes) -> list[bytes]:
    """The mails of a file that begins with a header; the file itself if it is one mail."""
    whole, data = data, mend_start(data)
    first = HEADER.match(data)
    name = NAME.match(data)
    if first is None or name is None or not _is_header(first[0]):
        return [whole]
    was_sent = OF_A_SENT_MAIL.search(first[0]) is not None
    begins = [0]
    for place in _places_of(name[1], data, first.end()):
        above = _line_above(data, place)
        is_end = above in MARKS_OF_PROGRAMS or (not was_sent and (not above or RULE.fullmatch(above) is not None))
        header = HEADER.match(data, place) if is_end else None
        if header and _is_header(header[0]):
            begins.append(place)
    if len(begins) == 1:
        return [whole]
    ends = [*begins[1:], len(data)]
    return [_without_end(data[begin:end]) for begin, end in zip(begins, ends, strict=True)]


def _places_of(name: bytes, data: bytes, begin: int) -> Iterator[int]:
    """Where the lines are that begin with a field's name."""
    for match in re.compile(rb"^" + re.escape(name) + rb"[ \t]*:", re.IGNORECASE | re.MULTILINE).finditer(data, begin):
        yield match.start()


def _is_header(header: bytes) -> bool:
    names = {name.lower() for name in NAME.findall(header)}
    return WRITER in names and len(names & OTHERS) >= MIN_OTHERS


def _line_above(data: bytes, place: int) -> bytes:
    """The line above a place without blanks around it."""
    return data[data.rfind(b"\n", 0, place - 1) + 1 : place].strip(b" \t\r\n")


def _without_end(mail: bytes) -> bytes:
    """A mail without the lines that only separate it from the next one."""
    lines = mail.rstrip(b" \t\r\n").split(b"\n")
    while len(lines) > 1 and ((last := lines[-1].strip(b" \t\r")) in (b"", *MARKS_OF_PROGRAMS) or RULE.fullmatch(last)):
        lines.pop()
    return b"\n".join(lines) + b"\n"
