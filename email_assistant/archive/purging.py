"""What a user has taken out for good: terms by which mails are known, kept as hashes that do not tell the words.

A term is one or more words in a row, whatever their case. Of each are kept a keyed hash and its number of words, so
that archives can be read without what matches, and no file names whom it was about. (Who has the key and a list of
names can try them: it is there so that the words stand nowhere, not as a secret.)
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from email_assistant.archive.mail import Mail
from email_assistant.errors import ConfigurationError, PrivacyError
from email_assistant.storage import jsonl
from email_assistant.storage.hashing import hash_of

PURGED = "purged.json"
WORD = re.compile(r"\w+")
TERM = re.compile(r"(from|subject|id):(.*)", re.DOTALL)
BETWEEN = re.compile(r"\s+or\s+(?=(?:from|subject|id):)")


@dataclass(frozen=True)
class Term:
    """One of the terms.

    Attributes:
        field: Where its words are looked for: 'from' (people, subject, text), 'subject' (subject, text), 'id'.
        words: How many it has.
        digest: The keyed hash of them.
    """

    field: str
    words: int
    digest: str


@dataclass(frozen=True)
class Terms:
    """All terms of a project, under one key."""

    key: str
    terms: frozenset[Term]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.terms)

    @property
    def hash(self) -> str:
        """What the mails that are left depend on."""
        return hash_of(sorted(term.digest for term in self.terms))

    def take(self, mail: Mail) -> bool:
        """Whether a message is one of those that were taken out."""
        people = [part for one in (*mail.senders, *mail.recipients) for part in (one.name, one.address)]
        return self._any(people, [mail.subject, mail.text], [mail.id])

    def take_record(self, record: Mapping[str, Any]) -> bool:
        """Whether a line of an artifact is of such a message, or speaks of it."""
        identity = [str(record[name]) for name in ("id",) if name in record]
        people = [part for one in record.get("to", ()) for part in str(one).partition("<")]
        others = {name: value for name, value in record.items() if name not in ("id", "thread", "source")}
        told = [value for value in others.values() if isinstance(value, str)]
        return self._any(people, told, identity)

    def __or__(self, other: "Terms") -> "Terms":
        return Terms(self.key, self.terms | other.terms)

    def _any(self, people: Iterable[str], texts: Iterable[str], ids: Iterable[str]) -> bool:
        return bool(
            self._found(ids, "id")
            or self._found(texts, "subject")
            or self._found((text for part in (people, texts) for text in part), "from")
        )

    def _found(self, texts: Iterable[str], field: str) -> bool:
        wanted: dict[int, set[str]] = {}
        for term in self.terms:
            if term.field == field:
                wanted.setdefault(term.words, set()).add(term.digest)
        if not wanted:
            return False
        return any(
            not digests.isdisjoint(self._runs(text, count)) for text in texts for count, digests in wanted.items()
        )

    def _runs(self, text: str, count: int) -> Iterator[str]:
        words = _words(text)
        return (_digest(self.key, words[place : place + count]) for place in range(len(words) - count + 1))


def parsed(match: str, key: str) -> Terms:
    """Terms as a user writes them.

    Raises:
        ConfigurationError: when one cannot be read.
    """
    terms = set()
    for part in BETWEEN.split(match.strip()):
        found = TERM.fullmatch(part.strip())
        words = _words(found[2]) if found else []
        if not found or not words:
            raise ConfigurationError(
                f"purge.match: {part!r} is no term; take from:, subject: or id: with words, joined by 'or', as in "
                "purge.match='from:bo@x.example or subject:merger'"
            )
        terms.add(Term(found[1], len(words), _digest(key, words)))
    return Terms(key, frozenset(terms))


def read(outputs: Path) -> Terms:
    """The terms of before, or none under a fresh key.

    Raises:
        PrivacyError: when their file cannot be read.
    """
    path = outputs / PURGED
    if not path.exists():
        return Terms(secrets.token_hex(16), frozenset())
    try:
        kept = jsonl.read_json(path)
        return Terms(kept["key"], frozenset(Term(**term) for term in kept["terms"]))
    except (ValueError, KeyError, TypeError) as error:
        raise PrivacyError(f"{path}: cannot be read, and says what archives are to be read without: {error}") from error


def write(outputs: Path, terms: Terms) -> None:
    """Keep the terms."""
    outputs.mkdir(parents=True, exist_ok=True)
    listed = sorted((vars(term) for term in terms.terms), key=lambda term: term["digest"])
    fresh = outputs / f".{PURGED}.partial"
    jsonl.write_json(fresh, {"key": terms.key, "terms": listed})
    fresh.replace(outputs / PURGED)


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _digest(key: str, words: list[str]) -> str:
    return blake2b(
        "\x1f".join(words).encode("utf-8", "surrogatepass"), digest_size=16, key=bytes.fromhex(key)
    ).hexdigest()
