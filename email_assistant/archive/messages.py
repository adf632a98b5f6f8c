"""The data types that readers produce: messages of an archive, raw or parsed, before any cleaning.

The owner's messages pass through these types: RawMessage (bytes), ParsedMessage, StrippedMessage (without quotes and
footers), CleanedMessage (also without signature), and storage.records.Email (a line of emails.jsonl).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

# What a message can be besides ordinary mail. If several apply, the first in this order is the reported one.
KINDS = (
    *("deleted", "trash", "spam", "template", "draft"),
    *("encrypted", "bounce", "receipt", "calendar", "vacation", "automatic", "signed", "list"),
)
# Larger than any real mail.
MAX_MESSAGE_BYTES = 128 << 20


@dataclass(frozen=True)
class Person:
    """A display name and an address; either may be empty."""

    name: str
    address: str

    def __str__(self) -> str:
        """The form used in mail headers."""
        if self.name and self.address:
            return f"{self.name} <{self.address}>"
        return self.name or self.address


@dataclass(frozen=True)
class RawMessage:
    """The bytes of one message, not parsed yet.

    Attributes:
        source: Location of the message, for reports.
        data: The message: header and body of RFC 5322, or an Outlook .msg file.
        sent_folder: Whether it is in a folder of sent mail.
        format: 'rfc822' or 'msg'.
        kinds: What it is by its folder and its file, from KINDS.
    """

    source: str
    data: bytes
    sent_folder: bool = False
    format: str = "rfc822"
    kinds: frozenset[str] = frozenset()


@dataclass
class ParsedMessage:
    """One parsed message of an archive.

    Attributes:
        source: Location of the message, for reports.
        id: Its Message-ID, or a hash if it has none.
        subject: The decoded subject.
        text: The decoded body text, not cleaned.
        date: When it was sent; None if unknown.
        senders: Everyone the message may be from. A mailing list that rewrites From as 'X via the list' keeps the
            true address in Reply-To. Empty if the archive has no sender field, like a table of sent mail.
        recipients: The people in To and Cc.
        delivered_to: Whose mailbox the servers put it into, which To does not say of mail to a list.
        reply_to: Whom it asks to answer instead of its sender.
        references: Message-IDs of the thread.
        parent: The Message-ID that it answers.
        thread: The conversation, if the archive has a column for it.
        sent_folder: Whether it is in a folder of sent mail.
        kinds: What it is besides ordinary mail, from KINDS.
        repairs: What had to be repaired to decode it, as in `charsets`.
    """

    source: str
    id: str
    subject: str = ""
    text: str = ""
    date: datetime | None = None
    senders: list[Person] = field(default_factory=list)
    recipients: list[Person] = field(default_factory=list)
    delivered_to: list[Person] = field(default_factory=list)
    reply_to: list[Person] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    parent: str | None = None
    thread: str | None = None
    sent_folder: bool = False
    kinds: frozenset[str] = frozenset()
    repairs: frozenset[str] = frozenset()

    @property
    def timestamp(self) -> float:
        """When it was sent, in seconds since 1970; minus infinity without a date, so that such mails sort first."""
        return with_timezone(self.date).timestamp() if self.date and self.date.year > 1 else float("-inf")


def with_timezone(date: datetime) -> datetime:
    """The date with a time zone; one without a zone counts as UTC."""
    return date if date.tzinfo else date.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Unreadable:
    """A message that could not be read.

    Attributes:
        source: Location of the message, for reports.
        reason: What was wrong.
    """

    source: str
    reason: str


def too_large(source: str) -> Unreadable:
    """A message of more than MAX_MESSAGE_BYTES, which is not read."""
    return Unreadable(source, f"larger than {MAX_MESSAGE_BYTES >> 20} MiB")


ArchiveItem = RawMessage | ParsedMessage | Unreadable
