"""Texts that are nearly the same, found exactly.

The prefix filter of Bayardo, Ma and Srikant, 'Scaling Up All Pairs Similarity Search' (WWW 2007):
two sets of Jaccard similarity t or more share one of their rarest tokens, so only texts that do
are compared.
"""

import math
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w+")
EPSILON = 1e-9
# Of 64 bits.
PRINT_WORDS = 4
Array = NDArray[Any]


def words_of(text: str) -> set[str]:
    """What texts are compared by: their words without case."""
    return set(WORD.findall(text.casefold()))


class Seen:
    """The texts so far, to ask of each next one which of them it nearly repeats.

    Texts of the same words are held once. In memory are some four bytes for each word of a text, and as many again
    for each of its rarest. Only texts of about the same number of words are compared, since others cannot be similar
    enough.
    """

    def __init__(self, threshold: float, counts: Mapping[str, int]) -> None:
        """Begin without any text.

        Args:
            threshold: The Jaccard similarity of sets of words from which on texts count as the same.
            counts: How frequent words are, roughly: any order finds the same, a good one finds it faster.
        """
        self._threshold = threshold
        self._counts = counts
        self._numbers: dict[str, int] = {}
        # The words of one text after another, where each begins, and the place that it came with.
        self._words, self._starts, self._places = array("I"), array("q", [0]), array("Q")
        self._prints = array("Q")
        self._same: set[bytes] = set()
        # Texts among whose rarest words a word is.
        self._by_word: dict[int, array[int]] = defaultdict(lambda: array("I"))

    def like(self, place: int, text: str) -> list[int]:
        """The places of earlier texts that a text nearly repeats; the text joins them under its own place."""
        words = words_of(text)
        size = len(words)
        if not size:
            return []
        rarest_first = sorted(words, key=lambda word: (self._counts.get(word, 0), word))
        numbers = [self._numbers.setdefault(word, len(self._numbers)) for word in rarest_first]
        prefix = numbers[: size - math.ceil(self._threshold * size) + 1]
        print_of_words = _print(words)
        chosen, close = set(numbers), self._close(prefix, size, print_of_words)
        found = [number for number in close if jaccard(chosen, self._words_of(number)) >= self._threshold]
        same = blake2b(array("I", sorted(numbers)).tobytes(), digest_size=16).digest()
        if same not in self._same:
            self._same.add(same)
            self._join(place, numbers, prefix, print_of_words)
        return [self._places[number] for number in found]

    def _close(self, prefix: Sequence[int], size: int, print_of_words: Array) -> list[int]:
        """The texts that share a rare word, have about as many words, and a print that is not too far."""
        sharing = [np.frombuffer(self._by_word[word], np.uint32) for word in prefix if word in self._by_word]
        if not sharing:
            return []
        texts = np.concatenate(sharing)
        starts = np.frombuffer(self._starts, np.int64)
        sizes = starts[texts + 1] - starts[texts]
        fitting = (sizes >= math.ceil(self._threshold * size)) & (sizes <= math.floor(size / self._threshold))
        texts, sizes = texts[fitting], sizes[fitting]
        # Sets of these sizes that differ in more words than this are too far apart; their prints differ in fewer.
        furthest = np.floor((1 - self._threshold) / (1 + self._threshold) * (size + sizes) + EPSILON)
        prints = np.frombuffer(self._prints, np.uint64).reshape(-1, PRINT_WORDS)[texts]
        distance = np.bitwise_count(prints ^ print_of_words).sum(axis=1, dtype=np.int64)
        return [int(number) for number in np.unique(texts[distance <= furthest])]

    def _words_of(self, number: int) -> set[int]:
        return set(self._words[self._starts[number] : self._starts[number + 1]])

    def _join(self, place: int, numbers: Sequence[int], prefix: Sequence[int], print_of_words: Array) -> None:
        number = len(self._places)
        self._places.append(place)
        self._words.extend(numbers)
        self._starts.append(len(self._words))
        self._prints.extend(print_of_words.tolist())
        for word in prefix:
            self._by_word[word].append(number)


def _print(words: set[str]) -> Array:
    """A bit for every word, of 256: two sets' prints differ in no more bits than the sets do in words."""
    print_of_words = 0
    for word in words:
        print_of_words |= 1 << (crc32(word.encode("utf-8", "surrogatepass")) & 255)
    return np.frombuffer(print_of_words.to_bytes(8 * PRINT_WORDS, "little"), np.uint64)


def near_duplicates(texts: Iterable[str], threshold: float) -> Iterator[tuple[int, int]]:
    """Pairs of indices (later, earlier) whose sets of words have this Jaccard similarity or more.

    Of several texts with the very same words, the first stands for all.

    Args:
        texts: Any number of texts, that can be gone through twice.
        threshold: Above 0, up to 1.
    """
    seen = Seen(threshold, Counter(word for text in texts for word in words_of(text)))
    for later, text in enumerate(texts):
        yield from ((later, earlier) for earlier in seen.like(later, text))


def jaccard(left: AbstractSet[Any], right: AbstractSet[Any]) -> float:
    """Shared elements by all elements; 1 for two empty sets."""
    union = len(left | right)
    return len(left & right) / union if union else 1.0
