"""Whose archive it is, and which messages are the owner's own."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from email_assistant.archive.automatic import ROBOTS
from email_assistant.archive.mail import Mail, Person
from email_assistant.errors import ArchiveError

ADDRESS = re.compile(r"[^\s<>@,;]+@[^\s<>@,;]+")


@dataclass(frozen=True)
class Owner:
    """The addresses and names that the owner writes under, in lower case, and how they are known."""

    addresses: frozenset[str]
    names: frozenset[str]
    grounds: str

    def wrote(self, mail: Mail) -> bool:
        """Whether a message is the owner's; one without any sender is, since it lies among sent mail."""
        if not mail.senders:
            return True
        return any(
            person.address in self.addresses or (bool(person.name) and person.name.casefold() in self.names)
            for person in mail.senders
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


def find(mails: Iterable[Mail]) -> Owner:
    """The owner as the archive shows them.

    Folders and labels of sent mail decide where there are any. Else it is whoever the mail is from
    or to most often, since a mailbox holds what its owner sent and what was sent to them.

    Raises:
        ArchiveError: when no sender stands out.
    """
    sent: Counter[str] = Counter()
    labelled: Counter[str] = Counter()
    received: Counter[str] = Counter()
    names: dict[str, Counter[str]] = {}
    senderless = 0
    for mail in mails:
        senderless += not mail.senders
        for key, person in {_key(person): person for person in mail.senders}.items():
            sent[key] += 1
            labelled[key] += mail.sent_folder
            names.setdefault(key, Counter())[person.name.casefold()] += 1
        received.update({_key(person) for person in mail.recipients} if not mail.through_list else ())
    candidates = {key for key in sent if not ROBOTS.search(key)}
    if not candidates:
        if senderless:
            return Owner(frozenset(), frozenset(), "the archive names no senders: every mail counts as the owner's")
        raise ArchiveError("no sender in the archive; name its owner: data.owner=[me@example.org]")
    by_label = max(candidates, key=lambda key: (labelled[key], key))
    if labelled[by_label]:
        return _owner(by_label, names, f"sender of {labelled[by_label]} messages in folders of sent mail")
    key = max(candidates, key=lambda key: (sent[key] + received[key], sent[key], key))
    return _owner(key, names, f"sender of {sent[key]} messages and recipient of {received[key]}, more than anyone")


def _key(person: Person) -> str:
    return person.address or person.name.casefold()


def _owner(key: str, names: dict[str, Counter[str]], grounds: str) -> Owner:
    """The found owner with every other address under the same full name."""
    own_names = {name for name in names[key] if len(name.split()) > 1 and "@" not in name}
    aliases = {other for other, known in names.items() if own_names & set(known)}
    addresses = {alias for alias in aliases | {key} if "@" in alias}
    return Owner(frozenset(addresses), frozenset(own_names | ({key} - addresses)), grounds)
