"""The parts of a sentence in another order, if that keeps its meaning: a date first, a condition last."""

import random
import re
from collections.abc import Callable

from email_assistant.lexicon import note_order as patterns

STRANDED = re.compile(patterns.STRANDED, re.IGNORECASE)
POSTSCRIPT = re.compile(patterns.POSTSCRIPT, re.IGNORECASE)
ATTRIBUTE_RU = re.compile(patterns.ATTRIBUTE_RU)
OBJECT_RU = re.compile(patterns.OBJECT_RU)
ADJECTIVE_RU = re.compile(patterns.ADJECTIVE_RU)


def moved(sentence: str, language: str, share: float, rng: random.Random) -> str:
    """A sentence with an adverbial of time at its other end, or with its condition after what it is for.

    Args:
        sentence: One sentence, with its first word in lower case unless it is a name.
        language: ISO 639-1. Without rules for it, the sentence stays.
        share: The share of what may move that moves.
        rng: Draws what.
    """
    for rule in _RULES.get(language, ()):
        if rng.random() < share:
            other = rule(sentence)
            if other != sentence:
                return other
    return sentence


def inverted(sentence: str, language: str, share: float, rng: random.Random) -> str:
    """A Russian sentence in which some attributes come after their nouns, and some objects before their verbs."""
    if language != "ru":
        return sentence

    def turned(match: re.Match[str]) -> str:
        if ADJECTIVE_RU.search(match["second"]) or rng.random() >= share:
            return match[0]
        return f"{match.groupdict().get('start') or ''}{match['second']} {match['first']}"

    return OBJECT_RU.sub(turned, ATTRIBUTE_RU.sub(turned, sentence))


def _adverbial(pattern: str, entangled: str, template: str) -> Callable[[str], str]:
    """A rule for sentences of one clause that a pattern finds: its 'rest' must not be entangled."""
    compiled, tangle = re.compile(pattern, re.IGNORECASE), re.compile(entangled, re.IGNORECASE)

    def rule(sentence: str) -> str:
        body, mark = _without_mark(sentence)
        match = compiled.fullmatch(body)
        if not match or POSTSCRIPT.match(body) or tangle.search(match["rest"]) or STRANDED.search(match["rest"]):
            return sentence
        return match.expand(template) + mark

    return rule


def _exchanged(pattern: str, template: str, kept: str, dependent: str) -> Callable[[str], str]:
    """A rule for sentences of two clauses, unless the first has `kept` in it, or the second `dependent`."""
    compiled, first, second = (re.compile(one, re.IGNORECASE) for one in (pattern, kept, dependent))

    def rule(sentence: str) -> str:
        body, mark = _without_mark(sentence)
        match = compiled.fullmatch(body)
        if not match or first.search(match["before"]) or second.search(match["after"]):
            return sentence
        return match.expand(template) + mark

    return rule


def _without_mark(sentence: str) -> tuple[str, str]:
    bare = sentence.rstrip(".!?…")
    return bare, sentence[len(bare) :]


def _condition(words: str, then: str) -> str:
    """The pattern of a sentence that begins with its condition."""
    return rf"(?P<word>{words}) (?P<before>[^,;:?]{{6,90}}), (?:{then} )?(?P<after>[^,;:?—–]{{12,120}})"


_RULES: dict[str, tuple[Callable[[str], str], ...]] = {
    "en": (
        _exchanged(
            _condition(patterns.CONDITIONS_EN, "then"),
            r"\g<after> \g<word> \g<before>",
            patterns.JOINS_EN,
            rf"{patterns.REFERS_EN}|{patterns.JOINS_EN}",
        ),
        _exchanged(
            _condition(patterns.REASONS_EN, "then"),
            r"\g<after>, \g<word> \g<before>",
            patterns.JOINS_EN,
            rf"{patterns.REFERS_EN}|{patterns.JOINS_EN}",
        ),
        _exchanged(
            rf"(?P<before>[^,;:?—–]{{6,90}}?) (?P<word>{patterns.CONDITIONS_FIRST_EN}) (?P<after>[^,;:?—–]{{6,90}})",
            r"\g<word> \g<after>, \g<before>",
            patterns.ASKS_EN,
            patterns.REFERS_EN,
        ),
        _adverbial(rf"(?P<rest>.{{12,}}?) (?P<time>{patterns.TIME_EN})", patterns.ENTANGLED_EN, r"\g<time> \g<rest>"),
        _adverbial(rf"(?P<time>{patterns.TIME_EN}) (?P<rest>.{{12,}})", patterns.ENTANGLED_EN, r"\g<rest> \g<time>"),
    ),
    "ru": (
        _exchanged(
            _condition(patterns.CONDITIONS_RU, "то"),
            r"\g<after>, \g<word> \g<before>",
            "(?!)",
            rf"{patterns.REFERS_RU}|{patterns.JOINS_RU}",
        ),
        _exchanged(
            rf"(?P<before>[^,;:?—–]{{6,80}}), (?P<word>{patterns.CONDITIONS_FIRST_RU}) (?P<after>[^,;:?—–]{{6,80}})",
            r"\g<word> \g<after>, \g<before>",
            patterns.ASKS_RU,
            patterns.REFERS_RU,
        ),
        _adverbial(rf"(?P<rest>.{{8,}}?) (?P<time>{patterns.TIME_RU})", patterns.ENTANGLED_RU, r"\g<time> \g<rest>"),
        _adverbial(rf"(?P<time>{patterns.TIME_RU}) (?P<rest>.{{8,}})", patterns.ENTANGLED_RU, r"\g<rest> \g<time>"),
    ),
}
