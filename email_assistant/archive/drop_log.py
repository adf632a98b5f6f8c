"""Records the messages that the second pass drops, and the reasons."""

from collections import Counter
from dataclasses import dataclass, field

from email_assistant.archive.cleaning import StrippedMessage
from email_assistant.archive.first_pass import ArchiveIndex
from email_assistant.archive.messages import KINDS
from email_assistant.archive.report_examples import ReportExamples

# What each reason in dropped.jsonl and report.json means.
REASONS = {
    "not_by_owner": "by someone else",
    "unreadable": "unreadable",
    "no_text": "without text of their own",
    "only_quoted": "with only a quote or a forward",
    "only_code": "with only code or a log",
    "too_short": "with fewer words than data.min_words",
    "too_long": "with more words than data.max_words",
    "duplicate": "duplicates of earlier mails (data.duplicate_similarity)",
    "beyond_max_mails": "older than the newest data.max_mails",
    "other_language": "in other languages than data.languages",
    **{kind: f"{kind} (data.drop)" for kind in KINDS},
    "deleted": "deleted, but still in their file (data.drop)",
    "trash": "in a folder of deleted mail (data.drop)",
}


class DropReasons:
    """The reason why each dropped message was dropped, by its number, in one byte per message."""

    def __init__(self, messages: int) -> None:
        """Mark all messages as kept."""
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
    """The dropped messages, and examples of what was dropped and cut.

    Attributes:
        reasons: Why each dropped message was dropped, by its number.
        errors: What was wrong with each unreadable message, by its number.
        examples: Sampled messages, by reason and by what was cut.
    """

    reasons: DropReasons
    errors: dict[int, str]
    examples: ReportExamples = field(default_factory=ReportExamples)

    @classmethod
    def for_archive(cls, index: ArchiveIndex, by_owner: bytearray) -> "DropLog":
        """Create a log with the messages by other people and the unreadable ones as dropped."""
        log = cls(DropReasons(len(index)), dict(index.unreadable))
        for number, flag in enumerate(by_owner):
            if not flag:
                log.reasons[number] = "not_by_owner"
        for number in index.unreadable:
            log.reasons[number] = "unreadable"
        return log

    def drop(self, message: StrippedMessage, reason: str) -> None:
        """Note that a message was dropped."""
        self.reasons[message.number] = reason
        self.examples.offer(reason, message.example())
        if message.error:
            self.errors[message.number] = message.error
