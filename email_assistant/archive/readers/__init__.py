"""Archives of any known format, found by content, to a stream of Mail and Unreadable."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from email_assistant.archive.mail import Mail, Unreadable
from email_assistant.archive.readers import eml, maildir, mbox, records
from email_assistant.errors import ArchiveError

FILE_READERS = {"mbox": mbox.read, "eml": eml.read}
HEAD = 65536


@dataclass(frozen=True)
class Piece:
    """One file (or one Maildir) of an archive, and the format it is read as."""

    path: Path
    format: str
    name: str


def find_pieces(archive: Path, wanted: str) -> tuple[list[Piece], list[str]]:
    """What there is to read, and the names of files that hold no mail.

    Args:
        archive: A file or folder.
        wanted: 'auto', or the one format to read.

    Raises:
        ArchiveError: when there is nothing there, or nothing of a known format.
    """
    if not archive.exists():
        raise ArchiveError(f"{archive}: there is no such file or folder; data.path names the archive")
    pieces: list[Piece] = []
    passed_over: list[str] = []
    for path in _candidates(archive):
        name = str(path.relative_to(archive.parent if archive.is_file() else archive))
        name = archive.name if name == "." else name
        found = _format_of(path) if wanted == "auto" or path.is_dir() else wanted
        if found == wanted or (found and wanted == "auto"):
            pieces.append(Piece(path, found, name))
        else:
            passed_over.append(name)
    if not pieces:
        raise ArchiveError(_nothing_found(archive, wanted))
    return pieces, passed_over


def _nothing_found(archive: Path, wanted: str) -> str:
    if archive.is_file() and archive.stat().st_size == 0:
        return f"{archive}: the file is empty"
    what = "mbox, Maildir, .eml, JSONL or CSV" if wanted == "auto" else f"data.format={wanted}"
    return f"{archive}: nothing in it reads as {what}"


def read(piece: Piece, columns: dict[str, str | None]) -> Iterator[Mail | Unreadable]:
    """The messages of one piece, in the order in which they lie there."""
    if piece.format == "maildir":
        return maildir.read(piece.path, piece.name)
    if piece.format in FILE_READERS:
        return FILE_READERS[piece.format](piece.path, piece.name)
    return records.read(piece.path, piece.name, piece.format, columns)


def files_of(pieces: list[Piece]) -> list[Path]:
    """Every file that the pieces are made of, for the hash of the archive's content."""
    files: list[Path] = []
    for piece in pieces:
        files += maildir.files(piece.path) if piece.format == "maildir" else [piece.path]
    return files


def _candidates(archive: Path) -> Iterator[Path]:
    """Maildirs as a whole, and every file outside of them, in order of name."""
    if archive.is_file() or maildir.is_maildir(archive):
        yield archive
    if archive.is_file():
        return
    inside = ("cur", "new", "tmp") if maildir.is_maildir(archive) else ()
    for path in sorted(archive.iterdir()):
        if path.name not in inside and not path.is_symlink():
            yield from _candidates(path)


def _format_of(path: Path) -> str | None:
    if path.is_dir():
        return "maildir"
    with path.open("rb") as file:
        head = file.read(HEAD)
    if b"\0" in head or not head.strip():
        return None
    if mbox.starts_mbox(head):
        return "mbox"
    if records.looks_like_jsonl(head):
        return "jsonl"
    if eml.looks_like_eml(head):
        return "eml"
    return "csv" if records.looks_like_csv(path) else None
