"""The second pass over an archive: clean the owner's messages and select those to train on."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from email_assistant.archive import cleaning
from email_assistant.archive.cleaning import CleanedMessage, StrippedMessage, strip_batch
from email_assistant.archive.drop_log import DropLog
from email_assistant.archive.first_pass import ArchiveIndex
from email_assistant.archive.language import LanguageDetector
from email_assistant.archive.messages import ArchiveItem
from email_assistant.archive.owner import Owner, parse_owner
from email_assistant.archive.parsing import approximate_size
from email_assistant.archive.redaction import Redactor
from email_assistant.archive.reply_context import truncate_words
from email_assistant.archive.report_examples import CUT, UNCHANGED
from email_assistant.archive.selection_steps import (
    CleanedMessages,
    ReadingPlan,
    SelectionRules,
    StrippedMessages,
    drop_repeats,
    filter_messages,
    finish_messages,
)
from email_assistant.archive.signatures import SignatureProfile
from email_assistant.archive.threads import hash64
from email_assistant.archive.workers import WorkerPool
from email_assistant.storage import jsonl
from email_assistant.storage.records import Email

DOMAIN = re.compile(r"@([\w.-]+)")
# Begins a pass over the items of the archive.
ReadArchive = Callable[[], Iterator[ArchiveItem]]


@dataclass
class Selection:
    """The result of the second pass.

    Attributes:
        kept: The lines of emails.jsonl, oldest first; can be iterated once, and fills the counters below.
        drops: What was dropped and cut, with examples.
        profile: The owner's signatures and sign-offs.
        kinds: The number of the owner's messages by kind.
        others: Id and text of mails by other people, not redacted.
        redact: Replaces personal data in a text that is not a kept mail, if the rules require it.
        language: The language of a text that is not a kept mail.
        cuts: The number of kept mails by what was cut from them.
        repairs: The number of kept mails by what had to be repaired to decode them.
        redactions: The number of placeholders by kind.
        domains: The number of kept mails by recipient's domain.
    """

    kept: Iterator[Email]
    drops: DropLog
    profile: SignatureProfile
    kinds: Counter[str]
    others: list[tuple[str, str]]
    redact: Callable[[str], str] = str
    language: Callable[[str], str] = str
    cuts: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    redactions: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)


def select(
    read: ReadArchive,
    index: ArchiveIndex,
    owner: Owner,
    rules: SelectionRules,
    work: Path,
    workers: WorkerPool,
    on_own_message: Callable[[], None],
) -> Selection:
    """Clean the owner's messages and select those to train on.

    Args:
        read: Begins another pass over the same items that `index` was built from.
        index: The result of the first pass.
        owner: Whose messages are kept.
        rules: Which messages are kept, and how they are cleaned.
        work: A folder for temporary files.
        workers: The processes that clean.
        on_own_message: Called after each of the owner's messages.
    """
    plan = ReadingPlan.make(index, index.written_by(owner), rules)
    drops = DropLog.for_archive(index, plan.by_owner)
    items = ((number, item) for number, item in index.matching(read()) if plan.wants(number))
    function = partial(strip_batch, drop_code=rules.drop_code, with_context=bool(rules.context_words))
    messages = workers.map_ordered(function, items, lambda item: approximate_size(item[1]))
    counted = _counted(messages, plan.by_owner, on_own_message)
    stripped = filter_messages(counted, plan, rules, drops, work / "stripped.jsonl")
    cleaned = finish_messages(stripped, owner, rules, drops, workers)
    kept_rows = drop_repeats(cleaned, rules, drops)
    redactor = Redactor() if rules.redact else None
    builder = _EmailBuilder(index, cleaned, stripped.parent_rows, rules.context_words, redactor)
    selection = Selection(iter(()), drops, cleaned.profile, stripped.kinds, stripped.others)
    selection.redact, selection.language = builder.redact_other_text, builder.language_of_other_text
    selection.kept = _emails(selection, kept_rows, cleaned, stripped, builder)
    return selection


def read_and_select(
    read: ReadArchive, owner_entries: list[str], rules: SelectionRules, work: Path, processes: int | None = None
) -> tuple[ArchiveIndex, Owner, Selection]:
    """Run both passes over an archive.

    Args:
        read: Begins a pass over the items of the archive.
        owner_entries: The owner's addresses and names; empty to detect the owner.
        rules: Which messages are kept, and how they are cleaned.
        work: A folder for temporary files.
        processes: The number of processes; None for one per core.
    """
    index = ArchiveIndex(work / "sources.jsonl")
    with WorkerPool(processes) as workers:
        for _ in index.add_all(read(), workers):
            pass
        owner = parse_owner(owner_entries) if owner_entries else index.senders.detect_owner()
        return index, owner, select(read, index, owner, rules, work, workers, lambda: None)


def _emails(
    selection: Selection,
    kept_rows: list[int],
    cleaned: CleanedMessages,
    stripped: StrippedMessages,
    builder: "_EmailBuilder",
) -> Iterator[Email]:
    """Yield the kept mails as lines of emails.jsonl, and count them in the selection."""
    used_ids: set[str] = set()
    with jsonl.Lines(cleaned.path) as cleaned_rows, jsonl.Lines(stripped.path) as stripped_rows:
        for row in kept_rows:
            mail = CleanedMessage(**cleaned_rows[row])
            selection.cuts.update(mail.cuts)
            selection.repairs.update(mail.repairs)
            domains = (domain for person in mail.to for domain in DOMAIN.findall(person.lower()))
            selection.domains.update(dict.fromkeys(domains, 1))
            for label in [f"{CUT}{cut}" for cut in mail.cuts] or [UNCHANGED]:
                selection.drops.examples.offer(label, mail.example(mail.text))
            yield builder.build(mail, _unique(mail.id, used_ids), stripped_rows)
    if builder.redactor:
        selection.redactions.update(builder.redactor.counts)


@dataclass(frozen=True)
class _EmailBuilder:
    """Makes lines of emails.jsonl from cleaned messages."""

    index: ArchiveIndex
    cleaned: CleanedMessages
    parent_rows: dict[int, int]
    context_words: int | None
    redactor: Redactor | None

    def build(self, mail: CleanedMessage, email_id: str, stripped_rows: Sequence[Mapping[str, Any]]) -> Email:
        language = self.cleaned.language(mail)

        def redact(text: str) -> str:
            return self.redactor.redact(text, language) if self.redactor else text

        email: Email = {
            "id": email_id,
            "text": redact(mail.text),
            "subject": redact(mail.subject),
            "date": mail.date,
            "to": [redact(person) for person in mail.to],
            "thread": self.index.threads.thread_of(mail.id),
            "language": language,
            "source": mail.source,
        }
        if self.context_words:
            email["context"] = redact(truncate_words(self._context(mail, stripped_rows), self.context_words)) or None
        return email

    def _context(self, mail: CleanedMessage, stripped_rows: Sequence[Mapping[str, Any]]) -> str:
        """The text that a mail answers: the message in the archive, or else what the mail quotes."""
        row = self.parent_rows.get(hash64(mail.parent)) if mail.parent else None
        if row is None:
            return mail.context
        return cleaning.finish(str(stripped_rows[row]["text"])) or mail.context

    def redact_other_text(self, text: str) -> str:
        """Replace personal data in a text that is not a kept mail, whose language is not known yet."""
        if self.redactor is None:
            return text
        return self.redactor.redact(text, self.language_of_other_text(text))

    def language_of_other_text(self, text: str) -> str:
        """The language of a text that is not a kept mail."""
        return self.cleaned.languages.resolve(*LanguageDetector.shared().detect(text))


def _counted(
    messages: Iterable[StrippedMessage], by_owner: bytearray, on_own_message: Callable[[], None]
) -> Iterator[StrippedMessage]:
    for message in messages:
        yield message
        if by_owner[message.number]:
            on_own_message()


def _unique(message_id: str, used: set[str]) -> str:
    number, unique = 1, message_id
    while unique in used:
        number += 1
        unique = f"{message_id}#{number}"
    used.add(unique)
    return unique
