"""JSON and JSON lines, the form of every artifact: UTF-8, readable by a person."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from email_assistant.errors import DataError


def read(path: Path) -> list[dict[str, Any]]:
    """The objects of a file, one a line; blank lines are passed over.

    Raises:
        DataError: naming the line that is no JSON object.
    """
    return list(_objects(path))


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}, line {number}: no JSON: {error}") from error
            if not isinstance(record, dict):
                raise DataError(f"{path}, line {number}: an object was expected")
            yield record


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
