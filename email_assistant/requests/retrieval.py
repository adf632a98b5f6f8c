"""Retrieval of training mails that are similar to a request, to be shown in its prompt.

The target of the request, its conversation and near-duplicates of its mail are never retrieved: they would give away
the answer.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from email_assistant.archive.duplicates import jaccard, word_set
from email_assistant.lexicon.words import WORD
from email_assistant.metrics.formulas import Array
from email_assistant.storage.records import Pair, Request


class Index(Protocol):
    """Scores all documents for a query."""

    def scores(self, query: str) -> Array:
        """A score for each document, (documents,): the higher, the more similar."""


class Bm25:
    """Okapi BM25 in Lucene's variant (Robertson and Zaragoza 2009, doi:10.1561/1500000019), by bm25s."""

    def __init__(self, documents: Sequence[str]) -> None:
        """Index the documents' lower-cased words."""
        import bm25s

        # bm25s logs every step.
        logging.getLogger("bm25s").setLevel(logging.WARNING)
        self._index = bm25s.BM25()
        self._index.index([_words(document) for document in documents], show_progress=False)

    def scores(self, query: str) -> Array:
        """See `Index`."""
        scores: Array = self._index.get_scores(_words(query))
        return scores


class Embedding:
    """Cosine similarities of a local model's embeddings, after their mean is subtracted.

    Embeddings of language models are concentrated in a narrow cone; subtracting the mean spreads them
    (Mu and Viswanath 2018, arXiv:1702.01417).
    """

    def __init__(self, documents: Sequence[str], embed: Callable[[Sequence[str]], Array]) -> None:
        """Embed the documents.

        Args:
            documents: Texts.
            embed: Maps texts to vectors, (texts, width).
        """
        vectors = embed(documents)
        self._embed, self._mean = embed, vectors.mean(axis=0)
        self._documents = _unit(vectors - self._mean)

    def scores(self, query: str) -> Array:
        """See `Index`."""
        vector = _unit(self._embed([query]) - self._mean)[0]
        scores: Array = self._documents @ vector
        return scores


class Retriever:
    """The owner's training pairs, to be searched for those that are similar to a request."""

    def __init__(self, pairs: Sequence[Pair], index: Index, near_duplicate_similarity: float) -> None:
        """Store the pairs that may be retrieved.

        Args:
            pairs: The pairs, in the order of the index's documents.
            index: The index over `indexed_text` of each pair.
            near_duplicate_similarity: Mails with at least this Jaccard similarity count as near-duplicates.
        """
        self._pairs, self._index, self._similarity = pairs, index, near_duplicate_similarity

    def retrieve(self, query: str, count: int, target: Request | None = None) -> list[Pair]:
        """The pairs that are most similar to a request, the nearest first; those with a score of 0 are skipped.

        Args:
            query: The instruction, and the mail to answer, if any.
            count: The maximum number of pairs to return.
            target: The pair of the request: it, its conversation and near-duplicates of its mail are skipped.
        """
        scores = self._index.scores(query)
        chosen: list[Pair] = []
        for index in np.argsort(-scores, kind="stable"):
            if len(chosen) == count or scores[index] <= 0:
                break
            pair = self._pairs[index]
            leaks = target is not None and self._would_leak(pair, target)
            if not leaks and not any(self._near_duplicates(pair["email"], other["email"]) for other in chosen):
                chosen.append(pair)
        return chosen

    def _would_leak(self, pair: Pair, target: Request) -> bool:
        """Whether a pair would give away the answer to a request."""
        if pair["id"] == target["id"] or (pair["thread"] and pair["thread"] == target.get("thread")):
            return True
        return "email" in target and self._near_duplicates(pair["email"], target["email"])

    def _near_duplicates(self, first: str, second: str) -> bool:
        return jaccard(frozenset(word_set(first)), frozenset(word_set(second))) >= self._similarity


def indexed_text(pair: Pair) -> str:
    """The text that is indexed for a pair: its instruction and its mail."""
    return f"{pair['instruction']}\n{pair['email']}"


def _words(text: str) -> list[str]:
    # Interned: each distinct word is in memory once.
    return [sys.intern(word) for word in WORD.findall(text.casefold())]


def _unit(vectors: Array) -> Array:
    """Vectors divided by their lengths; zero vectors stay zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))
