"""The first reading of an archive: from headers alone who writes, what belongs together, who the owner is.

It keeps a few numbers for each message and each person once, so that its size grows with the number
of messages by some hundred bytes, whatever they hold; the names of messages lie on disk.
"""

import json
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from heapq import nsmallest
from pathlib import Path

from email_assistant.archive import mime
from email_assistant.archive.mail import Found, Mail, Person, Raw, Unreadable
from email_assistant.archive.mime_tree import header_bytes
from email_assistant.archive.outlook import parse_msg
from email_assistant.archive.owner import Census, Owner
from email_assistant.archive.threads import Threads, short_hash
from email_assistant.archive.workers import Workers


def parse(found: Found) -> Mail | Unreadable:
    """A message in full, whatever a reader made of it; what cannot be parsed is named."""
    return _decoded(found, mime.parse)


def _without_body(found: Found) -> Found:
    """A message as far as the first reading needs it, so that little goes to other processes."""
    if isinstance(found, Mail):
        return replace(found, text="")
    if isinstance(found, Unreadable) or found.format != "rfc822":
        return found
    try:
        return replace(found, data=header_bytes(found.data))
    except ValueError as error:
        return Unreadable(found.source, str(error))


def _envelopes(batch: list[Found]) -> list[Mail | Unreadable]:
    """The headers of some messages."""
    return [_envelope(found) for found in batch]


def _envelope(found: Found) -> Mail | Unreadable:
    mail = _decoded(found, mime.parse_envelope)
    return replace(mail, text="") if isinstance(mail, Mail) else mail


def _decoded(found: Found, parser: "mime.Parser") -> Mail | Unreadable:
    if not isinstance(found, Raw):
        return found
    try:
        if found.format == "msg":
            return parse_msg(found.data, found.source, found.sent_folder)
        return parser(found.data, found.source, found.sent_folder)
    except Exception as error:  # whatever a hostile message makes a parser raise, the others are read
        return Unreadable(found.source, f"{type(error).__name__}: {error}"[:200])


def size_of(found: Found) -> int:
    """Roughly the bytes of a message, for batches."""
    return len(found.data) if isinstance(found, Raw) else len(found.text) if isinstance(found, Mail) else 0


class Index:
    """What the first reading found, by the messages' numbers in the order of reading."""

    def __init__(self, sources: Path) -> None:
        """Begin without messages; `sources` is the file where their names are written."""
        self.census = Census()
        self.threads = Threads()
        self.unreadable: dict[int, str] = {}
        self._path = sources
        self._ids = array("Q")
        self._parents = array("Q")
        self._senders = array("I")
        self._known: dict[tuple[Person, ...], int] = {}

    def read(self, found: Iterable[Found], crew: Workers) -> Iterator[None]:
        """Take in all messages by their headers; yields after each."""
        with self._path.open("w", encoding="utf-8") as sources:
            for message in crew.ordered(_envelopes, map(_without_body, found), size_of):
                sources.write(json.dumps(message.source) + "\n")
                self._add(message)
                yield

    def _add(self, message: Mail | Unreadable) -> None:
        if isinstance(message, Unreadable):
            self.unreadable[len(self)] = message.why
            message = Mail(message.source, "")
        else:
            self.census.add(message)
            self.threads.add(message)
        self._ids.append(short_hash(message.id))
        self._parents.append(short_hash(message.parent) if message.parent else 0)
        self._senders.append(self._known.setdefault(tuple(message.senders), len(self._known)))

    def __len__(self) -> int:
        return len(self._ids)

    def by(self, owner: Owner) -> bytearray:
        """A one for every message that the owner wrote."""
        wrote = [owner.wrote_as(senders) for senders in self._known]
        flags = bytearray(wrote[senders] for senders in self._senders)
        for number in self.unreadable:
            flags[number] = 0
        return flags

    def answered_by(self, flags: bytearray) -> bytearray:
        """A one for every message that one of the flagged ones answers."""
        parents = {parent for parent, flag in zip(self._parents, flags, strict=True) if flag and parent}
        return bytearray(identity in parents for identity in self._ids)

    def drawn(self, fits: Callable[[int], bool], count: int) -> frozenset[int]:
        """The numbers of so many messages that fit: those whose ids hash lowest, wherever they lie."""
        fitting = ((self._ids[number], number) for number in range(len(self)) if fits(number))
        return frozenset(number for _, number in nsmallest(count, fitting))

    def sources(self) -> Iterator[str]:
        """The names of all messages, in order."""
        with self._path.open(encoding="utf-8") as sources:
            for line in sources:
                yield json.loads(line)
