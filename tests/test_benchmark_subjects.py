"""The benchmark of subjects counts places, and its notes are those of the head start with small words put in."""

import re

import pytest
from conftest import ROOT

from benchmarks.subjects import NOTES, count, put_in, report
from email_assistant.storage import jsonl


def test_what_was_put_in_is_found_at_its_place() -> None:
    assert put_in("contract ready, needs it", "Contract is ready, it needs it") == {1: "is", 2: "it"}
    assert put_in("out till monday", "i’m out till monday") == {0: "i am"}
    assert put_in("need oil", "need oil") == {}
    assert put_in("got it (sorry)", "i got it (i'm sorry)") == {0: "i", 3: "i am"}
    with pytest.raises(ValueError, match="oil"):
        put_in("need oil", "i need")


def test_places_are_counted_by_what_became_of_them() -> None:
    left_out = [{0: "i am", 2: "it", 5: "is"}, {1: "we"}]
    assert count(left_out, [{0: "i am", 2: "he", 7: "is"}, {}]) == {"same": 1, "other": 1, "missed": 2, "extra": 1}


def test_the_notes_are_typed_ones_of_the_head_start() -> None:
    typed = {
        f"{mail['id']}.{number}": note.split()
        for mail in jsonl.read(ROOT / "head_start" / "mails.jsonl")
        if "instruction" in mail
        for number, note in enumerate([mail["instruction"], *mail["variants"]])
    }
    notes = jsonl.read(NOTES)
    assert len({note["id"] for note in notes}) == len(notes) == 1998
    assert all(note["note"].split() == typed[note["id"]] for note in notes)
    words = {word for note in notes for each in put_in(note["note"], note["full"]).values() for word in each.split()}
    pronouns = {"i", "you", "we", "it", "they", "he", "she", "this", "that", "there"}
    be_and_have = {"is", "are", "am", "was", "were", "be", "been", "have", "has", "had"}
    assert words == pronouns | be_and_have | {"do", "does", "did", "will", "would", "can", "could", "to"}


def test_the_report_counts_every_place(capsys: pytest.CaptureFixture[str]) -> None:
    report()
    _, places, same, other, missed, extra = map(int, re.findall(r"\d+", capsys.readouterr().out))
    assert places == same + other + missed > 4000
    assert 0 < extra < same
