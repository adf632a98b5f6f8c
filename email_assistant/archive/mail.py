"""What readers give: a message as it lies in the archive, raw or decoded, not yet cleaned."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

# What a message may be besides a person's mail, the likeliest to be meant first where it is several.
KINDS = ("encrypted", "bounce", "receipt", "calendar", "vacation", "automatic", "signed", "list")


@dataclass(frozen=True)
class Person:
    """A display name and an address; either may be empty."""

    name: str
    address: str

    def __str__(self) -> str:
        """The way a header shows it."""
        if self.name and self.address:
            return f"{self.name} <{self.address}>"
        return self.name or self.address


@dataclass(frozen=True)
class Raw:
    """The bytes of one message.

    Attributes:
        source: Where it lies, for reports.
        data: The message: header and body of RFC 5322, or an Outlook .msg file.
        sent_folder: Whether it lies among sent mail.
        format: 'rfc822' or 'msg'.
    """

    source: str
    data: bytes
    sent_folder: bool = False
    format: str = "rfc822"


@dataclass
class Mail:
    """One message of an archive.

    `senders` holds everyone that the message may come from: a mailing list that rewrites From as
    'X via the list' keeps the true address in Reply-To. It is empty where the archive says nothing
    of senders, as a table of sent mail does.

    `kinds` says what the message is besides a person's mail, of KINDS.
    """

    source: str
    id: str
    subject: str = ""
    text: str = ""
    date: datetime | None = None
    senders: list[Person] = field(default_factory=list)
    recipients: list[Person] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    parent: str | None = None
    thread: str | None = None
    sent_folder: bool = False
    kinds: frozenset[str] = frozenset()

    @property
    def moment(self) -> float:
        """When it was sent, in seconds, to sort by; mails without a date come before all others."""
        return zoned(self.date).timestamp() if self.date and self.date.year > 1 else float("-inf")


def zoned(date: datetime) -> datetime:
    """A moment with its zone; one without counts as UTC."""
    return date if date.tzinfo else date.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Unreadable:
    """A message that a reader could not make sense of."""

    source: str
    why: str


Found = Raw | Mail | Unreadable
