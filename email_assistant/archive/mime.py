"""A message's bytes to a Mail: headers, charsets, the part that its writer wrote."""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256

import chardet
import ftfy

from email_assistant.archive.automatic import is_automatic
from email_assistant.archive.html import html_to_text
from email_assistant.archive.mail import Mail, Person

MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
VIA = re.compile(r"\s+(via|через|über|par|por|tramite)\s+.+$", re.IGNORECASE)
SENT_LABELS = ("sent", "отправленные", "gesendet", "envoyé", "enviado", "inviat")


def parse(data: bytes, source: str) -> Mail:
    """Decode one RFC 5322 message.

    Args:
        data: The message, header and body, with lines in LF or CRLF.
        source: Where it lies, for reports.

    Raises:
        ValueError: when the bytes begin with no header.
    """
    message = message_from_bytes(data)
    if not message.keys():
        raise ValueError("no header")
    senders = people(message, "From") or people(message, "Sender", "Return-Path")
    through_list = any(message[name] for name in ("List-Id", "List-Post", "List-Unsubscribe", "Mailing-List"))
    via = [person for person in senders if VIA.search(person.name)]
    if via:
        senders = [Person(VIA.sub("", person.name).strip("' "), "") for person in via]
        senders += people(message, "Reply-To", "X-Original-From")
    return Mail(
        source=source,
        id=_message_id(message, data),
        subject=" ".join(decoded(message["Subject"]).split()),
        text=body_text(message),
        date=parse_date(message["Date"]),
        senders=senders,
        recipients=people(message, "To", "Cc"),
        references=_references(message),
        sent_folder=_is_sent(message),
        through_list=bool(through_list),
        automatic=is_automatic(message, decoded(message["Subject"])),
    )


def _message_id(message: Message, data: bytes) -> str:
    found = MESSAGE_ID.search(str(message["Message-ID"] or ""))
    return found[1] if found else sha256(data).hexdigest()[:32]


def _references(message: Message) -> list[str]:
    headers = " ".join(str(message[name] or "") for name in ("References", "In-Reply-To"))
    return list(dict.fromkeys(MESSAGE_ID.findall(headers)))


def _is_sent(message: Message) -> bool:
    labels = decoded(message["X-Gmail-Labels"]).lower()
    return any(label.strip().startswith(SENT_LABELS) for label in labels.split(","))


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
    raw = [value if isinstance(value, str) else decoded(value) for name in names for value in message.get_all(name, [])]
    found = [Person(decoded(name).strip().strip("'\""), address.strip().lower()) for name, address in getaddresses(raw)]
    return list(dict.fromkeys(person for person in found if person.name or person.address))


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
    plain, html = [], []
    for part in _inline_parts(message):
        if part.get_content_type() == "text/plain":
            plain.append(_plain_text(part))
        elif part.get_content_type() == "text/html":
            html.append(html_to_text(part_text(part)))
    best = plain if any(text.strip() for text in plain) else html
    return "\n\n".join(text.strip("\n") for text in best if text.strip())


def _inline_parts(part: Message) -> Iterator[Message]:
    if part.get_content_disposition() == "attachment" or part.get_content_type() == "message/rfc822":
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
                return ftfy.fix_encoding(data.decode(name))
            except (LookupError, UnicodeDecodeError, ValueError):
                continue
    guess = chardet.detect(data)["encoding"] or "latin-1"
    return data.decode(guess, "replace")
