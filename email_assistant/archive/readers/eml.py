"""Files with one message: .eml, Apple's .emlx and Outlook's .msg."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from email_assistant.archive.messages import RawMessage, Unreadable
from email_assistant.archive.mime import MAX_MESSAGE_BYTES

HEADER_FIELD = re.compile(
    rb"^(From|To|Cc|Date|Subject|Message-ID|Received|MIME-Version|Return-Path|Content-Type|Delivered-To|Reply-To):",
    re.MULTILINE | re.IGNORECASE,
)
# The first line of an .emlx file is the length of the message in bytes. A property list follows the message.
EMLX_LENGTH = re.compile(rb"[ \t]*(\d{1,12})[ \t]*\r?\n")
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def looks_like_eml(head: bytes) -> bool:
    """Whether a file begins with a header that has two different fields of a mail."""
    header = head.replace(b"\r\n", b"\n").lstrip(b"\n").split(b"\n\n", 1)[0]
    starts_with_field = re.match(rb"[!-9;-~]+:", header)
    return bool(starts_with_field) and len({name.lower() for name in HEADER_FIELD.findall(header)}) >= 2


def looks_like_emlx(head: bytes) -> bool:
    """Whether a file begins with a length on its own line, followed by a mail header."""
    length = EMLX_LENGTH.match(head)
    return bool(length) and looks_like_eml(head[length.end() :] if length else b"")


def looks_like_msg(head: bytes) -> bool:
    """Whether a file is an OLE compound file like .msg. Office documents match too and turn out unreadable."""
    return head.startswith(COMPOUND_FILE) and "__substg1.0_".encode("utf-16-le") in head


def read(stream: BinaryIO, name: str, sent_folder: bool, format: str) -> Iterator[RawMessage | Unreadable]:
    """Yield the message of the file."""
    data = stream.read(MAX_MESSAGE_BYTES + 1)
    if len(data) > MAX_MESSAGE_BYTES:
        yield Unreadable(name, f"larger than {MAX_MESSAGE_BYTES >> 20} MiB")
        return
    length = EMLX_LENGTH.match(data) if format == "emlx" else None
    if length:
        data = data[length.end() : length.end() + int(length[1])]
    yield RawMessage(name, data, sent_folder, "msg" if format == "msg" else "rfc822")
