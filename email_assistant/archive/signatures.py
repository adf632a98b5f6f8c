"""Signatures and footers off, the sign-off kept: 'Cheers, W' is style, a block of telephone numbers is not."""

import re
from collections import Counter
from collections.abc import Iterable

DELIMITER = re.compile(r"^-- ?$")
FOOTER = re.compile(
    r"^(_{10,}|-{10,}|={10,})$|"
    r"^(sent from my|get outlook for|sent via|von meinem .* gesendet|envoyé de mon|enviado desde mi|inviato da|"
    r"отправлено с |отправлено из |надіслано з )",
    re.IGNORECASE,
)
LIST_FOOTER = re.compile(r"mailing list|to unsubscribe|unsubscribe|список рассылки|отписаться", re.IGNORECASE)
CONTACT = re.compile(
    r"https?://|www\.|[\w.+-]+@[\w-]+\.\w|\+\d[\d ()-]{6,}|\b\d{3}[-. ]\d{3}[-. ]\d{4}\b|"
    r"^(tel|phone|mobile|fax|cell|тел|моб|факс)\b",
    re.IGNORECASE,
)
TAIL = 12
FEWEST_REPEATS = 4
REPEATED_SHARE = 0.1


def learn(texts: Iterable[str]) -> frozenset[str]:
    """The lines at the end of many of an owner's mails that give contact data."""
    texts = list(texts)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({_plain(line) for line in text.split("\n")[-TAIL:] if line.strip()})
    enough = max(FEWEST_REPEATS, REPEATED_SHARE * len(texts))
    return frozenset(line for line, count in counts.items() if count >= enough and CONTACT.search(line))


def without_signature(text: str, learned: frozenset[str] = frozenset()) -> str:
    """The text up to its signature, or whole when nothing but a signature is there."""
    lines = text.split("\n")
    end = len(lines)
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place].rstrip()
        at_end = place >= len(lines) - TAIL
        if (DELIMITER.match(line) and place >= len(lines) - 2 * TAIL) or (
            at_end and (_plain(line) in learned or _is_footer(lines, place))
        ):
            end = place
    return "\n".join(lines[:end]).strip() or text.strip()


def _is_footer(lines: list[str], place: int) -> bool:
    line = lines[place].strip()
    if not FOOTER.match(line):
        return False
    is_rule = not line.strip("_-=")
    return not is_rule or any(LIST_FOOTER.search(below) for below in lines[place + 1 : place + 6])


def _plain(line: str) -> str:
    return " ".join(line.lower().split())
