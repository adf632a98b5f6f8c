"""Shorthand of typed requests is spelled out, and nothing else changes."""

import time

import pytest

from email_assistant.requests.reading import Reading
from email_assistant.requests.shorthand import spelled_out


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("sry, shd be ok", "sorry, should be ok"),
        ("Sry for the delay. shd i push it? lmk", "Sorry for the delay. should i push it? let me know"),
        ("imo it works, afaik nobody uses it", "in my opinion it works, as far as i know nobody uses it"),
        ("thats why im late, didnt see it", "that's why i'm late, didn't see it"),
        ("u r right, ur dog barks. r u in?", "you are right, your dog barks. are you in?"),
        ("prob friday", "probably friday"),
        ("busy atm", "busy at the moment"),
        ("empty cos it is cheap", "empty because it is cheap"),
        ("спс, оч рад", "спасибо, очень рад"),
        ("мб приду", "может быть приду"),
    ],
)
def test_shorthand_is_spelled_out(typed: str, spelled: str) -> None:
    assert spelled_out(typed) == spelled


@pytest.mark.parametrize(
    "typed",
    [
        "no prob",
        "meet at the atm, the nearest atm queue",
        "cos lettuce, 2 kg",
        'it says "imo" and `shd`',
        "IMO and AFAIK",
        "make a u-turn at the u turn",
        "u@example.org, x.u, /u/im, im=3, def(x), #cos",
        "im.example.org and 5 мб",
        "the prob is clear: see id, its well",
        "w/ jo, 3 wks, tmrw",
        # Words of other languages.
        "anna: wir treffen uns im Garten",
        "im garten um 8, bitte",
        "le livre dont je parle",
        "kunt u mij bellen",
        "siete u ocho",
        # Other words that are typed the same.
        "as is his wont, says my cuz",
        "im me, or send an im",
        "the u 10s play",
        "вложение в мб",
        "",
    ],
)
def test_what_is_no_shorthand_stays(typed: str) -> None:
    assert spelled_out(typed) == typed


@pytest.mark.parametrize("piece", ["u ", '"', '"u', "im ", "`sry ", "u r ", "r"])
def test_doing_it_twice_changes_nothing_and_long_requests_take_no_time(piece: str) -> None:
    started = time.process_time()
    once = spelled_out(piece * 4000)
    assert time.process_time() - started < 1
    assert spelled_out(once) == once


def test_prompts_spell_out_what_people_typed_and_nothing_else() -> None:
    reading = Reading(subjects=True, orders=True, shorthand=True)
    assert reading.worded("sry, cant come") == "sorry, i can't come"
    assert reading.worded("ask piers if he cld bring the ladder") == "piers: could you bring the ladder?"
    assert not reading.leaves("ask piers if he cld bring the ladder")
    # A note with shorthand is no order.
    assert not reading.takes_for_order("sry, cant come")
    assert reading.takes_for_order("it is late, tell ann i cant come")
    assert Reading().worded("sry, cant come") == "sry, cant come"
    made = {"id": "1", "instruction": "sry, shd be ok", "method": "rough"}
    assert "shd" in reading.instruction(made)
    assert "shd" not in reading.instruction(made | {"method": "typed"})
