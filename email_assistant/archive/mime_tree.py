"""A fast parser from the bytes of a message to Message objects of the standard library.

The standard parser reads every line of every attachment. This one searches for boundaries and keeps only the header
fields that are used here and the bodies of text parts; decoding is left to the standard library. Broken messages give
the same result as with the standard parser; a test compares the two.
"""

import re
from collections.abc import Iterator
from email.message import Message
from itertools import count
from typing import Any

# The only header fields that this package reads.
FIELDS = (
    *("From", "Sender", "Return-Path", "Reply-To", "X-Original-From", "To", "Cc", "Subject", "Date", "Message-ID"),
    *("In-Reply-To", "References", "List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", "Precedence"),
    *("Auto-Submitted", "X-Autoreply", "X-Autorespond", "X-Auto-Response-From", "X-Gmail-Labels"),
    *("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"),
)
# Applied to a lower-case header, since IGNORECASE is twice as slow.
FIELD = re.compile(
    rb"\n(" + b"|".join(name.lower().encode() for name in FIELDS) + rb")[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)"
)
# The header ends before the first line that is neither a field nor a continuation of one.
HEADER = re.compile(rb"(?:(?:[!-9;-~]+[ \t]*:|[ \t]|From |>From )[^\n]*\n?)*")
LINE_FEED = 10
BLANK = re.compile(rb"\r?\n|\Z")
# Larger than in any real mail; protects against messages that are made to exhaust parsers.
MAX_HEADER_BYTES = 1 << 20
MAX_DEPTH = 60
MAX_PARTS = 2000


class IndexedMessage(Message):
    """A Message that looks up header fields in a dictionary instead of searching a list."""

    def __init__(self) -> None:
        """Create a message without fields."""
        super().__init__()
        self._by_name: dict[str, list[str]] = {}

    def set_raw(self, name: str, value: str) -> None:
        """Add a field without parsing it."""
        super().set_raw(name, value)
        self._by_name.setdefault(name.lower(), []).append(value)

    def get(self, name: str, failobj: Any = None) -> Any:
        """The first field with a name."""
        values = self._by_name.get(name.lower())
        return self.policy.header_fetch_parse(name, values[0]) if values else failobj

    def get_all(self, name: str, failobj: Any = None) -> Any:
        """All fields with a name."""
        values = self._by_name.get(name.lower())
        return [self.policy.header_fetch_parse(name, value) for value in values] if values else failobj


def parse_tree(data: bytes) -> Message:
    """Parse a message with its parts. Only text parts get a body.

    Args:
        data: Header and body, with lines in LF or CRLF.

    Raises:
        ValueError: If the header, the nesting or the number of parts exceeds its limit.
    """
    return _parse(data, 0, count(1))


def parse_header(data: bytes) -> Message:
    """Parse only the header of a message.

    Raises:
        ValueError: If it exceeds its limit.
    """
    return _parse_fields(header_bytes(data))


def header_bytes(data: bytes) -> bytes:
    """The bytes of the header of a message.

    Raises:
        ValueError: If it exceeds its limit.
    """
    return data[: _header_end(data)]


def _parse(data: bytes, depth: int, part_counter: "count[int]") -> Message:
    if depth > MAX_DEPTH or next(part_counter) > MAX_PARTS:
        raise ValueError(f"more than {MAX_DEPTH} multiparts inside one another, or more than {MAX_PARTS} parts")
    end = _header_end(data)
    message = _parse_fields(data[:end])
    blank = BLANK.match(data, end)
    body = data[blank.end() if blank else end :]
    boundary = message.get_boundary() if message.get_content_maintype() == "multipart" else None
    if boundary:
        parts: list[Message | str] = [_parse(part, depth + 1, part_counter) for part in _split(body, boundary)]
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
    match = HEADER.match(data)
    end = match.end() if match else 0
    if end > MAX_HEADER_BYTES:
        raise ValueError(f"a header of more than {MAX_HEADER_BYTES >> 10} KiB")
    return end


def _parse_fields(header: bytes) -> Message:
    message = IndexedMessage()
    header = b"\n" + header
    for match in FIELD.finditer(header.lower()):
        name, value = (header[slice(*match.span(group))] for group in (1, 2))
        value = value.replace(b"\r\n", b"\n").rstrip(b"\r\n")
        message.set_raw(name.decode("ascii"), value.decode("ascii", "surrogateescape"))
    return message


def _split(body: bytes, boundary: str) -> Iterator[bytes]:
    """Yield the parts between the boundary lines, including a last one that is not closed."""
    marker = b"--" + boundary.encode("ascii", "surrogateescape")
    begin = None
    start = body.find(marker)
    while start >= 0:
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        tail = body[start + len(marker) : end].rstrip()
        if tail in (b"", b"--") and (start == 0 or body[start - 1] == LINE_FEED):
            if begin is not None:
                yield _strip_line_end(body[begin:start])
            if tail:
                return
            begin = end + 1
        start = body.find(marker, max(end, start + 1))
    if begin is not None:
        yield body[begin:]


def _strip_line_end(data: bytes) -> bytes:
    """Remove the line end before a boundary, which belongs to the boundary."""
    return data.removesuffix(b"\n").removesuffix(b"\r")
