"""mbox: messages in one file, each after a line 'From sender date'.

`mailbox.mbox` of the standard library takes a line of a body that starts with 'From ' for a new
message, and never takes back the '>' that mboxo and mboxrd put before such lines; this reader does.
"""

import re
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path

from email_assistant.archive import mime
from email_assistant.archive.mail import Mail, Unreadable

# 'From someone Mon Apr 29 19:28:49 2019', with or without seconds and a zone before or after the year.
DATED = re.compile(rb"From \S.*\b\d{1,2}:\d{2}(:\d{2})?\b.*\b\d{4}\b|From \S.*\b\d{4}\b.*\b\d{1,2}:\d{2}(:\d{2})?\b")
# Some programs write no date; then the line after must be a header field.
UNDATED = re.compile(rb"From \S+\s*$")
FIELD = re.compile(rb"[!-9;-~]+:")
ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def starts_mbox(head: bytes) -> bool:
    """Whether a file's first bytes are those of an mbox."""
    lines = head.lstrip(b"\r\n").split(b"\n", 2)
    return is_separator(lines[0], lines[1] if len(lines) > 1 else b"")


def is_separator(line: bytes, following: bytes) -> bool:
    """Whether a line that stands at the start or after a blank line begins a message."""
    return bool(DATED.match(line)) or bool(UNDATED.match(line) and FIELD.match(following))


def read(path: Path, name: str) -> Iterator[Mail | Unreadable]:
    """The messages of an mbox file; `name` and the place in the file make their source."""
    for place, data in enumerate(split(path)):
        source = f"{name}#{place}"
        try:
            yield mime.parse(ESCAPED.sub(rb"\1", data), source)
        except ValueError as error:
            yield Unreadable(source, str(error))


def split(path: Path) -> Iterator[bytes]:
    """The bytes of each message, without its separator line."""
    lines: list[bytes] = []
    inside = False
    blank = True
    with path.open("rb") as file:
        for line, following in pairwise(chain(file, [b""])):
            if blank and is_separator(line, following):
                if inside:
                    yield b"".join(lines)
                lines, inside = [], True
            elif inside:
                lines.append(line)
            blank = not line.strip()
    if inside:
        yield b"".join(lines)
