"""One message in one file: .eml, Apple's .emlx, Outlook's .msg."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from email_assistant.archive.mail import Raw, Unreadable
from email_assistant.archive.mime import LARGEST_MESSAGE

HEADER = re.compile(
    rb"^(From|To|Cc|Date|Subject|Message-ID|Received|MIME-Version|Return-Path|Content-Type|Delivered-To|Reply-To):",
    re.MULTILINE | re.IGNORECASE,
)
# The first line of an .emlx file is the number of the message's bytes; a property list follows them.
LENGTH = re.compile(rb"[ \t]*(\d{1,12})[ \t]*\r?\n")
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def looks_like_eml(head: bytes) -> bool:
    """Whether a file's first bytes are a header with two different fields of a mail."""
    header = head.replace(b"\r\n", b"\n").lstrip(b"\n").split(b"\n\n", 1)[0]
    starts_with_field = re.match(rb"[!-9;-~]+:", header)
    return bool(starts_with_field) and len({name.lower() for name in HEADER.findall(header)}) >= 2


def looks_like_emlx(head: bytes) -> bool:
    """Whether a length stands on the first line, and a header below it."""
    length = LENGTH.match(head)
    return bool(length) and looks_like_eml(head[length.end() :] if length else b"")


def looks_like_msg(head: bytes) -> bool:
    """Whether it is an OLE compound file, as .msg files are; Office documents turn out unreadable."""
    return head.startswith(COMPOUND_FILE) and "__substg1.0_".encode("utf-16-le") in head


def read(stream: BinaryIO, name: str, sent_folder: bool, format: str) -> Iterator[Raw | Unreadable]:
    """The one message of the file."""
    data = stream.read(LARGEST_MESSAGE + 1)
    if len(data) > LARGEST_MESSAGE:
        yield Unreadable(name, f"larger than {LARGEST_MESSAGE >> 20} MiB")
        return
    length = LENGTH.match(data) if format == "emlx" else None
    if length:
        data = data[length.end() : length.end() + int(length[1])]
    yield Raw(name, data, sent_folder, "msg" if format == "msg" else "rfc822")
