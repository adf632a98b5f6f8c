"""Signatures off, the sign-off kept: 'Cheers, W' is style, a block of telephone numbers is not.

A signature is learned from the archive: lines that recur at the end of the owner's mails. Below the
owner's name they go; above it, and where nothing gives contact data, they are the owner's words.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

DELIMITER = re.compile(r"^\s{0,2}(?:-- ?|__|—|–)\s*$")
CONTACT = re.compile(
    r"https?://|\bwww\.|[\w.+-]+@[\w-]+\.\w|\+\d[\d ()./-]{6,}|\(?\b\d{3}\)?[-. /]{1,2}\d{3}[-. ]\d{2,4}|"
    r"^\W{0,3}(?:tel|phone|mobile|mob|fax|cell|office|skype|icq|telefon|téléphone|teléfono|telefono|handy|"
    r"тел|моб|факс|skype|телефон)\b[.:]?\s|^\W*[tfmpe]\s?[.:]\s*[+(]?\d",
    re.IGNORECASE,
)
# 'Reviewed-by: Jane Roe <jane@x.example>' is said, not signed.
TRAILER = re.compile(r"^\W*[A-Z][a-z]+(?:-[a-z]+)*-by:")
POSTSCRIPT = re.compile(r"^\W{0,2}(?:p\.?\s?p?\.?s\b|n\.?b\b|пс\b|п\.?с\b|з\.?ы\b|ps\b)", re.IGNORECASE)
SENTENCE = re.compile(r"[.!?…]\W*$")
WORDS = re.compile(r"[^\W\d_]+")
TAIL = 14
LONGEST_SIGNATURE = 12
FEWEST_REPEATS = 4
REPEATED_SHARE = 0.02
FEWEST_WORDS = 20


@dataclass(frozen=True)
class Learned:
    """What an archive shows of its owner's mail ends.

    Attributes:
        lines: Lines that recur there, in lower case without runs of spaces.
        names: The words of the owner's names, in lower case.
        sign_offs: The short ones that stand last above contact data, as written, with their counts.
        boilerplate: Long paragraphs that recur as the last one.
    """

    lines: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    sign_offs: dict[str, int] = field(default_factory=dict)
    boilerplate: frozenset[str] = frozenset()


NOTHING = Learned()


def learn(texts: Iterable[str], names: Iterable[str] = ()) -> Learned:
    """Count the lines at the ends of an owner's mails.

    Args:
        texts: The owner's own words of many mails.
        names: What the owner is called, as headers show it.
    """
    counts: Counter[str] = Counter()
    closings: Counter[str] = Counter()
    last: Counter[str] = Counter()
    number = 0
    for text in texts:
        number += 1
        last[_last_paragraph(text)[1]] += 1
        lines = [line for line in text.split("\n")[-2 * TAIL :] if line.strip()]
        counts.update({_plain(line) for line in lines[-TAIL:]})
        closings.update(_closing(lines))
    enough = max(FEWEST_REPEATS, REPEATED_SHARE * number)
    words = frozenset(word.lower() for name in names for word in WORDS.findall(name.partition("@")[0]) if len(word) > 1)
    return Learned(
        frozenset(line for line, count in counts.items() if count >= enough),
        words,
        {line: count for line, count in closings.most_common(12) if count >= enough},
        frozenset(text for text, count in last.items() if count >= enough and len(text.split()) >= FEWEST_WORDS),
    )


def _closing(lines: list[str]) -> list[str]:
    """The short lines that end a mail, contact data below them aside."""
    end = len(lines)
    while end and is_contact(lines[end - 1]):
        end -= 1
    return list(dict.fromkeys(line.strip() for line in lines[1:end][-2:] if _is_brief(line)))


def _last_paragraph(text: str) -> tuple[int, str]:
    """Where the last paragraph begins, and its words."""
    begin = text.rstrip().rfind("\n\n") + 2
    return (begin, _plain(text[begin:])) if begin > 1 else (0, "")


def without_signature(text: str, learned: Learned = NOTHING) -> str:
    """The text up to its signature, or whole when nothing but a signature is there."""
    while (last := _last_paragraph(text))[1] in learned.boilerplate:
        text = text[: last[0]].rstrip()
    lines = text.split("\n")
    end = _at_delimiter(lines)
    end = _below_name(lines[:end], learned)
    end = _recurring_contacts(lines[:end], learned)
    return "\n".join(lines[:end]).rstrip() if any(line.strip() for line in lines[:end]) else text.strip()


def _at_delimiter(lines: list[str]) -> int:
    """Where a delimiter stands with a few lines below it."""
    for place in range(len(lines) - 1, max(-1, len(lines) - 2 * TAIL), -1):
        if DELIMITER.match(lines[place]) and any(line.strip() for line in lines[:place]):
            below = [line for line in lines[place + 1 :] if line.strip()]
            strict = lines[place].startswith("--")
            if len(below) <= (2 * LONGEST_SIGNATURE if strict else LONGEST_SIGNATURE // 2):
                return place
    return len(lines)


def _below_name(lines: list[str], learned: Learned) -> int:
    """Cut below the owner's name what recurs there or gives contact data."""
    filled = [place for place, line in enumerate(lines) if line.strip()][-LONGEST_SIGNATURE - 1 :]
    places = [place for place in filled if _is_name(lines[place], learned)]
    places = places or [place for place in filled if lines[place].strip() in learned.sign_offs]
    below = [lines[place] for place in filled if places and place > places[-1]]
    if not below or any(_is_prose(line, learned) for line in below):
        return len(lines)
    signs = any(is_contact(line) for line in below) or all(_plain(line) in learned.lines for line in below)
    return places[-1] + 1 if signs else len(lines)


def _recurring_contacts(lines: list[str], learned: Learned) -> int:
    """Cut the recurring lines at the end, from the first one that gives contact data or stands right above it."""
    end = len(lines)
    first = None
    for place in range(len(lines) - 1, max(-1, len(lines) - TAIL), -1):
        line = lines[place]
        if not line.strip():
            continue
        if _plain(line) not in learned.lines or (SENTENCE.search(line.strip()) and len(line.split()) > 4):
            break
        if is_contact(line):
            first = place
    return end if first is None else first


def is_contact(line: str) -> bool:
    """Whether a line gives an address, a telephone number or a page."""
    return bool(CONTACT.search(line[:300])) and not TRAILER.match(line)


def _is_name(line: str, learned: Learned) -> bool:
    """Whether a line is the owner's name, whole or short."""
    words = [word.lower() for word in WORDS.findall(line)]
    known = sum(word in learned.names or (len(word) == 1 and bool(learned.names)) for word in words)
    return 0 < len(words) <= 5 and known * 2 > len(words) and not is_contact(line)


def _is_brief(line: str) -> bool:
    return len(line.split()) <= 4 and not is_contact(line) and not any(letter.isdigit() for letter in line)


def _is_prose(line: str, learned: Learned) -> bool:
    """Whether a line is something that its writer wrote for this mail."""
    if POSTSCRIPT.match(line):
        return True
    if _plain(line) in learned.lines or is_contact(line):
        return len(line.split()) > 12 and _plain(line) not in learned.lines
    return len(line.split()) > 7 or bool(SENTENCE.search(line.strip()) and len(line.split()) > 3)


def _plain(line: str) -> str:
    return " ".join(line.lower().split())
