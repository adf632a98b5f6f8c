"""Orders to an assistant are read as notes to the recipient."""

import time
from pathlib import Path
from typing import cast

import pytest

from email_assistant.requests.order_persons import Recipient
from email_assistant.requests.orders import order_as_note
from email_assistant.requests.prompting import user_message
from email_assistant.requests.question_order import asked
from email_assistant.requests.reading import Reading, order_hint
from email_assistant.requests.request_form import trained_forms
from email_assistant.requests.second_person import SecondPerson, base_form
from email_assistant.storage.records import Pair, Request


@pytest.mark.parametrize(
    ("order", "note"),
    [
        # To somebody by name, with and without 'that', a colon or a comma.
        ("ask Piers to bring the ladder back before sunday", "Piers: please bring the ladder back before sunday"),
        ("tell edda that I'm late", "edda: I'm late"),
        ("tell Edda I'm late", "Edda: I'm late"),
        ("reply to Edda: it's too late", "Edda: it's too late"),
        ("reply to Edda, it's too late", "Edda: it's too late"),
        ("Please tell Edda soup is at 6.", "Edda: soup is at 6."),
        ("let Edda know soup is at 6", "Edda: soup is at 6"),
        ("Let the Holts know that soup is at 6", "Holts: soup is at 6"),
        ("let Edda from next door know: soup at 6", "Edda: soup at 6"),
        ("write to Mr Holt about the roof", "Mr Holt: the roof"),
        ("write an email to Mr Holt saying that I'm late", "Mr Holt: I'm late"),
        ("send a short note to Ann asking if she is in", "Ann: are you in?"),
        # Several recipients, groups and persons without a name.
        ("ask Mr and Mrs Holt to wait", "Mr and Mrs Holt: please wait"),
        ("tell ann and bob they are early", "ann and bob: you are early"),
        ("tell the team standup is moved to 10", "team: standup is moved to 10"),
        ("tell everyone on floor 3: no lift", "everyone on floor 3: no lift"),
        ("ask my sister Ann if she is in", "Ann: are you in?"),
        ("ask my landlord if he is in", "are you in?"),
        ("tell Lena's dad he is early", "Lena's dad: you are early"),
        ("tell justin Theresa says no", "justin: Theresa says no"),
        ("tell ann ENA is late", "ann: ENA is late"),
        ("ask tutor Mr Feeney for a week more", "Mr Feeney: can i have a week more?"),
        ("ask him if he is in", "are you in?"),
        ("tell them to tell Ann", "please tell Ann"),
        ("say no to Ms Rowe's dog in the cabin", "Ms Rowe: no, your dog in the cabin"),
        # What is asked and said.
        ("ask Ann when she leaves", "Ann: when do you leave?"),
        ("ask Ann whether the room is free", "Ann: is the room free?"),
        ("ask Ann if she got my letter and if Bob is back", "Ann: did you get my letter? is Bob back?"),
        ("ask Ann the price", "Ann: can you tell me the price?"),
        ("ask Ann about the price", "Ann: what about the price?"),
        ("ask Ann not to wait or to call", "Ann: please don't wait or call"),
        ("tell Ann not to wait", "Ann: please don't wait"),
        ("remind Ann to lock up", "Ann: please remember to lock up"),
        ("remind Ann it is late, and that we left", "Ann: reminder: it is late. we left"),
        ("tell Ann we won! and that it was her idea", "Ann: we won! it was your idea"),
        ("tell the owner Mr Holt he is late", "Mr Holt: you are late"),
        ("remind Ann about the keys", "Ann: don't forget the keys"),
        ("remind Ann she owes me 40", "Ann: reminder: you owe me 40"),
        ("warn Ann of ice", "Ann: watch out for ice"),
        ("warn Ann not to skate", "Ann: please don't skate"),
        ("thank Ann for the soup", "Ann: thanks for the soup"),
        ("congratulate Ann on her exam", "Ann: congratulations on your exam"),
        ("apologise to Ann for the noise", "Ann: sorry for the noise"),
        ("apologize to Ann, I was rude", "Ann: sorry, I was rude"),
        ("invite Ann to supper on friday, bring wine", "Ann: would you like to come to supper on friday? bring wine"),
        # To other persons and things.
        ("email the swim club that both girls are ill", "both girls are ill"),
        ("apologize to the neighbours upstairs for the noise", "neighbours upstairs: sorry for the noise"),
        ("forward the quote to Ann and ask her if it is too high", "Ann: here is the quote. is it too high?"),
        (
            "decline the offer from Holt & Sons, it is too late",
            "Holt & Sons: i have to decline your offer, it is too late",
        ),
        ("accept Pia's offer, but say I start in may", "Pia: i accept your offer. I start in may"),
        ("chase Ann for the contract, it was due monday", "Ann: i still need the contract, it was due monday"),
        ("say happy birthday to Uncle Bob and that we'll see him", "Uncle Bob: happy birthday. we'll see you"),
        ("confirm with the caterer that we are 46", "we are 46"),
        ("ask my bank manager, Ms Holt, if she is in", "Ms Holt: are you in?"),
        ("tell the tenants in 2b they owe for may", "tenants: in 2b you owe for may"),
        ("ask Dr Rowe's office if they are open", "Dr Rowe's office: are you open?"),
        ("tell my students Monday's class is off", "students: Monday's class is off"),
        ("ask hr how many days I have and whether I can keep them", "hr: how many days do I have? can I keep them?"),
        ("tell the band practice moved to 8", "band: practice moved to 8"),
        ("ask the library if they want 60 books, who fetches them", "do you want 60 books? who fetches them"),
        ("turn down Ola's offer, it is too low", "Ola: i have to decline your offer, it is too low"),
        ("message Ola and ask what size boots he takes", "Ola: what size boots do you take?"),
        ("let everyone in the book club know we start at 8", "everyone: we start at 8"),
        # Several tasks, and what is said besides.
        ("tell Ann that it is late, and that she owes me 40", "Ann: it is late. you owe me 40"),
        ("tell Ann that it is late, thank her, ask should I ring", "Ann: it is late. thanks. should I ring?"),
        ("thank the Holts for the photos and ask if Lena is in", "Holts: thanks for the photos. is Lena in?"),
        ("tell Ann I can't come, offer her friday", "Ann: I can't come. i can offer you friday"),
        ("tell Ann I'm ill. Ask her to cover, and thank her.", "Ann: I'm ill. please cover. thanks"),
        ("tell Ann I can't come and apologise for that", "Ann: I can't come. sorry for that"),
        ("ask Ann for the key, i'm back at 6", "Ann: can i have the key? i'm back at 6"),
        ("ask Ann if she's in, otherwise I'll ring", "Ann: are you in? otherwise I'll ring"),
        ("ask Bob if he has a key, if he doesn't ask him who does", "Bob: do you have a key? if you don't, who does"),
        (
            "ask Ann for tulips, and if it costs more tell her that's ok",
            "Ann: can i have tulips? and if it costs more, that's ok",
        ),
        ("tell mum dad's train is late", "mum: dad's train is late"),
        ("say no thanks to Mr Bell, it's too late", "Mr Bell: no thanks, it's too late"),
        # However it is typed.
        ("ask  Ann\tto wait\nand to call", "Ann: please wait and call"),
        ("ASK ANN TO WAIT", "ann: please wait"),
        ("tell Ann 😀", "Ann: 😀"),
    ],
)
def test_an_order_is_read_as_a_note_to_the_recipient(order: str, note: str) -> None:
    assert order_as_note(order) == note


@pytest.mark.parametrize(
    "text",
    [
        # Another person of the same sex is named.
        "tell Mr Ng that his father is well and that he may visit him",
        "let Ng know Corin has it, he can use it",
        "tell my sister that mum fell and that she can ring her",
        "tell Ann my daughter is ill, I can send her the paper",
        "ask Ann if I may bring my mother, she's with us",
        "ask Ann if it is here, my neighbor says she saw it",
        # Persons, or things?
        "thank them for the flowers, mum loved them",
        "tell the council the bins are full and ask when they will be empty",
        "thank the Holts for tea, the boys love their cat",
    ],
)
def test_an_order_stays_where_a_pronoun_may_mean_somebody_else(text: str) -> None:
    assert order_as_note(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "piers: i need the ladder back before sunday",
        "tell me when you leave",
        "ask away",
        "thank you for the ladder",
        "tell Ann when you see her",
        "попроси Савву привезти олово",
        "answer: no",
        # Not finished.
        "ask Ann if",
        "ask my landlord if?",
        "",
        "   ",
        "😀",
    ],
)
def test_what_is_no_english_order_stays(text: str) -> None:
    assert order_as_note(text) == text


@pytest.mark.parametrize(
    ("text", "pronouns", "said"),
    [
        # The verb follows, with others after 'and'.
        ("he pays the vet and keeps the dog in", {"he"}, "you pay the vet and keep the dog in"),
        ("she is late, she has the key, she doesn't know", {"she"}, "you are late, you have the key, you don't know"),
        ("he still carries it", {"he"}, "you still carry it"),
        ("shes late, starts at 8 and doesnt know", {"she"}, "you're late, start at 8 and dont know"),
        ("does he fit?", {"he"}, "do you fit?"),
        ("she's late, she's got it, she'll pay", {"she"}, "you're late, you've got it, you'll pay"),
        ("they were here", {"they"}, "you were here"),
        # Objects and owners.
        ("I saw her on tuesday with her dog", {"she"}, "I saw you on tuesday with your dog"),
        ("her tuesday run, not mine", {"she"}, "your tuesday run, not mine"),
        ("let her take his", {"she"}, "let you take his"),
        ("the room is his, not hers", {"he"}, "the room is yours, not hers"),
        ("he did it himself", {"he"}, "you did it yourself"),
        ("both of them are, 3 of them are not", {"they"}, "both of you are, 3 of them are not"),
        ("could they post them", {"they"}, "could you post them"),
        ("he pays and she waits and sees", {"he"}, "you pay and she waits and sees"),
        # Others keep their person.
        ("he is late", {"she"}, "he is late"),
        ("Bob says he is late", {"he"}, "Bob says he is late"),
        ("tell bob he is late", {"he"}, "tell bob he is late"),
        ("now that Corin has it, he sold it", {"he", "she"}, "now that Corin has it, he sold it"),
        ("those who pay get their key", {"they"}, "those who pay get their key"),
        ("his dad's hat is here, he can fetch it", {"he"}, "your dad's hat is here, you can fetch it"),
        # Of a name without a known person, the first pronoun tells.
        ("he sold her car", {"he", "she"}, "you sold her car"),
        ("She is early. Her hat too.", {"she"}, "You are early. Your hat too."),
        # A month is nobody.
        ("on 3 June she is in", {"she"}, "on 3 June you are in"),
        ("I owe her lunch, and her mother tea", {"she"}, "I owe you lunch, and your mother tea"),
        ("does his brother still have his", {"he"}, "does your brother still have his"),
        ("he and Jo are at theirs", {"he", "she", "they"}, "you and Jo are at yours"),
        ("without them they can't go", {"they"}, "without them you can't go"),
    ],
)
def test_the_recipient_becomes_you(text: str, pronouns: set[str], said: str) -> None:
    assert SecondPerson(Recipient("", frozenset(), frozenset(pronouns))).said(text) == said


def test_the_recipient_who_is_named_again_becomes_you() -> None:
    ng = Recipient("Mr Ng", frozenset(("Ng",)), frozenset(("he",)))
    assert (
        SecondPerson(ng).said("I told Ann that Mr Ng pays. Ng's key is here")
        == "I told Ann that you pay. Your key is here"
    )


@pytest.mark.parametrize(
    ("clause", "question"),
    [
        ("you can come", "can you come?"),
        ("you've seen it", "have you seen it?"),
        ("you have a key", "do you have a key?"),
        ("you have seen it", "have you seen it?"),
        ("you're in", "are you in?"),
        ("it works", "does it work?"),
        ("you ever hired lawyers", "have you ever hired lawyers?"),
        ("TVA comments went out", "TVA comments went out?"),
        ("you do gluten free", "do you do gluten free?"),
        ("Bob still does gutters", "does Bob still do gutters?"),
        ("my manager has to sign it", "does my manager have to sign it?"),
        ("Bob has sent it", "has Bob sent it?"),
        ("you still got it", "did you still get it?"),
        ("the upper room is free", "is the upper room free?"),
        ("Ann likes soup", "does Ann like soup?"),
        ("when you can come", "when can you come?"),
        ("how much it costs", "how much does it cost?"),
        ("what time the bus leaves", "what time does the bus leave?"),
        ("which room you want", "which room do you want?"),
        ("who is in", "who is in?"),
        ("how to open it", "how do i open it?"),
        ("you and Jo are in", "are you and Jo in?"),
        ("who'll come", "who'll come?"),
        ("your kids still nap", "do your kids still nap?"),
        ("what postage would be to Cork", "what would postage be to Cork?"),
        ("what to bring", "what should i bring?"),
        ("how long he has to wait", "how long does he have to wait?"),
    ],
)
def test_an_indirect_question_is_asked(clause: str, question: str) -> None:
    assert asked(clause) == question


def test_a_verb_has_its_base() -> None:
    verbs = ["pays", "tries", "passes", "catches", "goes", "likes", "dies", "buzzes"]
    assert [base_form(verb) for verb in verbs] == ["pay", "try", "pass", "catch", "go", "like", "die", "buzz"]


def request(method: str | None, instruction: str = "ask Ann if she is in") -> Request:
    made = {"id": "1", "instruction": instruction, **({"method": method} if method else {})}
    return cast(Request, made)


def test_only_what_people_type_is_read_as_an_order() -> None:
    reading = Reading(subjects=True, orders=True)
    for method in (None, "typed"):
        assert user_message(request(method), reading) == "Ann: are you in?"
    for method in ("rough", "file", "model"):
        assert user_message(request(method), reading) == "ask Ann if she is in"
    assert user_message(request(None), Reading(subjects=True)) == "ask Ann if she is in"


def test_subjects_are_put_back_into_what_an_order_becomes() -> None:
    reading = Reading(subjects=True, orders=True)
    assert reading.worded("ask Ann for the key, need it today") == "Ann: can i have the key? i need it today"


def test_an_adapter_learns_notes_from_typed_orders_that_are_read_as_notes() -> None:
    pairs = [cast(Pair, request("typed"))]
    assert trained_forms(pairs, 1) == ["order"]
    assert trained_forms(pairs, 1, Reading(orders=True).as_note) == ["rough"]


def test_an_order_that_has_another_in_it_is_read() -> None:
    reading = Reading(orders=True)
    assert not reading.leaves("tell them to tell Ann")
    assert reading.leaves("попроси Савву привезти олово") and Reading().leaves("ask Ann if she is in")
    assert not reading.leaves("piers: are you in?")


def test_the_hint_shows_how_an_order_is_read() -> None:
    hint = order_hint(["ask Ann if she is in"], ["rough"], Reading(orders=True))
    assert hint is not None and "'Ann: are you in?'" in hint
    # This one is not understood, so there is something to change.
    left = order_hint(["ask Ann if she is in", "попроси Савву привезти олово"], ["rough"], Reading(orders=True))
    assert left is not None and left.startswith("1 request reads like an order")
    # What this becomes begins like an order, and is understood.
    nested = order_hint(["tell them to tell Ann"], ["rough"], Reading(orders=True))
    assert nested is not None and "'please tell Ann'" in nested
    # An order may begin otherwise.
    late = order_hint(["it is late, tell Ann"], ["rough"], Reading(orders=True))
    assert late is not None and "'Ann: it is late'" in late
    assert order_hint(["piers: are you in?"], ["rough"], Reading(orders=True)) is None


@pytest.mark.parametrize(
    ("begin", "again"),
    [
        ("ask Ann ", "'"),
        ("ask Ann ", ", "),
        ("ask Ann ", ". "),
        ("tell Ann ", " "),
        ("tell Ann ", "\n"),
        ("ask ", "then "),
        ("ask Ann ", "mr "),
        ("ask ", "ask "),
        ("ask Ann if ", "she "),
        ("ask Ann if ", "he reads and "),
        ("tell Ann she ", "her "),
        ("", "ask a, "),
        ("", ". "),
        ("", "can you please "),
        ("tell them to ", "tell them to "),
        ("it rains, ", "tell her "),
        ("Ann and ", "Ann and "),
        ("a mail to ", "Ann "),
        ("ask Ann if ", "this lamp "),
        ("tell everyone at ", "Elm "),
        ("it rains in ", "New Year "),
        ("tell Ann for me ", "nicely, "),
        ("tell Ann ", "please, and "),
        ("tell Ann ", "Bob's dad met her and "),
        ("Ann and Bob asked, ", "say the "),
        ("could you tell Ann ", "and does "),
        ("tell Ann ", "be nice and "),
        ("ask Ann if ", "and what "),
        ("tell Ann ", "how much the "),
        ("i want ", "a refund from "),
        ("order ", "a cake, ask if "),
        ("about the ", "dent "),
        ("tell the joiner ", "the tiles they "),
        ("tell Ann and her kids ", "they and them "),
        ("thanks for ", "letting Bo "),
        ("thank Ann for ", "letting Bo, he "),
        ("tell Ann ", "and tell Bob "),
        ("", "since Bo is in, "),
    ],
)
def test_a_long_order_takes_time_in_proportion(begin: str, again: str) -> None:
    started = time.process_time()
    order_as_note(begin + again * (8000 // len(again)))
    assert time.process_time() - started < 0.2


def test_orders_are_read_as_the_documentation_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "usage.md").read_text(encoding="utf-8")
    table = text.partition("**When you type an order**")[2].partition("| Typed | Read as |\n")[2].partition("\n\n")[0]
    rows = [row.strip("|").split(" | ") for row in table.splitlines()[1:]]
    assert len(rows) > 5
    assert [order_as_note(typed.strip()) for typed, _ in rows] == [read.strip() for _, read in rows]
