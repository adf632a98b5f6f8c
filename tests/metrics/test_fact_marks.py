"""Which words of a mail are shown to the person who sends it."""

import pytest

from email_assistant.metrics.fact_marks import mark_facts
from email_assistant.metrics.usual import Usual, usual_in


def marked(
    request: str, mail: str, usual: Usual | None = None, context: str = "", signed: bool = False
) -> tuple[list[str], list[str]]:
    found = mark_facts(request, mail, usual or Usual(), context, signed)
    return found.lost, [mail[start:end] for start, end in found.added]


@pytest.mark.parametrize(
    ("request_text", "mail", "lost", "added"),
    [
        ("piers: ladder back before sunday", "Dear Piers,\n\nI need the ladder back before Sunday.\n\nTom", [], []),
        (
            "bo: pay invoice 417 by 3 june, $250",
            "Hi Bo,\n\nplease pay invoice 471 by June.\n\nT",
            ["417", "3", "250"],
            ["471"],
        ),
        ("piers: come", "Dear Piers,\n\nCome at half past two. Ask Jonas.", [], ["half past two", "Jonas"]),
        ("piers: come", "Dear Mary,\n\nplease come.", ["piers"], ["Mary"]),
        ("bo: come", "Hi Bo,\n\nthe may trees are here. Come in May.", [], ["May"]),
        (
            "савва: верни 3 метра до среды",
            "Савва,\n\nверни пять метров. Спроси Игната.",
            ["3", "среды"],
            ["пять", "Игната"],
        ),
        ("bo: come at 2", "Hi Bo,\n\ncome at two.", [], []),
        ("bo: come", "", ["bo"], []),
        ("", "Hi Bo,\n\ncome on Friday.", [], ["Bo", "Friday"]),
    ],
)
def test_facts_are_lost_or_added(request_text: str, mail: str, lost: list[str], added: list[str]) -> None:
    assert marked(request_text, mail) == (lost, added)


@pytest.mark.parametrize(
    ("greeting", "added"),
    [
        ("Ahoy Hester,", ["Hester"]),
        ("Dear Mr Lowe,", ["Mr Lowe"]),
        ("Hi Ann, Bo and Cy,", ["Ann", "Bo", "Cy"]),
        ("Здравствуйте, Анна Петровна!", ["Анна Петровна"]),
        ("Dear Committee,", ["Committee"]),
        ("Hi all,", []),
        ("Hi All,", []),
        ("Dear Sir or Madam,", []),
        ("Уважаемые коллеги,", []),
        ("Hi there,", []),
        ("Good morning,", []),
        ("Hi love,", []),
    ],
)
def test_whom_a_mail_greets_without_being_told_is_marked(greeting: str, added: list[str]) -> None:
    mail = f"{greeting}\n\nthe boots are two left ones.\n\nTom"
    assert marked("boots are two left ones", mail) == ([], added)


def test_a_frequent_recipient_is_no_usual_word_of_greetings() -> None:
    def mails(greeting: str, rest: str) -> list[str]:
        return [f"{greeting}\n\nthe boat came in {number}. {rest}\n\nTom" for number in range(10)]

    hester = mails("Ahoy Hester,", "I told Hester.")
    assert marked("boat came in 0", hester[0], usual_in(hester))[1] == ["Hester"]
    committee = mails("Dear Committee,", "The committee knows.")
    assert marked("boat came in 0", committee[0], usual_in(committee))[1] == []


def test_a_mail_that_greets_its_writer_is_marked() -> None:
    mails = [f"Ahoy Bo,\n\nthe boat came in {number}.\n\nFair winds,\nTamsin" for number in range(10)]
    mail = mails[0].replace("Bo", "Tamsin")
    assert marked("boat came in 0", mail, usual_in(mails)) == ([], ["Tamsin"])


def test_a_greeted_name_is_known_from_the_recipient_or_the_answered_mail() -> None:
    mail = "Ahoy Hester,\n\nthe boots are two left ones.\n\nTom"
    assert marked("boots are two left ones", mail, context="Hester Lowe <hl@x.example>") == ([], [])
    assert marked("tell hester the boots are two left ones", mail) == ([], [])


def test_what_the_answered_mail_says_is_known() -> None:
    mail = "Hi Bo,\n\nyes, Jonas comes on Tuesday."
    assert marked("bo: yes", mail)[1] == ["Jonas", "Tuesday"]
    assert marked("bo: yes", mail, context="Does Jonas come on Tuesday?")[1] == []


def test_a_name_that_signs_the_mail_is_marked_unless_it_is_the_owners() -> None:
    mail = "Dear Piers,\n\nI need it.\n\nKind regards,\nM. Deane"
    assert marked("piers: need it", mail)[1] == []
    assert marked("piers: need it", mail, signed=True)[1] == ["M", "Deane"]
    assert marked("piers: need it", "Dear Piers,\n\nI need it.\n\nBest, Erin", signed=True)[1] == ["Erin"]
    owner = usual_in([f"Hi,\n\nsend {number}.\n\nKind regards,\nM. Deane" for number in range(10)])
    assert marked("piers: need it", mail, owner, signed=True)[1] == []
