"""What a person types beside a note, for the program and not for its reader, is left out of the prompt.

A small model copies it all: '(firm but polite)', 'Subject: parking. To Bo. Content:', 'um' and 'question mark' of
dictated notes, and a sign-off, below which it writes the owner's own. Capitals throughout are copied, too.
"""

import re
from collections.abc import Callable

from email_assistant.archive.mail_parts import NOT_NAMES
from email_assistant.lexicon import asides, order_words
from email_assistant.lexicon.note_names import CALLED
from email_assistant.lexicon.word_groups import plain
from email_assistant.requests.request_form import looks_like_order
from email_assistant.requests.shorthand import is_of_another_language

_CAPITALS, _MIN_WORDS = 0.8, 4
_IN_BRACKETS = re.compile(r" ?\(([^()]{1,60})\)")
# The first words, up to a sign after which the note begins.
_SEGMENT = re.compile(r"([^.,:;!?\n]{1,60}?)(?: [-–—]|[.,:;!]+) +(?=\S)")
_WORD = re.compile(r"[^\W\d_]+")
_TITLED = r"(?:(?:mr|mrs|ms|dr|prof)\.? )?"
# A name, or 'the tax office': at most four words.
_NAME = rf"{_TITLED}[^\W\d_][\w'’-]*(?: (?:& )?[^\W\d_][\w'’-]*){{0,3}}"
_SUBJECT = re.compile(rf"subject: (?P<subject>[^.:\n]{{1,80}})\. to(?P<label>:?) (?P<name>{_NAME})\. +", re.IGNORECASE)
_TO = re.compile(rf"(?:to|for): ?(?P<name>{_NAME})[.,:;] +(?=\S)", re.IGNORECASE)
_FOR = re.compile(rf"(?:to|(?P<purpose>for)) (?P<name>{_NAME})(?::| [-–—]) +(?=\S)", re.IGNORECASE)
_KIND_FOR = re.compile(
    rf"{asides.KINDS} (?:for|(?P<label>to)) (?P<name>{_NAME})(?::| [-–—]) +(?:say(?:ing)? )?(?:that )?(?=\S)",
    re.IGNORECASE,
)
_LABEL = re.compile(rf"(?:{asides.LABELS}): *", re.IGNORECASE)
_REPLY = re.compile(r"(?:my )?(?:reply|answer): +(?=\S)", re.IGNORECASE)
_NO_ADDRESSEES = NOT_NAMES | frozenset(f"{asides.NO_ADDRESSEES} {order_words.NO_NAMES}".split())
_TITLES, _DETERMINERS, _EVERYONE, _ORGANIZATIONS = (
    frozenset(words.split())
    for words in (order_words.TITLES, order_words.DETERMINERS, order_words.EVERYONE, order_words.ORGANIZATIONS)
)
_CALLED_BY_NOUN = frozenset(f"{order_words.CALLED_BY_NOUN} {order_words.HE} {order_words.SHE}".split())
# Who may be called by a noun: 'my lawyer', 'the tax office'.
_PERSONS = frozenset(
    " ".join(
        (
            *(order_words.HE, order_words.SHE, order_words.THEY, order_words.ROLES, order_words.JOBS),
            *(order_words.GROUPS, order_words.ORGANIZATIONS, order_words.CALLED_BY_NOUN),
        )
    ).split()
)
# With some, the name may be the reader's: 'many thanks Ann'.
_CLOSING = re.compile(
    rf"(?<=[.!?…]) +(?i:(?:{asides.CLOSINGS})[,.!]?|(?:{asides.THANKS})[,.!]) "
    r"[A-ZА-ЯЁ][\w'’-]*(?: [A-ZА-ЯЁ][\w'’.-]*){0,2}\.?$"
)
_FILLER = re.compile(rf"(?<![\w-])(?:{'|'.join(asides.FILLERS.split())})(?![\w-]),? ?")
# 'Can you … can you', 'the the', but neither 'very very' nor '22 22'.
_SAID_TWICE = re.compile(
    rf"(?<![\w'’])((?:{'|'.join(asides.SAID_TWICE.split())})(?: [^\W\d_][\w'’]*)?) \1(?![\w'’])", re.IGNORECASE
)
# 'A comma', 'the period of', 'comes to a full stop' are words.
_SPOKEN = re.compile(
    rf"(?<=\S) +(?:{'|'.join(said for said, _ in asides.SPOKEN)})\b(?! (?:{'|'.join(asides.AFTER_NOUNS.split())})\b)"
)
_LONGEST_WORD = 20
_BEFORE_NOUN = re.compile(rf"\b(?:{'|'.join(asides.BEFORE_NOUNS.split())})$", re.IGNORECASE)
_CLEAR = tuple(said for said, _ in asides.SPOKEN[: asides.CLEARLY_SPOKEN])
_SIGNS = dict(asides.SPOKEN)
_SIGN_AS = re.compile(r"(?i:sign(?:ed)? (?:it )?as) [A-ZА-ЯЁ][\w'’-]*(?: [A-ZА-ЯЁ][\w'’-]*)?(?:[.,:;!]+ +|\.?$)")
# Who gets a copy, in a sentence of its own.
_COPY = re.compile(
    r"(?:(?<=\A)|(?<=[.!?] ))cc:? (?:(?:my|the|our) )?[^\W\d_][\w'’-]*(?: [\w'’-]+){0,2}(?:[.:] +|\.?$)", re.IGNORECASE
)
# In a note without punctuation and of more words than this, a sentence begins with these words, but not after those.
_SIGN, _MIN_UNMARKED = re.compile(r"[.,:;!?/()…]|\s[–—-]"), 12
_BEGINS = re.compile(
    r"\b([^\W\d_][\w'’-]*) ((?:can|could|would|will|do|did|are|have) (?:you|u|we|i)\b|"
    rf"please\b(?= \w)(?! (?:{'|'.join(asides.AFTER_PLEASE.split())})\b)|let me know (?:if|whether|what|by|asap)\b|"
    r"(?:thanks (?!you\b)|sorry )(?=\w))",
    re.IGNORECASE,
)
# 'How many ropes do you have', 'if it rains can you come'.
_LED_ON = re.compile(rf"\b(?:{'|'.join(asides.LEADING_CLAUSES.split())})\b(?: \S+){{0,19}}$", re.IGNORECASE)
_LONGEST_CLAUSE = 150
_LEADS_ON = frozenset(asides.LEADING_ON.split())
# Parts of a note that are set off by slashes, two at least.
_MIN_PART = 2
_SLASH = re.compile(r"(?<=\S) +/ +(?=\S)")
_ALONE, _OTHERS, _VERBS, _SMALL, _OF_MAIL, _OF_THINGS, _PLEAS = (
    frozenset(table.split())
    for table in (
        *(asides.TONE_ALONE, asides.TONE, asides.TONE_VERBS, asides.SMALL_WORDS, asides.OF_MAIL),
        *(asides.TONE_OF_THINGS, "please pls plz"),
    )
)
_ADDRESSES = re.compile(rf"(?!please\b){_NAME}(?::| [-–—]) ", re.IGNORECASE)


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
    if (match := _SUBJECT.match(note)) and _is_addressee(match["name"], _PERSONS, bool(match["label"])):
        return _addressed(match["name"], f"{match['subject']}. {_unlabeled(note, match)}", as_note)
    if (match := _KIND_FOR.match(note)) and _is_addressee(match["name"], _PERSONS, bool(match["label"])):
        return _addressed(match["name"], note[match.end() :], as_note)
    if (match := _TO.match(note)) and _is_addressee(match["name"], _PERSONS, is_labeled=True):
        return f"{match['name']}: {_unlabeled(note, match)}"
    if match := _FOR.match(note):
        # 'For the hotel: 50 euros'.
        persons = _PERSONS - _ORGANIZATIONS if match["purpose"] else _PERSONS
        if _is_addressee(match["name"], persons, is_labeled=False):
            return f"{match['name']}: {_unlabeled(note, match)}"
    return _REPLY.sub("", note, count=1) if _REPLY.match(note) else note


def _unlabeled(note: str, heading: re.Match[str]) -> str:
    """What comes after the heading of a note, without a label of its own."""
    return _LABEL.sub("", note[heading.end() :], count=1)


def _is_addressee(name: str, persons: frozenset[str], is_labeled: bool) -> bool:
    """Whether words name somebody, and not a purpose: 'to pay', 'for lunch'.

    Args:
        name: The words.
        persons: The nouns that may name somebody.
        is_labeled: Whether 'To:' or 'mail to' is before them, so that any name is one.
    """
    words = [word.casefold() for word in name.replace(".", "").split()]
    if words[0] in _NO_ADDRESSEES - _DETERMINERS - _EVERYONE:
        return False
    if any(word in persons or word.removesuffix("s") in persons for word in words):
        return len(words) > 1 or words[0] in _CALLED_BY_NOUN | _EVERYONE
    is_known = name[0].isupper() or not CALLED.isdisjoint(words) or not _TITLES.isdisjoint(words)
    return is_known or (is_labeled and words[0] not in _DETERMINERS)


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
    counts = [part.count(" ") + 1 for part in _SLASH.split(note)]
    # 'A / b / c' is one thing or another.
    if counts[0] < _MIN_PART + 1 or min(counts[1:-1]) < _MIN_PART:
        return note
    return _SLASH.sub(lambda match: " " if note[match.start() - 1] in ".,:;!?" else ". ", note)


def _begun(match: re.Match[str]) -> str:
    """A word and the first words of a request, which begins a sentence unless the word needs it: 'ask can you'."""
    before = match.string[max(0, match.start() - _LONGEST_CLAUSE) : match.end(1)]
    word = match[1].casefold()
    if word in _LEADS_ON or word.endswith(("n't", "n’t", "ly")) or _LED_ON.search(before):
        return match[0]
    if match.start():
        return f"{match[1]}. {match[2]}"
    # The first word is a name.
    return match[0] if word in _NO_ADDRESSEES else f"{match[1]}: {match[2]}"


def _without_dictation(note: str) -> str:
    """A dictated note without fillers and what was said again after them, and with the punctuation that was spoken."""
    text = note
    # 'Um' is a word of German and Portuguese.
    if _FILLER.search(note) and not is_of_another_language(note):
        text = _SAID_TWICE.sub(r"\1", _FILLER.sub("", note).strip(" ,"))
    spoken = [match[0].strip() for match in _SPOKEN.finditer(text) if not _is_noun(match)]
    is_dictated = text != note or any(sign in _CLEAR for sign in spoken)
    # Who types punctuation does not spell it out.
    if not is_dictated or len(spoken) < sum(text.count(sign) for sign in ".,?!"):
        return text
    text = _SPOKEN.sub(_as_sign, text)
    return re.sub(r"([.,?!])\.", r"\1", text).replace("( ", "(").strip()


def _as_sign(match: re.Match[str]) -> str:
    return match[0] if _is_noun(match) else _SIGNS[match[0].strip()]


def _is_noun(match: re.Match[str]) -> bool:
    """Whether the words for a sign are a noun, as in 'a comma', 'the trial period'."""
    return _BEFORE_NOUN.search(match.string[max(0, match.start() - _LONGEST_WORD) : match.start()]) is not None


def _without_tone(note: str) -> str:
    """A note without what it says first, or in brackets, about the mail's tone and its signature."""
    text = _IN_BRACKETS.sub(_without_brackets, note)
    note = note if text == note else text.lstrip(" .,:;!-")
    # What may be said to the reader, too, is left out only in front of the reader's name: 'be gentle. dee: …'.
    left, is_doubtful = note, False
    while True:
        segment = _SIGN_AS.match(left) or _SEGMENT.match(left)
        if segment is None or not (segment.re is _SIGN_AS or _is_tone(segment[1], in_brackets=False)):
            break
        is_doubtful = is_doubtful or not (segment.re is _SIGN_AS or _is_about_mail(segment[1]))
        left = left[segment.end() :]
    return note if is_doubtful and not _ADDRESSES.match(left) else left


def _without_brackets(match: re.Match[str]) -> str:
    """Brackets with words about the tone, left out, unless they may say more about the word before them."""
    before, after = match.string[: match.start()].rstrip(), match.string[match.end() :].lstrip()
    may_be_meant = before and before[-1] not in ".!?…" and not after.startswith(":") and (after or " " not in match[1])
    return match[0] if may_be_meant or not _is_tone(match[1], in_brackets=True) else ""


def _is_tone(words: str, in_brackets: bool) -> bool:
    """Whether words say how a mail should sound, and nothing else."""
    said = set(_WORD.findall(plain(words)))
    if not said <= _ALONE | _OTHERS | _VERBS | _SMALL:
        return False
    return bool(said & _ALONE) or (bool(said & _OTHERS) and (in_brackets or bool(said & _VERBS)))


def _is_about_mail(words: str) -> bool:
    """Whether words about the tone cannot be said to the reader: 'be nice to her', 'make this mail warm'."""
    said = set(_WORD.findall(plain(words)))
    is_wish = bool(said & _OF_THINGS and said & _PLEAS)
    return is_wish or not said.isdisjoint((_ALONE - _OF_THINGS) | _OF_MAIL)
