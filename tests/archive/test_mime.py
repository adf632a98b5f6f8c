from email.mime.application import MIMEApplication
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from email_assistant.archive import body, mime
from email_assistant.archive.quotes import own_words


def parsed_text(message: object) -> str:
    return mime.parse(bytes(message), "x").text  # type: ignore[call-overload]


def with_headers(message: MIMEText | MIMEMultipart) -> MIMEText | MIMEMultipart:
    message["From"] = "Me <me@x.example>"
    return message


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251", "utf-8", "iso-8859-5"])
def test_declared_charsets(charset: str) -> None:
    assert parsed_text(with_headers(MIMEText("Привет, мир", "plain", charset))) == "Привет, мир"


@pytest.mark.parametrize("charset", ["x-unknown", "us-ascii", None])
def test_a_wrong_or_missing_charset_falls_back_to_utf8(charset: str | None) -> None:
    kind = f'text/plain; charset="{charset}"' if charset else "text/plain"
    data = f"From: a@b.example\nContent-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\nПривет".encode()
    assert mime.parse(data, "x").text == "Привет"


def test_plain_text_is_preferred_to_html() -> None:
    both = with_headers(MIMEMultipart("alternative"))
    both.attach(MIMEText("plain", "plain"))  # type: ignore[union-attr]
    both.attach(MIMEText("<b>html</b>", "html"))  # type: ignore[union-attr]
    assert parsed_text(both) == "plain"
    assert parsed_text(with_headers(MIMEText("<p>Hello <b>wor</b>ld</p>", "html"))) == "Hello world"


def test_quoted_html_is_removed() -> None:
    html = '<div>Yes.</div><div class="gmail_quote">On x Jane wrote:<blockquote>No?</blockquote></div>'
    assert own_words(parsed_text(with_headers(MIMEText(html, "html")))) == "Yes."


def test_attachments_and_forwarded_messages_are_excluded() -> None:
    mixed = with_headers(MIMEMultipart("mixed"))
    mixed.attach(MIMEText("mine", "plain"))  # type: ignore[union-attr]
    attached = MIMEText("attached", "plain")
    attached.add_header("Content-Disposition", "attachment", filename="a.txt")
    mixed.attach(attached)  # type: ignore[union-attr]
    mixed.attach(MIMEApplication(b"\0"))  # type: ignore[union-attr]
    mixed.attach(MIMEMessage(MIMEText("forwarded", "plain")))  # type: ignore[union-attr]
    assert parsed_text(mixed) == "mine"


def test_flowed_lines_are_joined_but_not_signatures() -> None:
    assert body.unflow("one \ntwo\n> q \nthree\n-- \nme", delete_space=False) == "one two\n> q \nthree\n-- \nme"
    assert body.unflow("日本 \n語", delete_space=True) == "日本語"


def test_headers_in_any_encoding() -> None:
    data = (
        'From: =?koi8-r?B?6dfBzg==?= <i@x.example>\nTo: "Roe, Jane" <Jane@X.example>, b@y.example\n'
        "Subject: =?utf-8?q?=D0=9F=D1=80=D0=B8?= =?utf-8?q?=D0=B2=D0=B5=D1=82?=\n"
        "References: <1@x> <2@x>\nIn-Reply-To: <2@x>\nMessage-ID: <3@x>\nDate: nonsense\n\nx"
    )
    mail = mime.parse(data.encode(), "x")
    assert (mail.senders[0].name, mail.subject) == ("Иван", "Привет")
    assert [person.address for person in mail.recipients] == ["jane@x.example", "b@y.example"]
    assert (mail.id, mail.references, mail.date) == ("3@x", ["1@x", "2@x"], None)


def test_if_a_list_rewrites_from_the_author_is_in_reply_to() -> None:
    data = b"From: Jane Roe via Talk <talk@lists.example>\nReply-To: Jane <jane@x.example>\n\nx"
    senders = mime.parse(data, "x").senders
    assert {person.name for person in senders} >= {"Jane Roe"}
    assert "jane@x.example" in {person.address for person in senders}
    assert "talk@lists.example" not in {person.address for person in senders}


@pytest.mark.parametrize(
    ("header", "addresses"),
    [
        ("Ann Roe (Sales, North) <ann@x.example>", ["ann@x.example"]),
        ("Ann :) <ann@x.example>, bob@x.example", ["ann@x.example", "bob@x.example"]),
        ("ann@x.example, bob@x.example,", ["ann@x.example", "bob@x.example"]),
        ("ann@x.example <ann@x.example>, bob@x.example", ["ann@x.example", "bob@x.example"]),
        *((f"Ann <ann@x.example>, {mark * 5000}", ["ann@x.example"]) for mark in ("[:", "(", ":", "(:[")),
        (f"{'team: ' * 3000}Ann <ann@x.example>{';' * 3000}", ["", "ann@x.example"]),
        (
            ", ".join(f'"Ann: {n}" (of: lamps) <ann{n}@x.example>' for n in range(99)),
            [f"ann{n}@x.example" for n in range(99)],
        ),
    ],
)
def test_a_malformed_address_does_not_hide_the_others(header: str, addresses: list[str]) -> None:
    mail = mime.parse(f"From: {header}\nTo: {header}\n\nx".encode(), "x")
    for people in (mail.senders, mail.recipients):
        assert list(dict.fromkeys(person.address for person in people)) == addresses


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ("Auto-Submitted: auto-generated", "automatic"),
        ("X-Autoreply: yes", "vacation"),
        ("Subject: Automatic reply: hi", "vacation"),
        ("Subject: Автоответ: я в отпуске", "vacation"),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", "bounce"),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", "receipt"),
        ("From: MAILER-DAEMON@x.example", "bounce"),
        ("Subject: Zugesagt: Besprechung", "calendar"),
        ("Content-Type: text/calendar; method=REPLY", "calendar"),
        ("Content-Type: multipart/encrypted; boundary=x", "encrypted"),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", "encrypted"),
        ("Content-Type: multipart/signed; boundary=x", "signed"),
        ("List-Id: <l.example>", "list"),
    ],
)
def test_kinds(headers: str, kind: str) -> None:
    assert mime.parse(f"{headers}\nTo: a@b.example\n\nx".encode(), "x").kinds == {kind}


def test_a_mail_to_a_list_is_not_automatic() -> None:
    data = b"From: a@b.example\nPrecedence: list\nList-Id: <l.example>\nAuto-Submitted: no\n\nx"
    assert mime.parse(data, "x").kinds == {"list"}


def test_inline_pgp_is_encrypted() -> None:
    data = b"From: a@b.example\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n"
    assert mime.parse(data, "x").kinds == {"encrypted"}


def test_every_message_of_the_mime_suites_is_read(shared_mail: Path) -> None:
    files = [
        *(shared_mail.parent / "fixtures").glob("mime_*/**/*.msg"),
        *(shared_mail.parent / "fixtures").glob("mime_cpython/msg_*.txt"),
    ]
    assert len(files) > 100
    read = 0
    for file in files:
        try:
            mime.parse(file.read_bytes(), file.name)
            read += 1
        except ValueError:
            continue
    # Four of them have no header.
    assert len(files) - read <= 4


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("Mon, 1 Apr 2024 10:00:00 CEST", "2024-04-01T10:00:00+02:00"),
        ("Mon, 1 Apr 2024 10:00:00 EST", "2024-04-01T10:00:00-05:00"),
        ("Mon, 1 Apr 2024 10:00:00 GMT+0200", "2024-04-01T10:00:00+02:00"),
        ("Mon, 1 Apr 2024 10:00:00 +02:00", "2024-04-01T10:00:00+02:00"),
        ("Mon, 1 Apr 2024 10:00:00 +0200 (CEST)", "2024-04-01T10:00:00+02:00"),
        ("Mon, 1 Apr 2024 03:00:00 PM -0400", "2024-04-01T15:00:00-04:00"),
        ("Mon, 1 Apr 2024 10:00:60 +0000", "2024-04-01T10:00:59+00:00"),
        ("Пн, 1 апр 2024 10:00:00 +0300", "2024-04-01T10:00:00+03:00"),
        ("lun., 1 avr. 2024 10:00:00 +0200", "2024-04-01T10:00:00+02:00"),
        ("Mo, 1 Mrz 2024 10:00:00 +0100", "2024-03-01T10:00:00+01:00"),
        ("2024-04-01T10:00:00Z", "2024-04-01T10:00:00+00:00"),
        ("4/1/2024 10:00:00 PM", "2024-04-01T22:00:00"),
        ("Sat, 1 Apr 100 10:00:00 +0000", "2000-04-01T10:00:00+00:00"),
        ("Thu, 1 Apr 99 10:00:00 +0000", "1999-04-01T10:00:00+00:00"),
        ("Thu, 1 Jan 1970 00:00:00 +0000", None),
        ("Mon, 1 Apr 9999 10:00:00 +0000", None),
        ("tomorrow", None),
    ],
)
def test_dates_of_headers_as_programs_write_them(value: str, date: str | None) -> None:
    found = mime.parse(f"From: ann@x.example\nDate: {value}\n\nHello\n".encode(), "s").date
    assert (found.isoformat() if found else None) == date


def test_a_mail_without_a_date_has_the_first_servers() -> None:
    received = "".join(
        f"Received: from a by b (x; y) with SMTP id 7\n\tfor <bo@y.example>; Mon, 1 Apr 2024 10:0{minute}:00 +0000\n"
        for minute in (2, 1)
    )
    found = mime.parse(f"{received}From: ann@x.example\n\nHello\n".encode(), "s").date
    assert found is not None
    assert found.minute == 1
