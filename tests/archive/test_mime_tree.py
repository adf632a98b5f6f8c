from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_assistant.archive import body
from email_assistant.archive.messages import ParsedMessage, RawMessage, Unreadable
from email_assistant.archive.mime_tree import FIELDS, parse_header, parse_tree
from email_assistant.archive.parsing import parse_item


def fields_of(message: Message) -> list[tuple[str, str]]:
    known = {name.lower() for name in FIELDS}
    return [(name, " ".join(str(value).split())) for name, value in message.items() if name.lower() in known]


def test_the_tree_equals_that_of_the_standard_library_on_its_own_suite(shared_mail: Path) -> None:
    files = [
        *(shared_mail.parent / "fixtures" / "mime_mime4j").rglob("*.msg"),
        *(shared_mail.parent / "fixtures" / "mime_cpython").glob("msg_*.txt"),
    ]
    same_fields = same_texts = 0
    for file in files:
        data = file.read_bytes()
        ours, theirs = parse_tree(data), message_from_bytes(data)
        same_fields += fields_of(ours) == fields_of(theirs)
        same_texts += body.body_text(ours).strip() == body.body_text(theirs).strip()
    # The rest are messages with broken or wrong boundaries, which only this parser repairs.
    assert same_fields >= 0.97 * len(files)
    assert same_texts >= 0.9 * len(files)


def test_both_parsers_give_the_same_text_for_an_archive(shared_mail: Path) -> None:
    from email_assistant.archive.readers import mbox

    with (shared_mail / "koenig_de_locale" / "all_mail.mbox").open("rb") as stream:
        messages = [data for data in mbox.split(stream) if data]
    assert [body.body_text(parse_tree(data)) for data in messages] == [
        body.body_text(message_from_bytes(data)) for data in messages
    ]


@given(
    st.binary(max_size=400) | st.text("Content-Type: multipart/mixed;boundary=x\n\r-From", max_size=300).map(str.encode)
)
def test_any_bytes_give_a_message_or_an_unreadable_item(data: bytes) -> None:
    assert isinstance(parse_item(RawMessage("s", data)), ParsedMessage | Unreadable)
    parse_header(data)


@pytest.mark.parametrize(
    "bomb",
    [
        b"From: a@x.example\n" + b"X-Long: " + b"a" * (17 << 20) + b"\n\nhello",
        b"From: a@x.example\n" + b"Received: x\n" * 1_500_000 + b"\nhello",
    ],
    ids=["line", "fields"],
)
def test_parser_bombs_are_unreadable(bomb: bytes) -> None:
    parsed = parse_item(RawMessage("s", bomb))
    assert isinstance(parsed, Unreadable)
    assert "more than" in parsed.reason


def test_the_text_is_read_beside_thousands_of_parts() -> None:
    header = b"From: a@x.example\nContent-Type: multipart/mixed; boundary=x\n\n"
    part = b"--x\nContent-Type: image/png\n\n.\n"
    assert text_of(header + b"--x\nContent-Type: text/plain\n\nhello\n" + part * 5000) == "hello"


def test_a_header_of_megabytes_is_read() -> None:
    people = b",\n ".join(b"Roe <roe%d@x.example>" % number for number in range(60_000))
    parsed = parse_item(RawMessage("s", b"From: a@x.example\nCc: " + people + b"\nSubject: Hi\n\nhello"))
    assert isinstance(parsed, ParsedMessage)
    assert (parsed.subject, parsed.text, parsed.recipients[0].address) == ("Hi", "hello", "roe0@x.example")


@pytest.mark.parametrize("declared", ["", "; boundary=other", '; boundary="граница"', "; boundary*=us-ascii''%20"])
def test_a_wrong_boundary_is_replaced_by_the_one_between_the_parts(declared: str) -> None:
    header = f"From: a@x.example\nContent-Type: multipart/alternative{declared}\n\nPreamble.\n"
    assert text_of(f"{header}--b 1\nContent-Type: text/plain\n\nhello\n--b 1--\n".encode()) == "hello"


def text_of(data: bytes) -> str:
    parsed = parse_item(RawMessage("s", data))
    assert isinstance(parsed, ParsedMessage)
    return parsed.text


def test_endless_nesting_is_cut_off() -> None:
    inner = b"Content-Type: text/plain\n\nhello\n"
    for depth in range(500):
        boundary = b"b%d" % depth
        inner = b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n\n--" + boundary + b"\n" + inner
        inner += b"\n--" + boundary + b"--\n"
    own = b"\n--own\nContent-Type: text/plain\n\nown\n--own\n" + inner
    assert text_of(b"From: a@x.example\nContent-Type: multipart/mixed; boundary=own\n" + own) == "own"
