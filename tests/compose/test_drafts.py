"""Drafts as a mail program reads them, and mails to answer as they arrive."""

import contextlib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from conftest import RunPy
from hypothesis import given
from hypothesis import strategies as st
from served import save_adapter

from email_assistant.compose.drafts import (
    MAX_TEXT,
    AnsweredMail,
    Draft,
    eml,
    file_name,
    read_mail,
    recipients,
    reply_subject,
    without_address,
)
from email_assistant.compose.page_api import Edited
from email_assistant.errors import DataError


def parsed(draft: Draft) -> EmailMessage:
    message = message_from_bytes(eml(draft), policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def test_a_draft_is_parsed_back() -> None:
    body = "Савва,\n\nверни верёвку до воскресенья.\n\n" + "длинная строка " * 200 + "\n\nТ"
    to = 'Савва Мороз <savva@x.example>, "Lowe, Piers" <piers@x.example>'
    message = parsed(Draft(body, "Re: Верёвка", to, "b@x.example", ["a@x.example"]))
    assert message["X-Unsent"] == "1"
    assert [(each.display_name, each.addr_spec) for each in message["To"].addresses] == [
        ("Савва Мороз", "savva@x.example"),
        ("Lowe, Piers", "piers@x.example"),
    ]
    assert message["Subject"] == "Re: Верёвка"
    assert message["In-Reply-To"] == "<b@x.example>"
    assert message["References"] == "<a@x.example> <b@x.example>"
    assert message.get_content_charset() == "utf-8"
    assert message.get_content().replace("\r\n", "\n") == body + "\n"
    assert not {"From", "Date", "Message-ID", "Bcc", "Cc"} & set(message.keys())


def test_lines_end_in_crlf_and_short_ones_are_kept_as_they_are() -> None:
    data = eml(Draft("Bo,\n\nжду.\n", "S"))
    assert data.count(b"\n") == data.count(b"\r\n")
    assert "жду.".encode() in data


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: evil@x.example", "x\nBcc: evil@x.example\n\nbody", "x\rBcc: evil@x.example"]
)
def test_no_field_adds_a_header(evil: str) -> None:
    message = parsed(Draft("body", evil, evil, evil, [evil]))
    assert set(message.keys()) <= {
        "X-Unsent",
        "To",
        "Subject",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    }
    assert message.get_content().strip() == "body"


def test_a_name_without_an_address_is_no_recipient() -> None:
    assert parsed(Draft("x", to="Piers"))["To"] is None
    assert parsed(Draft("x", to="Piers, bo@x.example"))["To"] == "bo@x.example"
    assert without_address('Piers, "Lowe, Bo" <bo@x.example>; ann@ ,') == ["Piers", "ann@"]
    assert without_address("") == without_address("bo@x.example") == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # As Outlook copies them.
        ("Müller, Jörg <j@x.example>; Lowe, Piers <p@x.example>", [("Müller, Jörg", "j"), ("Lowe, Piers", "p")]),
        ("Müller, Jörg <j@x.example>; ", [("Müller, Jörg", "j")]),
        ("a@x.example, b@x.example; c@x.example", [("", "a"), ("", "b"), ("", "c")]),
        # As browsers paste several lines.
        ("a@x.example b@x.example", [("", "a"), ("", "b")]),
        ("Bo <bo@x.example>\tAnn Lee <a@x.example> c@x.example", [("Bo", "bo"), ("Ann Lee", "a"), ("", "c")]),
        ("mailto:a@x.example, Bo <MAILTO:bo@x.example>", [("", "a"), ("Bo", "bo")]),
        ("a@x.example，b@x.example、c@x.example；d@x.example", [("", "a"), ("", "b"), ("", "c"), ("", "d")]),
        ('"Lee; Ann, Dr." <a@x.example>;', [("Lee; Ann, Dr.", "a")]),
        ('"Lee> Ann" <a@x.example> c@x.example', [("Lee> Ann", "a"), ("", "c")]),
        ("🙂 Bo <bo@x.example>", [("🙂 Bo", "bo")]),
    ],
)
def test_recipients_are_read_as_people_paste_them(line: str, expected: list[tuple[str, str]]) -> None:
    assert without_address(line) == []
    addresses = parsed(Draft("x", to=line))["To"].addresses
    assert [(each.display_name, each.addr_spec.removesuffix("@x.example")) for each in addresses] == expected


def test_of_a_long_thread_the_first_and_the_last_mails_are_named() -> None:
    ids = [f"{number}@x.example" for number in range(100)]
    kept = parsed(Draft("x", message_id="last@x.example", references=ids))["References"].split()
    assert len(kept) == 20
    assert (kept[0], kept[-2:]) == ("<0@x.example>", ["<99@x.example>", "<last@x.example>"])


@given(st.text(), st.text(), st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_any_text_is_a_draft(body: str, subject: str, to: str, message_id: str, references: list[str]) -> None:
    draft = Draft(body, subject, to, message_id, references)
    assert parsed(draft)["X-Unsent"] == "1"
    assert file_name(draft).endswith(".eml")
    assert not set("/\\\0\n\r:") & set(file_name(draft))


HEADERS = ["X-Unsent", "To", "Subject", "In-Reply-To", "References"]
CONTENT = ["Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
WORD = "=?utf-8?q?a=0D=0ABcc:_evil=40x.example?="
# Text with encoded words, line breaks and what addresses are made of in it.
tricky = st.lists(
    st.sampled_from([WORD, "=?utf-8?b?YQ0KQmNjOiB4?=", "=?", "?=", "\r\n", "\n ", "<", ">", '"', "\\", "@", ",", ":"])
    | st.text(max_size=5),
    max_size=12,
).map("".join)


@given(tricky, tricky, tricky, tricky, st.lists(tricky, max_size=3))
def test_no_encoded_word_adds_a_header(subject: str, name: str, user: str, message_id: str, ids: list[str]) -> None:
    to = f'"{name}" <bo@x.example>, {name} <{user}@x.example>, {user}'
    draft = Draft("body", subject, to, f"{message_id}@x.example", [f"{each}@{each}" for each in ids])
    message = parsed(draft)
    assert [key for key in message.keys() if key not in HEADERS] == CONTENT  # noqa: SIM118 - repeated ones, too
    assert len(set(message.keys())) == len(message.keys())
    # As a program does that stores the draft with the values it has read.
    again = message_from_bytes(message.as_bytes(), policy=default)
    assert again.keys() == message.keys()
    assert message.get_content().strip() == "body"


def test_encoded_words_are_shown_as_they_were_typed() -> None:
    message = parsed(Draft("x", WORD, f'"{WORD}" <bo@x.example>, {WORD}@x.example', f"{WORD}@x.example"))
    assert message["Subject"] == WORD
    assert [(each.display_name, each.addr_spec) for each in message["To"].addresses] == [(WORD, "bo@x.example")]
    assert message["In-Reply-To"] is None


def test_ids_are_never_encoded() -> None:
    ids = [f"{'long' * 30}.{number}=x+y@mail.example" for number in range(3)]
    data = eml(Draft("x", message_id=ids[-1], references=ids[:-1])).decode()
    assert f"In-Reply-To: <{ids[2]}>\r\n" in data
    assert f"References: <{ids[0]}>\r\n <{ids[1]}>\r\n <{ids[2]}>\r\n" in data


@pytest.mark.parametrize(
    "wrong",
    ["bo@", "@", "<", '"', "=?", "(", "a@b@c", "bo@[", "bo@x..example", "бо@x.example", "bo@" + "x" * 64, ";:<@>"],
)
def test_a_recipient_that_cannot_be_read_is_left_out(wrong: str) -> None:
    assert [each.addr_spec for each in recipients(f"ida@x.example, {wrong}")] == ["ida@x.example"]


def test_a_recipient_with_a_stray_parenthesis_is_kept() -> None:
    assert [each.addr_spec for each in recipients("Ann :) <ann@x.example>")] == ["ann@x.example"]


def test_a_domain_is_written_as_the_network_has_it() -> None:
    assert [each.addr_spec for each in recipients("Бо <bo@почта.example>; ida@X.example")] == [
        "bo@xn--80a1acny.example",
        "ida@X.example",
    ]
    # The older standard would write to strasse.example.
    assert not recipients("bo@straße.example")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Ropes", "Re: Ropes"),
        ("RE: Ropes", "RE: Ropes"),
        ("AW: Seile", "AW: Seile"),
        ("Отв: Верёвка", "Отв: Верёвка"),
        ("[sailors] Re[2]: Ropes", "[sailors] Re[2]: Ropes"),
        ("Fwd: Ropes", "Re: Fwd: Ropes"),
        ("[sailors] WG: Seile", "Re: [sailors] WG: Seile"),
        ("RV: Cuerdas", "Re: RV: Cuerdas"),
        ("Пересл: Верёвка", "Re: Пересл: Верёвка"),
        ("Re: Fwd: Ropes", "Re: Fwd: Ropes"),
        ("Ropes\r\nBcc: evil@x.example", "Re: Ropes Bcc: evil@x.example"),
        ("", ""),
    ],
)
def test_an_answer_has_one_re(subject: str, expected: str) -> None:
    assert reply_subject(subject) == expected


def test_a_mail_gives_what_its_answer_needs() -> None:
    mail = (
        b"From: Savva <savva@x.example>\r\nReply-To: office@x.example\r\nSubject: =?utf-8?b?0JLQtdGA0ZHQstC60LA=?=\r\n"
        b"Message-ID: <b@x.example>\r\nReferences: <a@x.example>\r\nIn-Reply-To: <a@x.example>\r\n\r\n"
        b"Where is the rope?\r\n\r\n> I have it.\r\n"
    )
    assert read_mail(mail) == AnsweredMail(
        "Where is the rope?", "office@x.example", "Re: Верёвка", "b@x.example", ["a@x.example"]
    )


def test_a_name_with_a_comma_is_one_recipient() -> None:
    mail = read_mail(b'Reply-To: "Lowe, Piers" <p@x.example>, Bo <bo@x.example>\n\nWhere is the rope?\n')
    assert mail.to == '"Lowe, Piers" <p@x.example>, Bo <bo@x.example>'
    assert not without_address(mail.to)
    assert [each.display_name for each in parsed(Draft("x", to=mail.to))["To"].addresses] == ["Lowe, Piers", "Bo"]


def test_what_the_page_gets_of_a_mail_it_may_send_back() -> None:
    people = ", ".join(f"Person {number} <{number}@x.example>" for number in range(300))
    ids = " ".join(f"<{number}@x.example>" for number in range(300)) + f" <{'a' * 3000}@x.example>"
    lines = [f"Reply-To: {people}", f"References: {ids}", f"Subject: {'rope ' * 900}", f"Message-ID: <{'b' * 3000}@x>"]
    mail = read_mail("\n".join([*lines, "", "Where is it?\n"]).encode())
    assert mail.references == ["0@x.example", *(f"{number}@x.example" for number in range(101, 300))]
    Edited(request="r", draft="d", recipient=mail.to, subject=mail.subject, references=mail.references)
    assert mail.message_id == "" and mail.subject and mail.to.startswith("Person 0 <0@x.example>, ")
    assert not without_address(mail.to)


@pytest.mark.parametrize("data", [b"", b"hello", b"\0" * 1000, b"From: a@x.example\n\n", bytes(range(256)) * 100])
def test_what_is_no_mail_with_text_is_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        read_mail(data)


def test_of_a_very_long_mail_the_beginning_is_used() -> None:
    mail = read_mail(b"From: bo@x.example\n\n" + b"word " * 20_000)
    assert mail.is_cut and len(mail.text) == MAX_TEXT
    assert not read_mail(b"From: bo@x.example\n\n" + b"word " * 1_000).is_cut


@given(st.binary(max_size=300))
def test_any_bytes_are_a_mail_or_refused(data: bytes) -> None:
    with contextlib.suppress(DataError):
        assert read_mail(b"From: a@x.example\n" + data).text


@pytest.mark.slow
def test_a_file_of_requests_becomes_drafts(run_py: RunPy, tiny_model: Path, tmp_path: Path) -> None:
    adapter = save_adapter(tiny_model, tmp_path / "adapter")
    (tmp_path / "ask.txt").write_text("bo: come at 7\nida: send nails\n")
    (tmp_path / "mail.eml").write_text(
        "From: Bo <bo@x.example>\nReply-To: Office <office@x.example>\nSubject: Ropes\nMessage-ID: <b@x.example>\n\n"
        "Where are they?\n"
    )
    given = ("stage=infer", "tracking=none", f"infer.adapter={adapter}", "infer.drafts=drafts")
    done = run_py(*given, "infer.input=ask.txt", "infer.output=mails.csv", "infer.thread=mail.eml")
    assert done.code == 0, done.err
    files = sorted((tmp_path / "drafts").iterdir())
    assert [file.name for file in files] == ["draft-001.eml", "draft-002.eml"]
    message = message_from_bytes(files[0].read_bytes(), policy=default)
    assert [message[name] for name in ("X-Unsent", "To", "Subject", "In-Reply-To")] == [
        "1",
        "Office <office@x.example>",
        "Re: Ropes",
        "<b@x.example>",
    ]
    # An earlier draft is replaced; what is no draft of this program is not, and nothing is written first.
    files[1].write_text("From: bo@x.example\n\nMy own.\n")
    (tmp_path / "ask.txt").write_text("bo: come at 8\nida: send nails\n")
    again = (*given, "infer.input=ask.txt", "infer.output=again.csv")
    refused = run_py(*again)
    assert refused.code == 1 and not (tmp_path / "again.csv").exists()
    assert (
        "draft-002.eml: exists and is not a draft of this program, so it is not replaced; set infer.drafts"
        in refused.err
    )
    assert files[1].read_text().endswith("My own.\n")
    files[1].unlink()
    files[1].mkdir()
    assert "draft-002.eml: is a folder; set infer.drafts to another folder" in run_py(*again).err
    files[1].rmdir()
    assert run_py(*again).code == 0 and files[1].is_file()
    alone = run_py(*given)
    assert alone.code == 1
    assert "infer.drafts: needs infer.input" in alone.err
