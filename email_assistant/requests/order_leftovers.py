"""What of an order no rule turned into words to the recipient: 'make that clear to Ann'. Such an order stays."""

import re

from email_assistant.lexicon import order_words
from email_assistant.requests.order_persons import HERE
from email_assistant.requests.order_recipients import one_of

_SAYS = r"(?:answer|reply|respond|say|ask|explain|tell|write)"
_THIS = r"(?:that|this|it|all this|all that)"
_PERSON = r"(?:the|my|our|him|her|them|you|(?-i:[A-Z]))"
_MANNERS = one_of(order_words.MANNERS)
SMILEY = r"with an? (?:\w+ )?(?:smiley|emoji)"
_TONES = one_of(order_words.TONES)
# How a mail is to be written, as an order of its own.
HOW_TO_WRITE = (
    rf"(?:be (?:very )?{_TONES}(?:(?: and| but|,) {_TONES})* about (?:it|that|this)|"
    rf"(?:keep|make) it (?:very |sound )?{_TONES}(?:(?: and| but|,) {_TONES})*|"
    rf"(?:in an?|with a) (?:very )?{_TONES} (?:tone|way|manner)|no need to be {_TONES})(?: please| though)?"
)
_FOR_ASSISTANT = (
    r"(?:get|save|spare|excuse|free) me (?:out of|off|from|away)\b",
    rf"(?:make|get|put|pass|run) {_THIS} (?:(?:very |really |quite )?(?:clear|plain|known) |across |on )?"
    rf"(?:to|by|past) {_PERSON}",
    r"(?:that|this)(?:['’]?s| is) (?:what|all) (?:i|we)(?:['’]d| would)? (?:want|like|need|have) to "
    r"(?:send|say|tell|write|ask)\b",
    r"(?:tell|ask|remind|inform) (?!(?:him|her|them|the|my|our|your|you|everyone|me|us)\b)(?-i:[A-Z])[\w'’-]+ "
    r"(?:that|if|whether|to|he|she|they|it|we|i|i['’]\w+)\b",
    r"(?:can |could )?(?:somebody|someone)(?: (?:should|must|has to|needs to|ought to|had better))? (?:please )?"
    r"(?:let|tell|ask|get|inform|warn|remind)\b",
    rf"(?:keep|make) it (?:\w+ )?{_TONES}\b|be {_TONES} about\b",
    r"(?:write|say|tell|pass|send) (?:that|this) (?:on )?to\b",
    rf"react\b|(?:act|sound|be) {one_of(order_words.MOODS)}\b",
    rf"{_SAYS}(?: back)? {_MANNERS}\b",
    r"give (?:the|this|that|his|her|their|your|it) (?:\w+ ){0,3}my (?-i:[A-Z])",
    rf"(?:to|on|about) (?:the|his|her|their|your) (?:\w+ ){{0,2}}(?:point|question|remark|comment|part) {_SAYS}\b",
    r"(?:tell|ask|remind|inform|let) you\b|(?:her|him|them) know\b",
    rf"{_MANNERS}(?=[.!,;]|$)",
)
_JOINS = r"(?:and|but|so|then|also|just|otherwise)"
# 'Ann: I'm late and tell Bob he can start' has two recipients.
_FOR_ANOTHER = (
    r"^(?![^.!?]*\b(?:please|can you|could you)\b)[^.!?]*\b(?:and|but) (?:tell|ask|inform|remind) (?-i:[A-Z])[\w'’-]+ "
    r"(?:that|if|whether|he|she|they|it)\b"
)
_LEFT_IN_TYPED, _LEFT = (
    re.compile(
        rf"(?:^(?:(?:{at_start})\b,? ){{0,4}}|[.,:;!?–—-]\s+(?:(?:please|pls|{_JOINS})\b,? ){{0,4}})"
        rf"(?:{'|'.join(_FOR_ASSISTANT)})|"
        rf"\b{SMILEY}\b|\band to please\b|{HERE}|{_FOR_ANOTHER}",
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
