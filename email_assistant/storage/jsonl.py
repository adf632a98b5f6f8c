"""JSON and JSON lines, the format of every artifact: UTF-8, readable by a person."""

import json
import os
from array import array
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, cast, overload

from email_assistant.errors import DataError

Row = TypeVar("Row", bound=Mapping[str, Any])


def read_typed(path: Path, wanted: str) -> list[dict[str, Any]]:
    """Read the objects of a file that a person wrote, as `read`; it may begin with a byte order mark.

    Args:
        path: The file.
        wanted: What each object has, for the message about a file of another format.

    Raises:
        DataError: If a line is not a JSON object, or has an escape of half a character, which no file can hold.
    """
    text = path.read_bytes().removeprefix(BOM_UTF8)
    first = text.lstrip()[:1]
    # Text of another charset is reported with its line.
    if first and first != b"{" and first.isascii():
        raise DataError(f"{path}: not JSON lines; write one JSON object per line, each with {wanted}")
    records = _parsed(text, path)
    for number, record in enumerate(records, start=1):
        try:
            line(record).encode()
        except UnicodeEncodeError as error:
            raise DataError(
                f"{path}, record {number}: half of a character ({error.object[error.start]!a}); delete it"
            ) from error
    return records


@overload
def read(path: Path) -> list[dict[str, Any]]: ...


@overload
def read(path: Path, kind: type[Row]) -> list[Row]: ...


def read(path: Path, kind: type[Any] = dict) -> list[Any]:
    """Read the objects of a file, one per line; blank lines are skipped.

    Args:
        path: The file.
        kind: Their type, for the type checker; nothing is validated.

    Raises:
        DataError: If a line is not a JSON object.
    """
    return list(_objects(path))


class Lines(Sequence[Row]):
    """The objects of a file, one per line, each read on access: eight bytes per line are kept in memory.

    For files that may be larger than memory. The file must not change while it is open.
    """

    @overload
    def __init__(self: "Lines[dict[str, Any]]", path: Path) -> None: ...

    @overload
    def __init__(self, path: Path, kind: type[Row]) -> None: ...

    def __init__(self, path: Path, kind: type[Any] = dict) -> None:
        """Index where each line begins; blank lines are skipped.

        Args:
            path: The file, which is kept open until `close` or the end of a `with` block.
            kind: The type of the objects, for the type checker; nothing is validated.
        """
        self._path = path
        self._file = path.open("rb")
        self._offsets, self._numbers = array("Q"), array("Q")
        offset = 0
        for number, text in enumerate(self._file, start=1):
            if text.strip():
                self._offsets.append(offset)
                self._numbers.append(number)
            offset += len(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; no object can be read after that."""
        self._file.close()

    def __len__(self) -> int:
        """The number of objects."""
        return len(self._offsets)

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        """An object, or a list of them.

        Raises:
            DataError: If the line is not a JSON object.
        """
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        self._file.seek(self._offsets[index])
        return cast(Row, _object(self._file.readline(), self._path, self._numbers[index]))


@dataclass(frozen=True)
class Field:
    """One field of every record, which can be iterated repeatedly without being loaded into memory."""

    records: Sequence[Mapping[str, Any]]
    name: str

    def __iter__(self) -> Iterator[Any]:
        """The field's values, in the records' order."""
        return (record[self.name] for record in self.records)


class ResumableJsonl(Generic[Row]):
    """A file that grows by one record at a time, so that an interrupted run can resume where it stopped.

    Attributes:
        records: All complete records of the file, by key: those of interrupted runs, then those appended.
    """

    def __init__(self, path: Path, kind: type[Row], key: str = "id") -> None:
        """Read what an interrupted run wrote; a last line that it did not finish is cut off.

        Args:
            path: The file, which need not exist.
            kind: The type of the records.
            key: The field that identifies a record.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._key = key
        self._file = path.open("a+b")
        self._file.seek(0)
        complete = _complete(self._file.read())
        os.truncate(self._file.fileno(), len(complete))
        try:
            self.records: dict[str, Row] = {record[key]: cast(Row, record) for record in _parsed(complete, path)}
        except (DataError, KeyError, TypeError) as error:
            raise DataError(f"{path}: the work of an interrupted run is damaged; delete this file") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, record: Row) -> None:
        """Write a record and flush it to the file."""
        self._file.write(line(record).encode())
        self._file.flush()
        self.records[record[self._key]] = record


def read_finished(path: Path) -> list[dict[str, Any]]:
    """Read the complete lines of a file whose writer may have been interrupted; none when there is no file."""
    return _parsed(_complete(path.read_bytes()), path) if path.exists() else []


def _complete(text: bytes) -> bytes:
    return text[: text.rfind(b"\n") + 1]


def _parsed(text: bytes, path: Path) -> list[dict[str, Any]]:
    return [_object(each, path, number) for number, each in enumerate(text.split(b"\n"), start=1) if each.strip()]


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if text.strip():
                yield _object(text, path, number)


def _object(text: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        record = json.loads(text.decode())
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, line {number}: not UTF-8 (byte {error.start}); save the file as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}, line {number}: not valid JSON: {error}") from error
    if not isinstance(record, dict):
        raise DataError(f"{path}, line {number}: not a JSON object")
    return record


def line(record: Mapping[str, Any]) -> str:
    """One record as a line."""
    return json.dumps(record, ensure_ascii=False) + "\n"


def write(path: Path, records: Iterable[Mapping[str, Any]]) -> int:
    """Write one object per line and return their number."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(line(record))
            count += 1
    return count


def write_json(path: Path, value: Any) -> None:
    """Write one value, indented, with its keys in their order."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read the value of a JSON file.

    Raises:
        DataError: If it is not JSON in UTF-8.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON: {error}") from error


def read_object(path: Path) -> dict[str, Any]:
    """Read the object of a JSON file.

    Raises:
        DataError: If it is not a JSON object in UTF-8.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise DataError(f"{path}: not a JSON object")
    return value
