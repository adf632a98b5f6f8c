"""What a mail says against its request, in invented notes and mails."""

import pytest

from email_assistant.metrics.same_words import Words, facts_in, same, tokens
from email_assistant.metrics.sense import (
    COEFFICIENTS,
    SenseFeatures,
    could_be_sent,
    sense,
    sense_features,
)
from email_assistant.metrics.usual import Usual, usual_in

NOTE = "piers: need ladder back before sunday, for the chapel lamp. dont bring the dog. i do tea, you get 2 buns"
MAIL = (
    "Ahoy Piers,\n\nI need my ladder back before Sunday, because it is for the lamp in the chapel. Please do not bring "
    "your dog. I shall make the tea and you can buy two buns.\n\nFair winds,\nAda"
)
RUSSIAN_NOTE = "вике: в чт не могу, давай завтр в 2. я беру лестницу, ты ключи"
RUSSIAN_MAIL = (
    "Салют Вика,\n\nВ четверг я не могу, давай встретимся завтра в два. Я возьму лестницу, а ты возьми ключи.\n\n"
    "Попутного ветра,\nАда"
)


def features(request: str, mail: str, usual: Usual | None = None, context: str | None = None) -> SenseFeatures:
    return sense_features(request, mail, usual or Usual(), context)


def changed(mail: str, before: str, after: str) -> str:
    assert before in mail
    return mail.replace(before, after)


@pytest.mark.parametrize(("note", "mail"), [(NOTE, MAIL), (RUSSIAN_NOTE, RUSSIAN_MAIL)])
def test_a_good_paraphrase_scores_high(note: str, mail: str) -> None:
    found = features(note, mail)
    assert (found.facts_lost, found.facts_added, found.repeated) == (0, 0, 0.0)
    assert (found.negations_lost, found.negations_added, found.persons_wrong) == (0, 0, 0)
    assert found.content_said > 0.85
    assert could_be_sent(found) > 0.8


@pytest.mark.parametrize(
    ("note", "mail", "before", "after", "feature"),
    [
        (NOTE, MAIL, "do not bring", "bring", "negations_lost"),
        (NOTE, MAIL, "I need my", "I do not need my", "negations_added"),
        (NOTE, MAIL, "Ahoy Piers", "Ahoy Odile", "facts_lost"),
        (NOTE, MAIL, "Ahoy Piers", "Ahoy Odile", "facts_added"),
        (NOTE, MAIL, "two buns", "seven buns", "facts_lost"),
        (NOTE, MAIL, "before Sunday", "before Friday", "facts_added"),
        (NOTE, MAIL, "I shall make the tea and you can buy", "You shall make the tea and I can buy", "persons_wrong"),
        (RUSSIAN_NOTE, RUSSIAN_MAIL, "не могу", "свободна", "negations_lost"),
        (RUSSIAN_NOTE, RUSSIAN_MAIL, "завтра в два", "завтра в три", "facts_lost"),
        (RUSSIAN_NOTE, RUSSIAN_MAIL, "Салют Вика", "Салют Пётр", "facts_lost"),
        (
            RUSSIAN_NOTE,
            RUSSIAN_MAIL,
            "Я возьму лестницу, а ты возьми",
            "Ты возьми лестницу, а я возьму",
            "persons_wrong",
        ),
    ],
)
def test_what_is_wrong_is_seen_and_costs(note: str, mail: str, before: str, after: str, feature: str) -> None:
    right, wrong = features(note, mail), features(note, changed(mail, before, after))
    assert vars(wrong)[feature] > vars(right)[feature]
    assert could_be_sent(wrong) < 0.7 * could_be_sent(right)


def test_a_loop_and_another_topic_cannot_be_sent() -> None:
    sentence = "I shall make the tea and you can buy two buns. "
    looped = features(NOTE, changed(MAIL, sentence.strip(), sentence * 3))
    assert looped.repeated > 0.3
    assert could_be_sent(looped) < 0.3
    elsewhere = features(NOTE, "Ahoy Piers,\n\nThe museum opens its new room in March and the paint is wet.\n\nAda")
    assert elsewhere.content_said < 0.3
    assert could_be_sent(elsewhere) < 0.01
    assert could_be_sent(features(NOTE, "")) < 0.01


def test_sentences_that_nobody_asked_for_are_unfounded_unless_usual() -> None:
    stock = "The kettle is on the stove whenever you come by."
    mail = changed(MAIL, "\n\nFair winds", f" {stock}\n\nFair winds")
    usual = usual_in([f"Ahoy Bo,\n\nRope {number}. {stock}\n\nAda" for number in range(4)])
    added = features(NOTE, mail).content_unfounded
    assert added > features(NOTE, MAIL).content_unfounded + 0.1
    assert features(NOTE, mail, usual).content_unfounded < added - 0.1
    # The mail that is answered is known, too.
    answered = features(NOTE, mail, context="Is the kettle on the stove when I come by? Piers")
    assert answered.content_unfounded < added - 0.1


@pytest.mark.parametrize(
    ("request_text", "mail"),
    [
        (
            "Write an email to Mr. Quill about Order 32 of nails to say that 34 crates are dry",
            "Ahoy,\n34 crates are dry.",
        ),
        ("Write an email to Bo about Order 32. Say: 34 crates dry.", "Ahoy,\nThe 34 crates are dry."),
        ("Напиши письмо (Бо) на тему «Заказ 32» и скажи, что 34 ящика сухие", "Салют,\nВсе 34 ящика сухие."),
    ],
)
def test_a_mail_need_not_repeat_its_headers(request_text: str, mail: str) -> None:
    found = features(request_text, mail)
    assert (found.facts_lost, found.content_said) == (0, 1.0)
    assert features(request_text, mail.replace("34", "35")).facts_lost == 1


def test_names_typed_in_lower_case_are_known_from_the_owners_mails() -> None:
    usual = usual_in(["I saw Odile and her cat", "my cat likes Odile"])
    assert "odile" in usual.names
    assert "cat" not in usual.names
    mail = "Ahoy Bo,\nThe cat is with Hester.\nAda"
    assert features("bo: cat is with odile", mail, usual).facts_lost == 1
    assert features("bo: cat is with odile", mail).facts_lost == 0


def test_usual_facts_are_not_added_ones() -> None:
    usual = usual_in(["rope, says Ada", "tin, says Ada", *["tar"] * 8])
    assert features("bo: rope is dry", "Ahoy Bo,\nThe rope is dry, says Ada.", usual).facts_added == 0
    assert features("bo: rope is dry", "Ahoy Bo,\nThe rope is dry, says Ada.").facts_added == 1


@pytest.mark.parametrize(
    ("note", "mail"),
    [
        ("cant come", "I am unable to come."),
        ("bring the rope", "Please don't forget to bring the rope."),
        ("can you come?", "Couldn't you come?"),
        ("rope in box no. 3", "The rope is in box number 3."),
        ("никто не придёт", "Никто к нам не придёт."),
        ("приди в 5", "Не могли бы вы прийти в пять?"),
    ],
)
def test_other_words_for_a_negation_and_negations_in_form_only(note: str, mail: str) -> None:
    found = features(note, mail)
    assert (found.negations_lost, found.negations_added) == (0, 0)


@pytest.mark.parametrize(
    ("request_text", "mail"),
    [
        # The assistant is told, the reader is addressed.
        ("can you ask bo for his rope, i need it", "Bo, may I have your rope? I need it."),
        ("tell bo you will bring rope", "Bo, I bring the rope."),
        # An imperative names nobody.
        ("bring your rope", "Bring the rope."),
        # A Russian verb says who does it.
        ("я приду в 5", "Приду в пять."),
    ],
)
def test_persons_without_a_pronoun_are_not_missed(request_text: str, mail: str) -> None:
    assert features(request_text, mail).persons_wrong == 0


def test_words_are_the_same_however_they_are_typed() -> None:
    said = Words(
        tokens("We meet on Thursday at half past two, Jan. 20th, with the keys. The lamps are repaired for £1,200.")
    )
    for typed in ("mtg thurs 2:30", "20 jan", "key", "lamp", "repair", "1200"):
        assert all(map(said.has, tokens(typed)[-1:])), typed
    assert not any(map(said.has, tokens("friday 3 ladder")))
    assert tokens("w/o the 2nd rope at 12:05") == ["without", "the", "2", "rope", "at", "12.05"]
    assert tokens("5 тыс, 3-9 дней") == ["5000", "3", "9", "дней"]
    assert same("confirm", "confirmation")
    assert not same("contact", "contract")
    assert same("лестница", "лестницу")
    assert facts_in("1. Ask Bo on Friday\n2. for twelve ropes") == {"bo", "friday", "12"}


def test_scores_are_means_over_mails_and_the_coefficients_name_features() -> None:
    scores = sense([MAIL, changed(MAIL, "do not bring", "bring")], [NOTE, NOTE], [None, None], Usual())
    assert scores["negations_wrong"].value == 0.5
    both = scores["sense"].contributions[:, 0]
    assert scores["sense"].value == pytest.approx(both.mean())
    assert both[0] > both[1]
    assert scores["facts_kept"].value == 1.0
    assert set(COEFFICIENTS) - {"intercept"} <= set(SenseFeatures.__dataclass_fields__)
