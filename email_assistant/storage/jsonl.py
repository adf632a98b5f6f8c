"""JSON and JSON lines, the form of every artifact: UTF-8, readable by a person."""

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from email_assistant.errors import DataError


def read(path: Path) -> list[dict[str, Any]]:
    """The objects of a file, one a line; blank lines are passed over.

    Raises:
        DataError: naming the line that is no JSON object.
    """
    return list(_objects(path))


class Lines(Sequence[dict[str, Any]]):
    """The objects of a file, one a line, each read when it is asked for: in memory are eight bytes a line.

    For files that may be larger than memory. The file must stay as it is.
    """

    def __init__(self, path: Path) -> None:
        """Find where each line begins; blank lines are passed over."""
        self._path = path
        self._file = path.open("rb")
        self._starts, self._numbers = array("Q"), array("Q")
        place = 0
        for number, text in enumerate(self._file, start=1):
            if text.strip():
                self._starts.append(place)
                self._numbers.append(number)
            place += len(text)

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, place: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        """An object, or a list of them.

        Raises:
            DataError: naming the line that is no JSON object.
        """
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        self._file.seek(self._starts[place])
        return _object(self._file.readline().decode(), self._path, self._numbers[place])


@dataclass(frozen=True)
class Field:
    """A field of every record, gone through as often as is needed without being held."""

    records: Sequence[dict[str, Any]]
    name: str

    def __iter__(self) -> Iterator[Any]:
        """One value after another."""
        return (record[self.name] for record in self.records)


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            yield _object(line, path, number)


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}, line {number}: no JSON: {error}") from error
    if not isinstance(record, dict):
        raise DataError(f"{path}, line {number}: an object was expected")
    return record


def read_finished(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file that was being written when its process ended; none when it is not there."""
    if not path.exists():
        return []
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines() if line.strip()]


def line(record: dict[str, Any]) -> str:
    """One record as a line."""
    return json.dumps(record, ensure_ascii=False) + "\n"


def write(path: Path, records: Iterable[dict[str, Any]]) -> int:
    """Write one object a line; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(line(record))
            count += 1
    return count


def write_json(path: Path, value: Any) -> None:
    """Write one value, indented, keys in their order."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """The value of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
