"""A fast parser from the bytes of a message to Message objects of the standard library.

The standard parser reads every line of every attachment. This one searches for boundaries and keeps only the header
fields that are used here and the bodies of text parts; decoding is left to the standard library. Broken messages give
the same result as with the standard parser; a test compares the two.
"""

import re
from collections.abc import Iterator, KeysView
from email.message import Message
from itertools import count
from typing import Any

from email_assistant.archive import charsets, multi_byte

# The only header fields that this package reads.
FIELDS = (
    *("From", "Sender", "Return-Path", "Reply-To", "X-Original-From", "To", "Cc", "Subject", "Date", "Message-ID"),
    *("In-Reply-To", "References", "List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", "Precedence"),
    *("Auto-Submitted", "X-Autoreply", "X-Autorespond", "X-Auto-Response-From", "X-Gmail-Labels", "X-Cron-Env"),
    *("Delivered-To", "X-Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Smssync-Datatype"),
    *("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"),
    *("X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys", "X-Keywords", "X-Status", "X-Evolution"),
    *("X-Spam-Flag", "X-Spam-Status", "X-Unsent", "X-Uniform-Type-Identifier"),
    *("X-Claws-End-Special-Headers", "X-Sylpheed-End-Special-Headers"),
)
KNOWN = frozenset(name.lower().encode("ascii") for name in FIELDS)
FIELD = re.compile(rb"\n([!-9;-~]+)[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)")
# The header ends before the first line that is neither a field nor a continuation of one.
HEADER = re.compile(rb"(?:(?:[!-9;-~]+[ \t]*:|[ \t]|From |>From )[^\n]*\n?)*")
# A line that a program put into a header, without a name of a field, and the fields below it.
STRAY_LINES = re.compile(rb"(?:(?![!-9;-~]+[ \t]*:)[^\r\n][^\n]{0,998}\n){1,2}(?=[!-9;-~]+[ \t]*:)")
# The fields of which a header has one each: where all are new, the header goes on, and no other message begins.
SINGLE_FIELDS = re.compile(
    rb"^(From|To|Cc|Subject|Date|Message-ID|In-Reply-To|References|MIME-Version|Content-Type|"
    rb"Content-Transfer-Encoding)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
MIN_FIELDS_BELOW = 2
# Lines above any field, or a blank one amid fields, are so rare that more must speak for it.
MIN_FIELDS_OF_A_HEADER = 3
OF_A_PROGRAM = frozenset((b"message-id", b"mime-version", b"content-type"))
BLANK_LINES = re.compile(rb"(?:\r?\n){1,2}(?=[!-9;-~]+[ \t]*:)")
# A program has doubled each line end.
DOUBLED_LINES = re.compile(rb"(?:(?:[!-9;-~]+[ \t]*:|[ \t]+\S)[^\r\n]*\r?\n\r?\n){4}")
DOUBLED_END = re.compile(rb"(\r?\n)\r?\n")
# 'text/plain charset=utf-8' without the mark between the type and its parameters.
TYPE_WITHOUT_MARK = re.compile(rb"\A([\w.+*-]+/[\w.+*-]+)[\s,]+(?=[\w*-]+\s?=)")
# Only UTF-8 may be in an address (RFC 6532).
ADDRESS_BEYOND_ASCII = re.compile(rb"[\x80-\xff][^\s<>,;\"@]{0,64}@|@[^\s<>,;\"@]{0,255}[\x80-\xff]")
# The fields that people write, which broken programs do not encode.
TEXT_FIELDS = frozenset(
    ("from", "sender", "reply-to", "x-original-from", "to", "cc", "subject", "x-gmail-labels", "x-keywords")
)
CHARSET = re.compile(rb"\ncontent-type:[^\n]*(?:\n[ \t][^\n]*)*?charset=[ \t\"']*([\w.:-]+)", re.IGNORECASE)
# What may precede a header that a program damaged: a byte order mark, NULs and empty lines.
BEFORE_HEADER = re.compile(rb"(?:\xef\xbb\xbf|\xc3\xaf\xc2\xbb\xc2\xbf|\0|[ \t]*\r?\n)+")
# Line ends of old Macintosh programs, and those that were converted twice; not those of UTF-16.
BARE_RETURN = re.compile(rb"\r(?![\n\0])")
START_BYTES = 2048
LINE_FEED = 10
BOUNDARY = re.compile(rb"^--(\S(?:[^\r\n]{0,68}\S)?)[ \t]*\r?\nContent-", re.IGNORECASE | re.MULTILINE)
BLANK = re.compile(rb"\r?\n|\Z")
# Larger than in any real mail; protects against messages that are made to exhaust parsers.
MAX_HEADER_BYTES = 16 << 20
# What is read of a field, such as a list of thousands of recipients.
MAX_FIELD_BYTES = 1 << 17
MAX_DEPTH = 60
# Types beside text/… whose parts are text; some programs turn the two words round.
TEXT_APPLICATIONS = frozenset(("application/xhtml+xml", "application/rtf", "application/pgp", "plain/text"))
MAX_PARTS = 2000


class IndexedMessage(Message):
    """A Message that looks up header fields in a dictionary instead of searching a list.

    Attributes:
        body: The bytes of a part of text, with its transfer encoding.
        repairs: What had to be repaired to decode the fields, as in `charsets`.
        is_ascii: Whether the header has no bytes beyond ASCII, which the standard library would look for in each field.
    """

    is_ascii: bool = False
    body: bytes = b""
    repairs: frozenset[str] = frozenset()

    def __init__(self) -> None:
        """Create a message without fields."""
        super().__init__()
        self._by_name: dict[str, list[str]] = {}

    def names(self) -> KeysView[str]:
        """The names of all fields in lower case, without repetitions."""
        return self._by_name.keys()

    def set_raw(self, name: str, value: str) -> None:
        """Add a field without parsing it."""
        super().set_raw(name, value)
        self._by_name.setdefault(name.lower(), []).append(value)

    def get(self, name: str, failobj: Any = None) -> Any:
        """The first field with a name."""
        values = self._by_name.get(name.lower())
        if not values:
            return failobj
        return values[0] if self.is_ascii else self.policy.header_fetch_parse(name, values[0])

    def get_all(self, name: str, failobj: Any = None) -> Any:
        """All fields with a name."""
        values = self._by_name.get(name.lower())
        if not values:
            return failobj
        return list(values) if self.is_ascii else [self.policy.header_fetch_parse(name, value) for value in values]


def parse_tree(data: bytes) -> IndexedMessage:
    """Parse a message with its parts. Only parts that may hold text get a body.

    Args:
        data: Header and body, with lines in LF or CRLF.

    Raises:
        ValueError: If the header exceeds its limit. Parts that are nested too deep or too many are left out.
    """
    return _parse(mend_start(data), 0, count(1))


def parse_header(data: bytes) -> IndexedMessage:
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
    data = mend_start(data)
    return data[: _header_end(data, is_first=True)]


def is_tnef(part: Message) -> bool:
    """Whether a part is Outlook's winmail.dat, in which the text of the mail may be."""
    if part.get_content_type() in ("application/ms-tnef", "application/vnd.ms-tnef"):
        return True
    named = f"{part['Content-Type']} {part['Content-Disposition']}".lower()
    return "winmail.dat" in named and (part.get_filename() or "").lower() == "winmail.dat"


def is_pkcs7(part: Message) -> bool:
    """Whether a part is a message of S/MIME, signed or encrypted, that no part beside it repeats."""
    content_type = part.get_content_type()
    if content_type == "application/octet-stream":
        return (part.get_filename() or "").lower().endswith(".p7m")
    return content_type in ("application/pkcs7-mime", "application/x-pkcs7-mime")


def mend_start(data: bytes) -> bytes:
    """The message from its first field on, with lines in LF or CRLF."""
    if not data[:1].isalpha():
        before = BEFORE_HEADER.match(data)
        data = data[before.end() :] if before else data
    start = data[:START_BYTES]
    if b"\0" in start:
        header, blank, body = data.partition(b"\r\n\r\n" if b"\r\n\r\n" in start else b"\n\n")
        data = header.replace(b"\0", b"") + blank + body
    if start.count(b"\r", 0, -1) > start.count(b"\r\n") + start.count(b"\r\0"):
        data = BARE_RETURN.sub(b"\n", data.replace(b"\r\r\n", b"\n"))
    doubled = DOUBLED_LINES.match(data[:START_BYTES])
    is_header = doubled is not None and len(SINGLE_FIELDS.findall(doubled[0])) >= MIN_FIELDS_BELOW
    return DOUBLED_END.sub(rb"\1", data) if is_header else data


def _parse(data: bytes, depth: int, part_counter: "count[int]") -> IndexedMessage:
    end = _header_end(data, is_first=depth == 0)
    message = _parse_fields(data[:end])
    blank = BLANK.match(data, end)
    body = data[blank.end() if blank else end :]
    content_type = message.get_content_type()
    boundary = _boundary(message, body) if content_type.startswith("multipart/") else None
    if boundary and depth < MAX_DEPTH:
        parts: list[Message | str] = [
            _parse(part, depth + 1, part_counter) for part in _split(body, boundary) if next(part_counter) <= MAX_PARTS
        ]
        if content_type == "multipart/digest":
            for part in parts:
                part.set_default_type("message/rfc822")  # type: ignore[union-attr]
        if parts:
            message.set_payload(parts)
            return message
    elif boundary:
        return message
    if (
        content_type.startswith(("text/", "multipart/"))
        or content_type in TEXT_APPLICATIONS
        or (content_type.startswith("application/") and (is_tnef(message) or is_pkcs7(message)))
    ):
        message.body = body
    return message


def _header_end(data: bytes, is_first: bool) -> int:
    """Where the header of a message ends, or that of a part, below which there may be a message of its own."""
    match = HEADER.match(data)
    end = match.end() if match else 0
    while is_first and (begin := _goes_on(data, end)) is not None:
        end = HEADER.match(data, begin).end()  # type: ignore[union-attr]
    if end > MAX_HEADER_BYTES:
        raise ValueError(f"a header of more than {MAX_HEADER_BYTES >> 10} KiB")
    return end


def _mend_value(name: bytes, value: bytes) -> bytes:
    value = value[:MAX_FIELD_BYTES].replace(b"\r\n", b"\n").rstrip(b"\r\n")
    return TYPE_WITHOUT_MARK.sub(rb"\1; ", value) if name.lower() == b"content-type" else value


def _goes_on(data: bytes, end: int) -> int | None:
    """Where a header goes on below a line that is no field, or begins there; None if it does not."""
    between = STRAY_LINES.match(data, end) or BLANK_LINES.match(data, end)
    if between is None:
        return None
    below = HEADER.match(data, between.end())[0]  # type: ignore[index]
    above = {name.lower() for name in SINGLE_FIELDS.findall(data, 0, end)}
    added = [name.lower() for name in SINGLE_FIELDS.findall(below)]
    if not above.isdisjoint(added):
        return None
    if between.re is STRAY_LINES and above:
        return between.end() if len(added) >= MIN_FIELDS_BELOW else None
    is_header = len(added) >= MIN_FIELDS_OF_A_HEADER and not OF_A_PROGRAM.isdisjoint(added)
    return between.end() if is_header else None


def _parse_fields(header: bytes) -> IndexedMessage:
    message = IndexedMessage()
    header = b"\n" + (header.replace(b"\0", b"") if b"\0" in header else header)
    fields = [
        (name.decode("ascii"), _mend_value(name, value))
        for name, value in FIELD.findall(header)
        if name.lower() in KNOWN
    ]
    message.is_ascii = header.isascii()
    texts = {} if message.is_ascii else _decode_raw_fields(message, fields, header)
    for place, (field, raw) in enumerate(fields):
        message.set_raw(field, texts[place] if place in texts else raw.decode("ascii", "surrogateescape"))
    return message


def _decode_raw_fields(message: IndexedMessage, fields: list[tuple[str, bytes]], header: bytes) -> dict[int, str]:
    """The texts of the fields with bytes beyond ASCII, by their number.

    The charset that the message declares for its body is also that of its header. Where it declares none, it is guessed
    from all fields together, since one name or subject may be too short.
    """
    raw = {
        place: b" ".join(value.split(b"\n"))
        for place, (name, value) in enumerate(fields)
        if not value.isascii() and name.lower() in TEXT_FIELDS
    }
    declared = CHARSET.search(header)
    charset = declared[1].decode("ascii") if declared else None
    together = b"\n".join(raw.values())
    if ADDRESS_BEYOND_ASCII.search(together) and multi_byte.decode_strictly(together, "utf-8"):
        charset = "utf-8"
    decoded = charsets.decode(together, charset)
    lines = decoded.text.split("\n")
    if len(lines) == len(raw):
        message.repairs = decoded.repairs
        return dict(zip(raw, lines, strict=True))
    parts = {place: charsets.decode(value, charset) for place, value in raw.items()}
    message.repairs = frozenset().union(*(part.repairs for part in parts.values()))
    return {place: part.text for place, part in parts.items()}


def _boundary(message: IndexedMessage, body: bytes) -> bytes | None:
    """The line between the parts as declared; where no line is that, the one that is there."""
    declared = (message.get_boundary() or "").encode("utf-8", "surrogateescape")
    if declared and b"--" + declared in body:
        return declared
    found = BOUNDARY.search(body)
    return found[1] if found else declared or None


def _split(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield the parts between the boundary lines, including a last one that is not closed."""
    marker = b"--" + boundary
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
