r"""Babyl: the mailboxes of Emacs' Rmail before version 23.

A section about the file comes first. Each message follows a line ^_^L, with its attributes in its first line:

    1, answered, deleted,, a label
    the header as it was received
    *** EOOH ***
    the fields that Rmail shows, and a blank line
    the text

Where the attributes begin with 0, nothing was hidden yet: then the only header is the one below the mark.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from email_assistant.archive.messages import RawMessage, Unreadable, too_large
from email_assistant.archive.readers import mmdf

# The section about the file. Its options follow.
OPENING = re.compile(rb"BABYL OPTIONS:", re.IGNORECASE)
MARKS = (b"\x1f\x0c", b"\x1f")
END_OF_HEADER = re.compile(rb"^\*\*\* EOOH \*\*\*[ \t]*\r?\n", re.MULTILINE)
BLANK_LINE = re.compile(rb"^\r?\n", re.MULTILINE)
ATTRIBUTES = re.compile(rb"[01] ?,[^\n]*\n")
KINDS = {b"deleted": "deleted"}


def looks_like_babyl(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a mailbox of Rmail."""
    return OPENING.match(head.lstrip(mmdf.BEFORE_FIRST)) is not None


def read(stream: BinaryIO, name: str, sent_folder: bool) -> Iterator[RawMessage | Unreadable]:
    """Yield the messages of a mailbox. The source of each is `name` with the index of the message."""
    sections = mmdf.split(stream, MARKS)
    next(sections, None)
    for index, data in enumerate(sections):
        source = f"{name}#{index}"
        if data is None:
            yield too_large(source)
        else:
            message, kinds = _message(data)
            yield RawMessage(source, message, sent_folder, kinds=kinds)


def _message(data: bytes) -> tuple[bytes, frozenset[str]]:
    """A message with its whole header, and what it is by its attributes."""
    first = ATTRIBUTES.match(data)
    attributes = first[0].strip().lower().partition(b",,")[0].split(b",") if first else []
    kinds = frozenset(KINDS[word.strip()] for word in attributes if word.strip() in KINDS)
    data = data[first.end() :] if first else data
    mark = END_OF_HEADER.search(data)
    if mark is None:
        return data, kinds
    received, shown = data[: mark.start()].strip(b"\r\n"), data[mark.end() :]
    if not received:
        return shown, kinds
    blank = BLANK_LINE.search(shown)
    return received + b"\n\n" + (shown[blank.end() :] if blank else b""), kinds
