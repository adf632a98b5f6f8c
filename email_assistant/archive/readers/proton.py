"""The folders of a mail that Proton's export program names in a file beside it, 'x.metadata.json' for 'x.eml'."""

import json
from pathlib import Path

SUFFIX = ".metadata.json"
# Proton's numbers of its own folders.
SENT = frozenset(("2", "7"))
KIND_OF_FOLDER = {"1": "draft", "8": "draft", "3": "trash", "4": "spam"}


def place_of(path: Path) -> tuple[bool, frozenset[str]]:
    """Whether a mail was sent, and what else it is; nothing if no such file is beside it."""
    beside = path.with_name(path.stem + SUFFIX)
    if path.suffix != ".eml" or not beside.is_file():
        return False, frozenset()
    try:
        folders = set(map(str, json.loads(beside.read_bytes())["Payload"]["LabelIDs"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return False, frozenset()
    return bool(folders & SENT), frozenset(kind for folder, kind in KIND_OF_FOLDER.items() if folder in folders)
