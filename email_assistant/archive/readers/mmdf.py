"""MMDF: many messages in one file, each between lines of four control characters ^A.

The line 'From sender date' may be above a header, but need not be. Nothing in a message is escaped.
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from email_assistant.archive.messages import MAX_MESSAGE_BYTES, RawMessage, Unreadable, too_large
from email_assistant.archive.readers.streams import NULS

MARK = b"\1\1\1\1"
BEFORE_FIRST = b"\xef\xbb\xbf\0 \t\r\n"
LINE_BYTES = 1 << 20


def looks_like_mmdf(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a mailbox of MMDF."""
    return head.lstrip(BEFORE_FIRST).startswith((MARK + b"\n", MARK + b"\r\n"))


def read(stream: BinaryIO, name: str, sent_folder: bool) -> Iterator[RawMessage | Unreadable]:
    """Yield the messages of a mailbox. The source of each is `name` with the index of the message."""
    for index, data in enumerate(split(stream, (MARK,))):
        source = f"{name}#{index}"
        if data is None:
            yield too_large(source)
        else:
            yield RawMessage(source, _without_separator(data), sent_folder)


def split(stream: BinaryIO, marks: tuple[bytes, ...]) -> Iterator[bytes | None]:
    """Yield what is between the lines of control characters, without what is blank; None for what is too large.

    Args:
        stream: The file.
        marks: The lines that separate its messages, without their line ends.
    """
    lines: list[bytes] = []
    size = 0
    for line in iter(lambda: stream.readline(LINE_BYTES), b""):
        if line.rstrip(b"\r\n").removeprefix(codecs.BOM_UTF8) in marks:
            yield from _joined(lines, size)
            lines, size = [], 0
            continue
        size += len(line)
        if size <= MAX_MESSAGE_BYTES:
            lines.append(line)
    yield from _joined(lines, size)


def _joined(lines: list[bytes], size: int) -> Iterator[bytes | None]:
    if size > MAX_MESSAGE_BYTES:
        yield None
        return
    data = NULS.sub(b"", b"".join(lines))
    if data.strip(BEFORE_FIRST):
        yield data


def _without_separator(data: bytes) -> bytes:
    """A message without the line that mbox has above it, too."""
    return data.partition(b"\n")[2] if data.startswith(b"From ") else data
