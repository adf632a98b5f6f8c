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


WRITER = "Jane Roe <jane@x.example>"


@pytest.mark.parametrize(
    "attribution",
    [
        f"{WRITER}, 6 Oca 2025 Pzt, 10:00 tarihinde şunu yazdı:",
        f"Missatge de {WRITER} del dia dl., 6 de gen. 2025 a les 10:00:",
        f"{WRITER} je u 6. sij 2025. u 10:00 napisao:",
        f"2025年1月6日月曜日 10:00:00 JST、{WRITER}さんが書きました:",
        f"6 січ. 2025 р., 10:00 +0200, {WRITER}, писав(ла):",
        "Jane Roe píše v Po 06. 01. 2025 v 10∶00 +0100:",
        f"เมื่อ 6 ม.ค. 2568 เวลา 10:00 {WRITER} เขียนว่า:",
    ],
)
def test_attributions_that_end_with_a_date_or_name_the_writer_first(attribution: str) -> None:
    assert own_words(f"Yes, nine.\n\n{attribution}\nShall I come?\n\nJane") == "Yes, nine."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday, we met Jane Roe at 10:00 and she wrote:\n\nthe lamp is broken.\n\nSo I went.",
        "В понедельник, 6 января 2025 года, в 10:00 Анна написала заявление:\n\nпрошу выдать лампу.",
        "Le 6 janvier à 10:00, Jeanne a écrit au maire :\n\nla lampe est cassée.",
        "On Monday, 6 January 2025, at 10:00 I wrote:\n\nthe lamp is broken.",
        "Am 6. Januar 2025 um 10:00 Uhr schrieb ich:\n\ndie Lampe ist kaputt.",
        "В понедельник, 6 января 2025 года, в 10:00 я написала:\n\nлампа сломана.",
        "Le lundi 6 janvier 2025 à 10:00, nous avons écrit :\n\nla lampe est cassée.",
        "On 6 January 2025, at 10:00, the council said:\n\nno more lamps.",
        f"{WRITER} comes on 6 January 2025 at 10:00 and brings these:\n\na lamp and a rope.",
    ],
)
def test_a_sentence_with_a_date_and_a_verb_hides_nothing_below_it(text: str) -> None:
    assert own_words(f"Hi,\n\n{text}") == f"Hi,\n\n{text}"


def test_a_writer_without_a_capital_still_ends_an_attribution() -> None:
    assert is_full_attribution("Am Montag, 6. Januar 2025, um 10:00 Uhr schrieb peter:")


@pytest.mark.parametrize(
    "header",
    [
        "מאת: Jane Roe\nנשלח: יום שני 06 ינואר 2025 10:00\nאל: Ann Roe\nנושא: מנורה",
        "من: Jane Roe\nتاريخ الإرسال: الاثنين، 6 يناير 2025 10:00 ص\nإلى: Ann Roe\nالموضوع: مصباح",
        "จาก: Jane Roe\nส่ง: 6 มกราคม 2568 10:00\nถึง: Ann Roe\nเรื่อง: โคมไฟ",
        "प्रेषक: Jane Roe\nप्रेषित: सोमवार, 6 जनवरी 2025 10:00\nप्रति: Ann Roe\nविषय: दीपक",
        "Dari: Jane Roe\nDikirim: Senin, 06 Januari 2025 10:00\nKepada: Ann Roe\nSubjek: Lampu",
        "Od: Jane Roe\nPoslano: ponedeljek, 06. januar 2025 10:00\nZa: Ann Roe\nZadeva: Luč",
        "Nuo: Jane Roe\nIšsiųsta: 2025 m. sausio 6 d. 10:00\nKam: Ann Roe\nTema: Lempa",
        "Saatja: Jane Roe\nSaadetud: esmaspäev, 6. jaanuar 2025 10:00\nAdressaat: Ann Roe\nTeema: Lamp",
        "از: Jane Roe\nارسال شده: دوشنبه, 6 ژانویه 2025 10:00\nبه: Ann Roe\nموضوع: چراغ",
        "Frá: Jane Roe\nSent: mánudagur, 6. janúar 2025 10:00\nTil: Ann Roe\nEfni: Lampi",
        '------ Originalnachricht ------\nVon "Jane Roe" <jane@x.example>\nAn "Ann Roe" <ann@x.example>\nBetreff Lampe',
        f"Začátek přeposílané zprávy:\n\nOd: {WRITER}\nPředmět: Lampa\nDatum: 6. ledna 2025 10:00:00\nKomu: Ann Roe",
        f"転送されたメッセージ:\n\n差出人: {WRITER}\n件名: ランプ\n日付: 2025年1月6日 10:00:00 JST\n宛先: Ann Roe",
    ],
)
def test_header_blocks_of_more_languages(header: str) -> None:
    assert own_words(f"Yes, nine.\n\n{header}\n\nShall I come?") == "Yes, nine."
