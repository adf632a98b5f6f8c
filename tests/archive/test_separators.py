"""Which lines of an mbox separate messages: above messages without a header, and above patches."""

from pathlib import Path

import pytest

from email_assistant.archive import readers
from email_assistant.archive.messages import ParsedMessage
from email_assistant.archive.parsing import parse_item

HEADER = "From: Ann Roe <ann@x.example>\nTo: bo@y.example\nSubject: Hi {n}\nMessage-ID: <{n}@x>\n"
TEXTS = ["Please bring the ladder back.", "The choir meets on Wednesday.", "The old kettle leaks badly."]
WORDS = "Only words here, and no header."
DATED = "From ann@x.example Mon Apr  1 10:0{n}:00 2024\n"
DASH = "From - Mon Apr  1 10:0{n}:00 2024\n"
DAEMON = "From MAILER-DAEMON Mon Apr  1 10:00:00 2024\n"
SHA = "3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2"
VERSION = "-- \n2.39.2\n\n"


def message(n: int, text: str | None = None, more: str = "") -> str:
    return f"{HEADER.format(n=n)}{more}\n{TEXTS[n] if text is None else text}\n"


def mailbox(*messages: str, separator: str = DATED) -> str:
    return "".join(f"{separator.format(n=n)}{each}\n" for n, each in enumerate(messages))


def patch(n: int = 0, end: str = VERSION) -> str:
    return (
        f"From {SHA}{n} Mon Sep 17 00:00:00 2001\nFrom: Ann Roe <ann@x.example>\nDate: Mon, 1 Apr 2024 09:00:00 +0200\n"
        f"Subject: [PATCH] Mend step {n}\n\nIt was broken.\n---\n step.c | 2 +-\n\ndiff --git a/step.c b/step.c\n"
        f"--- a/step.c\n+++ b/step.c\n@@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;\n{end}"
    )


def texts(folder: Path, data: str, line_end: str = "\n") -> list[str]:
    """The texts of the messages; empty where one has no header."""
    (folder / "Sent").write_bytes(data.replace("\n", line_end).encode())
    messages = [parse_item(item) for item in readers.read([folder / "Sent"], "auto", {})]
    return [message.text.strip() if isinstance(message, ParsedMessage) else "" for message in messages]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize(
    ("separator", "words"),
    [(DATED, f"\n{WORDS}\n"), (DASH, f"\n{WORDS}\n"), (DASH, f"{WORDS}\n"), (DAEMON, f"{WORDS}\n"), (DATED, "\n")],
    ids=["address", "dash", "dash-joined", "daemon", "empty"],
)
def test_a_message_without_a_header_is_not_part_of_the_one_above(
    tmp_path: Path, separator: str, words: str, line_end: str
) -> None:
    data = mailbox(message(0), words, message(2), words, separator=separator)
    assert texts(tmp_path, data, line_end) == [TEXTS[0], "", TEXTS[2], ""]


@pytest.mark.parametrize(
    ("separator", "shown"),
    [
        (DATED, "From bo@y.example Mon Jan  1 08:00:00 2001\n"),
        (DATED, "From MAILER-DAEMON Mon Apr  1 10:00:00 2024\n"),
        (DATED, "From bo@y.example Mon Apr  1 10:05:00 2024\nand so on.\n"),
        (DASH, "From ann@x.example Mon Apr  1 10:05:00 2024\n"),
        (DASH, "From Monday, 10:00, until 2024\n"),
    ],
    ids=["older", "other", "words", "address", "sentence"],
)
def test_a_separator_that_a_mail_shows_is_part_of_it(tmp_path: Path, separator: str, shown: str) -> None:
    text = f"It reads:\n\n{shown}\nIs that right?"
    assert texts(tmp_path, mailbox(message(0, text), message(1), separator=separator)) == [text, TEXTS[1]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize(
    "second",
    [
        DATED.format(n=1),
        DATED.format(n=7),
        DASH.format(n=1),
        f"\n{DATED.format(n=1)}",
    ],
    ids=["same", "later", "dash", "below-a-blank-line"],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_doubled_separator_is_one(tmp_path: Path, second: str, place: int, line_end: str) -> None:
    separators = [DATED.format(n=1), DATED.format(n=1)]
    separators[place] += second
    data = "".join(f"{separator}{message(n)}\n" for n, separator in enumerate(separators))
    assert texts(tmp_path, data, line_end) == TEXTS[:2]


def test_where_a_content_length_ends_the_next_message_needs_no_header(tmp_path: Path) -> None:
    length = f"Content-Length: {len(TEXTS[0]) + 1}\n"
    data = f"{DAEMON}{message(0, more=length)}\n{DATED.format(n=1)}{WORDS}\n\n{mailbox(message(2))}"
    assert texts(tmp_path, data) == [TEXTS[0], "", TEXTS[2]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize("end", [VERSION, "\n"], ids=["version", "diff"])
def test_patches_appended_to_a_mailbox_are_messages(tmp_path: Path, end: str, line_end: str) -> None:
    patches = [patch(n, end) for n in range(3)]
    found = texts(tmp_path, mailbox(message(0), message(1)) + "".join(patches), line_end)
    assert found[:2] == TEXTS[:2]
    assert [text.partition("\n")[0] for text in found[2:]] == ["It was broken."] * 3
    between = texts(tmp_path, mailbox(message(0)) + patch(end=end) + mailbox(message(1)), line_end)
    assert [between[0], between[2]] == TEXTS[:2]


def test_a_patch_below_a_mail_of_several_parts_is_a_message(tmp_path: Path) -> None:
    parts = "--B\nContent-Type: text/plain\n\nSee the patch.\n--B--"
    content_type = 'Content-Type: multipart/mixed; boundary="B"\n'
    assert len(texts(tmp_path, mailbox(message(0, parts, content_type)) + patch())) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"Here is the patch:\n\n{patch()}Best,\nAnn",
        f"Try it, please. The patch is below.\n\nAnn\n\n{patch().strip()}",
        f"Both patches:\n\n{patch(0)}{patch(1).strip()}",
        f"As I said.\n\n{patch()}Best,\nAnn",
        f"Вот патч.\n\n{patch().strip()}",
    ],
    ids=["text-around", "at-the-end", "two", "unnamed", "russian"],
)
def test_a_patch_in_the_text_of_a_mail_is_part_of_it(tmp_path: Path, text: str) -> None:
    assert texts(tmp_path, mailbox(message(0, text), message(1))) == [text, TEXTS[1]]
    assert texts(tmp_path, mailbox(message(1), message(0, text))) == [TEXTS[1], text]


def test_a_patch_in_a_part_of_a_mail_is_part_of_it(tmp_path: Path) -> None:
    parts = f"--B\nContent-Type: text/plain\n\nAs promised.\n--B\nContent-Type: text/x-patch\n\n{patch()}--B--"
    data = mailbox(message(0, parts, "Content-Type: multipart/mixed; boundary=B\n"), message(1))
    assert len(texts(tmp_path, data)) == 2


def test_a_patch_in_a_mail_below_patches_is_part_of_it(tmp_path: Path) -> None:
    text = f"Here is the patch:\n\n{patch()}Best,\nAnn"
    assert texts(tmp_path, patch(1) + mailbox(message(0, text), message(1)))[1:] == [text, TEXTS[1]]


def test_a_patch_longer_than_a_chunk_is_read_to_its_end(tmp_path: Path) -> None:
    long = patch(end="+int d;\n" * 20_000 + VERSION)
    assert len(texts(tmp_path, mailbox(message(0)) * 9000 + long + mailbox(message(1)))) == 9002


def test_mailboxes_joined_with_their_byte_order_marks(tmp_path: Path) -> None:
    data = "".join(f"\ufeff{DATED.format(n=n)}{message(n)}\n" for n in range(3))
    assert texts(tmp_path, data) == TEXTS


def test_separators_with_the_seconds_since_1970(tmp_path: Path) -> None:
    data = "".join(f"From ann@x.example 171196560{n}\n{message(n)}\n" for n in range(3))
    assert texts(tmp_path, data) == TEXTS


def test_a_series_of_patches_amid_the_text_of_a_mail_is_part_of_it(tmp_path: Path) -> None:
    text = f"As I said.\n\n{patch(0)}{patch(1)}Best,\nAnn"
    assert texts(tmp_path, mailbox(message(0, text), message(1))) == [text, TEXTS[1]]
