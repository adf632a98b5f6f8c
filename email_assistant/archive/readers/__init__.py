"""Reads archives of any supported format, detected by content, as a stream of raw, parsed and unreadable messages."""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from email_assistant.archive.messages import ArchiveItem, Unreadable
from email_assistant.archive.mime import is_sent_folder
from email_assistant.archive.readers import containers, eml, mbox, olm, pst, tables
from email_assistant.archive.readers.containers import ArchiveFile
from email_assistant.errors import ArchiveError

# Maps a field of a mail to the column of a table that has it; None: detect the column by its name.
Columns = dict[str, str | None]
UTF7 = re.compile(r"&([A-Za-z0-9+,]*)-")
SUPPORTED = "mbox, Maildir, .eml, .emlx, .msg, .pst, .olm, JSONL or CSV, or a .zip or .tgz of these"


@dataclass
class ReadStats:
    """Statistics of one pass over an archive.

    Attributes:
        formats: Number of files by format.
        files_without_mail: Names of the files that were skipped, since they contain no mail.
    """

    formats: Counter[str] = field(default_factory=Counter)
    files_without_mail: list[str] = field(default_factory=list)


def read(paths: Iterable[Path], wanted: str, columns: Columns, stats: ReadStats | None = None) -> Iterator[ArchiveItem]:
    """Yield all messages under some paths, ordered by file name and position in the file.

    Args:
        paths: Files or folders.
        wanted: 'auto', or the only format to read.
        columns: Columns of tables; None for a column that is to be detected by its name.
        stats: Filled while the messages are read.

    Raises:
        ArchiveError: If a path does not exist, or a table has no column of mail text.
    """
    stats = stats or ReadStats()
    for entry in containers.walk(_existing(paths)):
        if isinstance(entry, Unreadable):
            yield entry
            continue
        format = _detect_format(entry.head, entry.name, columns)
        if format is None or wanted not in ("auto", format):
            stats.files_without_mail.append(entry.name)
            continue
        stats.formats[format] += 1
        yield from containers.catch_read_errors(_messages(entry, format, columns), entry.name)


def archive_files(paths: Iterable[Path], wanted: str, columns: Columns) -> list[Path]:
    """The files on disk that `read` would open, containers included. The hash of the archive covers these.

    Raises:
        ArchiveError: If a path does not exist, or no file has a supported format.
    """
    paths = _existing(paths)
    files = [path for root in paths for path in containers.files_under(root) if _is_read(path, wanted, columns)]
    if not files:
        raise ArchiveError(_no_mail_message(paths, wanted))
    return files


def _existing(paths: Iterable[Path]) -> list[Path]:
    paths = list(paths)
    for path in paths:
        if not path.exists():
            raise ArchiveError(f"{path}: no such file or folder; data.path names the archive")
    return paths


def _no_mail_message(paths: list[Path], wanted: str) -> str:
    names = ", ".join(map(str, paths))
    if all(path.is_file() and path.stat().st_size == 0 for path in paths):
        return f"{names}: the file is empty"
    return f"{names}: contains no {SUPPORTED if wanted == 'auto' else f'file of data.format={wanted}'}"


def _is_read(path: Path, wanted: str, columns: Columns) -> bool:
    head = containers.read_head(path)
    if containers.is_container(head):
        return True
    format = _detect_format(head, str(path), columns)
    return format is not None and wanted in ("auto", format)


def _messages(entry: ArchiveFile, format: str, columns: Columns) -> Iterator[ArchiveItem]:
    sent = is_sent_folder(_folder_names(entry.name))
    if format == "mbox":
        yield from mbox.read(entry.stream, entry.name, sent)
    elif format in ("eml", "maildir", "emlx", "msg"):
        yield from eml.read(entry.stream, entry.name, sent, format)
    elif format == "pst":
        yield from pst.read(containers.seekable(entry), entry.name)
    elif format == "olm":
        yield from olm.read(entry.stream, entry.name, sent)
    else:
        yield from tables.read(entry.stream, entry.name, format, columns)


def _folder_names(path: str) -> list[str]:
    """The parts of a path that may name a mail folder. Maildir++ joins folders by dots; IMAP encodes letters."""
    parts = [UTF7.sub(_decode_utf7, part) for part in PurePosixPath(path).parts]
    return [name for part in parts for name in (part, *part.lstrip(".").split("."))]


def _decode_utf7(match: re.Match[str]) -> str:
    """Decode the variant of UTF-7 that RFC 3501 defines for the folder names of IMAP servers."""
    if not match[1]:
        return "&"
    encoded = match[1].replace(",", "/")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-16-be")
    except ValueError:
        return match[0]


def _detect_format(head: bytes, name: str, columns: Columns) -> str | None:
    if pst.looks_like_pst(head):
        return "pst"
    if eml.looks_like_msg(head):
        return "msg"
    if b"\0" in head or not head.strip():
        return None
    if mbox.looks_like_mbox(head):
        return "mbox"
    if tables.looks_like_jsonl(head):
        return "jsonl"
    if eml.looks_like_emlx(head):
        return "emlx"
    if eml.looks_like_eml(head):
        return "maildir" if PurePosixPath(name).parent.name in ("cur", "new") else "eml"
    if olm.looks_like_olm(head):
        return "olm"
    return "csv" if tables.looks_like_csv(head, columns.get("text")) else None
