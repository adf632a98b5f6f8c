"""Outlook for Mac's .olm: a .zip with an XML file for every message."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO
from xml.etree import ElementTree

from email_assistant.archive.html import html_to_text
from email_assistant.archive.mail import Mail, Person, Unreadable, zoned
from email_assistant.archive.mime import LARGEST_MESSAGE, MESSAGE_ID

MARK = b"OPFMessageCopy"
# Entities are the way to make a small XML file large; Outlook writes none.
FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def looks_like_olm(head: bytes) -> bool:
    """Whether it is the XML of messages."""
    return MARK in head and head.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<")


def read(stream: BinaryIO, name: str, sent_folder: bool) -> Iterator[Mail | Unreadable]:
    """The messages of one file."""
    data = stream.read(LARGEST_MESSAGE + 1)
    if len(data) > LARGEST_MESSAGE or FORBIDDEN.search(data):
        yield Unreadable(name, "too large, or XML with declarations")
        return
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        yield Unreadable(name, f"no XML: {error}")
        return
    emails = [root] if root.tag == "email" else list(root.iter("email"))
    for place, email in enumerate(emails):
        source = name if len(emails) == 1 else f"{name}#{place}"
        yield _mail(email, source, sent_folder)


def _mail(email: ElementTree.Element, source: str, sent_folder: bool) -> Mail:
    def text(field: str) -> str:
        return (email.findtext(f"OPFMessageCopy{field}") or "").strip()

    html, plain = text("HTMLBody"), text("Body")
    references = MESSAGE_ID.findall(text("References"))
    parents = MESSAGE_ID.findall(text("InReplyTo")) or references[-1:]
    identity = text("MessageID").strip("<>")
    return Mail(
        source=source,
        id=identity or source,
        subject=" ".join(text("Subject").split()),
        text=html_to_text(html) if html else html_to_text(plain) if plain.startswith("<") else plain,
        date=_date(text("SentTime") or text("ReceivedTime")),
        senders=_people(email, "FromAddresses") or _people(email, "SenderAddress"),
        recipients=_people(email, "ToAddresses") + _people(email, "CCAddresses"),
        references=list(dict.fromkeys([*references, *parents])),
        parent=parents[0] if parents else None,
        sent_folder=sent_folder,
    )


def _people(email: ElementTree.Element, field: str) -> list[Person]:
    found = []
    for address in email.iterfind(f"OPFMessageCopy{field}/emailAddress"):
        name = address.get("OPFContactEmailAddressName", "").strip()
        found.append(Person(name, address.get("OPFContactEmailAddressAddress", "").strip().lower()))
    return [person for person in found if person.name or person.address]


def _date(text: str) -> datetime | None:
    try:
        return zoned(datetime.fromisoformat(text))
    except ValueError:
        return None
