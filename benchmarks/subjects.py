"""The subjects and auxiliaries that rules put back into notes, beside those that their writers left out.

    python -m benchmarks subjects

head_start/full_notes.jsonl has typed notes of invented mails (`note`), and the same with all that they leave out of who
does what (`full`). Words that were put in at the same place count as one.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from email_assistant.requests.subjects import with_subjects
from email_assistant.storage import jsonl

NOTES = Path("head_start/full_notes.jsonl")
# 'I am' and "I'm" are the same.
SPELLED_OUT = {"i'm": "i am", "i've": "i have", "it's": "it is", "you're": "you are", "we're": "we are"}
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
    return text.casefold().replace("’", "'").split()


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
    expected, found, skipped = [], [], 0
    for record in jsonl.read(NOTES):
        try:
            found.append(put_in(record["note"], with_subjects(record["note"])))
        except ValueError:
            # The rules also take the dot out of a date.
            skipped += 1
            continue
        expected.append(put_in(record["note"], record["full"]))
    counts = count(expected, found)
    places = sum(map(len, expected))
    print(f"subjects: {len(expected)} notes ({skipped} passed over), {places} places where something is left out")
    print("subjects: " + ", ".join(f"{kind} {counts[kind]}" for kind in KINDS))
