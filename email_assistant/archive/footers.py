"""Removes what programs and companies append to a mail: device lines, list footers, disclaimers, PGP armor."""

import re

from email_assistant.archive.locales import LOCALES, alternation, any_of, words

DEVICES = alternation(words(lambda locale: locale.devices))
# Only whole lines, since a longer sentence ('Sent from my desk, is much easier …') is not a footer.
DEVICE = re.compile(
    rf"^\W{{0,3}}(?:{DEVICES})(?!\w)[^.!?,;:]{{0,80}}(?:<\S+>|\(\S+\)|https?://\S+)?\W{{0,3}}$", re.IGNORECASE
)
MAX_FOOTER_LINES = 80
MAX_LIST_FOOTER_LINES = 8
MAX_ADVERTISEMENT_LINES = 4
MAX_ADVERTISEMENT_CHARACTERS = 400
MIN_DISCLAIMER_CHARACTERS = 60
MIN_DISCLAIMER_TOPICS = 3
FOOTER_RULE = re.compile(r"^\s*[_\-=*~]{5,}\s*$")
LIST_FOOTER = words(lambda locale: locale.list_footers)
# Every advertisement contains one of these, which is a quick test before the slow pattern.
ADVERTISEMENT_WORDS = words(lambda locale: locale.advertisement_words)
ADVERTISEMENT = re.compile(
    rf"(?:{any_of(lambda locale: locale.scanned)})\b.{{0,60}}(?:virus|вирус)|"
    rf"{any_of(lambda locale: locale.advertisements)}",
    re.IGNORECASE,
)
# Word stems of disclaimers by topic. No person mentions three of these topics in the last paragraph of a mail.
DISCLAIMER_TOPICS = [
    tuple(stem for locale in LOCALES.values() for stem in locale.disclaimers.get(topic, ()))
    for topic in LOCALES["en"].disclaimers
]
ARMOR_HEAD = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:Hash:[^\n]*\n|[A-Z][\w-]*:[^\n]*\n)*\n?", re.MULTILINE
)
ARMOR_SIGNATURE = re.compile(
    r"^-----BEGIN PGP (?:SIGNATURE|PUBLIC KEY BLOCK)-----\n.*?(?:^-----END PGP [A-Z ]+-----$|\Z)", re.M | re.S
)


def strip_armor(text: str) -> tuple[str, bool]:
    """The text of a clear-signed PGP message, and whether it was signed."""
    if "-----BEGIN PGP" not in text:
        return text, False
    stripped = ARMOR_SIGNATURE.sub("", ARMOR_HEAD.sub("", text))
    if ARMOR_HEAD.search(text):
        stripped = re.sub(r"^- (?=-)", "", stripped, flags=re.MULTILINE)
    return stripped, stripped != text


def strip_footers(lines: list[str]) -> tuple[list[str], set[str]]:
    """The lines without footers at the end, and the kinds of footers. A footer without text above it is kept."""
    kinds: set[str] = set()
    end = len(lines)
    while end:
        footer = _find_footer(lines, _last_paragraph_start(lines, end), end)
        if footer is None:
            break
        start, kind = footer
        if not any(line.strip() for line in lines[:start]):
            break
        kinds.add(kind)
        end = start
    return lines[:end], kinds


def _last_paragraph_start(lines: list[str], end: int) -> int:
    start = end
    while start and not lines[start - 1].strip():
        start -= 1
    while start and lines[start - 1].strip():
        start -= 1
    return start


def _find_footer(lines: list[str], start: int, end: int) -> tuple[int, str] | None:
    """The start and kind of the footer in the last paragraph; None if there is none."""
    if not any(line.strip() for line in lines[start:end]):
        return (start, "footer") if start < end and start else None
    last = max(index for index in range(start, end) if lines[index].strip())
    if FOOTER_RULE.match(lines[last]):
        return last, "footer"
    if DEVICE.match(lines[last]):
        return last, "device"
    for index in range(max(start, last - MAX_FOOTER_LINES), last + 1):
        if FOOTER_RULE.match(lines[index]):
            below_rule = _joined(lines[index : last + 1])
            if is_list_footer(below_rule) or is_advertisement(below_rule) or is_disclaimer(below_rule):
                return index, "list" if is_list_footer(below_rule) else "disclaimer"
    return _find_footer_without_rule(lines, start, last) if last - start <= MAX_FOOTER_LINES else None


def _find_footer_without_rule(lines: list[str], start: int, last: int) -> tuple[int, str] | None:
    """The footer that is the whole last paragraph, perhaps below a paragraph that is only a rule."""
    paragraph = _joined(lines[start : last + 1])
    if is_disclaimer(paragraph):
        return start, "disclaimer"
    above = start - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    below_rule = above >= 0 and FOOTER_RULE.match(lines[above]) is not None
    if below_rule and last - start < MAX_LIST_FOOTER_LINES and is_list_footer(paragraph):
        return above, "list"
    is_short = last - start < MAX_ADVERTISEMENT_LINES and len(paragraph) < MAX_ADVERTISEMENT_CHARACTERS
    return (start, "disclaimer") if is_short and is_advertisement(paragraph) else None


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


def is_list_footer(paragraph: str) -> bool:
    """Whether a paragraph names a mailing list or how to leave it."""
    lowered = paragraph.lower()
    return any(words in lowered for words in LIST_FOOTER)


def is_advertisement(paragraph: str) -> bool:
    """Whether a paragraph was added by a virus scanner or a free mail service, or asks not to print the mail."""
    lowered = paragraph.lower()
    return any(words in lowered for words in ADVERTISEMENT_WORDS) and bool(ADVERTISEMENT.search(paragraph))


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph mentions several typical topics of disclaimers."""
    if len(paragraph) < MIN_DISCLAIMER_CHARACTERS:
        return False
    lowered = paragraph.lower()
    return sum(any(stem in lowered for stem in stems) for stems in DISCLAIMER_TOPICS) >= MIN_DISCLAIMER_TOPICS
