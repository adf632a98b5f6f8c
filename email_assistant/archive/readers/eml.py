"""One message in one file."""

import re
from collections.abc import Iterator
from pathlib import Path

from email_assistant.archive import mime
from email_assistant.archive.mail import Mail, Unreadable

HEADER = re.compile(
    rb"^(From|To|Cc|Date|Subject|Message-ID|Received|MIME-Version|Return-Path|Content-Type|Delivered-To|Reply-To):",
    re.MULTILINE | re.IGNORECASE,
)


def looks_like_eml(head: bytes) -> bool:
    """Whether a file's first bytes are a header with two different fields of a mail."""
    header = head.replace(b"\r\n", b"\n").lstrip(b"\n").split(b"\n\n", 1)[0]
    starts_with_field = re.match(rb"[!-9;-~]+:", header)
    return bool(starts_with_field) and len({name.lower() for name in HEADER.findall(header)}) >= 2


def read(path: Path, name: str) -> Iterator[Mail | Unreadable]:
    """The one message of the file."""
    try:
        yield mime.parse(path.read_bytes(), name)
    except ValueError as error:
        yield Unreadable(name, str(error))
