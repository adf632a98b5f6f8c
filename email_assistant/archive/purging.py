"""Purge terms: keyed hashes of the words by which a user has permanently removed mails from a project.

A term is one or more consecutive words, in any case. Only a keyed hash and the number of words are kept, so that later
reads of the archive can skip matching mails while no file contains the words. The key is stored next to the hashes: it
keeps the words out of the file, but anyone who has the file can test guesses.
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from email_assistant.archive.messages import ParsedMessage
from email_assistant.errors import ConfigurationError, DataError, PrivacyError
from email_assistant.lexicon.words import WORD
from email_assistant.storage import jsonl
from email_assistant.storage.atomic import atomic_path
from email_assistant.storage.hashing import hash_of

PURGED_FILE = "purged.json"
TERM = re.compile(r"(from|subject|id):(.*)", re.DOTALL)
OR = re.compile(r"\s+or\s+(?=(?:from|subject|id):)")


@dataclass(frozen=True)
class Term:
    """One purge term.

    Attributes:
        field: Where the words are searched: 'from' (people, subject and text), 'subject' (subject and text) or 'id'.
        words: The number of words.
        digest: The keyed hash of the words.
    """

    field: str
    words: int
    digest: str


@dataclass(frozen=True)
class Terms:
    """All purge terms of a project.

    Attributes:
        key: The key of the hashes, in hexadecimal.
        terms: The terms.
    """

    key: str
    terms: frozenset[Term]

    def __bool__(self) -> bool:
        """Whether there are any terms."""
        return bool(self.terms)

    @property
    def hash(self) -> str:
        """The hash of all terms, as an input of the stage that reads the archive."""
        return hash_of(sorted(term.digest for term in self.terms))

    def matches(self, message: ParsedMessage) -> bool:
        """Whether a mail matches a term."""
        people = [text for person in (*message.senders, *message.recipients) for text in (person.name, person.address)]
        return self._match_any(people, [message.subject, message.text], [message.id])

    def matches_record(self, record: Mapping[str, Any]) -> bool:
        """Whether a line of an artifact belongs to a matching mail or contains the words of a term."""
        ids = [str(record["id"])] if "id" in record else []
        people = [part for recipient in record.get("to", ()) for part in str(recipient).partition("<")]
        texts = [
            value for name, value in record.items() if name not in ("id", "thread", "source") and isinstance(value, str)
        ]
        return self._match_any(people, texts, ids)

    def __or__(self, other: "Terms") -> "Terms":
        return Terms(self.key, self.terms | other.terms)

    def _match_any(self, people: Iterable[str], texts: Iterable[str], ids: Iterable[str]) -> bool:
        return bool(
            self._match_field(ids, "id")
            or self._match_field(texts, "subject")
            or self._match_field((text for group in (people, texts) for text in group), "from")
        )

    def _match_field(self, texts: Iterable[str], field: str) -> bool:
        digests_by_length: dict[int, set[str]] = {}
        for term in self.terms:
            if term.field == field:
                digests_by_length.setdefault(term.words, set()).add(term.digest)
        if not digests_by_length:
            return False
        return any(
            not digests.isdisjoint(self._ngram_digests(text, length))
            for text in texts
            for length, digests in digests_by_length.items()
        )

    def _ngram_digests(self, text: str, length: int) -> Iterator[str]:
        words = _words(text)
        return (_digest(self.key, words[start : start + length]) for start in range(len(words) - length + 1))


def parse_terms(match: str, key: str) -> Terms:
    """Parse terms as the user writes them.

    Args:
        match: Terms like 'from:bo@x.example or subject:merger'.
        key: The key of the hashes, in hexadecimal.

    Raises:
        ConfigurationError: If a term is malformed.
    """
    terms = set()
    for part in OR.split(match.strip()):
        parsed = TERM.fullmatch(part.strip())
        words = _words(parsed[2]) if parsed else []
        if not parsed or not words:
            raise ConfigurationError(
                f"purge.match: invalid term {part!r}; write from:, subject: or id: followed by words, joined by 'or', "
                "as in purge.match='from:bo@x.example or subject:merger'"
            )
        terms.add(Term(parsed[1], len(words), _digest(key, words)))
    return Terms(key, frozenset(terms))


def load_terms(outputs: Path) -> Terms:
    """Load the terms of a project; without any, an empty set under a new key.

    Raises:
        PrivacyError: If the file is corrupt.
    """
    path = outputs / PURGED_FILE
    if not path.exists():
        return Terms(secrets.token_hex(16), frozenset())
    try:
        stored = jsonl.read_object(path)
        bytes.fromhex(stored["key"])
        terms = Terms(stored["key"], frozenset(Term(**term) for term in stored["terms"]))
    except (DataError, KeyError, TypeError, ValueError) as error:
        raise PrivacyError(_corrupt(path)) from error
    if not all(isinstance(term.words, int) and isinstance(term.digest, str) for term in terms.terms):
        raise PrivacyError(_corrupt(path))
    return terms


def _corrupt(path: Path) -> str:
    return (
        f"{path}: the list of purged people, topics and mails is corrupt; restore a backup, or delete the file and run "
        "stage=purge again for each of them"
    )


def save_terms(outputs: Path, terms: Terms) -> None:
    """Save the terms of a project."""
    outputs.mkdir(parents=True, exist_ok=True)
    records = sorted((vars(term) for term in terms.terms), key=lambda term: term["digest"])
    with atomic_path(outputs / PURGED_FILE) as path:
        jsonl.write_json(path, {"key": terms.key, "terms": records})


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _digest(key: str, words: list[str]) -> str:
    return blake2b(
        "\x1f".join(words).encode("utf-8", "surrogatepass"), digest_size=16, key=bytes.fromhex(key)
    ).hexdigest()
