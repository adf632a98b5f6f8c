"""What Outlook's stores hold of a message, in .pst and .msg alike, to a Mail."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from io import BytesIO

from striprtf.striprtf import rtf_to_text

from email_assistant.archive.html import html_to_text
from email_assistant.archive.mail import Mail, Person, zoned
from email_assistant.archive.mime import decode, parse_envelope


@dataclass(frozen=True)
class Fields:
    """The properties of a message; bodies are bytes, or text where the store says so."""

    headers: str
    subject: str
    sender: str
    sent: datetime | None
    plain: bytes | str | None
    html: bytes | str | None
    rtf: bytes | str | None
    recipients: tuple[Person, ...] = ()


def to_mail(fields: Fields, source: str, sent_folder: bool) -> Mail:
    """A Mail from the header that the message came with, and from Outlook's own properties where it has none.

    Mail that was never sent over the internet has no header, and names its sender without an address.

    Raises:
        ValueError: when there is neither a header nor anything else to know it by.
    """
    header = fields.headers.replace("\r\n", "\n").strip()
    if not header:
        header = f"From: {fields.sender}\nSubject: {fields.subject}".replace("\r", " ")
    mail = parse_envelope(f"{header}\n\n".encode("utf-8", "surrogateescape"), source, sent_folder)
    sent = zoned(fields.sent) if fields.sent else None
    mail.subject = mail.subject or " ".join(fields.subject.split())
    mail.date = mail.date or sent
    mail.senders = mail.senders or ([_person(fields.sender)] if fields.sender.strip() else [])
    mail.recipients = mail.recipients or list(fields.recipients)
    mail.text = _body(fields)
    if "message-id" not in fields.headers.lower():
        stamp = format_datetime(sent) if sent else ""
        mail.id = sha256(f"{fields.sender}\n{stamp}\n{fields.subject}\n{mail.text}".encode()).hexdigest()[:32]
    return mail


def parse_msg(data: bytes, source: str, sent_folder: bool) -> Mail:
    """The message of a .msg file.

    Raises:
        ValueError: when it is another kind of Office file, or broken.
    """
    from oxmsg import Message

    try:
        message = Message.load(BytesIO(data))
        headers = "\n".join(f"{name}: {value}" for name, value in message.message_headers.items())
        fields = Fields(
            headers=headers,
            subject=message.subject or "",
            sender=message.sender or "",
            sent=message.sent_date,
            plain=message.body,
            html=message.html_body,
            rtf=None,
            recipients=tuple(
                Person(each.name or "", (each.email_address or "").lower()) for each in message.recipients
            ),
        )
    except Exception as error:  # the library raises whatever its parts do
        raise ValueError(f"no message: {type(error).__name__}: {error}") from error
    return to_mail(fields, source, sent_folder)


def _person(sender: str) -> Person:
    name, _, address = sender.rpartition("<")
    if address.endswith(">") and "@" in address:
        return Person(name.strip(' "'), address[:-1].strip().lower())
    return Person("", sender.strip().lower()) if "@" in sender and " " not in sender else Person(sender.strip(), "")


def _body(fields: Fields) -> str:
    plain = _text(fields.plain)
    if plain.strip():
        return plain
    if fields.html:
        return html_to_text(_text(fields.html))
    return str(rtf_to_text(_text(fields.rtf), errors="ignore")) if fields.rtf else ""


def _text(body: bytes | str | None) -> str:
    text = decode(body, None) if isinstance(body, bytes) else body or ""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\0")
