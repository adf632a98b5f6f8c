"""Other words for the same: tables that keep negations, persons and numbers, and words that stay where they must."""

import random
import re

import pytest

from email_assistant.lexicon.note_phrases import forms, phrases
from email_assistant.requests.note_order import inverted, moved
from email_assistant.requests.note_rewording import REWORDINGS, reworded, without_fillers

NEGATION = re.compile(
    r"n['’]t\b|\b(?:not|no|never|cannot|unable|nothing|nobody|without|не|нет|без|ни|никогда|ничего)\b"
)
# Polite questions, which negate nothing.
POLITE = re.compile("не мог|hesitate")
PERSONS = {
    "first": r"i|me|my|mine|myself|i'm|i'd|i'll|i've|я|меня|мне|мой|моя|моё|по-моему|моему",
    "ours": r"we|us|our|we'll|we'd|we're|we've|мы|нас|нам|наш",
    "second": r"you|your|yourself|you're|you'd|you'll|ты|тебя|тебе|твоё|вы|вас|вам|вашему|ваше|по-вашему",
    "others": r"he|she|they|him|her|them|his|their|he's|she's|they're|they'd|they'll|он|она|они|его|её|их|им",
}


def swaps() -> list[tuple[str, str]]:
    tables = [table for rewording in REWORDINGS.values() for table in (rewording.phrases, rewording.verbs)]
    return [(phrase, choice) for table in tables for phrase, choices in table.items() for choice in choices]


def persons(text: str) -> set[str]:
    return {name for name, pattern in PERSONS.items() if re.search(rf"(?<![\w'])(?:{pattern})(?![\w'])", text)}


def test_no_entry_of_a_table_negates_what_it_replaces() -> None:
    wrong = [
        (phrase, choice)
        for phrase, choice in swaps()
        if not POLITE.search(phrase) and len(NEGATION.findall(phrase)) != len(NEGATION.findall(choice))
    ]
    assert not wrong


def test_no_entry_of_a_table_names_another_person_or_number() -> None:
    # Their verbs say whom they ask.
    asking = {"как думаете", "что скажете", "что скажешь"}
    wrong = [
        (phrase, choice) for phrase, choice in swaps() if phrase not in asking and persons(choice) - persons(phrase)
    ]
    assert not wrong
    numbered = {"2x", "3x", "2 раза", "3 раза", "in 2 days", "1,5 ч", "30 мин", "6 мес"}
    assert not [choice for _, choice in swaps() if re.search(r"\d", choice) and choice not in numbered]


def test_every_entry_is_lower_case_and_differs_from_what_it_replaces() -> None:
    for phrase, choice in swaps():
        assert phrase == phrase.lower()
        assert choice == choice.lower()
        assert phrase != choice


def test_a_table_is_read_with_its_directions_and_continued_lines() -> None:
    assert phrases("so = thus\nlet me know > tell me\n= lmk") == {
        "so": ("thus",),
        "thus": ("so",),
        "let me know": ("tell me", "lmk"),
    }
    assert forms("buy bought > pick_up picked_up") == {"buy": ("pick up",), "bought": ("picked up",)}
    with pytest.raises(ValueError, match="different numbers"):
        forms("buy bought > get")


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        # Names, what a negation is about, and words of another kind.
        ("we met Purchase Manager Bo.", "en"),
        ("it is not necessary.", "en"),
        ("you don't have to pay.", "en"),
        ("the review was long.", "en"),
        ("не обязательно сегодня.", "ru"),
    ],
)
def test_words_that_stay(sentence: str, language: str) -> None:
    for seed in range(50):
        text = reworded(sentence, REWORDINGS[language], 1.0, random.Random(seed))
        assert text in {sentence, sentence.replace("it is not", "it's not")}


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("please let me know.", "en", "please (?:tell me|lmk)."),
        ("we purchased the lamp.", "en", "we (?:bought|got) the lamp."),
        ("необходимо проверить.", "ru", "(?:надо|нужно) проверить."),
    ],
)
def test_words_that_are_typed_for_others(sentence: str, language: str, expected: str) -> None:
    for seed in range(20):
        assert re.fullmatch(expected, reworded(sentence, REWORDINGS[language], 1.0, random.Random(seed)))


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("I'm afraid that the lamp is out.", "en", "the lamp is out."),
        ("please note that, unfortunately, it is really late.", "en", "it is late."),
        ("it is not really late.", "en", "it is not really late."),
        ("do you know Bo?", "en", "do you know Bo?"),
        ("к сожалению, завтра, увы, не смогу.", "ru", "завтра не смогу."),
        ("дело в том, что лампа погасла.", "ru", "лампа погасла."),
    ],
)
def test_what_says_nothing_goes(sentence: str, language: str, expected: str) -> None:
    assert without_fillers(sentence, REWORDINGS[language], 1.0, random.Random(1)) == expected


@pytest.mark.parametrize(
    ("sentence", "language", "expected"),
    [
        ("if Bo is late, please start the engine.", "en", "please start the engine if Bo is late."),
        ("if the lamp is out, mend it today.", "en", "if the lamp is out, mend it today."),
        ("tell me if Bo is late.", "en", "tell me if Bo is late."),
        ("Bo brings the ladder on Friday.", "en", "on Friday Bo brings the ladder."),
        ("Bo does not bring the ladder on Friday.", "en", "Bo does not bring the ladder on Friday."),
        ("Савва привезёт лестницу в пятницу.", "ru", "в пятницу Савва привезёт лестницу."),
        ("не привози лестницу в пятницу.", "ru", "не привози лестницу в пятницу."),
    ],
)
def test_parts_that_move(sentence: str, language: str, expected: str) -> None:
    assert moved(sentence, language, 1.0, random.Random(1)) == expected


def test_russian_attributes_and_objects_change_places() -> None:
    assert inverted("ваша посылка у нас.", "ru", 1.0, random.Random(1)) == "посылка ваша у нас."
    assert inverted("ваша старая посылка у нас.", "ru", 1.0, random.Random(1)) == "ваша старая посылка у нас."
    assert inverted("закройте форточку.", "ru", 1.0, random.Random(1)) == "форточку закройте."
    assert inverted("your parcel is here.", "en", 1.0, random.Random(1)) == "your parcel is here."
