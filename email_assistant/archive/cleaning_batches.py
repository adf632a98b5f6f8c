"""The two cleaning steps of the second pass, as functions on batches that run in other processes."""

import re
from dataclasses import dataclass

from email_assistant.archive import cleaning
from email_assistant.archive.language import LanguageDetector
from email_assistant.archive.messages import KINDS, ArchiveItem, Mail, Unreadable
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.report_examples import Example
from email_assistant.archive.signatures import SignatureProfile

WORD = re.compile(r"\w+")
# Characters of the original that the report shows.
EXCERPT_CHARACTERS = 4000


@dataclass(frozen=True)
class DraftedMail:
    """A message after the first cleaning step.

    Attributes:
        number: Its number in reading order.
        source: Location of the message.
        id: Its Message-ID, or a hash.
        subject: Its subject.
        sender: The first sender.
        date: When it was sent, in ISO 8601; None if unknown.
        to: The recipients.
        parent: The Message-ID that it answers.
        text: The author's own words; the signature may still be there.
        context: The quoted text that it answers, cleaned.
        cuts: What was cut from it.
        kinds: What it is besides ordinary mail.
        original: The beginning of its text before cleaning.
        timestamp: When it was sent, in seconds since 1970.
        error: What was wrong, if it could not be read.
    """

    number: int
    source: str
    id: str = ""
    subject: str = ""
    sender: str = ""
    date: str | None = None
    to: list[str] | tuple[str, ...] = ()
    parent: str | None = None
    text: str = ""
    context: str = ""
    cuts: list[str] | tuple[str, ...] = ()
    kinds: list[str] | tuple[str, ...] = ()
    original: str = ""
    timestamp: float = 0.0
    error: str | None = None

    def example(self, result: str = "") -> Example:
        """The message as an example for the report."""
        return Example(self.source, self.sender, self.subject, self.original, result)


@dataclass(frozen=True)
class FinishedMail(DraftedMail):
    """A message after both cleaning steps: `text` is final.

    Attributes:
        detected: The detected language; None if the text is too short.
        cyrillic: Whether most of its letters are Cyrillic.
    """

    detected: str | None = None
    cyrillic: bool = False


def draft_batch(batch: list[tuple[int, ArchiveItem]], drop_code: bool, with_context: bool) -> list[DraftedMail]:
    """Apply the first cleaning step to messages with their numbers."""
    return [_draft(number, parse_item(item), drop_code, with_context) for number, item in batch]


def _draft(number: int, mail: Mail | Unreadable, drop_code: bool, with_context: bool) -> DraftedMail:
    if isinstance(mail, Unreadable):
        return DraftedMail(number, mail.source, error=mail.reason)
    draft = cleaning.draft(mail.text, drop_code, with_context)
    return DraftedMail(
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
        original=mail.text[:EXCERPT_CHARACTERS],
        timestamp=mail.timestamp,
    )


@dataclass(frozen=True)
class FinishedText:
    """A text after both cleaning steps.

    Attributes:
        text: The author's own words.
        words: The number of words.
        had_signature: Whether a signature was cut.
        language: The detected language; None if the text is too short.
        cyrillic: Whether most of its letters are Cyrillic.
    """

    text: str
    words: int
    had_signature: bool
    language: str | None
    cyrillic: bool


def finish_batch(batch: list[str], profile: SignatureProfile) -> list[FinishedText]:
    """Apply the second cleaning step to texts, and detect their languages."""
    detector = LanguageDetector.shared()
    return [_finish(text, profile, detector) for text in batch]


def _finish(draft: str, profile: SignatureProfile, detector: LanguageDetector) -> FinishedText:
    text = cleaning.finish(draft, profile)
    words = len(WORD.findall(text))
    return FinishedText(text, words, words < len(WORD.findall(draft)), *detector.detect(text))
