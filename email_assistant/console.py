"""Output on the terminal: safe text, tables, and numbers with units."""

import logging
import sys
from collections.abc import Collection, Iterable, MutableMapping, Sequence
from datetime import timedelta
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def printable(text: str) -> str:
    """Text without control characters: a terminal would obey them, and names and mails come from strangers."""
    return "".join(character for character in text if character == "\n" or character.isprintable())


class Formatter(logging.Formatter):
    """A log formatter that removes control characters: log lines quote names and addresses from archives."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record without control characters."""
        return printable(super().format(record))


class OutputHandler(logging.StreamHandler[TextIO]):
    """A handler of log lines that does not go on where nobody reads them, or the disk is full."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name in logging
        """Raise the error of an output that cannot be written; print that of a wrong log line, as logging does."""
        if isinstance(sys.exception(), OSError):
            raise
        super().handleError(record)


class StageLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger whose lines begin with a column that names the stage, or the part of the program, that they are about.

    Attributes:
        column: The name.
    """

    def __init__(self, module: str, column: str) -> None:
        """Create a logger.

        Args:
            module: The `__name__` of the module that logs.
            column: The name of the stage or part.
        """
        super().__init__(logging.getLogger(module))
        self.column = column

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Put the column before a message."""
        return f"{self.column:<10} {msg}", kwargs


# In a narrower terminal, tables had columns of a letter; lines that it wraps can be read.
MIN_WIDTH = 60


def screen() -> Console:
    """Standard output. Strings are printed literally: text from archives must not be read as rich's markup."""
    console = Console(highlight=False, markup=False, emoji=False)
    if console.width < MIN_WIDTH:
        console.width = MIN_WIDTH
    return console


def plain(text: str) -> Text:
    """Text to show literally, without control characters."""
    return Text(printable(text))


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    right: Collection[str] = (),
    title: str | None = None,
) -> Table:
    """A table in the one style that all commands use.

    Args:
        headings: One for each column; the header is left out where all are empty.
        rows: Cells by column. A string is shown literally; a `Text` keeps its style.
        right: Headings of the columns to align right.
        title: A line above the table.
    """
    made = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        show_header=any(headings),
        title=None if title is None else Text(title, style="table.title"),
        title_justify="left",
    )
    for heading in headings:
        made.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else plain(cell) for cell in row))
    return made


def duration(seconds: float) -> str:
    """A human-readable duration: '8 s', '3 min 20 s', '6 h 56 min'."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def rough_duration(seconds: float) -> str:
    """A duration as one would say it: '20 s', '4 min', '1 h 10 min'."""
    if seconds < 55:
        return f"{max(5, round(seconds / 5) * 5)} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {round(rest, -1)} min" if round(rest, -1) not in (0, 60) else f"{hours + (rest > 30)} h"


def age(passed: timedelta) -> str:
    """A human-readable time in the past: '5 minutes ago', '3 days ago'."""
    for seconds, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        count = int(passed.total_seconds() // seconds)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "now"


def size(count: int) -> str:
    """A human-readable number of bytes: '3.4 MB'."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
