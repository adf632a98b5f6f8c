"""Reduces the text of a message to its author's own words, in two steps.

`strip_quotes_and_footers` cuts what can be recognized in a single message: quotes, and what programs add. `finish` cuts
the signature, which is learned from the whole archive, and rejoins wrapped lines. `strip_batch` and `finish_batch` are
the same steps for batches of messages, which worker processes run.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from email_assistant.archive import quotes
from email_assistant.archive.banners import strip_banners, strip_cards
from email_assistant.archive.code_blocks import strip_code
from email_assistant.archive.footers import strip_armor, strip_footers
from email_assistant.archive.invitations import strip_invitations
from email_assistant.archive.language import LanguageDetector
from email_assistant.archive.messages import KINDS, ArchiveItem, ParsedMessage, Unreadable
from email_assistant.archive.paragraphs import collapse_spaces, unwrap
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.report_examples import ReportExample
from email_assistant.archive.signatures import EMPTY_PROFILE, SignatureProfile, strip_signature
from email_assistant.lexicon.words import WORD, count_words, has_unspaced

# Non-breaking spaces, which mail programs write for a second space, and characters without width.
NORMALIZED = {
    "\u00a0": " ",
    "\u2007": " ",
    "\u202f": " ",
    "\u00ad": "",
    "\u034f": "",
    "\u200b": "",
    "\u2060": "",
    "\u2063": "",
    "\ufeff": "",
}
# What keeps letters apart in Persian and the scripts of India. Elsewhere programs fill up a preview with it.
NON_JOINER = re.compile("(?<![\u0600-\u109f\u1780-\u18af])\u200c|\u200c(?![\u0600-\u109f\u1780-\u18af])")
# Characters of the original that the report shows.
EXCERPT_CHARACTERS = 4000


@dataclass(frozen=True)
class StrippedText:
    """A message after the first step.

    Attributes:
        text: The author's words with their line breaks; the signature may still be there.
        context: The quoted text that the message answers, cleaned; empty if there is none or it was not requested.
        cuts: What was cut, without repetitions: armor, banner, card, code, device, disclaimer, footer, forward,
            invitation, list, quote.
    """

    text: str
    context: str
    cuts: tuple[str, ...]


def strip_quotes_and_footers(
    text: str, drop_code: bool, with_context: bool = False, authors: Collection[str] = ()
) -> StrippedText:
    """First step: cut what is recognizably quoted or added by a program.

    Args:
        text: The text of the message.
        drop_code: Whether patches, logs and listings are also cut.
        with_context: Whether to return the quoted text that the message answers.
        authors: The names and addresses of the message's writer in lower case, to tell whose a patch is.
    """
    text, had_armor = strip_armor(text if text.isascii() else _with_plain_spaces(text))
    text, had_banner = strip_banners(text)
    parts = quotes.split(text, authors)
    lines, had_card = strip_cards(parts.own.split("\n"))
    lines, had_invitation = strip_invitations(lines)
    lines, cuts = strip_footers(lines)
    parts_cut = {"banner": had_banner, "card": had_card, "invitation": had_invitation, "armor": had_armor}
    cuts |= {name for name, was_cut in parts_cut.items() if was_cut}
    if drop_code:
        lines, had_code = strip_code(lines, authors)
        cuts |= {"code"} if had_code else set()
    cuts |= ({"forward"} if parts.forwarded else {"quote"}) if parts.quoted else set()
    context = _context(parts) if with_context and parts.quoted else ""
    return StrippedText(quotes.normalize_lines(lines), context, tuple(sorted(cuts)))


def _with_plain_spaces(text: str) -> str:
    # Several times as fast as str.translate, which looks up every character.
    for character, replacement in NORMALIZED.items():
        text = text.replace(character, replacement)
    return NON_JOINER.sub("", text) if "\u200c" in text else text


def finish(text: str, profile: SignatureProfile = EMPTY_PROFILE) -> str:
    """Second step: cut the owner's signature, and rejoin the lines that a mail program wrapped."""
    return collapse_spaces(unwrap(strip_signature(text, profile)))


def _context(parts: quotes.MessageParts) -> str:
    lines, _ = strip_footers(parts.context().split("\n"))
    return finish("\n".join(lines))


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
    stripped = strip_quotes_and_footers(message.text, drop_code, with_context, authors)
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
    text = finish(stripped, profile)
    spaced = len(WORD.findall(text))
    words = count_words(text) if has_unspaced(text) else spaced
    return CleanedText(text, words, spaced < len(WORD.findall(stripped)), *detector.detect(text))
