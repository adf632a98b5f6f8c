"""The files of an archive, those inside .zip, .tar, .tgz and .gz too, as streams: nothing is unpacked to disk."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from email_assistant.archive.mail import Unreadable
from email_assistant.archive.readers.streams import prefixed

Item = TypeVar("Item")
HEAD = 65536
DEEPEST = 3
# Mail shrinks to a fifth or so; what grows two hundred times is a bomb.
MOST_GROWTH = 200
ALWAYS_ALLOWED = 1 << 30
LARGEST_INNER = 256 << 20
FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, RuntimeError, ValueError)
COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


@dataclass
class Entry:
    """One file.

    Attributes:
        name: Its path within the archive.
        head: Its first bytes.
        stream: All of it, from the beginning; readable once, until the next entry is asked for.
        path: Where it lies, if not inside of a container.
    """

    name: str
    head: bytes
    stream: BinaryIO
    path: Path | None


class BombError(ValueError):
    """More came out of a container than its size can hold in earnest."""


class _Budget:
    """How much may still come out of one container."""

    def __init__(self, compressed: int) -> None:
        self.left = max(ALWAYS_ALLOWED, MOST_GROWTH * compressed)

    def spend(self, count: int) -> None:
        """Take some bytes off it.

        Raises:
            BombError: when none are left.
        """
        self.left -= count
        if self.left < 0:
            raise BombError(f"grows more than {MOST_GROWTH} times when it is unpacked")


def walk(paths: Iterable[Path]) -> Iterator[Entry | Unreadable]:
    """Every file under some paths, in order of name; what cannot be opened is named."""
    paths = list(paths)
    for number, path in enumerate(paths):
        prefix = "" if len(paths) == 1 else f"{number + 1}:{path.name}/"
        for file in files_under(path):
            name = file.name if file == path else str(file.relative_to(path))
            yield from _entries_of_file(file, prefix + name)


def files_under(path: Path) -> Iterator[Path]:
    """The files of a folder and its folders, links aside, in order of name; or the file itself."""
    if path.is_file():
        yield path
        return
    for inner in sorted(path.iterdir()):
        if not inner.is_symlink() and not (inner.name == "tmp" and (path / "cur").is_dir()):
            yield from files_under(inner)


def head_of(path: Path) -> bytes:
    """A file's first bytes."""
    with path.open("rb") as file:
        return file.read(HEAD)


def is_container(head: bytes) -> bool:
    """Whether a file holds others."""
    return head.startswith((b"PK\x03\x04", *COMPRESSED)) or _is_tar(head)


def _is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def _entries_of_file(path: Path, name: str) -> Iterator[Entry | Unreadable]:
    with path.open("rb") as file:
        head = file.read(HEAD)
        file.seek(0)
        if is_container(head):
            yield from guarded(_inside(file, head, name, _Budget(path.stat().st_size), 1), name)
        else:
            yield Entry(name, head, file, path)


def guarded(items: Iterator[Item], name: str) -> Iterator[Item | Unreadable]:
    """The items; what breaks on the way becomes a named one, and what came before it stays."""
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except FAULTS as error:
            yield Unreadable(name, f"{type(error).__name__}: {error}")
            return
        yield item


def _inside(stream: BinaryIO, head: bytes, name: str, budget: _Budget, depth: int) -> Iterator[Entry | Unreadable]:
    if depth > DEEPEST:
        raise BombError(f"more than {DEEPEST} archives inside one another")
    if head.startswith(b"PK\x03\x04"):
        yield from _inside_zip(stream, name, budget, depth)
    elif _is_tar(head):
        yield from _inside_tar(stream, name, budget, depth)
    else:
        opener = next(opener for magic, opener in COMPRESSED.items() if head.startswith(magic))
        inner = cast(BinaryIO, opener(stream))  # type: ignore[operator]
        yield from _entry(inner, name.removesuffix(".gz").removesuffix(".bz2").removesuffix(".xz"), budget, depth)


def _inside_zip(stream: BinaryIO, name: str, budget: _Budget, depth: int) -> Iterator[Entry | Unreadable]:
    with ExitStack() as stack:
        if not stream.seekable():
            stream = _held(stream)
        archive = stack.enter_context(zipfile.ZipFile(stream))
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.is_dir():
                continue
            inner = f"{name}/{info.filename}"
            try:
                member = cast(BinaryIO, archive.open(info))
            except (*FAULTS, NotImplementedError) as error:
                yield Unreadable(inner, f"{type(error).__name__}: {error}")
                continue
            with member:
                yield from guarded(_entry(member, inner, budget, depth), inner)


def _inside_tar(stream: BinaryIO, name: str, budget: _Budget, depth: int) -> Iterator[Entry | Unreadable]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                inner = f"{name}/{member.name}"
                yield from guarded(_entry(cast(BinaryIO, file), inner, budget, depth), inner)


def _held(stream: BinaryIO) -> BinaryIO:
    """A stream's bytes in memory, for formats that need to go back and forth."""
    data = stream.read(LARGEST_INNER + 1)
    if len(data) > LARGEST_INNER:
        raise BombError(f"an inner archive of more than {LARGEST_INNER >> 20} MiB")
    return io.BytesIO(data)


def _entry(stream: BinaryIO, name: str, budget: _Budget, depth: int) -> Iterator[Entry | Unreadable]:
    head = b""
    while len(head) < HEAD and (piece := stream.read(HEAD - len(head))):
        head += piece
    whole = prefixed(head, stream, budget.spend)
    if is_container(head):
        yield from _inside(whole, head, name, budget, depth + 1)
    else:
        yield Entry(name, head, whole, None)


def seekable(entry: Entry) -> BinaryIO:
    """An entry's stream where one can go back and forth.

    Raises:
        BombError: when it lies in a container and is too large to be held in memory.
    """
    return entry.stream if entry.path is not None else _held(entry.stream)
