"""What a person types beside a note, for the program and not for its reader, is left out of the prompt.

A small model copies it all: '(firm but polite)', 'Subject: parking. To Bo. Content:', 'um' and 'question mark' of
dictated notes, and a sign-off, below which it writes the owner's own. Capitals throughout are copied, too.
"""

import re
from collections.abc import Callable

from email_assistant.lexicon import asides
from email_assistant.lexicon.word_groups import plain
from email_assistant.requests.request_form import looks_like_order

_CAPITALS, _MIN_WORDS = 0.8, 4
_IN_BRACKETS = re.compile(r" ?\(([^()]{1,60})\)")
# The first words, up to a sign after which the note begins.
_SEGMENT = re.compile(r"([^.,:;!?\n]{1,60}?)(?: [-–—]|[.,:;!]+) +(?=\S)")
_WORD = re.compile(r"[^\W\d_]+")
_TITLED = r"(?:(?:mr|mrs|ms|dr|prof)\.? )?"
# A name, or 'the tax office': at most four words.
_NAME = rf"{_TITLED}[^\W\d_][\w'’-]*(?: (?:& )?[^\W\d_][\w'’-]*){{0,3}}"
_SUBJECT = re.compile(rf"subject: ([^.:\n]{{1,80}})\. to:? ({_NAME})\. +", re.IGNORECASE)
_TO = re.compile(rf"(?:to|for): ?({_NAME})[.,:;] +(?=\S)", re.IGNORECASE)
_FOR = re.compile(rf"(?:for|to) ({_NAME})(?::| [-–—]) +(?=\S)", re.IGNORECASE)
_KIND_FOR = re.compile(
    rf"{asides.KINDS} (?:for|to) ({_NAME})(?::| [-–—]) +(?:say(?:ing)? )?(?:that )?(?=\S)", re.IGNORECASE
)
_LABEL = re.compile(rf"(?:{asides.LABELS}): *", re.IGNORECASE)
_REPLY = re.compile(r"(?:my )?(?:reply|answer): +(?=\S)", re.IGNORECASE)
_NO_ADDRESSEES = frozenset(asides.NO_ADDRESSEES.split())
_CLOSING = re.compile(rf"(?<=[.!?…]) +(?i:{asides.CLOSINGS})[,.!]? [A-ZА-ЯЁ][\w'’-]*(?: [A-ZА-ЯЁ][\w'’.-]*){{0,2}}\.?$")
_FILLER = re.compile(rf"(?<![\w-])(?:{'|'.join(asides.FILLERS.split())})(?![\w-]),? ?")
_SAID_TWICE = re.compile(r"\b([\w'’]+(?: [\w'’]+)?) \1\b", re.IGNORECASE)
_SPOKEN = re.compile(rf" *\b(?:{'|'.join(said for said, _ in asides.SPOKEN)})\b")
_CLEAR = tuple(said for said, _ in asides.SPOKEN[: asides.CLEARLY_SPOKEN])
_SIGNS = dict(asides.SPOKEN)
_SIGN_AS = re.compile(r"(?i:sign(?:ed)? (?:it )?as) [A-ZА-ЯЁ][\w'’-]*(?: [A-ZА-ЯЁ][\w'’-]*)?(?:[.,:;!]+ +|\.?$)")
# Who gets a copy, in a sentence of its own.
_COPY = re.compile(
    r"(?:(?<=\A)|(?<=[.!?] ))cc:? (?:(?:my|the|our) )?[^\W\d_][\w'’-]*(?: [\w'’-]+){0,2}(?:[.:] +|\.?$)", re.IGNORECASE
)
# In a note without any sign and of more words than this, a sentence begins with these words, but not after those.
_SIGN, _MIN_UNMARKED = re.compile(r"[.,:;!?/()…]|\s[–—-]"), 12
_BEGINS = re.compile(
    r"\b([^\W\d_][\w'’-]*) ((?:can|could|would|will|do|did|are|have) (?:you|u|we|i)\b|please\b(?= \w)|let me know\b|"
    r"(?:thanks|thank you|sorry)\b(?= \w))",
    re.IGNORECASE,
)
_LEADS_ON = frozenset(asides.LEADING_ON.split())
# Parts of a note that are set off by slashes, two at least.
_SLASH = re.compile(r"(?<=\S) +/ +(?=\S)")
_ALONE, _OTHERS, _VERBS, _SMALL = (
    frozenset(table.split()) for table in (asides.TONE_ALONE, asides.TONE, asides.TONE_VERBS, asides.SMALL_WORDS)
)


def without_asides(note: str) -> str:
    """A note on one line without what its writer typed for the program only; the note itself if nothing is left."""
    text = _without_tone(_in_sentences(_without_dictation(_in_small_letters(note))))
    text = _COPY.sub("", _CLOSING.sub("", text)).rstrip()
    return text if _WORD.search(text) else note


def without_labels(note: str, as_note: Callable[[str], str] = str) -> str:
    """A note without the labels of a form that it is typed in: 'To: Bo. Content: …' is 'Bo: …'.

    Args:
        note: The note on one line, which is not read as an order.
        as_note: What reads an order as a note: who fills in a form may speak of its reader as 'he'.
    """
    if match := _SUBJECT.match(note):
        return _addressed(match[2], f"{match[1]}. {_LABEL.sub('', note[match.end() :], count=1)}", as_note)
    if match := _KIND_FOR.match(note):
        return _addressed(match[1], note[match.end() :], as_note)
    match = _TO.match(note) or _FOR.match(note)
    if match and match[1].partition(" ")[0].casefold() not in _NO_ADDRESSEES:
        return f"{match[1]}: {_LABEL.sub('', note[match.end() :], count=1)}"
    return _REPLY.sub("", note, count=1) if _REPLY.match(note) else note


def _addressed(name: str, said: str, as_note: Callable[[str], str]) -> str:
    """A note to somebody, read like an order to tell them if that can be read."""
    note = as_note(f"tell {name} {said}")
    return note if note.startswith(f"{name}:") else f"{name}: {said}"


def _in_small_letters(note: str) -> str:
    """A note that is typed in capitals, in small letters; single words in capitals are names or meant so."""
    letters = [letter for letter in note if letter.isalpha()]
    is_shouted = len(note.split()) >= _MIN_WORDS and sum(map(str.isupper, letters)) >= _CAPITALS * len(letters)
    return note.lower() if is_shouted else note


def _in_sentences(note: str) -> str:
    """A note whose parts are set off by slashes, or by nothing at all, as sentences."""
    if len(_SLASH.findall(note)) < 2:
        is_marked = _SIGN.search(note.rstrip(".?!")) or note.count(" ") < _MIN_UNMARKED
        return note if is_marked or looks_like_order(note) else _BEGINS.sub(_begun, note)
    return _SLASH.sub(lambda match: " " if note[match.start() - 1] in ".,:;!?" else ". ", note)


def _begun(match: re.Match[str]) -> str:
    """A word and the first words of a request, which begins a sentence unless the word needs it: 'ask can you'."""
    if match[1].casefold() in _LEADS_ON:
        return match[0]
    # The first word is a name.
    return f"{match[1]}{'.' if match.start() else ':'} {match[2]}"


def _without_dictation(note: str) -> str:
    """A dictated note without fillers and what was said again after them, and with the signs that were spoken."""
    text = note
    if _FILLER.search(note):
        text = _SAID_TWICE.sub(r"\1", _FILLER.sub("", note).strip())
    spoken = [sign.strip() for sign in _SPOKEN.findall(text)]
    is_dictated = text != note or any(sign in _CLEAR for sign in spoken)
    # Who types signs does not spell them.
    if not is_dictated or len(spoken) < sum(text.count(sign) for sign in ".,?!"):
        return text
    text = _SPOKEN.sub(lambda match: _SIGNS[match[0].strip()], text)
    return re.sub(r"([.,?!])\.", r"\1", text).replace("( ", "(").strip()


def _without_tone(note: str) -> str:
    """A note without what it says first, or in brackets, about the mail's tone and its signature."""
    text = _IN_BRACKETS.sub(lambda match: "" if _is_tone(match[1], in_brackets=True) else match[0], note)
    note = note if text == note else text.lstrip(" .,:;!-")
    while True:
        segment = _SIGN_AS.match(note) or _SEGMENT.match(note)
        if segment is None or not (segment.re is _SIGN_AS or _is_tone(segment[1], in_brackets=False)):
            return note
        note = note[segment.end() :]


def _is_tone(words: str, in_brackets: bool) -> bool:
    """Whether words say how a mail should sound, and nothing else."""
    said = set(_WORD.findall(plain(words)))
    if not said <= _ALONE | _OTHERS | _VERBS | _SMALL:
        return False
    return bool(said & _ALONE) or (bool(said & _OTHERS) and (in_brackets or bool(said & _VERBS)))
