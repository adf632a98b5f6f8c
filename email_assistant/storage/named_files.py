"""Files that the user names: what is wrong with one that is to be read or written."""

import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from email_assistant.errors import DataError, EmailAssistantError

# Bytes at the beginning of a file by which its own writer is known.
HEAD_BYTES = 256


def check_readable(path: Path, remedy: str, error: type[EmailAssistantError] = DataError) -> None:
    """Check that a file can be read, more than once.

    Args:
        path: The file.
        remedy: What to set, for the message.
        error: The class of the error.

    Raises:
        EmailAssistantError: of this class, when there is no such file, or it is a folder, a pipe or a device.
    """
    if problem := _problem(path):
        raise error(f"{path}: {problem}; {remedy}")


def _problem(path: Path) -> str:
    if path.is_file():
        return ""
    if path.is_dir():
        return "is a folder, not a file"
    if path.exists():
        return "is a pipe or a device, not a file"
    names = get_close_matches(path.name, _names_beside(path), n=1, cutoff=0.8)
    return "no such file" + "".join(f" (did you mean {path.with_name(name)}?)" for name in names)


def _names_beside(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return []


def check_replaceable(
    key: str,
    path: Path,
    inputs: Iterable[tuple[str, Path]],
    begins: tuple[bytes, ...],
    kind: str,
    in_folder: bool = False,
) -> None:
    """Check that writing a file replaces nothing but an earlier file of the same kind.

    Args:
        key: The key of the configuration that names the file.
        path: The file, which need not exist.
        inputs: What is read: the key of the configuration, and the path.
        begins: How files of the kind begin.
        kind: What they are, for the message.
        in_folder: Whether the key names the folder of the file.

    Raises:
        DataError: when the path is a folder, a pipe, a device, an input, or a file of another kind.
    """
    remedy = f"set {key} to another {'folder' if in_folder else 'file'}"
    if path.is_dir():
        raise DataError(f"{path}: is a folder; {remedy if in_folder else f'set {key} to the file to write'}")
    if not path.exists():
        return
    if not path.is_file():
        raise DataError(f"{path}: is a pipe or a device; {remedy if in_folder else f'set {key} to a file'}")
    for name, read in inputs:
        if read.exists() and read.samefile(path):
            raise DataError(f"{path}: is also {name}, which it would replace; {remedy}")
    if not os.access(path, os.W_OK):
        raise DataError(f"{path}: is read-only; {remedy}")
    if not _begins_with(path, begins):
        raise DataError(f"{path}: exists and is not {kind}, so it is not replaced; {remedy}, or delete it")


def _begins_with(path: Path, begins: tuple[bytes, ...]) -> bool:
    """Whether a file is empty, or begins in one of some ways."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return not head or head.startswith(begins)


def inputs_of(named: Mapping[str, str | list[str] | None]) -> Iterator[tuple[str, Path]]:
    """Yield the keys that name files or folders with each of their paths; keys without a value are skipped."""
    for key, value in named.items():
        for path in [value] if isinstance(value, str) else value or []:
            yield key, Path(path)
