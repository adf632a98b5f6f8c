"""The first pass over an archive, which reads headers only: senders, threads, and which message answers which.

The index holds a few numbers per message and each person once: a few hundred bytes per message, whatever
the size of the messages. The sources of the messages are kept on disk.
"""

import json
from array import array
from collections.abc import Callable, Iterable, Iterator
from heapq import nsmallest
from itertools import zip_longest
from pathlib import Path

from email_assistant.archive.messages import ArchiveItem, ParsedMessage, Person, Unreadable
from email_assistant.archive.owner import Owner, SenderStats
from email_assistant.archive.parsing import approximate_size, parse_envelope, without_body
from email_assistant.archive.threads import Threads, hash64
from email_assistant.archive.workers import WorkerPool
from email_assistant.errors import ArchiveError


def _parse_envelopes(batch: list[ArchiveItem]) -> list[ParsedMessage | Unreadable]:
    return [parse_envelope(item) for item in batch]


class ArchiveIndex:
    """The result of the first pass: facts about each message, by its number in reading order.

    Attributes:
        senders: Statistics of senders and recipients.
        threads: The conversations.
        unreadable: What was wrong with each unreadable message, by number.
    """

    def __init__(self, sources: Path) -> None:
        """Create an empty index.

        Args:
            sources: The file to write the sources of the messages to.
        """
        self.senders = SenderStats()
        self.threads = Threads()
        self.unreadable: dict[int, str] = {}
        self._sources_file = sources
        self._ids = array("Q")
        self._parents = array("Q")
        self._sender_sets = array("I")
        self._known_sender_sets: dict[tuple[Person, ...], int] = {}

    def add_all(self, items: Iterable[ArchiveItem], workers: WorkerPool) -> Iterator[None]:
        """Add all messages by their headers; yields after each message, for progress bars."""
        with self._sources_file.open("w", encoding="utf-8") as sources:
            for message in workers.map_ordered(_parse_envelopes, map(without_body, items), approximate_size):
                sources.write(json.dumps(message.source) + "\n")
                self._add(message)
                yield

    def _add(self, message: ParsedMessage | Unreadable) -> None:
        if isinstance(message, Unreadable):
            self.unreadable[len(self)] = message.reason
            message = ParsedMessage(message.source, "")
        else:
            # Spam is often sent in the name of its recipient.
            if "spam" not in message.kinds:
                self.senders.add(message)
            self.threads.add(message)
        self._ids.append(hash64(message.id))
        self._parents.append(hash64(message.parent) if message.parent else 0)
        known = self._known_sender_sets
        self._sender_sets.append(known.setdefault(tuple(message.senders), len(known)))

    def __len__(self) -> int:
        return len(self._ids)

    def written_by(self, owner: Owner) -> bytearray:
        """For each message, 1 if the owner wrote it, else 0."""
        by_sender_set = [owner.is_among(senders) for senders in self._known_sender_sets]
        flags = bytearray(by_sender_set[sender_set] for sender_set in self._sender_sets)
        for number in self.unreadable:
            flags[number] = 0
        return flags

    def answered_by(self, flags: bytearray) -> bytearray:
        """For each message, 1 if one of the flagged messages answers it, else 0."""
        parents = {parent for parent, flag in zip(self._parents, flags, strict=True) if flag and parent}
        return bytearray(message_id in parents for message_id in self._ids)

    def sample(self, is_eligible: Callable[[int], bool], count: int) -> frozenset[int]:
        """The numbers of `count` eligible messages: those with the lowest hashes of their ids, whatever their order."""
        eligible = ((self._ids[number], number) for number in range(len(self)) if is_eligible(number))
        return frozenset(number for _, number in nsmallest(count, eligible))

    def matching(self, items: Iterable[ArchiveItem]) -> Iterator[tuple[int, ArchiveItem]]:
        """The items of a second pass with their numbers.

        Raises:
            ArchiveError: If they are not the same as in the first pass.
        """
        for number, (item, source) in enumerate(zip_longest(items, self.sources())):
            if item is None or item.source != source:
                raise ArchiveError(
                    "the archive changed while it was read; wait until your mail program is done, or copy it, and rerun"
                )
            yield number, item

    def sources(self) -> Iterator[str]:
        """Yield the sources of all messages, in order."""
        with self._sources_file.open(encoding="utf-8") as sources:
            for line in sources:
                yield json.loads(line)
