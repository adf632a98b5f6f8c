import pytest

from email_assistant.instructions import clean, fault, from_headers, start_for

START = "Write an email to"
MAIL = "Dear Bo,\n\nplease send 12 crates of rope to the north pier by Friday, and the bill to Ann.\n\nYours, Ada"


@pytest.mark.parametrize(
    "raw",
    [
        "ask Bo for rope.",
        "Instruction: Write an email to ask Bo for rope.",
        "Hi! Write an email to ask Bo for rope.",
        "Sure, here it is: Write an email to ask Bo for rope.",
        '"Write an email to ask Bo for rope."',
        "Write an email to ask Bo for rope.\n\nDear Bo,",
        "**Instruction:** Write an email to ask Bo for rope.",
    ],
)
def test_prefixes_greetings_and_quotes_are_stripped(raw: str) -> None:
    assert clean(raw, START) == "Write an email to ask Bo for rope."


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        ("Bo about the 12 crates of rope that go to the pier", None),
        ("", "empty"),
        ("Bo", "empty"),
        ("please send 12 crates of rope to the north pier by Friday", "copied"),
        ("Bo " + "and say that the rope is very much needed there " * 4, "too_long"),
        ("Hello Bo,\n\nI need rope.\n\nRegards, Ada", "itself_a_mail"),
        ("Бо и попросить у него верёвку", "other_language"),
        ("Petronella about rope", "invented"),
        ("Bo about 13 crates", "invented"),
    ],
)
def test_faults(raw: str, wrong: str | None) -> None:
    assert fault(clean(raw, START), START, MAIL, raw) == wrong


def test_marks_stand_by_their_words() -> None:
    assert (
        clean(", asking for rope , and tin", "Write an email to Bo") == "Write an email to Bo, asking for rope, and tin"
    )


def test_names_of_the_headers_are_not_invented() -> None:
    instruction = "Write an email to Bo about the rope for Gullport"
    assert fault(instruction, START, MAIL, "x y z") == "invented"
    assert fault(instruction, START, MAIL, "x y z", known="Rope for Gullport") is None


def test_russian_names_may_be_inflected() -> None:
    mail = "Савва, привези двадцать метров прутка в четверг до обеда, деньги отдам сразу."
    assert fault("Напиши письмо Савве о прутке", "Напиши письмо", mail, "Савве о прутке") is None


@pytest.mark.parametrize(
    ("recipients", "start"),
    [
        (["Bo Example <bo@x.example>"], "Write to Bo Example"),
        (["list@x.example", "Bo <bo@x.example>"], "Write to Bo"),
        (["list@x.example"], "Write to"),
        ([], "Write to"),
    ],
)
def test_the_start_names_the_recipient_where_there_is_a_name(recipients: list[str], start: str) -> None:
    assert start_for("Write to[ {recipient}]", recipients) == start


@pytest.mark.parametrize(
    ("subject", "recipients", "language", "expected"),
    [
        ("Rope", ["Bo <bo@x.example>"], "en", "Write an email to Bo about: Rope"),
        ("[Talk] Re: Rope", ["Bo <bo@x.example>"], "en", "Write an email to Bo about: Rope"),
        ("", ["bo@x.example"], "en", "Write an email to bo@x.example"),
        ("Rope", [], "de", "Write an email about: Rope"),
        ("Верёвка", ["Бо <bo@x.example>"], "ru", "Напиши письмо (Бо) на тему: Верёвка"),
        ("", [], "ru", "Напиши письмо"),
    ],
)
def test_from_headers(subject: str, recipients: list[str], language: str, expected: str) -> None:
    assert from_headers(subject, recipients, language) == expected
