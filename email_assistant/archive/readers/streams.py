"""Streams whose first bytes were already read."""

import io
from collections.abc import Callable
from typing import BinaryIO, cast


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
