"""The language-specific words of the archive's rules, in one module per language.

A new language needs a module with one `Locale`; all its fields are optional. Rules that work by structure (an
address, a date, a colon at the end) need no words.
"""

import re
from collections.abc import Callable, Iterable

from email_assistant.archive.locales import de, en, es, fr, it, nl, others, pl, pt, ru, uk
from email_assistant.archive.locales.locale import Locale

# By code: two letters (ISO 639-1), or three where a language has none. If two languages use a label differently,
# the later one wins.
LOCALES: dict[str, Locale] = {
    "en": en.LOCALE,
    "de": de.LOCALE,
    "fr": fr.LOCALE,
    "es": es.LOCALE,
    "it": it.LOCALE,
    "pt": pt.LOCALE,
    "nl": nl.LOCALE,
    "pl": pl.LOCALE,
    "uk": uk.LOCALE,
    "ru": ru.LOCALE,
    **others.LOCALES,
}

# The first character of the scripts that write no spaces between words.
FIRST_CJK = "\u2e80"


def words(field: Callable[[Locale], Iterable[str]]) -> tuple[str, ...]:
    """The words of all languages in a field."""
    return tuple(word for locale in LOCALES.values() for word in field(locale))


def alternation(literals: Iterable[str]) -> str:
    """A regular expression that matches any of the words, trying the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(literals), key=len, reverse=True) if word)


def any_of(field: Callable[[Locale], Iterable[str]]) -> str:
    """A regular expression that matches any of the regular expressions of all languages in a field."""
    return "|".join(dict.fromkeys(words(field)))
