"""The file of figures, rewritten after each of them, so that a run that is cut off loses none."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from email_assistant.storage.atomic import atomic_path

RESULTS = "results.json"
# States of a part.
RUNNING, DONE, FAILED, SKIPPED = "running", "done", "failed", "skipped"
# Widest text of a cell in the table.
WIDEST = 150


class Report:
    """The results of all parts.

    Attributes:
        path: The JSON file.
        parts: Each part's state, seconds, figures and, if it failed, error.
    """

    def __init__(self, folder: Path) -> None:
        """Read what is there already."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / RESULTS
        self.parts: dict[str, dict[str, Any]] = {}
        self.reload()

    def reload(self) -> None:
        """Read the file again: another process may have written it."""
        if self.path.exists():
            self.parts = json.loads(self.path.read_text(encoding="utf-8"))["parts"]

    def set_part(self, part: str, **values: Any) -> None:
        """Set the state of a part, or anything else about it."""
        self.parts.setdefault(part, {"figures": {}}).update(values)
        self._save()

    def add_figure(self, part: str, name: str, value: Any) -> None:
        """Store a figure, and print it as one line of JSON."""
        self.parts.setdefault(part, {"figures": {}})["figures"][name] = value
        self._save()
        print(json.dumps({"part": part, "figure": name, "value": value}), flush=True)

    def running(self) -> tuple[str, float] | None:
        """The part that is running, and when it started (seconds since the epoch)."""
        for name, part in self.parts.items():
            if part.get("state") == RUNNING:
                return name, float(part["started"])
        return None

    def _save(self) -> None:
        with atomic_path(self.path) as partial:
            partial.write_text(json.dumps({"parts": self.parts}, indent=1), encoding="utf-8")


def table(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """All figures as aligned text: the part, the figure, and what was measured."""
    rows = [("part", "figure", "measured")]
    for name, part in parts.items():
        state = part.get("state", "not run")
        note = f"{state} in {part['seconds']:.0f} s" if "seconds" in part else state
        rows.append((name, "", f"{note}: {_last_line(part['error'])}" if part.get("error") else note))
        rows += [("", figure, _text(value)) for figure, value in part["figures"].items()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{part:{widths[0]}}  {figure:{widths[1]}}  {text[:WIDEST]}" for part, figure, text in rows)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        if "error" in value:
            return f"failed: {_last_line(str(value['error']))}"
        return ", ".join(f"{name} {text}" for name, text in _flat(value))
    return _number(value)


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield name, f"({_text(value)})"
        elif name.endswith("_bytes") and isinstance(value, int | float):
            yield name.removesuffix("_bytes"), _size(value)
        else:
            yield name, _number(value)


def _size(value: float) -> str:
    return f"{value / 2**30:.2f} GiB" if value >= 2**28 else f"{value / 2**20:.2f} MiB"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else ""
