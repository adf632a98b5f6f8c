"""Edits of drafts, as the compose page keeps them."""

from pathlib import Path
from typing import Any, cast

from email_assistant.archive import edits
from email_assistant.storage.records import Edit


def edit(name: str, text: str, **values: Any) -> Edit:
    """An edit with this mail; another date for another name."""
    usual = {
        "id": name,
        "date": f"2025-01-01T10:00:{sum(name.encode()) % 60:02d}+00:00",
        "request": f"request {name}",
        "to": "",
        "subject": "",
        "context": "",
        "draft": "",
        "text": text,
        "answers": [],
    }
    return cast(Edit, {**usual, **values})


def keep(outputs: Path, *given: Edit) -> Path:
    """Keep edits in a folder of outputs; returns their file."""
    for each in given:
        assert edits.keep(outputs, each)
    return edits.edits_file(outputs)
