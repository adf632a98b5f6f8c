"""Files with one message: .eml, Apple's .emlx and Outlook's .msg."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from email_assistant.archive.folders import kinds_of_emlx
from email_assistant.archive.messages import MAX_MESSAGE_BYTES, RawMessage, Unreadable, too_large
from email_assistant.archive.mime_tree import mend_start
from email_assistant.archive.readers import joined
from email_assistant.archive.readers.streams import HEAD_BYTES

HEADER_FIELD = re.compile(
    rb"^(From|Sender|To|Cc|Bcc|Date|Subject|Message-ID|In-Reply-To|References|Received|MIME-Version|Return-Path|"
    rb"Content-Type|Content-Transfer-Encoding|Delivered-To|Reply-To|User-Agent|X-Mailer|DKIM-Signature)[ \t]*:",
    re.MULTILINE | re.IGNORECASE,
)
# Fields that are above the others, and may be longer than what is looked at.
OF_A_PROGRAM = re.compile(rb"(?:X-[\w-]+|ARC-[\w-]+|Authentication-Results):", re.IGNORECASE)
# The first line of an .emlx file is the length of the message in bytes. A property list follows the message.
EMLX_LENGTH = re.compile(rb"[ \t]*(\d{1,12})[ \t]*\r?\n")
# The property list of an .emlx file without its length, as scripts leave it. A list that a mail shows has no flags.
PROPERTIES = re.compile(rb"<\?xml [^<>]{0,200}>\s*<!DOCTYPE plist [^<>]{0,200}>\s*<plist\b")
# The separator of a mailbox, which some exports leave above the header.
SEPARATOR = re.compile(rb">?From [^\n]*\n")
# The fields of a memo that Notes exported as its "structured text", which has the text of the mail in a field.
OF_NOTES = re.compile(rb"^(?:SendTo|PostedDate|ComposedDate|\$UpdatedBy)[ \t]*:", re.MULTILINE)
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def looks_like_eml(head: bytes, least: int = 2) -> bool:
    """Whether a file begins with a header that has some different fields of a mail.

    Args:
        head: The first bytes of the file.
        least: The number of fields; one is enough in a header that goes on beyond these bytes, or a first field that
            only programs write.
    """
    start = mend_start(head).replace(b"\r\n", b"\n")
    separator = SEPARATOR.match(start)
    header, end, _ = start[separator.end() if separator else 0 :].partition(b"\n\n")
    starts_with_field = re.match(rb"[!-9;-~]+[ \t]*:", header)
    fields = {name.lower() for name in HEADER_FIELD.findall(header)}
    if starts_with_field and not end and len(head) >= HEAD_BYTES:
        return bool(fields) or least == 1 or OF_A_PROGRAM.match(header) is not None
    return bool(starts_with_field) and len(fields) >= least and not OF_NOTES.search(header)


def looks_like_emlx(head: bytes) -> bool:
    """Whether a file begins with a length on its own line, followed by a mail header."""
    length = EMLX_LENGTH.match(head)
    return bool(length) and looks_like_eml(head[length.end() :] if length else b"")


def looks_like_msg(head: bytes) -> bool:
    """Whether a file is an OLE compound file like .msg. Office documents match too and turn out unreadable."""
    return head.startswith(COMPOUND_FILE) and "__substg1.0_".encode("utf-16-le") in head


def read(stream: BinaryIO, name: str, sent_folder: bool, format: str) -> Iterator[RawMessage | Unreadable]:
    """Yield the message of the file, or all of a text into which several were copied."""
    data = stream.read(MAX_MESSAGE_BYTES + 1)
    if len(data) > MAX_MESSAGE_BYTES:
        yield too_large(name)
        return
    length = EMLX_LENGTH.match(data) if format == "emlx" else None
    kinds: frozenset[str] = frozenset()
    if length:
        end = _end_of_emlx(data, length.end(), int(length[1]))
        kinds = kinds_of_emlx(data[end:])
        data = data[length.end() : end]
    elif format == "eml" and data.rstrip().endswith(b"</plist>") and (begin := _begin_of_properties(data)) is not None:
        kinds = kinds_of_emlx(data[begin:])
        data = data[:begin]
    mails = joined.split(data, name) if format == "eml" else [data]
    for index, mail in enumerate(mails):
        source = name if len(mails) == 1 else f"{name}#{index}"
        yield RawMessage(source, mail, sent_folder, "msg" if format == "msg" else "rfc822", kinds)


def _begin_of_properties(data: bytes) -> int | None:
    """Where the property list of Apple Mail begins that ends a message; None if there is none."""
    begin = data.rfind(b"<?xml ")
    is_list = begin >= 0 and PROPERTIES.match(data, begin) and b"<key>flags</key>" in data[begin:]
    return begin if is_list else None


def _end_of_emlx(data: bytes, begin: int, length: int) -> int:
    """Where the message of an .emlx file ends: before its property list, if the length is wrong that the file names."""
    end = begin + length
    if end == len(data):
        return end
    properties = data.rfind(b"<?xml", begin)
    if (
        properties < 0
        or b"<plist" not in data[properties:]
        or data[begin:end].endswith(data[begin:properties].rstrip())
    ):
        return end
    return end if not data[end:properties].strip() and end <= properties else properties
