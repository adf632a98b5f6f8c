"""Whose archive it is, and which messages are the owner's own."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from email_assistant.archive.automatic import ROBOTS
from email_assistant.archive.mail import Mail, Person
from email_assistant.errors import ArchiveError

# An address is one more account of the owner from so many labelled messages on, and this share of the first one's.
FEWEST_SENT = 3
SENT_SHARE = 0.05
ADDRESS = re.compile(r"[^\s<>@,;]+@[^\s<>@,;]+")


@dataclass(frozen=True)
class Owner:
    """Whom a message has to be from.

    Attributes:
        addresses: That the owner writes under, in lower case.
        names: The same.
        grounds: How they are known.
        impostors: Addresses under the owner's name that are not the owner's.
    """

    addresses: frozenset[str]
    names: frozenset[str]
    grounds: str
    impostors: frozenset[str] = frozenset()

    def wrote(self, mail: Mail) -> bool:
        """Whether a message is the owner's; one without any sender is, since it lies among sent mail."""
        return self.wrote_as(mail.senders)

    def wrote_as(self, senders: Collection[Person]) -> bool:
        """Whether a message with these senders is the owner's."""
        return not senders or any(
            person.address not in self.impostors
            and (person.address in self.addresses or (bool(person.name) and person.name.casefold() in self.names))
            for person in senders
        )


def given(owner: list[str]) -> Owner:
    """The owner as the configuration names them: addresses, names, or 'Name <address>'."""
    addresses: set[str] = set()
    names: set[str] = set()
    for entry in owner:
        found = ADDRESS.findall(entry)
        addresses.update(address.lower() for address in found)
        name = ADDRESS.sub("", entry).strip(" <>\"',").casefold()
        if name:
            names.add(name)
    return Owner(frozenset(addresses), frozenset(names), "data.owner")


class Census:
    """Who writes and who receives, counted message by message."""

    def __init__(self) -> None:
        """Begin without any message."""
        self._sent: Counter[str] = Counter()
        self._received: Counter[str] = Counter()
        self._labelled: Counter[str] = Counter()
        self._names: dict[str, Counter[str]] = {}
        # For each sender the messages to one recipient alone.
        self._alone_to: dict[str, Counter[str]] = {}
        self._senderless = 0

    def add(self, mail: Mail) -> None:
        """Count one message."""
        self._senderless += not mail.senders
        recipients = {_key(person) for person in mail.recipients}
        for key, person in {_key(person): person for person in mail.senders}.items():
            self._sent[key] += 1
            self._labelled[key] += mail.sent_folder
            self._names.setdefault(key, Counter())[person.name.casefold()] += 1
            if len(recipients) == 1:
                self._alone_to.setdefault(key, Counter()).update(recipients)
        if "list" not in mail.kinds:
            self._received.update(recipients)

    def often(self, count: int) -> list[tuple[str, int]]:
        """Who wrote most messages, and how many."""
        return self._sent.most_common(count)

    def find(self) -> Owner:
        """The owner as the archive shows them.

        Folders and labels of sent mail decide where there are any: of several accounts every address
        that much of it comes from. Else it is whoever the mail is from or to most often, since a
        mailbox holds what its owner sent and what was sent to them.

        Raises:
            ArchiveError: when no sender stands out.
        """
        candidates = {key for key in self._sent if not ROBOTS.search(key)}
        if not candidates:
            if self._senderless:
                return Owner(frozenset(), frozenset(), "the archive names no senders: every mail counts as the owner's")
            raise ArchiveError("no sender in the archive; name its owner: data.owner=[me@example.org]")
        first = max(candidates, key=lambda key: (self._labelled[key], key))
        if self._labelled[first]:
            accounts = {key for key in candidates if self._is_account(key, self._labelled[first])} | {first}
            labelled = sum(self._labelled[key] for key in accounts)
            return self._owner(accounts, f"sender of {labelled} messages in folders of sent mail")
        key = max(candidates, key=lambda key: (self._sent[key] + self._received[key], self._sent[key], key))
        counted = f"sender of {self._sent[key]} messages and recipient of {self._received[key]}"
        return self._owner({key}, f"{counted}, more than anyone")

    def _is_account(self, key: str, most: int) -> bool:
        """Whether an address sends from folders of sent mail like another of the same owner."""
        labelled = self._labelled[key]
        return labelled >= max(FEWEST_SENT, SENT_SHARE * most) and labelled * 2 > self._sent[key]

    def _owner(self, keys: set[str], grounds: str) -> Owner:
        """The found owner with every other address under the same full name.

        One that wrote to the owner alone is somebody who took the owner's name, as much fraudulent mail does.
        """
        own_names = {name for key in keys for name in self._names[key] if len(name.split()) > 1 and "@" not in name}
        aliases = {other for other, known in self._names.items() if own_names & set(known)}
        impostors = {alias for alias in aliases - keys if "@" in alias and self._wrote_alone_to(alias, keys)}
        addresses = {alias for alias in (aliases | keys) - impostors if "@" in alias}
        if impostors:
            grounds += f"; not {', '.join(sorted(impostors))}, who wrote under the same name and to the owner alone"
        return Owner(frozenset(addresses), frozenset(own_names | (keys - addresses)), grounds, frozenset(impostors))

    def _wrote_alone_to(self, sender: str, keys: set[str]) -> bool:
        to_them = sum(count for key, count in self._alone_to.get(sender, {}).items() if key in keys)
        return to_them == self._sent[sender]


def _key(person: Person) -> str:
    return person.address or person.name.casefold()
