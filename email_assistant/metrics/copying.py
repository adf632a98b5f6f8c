"""Copying: the longest run of words that a written mail shares with a training mail.

Carlini et al. 2023 (arXiv:2202.07646) count a text as memorised where a long run of it stands in the
training data word for word; what people write again and again is shared honestly, so that the owner's own
test mails give the measure.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from email_assistant.lexicon.patterns import WORD
from email_assistant.metrics.per_mail_score import PerMailScore, mean, ratio

Numbers = NDArray[Any]
# Runs are found by so many words that they begin with.
SEED_WORDS = 3
# What stands at the end of every mail, and for words that are in none.
_END, _UNKNOWN = 0, 2**32 - 1
# Odd and large, so that the keys of runs spread over all of 64 bits.
_MIXING = np.uint64(0x9E3779B97F4A7C15)
# A run of so many words counts as copied: greetings and stock phrases are shorter.
COPIED_WORDS = 12


class TrainingMails:
    """The owner's training mails, to look up runs of words in; in memory are some 20 bytes a word."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Index the beginnings of runs."""
        self._numbers: dict[str, int] = {}
        words = array("I")
        for text in texts:
            words.extend(self._numbers.setdefault(word, len(self._numbers) + 1) for word in _words(text))
            words.append(_END)
        self._words = np.array(words, np.uint32)
        keys = _keys(self._words)
        self._order = np.argsort(keys)
        self._keys = keys[self._order]

    def runs(self, text: str) -> list[int]:
        """For each word of a text the length of the longest shared run that begins there; short ones are 0."""
        words = np.array([self._numbers.get(word, _UNKNOWN) for word in _words(text)], np.uint32)
        keys = _keys(words)
        firsts = np.searchsorted(self._keys, keys, "left").tolist()
        ends = np.searchsorted(self._keys, keys, "right").tolist()
        found = [self._longest(words[place:], span) for place, span in enumerate(zip(firsts, ends, strict=True))]
        return found + [0] * (len(words) - len(found))

    def _longest(self, words: Numbers, span: tuple[int, int]) -> int:
        """How many of the words stand in a row at any of the places that have the first ones' key."""
        places, length = self._order[slice(*span)], 0
        while len(places) and length < len(words):
            places = places[self._words[places + length] == words[length]]
            length += bool(len(places))
        return length if length >= SEED_WORDS else 0


def copying(written: Sequence[str], training: TrainingMails) -> dict[str, PerMailScore]:
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


def longest_run(written: Sequence[str], training: TrainingMails) -> int:
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


def _keys(words: Numbers) -> Numbers:
    """A number for every run of `SEED_WORDS` words; different runs seldom have the same one."""
    runs = max(0, len(words) - SEED_WORDS + 1)
    keys = np.zeros(runs, np.uint64)
    for place in range(SEED_WORDS):
        keys = keys * _MIXING + words[place : place + runs]
    return keys


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())
