"""What other processes do of the second reading: what a message shows by itself, then what all of them teach."""

import re
from dataclasses import dataclass

from email_assistant.archive import cleaning
from email_assistant.archive.index import parse
from email_assistant.archive.language import Detector
from email_assistant.archive.mail import KINDS, Found, Mail, Unreadable
from email_assistant.archive.signatures import Learned

WORD = re.compile(r"\w+")
SHOWN = 4000


@dataclass
class Cleaned:
    """One of the owner's messages, or what one of them answers, after the first step of cleaning."""

    number: int
    source: str
    id: str
    subject: str
    sender: str
    date: str | None
    to: list[str]
    parent: str | None
    text: str
    context: str
    cuts: tuple[str, ...]
    kinds: tuple[str, ...]
    original: str
    moment: float
    why: str | None = None


def clean_batch(batch: list[tuple[int, Found]], drop_code: bool, with_context: bool) -> list[Cleaned]:
    """The first step for some messages, by their numbers."""
    return [_clean(number, parse(found), drop_code, with_context) for number, found in batch]


def _clean(number: int, mail: Mail | Unreadable, drop_code: bool, with_context: bool) -> Cleaned:
    if isinstance(mail, Unreadable):
        return Cleaned(number, mail.source, "", "", "", None, [], None, "", "", (), (), "", 0.0, mail.why)
    draft = cleaning.draft(mail.text, drop_code, with_context)
    return Cleaned(
        number=number,
        source=mail.source,
        id=mail.id,
        subject=mail.subject,
        sender=", ".join(map(str, mail.senders[:1])),
        date=mail.date.isoformat() if mail.date else None,
        to=[str(person) for person in mail.recipients],
        parent=mail.parent,
        text=draft.text,
        context=draft.context,
        cuts=draft.cuts,
        kinds=tuple(kind for kind in KINDS if kind in mail.kinds),
        original=mail.text[:SHOWN],
        moment=mail.moment,
    )


@dataclass(frozen=True)
class Finished:
    """A mail after both steps.

    Attributes:
        text: The owner's own words.
        words: How many.
        signed: Whether a signature was taken off.
        language: What the detector takes it for; None where it is too short to say.
        cyrillic: Whether most of its letters are Cyrillic.
    """

    text: str
    words: int
    signed: bool
    language: str | None
    cyrillic: bool


def finish_batch(batch: list[str], learned: Learned) -> list[Finished]:
    """The second step for some texts."""
    detector = Detector.shared()
    return [_finish(text, learned, detector) for text in batch]


def _finish(before: str, learned: Learned, detector: Detector) -> Finished:
    text = cleaning.finish(before, learned)
    words = len(WORD.findall(text))
    return Finished(text, words, words < len(WORD.findall(before)), *detector.look_at(text))
