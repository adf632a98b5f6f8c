"""MMDF and Babyl, and formats that are only named; the standard library's readers are the model."""

import mailbox
from pathlib import Path

import pytest

from email_assistant.archive import readers
from email_assistant.archive.messages import ParsedMessage, Unreadable
from email_assistant.archive.parsing import parse_envelope, parse_item
from email_assistant.archive.readers import mmdf
from email_assistant.errors import ArchiveError

MARK = "\1\1\1\1\n"
DATED = "From ann@x.example Mon Apr  1 10:00:00 2024\n"
TEXTS = ["Please bring the ladder back.", "The choir meets on Wednesday.", "The old kettle leaks badly."]
HEADER = "From: Ann Roe <ann@x.example>\nTo: bo@y.example\nSubject: Hi\n"
MESSAGES = [f"{HEADER}Message-ID: <{number}@x>\n\n{text}\n" for number, text in enumerate(TEXTS)]
OPTIONS = "BABYL OPTIONS:\nVersion: 5\nLabels:\nNote:   This is the header of an rmail file.\n\x1f"


def parsed(path: Path, data: str | bytes, stats: readers.ReadStats | None = None) -> list[ParsedMessage]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    items = list(readers.read([path], "auto", {}, stats))
    messages = [parse_item(item) for item in items]
    assert all(isinstance(message, ParsedMessage) for message in messages), messages
    assert [message.id for message in messages] == [parse_envelope(item).id for item in items]  # type: ignore[union-attr]
    return messages  # type: ignore[return-value]


def texts(path: Path, data: str | bytes) -> list[str]:
    return [message.text.strip() for message in parsed(path, data)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n\n"], ids=["", "mark", "blank"])
@pytest.mark.parametrize(
    "mailbox_of",
    [
        lambda message: f"{MARK}{message}{MARK}",
        lambda message: f"{MARK}{DATED}{message}{MARK}",
        lambda message: f"{MARK}{message}",
    ],
    ids=["plain", "from", "single"],
)
def test_messages_of_mmdf(tmp_path: Path, mailbox_of: object, before: str, line_end: str) -> None:
    data = before + "".join(map(mailbox_of, MESSAGES))  # type: ignore[call-overload]
    stats = readers.ReadStats()
    messages = parsed(tmp_path / "Sent", data.replace("\n", line_end), stats)
    assert [message.text.strip() for message in messages] == TEXTS
    assert all(message.sent_folder for message in messages)
    assert stats.formats == {"mmdf": 1}


def test_a_line_of_mbox_separates_nothing_in_mmdf(tmp_path: Path) -> None:
    shown = f"It said:\n\n{DATED}Subject: x\n\n>From here on it rains."
    assert texts(tmp_path / "m", f"{MARK}{HEADER}\n{shown}\n{MARK}{MARK}{MESSAGES[1]}{MARK}") == [shown, TEXTS[1]]


def test_mmdf_and_babyl_as_the_standard_library_writes_them(tmp_path: Path) -> None:
    for kind in (mailbox.MMDF, mailbox.Babyl):
        path = tmp_path / kind.__name__
        written = kind(path)
        for message in MESSAGES:
            written.add(message)
        written.flush()
        written.close()
        assert texts(path, path.read_bytes()) == TEXTS


def test_a_message_of_mmdf_that_is_too_large_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmdf, "MAX_MESSAGE_BYTES", 500)
    path = tmp_path / "m"
    path.write_text("".join(f"{MARK}{text}{MARK}" for text in (MESSAGES[0], MESSAGES[1] + "x\n" * 500, MESSAGES[2])))
    first, large, last = [parse_item(item) for item in readers.read([path], "auto", {})]
    assert isinstance(large, Unreadable)
    assert [message.text.strip() for message in (first, last)] == [TEXTS[0], TEXTS[2]]  # type: ignore[union-attr]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["unix", "dos"])
def test_messages_of_babyl(tmp_path: Path, line_end: str) -> None:
    hidden = "".join(
        f"\x0c\n1, answered,, work\nSummary-line: 1-Apr\n{HEADER}Message-ID: <{number}@x>\n\n*** EOOH ***\n"
        f"From: Ann Roe <ann@x.example>\nSubject: Hi\n\n{text}\n\x0c\nA second page.\n\x1f"
        for number, text in enumerate(TEXTS[:2])
    )
    whole = f"\x0c\n0, unseen,,\n*** EOOH ***\n{MESSAGES[2]}\x1f"
    messages = parsed(tmp_path / "RMAIL", (OPTIONS + hidden + whole).replace("\n", line_end))
    assert [message.text.split("\n")[0].strip() for message in messages] == TEXTS
    assert messages[0].text.strip().endswith("A second page.")
    assert [(message.id, message.senders[0].address) for message in messages] == [
        (f"{number}@x", "ann@x.example") for number in range(3)
    ]


def test_a_message_that_rmail_has_marked_as_deleted(tmp_path: Path) -> None:
    section = "\x0c\n1,{} filed,,deleted-mails\n{}*** EOOH ***\nFrom: Ann\n\nCome.\n\x1f"
    data = OPTIONS + section.format(" deleted,", HEADER) + section.format("", HEADER)
    assert [message.kinds for message in parsed(tmp_path / "RMAIL", data)] == [{"deleted"}, set()]


def test_a_message_of_babyl_without_marks_is_not_lost(tmp_path: Path) -> None:
    assert texts(tmp_path / "RMAIL", f"{OPTIONS}\x0c\n{MESSAGES[0]}\x1f\x0c\n1,,\n{MESSAGES[1]}") == TEXTS[:2]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\xcf\xad\x12\xfe\xc5\xfd\x74\x6f", "Outlook Express"),
        (b"*mbx*\r\n65432\r\n", "mailutil converts to mbox"),
        (b"Rar!\x1a\x07\x00", "unpack it first"),
        (b"\x04\x22\x4d\x18\x60\x40\x82", "lz4"),
        (b"\x1f\x9d\x90\x01, a; b, c", "unpack it first"),
        (b"PAR1\x15\x04", "read_parquet"),
        (b"\0\1\0\0Standard ACE DB", "Access"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<!DOCTYPE html>\n<html><body>From: Ann, to: Bo", "web page"),
        (b"MZ\x90\x00", "Windows program"),
        (b"PK\x05\x06", "empty zip"),
        (b"PK\x03\x04" + b"\x14\0" * 13 + b"[Content_Types].xml....PK\x03\x04xl/workbook.xml", "Excel table"),
        (b"PK\x03\x04" + b"\x14\0" * 13 + b"docProps/app.xml....PK\x03\x04word/document.xml", "Word"),
        (
            b"PK\x03\x04" + b"\x14\0" * 13 + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
            "OpenDocument table",
        ),
        (b"PK\x03\x04" + b"\x14\0" * 13 + b"mimetypeapplication/vnd.oasis.opendocument.text", "OpenDocument doc"),
        (b"BEGIN:VCARD\r\nVERSION:3.0", "contacts"),
    ],
)
def test_another_format_is_named_with_what_to_do(tmp_path: Path, head: bytes, words: str) -> None:
    (tmp_path / "old").mkdir()
    path = tmp_path / "old" / "Sent"
    path.write_bytes(head + b"\0" * 500)
    with pytest.raises(ArchiveError, match=words):
        readers.archive_files([path], "auto", {})
    (tmp_path / "old" / "a.eml").write_text(MESSAGES[0])
    stats = readers.ReadStats()
    assert len(list(readers.read([path.parent], "auto", {}, stats))) == 1
    assert words in stats.passed_over["Sent"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("ENTW\u00dcRFE", "Entwu\u0308rfe"),
        ("sent.mbx", "sent.mbox"),
        ("sent.mbox ", "sent.mbox"),
        ("Sent", "sent"),
        ("„sent.mbox“", "sent.mbox"),
    ],
)
def test_a_missing_path_names_the_file_that_was_meant(tmp_path: Path, typed: str, name: str) -> None:
    (tmp_path / name).write_text(f"{DATED}{MESSAGES[0]}")
    with pytest.raises(ArchiveError, match=rf"no such file or folder \(did you mean {tmp_path / name}\?\); set data"):
        readers.archive_files([tmp_path / typed], "auto", {})


@pytest.mark.parametrize(("typed", "name"), [("Entw\u00fcrfe", "Entwu\u0308rfe"), ("\u0438\u0306", "\u0439")])
def test_a_name_whose_letters_are_composed_in_another_way_is_the_same(tmp_path: Path, typed: str, name: str) -> None:
    (tmp_path / name).write_text(f"{DATED}{MESSAGES[0]}")
    assert [path for path, _ in readers.archive_files([tmp_path / typed], "auto", {})] == [tmp_path / name]
    assert len(list(readers.read([tmp_path / typed], "auto", {}))) == 1


def test_a_link_to_nothing_says_so(tmp_path: Path) -> None:
    (tmp_path / "sent.mbox").symlink_to("gone.mbox")
    with pytest.raises(ArchiveError, match=r"sent\.mbox: is a link to gone\.mbox, which does not exist"):
        readers.archive_files([tmp_path / "sent.mbox"], "auto", {})


def test_a_path_in_quotation_marks_of_an_editor_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "sent.mbox").write_text(f"{DATED}{MESSAGES[0]}")
    with pytest.raises(ArchiveError, match=rf"did you mean {tmp_path}/sent\.mbox\?"):
        readers.archive_files([Path(f"“{tmp_path}/sent.mbox”")], "auto", {})
