"""Answers that a writer marked by a name or initials within a quoted message without marks."""

import pytest

from email_assistant.archive import quotes

AUTHORS = ("ann roe", "ann@x.example")
HEADER = """\
From: Sam Poe <sam@x.example>
Sent: Tuesday, November 3, 2026 9:14 AM
To: Ann Roe <ann@x.example>
Subject: Visit"""


def own(top: str, quoted: str) -> str:
    return quotes.split(f"{top}\n\n{HEADER}\n\n{quoted}", AUTHORS).own


@pytest.mark.parametrize("label", ["[Ann]", "[AR]", "[Ann Roe]", "[Ann:]", "ANN:", "AR:", "*[Ann]*"])
def test_labelled_answers_are_kept(label: str) -> None:
    quoted = (
        f"1. When do you come?\n{label} On Friday.\n2. Do you need a room?\n{label} Yes, two nights.\nRegards,\nSam"
    )
    expected = f"See my answers below.\n\n{label} On Friday.\n\n{label} Yes, two nights."
    assert own("See my answers below.", quoted) == expected


def test_the_first_name_of_a_writer_may_be_behind_a_comma() -> None:
    for label in ("[Ann]", "[AR]", "[Ann Roe]"):
        text = f"Answers inline.\n\n{HEADER}\n\nWhen?\n{label} On Friday."
        assert quotes.split(text, ("roe, ann",)).own == f"Answers inline.\n\n{label} On Friday."


def test_a_long_answer_goes_on_to_the_first_short_line() -> None:
    answer = f"[Ann] {'a lamp and ' * 6}a wick\n{'and some oil ' * 5}on\nFriday."
    assert own("Answers inline.", f"When?\n{answer}\nRegards,\nSam") == f"Answers inline.\n\n{answer}"


def test_an_answer_between_the_brackets_of_its_label_is_kept() -> None:
    assert own("Comments inline.", "It is dear.\n[Ann: agreed]\nSam") == "Comments inline.\n\n[Ann: agreed]"


@pytest.mark.parametrize(
    "top",
    [
        "Antworten unten im Text.",
        "Mes réponses sont ci-dessous.",
        "Respuestas abajo, en rojo.",
        "Le risposte sono nel testo.",
        "As respostas estão abaixo.",
        "Mijn antwoorden staan hieronder.",
        "Odpowiedzi poniżej.",
        "Ответы ниже.",
        "Відповіді нижче.",
        "I have responded in red.",
    ],
)
def test_answers_are_announced_in_other_words(top: str) -> None:
    assert own(top, "When?\n[Ann] On Friday.") == f"{top}\n\n[Ann] On Friday."


@pytest.mark.parametrize(
    ("top", "quoted"),
    [
        ("The minutes are below.", "[Ann] orders the chairs.\n[Ann] pays."),
        ("My answers are below.", "[Bo] On Friday.\n[Bo] Yes."),
        ("My answers are below.", "Ann: order the chairs.\nThat is all."),
        ("My answers are below.", f"Hi\n\n{HEADER}\n\n[Ann] On Friday.\n[Ann] Yes."),
    ],
    ids=["not announced", "of another person", "a single task", "of an older mail"],
)
def test_other_labelled_lines_are_quoted(top: str, quoted: str) -> None:
    assert own(top, quoted) == top
