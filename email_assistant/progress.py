"""Progress bars for everything long, on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """A bar that is told how far the work is."""

    def __init__(self, progress: Progress, task: int) -> None:
        """Wrap one task of a rich Progress."""
        self._progress = progress
        self._task = task

    def advance(self, count: int = 1) -> None:
        """Move on by so many units of work."""
        self._progress.advance(self._task, count)  # type: ignore[arg-type]

    def note(self, text: str) -> None:
        """Show a word beside the bar."""
        self._progress.update(self._task, note=text)  # type: ignore[arg-type]


@contextmanager
def bar(what: str, total: int | None, done: int = 0) -> Iterator[Bar]:
    """Show a bar while the block runs; without a terminal nothing is shown."""
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
        yield Bar(progress, progress.add_task(what, total=total, completed=done, note=""))
