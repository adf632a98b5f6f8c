"""Several mails in one file of text, and single mails that look like it."""

import time
from pathlib import Path

import pytest

from email_assistant.archive import readers
from email_assistant.archive.messages import ParsedMessage
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.readers import joined

COLUMNS: readers.Columns = dict.fromkeys(("text", "subject", "sender", "recipient", "date", "id", "thread"))
TEXTS = [
    "Please bring the ladder back.",
    "The choir meets on Wednesday.\n\nIt is dry there.",
    "The old kettle leaks badly.",
]


def texts(path: Path, data: str) -> list[str]:
    path.write_bytes(data.encode())
    messages = [parse_item(item) for item in readers.read([path], "auto", COLUMNS)]
    return [message.text.strip() for message in messages if isinstance(message, ParsedMessage)]


def header(number: int, tab: str = " ") -> str:
    fields = {"From": "Ann Roe <ann@x.example>", "Sent": f"{number + 1} April 2024", "To": "Bo Li", "Subject": "Hi"}
    return "".join(f"{name}:{tab}{value}\n" for name, value in fields.items())


@pytest.mark.parametrize("between", ["\n\n\n", "\n\n----------\n\n", "\n=====\n", "\n\f\n", "\r\n\r\n***\r\n"])
def test_each_of_several_mails_in_a_text_is_read(tmp_path: Path, between: str) -> None:
    data = between.join(f"{header(number)}\n{text}" for number, text in enumerate(TEXTS))
    assert texts(tmp_path / "mails.txt", f"\ufeff{data}") == TEXTS


def test_the_order_of_the_fields_and_blanks_behind_their_names_may_be_any(tmp_path: Path) -> None:
    mails = [
        f"Subject:\tHi\nFrom:\tAnn\nDate:\t2024-04-0{number + 1}\n\n{text}\n\n" for number, text in enumerate(TEXTS)
    ]
    assert texts(tmp_path / "Sent.txt", "\n".join(mails)) == TEXTS


def test_a_line_of_a_program_divides_messages_as_they_were_sent(tmp_path: Path) -> None:
    data = "".join(f"{header(number)}Message-ID: <{number}@x>\n\n{text}\n.\n" for number, text in enumerate(TEXTS))
    assert texts(tmp_path / "4a5b6c.bmf", data) == TEXTS


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("between", ["", "\n\n"])
def test_messages_that_were_joined_without_separators(tmp_path: Path, between: str, end: str) -> None:
    received = "Received: from a by b\nReceived: from c by d\n"
    mails = [f"{received}{header(number)}Message-ID: <{number}@x>\n\n{text}\n" for number, text in enumerate(TEXTS)]
    found = texts(tmp_path / "all.eml", between.join(mails).replace("\n", end))
    assert [text.replace("\r", "") for text in found] == TEXTS


def test_a_message_in_a_part_of_a_joined_message_is_no_message_of_its_own(tmp_path: Path) -> None:
    parts = f"--B\n\n{{text}}\n--B\nContent-Type: message/rfc822\n\n{header(9)}Message-ID: <9@x>\n\nIt rains.\n--B--\n"
    top = "Content-Type: multipart/mixed; boundary=B\n"
    mails = [f"{header(n)}Message-ID: <{n}@x>\n{top}\n{parts.format(text=text)}" for n, text in enumerate(TEXTS)]
    assert texts(tmp_path / "all.eml", "".join(mails)) == TEXTS
    assert joined.split(mails[0].encode(), "a") == [mails[0].encode()]


def test_a_message_that_is_another_or_returns_it_is_one(tmp_path: Path) -> None:
    inner = f"{header(1)}Message-ID: <1@x>\n\n{TEXTS[1]}\n"
    top = f"{header(0)}Message-ID: <0@x>\n"
    passed_on = f"{top}Content-Type: message/rfc822\n\n{inner}".encode()
    assert joined.split(passed_on, "a") == [passed_on]
    returned = f"{top}X-Failed-Recipients: bo@y.example\n\nYour mail was not delivered:\n\n{inner}".encode()
    assert joined.split(returned, "a") == [returned]
    assert len(joined.split(returned + inner.encode(), "a")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "I pass this on:\n\n-----\n\nFrom: Bo\nTo: Ann\nSubject: Rain\n\nIt rains.",
        "From: is what I wrote, and nothing followed.\n\nFrom: the hill one sees the sea.",
    ],
)
def test_a_message_as_it_was_sent_may_show_a_header(text: str) -> None:
    data = f"{header(0)}Message-ID: <1@x>\n\n{text}\n".encode()
    assert joined.split(data, "a") == [data]


@pytest.mark.parametrize("name", ["a.eml", "Re_ Hi.EML", "sent/12", "user/Sent/12."])
def test_a_file_with_the_name_of_one_message_is_one(name: str) -> None:
    data = f"{header(0)}\n{TEXTS[0]}\n\n{header(1)}\n{TEXTS[1]}\n".encode()
    assert joined.split(data, name) == [data]
    assert len(joined.split(data, "mails.txt")) == 2


def test_a_text_with_a_field_of_a_header_is_one_mail() -> None:
    data = f"{header(0)}\nFrom: the hill one sees the sea.\nTo: be seen.\n\nFrom: Bo, to all of you.\n".encode()
    assert joined.split(data, "a") == [data]


def test_the_answered_mail_below_an_answer_is_by_its_own_writer(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        f"{header(0)}\n{TEXTS[0]}\n\nFrom: Bo Li <bo@y.example>\nSent: Monday\nTo: Ann\n\nIt rains.\n"
    )
    messages = [parse_item(item) for item in readers.read([tmp_path / "a.txt"], "auto", COLUMNS)]
    assert [str(message.senders[0]) for message in messages if isinstance(message, ParsedMessage)] == [
        "Ann Roe <ann@x.example>",
        "Bo Li <bo@y.example>",
    ]


def test_joined_messages_of_several_programs(tmp_path: Path) -> None:
    other = (
        "MIME-Version: 1.0\nDate: 1 Apr 2024 10:00\nMessage-ID: <7@x>\nFrom: Ann <ann@x.example>\nTo: bo@y.example\n"
    )
    mails = [f"{header(number)}Message-ID: <{number}@x>\n\n{text}\n" for number, text in enumerate(TEXTS)]
    mails.insert(1, f"{other}User-Agent: A\n\nIt rains.\n\nPS: bring a hat\n")
    found = texts(tmp_path / "all.eml", "".join(mails))
    assert found == [TEXTS[0], "It rains.\n\nPS: bring a hat", *TEXTS[1:]]


def test_a_header_that_a_mail_shows_is_no_mail() -> None:
    shown = "Received: from a by b\nMessage-ID: <8@y>\nFrom: Bo <bo@y.example>\nTo: ann@x.example\nSubject: Rain\n"
    data = f"{header(0)}Message-ID: <0@x>\n\nThis is the header:\n\n{shown}\nWhat do you think of it?\n".encode()
    assert joined.split(data, "a") == [data]


@pytest.mark.parametrize("sent", ["", "Message-ID: <1@x>\n"])
@pytest.mark.parametrize(
    "line",
    ["From: a\n", "a: b\nFrom: a\n", "From: a\nx\n", "\nFrom: a\n", "\nFrom: a\nTo: b\nDate: c\n", "-" * 50 + "\n"],
)
def test_long_texts_take_time_in_proportion(line: str, sent: str) -> None:
    start = time.perf_counter()
    joined.split(f"{header(0)}{sent}\n{line * 40_000}".encode(), "a")
    assert time.perf_counter() - start < 2
