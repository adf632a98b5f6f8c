"""Groups messages into conversations."""

import re
from collections.abc import Hashable, Iterable
from hashlib import blake2b

from email_assistant.archive.locales import any_of
from email_assistant.archive.messages import ParsedMessage

_FORWARDS = any_of(lambda locale: locale.forward_prefixes)
_LIST_TAG, _NUMBER = r"\s*(?:\[[^\]]{1,40}\]\s*)?", r"(?:\[\d+\]|\(\d+\))?\s*:\s*"
# 'Re:', 'Fwd:' and similar; there may be several in a row.
REPLY_PREFIX = re.compile(
    rf"^{_LIST_TAG}(?:(?:{any_of(lambda locale: locale.reply_prefixes)}|{_FORWARDS}){_NUMBER})+", re.IGNORECASE
)
# Begins the subject of a mail that was passed on, which an answer keeps after its own 'Re:'.
FORWARD_PREFIX = re.compile(rf"^{_LIST_TAG}(?:{_FORWARDS}){_NUMBER}", re.IGNORECASE)


class UnionFind:
    """Disjoint sets (union-find with path halving)."""

    def __init__(self) -> None:
        """Put every item in a set of its own."""
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, item: Hashable) -> Hashable:
        """The representative of the set that has `item`."""
        self._parent.setdefault(item, item)
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def union(self, left: Hashable, right: Hashable) -> None:
        """Merge the sets of two items."""
        self._parent[self.find(right)] = self.find(left)


def normalize_subject(subject: str) -> str:
    """The case-folded subject without reply prefixes, list tags and repeated spaces."""
    return " ".join(REPLY_PREFIX.sub("", subject).casefold().split())


class Threads:
    """The conversations of an archive, built message by message. Holds hashes, no text.

    Messages are connected by their references, by the thread column of a table, and by subject if a reply or a row of a
    table has no references.
    """

    def __init__(self) -> None:
        """Create an empty set of conversations."""
        self._groups = UnionFind()
        self._first_of_subject: dict[int, int] = {}
        self._names: dict[Hashable, str] = {}

    def add(self, message: ParsedMessage) -> None:
        """Add one message."""
        node = hash64(f"id:{message.id}")
        for reference in message.references:
            self._groups.union(hash64(f"id:{reference}"), node)
        if message.thread:
            self._groups.union(hash64(f"thread:{message.thread}"), node)
        subject = normalize_subject(message.subject)
        is_reply = bool(REPLY_PREFIX.match(message.subject))
        key = hash64(f"subject:{subject}")
        if subject and not message.references and (is_reply or "@" not in message.id):
            self._groups.union(key, node)
        elif subject and not is_reply:
            self._first_of_subject.setdefault(key, node)

    def thread_of(self, message_id: str) -> str:
        """The name of the thread of a message. Call it after all messages were added."""
        while self._first_of_subject:
            self._groups.union(*self._first_of_subject.popitem())
        return self._names.setdefault(self._groups.find(hash64(f"id:{message_id}")), f"t{len(self._names)}")

    def named_thread(self, message_ids: Iterable[str]) -> str | None:
        """The thread of the first of these messages whose thread `thread_of` has named; None if there is none."""
        found = (self._names.get(self._groups.find(hash64(f"id:{each}"))) for each in message_ids)
        return next((name for name in found if name), None)


def hash64(text: str) -> int:
    """A 64-bit hash of a text, as a compact key for millions of messages."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
