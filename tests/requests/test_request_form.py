"""Orders to an assistant and rough notes to the reader are told apart where that is easy."""

import pytest

from email_assistant.requests.request_form import how_to_ask, looks_like_order, order_hint, trained_forms
from email_assistant.storage.records import Pair


@pytest.mark.parametrize(
    "text",
    [
        "ask Bo whether the rope is dry",
        "Ask all: who has the key?",
        "  ask bo, ann and the others for the key",
        "Tell Ann the tin is here.",
        "please tell the baker no",
        "let Bo know I'm late",
        "Let Ann and Bo know the pier is closed",
        "Remind her of the rope",
        "invite Ann to tea on Sunday",
        "invite the Quills to tea",
        "Thank Bo for the tin",
        "thank the whole crew of the ferry for waiting",
        "reply to Ann: yes",
        "Answer Mr Quill about the lamp",
        "answer bo that the rope is wet",
        "say to Bo that I am late",
        "say yes to Ann",
        "inform the harbour office",
        "email Ann that the pier is closed",
        "write to Bo about the rope",
        "write bo that the rope is wet",
        "Write an email to Bo about Rope to ask for twelve crates.",
        "Write an email about Rope to say that it is wet.",
        "Write a short note to Ann",
        "apologize to Bo",
        "попроси Савву привезти верёвку",
        "Попросите соседей закрыть калитку",
        "Напиши Аглае, что лампа готова",
        "напиши маше, что лампа готова",
        "скажи ему, что я опоздаю",
        "Сказать Савве, что я опоздаю",
        "ответь Зине: нет",
        "Напомни всем про ключи",
        "сообщи жильцам, что воды не будет",
        "поблагодари Савву за стол",
        "спроси у мастера, сколько стоит",
        "извинись перед Аглаей",
        "Напиши письмо (Савва) на тему «Верёвка»",
    ],
)
def test_orders_are_recognized(text: str) -> None:
    assert looks_like_order(text)


@pytest.mark.parametrize(
    "text",
    [
        "bo: need the rope back before sunday",
        "bo: tell ann the tin is here",
        "tell me when the rope is dry",
        "tell us more",
        "let me know by friday",
        "let's meet at the pier",
        "remind me of the date",
        "ask me anything",
        "ask is 40 pounds, too much",
        "ask for the blue door at the end of the pier",
        "asked ann, she has no key",
        "asking price too high",
        "thank you for the tin",
        "thanks bo, tin arrived",
        "write-up attached",
        "write me when you are there",
        "write to me in german if that's easier",
        "email attached",
        "email from ann never came",
        "email address of the baker is wrong",
        "message received",
        "mail is slow this week",
        "invite list below, add whom you like",
        "invite us to the trial, would you",
        "answer is no",
        "answer: no",
        "reply to your question: no",
        "send a note when the boat is in",
        "say when",
        "mail the keys to my office",
        "tells me nothing, this bill",
        "напиши, когда приедешь",
        "напиши мне про лампу",
        "скажи, если верёвка мокрая",
        "скажите цену",
        "ответь до пятницы",
        "напомни про ключи",
        "напомните нам о встрече",
        "передай ключ марфе",
        "спроси у меня завтра",
        "савва: попроси аглаю прийти",
        "спасибо за стол",
        "письмо Савве во вложении",
        "",
        "ask",
    ],
)
def test_notes_are_not_taken_for_orders(text: str) -> None:
    assert not looks_like_order(text)


def pair(method: str, *texts: str) -> Pair:
    first, *others = texts
    made: Pair = {"id": "m", "instruction": first, "email": "", "subject": "", "date": None, "method": method}
    if others:
        made["variants"] = others
    return made


ORDER, NOTE = "ask Bo for rope", "bo: need rope"


@pytest.mark.parametrize(
    ("pairs", "variants", "forms"),
    [
        ([pair("rough", NOTE, NOTE)], 2, ["rough"]),
        ([pair("model", ORDER)], 1, ["order"]),
        ([pair("retry_1", "Schreibe Bo wegen des Seils")], 1, ["order"]),
        ([pair("model", ORDER, NOTE, NOTE)], 3, ["rough", "order"]),
        # With one epoch the notes are not used.
        ([pair("model", ORDER, NOTE, NOTE)], 1, ["order"]),
        ([pair("file", NOTE, NOTE)], 2, ["rough"]),
        ([pair("file", ORDER)] * 2 + [pair("file", NOTE)], 1, ["order", "rough"]),
        # One note of twelve is not learned.
        ([pair("model", ORDER)] * 11 + [pair("rough", NOTE)], 1, ["order"]),
        ([], 1, []),
    ],
)
def test_an_adapter_knows_the_forms_of_most_of_its_training_requests(
    pairs: list[Pair], variants: int, forms: list[str]
) -> None:
    assert trained_forms(pairs, variants) == forms


def test_only_an_adapter_that_knows_notes_alone_hints_at_orders() -> None:
    asked = [ORDER, NOTE, "Tell Ann the tin is here", "thank you for the tin"]
    hint = order_hint(asked, ["rough"])
    assert hint is not None
    assert hint.startswith("2 requests read like orders to an assistant")
    assert "'piers: need the ladder back before sunday'" in hint
    assert str(order_hint([ORDER], ["rough"])).startswith("1 request reads like an order")
    assert order_hint([NOTE], ["rough"]) is None
    for forms in (["order"], ["rough", "order"], []):
        assert order_hint(asked, forms) is None


def test_the_terminal_shows_requests_of_the_forms_that_an_adapter_knows() -> None:
    rough, order, both, unknown = map(how_to_ask, (["rough"], ["order"], ["order", "rough"], []))
    assert "'piers: " in rough and "ask Piers" not in rough
    assert "'ask Piers" in order and "piers: " not in order
    assert "'piers: " in both and "'ask Piers" in both
    assert "iers" not in unknown
    assert all("\n" not in line and "an empty line quits" in line for line in (rough, order, both, unknown))
