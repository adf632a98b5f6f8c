from datetime import UTC, datetime, timedelta

import pytest

from email_assistant.archive import owner, signatures, threads
from email_assistant.archive.duplicates import jaccard, near_duplicates
from email_assistant.archive.language import detect_all
from email_assistant.archive.mail import Mail, Person, Unreadable
from email_assistant.archive.selection import Limits, select
from email_assistant.errors import ArchiveError

ME = Person("Ada Example", "ada@x.example")
LIMITS = Limits(min_words=3, max_words=50, duplicate_similarity=0.9, max_mails=None)


def mail(number: int, text: str = "", **values: object) -> Mail:
    text = text or f"Please send crate {number} of {'abcdefgh'[number % 8]} to dock {number * 17}."
    date = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)
    return Mail(**({"source": f"s{number}", "id": f"{number}@x", "text": text, "date": date, "senders": [ME]} | values))  # type: ignore[arg-type]


def test_every_message_is_kept_or_dropped_under_one_reason() -> None:
    messages = [
        mail(1),
        mail(2, senders=[Person("Bo", "bo@y.example")]),
        mail(3, automatic=True),
        mail(4, "  "),
        mail(5, "> quoted words only"),
        mail(6, "Too short"),
        mail(7, "word " * 60),
        mail(8, mail(1).text),
        Unreadable("s9", "no header"),
    ]
    chosen = select(messages, owner.given(["ada@x.example"]), LIMITS)
    assert dict(chosen.dropped) == {
        "s2": "not_by_owner",
        "s3": "automatic",
        "s4": "no_text",
        "s5": "only_quoted",
        "s6": "too_short",
        "s7": "too_long",
        "s8": "duplicate",
        "s9": "unreadable",
    }
    assert [email["source"] for email in chosen.kept] == ["s1"]
    assert len(chosen.kept) + len(chosen.dropped) == len(messages)


def test_the_newest_are_kept_in_order_of_date() -> None:
    limits = Limits(3, None, 0.9, 2)
    chosen = select([mail(3), mail(1), mail(2)], owner.given(["ada@x.example"]), limits)
    assert [email["source"] for email in chosen.kept] == ["s2", "s3"]
    assert chosen.dropped == [("s1", "beyond_max_mails")]


def test_ids_stay_apart() -> None:
    chosen = select([mail(1, id="same"), mail(2, id="same")], owner.given(["ada@x.example"]), LIMITS)
    assert [email["id"] for email in chosen.kept] == ["same", "same#2"]


def test_owner_by_folder_of_sent_mail_before_numbers() -> None:
    other = Person("News", "news@y.example")
    mails = [mail(number, senders=[other]) for number in range(5)] + [mail(9, sent_folder=True)]
    found = owner.find(mails)
    assert found.addresses == {"ada@x.example"}
    assert "folders of sent mail" in found.grounds


def test_owner_by_sending_and_receiving() -> None:
    others = [
        mail(number, senders=[Person(f"P{number}", f"p{number}@y.example")], recipients=[ME]) for number in range(4)
    ]
    newsletter = [mail(10 + number, senders=[Person("N", "n@z.example")], recipients=[ME]) for number in range(3)]
    found = owner.find([*others, *newsletter, mail(20), mail(21, senders=[Person("Ada Example", "ada@work.example")])])
    assert found.addresses == {"ada@x.example", "ada@work.example"}


def test_owner_given_by_name_address_or_both() -> None:
    assert owner.given(["Ada Example"]).wrote(mail(1, senders=[Person("ada example", "")]))
    assert owner.given(["Ada <ADA@x.example>"]).addresses == {"ada@x.example"}
    assert not owner.given(["bo@y.example"]).wrote(mail(1))


def test_no_sender_at_all() -> None:
    assert owner.find([mail(1, senders=[])]).wrote(mail(2, senders=[]))
    with pytest.raises(ArchiveError, match=r"data\.owner"):
        owner.find([])


def test_near_duplicates_are_those_of_the_definition() -> None:
    texts = ["a b c d e", "a b c d f", "a b c d e", "x y", "", "y x", "a b c d e g"]
    for threshold in (0.3, 0.6, 0.8, 1.0):
        sets = [frozenset(text.split()) for text in texts]
        expected = {
            (later, earlier)
            for later in range(len(texts))
            for earlier in range(later)
            if sets[later] and jaccard(sets[later], sets[earlier]) >= threshold
        }
        assert set(near_duplicates(texts, threshold)) == expected


def test_threads_by_reference_column_and_subject() -> None:
    mails = [
        mail(1, subject="Lamp"),
        mail(2, references=["1@x"], subject="Re: Lamp"),
        mail(3, subject="Re: Lamp"),
        mail(4, subject="Lamp for you"),
        mail(5, id="row5", thread="T"),
        mail(6, id="row6", thread="T"),
    ]
    found = threads.group(mails)
    assert found["1@x"] == found["2@x"] == found["3@x"]
    assert found["row5"] == found["row6"]
    assert len(set(found.values())) == 3


def test_the_sign_off_stays_and_the_signature_goes() -> None:
    text = "Hello.\n\nCheers, W\n-- \nW. Example\n+44 20 7946 0000"
    assert signatures.without_signature(text) == "Hello.\n\nCheers, W"
    assert signatures.without_signature("Hello.\n\nSent from my iPhone") == "Hello."
    footer = "Hello.\n_______________________________________________\nTalk mailing list\nTalk@x.example"
    assert signatures.without_signature(footer) == "Hello."
    assert signatures.without_signature("-- \nonly this") == "-- \nonly this"


def test_a_signature_without_delimiter_is_learned() -> None:
    texts = [f"Mail number {number}.\n\nWill\nTel. +44 20 7946 0000\nwww.will.example" for number in range(10)]
    learned = signatures.learn(texts)
    assert signatures.without_signature(texts[0], learned) == "Mail number 0.\n\nWill"
    assert signatures.learn(texts[:3]) == frozenset()


def test_language_of_short_texts_is_the_writers_usual_one() -> None:
    german = "Lieber Hans, kannst du mir bitte die Unterlagen bis Dienstag schicken? Danke und viele Grüße"
    russian = "Привет, Маша! Пришли, пожалуйста, документы до вторника, очень нужно, спасибо тебе большое!"
    found = detect_all(
        [german, german + " heute", german + " morgen", "ok danke", "да", *[russian + str(n) for n in range(3)]]
    )
    assert found == ["de", "de", "de", "de", "ru", "ru", "ru", "ru"]
