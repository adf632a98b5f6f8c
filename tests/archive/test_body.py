import base64
import struct
import time

import pytest

from email_assistant.archive import body, mime
from email_assistant.archive.quotes import own_words
from email_assistant.archive.rtf import rtf_to_text

HEAD = "From: Ann Roe <ann@x.example>\nMIME-Version: 1.0\n"
FOOTER = "_____________________\nGarden mailing list\nhttps://lists.example/listinfo/garden\n"


def part(text: str, kind: str = "text/plain", headers: str = "") -> str:
    return f"Content-Type: {kind}; charset=utf-8\n{headers}\n{text}\n"


def multipart(kind: str, *parts: str) -> str:
    boundary = f"b{len(parts)}{kind}{sum(map(len, parts))}"
    body = "".join(f"--{boundary}\n{each}" for each in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{body}--{boundary}--\n'


def text_of(*parts: str, kind: str = "mixed") -> str:
    return mime.parse((HEAD + multipart(kind, *parts)).encode(), "s").text.strip()


PAGE = part("<p>The second half is in HTML only.</p>", "text/html")
PDF = part("JVBE", "application/pdf", "Content-Disposition: attachment; filename=a.pdf\n")


def test_footers_are_looked_for_only_if_a_named_part_may_be_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(lines: list[str]) -> None:
        raise AssertionError(lines)

    monkeypatch.setattr(body, "strip_footers", fail)
    assert text_of(part("Come at nine."), PDF) == "Come at nine."
    assert text_of(part("Come at nine."), part("Bring tea.")) == "Come at nine.\n\nBring tea."


def test_both_halves_of_a_mail_in_two_kinds() -> None:
    assert text_of(part("The first half."), PDF, PAGE) == "The first half.\n\nThe second half is in HTML only."
    assert text_of(PAGE, part("The first half.")) == "The second half is in HTML only.\n\nThe first half."


def test_a_page_beside_its_own_copy_counts_once() -> None:
    text = "Bring the ladder and both ropes on Saturday."
    assert text_of(part(text), part(f"<p>{text}</p>", "text/html")) == text


def test_a_page_with_the_footer_of_a_list_beside_it() -> None:
    footer = part(FOOTER, headers="Content-Disposition: inline\n")
    assert own_words(text_of(PAGE, footer)).startswith("The second half is in HTML only.")


@pytest.mark.parametrize(
    "text",
    [
        *(
            FOOTER,
            "Sent from my iPhone",
            "[cid:image001.png@01D9]",
            "[image: logo.png]\n\nSent from my iPhone",
            "\u00a0",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["alternative", "related"])
def test_a_text_with_nothing_but_a_footer_beside_a_short_page(text: str, kind: str) -> None:
    page = part(f"<p>Bring the ladder.</p><p>{text}</p>", "text/html")
    page = page if kind == "alternative" else multipart(kind, page)
    assert own_words(text_of(part(text), page, kind="alternative")).startswith("Bring the ladder.")


@pytest.mark.parametrize(
    "text",
    [
        *("This is a multi-part message in MIME format.", "Your mail client cannot show this; open it in a browser."),
        "Ваш почтовый клиент не показывает такие письма.",
    ],
)
def test_a_notice_longer_than_the_page_beside_it(text: str) -> None:
    assert text_of(part(text), part("<p>Bring the ladder.</p>", "text/html"), kind="alternative") == "Bring the ladder."


def test_a_footer_above_the_page_of_a_mail() -> None:
    assert own_words(text_of(part(FOOTER), PAGE)) == "The second half is in HTML only."


@pytest.mark.parametrize("kind", ["plain/text", "TEXT/PLAIN", "text"])
def test_types_of_text_as_programs_write_them(kind: str) -> None:
    assert text_of(part("Come at nine.", kind)) == "Come at nine."


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi\uc1 Come \u-10179?\u-8704?\par}", "Come 😀"),
        (rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}Come \u-10179?\u-8704?{\*\htmltag72 </p>}}", "Come 😀"),
        (rb"{\rtf1\ansi\ansicpg932 \'83e\'83X\'83g \'89\'ef\'8bc a\par}", "テスト 会議 a"),
        (rb"{\rtf1\ansi\ansicpg932\fromhtml1 {\*\htmltag64 <p>}\'83e\'83X\'83g{\*\htmltag72 </p>}}", "テスト"),
        (rb"{\rtf1\ansi\ansicpg936 \'c4\'e3A\par}", "你A"),
    ],
    ids=["emoji", "emoji-in-html", "japanese", "japanese-in-html", "letter"],
)
def test_characters_of_rich_text_in_two_parts(rtf: bytes, text: str) -> None:
    assert rtf_to_text(rtf).strip() == text


def test_long_rich_text_takes_time_in_proportion() -> None:
    begin = time.process_time()
    assert rtf_to_text(rb"{\rtf1\ansi\ansicpg932 " + rb"\'89\'ef" * 20_000 + rb"\par}").strip() == "会" * 20_000
    link = rtf_to_text(rb"{\rtf1\ansi {\field{\*\fldinst" + b" " * 100_000 + rb"x}{\fldrslt{The shed}}}}")
    assert link.strip() == "The shed"
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    "stub",
    [
        *("This message is in HTML. Please use another program to view it.", "Ihr Programm zeigt kein HTML an.", "\n"),
        "Просмотрите это письмо в браузере: https://mail.example/1",
    ],
)
def test_of_a_stub_and_a_page_the_page_is_the_mail(stub: str) -> None:
    page = "<p>Bring the ladder and both ropes on Saturday. The gate is open from nine, and there is tea.</p>"
    assert text_of(part(stub), part(page, "text/html"), kind="alternative").startswith("Bring the ladder")


def test_a_text_that_is_cut_off_beside_the_whole_page() -> None:
    whole = " ".join(f"Sentence {number} of the plan for garden number {number * 7}." for number in range(20))
    page = part(f"<p>{whole}</p>", "text/html")
    assert text_of(part("Sentence 0 of the plan"), page, kind="alternative") == whole


def test_a_short_answer_is_kept_beside_a_page_with_a_long_quote() -> None:
    quote = "<blockquote type=cite>" + "<p>A long mail by somebody else about the garden.</p>" * 40 + "</blockquote>"
    page = part(f"<p>Yes, Saturday suits me.</p>{quote}", "text/html")
    assert text_of(part("Yes, Saturday suits me."), page, kind="alternative") == "Yes, Saturday suits me."


@pytest.mark.parametrize(
    "headers",
    [
        *('Content-Disposition: inline; filename="mail.txt"\n', "Content-Disposition: inline\n"),
        *("Content-Disposition: attachment\n", 'Content-Disposition: attachment; filename="body.txt"\n'),
    ],
)
def test_a_body_with_a_name_or_a_disposition(headers: str) -> None:
    assert text_of(part("It is me.", headers=headers), PDF) == "It is me."
    assert mime.parse((HEAD + part("It is me.", headers=headers)).encode(), "s").text.strip() == "It is me."
    assert text_of(part("It is me.", "text/plain; name=mail.txt"), PDF) == "It is me."


def test_attached_texts_are_not_the_mail() -> None:
    log = part("Not mine.", headers='Content-Disposition: attachment; filename="build.log"\n')
    inline = part("Not mine.", headers='Content-Disposition: inline; filename="notes.txt"\n')
    assert text_of(part("It is me."), log, inline) == "It is me."
    assert text_of(part(" "), log) == ""
    assert text_of(log) == ""


@pytest.mark.parametrize("behind", [FOOTER, "Garden\n" + FOOTER, "\n" + FOOTER, "list\n"])
@pytest.mark.parametrize("encoding", ["base64", "base64 ", '"base64"', "BASE64 (by hand)"])
def test_a_footer_behind_an_encoded_body(behind: str, encoding: str) -> None:
    text = "Приходите в субботу к девяти, калитка открыта. " * 3 + "!"
    encoded = base64.encodebytes(text.encode()).decode()
    assert encoded.rstrip().endswith("=")
    data = HEAD + f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{encoded}{behind}"
    assert mime.parse(data.encode(), "s").text == text


@pytest.mark.parametrize("cut", range(1, 5))
def test_base64_that_is_cut_off_or_not_base64_at_all(cut: int) -> None:
    header = HEAD + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
    encoded = base64.b64encode(b"Come on Saturday at nine, please. Thanks.").decode()
    assert mime.parse((header + encoded[:-cut]).encode(), "s").text.startswith("Come on Saturday at nine, please. Tha")
    assert mime.parse((header + "Come on Saturday, please.").encode(), "s").text == "Come on Saturday, please."
    two = (
        base64.b64encode(b"One half. ").decode() + "\n" + base64.b64encode(b"The other half of the mail, too.").decode()
    )
    assert mime.parse((header + two).encode(), "s").text == "One half. The other half of the mail, too."


def test_uuencoded_and_enriched_bodies() -> None:
    lines = 'begin 644 body\n<0V]M92!O;B!3871U<F1A>2!A="!N:6YE+@``\n`\nend\n'
    data = HEAD + "Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\n" + lines
    assert mime.parse(data.encode(), "s").text.startswith("Come on Saturday")
    rich = "<color><param>red</param>Come</color> on\nSaturday.\n\n<bold>a << b</bold>"
    assert text_of(part(rich, "text/enriched")) == "Come on Saturday.\na < b"


def test_the_signature_mark_is_never_flowed() -> None:
    text = "This goes on \nover the line. \n-- \nAnn Roe, Mill Lane 4"
    data = HEAD + part(text, "text/plain; format=flowed")
    assert mime.parse(data.encode(), "s").text.strip() == "This goes on over the line. \n-- \nAnn Roe, Mill Lane 4"


def test_a_multipart_without_its_boundary_is_text() -> None:
    data = HEAD + 'Content-Type: multipart/mixed; boundary="x"\n\nCome on Saturday.\n'
    assert mime.parse(data.encode(), "s").text.strip() == "Come on Saturday."


def attribute(level: int, number: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) % 65536)


def tnef(*properties: tuple[int, int, bytes]) -> str:
    """winmail.dat with some MAPI properties: their type, number and value."""
    body = struct.pack("<I", len(properties))
    for kind, number, value in properties:
        body += struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    data = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00069007, struct.pack("<II", 1251, 0))
    data += attribute(1, 0x00069003, body)
    encoded = base64.encodebytes(data).decode()
    headers = "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=winmail.dat\n"
    return f"Content-Type: application/ms-tnef; name=winmail.dat\n{headers}\n{encoded}"


RTF = rb"{\rtf1\ansi\ansicpg1251\deff0 {\fonttbl{\f0 Arial;}}\f0 Come on Saturday.\par \'cf\'f0\'e8\'e2\'e5\'f2}"
RTF_OF_HTML = (
    rb"{\rtf1\ansi\ansicpg1251\fromhtml1 {\*\htmltag19 <html>}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Come on Saturday."
    rb"\htmlrtf\par}\htmlrtf0 {\*\htmltag72 </p>}{\*\htmltag64 <p>}\'cf\'f0\'e8\'e2\'e5\'f2 \u8212?{\*\htmltag72 </p>}}"
)


def stored(rtf: bytes) -> bytes:
    """PR_RTF_COMPRESSED without compression."""
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ((0x001E, 0x1000, b"Come on Saturday.\0"), "Come on Saturday."),
        ((0x001F, 0x1000, "Приходите в субботу.\0".encode("utf-16-le")), "Приходите в субботу."),
        ((0x0102, 0x1013, b"<p>Come on <b>Satur</b>day.</p>"), "Come on Saturday."),
        ((0x0102, 0x1009, stored(RTF)), "Come on Saturday.\nПривет"),
        ((0x0102, 0x1009, stored(RTF_OF_HTML)), "Come on Saturday.\nПривет —"),
    ],
    ids=["text", "unicode", "html", "rtf", "html-in-rtf"],
)
def test_the_mail_inside_winmail_dat(properties: tuple[int, int, bytes], text: str) -> None:
    lines = [line for line in text_of(tnef(properties)).split("\n") if line.strip()]
    assert "\n".join(line.strip() for line in lines) == text
    assert text_of(part(FOOTER), tnef(properties)).startswith(text.split("\n")[0])
    assert text_of(part("My own words."), tnef(properties)) == "My own words."


def test_the_repeated_header_of_an_encrypted_mail_is_no_text() -> None:
    legacy = part("Subject: The lamp\nTo: Sam\n\nNote: come at nine.", 'text/plain; hp="cipher"; hp-legacy-display="1"')
    assert body.body_text(mime.parse_tree((HEAD + legacy).encode())).strip() == "Note: come at nine."
