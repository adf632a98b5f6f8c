"""What is printed: safe text, tables, and numbers with units."""

import io
import logging
from datetime import timedelta

import pytest
from rich.console import Console
from rich.text import Text

from email_assistant.console import (
    Formatter,
    StageLogger,
    age,
    duration,
    plain,
    printable,
    rough_duration,
    screen,
    size,
    table,
)

ESCAPE = "\x1b]0;title\x07"


def printed(renderable: object) -> str:
    """What a terminal would show, on a console that reads markup."""
    console = Console(file=io.StringIO(), width=60, color_system=None)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_text_from_strangers_cannot_control_the_terminal() -> None:
    assert printable(f"a{ESCAPE}b\r\nc") == "a]0;titleb\nc"
    assert plain(f"[bold]a{ESCAPE}").plain == "[bold]a]0;title"
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s", (ESCAPE,), None)
    assert Formatter("%(message)s").format(record) == "]0;title"


def test_log_lines_begin_with_their_stage(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    StageLogger("email_assistant.somewhere", "train").info("%d mails, 100%%", 3)
    (record,) = caplog.records
    assert (record.name, record.getMessage()) == ("email_assistant.somewhere", "train      3 mails, 100%")


def test_a_table_shows_strings_literally_and_keeps_the_style_of_texts() -> None:
    made = table(
        ("name", "count"), [("[red]x[/red] :heart:", "1"), (ESCAPE, Text("22", style="dim"))], right=("count",)
    )
    lines = printed(made).splitlines()
    assert any("[red]x[/red] :heart:" in line and line.rstrip().endswith(" 1") for line in lines)
    assert any("]0;title" in line and line.rstrip().endswith("22") for line in lines)
    assert "\x1b" not in printed(made)


def test_a_table_without_headings_has_no_header() -> None:
    lines = printed(table(("", ""), [("a", "b")], title="T [x]")).splitlines()
    assert [line.split() for line in lines if line.strip()] == [["T", "[x]"], ["a", "b"]]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(3, "now"), (70, "1 minute ago"), (7300, "2 hours ago"), (200000, "2 days ago")]
)
def test_ages(seconds: int, expected: str) -> None:
    assert age(timedelta(seconds=seconds)) == expected


def test_sizes_and_durations() -> None:
    sizes = [size(count) for count in (0, 999, 1500, 3_400_000, 7_100_000_000)]
    assert sizes == ["0 B", "999 B", "1.5 kB", "3.4 MB", "7.1 GB"]
    assert [duration(seconds) for seconds in (7.6, 200.0, 24964.0)] == ["8 s", "3 min 20 s", "6 h 56 min"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "5 s"),
        (22, "20 s"),
        (54, "55 s"),
        (58, "1 min"),
        (230, "4 min"),
        (3600, "1 h"),
        (4300, "1 h 10 min"),
        (7150, "2 h"),
    ],
)
def test_durations_to_come_are_rounded(seconds: float, said: str) -> None:
    assert rough_duration(seconds) == said


@pytest.mark.parametrize(("columns", "width"), [("1", 60), ("20", 60), ("100", 100)])
def test_a_narrow_terminal_has_tables_that_can_be_read(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("LINES", "20")
    assert screen().width == width
