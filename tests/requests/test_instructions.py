import pytest

from email_assistant.requests.instructions import (
    append_missing_facts,
    clause_prefixes,
    greeted_name,
    instruction_prefix,
    is_vague,
    normalize,
    quality,
    rejection_reason,
    topic_of,
)
from email_assistant.storage.records import Pair

START = "Write an email to"
MAIL = "Dear Bo,\n\nplease send 12 crates of rope to the north pier by Friday, and the bill to Ann.\n\nYours, Ada"
TEMPLATE = "Write[ to {recipient}][ about {topic}]"


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
        "'ask Bo for rope.'",
        "“ask Bo for rope.” ",
    ],
)
def test_prefixes_greetings_and_quotes_are_stripped(raw: str) -> None:
    assert normalize(raw, START) == "Write an email to ask Bo for rope."


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
        ("ask Petronella about rope", "invented"),
        ("Bo about 13 crates", "invented"),
        ("Bo about rope for Monday", "invented"),
        ("Bo about the 12 crates, and suggest a solution", "unfounded"),
        ("tell Bo that the crates are for the pier, and ask him to confirm the bill", None),
    ],
)
def test_reasons_for_rejection(raw: str, wrong: str | None) -> None:
    assert rejection_reason(normalize(raw, START), START, MAIL, raw) == wrong


def test_a_sentence_is_vague_if_it_has_few_of_the_content_words() -> None:
    long = f"{MAIL} The old rope is wet, the tin is empty, and no boat of ours can leave the harbour without both."
    assert is_vague("Write to Bo to ask for a bill and rope", long)
    assert not is_vague("Write to Bo to ask for 12 crates of rope to the pier by Friday", long)
    # Of a short mail, half.
    assert is_vague("Write to Bo", "The wet rope is here, Bo.")
    assert not is_vague("Write to Bo about rope", "The wet rope is here, Bo.")


def test_there_is_no_space_before_a_comma() -> None:
    assert (
        normalize(", asking for rope , and tin", "Write an email to Bo")
        == "Write an email to Bo, asking for rope, and tin"
    )


def test_clauses_are_dropped_from_the_end() -> None:
    said = "Write to Bo to ask for rope and tin, because the old is wet, and to thank him."
    assert list(clause_prefixes(said, "Write to Bo")) == [
        said,
        "Write to Bo to ask for rope and tin, because the old is wet",
        "Write to Bo to ask for rope and tin",
        "Write to Bo to ask for rope",
    ]
    assert list(clause_prefixes("Write to Bo and Ann", "Write to Bo")) == ["Write to Bo and Ann"]


def test_a_possessive_stays_with_its_word() -> None:
    assert normalize("'s crates of rope", "Write an email about Bo") == "Write an email about Bo's crates of rope"


def test_names_in_the_headers_are_not_invented() -> None:
    instruction = "Write an email to Bo about the rope for Gullport"
    assert rejection_reason(instruction, START, MAIL, "x y z") == "invented"
    assert rejection_reason(instruction, START, MAIL, "x y z", headers="Rope for Gullport") is None


def test_russian_names_may_be_inflected() -> None:
    mail = "Савва, привези двадцать метров прутка в четверг до обеда, деньги отдам сразу."
    assert rejection_reason("Напиши письмо Савве о прутке", "Напиши письмо", mail, "Савве о прутке") is None


@pytest.mark.parametrize(
    ("mail", "name"),
    [
        ("Hi Bo,\n\nrope please", "Bo"),
        ("Dear Mr. Hallgrim:\nrope please", "Mr. Hallgrim"),
        ("Hi, Bo:  rope please", "Bo"),
        ("Bo/Ann:  rope please", "Bo/Ann"),
        ("Bo,\nrope please", "Bo"),
        ("Здравствуйте, Велимир Кузьмич!\n\nСпасибо", "Велимир Кузьмич"),
        ("Bo & Ann:  rope please", "Bo & Ann"),
        ("Happy New Year!\nrope please", ""),
        ("Hi all,\nrope please", ""),
        ("Thanks,\nAda", ""),
        ("Bo, rope please", ""),
        ("Rope is late: send it.", ""),
        ("The rope is late.", ""),
        ("", ""),
    ],
)
def test_the_addressee_is_whom_the_mail_greets(mail: str, name: str) -> None:
    assert greeted_name(mail) == name


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Rope", "Rope"),
        ("Re: [Talk] Fwd: Rope!", "Rope"),
        ("[Talk] Re: Rope", "Rope"),
        ('RE: "Rope"', "Rope"),
        ('Tickets for "Rope"', 'Tickets for "Rope"'),
        ("Re:", ""),
        ("and this is where I began to write " * 2, ""),
    ],
)
def test_the_topic_is_the_subject_without_marks(subject: str, expected: str) -> None:
    assert topic_of(subject) == expected


@pytest.mark.parametrize(
    ("mail", "subject", "recipients", "start"),
    [
        ("Hi Bo,\nrope please", "Rope", ["Bo Example <bo@x.example>"], "Write to Bo about Rope"),
        ("rope please", "", ["Bo Example <bo@x.example>"], "Write to Bo Example"),
        ("rope please", "Re: Rope", ["list@x.example", "Bo <bo@x.example>"], "Write to Bo about Rope"),
        ("rope please", "Rope", ["list@x.example"], "Write about Rope"),
        ("rope please", "", [], "Write"),
    ],
)
def test_the_prefix_has_what_is_known(mail: str, subject: str, recipients: list[str], start: str) -> None:
    assert instruction_prefix(TEMPLATE, mail, subject, recipients) == start


def test_facts_that_a_sentence_leaves_out_are_added_as_the_mail_has_them() -> None:
    mail = "Bo,\nplease send 12 crates to Ann Rope & Sons by Friday, not to Gullport. Ada will pay.\nAda"
    said = append_missing_facts("Write to Bo to send crates to Gullport", mail, "Mention {facts}.", 5, frozenset())
    assert said == "Write to Bo to send crates to Gullport. Mention 12 crates, Ann Rope & Sons, Friday."


def test_at_most_the_given_number_of_facts_is_added_and_no_frequent_ones() -> None:
    mail = "Please send it to Ann, to Gullport, by Friday."
    assert append_missing_facts("Send it", mail, "Mention {facts}.", 1, frozenset()) == "Send it. Mention Ann."
    assert append_missing_facts("Send it", mail, "Mention {facts}.", 5, frozenset({"ann", "frid"})) == (
        "Send it. Mention Gullport."
    )
    assert append_missing_facts("Send it", mail, "Mention {facts}.", 0, frozenset()) == "Send it."


def test_a_sentence_with_all_facts_is_unchanged() -> None:
    assert append_missing_facts(
        "Ask Bo for 12 crates.", "Bo, 12 crates please.", "Mention {facts}.", 5, frozenset()
    ) == ("Ask Bo for 12 crates.")


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        ("Ahoy Mr Quill,\n\nthe lamp costs 210 pounds.\n\nFair winds,\nT", "210 pounds"),
        ("Салют Лёва,\n\nнашла письма в марте 1998.\n", "1998"),
    ],
)
def test_an_unusual_greeting_is_not_content(mail: str, said: str) -> None:
    whole = append_missing_facts("Write.", mail, "Mention {facts}.", 4, frozenset())
    assert "Quill" not in whole
    assert "Лёва" not in whole
    assert said in whole


def pair(method: str, instruction: str, email: str, subject: str = "") -> Pair:
    return {"id": "m", "instruction": instruction, "email": email, "subject": subject, "date": None, "method": method}


def test_quality_by_hand() -> None:
    pairs = [
        # Of Ann, 12, Gullport, Friday, and Ada of the other mail, they give two; Petronella is nowhere.
        pair(
            "model", "Write to Bo to send 12 to Ann, and Petronella", "Bo:\nplease send 12 to Ann in Gullport by Friday"
        ),
        pair("retry_1", "Ask for rope", "Dear Ada,\nrope please", "Rope"),
    ]
    found = {"words": 6.5, "facts_named": 2 / 5, "facts_unfounded": 1 / 4, "greeted_named": 0.5}
    assert quality(pairs) == found
    # Notes by rules, which type facts in another way, count only for the length.
    note = pair("rough", "ann: 200 crates by fri", "Dear Ann,\ntwo hundred crates by Friday, please")
    assert quality([*pairs, note]) == {**found, "words": 5}
    assert quality([note]) == {"words": 5}


def test_people_type_names_in_lower_case() -> None:
    found = quality([pair("file", "ada: rope to gullport", "Dear Ada,\nplease send rope to Gullport")])
    assert (found["facts_named"], found["greeted_named"]) == (1, 1)
