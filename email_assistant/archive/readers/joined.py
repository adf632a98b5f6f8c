"""Files with several mails and nothing of a mailbox: joined by `cat *.eml`, copied, or exported as text.

Where the first header has no field that only servers and programs write, any header of a mail begins the next one.
Otherwise only a header with a Message-ID does, outside of the parts of a mail, or one below a line that only programs
put between mails. What a mail shows of another one is then a mail by the other's writer.
"""

import re

from email_assistant.archive.mime_tree import mend_start
from email_assistant.archive.readers.mbox import BOUNDARY

# Fields of a message as it was sent, which may quote others.
OF_A_SENT_MAIL = re.compile(
    rb"^(?:Message-ID|MIME-Version|Received|Return-Path|Content-[\w-]+|DKIM-Signature|X-[\w-]+)[ \t]*:", re.I | re.M
)
HEADER = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+(?=[ \t]*\r?\n)")
# A message that is another one, and one that returns another one below its own text.
OF_A_MESSAGE = re.compile(rb"^Content-Type[ \t]*:\s*message/", re.IGNORECASE | re.MULTILINE)
RETURNS_MAIL = re.compile(
    rb"^(?:From[ \t]*:[^\n]*(?:mailer-daemon|postmaster)@|X-Failed-Recipients[ \t]*:)", re.I | re.M
)
MESSAGE_ID = re.compile(rb"^Message-ID[ \t]*:", re.IGNORECASE | re.MULTILINE)
NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
# A header of a mail names its writer, and something of these.
WRITER, OTHERS, MIN_OTHERS = b"from", frozenset((b"date", b"sent", b"to", b"subject")), 2
# What ends a mail: a line of one mark, as in '-----', or one that only programs write: a dot, a form feed.
RULE = re.compile(rb"[ \t]*([-=_*#~])\1{2,}[ \t]*")
MARKS_OF_PROGRAMS = (b".", b"\f", b"\x1a")


def split(data: bytes) -> list[bytes]:
    """The mails of a file that begins with a header; the file itself if it is one mail."""
    whole, data = data, mend_start(data)
    name = NAME.match(data)
    header = HEADER.match(data)
    begins = [0]
    while name and header and _is_header(header[0]):
        header = _next_header(data, header, b"\n" + name[1] + b":")
        begins += [header.start()] if header else []
    if len(begins) == 1:
        return [whole]
    ends = [*begins[1:], len(data)]
    return [_without_end(data[begin:end]) for begin, end in zip(begins, ends, strict=True)]


def _next_header(data: bytes, header: re.Match[bytes], opening: bytes) -> re.Match[bytes] | None:
    """The header of the next mail, which begins with the same field as that of the first one; None if none follows."""
    if OF_A_MESSAGE.search(header[0]):
        return None
    was_sent = OF_A_SENT_MAIL.search(header[0]) is not None
    boundary = BOUNDARY.search(header[0])
    place = data.find(b"\n--" + (boundary[1] or boundary[2]) + b"--", header.end()) if boundary else header.end() - 1
    is_returned = boundary is None and RETURNS_MAIL.search(header[0]) is not None
    while place >= 0 and (place := data.find(opening, place)) >= 0:
        above = _line_above(data, place + 1)
        is_rule = above in MARKS_OF_PROGRAMS or (not was_sent and (not above or RULE.fullmatch(above) is not None))
        found = HEADER.match(data, place + 1) if is_rule or was_sent else None
        if found and _is_header(found[0]) and (is_rule or MESSAGE_ID.search(found[0])):
            if not is_returned:
                return found
            is_returned = False
        place = found.end() - 1 if found else place + 1
    return None


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
