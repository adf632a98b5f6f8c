"""Exact search for near-duplicate texts, by the Jaccard similarity of their sets of words.

The prefix filter of Bayardo, Ma and Srikant, 'Scaling Up All Pairs Similarity Search' (WWW 2007): two sets with a
Jaccard similarity of t or more share one of their rarest tokens, so only texts that share one are compared.
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from email_assistant.lexicon.words import split_words

EPSILON = 1e-9
# A signature has four words of 64 bits.
SIGNATURE_WORDS = 4
Array = NDArray[Any]


def word_set(text: str) -> set[str]:
    """The distinct words of a text in case-folded form, by which texts are compared."""
    return set(split_words(text.casefold()))


class NearDuplicateIndex:
    """The texts seen so far, searchable for those that a new text nearly repeats.

    Several texts with the same set of words are stored once. Memory is about four bytes per word of a text, and the
    same again for each of its rarest words. Only texts with a similar number of words are compared, since others cannot
    reach the threshold.
    """

    def __init__(self, threshold: float, frequencies: Mapping[str, int]) -> None:
        """Create an empty index.

        Args:
            threshold: Texts whose sets of words have at least this Jaccard similarity are near-duplicates.
            frequencies: Approximate word counts. They affect the speed of the search, not its result.
        """
        self._threshold = threshold
        self._frequencies = frequencies
        self._word_ids: dict[str, int] = {}
        # The word ids of all texts, concatenated; where each text starts; and the caller's id of each text.
        self._words, self._starts, self._text_ids = array("I"), array("q", [0]), array("Q")
        self._signatures = array("Q")
        self._stored_sets: set[bytes] = set()
        # For each word, the texts that have it among their rarest words.
        self._by_rare_word: dict[int, array[int]] = defaultdict(lambda: array("I"))

    def query_and_add(self, text_id: int, text: str) -> list[int]:
        """Return the ids of the earlier texts that a text nearly repeats, and add the text under its id."""
        words = word_set(text)
        size = len(words)
        if not size:
            return []
        rarest_first = sorted(words, key=lambda word: (self._frequencies.get(word, 0), word))
        word_ids = [self._word_ids.setdefault(word, len(self._word_ids)) for word in rarest_first]
        prefix = word_ids[: size - math.ceil(self._threshold * size) + 1]
        signature = _bit_signature(words)
        word_id_set, candidates = set(word_ids), self._candidates(prefix, size, signature)
        similar = [
            candidate for candidate in candidates if jaccard(word_id_set, self._words_of(candidate)) >= self._threshold
        ]
        digest = blake2b(array("I", sorted(word_ids)).tobytes(), digest_size=16).digest()
        if digest not in self._stored_sets:
            self._stored_sets.add(digest)
            self._add(text_id, word_ids, prefix, signature)
        return [self._text_ids[candidate] for candidate in similar]

    def _candidates(self, prefix: Sequence[int], size: int, signature: Array) -> list[int]:
        """The stored texts that share a rare word, have a similar number of words, and a close signature."""
        sharing = [np.frombuffer(self._by_rare_word[word], np.uint32) for word in prefix if word in self._by_rare_word]
        if not sharing:
            return []
        texts = np.concatenate(sharing)
        starts = np.frombuffer(self._starts, np.int64)
        sizes = starts[texts + 1] - starts[texts]
        fitting = (sizes >= math.ceil(self._threshold * size)) & (sizes <= math.floor(size / self._threshold))
        texts, sizes = texts[fitting], sizes[fitting]
        # Sets of these sizes that differ in more words miss the threshold; signatures differ in at most as many bits.
        max_distance = np.floor((1 - self._threshold) / (1 + self._threshold) * (size + sizes) + EPSILON)
        signatures = np.frombuffer(self._signatures, np.uint64).reshape(-1, SIGNATURE_WORDS)[texts]
        distance = np.bitwise_count(signatures ^ signature).sum(axis=1, dtype=np.int64)
        return [int(text) for text in np.unique(texts[distance <= max_distance])]

    def _words_of(self, text: int) -> set[int]:
        return set(self._words[self._starts[text] : self._starts[text + 1]])

    def _add(self, text_id: int, word_ids: Sequence[int], prefix: Sequence[int], signature: Array) -> None:
        text = len(self._text_ids)
        self._text_ids.append(text_id)
        self._words.extend(word_ids)
        self._starts.append(len(self._words))
        self._signatures.extend(signature.tolist())
        for word in prefix:
            self._by_rare_word[word].append(text)


def _bit_signature(words: set[str]) -> Array:
    """A 256-bit signature with a bit per word: two signatures differ in at most as many bits as the sets in words."""
    bits = 0
    for word in words:
        bits |= 1 << (crc32(word.encode("utf-8", "surrogatepass")) & 255)
    return np.frombuffer(bits.to_bytes(8 * SIGNATURE_WORDS, "little"), np.uint64)


def near_duplicates(texts: Iterable[str], threshold: float) -> Iterator[tuple[int, int]]:
    """Yield pairs of indices (later, earlier) of texts with at least this Jaccard similarity of their sets of words.

    If several earlier texts have the same set of words, only the first of them is paired.

    Args:
        texts: Any number of texts; iterated twice.
        threshold: Above 0, up to 1.
    """
    index = NearDuplicateIndex(threshold, Counter(word for text in texts for word in word_set(text)))
    for later, text in enumerate(texts):
        yield from ((later, earlier) for earlier in index.query_and_add(later, text))


def jaccard(left: AbstractSet[Any], right: AbstractSet[Any]) -> float:
    """Size of the intersection divided by the size of the union; 1 for two empty sets."""
    union = len(left | right)
    return len(left & right) / union if union else 1.0
