"""Parses the bytes of a message: its header, its kinds, and the text that its author typed."""

import re
from datetime import datetime
from typing import Protocol

from email_assistant.archive.body import payload, read_body
from email_assistant.archive.dates import parse_field
from email_assistant.archive.folders import gmail_labels, is_sent_folder
from email_assistant.archive.headers import (
    MESSAGE_ID,
    decode_header_text,
    message_id,
    parse_people,
    references,
)
from email_assistant.archive.message_kinds import kinds_by_header, kinds_by_text, kinds_of
from email_assistant.archive.messages import ParsedMessage
from email_assistant.archive.mime_tree import IndexedMessage, header_bytes, is_pkcs7, parse_header, parse_tree
from email_assistant.archive.senders import authors
from email_assistant.archive.smime import signed_content

# Whose mailbox the last servers put a message into.
DELIVERY_FIELDS = ("Delivered-To", "X-Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
FOLD = re.compile(rb"\r?\n[ \t]")
RECEIVED = re.compile(rb"^Received:[^\n]*;([^;\n]{5,80})$", re.IGNORECASE | re.MULTILINE)


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
    opened = signed_content(payload(message)) if is_pkcs7(message) else None
    body = read_body(message if opened is None else parse_tree(opened))
    parsed.text = body.text
    parsed.repairs |= body.repairs
    parsed.kinds = kinds_of(message, parsed.subject)
    if opened is not None:
        parsed.kinds = parsed.kinds - {"encrypted"} | {"signed"}
    parsed.kinds |= kinds_by_text(parsed.text)
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


def _parse_fields(message: IndexedMessage, data: bytes, source: str, sent_folder: bool) -> ParsedMessage:
    if not message.keys():
        raise ValueError("no header")
    parents = MESSAGE_ID.findall(str(message["In-Reply-To"] or ""))
    thread = references(message)
    return ParsedMessage(
        source=source,
        id=message_id(message, data),
        subject=" ".join(decode_header_text(message["Subject"]).split()),
        date=parse_field(decode_header_text(message["Date"])) or _date_of_transport(data),
        senders=authors(message),
        recipients=parse_people(message, "To", "Cc"),
        reply_to=parse_people(message, "Reply-To"),
        delivered_to=parse_people(message, *DELIVERY_FIELDS),
        references=thread,
        parent=parents[0] if parents else next(iter(thread[-1:]), None),
        sent_folder=sent_folder or is_sent_folder(gmail_labels(message)),
        repairs=message.repairs,
    )


def _date_of_transport(data: bytes) -> datetime | None:
    """When the first server took a message without a date of its own; None if no server wrote a date."""
    dates = RECEIVED.findall(FOLD.sub(b" ", header_bytes(data)))
    return parse_field(dates[-1].decode("ascii", "replace").strip()) if dates else None
