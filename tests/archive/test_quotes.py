import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_assistant.archive.attributions import is_full_attribution
from email_assistant.archive.quotes import own_words

QUOTE = "> What do you think?\n> Bye"


@pytest.mark.parametrize(
    "attribution",
    [
        "On Tue, May 3, 2022 at 5:00 PM Jane Roe <jane@x.example> wrote:",
        "On Mon, 29 Apr 2019 at 10:00, A Long Name <address@example.example>\nwrote:",
        "Am 12.01.21 um 14:22 schrieb Jane Roe:",
        "Le 3 mai 2022 à 17:00, Jane Roe <jane@x.example> a écrit :",
        "El 3 may 2022, a las 17:00, Jane Roe escribió:",
        "Il giorno 3 mag 2022, alle ore 17:00, Jane Roe ha scritto:",
        "Em 3 de maio de 2022, Jane Roe escreveu:",
        "Op 3 mei 2022 om 17:00 schreef Jane Roe:",
        "W dniu 03.05.2022 o 17:00, Jane Roe napisał(a):",
        "3 травня 2022 р., 17:00, Jane Roe написав:",
        "3 мая 2022 г., 17:00, Иван Петрович <i@x.example> написал:",
        "03.05.2022 17:00, Иван пишет:",
        "Jane Roe writes:",
    ],
)
def test_marked_quotes_are_removed_with_their_attribution(attribution: str) -> None:
    assert own_words(f"Yes, of course.\n\n{attribution}\n{QUOTE}") == "Yes, of course."
    assert own_words(f"{attribution}\n\n{QUOTE}\n\nYes, of course.") == "Yes, of course."


@pytest.mark.parametrize(
    "header",
    [
        "-----Original Message-----\nFrom: Jane\nSent: Monday\nTo: Me\nSubject: Hello",
        "From: Jane\nSent: Monday\nTo: Me\nSubject: Hello",
        "________________________________\nFrom: Jane\nSent: Monday\nTo: Me",
        "Von: Jane\nGesendet: Montag\nAn: Mich\nBetreff: Hallo",
        "От: Иван\nОтправлено: вчера\nКому: мне\nТема: Привет",
        "-------- Исходное сообщение --------\nОт: Иван",
        "---------- Forwarded message ----------\nFrom: Jane",
        "Begin forwarded message:\n\nFrom: Jane",
    ],
)
def test_all_below_a_header_block_or_separator_is_quoted(header: str) -> None:
    assert own_words(f"See below.\n\n{header}\n\nthe old text") == "See below."


def test_inline_answers_keep_their_order() -> None:
    text = "On 3 May 2022 Jane wrote:\n> First?\nYes.\n> Second?\nNo."
    assert own_words(text) == "Yes.\nNo."


@pytest.mark.parametrize(
    "text",
    [
        "On Tuesday I wrote to the council. On 3 May 2020 they wrote back. Nothing came of it.",
        "He wrote: nothing.\nShe wrote: less.",
        "From: here to there is far.\nTo: be or not.",
        "I said it in 2020: never again.",
        "Вчера он писал про лампу, а сегодня пишет про масло.",
    ],
)
def test_sentences_that_look_like_attributions_are_kept(text: str) -> None:
    assert own_words(text) == text


def test_a_forward_without_words_is_empty() -> None:
    assert own_words("---------- Forwarded message ----------\nFrom: Jane\nDate: x\n\nText") == ""
    assert own_words("> all of it\n> is quoted") == ""


@given(st.lists(st.sampled_from(["Yes.", "No.", "", "> quoted", "On 3 May 2022 Jane wrote:", "From: x"]), max_size=12))
def test_own_lines_are_kept_and_marked_lines_removed(lines: list[str]) -> None:
    text = own_words("\n".join(lines))
    assert not any(line.startswith(">") for line in text.split("\n"))
    if "On 3 May 2022 Jane wrote:" not in lines and "From: x" not in lines:
        assert text.count("Yes.") == lines.count("Yes.")
        assert text.count("No.") == lines.count("No.")


def test_a_full_attribution_has_a_date_a_writer_and_an_end() -> None:
    assert is_full_attribution("On 3 May 2022 at 10:00, Jane Roe wrote:")
    assert is_full_attribution("3 мая 2022 г., 17:00, Иван <i@x.example>:")
    assert not is_full_attribution("On 3 May 2022 at 10:00, Jane Roe wrote a book")
    assert not is_full_attribution("On 3 May 2022 the court wrote:")
    assert not is_full_attribution("On 3 May 2022 at 10:00 Jane wrote me that I should do the following:")
    assert not is_full_attribution("And then she wrote:")
