"""The two cleaning steps for batches of messages, as functions that worker processes run."""

from dataclasses import dataclass

from email_assistant.archive import cleaning
from email_assistant.archive.language import LanguageDetector
from email_assistant.archive.messages import KINDS, ArchiveItem, ParsedMessage, Unreadable
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.report_examples import ReportExample
from email_assistant.archive.signatures import SignatureProfile
from email_assistant.lexicon.words import WORD, count_words, has_unspaced

# Characters of the original that the report shows.
EXCERPT_CHARACTERS = 4000


@dataclass(frozen=True)
class StrippedMessage:
    """A message after the first cleaning step, without quotes and footers.

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
        repairs: What had to be repaired to decode it.
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
    repairs: list[str] | tuple[str, ...] = ()
    original: str = ""
    timestamp: float = 0.0
    error: str | None = None

    def example(self, result: str = "") -> ReportExample:
        """The message as an example for the report."""
        return ReportExample(self.source, self.sender, self.subject, self.original, result)


@dataclass(frozen=True)
class CleanedMessage(StrippedMessage):
    """A message after both cleaning steps: `text` is final.

    Attributes:
        detected: The detected language; None if the text is too short.
        cyrillic: Whether most of its letters are Cyrillic.
    """

    detected: str | None = None
    cyrillic: bool = False


def strip_batch(batch: list[tuple[int, ArchiveItem]], drop_code: bool, with_context: bool) -> list[StrippedMessage]:
    """Apply the first cleaning step to messages with their numbers."""
    return [_strip(number, parse_item(item), drop_code, with_context) for number, item in batch]


def _strip(number: int, message: ParsedMessage | Unreadable, drop_code: bool, with_context: bool) -> StrippedMessage:
    if isinstance(message, Unreadable):
        return StrippedMessage(number, message.source, error=message.reason)
    authors = {part.casefold() for person in message.senders for part in (person.name, person.address) if part}
    stripped = cleaning.strip_quotes_and_footers(message.text, drop_code, with_context, authors)
    return StrippedMessage(
        number=number,
        source=message.source,
        id=message.id,
        subject=message.subject,
        sender=", ".join(map(str, message.senders[:1])),
        date=message.date.isoformat() if message.date else None,
        to=[str(person) for person in message.recipients],
        parent=message.parent,
        text=stripped.text,
        context=stripped.context,
        cuts=stripped.cuts,
        kinds=tuple(kind for kind in KINDS if kind in message.kinds),
        repairs=tuple(sorted(message.repairs)),
        original=message.text[:EXCERPT_CHARACTERS],
        timestamp=message.timestamp,
    )


@dataclass(frozen=True)
class CleanedText:
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


def finish_batch(batch: list[str], profile: SignatureProfile) -> list[CleanedText]:
    """Apply the second cleaning step to texts, and detect their languages."""
    detector = LanguageDetector.shared()
    return [_finish(text, profile, detector) for text in batch]


def _finish(stripped: str, profile: SignatureProfile, detector: LanguageDetector) -> CleanedText:
    text = cleaning.finish(stripped, profile)
    spaced = len(WORD.findall(text))
    words = count_words(text) if has_unspaced(text) else spaced
    return CleanedText(text, words, spaced < len(WORD.findall(stripped)), *detector.detect(text))
