"""Archives of any known format, found by content, to a stream of Raw, Mail and Unreadable."""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from email_assistant.archive.mail import Found, Unreadable
from email_assistant.archive.mime import is_sent
from email_assistant.archive.readers import containers, eml, mbox, olm, pst, records
from email_assistant.archive.readers.containers import Entry
from email_assistant.errors import ArchiveError

# Which column of a table holds what; None where it is to be found by its name.
Columns = dict[str, str | None]
UTF7 = re.compile(r"&([A-Za-z0-9+,]*)-")
KNOWN = "mbox, Maildir, .eml, .emlx, .msg, .pst, .olm, JSONL or CSV, or a .zip or .tgz of these"


@dataclass
class Survey:
    """What a reading came across: files by format, and those that hold no mail."""

    formats: Counter[str] = field(default_factory=Counter)
    passed_over: list[str] = field(default_factory=list)


def read(paths: Iterable[Path], wanted: str, columns: Columns, survey: Survey | None = None) -> Iterator[Found]:
    """All messages under some paths, in order of file and place.

    Args:
        paths: Files or folders.
        wanted: 'auto', or the one format to read.
        columns: Which column of a table holds what; None where it is to be found by its name.
        survey: Filled on the way.

    Raises:
        ArchiveError: when a path is not there, or a table has no column of mail.
    """
    survey = survey or Survey()
    for entry in containers.walk(_existing(paths)):
        if isinstance(entry, Unreadable):
            yield entry
            continue
        found = _format_of(entry.head, entry.name, columns)
        if found is None or wanted not in ("auto", found):
            survey.passed_over.append(entry.name)
            continue
        survey.formats[found] += 1
        yield from containers.guarded(_messages(entry, found, columns), entry.name)


def files_of(paths: Iterable[Path], wanted: str, columns: Columns) -> list[Path]:
    """The files on disk that a reading would read, containers included, for the hash of the archive's content.

    Raises:
        ArchiveError: when there is nothing there, or nothing of a known format.
    """
    paths = _existing(paths)
    files = [path for root in paths for path in containers.files_under(root) if _is_read(path, wanted, columns)]
    if not files:
        raise ArchiveError(_nothing_found(paths, wanted))
    return files


def _existing(paths: Iterable[Path]) -> list[Path]:
    paths = list(paths)
    for path in paths:
        if not path.exists():
            raise ArchiveError(f"{path}: there is no such file or folder; data.path names the archive")
    return paths


def _nothing_found(paths: list[Path], wanted: str) -> str:
    named = ", ".join(map(str, paths))
    if all(path.is_file() and path.stat().st_size == 0 for path in paths):
        return f"{named}: the file is empty"
    return f"{named}: nothing in it reads as {KNOWN if wanted == 'auto' else f'data.format={wanted}'}"


def _is_read(path: Path, wanted: str, columns: Columns) -> bool:
    head = containers.head_of(path)
    if containers.is_container(head):
        return True
    found = _format_of(head, str(path), columns)
    return found is not None and wanted in ("auto", found)


def _messages(entry: Entry, format: str, columns: Columns) -> Iterator[Found]:
    sent = is_sent(_folders(entry.name))
    if format == "mbox":
        yield from mbox.read(entry.stream, entry.name, sent)
    elif format in ("eml", "maildir", "emlx", "msg"):
        yield from eml.read(entry.stream, entry.name, sent, format)
    elif format == "pst":
        yield from pst.read(containers.seekable(entry), entry.name)
    elif format == "olm":
        yield from olm.read(entry.stream, entry.name, sent)
    else:
        yield from records.read(entry.stream, entry.name, format, columns)


def _folders(name: str) -> list[str]:
    """The parts of a path that may name a folder; Maildir++ puts dots between, IMAP encodes letters."""
    parts = [UTF7.sub(_from_utf7, part) for part in PurePosixPath(name).parts]
    return [piece for part in parts for piece in (part, *part.lstrip(".").split("."))]


def _from_utf7(match: re.Match[str]) -> str:
    """RFC 3501's variant of UTF-7, in which folders of IMAP servers are named."""
    if not match[1]:
        return "&"
    coded = match[1].replace(",", "/")
    try:
        return base64.b64decode(coded + "=" * (-len(coded) % 4)).decode("utf-16-be")
    except ValueError:
        return match[0]


def _format_of(head: bytes, name: str, columns: Columns) -> str | None:
    if pst.looks_like_pst(head):
        return "pst"
    if eml.looks_like_msg(head):
        return "msg"
    if b"\0" in head or not head.strip():
        return None
    if mbox.starts_mbox(head):
        return "mbox"
    if records.looks_like_jsonl(head):
        return "jsonl"
    if eml.looks_like_emlx(head):
        return "emlx"
    if eml.looks_like_eml(head):
        return "maildir" if PurePosixPath(name).parent.name in ("cur", "new") else "eml"
    if olm.looks_like_olm(head):
        return "olm"
    return "csv" if records.looks_like_csv(head, columns.get("text")) else None
