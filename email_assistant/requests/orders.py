"""An order to an assistant is read as the note that says the same to the recipient: 'ask Piers to bring the ladder'.

Small models write mails from notes and fail at orders: they mix up who does what for whom. What an order adds to a note
are its first words and the third person, and rules turn both round: 'piers: please bring the ladder'. They know
English alone.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_names import CALLED
from email_assistant.requests.late_orders import LateOrder, late_order, order_to_nobody
from email_assistant.requests.order_leftovers import HOW_TO_WRITE, SMILEY, has_leftovers
from email_assistant.requests.order_mentions import called_in
from email_assistant.requests.order_openings import is_said_to_reader, opened_order, without_fillers
from email_assistant.requests.order_persons import SUBJECTS_BY_OBJECT, Recipient
from email_assistant.requests.order_recipients import one_of, person_at_start, split_recipient
from email_assistant.requests.order_tasks import QUESTION_WORD, WRITE, is_said_before
from email_assistant.requests.question_order import as_question
from email_assistant.requests.request_form import LETTER, looks_like_order
from email_assistant.requests.second_person import SecondPerson

# Part of the keys of what is generated from orders: raised with every change of a rule or a table.
ORDERS_VERSION = 5
_LEAD = r"\W*(?:(?:please|pls|plz|kindly|also|then|and|but|so|next|can you|could you|i want to|i'd like to)[ ,]+)*"
_SENTENCE = re.compile(
    r"(?<=[.!?;])(?<!\bmr\.)(?<!\bms\.)(?<!\bdr\.)(?<!\bmrs\.)(?<!\bprof\.)(?<!\bno\.)\s+", re.IGNORECASE
)
_MANNER = rf"(?:very )?{one_of(order_words.MANNERS)}"
_MANNERS = rf"{_MANNER}(?:,? (?:and|but)? ?{_MANNER})*"
# 'If it costs more tell her that's ok'.
_IF_TELL = re.compile(
    r"(\bif (?:he|she|they|it)(?:['’]s)?(?: (?!(?:and|or|to|ask|tell)\b)[\w'’]+){1,6}?),? "
    r"(?:tell (?:him|her|them)\b(?: that (?=\w))?|ask (?:him|her|them)\b(?= (?:if|whether|who|what|where|when)\b))",
    re.IGNORECASE,
)
# 'If it's Bob ask her to ring him'.
_IF_ASK_TO = re.compile(
    r"(\bif (?:he|she|it)(?:['’]s| \w+)(?: (?!(?:and|or|to|ask|tell)\b)[\w'’]+){0,6}?),? "
    r"(?:ask|tell) (?:him|her|them) to\b",
    re.IGNORECASE,
)
# How a mail is to be written, after its recipient: 'apologize to Ann for me', 'tell Ann politely that'.
_ASIDE = re.compile(
    rf"(?:,? (?:(?:for|from) me|on my behalf|{_MANNER}|{SMILEY}(?: face)?))+"
    rf"(?=[,.:;!?]|$| (?:for|that|about|to|if|whether|{QUESTION_WORD}|i|i['’]\w+|we|it|the|my|"
    r"and (?:ask|say|tell|thank))\b)",
    re.IGNORECASE,
)
# The same before it: 'explain with a smiley that'.
_WITH_SMILEY = re.compile(
    rf"^((?:\w+ ){{0,3}}?(?:say|reply|respond|answer|explain|write)(?: back)?) {SMILEY}(?: face)?(?=:| that\b)",
    re.IGNORECASE,
)
# 'Decline her offer politely, …'.
_LATE_MANNER = re.compile(rf",? {_MANNERS}(?=[,.;]|$)", re.IGNORECASE)
# 'Nicely' says nothing to the recipient.
_IS_MANNER = re.compile(rf"\W*(?:{_MANNERS}|{HOW_TO_WRITE})\W*", re.IGNORECASE)
# 'Be nice about it, …'.
_HOW_TO_WRITE = re.compile(
    rf"(?:^|(?P<mark>[.!?]\s+)|,? (?:and|but) |, ){HOW_TO_WRITE}(?:(?P<end>[.!?;])|,\s|\s*$)", re.IGNORECASE
)
_SAYS_NOTHING = frozenset(("", "please", "pls", "plz"))
# At the end of a text, a clause that needs another.
_REASON = re.compile(
    r"(?:^|[.!?] )(?:and |but |so )?(?:since|because|as|if|when|now that|although|though|while|once) [^,;:.!?]*$",
    re.IGNORECASE,
)
_THANK_ANOTHER = re.compile(r"^((?:also|and),? )?thank (?=(?-i:[A-Z]))", re.IGNORECASE)
# 'Let them know at the clinic that I am ill'.
_AT_PLACE = re.compile(r"^ (?:at|in) (?:the |my |our )?\w+(?: \w+)?(?= that\b|:)", re.IGNORECASE)
# Said to the reader: 'ask your dad if he is in', 'let them know that you are here'.
_YOUR_PERSON = re.compile(r"(?:your|ur)\b", re.IGNORECASE)
_TO_PRONOUN = re.compile(r"(?:him|her|them)\b", re.IGNORECASE)
# 'Tell Ann Bob is late': what is left, 'is late', has lost its subject.
_LOST_SUBJECT = re.compile(rf" {one_of(order_words.FINITE)}\b", re.IGNORECASE)
# 'Check with Ann that she got it' asks.
_CHECK_THAT = re.compile(
    rf"^({_LEAD}(?:check|find out) with .{{1,40}}?),? that "
    r"(?=(?:i|we|he|she|they|it|there|the|my|our|his|her|their)\b)",
    re.IGNORECASE,
)
_LETTER = rf"(?:an?|the) (?:\w+ ){{0,2}}?{LETTER}"
_BACK = r"(?: back)?"
# Kinds of tasks that begin with their own name.
_OWN_WORDS = ("remind", "warn", "congratulate", "invite", "offer", "promise", "wish")
# The order's first words, up to the recipient, and what they ask for.
_HEADS: tuple[tuple[str, str], ...] = (
    *((kind, f"{kind} ") for kind in _OWN_WORDS),
    ("anybody", rf"ask (?=(?:if|whether|{QUESTION_WORD}) (?:he|she|they)\b)"),
    ("ask", r"(?:ask|beg|nudge) "),
    ("ask", r"(?:check|find out) (?:with|from) "),
    ("chase", r"(?:chase|nudge) (?!\S+ to\b)"),
    ("accept", r"accept "),
    ("decline", r"(?:decline|refuse|turn down|reject) "),
    ("forward", r"forward "),
    (
        "thank",
        r"thank |(?:say|send) (?:many )?(?:thanks|thank you) to |"
        r"(?:send|write) an? thank[- ]you(?: (?:note|card|letter|e-?mail|mail|message))? to ",
    ),
    ("sorry", rf"apologi[sz]e{_BACK} to |say sorry to "),
    ("yes", r"(?:say|reply|answer) yes to "),
    ("no", r"(?:say|reply|answer) no to "),
    ("suggest", r"(?:suggest|propose) to "),
    ("greet", r"say (?=(?:\S+ ){1,3}to )"),
    ("know", r"let "),
    (
        "write",
        rf"(?:write|draft|compose|send) {_LETTER} to |(?:write|reply|respond|answer|say|explain|confirm|report|mention|"
        rf"complain){_BACK} to |confirm with ",
    ),
    ("write", r"(?:write|answer|message|text|e-?mail|mail) "),
    ("tell", r"(?:tell|inform|notify|update|assure|advise) "),
)
_HEAD = tuple((kind, re.compile(_LEAD + rf"(?:{pattern})", re.IGNORECASE)) for kind, pattern in _HEADS)
_FROM = re.compile(r"(?:the|an?) (?P<said>\w+) (?:from|of) ", re.IGNORECASE)
_TO = re.compile(r"(?P<said>(?:\S+ ){1,3}?)to ", re.IGNORECASE)
_BETWEEN = {"accept": _FROM, "decline": _FROM, "forward": _TO, "greet": _TO}
# The same to somebody who was named, or to nobody.
_YOU = r"(?:him|her|them|you)\b"
_CLAUSE = r"(?:that|it|i|i'm|i'll|i've|we|there|you|your|the|my|our|he|she|they)\b"
_NEXT: tuple[tuple[str, str], ...] = (
    *((kind, rf"{kind} {_YOU}") for kind in _OWN_WORDS),
    ("nothing", rf"ask(?: {_YOU})? {_MANNERS}(?=[,.!;]|$)"),
    ("ask", rf"(?:ask|beg|nudge) {_YOU}(?= )|ask {_YOU}|get {_YOU}(?= to\b)|(?:find out|check) (?:with|from) {_YOU}"),
    ("ask", rf"(?:ask|check|see|find out)(?= (?:if|whether|{QUESTION_WORD}))"),
    ("ask", r"ask(?= for (?:my|our|his|her|their|an?|the|another|some|more|new|something)\b)"),
    ("tell", rf"(?=how {one_of(order_words.FEELINGS)} (?:i|we)\b)"),
    ("tell", rf"(?=how much (?:(?:i|we) {one_of(order_words.FEELS)}|(?:it|that|this) (?:meant|means))\b)"),
    ("question", r"ask(?= (?:should|can|could|do|does|did|is|are|was|were|has|have|may|would|will)\b)"),
    ("ask", rf"(?=whether\b|(?:how (?:much|many|long|often)|what time) {_CLAUSE})|asking {_YOU}"),
    ("thank", rf"(?:thank|thanking) {_YOU}(?: (?:both|all)\b)?|say (?:many )?(?:thanks|thank you)"),
    ("suggest", r"(?:suggest|propose)(?! (?:to|you)\b)(?= \w)"),
    ("sorry", rf"apologi[sz]e(?:{_BACK} to {_YOU})?|say (?:i'm |i am )?sorry"),
    ("send", rf"send {_YOU}(?= (?:the|an?|my|our|some)\b)"),
    ("resend", rf"get (?:it|them|one) (?:off|from) {_YOU}"),
    ("nothing", rf"give {_YOU} an? (?:\w+ )?(?:nudge|push|poke|kick|reminder|prod|shout)"),
    ("here", rf"give {_YOU}(?= (?:my|our) (?:\w+ )?{one_of(order_words.DETAILS)}\b)"),
    ("give", rf"give {_YOU}"),
    ("nothing", rf"(?:put|set) {_YOU} (?:right|straight)|(?:chase|nudge) {_YOU}(?!\w| (?:for|about)\b)"),
    ("chase", rf"(?:chase|nudge) {_YOU}"),
    ("yes", r"(?:say|reply|answer) yes\b"),
    ("no", r"(?:say|reply|answer) no\b"),
    ("refuse", rf"(?:turn (?:it|this|that|{_YOU}) down|decline|refuse)(?: {_MANNER})?(?=[,.!;]|$)"),
    ("know", rf"let {_YOU}(?= know)"),
    ("tell", rf"(?:tell|telling|inform|assure|answer|e-?mail|mail|text|message|write) {_YOU}"),
    ("tell", rf"(?:write|reply|respond|say|explain){_BACK} to {_YOU}"),
    ("tell", r"complain(?= that\b)"),
    ("tell", rf"(?:say|mention|explain|add|confirm|stress|point out|reply|respond|answer)(?=:| {_CLAUSE})"),
    ("tell", r"write(?: back)?(?= that\b)"),
    ("tell", r"say (?=congratulations\b|well done\b|good luck\b)"),
)
# In the middle of a sentence, the reader may be told to: 'come at 10, ask for Ann'.
_NEXT_TASK = tuple(
    (kind, re.compile(_LEAD + rf"(?:{pattern})", re.IGNORECASE))
    for kind, pattern in (("ask", r"ask(?= (?:for|about)\b)"), *_NEXT)
)
_ANY_NEXT = "|".join(f"(?:{pattern})" for _, pattern in _NEXT)
_ANY_TASK = re.compile(_LEAD + rf"(?:ask (?:for|about)\b|{_ANY_NEXT})", re.IGNORECASE)
_JOINT = r"(?:,? so(?= say\b)|,? (?:and|but|then|&|\+)(?: then| also)?|, (?:and |but |then |also )*|[.;] ?)"
_SPLIT = re.compile(rf"{_JOINT} ?(?=(?:also |please |then ){{0,3}}(?:{_ANY_NEXT}))", re.IGNORECASE)


def order_as_note(order: str) -> str:
    """An order to an assistant as a note to the recipient: 'ask Piers if he is in' becomes 'piers: are you in?'.

    What is no order, or in another language than English, stays as it is.

    Args:
        order: The request as typed.
    """
    # Capital letters alone tell no names.
    typed = _WITH_SMILEY.sub(r"\1", " ".join((order.casefold() if order.isupper() else order).split()))
    for said in _orders(typed):
        kind, rest = _head(_CHECK_THAT.sub(r"\1 if ", said.order, count=1))
        if not said.recipient and _is_for_reader(rest):
            return order
        recipient, rest = (said.recipient, said.order) if said.recipient else _recipient(kind, rest)
        if recipient and (said.recipient or kind == "ask" or not _LOST_SUBJECT.match(rest)):
            return _note(recipient, _all_tasks(said, kind, rest)) or order
    return order


def _is_for_reader(text: str) -> bool:
    """Whether what follows an order's first words makes it one to the reader of the mail."""
    to_pronoun = _TO_PRONOUN.match(text) is not None and is_said_to_reader(text)
    return to_pronoun or _YOUR_PERSON.match(text) is not None


def _orders(typed: str) -> Iterator[LateOrder]:
    """What was typed as an order, with what is said before it: the likeliest reading first."""
    if looks_like_order(typed):
        yield LateOrder("", typed)
    if order := opened_order(typed):
        yield LateOrder("", order)
    if said := order_to_nobody(typed) or late_order(typed):
        yield said


def _note(recipient: Recipient, tasks: Sequence["_Task"]) -> str:
    """The note that says to the recipient what an order's tasks are; empty if it is not clear."""
    # 'Tell Ann that and thank her': what?
    if tasks[0].kind != "say" and is_said_before(tasks[0].text):
        return ""
    recipient = _called_once(recipient, tasks)
    called = called_in(" ".join(f"{task.called} {task.text}" for task in tasks), recipient)
    if called is None:
        return ""
    person, notes, has_rest = SecondPerson(called), list[str](), False
    for task in tasks:
        person.is_meant_by(task.called)
        notes.append(as_question(WRITE[task.kind](person.said(task.text)).strip()))
        notes[-1] = person.with_others(notes[-1])
        has_rest = has_rest or has_leftovers(notes[-1], task.kind == "say")
    # 'Ask Ann if' says nothing yet.
    note = _joined([note for note in notes if note.strip(" ,.:;?!").casefold() not in _SAYS_NOTHING])
    # A wrong person is worse than an order that stays.
    if person.is_unclear or has_rest:
        return ""
    front = person.front_of(note)
    return f"{front}: {note}" if front and note else note


def _called_once(recipient: Recipient, tasks: Sequence["_Task"]) -> Recipient:
    """The recipient with the only pronoun by which the tasks call them: 'and remind them'."""
    called = frozenset(SUBJECTS_BY_OBJECT[task.called.casefold()] for task in tasks if task.called)
    return replace(recipient, pronouns=called) if len(called & recipient.pronouns) == len(called) == 1 else recipient


def _head(order: str) -> tuple[str, str]:
    """The kind of an order's first task, and what follows its first words; empty if they are of no known kind."""
    return next(((kind, order[found.end() :]) for kind, head in _HEAD if (found := head.match(order))), ("", order))


def _recipient(kind: str, text: str) -> tuple[Recipient | None, str]:
    """Whom an order is about, and what it says besides; None if that is not clear.

    Args:
        kind: The kind of the first task; empty: none is known.
        text: What follows its first words.
    """
    # Nobody is named: 'ask whether she got my letter'.
    if kind == "anybody":
        return Recipient("", frozenset(), frozenset(("he", "she", "they"))), text
    if kind == "know":
        whom, _, rest = text.partition(" know")
        return split_recipient(whom.rstrip(","))[0], _without_aside(_AT_PLACE.sub("", rest))
    # 'Forward the quote to Ann', 'decline the offer from Ann'.
    if (between := _BETWEEN.get(kind)) and (found := between.match(text)):
        recipient, rest = split_recipient(text[found.end() :])
        rest = _without_aside(rest)
        said = found["said"] if kind in {"forward", "greet"} else f"your {found['said']}"
        return recipient, f" {said}{rest}"
    if kind in {"accept", "decline"}:
        text = _LATE_MANNER.sub("", text)
    # 'Accept the job at Holt's' names no person.
    if kind in {"accept", "decline"} and not person_at_start(re.sub(r"['’]s .*", "", text)):
        return None, text
    recipient, rest = split_recipient(text) if kind else (None, text)
    # 'Say yes to lunch' names nobody.
    if kind in {"yes", "no"} and recipient and recipient.front.islower() and recipient.front not in CALLED:
        return None, text
    return recipient, _without_aside(rest)


def _without_aside(rest: str) -> str:
    return rest[aside.end() :] if (aside := _ASIDE.match(rest)) else rest


@dataclass(frozen=True)
class _Task:
    """What the assistant is told to do.

    Attributes:
        kind: A key of `WRITE`.
        text: The words after the task's own.
        called: The pronoun by which the order calls the recipient there; may be empty.
    """

    kind: str
    text: str
    called: str = ""


def _all_tasks(said: LateOrder, kind: str, text: str) -> list[_Task]:
    """The tasks of an order, after what is said before it.

    Args:
        said: The order.
        kind: The kind of its first task, if the order names the recipient.
        text: Its words, from the end of the first task's own on.
    """
    plain = _IF_ASK_TO.sub(r"\1 please", _IF_TELL.sub(r"\1,", _HOW_TO_WRITE.sub(_mark_of_tone, text)))
    first, *others = _SENTENCE.split(plain)
    tasks = [_Task("say", without_fillers(said.before))] if said.before else []
    tasks += _tasks("" if said.recipient else kind, first)
    sentences = [sentence for sentence in others if not _IS_MANNER.fullmatch(sentence)]
    return [*tasks, *(task for sentence in sentences for task in _tasks("", sentence))]


def _mark_of_tone(found: re.Match[str]) -> str:
    """What remains of 'be nice about it'."""
    if found["mark"] or not found.start():
        return found["mark"] or ""
    return f"{found['end']} " if found["end"] else ", " if found[0].endswith(" ") else ""


def _tasks(kind: str, text: str) -> list[_Task]:
    """The tasks of a sentence: 'thank her for the photos and ask if Lena is in' are two.

    Args:
        kind: The kind of the first task, if it is known.
        text: The sentence, from the end of its first words on if the kind is known.
    """
    first, *others = _SPLIT.split(text)
    return [_Task(kind, first) if kind else _next_task(first), *map(_next_task, others)]


def _next_task(text: str) -> _Task:
    for kind, head in _NEXT_TASK if _ANY_TASK.match(text) else ():
        if found := head.match(text):
            called = re.search(r"\b(him|her|them)(?: (?:both|all))?$", found[0], re.IGNORECASE)
            return _Task(kind, _without_aside(text[found.end() :]), called[1] if called else "")
    # 'Also thank Mr Bell' is for somebody else.
    text = _THANK_ANOTHER.sub(r"\1please thank ", text)
    # 'We won! And that it was his idea' tells more.
    return _Task("say", re.sub(r"^and that (?=(?:i|we|it|he|she|they|the|my|our)\b)", "", text, flags=re.IGNORECASE))


def _joined(notes: list[str]) -> str:
    """Notes as sentences of one line."""
    return " ".join(
        note if number == len(notes) or note.endswith((".", "!", "?", ";", ":", "…")) else f"{note}{_mark_after(note)}"
        for number, note in enumerate(notes, 1)
    )


def _mark_after(note: str) -> str:
    """What divides a note from the next: 'since Bo is away' is no sentence."""
    return "," if _REASON.search(note) else "."
