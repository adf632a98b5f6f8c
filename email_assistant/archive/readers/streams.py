"""Streams with a head that was looked at already."""

import io
from collections.abc import Callable
from typing import BinaryIO, cast


class _Prefixed(io.RawIOBase):
    """The head, and then the rest."""

    def __init__(self, head: bytes, rest: BinaryIO, count: Callable[[int], None]) -> None:
        super().__init__()
        self._head, self._rest, self._count = memoryview(head), rest, count

    def readable(self) -> bool:
        return True

    def readinto(self, target: object) -> int:
        view = memoryview(target)  # type: ignore[arg-type]
        data = self._head[: len(view)] if len(self._head) else read_some(self._rest, len(view))
        self._head = self._head[len(data) :]
        self._count(len(data))
        view[: len(data)] = data
        return len(data)


def read_some(stream: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes, as they come: of a stream that breaks off, what came before is not lost with the rest."""
    read = getattr(stream, "read1", stream.read)
    return cast(bytes, read(size))


def prefixed(head: bytes, rest: BinaryIO, count: Callable[[int], None] = lambda _: None) -> BinaryIO:
    """A stream of bytes that were read already and of what follows them.

    Args:
        head: The bytes that were read.
        rest: Where the others come from.
        count: Told how many bytes are handed out; may raise to stop the reading.
    """
    return cast(BinaryIO, io.BufferedReader(_Prefixed(head, rest, count), 65536))
