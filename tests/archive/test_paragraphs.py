import pytest

from email_assistant.archive.paragraphs import unwrap


def joined(text: str) -> str:
    return " ".join(text.split("\n"))


@pytest.mark.parametrize(
    "paragraph",
    [
        # Short mails, of which only one line was wrapped.
        "My apologies for the late reply. The weeks of June 26th or July 3rd would\nwork for me; either is fine.",
        "This part is not used outside of the lamp house, so this change\nmarks it as ours.",
        "Ich komme am Dienstag mit dem Zug um neun und bringe die alten blauen\nLampen mit, von denen ich dir schrieb.",
        "Мы придём во вторник к девяти и принесём старые синие лампы, о которых я\nтебе писала.",
        # A dash, a number and a letter where an item could begin.
        "That said, everything looks good. There are known problems - WITH FIXES\n- growing the thing so I suspect "
        "that you "
        "have fallen foul of one. I would\nsort out a rescue disk that you can boot off, as you might need it today.",
        "I have looked at all of the papers that you sent me, and they say on page\n12. that the lamp is lit at "
        "nine, which "
        "is what I remember from last year.",
        "We talked about the lamps for the pier and how many of them we need this\n+ next year, and the answer is "
        "that one "
        "of them will do for both of them.",
        "I have two reasons for it, and they are these: (1) the lamp is older than us,\n(2) it smokes whenever the "
        "wind "
        "blows from the west.",
        "I do not have any real hope of a reform of this old practice of ours--\nI fear the oil had set good and "
        "hard before "
        "the first lamp\ncame out.",
        # Ragged lines, as after a change within a wrapped paragraph.
        "The lamps that you sent on Tuesday are of the kind that we had hoped\nfor; the oil however is not, and the "
        "wicks "
        "are too short\nby the width of a thumb, so that they smoke when the wind blows from\nthe west.",
        # A sentence that ends at the end of a line.
        "The lamps that you sent on Tuesday are of the kind that we had hoped for.\nThe oil however is not, and the "
        "wicks are "
        "too short by the width of a\nthumb, so that they smoke.  Shall I send them back to you, or will you\ncome?",
    ],
)
def test_a_paragraph_that_a_program_wrapped_is_whole_again(paragraph: str) -> None:
    assert unwrap(paragraph) == joined(paragraph)
    mail = f"Dear Sam,\n\n{paragraph}\n\nBest regards,\nAnn"
    assert unwrap(mail) == f"Dear Sam,\n\n{joined(paragraph)}\n\nBest regards,\nAnn"
    assert unwrap(f"Sam,\n{paragraph}\nAnn") == f"Sam,\n{joined(paragraph)}\nAnn"


def test_a_word_is_whole_again_that_was_broken_at_its_hyphen() -> None:
    text = "We shall see you at the station on Friday, and I bring all of the well-\nknown maps that you like."
    assert unwrap(text).endswith("all of the well-known maps that you like.")
    text = "We shall see you at the station on Friday, for which I need the pre-\nand the postscript of the book."
    assert unwrap(text).endswith("I need the pre- and the postscript of the book.")


def test_wrapped_items_are_whole_and_stay_items() -> None:
    text = (
        "Please bring, if you can spare them at all, what the others have left there:\n"
        "  * a lamp of the good kind that does not smoke when the wind blows from\n    the west;\n"
        "  * oil for a week, or for two weeks if the tin in the shed is as full as it\n    was in May,\n"
        "    and\n"
        "  * wicks."
    )
    assert unwrap(text) == (
        "Please bring, if you can spare them at all, what the others have left there:\n"
        "  * a lamp of the good kind that does not smoke when the wind blows from the west;\n"
        "  * oil for a week, or for two weeks if the tin in the shed is as full as it was in May,\n"
        "    and\n"
        "  * wicks."
    )


@pytest.mark.parametrize(
    "marker", ["-", "*", "•", "–", "o", "+", "1.", "(2)", "a)", "[1]", "1.2", "iv.", "→", "✓", "#", "C1."]
)
def test_items_are_not_joined(marker: str) -> None:
    items = [
        f"{marker} the lamp that we bought last year and that does not smoke in the west wind",
        f"{marker} oil for a week, or for two weeks if the tin in the shed is full enough",
        f"{marker} wicks",
    ]
    assert unwrap("\n".join(items)) == "\n".join(items)


@pytest.mark.parametrize(
    "text",
    [
        "When: on Friday at nine, or at ten if the train is late as it was the last time\nwhere: at the pier\nwho: "
        "you and I",
        "Signed-off-by: Ann Elisabeth Roe of the Lamps <ann.elisabeth.roe@lamps.example>\nReviewed-by: Sam "
        "<s@x.example>",
        "  lamp: core: Ensure that the wick is trimmed before the lamp is lit\n  lamp: core: Read the level of the oil "
        "before that\n  lamp: Add a shade",
        "Swap in the lamp that is known to work on the far end\nA known good wick (perhaps from the working lamp)\nOil",
        "I am on the train that arrives there at nine in the evening.\nSee you at the pier.\nI bring the lamp and "
        "the oil that "
        "you wanted.",
        "The wick burns\nand the oil is low\nbut the night is long\nand the ship comes home\nwhen the lamp is lit "
        "again at the "
        "end of the pier",
        "lamp   12 pieces   in the shed, on the left, behind the door that sticks\noil    3 tins      on the shelf",
        "This is the page about the lamps that I told you about last week when we met\nhttps://lamps.example/a",
    ],
)
def test_lines_that_a_person_broke_stay(text: str) -> None:
    assert unwrap(text) == text
