"""What people type for the program is no part of the note; what they say to the reader stays."""

import time
from pathlib import Path

import pytest

from email_assistant.requests.asides import without_asides, without_labels
from email_assistant.requests.orders import order_as_note
from email_assistant.requests.reading import Reading
from email_assistant.requests.typed_lines import one_line


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        # Wishes about the tone.
        ("short! Dee, no rope today", "Dee, no rope today"),
        ("(firm but polite) mr hale: third time the rope is gone", "mr hale: third time the rope is gone"),
        ("pls be nice to her: the rope can't stay", "the rope can't stay"),
        ("make it warm, not too formal. dee: welcome back", "dee: welcome back"),
        ("cheerful, few exclamation marks: team, we won", "team, we won"),
        ("formal please, mr hale: the rope is here", "mr hale: the rope is here"),
        ("mr hale (firm but polite): the rope is mine", "mr hale: the rope is mine"),
        ("sign as Dad, warm but short. kit: the rope is yours", "kit: the rope is yours"),
        ("casual. dee: no rope", "dee: no rope"),
        ("formal please. i want my rope back", "i want my rope back"),
        # Copies.
        ("cc my boss Ms Hale. Dee: the rope is here", "Dee: the rope is here"),
        ("Dee, do you have the rope? cc Bo", "Dee, do you have the rope?"),
        # Parts set off by slashes.
        ("dee: rope is wet / net, too / bring both? / thx", "dee: rope is wet. net, too. bring both? thx"),
        # Without any sign.
        (
            "dee can we swap the rope i have the blue one and you have the red one could you bring it on friday",
            "dee: can we swap the rope i have the blue one and you have the red one. could you bring it on friday",
        ),
        # Dictation.
        ("hi Dee comma um i'm late new line same place question mark", "hi Dee, i'm late. same place?"),
        ("Dee can you uh can you check the the rope", "Dee can you check the rope"),
        ("the rope open bracket blue close bracket is here full stop", "the rope (blue) is here."),
        (
            "dear Dee comma new line thanks for the rope period it holds period",
            "dear Dee, thanks for the rope. it holds.",
        ),
        # Nouns among what is dictated.
        (
            "um the trial period ends on monday comma the train came to a full stop question mark",
            "the trial period ends on monday, the train came to a full stop?",
        ),
        ("no no um the code is 22 22 and it was very very good", "no no the code is 22 22 and it was very very good"),
        ("the rope is mine, um", "the rope is mine"),
        # What may be said to the reader, in front of the reader's name.
        ("be gentle. dee: the rope is mine", "dee: the rope is mine"),
        # Capitals.
        ("DEE THE ROPE IS HERE. COME AT 5", "dee the rope is here. come at 5"),
        # Sign-offs.
        ("Dear Dee, the rope is here. Kind regards, Theo", "Dear Dee, the rope is here."),
        ("the rope is here! With love, Theo Hale", "the rope is here!"),
    ],
)
def test_what_is_for_the_program_is_left_out(typed: str, note: str) -> None:
    assert without_asides(typed) == note


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nice! thanks for the rope",
        "dee: be nice to bo, he lost the rope",
        "short notice, can you come?",
        "not too late, please",
        "friendly match on sunday, are you in?",
        "(if you can) bring the rope",
        "kind of you to ask. yes",
        "dee: there is a comma too many on page 3, and a period is missing",
        "the trial period ends on monday. the second period is free",
        "HR WANTS IT",
        "dee can you bring the rope",
        "dee i do not know when can you bring me the blue rope that we have on the boat",
        "tell everyone that has a rope of mine at home could you please bring it to the boat",
        "dee, i have the blue rope and you have the red one could you bring it on friday",
        "dee: 3 m / 10 ft of rope",
        "and/or a net, 1/2 a rope / day",
        "the rope (if it is short) stays",
        "dee: sign as a witness, please",
        "please sign as Bo did",
        "cc is fine for me, dee",
        "dee: put me in cc, please",
        "bo: send the NATO and OTAN forms to DEE",
        "see you at the rope. thanks",
        "love the rope. best one is the blue",
        "the best, Theo said, is blue",
        "umbrella and drum: the rope um-m",
        "be gentle: the cat is ill",
        "casual, no tie. see you at 8",
        "make it casual: jeans",
        "keep it warm, please. the soup is for bo",
        "make it less sweet, please, the cake was too much",
        "bring the jacket (formal)",
        "the jacket (formal) is with dee, the soup (warm) too",
        "there is a question mark over sunday",
        "we need a new line of credit",
        "full stop. no more",
        "bo: ich komme um 5 und bleibe",
        "preciso de um barco, e de uma corda",
        "a / b / c are the options",
        "monday / tuesday / wednesday all work, on 3 / 4 / 5 may, too",
        "well done! All the best Ann",
        # Without any sign.
        "dee i am on the boat and want to know how many ropes do you need for the net",
        "if it rains on sunday and the boat is full of water again can you come and help",
        "tomorrow can you bring the blue rope and the net that i left on your boat",
        "my mum thanks you for the rope that you made for her on the last day of may",
        "bo didn't let me know if he comes so i did not bring the net and the rope",
        "bring me two ropes please and a net and the lamp that i left on your boat",
    ],
)
def test_what_is_for_the_reader_stays(typed: str) -> None:
    assert without_asides(typed) == typed


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("to Dee and Bo: bring the rope", "Dee and Bo: bring the rope"),
        ("for Dee: the rope is yours", "Dee: the rope is yours"),
        ("to my lawyer: is the rope mine", "my lawyer: is the rope mine"),
        ("To: Dee. Text: bring the rope", "Dee: bring the rope"),
        ("Subject: rope. To Bo. Content: his rope is on my boat", "Bo: rope. your rope is on my boat"),
        ("mail for Dee - say i read her letter", "Dee: i read your letter"),
        ("reply: yes, i come", "yes, i come"),
        # No addressees.
        ("to add: the rope is blue", "to add: the rope is blue"),
        ("for info - rope is here", "for info - rope is here"),
        ("for you: a rope", "for you: a rope"),
        ("reply to all: no", "reply to all: no"),
        ("To whom it may concern: no rope", "To whom it may concern: no rope"),
        *((same, same) for same in ("to buy: rope", "for rent: a boat", "for monday: rope", "to pay: 5 euros")),
        *((same, same) for same in ("for the hotel: 50 euros", "for friends: a party", "to my surprise: he came")),
        *((same, same) for same in ("text for the poster: rope", "message for you: Bo called", "note to self: rope")),
        ("subject: rent. to pay by friday. ok", "subject: rent. to pay by friday. ok"),
        ("to everyone: rope at 12", "everyone: rope at 12"),
        ("to the tax office: no", "the tax office: no"),
        ("for my landlord - no", "my landlord: no"),
        ("to mum: no", "mum: no"),
        ("For Zofia: no", "Zofia: no"),
        ("to: zofia. text: no", "zofia: no"),
        ("Subject: rope. To: zofia. Text: no", "zofia: rope. no"),
        ("mail to zofia: no", "zofia: no"),
        (
            "to do the rope justice, i need two days: monday and friday",
            "to do the rope justice, i need two days: monday and friday",
        ),
        ("message in a bottle: rope", "message in a bottle: rope"),
    ],
)
def test_labels_become_an_addressee(typed: str, note: str) -> None:
    assert without_labels(typed, order_as_note) == note


def test_only_what_is_read_so_changes() -> None:
    typed = "SHORT PLEASE. DEE: TEH ROPE IS HERE\n- COME AT 5"
    assert Reading(shorthand=True).as_note(typed) == "dee: the rope is here. come at 5"
    assert Reading().as_note(typed) == "SHORT PLEASE. DEE: TEH ROPE IS HERE. COME AT 5"
    labeled = "to Dee: bring the rope"
    assert Reading(shorthand=True).as_note(labeled) == "Dee: bring the rope"
    assert not Reading(shorthand=True, orders=True).takes_for_order(labeled)
    # Words for the program in front of an order.
    assert (
        Reading(shorthand=True, orders=True).as_note("(short) ask Dee to bring her rope")
        == "Dee: please bring your rope"
    )


def test_notes_are_read_as_the_documentation_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "usage.md").read_text(encoding="utf-8")
    table = text.partition("**Shorthand**")[2].partition("| Typed | Read as |\n")[2].partition("\n\n")[0]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines()[1:]]
    assert len(rows) >= 5
    reading = Reading(shorthand=True, orders=True)
    assert [reading.as_note(typed) for typed, _ in rows] == [read for _, read in rows]
    assert one_line("Ann\n- bring the key\n- call me") in text


LONG = (
    *("(a" * 4000, "short, " * 1200, "um " * 2700, "a a " * 2000 + "um", "comma " * 1300, "to " * 2700, "A" * 8000),
    *("dee " * 2000, "if " + "a " * 4000 + "can you", " " * 8000, "a / " * 2600, "a the the " * 800 + "um"),
    "😀" * 8000,
    *("to: " + "a " * 4000, "subject: " + "a" * 8000, "mail for " * 900, "Best, A. " * 900, ". love " * 1100),
)


@pytest.mark.parametrize("text", LONG)
def test_long_texts_take_no_longer(text: str) -> None:
    start = time.monotonic()
    without_labels(without_asides(text))
    assert time.monotonic() - start < 1
