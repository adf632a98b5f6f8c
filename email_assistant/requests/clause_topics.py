"""Whom a clause of a rough note is about, which says who may be meant by the next one without a subject."""

import re

from email_assistant.lexicon.note_names import CALLED, NAMES
from email_assistant.lexicon.note_subjects import LEADS, PERSONS, REACHED, REQUESTS, STATES_OF_PERSONS, THANKS
from email_assistant.requests.copulas import split_lead

# 'Tom need the ladder' calls Tom.
_SAID_TO_NAMED = frozenset(
    ("need", "want", "can", "can't", "could", "please", "pls", "have", "got", "thanks", "thx", "will", "would", "is")
)
# 'Lee took the minutes'.
_DID = re.compile(r"(?:took|gave|sent|made|found|paid|brought|bought|knows|thinks|comes|goes|works|\w{3,}ed)$")
# 'My brother is ill', 'ann came'; 'love the kids' is about the writer.
_PERSON = re.compile(
    rf"{LEADS}(?!(?:it|this|that|there|which|everything|all|one|miss|love|tell|ask|call|give|see|meet|help|thanks?|thx|"
    rf"hope|let|send|bring)\b)(?:\S+ ){{0,3}}?(?:{PERSONS})\b|"
    r"(?!(?:but|and|so|or|now|it|that|this|there)\b)\w+ (?:is|was|has|had|came|got|went|said|called|rang|wants|wanted|"
    r"will|can|told|asked|left|needs|says|did|won['’]t|can['’]t|didn['’]t)\b",
    re.IGNORECASE,
)
_ILL = re.compile(rf"{LEADS}{STATES_OF_PERSONS}\b", re.IGNORECASE)
_REACHED = re.compile(rf"{LEADS}(?:i |i['’]ve |just |we )*(?:{REACHED}) (?P<whom>\S+)(?: \w+)?", re.IGNORECASE)
_SOMEBODY = re.compile(rf"{LEADS}(?:i |i['’]ve |just |we )*(?:{REACHED}) (?:\w+ ){{0,2}}(?:{PERSONS})\b", re.IGNORECASE)
# 'Ann and I want a swap, need your word', 'no tiling, need a tiler for that'.
_WITH_OTHERS = re.compile(
    rf"{LEADS}(?:there (?:is|are) )?(?:still )?no |.*\b(?:we|you|u)\b|.*(?:&|\+|\band) i\b", re.IGNORECASE
)
_IF = re.compile(rf"{LEADS}(?:if|when|once|after|before|unless)\b", re.IGNORECASE)
_REQUEST = re.compile(rf"{LEADS}(?:{REQUESTS})\b", re.IGNORECASE)
# After these, another clause may be about the writer again.
_MINE = re.compile(
    rf"{LEADS}(?:i\b|i['’])|(?:fyi|ok|okay|yes|yep|no|nope|well|(?!if|when)\w+)$|(?:thanks|thx|sorry|hi|hello) \w+$|"
    rf"{LEADS}$|(?:(?:hi|hey|hello|dear) )?(?:(?:mr|mrs|ms|miss|dr|prof|professor|rev|lady|sir)\.?(?: (?:&|\+|and))? )"
    rf"{{1,2}}\w+(?: (?!\w+ed$)\w+)?$|{THANKS}$",
    re.IGNORECASE,
)
_SAID_I = re.compile(rf"{LEADS}(?:i|i['’]\w+) ", re.IGNORECASE)
# 'Had a word with ann, admits it': somebody does these who was named before.
_STILL = re.compile(
    r"(?:(?:still|also|just|only|really|never|already) )?(?:says|admits|seems|wants|thinks|reckons|knows|needs|has|is|"
    r"was|sounds|looks|agrees|hopes|doesn['’]?t|isn['’]?t|wasn['’]?t|hasn['’]?t|likes|loves|hates|feels|gets|goes|"
    r"comes)\b",
    re.IGNORECASE,
)
_VERY = re.compile(r"(?:very|so|quite|too|really|a bit|bit) \w+$", re.IGNORECASE)
_LATER_I = re.compile(r" (?:i|i['’]\w+) ", re.IGNORECASE)


def topic(clause: str, before: str, acts: re.Pattern[str]) -> str:
    """Whom a clause is about that got no subject.

    'mine': a subject that is left out after it is the writer, as 'typed' with an 'i' in the clause, and 'open' after a
    condition; 'person', and 'named' if in the sentence before, or rung, met or asked: it may be somebody else;
    'others': the writer and others, or the reader; 'asked': what the reader is asked to do; 'thing': anything else.

    Args:
        clause: The clause.
        before: What this function said of the clause before.
        acts: Verbs of which the writer is the subject.
    """
    if reaches_somebody(clause):
        return "named"
    if _SAID_I.match(clause):
        return "typed"
    if _ILL.match(clause):
        return "person"
    if _MINE.match(clause) or (before in {"named", "person"} and acts.match(clause)):
        return before
    if _IF.match(clause):
        return "typed" if _LATER_I.search(clause) else "open"
    if _REQUEST.match(clause):
        return "asked"
    if _WITH_OTHERS.match(clause):
        return "others"
    # 'Dog had his stitches out, very brave'.
    if before in {"person", "named"} and (_VERY.match(clause) or _STILL.match(split_lead(clause)[1])):
        return before
    if _PERSON.match(clause) or _begins_with_name(clause):
        return "person"
    return "typed" if _LATER_I.search(clause) else "thing"


def reaches_somebody(clause: str) -> bool:
    """Whether the writer says that somebody was rung, met or asked: the next clause may be what that person said."""
    if _SOMEBODY.match(clause):
        return True
    reached = _REACHED.match(clause)
    return reached is not None and reached["whom"].casefold().strip(".,'’") in CALLED


def _begins_with_name(clause: str) -> bool:
    words = split_lead(clause)[1].casefold().split(" ", 2)
    if len(words) < 2 or not words[1].isalpha() or words[1] in _SAID_TO_NAMED:
        return False
    return words[0] in NAMES or (words[0] in CALLED and bool(_DID.match(words[1])))
