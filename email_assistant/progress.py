"""Progress of long work: a bar on a terminal, otherwise an occasional log line."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# Seconds between two log lines.
SECONDS_BETWEEN_LINES = 30.0
log = logging.getLogger(__name__)


class Bar:
    """The progress of one piece of work."""

    def __init__(self, progress: Progress, task: TaskID, lines: bool) -> None:
        """Wrap a task of rich's progress display; with `lines`, also write log lines."""
        self._progress, self._task, self._lines = progress, task, lines
        self._last_line = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Add finished units of work."""
        self._progress.advance(self._task, count)
        now = time.monotonic()
        if self._lines and now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            task = self._progress.tasks[0]
            total = f" of {task.total:.0f}" if task.total else ""
            log.info("%-10s %d%s %s", task.description, task.completed, total, task.fields["note"])

    def note(self, text: str) -> None:
        """Show a short text beside the bar."""
        self._progress.update(self._task, note=text)


@contextmanager
def bar(label: str, total: int | None, done: int = 0) -> Iterator[Bar]:
    """Show progress while the block runs: a bar on standard error or, without a terminal, an occasional log line.

    Args:
        label: One word for what is being done.
        total: The units of work; None if they are not known.
        done: The units that are already finished.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(label, total=total, completed=done, note="")
        yield Bar(progress, task, lines=not console.is_terminal)
