"""Adds edits of the compose page to the training mails of a split, and to no other mails.

The archive's training, validation and test mails are the same with and without edits. If an edit is a near-duplicate of
a training mail, that mail gets its request; an edit that belongs to a validation or test mail is left out.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from email_assistant.archive.duplicates import jaccard, near_duplicates, word_set
from email_assistant.archive.threads import UnionFind
from email_assistant.storage.jsonl import Field
from email_assistant.storage.records import Pair


@dataclass(frozen=True)
class LearnedEdits:
    """The edits that are trained on.

    Attributes:
        requests: The edits that are near-duplicates of a training mail, by the index of that mail.
        added: The other edits, the newest last.
        left_out: The number of edits that belong to mails outside of the training set.
    """

    requests: Mapping[int, Pair]
    added: Sequence[Pair]
    left_out: int

    def counts(self) -> dict[str, int]:
        """The numbers of edits, as in report.json."""
        return {"joined": len(self.requests), "added": len(self.added), "left_out": self.left_out}


NONE = LearnedEdits({}, [], 0)


def join(
    edits: Sequence[Pair], pairs: Sequence[Pair], splits: Mapping[str, Sequence[int]], same: float, related: float
) -> LearnedEdits:
    """Join edits with the archive's mails.

    Args:
        edits: The edits, the oldest first.
        pairs: The archive's mails.
        splits: Indices of the mails in `train`, `validation` and `test`; mails may be in none.
        same: From this similarity on, an edit and a mail, or two edits, count as one mail.
        related: From this similarity on, an edit that resembles a validation or test mail is left out.
    """
    training = set(splits["train"])
    scored = [pairs[index] for name in ("validation", "test") for index in splits[name]]
    kept = [edit for edit, is_scored in zip(edits, _belong_to(scored, edits, related), strict=True) if not is_scored]
    newest = _newest(kept, same)
    counterparts = list(zip(newest, _counterparts(newest, pairs, same), strict=True))
    # Of several edits of one mail, the newest.
    requests = {index: edit for edit, index in counterparts if index is not None and index in training}
    added = [edit for edit, index in counterparts if index is None]
    untrained = sum(index is not None and index not in training for _, index in counterparts)
    return LearnedEdits(requests, added, len(edits) - len(kept) + untrained)


@dataclass(frozen=True)
class _Texts:
    """Several fields, one after another, which can be iterated repeatedly."""

    fields: Sequence[Field]

    def __iter__(self) -> Iterator[str]:
        return itertools.chain.from_iterable(self.fields)


def typed(pair: Pair, edit: Pair | None) -> Pair:
    """A training mail with the request that was typed for it, which replaces all generated ones."""
    if edit is None:
        return pair
    joined: Pair = {**pair, "instruction": edit["instruction"], "method": edit["method"]}
    joined.pop("variants", None)
    return joined


def _belong_to(scored: Sequence[Pair], edits: Sequence[Pair], similarity: float) -> list[bool]:
    """Whether each edit is in a thread with one of the scored mails, or a near-duplicate of one, maybe by others."""
    groups = UnionFind()
    every = [*scored, *edits]
    for number, pair in enumerate(every):
        groups.union(f"thread {pair['thread']}", number)
    for later, earlier in near_duplicates(Field(every, "email"), similarity):
        groups.union(earlier, later)
    taken = {groups.find(number) for number in range(len(scored))}
    return [groups.find(number) in taken for number in range(len(scored), len(every))]


def _newest(edits: Sequence[Pair], similarity: float) -> list[Pair]:
    """The edits without those that a later one nearly repeats."""
    reversed_edits = list(edits)[::-1]
    repeats = {later for later, _ in near_duplicates(Field(reversed_edits, "email"), similarity)}
    return [edit for number, edit in enumerate(reversed_edits) if number not in repeats][::-1]


def _counterparts(edits: Sequence[Pair], pairs: Sequence[Pair], similarity: float) -> list[int | None]:
    """The index of the archive's mail that each edit nearly repeats; None if there is none."""
    candidates: dict[int, list[int]] = defaultdict(list)
    for later, earlier in near_duplicates(_Texts((Field(pairs, "email"), Field(edits, "email"))), similarity):
        if later >= len(pairs) > earlier:
            candidates[later - len(pairs)].append(earlier)

    def closest(number: int) -> int | None:
        words = word_set(edits[number]["email"])
        return max(candidates[number], key=lambda index: jaccard(words, word_set(pairs[index]["email"])), default=None)

    return [closest(number) for number in range(len(edits))]
