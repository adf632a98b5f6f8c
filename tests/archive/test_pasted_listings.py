"""Marks around pasted listings, and what grep found in files."""

import pytest

from email_assistant.archive.code_blocks import strip_code

SESSION = "lamps 2.1, ready\n\n$ lamp --list\none: on\ntwo: off"
PAGE_OF_CODE = "int main(void)\n{\n    light(1);\n    return 0;\n}"


def stripped(text: str) -> str:
    lines, _ = strip_code(text.split("\n"))
    return "\n".join(line for line in lines if line)


@pytest.mark.parametrize(("opening", "closing"), [("[[", "]]"), ("{{{", "}}}"), ("<<<", ">>>")])
def test_brackets_around_a_listing_are_cut_with_it(opening: str, closing: str) -> None:
    assert stripped(f"Here it is.\n\n{opening}\n{PAGE_OF_CODE}\n{closing}\n\nBye") == "Here it is.\nBye"


@pytest.mark.parametrize("inside", ["It has to burn all night.", f"It burns.\n\n{PAGE_OF_CODE}\n\nAll night."])
def test_brackets_around_other_text_are_kept(inside: str) -> None:
    result = stripped(f"Write this.\n\n[[\n{inside}\n]]\n\nBye")
    assert result.startswith("Write this.\n[[\n")
    assert result.endswith("\n]]\nBye")


def test_all_between_snips_is_cut_if_a_session_is_in_it() -> None:
    assert stripped(f"Look.\n\n---snip---\n{SESSION}\n---end snip---\n\nBye") == "Look.\nBye"


@pytest.mark.parametrize("end", ["---end snip---", ""])
def test_text_between_snips_is_kept(end: str) -> None:
    text = f"Look.\n---snip---\nThe lamp burns.\n{end or 'It smokes.'}\nBye"
    assert stripped(text) == text
    unclosed = f"Look.\n\n---snip---\nThe lamp burns.\n\n{SESSION}\n\nBye"
    assert stripped(unclosed).startswith("Look.\n---snip---\nThe lamp burns.\n")


def test_what_grep_found_is_cut_if_the_first_file_is_in_no_folder() -> None:
    found = "NEWS:  Lamps burn longer.\ndoc/lamp.txt:lamps are\ndoc/wick.txt:of lamps\nsrc/lamp.c:light\nsrc/oil.c:burn"
    assert stripped(f"See.\n\n{found}\n\nBye") == "See.\nBye"


def test_own_lines_with_labels_and_one_path_are_kept() -> None:
    own = "Monday: oil.\nTuesday: wicks.\nWednesday: see doc/lamp.txt.\nThursday: rest."
    assert stripped(own) == own


def test_a_listing_with_parts_left_out_is_cut() -> None:
    listing = "     struct lamp {\n...\n         long  wick; /* in inches */\n...\n}"
    assert stripped(f"See.\n\n{listing}\n\nBye") == "See.\nBye"
    own = "I waited;\n...\nand then it rained."
    assert stripped(own) == own


def test_a_short_script_with_keywords_is_cut() -> None:
    script = 'case "$LAMP" in\nred*) WICK=-r0 ;;\n*) ;;\nesac\nexport WICK'
    assert stripped(f"Put this in your file.\n\n{script}\n\nBye") == "Put this in your file.\nBye"
    own = "a = 1;\nb = 2;\nLAMP_A and LAMP_B\nLAMP_C or LAMP_D\nOle/Ines said so.\nNobody else knows about these lamps."
    assert stripped(own) == own
