"""Streams whose first bytes were already read."""

import codecs
import io
import re
from collections.abc import Callable
from typing import BinaryIO, cast

from email_assistant.archive.charsets import wide_codec

# The first bytes of a file, by which its format is detected.
HEAD_BYTES = 65536
# Damaged disks and interrupted programs leave runs of NULs in text.
NULS = re.compile(rb"\0{3,}")
# Line ends of old Macintosh programs; not those of UTF-16.
BARE_RETURN = re.compile(rb"\r(?!\r*\n|\0)")
START_BYTES = 2048
# More single NULs in the first bytes of a file make it binary.
MAX_NULS = 50
CHUNK_BYTES = 65536


class _PrefixedStream(io.RawIOBase):
    """The bytes that were already read, followed by the rest."""

    def __init__(self, head: bytes, rest: BinaryIO, on_read: Callable[[int], None]) -> None:
        super().__init__()
        self._head, self._rest, self._on_read = memoryview(head), rest, on_read

    def readable(self) -> bool:
        return True

    def readinto(self, target: object) -> int:
        view = memoryview(target)  # type: ignore[arg-type]
        data = self._head[: len(view)] if len(self._head) else read_available(self._rest, len(view))
        self._head = self._head[len(data) :]
        self._on_read(len(data))
        view[: len(data)] = data
        return len(data)


def read_available(stream: BinaryIO, size: int) -> bytes:
    """Read up to `size` bytes by a single read of the stream.

    If the stream is cut off, the bytes before the cut are returned before the next call raises.
    """
    read = getattr(stream, "read1", stream.read)
    return cast(bytes, read(size))


def with_prefix(head: bytes, rest: BinaryIO, on_read: Callable[[int], None] = lambda _: None) -> BinaryIO:
    """A stream of bytes that were already read, followed by the rest of their stream.

    Args:
        head: The bytes that were already read.
        rest: The stream with the bytes that follow them.
        on_read: Called with the number of bytes of each read; may raise to stop reading.
    """
    return cast(BinaryIO, io.BufferedReader(_PrefixedStream(head, rest, on_read), 65536))


class _ConvertedStream(io.RawIOBase):
    """The bytes of a stream, each chunk of them converted."""

    def __init__(self, source: BinaryIO, convert: Callable[[bytes, bool], bytes]) -> None:
        super().__init__()
        self._source, self._convert = source, convert
        self._ready = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, target: object) -> int:
        view = memoryview(target)  # type: ignore[arg-type]
        while not self._ready and not self._ended:
            chunk = read_available(self._source, CHUNK_BYTES)
            self._ended = not chunk
            self._ready = memoryview(self._convert(chunk, self._ended))
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def as_text(head: bytes) -> bytes:
    """The first bytes of a file as `as_text_stream` gives them, without NULs."""
    wide = wide_codec(head)
    if wide:
        return codecs.decode(head, wide, "ignore").removeprefix("\ufeff").encode("utf-8", "replace")
    head = head.replace(b"\0", b"") if NULS.sub(b"", head).count(0) <= MAX_NULS else head
    return BARE_RETURN.sub(b"\n", head) if _has_bare_returns(head) else head


def as_text_stream(head: bytes, stream: BinaryIO) -> BinaryIO:
    """A file of text in UTF-16 or with the line ends of an old Macintosh, as UTF-8 with LF; others as they are.

    Args:
        head: The first bytes of the file.
        stream: The whole file.
    """
    wide = wide_codec(head)
    if wide:
        decoder = codecs.getincrementaldecoder(wide)("replace")

        def recode(chunk: bytes, ended: bool) -> bytes:
            return decoder.decode(chunk, ended).removeprefix("\ufeff").encode("utf-8", "replace")

        return _converted(stream, recode)
    return _converted(stream, _LineEnds().convert) if _has_bare_returns(head) else stream


def _has_bare_returns(head: bytes) -> bool:
    start = head[:START_BYTES].replace(b"\r\r\n", b"\n")
    return start.count(b"\r", 0, -1) > start.count(b"\r\n") + start.count(b"\r\0")


def _converted(stream: BinaryIO, convert: Callable[[bytes, bool], bytes]) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_ConvertedStream(stream, convert), 65536))


class _LineEnds:
    """Replaces bare carriage returns by LF, chunk by chunk."""

    def __init__(self) -> None:
        self._held = b""

    def convert(self, chunk: bytes, ended: bool) -> bytes:
        """Convert a chunk; a carriage return at its end is held back until it is known what follows."""
        data = self._held + chunk
        end = len(data) if ended else len(data.rstrip(b"\r"))
        self._held = data[end:]
        return BARE_RETURN.sub(b"\n", data[:end])
