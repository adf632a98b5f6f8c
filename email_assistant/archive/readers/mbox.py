"""mbox: many messages in one file, each after a line 'From sender date'. Variants mboxo, mboxrd and mboxcl2.

`mailbox.mbox` of the standard library starts a new message at every body line that begins with 'From ', and does not
remove the '>' by which mboxo and mboxrd escape such lines. This reader checks such a line and removes the '>'. A
Content-Length that points to the next separator is used (mboxcl2, which escapes nothing).
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from email_assistant.archive.messages import MAX_MESSAGE_BYTES, RawMessage, Unreadable, too_large
from email_assistant.archive.mime_tree import MAX_HEADER_BYTES
from email_assistant.archive.readers.streams import NULS, read_available

# 'From someone Mon Apr 29 19:28:49 2019', with or without seconds and a zone before or after the year.
DATED_SEPARATOR = re.compile(
    rb"From +\S[^\n]{0,200}?\b\d{1,2}:\d{2}(:\d{2})?\b[^\n]{0,40}\b(?:\d{4}\b|\d\d[ \t]*\r?$)|"
    rb"From +\S[^\n]{0,200}?\b\d{4}\b[^\n]{0,40}(?:\b|T)\d{1,2}:\d{2}(:\d{2})?(?:\b|Z)|"
    # Without a time of day, or with the seconds since 1970.
    rb"From +\S+[ \t]+\d{9,10}[ \t]*\r?$|"
    rb"From +\S+[ \t]+(?:\d{4}-\d\d-\d\d|[A-Z][a-z]{2},? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2}) +\d{4})"
    rb"[ \t]*\r?$",
    re.MULTILINE,
)
# Some programs write no date. Then the next line must be a header field.
UNDATED_SEPARATOR = re.compile(rb"From \S+[ \t]*\r?\n?$")
# Thunderbird writes nothing behind 'From '. Then a header must follow.
BARE_SEPARATOR = re.compile(rb"From[ \t]+\r?\n?$")
HEADER = re.compile(rb"(?:[ \t]*\r?\n)?(?:[!-9;-~]+[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+")
FIELD_NAME = re.compile(rb"[!-9;-~]+:")
ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
SEPARATOR = b"\nFrom "
# Without a blank line above (as after encoded text), only the complete form followed by a mail header counts.
COMPLETE_SEPARATOR = re.compile(
    rb"From +\S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +[A-Z][a-z]{2} +\d{1,2} +\d{1,2}:\d{2}(?::\d{2})? [^\n]{0,20}?\d{4}\b"
)
# The address and the date of the complete form. Many programs write the same word in place of every address.
ENVELOPE = re.compile(
    rb"From +(\S+) +[A-Z][a-z]{2} +([A-Z][a-z]{2}) +(\d{1,2}) +(\d{1,2}):(\d{2}):?(\d{2})? "
    rb"[^\n]{0,20}?(?<![+\d-])((?:19|20)\d\d)\b"
)
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
# What git writes above each patch. It separates patches; in a mail, it is part of one.
PATCH_SEPARATOR = re.compile(rb"From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001")
# How a patch ends: git's version, or a line of a diff.
PATCH_END = re.compile(rb"\n(?:-- ?\r?\n\d[^\n]*|[ +\\-][^\n]*)\Z")
# A mail that shows a patch speaks of it.
SPEAKS_OF_PATCH = re.compile(
    rb"patch|\bdiff|\bcommit|\bgit\b|\bappl(?:y|ied)\b|\bfix|8<|>8|" + "патч|коммит|правк".encode(), re.IGNORECASE
)
SUBJECT = re.compile(rb"^Subject:[^\n]*", re.IGNORECASE | re.MULTILINE)
BOUNDARY = re.compile(rb"\bboundary=[ \t]*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
OPENING_FIELD = re.compile(
    rb"(?:Return-Path|Received|Message-ID|Date|From|Sender|Reply-To|To|Cc|Bcc|Subject|MIME-Version|Delivered-To|"
    rb"Content-[\w-]+|References|In-Reply-To|Status|DKIM-Signature|Authentication-Results|ARC-[\w-]+|X-[\w-]+):",
    re.IGNORECASE,
)
KNOWN_FIELD = re.compile(rb"^" + OPENING_FIELD.pattern, re.IGNORECASE | re.MULTILINE)
# A file that a program filled up with NULs before it wrote on.
NULS_BEFORE_SEPARATOR = re.compile(rb"(?<=\n)\0+(?=From )")
# The byte order marks of mailboxes that were joined.
MARK_BEFORE_SEPARATOR = b"\n\xef\xbb\xbfFrom "
# What may precede the first separator: a byte order mark, also one that was encoded twice, NULs and empty lines.
BEFORE_FIRST = re.compile(rb"(?:\xef\xbb\xbf|\xc3\xaf\xc2\xbb\xc2\xbf|[\0 \t\r\n])*")
# What may follow a complete separator: a field, a second separator, or nothing more.
OPENING = re.compile(rb">*From |[!-9;-~]+[ \t]*:|\Z")
BLANK_LINE = re.compile(rb"\n\r?\n")
BLANK_START = re.compile(rb"[ \t]*\r?\n")
CONTENT_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r?\n")
CHUNK_BYTES = 1 << 20
LOOKAHEAD_BYTES = 4096
# How far the end of a patch is looked for.
PATCH_BYTES = 1 << 18


def looks_like_mbox(head: bytes) -> bool:
    """Whether a file that begins with these bytes is an mbox."""
    line, _, following = head[_first(head) :].partition(b"\n")
    return COMPLETE_SEPARATOR.match(line) is not None or is_separator(line, following)


def _first(data: bytes | bytearray) -> int:
    """Where the first line with text begins."""
    match = BEFORE_FIRST.match(data)
    return match.end() if match else 0


def is_separator(line: bytes, following: bytes) -> bool:
    """Whether a line at the start of the file or after a blank line separates messages."""
    if COMPLETE_SEPARATOR.match(line):
        # A mail may show such a line, above words. A header that is damaged has at least one field left.
        paragraph = BLANK_LINE.split(following[_first(following) :], maxsplit=1)[0]
        return OPENING.match(paragraph) is not None or KNOWN_FIELD.search(paragraph) is not None
    if DATED_SEPARATOR.match(line) or BARE_SEPARATOR.match(line):
        # 'From Monday, 10:00, until the end of 2024' is a sentence.
        return _begins_with_header(following)
    return bool(UNDATED_SEPARATOR.match(line) and FIELD_NAME.match(following))


def _begins_with_header(data: bytes) -> bool:
    """Whether a text begins with fields of a header, of which mail has at least one."""
    header = HEADER.match(data)
    if header is None and len(data) >= LOOKAHEAD_BYTES:
        return OPENING_FIELD.match(data) is not None
    return bool(header and KNOWN_FIELD.search(header[0]))


def read(stream: BinaryIO, name: str, sent_folder: bool) -> Iterator[RawMessage | Unreadable]:
    """Yield the messages of an mbox. The source of each is `name` with the index of the message."""
    for index, data in enumerate(split(stream)):
        source = f"{name}#{index}"
        if data is None:
            yield too_large(source)
        else:
            yield RawMessage(source, data, sent_folder)


def split(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield the unescaped bytes of each message without its separator line; None for one that is too large."""
    window = _Window(stream)
    if not window.skip_to_first():
        return
    while True:
        data, escaped = window.next_message()
        if data is not None and window.is_doubled(data):
            continue
        yield ESCAPED.sub(rb"\1", data) if data and escaped and b">From " in data else data
        if not window.at_message:
            return


class _Envelope(NamedTuple):
    """Sender and date of a separator: year, month, day, hour, minute, second; both empty if it is not complete."""

    sender: bytes
    date: tuple[int, ...]


def _envelope_of(line: bytes) -> _Envelope:
    match = ENVELOPE.match(line)
    if not match or match[2] not in MONTHS:
        return _Envelope(b"", ())
    sender, month, *numbers, year = match.groups(b"0")
    return _Envelope(sender, (int(year), MONTHS.index(month), *map(int, numbers)))


class _Window:
    """A buffer that moves over a stream and holds the current message from its first byte."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._begin = 0
        self._ended = False
        self._at_patch = self._shows_patch = False
        self._first_envelope = self._envelope = _Envelope(b"", ())
        self._above = self._line = b""
        self.at_message = False

    def skip_to_first(self) -> bool:
        """Move behind the first separator. Returns False if the stream does not begin with one."""
        first, line_end = 0, -1
        while line_end < 0 and not self._ended and len(self._buffer) < MAX_HEADER_BYTES:
            self._read_more()
            first = _first(self._buffer)
            line_end = self._buffer.find(b"\n", first)
        line = bytes(self._buffer[first : line_end + 1 or None])
        self.at_message = line.startswith(b"From ") and line_end >= 0
        self._enter(line, line_end + 1)
        self._first_envelope = self._envelope
        return self.at_message

    def _enter(self, line: bytes, begin: int) -> None:
        """Go to the message that begins behind a separator."""
        self._begin = begin
        self._above, self._line = self._line, line
        self._at_patch, self._shows_patch = PATCH_SEPARATOR.match(line) is not None, False
        self._envelope = _envelope_of(line)

    def is_doubled(self, data: bytes) -> bool:
        """Whether nothing is between a separator and the next one, or only blank lines if both are the same."""
        return self.at_message and not data.strip() and (not data or self._above.rstrip() == self._line.rstrip())

    def next_message(self) -> tuple[bytes | None, bool]:
        """Return the current message and whether its lines may be escaped, and move to the next message."""
        end = self._end_by_content_length()
        if end is not None:
            data = bytes(self._buffer[self._begin : end])
            self._skip_separator(end)
            return data, False
        return self._read_to_separator(), True

    def _read_to_separator(self) -> bytes | None:
        scan = max(0, self._begin - 1)
        too_large = False
        while True:
            separator = self._buffer.find(SEPARATOR, scan)
            if separator >= 0 and (separator + self._lookahead(separator + 1) <= len(self._buffer) or self._ended):
                line_end = self._buffer.find(b"\n", separator + 1, separator + LOOKAHEAD_BYTES)
                end = self._message_end(separator, line_end) if line_end >= 0 else None
                if end is None:
                    scan = separator + 1
                    continue
                data = None if too_large else bytes(self._buffer[self._begin : max(end, self._begin)])
                self._enter(bytes(self._buffer[separator + 1 : line_end + 1]), line_end + 1)
                return data
            if self._ended:
                data = None if too_large else bytes(self._buffer[self._begin :])
                self.at_message = False
                return data
            scan = separator if separator >= 0 else max(scan, len(self._buffer) - len(SEPARATOR))
            if len(self._buffer) - self._begin > MAX_MESSAGE_BYTES:
                too_large = True
                self._begin = scan
            scan -= self._read_more()

    def _message_end(self, separator: int, line_end: int) -> int | None:
        """End of the message above a line that begins with 'From '; None if the line is part of the message."""
        line = bytes(self._buffer[separator + 1 : line_end + 1])
        following = bytes(self._buffer[line_end + 1 : line_end + 1 + LOOKAHEAD_BYTES])
        above = bytes(self._buffer[max(0, separator - 4) : separator])
        if not self._at_patch and PATCH_SEPARATOR.match(line) and not self._is_patch_of_its_own(separator, line_end):
            # So are the other patches of a series.
            self._shows_patch = True
            return None
        if above.endswith((b"\n", b"\n\r")):
            # The blank line belongs to the separator.
            is_end = is_separator(line, following) or self._is_without_header(line, following)
            return separator - above.endswith(b"\r") if is_end else None
        if separator < self._begin or above.rstrip(b"\r").endswith(b"--"):
            return separator + 1 if is_separator(line, following) else None
        is_complete = COMPLETE_SEPARATOR.match(line) or BARE_SEPARATOR.match(line)
        return separator + 1 if is_complete and OPENING_FIELD.match(following) else None

    def _lookahead(self, line: int) -> int:
        """How many bytes have to be in the buffer to judge the line that begins there."""
        may_be_patch = not self._at_patch and not self._shows_patch and PATCH_SEPARATOR.match(self._buffer, line)
        return PATCH_BYTES if may_be_patch else LOOKAHEAD_BYTES

    def _is_patch_of_its_own(self, separator: int, line_end: int) -> bool:
        """Whether a patch is a message by itself, as `git format-patch --stdout >> mbox` appends it.

        A patch in the text of a mail is spoken of, or followed by more of that text.
        """
        if self._shows_patch:
            return False
        header, *body = BLANK_LINE.split(bytes(self._buffer[self._begin : separator]), maxsplit=1)
        text = b"".join(body)
        declared = BOUNDARY.search(header)
        if declared and (boundary := declared[1] or declared[2]):
            # A mail of several parts is over with the last of them.
            return b"\n--" + boundary + b"--" in text
        if any(map(SPEAKS_OF_PATCH.search, (*SUBJECT.findall(header), text))):
            return False
        limit = separator + PATCH_BYTES
        end = self._next_mail(line_end, limit)
        if end == limit < len(self._buffer):
            return False
        patch = bytes(self._buffer[line_end + 1 : end])
        return _begins_with_header(patch) and PATCH_END.search(patch[-LOOKAHEAD_BYTES:].rstrip()) is not None

    def _next_mail(self, begin: int, limit: int) -> int:
        """Where the next complete separator is that is not one of a patch; `limit` if there is none before it."""
        end = self._buffer.find(SEPARATOR, begin, limit)
        while end >= 0 and (
            PATCH_SEPARATOR.match(self._buffer, end + 1) or not COMPLETE_SEPARATOR.match(self._buffer, end + 1)
        ):
            end = self._buffer.find(SEPARATOR, end + 1, limit)
        return end if end >= 0 else limit

    def _is_without_header(self, line: bytes, following: bytes) -> bool:
        """Whether a line with a complete date separates a message without any header, and is not shown by a mail.

        It has the form of the mailbox's first separator: the same word in place of an address; or an address, and then
        a date that is not before that of the message above, and nothing in the line below.
        """
        envelope, first = _envelope_of(line), self._first_envelope
        if not envelope.date or not first.date or PATCH_SEPARATOR.match(line):
            return False
        if b"@" not in first.sender:
            return envelope.sender == first.sender
        is_blank_below = not following.strip() or BLANK_START.match(following) is not None
        return b"@" in envelope.sender and is_blank_below and envelope.date >= self._envelope.date

    def _header_end(self) -> int:
        """End of the last header line; -1 if it is not in the buffer yet."""
        unix = self._buffer.find(b"\n\n", self._begin, self._begin + MAX_HEADER_BYTES)
        dos = self._buffer.find(b"\n\r\n", self._begin, unix if unix >= 0 else self._begin + MAX_HEADER_BYTES)
        end = unix if dos < 0 else dos
        return end + 1 if end >= 0 else -1

    def _end_by_content_length(self) -> int | None:
        """End of the message if its Content-Length points to a separator or the end of the file."""
        while (header_end := self._header_end()) < 0 and not self._ended:
            if len(self._buffer) - self._begin > MAX_HEADER_BYTES:
                return None
            self._read_more()
        header = bytes(self._buffer[max(0, self._begin - 1) : max(0, header_end)]).lower()
        length = CONTENT_LENGTH.search(header) if b"content-length:" in header else None
        if not length or int(length[1]) > MAX_MESSAGE_BYTES:
            return None
        blank = 2 if self._buffer[header_end : header_end + 1] == b"\r" else 1
        # Relative to the message, since reading more moves the buffer.
        size = header_end + blank - self._begin + int(length[1])
        while len(self._buffer) < self._begin + size + LOOKAHEAD_BYTES and not self._ended:
            self._read_more()
        end = self._begin + size
        rest = bytes(self._buffer[end : end + LOOKAHEAD_BYTES])
        if end > len(self._buffer) or (
            end and rest.strip() and self._buffer[end - 1 : end] != b"\n" and rest[:1] not in b"\r\n"
        ):
            return None
        line, _, following = rest.lstrip(b"\r\n").partition(b"\n")
        # Where the length says that the message ends, the next one needs no header.
        at_separator = COMPLETE_SEPARATOR.match(line) is not None or is_separator(line + b"\n", following)
        return end if at_separator or not rest.strip() else None

    def _skip_separator(self, end: int) -> None:
        while end < len(self._buffer) and self._buffer[end] in b"\r\n":
            end += 1
        line_end = self._buffer.find(b"\n", end)
        self.at_message = line_end >= 0
        self._enter(bytes(self._buffer[end : line_end + 1]), line_end + 1)

    def _read_more(self) -> int:
        """Read a chunk and drop the bytes before the current message. Returns the number of dropped bytes."""
        dropped = max(0, self._begin - 2)
        del self._buffer[:dropped]
        self._begin -= dropped
        chunk = read_available(self._stream, CHUNK_BYTES)
        self._ended = not chunk
        chunk = chunk.replace(MARK_BEFORE_SEPARATOR, SEPARATOR) if MARK_BEFORE_SEPARATOR in chunk else chunk
        self._buffer += NULS.sub(b"", NULS_BEFORE_SEPARATOR.sub(b"", chunk)) if b"\0" in chunk else chunk
        return dropped
