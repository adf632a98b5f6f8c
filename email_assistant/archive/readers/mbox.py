"""mbox: messages in one file, each after a line 'From sender date'; mboxo, mboxrd and mboxcl2.

`mailbox.mbox` of the standard library takes a line of a body that starts with 'From ' for a new
message, and never takes back the '>' that mboxo and mboxrd put before such lines; this reader does.
Where Content-Length leads to the next separator, it is believed (mboxcl2, which escapes nothing).
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from email_assistant.archive.mail import Raw, Unreadable
from email_assistant.archive.mime import LARGEST_MESSAGE
from email_assistant.archive.mime_tree import LARGEST_HEADER
from email_assistant.archive.readers.streams import read_some

# 'From someone Mon Apr 29 19:28:49 2019', with or without seconds and a zone before or after the year.
DATED = re.compile(
    rb"From \S[^\n]{0,200}?\b\d{1,2}:\d{2}(:\d{2})?\b[^\n]{0,40}\b\d{4}\b|"
    rb"From \S[^\n]{0,200}?\b\d{4}\b[^\n]{0,40}\b\d{1,2}:\d{2}(:\d{2})?\b"
)
# Some programs write no date; then the line after must be a header field.
UNDATED = re.compile(rb"From \S+[ \t]*\r?\n?$")
FIELD = re.compile(rb"[!-9;-~]+:")
ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
SEPARATOR = b"\nFrom "
# Where no blank line stands above, as below encoded text, only the whole form with a mail's header counts.
WHOLE = re.compile(
    rb"From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +[A-Z][a-z]{2} +\d{1,2} +\d{1,2}:\d{2}(?::\d{2})? [^\n]{0,20}?\d{4}\b"
)
OPENING_FIELD = re.compile(
    rb"(?:Return-Path|Received|Message-ID|Date|From|To|Subject|MIME-Version|Delivered-To|X-[\w-]+):", re.IGNORECASE
)
CONTENT_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r?\n")
CHUNK = 1 << 20
LOOKAHEAD = 4096


def starts_mbox(head: bytes) -> bool:
    """Whether a file's first bytes are those of an mbox."""
    lines = head.lstrip(b"\r\n").split(b"\n", 2)
    return is_separator(lines[0], lines[1] if len(lines) > 1 else b"")


def is_separator(line: bytes, following: bytes) -> bool:
    """Whether a line that stands at the start or after a blank line begins a message."""
    return bool(DATED.match(line)) or bool(UNDATED.match(line) and FIELD.match(following))


def read(stream: BinaryIO, name: str, sent_folder: bool) -> Iterator[Raw | Unreadable]:
    """The messages of an mbox; `name` and the place in the file make their source."""
    for place, data in enumerate(split(stream)):
        source = f"{name}#{place}"
        if data is None:
            yield Unreadable(source, f"larger than {LARGEST_MESSAGE >> 20} MiB")
        else:
            yield Raw(source, data, sent_folder)


def split(stream: BinaryIO) -> Iterator[bytes | None]:
    """The bytes of each message, without its separator line and unescaped; None for one too large to hold."""
    window = _Window(stream)
    if not window.skip_to_first():
        return
    while True:
        data, escaped = window.take_message()
        yield ESCAPED.sub(rb"\1", data) if data and escaped and b">From " in data else data
        if not window.at_message:
            return


class _Window:
    """A moving part of a stream that holds the current message from its first byte on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._begin = 0
        self._ended = False
        self.at_message = False

    def skip_to_first(self) -> bool:
        """Go behind the first separator; False where there is none at the beginning."""
        first, line_end = 0, -1
        while line_end < 0 and not self._ended and len(self._buffer) < LARGEST_HEADER:
            self._more()
            first = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
            line_end = self._buffer.find(b"\n", first)
        line = bytes(self._buffer[first : line_end + 1 or None])
        self.at_message = line.startswith(b"From ") and line_end >= 0
        self._begin = line_end + 1
        return self.at_message

    def take_message(self) -> tuple[bytes | None, bool]:
        """The current message and whether its lines may be escaped; the window goes to the next one."""
        end = self._by_content_length()
        if end is not None:
            data = bytes(self._buffer[self._begin : end])
            self._go_behind_separator(end)
            return data, False
        return self._to_separator(), True

    def _to_separator(self) -> bytes | None:
        scan = max(0, self._begin - 1)
        too_large = False
        while True:
            place = self._buffer.find(SEPARATOR, scan)
            if place >= 0 and (place + LOOKAHEAD <= len(self._buffer) or self._ended):
                line_end = self._buffer.find(b"\n", place + 1, place + LOOKAHEAD)
                end = self._message_end(place, line_end) if line_end >= 0 else None
                if end is None:
                    scan = place + 1
                    continue
                data = None if too_large else bytes(self._buffer[self._begin : max(end, self._begin)])
                self._begin = line_end + 1
                return data
            if self._ended:
                data = None if too_large else bytes(self._buffer[self._begin :])
                self.at_message = False
                return data
            scan = place if place >= 0 else max(scan, len(self._buffer) - len(SEPARATOR))
            if len(self._buffer) - self._begin > LARGEST_MESSAGE:
                too_large = True
                self._begin = scan
            scan -= self._more()

    def _message_end(self, place: int, line_end: int) -> int | None:
        """Where the message ends above a line that begins with 'From '; None when that is a line of its text."""
        line = bytes(self._buffer[place + 1 : line_end + 1])
        following = bytes(self._buffer[line_end + 1 : line_end + 1 + LOOKAHEAD])
        above = bytes(self._buffer[max(0, place - 4) : place])
        if above.endswith((b"\n", b"\n\r")):
            # The blank line belongs to the separator.
            return place - above.endswith(b"\r") if is_separator(line, following) else None
        if place < self._begin or above.rstrip(b"\r").endswith(b"--"):
            return place + 1 if is_separator(line, following) else None
        return place + 1 if WHOLE.match(line) and OPENING_FIELD.match(following) else None

    def _header_end(self) -> int:
        """Where the header's last line ends; -1 when the window does not hold it."""
        plain = self._buffer.find(b"\n\n", self._begin, self._begin + LARGEST_HEADER)
        other = self._buffer.find(b"\n\r\n", self._begin, plain if plain >= 0 else self._begin + LARGEST_HEADER)
        found = plain if other < 0 else other
        return found + 1 if found >= 0 else -1

    def _by_content_length(self) -> int | None:
        """Where the message ends if its Content-Length leads to a separator or the end of the file."""
        while (header_end := self._header_end()) < 0 and not self._ended:
            if len(self._buffer) - self._begin > LARGEST_HEADER:
                return None
            self._more()
        header = bytes(self._buffer[max(0, self._begin - 1) : max(0, header_end)]).lower()
        length = CONTENT_LENGTH.search(header) if b"content-length:" in header else None
        if not length or int(length[1]) > LARGEST_MESSAGE:
            return None
        blank = 2 if self._buffer[header_end : header_end + 1] == b"\r" else 1
        body = header_end + blank - self._begin + int(length[1])
        while len(self._buffer) < self._begin + body + LOOKAHEAD and not self._ended:
            self._more()
        end = self._begin + body
        rest = bytes(self._buffer[end : end + LOOKAHEAD])
        if end > len(self._buffer) or (
            end and rest.strip() and self._buffer[end - 1 : end] != b"\n" and rest[:1] not in b"\r\n"
        ):
            return None
        following = rest.lstrip(b"\r\n").split(b"\n", 1)
        led = not rest.strip() or is_separator(following[0] + b"\n", following[1] if len(following) > 1 else b"")
        return end if led else None

    def _go_behind_separator(self, end: int) -> None:
        while end < len(self._buffer) and self._buffer[end] in b"\r\n":
            end += 1
        line_end = self._buffer.find(b"\n", end)
        self.at_message = line_end >= 0
        self._begin = line_end + 1

    def _more(self) -> int:
        """Read on; what lies before the current message is let go. Returns by how much positions moved."""
        moved = max(0, self._begin - 2)
        del self._buffer[:moved]
        self._begin -= moved
        chunk = read_some(self._stream, CHUNK)
        self._ended = not chunk
        self._buffer += chunk
        return moved
