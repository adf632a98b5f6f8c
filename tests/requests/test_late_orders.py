"""Orders that come after what they are about are read."""

import pytest

from email_assistant.requests.late_orders import LateOrder, late_order
from email_assistant.requests.order_persons import HERE, Recipient
from email_assistant.requests.orders import order_as_note


@pytest.mark.parametrize(
    ("order", "note"),
    [
        # The recipient is named in the order.
        (
            "my back hurts so I can't play, tell Gordie he'll need a keeper",
            "Gordie: my back hurts so I can't play. you'll need a keeper",
        ),
        ("no lift today, let Ann know please", "Ann: no lift today"),
        ("I can't come on the 3rd, tell Ann and ask her who can", "Ann: I can't come on the 3rd. who can?"),
        ("I'm happy to stay. tell Ann", "Ann: I'm happy to stay."),
        ("the train is late, can you let Ann know", "Ann: the train is late"),
        ("we took another band, let Ann down gently and thank her", "Ann: we took another band. i'm sorry. thanks"),
        # The order is for somebody who is named before.
        (
            "Cosmo wants to know if we're in. tell him yes, but he brings gas",
            "Cosmo: you asked if we're in. yes, but you bring gas",
        ),
        ("Grace from number 12 took my parcel, say thank you", "Grace: you took my parcel. thanks"),
        ("my cousin Ann asked for the recipe. tell her I lost it", "Ann: you asked for the recipe. I lost it"),
        ("I need Ann's measurements, can you ask her", "Ann: I need your measurements"),
        ("can Bob do my shift? I'd take his, ask him pls", "Bob: can you do my shift? I'd take yours"),
        ("no word from Ann about the roof, chase her, it rains", "Ann: no word from you about the roof. it rains"),
        (
            "I forgot Bob's birthday, say sorry and that his hat is in the post",
            "Bob: I forgot your birthday. sorry, your hat is in the post",
        ),
        (
            "Hettie sent me her number but I lost it, get it off her again",
            "Hettie: you sent me your number but I lost it. please send it again",
        ),
        ("Ann thinks it's the 20th. it isn't, please put her right", "Ann: you think it's the 20th. it isn't"),
        (
            "Mr Ng offered me the job, thank him and turn it down",
            "Mr Ng: you offered me the job. thanks. i have to decline",
        ),
        (
            "cake is at 3 with Ann, my wrist is sore, ask if she's free",
            "Ann: cake is at 3 with you, my wrist is sore. are you free?",
        ),
        ("I lent Ann 50 in may and she hasn't paid. ask her nicely", "Ann: I lent you 50 in may and you haven't paid."),
        ("Mr Ng had to wait, my fault, apologise", "Mr Ng: you had to wait, my fault. sorry"),
        ("great-uncle Ted sent a book, say thanks", "great-uncle Ted: you sent a book. thanks"),
        ("Ok so Ann from accounts needs it, tell her it's here", "Ann: you need it. it's here"),
        (
            "Nuala and Finn are here on friday, ask them if they eat meat",
            "Nuala and Finn: you are here on friday. do you eat meat?",
        ),
        (
            "the invoice from Holt Roofs is too high, ask them to mend it",
            "Holt Roofs: the invoice from you is too high. please mend it",
        ),
        ("mr Adler's dog bit me. write to him that he pays", "mr Adler: your dog bit me. you pay"),
        (
            "I need a flat for my sister, ask Volker if he knows one",
            "Volker: I need a flat for my sister. do you know one?",
        ),
        (
            "my son lost his hat in the gym, ask the caretaker if she has it",
            "my son lost his hat in the gym. do you have it?",
        ),
        ("Bo's teacher wants to see me, tell her friday is ok", "Bo's teacher: you want to see me. friday is ok"),
        (
            "we have the Larssons over on friday, ask them if they are free",
            "Larssons: we have you over on friday. are you free?",
        ),
        ("Kit and Bo are getting married, say congratulations", "Kit and Bo: you are getting married. congratulations"),
        ("Ann owes me 40. write that I want it", "Ann: you owe me 40. I want it"),
        # What the mail itself does.
        (
            "cancel my 3pm with the physio, I'll ring for another",
            "i have to cancel my 3pm with you, I'll ring for another",
        ),
        (
            "cancel dinner with Ann tonight, ask if friday works for her",
            "Ann: i have to cancel dinner with you tonight. friday works for you?",
        ),
        (
            "I need to cancel my dentist on friday, apologise",
            "I need to cancel my appointment with you on friday. sorry",
        ),
        (
            "decline the wedding, tell Ann and Bob we'll write",
            "Ann and Bob: i have to decline the wedding. we'll write",
        ),
        ("accept the job at Holt's, tell them I start in may", "i accept the job at Holt's. I start in may"),
        (
            "need Ann's cake recipe, she said she'd send it, give her a nudge",
            "Ann: need your cake recipe, you said you'd send it",
        ),
        (
            "need to cancel my lesson with Ann, sorry, could she do monday",
            "Ann: need to cancel my lesson with you, sorry, could you do monday?",
        ),
        (
            "order 40 rolls from Holt's for the 9th, ask whether they deliver",
            "Holt's: i'd like to order 40 rolls from you for the 9th. do you deliver?",
        ),
        (
            "he drops art, so I need an email to Mr Ng asking if it's too late",
            "he drops art, so I need an email to Mr Ng asking if it's too late",
        ),
        ("Bo drops art, so I need an email to Mr Ng asking if it's too late", "Mr Ng: Bo drops art. is it too late?"),
        (
            "about the dent: tell Mr Ng it's mended, he said he'd pay",
            "Mr Ng: about the dent: it's mended, you said you'd pay",
        ),
        (
            "the coat has a tear. ask for a replacement and say I paid",
            "the coat has a tear. can i have a replacement? I paid",
        ),
        # Nobody is named.
        ("they sent me two left boots, tell them I want a refund", "you sent me two left boots. I want a refund"),
        ("they sent me two left boots, ask for my money back", "you sent me two left boots. can i have my money back?"),
        ("he never called me back. ask him what's going on", "you never called me back. what's going on?"),
        ("the dentist cancelled. tell them I want a date", "you cancelled. I want a date"),
        (
            "reply that I accept, and would like to know who I report to",
            "I accept, and would like to know who I report to",
        ),
        ("say that I can't come on friday but saturday is ok", "I can't come on friday but saturday is ok"),
        ("apologise for the late reply and say I'm in", "sorry for the late reply. I'm in"),
        ("reply yes, thursday is fine", "yes, thursday is fine"),
        ("complain that the soup was cold", "the soup was cold"),
        ("answer no to Bob, too late", "Bob: no, too late"),
    ],
)
def test_an_order_in_the_middle_is_read(order: str, note: str) -> None:
    assert order_as_note(order) == note


@pytest.mark.parametrize(
    "text",
    [
        # Notes.
        "ann: the lift is broken, tell Bob",
        "sorry Ann, it's our anniversary. Bea has time, ask her",
        "come at 10, ask for Ann",
        "when it rains, tell Ann",
        "the oven you fitted is cold, tell Bob",
        "the key is here, tell your brother",
        "it is late, tell him/her no",
        "i want the cook to be heard as well",
        "answer: no",
        # Whom is it for?
        "Ann asked Bea for tea, tell her no",
        "Ines still hasn't sent me her part, my boss wants it, tell her",
        "cancel the lift",
        "my daughter is ill, say that she can't come in",
        "we're late because Bo is ill, explain that I can't come",
        "Dr. Rowe is ill so we move Mrs Holt's date. tell her",
        "my aunt fell, let Ann know she can't travel",
        "he is in at 9, tell Bob",
        "Boiler's cold, tell him",
        "no copies of the key, ask Ann",
        "between us, say yes",
        "say yes to lunch with Bob at his club",
        # A note to somebody, of whom it says 'tell'.
        "dee - i won't make it on friday. pls tell the coach i want to keep my place",
        "Dee and Bo - if he can't come before noon then tell him not to come at all",
    ],
)
def test_what_leaves_open_whom_it_is_for_stays(text: str) -> None:
    assert order_as_note(text) == text


def test_a_late_order_has_the_place_of_the_name() -> None:
    ann = Recipient("Ann", frozenset(("Ann", HERE)), frozenset(("she",)))
    assert late_order("Ann called, thank her") == LateOrder(f"{HERE} called", "thank her", ann)
    assert late_order("it rains, tell Ann") == LateOrder("it rains", "tell Ann")
    assert late_order("it rains " * 200 + ", tell Ann") is None
