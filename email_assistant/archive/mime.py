"""Parses the bytes of a message: headers, charsets, and the text that its author typed."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

import chardet
import ftfy

from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.locales import any_of
from email_assistant.archive.message_kinds import PGP_MESSAGE, kinds_by_header, kinds_of
from email_assistant.archive.messages import ParsedMessage, Person
from email_assistant.archive.mime_tree import header_bytes, parse_header, parse_tree

MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
VIA = re.compile(rf"\s+(?:{any_of(lambda locale: locale.via)})\s+.+$", re.IGNORECASE)
# Typical characters of UTF-8 that was decoded as Latin-1 or a similar charset. Only then ftfy, which is slow, is asked.
MOJIBAKE = re.compile("[ÃÂâÐÑÅÄÎØÙ\x80-\x9f][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
SENT_FOLDER = re.compile(rf"[._\[\s]*(?:{any_of(lambda locale: locale.sent_folders)})", re.IGNORECASE)
MAX_MESSAGE_BYTES = 128 << 20


class Parser(Protocol):
    """A function that parses the bytes of a message."""

    def __call__(self, data: bytes, source: str, sent_folder: bool = False, /) -> ParsedMessage:
        """Decode one message."""


def parse(data: bytes, source: str, sent_folder: bool = False) -> ParsedMessage:
    """Decode one RFC 5322 message.

    Args:
        data: The message, header and body, with lines in LF or CRLF.
        source: Location of the message, for reports.
        sent_folder: Whether it is in a folder of sent mail.

    Raises:
        ValueError: If the bytes do not begin with a header, or exceed the limits of `parse_tree`.
    """
    message = parse_tree(data)
    parsed = _parse_fields(message, data, source, sent_folder)
    parsed.text = body_text(message)
    parsed.kinds = kinds_of(message, parsed.subject)
    if PGP_MESSAGE in parsed.text:
        parsed.kinds |= {"encrypted"}
    return parsed


def parse_envelope(data: bytes, source: str, sent_folder: bool = False) -> ParsedMessage:
    """Decode only the header of a message: everything but `text` and the kinds that depend on the body.

    Raises:
        ValueError: As `parse`.
    """
    message = parse_header(data)
    parsed = _parse_fields(message, data, source, sent_folder)
    parsed.kinds = frozenset(kinds_by_header(message))
    return parsed


def _parse_fields(message: Message, data: bytes, source: str, sent_folder: bool) -> ParsedMessage:
    if not message.keys():
        raise ValueError("no header")
    senders = parse_people(message, "From") or parse_people(message, "Sender", "Return-Path")
    via = [person for person in senders if VIA.search(person.name)]
    if via:
        senders = [Person(VIA.sub("", person.name).strip("' "), "") for person in via]
        senders += parse_people(message, "Reply-To", "X-Original-From")
    references = _references(message)
    parents = MESSAGE_ID.findall(str(message["In-Reply-To"] or ""))
    return ParsedMessage(
        source=source,
        id=_message_id(message, data),
        subject=" ".join(decode_header_text(message["Subject"]).split()),
        date=parse_date(message["Date"]),
        senders=senders,
        recipients=parse_people(message, "To", "Cc"),
        references=references,
        parent=parents[0] if parents else next(iter(references[-1:]), None),
        sent_folder=sent_folder or is_sent_folder(decode_header_text(message["X-Gmail-Labels"]).split(",")),
    )


def _message_id(message: Message, data: bytes) -> str:
    match = MESSAGE_ID.search(str(message["Message-ID"] or ""))
    return match[1] if match else sha256(header_bytes(data)).hexdigest()[:32]


def _references(message: Message) -> list[str]:
    headers = " ".join(str(message[name] or "") for name in ("References", "In-Reply-To"))
    return list(dict.fromkeys(MESSAGE_ID.findall(headers)))


def is_sent_folder(names: Iterable[str]) -> bool:
    """Whether any of these folder names or labels is one for sent mail."""
    return any(SENT_FOLDER.match(name.strip()) for name in names)


def decode_header_text(header: object) -> str:
    """The decoded text of a header; empty if there is none."""
    if header is None:
        return ""
    try:
        pieces = decode_header(str(header) if isinstance(header, str) else header)  # type: ignore[arg-type]
    except (HeaderParseError, ValueError):
        return str(header)
    return "".join(piece if isinstance(piece, str) else decode_bytes(piece, charset) for piece, charset in pieces)


def parse_people(message: Message, *names: str) -> list[Person]:
    """The people in the named headers without repetitions, addresses in lower case."""
    values = [value for name in names for value in message.get_all(name, [])]
    raw = tuple(value if isinstance(value, str) else decode_header_text(value) for value in values)
    return list(_parse_addresses(raw)) if raw else []


@lru_cache(maxsize=8192)
def _parse_addresses(raw: tuple[str, ...]) -> tuple[Person, ...]:
    people = [
        make_person(decode_header_text(name).strip().strip("'\""), address.strip())
        for name, address in getaddresses(raw)
    ]
    return tuple(dict.fromkeys(person for person in people if person.name or person.address))


def make_person(name: str, address: str) -> Person:
    """A Person with the address in lower case. An address without '@', as in Outlook's internal mail, is a name."""
    if "@" in address:
        return Person(name, address.lower())
    return Person(name or address, "")


def parse_date(value: object) -> datetime | None:
    """Parse a date header; None if it is missing or invalid."""
    try:
        return parsedate_to_datetime(str(value)) if value else None
    except (TypeError, ValueError, OverflowError):
        return None


def body_text(message: Message) -> str:
    """The text of the plain parts, or of the HTML parts if there is no plain text.

    Attached files and forwarded messages (message/rfc822) are excluded.
    """
    parts = list(_inline_parts(message))
    texts = [_plain_part_text(part) for part in parts if part.get_content_type() == "text/plain"]
    if not any(text.strip() for text in texts):
        texts = [html_to_text(part_text(part)) for part in parts if part.get_content_type() == "text/html"]
    return "\n\n".join(text.strip("\n") for text in texts if text.strip())


def _inline_parts(part: Message) -> Iterator[Message]:
    if part.get_content_disposition() == "attachment" or part.get_content_type() == "message/rfc822":
        return
    if part.get_filename() and not part.is_multipart():
        return
    if part.is_multipart():
        for child in part.get_payload():
            if isinstance(child, Message):
                yield from _inline_parts(child)
    else:
        yield part


def _plain_part_text(part: Message) -> str:
    text = part_text(part)
    if str(part.get_param("format", "")).lower() == "flowed":
        return unflow(text, delete_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text


def unflow(text: str, delete_space: bool) -> str:
    """Join the lines that format=flowed wrapped (RFC 3676); quoted lines are not changed."""
    lines: list[str] = []
    is_soft_break = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        content = line if quoted else line.removeprefix(" ")
        if is_soft_break and not quoted:
            lines[-1] += content
        else:
            lines.append(content)
        is_soft_break = content.endswith(" ") and content != "-- " and not quoted
        if is_soft_break and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def part_text(part: Message) -> str:
    """The decoded text of a part, with lines in LF."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_param("charset")
    name = charset[2] if isinstance(charset, tuple) else charset
    return decode_bytes(data, name).replace("\r\n", "\n").replace("\r", "\n")


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Decode bytes by the declared charset, else as strict UTF-8, else by a guess."""
    for name in (charset, "utf-8"):
        if name and name.lower() not in ("us-ascii", "ascii", "unknown-8bit", "8bit"):
            try:
                text = data.decode(name)
                return ftfy.fix_encoding(text) if MOJIBAKE.search(text) else text
            except (LookupError, UnicodeDecodeError, ValueError):
                continue
    guess = chardet.detect(data)["encoding"] or "latin-1"
    return data.decode(guess, "replace")
