"""Searches files for passages of mails, to show which files contain mail text."""

import os
import random
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

# Long enough to occur nowhere else by chance, and short enough for most mails to have such a line.
MIN_CHARACTERS, MAX_CHARACTERS = 24, 60
# Text that JSON, HTML and CSV write without escapes.
UNESCAPED = re.compile(r"[^\x00-\x1f\"'&<>\\]+")
# Files of model weights, which contain no text.
WEIGHTS_SUFFIXES = (".safetensors", ".gguf")
CHUNK_BYTES = 16 * 2**20


def searchable_lines(text: str) -> Iterator[str]:
    """Yield the parts of a text that can be searched for: long enough, and written the same in every format."""
    for part in UNESCAPED.finditer(text):
        line = part[0][:MAX_CHARACTERS].strip()
        if len(line) >= MIN_CHARACTERS:
            yield line


def sample_passages(lines: Collection[str], count: int, seed: int) -> list[bytes]:
    """Sample lines to search for.

    Args:
        lines: The lines to sample from.
        count: The number of lines.
        seed: The seed of the sample.

    Returns:
        Each line in UTF-8 and, if that differs, in ASCII with the escapes of JSON.
    """
    sample = random.Random(seed).sample(sorted(lines), min(count, len(lines)))
    return list(dict.fromkeys(form for line in sample for form in (line.encode(), json_escaped(line))))


def json_escaped(text: str) -> bytes:
    """The text in ASCII with backslash escapes, as JSON writes it."""
    return text.encode("ascii", "backslashreplace")


def text_files(roots: Sequence[Path]) -> Iterator[Path]:
    """Yield the files in some folders that may contain text; links are skipped."""
    for path in walk(roots):
        if path.is_file() and not path.is_symlink() and path.suffix not in WEIGHTS_SUFFIXES:
            yield path


def walk(roots: Sequence[Path]) -> Iterator[Path]:
    """Yield some folders and all files and folders in them."""
    for root in roots:
        if root.is_dir():
            yield root
            for folder, folders, files in os.walk(root):
                yield from (Path(folder) / name for name in (*folders, *files))


def contains_any(path: Path, passages: Sequence[bytes]) -> bool:
    """Whether a file contains any of the passages."""
    longest = max(map(len, passages), default=0)
    with path.open("rb") as file:
        overlap = b""
        while passages and (chunk := file.read(CHUNK_BYTES)):
            window = overlap + chunk
            if any(passage in window for passage in passages):
                return True
            # A passage may span two chunks.
            overlap = window[-longest:]
    return False
