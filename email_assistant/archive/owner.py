"""Detects the owner of an archive, and the messages that the owner wrote."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from email_assistant.archive.message_kinds import ROBOT_ADDRESS
from email_assistant.archive.messages import ParsedMessage, Person
from email_assistant.archive.senders import canonical, plain_name
from email_assistant.errors import ArchiveError

# An address is another account of the owner if it sent this many messages, and this share of the main account's.
MIN_SENT = 3
MIN_SENT_SHARE = 0.05
CONFIGURED_ADDRESS = re.compile(r"(?:mailto:)?([^\s<>@,;:\"']+@[^\s<>@,;\"']+)")


@dataclass(frozen=True)
class Owner:
    """The identity of the archive's owner.

    Attributes:
        addresses: The owner's addresses, in lower case; other spellings of the same mailboxes count too.
        names: The owner's display names, as by `plain_name`.
        grounds: How the owner was detected.
        impostors: Addresses of others who use the owner's name, in canonical form.
    """

    addresses: frozenset[str]
    names: frozenset[str]
    grounds: str
    impostors: frozenset[str] = frozenset()

    @cached_property
    def _mailboxes(self) -> frozenset[str]:
        return frozenset(map(canonical, self.addresses))

    def wrote(self, message: ParsedMessage) -> bool:
        """Whether the owner wrote a message."""
        return self.is_among(message.senders)

    def is_among(self, senders: Collection[Person]) -> bool:
        """Whether one of the senders is the owner. True without senders: archives of only sent mail name none."""
        return not senders or any(map(self._is, senders))

    def _is(self, person: Person) -> bool:
        mailbox = canonical(person.address)
        if mailbox in self.impostors:
            return False
        return mailbox in self._mailboxes or (bool(person.name) and plain_name(person.name) in self.names)


def parse_owner(entries: list[str]) -> Owner:
    """Parse the owner as configured: addresses, names, or 'Name <address>'."""
    addresses: set[str] = set()
    names: set[str] = set()
    for entry in entries:
        addresses.update(address.lower() for address in CONFIGURED_ADDRESS.findall(entry))
        name = plain_name(CONFIGURED_ADDRESS.sub("", entry).strip(" <>\"',;"))
        if name:
            names.add(name)
    return Owner(frozenset(addresses), frozenset(names), "data.owner")


class SenderStats:
    """Counts of who sends and receives the messages of an archive, from which its owner is detected.

    People are identified by their mailbox, or by their name if they have no address.
    """

    def __init__(self) -> None:
        """Create empty statistics."""
        self._sent: Counter[str] = Counter()
        self._received: Counter[str] = Counter()
        self._in_sent_folder: Counter[str] = Counter()
        self._names: dict[str, Counter[str]] = {}
        # For each mailbox, the spellings of its address.
        self._spellings: dict[str, Counter[str]] = {}
        # For each sender, messages with a single recipient, by that recipient.
        self._to_single_recipient: dict[str, Counter[str]] = {}
        self._without_sender = 0

    def add(self, message: ParsedMessage) -> None:
        """Count one message."""
        self._without_sender += not message.senders
        recipients = {_identity(person) for person in message.recipients}
        for sender, person in {_identity(person): person for person in message.senders}.items():
            self._sent[sender] += 1
            self._in_sent_folder[sender] += message.sent_folder
            self._names.setdefault(sender, Counter())[plain_name(person.name)] += 1
            self._spellings.setdefault(sender, Counter())[person.address or sender] += 1
            if len(recipients) == 1:
                self._to_single_recipient.setdefault(sender, Counter()).update(recipients)
        delivered = {_identity(person) for person in message.delivered_to}
        self._received.update(delivered if "list" in message.kinds else recipients | delivered)

    def most_frequent(self, count: int) -> list[tuple[str, int]]:
        """The most frequent senders with their numbers of messages."""
        return [(self._usual(sender), number) for sender, number in self._sent.most_common(count)]

    def _usual(self, sender: str) -> str:
        """The most frequent spelling of a sender's address."""
        return self._spellings[sender].most_common(1)[0][0]

    def detect_owner(self) -> Owner:
        """Detect the owner of the archive.

        Folders and labels of sent mail decide if there are any; every address that sends a large share of that mail is
        an account of the owner. Otherwise the owner is the person that sends and receives most, since a mailbox holds
        what its owner sent and received.

        Raises:
            ArchiveError: If the archive names no sender.
        """
        candidates = {sender for sender in self._sent if not ROBOT_ADDRESS.search(sender)}
        if not candidates:
            if self._without_sender:
                return Owner(
                    frozenset(), frozenset(), "the archive names no senders, so every mail counts as the owner's"
                )
            raise ArchiveError(
                "data.owner: no sender in this archive looks like a person, so its owner cannot be detected; "
                "set it, as in data.owner=[me@example.org]"
            )
        main = max(candidates, key=lambda sender: (self._in_sent_folder[sender], sender))
        if self._in_sent_folder[main]:
            accounts = {sender for sender in candidates if self._is_account(sender, self._in_sent_folder[main])} | {
                main
            }
            messages = sum(self._in_sent_folder[account] for account in accounts)
            return self._owner(accounts, f"sender of {messages} messages in sent folders")
        main = max(
            candidates, key=lambda sender: (self._sent[sender] + self._received[sender], self._sent[sender], sender)
        )
        counts = f"sender of {self._sent[main]} messages and recipient of {self._received[main]}"
        return self._owner({main}, f"{counts}, more than anyone else")

    def _is_account(self, sender: str, most_sent: int) -> bool:
        """Whether an address sends so much mail from sent folders that it must be an account of the owner."""
        sent = self._in_sent_folder[sender]
        return sent >= max(MIN_SENT, MIN_SENT_SHARE * most_sent) and sent * 2 > self._sent[sender]

    def _owner(self, accounts: set[str], grounds: str) -> Owner:
        """The owner of some accounts, extended by every other address with the same full name.

        An address with that name that wrote only to the owner is an impostor, as is common in fraudulent mail.
        """
        own_names = {
            name for account in accounts for name in self._names[account] if len(name.split()) > 1 and "@" not in name
        }
        aliases = {sender for sender, names in self._names.items() if own_names & set(names)}
        impostors = {alias for alias in aliases - accounts if "@" in alias and self._wrote_only_to(alias, accounts)}
        mailboxes = {alias for alias in (aliases | accounts) - impostors if "@" in alias}
        if impostors:
            named = ", ".join(sorted(map(self._usual, impostors)))
            grounds += f"; not {named}, who used the same name and wrote only to the owner"
        addresses = frozenset(map(self._usual, mailboxes))
        return Owner(addresses, frozenset(own_names | (accounts - mailboxes)), grounds, frozenset(impostors))

    def _wrote_only_to(self, sender: str, accounts: set[str]) -> bool:
        recipients = self._to_single_recipient.get(sender, Counter())
        return sum(count for recipient, count in recipients.items() if recipient in accounts) == self._sent[sender]


def _identity(person: Person) -> str:
    return canonical(person.address) if person.address else plain_name(person.name)
