"""JSONL and CSV with a record per mail; columns are detected by their name or set by the configuration."""

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import getaddresses
from hashlib import sha256
from typing import Any, BinaryIO

import chardet

from email_assistant.archive.headers import parse_date
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.messages import MAX_MESSAGE_BYTES, ParsedMessage, Person, Unreadable
from email_assistant.archive.readers.streams import with_prefix
from email_assistant.errors import ArchiveError

# Column names that programs use, the most likely first. Compared without case, spaces, '_' and '-'.
COLUMN_NAMES = {
    "text": ("text", "body", "content", "message", "emailbody", "plaintext", "bodytext", "rawemail", "email", "текст"),
    "subject": ("subject", "title", "тема"),
    "sender": ("sender", "from", "fromaddress", "fromemail", "fromuser", "отправитель"),
    "recipient": ("recipient", "recipients", "to", "toaddress", "получатель", "кому"),
    "date": ("date", "sent", "datesent", "senton", "timestamp", "metadatadatesent", "дата"),
    "id": ("id", "messageid"),
    "thread": ("thread", "threadid", "conversation", "conversationid"),
}
HEAD_BYTES = 65536
SAMPLE_BYTES = 1 << 20


def looks_like_jsonl(head: bytes) -> bool:
    """Whether the first line is a JSON object."""
    line = head.lstrip(b"\xef\xbb\xbf \r\n").split(b"\n", 1)[0]
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        # A first line longer than the head is incomplete, so only its start can be checked.
        return len(head) >= HEAD_BYTES and b'"' in line[:3]


def looks_like_csv(head: bytes, text_column: str | None) -> bool:
    """Whether the first line names a column of mail text, by a known name or the configured one."""
    first_line = head.decode(_detect_charset(head), "replace").lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")
    try:
        names = next(csv.reader([first_line], delimiter=_guess_delimiter(first_line)), [])
    except csv.Error:
        return False
    return len(names) > 1 and _find_column("text", names, text_column) is not None


def read(
    stream: BinaryIO, name: str, format: str, columns: dict[str, str | None]
) -> Iterator[ParsedMessage | Unreadable]:
    """Yield the mails of a JSONL or CSV file.

    Raises:
        ArchiveError: If a configured column is missing, or no column of mail text is known.
    """
    rows = _json_rows(stream) if format == "jsonl" else _csv_rows(stream)
    mapping: dict[str, str] | None = None
    for index, row in enumerate(rows):
        source = f"{name}#{index}"
        if isinstance(row, str):
            yield Unreadable(source, row)
            continue
        if mapping is None:
            mapping = _map_columns(list(row), columns, name)
        yield _to_message(row, mapping, source)


def _json_rows(stream: BinaryIO) -> Iterator[dict[str, Any] | str]:
    """Yield an object per line, or what is wrong with the line."""
    for line in iter(lambda: stream.readline(MAX_MESSAGE_BYTES), b""):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield f"no JSON: {error}"
            continue
        yield row if isinstance(row, dict) else "a JSON value that is no object"


def _csv_rows(stream: BinaryIO) -> Iterator[dict[str, Any] | str]:
    """Yield a row of a table, or what is wrong with it. If its first megabyte is not UTF-8, the charset is guessed."""
    start = stream.read(SAMPLE_BYTES)
    text = io.TextIOWrapper(with_prefix(start, stream), encoding=_detect_charset(start), errors="replace", newline="")
    csv.field_size_limit(MAX_MESSAGE_BYTES)
    first_line = start.split(b"\n", 1)[0].decode("latin-1")
    rows = csv.DictReader(text, delimiter=_guess_delimiter(first_line))
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"no row of a table: {error}"
            continue
        yield "more fields than columns" if None in row else {key: value or "" for key, value in row.items()}


def _detect_charset(start: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return chardet.detect(start)["encoding"] or "latin-1"
    return "utf-8-sig"


def _guess_delimiter(first_line: str) -> str:
    return max(",;\t|", key=first_line.count)


def _map_columns(names: list[str], columns: dict[str, str | None], name: str) -> dict[str, str]:
    """The column of each field of a mail that the table has."""
    mapping: dict[str, str] = {}
    for field in COLUMN_NAMES:
        configured = columns.get(field)
        column = _find_column(field, names, configured)
        if column is not None:
            mapping[field] = column
        elif configured is not None:
            raise ArchiveError(f"{name}: data.columns.{field}={configured}: the columns are {', '.join(names)}")
    if "text" not in mapping:
        raise ArchiveError(f"{name}: data.columns.text must name the column of mail text: {', '.join(names)}")
    return mapping


def _find_column(field: str, names: Iterable[str], configured: str | None) -> str | None:
    if configured is not None:
        return configured if configured in names else None
    by_plain_name = {_normalize(name): name for name in reversed(list(names))}
    return next((by_plain_name[known] for known in COLUMN_NAMES[field] if known in by_plain_name), None)


def _normalize(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _to_message(row: dict[str, Any], mapping: dict[str, str], source: str) -> ParsedMessage:
    values = {field: row.get(column) for field, column in mapping.items()}
    text = _to_text(values.get("text")).replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip()[:200].lower().startswith(("<html", "<!doctype html", "<div", "<p>")):
        text = html_to_text(text)
    return ParsedMessage(
        source=source,
        id=_to_text(values.get("id")).strip() or sha256(f"{source}\n{text}".encode()).hexdigest()[:32],
        subject=" ".join(_to_text(values.get("subject")).split()),
        text=text,
        date=_parse_date(values.get("date")),
        senders=_parse_people(values.get("sender")),
        recipients=_parse_people(values.get("recipient")),
        thread=_to_text(values.get("thread")).strip() or None,
    )


def _to_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_to_text, value))
    return "" if value is None else str(value)


def _parse_people(value: Any) -> list[Person]:
    """The people of a cell, written as in a header or as a bare name or address."""
    text = _to_text(value).strip()
    if not text:
        return []
    if "@" not in text:
        return [Person(name.strip(), "") for name in text.split(";") if name.strip()]
    people = [Person(name.strip(), address.lower()) for name, address in getaddresses([text.replace(";", ",")])]
    return [person for person in people if person.address]


def _parse_date(value: Any) -> datetime | None:
    """Parse ISO 8601, seconds since 1970, or the date format of mail headers."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    text = _to_text(value).strip()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parse_date(text)
