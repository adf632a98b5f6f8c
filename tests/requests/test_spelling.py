"""Slips of the fingers are corrected, other words, names and code are not."""

import time

import pytest

from email_assistant.requests.reading import Reading
from email_assistant.requests.spelling import corrected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        # Letters exchanged, left out, typed twice.
        ("come befroe tonigth", "come before tonight"),
        ("i colect the violn and the fabirc", "i collect the violin and the fabric"),
        ("wait untill tomorrrow", "wait until tomorrow"),
        ("the chidlren are alost in the vally, siple", "the children are almost in the valley, simple"),
        # Misspellings of another kind.
        ("teh rope adn the net, definately", "the rope and the net, definitely"),
        ("thankyou, i recieve it on wensday", "thank you, i receive it on wednesday"),
        ("dee: befroe six", "dee: before six"),
    ],
)
def test_slips_are_corrected(typed: str, meant: str) -> None:
    assert corrected(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "",
        # Other words, and words of the trade.
        "the untied rope is sacred, the trial of the causal dairy",
        "staring, hoping, desert, moral, formally",
        "the checksum of the timestamp",
        # Names.
        "pilar and tunde, salome, ilse",
        "marnie, frida, fatih, stian, renae and cally",
        # Words that are near more frequent ones.
        "my fiance, de facto, is on statins. voila, santa claus and my gramma, a divorcee",
        "freind: come at 7",
        "befroe - come at 7",
        "Freind came with Mr Recieve and the FORM",
        # Addresses, code and what is quoted.
        "mail teh@recieve.example, see untill.txt, recieve(), ./untill/x, #untill, un-untill",
        'it says "recieve" and `untill`',
        "нужна верёвка untilл",
    ],
)
def test_other_words_stay(typed: str) -> None:
    assert corrected(typed) == typed


def test_only_if_shorthand_is_spelled_out() -> None:
    assert Reading(shorthand=True).as_note("bo: teh rope") == "bo: the rope"
    assert Reading(shorthand=False).as_note("bo: teh rope") == "bo: teh rope"
    # 'recieve' in a German sentence is not corrected either.
    assert Reading(shorthand=True).as_note("bo: ich habe untill") == "bo: ich habe untill"


@pytest.mark.parametrize("text", ["befroe " * 1100, "a" * 8000, '"' * 8000, "`" * 7999, "be-" * 2700])
def test_long_texts_take_no_longer(text: str) -> None:
    corrected("befroe")
    start = time.monotonic()
    corrected(text)
    assert time.monotonic() - start < 1
