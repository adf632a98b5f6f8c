"""Headers that programs damage, and addresses that only some of them know."""

import time

import pytest
from owner_mail import ME, mail

from email_assistant.archive.headers import split_addresses
from email_assistant.archive.messages import Person
from email_assistant.archive.mime import parse
from email_assistant.archive.owner import SenderStats

TEXT = "Please bring the ladder back.\n"


@pytest.mark.parametrize(
    "stray",
    ["Checked by the scanner of the firm\n", "Scanner 5.1: clean\nno threat was found\n", "(c) Acme Mail 2024\r\n"],
)
def test_a_header_goes_on_below_a_line_without_a_field(stray: str) -> None:
    header = f"From: Ann Roe <ann@x.example>\nX-Mailer: A\n{stray}To: bo@y.example\nSubject: Ladder\n"
    message = parse(f"{header}Content-Type: text/html\n\n<p>{TEXT}</p>".encode(), "x")
    assert (message.subject, message.text.strip()) == ("Ladder", TEXT.strip())
    assert [person.address for person in message.recipients] == ["bo@y.example"]


@pytest.mark.parametrize(
    "text",
    [
        "Bo wrote me this letter:\nFrom: Bo <bo@y.example>\nTo: ann@x.example\nDate: Monday\n\nIt rains.",
        "The next two lines are all I know.\nTo: be seen\nand not heard.",
        "I tried the command\ngit: clean\nsvn: clean\n\nand both work.",
    ],
)
def test_a_text_directly_below_its_header_is_no_header(text: str) -> None:
    header = "From: Ann Roe <ann@x.example>\nSubject: Hi\nTo: bo@y.example\nDate: Mon, 1 Apr 2024 10:00:00 +0000\n"
    assert parse(f"{header}{text}".encode(), "x").text.strip() == text


@pytest.mark.parametrize("amid", ["\n", "\r\n\r\n", "Checked.\n"])
def test_a_header_goes_on_below_a_blank_line(amid: str) -> None:
    below = "To: bo@y.example\nMessage-ID: <1@x>\nContent-Type: text/html\n"
    message = parse(f"From: Ann Roe <ann@x.example>\nSubject: Ladder\n{amid}{below}\n<p>{TEXT}</p>".encode(), "x")
    assert (message.id, message.text.strip()) == ("1@x", TEXT.strip())


def test_a_part_without_a_header_may_be_a_message_of_its_own() -> None:
    inner = "From: Bo <bo@y.example>\nTo: ann@x.example\nMessage-ID: <2@y>\nContent-Type: text/plain\n\nIt rains."
    digest = f"Content-Type: multipart/digest; boundary=D\n\n--D\n\n{inner}\n--D--"
    parts = f"--B\nContent-Type: text/plain\n\n{TEXT}\n--B\n{digest}\n--B--"
    message = parse(f"From: ann@x.example\nContent-Type: multipart/mixed; boundary=B\n\n{parts}".encode(), "x")
    assert message.text.strip() == TEXT.strip()


def test_a_line_above_the_first_field_is_no_part_of_the_header() -> None:
    header = "From: Ann <ann@x.example>\nTo: bo@y.example\nSubject: Ladder\nMessage-ID: <1@x>\n"
    assert parse(f"Spam score was 5\n{header}\n{TEXT}".encode(), "x").subject == "Ladder"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_message_whose_line_ends_are_doubled(end: str) -> None:
    header = "From: Ann <ann@x.example>\nTo: bo@y.example,\n cy@z.example\nSubject: Ladder\nDate: 1 Apr 2024 10:00\n"
    message = parse(f"{header}\n{TEXT}\nIt is late.\n".replace("\n", end * 2).encode(), "x")
    assert (message.subject, message.text.strip()) == ("Ladder", f"{TEXT}\nIt is late.")
    form = "From: Ann <ann@x.example>\n\nName: Roe\n\nPhone: 5\n\nRoom: 7\n\nYear: 9\n"
    assert parse(form.encode(), "x").text.startswith("Name: Roe")


def test_stray_lines_take_time_in_proportion() -> None:
    data = b"From: Ann <ann@x.example>\n" + b"no field here\nX-A: b\n" * 100_000
    start = time.perf_counter()
    parse(data, "x")
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    "content_type", ["text/plain charset=koi8-r", "text/plain, charset=koi8-r", "text/plain\n charset=koi8-r"]
)
def test_a_type_without_the_mark_before_its_parameters(content_type: str) -> None:
    data = f"From: ann@x.example\nContent-Type: {content_type}\nContent-Transfer-Encoding: 8bit\n\n".encode()
    assert parse(data + "Лестница стоит у сарая.".encode("koi8-r"), "x").text == "Лестница стоит у сарая."


@pytest.mark.parametrize("address", ["анна@x.example", "яна@x.example", "zoë@x.example", "ann@бор.example"])
def test_an_address_beyond_ascii_is_utf_8(address: str) -> None:
    message = parse(f"From: Ann <{address}>\nTo: bo@y.example\n\n{TEXT}".encode(), "x")
    assert message.senders == [Person("Ann", address)]


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ('"Roe, Ann" </O=ACME/OU=FIRST (ABC)/CN=RECIPIENTS/CN=AROE>', [("Roe, Ann", "")]),
        ("Roe, Ann </o=acme/ou=x/cn=aroe>, Bo Li <bo@y.example>", [("Roe, Ann", ""), ("Bo Li", "bo@y.example")]),
        ("Ann Roe/Sales/Acme@ACME", [("", "Ann Roe")]),
        ("CN=Ann Roe/OU=Sales/O=Acme, CN=Bo Li/O=Acme@ACME", [("", "Ann Roe"), ("", "Bo Li")]),
        ("ann at x.example (Ann Roe)", [("Ann Roe", "ann@x.example")]),
        ("Ann Roe <ann at x dot example>", [("Ann Roe", "ann@x.example")]),
        ("Ann Roe <ann (at) x (dot) example>", [("Ann Roe", "ann@x.example")]),
        ("ann[at]x.example", [("", "ann@x.example")]),
        ("Ann Roe <ann＠x.example>", [("Ann Roe", "ann@x.example")]),
        ("Ann at the shop <ann@x.example>", [("Ann at the shop", "ann@x.example")]),
        ("Sales/Support <sales@x.example>", [("Sales/Support", "sales@x.example")]),
    ],
)
def test_addresses_of_companies_and_of_archives_of_lists(value: str, people: list[tuple[str, str]]) -> None:
    assert split_addresses([value]) == people


@pytest.mark.parametrize(
    "value",
    [
        "a/b," + " " * 100_000 + "x",
        "a at " * 40_000,
        "<a (at) " * 30_000,
        "CN=a/b" * 30_000,
        "a/b," * 30_000,
        "</o=a " * 30_000,
    ],
)
def test_such_addresses_take_time_in_proportion(value: str) -> None:
    start = time.perf_counter()
    split_addresses([value])
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("value", "names"),
    [("Roe, Ann", ["Roe, Ann"]), ("de la Cruz, Ana", ["de la Cruz, Ana"]), ("Ann Roe, Bo Li", ["Ann Roe", "Bo Li"])],
)
def test_a_writer_without_an_address_may_have_a_comma(value: str, names: list[str]) -> None:
    assert [person.name for person in parse(f"From: {value}\n\nIt rains.".encode(), "x").senders] == names


def test_an_address_in_apostrophes_is_the_address() -> None:
    assert parse(b"From: 'ann@x.example'\n\nIt rains.", "x").senders == [Person("", "ann@x.example")]


def test_a_service_that_writes_in_somebodys_name_is_not_that_person() -> None:
    service = parse(b"From: Ann Roe via SignHere <sign@service.example>\nTo: bo@y.example\n\nPlease sign.", "x")
    assert [person.name for person in service.senders] == ["Ann Roe via SignHere"]
    for more in (b"List-Id: <goats.example>\n", b"Cc: goats@lists.example\n", b"Reply-To: ann@x.example\n"):
        listed = parse(b"From: Ann Roe via Goats <goats@lists.example>\n" + more + b"\nIt rains.", "x")
        assert listed.senders[0].name == "Ann Roe"


def test_the_mailbox_that_servers_deliver_to_is_the_owners() -> None:
    busy, goats = Person("Cy Poe", "cy@z.example"), Person("", "goats@lists.example")
    listed = {"kinds": frozenset({"list"}), "recipients": [goats]}
    stats = SenderStats()
    for number in range(9):
        stats.add(mail(number, senders=[busy], delivered_to=[ME], **listed))
    for number in range(9, 11):
        stats.add(mail(number, **listed))
    assert stats.detect_owner().addresses == {ME.address}
    message = parse(b"From: cy@z.example\nTo: goats@lists.example\nDelivered-To: ada@x.example\n\nIt rains.", "x")
    assert [person.address for person in message.delivered_to] == ["ada@x.example"]
