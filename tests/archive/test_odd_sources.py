"""Sources as programs damage and vary them: each input is small, and stands for a kind."""

import json
import plistlib
import struct
import time
from base64 import b64encode, encodebytes, urlsafe_b64encode
from pathlib import Path
from quopri import encodestring

import pytest

from email_assistant.archive import charsets, folders, readers
from email_assistant.archive.headers import split_addresses
from email_assistant.archive.messages import ParsedMessage, RawMessage, Unreadable
from email_assistant.archive.mime import parse
from email_assistant.archive.owner import parse_owner
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.readers import containers

COLUMNS: readers.Columns = dict.fromkeys(("text", "subject", "sender", "recipient", "date", "id", "thread"))
HEADER = "From: Ann Roe <ann@x.example>\nTo: bo@y.example\nSubject: Hi\nDate: Mon, 1 Apr 2024 10:00:00 +0000\n"
ANN = "ann@x.example"
TEXTS = ["Please bring the ladder back.", "The choir meets on Wednesday.", "The old kettle leaks badly."]
MESSAGES = [f"{HEADER}Message-ID: <{number}@x>\n\n{text}\n" for number, text in enumerate(TEXTS)]
DATED = "From ann@x.example Mon Apr  1 10:00:00 2024\n"


def read_all(path: Path, data: str | bytes, **columns: str) -> list[ParsedMessage | Unreadable]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return [parse_item(item) for item in readers.read([path], "auto", {**COLUMNS, **columns})]


def texts(path: Path, data: str | bytes, **columns: str) -> list[str]:
    messages = read_all(path, data, **columns)
    return [message.text.strip() for message in messages if isinstance(message, ParsedMessage)]


def body(content: str, header: str = "") -> str:
    return parse(f"{HEADER}{header}{content}".encode(), "s").text.strip()


def multipart(subtype: str, *parts: str) -> str:
    return (
        f"Content-Type: multipart/{subtype}; boundary=B\n\n" + "".join(f"--B\n{part}\n" for part in parts) + "--B--\n"
    )


def text_part(text: str, subtype: str = "plain", more: str = "") -> str:
    return f"Content-Type: text/{subtype}; charset=utf-8\n{more}\n{text}"


@pytest.mark.parametrize(
    "separator",
    [
        "From ann@x.example 2024-04-01T10:00:00Z\n",
        "From ann@x.example 01.04.2024 10:00\n",
        "From Ann Roe Mon Apr  1 10:00:00 2024\n",
        "From - \n",
    ],
)
def test_separators_of_any_form(tmp_path: Path, separator: str) -> None:
    assert texts(tmp_path / "Sent", "".join(f"{separator}{message}\n" for message in MESSAGES)) == TEXTS


def test_a_sentence_with_a_time_and_a_year_is_no_separator(tmp_path: Path) -> None:
    text = "Hello Bo,\n\nFrom Monday, 10:00, until 2024 ends we meet at the shed.\n\nIt is dry there."
    assert texts(tmp_path / "Sent", f"{DATED}{HEADER}\n{text}\n\n{DATED}{MESSAGES[0]}") == [text, TEXTS[0]]


@pytest.mark.parametrize("before", [b"\0" * 200_000, b"\n" * 70_000, b"\xef\xbb\xbf\r\n"], ids=["nul", "blank", "mark"])
def test_what_precedes_the_first_message_is_skipped(tmp_path: Path, before: bytes) -> None:
    data = before + "".join(f"{DATED}{message}\n" for message in MESSAGES).encode()
    assert texts(tmp_path / "Sent", data) == TEXTS
    assert containers.read_head(tmp_path / "Sent").strip(b"\0\n")


def test_a_nul_above_a_separator_joins_no_messages(tmp_path: Path) -> None:
    assert texts(tmp_path / "Sent", "".join(f"{DATED}{message}\n\0" for message in MESSAGES)) == TEXTS


@pytest.mark.parametrize("name", ["1.eml", "1"])
def test_a_first_field_longer_than_what_detects_the_format(tmp_path: Path, name: str) -> None:
    assert texts(tmp_path / name, f"X-Long: {'a' * 200_000}\n{MESSAGES[0]}") == TEXTS[:1]


@pytest.mark.parametrize("length", ["{}", "10", "99999"])
def test_emlx_with_a_wrong_length(tmp_path: Path, length: str) -> None:
    message = MESSAGES[0].encode()
    data = length.format(len(message)).encode() + b"\n" + message + plistlib.dumps({"flags": 2})
    (found,) = read_all(tmp_path / "1.emlx", data)
    assert isinstance(found, ParsedMessage)
    assert found.text.strip() == TEXTS[0]
    assert "deleted" in found.kinds


def test_emlx_with_a_binary_property_list() -> None:
    flags = plistlib.dumps({"flags": 1 << 6}, fmt=plistlib.FMT_BINARY)
    assert folders.kinds_of_emlx(flags) == {"draft"}
    assert not folders.kinds_of_emlx(b"bplist00 cut off")
    assert not folders.kinds_of_emlx(plistlib.dumps({"flags": -1}))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Trash-1", "trash"),
        ("Drafts (Offline)", "draft"),
        ("Çöp Kutusu", "trash"),
        ("Taslaklar", "draft"),
        ("Törölt elemek", "trash"),
        ("Coș de gunoi", "trash"),
        ("Ανεπιθύμητα", "spam"),
        ("Чернова", "draft"),
        ("Thư rác", "spam"),
        ("Trash talk", None),
        ("Plan (drafts)", None),
    ],
)
def test_folders_of_unsent_and_deleted_mail(name: str, kind: str | None) -> None:
    assert folders.kinds_of_folders([name]) == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("name", "is_sent", "kind"),
    [
        *(("Odoslané", True, None), ("Poslano", True, None), ("Poslane stavke", True, None), ("Послато", True, None)),
        *(("Išsiųsti", True, None), ("Nosūtītie", True, None), ("Saadetud", True, None), ("Enviats", True, None)),
        *(("Terkirim", True, None), ("ส่งแล้ว", True, None), ("דואר שנשלח", True, None), ("المرسلة", True, None)),
        *(("البريد المُرسَل", True, None), ("भेजे गए", True, None), ("Skickade", True, None), ("+sent", True, None)),
        *(("E-mail enviado", True, None), ("Otpad", False, "trash"), ("Smeće", False, "trash")),
        *(("Šiukšliadėžė", False, "trash"), ("Prügikast", False, "trash"), ("אשפה", False, "trash")),
        *(("المهملات", False, "trash"), ("ถังขยะ", False, "trash"), ("Sampah", False, "trash")),
        *(("Neželjena pošta", False, "spam"), ("Nevyžiadaná pošta", False, "spam"), ("ספאם", False, "spam")),
        *(("غير مرغوب فيه", False, "spam"), ("สแปม", False, "spam"), ("Correu brossa", False, "spam")),
        *(("Esborranys", False, "draft"), ("Juodraščiai", False, "draft"), ("טיוטות", False, "draft")),
        *(("المسودات", False, "draft"), ("Draf", False, "draft"), ("ร่างจดหมาย", False, "draft")),
        *(("已寄出的郵件", True, None), ("스팸함", False, "spam")),
        *(("ส่งต่อ", False, None), ("Poslanec", False, None), ("Drafting", False, None)),
    ],
)
def test_folders_in_more_languages(name: str, is_sent: bool, kind: str | None) -> None:
    assert folders.is_sent_folder([name]) == is_sent
    assert folders.kinds_of_folders([name]) == ({kind} if kind else set())


def test_an_emlx_file_without_its_length(tmp_path: Path) -> None:
    (found,) = read_all(tmp_path / "1.emlx", MESSAGES[0].encode() + plistlib.dumps({"flags": 2}))
    assert isinstance(found, ParsedMessage)
    assert (found.text.strip(), found.kinds) == (TEXTS[0], {"deleted"})
    shown = plistlib.dumps({"Label": "shed"}).decode().strip()
    assert texts(tmp_path / "2.eml", f"{MESSAGES[0]}{shown}\n") == [f"{TEXTS[0]}\n{shown}"]


@pytest.mark.parametrize("label", ["[Imap]/Drafts", "=?UTF-8?Q?Wichtig,Entw=C3=BCrfe?="])
def test_labels_of_drafts(label: str) -> None:
    assert parse(f"{HEADER}X-Gmail-Labels: {label}\n\nHello\n".encode(), "s").kinds == {"draft"}


WORDS = "Лестница у сарая".encode()
FIRST, SECOND = b64encode(WORDS[:5]).decode(), b64encode(WORDS[5:]).decode()
WHOLE = b64encode(WORDS).decode()


@pytest.mark.parametrize(
    ("subject", "decoded"),
    [
        (f"=?utf-8?B?{FIRST}?=\n =?utf-8?B?{SECOND}?=", "Лестница у сарая"),
        (f"=?utf-8?B?{WHOLE[:10]}?= =?utf-8?B?{WHOLE[10:]}?=", "Лестница у сарая"),
        (f"=?utf-8?B?{WHOLE[:-3]}", "Лестница у сар"),
        (f"=?utf-8?B?{WHOLE}=x=?=", "Лестница у сарая"),
        ("=?utf-8?Q?=D0=9B=D0?= =?UTF-8?q?=B5=D1=81?=", "Лес"),
        (f"Re: =?utf-8*ru?B?{WHOLE}?= now", "Re: Лестница у сарая now"),
        ("=?utf-8?Q?Лестница_here?=", "Лестница here"),
        ("\x1b$BDt;R\x1b(B", "梯子"),
        ("Ladder\x07 at\x00 the shed", "Ladder at the shed"),
        ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe=20au\n s=20K=C3=B6ln?=", "Grüße aus Köln"),
        ("=?utf-8?Q?Grüße von\n Ann?=", "Grüße von Ann"),
        ("=?utf-8?Q?Grüße von\r\n Ann?=", "Grüße von Ann"),
        ("=?utf-8?Q?=3D=3Futf-8=3FQ=3FGr=3DC3=3DBC=C3=9Fe=3F=3D?=", "Grüße"),
    ],
)
def test_encoded_words_as_programs_damage_them(subject: str, decoded: str) -> None:
    header = HEADER.replace("Subject: Hi", f"Subject: {subject}")
    assert parse(f"{header}\nHello\n".encode(), "s").subject == decoded


@pytest.mark.parametrize(
    ("sender", "owner"),
    [
        ("Roe, Ann <ann@x.example>", "Ann Roe"),
        ('"Roe, Ann" <ann@x.example>', "ann roe"),
        ("Ann Roe <ann@x.example>", "Roe, Ann"),
        ("Ann\u00a0Roe <ann@x.example>", "Ann Roe"),
        ("Ann O'Roe <ann@x.example>", "Ann O’Roe"),
        ("Анна Йод <ann@x.example>", "Анна И\u0306од"),
        (f"=?utf-8?B?{b64encode('Анна <ann@x.example>'.encode()).decode()}?=", "ann@x.example"),
        ('"Ann Roe <ann@x.example>"', "ann@x.example"),
        ("Ann <ann@xn--e1afmkfd.xn--p1ai>", "ann@пример.рф"),
        ("Ann <ann@пример.рф>", "ann@xn--e1afmkfd.xn--p1ai"),
        ("ann@x.example", "mailto:ann@x.example"),
        ('"ann"@x.example', "ann@x.example"),
        ("Ann <ann@x.example.>", "ann@x.example"),
        ("Ann Roe ann@x.example", "ann@x.example"),
        ("Ann Roe", "Ann Roe"),
        ("Ann Roe (Garden, North)", "Ann Roe (Garden, North)"),
        ("Ann Roe, Bo Li", "ann roe"),
        ("ann at x.example (Ann Roe)", "ann@x.example"),
        ("Ann Roe [mailto:ann@x.example]", "ann@x.example"),
        ("Ann Roe för Bo Li <bo@y.example>", "Ann Roe"),
        ("Ann Roe på vegne af Bo Li <bo@y.example>", "Ann Roe"),
        ("Işıl Roe <roe@x.example>", "IŞIL ROE"),
    ],
)
def test_the_owner_is_found_however_programs_write_the_name(sender: str, owner: str) -> None:
    message = parse(f"From: {sender}\nTo: bo@y.example\n\nHello\n".encode(), "s")
    assert parse_owner([owner]).wrote(message)


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("Li, Bo <bo@y.example>; Poe, Cy <cy@z.example>", [("Li, Bo", "bo@y.example"), ("Poe, Cy", "cy@z.example")]),
        ("Li, Bo <bo@y.example>, Poe, Cy <cy@z.example>", [("Li, Bo", "bo@y.example"), ("Poe, Cy", "cy@z.example")]),
        ("Bo Li <bo@y.example>, Cy Poe <cy@z.example>", [("Bo Li", "bo@y.example"), ("Cy Poe", "cy@z.example")]),
        ("Choir: Bo <bo@y.example>, Cy <cy@z.example>;", [("Bo", "bo@y.example"), ("Cy", "cy@z.example")]),
        ("<mailto:bo@y.example>", [("", "bo@y.example")]),
        ("Bo Li <@relay.example,@gate.example:bo@y.example>", [("Bo Li", "bo@y.example")]),
    ],
)
def test_people_as_programs_list_them(value: str, people: list[tuple[str, str]]) -> None:
    assert [each for each in split_addresses([value]) if any(each)] == people


@pytest.mark.parametrize("value", [">;" * 50_000, "<@a," * 50_000, "a, b " * 30_000, "; a, b" * 30_000], ids=range(4))
def test_long_lists_of_people_take_time_in_proportion(value: str) -> None:
    begin = time.process_time()
    assert split_addresses([value])
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("value", ["a," * 50_000, f"{' ' * 100_000}a (x@", "a " * 50_000 + "(x@"], ids=range(3))
def test_long_headers_take_time_in_proportion(value: str) -> None:
    begin = time.process_time()
    assert split_addresses([value])
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("mark", [" ", "(", " on behalf", " via"])
def test_long_names_of_writers_take_time_in_proportion(mark: str) -> None:
    begin = time.process_time()
    assert parse(f"From: Ann {mark * (100_000 // len(mark))} Roe <ann@x.example>\n\nIt rains.".encode(), "s").senders
    assert time.process_time() - begin < 5


def test_a_name_on_a_companys_own_server_stays_whole() -> None:
    message = parse(b"From: Garden Works Group@ACME\nTo: bo@y.example\n\nHello\n", "s")
    assert [str(person) for person in message.senders] == ["garden works group@acme"]


@pytest.mark.parametrize(
    "sender", ['"ann@x.example" <eve@z.example>', "Ann Roe (via Docs) <docs@z.example>", "Roe, Eve <eve@z.example>"]
)
def test_others_are_not_taken_for_the_owner(sender: str) -> None:
    message = parse(f"From: {sender}\nTo: bo@y.example\n\nHello\n".encode(), "s")
    assert not parse_owner(["Ann Roe <ann@x.example>"]).wrote(message)


LADDER, CHOIR, _ = TEXTS
PAGE = f"<html><body><p>{LADDER}</p></body></html>"
ENCODED = b64encode(LADDER.encode()).decode()
NOTICE = "This message is in HTML format. Please use a mail program that can show HTML to read it."
LOG = text_part("Text of a log.", more="Content-Disposition: {}\n")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (multipart("alternative", text_part(NOTICE), text_part(PAGE, "html")), LADDER),
        (
            multipart(
                "alternative",
                text_part(LADDER),
                multipart("mixed", text_part(PAGE, "html"), "Content-Type: image/png\n\n.", text_part(CHOIR, "html"))
                .replace("B\n", "C\n", 1)
                .replace("--B", "--C")
                .replace("=B", "=C"),
            ),
            f"{LADDER}\n\n{CHOIR}",
        ),
        (multipart("mixed", text_part(LADDER), LOG.format("attachment")), LADDER),
        (multipart("mixed", LOG.format("inline; filename=log.txt"), text_part(LADDER)), LADDER),
        (multipart("mixed", text_part(LADDER, more="Content-Disposition: inline; filename=note.txt\n")), LADDER),
        (text_part(PAGE), LADDER),
        (text_part(f"{LADDER}\n\n{CHOIR}", "html"), f"{LADDER}\n\n{CHOIR}"),
        (text_part(r"{\rtf1\ansi Bring it back.\par}", "rtf"), "Bring it back."),
        (f"Content-Type: application/xhtml+xml\n\n{PAGE}", LADDER),
        (
            text_part(
                r'{\rtf1\ansi {\field{\*\fldinst{HYPERLINK "https://x.example"}}{\fldrslt{The shed}}} is dry.}', "rtf"
            ),
            "The shed is dry.",
        ),
        (text_part(f"{LADDER}\n\nbegin 644 a.txt\n#0V%T\n`\nend\n"), LADDER),
        (text_part(ENCODED[:8] + "!" + ENCODED[8:], more="Content-Transfer-Encoding: base64\n"), LADDER),
        (text_part("Bring the lad= \nder.", more="Content-Transfer-Encoding: quoted-printable\n"), "Bring the ladder."),
    ],
    ids=[
        "notice",
        "pages",
        "unnamed",
        "inline",
        "only",
        "page",
        "no-tags",
        "rtf",
        "xhtml",
        "link",
        "uuencode",
        "stray",
        "break",
    ],
)
def test_the_part_that_is_the_mail(content: str, text: str) -> None:
    assert body(content) == text


LONG = f"{LADDER} Die Leiter muss zurück in den Schuppen, und zwar vor Sonntag. " * 3


@pytest.mark.parametrize(
    "more",
    [
        "",
        "Content-Type: text/plain; charset=utf-8\n",
        "Content-Transfer-Encoding: 8bit\n",
        "Content-Transfer-Encoding: 7bit\n",
    ],
    ids=["no-type", "type", "8bit", "7bit"],
)
@pytest.mark.parametrize(
    "encoded",
    [encodebytes(LONG.encode()).decode(), encodestring(LONG.encode()).decode(), "Gr=C3=BC=C3=9Fe=20aus K=C3=B6ln"],
    ids=["base64", "quoted-printable", "short"],
)
def test_a_body_that_is_encoded_though_no_header_says_so(encoded: str, more: str) -> None:
    assert body(f"{more}\n{encoded}") == (LONG.strip() if "ladder" in encoded or "\n" in encoded else "Grüße aus Köln")


@pytest.mark.parametrize(
    "text",
    [
        "See https://x.example/?a=1F&b=2A&c=C3, and x=3D5.",
        "It costs =C3=BC, and a = b.",
        "A" * 76 + "\n" + "B" * 20,
        b64encode(bytes(range(120, 240)) * 2).decode()[:76] + "\nAAAA",
        "f(x)=AB",
    ],
)
def test_a_body_that_only_looks_encoded(text: str) -> None:
    assert body(f"\n{text}") == text


@pytest.mark.parametrize(
    ("text", "page"), [("Верните лестницу.", 1251), ("Bring it back.", 1252), ("Grüße aus Köln", 1252), ("Да", 1251)]
)
def test_the_text_of_winmail_dat_in_its_code_page(text: str, page: int) -> None:
    attributes = [
        (0x00089006, struct.pack("<I", 0x10000)),
        (0x00069007, struct.pack("<II", page, 0)),
        (0x0002800C, text.encode(f"cp{page}") + b"\0"),
    ]
    data = struct.pack("<IH", 0x223E9F78, 1) + b"".join(
        struct.pack("<BII", 1, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)
        for name, value in attributes
    )
    part = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
    assert body(multipart("mixed", text_part(""), part + encodebytes(data).decode())) == text


def test_a_text_that_was_encoded_twice() -> None:
    encoded = encodebytes(encodebytes(LONG.encode())).decode()
    assert body(f"Content-Transfer-Encoding: base64\n\n{encoded}") == LONG.strip()


@pytest.mark.parametrize(
    "file",
    [
        f"begin 755 lamp.jpg\nM{'_]C_X02D9)1@' * 5}\nM{'#!D2$P4R1H?H' * 5}\nM#!D2",
        f"begin 644 a.txt\nM{'_]C_X02D9)1@' * 5}\n",
        "=ybegin line=128 size=40 name=photo.jpg\n)ts*:}\u203a\u017e\n\u0161*\n=yend size=40 crc32=deadbeef",
        "=ybegin line=128 size=40 name=photo.jpg\n)ts*:}\n",
        '(This file must be converted with BinHex 4.0)\n\n:$f*TEQKPH#jdCA0d,R0TG!"6594%8dP8)3#3\n!!!"!\'d!N!:',
        "(This file must be converted with BinHex 4.0)\n\n:#@0pqr`@3N!pqr\n`r[qp!!:",
    ],
    ids=["uuencode-cut", "uuencode-cut-once", "yenc", "yenc-cut", "binhex", "binhex-last-letters"],
)
def test_a_file_in_a_text_is_no_part_of_it(file: str) -> None:
    assert body(f"\n{LADDER}\n\n{file}\n") == LADDER


@pytest.mark.parametrize(
    "text",
    [
        "Begin with the ladder.\n\nbegin 644 times and it stays shut.\nMore of it.",
        "=ybegin is a word of yEnc.\nIt marks a file.",
        "(This file must be converted with BinHex, you said.)\nI did: it works.",
    ],
)
def test_a_text_about_files_is_no_file(text: str) -> None:
    assert body(f"\n{text}\n") == text


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 a\n" + "M" * 500_000,
        "begin 644 a\n" * 20_000,
        "=ybegin line=1 a\n" * 20_000,
        "=ybegin line=1 a\n" * 20_000 + "=yend",
        "begin 644 a\nMa\n" * 20_000,
    ],
    ids=range(5),
)
def test_long_texts_that_look_like_files_take_time_in_proportion(text: str) -> None:
    begin = time.process_time()
    body(f"\n{text}")
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("kind", ["text/*", "text/ascii"])
def test_types_of_text_that_programs_made_up(kind: str) -> None:
    assert body(f"Content-Type: {kind}\n\n{LADDER}") == LADDER


def test_a_word_below_base64_is_no_part_of_it() -> None:
    encoded = b64encode(("Bring it back to the shed, please, before it rains." * 2)[:96].encode()).decode()
    lines = f"{encoded[:76]}\n{encoded[76:]}\nUnsubscribe\n"
    assert body(text_part(lines, more="Content-Transfer-Encoding: base64\n")).endswith("before it")


def der(tag: int, content: bytes, indefinite: bool = False) -> bytes:
    if indefinite:
        return bytes([tag, 0x80]) + content + b"\0\0"
    return bytes([tag, 0x82, len(content) >> 8, len(content) & 255]) + content


def signed(content: bytes, indefinite: bool) -> bytes:
    octets = der(0x24, der(0x04, content[:20]) + der(0x04, content[20:]), True) if indefinite else der(0x04, content)
    inner = der(0x30, bytes.fromhex("06092a864886f70d010701") + der(0xA0, octets, indefinite), indefinite)
    data = der(0x30, b"\x02\x01\x01" + der(0x31, b"") + inner + der(0x31, b""), indefinite)
    return der(0x30, bytes.fromhex("06092a864886f70d010702") + der(0xA0, data, indefinite), indefinite)


@pytest.mark.parametrize("indefinite", [False, True])
@pytest.mark.parametrize("kind", ["pkcs7-mime; smime-type=signed-data", "x-pkcs7-mime", "octet-stream; name=smime.p7m"])
def test_the_text_inside_of_a_signature(indefinite: bool, kind: str) -> None:
    data = b64encode(signed(text_part(LADDER).encode(), indefinite)).decode()
    found = parse(
        f"{HEADER}Content-Type: application/{kind}\nContent-Transfer-Encoding: base64\n\n{data}".encode(), "s"
    )
    assert (found.text, found.kinds) == (LADDER, frozenset({"signed"}))


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (
            "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHA6CA",
            {"encrypted"},
        ),
        ('Content-Type: application/octet-stream; name="smime.p7m"\n\nMIAGCSqGSIb3DQEHA6CA', {"encrypted"}),
        (multipart("mixed", "Content-Type: application/pgp-encrypted\n\nVersion: 1"), {"encrypted"}),
        (
            "Content-Type: application/pgp\n\n-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----",
            {"encrypted"},
        ),
        (text_part(f"{LADDER}\n\n> -----BEGIN PGP MESSAGE-----\n> abc"), set()),
        (text_part("A text that names -----BEGIN PGP MESSAGE----- and more."), set()),
        (text_part("BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR"), {"calendar"}),
    ],
)
def test_kinds_of_encrypted_messages_and_appointments(content: str, kinds: set[str]) -> None:
    assert parse(f"{HEADER}{content}\n".encode(), "s").kinds == kinds


ROWS = [
    {"from": "ann@x.example", "subject": f"s{number}", "date": "2024-04-01", "body": t}
    for number, t in enumerate(TEXTS)
]
GMAIL_HEADERS = [{"name": "From", "value": "ann@x.example"}, None, {"name": None}]


def gmail(part: dict[str, object]) -> dict[str, object]:
    own = part.get("headers")
    headers = [*GMAIL_HEADERS, *(own if isinstance(own, list) else [])]
    return {"id": "a", "payload": {**part, "headers": headers}}


def gmail_part(text: str, kind: str = "text/plain", charset: str = "utf-8") -> dict[str, object]:
    data = urlsafe_b64encode(text.encode(charset)).decode().rstrip("=")
    headers = [{"name": "Content-Type", "value": f"{kind}; charset={charset}"}]
    return {"mimeType": kind, "headers": headers, "body": {"data": data}}


@pytest.mark.parametrize(
    "document",
    [
        json.dumps([{"value": ROWS[:2]}, {"value": ROWS[2:]}]),
        json.dumps({"methodResponses": [["Email/get", {"list": ROWS}, "0"]]}),
        json.dumps({"folders": [{"name": "Sent", "messages": ROWS[:1]}, {"name": "Old", "messages": ROWS[1:]}]}),
        json.dumps([ROWS[:1], ROWS[1:]]),
        json.dumps({"hits": {"total": 3, "hits": [{"_id": "1", "_source": row} for row in ROWS]}}),
        json.dumps({f"id{number}": row for number, row in enumerate(ROWS)}),
        json.dumps([{"message": row} for row in ROWS]),
        json.dumps({"columns": list(ROWS[0]), "data": [list(row.values()) for row in ROWS]}),
        json.dumps({name: {str(place): row[name] for place, row in enumerate(ROWS)} for name in ROWS[0]}),
        json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}),
        "".join(map(json.dumps, ROWS)),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        "".join(f"\x1e{json.dumps(row)}\n" for row in ROWS),
        json.dumps(ROWS)[:-1] + ",]",
        json.dumps([{"headers": {"From": "ann@x.example"}, "body": row["body"]} for row in ROWS]),
        json.dumps(
            [
                {
                    **row,
                    "body": [{"type": "text/html", "content": PAGE}, {"type": "text/plain", "content": row["body"]}],
                }
                for row in ROWS
            ]
        ),
    ],
)
def test_mails_are_found_wherever_they_are_in_a_document(tmp_path: Path, document: str) -> None:
    messages = read_all(tmp_path / "x.json", document)
    assert [message.text for message in messages if isinstance(message, ParsedMessage)] == TEXTS
    assert all(isinstance(each, ParsedMessage) and each.senders[0].address == "ann@x.example" for each in messages)


def test_the_mails_of_a_document_that_is_cut_off(tmp_path: Path) -> None:
    *whole, last = read_all(tmp_path / "x.json", json.dumps(ROWS)[:-20])
    assert [message.text for message in whole if isinstance(message, ParsedMessage)] == TEXTS[:2]
    assert isinstance(last, Unreadable)


def test_a_configured_column_is_not_looked_for_inside_of_records(tmp_path: Path) -> None:
    rows = [{"entry": text, "tags": [{"text": "a tag", "subject": "x"}]} for text in TEXTS]
    assert texts(tmp_path / "x.json", json.dumps(rows), text="Entry") == TEXTS


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (gmail_part("Верни лестницу", charset="windows-1251"), "Верни лестницу"),
        (
            {"mimeType": "multipart/mixed", "parts": [gmail_part(LADDER), {"body": {}}, gmail_part(CHOIR)]},
            f"{LADDER}\n\n{CHOIR}",
        ),
        (
            {"mimeType": "multipart/mixed", "parts": [gmail_part(LADDER), gmail_part(f"<p>{CHOIR}</p>", "text/html")]},
            f"{LADDER}\n\n{CHOIR}",
        ),
        ({"mimeType": "multipart/alternative", "parts": [gmail_part(LADDER), gmail_part(PAGE, "text/html")]}, LADDER),
        (
            {
                "mimeType": "multipart/mixed",
                "parts": [gmail_part(LADDER), {**gmail_part("a log"), "filename": "a.txt"}],
            },
            LADDER,
        ),
    ],
)
def test_gmail_payloads(tmp_path: Path, payload: dict[str, object], text: str) -> None:
    (found,) = read_all(tmp_path / "x.json", json.dumps([gmail(payload)]))
    assert isinstance(found, ParsedMessage)
    assert (found.text, found.senders[0].address) == (text, "ann@x.example")


TABLE = [f"ann@x.example,Hi,2024-04-0{number},{text}" for number, text in enumerate(TEXTS, start=1)]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("From,Subject,Date,Body\n" + TABLE[0] + ', and "more", too.\n', f'{LADDER}, and "more", too.'),
        (
            'From,Subject,Date,Body\nann@x.example,Hi,2024-04-01,"She said \\"yes\\", and left."\n',
            'She said "yes", and left.',
        ),
        ("From,From,Body,Body\nAnn,ann@x.example,Bring it back,\n", "Bring it back"),
        ("'From','Body'\n'ann@x.example','Bring it, please.'\n", "Bring it, please."),
        ('id,message\n1,"From ann@x.example Mon Apr  1 10:00:00 2024\n' + MESSAGES[0] + '"\n', LADDER),
        ('id,message\n1,"' + repr(MESSAGES[0].encode()) + '"\n', LADDER),
        ("From,Body\nann@x.example,Bread&nbsp;&amp; butter\n", "Bread\u00a0& butter"),
    ],
)
def test_cells_as_programs_write_them(tmp_path: Path, table: str, expected: str) -> None:
    assert texts(tmp_path / "x.csv", table) == [expected]


@pytest.mark.parametrize("above", ["", "Export of my mail\n", "# made by a program\n\n", "Mail,,,\n"])
def test_titles_above_the_names_of_columns(tmp_path: Path, above: str) -> None:
    assert texts(tmp_path / "x.csv", above + "From,Subject,Date,Body\n" + "\n".join(TABLE)) == TEXTS


def test_a_quotation_mark_that_nothing_closes_costs_no_other_row(tmp_path: Path) -> None:
    rows = [TABLE[0], TABLE[1].replace("The choir", '"The choir'), TABLE[2]]
    assert texts(tmp_path / "x.csv", "From,Subject,Date,Body\n" + "\n".join(rows) + "\n") == TEXTS


def test_a_quoted_cell_keeps_lines_with_as_many_commas_as_a_row(tmp_path: Path) -> None:
    text = "Hello Bo,\nI bought apples, pears, and plums today.\nMore of it, and more, tomorrow."
    rows = f'subject,sender,text\nHi,{ANN},"{text}"\nOpen,{ANN},"{TEXTS[0]}\nNext,{ANN},"one, two, three"\n'
    assert texts(tmp_path / "t.csv", rows) == [text, TEXTS[0], "one, two, three"]


def test_a_raw_message_keeps_lines_and_subjects_with_from(tmp_path: Path) -> None:
    raw = f"{HEADER.replace('Subject: Hi', 'Subject: Greetings From Paris')}\n{TEXTS[0]} From here on it rains.\n"
    (message,) = read_all(tmp_path / "t.jsonl", json.dumps({"message": raw, "file": "1"}))
    assert isinstance(message, ParsedMessage)
    assert (message.subject, message.text.strip()) == ("Greetings From Paris", f"{TEXTS[0]} From here on it rains.")


def test_an_emlx_file_without_a_property_list_may_quote_one(tmp_path: Path) -> None:
    message = f"{HEADER}\nBefore.\n\n<?xml version='1.0'?><plist></plist> is how it begins.\n"
    assert texts(tmp_path / "1.emlx", f"{len(message)}\n{message}")[0].endswith("is how it begins.")


def test_declared_japanese_without_kana_is_kept() -> None:
    assert charsets.decode("会議資料".encode("euc-jp"), "euc-jp").text == "会議資料"


def test_a_table_of_one_column(tmp_path: Path) -> None:
    assert texts(tmp_path / "x.csv", "Body\n" + "\n".join(TEXTS)) == TEXTS


@pytest.mark.parametrize(
    "names",
    [
        "De,Objet,Date,Corps",
        "De,Asunto,Fecha,Cuerpo",
        "Da,Oggetto,Data,Testo",
        "Od,Temat,Data,Treść",
        "От кого,Тема,Дата отправки,Текст письма",
        "Від,Тема,Дата,Повідомлення",
        "Van,Onderwerp,Datum,Bericht",
        "发件人,主题,日期,正文",
        "差出人,件名,日付,本文",
        "Sender Name,Title,Sent Time,Message Body",
    ],
)
def test_names_of_columns_in_other_languages(tmp_path: Path, names: str) -> None:
    messages = read_all(tmp_path / "x.csv", f"{names}\n" + "\n".join(TABLE))
    found = [
        (m.text, m.subject, m.date.day if m.date else 0, str(m.senders[0]))
        for m in messages
        if isinstance(m, ParsedMessage)
    ]
    assert found == [(text, "Hi", number, "ann@x.example") for number, text in enumerate(TEXTS, start=1)]


@pytest.mark.parametrize("date", [1.711965600e9, "1.7119656e+09", {"_seconds": 1711965600}, 133564392000000000])
def test_dates_of_databases(tmp_path: Path, date: object) -> None:
    (found,) = read_all(tmp_path / "x.jsonl", json.dumps({"from": "ann@x.example", "date": date, "body": LADDER}))
    assert isinstance(found, ParsedMessage) and found.date is not None
    assert found.date.isoformat() == "2024-04-01T10:00:00+00:00"


def test_messages_of_hostile_values_are_unreadable_and_stop_nothing(tmp_path: Path) -> None:
    deep: dict[str, object] = gmail_part(LADDER)
    for _ in range(150):
        deep = {"mimeType": "multipart/mixed", "parts": [deep]}
    rows = [json.dumps(gmail(deep)), json.dumps({"payload": {"headers": [5], "parts": 3}}), json.dumps(ROWS[0])]
    assert texts(tmp_path / "x.jsonl", "\n".join(rows))[-1] == LADDER
    assert isinstance(parse_item(RawMessage("s", b"\0" * 5000)), Unreadable)


POLISH = "Cześć, przynieś proszę drabinę do szopy przed niedzielą."
HUNGARIAN = "Kérlek, hozd vissza a létrát a fészerbe vasárnap előtt."
CZECH = "Sbor se schází ve středu v osm hodin ve staré škole."
FRENCH = "La chorale se réunit mercredi à huit heures à l'école."
SWEDISH = "Snälla, ta tillbaka stegen till skjulet före söndag kväll."
RUSSIAN = "Я купила новый чайник, потому что старый совсем протёк."
HEBREW = "קניתי קומקום חדש כי הישן דלף מאוד."
ARABIC = "نحتاج إلى اثني عشر كرسيا وثلاث طاولات."
CHINESE = "请在星期天晚上之前把梯子还到棚子里。"
TAIWANESE = "請在星期天晚上之前把梯子還到棚子裡。"
JAPANESE = "日曜日の夕方までに梯子を物置に戻してください。"
KOREAN = "일요일 저녁 전에 사다리를 창고에 돌려주세요."
GERMAN = "Bitte bring die Leiter in den Schuppen zurück."


@pytest.mark.parametrize(
    ("text", "charset", "declared"),
    [
        *((POLISH, "cp1250", declared) for declared in ("iso-8859-1", "windows-1252", "iso-8859-2", None)),
        *((HUNGARIAN, "cp1250", declared) for declared in ("iso-8859-1", None)),
        *((CZECH, "iso-8859-2", declared) for declared in ("iso-8859-1", "windows-1252")),
        *((FRENCH, "cp1252", declared) for declared in ("iso-8859-2", "iso-8859-1", "x-unknown")),
        *((SWEDISH, charset, None) for charset in ("cp850", "mac-roman", "cp1252")),
        *((RUSSIAN, "cp1251", declared) for declared in ("koi8-r", "iso-8859-5", "ibm866", "x-mac-cyrillic")),
        *((HEBREW, "cp1255", declared) for declared in ("iso-8859-1", None)),
        *((ARABIC, "iso-8859-6", declared) for declared in ("iso-8859-1", None)),
        *((CHINESE, "gbk", declared) for declared in (None, "iso-8859-1", "utf-8", "big5")),
        *((TAIWANESE, "big5", declared) for declared in (None, "iso-8859-1")),
        *((JAPANESE, charset, None) for charset in ("shift_jis", "euc_jp", "iso-2022-jp", "utf-16")),
        *((KOREAN, charset, "unicode") for charset in ("utf-16-le", "utf-16-be")),
        *((JAPANESE, charset, "utf-16") for charset in ("utf-16-le", "utf-16-be")),
        (KOREAN, "euc_kr", None),
        *((GERMAN, "utf-8", declared) for declared in ("gb2312", "shift_jis", "big5", "euc-kr")),
        (CHINESE, "gbk", "gb2312"),
    ],
)
def test_short_texts_in_another_charset_than_declared(text: str, charset: str, declared: str | None) -> None:
    assert charsets.decode(text.encode(charset), declared).text == text


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("We met José and Agnès in Malmö last week.", "iso-8859-1"),
        ("Bitte grüße Peña und François von mir und allen anderen.", "iso-8859-1"),
        ("Prosím, napiš Müllerovi a paní Ângele ještě dnes večer.", "iso-8859-2"),
    ],
)
def test_names_from_other_languages_do_not_change_the_charset(text: str, declared: str) -> None:
    assert charsets.decode(text.encode(declared), declared).text == text


def test_control_characters_are_no_text() -> None:
    assert charsets.decode(b"One\x0btwo\x07 three\x1a", None).text == "One\ntwo three"
    assert charsets.mend("Один\x0bдва\x07").text == "Один\nдва"
