"""What programs export beside mail, or write in somebody's name: small inputs for each kind."""

import json
import time
from pathlib import Path

import pytest

from email_assistant.archive import folders, readers
from email_assistant.archive.message_kinds import kinds_by_subject
from email_assistant.archive.messages import ArchiveItem, ParsedMessage, RawMessage
from email_assistant.archive.mime import parse
from email_assistant.archive.readers.columns import ChatError, columns_among
from email_assistant.archive.selection import read_and_select
from email_assistant.archive.selection_steps import SelectionRules
from email_assistant.errors import ArchiveError

COLUMNS: readers.Columns = dict.fromkeys(("text", "subject", "sender", "recipient", "date", "id", "thread"))
HEADER = "From: Ann Roe <ann@x.example>\nTo: bo@y.example\nSubject: Hi\nDate: Mon, 1 Apr 2024 10:00:00 +0000\n"
TEXT = "Please bring the ladder back."


def kinds(content: str, header: str = "") -> frozenset[str]:
    return parse(f"{HEADER}{header}{content}".encode(), "s").kinds


def text_of(content: str) -> str:
    return parse(f"{HEADER}\n{content}".encode(), "s").text.strip()


@pytest.mark.parametrize(
    "line",
    [
        'Roe, Ann would like to recall the message, "Goats".',
        'Roe, Ann would like to recall the message, "Goats in the garden\nand on the roof".',
        "Roe, Ann möchte die Nachricht „Ziegen“ zurückrufen.",
        "Roe, Ann souhaite rappeler le message « Chèvres ».",
        'Пользователь Roe, Ann хочет отозвать сообщение "Козы".',
    ],
)
def test_a_mail_that_takes_another_back_is_automatic(line: str) -> None:
    header = "Content-Type: text/plain; charset=utf-8\n"
    assert kinds(f"\n{line}\n", header) == {"automatic"}
    assert not kinds(f"\nDear Bo,\n\n{line}\n\nAnn\n", header)


def test_own_words_about_taking_back_are_a_mail() -> None:
    assert not kinds("\nI would like to recall the message of our founder, who said that goats must eat.\n")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("X-Cron-Env: <SHELL=/bin/sh>\n", "automatic"),
        ("X-smssync-datatype: SMS\nX-smssync-address: +15551234\n", "automatic"),
        ("X-Uniform-Type-Identifier: com.apple.mail-note\n", "draft"),
    ],
)
def test_what_programs_of_phones_and_computers_write_is_no_mail(header: str, kind: str) -> None:
    assert kinds(f"\n{TEXT}", header) == {kind}


def test_a_report_of_a_clock_is_known_by_its_subject() -> None:
    for subject in ("Cron <ann@host> /usr/bin/backup", "  Cron <www-data@host.example> test -x /a"):
        assert kinds_by_subject(subject) == {"automatic"}
    assert not kinds_by_subject("Cron <jobs> and more")
    begin = time.process_time()
    assert not kinds_by_subject("Cron <" + "@" * 100_000)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(("method", "kind"), [("PUBLISH", set()), ("REQUEST", {"calendar"}), ("REPLY", {"calendar"})])
def test_an_appointment_beside_a_text_asks_for_an_answer_or_not(method: str, kind: set[str]) -> None:
    parts = f"--B\n\n{TEXT}\n--B\nContent-Type: text/calendar; method={method}\n\nBEGIN:X\n--B--\n"
    assert kinds(f"Content-Type: multipart/mixed; boundary=B\n\n{parts}") == kind


@pytest.mark.parametrize(
    ("path", "format", "kind"),
    [
        *(("INBOX_Trash.mbox", "mbox", "trash"), ("[Gmail]_Spam.mbox", "mbox", "spam")),
        *(("ann@x.example - Drafts.mbox", "mbox", "draft"), ("20240401_Drafts.mbox", "mbox", "draft")),
        *(("Local Folders-Entwürfe.mbox", "mbox", "draft"), ("2024-04-01 Drafts (2).mbox", "mbox", "draft")),
        *(("Mail/Unsent Messages", "mbox", "draft"), ("ann/Chats/1.eml", "eml", "automatic")),
        *(("[Gmail]/Чаты/cur/1:2,S", "maildir", "automatic"), ("Chats.mbox", "mbox", None)),
        *(("Novel - Drafts of letters.mbox", "mbox", None), ("2024.mbox", "mbox", None), ("INBOX.mbox", "mbox", None)),
        *(("Draft 2024/1.eml", "eml", None), ("ann@x.example.mbox", "mbox", None)),
    ],
)
def test_an_account_or_a_date_before_the_name_of_a_folder(path: str, format: str, kind: str | None) -> None:
    assert folders.kinds_of_path(path, format) == ({kind} if kind else set())


@pytest.mark.parametrize("name", ["INBOX_Sent.mbox", "ann@x.example - Sent Items.mbox", "20240401-Gesendet.mbox"])
def test_a_folder_of_sent_mail_behind_an_account_or_a_date(name: str) -> None:
    assert folders.is_sent_folder(folders.folder_names(name))


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("<x-html>\n<html>Please bring<br>the ladder.</html>\n</x-html>", "Please bring\nthe ladder."),
        ("<x-flowed>\nPlease bring \nthe ladder.\n</x-flowed>", "Please bring the ladder."),
        ("<x-rich><bold>Please</bold> bring\nthe ladder.</x-rich>", "Please bring the ladder."),
        (f'{TEXT}\n\nAttachment Converted: "c:\\eudora\\plan.doc"\n', TEXT),
        (f"{TEXT}\n<x-sigsep><p></x-sigsep>\nAnn", f"{TEXT}\n-- \nAnn"),
        ("I wrote <x-html> on the board.", "I wrote <x-html> on the board."),
    ],
)
def test_the_marks_of_eudora_are_no_text(marked: str, text: str) -> None:
    assert text_of(marked) == text


@pytest.mark.parametrize(
    "notice",
    [
        "An HTML attachment was scrubbed...\nURL: <http://z.example/a.html>\n",
        "A non-text attachment was scrubbed...\nName: a.pdf\nType: application/pdf\nSize: 9 bytes\nURL: <http://z.example>",
        "An embedded message was scrubbed...\nFrom: bo@y.example\nSubject: Hi\nDate: Mon\nSize: 9\nURL: <http://z.example>\n",
        "Skipped content of type multipart/alternative\n",
    ],
)
def test_what_the_archive_of_a_list_has_in_place_of_a_file_is_no_text(notice: str) -> None:
    mark = "-------------- next part --------------"
    assert text_of(f"{TEXT}\n{mark}\n{notice}") == TEXT
    assert text_of(f"{TEXT}\n{mark}\nThe second part.") == f"{TEXT}\n{mark}\nThe second part."


@pytest.mark.parametrize(
    ("field", "name"),
    [
        *(("text", "Corps du message"), ("text", "Text der Nachricht"), ("text", "Текст сообщения (письма)")),
        *(("sender", "E-Mail Absender"), ("sender", "Adresse e-mail de l'expéditeur"), ("date", "Date d'envoi")),
        *(("subject", "Subject of the email"), ("recipient", "Email Recipient"), ("text", "Body (plain text)")),
    ],
)
def test_a_column_whose_name_says_that_it_is_of_a_mail(field: str, name: str) -> None:
    assert columns_among(field, ("Number", name, "Colour of the mail"), None) == (name,)


def test_a_sender_with_an_address_of_exchange_is_known_by_the_name(tmp_path: Path) -> None:
    record = {"From": "Roe, Ann </O=ACME/OU=X/CN=ANN>", "Subject": "Hi", "Body": TEXT}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    (message,) = readers.read([tmp_path / "a.jsonl"], "auto", COLUMNS)
    assert isinstance(message, ParsedMessage)
    assert [str(person) for person in message.senders] == ["Roe, Ann"]


@pytest.mark.parametrize("name", ["Email Address", "Full Mail", "Message Type", "Number of the message", "Text colour"])
def test_a_column_of_something_else_has_no_text(name: str) -> None:
    assert columns_among("text", ("Number", name), None) == ()


@pytest.mark.parametrize(
    "names",
    [
        "Chat Session,Message Date,Service,Type,Sender Name,Subject,Text",
        "_id,thread_id,address,date,protocol,read,type,subject,body",
        "CONVERSATION ID,FROM,SENDER PROFILE URL,TO,DATE,SUBJECT,CONTENT",
    ],
)
def test_a_table_of_chats_is_refused_with_a_subject_too(tmp_path: Path, names: str) -> None:
    (tmp_path / "a.csv").write_text(f"{names}\n{','.join(['x'] * len(names.split(',')))}\n")
    with pytest.raises(ChatError, match="not mail"):
        list(readers.read([tmp_path / "a.csv"], "auto", COLUMNS))


def test_json_of_another_program_names_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"instruction": "Write, please", "input": "", "output": TEXT}]))
    with pytest.raises(ArchiveError, match=r"data\.columns\.text .*, such as instruction, input, output$"):
        readers.archive_files([path], "auto", COLUMNS)
    (message,) = readers.read([path], "auto", {**COLUMNS, "text": "output"})
    assert isinstance(message, ParsedMessage)
    assert message.text == TEXT


def test_a_pattern_that_no_shell_has_replaced_is_named(tmp_path: Path) -> None:
    (tmp_path / "sent.mbox").write_text("")
    with pytest.raises(ArchiveError, match="patterns are not expanded"):
        readers.archive_files([tmp_path / "*.mbox"], "auto", COLUMNS)
    with pytest.raises(ArchiveError, match=r"no such file or folder; set"):
        readers.archive_files([tmp_path / "*.pst"], "auto", COLUMNS)


@pytest.mark.parametrize("names", ["sender,role,content", "user,ts,type,body", "address,type,protocol,to,body"])
def test_a_table_of_mail_may_have_columns_like_those_of_chats(tmp_path: Path, names: str) -> None:
    (tmp_path / "a.csv").write_text(f"{names}\n{','.join(['x'] * len(names.split(',')))}\n")
    assert len(list(readers.read([tmp_path / "a.csv"], "auto", COLUMNS))) == 1


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\x21\x09\x70\x19\0\0\0\0", "The Bat!"),
        (b"From:  CN=Ann Roe/O=Acme\nSendTo:  CN=Bo/O=Acme\nSubject:  Hi\nBody:  Come.\n\x0c\n", "Notes"),
        (b"-- MySQL dump 10.13\nINSERT INTO mails VALUES (1);\n", "database"),
        (b"-- MariaDB dump 10.19\nINSERT INTO mails VALUES (1);\n", "database"),
        (b'<?xml version="1.0"?>\n<smses><sms body="Hi"/></smses>\n', "XML"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, head: bytes, words: str) -> None:
    (tmp_path / "a").write_bytes(head)
    with pytest.raises(ArchiveError, match=words):
        readers.archive_files([tmp_path / "a"], "auto", COLUMNS)


def message(number: int) -> RawMessage:
    return RawMessage(f"Sent#{number}", f"{HEADER}Message-ID: <{number}@x>\n\n{TEXT}".encode())


@pytest.mark.parametrize("second", [[0, 1, 2], [0], [1, 0]])
def test_an_archive_that_changes_while_it_is_read_is_refused(tmp_path: Path, second: list[int]) -> None:
    passes = iter([[0, 1], second])

    def read() -> "list[ArchiveItem]":
        return [message(number) for number in next(passes)]

    with pytest.raises(ArchiveError, match="changed while it was read"):
        read_and_select(lambda: iter(read()), ["ann@x.example"], SelectionRules(), tmp_path, 1)
