"""The second pass over an archive: cleans the owner's messages and selects those to train on.

It has three steps, each a function with its own result: `draft_messages` cleans each message by itself, `finish_drafts`
cleans them by what all of them show (signatures, languages), and `drop_repeats` drops near-duplicates and surplus
messages. Texts are kept on disk between the steps; memory holds some numbers per message of the owner, and the words of
those that are kept.
"""

import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from email_assistant.archive import cleaning, signatures
from email_assistant.archive.answering import truncate_words
from email_assistant.archive.drafting import DraftedMail, FinishedMail, draft_batch, finish_batch
from email_assistant.archive.duplicates import NearDuplicateIndex, word_set
from email_assistant.archive.examples import Examples, sample_numbers
from email_assistant.archive.index import ArchiveIndex, approximate_size
from email_assistant.archive.language import LanguageDetector, LanguageResolver
from email_assistant.archive.mail import ArchiveItem
from email_assistant.archive.owner import Owner, parse_owner
from email_assistant.archive.redaction import Redactor
from email_assistant.archive.signatures import SignatureProfile
from email_assistant.archive.threads import hash64
from email_assistant.archive.workers import WorkerPool
from email_assistant.storage import jsonl
from email_assistant.storage.records import Email

# Enough mails to learn the signature and the word frequencies from.
SAMPLE_MAILS = 20_000
DOMAIN = re.compile(r"@([\w.-]+)")
# Begins a pass over the items of the archive.
ReadArchive = Callable[[], Iterator[ArchiveItem]]


@dataclass(frozen=True)
class SelectionRules:
    """Which of the owner's mails are kept, and how they are cleaned.

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
        others: The number of mails by other people to clean and keep beside the owner's.
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


@dataclass(frozen=True)
class ReadingPlan:
    """Which messages the second pass looks at, by their numbers.

    Attributes:
        by_owner: Flags of the owner's messages.
        answered: Flags of the messages that one of the owner's answers, if their text is kept as context.
        examples: Messages by other people to show in the report.
        others: Messages by other people to clean and keep beside the owner's.
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
class Drafts:
    """The result of the first step.

    Attributes:
        path: The file of drafts, a DraftedMail per line.
        order: Timestamp, id and line of each of the owner's drafts, oldest first.
        parent_lines: The line of each message that one of the owner's answers, by the hash of its id.
        kinds: The number of the owner's messages by kind.
        others: Id and text of the mails by other people.
    """

    path: Path
    order: list[tuple[float, str, int]] = field(default_factory=list)
    parent_lines: dict[int, int] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    others: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class FinishedMails:
    """The result of the second step.

    Attributes:
        path: The file of mails, a FinishedMail per line, oldest first.
        profile: The owner's signatures and sign-offs.
        languages: Decides the language of each mail.
    """

    path: Path
    profile: SignatureProfile
    languages: LanguageResolver = field(default_factory=LanguageResolver)

    def language(self, mail: FinishedMail) -> str:
        """The language of a mail, after all mails were finished."""
        return self.languages.resolve(mail.detected, mail.cyrillic)


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
        cuts: The number of kept mails by what was cut from them.
        redactions: The number of placeholders by kind.
        domains: The number of kept mails by recipient's domain.
    """

    kept: Iterator[Email]
    drops: DropLog
    profile: SignatureProfile
    kinds: Counter[str]
    others: list[tuple[str, str]]
    redact: Callable[[str], str] = str
    cuts: Counter[str] = field(default_factory=Counter)
    redactions: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)


def select(
    read: ReadArchive,
    index: ArchiveIndex,
    owner: Owner,
    rules: SelectionRules,
    work: Path,
    workers: WorkerPool,
    progress: Callable[[], None],
) -> Selection:
    """Clean the owner's messages and select those to train on.

    Args:
        read: Begins another pass over the same items that `index` was built from.
        index: The result of the first pass.
        owner: Whose messages are kept.
        rules: Which messages are kept, and how they are cleaned.
        work: A folder for temporary files.
        workers: The processes that clean.
        progress: Called after each message.
    """
    plan = ReadingPlan.make(index, index.written_by(owner), rules)
    drops = DropLog.for_archive(index, plan.by_owner)
    items = ((number, item) for number, item in enumerate(read()) if plan.wants(number))
    function = partial(draft_batch, drop_code=rules.drop_code, with_context=bool(rules.context_words))
    messages = workers.map_ordered(function, items, lambda item: approximate_size(item[1]))
    drafts = draft_messages(_counted(messages, progress), plan, rules, drops, work / "drafts.jsonl")
    mails = finish_drafts(drafts, owner, rules, drops, workers)
    kept_lines = drop_repeats(mails, rules, drops)
    redactor = Redactor() if rules.redact else None
    to_email = _EmailBuilder(index, mails, drafts.parent_lines, rules.context_words, redactor)
    selection = Selection(iter(()), drops, mails.profile, drafts.kinds, drafts.others, to_email.redact_other_text)
    selection.kept = _emails(selection, kept_lines, mails, drafts, to_email)
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


def draft_messages(
    messages: Iterable[DraftedMail], plan: ReadingPlan, rules: SelectionRules, drops: DropLog, path: Path
) -> Drafts:
    """First step: drop the messages for which nothing else needs to be known, and write the others to a file.

    Args:
        messages: The planned messages after the first cleaning step, in reading order.
        plan: Why each of them is looked at.
        rules: Which messages are kept.
        drops: Notes the dropped messages.
        path: The file to write the drafts to.
    """
    drafts, lines = Drafts(path), 0
    with path.open("w", encoding="ascii") as file:
        for message in messages:
            reason = _drop_reason(message, rules)
            is_own = bool(plan.by_owner[message.number])
            is_parent = bool(plan.answered[message.number]) and message.error is None
            if is_parent:
                drafts.parent_lines[hash64(message.id)] = lines
            if is_own:
                drafts.kinds.update(message.kinds)
                if reason:
                    drops.drop(message, reason)
                else:
                    drafts.order.append((message.timestamp, message.id, lines))
            else:
                _note_other_message(message, reason, plan, rules, drops, drafts)
            if is_parent or (is_own and reason is None):
                _append(file, message)
                lines += 1
    drafts.order.sort()
    return drafts


def _note_other_message(
    message: DraftedMail,
    reason: str | None,
    plan: ReadingPlan,
    rules: SelectionRules,
    drops: DropLog,
    drafts: Drafts,
) -> None:
    """Keep a message by someone else as an example, or beside the owner's mails if the owner's own would be kept."""
    if message.number in plan.examples:
        drops.examples.offer("not_by_owner", message.example())
    if message.number in plan.others and reason is None:
        text = cleaning.finish(message.text)
        if len(text.split()) >= rules.min_words:
            drafts.others.append((message.id, text))


def _drop_reason(message: DraftedMail, rules: SelectionRules) -> str | None:
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


def finish_drafts(
    drafts: Drafts, owner: Owner, rules: SelectionRules, drops: DropLog, workers: WorkerPool
) -> FinishedMails:
    """Second step: cut signatures learned from all drafts, detect languages, and apply the limits of length.

    Args:
        drafts: The result of the first step.
        owner: The owner, whose name signatures contain.
        rules: Which messages are kept.
        drops: Notes the dropped messages.
        workers: The processes that clean.
    """
    with jsonl.Lines(drafts.path) as lines:
        step = max(1, len(drafts.order) // SAMPLE_MAILS)
        sample = (lines[line]["text"] for _, _, line in drafts.order[::step])
        profile = signatures.learn(sample, owner.names)
        mails = FinishedMails(drafts.path.with_name("finished.jsonl"), profile)
        waiting: deque[DraftedMail] = deque()

        def texts() -> Iterator[str]:
            for _, _, line in drafts.order:
                waiting.append(DraftedMail(**lines[line]))
                yield waiting[-1].text

        with mails.path.open("w", encoding="ascii") as file:
            for result in workers.map_ordered(partial(finish_batch, profile=profile), texts(), len):
                draft = waiting.popleft()
                cuts = sorted({*draft.cuts, "signature"}) if result.had_signature else draft.cuts
                values = vars(draft) | {"text": result.text, "cuts": cuts}
                mail = FinishedMail(**values, detected=result.language, cyrillic=result.cyrillic)
                if result.words < rules.min_words:
                    drops.drop(mail, "too_short")
                elif rules.max_words is not None and result.words > rules.max_words:
                    drops.drop(mail, "too_long")
                else:
                    mails.languages.add(result.language, result.cyrillic)
                    _append(file, mail)
    return mails


def drop_repeats(mails: FinishedMails, rules: SelectionRules, drops: DropLog) -> list[int]:
    """Third step: drop mails in other languages, near-duplicates of earlier mails, and the oldest beyond the limit.

    Args:
        mails: The result of the second step.
        rules: Which mails are kept.
        drops: Notes the dropped mails.

    Returns:
        The lines of the kept mails in the file of finished mails.
    """
    kept = []
    with jsonl.Lines(mails.path) as lines:
        step = max(1, len(lines) // SAMPLE_MAILS)
        frequencies: Counter[str] = Counter()
        for line in range(0, len(lines), step):
            frequencies.update(word_set(lines[line]["text"]))
        index = NearDuplicateIndex(rules.duplicate_similarity, frequencies)
        for line in range(len(lines)):
            mail = FinishedMail(**lines[line])
            if rules.languages and mails.language(mail) not in rules.languages:
                drops.drop(mail, "other_language")
            elif index.query_and_add(line, mail.text):
                drops.drop(mail, "duplicate")
            else:
                kept.append(line)
        surplus = max(0, len(kept) - rules.max_mails) if rules.max_mails is not None else 0
        for line in kept[:surplus]:
            drops.drop(FinishedMail(**lines[line]), "beyond_max_mails")
    return kept[surplus:]


def _emails(
    selection: Selection,
    kept_lines: list[int],
    mails: FinishedMails,
    drafts: Drafts,
    to_email: "_EmailBuilder",
) -> Iterator[Email]:
    """Yield the kept mails as lines of emails.jsonl, and count them in the selection."""
    used_ids: set[str] = set()
    with jsonl.Lines(mails.path) as lines, jsonl.Lines(drafts.path) as draft_lines:
        for line in kept_lines:
            mail = FinishedMail(**lines[line])
            selection.cuts.update(mail.cuts)
            domains = (domain for person in mail.to for domain in DOMAIN.findall(person.lower()))
            selection.domains.update(dict.fromkeys(domains, 1))
            for cut in mail.cuts:
                selection.drops.examples.offer(f"cut: {cut}", mail.example(mail.text))
            yield to_email(mail, _unique(mail.id, used_ids), draft_lines)
    if to_email.redactor:
        selection.redactions.update(to_email.redactor.counts)


@dataclass(frozen=True)
class _EmailBuilder:
    """Makes lines of emails.jsonl from finished mails."""

    index: ArchiveIndex
    mails: FinishedMails
    parent_lines: dict[int, int]
    context_words: int | None
    redactor: Redactor | None

    def __call__(self, mail: FinishedMail, email_id: str, drafts: Sequence[Mapping[str, Any]]) -> Email:
        language = self.mails.language(mail)

        def redacted(text: str) -> str:
            return self.redactor.redact(text, language) if self.redactor else text

        email: Email = {
            "id": email_id,
            "text": redacted(mail.text),
            "subject": redacted(mail.subject),
            "date": mail.date,
            "to": [redacted(person) for person in mail.to],
            "thread": self.index.threads.thread_of(mail.id),
            "language": language,
            "source": mail.source,
        }
        if self.context_words:
            email["context"] = redacted(truncate_words(self._context(mail, drafts), self.context_words)) or None
        return email

    def _context(self, mail: FinishedMail, drafts: Sequence[Mapping[str, Any]]) -> str:
        """What a mail answers: the message in the archive, or else the text that the mail quotes."""
        line = self.parent_lines.get(hash64(mail.parent)) if mail.parent else None
        if line is None:
            return mail.context
        return cleaning.finish(str(drafts[line]["text"])) or mail.context

    def redact_other_text(self, text: str) -> str:
        """Replace personal data in a text that is not a kept mail, whose language is not known yet."""
        if self.redactor is None:
            return text
        return self.redactor.redact(text, self.mails.languages.resolve(*LanguageDetector.shared().detect(text)))


def _counted(messages: Iterable[DraftedMail], progress: Callable[[], None]) -> Iterator[DraftedMail]:
    for message in messages:
        yield message
        progress()


def _append(file: TextIO, mail: DraftedMail) -> None:
    # In ASCII, since broken mails have lone surrogates, which UTF-8 cannot encode.
    file.write(json.dumps(vars(mail)) + "\n")


def _unique(message_id: str, used: set[str]) -> str:
    number, unique = 1, message_id
    while unique in used:
        number += 1
        unique = f"{message_id}#{number}"
    used.add(unique)
    return unique
