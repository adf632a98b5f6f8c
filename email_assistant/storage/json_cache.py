"""A JSON file of values that would take long to compute again, which several processes may add to."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from email_assistant.console import StageLogger
from email_assistant.storage.atomic import atomic_path

log = StageLogger(__name__, "cache")


def read(file: Path) -> dict[str, Any]:
    """The values by their keys; none if the file is missing or corrupt."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError):
        log.info("%s is corrupt; rebuilding it", file)
        return {}


def add(file: Path, values: Mapping[str, Any]) -> None:
    """Add values; another process may add its own at the same time."""
    with _locked(file):
        _write(file, {**read(file), **values})


def get_or_compute(
    file: Path, key: str, compute: Callable[[], Any], is_valid: Callable[[Any], bool] = lambda value: True
) -> Any:
    """The value of a key. It is computed by one process at most, while the others wait for it.

    Args:
        file: The file.
        key: The key.
        compute: Returns the value if the file has none, or one that is not valid.
        is_valid: Whether a value of the file can be used.
    """
    values = read(file)
    if key not in values or not is_valid(values[key]):
        with _locked(file):
            values = read(file)
            if key not in values or not is_valid(values[key]):
                values[key] = compute()
                _write(file, values)
    return values[key]


def _locked(file: Path) -> FileLock:
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(file.with_suffix(".lock"))


def _write(file: Path, values: Mapping[str, Any]) -> None:
    with atomic_path(file) as partial:
        partial.write_text(json.dumps(values, indent=1), encoding="utf-8")
