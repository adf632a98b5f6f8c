"""Mails on the terminal."""

import io

import pytest
from rich.console import Console

from email_assistant.reports.sample_mails import WIDE, mail_panel

LINE = {
    "instruction": "wilf: monday's can leaks, bring [bold]a good one[/bold] and take this one back with you",
    "email": "Wilf, the can leaks.",
    "base": "Dear Sir or Madam, I am writing to you.",
    "tuned": "Ahoy Wilf, monday's can leaks.\x1b[31m",
}


@pytest.mark.parametrize("width", [40, WIDE + 20])
def test_request_and_all_mails_are_shown_whole_and_literally(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    console.print(mail_panel(LINE, ["base", "tuned"], width))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    shown_words = shown.replace("│", " ").split()
    for name in ("instruction", "email", "base"):
        assert all(word in shown_words for word in LINE[name].split())
    assert "\x1b" not in shown
    base, tuned, owner = (
        next(number for number, text in enumerate(shown.splitlines()) if beginning in text)
        for beginning in ("Dear Sir", "Ahoy Wilf", "Wilf, the")
    )
    assert (base == tuned == owner) if width > WIDE else (base < tuned < owner)
