"""Edits join the training mails of a split, and nothing of a validation or test mail comes with them."""

from typing import Any, cast

from email_assistant.stages.edits_in_split import join, typed
from email_assistant.storage.records import Pair


def pair(name: str, email: str, **values: Any) -> Pair:
    usual = {"id": name, "instruction": f"note {name}", "email": email, "thread": f"t{name}", "method": "rough"}
    return cast(Pair, {**usual, **values})


def edit(name: str, email: str, **values: Any) -> Pair:
    return pair(name, email, **{"instruction": f"typed {name}", "method": "typed", **values})


NAILS = "please send nine crates of long nails to the old pier before dawn"
GLASS = "the glass of the north window is broken again since monday evening"
BREAD = "we need forty loaves of rye bread for the feast of saint anna"
LAMPS = "all lamps of the harbour are lit from five to nine this winter"
PAIRS = [
    pair("a", NAILS, variants=["note two"]),
    pair("b", GLASS),
    pair("c", BREAD),
    pair("d", LAMPS),
]
SPLITS = {"train": [0], "validation": [1], "test": [2]}


def joined(*edits: Pair) -> tuple[dict[int, str], list[str], int]:
    learned = join(list(edits), PAIRS, SPLITS, 0.9, 0.6)
    return (
        {index: each["id"] for index, each in learned.requests.items()},
        [each["id"] for each in learned.added],
        learned.left_out,
    )


def test_an_edit_of_a_training_mail_gives_it_its_request_and_no_other_mail() -> None:
    assert joined(edit("x", NAILS.upper())) == ({0: "x"}, [], 0)
    mail = typed(PAIRS[0], edit("x", NAILS.upper()))
    assert (mail["id"], mail["email"], mail["instruction"]) == ("a", NAILS, "typed x")
    assert "variants" not in mail
    assert typed(PAIRS[0], None) is PAIRS[0]


def test_of_two_edits_of_one_mail_the_newer_one_counts() -> None:
    assert joined(edit("old", NAILS), edit("new", f"{NAILS} .")) == ({0: "new"}, [], 0)
    other = "the cat of the captain sleeps on the warm ropes below deck"
    assert joined(edit("old", other), edit("z", "short and quite different words"), edit("new", other)) == (
        {},
        ["z", "new"],
        0,
    )


def test_new_mails_are_added_the_newest_last() -> None:
    assert joined(edit("1", "first of three new mails"), edit("2", "a second one about ropes")) == ({}, ["1", "2"], 0)


def test_no_mail_of_validation_or_test_comes_in_through_an_edit() -> None:
    # Word for word, with other words, in its thread, and related to it only by another edit.
    changed = BREAD.replace("saint anna", "captain olga")
    step = changed.replace("we need", "they want")
    assert joined(edit("x", GLASS), edit("y", BREAD)) == ({}, [], 2)
    assert joined(edit("x", changed)) == ({}, [], 1)
    assert joined(edit("x", "see you there then", thread="tc")) == ({}, [], 1)
    assert joined(edit("alone", step)) == ({}, ["alone"], 0)
    assert joined(edit("x", changed), edit("by x", step)) == ({}, [], 2)


def test_an_edit_of_a_mail_that_is_not_trained_on_is_left_out() -> None:
    assert joined(edit("x", LAMPS)) == ({}, [], 1)
