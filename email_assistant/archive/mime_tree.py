"""A message's bytes to the standard library's Message objects, without looking into what is no text.

The library's own parser goes through every line of every attachment. This one looks for boundaries
and keeps the header fields that are asked for later, and the bodies of text parts; all decoding is
left to the library. Where a message is broken, the same is made of it as there: a test compares them.
"""

import re
from collections.abc import Iterator
from email.message import Message

# All fields that anything here reads.
FIELDS = (
    *("From", "Sender", "Return-Path", "Reply-To", "X-Original-From", "To", "Cc", "Subject", "Date", "Message-ID"),
    *("In-Reply-To", "References", "List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", "Precedence"),
    *("Auto-Submitted", "X-Autoreply", "X-Autorespond", "X-Auto-Response-From", "X-Gmail-Labels"),
    *("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"),
)
FIELD = re.compile(
    rb"^(" + b"|".join(name.encode() for name in FIELDS) + rb")[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)\n?",
    re.MULTILINE | re.IGNORECASE,
)
# The header ends with the first line that is neither a field nor the rest of one.
HEADER_LINE = re.compile(rb"(?:[!-9;-~]+[ \t]*:|[ \t]|From |>From )[^\n]*(?:\n|\Z)")
BLANK = re.compile(rb"\r?\n|\Z")
DEEPEST = 60


def parse_tree(data: bytes) -> Message:
    """The message with its parts; only text parts have a body.

    Args:
        data: Header and body, lines in LF or CRLF.
    """
    return _parse(data, 0)


def header_of(data: bytes) -> Message:
    """The message's header alone."""
    return _with_fields(data[: _header_end(data)])


def _parse(data: bytes, depth: int) -> Message:
    end = _header_end(data)
    message = _with_fields(data[:end])
    blank = BLANK.match(data, end)
    body = data[blank.end() if blank else end :]
    boundary = message.get_boundary() if message.get_content_maintype() == "multipart" else None
    if boundary and depth < DEEPEST:
        parts = [_parse(part, depth + 1) for part in _split(body, boundary)]
        if parts:
            message.set_payload(parts)
            return message
    if message.get_content_maintype() in ("text", "multipart"):
        message.set_payload(body.decode("ascii", "surrogateescape"))
    return message


def _header_end(data: bytes) -> int:
    place = 0
    while (line := HEADER_LINE.match(data, place)) and line.end() > place:
        place = line.end()
    return place


def _with_fields(header: bytes) -> Message:
    message = Message()
    for match in FIELD.finditer(header):
        value = match[2].replace(b"\r\n", b"\n").rstrip(b"\r\n")
        message.set_raw(match[1].decode("ascii"), value.decode("ascii", "surrogateescape"))
    return message


def _split(body: bytes, boundary: str) -> Iterator[bytes]:
    """The parts between the boundary's lines; a last one that is not closed counts too."""
    mark = b"--" + boundary.encode("ascii", "surrogateescape")
    line = re.compile(rb"(?:\A|\r?\n)" + re.escape(mark) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    begin = None
    for match in line.finditer(body):
        if begin is not None:
            yield body[begin : match.start()]
        if match[1]:
            return
        following = body.find(b"\n", match.end())
        begin = following + 1 if following >= 0 else len(body)
    if begin is not None:
        yield body[begin:]
