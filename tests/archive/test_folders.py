import plistlib
from pathlib import Path

import pytest

from email_assistant.archive import folders, mime, readers
from email_assistant.archive.messages import KINDS, ParsedMessage
from email_assistant.archive.parsing import parse_envelope, parse_item

MESSAGE = "From: Ann Roe <ann@x.example>\nSubject: Order\nMessage-ID: <1@x>\n{header}\nCome on Saturday.\n"


def kinds(root: Path) -> frozenset[str]:
    (item,) = readers.read([root], "auto", {})
    message = parse_item(item)
    assert isinstance(message, ParsedMessage)
    assert parse_envelope(item).kinds == message.kinds  # type: ignore[union-attr]
    return message.kinds


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *(("Drafts/1.eml", "draft"), ("Drafts", "draft"), ("[Gmail].Drafts/cur/1:2,S", "draft")),
        *(("Черновики.mbox", "draft"), ("Entwürfe/1.eml", "draft"), ("Brouillons", "draft"), ("下書き/1.eml", "draft")),
        *(("Trash", "trash"), ("Deleted Items/1.eml", "trash"), ("Deleted Messages.mbox/Messages/1.eml", "trash")),
        *((".Trash/cur/1:2,S", "trash"), ("Papierkorb", "trash"), ("Удалённые", "trash"), ("Удаленные/1.eml", "trash")),
        *(("INBOX.Trash/cur/1", "trash"), ("Trash.sbd/2023", "trash"), ("deleted_items/7.", "trash")),
        *(("Корзина.mbox", "trash"), ("Corbeille/1.eml", "trash"), ("Éléments supprimés/1.eml", "trash")),
        *(("Junk", "spam"), ("Junk E-mail/1.eml", "spam"), ("Спам", "spam"), (".Junk/cur/1:2,S", "spam")),
        *(("Templates", "template"), ("Vorlagen/1.eml", "template"), ("Шаблоны", "template")),
        *(("Entwu\u0308rfe/1.eml", "draft"), ("&BCcENQRABD0EPgQyBDgEOgQ4-/1.eml", "draft")),
        *(("Sent", None), ("Draft contracts/1.eml", None), ("draft.eml", None), ("Trashy novels/1.eml", None)),
        *(("Spam research", None), ("Inbox", None), ("Sent/cur/1:2,S", None), ("Sent/cur/1:2,FRS", None)),
        *(("Sent/cur/1:2,ST", "deleted"), ("Sent/cur/1:2,DS", "draft"), ("Sent/cur/1;2,T", "deleted")),
        *(("postponed", "draft"), ("+trash/1.eml", "trash"), ("sent/,3", "deleted"), ("sent/#12", "deleted")),
        *(("sent/12", None), ("Sent/,3.eml", None)),
        *(("Rozepsané zprávy", "draft"), ("Drög/1.eml", "draft"), ("Rusl", "trash"), ("Papeleira", "trash")),
        *(("Zirriborroak", "draft"), ("Mga Draft", "draft"), ("ট্র্যাশ", "trash"), ("வரைவுகள்", "draft")),
        *(("Sent/cur/1!2,RST", "deleted"), ("Sent/cur/1_2,T", "deleted"), ("Sent/T.eml", None)),
    ],
)
def test_what_the_place_of_a_message_says(tmp_path: Path, path: str, kind: str | None) -> None:
    target = tmp_path / path
    target.parent.mkdir(parents=True, exist_ok=True)
    single = ("/" in path and not path.endswith("2023")) or path.endswith(".eml")
    separator = "" if single else "From - Mon Jan  1 10:00:00 2024\n"
    target.write_text(separator + MESSAGE.format(header=""))
    assert kinds(tmp_path) == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        *(
            ("X-Mozilla-Status: 0009", "deleted"),
            ("X-Mozilla-Status: 0008", "deleted"),
            ("X-Mozilla-Status: 0001", None),
        ),
        *(("X-Gmail-Labels: Chat", "automatic"), ("X-Gmail-Labels: Chatham,Inbox", None)),
        *(("X-Claws-End-Special-Headers: 1", "draft"), ("X-Claws-Account-Id: 1", None)),
        *(("X-Mozilla-Status: 1013", None), ("X-Mozilla-Status2: 00200000", "deleted")),
        *(("X-Mozilla-Status2: 01000000", "template"), ("X-Mozilla-Status2: 10000000", None)),
        *(("X-Mozilla-Keys: NonJunk $label1", None), ("X-Mozilla-Keys: Junk", "spam")),
        *(("Status: RO\nX-Status: D", "deleted"), ("X-Status: AF", None), ("X-Status: T", "draft")),
        *(
            ("X-Evolution: 00000a-0012", "deleted"),
            ("X-Evolution: 00000a-0010", None),
            ("X-Evolution: 1-0014", "draft"),
        ),
        *(
            ("X-Gmail-Labels: Sent,Trash", "trash"),
            ("X-Gmail-Labels: Spam", "spam"),
            ("X-Gmail-Labels: Drafts", "draft"),
        ),
        *(("X-Gmail-Labels: =?UTF-8?B?0JrQvtGA0LfQuNC90LA=?=", "trash"), ("X-Gmail-Labels: Sent,Draft law", None)),
        *(("X-Spam-Flag: YES", "spam"), ("X-Spam-Status: No, score=1", None), ("X-Spam-Status: Yes, score=9", "spam")),
        *(("X-Unsent: 1", "draft"), ("X-Uniform-Type-Identifier: com.apple.mail-draft", "draft")),
        *(("X-Uniform-Type-Identifier: com.apple.mail-note", "draft"), ("X-Uniform-Type-Identifier: a.mail", None)),
    ],
)
def test_what_the_flags_and_labels_of_a_header_say(header: str, kind: str | None) -> None:
    data = MESSAGE.format(header=header + "\n").encode()
    assert mime.parse(data, "s").kinds == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("flags", "kind"),
    [(1, None), (1 | 1 << 1, "deleted"), (1 | 1 << 6, "draft"), (1 | 1 << 24, "spam"), (1 | 1 << 25 | 3 << 10, None)],
)
def test_what_the_property_list_of_an_emlx_says(tmp_path: Path, flags: int, kind: str | None) -> None:
    message = MESSAGE.format(header="").encode()
    properties = plistlib.dumps({"flags": flags, "date-received": 1})
    (tmp_path / "1.emlx").write_bytes(b"%d      \n" % len(message) + message + properties)
    assert kinds(tmp_path) == ({kind} if kind else set())
    (tmp_path / "1.emlx").write_bytes(b"%d      \n" % len(message) + message + properties[:60])
    assert kinds(tmp_path) == set()


def test_what_is_deleted_is_reported_as_such_whatever_else_it_is() -> None:
    assert KINDS[:5] == ("deleted", "trash", "spam", "template", "draft")


def test_names_of_folders_are_whole_names() -> None:
    assert folders.kinds_of_folders(["Spam", "Sent"]) == {"spam"}
    assert folders.kinds_of_folders(["Trash talk", "My drafts and ideas", "", "."]) == set()


def test_a_label_that_only_begins_like_sent_mail_is_none() -> None:
    assert folders.is_sent_folder(["Sent Items"])
    assert folders.is_sent_folder(["Sent-1"])
    assert not folders.is_sent_folder(["Sent to accountant", "sent back"])
