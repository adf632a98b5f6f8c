"""However an order begins, as one that begins with what to do: 'can you get Ann to call' is 'ask Ann to call'."""

import re

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_subjects import DETERMINERS, VERBS
from email_assistant.requests.order_recipients import one_of, person_at_start
from email_assistant.requests.request_form import looks_like_order

# 'Would you mind asking'.
_GERUNDS = dict(pair.split("=") for pair in order_words.GERUNDS.split())
_FILLER = rf"(?!(?:now|so|just) that\b){one_of(order_words.BEFORE_ORDERS)}\b[ ,.!:–-]*"
_WE = r"(?:(?:i|we)(?:['’]?ve|['’]?d|['’]?ll| would)? )?"
_PLEASE = rf"(?:,? {one_of(order_words.WITH_PLEAS)}\b)*,? "
_IF_YOU = r"if (?:you|u) (?:could|would|can)"
# 'Someone needs to tell Ann', 'you need to tell Ann'.
_SOMEBODY = (
    rf"(?:(?:can|could|would|will) (?:somebody|someone|anyone|anybody){_PLEASE}|"
    rf"(?:somebody|someone|anyone),? (?:please|pls),? |"
    rf"(?:somebody|someone|you|one of us) (?:should|must|ought to|(?:need|have)s? to|has to|had better){_PLEASE})"
)
# When it is to be done: 'when you get a sec'.
_WHENEVER = (
    r"(?:(?:when|if|once|whenever) (?:you|u)(?:['’]ve)? (?:get|have|got|find) (?:a|an|the|some|five|two) "
    r"(?:sec|second|minute|min|mins|minutes|moment|chance|time)\b[ ,]*)"
)
# What is said around an order: 'could you please', "I'd like you to".
_PLEAS = re.compile(
    rf"\W*(?:{_FILLER}|{_WHENEVER}|{_SOMEBODY}(?=ask|tell|let|get|remind|inform|warn|thank|write|e-?mail|text|message|mail)|"
    rf"(?:can|could|would|will) (?:you|u|ya|we){_PLEASE}|"
    rf"{_WE}(?:{_FILLER})?(?:want|need|like|love|have|got|ought|wish)(?: (?:you|u))? to{_PLEASE}|"
    rf"(?:(?:it |that )?(?:['’]d|would) (?=be )|it['’]d |{_WE})(?:be )?(?:(?:really|very|so) )?"
    rf"(?:great|good|nice|lovely|helpful|grateful|glad|happy|appreciate it) {_IF_YOU}{_PLEASE}|"
    rf"(?:i was |i )?(?:wondering|wonder) {_IF_YOU}{_PLEASE}|let['’]?s |"
    r"(?:remember|don['’]?t forget|help me|time) to )*",
    re.IGNORECASE,
)
_FILLERS = re.compile(rf"\W*(?:{_FILLER})+", re.IGNORECASE)
_ADJECTIVES = rf"(?:{one_of(order_words.OF_LETTERS)},? (?:(?:and|but) )?){{0,3}}"
_LETTER = rf"{one_of(order_words.LETTERS)}(?: back)?"
_A_LETTER = (
    rf"(?:(?:(?:i |we )?(?:need|want)|write|send|draft|compose|do|make|need|want) (?:me )?)?"
    rf"(?:an? |one )?{_ADJECTIVES}{_LETTER}"
)
_A_NEW_LETTER = rf"(?:write|send|draft|compose|do|make|need|want) (?:me )?an? {_ADJECTIVES}{_LETTER}"
_SAYING = r"(?:saying|asking|telling|thanking|explaining|about|to (?:say|ask|tell|thank)|that)\b"
_SAYS = rf"(?: please)?,?(?=[:,]| {_SAYING})"
_CLAUSE = r"(?:yes|no|that|im|ive|i|we|it|there|(?:i|we|it|he|she|they)['’]\w+|he|she|they|his|her|their)\b"
_MY_IS = r"(?:my|our|the) (?:\w+ )?\w+ (?:is|are|was|were|has|have|will|can['’]t|won['’]t|isn['’]t|hasn['’]t)\b"
_SEND = rf"(?:(?:write|send|draft|compose|do|make|want) )?(?:(?:an?|my|our) )?{_ADJECTIVES}"
_A_THING = r"(?:an?|my|our|the|some) (?:[\w-]+ ){0,3}?[\w-]+(?: back)?"
_AT = r"(?: (?:at|from) (?:the )?[\w'’]+(?: \w+)?)?"
_BY_WHEN = "(?:by|before|until|till|asap|today|tonight|tomorrow|this|now)"
_DOES = rf"(?: {'| '.join(VERBS.split())}| {'| '.join(order_words.MORE_VERBS.split())})\b"
# What comes before and after the recipient, and what it means.
_OPENINGS = tuple(
    (re.compile(before, re.IGNORECASE), re.compile(after, re.IGNORECASE), meant)
    for before, after, meant in (
        (rf"{_A_LETTER} (?:to|for) ", _SAYS, "write to {whom}"),
        (rf"{_A_NEW_LETTER} (?:to|for) ", "(?: please)?", "write to {whom}"),
        (rf"{_A_LETTER}(?P<topic> about [^:.!?;]{{1,60}}?) to (?=[A-Z])", "(?=:)", "tell {whom}{topic}"),
        (
            r"(?:drop|send|shoot|write) ",
            rf" (?:an? |one ){_ADJECTIVES}{_LETTER}(?=[:,.]| {_SAYING})",
            "write to {whom}",
        ),
        (rf"{_SEND}(?:apology|apologies) to ", "", "apologize to {whom}"),
        (rf"{_SEND}(?:thank[- ]you|thanks)(?: {_LETTER})? to ", "(?= for|,)", "thank {whom}"),
        (r"say (?P<topic>happy \w+) to ", "", "write to {whom}: {topic}"),
        (r"write to ", r"(?: [\w ]{1,30})?(?=:)", "write to {whom}"),
        (rf"{_SEND}invitation (?:to|for) ", "(?= (?:to|for)\\b)", "invite {whom}"),
        (rf"{_SEND}reminder (?:to|for) ", "(?= (?:to|that|about|of)\\b)", "remind {whom}"),
        (rf"{_SEND}(?:refusal|complaint|request|reply|answer) to ", "(?=[:,]| (?:that|about)\\b)", "write to {whom}"),
        (
            r"(?:write(?: to)?|answer|reply to|text|e-?mail|mail|message) ",
            rf"(?: back)?,? (?={_CLAUSE}|{_MY_IS})",
            "tell {whom} ",
        ),
        (r"(?:e-?mail|mail|message|text) ", r"(?=[.:]| [–-] )", "write to {whom}"),
        (r"chase(?: up)? ", r"(?: up)?(?=[,.:]| (?:for|about|again)\b)", "chase {whom}"),
        (
            rf"{_WE}(?:want|need|demand|claim|would like|expect) (?P<topic>{_A_THING}) from ",
            r"(?=[,.;] | (?:because|since|as|for|by)\b)",
            "tell {whom} i want {topic}",
        ),
        (r"(?:e-?mail|send|forward) ", r" (?P<topic>(?:the|my|our) (?:\w+ )?\w+)[.!]*$", "forward {topic} to {whom}"),
        (r"RSVP to ", r"[,:]? (?=(?:yes|no|we|i)\b)", "tell {whom} "),
        (r"(?:quick |short )?one for ", r"(?=:)", "tell {whom}"),
        (r"(?:to|for) ", rf"{_AT}(?: please)?[,:] (?:please )?(?=(?:say|ask|tell|thank)\b)", "tell {whom} "),
        (r"", r" (?:should|must|needs to|has to) (?:please|kindly) (?=\w)", "ask {whom} to "),
        (r"see if ", r" (?=(?:is|are|has|have) \w)", "ask {whom} if {they} "),
        (r"invite ", r"(?= (?:over|along|round|to|for|on)\b|[.,])", "invite {whom}"),
        (r"thank ", r"(?=[,.])", "thank {whom}"),
        (r"wish ", r" (?=(?:good|happy|luck|well|merry|safe)\b)", "wish {whom} "),
        (r"(?:write|send|give) ", r" an? (?:\w+ )?apology\b", "apologize to {whom}"),
        (r"have a word with ", "", "write to {whom}"),
        (r"(?:i|we) owe ", r" an? (?:big |huge )?apology\b", "apologize to {whom}"),
        (r"pass (?:it |this )?on to ", "", "tell {whom}"),
        (r"(?:get back to|get in touch with|get hold of|contact) ", "", "tell {whom}"),
        (r"(?:explain|say|describe) to ", rf",?(?= (?:{_SAYING}|what|where|when|why|how|who|which)\b)", "tell {whom}"),
        (r"let ", r" down(?:,? (?:gently|nicely|easy|easily|softly|kindly))?\b", "tell {whom} i'm sorry"),
        (r"make sure ", r" knows? (?:that )?", "tell {whom} "),
        (r"", r" (?:(?:needs?|has|have|ought) to|should|must) know (?:that )?", "tell {whom} "),
        (r"know from ", rf"(?= {_BY_WHEN}\b)", "tell {whom} i need to know"),
        (r"(?:find out|know|hear|learn) from ", "", "ask {whom}"),
        (r"write and ask ", "", "ask {whom}"),
        (r"(?:see|check|find out) (?:if|whether) ", r" (?=(?:can|could|will|would|might)\b)", "ask {whom} if you "),
        (r"find out (?:if|whether) ", r" (?=\w)", "ask {whom} if {whom} "),
        (rf"{_WE}(?:want|need|like|love) ", r" to know(?: that)?\b", "tell {whom}"),
        (r"inquire of ", r"(?= (?:if|whether|when|what|how|why|where|who)\b)", "ask {whom}"),
        (r"(?:persuade|convince|urge|request|push|nag) ", " (?=to )", "ask {whom} "),
        (
            rf"(?:get|{_WE}(?:want|need|like|love)) ",
            rf" (?=(?:not )?to (?!{one_of(DETERMINERS)}\b)(?-i:[a-z]))",
            "ask {whom} ",
        ),
        (r"have ", f"(?={_DOES})", "ask {whom} to"),
    )
)
# 'Get Ann to bring a cake and Bob to bring wine' has two recipients, with a task each.
_ANOTHER_TO = re.compile(r"\band (?-i:[A-Z])[\w'’-]+ (?:not )?to \w", re.IGNORECASE)
_MIND = re.compile(rf"mind ({'|'.join(_GERUNDS)})\b", re.IGNORECASE)
_IS_PLEA = re.compile(r"\W*(?:\w+,? )?(?:can|could|would|will) (?:you|u|ya|we|somebody|someone)\b", re.IGNORECASE)
# What is asked of Ann, and not of the assistant: 'can you ask Ann if she is in?'.
_ASKS = re.compile(
    r"[^.!?]*\b(?:if|whether|what|when|where|why|how|who|which)\b|[^.!?]*[,;:] (?:(?:and|but|or|so) )?"
    r"(?:can|could|will|would|does|do|did|is|are|has|have|should|may)\b|[^.!?]* (?:and|or|but) "
    r"(?:can|could|will|would|does|do|did|is|are|has|have|should|may) (?:i|we|he|she|they|it)\b|ask (?!.{1,40}? to\b)",
    re.IGNORECASE,
)
# Who is asked, is the reader.
_YOU = re.compile(r"(?<!thank )\b(?:you|your|yours|u|ur|yourself|yourselves)\b", re.IGNORECASE)
_LONGEST_OPENING = 200


def is_said_to_reader(text: str) -> bool:
    """Whether a text speaks to its reader, and not to an assistant."""
    return _YOU.search(text) is not None


def without_fillers(text: str) -> str:
    """A text without 'ok so' and the like at its beginning."""
    found = _FILLERS.match(text)
    return text[found.end() :] if found else text


def without_pleas(order: str) -> str:
    """An order without 'could you please' and the like."""
    found = _PLEAS.match(order[:_LONGEST_OPENING])
    plain = order[found.end() :] if found else order
    if minded := _MIND.match(plain):
        plain = _GERUNDS[minded[1].casefold()] + plain[minded.end() :]
    # 'Can you write to Ann? I need the key' asks nothing of Ann.
    if _IS_PLEA.match(order) and not _ASKS.match(plain):
        plain = re.sub(r"^([^.!?]*)\?(?=\s)", r"\1.", plain, count=1)
        plain = re.sub(r"^([^.!?]*)\?$", r"\1", plain, count=1)
    return plain


def opened_order(order: str) -> str | None:
    """An order as one that begins with 'ask', 'tell' or the like; None if it is not clear that it is one.

    Args:
        order: What was typed, on one line, from the order's first word on.
    """
    plain = without_pleas(order)
    if is_said_to_reader(plain):
        return None
    return _reworded(plain) or (plain if looks_like_order(plain) else None)


def _reworded(order: str) -> str | None:
    for before, after, meant in _OPENINGS:
        begin = before.match(order)
        whom = person_at_start(order[begin.end() :]) if begin else ""
        end = after.match(order, begin.end() + len(whom)) if begin and whom else None
        if begin and end and not (meant.startswith("ask") and _ANOTHER_TO.search(order, end.end())):
            they = "they" if re.search(" (?:and|&) ", whom) else whom
            groups = begin.groupdict() | end.groupdict()
            return meant.format(whom=whom, they=they, **groups) + order[end.end() :]
    return None
