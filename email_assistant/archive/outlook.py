"""Converts the message properties of Outlook's .pst and .msg files to a ParsedMessage."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from io import BytesIO

from compressed_rtf import decompress

from email_assistant.archive.charsets import Decoded, decode, decode_text
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.message_kinds import kinds_by_subject, kinds_by_text
from email_assistant.archive.messages import ParsedMessage, Person, with_timezone
from email_assistant.archive.mime import parse_envelope
from email_assistant.archive.rtf import rtf_to_text

# Numbers of properties (MS-OXPROPS), and the flag of a message that was never sent.
HTML, RTF_COMPRESSED, MESSAGE_FLAGS, UNSENT = 0x1013, 0x1009, 0x0E07, 0x8


@dataclass(frozen=True)
class MessageProperties:
    """The properties of a message.

    Bodies are bytes in `charset`, or text if the file declares them as text; `rtf` is not compressed. `kinds` is what
    the message is by its flags.
    """

    headers: str
    subject: str
    sender: str
    sent: datetime | None
    plain: bytes | str | None
    html: bytes | str | None
    rtf: bytes | None
    recipients: tuple[Person, ...] = ()
    charset: str | None = None
    kinds: frozenset[str] = frozenset()


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
    _read_body(message, properties)
    message.kinds |= properties.kinds | kinds_by_subject(message.subject) | kinds_by_text(message.text)
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
        stored = message.properties
        is_unsent = bool((stored.int_prop_value(MESSAGE_FLAGS) or 0) & UNSENT)
        compressed = stored.binary_prop_value(RTF_COMPRESSED)
        properties = MessageProperties(
            headers=headers,
            subject=_text_or_bytes(lambda: message.subject),
            sender=_text_or_bytes(lambda: message.sender),
            sent=message.sent_date,
            plain=_text_or_bytes(lambda: message.body),
            html=stored.binary_prop_value(HTML) or _text_or_bytes(lambda: stored.str_prop_value(HTML)),
            rtf=decompress(compressed) if compressed else None,
            recipients=tuple(recipients),
            charset=stored.body_encoding,
            kinds=frozenset({"draft"}) if is_unsent and not headers and not message.sent_date else frozenset(),
        )
    except Exception as error:  # the library passes on every error of its dependencies
        raise ValueError(f"not a message: {type(error).__name__}: {error}") from error
    return to_message(properties, source, sent_folder)


def _text_or_bytes(read: Callable[[], str | None]) -> str:
    """A text of the file; if it is not in the charset that the file declares, in the one that it is in."""
    try:
        return read() or ""
    except UnicodeDecodeError as error:
        return decode_text(bytes(error.object))


def _parse_person(sender: str) -> Person:
    name, _, address = sender.rpartition("<")
    if address.endswith(">") and "@" in address:
        return Person(name.strip(' "'), address[:-1].strip().lower())
    return Person("", sender.strip().lower()) if "@" in sender and " " not in sender else Person(sender.strip(), "")


def _read_body(message: ParsedMessage, properties: MessageProperties) -> None:
    """Set the text of a message: the plain one, else the HTML, else the rich text."""
    plain = _decode(properties.plain, properties.charset)
    page = _decode(properties.html, properties.charset) if not plain.text.strip() else Decoded("")
    message.repairs |= plain.repairs | page.repairs
    message.text = plain.text
    if page.text.strip():
        message.text = html_to_text(page.text)
    elif not plain.text.strip() and properties.rtf:
        message.text = rtf_to_text(properties.rtf)


def _decode(body: bytes | str | None, charset: str | None) -> Decoded:
    decoded = decode(body, charset) if isinstance(body, bytes) else Decoded(body or "")
    return Decoded(decoded.text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\0"), decoded.repairs)
