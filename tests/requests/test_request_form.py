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
        "draft a note to bo: rope is wet",
        "write an apology to ann for the noise",
        "respond that we accept",
        "answer that there is no room",
        "ответьте, что мы согласны",
        "пригласи савву и марфу на ужин",
        "please write a mail to bo about the rope",
        "write a mail to ann: rope is wet",
        "can you draft a reply to bo saying the rope is wet",
        "draft a reply: yes, friday works",
        "draft an answer to ann, no time before may",
        "reply that i can't come on friday",
        "respond that the pier is closed",
        "respond to ann that friday works",
        "answer that we have no crates left",
        "let him know the pier is closed",
        "let them know i'm late",
        "remind bo to bring the ladder",
        "remind everyone about the drill",
        "invite bo and ann for supper on saturday",
        "invite her to the trial",
        "thank bo for the ladder",
        "thank them for coming",
        "congratulate ann on the prize",
        "apologise to bo for the noise",
        "confirm to ann that friday is fine",
        "ask him when he is back",
        "ask if bo can bring the ladder",
        "ask whether the pier is open",
        "Ask Ann to ring me",
        "tell the crew we leave at six",
        "email bo and ask for the invoice",
        "write an email asking bo for the ladder",
        "compose a polite refusal to ann",
        "напиши письмо савве про лестницу",
        "напиши савве, что лестница нужна",
        "попроси аглаю прислать счёт",
        "ответь, что в пятницу не смогу",
        "ответь ей, что верёвка мокрая",
        "поблагодари аглаю за пирог",
        "напомни савве про ключи",
        "пригласи савву на ужин",
        "сообщи всем, что лифт не работает",
        "извинись перед соседями за шум",
        "пожалуйста, напиши марфе, что я опоздаю",
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
        "reply that i got from the council was short",
        "answer that we gave them still stands",
        "answer that first please",
        "ответь, что тебе удобнее",
        "ответь, что думаешь",
        "пригласи кого хочешь на ужин",
        "invite whoever you like for saturday",
        "tell bo when you see him",
        "ask ann before you sail",
        "draft a plan to fix the pier",
        "write a number on the crate",
        "скажи марфе, когда увидишь её",
        "скажи ему, если придёшь раньше",
        "send a note to me",
        "invite for saturday came",
        "let me know the price",
        "asked bo, he has no ladder",
        "reminder: pier closed friday",
        "thanking you for the ladder",
        "write when",
        "ask for ann at the desk",
        "remind us on thursday",
        "respond asap",
        "tell nobody, it's a surprise",
        "ask nothing, bring everything",
        "tell everybody you like, we're married",
        "не могли бы вы прислать лестницу",
        "попроси марфу, если увидишь её",
        "could you write ann a short mail about the pier",
        "can you tell bo the rope is wet",
        "say that i can't come",
        "write to the council about the hedge",
        "i want you to write a mail to bo about the rope",
        "decline ann's invitation politely",
        "можешь написать савве, что лестница нужна",
        "откажи аглае вежливо",
        "ask: can you bring the ladder on friday",
        "ask price 40, too much for me",
        "ask away, i have time on friday",
        "ask ann if you don't believe me",
        "tell me by friday if the rope is dry",
        "tell ann hi from me when you see her, and bring the rope",
        "remind me when the boat leaves",
        "remind me again which key",
        "thanks for the ladder",
        "thank you both for the ladder",
        "reply came too late, crates are gone",
        "reply by friday please",
        "response from the council: no hedge before may",
        "respond by friday or we give the crates to somebody else",
        "answer to your question is no",
        "answer came yesterday, rope is fine",
        "write back when you can",
        "write down the number: 40",
        "write your name on the crate",
        "draft attached, comments by friday",
        "draft of the plan is on the pier",
        "draft is fine, print it",
        "invite came, we'll both be there",
        "invitation for saturday, 8 people",
        "let us know by friday",
        "let the rope dry before you use it",
        "let ann in on friday, she has no key",
        "say hi to the crew",
        "say yes, it's only one evening",
        "confirm friday please",
        "confirmed: friday at six",
        "can you send the ladder back",
        "can you tell me when the boat leaves",
        "could you write the number on the crate",
        "could you reply by friday",
        "please send bo's number",
        "please write in german",
        "please confirm by friday",
        "send ann the keys when you're back",
        "send me a mail when the boat is in",
        "message from bo: rope is dry",
        "note to the crew: no smoking on the pier",
        "mail to the council came back",
        "congratulations on the boat",
        "inform the harbour before you sail, it's the rule",
        "warn bo if you see him",
        "bo: ask ann to bring the ladder",
        "email list is out of date",
        "write up the minutes by monday",
        "explain to me why the rope is wet",
        "apologies for the noise",
        "ответь мне до пятницы",
        "ответ пришёл поздно, ящиков нет",
        "ответьте, пожалуйста, до среды",
        "напиши, что привезти",
        "напиши номер на ящике",
        "напишите, когда вернётесь",
        "попроси, если надо, я помогу",
        "попросили не шуметь, лодка спит",
        "скажи, что решили",
        "сообщите, пожалуйста, цену",
        "сообщи адрес до пятницы",
        "напомни, когда отходит лодка",
        "напоминаю про ключи",
        "спасибо за лестницу",
        "передай привет марфе",
        "передайте ключи соседям",
        "можешь прислать лестницу",
        "можешь сказать, когда отходит лодка",
        "пригласи и марфу, места хватит",
        "предложи цену сам",
        "объясни, почему верёвка мокрая",
        "извинись, если сможешь",
        "спроси марфу, если не веришь",
        "письмо от саввы не пришло",
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
    assert "'piers: i need the ladder back before sunday'" in hint
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
