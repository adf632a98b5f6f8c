"""What was kept, counted while it is written: by month, language and length."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

WORD = re.compile(r"\w+")
# Upper bounds of the classes of length, in words.
LENGTHS = (10, 25, 50, 100, 200, 400, 800)


class Tally:
    """Counts of the kept mails."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.kept = 0
        self._months: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._lengths: Counter[str] = Counter()
        self._contexts = 0
        self._threads: set[str] = set()

    def counted(self, emails: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same mails, each counted as it passes."""
        for email in emails:
            self.kept += 1
            self._months[str(email["date"] or "undated")[:7]] += 1
            self._languages[email["language"]] += 1
            self._lengths[_class_of(len(WORD.findall(email["text"])))] += 1
            self._contexts += bool(email.get("context"))
            self._threads.add(email["thread"])
            yield email

    def summary(self) -> dict[str, Any]:
        """The counts, for the report."""
        return {
            "languages": dict(self._languages.most_common()),
            "months": dict(sorted(self._months.items())),
            "words": {name: self._lengths[name] for name in map(_name, (*LENGTHS, None))},
            "threads": len(self._threads),
            "with_context": self._contexts,
        }


def _class_of(words: int) -> str:
    return _name(next((bound for bound in LENGTHS if words <= bound), None))


def _name(bound: int | None) -> str:
    if bound is None:
        return f"more than {LENGTHS[-1]}"
    return f"up to {bound}"
