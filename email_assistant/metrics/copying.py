"""Copying: the longest run of words that a written mail shares with a training mail.

Carlini et al. 2023 (arXiv:2202.07646) count a text as memorised where a long run of it stands in the
training data word for word; what people write again and again is shared honestly, so that the owner's own
test mails give the measure.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from email_assistant.metrics.measured import Measured, mean, ratio

TOKEN = re.compile(r"\w+")
# Runs are found by so many words that they begin with.
SEED_WORDS = 3
# A run of so many words counts as copied: greetings and stock phrases are shorter.
COPIED_WORDS = 12


class TrainingMails:
    """The owner's training mails, to look up runs of words in."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Index the beginnings of runs."""
        self._texts = [_words(text) for text in texts]
        self._starts: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, words in enumerate(self._texts):
            for place in range(len(words) - SEED_WORDS + 1):
                self._starts[tuple(words[place : place + SEED_WORDS])].append((number, place))

    def runs(self, text: str) -> list[int]:
        """For each word of a text the length of the longest shared run that begins there; short ones are 0."""
        words = _words(text)
        return [self._run_at(words, place) for place in range(len(words))]

    def _run_at(self, words: list[str], place: int) -> int:
        longest = 0
        for number, start in self._starts.get(tuple(words[place : place + SEED_WORDS]), ()):
            other, length = self._texts[number], SEED_WORDS
            while (
                place + length < len(words)
                and start + length < len(other)
                and words[place + length] == other[start + length]
            ):
                length += 1
            longest = max(longest, length)
        return longest


def copying(written: Sequence[str], training: TrainingMails) -> dict[str, Measured]:
    """How much of written mails stands in training mails.

    Returns:
        longest_copy: The longest shared run of a mail in words, as the mean over mails. copied: the share
        of all words that lie in shared runs of at least `COPIED_WORDS`.
    """
    runs = [training.runs(text) for text in written]
    covered = [_covered(found) for found in runs]
    return {
        "longest_copy": mean([max(found, default=0) for found in runs]),
        "copied": ratio(covered, [len(found) for found in runs]),
    }


def longest(written: Sequence[str], training: TrainingMails) -> int:
    """The longest shared run of all mails, in words."""
    return max((max(training.runs(text), default=0) for text in written), default=0)


def _covered(runs: Sequence[int]) -> int:
    """How many words lie in a run that counts as copied."""
    end = covered = 0
    for place, length in enumerate(runs):
        if length >= COPIED_WORDS:
            covered += max(0, place + length - max(end, place))
            end = max(end, place + length)
    return covered


def _words(text: str) -> list[str]:
    return TOKEN.findall(text.casefold())
