"""The files of an archive as streams, including those inside .zip, .tar, .tgz and .gz. Nothing is unpacked to disk."""

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

from email_assistant.archive import folders
from email_assistant.archive.messages import Unreadable
from email_assistant.archive.multi_byte import decode_strictly
from email_assistant.archive.readers import foreign
from email_assistant.archive.readers.streams import HEAD_BYTES, with_prefix

Item = TypeVar("Item")
MAX_DEPTH = 3
# What may precede the text of a file, and up to how many bytes of it.
BLANK, MAX_BLANK_BYTES = b"\0 \t\r\n", 8 << 20
# Mail compresses to about a fifth. A container that expands two hundred times is a decompression bomb.
MAX_EXPANSION = 200
ALWAYS_ALLOWED = 1 << 30
MAX_INNER_BYTES = 256 << 20
READ_ERRORS = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    RuntimeError,
    ValueError,
)
# The flag of a name in UTF-8; and the charsets of names without it, of which zipfile takes the last one.
UTF8_NAME = 0x800
CHARSETS_OF_NAMES = ("utf-8", "cp866", "cp932", "gbk", "cp949", "cp950", "cp852", "cp850", "cp857", "cp737", "cp437")
# The characters that zipfile makes of single bytes. A name with others comes from a field of its own, in UTF-8.
OF_SINGLE_BYTES = frozenset(bytes(range(256)).decode("cp437"))
COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open, b"]\0\0": lzma.open}
SUFFIXES = (".gz", ".bz2", ".xz", ".lzma")


@dataclass
class ArchiveFile:
    """One file of an archive.

    Attributes:
        name: Its path within the archive.
        head: Its first bytes.
        stream: The whole file from its first byte; readable once, and only until the next file is requested.
        path: Its path on disk; None for a file inside a container.
    """

    name: str
    head: bytes
    stream: BinaryIO
    path: Path | None


class DecompressionBombError(ValueError):
    """A container expands to more bytes than real mail could."""


class _ExpansionBudget:
    """The number of bytes that may still come out of one container."""

    def __init__(self, compressed: int) -> None:
        self.left = max(ALWAYS_ALLOWED, MAX_EXPANSION * compressed)

    def spend(self, count: int) -> None:
        """Subtract some bytes.

        Raises:
            DecompressionBombError: If the budget is exceeded.
        """
        self.left -= count
        if self.left < 0:
            raise DecompressionBombError(f"unpacks to more than {MAX_EXPANSION} times its size")


def walk(paths: Iterable[Path]) -> Iterator[ArchiveFile | Unreadable]:
    """Yield every file under some paths, ordered by name, and an Unreadable for each that cannot be opened."""
    for name, file in named_files(paths):
        yield from _open_file(file, name)


def named_files(paths: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield every file on disk under some paths, after its path within the archive, ordered by that."""
    paths = list(paths)
    for number, path in enumerate(paths):
        prefix = "" if len(paths) == 1 else f"{number + 1}:{path.name}/"
        for file in files_under(path):
            yield prefix + (file.name if file == path else str(file.relative_to(path))), file


def files_under(path: Path) -> Iterator[Path]:
    """Yield the files of a folder and its subfolders, without links, ordered by name; or the file itself.

    Sockets, pipes and devices are left out.
    """
    if path.is_file():
        yield path
    if not path.is_dir():
        return
    for child in sorted(path.iterdir()):
        # Maildir keeps mail that is not delivered yet in tmp.
        if not child.is_symlink() and not (child.name == "tmp" and (path / "cur").is_dir()):
            yield from files_under(child)


def read_head(path: Path) -> bytes:
    """The first bytes of a file, up to some text."""
    with path.open("rb") as file:
        return _read_head(file)


def _read_head(stream: BinaryIO) -> bytes:
    """Read the first bytes of a stream, and more where a damaged disk or a program left nothing but NULs and blanks."""
    head = b""
    wanted = HEAD_BYTES
    while len(head) < wanted and (chunk := stream.read(wanted - len(head))):
        head += chunk
        if len(head) == wanted < MAX_BLANK_BYTES and not head.strip(BLANK):
            wanted *= 2
    return head


def is_container(head: bytes) -> bool:
    """Whether a file that begins with these bytes contains other files."""
    if head.startswith(b"PK\x03\x04"):
        return foreign.format_of(head) is None
    return head.startswith(tuple(COMPRESSED)) or _is_tar(head)


def _is_tar(head: bytes) -> bool:
    """Whether a file is a tar archive by its mark, or in the format before that by its check sum."""
    if head[257:262] == b"ustar":
        return True
    try:
        return bool(head[:1].strip(b"\0") and tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "replace"))
    except tarfile.HeaderError:
        return False


def _open_file(path: Path, name: str) -> Iterator[ArchiveFile | Unreadable]:
    with path.open("rb") as file:
        head = _read_head(file)
        file.seek(0)
        if is_container(head):
            budget = _ExpansionBudget(path.stat().st_size)
            yield from catch_read_errors(_open_container(file, head, name, budget, 1), name)
        else:
            yield ArchiveFile(name, head, file, path)


def catch_read_errors(items: Iterator[Item], name: str) -> Iterator[Item | Unreadable]:
    """Yield the items; if the iterator fails, yield an Unreadable with this name and stop.

    The items before the failure are not lost.
    """
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except READ_ERRORS as error:
            yield Unreadable(name, f"{type(error).__name__}: {error}")
            return
        yield item


def _open_container(
    stream: BinaryIO, head: bytes, name: str, budget: _ExpansionBudget, depth: int
) -> Iterator[ArchiveFile | Unreadable]:
    if depth > MAX_DEPTH:
        raise DecompressionBombError(f"archives nested more than {MAX_DEPTH} deep")
    if head.startswith(b"PK\x03\x04"):
        yield from _open_zip(stream, name, budget, depth)
    elif _is_tar(head):
        yield from _open_tar(stream, name, budget, depth)
    else:
        opener = next(opener for magic, opener in COMPRESSED.items() if head.startswith(magic))
        inner = cast(BinaryIO, opener(stream))  # type: ignore[operator]
        suffix = next((each for each in SUFFIXES if name.endswith(each)), "")
        yield from _open_member(inner, name.removesuffix(suffix), budget, depth)


def _open_zip(stream: BinaryIO, name: str, budget: _ExpansionBudget, depth: int) -> Iterator[ArchiveFile | Unreadable]:
    with ExitStack() as stack:
        if not stream.seekable():
            stream = _read_into_memory(stream)
        archive = stack.enter_context(zipfile.ZipFile(stream))
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            if info.is_dir():
                continue
            inner = f"{name}/{_name_in_zip(info)}"
            try:
                member = cast(BinaryIO, archive.open(info))
            except (*READ_ERRORS, NotImplementedError) as error:
                yield Unreadable(inner, f"{type(error).__name__}: {error}")
                continue
            with member:
                yield from catch_read_errors(_open_member(member, inner, budget, depth), inner)


def _name_in_zip(info: zipfile.ZipInfo) -> str:
    """The name of a file. Windows writes names in the charset of its console, and some programs backslashes.

    A charset is recognized by the names of mail folders, which the others do not have.
    """
    name = info.filename
    if not name.isascii() and not info.flag_bits & UTF8_NAME and OF_SINGLE_BYTES.issuperset(name):
        raw = name.encode("cp437")
        decoded = (decode_strictly(raw, charset) for charset in CHARSETS_OF_NAMES)
        name = next((text for text in decoded if text and _has_mail_folder(text)), name)
    return name if "/" in name else name.replace("\\", "/")


def _has_mail_folder(name: str) -> bool:
    names = folders.folder_names(name.replace("\\", "/"))
    return folders.is_sent_folder(names) or bool(folders.kinds_of_folders(names))


def _open_tar(stream: BinaryIO, name: str, budget: _ExpansionBudget, depth: int) -> Iterator[ArchiveFile | Unreadable]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                inner = f"{name}/{member.name}"
                yield from catch_read_errors(_open_member(cast(BinaryIO, file), inner, budget, depth), inner)


def _read_into_memory(stream: BinaryIO) -> BinaryIO:
    """The bytes of a stream in memory, for formats that need to seek."""
    data = stream.read(MAX_INNER_BYTES + 1)
    if len(data) > MAX_INNER_BYTES:
        raise DecompressionBombError(f"an inner archive of more than {MAX_INNER_BYTES >> 20} MiB")
    return io.BytesIO(data)


def _open_member(
    stream: BinaryIO, name: str, budget: _ExpansionBudget, depth: int
) -> Iterator[ArchiveFile | Unreadable]:
    head = _read_head(stream)
    whole = with_prefix(head, stream, budget.spend)
    if is_container(head):
        yield from _open_container(whole, head, name, budget, depth + 1)
    else:
        yield ArchiveFile(name, head, whole, None)


def seekable(entry: ArchiveFile) -> BinaryIO:
    """The stream of a file in a form that can seek.

    Raises:
        DecompressionBombError: If the file is inside a container and too large for memory.
    """
    return entry.stream if entry.path is not None else _read_into_memory(entry.stream)
