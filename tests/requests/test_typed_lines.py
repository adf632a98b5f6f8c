"""Requests that people type on several lines become one line that says the same."""

import time

import pytest

from email_assistant.requests.typed_lines import one_line


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("bo: need  rope ", "bo: need rope"),
        ("", ""),
        ("\n \n", ""),
        # What a person ends with a new line is a sentence.
        ("can't come sunday\nwill bring rope monday", "can't come sunday. will bring rope monday"),
        ("sorry!\nno time,\r\nno rope", "sorry! no time, no rope"),
        ("Running late\nno parking", "Running late. no parking"),
        ("need the rope\nbefore sunday\nand the net", "need the rope, before sunday, and the net"),
        ("нужна верёвка\nдо воскресенья", "нужна верёвка, до воскресенья"),
        # The first line may say whom it is for.
        ("Dee\nneed rope", "Dee: need rope"),
        ("hi Dee\n\nneed rope", "hi Dee: need rope"),
        ("Mr and Mrs Hale\nthe rope is here", "Mr and Mrs Hale: the rope is here"),
        ("Дорогая Зина\nприеду в пятницу", "Дорогая Зина: приеду в пятницу"),
        ("dee,\nneed rope", "dee, need rope"),
        ("Yes\nrope is fine", "Yes. rope is fine"),
        # Words that a telephone capitalized.
        ("Parking\nno space on monday", "Parking. no space on monday"),
        ("Late\nno bus today", "Late. no bus today"),
        ("Perfect\nsee you at 5", "Perfect. see you at 5"),
        ("Grace\nno bus today", "Grace: no bus today"),
        ("Odette\nno bus today", "Odette: no bus today"),
        ("Hi Odette\nthanks", "Hi Odette: thanks"),
        ("Milk\nBread\nEggs", "Milk. Bread. Eggs"),
        ("Молоко\nхлеб", "Молоко. хлеб"),
        # A sentence that goes on.
        ("i will be at the\nboat", "i will be at the boat"),
        ("we have two problems and\n- the rope\n- the net", "we have two problems and the rope. the net"),
        ("приеду на\nлодке", "приеду на лодке"),
        # Items of a list.
        ("dee\n- need rope\n- not the blue one", "dee: need rope. not the blue one"),
        ("Dee:\n* need rope\n* bring two?", "Dee: need rope. bring two?"),
        ("1. rope is wet\n2) so is the net\n(c) call me", "rope is wet. so is the net. call me"),
        ("• rope\n• net", "rope. net"),
        ("[ ] rope\n[x] net", "rope. net"),
        # No items: a single line, a number, a negative amount, a sign within a word.
        ("- one thing", "- one thing"),
        ("rope:\n3 meters\n-5 degrees", "rope: 3 meters. -5 degrees"),
        # A line that a program broke.
        (
            "i thought about what you asked me on the boat, and about the\nrope, and i say yes",
            "i thought about what you asked me on the boat, and about the rope, and i say yes",
        ),
    ],
)
def test_lines_are_joined(typed: str, line: str) -> None:
    assert one_line(typed) == line


@pytest.mark.parametrize("text", ["- a\n" * 4000, "A " * 4000 + "\nb", "Dee\n" + "-" * 8000, "(1" * 4000 + "\n\n- b"])
def test_long_texts_take_no_longer(text: str) -> None:
    start = time.monotonic()
    one_line(text)
    assert time.monotonic() - start < 1
