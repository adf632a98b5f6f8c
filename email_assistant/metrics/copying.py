"""Copying: runs of words that a mail shares with training mails, and the words that it shares with its request.

Carlini et al. 2023 (arXiv:2202.07646) call a text memorized if a long run of it is in the training data word for word.
People repeat themselves too, so the owner's own test mails show how much is normal.
"""

import statistics
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from email_assistant.lexicon.words import WORD
from email_assistant.metrics.per_mail_score import PerMailScore, mean_score, ratio_score

Numbers = NDArray[Any]
# Shared runs are looked up by their first words; shorter runs are not found.
SEED_WORDS = 3
# Numbers for the end of every mail, and for words that are not in any of them.
_END, _UNKNOWN = 0, 2**32 - 1
# Odd and large, so that keys are spread over 64 bits.
_MIXING = np.uint64(0x9E3779B97F4A7C15)
# A shared run of at least COPIED_WORDS words counts as copied: greetings and stock phrases are shorter.
COPIED_WORDS = 12


class TrainingMails:
    """An index of the owner's training mails for runs of words; it takes about 20 bytes per word."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Index every run of `SEED_WORDS` words."""
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
        """The length of the longest shared run that begins at each word of a text; 0 if shorter than `SEED_WORDS`."""
        words = np.array([self._numbers.get(word, _UNKNOWN) for word in _words(text)], np.uint32)
        keys = _keys(words)
        firsts = np.searchsorted(self._keys, keys, "left").tolist()
        ends = np.searchsorted(self._keys, keys, "right").tolist()
        lengths = [self._longest(words[start:], span) for start, span in enumerate(zip(firsts, ends, strict=True))]
        return lengths + [0] * (len(words) - len(lengths))

    def _longest(self, words: Numbers, span: tuple[int, int]) -> int:
        """The most words that any of the indexed runs shares, of those whose first words have this key.

        Args:
            words: The text from the first word of the run to its end.
            span: The range in the sorted index of runs with the key.
        """
        starts, length = self._order[slice(*span)], 0
        while len(starts) and length < len(words):
            starts = starts[self._words[starts + length] == words[length]]
            length += bool(len(starts))
        return length if length >= SEED_WORDS else 0


def copying(generated: Sequence[str], training: TrainingMails) -> dict[str, PerMailScore]:
    """Scores of copying from training mails.

    Returns:
        longest_copy: The longest shared run of a mail in words, as the mean over mails. copied: the share
        of all words that are in shared runs of at least `COPIED_WORDS`.
    """
    runs = [training.runs(text) for text in generated]
    covered = [_covered(lengths) for lengths in runs]
    return {
        "longest_copy": mean_score([max(lengths, default=0) for lengths in runs]),
        "copied": ratio_score(covered, [len(lengths) for lengths in runs]),
    }


def longest_run(generated: Sequence[str], training: TrainingMails) -> int:
    """The longest shared run of all mails, in words."""
    return max((max(training.runs(text), default=0) for text in generated), default=0)


def copied_share(requests: Iterable[str], mails: Iterable[str]) -> float:
    """The mean share of a mail's words that are in its request, each counted as often as the request has it.

    Requests that were made from mails can hold most of their words. A model then copies them, and scores of overlap are
    high without any understanding.
    """
    shares = [_share_in(request, mail) for request, mail in zip(requests, mails, strict=True)]
    return statistics.fmean(shares) if shares else 0.0


def _share_in(request: str, mail: str) -> float:
    given, words = Counter(_words(request)), Counter(_words(mail))
    return (given & words).total() / words.total() if words else 0.0


def _covered(runs: Sequence[int]) -> int:
    """The number of words in runs that count as copied."""
    end = covered = 0
    for start, length in enumerate(runs):
        if length >= COPIED_WORDS:
            covered += max(0, start + length - max(end, start))
            end = max(end, start + length)
    return covered


def _keys(words: Numbers) -> Numbers:
    """A hash of every run of `SEED_WORDS` words, (runs,); collisions are rare, and are checked."""
    runs = max(0, len(words) - SEED_WORDS + 1)
    keys = np.zeros(runs, np.uint64)
    for offset in range(SEED_WORDS):
        keys = keys * _MIXING + words[offset : offset + runs]
    return keys


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())
