"""Shorthand in a request that a person typed, spelled out: 'sry, shd be ok' is 'sorry, should be ok'.

A small model copies shorthand that its training notes do not have, or takes it for something else: "imo" becomes "I'm".
It copies frequent misspellings, too, so they are corrected: 'teh' is 'the'.
"""

import re
from functools import cache

from email_assistant.lexicon import shorthand
from email_assistant.requests.spelling import QUOTED, corrected

# Part of the keys of what is generated: raised with every change of a rule or a table.
SHORTHAND_VERSION = 4
# Not in names, addresses and code: 'AT&u', 'x.u', 'u@example.org', 'def(x)', 'im-age'.
_BEFORE, _AFTER = r"(?<![\w'’/@.#&+=-])", r"(?![\w'’/@+=-]|[.:]\w|\()"
# The longest unit, in letters.
_UNIT = 2
_OF_ANOTHER_LANGUAGE = re.compile(rf"(?<![\w’'-])(?:{'|'.join(shorthand.OTHER_LANGUAGES.split())})(?![\w’'-])")
_LAST_WORD, _NEXT_WORD = re.compile(r"([\w'’]{1,12}) $"), re.compile(r" ([\w'’]{1,12})")


def spelled_out(request: str) -> str:
    """A request with its shorthand spelled out and its frequent misspellings corrected.

    What is quoted or in capitals stays as it is, and so does a request with words of German, French or the like.
    """
    if is_of_another_language(request):
        return request
    return corrected(_pattern().sub(_long_form, request))


@cache
def _long_forms() -> dict[str, str]:
    pairs = f"{shorthand.ENGLISH};{shorthand.RUSSIAN}".replace("\n", " ").split(";")
    return {short.strip(): long.strip() for short, long in (pair.split("=") for pair in pairs)}


def is_of_another_language(request: str) -> bool:
    """Whether a request has words of German, French or the like."""
    return _OF_ANOTHER_LANGUAGE.search(request) is not None


@cache
def _pattern() -> re.Pattern[str]:
    """What is quoted, or a short form in the group 'short': small letters, but the first of a word may be capital."""
    forms = sorted(_long_forms(), key=len, reverse=True)
    typed = (f"[{form[0]}{form[0].upper()}]{form[1:]}" if form[1:2].isalnum() else form for form in forms)
    return re.compile(rf"{QUOTED}|{_BEFORE}(?P<short>{'|'.join(typed)}){_AFTER}")


def _long_form(match: re.Match[str]) -> str:
    """What a short form stands for; what matched, if it is quoted or its neighbors show that it is no shorthand."""
    short = match["short"]
    if short is None or _is_meant(match, short.casefold()):
        return match[0]
    found = _long_forms()[short.casefold()]
    return found[0].upper() + found[1:] if short[0].isupper() else found


def _is_meant(match: re.Match[str], short: str) -> bool:
    """Whether the word is meant as it is typed."""
    before = _LAST_WORD.search(match.string, max(0, match.start() - 13), match.start())
    after = _NEXT_WORD.match(match.string, match.end())
    return bool(
        # A unit: '5 мб'.
        (before and before[1].isdigit() and len(short) <= _UNIT)
        # The age of players: 'u 10s'.
        or (short == "u" and after and after[1][0].isdigit())
        or (before and before[1].casefold() in shorthand.NOT_AFTER.get(short, "").split())
        or (after and after[1].casefold() in shorthand.NOT_BEFORE.get(short, "").split())
    )
