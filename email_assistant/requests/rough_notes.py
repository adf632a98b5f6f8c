"""Rough notes: what the owner might have typed before a mail was written, made from the mail by rules.

'piers: need ladder back before sunday, for the chapel lamp'. Greeting, sign-off and politeness are left out, small
words are dropped, dates and numbers are typed as people type them. Names, numbers, negations and who does what stay.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from email_assistant.archive.mail_parts import (
    NOTE_WORDS,
    first_name,
    sentences,
    split_greeting,
    without_sign_off,
)
from email_assistant.lexicon.note_words import Rewrite, with_digits
from email_assistant.lexicon.words import WORD
from email_assistant.requests.note_order import inverted, moved
from email_assistant.requests.note_rewording import REWORDINGS, reworded, without_fillers

# Part of the key of what is made by the rules: raised with every change of a rule or a table.
ROUGH_NOTES_VERSION = 6
# The share of sentences whose clauses or adverbials change places where they may.
MOVED_SHARE = 0.1
# Quotations, addresses, paths and code are typed as they are.
PROTECTED = re.compile(
    r"\b\w+://\S+|\bwww\.\S+|\S+@\S+\.\w+|\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|«[^»\n]{1,200}»"
    r"|(?<!\w)[\w.~-]*/[\w.~-]+/[\w./~-]*|\w+_\w+(?:\(\))?|\w+\.\w+\(\)?|(?<!\S)--?[a-z][\w-]*(?:=\S*)?(?!\S)"
)
_HOLDER = re.compile("[\ue000-\uf8ff]")
FIRST_HOLDER, HOLDERS = 0xE000, 0xF8FF - 0xE000
_ITEM = re.compile(r"\W*(?:\d|\w\))")
_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r" +([,.;:?!])(?![\w)(-])")
_DOUBLE_MARK = re.compile(r"([,;:])(?:\s*[,;])+|[,;](?=\s*[:.!?])|^[\s,;:.–—-]+(?=[^\W\d])|,(?=[.?!]*$)")
_END = re.compile(r"\s*[.!…;,]+([\"'”»)]*)$")
ACRONYM = re.compile(r"^\W*(?:\w*[A-ZА-ЯЁ]\w*[A-ZА-ЯЁ]\w*|\w*\d\w*|[A-Z]\.)\W*$")
_WITHIN = re.compile(r"(?<=[\w,] )[A-ZА-ЯЁ]\w*(?:['’-]\w+)*")
_TITLES = re.compile(r"\b([A-ZА-ЯЁ][\w&'’-]+\.?(?: (?:of|and|&) )?(?: ?[A-ZА-ЯЁ][\w&'’-]+\.?)+)")
# Notes in telegram style, without subjects and auxiliaries. People type most notes like this, but a small model that
# learns from many of them mixes up questions, persons and facts (docs/trials.md).
TELEGRAM_SHARE = 0.2


@dataclass(frozen=True)
class Style:
    """How one note is typed.

    Attributes:
        strength: From 0, hardly shortened, to 1: how readily small words are left out.
        telegram: The same for subjects and auxiliaries.
        case: 'lower', 'names' (lower case but for names) or 'kept'.
        joint: What separates sentences.
        reorders: Whether two sentences change places.
        plain_yo: Whether 'ё' is typed 'е', but for names.
        rewords: From 0 to 1: how readily a word is typed for another.
    """

    strength: float
    telegram: float
    case: str
    joint: str
    reorders: bool
    plain_yo: bool
    rewords: float

    @staticmethod
    def draw(rng: random.Random) -> "Style":
        """A style at random."""
        return Style(
            strength=rng.betavariate(7, 1),
            telegram=rng.betavariate(4, 1) if rng.random() < TELEGRAM_SHARE else 0.0,
            rewords=rng.betavariate(1, 5),
            case=rng.choices(("lower", "names", "kept"), (0.64, 0.33, 0.03))[0],
            joint=rng.choices((". ", ", ", "; ", " - "), (0.8, 0.12, 0.05, 0.03))[0],
            reorders=rng.random() < 0.15,
            plain_yo=rng.random() < 0.6,
        )


def rough_note(email: str, recipient: str | None, language: str, rng: random.Random) -> str:
    """The note that the owner might have typed for a mail.

    Another state of `rng` gives another note: what is left out and how it is typed are drawn anew.

    Args:
        email: The mail's text, cleaned.
        recipient: The display name of its first recipient, if known; used where the mail greets nobody by name.
        language: ISO 639-1. English and Russian have rules; in other languages greeting and sign-off are left out, and
            case and punctuation are changed.
        rng: Draws the style and every omission.

    Returns:
        One line. Empty only if the mail has no words.
    """
    style = Style.draw(rng)
    held, masked = _protect(email)
    name, body = split_greeting(masked, recipient)
    said = sentences(without_sign_off(body), language)
    note_words, names = NOTE_WORDS.get(language), _names(masked)
    if note_words is not None:
        said = list(filter(None, _shorten(said, names, language, style, rng)))
        if style.reorders:
            said = _reordered(said, frozenset(note_words.dependent.split()), rng)
    if not said:
        # Only politeness: that is what it says.
        said = [" ".join(without_sign_off(body).split()) or " ".join(masked.split())]
        name = name if body.strip() else ""
    said = [_cased(sentence, style, names, rng) for sentence in said]
    note = _joined(said, style, rng)
    if not name and rng.random() < TO_FIELD_SHARE:
        name = first_name(recipient or "")
        name = "" if name in masked else name
    if name:
        note = f"{_addressed(name, style, rng)}{note}"
    return _HOLDER.sub(lambda match: held[ord(match[0]) - FIRST_HOLDER], note)


# A mail that greets nobody by name was rarely asked for with the name in its headers.
TO_FIELD_SHARE = 0.3


def _protect(email: str) -> tuple[list[str], str]:
    """The quotations, addresses and paths of a mail, and the mail with a private-use character for each of them."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        if len(held) >= HOLDERS:
            return match[0]
        held.append(" ".join(match[0].split()))
        return chr(FIRST_HOLDER + len(held) - 1)

    # Characters of that range in the mail itself would be taken for held ones.
    return held, PROTECTED.sub(hold, _HOLDER.sub("", email))


def _shorten(said: Sequence[str], names: frozenset[str], language: str, style: Style, rng: random.Random) -> list[str]:
    note_words, rewording = NOTE_WORDS[language], REWORDINGS[language]
    times, rewrites = _compiled(note_words.times), _compiled(note_words.rewrites)
    typing = 1.0 if style.strength > 0.7 else 0.5
    habits = {
        pattern: rng.random() < (rule.share if rule.share == 1 else rule.share * typing)
        for pattern, rule in (*times, *rewrites)
        if rule.habit
    }
    digits = rng.random() < 0.9

    def rewritten(sentence: str, rules: Sequence[tuple[re.Pattern[str], Rewrite]]) -> str:
        for pattern, rule in rules:
            if rule.habit and not habits[pattern]:
                continue

            def typed(match: re.Match[str], rule: Rewrite = rule) -> str:
                if not rule.habit and rng.random() >= rule.share * (style.telegram if rule.terse else style.strength):
                    return match[0]
                return match.expand(rng.choice(rule.choices))

            sentence = pattern.sub(typed, sentence)
        return sentence

    shortened = []
    for sentence in said:
        text = sentence if style.case == "kept" else _uncapitalised(sentence, names)
        text = without_fillers(text, rewording, style.rewords, rng)
        text = inverted(moved(text, language, MOVED_SHARE, rng), language, MOVED_SHARE, rng)
        text = rewritten(reworded(text, rewording, style.rewords, rng), times)
        if digits:
            text = with_digits(text, note_words)
        shortened.append(_tidy(rewritten(text, rewrites)))
    return shortened


@cache
def _compiled(rules: tuple[Rewrite, ...]) -> tuple[tuple[re.Pattern[str], Rewrite], ...]:
    return tuple((re.compile(rule.pattern, re.IGNORECASE), rule) for rule in rules)


def _uncapitalised(sentence: str, names: frozenset[str]) -> str:
    """A sentence whose first word is in lower case, unless it is a name, so that it can be moved."""
    first, _, rest = sentence.partition(" ")
    is_title = rest[:1].isupper() and not re.match(r"I\b", rest)
    is_name = (
        is_title or first.strip(".,:;!?") in names or ACRONYM.match(first) or (len(first) == 1 and first.isascii())
    )
    return sentence if is_name else sentence[:1].lower() + sentence[1:]


def _tidy(sentence: str) -> str:
    text = _BEFORE_MARK.sub(r"\1", _SPACES.sub(" ", sentence)).strip()
    return _DOUBLE_MARK.sub(lambda match: match[1] or "", text).strip()


def _reordered(said: list[str], dependent: frozenset[str], rng: random.Random) -> list[str]:
    """The sentences with two neighbours exchanged, if neither has a word that may refer to the other."""
    free = [
        not dependent & {word.casefold() for word in WORD.findall(sentence)}
        and not sentence.endswith(":")
        and not before.endswith(":")
        and not _ITEM.match(sentence)
        for before, sentence in zip(["", *said], said, strict=False)
    ]
    pairs = [
        index
        for index in range(len(said) - 1)
        if free[index] and free[index + 1] and (index + 2 == len(said) or free[index + 2])
    ]
    if not pairs:
        return said
    first = rng.choice(pairs)
    return [*said[:first], said[first + 1], said[first], *said[first + 2 :]]


def _names(email: str) -> frozenset[str]:
    """The words that a mail capitalises within a sentence."""
    return frozenset(_WITHIN.findall(email))


def _cased(sentence: str, style: Style, names: frozenset[str], rng: random.Random) -> str:
    """A sentence in the note's case; acronyms keep theirs."""
    if style.case == "kept":
        return sentence
    if style.plain_yo:
        sentence = " ".join(word if word.strip(",.") in names else word.replace("ё", "е") for word in sentence.split())
    titles: set[str] = set()
    if style.case == "lower":
        # Two or more capitalised words are often a title or a company, which people type as it is.
        for match in _TITLES.finditer(sentence):
            if match.start() and rng.random() < 0.4:
                titles.update(match[0].split())
    shouted = sum(word.isupper() and len(word) > 1 for word in sentence.split()) > 3

    def cased(word: str, first: bool) -> str:
        if first and word.strip(".:").casefold() in {"ps", "pps", "p.s", "пс"}:
            return word.lower()
        bare = word.strip(".,;:!?()[]\"'“”‘’—–-*")
        if (ACRONYM.match(word) and len(bare) > 1 and not shouted) or word.strip(",.;") in titles:
            return word
        if style.case == "names" and not first and bare != "I" and not bare.startswith(("I'", "I’")):
            return word
        if style.case == "names" and first and bare in names and bare != "I":
            return word
        return word.lower()

    tokens = sentence.split()
    # A time or a number of an item may come before the first word.
    start = next((index for index, token in enumerate(tokens) if any(map(str.isalpha, token))), 0)
    return " ".join(cased(token, index == start) for index, token in enumerate(tokens))


def _joined(said: Sequence[str], style: Style, rng: random.Random) -> str:
    """The sentences on one line, without most of their closing marks."""
    note = ""
    for number, sentence in enumerate(said):
        last = number == len(said) - 1
        exclaims = sentence.endswith("!") and rng.random() < 0.15
        text = sentence if exclaims else _END.sub(r"\1", sentence)
        if last:
            return note + text
        joint = ". " if style.case == "kept" else style.joint if rng.random() < 0.75 else rng.choice((". ", ", "))
        # Nothing follows a question mark, a colon or an address but a space.
        if text.endswith(("?", "!", ":")) or _HOLDER.match(sentence[-1:]):
            joint = " "
        note += text + joint
    return note


def _addressed(name: str, style: Style, rng: random.Random) -> str:
    titled = name.split()[0].strip(".").casefold() in {"mr", "mrs", "ms", "dr", "prof"}
    typed = name.lower() if style.case == "lower" and not titled else name
    return typed + rng.choices((": ", " - ", ", "), (0.9, 0.06, 0.04))[0]
