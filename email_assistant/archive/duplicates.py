"""Texts that are nearly the same, found exactly.

The prefix filter of Bayardo, Ma and Srikant, 'Scaling Up All Pairs Similarity Search' (WWW 2007):
two sets of Jaccard similarity t or more share one of their rarest tokens, so only texts that do
are compared.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from zlib import crc32

WORD = re.compile(r"\w+")
EPSILON = 1e-9


def words_of(text: str) -> set[str]:
    """What texts are compared by: their words without case."""
    return set(WORD.findall(text.casefold()))


class Seen:
    """The texts so far, to ask of each next one which of them it nearly repeats.

    Texts of the same words are held once; only texts of about the same number of words are compared,
    since others cannot be similar enough.
    """

    def __init__(self, threshold: float, counts: Mapping[str, int]) -> None:
        """Begin without any text.

        Args:
            threshold: The Jaccard similarity of sets of words from which on texts count as the same.
            counts: How frequent words are, roughly: any order finds the same, a good one finds it faster.
        """
        self._threshold = threshold
        self._counts = counts
        self._sets: list[frozenset[str]] = []
        self._prints: list[int] = []
        self._places: list[int] = []
        self._same: set[frozenset[str]] = set()
        self._by_word: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._words: dict[str, str] = {}

    def like(self, place: int, text: str) -> list[int]:
        """The places of earlier texts that a text nearly repeats; the text joins them under its own place."""
        words = self._interned(text)
        size = len(words)
        if not size:
            return []
        similar: set[int] = set()
        smallest, largest = math.ceil(self._threshold * size), math.floor(size / self._threshold)
        rarest_first = sorted(words, key=lambda word: (self._counts.get(word, 0), word))
        prefix = rarest_first[: size - math.ceil(self._threshold * size) + 1]
        print_of_words = _print(words)
        for length in range(smallest, largest + 1):
            # Sets of these sizes that differ in more words than this are too far apart; their prints differ in fewer.
            furthest = math.floor((1 - self._threshold) / (1 + self._threshold) * (size + length) + EPSILON)
            for word in prefix:
                for number in self._by_word.get((word, length), ()):
                    if (self._prints[number] ^ print_of_words).bit_count() <= furthest:
                        similar.add(number)
        found = [number for number in sorted(similar) if jaccard(words, self._sets[number]) >= self._threshold]
        if words not in self._same:
            number = len(self._sets)
            self._same.add(words)
            self._sets.append(words)
            self._prints.append(print_of_words)
            self._places.append(place)
            for word in prefix:
                self._by_word[word, size].append(number)
        return [self._places[number] for number in found]

    def _interned(self, text: str) -> frozenset[str]:
        """A text's words, each held once in memory."""
        return frozenset(self._words.setdefault(word, word) for word in words_of(text))


def _print(words: frozenset[str]) -> int:
    """A bit for every word, of 256: two sets' prints differ in no more bits than the sets do in words."""
    print_of_words = 0
    for word in words:
        print_of_words |= 1 << (crc32(word.encode("utf-8", "surrogatepass")) & 255)
    return print_of_words


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


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared elements by all elements; 1 for two empty sets."""
    union = len(left | right)
    return len(left & right) / union if union else 1.0
