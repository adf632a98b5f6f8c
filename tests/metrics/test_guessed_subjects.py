"""Subjects that a mail names and its note does not."""

import pytest

from email_assistant.metrics.guessed_subjects import guessed_subjects


@pytest.mark.parametrize(
    ("note", "mail", "guessed"),
    [
        # The note's clause has no subject.
        (
            "dee: sending it again, went to terry",
            "Dee,\n\nI am sending it again. I went to Terry.\n\nBest,\nMo",
            ["I", "I"],
        ),
        ("dee: i am sending it again, went to terry", "Dee,\n\nI am sending it again. I went to Terry.", ["I"]),
        ("heard from yao?", "Have you heard from Yao?", ["you"]),
        ("seems a good plan", "It seems a good plan.", ["It"]),
        ("bo is late. gets no key", "Bo is late. She gets no key.", ["She"]),
        ("no voice since monday", "I've no voice since Monday.", ["I've"]),
        ("won't be at the yard", "We won’t be at the yard.", ["We"]),
        ("think the pump works now", "I think it works now, the pump.", ["I"]),
        # It has another one.
        ("dee: i went to terry", "Dee,\n\nit went to Terry.", ["it"]),
        # It has.
        ("i went to terry", "I went to Terry.", []),
        ("we're meeting at 9", "We are meeting at nine.", []),
        ("bo went to terry", "Bo went to Terry. She went early.", []),
        ("the pump works now", "The pump works now.", []),
        # What the note asks of its reader.
        ("call me tonight", "Could you call me tonight?", []),
        ("bring the ladder back", "If you bring the ladder back, all is well.", []),
        ("call me tonight", "You can call me tonight. I would like you to call me.", []),
        ("u were right", "You were right.", []),
        ("sorry, thanks, ok with friday?", "I am sorry. I thank you. Is it ok with you?", []),
        ("fixed on friday", "I had it fixed on Friday.", ["it"]),
        # Not from the note.
        ("pump arrived", "The pump has arrived. I hope all is well with you.", []),
        # No subject.
        ("sending keys", "Here is what you asked for: keys for it.", []),
        # Russian verbs show who is meant.
        ("привезу насос завтра", "Я привезу насос завтра.", []),
        ("", "I went.", []),
        ("went", "", []),
    ],
)
def test_pronouns_whose_subject_the_note_leaves_out(note: str, mail: str, guessed: list[str]) -> None:
    assert [mail[start:end] for start, end in guessed_subjects(note, mail)] == guessed


def test_greeting_and_sign_off_are_not_looked_at() -> None:
    mail = "It,\n\nwent well.\n\nYou\n"
    assert guessed_subjects("went well", mail) == []


def test_places_are_those_of_the_whole_mail() -> None:
    mail = "Dear Dee,\n\nthe form is signed;\nit went to Terry.\n\nBest,\nMo"
    ((start, end),) = guessed_subjects("form signed; went to terry", mail)
    assert mail[start : end + 5] == "it went"


@pytest.mark.parametrize(
    ("mail", "places"),
    [
        ("Bo,\n\nIt went home.\n\nBest,\nMo\n\nP.S. It went home.", [5, 35]),
        ("Bo,\n\nIt went home.\n\n\nWe left.\n \nPS: It went home.\n", [5, 36]),
        ("\n  Hi Bo,\nIt went home.\n\nHi Bo,\nMo\n", [10]),
        ("It went,\n\nIt went home.", [0, 10]),
        ("\U0001f600 It went home.", [2]),
    ],
)
def test_a_sign_off_or_a_wide_gap_in_between_shifts_no_place(mail: str, places: list[int]) -> None:
    assert [mail[start:end] for start, end in guessed_subjects("went home", mail)] == ["It"] * len(places)
    assert [start for start, _ in guessed_subjects("went home", mail)] == places
