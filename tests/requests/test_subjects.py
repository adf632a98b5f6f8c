"""The subjects that notes leave out: who is meant is put back, and nothing where it is not certain."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.subjects import count, put_in
from email_assistant.requests.prompting import user_message
from email_assistant.requests.reading import Reading
from email_assistant.requests.subjects import with_subjects

CASES = Path(__file__).parent / "subjects_cases.jsonl"


@pytest.mark.parametrize(
    ("note", "full"),
    [
        ("piers: need ladder back before sunday", "piers: i need ladder back before sunday"),
        ("Need ladder back. Can't wait longer.", "I need ladder back. I can't wait longer."),
        ("got your parcel, will pay friday", "i got your parcel, i will pay friday"),
        ("thanks for parcel. will pay friday", "thanks for parcel. i will pay friday"),
        ("still waiting for glass. also lost your letter", "i'm still waiting for glass. i also lost your letter"),
        ("tomorrow will bring oil", "tomorrow i will bring oil"),
        ("out till monday - can sign then", "i'm out till monday - i can sign then"),
        ("if it rains, won't come", "if it rains, i won't come"),
        ("needs oil. (ann, think you have some)", "needs oil. (ann, i think you have some)"),
        ("need to talk, call me. impressed!!", "i need to talk, call me. i'm impressed!!"),
        ("NEED LADDER. Thanks", "I NEED LADDER. Thanks"),
        ("got it. will pay\ncoming on friday?", "i got it. i will pay\nare you coming on friday?"),
        ("- need ladder\n- will pay", "- i need ladder\n- i will pay"),
        ("want to sign up for: rope, knots", "i want to sign up for: rope, knots"),
        ("off mon jan. 15. can sign then", "i'm off mon jan 15. i can sign then"),
        ("fyi out feb. 3. ok for you?", "fyi i'm out feb 3. ok for you?"),
        ("coming on tuesday?", "are you coming on tuesday?"),
        ("could send plan by 3?", "could you send plan by 3?"),
        ("want lamp or candle?", "do you want lamp or candle?"),
        ("needs mending. doesn't work in rain", "it needs mending. it doesn't work in rain"),
        ("sorry, been away. thought you were coming?", "sorry, i've been away. i thought you were coming?"),
        ("finished wick? need it by 3 p.m. friday", "have you finished wick? i need it by 3 p.m. friday"),
        (
            "lamp arrived. works fine. should be ready by friday",
            "lamp arrived. it works fine. it should be ready by friday",
        ),
        ("lamp broken, need it by friday, can't wait", "lamp is broken, i need it by friday, i can't wait"),
        ("hall flooded so no need to come", "hall flooded so there is no need to come"),
        ("love it but can't come", "i love it but i can't come"),
        ("so proud of you. love to come", "i'm so proud of you. i'd love to come"),
        ("seen the plan. hope it rains", "i've seen the plan. i hope it rains"),
        ("Mr and Mrs Wick, got your lamp", "Mr and Mrs Wick, i got your lamp"),
        ("sorry about the lamp, been away", "i'm sorry about the lamp, i've been away"),
        ("throw it away, don't need it", "throw it away, i don't need it"),
        ("still ill, can't come. feeling better?", "still ill, i can't come. are you feeling better?"),
        ("fancy a lamp? need it back?", "do you fancy a lamp? do you need it back?"),
        ("rang jo, can't come", "i rang jo, can't come"),
        ("rang jo, need a lift", "i rang jo, i need a lift"),
        ("spoke to my brother, won't sell", "i spoke to my brother, won't sell"),
        ("saw the lamp, can't use it", "i saw the lamp, i can't use it"),
        ("can you send it, need it friday", "can you send it, i need it friday"),
        ("thank you for the oil, will pay friday", "thank you for the oil, i will pay friday"),
        ("no. can't come. see no. 4", "no. i can't come. see no. 4"),
        ("need oil: lamp's dry", "i need oil: lamp's dry"),
        ("stuck on para 6, will ring", "i'm stuck on para 6, i will ring"),
        ("in york till friday, on nights now", "i'm in york till friday, i'm on nights now"),
        ("hope all well, hope you ok", "i hope all is well, i hope you are ok"),
        ("works for me, lamp leaks, costs 5 a day", "it works for me, lamp leaks, it costs 5 a day"),
        ("lamp broke, sold it. took ages", "lamp broke, i sold it. it took ages"),
        ("lamp broke so bought the red one", "lamp broke so i bought the red one"),
        ("send it friday? ring him?", "could you send it friday? could you ring him?"),
        ("friday ok? lamp still free?", "is friday ok? is lamp still free?"),
        ("you free tuesday? you got the lamp?", "are you free tuesday? have you got the lamp?"),
        (
            "ok to sell it? ok with that? any chance of rain?",
            "is it ok to sell it? are you ok with that? is there any chance of rain?",
        ),
        ("get my message? this the last one?", "did you get my message? is this the last one?"),
        ("tried that, didn't help", "i tried that, it didn't help"),
        ("can't help, sorry. won't help you move", "i can't help, sorry. i won't help you move"),
        ("just pushed to main", "i just pushed to main"),
        ("just noticed, calling it twice is dead", "i just noticed, calling it twice is dead"),
        ("realised too late", "i realised too late"),
        ("meant from the start of the list", "i meant from the start of the list"),
        ("pretty sure that is gone", "i'm pretty sure that is gone"),
        ("kinda worried we solve it twice", "i'm kinda worried we solve it twice"),
        ("on it now", "i'm on it now"),
        ("quite busy tomorrow", "i'm quite busy tomorrow"),
        ("makes sense to wait", "it makes sense to wait"),
        ("won't solve it today, need sleep", "i won't solve it today, i need sleep"),
        ("didn't change the oil yet", "i didn't change the oil yet"),
        ("no good idea how to teach it", "i have no good idea how to teach it"),
        ("ok makes sense. add it", "ok that makes sense. add it"),
    ],
)
def test_what_is_left_out_is_put_back(note: str, full: str) -> None:
    assert with_subjects(note) == full


@pytest.mark.parametrize(
    ("note", "full"),
    [
        ("contract ready, needs your signature", "contract is ready, needs your signature"),
        ("redraft of your letters attached", "redraft of your letters is attached"),
        ("both confirm drafts attached", "both confirm drafts are attached"),
        ("revised wording attached, call me", "revised wording is attached, call me"),
        ("flynn keen to come. don't mind", "flynn is keen to come. i don't mind"),
        ("both lamps and the oil here. ann not coming", "both lamps and the oil are here. ann is not coming"),
        ("susan revising the plan. people in class till 3", "susan is revising the plan. people are in class till 3"),
        ("ann maybe interested too, bo on it", "ann is maybe interested too, bo is on it"),
        ("report is ready", "report is ready"),
        ("rehearsal thurs 7pm. deposit 30%", "rehearsal is thurs 7pm. deposit is 30%"),
        ("tickets £5 each, fee 10 euros", "tickets are £5 each, fee is 10 euros"),
        ("viewing at 5 tomorrow. funeral on the 11th", "viewing is at 5 tomorrow. funeral is on the 11th"),
        ("match moved to 3, flyers printed", "match has been moved to 3, flyers have been printed"),
        ("lamp broken since monday", "lamp has been broken since monday"),
        ("keys on the desk, lamp in the shed", "keys are on the desk, lamp is in the shed"),
        ("two tests failing, two down with flu", "two tests are failing, two are down with flu"),
        ("signed copy attached, x-ray attached", "signed copy is attached, x-ray is attached"),
        ("photos attached", "photos are attached"),
        ("evening sun. lunch meeting at 3. show week", "evening sun. lunch meeting at 3. show week"),
        ("ann signed. the author agreed", "ann signed. the author agreed"),
        ("the rehearsal thurs 7pm suits me", "the rehearsal thurs 7pm suits me"),
        ("send photo attached to the letter", "send photo attached to the letter"),
        ("lunch meeting at 3", "lunch meeting at 3"),
        ("spring cleaning on saturday", "spring cleaning on saturday"),
        ("rye/wheat sold. oats sold. room booked", "rye/wheat has been sold. oats have been sold. room is booked"),
        ("ladder too short, oil not here. tea on us", "ladder is too short, oil is not here. tea is on us"),
        ("hall fully booked, lamp badly leaking", "hall is fully booked, lamp is badly leaking"),
        ("ann ill, can't come", "ann is ill, can't come"),
        ("mr wick sick, will be back weds", "mr wick is sick, will be back weds"),
        ("april: new lamp attached", "april: new lamp is attached"),
        (
            "half our tenors work late, the tin contains the wick dry",
            "half our tenors work late, the tin contains the wick dry",
        ),
        ("a letter explaining the plan", "a letter explaining the plan"),
        ("moved out, watch out, evens out", "moved out, watch out, evens out"),
        ("keeping him home today", "i'm keeping him home today"),
        ("chair's going up 5 pounds", "chair's going up 5 pounds"),
        ("two weeks late", "two weeks late"),
        ("simply waiting for rain", "simply waiting for rain"),
        ("is the lamp ready?", "is the lamp ready?"),
        ("shop prob closed, seats limited", "shop is prob closed, seats are limited"),
        ("yeah boiler broken again", "yeah boiler is broken again"),
    ],
)
def test_is_and_are_are_put_back_between_a_plain_subject_and_what_is_said_of_it(note: str, full: str) -> None:
    assert with_subjects(note) == full


@pytest.mark.parametrize(
    ("note", "full"),
    [
        ("no lift thurs, no deliveries till 7", "there is no lift thurs, there are no deliveries till 7"),
        ("no lamp needed. nothing wrong with it", "there is no lamp needed. there is nothing wrong with it"),
        ("kind of you to ask. up to you", "it is kind of you to ask. it is up to you"),
        ("too heavy for me, so no chance", "it is too heavy for me, so there is no chance"),
        ("sorry about the lamp", "i'm sorry about the lamp"),
        ("sorry to nag, very sorry. my mistake", "i'm sorry to nag, i'm very sorry. it was my mistake"),
        ("no idea who. two questions, is it dry", "i have no idea who. i have two questions, is it dry"),
        ("£5 each, not dangerous, all sorted now", "it is £5 each, it is not dangerous, it is all sorted now"),
        (
            "still no reply. no trains tomorrow. no gas",
            "there is still no reply. there are no trains tomorrow. there is no gas",
        ),
        ("nothing serious. no phones, no excuses", "it is nothing serious. no phones, no excuses"),
        ("no phones on stage. no scripts", "no phones on stage. no scripts"),
        ("no chance was missed. nothing to do with you", "no chance was missed. nothing to do with you"),
        ("No charge. Sorry about the lamp.", "No charge. Sorry about the lamp."),
        ("sorry, up at five", "sorry, up at five"),
    ],
)
def test_there_is_and_it_is_are_put_back_where_typed_words_need_them(note: str, full: str) -> None:
    assert with_subjects(note) == full


@pytest.mark.parametrize(
    "note",
    [
        "guys got the job. maybe found someone",
        "our shop is closed, can't deliver, waiting for steel",
        "ann and jo are ill, can't come",
        "lee took the lamp, will ring you",
        "mr wick returned, took it and told me",
        "owe me half",
        "i had a word with ann, admits it. will pay you",
        "Ann is ill. Can't come. Will ring on friday.",
        "bill came. will ring you",
        "Missed call from Tom",
        "went well. got damaged in the post. going well",
        "tom off school today, will be back weds",
        "haven't arrived yet. won't rain. need not come",
        "missed call from tom, ring him",
        "Signed contract. signed contract?",
        "ann and i want a swap, need your word",
        "no tiling, need a tiler for that",
        "What I do like: keeping the vans",
        "Bed 1: going home today",
        "it costs 5 and is useful, costs of the day are 6",
        "have your hair cut. had you noticed?",
        "",
        "piers: ",
        "send me the plan by 3",
        "call ann, tell her it's off",
        "have a good trip, have a look at page 3, have ann sign it",
        "don't forget the bread. don't mind the dog",
        "think about it. feel free to ring. guess what",
        "bill is ill, can't come, will call you",
        "told me you were out",
        "asked by ann to come",
        "lamps can be copied. can be copied at my table",
        "left door sticks. lost property is in room 4. need for speed is gone",
        "running costs are up. getting the licence took weeks",
        "want it earlier, tell me",
        "did bob come? any news? will rain stop play?",
        "may bookings full",
        "meant for you",
        "pretty tired horses, quite busy road",
        "just posted by tom, just called off, just pushed back to friday",
        "Makes sense.",
        "accounts w/ Hale & Co. International Limited",
        "prob moving it to friday",
        "yeah perfectly ok, send it",
        "i need the ladder, you said you can lend it",
        "нужна лестница, приду в пятницу",
        "want de auto is stuk, met vriendelijke groeten",
        "met le dossier sur la table",
        "ask Piers to bring the ladder. Need it by friday",
        "Love, Ann",
        "agree to the price. enjoy the weekend",
        "won't turn on. will take 3 days. came broken",
        "working hours 9 to 5",
        "Tom arrived late. that sounds fine",
        "the man waiting at the door wants you",
        "am Montag komme ich, was in der Rechnung steht, will ich wissen",
        "Will Smith called",
        "write to bob@example.org, see www.example.org/will be there",
    ],
)
def test_nothing_is_put_in_where_it_is_not_certain(note: str) -> None:
    assert with_subjects(note) == note


IMPERSONAL = {"is", "are", "has been", "have been", "it is", "there is", "there are"}


def test_notes_of_many_kinds_get_most_of_their_subjects_and_hardly_a_wrong_one() -> None:
    right = wrong = needed = 0
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        wanted, found = (put_in(case["note"], full) for full in (case["full"], with_subjects(case["note"])))
        # The cases are about persons.
        found = {place: text for place, text in found.items() if text not in IMPERSONAL}
        needed += len(wanted)
        right += sum(wanted.get(place) == text for place, text in found.items())
        wrong += sum(wanted.get(place) != text for place, text in found.items())
    assert right >= 0.7 * needed
    assert wrong <= 0.03 * right


def test_where_is_is_put_back_it_was_left_out() -> None:
    right = wrong = 0
    for line in (Path(__file__).parent / "copula_cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        wanted, found = (put_in(case["note"], full) for full in (case["full"], with_subjects(case["note"])))
        right += sum(text in {"is", "are"} and wanted.get(place) == text for place, text in found.items())
        wrong += sum(text in {"is", "are"} and place not in wanted for place, text in found.items())
    assert right >= 40
    assert wrong <= 0.2 * right


@pytest.mark.parametrize("piece", ["a", ",", ", ", "ing ", " ", ".", ". ", "?", "-", "(!", " .", "need", "\n"])
def test_a_long_note_of_one_piece_stays_and_takes_no_time(piece: str) -> None:
    text = piece * (8000 // len(piece)) + "x"
    assert with_subjects(text) == text


def test_doing_it_twice_changes_nothing() -> None:
    notes = [json.loads(line)["note"] for line in CASES.read_text(encoding="utf-8").splitlines()]
    once = [with_subjects(note) for note in notes]
    assert [with_subjects(note) for note in once] == once
    assert once != notes


def test_prompts_have_them_only_if_asked() -> None:
    request = {"id": "a", "instruction": "need ladder", "context": None}
    assert user_message(request, Reading(subjects=True)) == "i need ladder"  # type: ignore[arg-type]
    assert user_message(request) == "need ladder"  # type: ignore[arg-type]


def test_who_speaks_for_others_gets_an_i_only_for_what_one_person_feels() -> None:
    assert with_subjects("we sell lamps. got yours. can't deliver") == "we sell lamps. got yours. can't deliver"
    assert with_subjects("we sell lamps. think yours is dry") == "we sell lamps. i think yours is dry"
    assert with_subjects("we sell my lamps. can't deliver") == "we sell my lamps. i can't deliver"


def test_hostile_notes_take_time_in_proportion() -> None:
    begin = time.process_time()
    for note in ("a " + "?" * 100_000 + "x?", "( " * 20_000, "ok, " * 20_000):
        with_subjects(note)
    assert time.process_time() - begin < 10


def test_plain_notes_get_nearly_half_of_what_they_leave_out_and_seldom_something_else() -> None:
    counts: Counter[str] = Counter()
    for line in (Path(__file__).parent / "plain_notes.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        counts += count([put_in(case["note"], case["full"])], [put_in(case["note"], with_subjects(case["note"]))])
    assert counts["same"] >= 90
    assert counts["other"] + counts["extra"] <= 14
