"""Counts the kept mails while they are written: by month, language and length."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypedDict

from email_assistant.lexicon.words import count_words
from email_assistant.storage.records import Email

# Upper bounds of the classes of length, in words.
LENGTH_BOUNDS = (10, 25, 50, 100, 200, 400, 800)


class TallySummary(TypedDict):
    """The counts as fields of report.json.

    Attributes:
        languages: Mails by language, the most frequent first.
        months: Mails by month, as '2024-05' or 'undated'.
        words: Mails by class of length.
        threads: The number of conversations.
        with_context: Mails with a context.
    """

    languages: dict[str, int]
    months: dict[str, int]
    words: dict[str, int]
    threads: int
    with_context: int


class Tally:
    """Counts of the kept mails."""

    def __init__(self) -> None:
        """Set all counts to zero."""
        self.kept = 0
        self._months: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._lengths: Counter[str] = Counter()
        self._contexts = 0
        self._threads: set[str] = set()

    def count(self, emails: Iterable[Email]) -> Iterator[Email]:
        """Yield the mails unchanged, and count each."""
        for email in emails:
            self.kept += 1
            self._months[str(email["date"] or "undated")[:7]] += 1
            self._languages[email["language"]] += 1
            self._lengths[_length_class(count_words(email["text"]))] += 1
            self._contexts += bool(email.get("context"))
            self._threads.add(email["thread"])
            yield email

    def summary(self) -> TallySummary:
        """The counts as fields of report.json."""
        return {
            "languages": dict(self._languages.most_common()),
            "months": dict(sorted(self._months.items())),
            "words": {name: self._lengths[name] for name in map(_class_name, (*LENGTH_BOUNDS, None))},
            "threads": len(self._threads),
            "with_context": self._contexts,
        }


def _length_class(words: int) -> str:
    return _class_name(next((bound for bound in LENGTH_BOUNDS if words <= bound), None))


def _class_name(bound: int | None) -> str:
    if bound is None:
        return f"more than {LENGTH_BOUNDS[-1]}"
    return f"up to {bound}"
