"""A request that a person typed on several lines, on one: prompts and training notes have one line.

A line that a person ended without a full stop ends a sentence all the same, and the signs in front of a list's items
say nothing to the reader.
"""

import itertools
import re
from collections.abc import Sequence

from email_assistant.archive.mail_parts import NOT_NAMES
from email_assistant.lexicon.note_names import CALLED
from email_assistant.lexicon.note_words import SHORT_FIRST_WORDS
from email_assistant.requests.spelling import frequent_words

# The sign in front of an item of a list: '-', '•', '2)', 'b.', '[ ]'.
_ITEM = re.compile(r"(?:[-–—*•·▪>+]|\[[ xX]?\]|\(?(?:\d{1,2}|[a-hA-H])[.)])\s+")
# What needs nothing after it.
_ENDED = re.compile(r"[.,:;!?…/&+=>–—-]$")
_GREETS = r"(?:(?:for|to|dear|hi|hello|hey|дорогая|дорогой|привет) )?"
# Whom a note is for, on a line of its own: 'Odette', 'hi Dunja', 'for Mr and Mrs Hale'; above a list, any few words.
_NAMED = re.compile(rf"(?i:{_GREETS})(?P<name>[A-ZА-ЯЁ][\w'’.-]*)(?: (?:and|&|и|[A-ZА-ЯЁ][\w'’.-]*)){{0,3}}")
_FEW_WORDS = re.compile(r"[^\W\d_][\w'’.&-]*(?: [^\W\d_][\w'’.&-]*){0,3}")
_SHORT_WORDS = frozenset(SHORT_FIRST_WORDS.split())
# With these words, a line may go on with the sentence of the one above, or begin the next.
_GOES_ON = re.compile(
    r"(?:and|but|or|nor|because|since|as|if|when|where|which|who|that|than|before|after|by|until|till|on|at|in|for|with|"
    r"without|from|to|of|about|и|а|но|или|что|чтобы|если|когда|до|после|в|во|на|к|с|со|от|для|без|о|об|по|за) ",
    re.IGNORECASE,
)
# After one of these, a sentence goes on in the next line: 'i will be at the', 'and'.
_UNFINISHED = re.compile(
    r"\b(?:a|an|the|my|your|our|their|and|or|but|because|if|with|from|of|at|very|и|а|но|или|что|чтобы|если|в|во|к|ко|"
    r"с|со|от|для|без|по|за|на|о|об|не)$",
    re.IGNORECASE,
)
# A longer line was broken by a program, not by the person, if the next one goes on in lower case.
_TYPED = 60


def one_line(request: str) -> str:
    """A request on one line: its own lines are sentences, and the first one may say whom it is for."""
    typed = [line for line in map(str.split, request.splitlines()) if line]
    lines = [" ".join(line) for line in typed]
    if len(lines) < 2:
        return "".join(lines)
    items = [_ITEM.match(line) is not None for line in lines]
    said = [_ITEM.sub("", line, count=1) if is_item else line for line, is_item in zip(lines, items, strict=True)]
    joined = [said[0]]
    for place, (line, following) in enumerate(itertools.pairwise(said)):
        is_addressee = place == 0 and not items[0] and _is_addressee(line, said[1:], items[1])
        joined += [": " if is_addressee else _joint(line, following, items[place + 1]), following]
    return "".join(joined)


def _joint(line: str, following: str, is_followed_by_item: bool) -> str:
    """What stands between two lines."""
    was_broken = len(line) >= _TYPED and following[:1].islower() and not is_followed_by_item
    if was_broken or _ENDED.search(line) or _UNFINISHED.search(line):
        return " "
    return ", " if _GOES_ON.match(following) and not is_followed_by_item else ". "


def _is_addressee(line: str, below: Sequence[str], is_above_list: bool) -> bool:
    """Whether a first line says whom the note is for, or what the list below it is."""
    if _ENDED.search(line) or _UNFINISHED.search(line):
        return False
    if is_above_list and _FEW_WORDS.fullmatch(line):
        return True
    named = _NAMED.fullmatch(line)
    if named is None or named["name"].casefold() in NOT_NAMES:
        return False
    # 'Parking', 'Late' and the first word of a list of words are no names, though phones capitalize them.
    word = line.casefold()
    is_word = word in frequent_words() or word in _SHORT_WORDS or not any(" " in other for other in below)
    return " " in line or not is_word or word in CALLED
