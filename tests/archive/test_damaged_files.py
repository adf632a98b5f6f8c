"""Mailboxes and messages with what damaged disks, old programs and editors leave in them."""

from pathlib import Path

import pytest

from email_assistant.archive import readers
from email_assistant.archive.messages import ParsedMessage
from email_assistant.archive.parsing import parse_envelope, parse_item

MESSAGE = (
    "From: Ann Roe <ann@x.example>\nTo: Sam <sam@y.example>\nSubject: Order {n}\n"
    "Message-ID: <{n}@x>\nDate: Mon, 01 Jan 2024 10:00:00 +0000\n\nCome on day {n}, please.\n"
)
DATED = "From - Mon Jan  1 10:00:00 2024\n"
BARE = "From \n"
COMPLETE = "From ann@x.example Mon Jan  1 10:00:00 2024\n"
PATCH = "From 3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a Mon Sep 17 00:00:00 2001\n"


def texts(path: Path) -> list[str]:
    items = list(readers.read([path], "auto", {}))
    envelopes = [parse_envelope(item) for item in items]
    messages = [parse_item(item) for item in items]
    assert all(isinstance(message, ParsedMessage) for message in messages), messages
    assert [message.id for message in messages] == [envelope.id for envelope in envelopes]  # type: ignore[union-attr]
    return [message.text.strip() for message in messages]  # type: ignore[union-attr]


def mailbox(*separators: str, between: str = "\n") -> str:
    return between.join(separator + MESSAGE.format(n=n) for n, separator in enumerate(separators)) + between


def expected(count: int) -> list[str]:
    return [f"Come on day {n}, please." for n in range(count)]


@pytest.mark.parametrize("separators", [[BARE] * 4, [DATED, DATED, BARE, BARE], ["From  \n", BARE, DATED]])
@pytest.mark.parametrize("between", ["\n", ""], ids=["blank", "joined"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
def test_mailboxes_of_thunderbird(tmp_path: Path, separators: list[str], between: str, line_end: str) -> None:
    path = tmp_path / "Sent"
    path.write_bytes(mailbox(*separators, between=between).replace("\n", line_end).encode())
    assert texts(path) == expected(len(separators))


def test_a_bare_from_in_a_text_separates_nothing(tmp_path: Path) -> None:
    body = "Where from?\n\nFrom \nthe shed.\n\nFrom \n\nDear all: come.\n\nFrom \nNote: bring a rope.\n"
    path = tmp_path / "Sent"
    path.write_text(BARE + MESSAGE.format(n=0).replace("Come on day 0, please.\n", body) + "\n" + mailbox(BARE))
    assert texts(path) == [body.strip(), "Come on day 0, please."]


@pytest.mark.parametrize(
    "separator",
    [
        *("From  ann@x.example  Mon Jan  1 10:00:00 2024", "From ann@x.example 2024-01-01"),
        *("From ann@x.example Mon Jan  1 2024", "From ann@x.example Mon, 1 Jan 2024"),
        *("From ann@x.example Mon Jan  1 10:00:00 24", "From  Mon Jan  1 10:00:00 2024"),
        *("From ???@??? Mon Jan 01 10:00:00 2024", "From ann Mon Jan  1 10:00:00 2024 remote from host"),
        "From 3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a3f2a Mon Sep 17 00:00:00 2001",
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
def test_separators_of_other_programs(tmp_path: Path, separator: str, line_end: str) -> None:
    path = tmp_path / "Sent"
    path.write_bytes(mailbox(*[separator + "\n"] * 3).replace("\n", line_end).encode())
    assert texts(path) == expected(3)


@pytest.mark.parametrize(
    "shown",
    [
        *(f"{COMPLETE}and so on.", f"{COMPLETE}\nAnd so on.", "From ann@x.example 2024-01-01\nOn we go."),
        "From Monday, 10:00, until 24\nwe are away: all of us.",
        f"{PATCH}From: Ann Roe <ann@x.example>\nSubject: [PATCH] Mend the shed\n\n---\n shed | 1 +",
    ],
    ids=["words", "blank", "date", "sentence", "patch"],
)
def test_a_line_that_a_mail_shows_separates_nothing(tmp_path: Path, shown: str) -> None:
    body = f"It says:\n\n{shown}\n\nIs that right?\n"
    path = tmp_path / "Sent"
    path.write_text(DATED + MESSAGE.format(n=0).replace("Come on day 0, please.\n", body) + "\n" + mailbox(DATED))
    assert texts(path) == [body.strip(), "Come on day 0, please."]


@pytest.mark.parametrize("above", ["", "\n", ">From ann@x.example Mon Jan  1 10:00:00 2024\n", "no field at all\n"])
def test_a_complete_separator_above_a_damaged_header(tmp_path: Path, above: str) -> None:
    path = tmp_path / "Sent"
    path.write_text("".join(f"{COMPLETE}{above}{MESSAGE.format(n=n)}\n" for n in range(2)))
    assert len(list(readers.read([path], "auto", {}))) == 2


@pytest.mark.parametrize(
    "before", ["\ufeff", "\n", "\r\n\r\n", "\0\0\0\0", " \n\t\n", "\ufeff\n", "\0" * 5000 + "\n", "ï»¿"], ids=repr
)
@pytest.mark.parametrize("name", ["a.eml", "Sent.mbox", "cur/1:2,S"])
def test_what_stands_before_the_first_header(tmp_path: Path, before: str, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    content = mailbox(DATED, DATED) if name == "Sent.mbox" else MESSAGE.format(n=0)
    path.write_bytes((before + content).encode())
    assert texts(tmp_path) == expected(2 if name == "Sent.mbox" else 1)


@pytest.mark.parametrize("before", ["\n", "\n\n", "\ufeff", "\0\n"], ids=repr)
@pytest.mark.parametrize("separator", [DATED, BARE])
def test_what_stands_before_any_header_of_a_mailbox(tmp_path: Path, before: str, separator: str) -> None:
    if separator == BARE and before not in ("\n",):
        pytest.skip("no program writes this")
    path = tmp_path / "Sent"
    path.write_bytes(mailbox(separator + before, separator + before).encode())
    assert texts(path) == expected(2)


@pytest.mark.parametrize("line_end", ["\r", "\r\r\n"], ids=["mac", "twice"])
@pytest.mark.parametrize("name", ["a.eml", "Sent.mbox"])
def test_line_ends_of_other_times(tmp_path: Path, line_end: str, name: str) -> None:
    path = tmp_path / name
    content = mailbox(DATED, DATED, DATED) if name == "Sent.mbox" else MESSAGE.format(n=0)
    path.write_bytes(content.replace("\n", line_end).encode())
    assert texts(path) == expected(3 if name == "Sent.mbox" else 1)


@pytest.mark.parametrize("zeros", [1, 64, 70_000, 3_000_000])
@pytest.mark.parametrize("place", ["\nFrom - ", "Subject: Order 1", "Come on day 1", ", please.\n\n"])
def test_zeros_in_a_mailbox(tmp_path: Path, zeros: int, place: str) -> None:
    path = tmp_path / "Sent"
    content = mailbox(DATED, DATED, DATED)
    assert place in content
    index = content.index(place) + (1 if place.startswith("\n") else 0)
    if zeros == 1 and place.startswith("\n"):
        pytest.skip("a single zero before a separator is no run")
    path.write_bytes((content[:index] + "\0" * zeros + content[index:]).encode())
    assert texts(path) == expected(3)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("name", ["a.eml", "Sent.mbox"])
def test_files_that_an_editor_saved_in_another_charset(tmp_path: Path, encoding: str, name: str) -> None:
    content = mailbox(DATED, DATED) if name == "Sent.mbox" else MESSAGE.format(n=0)
    (tmp_path / name).write_bytes(content.replace("please", "bitte schön").encode(encoding))
    assert [text.replace("bitte schön", "please") for text in texts(tmp_path)] == expected(content.count("Come"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["utf-16", "utf-8", ""])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize("name", ["a.eml", "Sent.mbox"])
@pytest.mark.parametrize("text", ["Come on day 0, please.\nAnn", "Приходите в день 0.\nАнна"])
def test_a_raw_body_in_utf_16(
    tmp_path: Path, encoding: str, declared: str, line_end: str, name: str, text: str
) -> None:
    charset = f"; charset={declared}" if declared else ""
    header = MESSAGE.format(n=0).partition("\n\n")[0]
    header += f"\nContent-Type: text/plain{charset}\nContent-Transfer-Encoding: 8bit\n\n"
    message = header.encode() + text.replace("\n", line_end).encode(encoding) + b"\n"
    more = COMPLETE + MESSAGE.format(n=1)
    data = message if name == "a.eml" else COMPLETE.encode() + message + b"\n" + more.encode()
    (tmp_path / name).write_bytes(data)
    assert texts(tmp_path) == [text, *expected(2)[1:]][: 1 if name == "a.eml" else 2]


def test_a_first_field_longer_than_what_is_read_to_detect_a_format(tmp_path: Path) -> None:
    recipients = ",\n ".join(f"Person {n} <p{n}@y.example>" for n in range(6000))
    long = f"To: {recipients}\n{MESSAGE.format(n=0)}"
    (tmp_path / "a.eml").write_text(long)
    assert texts(tmp_path) == expected(1)
    (tmp_path / "a.eml").write_text(BARE + long + "\n" + BARE + MESSAGE.format(n=1))
    assert texts(tmp_path) == expected(2)


def test_a_file_with_one_field_counts_as_mail_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text("Subject: Order\n\nCome on day 0, please.\n")
    (tmp_path / "notes.txt").write_text("Subject: Order\n\nNot mail.\n")
    assert texts(tmp_path) == expected(1)


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-8", None])
def test_raw_bytes_in_a_header(tmp_path: Path, charset: str | None) -> None:
    declared = f"Content-Type: text/plain; charset={charset}\n" if charset else ""
    for number, subject in enumerate(("Яблоки", "Чайник", "Хор в среду", "Ключи")):
        header = f"From: Анна Роу <ann@x.example>\nTo: Пётр <p@y.example>\nSubject: {subject}\n{declared}"
        data = f"{header}Message-ID: <{number}@x>\n\nЖду вас к девяти, калитка открыта.\n".encode(charset or "cp1251")
        (tmp_path / "a.eml").write_bytes(data)
        (message,) = [parse_item(item) for item in readers.read([tmp_path], "auto", {})]
        assert isinstance(message, ParsedMessage)
        assert (message.subject, message.text.strip()) == (subject, "Жду вас к девяти, калитка открыта.")
        assert [person.name for person in (*message.senders, *message.recipients)] == ["Анна Роу", "Пётр"]
        assert bool(message.repairs) == (charset is None)


def test_the_reason_is_given_for_each_file_that_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(MESSAGE.format(n=0))
    (tmp_path / "empty").write_bytes(b"\n\n")
    (tmp_path / "notes.txt").write_text("no mail")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\0\0\0\1" * 200)
    (tmp_path / "table.csv").write_text("from,text\na@x.example,Hello\n")
    stats = readers.ReadStats()
    assert len(list(readers.read([tmp_path], "eml", {}, stats))) == 1
    assert stats.passed_over == {
        "empty": "empty",
        "notes.txt": "without mail headers or a column of mail text",
        "picture.png": "binary, but in no mail format",
        "table.csv": "of format csv, not data.format=eml",
    }
