"""Files with several mails and nothing of a mailbox: joined by `cat *.eml`, copied, or exported as text.

Where the first header has no field that only servers and programs write, any header of a mail begins the next one. If
it has, or the file has the name of one message, only a header with a Message-ID does, outside of the parts of a mail,
or one below a line that only programs put between mails. What a mail shows of another one is then a mail by the other's
writer.
"""

import re

from email_assistant.archive.mime_tree import mend_start
from email_assistant.archive.readers.mbox import BOUNDARY, OPENING_FIELD

# Fields of a message as it was sent, which may quote others.
OF_A_SENT_MAIL = re.compile(
    rb"^(?:Message-ID|MIME-Version|Received|Return-Path|Content-[\w-]+|DKIM-Signature|X-[\w-]+)[ \t]*:", re.I | re.M
)
FIELDS = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+")
FIELD_OR_FOLD = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]+\S")
BLANK = re.compile(rb"[ \t]*\r?\n")
# A message that is another one, and one that returns another one below its own text.
OF_A_MESSAGE = re.compile(rb"^Content-Type[ \t]*:\s*message/", re.IGNORECASE | re.MULTILINE)
RETURNS_MAIL = re.compile(
    rb"^(?:From[ \t]*:[^\n]*(?:mailer-daemon|postmaster)@|X-Failed-Recipients[ \t]*:)", re.I | re.M
)
# The names of files with one message: of mail programs, and the numbers of MH.
OF_ONE_MESSAGE = re.compile(r"\.eml$|(?:^|/)\d+\.?$", re.IGNORECASE)
MESSAGE_ID = re.compile(rb"^Message-ID[ \t]*:", re.IGNORECASE | re.MULTILINE)
NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
# A header of a mail names its writer, and something of these.
WRITER, OTHERS, MIN_OTHERS = b"from", frozenset((b"date", b"sent", b"to", b"subject")), 2
# What ends a mail: a line of one mark, as in '-----', or one that only programs write: a dot, a form feed.
RULE = re.compile(rb"[ \t]*([-=_*#~])\1{2,}[ \t]*")
MARKS_OF_PROGRAMS = (b".", b"\f", b"\x1a")


def split(data: bytes, name: str) -> list[bytes]:
    """The mails of a file that begins with a header; the file itself if it is one mail."""
    was_sent = OF_ONE_MESSAGE.search(name) is not None
    whole, data = data, mend_start(data)
    first = NAME.match(data)
    begins = _begins(data, first[1], was_sent, is_first=True) if first else [0]
    if len(begins) == 1:
        return [whole]
    # Of a file that has several mails for sure, others may begin with another field.
    begins = sorted({*begins, *_begins(data, b"From", was_sent, is_first=False)})
    ends = [*begins[1:], len(data)]
    return [_without_end(data[begin:end]) for begin, end in zip(begins, ends, strict=True)]


def _begins(data: bytes, name: bytes, was_sent: bool, is_first: bool) -> list[int]:
    """Where the mails begin whose headers have a field, or have it first."""
    header = FIELDS.match(data)
    was_sent = was_sent or (header is not None and OF_A_SENT_MAIL.search(header[0]) is not None)
    begins = [0]
    while header and _is_header(header[0]):
        header = _next_header(data, header, name, was_sent, is_first)
        begins += [header.start()] if header else []
    return begins


def _next_header(
    data: bytes, header: re.Match[bytes], name: bytes, was_sent: bool, is_first: bool
) -> re.Match[bytes] | None:
    """The header of the next mail; None if none follows."""
    if OF_A_MESSAGE.search(header[0]):
        return None
    boundary = BOUNDARY.search(header[0])
    place = data.find(b"\n--" + (boundary[1] or boundary[2]) + b"--", header.end()) if boundary else header.end() - 1
    is_returned = boundary is None and RETURNS_MAIL.search(header[0]) is not None
    floor = place
    while place >= 0 and (place := data.find(b"\n" + name + b":", place)) >= 0:
        begin = _first_field(data, place + 1, floor)
        is_wanted = not is_first or begin == place + 1
        above = _line_above(data, begin)
        is_rule = above in MARKS_OF_PROGRAMS or (not was_sent and (not above or RULE.fullmatch(above) is not None))
        found = FIELDS.match(data, begin)
        place = floor = found.end() - 1 if found else place + 1
        is_whole = found and is_wanted and BLANK.match(data, found.end()) and _is_header(found[0])
        if found and is_whole and (is_rule or (was_sent and MESSAGE_ID.search(found[0]))):
            if not is_returned:
                return found
            is_returned = False
    return None


def _first_field(data: bytes, place: int, floor: int) -> int:
    """Where the header begins that has a field at some place; not before the floor."""
    begin = place
    while begin > floor + 1:
        above = max(floor, data.rfind(b"\n", floor, begin - 1)) + 1
        if above >= begin or not FIELD_OR_FOLD.match(data, above, begin):
            break
        begin = above
    while begin < place and not OPENING_FIELD.match(data, begin):
        begin = data.find(b"\n", begin) + 1
    return begin


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
