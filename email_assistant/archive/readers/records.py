"""JSONL and CSV: a record for every mail, columns by their usual names or as the configuration says."""

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

from email_assistant.archive.html import html_to_text
from email_assistant.archive.mail import Mail, Person, Unreadable
from email_assistant.archive.mime import LARGEST_MESSAGE, parse_date
from email_assistant.archive.readers.streams import prefixed
from email_assistant.errors import ArchiveError

# Columns as programs name them, the likeliest first. Compared without case, spaces, '_' and '-'.
USUAL_NAMES = {
    "text": ("text", "body", "content", "message", "emailbody", "plaintext", "bodytext", "rawemail", "email", "текст"),
    "subject": ("subject", "title", "тема"),
    "sender": ("sender", "from", "fromaddress", "fromemail", "fromuser", "отправитель"),
    "recipient": ("recipient", "recipients", "to", "toaddress", "получатель", "кому"),
    "date": ("date", "sent", "datesent", "senton", "timestamp", "metadatadatesent", "дата"),
    "id": ("id", "messageid"),
    "thread": ("thread", "threadid", "conversation", "conversationid"),
}
HEAD = 65536
SAMPLE = 1 << 20


def looks_like_jsonl(head: bytes) -> bool:
    """Whether the first line is a JSON object."""
    line = head.lstrip(b"\xef\xbb\xbf \r\n").split(b"\n", 1)[0]
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        # A first line longer than the head is cut; its start is all there is to judge by.
        return len(head) >= HEAD and b'"' in line[:3]


def looks_like_csv(head: bytes, text_column: str | None) -> bool:
    """Whether the first line names the column of text, by a usual name or the one that is given."""
    first = head.decode(_charset(head), "replace").lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")
    try:
        names = next(csv.reader([first], delimiter=_delimiter(first)), [])
    except csv.Error:
        return False
    return len(names) > 1 and _column("text", names, text_column) is not None


def read(stream: BinaryIO, name: str, format: str, columns: dict[str, str | None]) -> Iterator[Mail | Unreadable]:
    """The mails of a JSONL or CSV file.

    Raises:
        ArchiveError: when a column that the configuration names is not there, or none holds text.
    """
    records = _json_records(stream) if format == "jsonl" else _csv_records(stream)
    chosen: dict[str, str] | None = None
    for place, record in enumerate(records):
        source = f"{name}#{place}"
        if isinstance(record, str):
            yield Unreadable(source, record)
            continue
        if chosen is None:
            chosen = _choose(list(record), columns, name)
        yield _mail(record, chosen, source)


def _json_records(stream: BinaryIO) -> Iterator[dict[str, Any] | str]:
    for line in iter(lambda: stream.readline(LARGEST_MESSAGE), b""):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield f"no JSON: {error}"
            continue
        yield record if isinstance(record, dict) else "a JSON value that is no object"


def _csv_records(stream: BinaryIO) -> Iterator[dict[str, Any] | str]:
    """The rows of a table in UTF-8; in another charset where its first megabyte is none."""
    start = stream.read(SAMPLE)
    text = io.TextIOWrapper(prefixed(start, stream), encoding=_charset(start), errors="replace", newline="")
    csv.field_size_limit(LARGEST_MESSAGE)
    first = start.split(b"\n", 1)[0].decode("latin-1")
    rows = csv.DictReader(text, delimiter=_delimiter(first))
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"no row of a table: {error}"
            continue
        yield "more fields than columns" if None in row else {key: value or "" for key, value in row.items()}


def _charset(start: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return chardet.detect(start)["encoding"] or "latin-1"
    return "utf-8-sig"


def _delimiter(first_line: str) -> str:
    return max(",;\t|", key=first_line.count)


def _choose(names: list[str], columns: dict[str, str | None], name: str) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for field in USUAL_NAMES:
        wanted = columns.get(field)
        column = _column(field, names, wanted)
        if column is not None:
            chosen[field] = column
        elif wanted is not None:
            raise ArchiveError(f"{name}: data.columns.{field}={wanted}: the columns are {', '.join(names)}")
    if "text" not in chosen:
        raise ArchiveError(f"{name}: data.columns.text: which of these holds the mail? {', '.join(names)}")
    return chosen


def _column(field: str, names: Iterable[str], wanted: str | None) -> str | None:
    if wanted is not None:
        return wanted if wanted in names else None
    by_plain_name = {_plain(name): name for name in reversed(list(names))}
    return next((by_plain_name[usual] for usual in USUAL_NAMES[field] if usual in by_plain_name), None)


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _mail(record: dict[str, Any], chosen: dict[str, str], source: str) -> Mail:
    values = {field: record.get(column) for field, column in chosen.items()}
    text = _text(values.get("text")).replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip()[:200].lower().startswith(("<html", "<!doctype html", "<div", "<p>")):
        text = html_to_text(text)
    return Mail(
        source=source,
        id=_text(values.get("id")).strip() or sha256(f"{source}\n{text}".encode()).hexdigest()[:32],
        subject=" ".join(_text(values.get("subject")).split()),
        text=text,
        date=_date(values.get("date")),
        senders=_people(values.get("sender")),
        recipients=_people(values.get("recipient")),
        thread=_text(values.get("thread")).strip() or None,
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return "" if value is None else str(value)


def _people(value: Any) -> list[Person]:
    """People of a cell: header style, or a bare name or address."""
    text = _text(value).strip()
    if not text:
        return []
    if "@" not in text:
        return [Person(name.strip(), "") for name in text.split(";") if name.strip()]
    found = [Person(name.strip(), address.lower()) for name, address in getaddresses([text.replace(";", ",")])]
    return [person for person in found if person.address]


def _date(value: Any) -> datetime | None:
    """ISO 8601, seconds since 1970, or the way a mail header writes it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    text = _text(value).strip()
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parse_date(text)
