"""Reads archives of any supported format, detected by content, as a stream of raw, parsed and unreadable messages."""

import fnmatch
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from email_assistant.archive import folders
from email_assistant.archive.messages import ArchiveItem, Unreadable
from email_assistant.archive.readers import (
    babyl,
    containers,
    eml,
    foreign,
    mbox,
    mmdf,
    olm,
    proton,
    pst,
    streams,
    tables,
)
from email_assistant.archive.readers.columns import NoMailError
from email_assistant.archive.readers.containers import ArchiveFile
from email_assistant.errors import ArchiveError

# Maps a field of a mail to the column of a table that has it; None: detect the column by its name.
Columns = dict[str, str | None]
# A message in the folder tmp of a Maildir: seconds, a number, the computer.
UNDELIVERED = re.compile(r"/tmp/\d{1,12}\.[^/.]+\.[^/]+$")
# How similar the name of another file is that may have been meant.
MEANT = 0.8
# What a shell does not take for quotation marks, as editors write them, and what it passes where others are around it.
QUOTES = " '\"“”„‘’«»"
# What a shell replaces by the names of files, where no quotes are around it.
PATTERN = re.compile(r"[*?\[]")
# Apple Mail stores signatures in files that look like mail.
SIGNATURE_OF_APPLE = ".mailsignature"
MAILBOXES = {"mbox": mbox.read, "mmdf": mmdf.read, "babyl": babyl.read, "olm": olm.read}
# What no text has.
BINARY, BINARY_BYTES = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]"), 4096
SUPPORTED = "mbox, Maildir, MMDF, Babyl, .eml, .emlx, .msg, .pst, .olm, JSON, JSONL or CSV, or a .zip or .tgz of these"


@dataclass
class ReadStats:
    """Statistics of one pass over an archive.

    Attributes:
        formats: Number of files by format.
        passed_over: The names of the files that were not read, each with the reason.
    """

    formats: Counter[str] = field(default_factory=Counter)
    passed_over: dict[str, str] = field(default_factory=dict)


def read(paths: Iterable[Path], wanted: str, columns: Columns, stats: ReadStats | None = None) -> Iterator[ArchiveItem]:
    """Yield all messages under some paths, ordered by file name and position in the file.

    Args:
        paths: Files or folders.
        wanted: 'auto', or the only format to read.
        columns: Columns of tables; None for a column that is to be detected by its name.
        stats: Filled while the messages are read.

    Raises:
        ArchiveError: If a path does not exist, a configured column is missing, or a path is a table without a column of
            mail text.
    """
    stats, paths = stats or ReadStats(), _existing(paths)
    for entry in containers.walk(paths):
        if isinstance(entry, Unreadable):
            yield entry
            continue
        format = _detect_format(entry.head, entry.name, columns)
        if format is None or wanted not in ("auto", format):
            stats.passed_over[entry.name] = _why_passed_over(entry.head, format, wanted)
            continue
        if entry.path is None and UNDELIVERED.search(entry.name):
            stats.passed_over[entry.name] = "not delivered yet (tmp of a Maildir)"
            continue
        if entry.path not in paths and _is_beside_mail(entry.name, entry.path, format):
            stats.passed_over[entry.name] = "of a Google Takeout, whose mail is in its .mbox files"
            continue
        stats.formats[format] += 1
        try:
            yield from containers.catch_read_errors(_messages(entry, format, columns), entry.name)
        except NoMailError as error:
            # Folders and exports have tables of other things beside the mail.
            if entry.path in paths:
                raise
            stats.formats[format] -= 1
            stats.passed_over[entry.name] = error.why


def _is_beside_mail(name: str, path: Path | None, format: str) -> bool:
    """Whether a table is one of a Google Takeout, which has chats and settings such as signatures in them."""
    places = (*PurePosixPath(name).parts, *(path.parts if path else ()))
    return format in ("jsonl", "csv") and "Takeout" in places


def archive_files(paths: Iterable[Path], wanted: str, columns: Columns) -> list[tuple[Path, list[str]]]:
    """The files on disk that `read` would open, containers included, each with what its name tells about its mail.

    The hash of the archive covers both.

    Raises:
        ArchiveError: If a path does not exist or may not be read, or no file has a supported format.
    """
    try:
        paths = _existing(paths)
        files = [
            (path, _told_by_name(name, path, format, path in paths))
            for name, path in containers.named_files(paths)
            if (format := _format_to_read(path, wanted, columns)) is not None
        ]
    except PermissionError as error:
        raise ArchiveError(f"{error.filename}: cannot be read: {error.strerror}{_remedy()}") from error
    if not files:
        raise ArchiveError(_no_mail_message(paths, wanted))
    return files


def _remedy() -> str:
    """What lets a terminal read Apple Mail's folder on macOS, which file modes do not protect."""
    if sys.platform != "darwin":
        return ""
    return "; if it is yours, allow your terminal full disk access (System Settings, Privacy & Security)"


def _existing(paths: Iterable[Path]) -> list[Path]:
    paths = [_as_stored(path) for path in paths]
    for path in paths:
        if not path.exists():
            if path.is_symlink():
                raise ArchiveError(
                    f"{path}: is a link to {path.readlink()}, which does not exist; set data.path to a file"
                )
            raise ArchiveError(f"{path}: no such file or folder{_meant(path)}; set data.path to your archive")
        if not path.is_file() and not path.is_dir():
            raise ArchiveError(f"{path}: is a pipe or a device; set data.path to a file or folder")
    return paths


def _as_stored(path: Path) -> Path:
    """The path with its last name as the disk has it, which may compose letters and accents in another way."""
    if str(path).isascii() or path.exists():
        return path
    composed = normalize("NFC", path.name)
    return next((entry for entry in _entries(path.parent) if normalize("NFC", entry.name) == composed), path)


def _meant(path: Path) -> str:
    """A hint at the file beside a missing one whose name looks the same, or nearly so."""
    if PATTERN.search(path.name) and fnmatch.filter([entry.name for entry in _entries(path.parent)], path.name):
        return f" (patterns are not expanded; name the files as in [a,b], or the folder {path.parent})"
    unquoted = Path(str(path).strip(QUOTES))
    if unquoted != path and unquoted.exists():
        return f" (did you mean {unquoted}?)"
    beside = {_looks(entry.name): entry.name for entry in _entries(path.parent)}
    name = beside.get(_looks(path.name)) or next(
        (beside[near] for near in get_close_matches(_looks(path.name), beside, n=1, cutoff=MEANT)), None
    )
    return f" (did you mean {path.parent / name}?)" if name else ""


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _looks(name: str) -> str:
    """A name without what cannot be seen, or differs between systems: composed letters, case, blanks and quotes."""
    return normalize("NFC", name).casefold().strip(QUOTES)


def _no_mail_message(paths: list[Path], wanted: str) -> str:
    names = ", ".join(map(str, paths))
    if all(path.is_file() and path.stat().st_size == 0 for path in paths):
        return f"{names}: the file is empty; set data.path to another one"
    for path in paths:
        if path.is_file() and (named := foreign.format_of(containers.read_head(path))) is not None:
            return f"{path}: {named}"
        if (
            path.is_file()
            and wanted in ("auto", "jsonl")
            and (fields := tables.json_fields(containers.read_head(path)))
        ):
            return f"{path}: set data.columns.text to the field of mail text in this JSON, such as {', '.join(fields)}"
        columns = _columns_of_text(containers.read_head(path)) if path.is_file() else []
        if len(columns) > 1 and wanted in ("auto", "csv"):
            return (
                f"{path}: if this is a table, set data.columns.text to the column of mail text; "
                f"its columns: {', '.join(columns)}"
            )
    if wanted == "auto":
        return f"{names}: contains no {SUPPORTED}"
    return f"{names}: contains no {wanted} file; data.format=auto detects the format"


def _columns_of_text(head: bytes) -> list[str]:
    """The names of the columns if a file is a table; none if it is binary."""
    text = streams.as_text(head)
    return [] if BINARY.search(text[:BINARY_BYTES]) else tables.column_names(text)


def _format_to_read(path: Path, wanted: str, columns: Columns) -> str | None:
    """The format of a file that is read; 'container' where it is that of files inside; None if it is not read."""
    head = containers.read_head(path)
    if containers.is_container(head) or path.name.endswith(proton.SUFFIX):
        return "container"
    format = _detect_format(head, str(path), columns)
    return format if wanted in ("auto", format) else None


def _told_by_name(name: str, path: Path, format: str, is_named: bool) -> list[str]:
    """What the name of a file and its folders tell about its mail, in words that do not change with other names."""
    sent, kinds = _marks(name, path, format)
    told = [*(["sent"] if sent or _is_sent(name, format) else []), *sorted(kinds)]
    return [*told, "beside"] if not is_named and _is_beside_mail(name, path, format) else told


def _marks(name: str, path: Path | None, format: str) -> tuple[bool, frozenset[str]]:
    """Whether a file beside it says that its mail was sent, and what else its folder or that file says of it."""
    sent, kinds = proton.place_of(path) if path and format == "eml" else (False, frozenset())
    return sent, kinds | folders.kinds_of_path(name, format)


def _is_sent(name: str, format: str) -> bool:
    """Whether a file is in a folder of sent mail; tables and .pst files name the folder of each mail themselves."""
    return format not in ("jsonl", "csv", "pst") and folders.is_sent_folder(folders.folder_names(name))


def _messages(entry: ArchiveFile, format: str, columns: Columns) -> Iterator[ArchiveItem]:
    """The messages of a file, marked by what its folder, or a file beside it, tells about them."""
    sent, kinds = _marks(entry.name, entry.path, format)
    for item in _read_format(entry, format, columns):
        if (not sent and not kinds) or isinstance(item, Unreadable):
            yield item
        else:
            yield replace(item, kinds=item.kinds | kinds, sent_folder=item.sent_folder or sent)


def _read_format(entry: ArchiveFile, format: str, columns: Columns) -> Iterator[ArchiveItem]:
    sent = _is_sent(entry.name, format)
    if format == "pst":
        yield from pst.read(containers.seekable(entry), entry.name)
        return
    if format == "msg":
        yield from eml.read(entry.stream, entry.name, sent, format)
        return
    stream = streams.as_text_stream(entry.head, entry.stream)
    if format in MAILBOXES:
        yield from MAILBOXES[format](stream, entry.name, sent)
    elif format in ("eml", "maildir", "emlx"):
        yield from eml.read(stream, entry.name, sent, format)
    else:
        yield from tables.read(stream, entry.name, format, columns)


def _detect_format(head: bytes, name: str, columns: Columns) -> str | None:
    """The format of a file by its first bytes; None if it is none with mail."""
    if pst.looks_like_pst(head):
        return "pst"
    if eml.looks_like_msg(head):
        return "msg"
    head = streams.as_text(head)
    if not head.strip():
        return None
    if mbox.looks_like_mbox(head):
        return "mbox"
    if mmdf.looks_like_mmdf(head):
        return "mmdf"
    if babyl.looks_like_babyl(head):
        return "babyl"
    if tables.looks_like_json(head, columns.get("text")):
        return "jsonl"
    if eml.looks_like_emlx(head):
        return "emlx"
    path = PurePosixPath(name)
    is_table = partial(tables.looks_like_csv, head, columns.get("text"), path.suffix.lower() == ".csv")
    # A table of whole messages has the fields of their headers in its cells.
    opens_like_mail = mbox.OPENING_FIELD.match(head) is not None
    if not opens_like_mail and is_table():
        return "csv"
    # A name that only mail has needs less of a header.
    if path.suffix.lower() == SIGNATURE_OF_APPLE:
        return None
    is_in_maildir = path.parent.name in ("cur", "new")
    if eml.looks_like_eml(head, 1 if is_in_maildir or path.suffix.lower() == ".eml" else 2):
        return "maildir" if is_in_maildir else "eml"
    if olm.looks_like_olm(head):
        return "olm"
    return "csv" if opens_like_mail and is_table() else None


def _why_passed_over(head: bytes, format: str | None, wanted: str) -> str:
    """Why a file is not read."""
    if format is not None:
        return f"of format {format}, not data.format={wanted}"
    if not head.strip(b"\0 \t\r\n"):
        return "empty"
    if (named := foreign.format_of(head)) is not None:
        return named
    return "binary, but in no mail format" if b"\0" in head else "without mail headers or a column of mail text"
