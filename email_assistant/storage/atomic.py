"""Writes files and folders completely or not at all, even if the process is killed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".partial"


def partial_of(target: Path) -> Path:
    """The hidden path next to a target where its new content is written first."""
    return target.with_name(f".{target.name}{SUFFIX}")


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Write a file or a folder under another name, then rename it over the target.

    The partial path has a fixed name, so that what a killed process left is cleared by the next writer. Two
    processes that may write the same target at the same time need a lock.

    Args:
        target: What the block's file or folder becomes. An existing file is replaced; a folder must not exist.

    Yields:
        A path in the same folder, free for the block to create. The block has to close the file. It is removed,
        and the target is unchanged, when the block raises.
    """
    partial = partial_of(target)
    remove(partial)
    try:
        yield partial
        partial.replace(target)
    except BaseException:
        remove(partial)
        raise


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    partial = file.with_name(f".{file.name}.{os.getpid()}{SUFFIX}")
    partial.unlink(missing_ok=True)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder; nothing happens when there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
