"""JSON, JSONL and CSV with a record per mail; columns are detected by their name or set by the configuration."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from typing import Any, BinaryIO

from email_assistant.archive import charsets
from email_assistant.archive.dates import is_day_first, parse_value
from email_assistant.archive.message_kinds import kinds_by_subject
from email_assistant.archive.messages import MAX_MESSAGE_BYTES, ParsedMessage, Person, RawMessage, Unreadable
from email_assistant.archive.readers.cells import (
    flatten,
    normalize,
    place_of,
    to_body,
    to_people,
    to_raw_message,
    to_text,
)
from email_assistant.archive.readers.columns import ChatError, chat_of, find_column, map_columns, person_of
from email_assistant.archive.readers.json_values import mails_of, parse_json
from email_assistant.archive.readers.streams import HEAD_BYTES, with_prefix

# The name of a person may be in another column than the address.
PERSON_STEM = re.compile("from|sender|to|recipient")
SAMPLE_BYTES = 1 << 20
# JSON that was written as a text of JSON, as by json.dump(table.to_json()).
JSON_IN_TEXT = re.compile(rb'"\s*[\[{][\s\[{]*\\"')
JSON_KEY = re.compile(rb'"([^"\\\n]{1,60})"\s*[:,\]]')
JSON_FIELD = re.compile(rb'[{,]\s*"([^"\\\n]{1,60})"\s*:')
MAX_FIELDS_SHOWN = 20
BEFORE_JSON = b"\xef\xbb\xbf \t\r\n\x1e"
MAIN_FIELDS = ("text", "subject", "sender", "date")
# A table of fewer columns has no lines that are rows for sure.
MIN_WIDTH = 3
# More invalid bytes in one cell of a table in UTF-8 are text in another charset.
MAX_DAMAGE = 2
SAMPLE_ROWS = 500
MAX_DOCUMENT_BYTES = 512 << 20
# A byte order mark that was encoded twice.
MARK_TWICE_ENCODED = b"\xc3\xaf\xc2\xbb\xc2\xbf"
SEPARATOR_LINE = re.compile(rb"\s*\"?sep=(.)\"?[ \t]*\r?\n", re.IGNORECASE)
DELIMITERS = ",;\t|^~"
NEWLINE = re.compile(rb"[\r\n]")
# Titles and comments that a table may have above the names of its columns.
MAX_TITLE_LINES = 8
# A quotation mark inside a quoted cell, escaped in the way of databases.
ESCAPED_QUOTE = re.compile(rb'\\"(?![,;\t|\r\n])')


@dataclass(frozen=True)
class _Row:
    """A record, and what had to be repaired to decode it."""

    values: Mapping[str, Any]
    repairs: frozenset[str] = frozenset()


def looks_like_json(head: bytes, text_column: str | None) -> bool:
    """Whether a file is JSON, or its first line a JSON object. A document over several lines must name a column."""
    start = head.lstrip(BEFORE_JSON)
    if JSON_IN_TEXT.match(start):
        start = start[1:].replace(b'\\"', b'"')
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
    keys = {key.decode("utf-8", "replace") for key in JSON_KEY.findall(start)}
    return find_column("text", keys, text_column) is not None or bool(keys & {"payload", "bodyValues"})


def json_fields(head: bytes) -> list[str]:
    """The first names of fields in a file of JSON; empty if it is none."""
    start = head.lstrip(BEFORE_JSON)
    if not start.startswith((b"{", b"[")):
        return []
    return list(dict.fromkeys(key.decode("utf-8", "replace") for key in JSON_FIELD.findall(start)))[:MAX_FIELDS_SHOWN]


def looks_like_csv(head: bytes, text_column: str | None, has_name: bool = False) -> bool:
    """Whether a line at the top names a column of mail text, by a known name or the configured one.

    Args:
        head: The first bytes of the file.
        text_column: The configured name.
        has_name: Whether the file has the name of a table, which then may have a single column.
    """
    names = column_names(head, text_column)
    return len(names) > (not has_name) and find_column("text", names, text_column) is not None


def column_names(head: bytes, text_column: str | None = None) -> list[str]:
    """The names of the columns of a table; empty if it is none."""
    layout = _layout(head, text_column)
    return [name.strip() for name in layout.names(NEWLINE.split(head[layout.begin :], maxsplit=1)[0], text_column)]


def read(
    stream: BinaryIO, name: str, format: str, columns: dict[str, str | None]
) -> Iterator[ParsedMessage | RawMessage | Unreadable]:
    """Yield the mails of a JSON or CSV file.

    Raises:
        ArchiveError: If a configured column is missing.
        NoMailError: If no column of mail text is known, or the records are messages of a chat.
    """
    text_column = columns.get("text")
    rows = _json_rows(stream, text_column) if format == "jsonl" else _csv_rows(stream, text_column)
    first = list(islice(rows, SAMPLE_ROWS))
    sample = next((row for row in first if isinstance(row, _Row)), None)
    if text_column is None and (program := _chat_of(first, format == "jsonl")):
        raise ChatError(name, program)
    mapping = map_columns(_all_names(first), columns, name) if sample else {}
    dates = (to_text(_first_value(row, mapping.get("date", ()))) for row in first if isinstance(row, _Row))
    day_first = is_day_first(dates)
    for index, row in enumerate(chain(_drained(first), rows)):
        source = f"{name}#{index}"
        if isinstance(row, str):
            yield Unreadable(source, row)
            continue
        mapping = mapping or map_columns(list(row.values), columns, name)
        try:
            yield _to_message(row, mapping, source, day_first)
        except Exception as error:  # a hostile value may raise anything, and must not stop the others
            yield Unreadable(source, f"{type(error).__name__}: {error}"[:200])


def _chat_of(rows: Iterable[_Row | str], is_json: bool) -> str | None:
    """The program of a chat whose messages all records are; None if some are none."""
    programs = {chat_of(row.values, is_json) for row in rows if isinstance(row, _Row)}
    return None if None in programs else next(iter(programs), None)


def _drained(rows: list[Any]) -> Iterator[Any]:
    rows.reverse()
    while rows:
        yield rows.pop()


def _all_names(rows: Iterable[_Row | str]) -> list[str]:
    """The columns of all rows, since JSON leaves out those without a value."""
    return list(dict.fromkeys(name for row in rows if isinstance(row, _Row) for name in row.values))


def _json_rows(stream: BinaryIO, text_column: str | None) -> Iterator[_Row | str]:
    """Yield the mails of JSONL or of a JSON document, or what is wrong with a line."""
    start = stream.read(SAMPLE_BYTES)
    stream = with_prefix(start, stream)
    if _has_object_per_line(start.lstrip(BEFORE_JSON)):
        for each in iter(lambda: stream.readline(MAX_MESSAGE_BYTES), b""):
            if each.strip(BEFORE_JSON + b"\0"):
                yield from _records(each, text_column)
    else:
        yield from _records(stream.read(MAX_DOCUMENT_BYTES), text_column)


def _has_object_per_line(start: bytes) -> bool:
    """Whether a JSON text has an object in each line; the first one may be wrong."""
    line, _, rest = start.partition(b"\n")
    if not line.startswith(b"{"):
        return False
    if len(line) >= SAMPLE_BYTES - 64 or _is_object(line):
        return True
    second = rest.lstrip(BEFORE_JSON).partition(b"\n")[0]
    return line.rstrip(b", \t\r").endswith(b"}") and second.startswith(b"{") and _is_object(second)


def _is_object(line: bytes) -> bool:
    first = next(parse_json(charsets.decode_text(line.strip(BEFORE_JSON + b"\0,"))))
    return isinstance(first, dict)


def _records(data: bytes, text_column: str | None) -> Iterator[_Row | str]:
    """The mails of a JSON text, wherever they are in it, or what is wrong with it."""
    decoded = charsets.decode(data.strip(BEFORE_JSON + b"\0,"), None)
    for value in parse_json(decoded.text, text_column):
        if isinstance(value, str):
            yield value
            continue
        found = list(mails_of(value, text_column, 0)) or ([value] if isinstance(value, dict) else [])
        if not found:
            yield "a JSON value, but not an object"
        for record in found:
            yield _flat_row(record, decoded.repairs)


def _flat_row(record: Mapping[str, Any], repairs: frozenset[str]) -> _Row | str:
    try:
        return _Row(flatten(record), repairs)
    except Exception as error:  # a hostile value may raise anything, and must not stop the others
        return f"{type(error).__name__}: {error}"[:200]


@dataclass(frozen=True)
class _Layout:
    """How a table is written.

    Attributes:
        delimiter: What separates its cells.
        begin: Where the line with the names of its columns begins.
        quote: What is around cells.
        escape: What is before a quotation mark inside a cell, if it is not doubled.
    """

    delimiter: str
    begin: int
    quote: str = '"'
    escape: str | None = None

    def reader(self, lines: Iterable[str], strict: bool = False) -> Iterator[list[str]]:
        """The cells of some lines; wrong quotation marks raise csv.Error if it is strict."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            escapechar=self.escape,
            doublequote=self.escape is None,
            strict=strict,
        )

    def names(self, line: bytes, text_column: str | None) -> list[str]:
        """The cells of the line with the names of the columns; empty if it is none."""
        names = self._cells(charsets.decode_text(line).lstrip("\ufeff"))
        if line.isascii() or find_column("text", names, text_column) is not None:
            return names
        return _known_names(self._cells(line.decode("latin-1")), text_column) or names

    def _cells(self, line: str) -> list[str]:
        try:
            return next(self.reader([line]), [])
        except csv.Error:
            return []


def _known_names(cells: Iterable[str], text_column: str | None) -> list[str] | None:
    """The names of columns in the first charset in which one of them is a column of mail text; None if there is none.

    A line of names is too short to tell its charset by its letters.

    Args:
        cells: The names, with a character for each byte.
        text_column: The configured name.
    """
    data = [cell.encode("latin-1", "replace") for cell in cells]
    for charset in charsets.SINGLE_BYTE:
        names = [name.decode(charset, "replace") for name in data]
        if find_column("text", names, text_column) is not None:
            return names
    return None


def _csv_rows(stream: BinaryIO, text_column: str | None) -> Iterator[_Row | str]:
    """Yield a row of a table, or what is wrong with it. Cells are decoded one by one, since one may be damaged."""
    start = stream.read(SAMPLE_BYTES)
    layout = _layout(start, text_column)
    charset = charsets.guess_charset(start)
    text = io.TextIOWrapper(with_prefix(start[layout.begin :], stream), encoding="latin-1", newline="")
    csv.field_size_limit(MAX_MESSAGE_BYTES)
    lines = (line.replace("\0", "") for line in text)
    names: list[str] = []
    joined_by: str | None = None
    for cells in _cells_of(lines, layout):
        if isinstance(cells, str):
            yield cells
            continue
        decoded = [_decode_cell(cell, charset) for cell in cells]
        if not names:
            texts = [each.text.lstrip("\ufeff") for each in decoded]
            if find_column("text", texts, text_column) is None:
                texts = _known_names(cells, text_column) or texts
            names = [text.strip() or f"column {n}" for n, text in enumerate(texts, start=1)]
            joined_by = layout.delimiter if find_column("text", names, text_column) in names[-1:] else None
        elif any(cell for cell in cells):
            yield _csv_row(names, decoded, joined_by)


def _cells_of(lines: Iterator[str], layout: _Layout) -> Iterator[list[str] | str]:
    """The cells of each row, or what is wrong with it. A quotation mark that nothing closes costs only its row."""
    raw: list[str] = []

    def recorded() -> Iterator[str]:
        for line in lines:
            raw.append(line)
            yield line

    reader, width = layout.reader(recorded()), 0
    while True:
        raw.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"not a table row: {error}"
            continue
        width = width or len(cells)
        end = _end_of_row(raw, width, layout)
        if end is None:
            yield cells
            continue
        yield next(layout.reader(raw[:end]))
        yield from _cells_of(iter(raw[end:]), layout)


def _end_of_row(raw: Sequence[str], width: int, layout: _Layout) -> int | None:
    """The number of lines of a row whose quotation mark nothing closes; None if its quotation marks are right."""
    if width < MIN_WIDTH:
        return None
    end = next((index for index in range(1, len(raw)) if _is_row(raw[index], width, layout)), None)
    try:
        if end is not None:
            list(layout.reader(raw, strict=True))
    except csv.Error:
        return end
    return None


def _is_row(line: str, width: int, layout: _Layout) -> bool:
    """Whether a line alone is a row of the table."""
    try:
        return line.count(layout.delimiter) >= width - 1 and len(next(layout.reader([line]), [])) == width
    except csv.Error:
        return False


def _csv_row(names: list[str], cells: list[charsets.Decoded], joined_by: str | None) -> _Row | str:
    """A row of a table, or what is wrong with it.

    Args:
        names: The names of the columns.
        cells: The cells of the row.
        joined_by: The delimiter if the last column is the text of the mail, which has it without quotes; else None.
    """
    texts = [cell.text for cell in cells]
    surplus = [text for text in texts[len(names) :] if text.strip()]
    if surplus and joined_by is None:
        return f"{len(cells)} fields in {len(names)} columns, the first extra one is {surplus[0][:40]!r}"
    if surplus:
        texts = [*texts[: len(names) - 1], (joined_by or "").join(texts[len(names) - 1 :])]
    values = dict.fromkeys(names, "")
    for name, text in zip(names, texts, strict=False):
        values[name] = values[name] or text
    return _Row(values, frozenset().union(*(cell.repairs for cell in cells)))


def _decode_cell(cell: str, charset: str) -> charsets.Decoded:
    if cell.isascii():
        return charsets.Decoded(cell)
    data = cell.encode("latin-1")
    if charset == "utf-8" and len(data) - len(data.decode("utf-8", "ignore").encode()) in range(1, MAX_DAMAGE + 1):
        return charsets.decode_damaged_utf8(data)
    decoded = charsets.decode(data, charset)
    guessed = frozenset() if charset == "utf-8" else frozenset({charsets.NO_CHARSET})
    return charsets.Decoded(decoded.text, decoded.repairs | guessed)


def _layout(head: bytes, text_column: str | None) -> _Layout:
    """How a table is written, and where its names begin: behind a mark, Excel's line 'sep=;', titles and comments."""
    start = head.lstrip(b"\xef\xbb\xbf\r\n\0").removeprefix(MARK_TWICE_ENCODED)
    begin = len(head) - len(start)
    named = SEPARATOR_LINE.match(head, begin)
    if named:
        return _quoting(head, named[1].decode("latin-1"), named.end())
    layout = first = _layout_of_line(head, begin)
    position = begin
    for _ in range(MAX_TITLE_LINES):
        line = NEWLINE.split(head[position : position + HEAD_BYTES], maxsplit=1)[0]
        names = layout.names(line, text_column)
        known = sum(
            find_column(field, names, text_column if field == "text" else None) is not None for field in MAIN_FIELDS
        )
        if find_column("text", names, text_column) is not None and (position == begin or known > 1):
            return layout
        position += len(line)
        position += len(head[position:]) - len(head[position:].lstrip(b"\r\n"))
        layout = _layout_of_line(head, position)
    return first


def _layout_of_line(head: bytes, begin: int) -> _Layout:
    line = NEWLINE.split(head[begin : begin + HEAD_BYTES], maxsplit=1)[0].decode("latin-1")
    return _quoting(head, max(DELIMITERS, key=line.count), begin)


def _quoting(head: bytes, delimiter: str, begin: int) -> _Layout:
    single = head[begin : begin + 1] == b"'" and f"'{delimiter}'".encode("latin-1") in head[begin : begin + HEAD_BYTES]
    is_escaped = b'""' not in head and ESCAPED_QUOTE.search(head) is not None
    return _Layout(delimiter, begin, "'" if single else '"', "\\" if is_escaped else None)


def _first_value(row: _Row, columns: Iterable[str]) -> Any:
    """The value of the first of some columns that has one in a row; None if none has."""
    return next((value for column in columns if to_text(value := row.values.get(column)).strip()), None)


def _people_of(row: _Row, columns: Iterable[str]) -> list[Person]:
    """The people of a field, whose names and addresses may be in columns of their own."""
    found: list[Person] = []
    stem = ""
    for column in columns:
        people = to_people(row.values.get(column))
        match = PERSON_STEM.match(normalize(column))
        own_stem = match[0] if match else person_of(column)
        if not found:
            found, stem = people, own_stem or column
        elif len(people) == len(found) and ((own_stem and own_stem == stem) or _are_addresses_of(people, found)):
            pairs = zip(found, people, strict=True)
            found = [Person(one.name or other.name, one.address or other.address) for one, other in pairs]
    return found


def _are_addresses_of(people: list[Person], named: list[Person]) -> bool:
    """Whether some people have only addresses, and others only names."""
    return not any(one.address for one in named) and not any(other.name for other in people)


def _to_message(
    row: _Row, mapping: dict[str, tuple[str, ...]], source: str, day_first: bool | None
) -> ParsedMessage | RawMessage:
    values = {field: _first_value(row, columns) for field, columns in mapping.items()}
    sent, kinds = place_of(row.values)
    raw = to_raw_message(values["text"], "sender" in mapping)
    if raw is not None:
        return RawMessage(source, raw, sent, "rfc822", kinds)
    column = next((each for each in mapping["text"] if row.values.get(each) is values["text"]), mapping["text"][0])
    body = to_body(values["text"], column)
    subject = charsets.mend(to_text(values.get("subject")))
    dates = (parse_value(row.values.get(each), day_first) for each in mapping.get("date", ()))
    return ParsedMessage(
        source=source,
        id=to_text(values.get("id")).strip().strip("<>") or sha256(f"{source}\n{body.text}".encode()).hexdigest()[:32],
        subject=" ".join(subject.text.split()),
        text=body.text,
        date=next((date for date in dates if date is not None), None),
        senders=_people_of(row, mapping.get("sender", ())),
        recipients=_people_of(row, mapping.get("recipient", ())),
        thread=to_text(values.get("thread")).strip() or None,
        sent_folder=sent,
        kinds=kinds | kinds_by_subject(subject.text),
        repairs=row.repairs | body.repairs | subject.repairs,
    )
