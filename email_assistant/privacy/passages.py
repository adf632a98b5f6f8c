"""Passages of mails, and whether a file has them: how it is shown where text of mails lies."""

import os
import random
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

# Characters of a passage: enough to stand nowhere else by chance, and few enough for most mails to have such a line.
SHORTEST, LONGEST = 24, 60
# What JSON, HTML and tables write as it is.
PLAIN = re.compile(r"[^\x00-\x1f\"'&<>\\]+")
# Numbers of a model, among which no text stands.
WEIGHTS = (".safetensors", ".gguf")
PIECE = 16 * 2**20


def lines_of(text: str) -> Iterator[str]:
    """What can be looked for of a mail: of each line its longest part that every format writes as it is."""
    for part in PLAIN.finditer(text):
        line = part[0][:LONGEST].strip()
        if len(line) >= SHORTEST:
            yield line


def passages(lines: Collection[str], count: int, seed: int) -> list[bytes]:
    """So many of the lines, drawn, as UTF-8 and as JSON writes them in ASCII."""
    drawn = random.Random(seed).sample(sorted(lines), min(count, len(lines)))
    return list(dict.fromkeys(form for line in drawn for form in (line.encode(), escaped(line))))


def escaped(text: str) -> bytes:
    """A text as JSON in ASCII has it."""
    return text.encode("ascii", "backslashreplace")


def files_of(roots: Sequence[Path]) -> Iterator[Path]:
    """The files under some folders that may hold text; links are passed over."""
    for path in everything(roots):
        if path.is_file() and not path.is_symlink() and path.suffix not in WEIGHTS:
            yield path


def everything(roots: Sequence[Path]) -> Iterator[Path]:
    """Some folders with all files and folders in them."""
    for root in roots:
        if root.is_dir():
            yield root
            for folder, folders, files in os.walk(root):
                yield from (Path(folder) / name for name in (*folders, *files))


def holds(path: Path, wanted: Sequence[bytes]) -> bool:
    """Whether any of the passages stands in a file."""
    longest = max(map(len, wanted), default=0)
    with path.open("rb") as file:
        end = b""
        while wanted and (piece := file.read(PIECE)):
            looked_at = end + piece
            if any(passage in looked_at for passage in wanted):
                return True
            # A passage may lie across the border of two pieces.
            end = looked_at[-longest:]
    return False
