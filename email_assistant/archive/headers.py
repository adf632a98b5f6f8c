"""Decodes the fields of a header: texts, people, dates and message ids."""

import re
from collections.abc import Iterable
from datetime import datetime
from email import utils
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from functools import lru_cache
from hashlib import sha256

from email_assistant.archive.charsets import decode_text
from email_assistant.archive.messages import Person
from email_assistant.archive.mime_tree import header_bytes

MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
QUOTES = "'\""
# Newer patch releases of Python 3.11 and 3.12, and all of 3.13, return no address at all when one in the list is
# malformed, or when a comment has a comma, unless `strict` is off. Older ones have no such argument.
_LENIENT = {"strict": False} if getattr(utils, "supports_strict_parsing", False) else {}


def decode_header_text(header: object) -> str:
    """The decoded text of a header; empty if there is none."""
    if header is None:
        return ""
    try:
        pieces = decode_header(str(header) if isinstance(header, str) else header)  # type: ignore[arg-type]
    except (HeaderParseError, ValueError):
        return str(header)
    return "".join(piece if isinstance(piece, str) else decode_text(piece, charset) for piece, charset in pieces)


def parse_people(message: Message, *names: str) -> list[Person]:
    """The people in the named headers without repetitions, addresses in lower case."""
    values = [value for name in names for value in message.get_all(name, [])]
    raw = tuple(value if isinstance(value, str) else decode_header_text(value) for value in values)
    return list(_parse_addresses(raw)) if raw else []


@lru_cache(maxsize=8192)
def _parse_addresses(raw: tuple[str, ...]) -> tuple[Person, ...]:
    people = [
        make_person(decode_header_text(name).strip().strip(QUOTES), address.strip())
        for name, address in split_addresses(raw)
    ]
    return tuple(dict.fromkeys(person for person in people if person.name or person.address))


def split_addresses(values: Iterable[str]) -> list[tuple[str, str]]:
    """The names and addresses in the values of address headers; malformed entries do not affect the others."""
    return utils.getaddresses(values, **_LENIENT)


def make_person(name: str, address: str) -> Person:
    """A Person with the address in lower case. An address without '@', as in Outlook's internal mail, is a name."""
    if "@" in address:
        return Person(name, address.lower())
    return Person(name or address, "")


def parse_date(value: object) -> datetime | None:
    """Parse a date header; None if it is missing or invalid."""
    try:
        return utils.parsedate_to_datetime(str(value)) if value else None
    except (TypeError, ValueError, OverflowError):
        return None


def message_id(message: Message, data: bytes) -> str:
    """The Message-ID, or a hash of the header if it has none."""
    match = MESSAGE_ID.search(str(message["Message-ID"] or ""))
    return match[1] if match else sha256(header_bytes(data)).hexdigest()[:32]


def references(message: Message) -> list[str]:
    """The Message-IDs that a message refers to."""
    headers = " ".join(str(message[name] or "") for name in ("References", "In-Reply-To"))
    return list(dict.fromkeys(MESSAGE_ID.findall(headers)))
