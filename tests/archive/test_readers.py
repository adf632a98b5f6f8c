import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from email_assistant.archive import readers
from email_assistant.archive.messages import ParsedMessage, Unreadable
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.readers import mbox
from email_assistant.errors import ArchiveError

COLUMNS: dict[str, str | None] = dict.fromkeys(("text", "subject", "sender", "recipient", "date", "id", "thread"))
MESSAGE = (
    "From: Me <me@x.example>\nTo: You <you@y.example>\nSubject: Hello\nMessage-ID: <{id}@x>\n"
    "Date: Mon, 01 Jan 2024 10:00:00 +0000\n\n{text}\n"
)


def read_all(archive: Path, wanted: str = "auto", **columns: str) -> list[ParsedMessage | Unreadable]:
    return [parse_item(item) for item in readers.read([archive], wanted, COLUMNS | columns)]


def texts(archive: Path, **columns: str) -> list[str]:
    return [message.text for message in read_all(archive, **columns) if isinstance(message, ParsedMessage)]


def test_mbox_removes_escapes_and_keeps_bodies_whole(tmp_path: Path) -> None:
    path = tmp_path / "no_ending"
    first = MESSAGE.format(id=1, text="one\n\n>From here on\n>>From there\n\nFrom me to you, no date")
    second = MESSAGE.format(id=2, text="two")
    separator = "From me@x.example Mon Jan  1 10:00:00 2024\n"
    path.write_text(f"{separator}{first}\n{separator}{second}\n")
    assert texts(path) == ["one\n\nFrom here on\n>From there\n\nFrom me to you, no date", "two"]


@settings(max_examples=50)
@given(bodies=st.lists(st.text("ab \n>From", max_size=40), min_size=1, max_size=5))
def test_every_body_escaped_as_mboxrd_is_restored(tmp_path_factory: pytest.TempPathFactory, bodies: list[str]) -> None:
    path = tmp_path_factory.mktemp("mbox") / "m"
    separator = b"From me@x.example Mon Jan  1 10:00:00 2024\n"
    with path.open("wb") as file:
        for body in [*bodies, "the end"]:
            escaped = "\n".join(
                f">{line}" if line.lstrip(">").startswith("From ") else line for line in body.split("\n")
            )
            file.write(separator + f"Subject: x\n\n{escaped}\n\n".encode())
    read = [(data or b"").decode() for data in mbox.split(io.BytesIO(path.read_bytes()))]
    assert [message.removeprefix("Subject: x\n\n").removesuffix("\n") for message in read[:-1]] == bodies


def test_maildir_and_its_sent_folder(tmp_path: Path) -> None:
    for folder in (".", ".Sent"):
        for part in ("cur", "new", "tmp"):
            (tmp_path / folder / part).mkdir(parents=True)
    (tmp_path / "cur" / "1:2,S").write_text(MESSAGE.format(id=1, text="inbox"))
    (tmp_path / "tmp" / "2").write_text(MESSAGE.format(id=2, text="not delivered"))
    (tmp_path / ".Sent" / "cur" / "3:2,S").write_text(MESSAGE.format(id=3, text="sent"))
    read = {message.text: message.sent_folder for message in read_all(tmp_path) if isinstance(message, ParsedMessage)}
    assert read == {"inbox": False, "sent": True}


def test_a_folder_of_eml_reports_skipped_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.eml").write_text(MESSAGE.format(id=1, text="a"))
    (tmp_path / "deep" / "b.eml").write_text(MESSAGE.format(id=2, text="b"))
    (tmp_path / "NOTES.txt").write_text("Source: somewhere\nnot mail\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0")
    assert texts(tmp_path) == ["a", "b"]
    stats = readers.ReadStats()
    assert len(list(readers.read([tmp_path], "auto", COLUMNS, stats))) == 2
    assert list(stats.passed_over) == ["NOTES.txt", "picture.png"]
    assert stats.formats == {"eml": 2}


def test_jsonl_with_common_column_names_and_a_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    good = {"body": "Hello", "Subject": "S", "from": "Me <me@x.example>", "to": "a@b.example; c@d.example"}
    path.write_text(json.dumps(good) + "\n{broken\n[1]\n")
    mail, broken, array = read_all(path)
    assert isinstance(mail, ParsedMessage)
    assert (mail.text, mail.subject, mail.senders[0].address) == ("Hello", "S", "me@x.example")
    assert [person.address for person in mail.recipients] == ["a@b.example", "c@d.example"]
    assert isinstance(broken, Unreadable)
    assert isinstance(array, Unreadable)


def test_csv_with_configured_columns_quotes_newlines_and_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes('Кому;Письмо\n"Анна";"Раз;\n""два"""\n'.encode("cp1251"))
    mail = read_all(path, "csv", text="Письмо", recipient="Кому")[0]
    assert isinstance(mail, ParsedMessage)
    assert mail.text == 'Раз;\n"два"'
    assert [person.name for person in mail.recipients] == ["Анна"]


def test_an_error_for_a_missing_column_lists_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,text\n1,2\n")
    with pytest.raises(ArchiveError, match=r"data\.columns\.subject=b: no such column; choose from a, text"):
        read_all(path, subject="b")


@pytest.mark.parametrize("content", [b"", b"\0\1\2", b"just some words\n"])
def test_a_file_without_mail_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=str(path)):
        readers.archive_files([path], "auto", COLUMNS)


def test_a_missing_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no such file or folder"):
        readers.archive_files([tmp_path / "nothing"], "auto", COLUMNS)


@pytest.mark.parametrize("name", ["issue1189", "content-length"])
@pytest.mark.parametrize("line_end", ["unix", "dos"])
def test_mbox_of_other_programs(shared_mail: Path, name: str, line_end: str) -> None:
    offsets = json.loads((shared_mail / "mbox_edge" / f"{name}.{line_end}-offsets.json").read_text())
    data = (shared_mail / "mbox_edge" / f"{name}.mbox.txt").read_bytes()
    data = data.replace(b"\n", b"\r\n") if line_end == "dos" else data
    begins = []
    for message in mbox.split(io.BytesIO(data)):
        begins.append(data.index((message or b"")[:200], begins[-1] + 1 if begins else 0))
    assert begins == [message["beginOffset"] for message in offsets]


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """On macOS, Apple Mail's folder may only be read by programs that have been allowed to."""

    def forbid(folder: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(folder))

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "iterdir", forbid)
    with pytest.raises(ArchiveError) as raised:
        readers.archive_files([tmp_path], "auto", COLUMNS)
    message = str(raised.value)
    assert message.startswith(f"{tmp_path}: cannot be read: Operation not permitted")
    assert ("full disk access" in message) == (platform == "darwin")


def test_a_single_message_below_an_escaped_separator_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(b">From ann@x.example Mon Oct  6 10:15:00 2014\nFrom: a@x.example\nSubject: s\n\nCome at nine.\n")
    assert texts(path) == ["Come at nine."]
