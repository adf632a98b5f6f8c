"""JSON, JSONL and CSV with a record per mail; columns are detected by their name or set by the configuration."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from typing import Any, BinaryIO

from email_assistant.archive import charsets
from email_assistant.archive.dates import is_day_first, parse_value
from email_assistant.archive.messages import MAX_MESSAGE_BYTES, ParsedMessage, RawMessage, Unreadable
from email_assistant.archive.readers.cells import (
    flatten,
    normalize,
    place_of,
    to_body,
    to_people,
    to_raw_message,
    to_text,
)
from email_assistant.archive.readers.streams import HEAD_BYTES, with_prefix
from email_assistant.errors import ArchiveError

# Column names that programs use, the most likely first. Compared without case and punctuation.
COLUMN_NAMES = {
    "text": (
        *("text", "body", "content", "message", "emailbody", "plaintext", "bodytext", "textbody", "bodyplain", "plain"),
        *(
            "rawemail",
            "rawmessage",
            "raw",
            "rfc822",
            "mime",
            "email",
            "bodyhtml",
            "htmlbody",
            "html",
            "текст",
            "nachricht",
        ),
    ),
    "subject": ("subject", "title", "тема", "betreff"),
    "sender": ("sender", "from", "fromaddress", "fromemail", "fromuser", "отправитель", "откого", "von"),
    "recipient": ("recipient", "recipients", "to", "torecipients", "toaddress", "получатель", "кому", "an"),
    "date": (
        *("date", "sent", "sentdatetime", "sentat", "datesent", "senton", "sentdate", "timestamp", "datetime"),
        *("createddatetime", "receiveddatetime", "internaldate", "metadatadatesent", "дата", "отправлено", "datum"),
    ),
    "id": ("internetmessageid", "messageid", "id"),
    "thread": ("thread", "threadid", "conversation", "conversationid"),
}
# Keys of the list of mails in a JSON document.
LIST_KEYS = ("value", "messages", "emails", "mails", "items", "data", "results", "records")
SAMPLE_BYTES = 1 << 20
# More invalid bytes in one cell of a table in UTF-8 are text in another charset.
MAX_DAMAGE = 2
SAMPLE_ROWS = 500
MAX_DOCUMENT_BYTES = 512 << 20
SEPARATOR_LINE = re.compile(rb"\s*\"?sep=(.)\"?[ \t]*\r?\n", re.IGNORECASE)
DELIMITERS = ",;\t|"
NEWLINE = re.compile(rb"[\r\n]")


class NoTextColumnError(ArchiveError):
    """A table has no column that is known for the text of mails.

    Attributes:
        columns: The names of its columns.
    """

    def __init__(self, name: str, columns: list[str]) -> None:
        """Say which columns the table has, and how to choose one."""
        self.columns = columns
        super().__init__(f"{name}: set data.columns.text to the column of mail text; its columns: {', '.join(columns)}")


@dataclass(frozen=True)
class _Row:
    """A record, and what had to be repaired to decode it."""

    values: Mapping[str, Any]
    repairs: frozenset[str] = frozenset()


def looks_like_json(head: bytes, text_column: str | None) -> bool:
    """Whether a file is JSON, or its first line a JSON object. A document over several lines must name a column."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        return False
    line = start.split(b"\n", 1)[0]
    try:
        if isinstance(json.loads(line.decode("utf-8", "replace"), strict=False), dict):
            return True
    except (ValueError, RecursionError):
        if start.startswith(b"{") and len(line) >= HEAD_BYTES // 2 and b'"' in line[:3]:
            # A first line longer than the head is incomplete, so only its start can be checked.
            return True
    keys = {key.decode("utf-8", "replace") for key in re.findall(rb'"([^"\\\n]{1,60})"\s*:', start)}
    return _find_column("text", keys, text_column) is not None or bool(keys & {"payload", "bodyValues"})


def looks_like_csv(head: bytes, text_column: str | None) -> bool:
    """Whether the first line names a column of mail text, by a known name or the configured one."""
    names = column_names(head)
    return len(names) > 1 and _find_column("text", names, text_column) is not None


def column_names(head: bytes) -> list[str]:
    """The names in the first line of a table; empty if it is none."""
    delimiter, start = _layout(head)
    line = NEWLINE.split(head[start:], maxsplit=1)[0]
    if line.count(delimiter.encode("latin-1")) == 0:
        return []
    try:
        return next(csv.reader([charsets.decode_text(line).lstrip("\ufeff")], delimiter=delimiter), [])
    except csv.Error:
        return []


def read(
    stream: BinaryIO, name: str, format: str, columns: dict[str, str | None]
) -> Iterator[ParsedMessage | RawMessage | Unreadable]:
    """Yield the mails of a JSON or CSV file.

    Raises:
        ArchiveError: If a configured column is missing.
        NoTextColumnError: If no column of mail text is known.
    """
    rows = _json_rows(stream) if format == "jsonl" else _csv_rows(stream)
    first = list(islice(rows, SAMPLE_ROWS))
    sample = next((row for row in first if isinstance(row, _Row)), None)
    mapping = _map_columns(_all_names(first), columns, name) if sample else {}
    dates = (to_text(row.values.get(mapping.get("date", ""))) for row in first if isinstance(row, _Row))
    day_first = is_day_first(dates)
    for index, row in enumerate(chain(_drained(first), rows)):
        source = f"{name}#{index}"
        if isinstance(row, str):
            yield Unreadable(source, row)
            continue
        mapping = mapping or _map_columns(list(row.values), columns, name)
        try:
            yield _to_message(row, mapping, source, day_first)
        except Exception as error:  # a hostile value may raise anything, and must not stop the others
            yield Unreadable(source, f"{type(error).__name__}: {error}"[:200])


def _drained(rows: list[Any]) -> Iterator[Any]:
    rows.reverse()
    while rows:
        yield rows.pop()


def _all_names(rows: Iterable[_Row | str]) -> list[str]:
    """The columns of all rows, since JSON leaves out those without a value."""
    return list(dict.fromkeys(name for row in rows if isinstance(row, _Row) for name in row.values))


def _json_rows(stream: BinaryIO) -> Iterator[_Row | str]:
    """Yield the objects of JSONL or of a JSON document, or what is wrong with a line."""
    start = stream.read(SAMPLE_BYTES)
    line = start.lstrip(b"\xef\xbb\xbf \t\r\n").split(b"\n", 1)[0]
    stream = with_prefix(start, stream)
    if line.startswith(b"{") and (len(line) >= SAMPLE_BYTES - 64 or isinstance(_parse_json(line), _Row)):
        for each in iter(lambda: stream.readline(MAX_MESSAGE_BYTES), b""):
            if each.strip(b"\xef\xbb\xbf \t\r\n\0"):
                yield from _records(_parse_json(each))
    else:
        yield from _records(_parse_json(stream.read(MAX_DOCUMENT_BYTES)))


def _parse_json(data: bytes) -> _Row | str:
    """The value of a JSON text as a row, under the name '' if it is no object; or what is wrong with it."""
    decoded = charsets.decode(data.strip(b"\xef\xbb\xbf \t\r\n\0,"), None)
    text = decoded.text
    try:
        try:
            value = json.loads(text, strict=False)
        except ValueError:
            # A number of thousands of digits costs that number.
            value = json.loads(text, strict=False, parse_int=str)
    except (ValueError, RecursionError) as error:
        return f"not valid JSON: {error}"
    return _Row(value if isinstance(value, dict) else {"": value}, decoded.repairs)


def _records(row: _Row | str) -> Iterator[_Row | str]:
    """The mails of a JSON value: itself, those of a list, or those of a list inside an object."""
    if isinstance(row, str):
        yield row
        return
    inner = row.values.get("") if list(row.values) == [""] else None
    if inner is None:
        lists = (row.values.get(key) for key in LIST_KEYS)
        inner = next((each for each in lists if isinstance(each, list) and each and isinstance(each[0], dict)), None)
        if inner is None or _find_column("text", set(row.values) - set(LIST_KEYS), None):
            yield _Row(flatten(row.values), row.repairs)
            return
    if not isinstance(inner, list):
        yield "a JSON value, but not an object"
        return
    for each in inner:
        yield _Row(flatten(each), row.repairs) if isinstance(each, dict) else "a JSON value, but not an object"


def _csv_rows(stream: BinaryIO) -> Iterator[_Row | str]:
    """Yield a row of a table, or what is wrong with it. Cells are decoded one by one, since one may be damaged."""
    start = stream.read(SAMPLE_BYTES)
    delimiter, skipped = _layout(start)
    charset = charsets.guess_charset(start)
    text = io.TextIOWrapper(with_prefix(start[skipped:], stream), encoding="latin-1", newline="")
    csv.field_size_limit(MAX_MESSAGE_BYTES)
    reader = csv.reader((line.replace("\0", "") for line in text), delimiter=delimiter)
    names: list[str] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"not a table row: {error}"
            continue
        decoded = [_decode_cell(cell, charset) for cell in cells]
        if not names:
            names = [each.text.lstrip("\ufeff").strip() or f"column {n}" for n, each in enumerate(decoded, start=1)]
        elif any(cell for cell in cells):
            yield _csv_row(names, decoded)


def _csv_row(names: list[str], cells: list[charsets.Decoded]) -> _Row | str:
    surplus = [cell.text for cell in cells[len(names) :] if cell.text.strip()]
    if surplus:
        return f"{len(cells)} fields in {len(names)} columns, the first extra one is {surplus[0][:40]!r}"
    values = {name: cell.text for name, cell in zip(names, cells, strict=False)}
    repairs: frozenset[str] = frozenset().union(*(cell.repairs for cell in cells))
    return _Row({name: values.get(name, "") for name in names}, repairs)


def _decode_cell(cell: str, charset: str) -> charsets.Decoded:
    if cell.isascii():
        return charsets.Decoded(cell)
    data = cell.encode("latin-1")
    if charset == "utf-8" and len(data) - len(data.decode("utf-8", "ignore").encode()) in range(1, MAX_DAMAGE + 1):
        return charsets.decode_damaged_utf8(data)
    decoded = charsets.decode(data, charset)
    guessed = frozenset() if charset == "utf-8" else frozenset({charsets.NO_CHARSET})
    return charsets.Decoded(decoded.text, decoded.repairs | guessed)


def _layout(head: bytes) -> tuple[str, int]:
    """The delimiter of a table, and where its first line begins: behind a mark, and behind Excel's line 'sep=;'."""
    begin = len(head) - len(head.lstrip(b"\xef\xbb\xbf\r\n\0"))
    named = SEPARATOR_LINE.match(head, begin)
    if named:
        return named[1].decode("latin-1"), named.end()
    line = NEWLINE.split(head[begin : begin + HEAD_BYTES], maxsplit=1)[0].decode("latin-1")
    return max(DELIMITERS, key=line.count), begin


def _map_columns(names: list[str], columns: dict[str, str | None], name: str) -> dict[str, str]:
    """The column of each field of a mail that the table has."""
    mapping: dict[str, str] = {}
    for field in COLUMN_NAMES:
        configured = columns.get(field)
        column = _find_column(field, names, configured)
        if column is not None:
            mapping[field] = column
        elif configured is not None:
            raise ArchiveError(
                f"{name}: data.columns.{field}={configured}: no such column; choose from {', '.join(names)}"
            )
    if "text" not in mapping:
        raise NoTextColumnError(name, names)
    return mapping


def _find_column(field: str, names: Iterable[str], configured: str | None) -> str | None:
    if configured is not None:
        return configured if configured in names else None
    by_plain_name = {normalize(name): name for name in reversed(list(names))}
    return next((by_plain_name[known] for known in COLUMN_NAMES[field] if known in by_plain_name), None)


def _to_message(row: _Row, mapping: dict[str, str], source: str, day_first: bool | None) -> ParsedMessage | RawMessage:
    values = {field: row.values.get(column) for field, column in mapping.items()}
    sent, kinds = place_of(row.values)
    raw = to_raw_message(values.get("text"), "sender" in mapping)
    if raw is not None:
        return RawMessage(source, raw, sent, "rfc822", kinds)
    body = to_body(values.get("text"), mapping["text"])
    subject = charsets.mend(to_text(values.get("subject")))
    return ParsedMessage(
        source=source,
        id=to_text(values.get("id")).strip().strip("<>") or sha256(f"{source}\n{body.text}".encode()).hexdigest()[:32],
        subject=" ".join(subject.text.split()),
        text=body.text,
        date=parse_value(values.get("date"), day_first),
        senders=to_people(values.get("sender")),
        recipients=to_people(values.get("recipient")),
        thread=to_text(values.get("thread")).strip() or None,
        sent_folder=sent,
        kinds=kinds,
        repairs=row.repairs | body.repairs | subject.repairs,
    )
