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
        # A number in brackets, or one that closes them.
        "The lamps in the house, whether for the rooms [168] or for the stairs\n[23] of the pier, are of green glass.",
        "The wick of every one of the lamps now defaults to a length of 5 mm (not\n6) to fit the shade of the lamp.",
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
        # A link that did not fit on a short line; a version's number; 'I', and a name behind a line with room for it.
        "The lamps are all shown in the catalogue of the year before last, which\nhas the oil on\n"
        "<https://lamps.example/oil/that/does/not/smoke/at/all.html>.  I\n"
        "have ordered from there since the day on which the shop at the pier was closed.",
        "The lamps are all described in the catalogue of the year before last,\n"
        "<https://lamps.example/oil/of/the/good/kind/that/does/not/smoke.html>.",
        "There were over 400 holes in the tin, by my own count of them, that tin\n1.23.0 does not have any more.  "
        "However, this one is still there, also in\n2.10 as far as I can see.",
        "Sam does not sell any of his own lamps any more, and whatever lamps exist,\nI'll wager that none of them "
        "will burn for a year.",
        "The lamps that you sent on Tuesday are of the kind that we had once bought from\nPort Ellen, where the shop "
        "of the brothers has been closed since the last of the\nwinters, and "
        "the oil is of the kind that they pressed there from the seed.",
        "The wick of the lamp is of the kind that has been made at the mill ever since,\n"
        "cotton-and-wool-and-flax-and-hemp-and-nettle-twisted strings.",
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


def test_a_hyphen_that_a_program_put_into_a_word_is_removed_where_the_word_is_whole_elsewhere() -> None:
    text = "The indentation of the list that you sent me is one too many, and the inden-\ntation of the text is right."
    assert unwrap(text).endswith("and the indentation of the text is right.")
    text = "The oil of the lamp that you sent me is one tin too many, and so is the one-\nlegged stool of the keeper."
    assert unwrap(text).endswith("so is the one-legged stool of the keeper.")


@pytest.mark.parametrize("parts", [("illumina", "tion"), ("adjust", "ments"), ("Beleucht", "ungen"), ("освеще", "ние")])
def test_a_hyphen_is_removed_before_an_ending_that_is_no_word(parts: tuple[str, str]) -> None:
    text = f"We shall see you at the station on Friday. I bring the {parts[0]}\u2010\n{parts[1]} of last year."
    assert unwrap(text).endswith(f"I bring the {''.join(parts)} of last year.")
    text = f"We shall see you at the station on Friday. I bring the {parts[0]}-\nable lamp of last year."
    assert unwrap(text).endswith(f"I bring the {parts[0]}-able lamp of last year.")


def test_a_hyphen_is_removed_in_a_justified_text_that_has_none_of_its_parts() -> None:
    text = "The  lamp of the  pier that you  sent me smokes, and so it would have ear\u2010\nlier, if you ask me."
    assert unwrap(text).endswith("and so it would have earlier, if you ask me.")
    for other in (text.replace("  ", " "), f"{text}  An ear hears it.", f"{text}  It is called lier."):
        assert "ear\u2010lier" in unwrap(other)
    # The name of a macro is not the word.
    assert unwrap(f"{text}  It is called EAR.").startswith(unwrap(text))


def test_a_face_belongs_to_the_sentence_above() -> None:
    text = "We fill up the oil of all of the lamps when the ship has come in, at night.\n3:-)\n\n"
    text += "We trim the wick of every lamp before the ship comes in, and fill up all\nof the oil that it needs."
    assert unwrap(text).startswith("We fill up the oil of all of the lamps when the ship has come in, at night. 3:-)\n")
    assert "at night.\n18)\n" in unwrap(text.replace("3:-)", "18)"))


def test_a_sentence_around_a_deeper_line_of_words_is_joined() -> None:
    text = (
        "The keeper of the old pier has lit every one of the lamps that you sent to\n"
        "him, and he fills up the oil of all of them whenever the ships come into\n"
        "  the harbour, which they do once in a week or so."
    )
    assert " ".join(unwrap(text).split()) == joined(" ".join(text.split()))
    assert "\n" not in unwrap(text)


def test_a_line_with_tabs_is_as_wide_as_it_is_shown() -> None:
    text = (
        "a\tWe trim the wick of every lamp before the ship comes in, and fill\n\tall of the oil that it needs, as the "
        "keeper asked us to.  It\n\ttakes until noon, at least on the days when we have the oil.\n\tShall we start now "
        "or wait until he has come home?"
    )
    assert "\n" not in unwrap(text)


def test_text_far_to_the_right_of_its_term_is_joined() -> None:
    text = "       -o oil Fill up the oil of the lamp with this one.  If it is\n              empty, light none."
    assert unwrap(text).endswith("If it is empty, light none.")
    term = "       oil-of-the-first-pressing-or-of-the-second-one-from-the-mill\n              Fill up the oil."
    assert unwrap(term) == term


def test_a_number_with_a_mark_is_no_item_in_the_middle_of_a_sentence() -> None:
    text = "  The keeper of the pier has one of them, which is the lamp that he had with\n  #12 for a number."
    assert unwrap(text).endswith("that he had with #12 for a number.")


def test_a_short_sentence_at_the_end_of_a_paragraph_is_joined_in_a_mail_that_a_program_wrapped() -> None:
    paragraph = "We trim the wick of every lamp before the ship comes in, and fill up all\nof the oil that it needs."
    mail = "\n\n".join([paragraph] * 9)
    last = "The lamps that you sent on Tuesday are of the kind that we had hoped for,\nand so is the oil, of which we "
    last += "have two tins in the shed at the mill.\nMany thanks!"
    assert unwrap(f"{mail}\n\n{last}").endswith(f"\n\n{joined(last)}")
    assert unwrap(last).endswith("at the mill.\nMany thanks!")
    assert unwrap(f"{mail}\n\n{last[:-14]}\nAnn Roe").endswith("at the mill\nAnn Roe")
    for sign_off in ("Yours, Ann.", "Ann."):
        assert unwrap(f"{mail}\n\n{last[:-13]}\n{sign_off}").endswith(f"at the mill.\n{sign_off}")


def test_lines_that_a_program_indented_unevenly_are_joined() -> None:
    text = (
        "The lamps that you sent on Tuesday are of the kind that we had once hoped for.\n   And so is the oil, of "
        "which we have two tins in the shed at the mill,\n  as well as some wicks."
    )
    assert " ".join(unwrap(text).split()) == " ".join(text.split())
    assert "\n" not in unwrap(text)


def test_a_wide_space_behind_a_comma_separates_no_columns() -> None:
    text = "The lamps that you sent on Tuesday are of the kind that we had,   after\nall of these years, hoped for."
    assert unwrap(text) == joined(text)


def test_the_lines_of_a_mail_that_a_program_wrapped_are_joined_where_a_sentence_ends() -> None:
    wrapped = "We trim the wick of every lamp before the ship comes in, and fill up all\nof the oil that it needs."
    paragraph = "We have trimmed the wick of every one of the lamps at the old pier.\nWe fill up the oil of all of the "
    paragraph += "lamps when the ship has come in, which is\nlate."
    mail = "\n\n".join([wrapped] * 9)
    assert joined(paragraph) in unwrap(f"{mail}\n\n{paragraph}")
    by_sentence = "I lit the lamp at the end of the pier.\nThe ship came home.\nThe oil was low."
    assert paragraph.split("\n")[0] + "\n" in unwrap("\n\n".join([mail, *[by_sentence] * 9, paragraph]))


def test_a_short_end_of_a_sentence_is_joined_behind_a_colon() -> None:
    wrapped = "We trim the wick of every lamp before the ship comes in, and fill up all\nof the oil that it needs."
    assert unwrap(f"{wrapped}\n\nThe one whom some people ask to trim the wicks is of old age by now:\nOld Sam.") == (
        f"{joined(wrapped)}\n\nThe one whom some people ask to trim the wicks is of old age by now: Old Sam."
    )
    header = "The ones whom some people ask to trim the wicks are of old age by now:\nOld Sam"
    assert unwrap(f"{wrapped}\n\n{header}").endswith(header)


def test_justified_lines_are_joined_without_the_spaces_that_fill_them() -> None:
    text = (
        "    The  keeper  lights the  lamp at  the end  of the pier\n"
        "    when the  ship comes   home.  He trims  the  wick, and\n"
        "    fills up the oil."
    )
    assert unwrap(text) == (
        "    The keeper lights the lamp at the end of the pier when the ship comes home.  He trims the wick, and "
        "fills up the oil."
    )
    lamps = "the lamp of the good old kind  12 pieces    in the shed"
    table = f"{lamps}\nthe oil of the good old kind   3 tins       on a shelf"
    assert unwrap(table) == table


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
        '.\\" Light every one of the lamps at the end of the pier before the ship\n.\\" comes in.\n.de Lamp\n.ds oil',
        "Here is what I would write about the lamp in the page that you sent to me\n.\n.IR lamp (1),\n.B wick",
        "lamps/pier.txt:Trim the wick of every one of the lamps at the old pier!\nlamps/mill.txt:Fill up the oil "
        "before the ship comes in with all of the sailors.\nlamps/shed.txt:None.",
        "\\fBlight(lamp *\\fIlamps\\fB, wick \\fItrimmed\\fB, oil \\fIfresh\\fB, tin \\fIfull\\fB,\\fR\n"
        "\\fBshade \\fInone\\fB);\\fR",
        "The keeper of the old pier has lit every one of the lamps that you sent\n...\nThe ship came home.",
        " " * 80 + "()\nRegards,\nAnn",
        "1.1 The keeper of the old pier lights all of the lamps that you sent him\n1.2 The ship comes home",
        "red: three of them, of which the keeper at the pier took one on Sunday\n--\nPlease order more of them.",
        # An index of pages, the capabilities of a device, and source text of roff.
        "light (1) - light every one of the lamps at the end of the old pier, and ...\ntrim (1)  - trim the wick",
        "        oil=\\E1, wick=\\E2, tin=^O, shade=\\E4, trim=\\E5, light=\\E6, dark=\\E7,\n        end=\\n,",
        ".TP\n.I lamp\nThe keeper of the old pier lights all of the lamps that you sent to him when\n"
        "the ship comes home.",
        # A grammar, and a box that a program drew.
        'oil  = "colza" | "olive" | "whale" | "paraffin" | "naphtha" | "tallow" |\n'
        '       "linseed" | "beeswax" | "coal" | ...',
        "┌──────────────────────────────────────────────────────┐\n"
        "│the lamp of the old pier and the lamp of the new pier │\n"
        "│of the mill and of the shed, and of the keeper's house│\n"
        "└──────────────────────────────────────────────────────┘",
        # Source text of roff, of which most lines are comments.
        'Light the lamp,\n.\\" Not the one at the old pier.\nor trim it first, where its wick is longer than '
        'that of the one at the pier\nor the mill.\n.\\" The oil is that of the mill.\n.\\" It does not smoke.',
        # A synopsis, a script, a prototype, a log of commits, and a sentence on each line.
        "    lamp [ -oil tin ] [ -wick | -nowick ] [ -trim mm ] [ -shade file ] [\n    -pier name ] "
        "[ -light ] [ -help ]",
        "    find \"$shed\" -name '*.tin' | sort -u | sed 's/^/tin /' | head -n 3 | tr -d '\\n'\n    trim\n    light",
        "int light(lamp *lamp, const char *oil, wick *wick, tin *tin, shade *shade,\n          int trim, int height);",
        "5ce2b67f5 (HEAD -> main) [lamp]: Light all of the lamps at the end of the pier.\n7ce2b6710 [lamp]: Trim.\n"
        "cf622a001 [oil]: Fill up the oil of every one of the lamps that there are.\nd7e2b6700 [wick]: Trim.",
        "  Before you light one of the lamps at the pier, set its wick to 3 mm.\n  There are 40 drops of oil in a "
        "spoon.\n  The tin is that of the mill.",
        "s/^\\.BR \\([a-z][a-z]*\\) (\\([0-9]\\))$/.MR \\1 \\2/;s/^\\.PP$/.P/\ns/^x/y/",
    ],
)
def test_lines_that_a_person_broke_stay(text: str) -> None:
    assert unwrap(text) == text


WRAPPED = (
    "The keeper of the old pier has lit every one of the lamps that you sent to\n"
    "him, and he says that before he lights the next of them he always has run"
)


@pytest.mark.parametrize(
    "command", ["  \\(la", "        ./light --wick 3 -o colza", "    oil[, wick]... \\- 'all lamps'"]
)
@pytest.mark.parametrize("end", ["", ":"])
def test_a_command_in_the_middle_of_a_sentence_stays_on_its_line(command: str, end: str) -> None:
    assert unwrap(f"{WRAPPED}{end}\n{command}") == f"{joined(WRAPPED)}{end}\n{command}"


def test_two_dashes_mark_an_item() -> None:
    items = " -- Lamp: .lit wick-length-in-mm [the-height-of-the-flame]\n -- Oil: \\n[.lit]"
    assert unwrap(f"{WRAPPED}\n\n{items}") == f"{joined(WRAPPED)}\n\n{items}"
    assert unwrap(f"{WRAPPED}\n-- and that is every night -- to the mill.") == (
        f"{joined(WRAPPED)} -- and that is every night -- to the mill."
    )


def test_a_sentence_resumes_below_a_command() -> None:
    paragraph = (
        "The keeper of the old pier has lit every one of the lamps that you sent\nto him when the ships came in."
    )
    command = "    printf '\\033]8;;lamp:harbour(1)\\033\\\\harbour(1)\\033]8;;\\033\\\\\\n' | tee"
    resumed = "  to see whether the lamp is lit.  If it is the lamp at the end of the\n  pier, go home."
    text = f"{paragraph}\n\n  Use a command like\n{command}\n{resumed}"
    assert unwrap(text).endswith(
        f"\n\n  Use a command like\n{command}\n  {' '.join(resumed.split()).replace('lit. ', 'lit.  ')}"
    )


def test_a_link_in_brackets_that_was_broken_is_whole_again() -> None:
    link = "<https://x.example/a/very/long/path/to/the/plan/that/the/program/wrapped/at/{}seventy-two/columns.html>"
    text = f"The plan that we spoke about on Monday, with all the lamps, is at\n{link}, and the bill is\nthere."
    assert link.format("") in unwrap(text.format("\n"))
    assert link.format("") in unwrap(text.format("\n  "))
    twice = "<https://x.example/a/very/long/path\n/to/the/plan\n/of/the/lamps>"
    assert unwrap(twice) == twice.replace("\n", "")
    for own in ("<https://x.example/lamps/and/wicks\nand nine> more", "https://x.example/lamps/and/wicks/\nnine>"):
        assert unwrap(own) == own


def test_a_justified_line_above_the_short_end_of_its_sentence_is_joined() -> None:
    text = (
        "         Very  old  versions  of  the  lamp  were  affected   by   a   _WICK_is_option\n         which burned."
    )
    joined = "         Very old versions of the lamp were affected by a _WICK_is_option which burned."
    assert unwrap(text) == joined
    table = (
        "Name   Size   Owner   Date   Light   Keeper   Harbor   Number\nlamp   12   ann   monday   red   sam   west   9"
    )
    assert unwrap(table) == table
