"""The three steps of the second pass over an archive, each a function with its own result.

`filter_messages` drops messages that can be judged on their own, `finish_messages` cleans the rest with what all of
them reveal (signatures, languages), and `drop_repeats` drops near-duplicates and surplus mails. Texts are on disk
between the steps; memory holds a few numbers per message of the owner, and the words of kept mails.
"""

import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

from email_assistant.archive import cleaning, signatures
from email_assistant.archive.cleaning import CleanedMessage, StrippedMessage, finish_batch
from email_assistant.archive.drop_log import DropLog
from email_assistant.archive.duplicates import NearDuplicateIndex, word_set
from email_assistant.archive.first_pass import ArchiveIndex
from email_assistant.archive.language import LanguageResolver
from email_assistant.archive.owner import Owner
from email_assistant.archive.report_examples import sample_numbers
from email_assistant.archive.signatures import SignatureProfile
from email_assistant.archive.threads import hash64
from email_assistant.archive.workers import WorkerPool
from email_assistant.lexicon.words import count_words
from email_assistant.storage import jsonl

# Enough mails to learn the signature and the word frequencies from.
SAMPLE_MAILS = 20_000
# How many of the owner's display names signatures are looked for by.
MAX_NAMES = 3


@dataclass(frozen=True)
class SelectionRules:
    """Rules for keeping and cleaning the owner's mails.

    Attributes:
        min_words: Mails with fewer words are dropped.
        max_words: Mails with more words are dropped; None for no limit.
        duplicate_similarity: Mails with this Jaccard similarity to an earlier one are dropped.
        max_mails: Only the newest are kept, up to this number; None for no limit.
        drop: Kinds of messages that are dropped.
        languages: Languages that are kept; empty for all.
        drop_code: Whether patches, logs and listings are cut.
        context_words: The maximum number of words of the message that a mail answers; None to keep no context.
        redact: Whether personal data is replaced by placeholders.
        others: The number of mails by other people to clean and keep in addition to the owner's.
    """

    min_words: int = 1
    max_words: int | None = None
    duplicate_similarity: float = 1.0
    max_mails: int | None = None
    drop: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    drop_code: bool = True
    context_words: int | None = None
    redact: bool = False
    others: int = 0

    def fault_of_length(self, words: int) -> str | None:
        """The reason to drop a mail with this number of words; None if its length is no reason."""
        if words < self.min_words:
            return "too_short"
        return "too_long" if self.max_words is not None and words > self.max_words else None


@dataclass(frozen=True)
class ReadingPlan:
    """The numbers of the messages that the second pass reads.

    Attributes:
        by_owner: For each message, 1 if the owner wrote it.
        answered: For each message, 1 if one of the owner's answers it; all 0 if no context is kept.
        examples: Messages by other people to show in the report.
        others: Messages by other people to clean and keep in addition to the owner's.
    """

    by_owner: bytearray
    answered: bytearray
    examples: frozenset[int]
    others: frozenset[int]

    @classmethod
    def make(cls, index: ArchiveIndex, by_owner: bytearray, rules: SelectionRules) -> "ReadingPlan":
        """Plan the second pass by the result of the first."""

        def is_by_others(number: int) -> bool:
            return not by_owner[number] and number not in index.unreadable

        return cls(
            by_owner=by_owner,
            answered=index.answered_by(by_owner) if rules.context_words else bytearray(len(index)),
            examples=sample_numbers(pair for pair in enumerate(index.sources()) if is_by_others(pair[0])),
            others=index.sample(is_by_others, rules.others),
        )

    def wants(self, number: int) -> bool:
        """Whether the second pass looks at a message."""
        return bool(self.by_owner[number] or self.answered[number] or number in self.examples or number in self.others)


@dataclass
class StrippedMessages:
    """The result of the first step.

    Attributes:
        path: The file of messages, a StrippedMessage per row.
        by_time: Timestamp, id and row of each of the owner's messages that was not dropped, oldest first.
        parent_rows: The row of each message that one of the owner's answers, by the hash of its id.
        kinds: The number of the owner's messages by kind.
        others: Id and text of the mails by other people.
    """

    path: Path
    by_time: list[tuple[float, str, int]] = field(default_factory=list)
    parent_rows: dict[int, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    others: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class CleanedMessages:
    """The result of the second step.

    Attributes:
        path: The file of messages, a CleanedMessage per row, oldest first.
        profile: The owner's signatures and sign-offs.
        languages: Decides the language of each mail.
    """

    path: Path
    profile: SignatureProfile
    languages: LanguageResolver = field(default_factory=LanguageResolver)

    def language(self, mail: CleanedMessage) -> str:
        """The language of a mail. Call it after all mails were cleaned."""
        return self.languages.resolve(mail.detected, mail.cyrillic)


def filter_messages(
    messages: Iterable[StrippedMessage], plan: ReadingPlan, rules: SelectionRules, drops: DropLog, path: Path
) -> StrippedMessages:
    """First step: drop messages that can be judged on their own, and write the others to a file.

    Args:
        messages: The planned messages after the first cleaning step, in reading order.
        plan: Why each of them is looked at.
        rules: Which messages are kept.
        drops: Records the dropped messages.
        path: The file to write the remaining messages to.
    """
    stripped, next_row = StrippedMessages(path), 0
    with path.open("w", encoding="ascii") as file:
        for message in messages:
            reason = _drop_reason(message, rules)
            is_own = bool(plan.by_owner[message.number])
            is_parent = bool(plan.answered[message.number]) and message.error is None
            if is_parent:
                stripped.parent_rows[hash64(message.id)] = next_row
            if is_own:
                stripped.kinds.update(message.kinds)
                if reason:
                    drops.drop(message, reason)
                else:
                    stripped.by_time.append((message.timestamp, message.id, next_row))
            else:
                _keep_other_message(message, reason, plan, rules, drops, stripped)
            if is_parent or (is_own and reason is None):
                _append(file, message)
                next_row += 1
    stripped.by_time.sort()
    return stripped


def _keep_other_message(
    message: StrippedMessage,
    reason: str | None,
    plan: ReadingPlan,
    rules: SelectionRules,
    drops: DropLog,
    stripped: StrippedMessages,
) -> None:
    """Keep a message by someone else as an example, or as one of `others` if the rules would keep it as the owner's."""
    if message.number in plan.examples:
        drops.examples.offer("not_by_owner", message.example())
    if message.number in plan.others and reason is None:
        text = cleaning.finish(message.text)
        if count_words(text) >= rules.min_words:
            stripped.others.append((message.id, text))


def _drop_reason(message: StrippedMessage, rules: SelectionRules) -> str | None:
    """Why a message is dropped without regard to others; None to keep it."""
    if message.error is not None:
        return "unreadable"
    for kind in message.kinds:
        if kind in rules.drop:
            return kind
    if not message.original.strip():
        return "no_text"
    if message.text:
        return None
    return "only_code" if "code" in message.cuts else "only_quoted"


def finish_messages(
    stripped: StrippedMessages, owner: Owner, rules: SelectionRules, drops: DropLog, workers: WorkerPool
) -> CleanedMessages:
    """Second step: cut signatures learned from all messages, detect languages, and apply the limits of length.

    Args:
        stripped: The result of the first step.
        owner: The owner, whose name signatures contain.
        rules: Which messages are kept.
        drops: Records the dropped messages.
        workers: The processes that clean.
    """
    with jsonl.Lines(stripped.path) as rows:
        step = max(1, len(stripped.by_time) // SAMPLE_MAILS)
        sampled = [row for _, _, row in stripped.by_time[::step]]
        # An owner who is configured by address has no name yet.
        senders = Counter(rows[row]["sender"].partition("<")[0].strip() for row in sampled)
        names = owner.names | {name for name, _ in senders.most_common(MAX_NAMES)}
        profile = signatures.learn((rows[row]["text"] for row in sampled), names)
        cleaned = CleanedMessages(stripped.path.with_name("cleaned.jsonl"), profile)
        messages = (StrippedMessage(**rows[row]) for _, _, row in stripped.by_time)
        with cleaned.path.open("w", encoding="ascii") as file:
            for mail, words in _finish_in_processes(messages, profile, workers):
                reason = rules.fault_of_length(words)
                if reason:
                    drops.drop(mail, reason)
                else:
                    cleaned.languages.add(mail.detected, mail.cyrillic)
                    _append(file, mail)
    return cleaned


def _finish_in_processes(
    messages: Iterator[StrippedMessage], profile: SignatureProfile, workers: WorkerPool
) -> Iterator[tuple[CleanedMessage, int]]:
    """Yield the cleaned messages in order, each with its number of words. Only texts are sent to the processes."""
    waiting: deque[StrippedMessage] = deque()

    def texts() -> Iterator[str]:
        for message in messages:
            waiting.append(message)
            yield message.text

    for result in workers.map_ordered(partial(finish_batch, profile=profile), texts(), len):
        message = waiting.popleft()
        cuts = sorted({*message.cuts, "signature"}) if result.had_signature else message.cuts
        values = vars(message) | {"text": result.text, "cuts": cuts}
        yield CleanedMessage(**values, detected=result.language, cyrillic=result.cyrillic), result.words


def drop_repeats(cleaned: CleanedMessages, rules: SelectionRules, drops: DropLog) -> list[int]:
    """Third step: drop mails in other languages, near-duplicates of earlier mails, and the oldest beyond the limit.

    Args:
        cleaned: The result of the second step.
        rules: Which mails are kept.
        drops: Records the dropped mails.

    Returns:
        The rows of the kept mails in the file of cleaned messages.
    """
    kept = []
    with jsonl.Lines(cleaned.path) as rows:
        step = max(1, len(rows) // SAMPLE_MAILS)
        frequencies: Counter[str] = Counter()
        for row in range(0, len(rows), step):
            frequencies.update(word_set(rows[row]["text"]))
        index = NearDuplicateIndex(rules.duplicate_similarity, frequencies)
        for row in range(len(rows)):
            mail = CleanedMessage(**rows[row])
            if rules.languages and cleaned.language(mail) not in rules.languages:
                drops.drop(mail, "other_language")
            elif index.query_and_add(row, mail.text):
                drops.drop(mail, "duplicate")
            else:
                kept.append(row)
        surplus = max(0, len(kept) - rules.max_mails) if rules.max_mails is not None else 0
        for row in kept[:surplus]:
            drops.drop(CleanedMessage(**rows[row]), "beyond_max_mails")
    return kept[surplus:]


def _append(file: TextIO, mail: StrippedMessage) -> None:
    # In ASCII, since broken mails have lone surrogates, which UTF-8 cannot encode.
    file.write(json.dumps(vars(mail)) + "\n")
