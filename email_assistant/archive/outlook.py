"""Converts the message properties of Outlook's .pst and .msg files to a ParsedMessage."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from io import BytesIO

from striprtf.striprtf import rtf_to_text

from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.messages import ParsedMessage, Person, with_timezone
from email_assistant.archive.mime import decode_bytes, parse_envelope


@dataclass(frozen=True)
class MessageProperties:
    """The properties of a message. Bodies are bytes, or text if the file declares them as text."""

    headers: str
    subject: str
    sender: str
    sent: datetime | None
    plain: bytes | str | None
    html: bytes | str | None
    rtf: bytes | str | None
    recipients: tuple[Person, ...] = ()


def to_message(properties: MessageProperties, source: str, sent_folder: bool) -> ParsedMessage:
    """Make a message from the header of a message, or from Outlook's own properties if it has no header.

    Mail that was never sent over the internet has no header, and its sender has no address.

    Raises:
        ValueError: If there is neither a header nor a sender or subject.
    """
    header = properties.headers.replace("\r\n", "\n").strip()
    if not header:
        header = f"From: {properties.sender}\nSubject: {properties.subject}".replace("\r", " ")
    message = parse_envelope(f"{header}\n\n".encode("utf-8", "surrogateescape"), source, sent_folder)
    sent = with_timezone(properties.sent) if properties.sent else None
    message.subject = message.subject or " ".join(properties.subject.split())
    message.date = message.date or sent
    message.senders = message.senders or ([_parse_person(properties.sender)] if properties.sender.strip() else [])
    message.recipients = message.recipients or list(properties.recipients)
    message.text = _body_text(properties)
    if "message-id" not in properties.headers.lower():
        stamp = format_datetime(sent) if sent else ""
        identity = f"{properties.sender}\n{stamp}\n{properties.subject}\n{message.text}"
        message.id = sha256(identity.encode()).hexdigest()[:32]
    return message


def parse_msg(data: bytes, source: str, sent_folder: bool) -> ParsedMessage:
    """Parse a .msg file.

    Raises:
        ValueError: If it is broken or another kind of Office file.
    """
    from oxmsg import Message

    try:
        message = Message.load(BytesIO(data))
        headers = "\n".join(f"{name}: {value}" for name, value in message.message_headers.items())
        recipients = [
            Person(recipient.name or "", (recipient.email_address or "").lower()) for recipient in message.recipients
        ]
        properties = MessageProperties(
            headers=headers,
            subject=message.subject or "",
            sender=message.sender or "",
            sent=message.sent_date,
            plain=message.body,
            html=message.html_body,
            rtf=None,
            recipients=tuple(recipients),
        )
    except Exception as error:  # the library passes on every error of its dependencies
        raise ValueError(f"no message: {type(error).__name__}: {error}") from error
    return to_message(properties, source, sent_folder)


def _parse_person(sender: str) -> Person:
    name, _, address = sender.rpartition("<")
    if address.endswith(">") and "@" in address:
        return Person(name.strip(' "'), address[:-1].strip().lower())
    return Person("", sender.strip().lower()) if "@" in sender and " " not in sender else Person(sender.strip(), "")


def _body_text(properties: MessageProperties) -> str:
    plain = _to_text(properties.plain)
    if plain.strip():
        return plain
    if properties.html:
        return html_to_text(_to_text(properties.html))
    return str(rtf_to_text(_to_text(properties.rtf), errors="ignore")) if properties.rtf else ""


def _to_text(body: bytes | str | None) -> str:
    text = decode_bytes(body, None) if isinstance(body, bytes) else body or ""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\0")
