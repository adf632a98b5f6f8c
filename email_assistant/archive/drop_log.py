"""What the second pass over an archive drops, and why."""

from collections import Counter
from dataclasses import dataclass, field

from email_assistant.archive.cleaning_batches import DraftedMail
from email_assistant.archive.first_pass import ArchiveIndex
from email_assistant.archive.report_examples import Examples


class DropReasons:
    """The reason why each dropped message was dropped, by its number, in one byte per message."""

    def __init__(self, messages: int) -> None:
        """Start with no message dropped."""
        self._codes = bytearray(messages)
        self._names = [""]

    def __setitem__(self, number: int, reason: str) -> None:
        if reason not in self._names:
            self._names.append(reason)
        self._codes[number] = self._names.index(reason)

    def __getitem__(self, number: int) -> str:
        """The reason; empty for a message that was kept."""
        return self._names[self._codes[number]]

    def counts(self) -> dict[str, int]:
        """The number of dropped messages by reason, the most frequent first."""
        counts = Counter({name: self._codes.count(code) for code, name in enumerate(self._names) if code})
        return {name: count for name, count in counts.most_common() if count}


@dataclass
class DropLog:
    """What was dropped and cut, for the report.

    Attributes:
        reasons: Why each dropped message was dropped, by its number.
        errors: What was wrong with each unreadable message, by its number.
        examples: Sampled messages, by reason and by what was cut.
    """

    reasons: DropReasons
    errors: dict[int, str]
    examples: Examples = field(default_factory=Examples)

    @classmethod
    def for_archive(cls, index: ArchiveIndex, by_owner: bytearray) -> "DropLog":
        """Start with the messages that are not by the owner and those that are unreadable."""
        log = cls(DropReasons(len(index)), dict(index.unreadable))
        for number, flag in enumerate(by_owner):
            if not flag:
                log.reasons[number] = "not_by_owner"
        for number in index.unreadable:
            log.reasons[number] = "unreadable"
        return log

    def drop(self, message: DraftedMail, reason: str) -> None:
        """Note that a message was dropped."""
        self.reasons[message.number] = reason
        self.examples.offer(reason, message.example())
        if message.error:
            self.errors[message.number] = message.error
