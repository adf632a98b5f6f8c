"""A message's bytes to the standard library's Message objects, without looking into what is no text.

The library's own parser goes through every line of every attachment. This one looks for boundaries
and keeps the header fields that are asked for later, and the bodies of text parts; all decoding is
left to the library. Where a message is broken, the same is made of it as there: a test compares them.
"""

import re
from collections.abc import Iterator
from email.message import Message
from itertools import count
from typing import Any

# All fields that anything here reads.
FIELDS = (
    *("From", "Sender", "Return-Path", "Reply-To", "X-Original-From", "To", "Cc", "Subject", "Date", "Message-ID"),
    *("In-Reply-To", "References", "List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", "Precedence"),
    *("Auto-Submitted", "X-Autoreply", "X-Autorespond", "X-Auto-Response-From", "X-Gmail-Labels"),
    *("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"),
)
# For a header in lower case: 'IGNORECASE' would take twice as long.
FIELD = re.compile(
    rb"\n(" + b"|".join(name.lower().encode() for name in FIELDS) + rb")[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)"
)
# The header ends with the first line that is neither a field nor the rest of one.
HEADER = re.compile(rb"(?:(?:[!-9;-~]+[ \t]*:|[ \t]|From |>From )[^\n]*+\n?+)*+")
LINE_FEED = 10
BLANK = re.compile(rb"\r?\n|\Z")
# More than any person sends; a message made to choke parsers ends here.
LARGEST_HEADER = 1 << 20
DEEPEST = 60
MOST_PARTS = 2000


class Part(Message):
    """A Message that finds its fields by a table instead of going through all of them."""

    def __init__(self) -> None:
        """Begin without fields."""
        super().__init__()
        self._by_name: dict[str, list[str]] = {}

    def set_raw(self, name: str, value: str) -> None:
        """Add a field as it stands."""
        super().set_raw(name, value)
        self._by_name.setdefault(name.lower(), []).append(value)

    def get(self, name: str, failobj: Any = None) -> Any:
        """The first field of a name."""
        values = self._by_name.get(name.lower())
        return self.policy.header_fetch_parse(name, values[0]) if values else failobj

    def get_all(self, name: str, failobj: Any = None) -> Any:
        """All fields of a name."""
        values = self._by_name.get(name.lower())
        return [self.policy.header_fetch_parse(name, value) for value in values] if values else failobj


def parse_tree(data: bytes) -> Message:
    """The message with its parts; only text parts have a body.

    Args:
        data: Header and body, lines in LF or CRLF.

    Raises:
        ValueError: for a larger header, deeper nesting or more parts than any real message has.
    """
    return _parse(data, 0, count(1))


def header_of(data: bytes) -> Message:
    """The message's header alone.

    Raises:
        ValueError: when it is larger than any real one.
    """
    return _with_fields(header_bytes(data))


def header_bytes(data: bytes) -> bytes:
    """The bytes of the message's header.

    Raises:
        ValueError: when it is larger than any real one.
    """
    return data[: _header_end(data)]


def _parse(data: bytes, depth: int, parts_so_far: "count[int]") -> Message:
    if depth > DEEPEST or next(parts_so_far) > MOST_PARTS:
        raise ValueError(f"more than {DEEPEST} multiparts inside one another, or more than {MOST_PARTS} parts")
    end = _header_end(data)
    message = _with_fields(data[:end])
    blank = BLANK.match(data, end)
    body = data[blank.end() if blank else end :]
    boundary = message.get_boundary() if message.get_content_maintype() == "multipart" else None
    if boundary:
        parts: list[Message | str] = [_parse(part, depth + 1, parts_so_far) for part in _split(body, boundary)]
        if message.get_content_subtype() == "digest":
            for part in parts:
                part.set_default_type("message/rfc822")  # type: ignore[union-attr]
        if parts:
            message.set_payload(parts)
            return message
    if message.get_content_maintype() in ("text", "multipart"):
        message.set_payload(body.decode("ascii", "surrogateescape"))
    return message


def _header_end(data: bytes) -> int:
    found = HEADER.match(data)
    end = found.end() if found else 0
    if end > LARGEST_HEADER:
        raise ValueError(f"a header of more than {LARGEST_HEADER >> 10} KiB")
    return end


def _with_fields(header: bytes) -> Message:
    message = Part()
    header = b"\n" + header
    for match in FIELD.finditer(header.lower()):
        name, value = (header[slice(*match.span(group))] for group in (1, 2))
        value = value.replace(b"\r\n", b"\n").rstrip(b"\r\n")
        message.set_raw(name.decode("ascii"), value.decode("ascii", "surrogateescape"))
    return message


def _split(body: bytes, boundary: str) -> Iterator[bytes]:
    """The parts between the boundary's lines; a last one that is not closed counts too."""
    mark = b"--" + boundary.encode("ascii", "surrogateescape")
    begin = None
    place = body.find(mark)
    while place >= 0:
        end = body.find(b"\n", place)
        end = len(body) if end < 0 else end
        tail = body[place + len(mark) : end].rstrip()
        if tail in (b"", b"--") and (place == 0 or body[place - 1] == LINE_FEED):
            if begin is not None:
                yield _without_line_end(body[begin:place])
            if tail:
                return
            begin = end + 1
        place = body.find(mark, max(end, place + 1))
    if begin is not None:
        yield body[begin:]


def _without_line_end(data: bytes) -> bytes:
    """The line end above a boundary belongs to it."""
    return data.removesuffix(b"\n").removesuffix(b"\r")
