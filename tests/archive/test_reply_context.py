from pathlib import Path

import pytest

from email_assistant.archive.reply_context import text_to_answer, truncate_words
from email_assistant.errors import DataError

MESSAGE = (
    "From: You <you@y.example>\nSubject: Lunch\nDate: Fri, 03 May 2024 1{number}:00:00 +0000\n\n"
    "Shall we meet {number}?\n\n-- \nYou\n+44 20 7946 0018\n"
)


def test_the_newest_message_of_a_thread_is_answered(tmp_path: Path) -> None:
    separator = "From me@x.example Mon Jan  1 10:00:00 2024\n"
    thread = tmp_path / "thread.mbox"
    thread.write_text("".join(f"{separator}{MESSAGE.format(number=number)}\n" for number in (1, 3, 2)))
    assert text_to_answer(thread) == "Shall we meet 3?"


def test_a_single_message_or_plain_text_is_answered(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(MESSAGE.format(number=5))
    (tmp_path / "a.txt").write_text("Пойдём обедать?\n\n> старое", encoding="utf-8")
    assert text_to_answer(tmp_path / "a.eml") == "Shall we meet 5?"
    assert text_to_answer(tmp_path / "a.txt") == "Пойдём обедать?"


def test_a_file_without_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    for name in ("missing", "empty"):
        with pytest.raises(DataError, match=name):
            text_to_answer(tmp_path / name)


def test_truncated_text_keeps_lines_and_ends_with_an_ellipsis() -> None:
    assert truncate_words("one two\nthree four", 10) == "one two\nthree four"
    assert truncate_words("one two\nthree four\nfive", 3) == "one two\nthree …"
