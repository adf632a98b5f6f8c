"""The second reading of an archive: the owner's messages cleaned, and those kept that teach how the owner writes.

What is known of each message lies on disk until its place in the order of dates is known; in memory
are a few numbers for each of the owner's messages, and the words of those that are kept.
"""

import json
import re
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from email_assistant.archive import cleaning, signatures
from email_assistant.archive.answering import shortened
from email_assistant.archive.drafting import Cleaned, clean_batch, finish_batch
from email_assistant.archive.duplicates import Seen, words_of
from email_assistant.archive.examples import Examples, drawn
from email_assistant.archive.index import Index, size_of
from email_assistant.archive.language import Detector, Languages
from email_assistant.archive.mail import Found
from email_assistant.archive.owner import Owner, given
from email_assistant.archive.redaction import Redactor
from email_assistant.archive.signatures import Learned
from email_assistant.archive.threads import short_hash
from email_assistant.archive.workers import Workers

# Enough mails to learn a signature and the frequencies of words from.
SAMPLE = 20_000
DOMAIN = re.compile(r"@([\w.-]+)")


@dataclass(frozen=True)
class Rules:
    """Which of the owner's mails are kept, and how they are cleaned.

    Attributes:
        min_words: Mails with fewer words are dropped.
        max_words: Mails with more are dropped; None keeps them.
        duplicate_similarity: Mails that share this much of their words with an earlier one are dropped.
        max_mails: The newest so many are kept; None keeps all.
        drop: The kinds of messages that are dropped.
        languages: The languages that are kept; empty keeps all.
        drop_code: Whether patches, logs and listings are cut out.
        context_words: What a mail answers is kept beside it, at most so many words; None keeps none.
        redact: Whether personal data is replaced by placeholders.
        others: So many mails by other people are cleaned and kept beside.
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


class Spool:
    """Records on disk, read again by their number."""

    def __init__(self, path: Path) -> None:
        """Begin an empty file."""
        self._file = path.open("w+b")
        self._places = array("Q")

    def append(self, record: dict[str, Any]) -> int:
        """Write a record; returns its number."""
        self._places.append(self._file.seek(0, 2))
        self._file.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        return len(self._places) - 1

    def __getitem__(self, number: int) -> dict[str, Any]:
        self._file.seek(self._places[number])
        record: dict[str, Any] = json.loads(self._file.readline().decode("utf-8", "surrogatepass"))
        return record

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


class Reasons:
    """Why each message was dropped, by its number: a byte for every message."""

    def __init__(self, messages: int) -> None:
        """Begin with none dropped."""
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
        """How many were dropped for each reason, the most frequent first."""
        counts = Counter({name: self._codes.count(code) for code, name in enumerate(self._names) if code})
        return {name: count for name, count in counts.most_common() if count}


@dataclass
class Selection:
    """What came of the archive.

    Attributes:
        kept: The lines of emails.jsonl, in order of date; to be read once.
        reasons: Why each other message was dropped, by its number.
        learned: What the archive shows of its owner's signature and sign-offs.
        details: What was wrong with each message that could not be read.
        examples: Messages to look at, by reason and by what was cut.
        cuts: How many kept mails lost something, by what it was.
        kinds: How many of the owner's messages are of each kind.
        redactions: Placeholders that were put in, by kind.
        domains: How many kept mails went to each recipient's domain.
        hide: What takes personal data out of a text, where the rules say so.
        others: Id and text of mails by other people, before `hide`.
    """

    kept: Iterator[dict[str, Any]]
    reasons: Reasons
    learned: Learned
    details: dict[int, str]
    examples: Examples
    cuts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    redactions: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)
    hide: Callable[[str], str] = str
    others: list[tuple[str, str]] = field(default_factory=list)


def select(
    read: Callable[[], Iterator[Found]],
    index: Index,
    owner: Owner,
    rules: Rules,
    work: Path,
    crew: Workers,
    progress: Callable[[], None],
) -> Selection:
    """Clean the owner's messages and keep those that teach how the owner writes.

    Args:
        read: Begins the same reading that `index` was made of anew.
        index: The first reading.
        owner: Whose messages are kept.
        rules: Which of them, and how they are cleaned.
        work: A folder for what is not held in memory.
        crew: The processes that clean.
        progress: Called after each message.
    """
    return _Selector(index, owner, rules, work).select(read, crew, progress)


def read_and_select(
    read: Callable[[], Iterator[Found]], named: list[str], rules: Rules, work: Path, processes: int | None = None
) -> tuple[Index, Owner, Selection]:
    """Both readings, one after the other.

    Args:
        read: Begins a reading anew.
        named: The owner's addresses and names; empty to find out.
        rules: Which mails are kept, and how they are cleaned.
        work: A folder for what is not held in memory.
        processes: How many are started to read and clean; None for one a core.
    """
    index = Index(work / "sources.jsonl")
    with Workers(processes) as crew:
        for _ in index.read(read(), crew):
            pass
        owner = given(named) if named else index.census.find()
        return index, owner, select(read, index, owner, rules, work, crew, lambda: None)


class _Selector:
    def __init__(self, index: Index, owner: Owner, rules: Rules, work: Path) -> None:
        self.index, self.owner, self.rules = index, owner, rules
        self.drafts = Spool(work / "drafts.jsonl")
        self.finished = Spool(work / "finished.jsonl")
        self.parents: dict[int, int] = {}
        self.by_owner = index.by(owner)
        self.order: list[tuple[float, str, int]] = []
        self.languages = Languages()
        self.result = Selection(iter(()), Reasons(len(index)), Learned(), dict(index.unreadable), Examples())

    def select(self, read: Callable[[], Iterator[Found]], crew: Workers, progress: Callable[[], None]) -> Selection:
        self._note_others()
        for cleaned in self._second_reading(read, crew):
            self._take(cleaned)
            progress()
        self.order.sort()
        self.result.learned = signatures.learn(self._sample_texts(), self.owner.names)
        self._finish_all(crew)
        alive = self._without_repeats()
        self.result.kept = self._written(alive)
        return self.result

    def _note_others(self) -> None:
        for number, flag in enumerate(self.by_owner):
            if not flag:
                self.result.reasons[number] = "not_by_owner"
        for number in self.index.unreadable:
            self.result.reasons[number] = "unreadable"

    def _second_reading(self, read: Callable[[], Iterator[Found]], crew: Workers) -> Iterator[Cleaned]:
        nobody = bytearray(len(self.index))
        self.answered = self.index.answered_by(self.by_owner) if self.rules.context_words else nobody
        self.others = drawn(
            (number, source) for number, source in enumerate(self.index.sources()) if self._is_others(number)
        )
        self.compared = self.index.drawn(self._is_others, self.rules.others)
        wanted = bytearray(own | parent for own, parent in zip(self.by_owner, self.answered, strict=True))
        for number in self.others | self.compared:
            wanted[number] = 1
        items = ((number, found) for number, found in enumerate(read()) if wanted[number])
        function = partial(clean_batch, drop_code=self.rules.drop_code, with_context=bool(self.rules.context_words))
        return crew.ordered(function, items, lambda item: size_of(item[1]))

    def _is_others(self, number: int) -> bool:
        return not self.by_owner[number] and number not in self.index.unreadable

    def _take(self, cleaned: Cleaned) -> None:
        """Decide what a message alone decides; the others wait on disk."""
        if self.answered[cleaned.number] and cleaned.why is None:
            self.parents[short_hash(cleaned.id)] = self.drafts.append({"text": cleaned.text})
        if not self.by_owner[cleaned.number]:
            if cleaned.number in self.others:
                self.result.examples.offer("not_by_owner", vars(cleaned), "")
            if cleaned.number in self.compared:
                self._keep_beside(cleaned)
            return
        self.result.kinds.update(cleaned.kinds)
        reason = self._reason(cleaned)
        if reason:
            self._drop(cleaned.number, reason, vars(cleaned))
            if cleaned.why:
                self.result.details[cleaned.number] = cleaned.why
        else:
            self.order.append((cleaned.moment, cleaned.id, self.drafts.append(vars(cleaned))))

    def _keep_beside(self, cleaned: Cleaned) -> None:
        """Keep a mail by someone else, where it is one that would be kept of the owner's."""
        if self._reason(cleaned) is None:
            text = cleaning.finish(cleaned.text)
            if len(text.split()) >= self.rules.min_words:
                self.result.others.append((cleaned.id, text))

    def _reason(self, cleaned: Cleaned) -> str | None:
        if cleaned.why is not None:
            return "unreadable"
        for kind in cleaned.kinds:
            if kind in self.rules.drop:
                return kind
        if not cleaned.original.strip():
            return "no_text"
        if cleaned.text:
            return None
        return "only_code" if "code" in cleaned.cuts else "only_quoted"

    def _drop(self, number: int, reason: str, record: dict[str, Any]) -> None:
        self.result.reasons[number] = reason
        self.result.examples.offer(reason, record, "")

    def _sample_texts(self) -> Iterator[str]:
        step = max(1, len(self.order) // SAMPLE)
        return (self.drafts[draft]["text"] for _, _, draft in self.order[::step])

    def _finish_all(self, crew: Workers) -> None:
        """The second step of cleaning, in order of date, and the limits of length."""
        waiting: deque[dict[str, Any]] = deque()

        def texts() -> Iterator[str]:
            for _, _, draft in self.order:
                waiting.append(self.drafts[draft])
                yield waiting[-1]["text"]

        for done in crew.ordered(partial(finish_batch, learned=self.result.learned), texts(), len):
            record = waiting.popleft() | {"text": done.text}
            if done.signed:
                record["cuts"] = sorted({*record["cuts"], "signature"})
            if done.words < self.rules.min_words:
                self._drop(record["number"], "too_short", record)
            elif self.rules.max_words is not None and done.words > self.rules.max_words:
                self._drop(record["number"], "too_long", record)
            else:
                self.languages.add(done.language, done.cyrillic)
                self.finished.append({**record, "found": done.language, "cyrillic": done.cyrillic})

    def _without_repeats(self) -> list[int]:
        counts: Counter[str] = Counter()
        step = max(1, len(self.finished) // SAMPLE)
        for number in range(0, len(self.finished), step):
            counts.update(words_of(self.finished[number]["text"]))
        seen = Seen(self.rules.duplicate_similarity, counts)
        alive = []
        for number in range(len(self.finished)):
            record = self.finished[number]
            if self.rules.languages and self._language(record) not in self.rules.languages:
                self._drop(record["number"], "other_language", record)
            elif seen.like(number, record["text"]):
                self._drop(record["number"], "duplicate", record)
            else:
                alive.append(number)
        cut = max(0, len(alive) - self.rules.max_mails) if self.rules.max_mails is not None else 0
        for record in map(self.finished.__getitem__, alive[:cut]):
            self._drop(record["number"], "beyond_max_mails", record)
        return alive[cut:]

    def _language(self, record: dict[str, Any]) -> str:
        return self.languages.settle(record["found"], record["cyrillic"])

    def _written(self, alive: list[int]) -> Iterator[dict[str, Any]]:
        redactor = Redactor() if self.rules.redact else None
        taken: set[str] = set()
        for number in alive:
            record = self.finished[number]
            self.result.cuts.update(record["cuts"])
            domains = (domain for person in record["to"] for domain in DOMAIN.findall(person.lower()))
            self.result.domains.update(dict.fromkeys(domains, 1))
            for cut in record["cuts"]:
                self.result.examples.offer(f"cut: {cut}", record, record["text"])
            yield self._email(record, _unique(record["id"], taken), redactor)
        if redactor:
            self.result.redactions.update(redactor.counts)
            self.result.hide = partial(self._hidden, redactor)
        self.drafts.close()
        self.finished.close()

    def _hidden(self, redactor: Redactor, text: str) -> str:
        """A text that is no kept mail, without its personal data: its language is not known yet."""
        return redactor.redact(text, self.languages.settle(*Detector.shared().look_at(text)))

    def _email(self, record: dict[str, Any], identity: str, redactor: Redactor | None) -> dict[str, Any]:
        """A line of emails.jsonl."""
        language = self._language(record)

        def shown(text: str) -> str:
            return redactor.redact(text, language) if redactor else text

        email = {
            "id": identity,
            "text": shown(record["text"]),
            "subject": shown(record["subject"]),
            "date": record["date"],
            "to": [shown(person) for person in record["to"]],
            "thread": self.index.threads.name(record["id"]),
            "language": language,
            "source": record["source"],
        }
        if self.rules.context_words:
            email["context"] = shown(shortened(self._context(record), self.rules.context_words)) or None
        return email

    def _context(self, record: dict[str, Any]) -> str:
        """What a mail answers: the archive's own message where it is there, else what the mail quotes."""
        parent = self.parents.get(short_hash(record["parent"])) if record["parent"] else None
        if parent is None:
            return str(record["context"])
        return cleaning.finish(self.drafts[parent]["text"]) or str(record["context"])


def _unique(identity: str, taken: set[str]) -> str:
    number, unique = 1, identity
    while unique in taken:
        number += 1
        unique = f"{identity}#{number}"
    taken.add(unique)
    return unique
