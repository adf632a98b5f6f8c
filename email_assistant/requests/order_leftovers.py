"""What of an order no rule turned into words to the recipient: 'make that clear to Ann'. Such an order stays."""

import re

from email_assistant.lexicon import order_words
from email_assistant.requests.order_recipients import one_of
from email_assistant.requests.second_person import HERE

_SAYS = r"(?:answer|reply|respond|say|ask|explain|tell|write)"
_THIS = r"(?:that|this|it|all this|all that)"
_PERSON = r"(?:the|my|our|him|her|them|you|(?-i:[A-Z]))"
_MANNERS = one_of(order_words.MANNERS)
SMILEY = r"with an? (?:\w+ )?(?:smiley|emoji)"
_FOR_ASSISTANT = (
    r"(?:get|save|spare|excuse|free) me (?:out of|off|from|away)\b",
    rf"(?:make|get|put|pass|run) {_THIS} (?:(?:very |really |quite )?(?:clear|plain|known) |across |on )?"
    rf"(?:to|by|past) {_PERSON}",
    r"(?:that|this)(?:['’]?s| is) (?:what|all) (?:i|we)(?:['’]d| would)? (?:want|like|need|have) to "
    r"(?:send|say|tell|write|ask)\b",
    r"(?:somebody|someone) (?:should|must|has to|needs to|ought to|had better) (?:let|tell|ask|inform|warn|remind)\b",
    rf"react\b|(?:act|sound|be) {one_of(order_words.MOODS)}\b",
    rf"{_SAYS}(?: back)? {_MANNERS}\b",
    r"give (?:the|this|that|his|her|their|your|it) (?:\w+ ){0,3}my (?-i:[A-Z])",
    rf"(?:to|on|about) (?:the|his|her|their|your) (?:\w+ ){{0,2}}(?:point|question|remark|comment|part) {_SAYS}\b",
    r"(?:tell|ask|remind|inform|let) you\b|(?:her|him|them) know\b",
    rf"{_MANNERS}(?=[.!,;]|$)",
)
_JOINS = r"(?:and|but|so|then|also|just|otherwise)"
_LEFT_IN_TYPED, _LEFT = (
    re.compile(
        rf"(?:^(?:(?:{at_start})\b,? ){{0,4}}|[.,:;!?–—-]\s+(?:(?:please|pls|{_JOINS})\b,? ){{0,4}})"
        rf"(?:{'|'.join(_FOR_ASSISTANT)})|"
        rf"\b{SMILEY}\b|\band to please\b|{HERE}",
        re.IGNORECASE,
    )
    for at_start in (f"please|pls|{_JOINS}", _JOINS)
)


def has_leftovers(note: str, is_typed: bool) -> bool:
    """Whether a note has words that are for the assistant.

    Args:
        note: What a task of the order became.
        is_typed: Whether no rule put words before it: 'please' may then be said to the assistant.
    """
    return (_LEFT_IN_TYPED if is_typed else _LEFT).search(note) is not None
