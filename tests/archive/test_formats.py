import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from email_assistant.archive import readers
from email_assistant.archive.messages import ParsedMessage, Person, Unreadable
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.readers import containers
from email_assistant.errors import ArchiveError

COLUMNS: readers.Columns = dict.fromkeys(("text", "subject", "sender", "recipient", "date", "id", "thread"))
MESSAGE = "From: Me <me@x.example>\nTo: You <you@y.example>\nSubject: Hello\nMessage-ID: <{id}@x>\n\n{text}\n"
SEPARATOR = "From me@x.example Mon Jan  1 10:00:00 2024\n"
OLM = """<?xml version="1.0" encoding="UTF-8"?>
<emails elementCount="1"><email>
<OPFMessageCopySubject xml:space="preserve">Lunch</OPFMessageCopySubject>
<OPFMessageCopyBody>&lt;html&gt;&lt;body&gt;Noon it is.&lt;/body&gt;&lt;/html&gt;</OPFMessageCopyBody>
<OPFMessageCopyFromAddresses><emailAddress OPFContactEmailAddressAddress="Me@x.example"
 OPFContactEmailAddressName="Me"/></OPFMessageCopyFromAddresses>
<OPFMessageCopyToAddresses><emailAddress OPFContactEmailAddressAddress="you@y.example"/></OPFMessageCopyToAddresses>
<OPFMessageCopyMessageID>&lt;1@x&gt;</OPFMessageCopyMessageID>
<OPFMessageCopyInReplyTo>&lt;0@x&gt;</OPFMessageCopyInReplyTo>
<OPFMessageCopySentTime>2024-05-03T10:00:00</OPFMessageCopySentTime>
</email></emails>
"""


def read_all(*archives: Path, stats: readers.ReadStats | None = None) -> list[ParsedMessage | Unreadable]:
    return [parse_item(item) for item in readers.read(archives, "auto", COLUMNS, stats)]


def texts(*archives: Path) -> list[str]:
    return [mail.text for mail in read_all(*archives) if isinstance(mail, ParsedMessage)]


def mbox(*numbers: int) -> bytes:
    return "".join(f"{SEPARATOR}{MESSAGE.format(id=n, text=f'text {n}')}\n" for n in numbers).encode()


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_containers_are_read_without_unpacking(tmp_path: Path, pack: object) -> None:
    files = {
        "Takeout/Mail/Sent.mbox": mbox(1, 2),
        "maildir/.Sent/cur/1:2,S": MESSAGE.format(id=3, text="text 3").encode(),
        "../../climbs.eml": MESSAGE.format(id=4, text="text 4").encode(),
        "picture.png": b"\x89PNG\0\0",
    }
    before = set(tmp_path.parent.rglob("*"))
    archive = pack(tmp_path / "archive", files)  # type: ignore[operator]
    stats = readers.ReadStats()
    messages = read_all(archive, stats=stats)
    assert sorted(mail.text.strip() for mail in messages if isinstance(mail, ParsedMessage)) == [
        f"text {n}" for n in (1, 2, 3, 4)
    ]
    assert {mail.text.strip() for mail in messages if isinstance(mail, ParsedMessage) and mail.sent_folder} == {
        *("text 1", "text 2", "text 3")
    }
    assert stats.formats == {"mbox": 1, "maildir": 1, "eml": 1}
    assert len(stats.passed_over) == 1
    assert set(tmp_path.parent.rglob("*")) - before == {archive}
    assert [file for file, _ in readers.archive_files([archive], "auto", COLUMNS)] == [archive]


def test_a_zip_in_a_tgz_and_a_compressed_mbox(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.mbox": mbox(1)}).read_bytes()
    outer = tarred(tmp_path / "outer.tgz", {"inner.zip": inner, "b.mbox": mbox(2)})
    single = tmp_path / "c.mbox.gz"
    single.write_bytes(gzip.compress(mbox(3)))
    assert [text.strip() for text in texts(outer, single)] == ["text 1", "text 2", "text 3"]


def test_a_truncated_file_is_reported_and_its_complete_messages_are_kept(tmp_path: Path) -> None:
    whole = gzip.compress(mbox(*range(2000)))
    broken = tmp_path / "broken.mbox.gz"
    broken.write_bytes(whole[: len(whole) // 2])
    other = tmp_path / "fine.mbox"
    other.write_bytes(mbox(5000))
    messages = read_all(broken, other)
    assert sum(isinstance(mail, ParsedMessage) for mail in messages) > 500
    assert [mail.reason.partition(":")[0] for mail in messages if isinstance(mail, Unreadable)] == ["EOFError"]
    assert isinstance(messages[-1], ParsedMessage)


def test_encrypted_members_of_a_zip_are_reported(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.mbox": mbox(1), "b.mbox": mbox(2)})
    data = bytearray(path.read_bytes())
    # The flag of encryption of the first member, in its local header and in the directory.
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    refused, read = read_all(path)
    assert isinstance(refused, Unreadable)
    assert isinstance(read, ParsedMessage)


def test_decompression_bombs_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "ALWAYS_ALLOWED", 1 << 20)
    path = zipped(tmp_path / "bomb.zip", {"a.mbox": mbox(1) + b"x" * (8 << 20), "b.mbox": mbox(2)})
    messages = read_all(path)
    assert any(isinstance(mail, Unreadable) and "unpacks to more" in mail.reason for mail in messages)
    deep = mbox(1)
    for depth in range(6):
        deep = zipped(tmp_path / f"{depth}.zip", {"inner": deep}).read_bytes()
    (tmp_path / "deep.zip").write_bytes(deep)
    (refused,) = read_all(tmp_path / "deep.zip")
    assert isinstance(refused, Unreadable)


def test_several_archives_have_distinct_sources(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.mbox").write_bytes(mbox(1))
    messages = read_all(tmp_path / "a", tmp_path / "b")
    assert [mail.source for mail in messages] == ["1:a/x.mbox#0", "2:b/x.mbox#0"]


@pytest.mark.parametrize(
    ("folder", "sent"),
    [
        *(("Sent", True), ("Sent Items", True), (".INBOX.Sent", True), ("Sent Messages.mbox", True)),
        *(("Отправленные", True), (".&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-", True), ("Gesendete Elemente", True)),
        *(("Éléments envoyés", True), ("Sentinels", False), ("Inbox", False), ("Consent", False)),
    ],
)
def test_folders_of_sent_mail(tmp_path: Path, folder: str, sent: bool) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "1.eml").write_text(MESSAGE.format(id=1, text="x"))
    (mail,) = read_all(tmp_path)
    assert isinstance(mail, ParsedMessage)
    assert mail.sent_folder is sent


def test_gmail_labels_mark_sent_mail(tmp_path: Path) -> None:
    message = "X-Gmail-Labels: =?UTF-8?Q?Wichtig,Gesendet?=\n" + MESSAGE.format(id=1, text="x")
    (tmp_path / "all.mbox").write_text(f"{SEPARATOR}{message}\n{SEPARATOR}{MESSAGE.format(id=2, text='y')}\n")
    assert [mail.sent_folder for mail in read_all(tmp_path) if isinstance(mail, ParsedMessage)] == [True, False]


def test_emlx_ends_at_its_length(tmp_path: Path) -> None:
    message = MESSAGE.format(id=1, text="Noon it is.").encode()
    (tmp_path / "1.emlx").write_bytes(b"%d   \n" % len(message) + message + b'<?xml version="1.0"?><plist/>')
    (mail,) = read_all(tmp_path)
    assert isinstance(mail, ParsedMessage)
    assert mail.text.strip() == "Noon it is."


def test_samples_of_apple_mail_and_outlook(shared_mail: Path) -> None:
    stats = readers.ReadStats()
    messages = read_all(shared_mail / "outlook_apple", stats=stats)
    assert not [each for each in messages if isinstance(each, Unreadable)]
    assert stats.formats == {"emlx": 12, "pst": 3, "eml": 2, "msg": 2}
    by_source = {mail.source: mail for mail in messages if isinstance(mail, ParsedMessage)}
    assert by_source["emlx/mikez_plaintext.emlx"].text.startswith("You're welcome. :)")
    msg = by_source["unicode.msg"]
    assert (msg.subject, msg.senders) == ("Test for TIF files", [Person("Brian Zhou", "brizhou@gmail.com")])
    lokay = [mail for mail in by_source.values() if "enron_lokay.pst" in mail.source]
    assert len(lokay) == 71
    assert sum(Person("Lokay", "") in mail.senders for mail in lokay) == 10
    assert sum(mail.sent_folder for mail in lokay) == 2


def test_olm(tmp_path: Path) -> None:
    name = "Accounts/me/com.microsoft.__Messages/Sent Items/message_00001.xml"
    path = zipped(tmp_path / "x.olm", {name: OLM.encode(), "Categories.xml": b"<categories/>"})
    (mail,) = read_all(path)
    assert isinstance(mail, ParsedMessage)
    assert (mail.text, mail.subject, mail.id, mail.parent) == ("Noon it is.", "Lunch", "1@x", "0@x")
    assert mail.senders == [Person("Me", "me@x.example")]
    assert mail.recipients == [Person("", "you@y.example")]
    assert mail.sent_folder
    entities = OLM.replace("<emails", "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><emails")
    (refused,) = read_all(zipped(tmp_path / "y.olm", {name: entities.encode()}))
    assert isinstance(refused, Unreadable)


def test_mboxcl2_is_read_by_its_lengths(tmp_path: Path) -> None:
    body = f"one\n\n{SEPARATOR}Subject: no message of its own\n\ntwo\n"
    message = f"Subject: x\nContent-Length: {len(body)}\n\n{body}"
    (tmp_path / "m").write_text(f"{SEPARATOR}{message}\n{SEPARATOR}{MESSAGE.format(id=2, text='last')}\n")
    first, last = texts(tmp_path / "m")
    assert first.endswith("two\n") or first.endswith("two")
    assert "From me@x.example" in first
    assert last.strip() == "last"


def test_an_mbox_larger_than_any_buffer(tmp_path: Path) -> None:
    attached = "A" * 76 + "\n"
    large = MESSAGE.format(id=1, text=attached * 40_000)
    (tmp_path / "m").write_text(f"{SEPARATOR}{large}\n" + f"{SEPARATOR}{MESSAGE.format(id=2, text='last')}\n")
    assert [len(text.strip()) for text in texts(tmp_path / "m")] == [len(attached) * 40_000 - 1, 4]


def test_a_folder_without_mail_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.4\0")
    with pytest.raises(ArchiveError, match="contains no mbox, Maildir"):
        readers.archive_files([tmp_path], "auto", COLUMNS)


def test_the_tables_of_a_takeout_are_no_mail(tmp_path: Path) -> None:
    settings = b'{"subject": "Away", "body": "I am away until Monday."}'
    archive = zipped(
        tmp_path / "takeout.zip",
        {"Takeout/Mail/All.mbox": mbox(1), "Takeout/Mail/User Settings/Vacation Responder.json": settings},
    )
    stats = readers.ReadStats()
    assert [mail.text.strip() for mail in read_all(archive, stats=stats) if isinstance(mail, ParsedMessage)] == [
        "text 1"
    ]
    assert "Takeout" in next(iter(stats.passed_over.values()))
    chosen = tmp_path / "Takeout" / "mine.json"
    chosen.parent.mkdir()
    chosen.write_bytes(settings)
    assert texts(chosen) == ["I am away until Monday."]


def test_the_folders_that_proton_names_beside_a_mail(tmp_path: Path) -> None:
    for name, folders in {"sent": ["2", "5", "7"], "draft": ["1", "8"], "trash": ["2", "3"], "broken": None}.items():
        (tmp_path / f"{name}.eml").write_text(MESSAGE.format(id=name, text=name))
        (tmp_path / f"{name}.metadata.json").write_text(json.dumps({"Version": 1, "Payload": {"LabelIDs": folders}}))
    mails = [mail for mail in read_all(tmp_path) if isinstance(mail, ParsedMessage)]
    found = {mail.text.strip(): (mail.sent_folder, set(mail.kinds)) for mail in mails}
    assert found == {
        "sent": (True, set()),
        "draft": (False, {"draft"}),
        "trash": (True, {"trash"}),
        "broken": (False, set()),
    }


def test_names_in_a_zip_as_windows_writes_them(tmp_path: Path) -> None:
    class OldInfo(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:
            return self.filename.encode("cp866"), self.flag_bits & ~0x800

    path = tmp_path / "mail.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(("Отправленные/1.eml", "Корзина/2.eml", "Лодка/3.eml")):
            archive.writestr(OldInfo(name), MESSAGE.format(id=number, text=f"text {number}"))
        archive.writestr(OldInfo("Mail\\Drafts\\4.eml"), MESSAGE.format(id=4, text="text 4"))
    mails = [mail for mail in read_all(path) if isinstance(mail, ParsedMessage)]
    found = {mail.text.strip(): (mail.sent_folder, set(mail.kinds)) for mail in mails}
    assert found == {
        "text 0": (True, set()),
        "text 1": (False, {"trash"}),
        "text 2": (False, set()),
        "text 4": (False, {"draft"}),
    }


def test_a_name_in_a_zip_that_newer_versions_of_python_read_from_a_field_of_its_own() -> None:
    for name in ("Отправленные/1.eml", "送信済み/1.eml"):
        assert containers._name_in_zip(zipfile.ZipInfo(name)) == name


def test_files_beside_mail_that_look_like_it_or_need_another_program(tmp_path: Path) -> None:
    (tmp_path / "1.mailsignature").write_text("Content-Type: text/html\nMime-Version: 1.0\n\n<body>Ann Roe</body>")
    (tmp_path / "mail.db").write_bytes(b"SQLite format 3\0" + b"\1" * 400)
    (tmp_path / "sent.mbox").write_bytes(mbox(1))
    stats = readers.ReadStats()
    assert len(read_all(tmp_path, stats=stats)) == 1
    assert "SQLite" in stats.passed_over["mail.db"]
    with pytest.raises(ArchiveError, match="SQLite"):
        readers.archive_files([tmp_path / "mail.db"], "auto", COLUMNS)


def test_a_tar_in_the_format_before_ustar_and_lzma(tmp_path: Path) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("Mail/Sent")
        info.size = len(mbox(1, 2))
        archive.addfile(info, io.BytesIO(mbox(1, 2)))
    data = bytearray(plain.getvalue())
    data[257:265] = bytes(8)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    (tmp_path / "old.tar").write_bytes(data)
    (tmp_path / "sent.mbox.lzma").write_bytes(lzma.compress(mbox(3), format=lzma.FORMAT_ALONE))
    assert [text.strip() for text in texts(tmp_path / "old.tar", tmp_path / "sent.mbox.lzma")] == [
        "text 1",
        "text 2",
        "text 3",
    ]


def test_what_a_maildir_in_a_container_has_not_delivered_yet(tmp_path: Path) -> None:
    files = {
        f"Maildir/.Sent/{folder}/170{number}.M1P1.host": MESSAGE.format(id=number, text=f"text {number}").encode()
        for number, folder in enumerate(("cur", "new", "tmp"))
    }
    files["var/tmp/notes.eml"] = MESSAGE.format(id=9, text="text 9").encode()
    stats = readers.ReadStats()
    mails = read_all(tarred(tmp_path / "m.tgz", files), stats=stats)
    assert [mail.text.strip() for mail in mails if isinstance(mail, ParsedMessage)] == ["text 0", "text 1", "text 9"]
    assert list(stats.passed_over.values()) == ["not delivered yet (tmp of a Maildir)"]


def test_a_damaged_data_file_of_outlook_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.pst").write_bytes(b"!BDN" + b"\0\0\0\0SM\x17\0" + b"\0" * 500)
    (item,) = read_all(tmp_path / "a.pst")
    assert isinstance(item, Unreadable)
    assert "a damaged or incomplete Outlook data file" in item.reason


def test_a_binary_file_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\x01\x02one, two; three, four\x03\nmore\n")
    with pytest.raises(ArchiveError, match="contains no mbox"):
        readers.archive_files([tmp_path / "a.bin"], "auto", COLUMNS)
