"""Which mails belong to one conversation."""

import re
from collections.abc import Hashable
from hashlib import blake2b

from email_assistant.archive.mail import Mail

# 'Re:', 'Fwd:' and their like; several may follow one another.
PREFIX = re.compile(
    r"^\s*(\[[^\]]{1,40}\]\s*)?((re|aw|antw|sv|vs|fwd?|wg|tr|rv|rif|odp|r|i|enc|отв|ответ|вiдп|відп|пересл|fw)"
    r"(\[\d+\]|\(\d+\))?\s*:\s*)+",
    re.IGNORECASE,
)


class Groups:
    """Disjoint sets (union-find with path halving)."""

    def __init__(self) -> None:
        """Start with every item alone."""
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, item: Hashable) -> Hashable:
        """The item that stands for the set of `item`."""
        self._parent.setdefault(item, item)
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, left: Hashable, right: Hashable) -> None:
        """Make one set of the sets of both."""
        self._parent[self.find(right)] = self.find(left)


def plain_subject(subject: str) -> str:
    """A subject without reply prefixes, list tags, case and runs of spaces."""
    return " ".join(PREFIX.sub("", subject).casefold().split())


class Threads:
    """The conversations of an archive, built message by message; holds some numbers for each, no text.

    Mails are joined by their references, by a thread column where the archive has one, and by subject
    where a reply or a mail without references leaves nothing better.
    """

    def __init__(self) -> None:
        """Begin without any message."""
        self._groups = Groups()
        self._first_of_subject: dict[int, int] = {}
        self._names: dict[Hashable, str] = {}

    def add(self, mail: Mail) -> None:
        """Take in one message."""
        identity = short_hash(f"id:{mail.id}")
        for reference in mail.references:
            self._groups.join(short_hash(f"id:{reference}"), identity)
        if mail.thread:
            self._groups.join(short_hash(f"thread:{mail.thread}"), identity)
        subject = plain_subject(mail.subject)
        is_reply = bool(PREFIX.match(mail.subject))
        key = short_hash(f"subject:{subject}")
        if subject and not mail.references and (is_reply or "@" not in mail.id):
            self._groups.join(key, identity)
        elif subject and not is_reply:
            self._first_of_subject.setdefault(key, identity)

    def name(self, identity: str) -> str:
        """The name of a message's thread, by its id, once all messages are in."""
        while self._first_of_subject:
            self._groups.join(*self._first_of_subject.popitem())
        return self._names.setdefault(self._groups.find(short_hash(f"id:{identity}")), f"t{len(self._names)}")


def short_hash(text: str) -> int:
    """64 bits of a text's hash: keys for millions of messages without their texts."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
