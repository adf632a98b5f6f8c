"""The subjects and auxiliaries that rules put back into notes, beside those that their writers left out.

    python -m benchmarks subjects

head_start/full_notes.jsonl has typed notes of invented mails (`note`), and the same with most of what they leave out of
who does what (`full`). Words that were put in at the same place count as one.
"""

import re
from collections import Counter
from collections.abc import Sequence

from benchmarks.settings import ROOT
from email_assistant.lexicon.note_subjects import MONTH_NAMES
from email_assistant.requests.subjects import with_subjects
from email_assistant.storage import jsonl

NOTES = ROOT / "head_start" / "full_notes.jsonl"
# The rules take the dot out of dates.
_DOT = re.compile(rf"\b({MONTH_NAMES})\.(?= )")
# 'I am' and "I'm" are the same.
SPELLED_OUT = {
    "i'm": "i am",
    "i've": "i have",
    "it's": "it is",
    "you're": "you are",
    "we're": "we are",
    "i'd": "i would",
}
# What becomes of the places where a writer left something out; `extra`: those where nothing was.
KINDS = ("same", "other", "missed", "extra")


def put_in(note: str, full: str) -> dict[int, str]:
    """What was put into a note: by the number of the word that it comes before.

    Raises:
        ValueError: when `full` is not the note with more words.
    """
    typed, place, found = _words(note), 0, dict[int, list[str]]()
    for word in _words(full):
        if place < len(typed) and word == typed[place]:
            place += 1
        else:
            found.setdefault(place, []).append(word)
    if place < len(typed):
        raise ValueError(f"{typed[place]!r} of the note is missing")
    return {place: " ".join(SPELLED_OUT.get(word, word) for word in words) for place, words in found.items()}


def _words(text: str) -> list[str]:
    return _DOT.sub(r"\1", text.casefold().replace("’", "'")).replace("(", " ( ").split()


def count(left_out: Sequence[dict[int, str]], put_back: Sequence[dict[int, str]]) -> Counter[str]:
    """How many places of which of `KINDS` there are in notes."""
    counts: Counter[str] = Counter()
    for expected, found in zip(left_out, put_back, strict=True):
        for place, words in expected.items():
            counts["missed" if place not in found else "same" if found[place] == words else "other"] += 1
        counts["extra"] += len(found.keys() - expected.keys())
    return counts


def report() -> None:
    """Print how much the rules put back of what was left out."""
    records = jsonl.read(NOTES)
    expected = [put_in(record["note"], record["full"]) for record in records]
    counts = count(expected, [put_in(record["note"], with_subjects(record["note"])) for record in records])
    places = sum(map(len, expected))
    print(f"subjects: {len(records)} notes, {places} places where something is left out")
    print("subjects: " + ", ".join(f"{kind} {counts[kind]}" for kind in KINDS))
