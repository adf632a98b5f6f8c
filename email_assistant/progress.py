"""Progress of everything long: a bar on a terminal, a line now and then elsewhere."""

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

SECONDS_BETWEEN_LINES = 30.0
log = logging.getLogger(__name__)


class Bar:
    """How far some work is."""

    def __init__(self, progress: Progress, task: TaskID, lines: bool) -> None:
        """Wrap one task of a rich Progress; with `lines` say it in the log as well."""
        self._progress, self._task, self._lines = progress, task, lines
        self._said = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Move on by so many units of work."""
        self._progress.advance(self._task, count)
        now = time.monotonic()
        if self._lines and now - self._said >= SECONDS_BETWEEN_LINES:
            self._said = now
            task = self._progress.tasks[0]
            of_all = f" of {task.total:.0f}" if task.total else ""
            log.info("%-10s %d%s %s", task.description, task.completed, of_all, task.fields["note"])

    def note(self, text: str) -> None:
        """Show a word beside the bar."""
        self._progress.update(self._task, note=text)


@contextmanager
def bar(what: str, total: int | None, done: int = 0) -> Iterator[Bar]:
    """Show a bar on standard error while the block runs, or log a line every half minute without a terminal."""
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
        task = progress.add_task(what, total=total, completed=done, note="")
        yield Bar(progress, task, lines=not console.is_terminal)
