"""The instructions of `infer.input`: one per line of a text file, or a column of a table."""

import csv
import io
import json
from pathlib import Path

from email_assistant.errors import DataError
from email_assistant.storage import jsonl
from email_assistant.storage.named_files import check_readable

# The columns of a table that instructions are read from, the first one that it has.
COLUMNS = ("instruction", "request")
_NEEDS = f"'{COLUMNS[0]}' or '{COLUMNS[1]}'"
_NO_SEPARATOR = "\x1f"
_SEPARATORS = {".csv": ",;\t", ".tsv": "\t"}


def read_instructions(path: Path) -> list[str]:
    """Read the non-empty lines of a text file, or what a JSONL or CSV file has in its column of instructions.

    These may have several lines.

    Raises:
        DataError: when the file does not exist, is not UTF-8 text, has no such column, or has no instruction.
    """
    remedy = "set infer.input to a text file with one instruction per line"
    check_readable(path, f"{remedy}, or leave it out to type or pipe them")
    text = _text(path)
    suffix = path.suffix.lower()
    if suffix in _SEPARATORS:
        found = _of_table(path, text, _SEPARATORS[suffix])
    elif suffix == ".jsonl" or _is_record(text):
        found = _of_records(path)
    else:
        found = text.split("\n")
    instructions = [instruction.strip() for instruction in found if instruction.strip()]
    if not instructions:
        raise DataError(f"{path}: contains no instructions; write one per line")
    return instructions


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    if "\0" in text:
        # As UTF-16 of ASCII has it, which is valid UTF-8, too.
        raise DataError(f"{path}: not UTF-8 text (byte {text.encode().index(0)}); save it as UTF-8")
    return text


def _is_record(text: str) -> bool:
    """Whether the first line is a record of JSON lines, as nobody writes to a person."""
    try:
        return isinstance(json.loads(text.lstrip().partition("\n")[0]), dict)
    except (ValueError, RecursionError):
        return False


def _of_records(path: Path) -> list[str]:
    instructions = []
    for number, record in enumerate(jsonl.read_typed(path, _NEEDS), start=1):
        values = [record[column] for column in COLUMNS if column in record]
        if not values or not isinstance(values[0], str):
            raise DataError(f"{path}, record {number}: needs {_NEEDS}, which is text")
        instructions.append(values[0])
    return instructions


def _of_table(path: Path, text: str, separators: str) -> list[str]:
    column, rows = _rows(path, text, separators)
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(rows[0]):
            raise DataError(
                f"{path}, row {number}: has more cells than the first row; put a text with a separator in quotes"
            )
    return [row[column] for row in rows[1:] if len(row) > column]


def _rows(path: Path, text: str, separators: str) -> tuple[int, list[list[str]]]:
    """The place of the column of instructions, and the rows, by the separator with which the first one names it."""
    # A single column has no separator.
    for separator in f"{_NO_SEPARATOR}{separators}":
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        except csv.Error as error:
            problem = f"not a table ({error}); save it as CSV"
            continue
        problem = f"its first row names no column {_NEEDS}; name one"
        names = [name.strip().casefold() for name in rows[0]] if rows else []
        if found := [names.index(column) for column in COLUMNS if column in names]:
            return found[0], rows
    raise DataError(f"{path}: {problem}, or name a file of plain lines .txt")
