"""A greeting names nobody whom the request does not name."""

import time

import pytest

from email_assistant.metrics.guessed_greeting import without_guessed_name

BODY = "\n\nI am running late.\n\nFair winds,\nTamsin"


@pytest.mark.parametrize(
    ("greeting", "left"),
    [
        ("Ahoy Mike,", "Ahoy,"),
        ("Hi Mike and Jo!", "Hi!"),
        ("Hello Ms Hale,", "Hello,"),
        ("Салют Тамсин,", "Салют,"),
        ("Привет, Маш!", "Привет!"),
        ("Здравствуйте, Иван Петрович!", "Здравствуйте!"),
        ("Hi, Mike,", "Hi,"),
        ("Hi Mike and all,", "Hi all,"),
        ("Hi Mike", "Hi"),
        ("Dear Mike,", ""),
        ("Дорогая Зина!", ""),
        ("Mike,", ""),
        # Nobody is named.
        ("Hi,", "Hi,"),
        ("Hi all,", "Hi all,"),
        ("Dear colleagues,", "Dear colleagues,"),
    ],
)
def test_a_name_that_nobody_gave_goes(greeting: str, left: str) -> None:
    assert without_guessed_name("i am running late", greeting + BODY) == (left + BODY).lstrip("\n")


@pytest.mark.parametrize(
    ("request_", "context"),
    [
        ("mike: i am running late", None),
        ("tell Mike i am running late", None),
        ("i am running late mike", None),
        ("i am running late", "Where are you?\n\nMike"),
        # The mail is for somebody else: that is no guess to be hidden.
        ("bo: i am running late", None),
    ],
)
def test_a_name_that_was_given_stays(request_: str, context: str | None) -> None:
    assert without_guessed_name(request_, "Ahoy Mike," + BODY, context) == "Ahoy Mike," + BODY


@pytest.mark.parametrize(
    ("typed", "mail", "left"),
    [
        ("no, not this week", "Ahoy No,\n\nNot this week.", "Ahoy,\n\nNo. Not this week."),
        ("Yes i will come", "hi yes\nI will come.", "hi\n\nYes. I will come."),
        ("нет, не приду", "Салют нет!\n\nНе приду.", "Салют!\n\nНет. Не приду."),
        ("mr no: yes", "Ahoy no,\n\nYes.", "Ahoy no,\n\nYes."),
        ("no, not this week", "Oh no,\n\nnot this week.", "Oh no,\n\nnot this week."),
        ("no, not this week", "No,\n\nnot this week.", "No,\n\nnot this week."),
    ],
)
def test_the_word_that_a_request_begins_with_is_no_name(typed: str, mail: str, left: str) -> None:
    assert without_guessed_name(typed, mail) == left


@pytest.mark.parametrize(
    "mail",
    [
        *("", "Dear Mike,", "Mike,\n", "Ahoy Mike", "Ahoy Mike, I am late.", "Mike is late.\n\nBo"),
        *("Hi Mike, I am late.\n\nBo", "\n\nI am late."),
    ],
)
def test_what_says_more_than_a_greeting_stays(mail: str) -> None:
    assert without_guessed_name("i am late", mail) == mail


def test_a_long_row_of_blank_lines_is_read_in_linear_time() -> None:
    start = time.monotonic()
    without_guessed_name("i am late", " \n" * 8000)
    assert time.monotonic() - start < 1
