"""The line above a quote: 'On 3 May 2024 at 10:00, Jane Roe <jane@x.example> wrote:'.

Two degrees. A line is a *full* attribution when it stands for itself: it begins as programs begin
them, has a date, and names the writer by address or with a clock time. Whatever follows such a line
is quoted, marked or not. Just above lines marked '>' *short* ones will do: 'Jane Roe writes:'.
A sentence that merely begins with 'On Tuesday … wrote' is neither: what follows its verb is not a name.
"""

import re
from collections.abc import Iterable

from email_assistant.archive.locales import LOCALES

LONGEST = 400


def either(words: Iterable[str]) -> str:
    """A regular expression for any of some words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True) if word)


VERBS = either(verb for locale in LOCALES.values() for verb in locale.verbs)
OPENINGS = either(opening for locale in LOCALES.values() for opening in locale.openings)
DAYS = either(day for locale in LOCALES.values() for day in locale.days)

VERB = re.compile(rf"(?<!\w)(?:{VERBS})(?:\(\w+\)|/\w+)?(?!\w)", re.IGNORECASE)
OPENING = re.compile(
    rf"(?:(?:{OPENINGS})(?!\w)|(?:{DAYS})[^\W\d]{{0,9}}[.,]{{0,2}}\s|\d|[^\W\d_]{{3,10}}\.?\s\d{{1,2}},?\s\d{{4}}|<?[\w.+-]+@)",
    re.IGNORECASE,
)
# 'Jane Roe <jane@x.example> schrieb am 3. Mai 2022, 17:00:'
WRITER_FIRST = re.compile(rf"[\"'«“]?[^@<>:\n]{{0,60}}[<(][\w.+-]+@[\w.-]+[>)]\s+(?:{VERBS})(?!\w)", re.IGNORECASE)
INNER_OPENING = re.compile(rf"(?<!\w)(?:{OPENINGS})(?=\s)|\b\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}")
FULL_DATE = re.compile(
    r"\d{1,4}\s?[./-]\s?(?:\d{1,2}|[^\W\d_]{3,9}\.?)\s?[./-]\s?\d{2,4}|"  # 03.05.2022, 17-feb.-2015
    r"\b(?:19|20)\d{2}\b|"  # with a day, which the next two take for granted
    r"[^\W\d_]{3,}\.?,?\s\d{1,2}\b|\b\d{1,2}(?:\.|st|nd|rd|th)?\s(?:de\s|of\s)?[^\W\d_]{3,}|\d年"
)
CLOCK = re.compile(r"\b\d{1,2}\s?[:.h]\s?\d{2}(?!\d)|\b\d{1,2}\s?[ap]\.?m\b", re.IGNORECASE)
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+")
ADDRESS_AT_END = re.compile(r"@[\w.-]+\s*(?:\([^()]{0,60}\)\s*)?[>)\]\"'”»]*$")
# Verbs that people use for more than attributions.
SAID = re.compile(r"\b(?:said|sent)\W*$", re.IGNORECASE)
BRACKETED = re.compile(r"[<(\[][\w.+-]+@[\w.-]+[>)\]](?:\s+[^\W\d_]+){0,3}\s*[:：]$")
# Marks of writing direction and such, which some programs put between the parts of a date.
UNSEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
YOU = re.compile(r"\byou wrote|вы писали|ви писали|avez écrit|sie schrieben", re.IGNORECASE)
DASHED = re.compile(r"^\W*[-–—]{2,}.*[-–—]{2,}\W*$")
LAST_WORDS = frozenset(verb.casefold().split()[-1] for locale in LOCALES.values() for verb in locale.verbs)
EDGE = " \t\u00a0-–—_*>"


def may_end_one(line: str) -> bool:
    """Whether an attribution may end with this line: quick, and true of every line that ends one."""
    ended = line.rstrip()
    if ended.endswith((":", "：")):
        return True
    last = ended.rstrip(" -–—_*>)]\"'”»")[-60:].rpartition(" ")[2]
    return "@" in last or last.casefold() in LAST_WORDS


def is_full(text: str) -> bool:
    """Whether a text is an attribution by itself; its lines, where it had several, are joined by spaces."""
    text = UNSEEN.sub("", text).strip(EDGE)
    if not 8 < len(text) < LONGEST or not FULL_DATE.search(text):
        return False
    if _is_of_unknown_language(text):
        return True
    if not OPENING.match(text.lstrip("\"'«“(")) and not WRITER_FIRST.match(text):
        return False
    ended = text.rstrip(":：").rstrip()
    has_colon = ended != text
    if has_colon and ADDRESS_AT_END.search(ended):
        return True
    if not has_colon and not _ends_itself(ended):
        return False
    return _verb_names_writer(ended) and bool(ADDRESS.search(text) or CLOCK.search(text) or YOU.search(text))


def is_short(line: str) -> bool:
    """Whether a line just above a marked quote introduces it."""
    text = line.strip(EDGE)
    if not 0 < len(text) < LONGEST or not may_end_one(text):
        return False
    ended = text.rstrip(":：").rstrip()
    if DASHED.match(line) and VERB.search(text):
        return True
    dated = bool(OPENING.match(text) and FULL_DATE.search(text))
    if ended == text:
        return dated and _ends_itself(text)
    if ADDRESS_AT_END.search(ended) or (dated and CLOCK.search(text)):
        return True
    if SAID.search(text) and not dated:
        return False
    return _verb_names_writer(ended) and (dated or len(text.split()) <= 8) and not text[0].islower()


def is_fragment(line: str) -> bool:
    """Whether a line can only be the end of a wrapped attribution: 'wrote:', '<jane@x.example> wrote:'."""
    text = line.strip(EDGE).rstrip(":：").rstrip()
    without = VERB.sub("", text).strip(" <>()[]\"',")
    return bool(without != text and (not without or ADDRESS.fullmatch(without.split(">")[0].strip())))


def inside(line: str) -> int | None:
    """Where a full attribution begins that follows other words on its line."""
    for match in INNER_OPENING.finditer(line):
        if match.start() and is_full(line[match.start() :]):
            return match.start()
    return None


def _is_of_unknown_language(text: str) -> bool:
    """A date, a clock time, an address in brackets, a word or three, a colon: no verb needs to be known."""
    match = BRACKETED.search(text)
    before = text[: match.start()] if match else ""
    return bool(CLOCK.search(before) and FULL_DATE.search(before))


def _ends_itself(text: str) -> bool:
    """Whether the end needs no colon: a verb that ends the line, or an address."""
    return bool(ADDRESS_AT_END.search(text)) or any(verb.end() == len(text) for verb in VERB.finditer(text))


def _verb_names_writer(text: str) -> bool:
    """Whether what follows the last verb is a name, a moment or nothing, and no sentence."""
    verbs = list(VERB.finditer(text))
    if not verbs:
        return False
    after = text[verbs[-1].end() :].strip(" ,")
    if len(after.split()) <= 2:
        return True
    moment = OPENING.match(after) and FULL_DATE.search(after)
    return bool(moment or not after[0].islower()) and len(after.split()) <= 12
