"""However an order begins, it is read."""

import pytest

from email_assistant.requests.order_openings import opened_order
from email_assistant.requests.orders import order_as_note


@pytest.mark.parametrize(
    ("order", "note"),
    [
        # What is said around an order.
        ("can you tell Ann I'm late", "Ann: I'm late"),
        ("Could you please ask Ann whether she is in", "Ann: are you in?"),
        ("can u let Ann know soup is at 6", "Ann: soup is at 6"),
        ("pls remind Ann she owes me 40", "Ann: reminder: you owe me 40"),
        ("I want you to tell Ann that I'm late", "Ann: I'm late"),
        ("I'd like to invite Ann to supper", "Ann: would you like to come to supper?"),
        ("need to tell Ann and Bob they are early", "Ann and Bob: you are early"),
        ("let's tell Ann we're late", "Ann: we're late"),
        ("I'd be grateful if you could ask Ann if she is in", "Ann: are you in?"),
        ("would you mind asking Ann if she is in", "Ann: are you in?"),
        ("can you write to the club? the gate is open", "the gate is open"),
        # Who is to do something.
        ("get Ann to bring her pan", "Ann: please bring your pan"),
        (
            "have Ann bring her pan, if she can't she should ring",
            "Ann: please bring your pan, if you can't you should ring",
        ),
        ("have them send the keys", "please send the keys"),
        ("I want Ann not to wait", "Ann: please don't wait"),
        ("I need the whole team to vote", "whole team: please vote"),
        ("persuade Ann to stay", "Ann: please stay"),
        ("see if Ann can swap her shift", "Ann: can you swap your shift?"),
        ("find out if Mr Ng got it and when he'll pay", "Mr Ng: did you get it? when will you pay?"),
        ("find out from Ann who did her roof", "Ann: who did your roof?"),
        ("want to know from Ann whether the car is hers", "Ann: is the car yours?"),
        # A letter to somebody.
        (
            "a mail to Uncle Bob saying thanks for the soup and that Ann is in",
            "Uncle Bob: thanks for the soup. Ann is in",
        ),
        ("email to Ann: has she got the key", "Ann: have you got the key?"),
        ("a quick note to Ann that I'm late", "Ann: I'm late"),
        ("message to Ann please, I found her hat", "Ann: I found your hat"),
        ("mail about the sale to Ann: I need her to come", "Ann: the sale: I need you to come"),
        ("drop Ann a line, her hat is here", "Ann: your hat is here"),
        ("email Ann to say her hat is here", "Ann: your hat is here"),
        ("write the school that Bo is ill", "Bo is ill"),
        ("answer Ann, yes I can take her cat", "Ann: yes I can take your cat"),
        ("an apology to Mr Ng for the noise", "Mr Ng: sorry for the noise"),
        ("a reminder to Ann that she owes me 40", "Ann: reminder: you owe me 40"),
        ("an invitation to Ann for sunday", "Ann: would you like to come for sunday?"),
        ("a thank you to Ann for the soup", "Ann: thanks for the soup"),
        ("write a polite refusal to Mrs Ng, it is too late", "Mrs Ng: it is too late"),
        ("send a thank you note to the Holts for the soup", "Holts: thanks for the soup"),
        ("say happy birthday to my godson Leon and that his hat is late", "Leon: happy birthday. your hat is late"),
        ("please write to the Holts below us: they're welcome", "Holts: you're welcome"),
        ("Message Ann - did she take my hat?", "Ann: did you take my hat?"),
        ("text Ann im outside", "Ann: im outside"),
        ("question for Ann: is the hat hers?", "Ann: is the hat yours?"),
        ("get hold of Ms Ng and ask her whether it is late", "Ms Ng: is it late?"),
        ("would be great if you could remind Ann she owes me 40", "Ann: reminder: you owe me 40"),
        # What somebody should know.
        ("pass on to Coach Ng that Bo is ill", "Coach Ng: Bo is ill"),
        ("Ann needs to know that her shift is moved", "Ann: your shift is moved"),
        ("make sure Ann knows that the code is 4411", "Ann: the code is 4411"),
        ("let Ann down gently, we hired Bob", "Ann: i'm sorry, we hired Bob"),
        ("I owe Ann an apology, I shouted at her", "Ann: sorry, I shouted at you"),
        ("have a word with Ann about her dog", "Ann: your dog"),
        ("explain to the new guy, Bo, where the mugs are", "Bo: where the mugs are"),
        ("tell both my sons, Kit and Bo, that they are late", "Kit and Bo: you are late"),
        ("let Ann and the other coaches know there is no match", "Ann and the other coaches: there is no match"),
        ("tell them both I'm proud of them", "I'm proud of you"),
        ("you need to tell Ann I'm late", "Ann: I'm late"),
        ("can someone ask Ann if she has my pan", "Ann: do you have my pan?"),
        ("when you get a sec, ask Ann how her exam went", "Ann: how did your exam go?"),
        ("need to know from Ann by friday whether she's in", "Ann: i need to know by friday whether you're in"),
        ("could you inquire of Mr Ng whether his firm does wills", "Mr Ng: does your firm do wills?"),
        (
            "ask the vet can Pickle have his shots, and do i need to pay now",
            "can Pickle have his shots? and do i need to pay now?",
        ),
        ("Uncle Bob should please send his number again", "Uncle Bob: please send your number again"),
        ("chase Tollard heating, they said they'd come", "Tollard heating: you said you'd come"),
        ("chase Tollard & Sons about invoice 88, it's late", "Tollard & Sons: any news about invoice 88? it's late"),
        ("i want a refund from the gym, they charged me twice", "i want a refund, you charged me twice"),
        ("email Ann the minutes", "Ann: here are the minutes"),
        ("email the gas people my reading is 04417", "gas people: my reading is 04417"),
        ("RSVP to the Holts, yes for me, no for Bo", "Holts: yes for me, no for Bo"),
        ("for Mr Ng at the bank, please say that I never bought it", "Mr Ng: I never bought it"),
        ("quick one for the plumber: is he free on monday", "are you free on monday?"),
    ],
)
def test_an_order_is_read_however_it_begins(order: str, note: str) -> None:
    assert order_as_note(order) == note


@pytest.mark.parametrize(
    "text",
    [
        # To the reader.
        "can you tell Ann when you see her",
        "could you ask your brother if he is in",
        "I want you to come",
        "get Ann to call you",
        # Of things.
        "get the ladder to the roof",
        "have a good day",
        "i need the key to open it",
        "need milk to bake",
        "see if the key fits",
        "the mail to Ann came back",
        # For several, each with a task.
        "get Ann to bring a cake and Bob to bring tea",
        "ask Ann or Bob if they are in",
        "ask whoever parks there to stop",
    ],
)
def test_what_is_said_to_the_reader_stays(text: str) -> None:
    assert order_as_note(text) == text


def test_an_opened_order_begins_with_its_verb() -> None:
    assert opened_order("can you get Ann to call") == "ask Ann to call"
    assert opened_order("can you call") is None
