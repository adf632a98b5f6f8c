"""An order to an assistant is read as the note that says the same to the recipient: 'ask Piers to bring the ladder'.

Small models write mails from notes and fail at orders: they mix up who does what for whom. What an order adds to a note
are its first words and the third person, and rules turn both round: 'piers: please bring the ladder'. They know
English alone.
"""

import re

from email_assistant.requests.order_recipients import split_recipient
from email_assistant.requests.order_tasks import QUESTION_WORD, WRITE
from email_assistant.requests.request_form import looks_like_order
from email_assistant.requests.second_person import said_to

# Part of the keys of what is generated from orders: raised with every change of a rule or a table.
ORDERS_VERSION = 1
_LEAD = r"\W*(?:(?:please|pls|plz|also|then|and|but|so|next|can you|could you|i want to|i'd like to)[ ,]+)*"
_SENTENCE = re.compile(
    r"(?<=[.!?;])(?<!\bmr\.)(?<!\bms\.)(?<!\bdr\.)(?<!\bmrs\.)(?<!\bprof\.)(?<!\bno\.)\s+", re.IGNORECASE
)
_LETTER = r"(?:an?|the) (?:\w+ ){0,2}?(?:e-?mail|mail|letter|message|note|reply|answer|response)"
_BACK = r"(?: back)?"
# The order's first words, up to the recipient, and what they ask for.
_HEADS: tuple[tuple[str, str], ...] = (
    ("ask", r"ask "),
    ("ask", r"(?:check|find out) (?:with|from) "),
    ("remind", r"remind "),
    ("warn", r"warn "),
    ("thank", r"thank "),
    ("thanks", r"(?:say|send) (?:many )?(?:thanks|thank you) to "),
    ("sorry", rf"apologi[sz]e{_BACK} to |say sorry to "),
    ("congratulate", r"congratulate "),
    ("invite", r"invite "),
    ("offer", r"offer "),
    ("promise", r"promise "),
    ("wish", r"wish "),
    ("yes", r"say yes to "),
    ("no", r"say no to "),
    ("know", r"let "),
    (
        "tell",
        rf"(?:write|draft|compose|send) {_LETTER} to |(?:write|reply|respond|answer|say|explain|confirm|report|mention)"
        rf"{_BACK} to ",
    ),
    ("tell", r"(?:tell|inform|notify|update|assure|advise|write|answer|message|text|e-?mail|mail) "),
)
_HEAD = tuple((kind, re.compile(_LEAD + rf"(?:{pattern})", re.IGNORECASE)) for kind, pattern in _HEADS)
# The same to somebody who was named, or to nobody.
_YOU = r"(?:you|u)\b"
_CLAUSE = r"(?:that|it|i|i'm|i'll|i've|we|there|you|your|the|my|our|he|she|they)\b"
_NEXT: tuple[tuple[str, str], ...] = (
    ("ask", rf"ask {_YOU}"),
    ("ask", rf"(?:ask|check|see|find out)(?= (?:if|whether|{QUESTION_WORD}))"),
    ("remind", rf"remind {_YOU}"),
    ("warn", rf"warn {_YOU}"),
    ("thank", rf"thank {_YOU}"),
    ("thanks", r"say (?:many )?(?:thanks|thank you)"),
    ("sorry", rf"apologi[sz]e(?:{_BACK} to {_YOU})?|say (?:i'm |i am )?sorry"),
    ("congratulate", rf"congratulate {_YOU}"),
    ("invite", rf"invite {_YOU}"),
    ("offer", rf"offer {_YOU}"),
    ("promise", rf"promise {_YOU}"),
    ("wish", rf"wish {_YOU}"),
    ("yes", r"say yes"),
    ("no", r"say no"),
    ("know", rf"let (?={_YOU} know)"),
    ("tell", rf"(?:tell|inform|assure|answer) {_YOU}"),
    ("tell", rf"(?:say|mention|explain|add|confirm|stress|point out|reply|respond|answer)(?=:| {_CLAUSE})"),
)
_NEXT_TASK = tuple((kind, re.compile(_LEAD + rf"(?:{pattern})", re.IGNORECASE)) for kind, pattern in _NEXT)
_NEXT_ASKED = re.compile(_LEAD + r"ask(?= (?:for|about)\b)", re.IGNORECASE)
_ANY_NEXT = "|".join(f"(?:{pattern})" for _, pattern in _NEXT)
_JOINT = r"(?:,? (?:and|but|then|&|\+)(?: then| also)?|, (?:and |but |then |also )*|[.;] ?)"
_SPLIT = re.compile(rf"{_JOINT} ?(?=(?:also |please |then )*(?:{_ANY_NEXT}))", re.IGNORECASE)


def order_as_note(order: str) -> str:
    """An order to an assistant as a note to the recipient: 'ask Piers if he is in' becomes 'piers: are you in?'.

    What is no order, or in another language than English, stays as it is.

    Args:
        order: The request as typed, on one line.
    """
    kind, rest = _head(order) if looks_like_order(order) else ("", order)
    if kind == "know":
        whom, _, rest = rest.partition(" know")
        recipient, _ = split_recipient(whom.rstrip(","))
    else:
        recipient, rest = split_recipient(rest) if kind else (None, rest)
    if recipient is None:
        return order
    first, *others = _SENTENCE.split(said_to(rest, recipient))
    tasks = [*_tasks(kind, first), *(task for sentence in others for task in _tasks("", sentence))]
    note = _joined([note for task, text in tasks if (note := WRITE[task](text).strip())])
    return f"{recipient.front}: {note}" if recipient.front and note else note or order


def _head(order: str) -> tuple[str, str]:
    """The kind of an order's first task, and what follows its first words; empty if they are of no known kind."""
    return next(((kind, order[found.end() :]) for kind, head in _HEAD if (found := head.match(order))), ("", order))


def _tasks(kind: str, text: str) -> list[tuple[str, str]]:
    """The tasks of a sentence, each with its words: 'thank you for the photos and ask if Lena is in' are two.

    Args:
        kind: The kind of the first task, if it is known.
        text: The sentence, from the end of its first words on if the kind is known.
    """
    tasks: list[tuple[str, str]] = []
    for piece in _SPLIT.split(text):
        if tasks or not kind:
            kind, piece = _next_task(piece)
        tasks.append((kind, piece))
    return tasks


def _next_task(text: str) -> tuple[str, str]:
    if found := _NEXT_ASKED.match(text):
        return "ask", text[found.end() :]
    for kind, head in _NEXT_TASK:
        if found := head.match(text):
            return kind, text[found.end() :]
    return "say", text


def _joined(notes: list[str]) -> str:
    """Notes as sentences of one line."""
    return " ".join(
        note if number == len(notes) or note.endswith((".", "!", "?", ";", ":", "…")) else f"{note}."
        for number, note in enumerate(notes, 1)
    )
