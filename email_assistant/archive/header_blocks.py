"""What stands above a message that is quoted without marks: a header block, or a line of dashes.

-----Original Message-----
From: Jane Roe [mailto:jane@x.example]
Sent: Friday, 3 May 2024 10:00
To: Me
Subject: Lunch
"""

import re
from dataclasses import dataclass, field

from email_assistant.archive.attributions import ADDRESS, CLOCK, FULL_DATE, LONGEST, UNSEEN, either
from email_assistant.archive.locales import LOCALES

LABEL = re.compile(r"^[\s>*_|]{0,12}([^\W\d_][\w .'’/-]{0,30}?)[\s*_]*[:：][\s*_]*(.*)$")


def _kinds() -> dict[str, str]:
    """What each label is for; those for 'sent' stand in mail alone, those for 'date' in other lists as well."""
    kinds: dict[str, str] = {}
    for locale in LOCALES.values():
        kinds |= {label.casefold(): "subject" for label in locale.subjects}
        kinds |= {label.casefold(): "recipient" for label in locale.recipients}
        kinds |= {label.casefold(): "sent" if label.startswith(locale.dates[:1]) else "date" for label in locale.dates}
        kinds |= {label.casefold(): "sender" for label in locale.sender}
    return kinds


KINDS = _kinds()
MESSAGES = either(word for locale in LOCALES.values() for word in locale.messages)
RULES = "-_=*~–—>[]<| \t"
UNRULED = frozenset(
    line.casefold()
    for line in (
        *(line for locale in LOCALES.values() for line in locale.forwards),
        *("Original Message", "Forwarded message", "Исходное сообщение", "Пересылаемое сообщение"),
    )
)
MESSAGE = re.compile(rf"(?<!\w)(?:{MESSAGES})(?!\w)", re.IGNORECASE)
ARMOR = re.compile(r"\b(BEGIN|END)\b")
FORWARDED = re.compile(
    r"forward|fwd|weitergeleitet|transf[ée]r|réexpédi|reenviad|inoltrat|encaminhad|reencaminhad|doorgestuurd|"
    r"przekaz|переслан|пересыла|переадрес|перенаправл|videresend|vidarebefordr|välitet|přepos|továbbít|iletilen|转发|轉寄",
    re.IGNORECASE,
)
RULE = re.compile(r"^\s*[_\-=*–—]{4,}\s*$")
MOMENT_ALONE = re.compile(
    r"^\W*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\W+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?\s*(?:[AP]M)?\W*$", re.I
)
# Blocks whose line ends were lost, as in scanned or flattened archives: 'From: X Sent: Monday To: Y Subject: Z'.
_SENDERS = either(label for locale in LOCALES.values() for label in locale.sender)
_DATES = either(label for locale in LOCALES.values() for label in locale.dates)
_REST = either(label for locale in LOCALES.values() for label in (*locale.recipients, *locale.subjects))
FLAT = re.compile(
    rf"(?<!\w)(?:{_SENDERS})\s?:(?:[^:]{{1,160}}?\s(?:{_DATES})\s?:.{{1,160}}?\s(?:{_REST})\s?:|"
    rf"[^:@]{{0,80}}@[^:]{{1,80}}?\s(?:{_DATES})\s?:.{{1,60}}?\d:\d\d)",
    re.IGNORECASE,
)


@dataclass
class Block:
    """Lines `start` up to `end` of a message, which introduce something quoted.

    Attributes:
        forwarded: Whether it is said to be passed on.
        attribution: Whether it is but a line, 'On 3 May 2024 at 10:00, Jane Roe wrote:'.
        column: Where in its first line it begins, behind words of the writer's own.
    """

    start: int
    end: int
    forwarded: bool = False
    attribution: bool = False
    column: int = 0


@dataclass
class _Fields:
    """What the labels of a candidate say."""

    kinds: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    end: int = 0

    def is_block(self, ruled: bool) -> bool:
        known = {kind for kind in self.kinds if kind}
        roles = {"date" if kind == "sent" else kind for kind in known}
        text = "\n".join(self.values)
        addresses = sum(bool(ADDRESS.search(value)) for value in self.values)
        moment = CLOCK.search(text) and FULL_DATE.search(text)
        if len(self.labels) >= 3 and len(roles) < 2:
            # Labels of an unknown language: two people and a moment, which no list of a person's own has.
            return bool(addresses >= 2 and moment)
        if len(roles) >= 3 and roles & {"sender", "subject"}:
            return bool(ruled or known & {"subject", "sent"} or addresses)
        return len(roles) == 2 and bool((addresses and moment) or (ruled and roles & {"sender", "subject"}))


def find_separator(lines: list[str], place: int) -> Block | None:
    """The separator that begins at a line: '-----Original Message-----', on one line or two."""
    line = lines[place].strip()
    if line[:1] not in RULES:
        words = line.strip("*>: ：").casefold()
        return Block(place, place + 1, bool(FORWARDED.search(words))) if words in UNRULED else None
    for length in (1, 2):
        joined = " ".join(part.strip() for part in lines[place : place + length])
        title = _ruled(joined)
        if title and MESSAGE.search(title) and not ARMOR.search(title) and _is_title(title):
            return Block(place, place + length, bool(FORWARDED.search(title)))
    return None


def _ruled(line: str) -> str | None:
    """What stands between two rules on one line."""
    above = line.lstrip(RULES)
    title = above.rstrip(RULES)
    if not title or len(title) > LONGEST or len(line) - len(above) < 2 or len(above) - len(title) < 2:
        return None
    return title


def _is_title(words: str) -> bool:
    """'Original Message' or 'Forwarded by Jane Roe on 3 May', and no sentence."""
    return len(words.split()) <= 4 or (bool(FORWARDED.search(words)) and len(words.split()) <= 16)


def find_block(lines: list[str], place: int) -> Block | None:
    """The header block that begins at a line, with the rule above it and the name of a Notes header."""
    if ":" not in lines[place] and "：" not in lines[place]:
        return None
    first = LABEL.match(UNSEEN.sub("", lines[place][:200]))
    if not first or (not KINDS.get(_plain(first[1])) and not ADDRESS.search(lines[place])):
        return None
    fields = _collect(lines, place)
    start = _with_rule(lines, place)
    if fields.is_block(ruled=start < place):
        return Block(start, fields.end)
    return None


def _plain(label: str) -> str:
    return " ".join(label.casefold().split())


def _collect(lines: list[str], place: int) -> _Fields:
    """The labelled lines from here on; a value may go on for two lines, one blank line may part them."""
    fields = _Fields(end=place)
    gap = 0
    for number in range(place, min(place + 30, len(lines))):
        match = LABEL.match(UNSEEN.sub("", lines[number][:400]))
        kind = KINDS.get(_plain(match[1]), "") if match else ""
        if match and (kind or gap == 0):
            fields.kinds.append(kind)
            fields.labels.append(match[1])
            fields.values.append(match[2])
            fields.end, gap = number + 1, 0
            continue
        gap += 1
        if gap > 2 or (not lines[number].strip() and fields.kinds[-1:] == ["subject"]):
            break
        if gap == 1 and fields.values and lines[number].strip():
            fields.values[-1] += " " + lines[number].strip()
    return fields


def _with_rule(lines: list[str], place: int) -> int:
    """Where the line begins that Outlook draws above, or the name and date that Notes writes there."""
    above = place
    while above and not lines[above - 1].strip() and place - above < 4:
        above -= 1
    if above and (RULE.match(lines[above - 1]) or _ruled(lines[above - 1])):
        return above - 1
    if above and MOMENT_ALONE.match(lines[above - 1]):
        return above - 2 if above > 1 and 0 < len(lines[above - 2].split()) <= 8 else above - 1
    return place
