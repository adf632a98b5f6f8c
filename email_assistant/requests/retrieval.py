"""Mails of the owner that are like what is asked for: shown to the model as earlier turns, never the mail itself.

Retrieved are pairs of the training mails. Left out are the pair that is asked about, its conversation and
near-duplicates of its mail: with them the answer would stand in the question.
"""

import logging
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from email_assistant.archive.duplicates import jaccard, words_of
from email_assistant.metrics.formulas import Array

Record = dict[str, Any]
TOKEN = re.compile(r"\w+")
# What a library is asked with: an instruction, and the mail to answer where there is one.
Query = str


class Index(Protocol):
    """Scores of all documents for a query."""

    def scores(self, query: Query) -> Array:
        """A score for each document, (documents,): the higher the nearer."""


class Bm25:
    """Okapi BM25 in Lucene's variant (Robertson and Zaragoza 2009, doi:10.1561/1500000019), by bm25s."""

    def __init__(self, documents: Sequence[str]) -> None:
        """Index the documents' words in lower case."""
        import bm25s

        # It tells every step on the screen.
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._index = bm25s.BM25()
        self._index.index([_words(document) for document in documents], show_progress=False)

    def scores(self, query: Query) -> Array:
        """See `Index`."""
        found: Array = self._index.get_scores(_words(query))
        return found


class Embedding:
    """Cosines of what a local model makes of texts, without what all of them have in common.

    States of language models lie in a narrow cone; taking their mean off spreads them (Mu and Viswanath
    2018, arXiv:1702.01417).
    """

    def __init__(self, documents: Sequence[str], embed: Callable[[Sequence[str]], Array]) -> None:
        """Embed the documents.

        Args:
            documents: Texts.
            embed: Texts to vectors, (texts, width).
        """
        vectors = embed(documents)
        self._embed, self._middle = embed, vectors.mean(axis=0)
        self._documents = _on_sphere(vectors - self._middle)

    def scores(self, query: Query) -> Array:
        """See `Index`."""
        vector = _on_sphere(self._embed([query]) - self._middle)[0]
        found: Array = self._documents @ vector
        return found


class Library:
    """The owner's training pairs, from which those like a request are shown."""

    def __init__(self, pairs: Sequence[Record], index: Index, near_duplicate_similarity: float) -> None:
        """Take the pairs that may be shown.

        Args:
            pairs: With `id`, `thread`, `instruction` and `email`, in the order of the index's documents.
            index: Over `document` of each pair.
            near_duplicate_similarity: The Jaccard similarity of words from which on mails count as the same.
        """
        self._pairs, self._index, self._similarity = pairs, index, near_duplicate_similarity

    def like(self, request: Query, count: int, target: Record | None = None) -> list[Record]:
        """The pairs most like a request, the nearest first; those without a likeness are left out.

        Args:
            request: What is asked for.
            count: At most so many.
            target: The pair that is asked about, where there is one: it, its conversation and near-duplicates
                of its mail are passed over.
        """
        scores = self._index.scores(request)
        found: list[Record] = []
        for place in np.argsort(-scores, kind="stable"):
            if len(found) == count or scores[place] <= 0:
                break
            pair = self._pairs[place]
            if not (target and self._gives_away(pair, target)) and not any(self._same(pair, one) for one in found):
                found.append(pair)
        return found

    def _gives_away(self, pair: Record, target: Record) -> bool:
        same = pair["id"] == target["id"] or bool(pair["thread"] and pair["thread"] == target.get("thread"))
        return same or ("email" in target and self._same(pair, target))

    def _same(self, pair: Record, other: Record) -> bool:
        left, right = (frozenset(words_of(one["email"])) for one in (pair, other))
        return jaccard(left, right) >= self._similarity


def document(pair: Record) -> str:
    """What a pair is found by: its instruction and its mail."""
    return f"{pair['instruction']}\n{pair['email']}"


def _words(text: str) -> list[str]:
    # Interned: each word is in memory once, however often the mails have it.
    return [sys.intern(word) for word in TOKEN.findall(text.casefold())]


def _on_sphere(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))
