"""Texts that are nearly the same, found exactly.

The prefix filter of Bayardo, Ma and Srikant, 'Scaling Up All Pairs Similarity Search' (WWW 2007):
two sets of Jaccard similarity t or more share one of their rarest tokens, so only texts that do
are compared.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

WORD = re.compile(r"\w+")


def near_duplicates(texts: Sequence[str], threshold: float) -> Iterator[tuple[int, int]]:
    """Pairs of indices (later, earlier) whose sets of words have this Jaccard similarity or more.

    Args:
        texts: Any number of texts.
        threshold: Above 0, up to 1.
    """
    sets = [frozenset(WORD.findall(text.casefold())) for text in texts]
    counts = Counter(word for words in sets for word in words)
    seen: dict[str, list[int]] = defaultdict(list)
    for later, words in enumerate(sets):
        rarest_first = sorted(words, key=lambda word: (counts[word], word))
        prefix = rarest_first[: len(words) - math.ceil(threshold * len(words)) + 1]
        for earlier in sorted({index for word in prefix for index in seen[word]}):
            if jaccard(words, sets[earlier]) >= threshold:
                yield later, earlier
        for word in prefix:
            seen[word].append(later)


def jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared elements by all elements; 1 for two empty sets."""
    union = len(left | right)
    return len(left & right) / union if union else 1.0
