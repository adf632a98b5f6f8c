"""Orders that are not wholly understood stay as typed, and nothing in a note is for the assistant."""

from itertools import product

import pytest

from email_assistant.requests.order_persons import HERE
from email_assistant.requests.orders import order_as_note


@pytest.mark.parametrize(
    ("order", "note"),
    [
        # How a mail is to be written is not said in it.
        ("apologise to Bram for me, I was late", "Bram: sorry, I was late"),
        ("thank Bram for me", "Bram: thanks"),
        ("tell Bram from me that he won", "Bram: you won"),
        ("tell Bram politely that his dog barks", "Bram: your dog barks"),
        ("ask Mrs Quint politely if she is in", "Mrs Quint: are you in?"),
        ("text Bram to move his van. Politely. I can't get out", "Bram: please move your van. I can't get out"),
        ("decline the offer from the ski club kindly, I'm away", "i have to decline your offer, I'm away"),
        ("explain with a smiley that the dog ate it", "the dog ate it"),
        ("say to Bram with a smiley that the dog ate it", "Bram: the dog ate it"),
        ("answer Bram that yes, it fits, and to please bring it", "Bram: yes, it fits. please bring it"),
        (
            "thank Mrs Quint for the plums, and let her know the jam is done",
            "Mrs Quint: thanks for the plums. the jam is done",
        ),
        ("I paid twice, make that clear to the parking lady, and say I want it back", "I paid twice. I want it back"),
        (
            "it never came and nobody calls. that's what I want to write Holt Freight",
            "Holt Freight: it never came and nobody calls.",
        ),
        ("someone should tell Ida the hall is shut. tell her I'm sorry", "Ida: the hall is shut. I'm sorry"),
        ("can somebody please get Bram to move his van. tell him I'm late", "Bram: please move your van. I'm late"),
        ("can we get Bram to sing again this year? tell him we'll pay", "Bram: please sing again this year. we'll pay"),
        (
            "could you let Bram know that the lift is out, and thank him for waiting?",
            "Bram: the lift is out. thanks for waiting",
        ),
        (
            "we'd love to come. write that to Mrs Quint and ask her what to bring",
            "Mrs Quint: we'd love to come. what should i bring?",
        ),
        ("the hall is ours from 6. pass that on to the choir", "choir: the hall is ours from 6."),
        ("please apologise on my behalf, I mixed up the days", "sorry, I mixed up the days"),
        ("my tenant Bram hasn't paid. ask him politely when he will", "Bram: you haven't paid. when will you?"),
        (
            "say no to Sade about the car. be nice about it, we need it",
            "Sade: i have to say no about the car. we need it",
        ),
        ("tell Bram the answer is no, but be polite about it", "Bram: the answer is no"),
        ("write to Mrs Quint that we can't come. keep it short and friendly", "Mrs Quint: we can't come."),
        ("tell Sade how sorry I am and that I'll pay for it", "Sade: I am so sorry. I'll pay for it"),
        (
            "tell Sade how much we loved her cake and how much it meant to us",
            "Sade: we really loved your cake. it meant so much to us",
        ),
        ("I'd like Sade to know how much her visit meant to us", "Sade: your visit meant so much to us"),
        ("tell Bram how much it costs", "Bram: how much it costs"),
        (
            "can't do friday. ask Sade if she can and suggest monday",
            "Sade: can't do friday. can you? how about monday?",
        ),
        ("tell Sade I can't come and suggest we meet on the 4th", "Sade: I can't come. i suggest we meet on the 4th"),
        (
            "tell the club that the gate is open. Also thank Mr Quint for waiting",
            "the gate is open. Also please thank Mr Quint for waiting",
        ),
        ("mail Sade about the rota, I've had three sundays", "Sade: about the rota, I've had three sundays"),
        ("tell Bram that I can't, and to ask Ida instead", "Bram: I can't. please ask Ida instead"),
        (
            "check with Bram that he got my letter, and if he didn't I'll ring",
            "Bram: did you get my letter? and if you didn't I'll ring",
        ),
        ("let them know at the clinic that I'm ill", "I'm ill"),
        ("reply to Bram's invitation, we'd love to come", "Bram: about your invitation, we'd love to come"),
        ("write Bram an apology, I was late", "Bram: sorry, I was late"),
        ("congratulate Bram and ask him to lunch", "Bram: congratulations. would you like to come to lunch?"),
        ("wish Bram good luck and tell him to breathe", "Bram: i wish you good luck. please breathe"),
        ("write to Bram for me and ask if he's in", "Bram: are you in?"),
        (
            "say thanks to everyone who came to dad's party, it meant a lot",
            "everyone who came to dad's party: thanks, it meant a lot",
        ),
        ("ask Bram if it's got a lid", "Bram: has it got a lid?"),
        ("the plumber never came, find out from him why", "you never came. why?"),
        ("tell Bram we can't, would the 21st suit him", "Bram: we can't, would the 21st suit you?"),
        ("email Bram back, his idea is good", "Bram: your idea is good"),
        # The recipient is asked to do it, and not the assistant.
        ("ask Bram to get me out of the meeting", "Bram: please get me out of the meeting"),
        ("tell Bram to run it past the board", "Bram: please run it past the board"),
    ],
)
def test_words_for_the_assistant_are_left_out(order: str, note: str) -> None:
    assert order_as_note(order) == note


@pytest.mark.parametrize(
    "order",
    [
        "please get me off the committee, say I moved",
        "react annoyed, then ask Bram when he paid",
        "tell Bram I saw it, react annoyed, then ask when he paid",
        "tell Bram the draft is fine, and otherwise give the change my Reviewed-by",
        "to the last point answer that we have no budget",
        "I can't come. explain with a smiley that the cake fell",
        # Nobody is certain to be meant.
        "decline the party, say we like their house",
        "the Holts and we eat at New Year. Ask her whether she cooks",
        # Two women: who is fetched?
        "let Ms Quint know that Ida's dad is fetching her",
        "tell Ann that Ida's brother found her scarf",
        "tell Ann Bob's brother found his scarf",
    ],
)
def test_an_order_that_is_not_wholly_understood_stays(order: str) -> None:
    assert order_as_note(order) == order


@pytest.mark.parametrize(
    ("order", "note"),
    [
        ("thank aunty Sade for the scarf she knitted", "aunty Sade: thanks for the scarf you knitted"),
        ("tell mum Kit is ill", "mum: Kit is ill"),
        ("say no to aunty Ann's dog", "aunty Ann: no, your dog"),
        ("tell the town mayor that we won", "we won"),
        ("tell my dentist Dr. Quint rent is due", "Dr. Quint: rent is due"),
        (
            "thank all at Elm Lodge for how they cared for my dad",
            "all at Elm Lodge: thanks for how you cared for my dad",
        ),
        ("tell everyone at Elm Kit is ill", "everyone at Elm: Kit is ill"),
        (
            "let Sade, Bram and the kids know it's at 3, they should come early",
            "Sade, Bram and the kids: it's at 3, you should come early",
        ),
        ("Remind the players in team B that they pay on Friday", "players in team B: reminder: you pay on Friday"),
        ("tell the tenants in the morning that the lift is out", "tenants: the lift is out"),
        (
            "the ferry at New Year is full. Ask him whether he has a boat",
            "the ferry at New Year is full. do you have a boat?",
        ),
        (
            "decline the Elm quote politely, say we like their sketches",
            "i have to decline your Elm quote. we like your sketches",
        ),
        ("Sade wants to know if she can bring her dog. Say yes", "Sade: you asked if you can bring your dog. yes"),
        ("let Ms Quint know that Ida's dad is late and she can go", "Ms Quint: Ida's dad is late and you can go"),
        (
            "It isn't here and the office said they sent it. ask them please, I need it",
            "office: It isn't here and you said you sent it. I need it",
        ),
        # Questions.
        ("ask them why my order says shipped when it was here", "why does my order say shipped when it was here?"),
        ("ask Sade if she's still got my pan", "Sade: have you still got my pan?"),
        ("ask Sade if she's still lost", "Sade: are you still lost?"),
        ("ask why exactly it's better to wait", "why exactly is it better to wait?"),
        ("ask Bram when this small light gets hot", "Bram: when does this small light get hot?"),
        ("ask Bram if that lamp is sold", "Bram: is that lamp sold?"),
        ("ask Bram why this costs so much", "Bram: why does this cost so much?"),
    ],
)
def test_recipients_and_questions_of_several_words(order: str, note: str) -> None:
    assert order_as_note(order) == note


_SOMEBODY = ("Bram", "the surgery", "Ms Quint", "my sister Sade", "Bram and Ida", "the tenants", "aunty Sade", "dad")
_BEFORE = (
    "It isn't at the shop and {0} said it was sent.",
    "{0} wants to know if we come.",
    "{0} and Otto sent it, or {0} did,",
    "No news from {0} and {0}'s van is here,",
    "Cancel lunch with {0} and Otto.",
    "I owe {0} money but {0} has my bike.",
)
_ORDERS = ("ask them please", "tell him yes", "say sorry", "let her know I'm in", "say no and thank them", "chase them")


@pytest.mark.parametrize("order", [f"{b.format(s)} {o}" for b, s, o in product(_BEFORE, _SOMEBODY, _ORDERS)])
def test_what_stands_for_a_name_is_never_in_a_note(order: str) -> None:
    note = order_as_note(order)
    assert note
    assert HERE not in note


def test_what_stands_for_a_name_is_no_word_of_orders_that_are_read() -> None:
    orders = [f"{b.format(s)} {o}" for b, s, o in product(_BEFORE, _SOMEBODY, _ORDERS)]
    assert sum(order_as_note(order) != order for order in orders) > len(orders) // 4
