"""Outlook for Mac's .olm: a .zip with an XML file per message."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO
from xml.etree import ElementTree

from email_assistant.archive.headers import MESSAGE_ID
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.message_kinds import kinds_by_subject
from email_assistant.archive.messages import MAX_MESSAGE_BYTES, ParsedMessage, Person, Unreadable, with_timezone

MARKER = b"OPFMessageCopy"
# Entities can expand a small XML file without limit; Outlook writes none.
FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def looks_like_olm(head: bytes) -> bool:
    """Whether a file is the XML of messages."""
    return MARKER in head and head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<")


def read(stream: BinaryIO, name: str, sent_folder: bool) -> Iterator[ParsedMessage | Unreadable]:
    """Yield the messages of one XML file."""
    data = stream.read(MAX_MESSAGE_BYTES + 1)
    if len(data) > MAX_MESSAGE_BYTES or FORBIDDEN.search(data):
        yield Unreadable(name, "too large, or XML with declarations")
        return
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        yield Unreadable(name, f"not valid XML: {error}")
        return
    emails = [root] if root.tag == "email" else list(root.iter("email"))
    for index, email in enumerate(emails):
        source = name if len(emails) == 1 else f"{name}#{index}"
        yield _to_message(email, source, sent_folder)


def _to_message(email: ElementTree.Element, source: str, sent_folder: bool) -> ParsedMessage:
    def text(field: str) -> str:
        return (email.findtext(f"OPFMessageCopy{field}") or "").strip()

    html, plain = text("HTMLBody"), text("Body")
    references = MESSAGE_ID.findall(text("References"))
    parents = MESSAGE_ID.findall(text("InReplyTo")) or references[-1:]
    message_id = text("MessageID").strip("<>")
    subject = " ".join(text("Subject").split())
    return ParsedMessage(
        source=source,
        id=message_id or source,
        subject=subject,
        text=html_to_text(html) if html else html_to_text(plain) if plain.startswith("<") else plain,
        date=_parse_date(text("SentTime") or text("ReceivedTime")),
        senders=_parse_people(email, "FromAddresses") or _parse_people(email, "SenderAddress"),
        recipients=_parse_people(email, "ToAddresses") + _parse_people(email, "CCAddresses"),
        references=list(dict.fromkeys([*references, *parents])),
        parent=parents[0] if parents else None,
        sent_folder=sent_folder,
        kinds=frozenset(kinds_by_subject(subject)),
    )


def _parse_people(email: ElementTree.Element, field: str) -> list[Person]:
    people = []
    for address in email.iterfind(f"OPFMessageCopy{field}/emailAddress"):
        name = address.get("OPFContactEmailAddressName", "").strip()
        people.append(Person(name, address.get("OPFContactEmailAddressAddress", "").strip().lower()))
    return [person for person in people if person.name or person.address]


def _parse_date(text: str) -> datetime | None:
    try:
        return with_timezone(datetime.fromisoformat(text))
    except ValueError:
        return None
