"""A message's bytes to a Mail: headers, charsets, the part that its writer wrote."""

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

from email_assistant.archive.automatic import PGP, by_header, kinds_of
from email_assistant.archive.html import html_to_text
from email_assistant.archive.mail import Mail, Person
from email_assistant.archive.mime_tree import header_bytes, header_of, parse_tree

MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
VIA = re.compile(r"\s+(via|через|über|par|por|tramite)\s+.+$", re.IGNORECASE)
# What UTF-8 looks like that was read as Latin-1 or one of its cousins; ftfy, which is slow, decides.
TWICE_ENCODED = re.compile("[ÃÂâÐÑÅÄÎØÙ\x80-\x9f][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
SENT = re.compile(
    r"[._\[\s]*(?:sent(?![a-z])|отправленные|исходящие|надіслані|gesendet|envoyés?\b|(?:éléments|messages) envoyés|"
    r"(?:elementos |itens |correo )?enviad|(?:posta )?inviat|verzonden|(?:elementy )?wysłane|odeslan|skickat|sendt|"
    r"lähetetyt|送信済み|已发送|寄件備份)",
    re.IGNORECASE,
)
LARGEST_MESSAGE = 128 << 20


class Parser(Protocol):
    """A function from a message's bytes to a Mail."""

    def __call__(self, data: bytes, source: str, sent_folder: bool = False, /) -> Mail:
        """Decode one message."""


def parse(data: bytes, source: str, sent_folder: bool = False) -> Mail:
    """Decode one RFC 5322 message.

    Args:
        data: The message, header and body, with lines in LF or CRLF.
        source: Where it lies, for reports.
        sent_folder: Whether it lies among sent mail.

    Raises:
        ValueError: when the bytes begin with no header, or are more than any real message is.
    """
    message = parse_tree(data)
    mail = _envelope(message, data, source, sent_folder)
    mail.text = body_text(message)
    mail.kinds = kinds_of(message, mail.subject)
    if PGP in mail.text:
        mail.kinds |= {"encrypted"}
    return mail


def parse_envelope(data: bytes, source: str, sent_folder: bool = False) -> Mail:
    """Decode a message's header alone: everything but `text` and the kinds that its parts show.

    Raises:
        ValueError: as `parse` does.
    """
    message = header_of(data)
    mail = _envelope(message, data, source, sent_folder)
    mail.kinds = frozenset(by_header(message))
    return mail


def _envelope(message: Message, data: bytes, source: str, sent_folder: bool) -> Mail:
    if not message.keys():
        raise ValueError("no header")
    senders = people(message, "From") or people(message, "Sender", "Return-Path")
    via = [person for person in senders if VIA.search(person.name)]
    if via:
        senders = [Person(VIA.sub("", person.name).strip("' "), "") for person in via]
        senders += people(message, "Reply-To", "X-Original-From")
    references = _references(message)
    parents = MESSAGE_ID.findall(str(message["In-Reply-To"] or ""))
    return Mail(
        source=source,
        id=_message_id(message, data),
        subject=" ".join(decoded(message["Subject"]).split()),
        date=parse_date(message["Date"]),
        senders=senders,
        recipients=people(message, "To", "Cc"),
        references=references,
        parent=parents[0] if parents else next(iter(references[-1:]), None),
        sent_folder=sent_folder or is_sent(decoded(message["X-Gmail-Labels"]).split(",")),
    )


def _message_id(message: Message, data: bytes) -> str:
    found = MESSAGE_ID.search(str(message["Message-ID"] or ""))
    return found[1] if found else sha256(header_bytes(data)).hexdigest()[:32]


def _references(message: Message) -> list[str]:
    headers = " ".join(str(message[name] or "") for name in ("References", "In-Reply-To"))
    return list(dict.fromkeys(MESSAGE_ID.findall(headers)))


def is_sent(names: Iterable[str]) -> bool:
    """Whether a label or a folder among these is that of sent mail."""
    return any(SENT.match(name.strip()) for name in names)


def decoded(header: object) -> str:
    """A header's text, whatever it is encoded in; empty when there is none."""
    if header is None:
        return ""
    try:
        pieces = decode_header(str(header) if isinstance(header, str) else header)  # type: ignore[arg-type]
    except (HeaderParseError, ValueError):
        return str(header)
    return "".join(piece if isinstance(piece, str) else decode(piece, charset) for piece, charset in pieces)


def people(message: Message, *names: str) -> list[Person]:
    """Everyone that the named headers mention, each once, addresses in lower case."""
    values = [value for name in names for value in message.get_all(name, [])]
    raw = tuple(value if isinstance(value, str) else decoded(value) for value in values)
    return list(_people(raw)) if raw else []


@lru_cache(maxsize=8192)
def _people(raw: tuple[str, ...]) -> tuple[Person, ...]:
    found = [person(decoded(name).strip().strip("'\""), address.strip()) for name, address in getaddresses(raw)]
    return tuple(dict.fromkeys(person for person in found if person.name or person.address))


def person(name: str, address: str) -> Person:
    """A Person with the address in lower case; what is no address, as Outlook's own mail has it, is a name."""
    if "@" in address:
        return Person(name, address.lower())
    return Person(name or address, "")


def parse_date(value: object) -> datetime | None:
    """A date header's moment; None when it is missing or no date."""
    try:
        return parsedate_to_datetime(str(value)) if value else None
    except (TypeError, ValueError, OverflowError):
        return None


def body_text(message: Message) -> str:
    """The text that the writer typed: plain parts, or HTML ones where there is no plain text.

    Attached files and forwarded messages (message/rfc822) are left out.
    """
    parts = list(_inline_parts(message))
    texts = [_plain_text(part) for part in parts if part.get_content_type() == "text/plain"]
    if not any(text.strip() for text in texts):
        texts = [html_to_text(part_text(part)) for part in parts if part.get_content_type() == "text/html"]
    return "\n\n".join(text.strip("\n") for text in texts if text.strip())


def _inline_parts(part: Message) -> Iterator[Message]:
    if part.get_content_disposition() == "attachment" or part.get_content_type() == "message/rfc822":
        return
    if part.get_filename() and not part.is_multipart():
        return
    if part.is_multipart():
        for inner in part.get_payload():
            if isinstance(inner, Message):
                yield from _inline_parts(inner)
    else:
        yield part


def _plain_text(part: Message) -> str:
    text = part_text(part)
    if str(part.get_param("format", "")).lower() == "flowed":
        return unflow(text, delete_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text


def unflow(text: str, delete_space: bool) -> str:
    """Join the lines that format=flowed wrapped (RFC 3676); quoted lines stay as they are."""
    lines: list[str] = []
    open_line = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        content = line if quoted else line.removeprefix(" ")
        if open_line and not quoted:
            lines[-1] += content
        else:
            lines.append(content)
        open_line = content.endswith(" ") and content != "-- " and not quoted
        if open_line and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def part_text(part: Message) -> str:
    """A part's text with its transfer encoding and charset undone, lines in LF."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_param("charset")
    name = charset[2] if isinstance(charset, tuple) else charset
    return decode(data, name).replace("\r\n", "\n").replace("\r", "\n")


def decode(data: bytes, charset: str | None) -> str:
    """Bytes to text: by the declared charset, else strict UTF-8, else a guess."""
    for name in (charset, "utf-8"):
        if name and name.lower() not in ("us-ascii", "ascii", "unknown-8bit", "8bit"):
            try:
                text = data.decode(name)
                return ftfy.fix_encoding(text) if TWICE_ENCODED.search(text) else text
            except (LookupError, UnicodeDecodeError, ValueError):
                continue
    guess = chardet.detect(data)["encoding"] or "latin-1"
    return data.decode(guess, "replace")
