"""Recognizes the separators above messages that are quoted without '>': header blocks and lines of dashes.

-----Original Message-----
From: Jane Roe [mailto:jane@x.example]
Sent: Friday, 3 May 2024 10:00
To: Me
Subject: Lunch
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from email_assistant.archive.attributions import (
    ADDRESS,
    CLOCK,
    DIRECTION_MARKS,
    FULL_DATE,
    MAX_CHARACTERS,
    is_attribution_between_dashes,
)
from email_assistant.archive.locales import LOCALES, alternation, any_of, words

MAX_BLOCK_LINES = 30
# Thai and the scripts of India have vowels and tones that are no letters.
MARKS_OF_LETTERS = "\u0900-\u0d7f\u0e31-\u0e4e"
LABEL = re.compile(rf"^[\s>*_|]{{0,12}}([^\W\d_][\w{MARKS_OF_LETTERS} .'’/-]{{0,30}}?)[\s*_]*[:：][\s*_]*(.*)$")


def _label_kinds() -> dict[str, str]:
    """The kind of each label. 'sent' is specific to mail; 'date' also occurs in other lists."""
    kinds: dict[str, str] = {}
    for locale in LOCALES.values():
        kinds |= {label.casefold(): "subject" for label in locale.subjects}
        kinds |= {label.casefold(): "recipient" for label in locale.recipients}
        kinds |= {label.casefold(): "sent" if label.startswith(locale.dates[:1]) else "date" for label in locale.dates}
        kinds |= {label.casefold(): "sender" for label in locale.sender}
    return kinds


LABEL_KINDS = _label_kinds()
MESSAGE_WORDS = alternation(words(lambda locale: locale.messages))
RULE_CHARACTERS = "-_=*~–—>[]<| \t"
REPLY_LINE_RULES = "#-=_*~—"
TITLES_WITHOUT_RULE = frozenset(line.casefold() for line in words(lambda locale: locale.forwards))
MESSAGE = re.compile(rf"(?<!\w)(?:{MESSAGE_WORDS})(?!\w)", re.IGNORECASE)
REPLY_LINE = re.compile(
    rf"[\W_]{{2,40}}(?:{any_of(lambda locale: locale.reply_lines)})\b[^.!?]{{0,40}}(?:[.!][\W_]{{0,12}})?$",
    re.IGNORECASE,
)
# What PGP writes, and headings of the author's: 'The message', 'My first mail'.
NO_TITLE = re.compile(
    r"\b(?:BEGIN|END)\b|^(?i:the|my|our|this|first|second|third|die|meine|unsere|erste|zweite|le|mon|ma|premier|premi[eè]re|"
    r"el|mi|primer|il|mio|primo|первое|второе|третье|мо[её]|наше)\b"
)
FORWARDED = re.compile(any_of(lambda locale: locale.forwarded), re.IGNORECASE)
# Git writes these lines above the header of a commit or patch, which is not that of a quoted mail.
COMMIT_START = re.compile(r"^\s*(?:From [0-9a-f]{40} |commit [0-9a-f]{7,64}\b)")
PATCH_SUBJECT = re.compile(r"^\s*\[[^\]]*\bPATCH\b")
PATCH_BODY = re.compile(r"^\s{0,4}(?:diff --git |--- \S|-{3}\s*$|Index: \S)")
MAX_PATCH_MESSAGE_LINES = 80
MIN_WORDS_OF_VERSE, MAX_LINES_OF_VERSE = 3, 8
# The rest of a sender's line that a program broke: 'On Behalf Of Jane Roe'.
ON_BEHALF = re.compile(
    rf"^\W{{0,3}}(?:{any_of(lambda locale: locale.on_behalf)})\b\W{{0,3}}(?-i:[^\W\d_a-zß-ÿа-яё])[^,.!?:;]{{0,80}}$",
    re.IGNORECASE,
)
HEADER_RULE = re.compile(r"^\s*[_\-=*–—]{4,}\s*$")
ONLY_DATE_AND_TIME = re.compile(
    r"^\W*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\W+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?\s*(?:[AP]M)?\W*$", re.I
)
# Header blocks that lost their line breaks, as in scanned archives: 'From: X Sent: Monday To: Y Subject: Z'.
_SENDERS = alternation(words(lambda locale: locale.sender))
_DATES = alternation(words(lambda locale: locale.dates))
_OTHER_LABELS = alternation(words(lambda locale: (*locale.recipients, *locale.subjects)))
SINGLE_LINE_BLOCK = re.compile(
    rf"(?<!\w)(?:{_SENDERS})\s?:(?:[^:]{{1,160}}?\s(?:{_DATES})\s?:.{{1,160}}?\s(?:{_OTHER_LABELS})\s?:|"
    rf"[^:@]{{0,80}}@[^:]{{1,80}}?\s(?:{_DATES})\s?:.{{1,60}}?\d:\d\d)",
    re.IGNORECASE,
)


@dataclass
class QuoteHeader:
    """Lines that introduce a quoted message.

    Attributes:
        start: The first line.
        end: The line after the last one.
        forwarded: Whether they say that the message is forwarded.
        attribution: Whether they are an attribution: 'On 3 May 2024 at 10:00, Jane Roe wrote:'.
        column: Where the header begins in the first line, after words of the author.
    """

    start: int
    end: int
    forwarded: bool = False
    attribution: bool = False
    column: int = 0


@dataclass
class _LabelledLines:
    """Consecutive lines with a label and a value each, which may be a header block."""

    kinds: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    end: int = 0

    def is_header_block(self, has_rule: bool, is_inside: bool) -> bool:
        """Whether the labels and values are those of a mail header.

        Args:
            has_rule: Whether there is a rule above the lines.
            is_inside: Whether a line with an unknown label is directly above: 'Name: Jane Roe'.
        """
        known = {kind for kind in self.kinds if kind}
        fields = {"date" if kind == "sent" else kind for kind in known}
        if is_inside and not (len(fields) >= 3 and fields >= {"sender", "subject"}):
            return False
        text = "\n".join(self.values)
        # A header without a sender has no other labels; a form or a report may have.
        has_sender = bool(known & {"sender", "sent"}) or all(self.kinds)
        has_address = [ADDRESS.search(value) is not None for value in self.values]
        addresses = sum(has_address)
        has_date_and_time = CLOCK.search(text) and FULL_DATE.search(text)
        if not has_rule and self.is_verse():
            return False
        if len(self.labels) >= 3 and (len(fields) < 2 or (not self.kinds[0] and len(fields) < 3)):
            return bool(addresses >= 2 and has_date_and_time and self._has_date_between_addresses())
        if len(fields) >= 3 and fields & {"sender", "subject"}:
            # A form for people begins with labels of its own: 'E-mail', 'Date', 'To', 'From'.
            is_mail = (has_sender or has_rule) and (bool(self.kinds[0]) or "subject" in fields)
            people = zip(self.kinds, has_address, strict=True)
            return is_mail and bool(
                has_rule or known & {"subject", "sent"} or any(kind and own for kind, own in people)
            )
        # An invitation has a date and a subject: a mail has a sender, too.
        is_likely = (addresses and has_date_and_time and has_sender and fields != {"date", "subject"}) or (
            has_rule and fields & {"sender", "subject"}
        )
        return len(fields) == 2 and bool(is_likely)

    def is_verse(self) -> bool:
        """Whether no line has an address, and what a label calls a date is none: 'Date: no one knows'."""
        if any(map(ADDRESS.search, self.values)):
            return False
        dates = [value for kind, value in zip(self.kinds, self.values, strict=True) if kind == "date"]
        return any(len(date.split()) >= MIN_WORDS_OF_VERSE and not any(map(str.isdigit, date)) for date in dates)

    def _has_date_between_addresses(self) -> bool:
        """Whether the labels, of an unknown language, are in the order of a mail header: sender, date, recipients.

        A list of people has addresses in all lines, or the date in one of them.
        """
        is_address = [bool(ADDRESS.search(value)) for value in self.values]
        dates = [bool(CLOCK.search(value) and FULL_DATE.search(value)) for value in self.values]
        is_date = [date and not address for date, address in zip(dates, is_address, strict=True)]
        return is_address[0] and True in is_date and any(is_address[is_date.index(True) :]) and sum(is_date) == 1

    def is_patch(self, below: Sequence[str]) -> bool:
        """Whether the labels are those of a patch, whose message is below: From, Date and Subject, no recipient."""
        if "recipient" in self.kinds or "sent" in self.kinds or "sender" not in self.kinds:
            return False
        subjects = [value for kind, value in zip(self.kinds, self.values, strict=True) if kind == "subject"]
        if any(PATCH_SUBJECT.match(subject) for subject in subjects):
            return True
        return bool(subjects) and any(PATCH_BODY.match(line) for line in below[:MAX_PATCH_MESSAGE_LINES])


def find_separator(lines: list[str], start: int) -> QuoteHeader | None:
    """The separator that starts at a line, on one or two lines: '-----Original Message-----'."""
    line = lines[start].strip()
    if line[:1] in REPLY_LINE_RULES and len(line) < MAX_CHARACTERS:
        length = 1 if line.strip(REPLY_LINE_RULES) else 2
        if REPLY_LINE.match(" ".join(part.strip() for part in lines[start : start + length])[:MAX_CHARACTERS]):
            return QuoteHeader(start, start + length)
    if line[:1] not in RULE_CHARACTERS:
        words = line.strip("*>: ：").casefold()
        return QuoteHeader(start, start + 1, bool(FORWARDED.search(words))) if words in TITLES_WITHOUT_RULE else None
    for length in (1, 2):
        joined = " ".join(part.strip() for part in lines[start : start + length])
        title = _between_rules(joined)
        if title and MESSAGE.search(title) and not NO_TITLE.search(title) and _is_title(title):
            return QuoteHeader(start, start + length, bool(FORWARDED.search(title)))
    if is_attribution_between_dashes(line):
        return QuoteHeader(start, start + 1)
    return None


def _between_rules(line: str) -> str | None:
    """The text between two rules on one line; None if there are none."""
    right = line.lstrip(RULE_CHARACTERS)
    title = right.rstrip(RULE_CHARACTERS)
    if not title or len(title) > MAX_CHARACTERS or len(line) - len(right) < 2 or len(right) - len(title) < 2:
        return None
    return title


def _is_title(words: str) -> bool:
    """Whether the words are like 'Original Message' or 'Forwarded by Jane Roe on 3 May', and not a sentence."""
    return len(words.split()) <= 4 or (bool(FORWARDED.search(words)) and len(words.split()) <= 16)


def find_header_block(lines: list[str], first: int) -> QuoteHeader | None:
    """The header block whose first label is on a line, including the rule above it and the name in a Notes header."""
    if ":" not in lines[first] and "：" not in lines[first]:
        return None
    label = LABEL.match(DIRECTION_MARKS.sub("", lines[first][:200]))
    if not label or (not LABEL_KINDS.get(_normalize(label[1])) and not ADDRESS.search(lines[first])):
        return None
    labelled = _collect_labelled(lines, first)
    if _is_below_verse(lines, first):
        return None
    if labelled.is_patch(lines[labelled.end :]) or _is_below_commit(lines, first):
        return None
    start = _start_with_rule(lines, first)
    above = LABEL.match(lines[first - 1][:200]) if first else None
    if labelled.is_header_block(start < first, above is not None and _normalize(above[1]) not in LABEL_KINDS):
        return QuoteHeader(start, labelled.end)
    return None


def _is_below_verse(lines: list[str], first: int) -> bool:
    """Whether the line is one of several with labels that are verse from the first one on."""
    top = first
    while top and first - top < MAX_LINES_OF_VERSE and LABEL.match(lines[top - 1][:MAX_CHARACTERS]):
        top -= 1
    return top < first and _collect_labelled(lines, top).is_verse()


def _is_below_commit(lines: list[str], first: int) -> bool:
    """Whether the labelled lines up to a line begin below the line that git writes above a commit or patch."""
    above = first
    while above and first - above < MAX_BLOCK_LINES and LABEL.match(lines[above - 1][:MAX_CHARACTERS]):
        above -= 1
    return above > 0 and COMMIT_START.match(lines[above - 1]) is not None


def _normalize(label: str) -> str:
    return " ".join(label.casefold().split())


def _collect_labelled(lines: list[str], first: int) -> _LabelledLines:
    """The labelled lines from the first one. A value may span up to two more lines; a blank line may be in between."""
    labelled = _LabelledLines(end=first)
    gap = 0
    for index in range(first, min(first + MAX_BLOCK_LINES, len(lines))):
        match = LABEL.match(DIRECTION_MARKS.sub("", lines[index][:MAX_CHARACTERS]))
        kind = LABEL_KINDS.get(_normalize(match[1]), "") if match else ""
        if match and (kind or gap == 0):
            labelled.kinds.append(kind)
            labelled.labels.append(match[1])
            labelled.values.append(match[2])
            labelled.end, gap = index + 1, 0
            continue
        gap += 1
        if gap > 2 or (not lines[index].strip() and labelled.kinds[-1:] == ["subject"]):
            break
        if gap == 1 and labelled.values and lines[index].strip():
            labelled.values[-1] += " " + lines[index].strip()
    return labelled


def _start_with_rule(lines: list[str], first: int) -> int:
    """The line of the rule that Outlook draws above a header block, or of the name and date that Notes writes there."""
    above = first
    while above and not lines[above - 1].strip() and first - above < 4:
        above -= 1
    if above and (HEADER_RULE.match(lines[above - 1]) or _between_rules(lines[above - 1])):
        return above - 1
    if above == first and first and ON_BEHALF.match(lines[first - 1]):
        return first - 1
    if above and ONLY_DATE_AND_TIME.match(lines[above - 1]):
        return above - 2 if above > 1 and 0 < len(lines[above - 2].split()) <= 8 else above - 1
    return first
