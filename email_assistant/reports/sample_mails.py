"""Mails on the terminal: a request, what each system wrote for it, and the mail that the owner wrote."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table

from email_assistant.console import plain
from email_assistant.requests.arms import ARMS

# How many mails a run shows.
SHOWN_MAILS = 3
# A terminal of this width has room for columns.
WIDE = 100


def mail_panel(line: Mapping[str, Any], arms: Sequence[str], width: int) -> Panel:
    """A request with its mails: side by side where there is room, else one below the other.

    Args:
        line: `instruction`, the owner's `email`, and the mail of each arm by its name.
        arms: The arms to show, in this order; the owner's mail comes last.
        width: Of the terminal, in characters.
    """
    mails = [(ARMS[arm].label, line[arm]) for arm in arms] + [("The owner's mail", line["email"])]
    request = plain(" ".join(line["instruction"].split()))
    request.stylize("bold")
    return Panel(Group(request, "", (_columns if width >= WIDE else _rows)(mails)), title="Request", title_align="left")


def _columns(mails: Sequence[tuple[str, str]]) -> RenderableType:
    grid = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1))
    for label, _ in mails:
        grid.add_column(label, ratio=1, overflow="fold")
    grid.add_row(*(plain(text) for _, text in mails))
    return grid


def _rows(mails: Sequence[tuple[str, str]]) -> RenderableType:
    grid = Table(box=None, show_header=False, expand=True, padding=0)
    grid.add_column(overflow="fold")
    for number, (label, text) in enumerate(mails):
        grid.add_row(plain(label), style="bold")
        grid.add_row(plain(text))
        if number < len(mails) - 1:
            grid.add_row("")
    return grid
