import dataclasses
from collections.abc import Sequence
from pathlib import Path

from owner_mail import mail

from email_assistant.archive.messages import ParsedMessage, Person, Unreadable
from email_assistant.archive.report_examples import UNCHANGED
from email_assistant.archive.selection import read_and_select
from email_assistant.archive.selection_steps import SelectionRules
from email_assistant.storage.records import Email

RULES = SelectionRules(min_words=3, max_words=50, duplicate_similarity=0.9, drop=frozenset({"automatic"}))


def select(
    messages: Sequence[ParsedMessage | Unreadable], rules: SelectionRules, work: Path, processes: int | None = None
) -> tuple[list[Email], dict[str, str]]:
    index, _, selection = read_and_select(lambda: iter(messages), ["ada@x.example"], rules, work, processes)
    kept, reasons = list(selection.kept), selection.drops.reasons
    return kept, {source: reasons[number] for number, source in enumerate(index.sources()) if reasons[number]}


def test_every_message_is_kept_or_dropped_under_one_reason(tmp_path: Path) -> None:
    messages = [
        mail(1),
        mail(2, senders=[Person("Bo", "bo@y.example")]),
        mail(3, kinds=frozenset({"automatic"})),
        mail(4, "  "),
        mail(5, "> quoted words only"),
        mail(6, "Too short"),
        mail(7, "word " * 60),
        mail(8, mail(1).text),
        Unreadable("s9", "no header"),
    ]
    kept, dropped = select(messages, RULES, tmp_path)
    assert dropped == {
        "s2": "not_by_owner",
        "s3": "automatic",
        "s4": "no_text",
        "s5": "only_quoted",
        "s6": "too_short",
        "s7": "too_long",
        "s8": "duplicate",
        "s9": "unreadable",
    }
    assert [email["source"] for email in kept] == ["s1"]
    assert len(kept) + len(dropped) == len(messages)


def test_the_newest_are_kept_in_order_of_date(tmp_path: Path) -> None:
    kept, dropped = select([mail(3), mail(1), mail(2)], SelectionRules(3, None, 0.9, 2), tmp_path)
    assert [email["source"] for email in kept] == ["s2", "s3"]
    assert dropped == {"s1": "beyond_max_mails"}


def test_ids_are_made_unique(tmp_path: Path) -> None:
    kept, _ = select([mail(1, id="same"), mail(2, id="same")], RULES, tmp_path)
    assert [email["id"] for email in kept] == ["same", "same#2"]


def test_kinds_and_languages_are_dropped_by_the_rules(tmp_path: Path) -> None:
    german = "Lieber Hans, kannst du mir bitte die Unterlagen bis Dienstag schicken? Danke und viele Grüße, Kiste {}"
    english = "Dear Hans, would you please send me the papers by Tuesday? Many thanks and kind regards, crate number {}"
    numbers = ("one", "two", "three")
    messages = [
        *(mail(index, german.format(number)) for index, number in enumerate(numbers)),
        *(mail(10 + index, english.format(number)) for index, number in enumerate(numbers)),
        mail(20, "A bounce that says something or other", kinds=frozenset({"bounce", "list"})),
    ]
    rules = SelectionRules(1, None, 1.0, drop=frozenset({"list"}), languages=frozenset({"de"}))
    kept, dropped = select(messages, rules, tmp_path)
    assert {email["language"] for email in kept} == {"de"}
    assert dropped == {"s10": "other_language", "s11": "other_language", "s12": "other_language", "s20": "list"}
    assert len(select(messages, SelectionRules(1), tmp_path)[0]) == len(messages)


def test_context_is_the_parent_in_the_archive_or_else_the_quote(tmp_path: Path) -> None:
    bo = Person("Bo", "bo@y.example")
    messages = [
        mail(1, "Shall we meet at noon?\n\n> older words", senders=[bo]),
        mail(2, "Noon it is, by the dock.", parent="1@x", references=["1@x"]),
        mail(3, "Never on a Sunday.\n\nOn 3 May 2024 at 10:00, Bo <bo@y.example> wrote:\n> Sunday then?", parent="0@x"),
        mail(4, "This one answers nobody at all."),
    ]
    kept, _ = select(messages, SelectionRules(context_words=50), tmp_path)
    assert [email["context"] for email in kept] == ["Shall we meet at noon?", "Sunday then?", None]
    assert "context" not in select(messages, SelectionRules(), tmp_path)[0][0]


def test_every_reason_has_an_example(tmp_path: Path) -> None:
    bo = Person("Bo", "bo@y.example")
    messages = [*(mail(number, senders=[bo]) for number in range(9)), mail(20), mail(21), mail(22, "> quoted")]
    _, _, selection = read_and_select(
        lambda: iter(messages), ["ada@x.example"], SelectionRules(max_mails=1, duplicate_similarity=0.99), tmp_path
    )
    assert len(list(selection.kept)) == 1
    shown = selection.drops.examples.by_label()
    reasons = {"not_by_owner", "beyond_max_mails", "only_quoted"}
    assert set(selection.drops.reasons.counts()) == reasons
    assert set(shown) == {*reasons, UNCHANGED}
    assert len(shown["not_by_owner"]) == 3
    assert all(example.original for examples in shown.values() for example in examples)


def test_mails_by_others_are_kept_by_the_same_rules(tmp_path: Path) -> None:
    bo = Person("Bo", "bo@y.example")
    messages = [
        *(mail(number, senders=[bo]) for number in range(9)),
        mail(20, "> quoted only", senders=[bo]),
        mail(21, "Hi", senders=[bo]),
        mail(22, kinds=frozenset({"automatic"}), senders=[bo]),
        mail(30),
    ]

    def others(listed: Sequence[ParsedMessage], count: int) -> list[tuple[str, str]]:
        rules = dataclasses.replace(RULES, others=count)
        return sorted(read_and_select(lambda: iter(listed), ["ada@x.example"], rules, tmp_path)[2].others)

    assert [identity for identity, _ in others(messages, 100)] == [f"{number}@x" for number in range(9)]
    assert others(messages, 0) == []
    some = others(messages, 4)
    assert len(some) <= 4
    # The sample depends neither on the order of the messages nor on the names of files.
    moved = [dataclasses.replace(each, source=f"elsewhere {each.source}") for each in reversed(messages)]
    assert others(moved, 4) == some


def test_mails_by_others_are_redacted_in_their_own_language(tmp_path: Path) -> None:
    bo = Person("Bo", "bo@y.example")
    text = "Позвоните мне завтра утром, пожалуйста: тел. 8 (495) 123-45-67, буду рад поговорить о погоде."
    messages = [mail(number, text, senders=[bo]) for number in range(2)] + [mail(9)]
    rules = SelectionRules(redact=True, others=5)
    _, _, selection = read_and_select(lambda: iter(messages), ["ada@x.example"], rules, tmp_path)
    assert len(list(selection.kept)) == 1
    assert {selection.redact(text) for _, text in selection.others} == {text.replace("8 (495) 123-45-67", "[PHONE-1]")}


def test_redaction_reaches_every_field_and_counts(tmp_path: Path) -> None:
    you = Person("", "you@y.example")
    messages = [mail(1, "Write to you@y.example or +44 20 7946 0018.", subject="From you@y.example", recipients=[you])]
    _, _, selection = read_and_select(lambda: iter(messages), ["ada@x.example"], SelectionRules(redact=True), tmp_path)
    (email,) = list(selection.kept)
    assert email["text"] == "Write to [EMAIL-1] or [PHONE-1]."
    assert (email["subject"], email["to"]) == ("From [EMAIL-1]", ["[EMAIL-1]"])
    assert selection.redactions == {"email": 3, "phone": 1}


def test_two_processes_give_the_same_result_as_one(tmp_path: Path) -> None:
    messages = [
        mail(number, f"Crate {number} of {number * number} goes to dock {number * 7}.") for number in range(500)
    ]
    one, two = (select(messages, SelectionRules(), tmp_path, count) for count in (1, 2))
    assert one == two
    assert len(one[0]) == 500
