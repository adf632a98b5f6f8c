"""Rough notes made by the rule beside those that people typed for the same mails.

    python -m benchmarks rough_notes

The invented mails of head_start/mails.jsonl have two notes by different people, one terse and one looser. The other
typed notes (`*.rough.jsonl`: id, request) and the mail that they are for are in ../shared, outside the repository; the
demo's mails are in demo/archive.mbox. The orders of `invented.*.jsonl` are shown, too: they are another form of
request (third persons in place of 'you'), but show how people shorten.
"""

import random
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from email_assistant.lexicon.languages import words
from email_assistant.lexicon.words import COMPOUND_WORD
from email_assistant.metrics.facts import NUMBER, content_stems
from email_assistant.requests.rough_notes import rough_note
from email_assistant.storage import jsonl

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
SHARED = Path("../shared")
FUNCTION_WORDS = words("function_words")
ENRON = "enron_shackleton/sent.jsonl"
LIST = "leech_usrp/all_mail.mbox"
# The typed notes, and the values with which their mails are read.
SOURCES = {
    "demo": ("demo.rough.jsonl", ()),
    "enron": ("enron.test.rough.jsonl", (f"data.path={SHARED}/mail/{ENRON}", "data.max_mails=980")),
    "list": (
        "list.test.rough.jsonl",
        (f"data.path={SHARED}/mail/{LIST}", 'data.owner=[patchvonbraun@gmail.com,"Marcus D. Leech"]'),
    ),
}
HEAD_START = Path("head_start/mails.jsonl")
HANDS = {"terse hand": lambda record: record["instruction"], "loose hand": lambda record: record["variants"][0]}
INVENTED = ("invented.en.jsonl", "invented.ru.jsonl")


@dataclass(frozen=True)
class Example:
    """A mail and the note that somebody typed for it."""

    id: str
    email: str
    recipient: str | None
    language: str
    typed: str


def report() -> None:
    """Print both sides of every measure, by source: the mean, and the first and third quartile."""
    for name, examples in _sources():
        rules = [
            rough_note(example.email, example.recipient, example.language, random.Random(example.id))
            for example in examples
        ]
        print(f"\n{name}: {len(examples)} mails{'':<14}rule               people")
        for measure, score in MEASURES.items():
            by_rule = [score(example.email, note) for example, note in zip(examples, rules, strict=True)]
            by_people = [score(example.email, example.typed) for example in examples]
            print(f"  {measure:<34}{_spread(by_rule)}   {_spread(by_people)}")


def _sources() -> Iterator[tuple[str, list[Example]]]:
    yield from _head_start()
    if (SHARED / "requests").is_dir():
        yield from _shared()
    else:
        print(f"rough_notes: the other typed notes are not in {SHARED / 'requests'}")


def _head_start() -> Iterator[tuple[str, list[Example]]]:
    # Nobody typed notes for the others.
    records = [record for record in jsonl.read(HEAD_START) if "instruction" in record]
    for language in ("en", "ru"):
        of_language = [record for record in records if bool(CYRILLIC.search(record["text"])) == (language == "ru")]
        for hand, note in HANDS.items():
            yield (
                f"head start, {language}, {hand}",
                [Example(record["id"], record["text"], None, language, note(record)) for record in of_language],
            )


def _shared() -> Iterator[tuple[str, list[Example]]]:
    for name, (file, values) in SOURCES.items():
        emails = {email["id"]: email for email in _emails(values)}
        records = [record for record in jsonl.read(SHARED / "requests" / file) if record["id"] in emails]
        examples = [
            Example(
                id=record["id"],
                email=emails[record["id"]]["text"],
                recipient=next(iter(emails[record["id"]]["to"]), None),
                language=emails[record["id"]]["language"],
                typed=record["request"],
            )
            for record in records
        ]
        for language in ("en", "ru"):
            of_language = [example for example in examples if example.language == language]
            if of_language:
                yield f"{name}, {language}", of_language
    for file in INVENTED:
        yield (
            f"{file} (orders)",
            [
                Example(record["id"], record["email"], None, record["language"], record["requests"][0])
                for record in jsonl.read(SHARED / "requests" / file)
            ],
        )


def _emails(values: tuple[str, ...]) -> list[dict[str, object]]:
    """The mails of an archive, as stage=data cleans them."""
    with tempfile.TemporaryDirectory() as outputs:
        call = [sys.executable, "run.py", "stage=data", "tracking=none", f"paths.outputs={outputs}", *values]
        subprocess.run(call, check=True, capture_output=True)
        return list(jsonl.read(Path(outputs) / "latest" / "data" / "emails.jsonl"))


def _tokens(text: str) -> list[str]:
    return COMPOUND_WORD.findall(text.casefold())


def length_ratio(email: str, note: str) -> float:
    """Words of the note by words of the mail."""
    return len(_tokens(note)) / max(1, len(_tokens(email)))


def function_words_dropped(email: str, note: str) -> float:
    """The share of the mail's function words that the note does without."""
    before, after = (sum(word in FUNCTION_WORDS for word in _tokens(text)) for text in (email, note))
    return max(0.0, 1 - after / max(1, before))


def longest_run(email: str, note: str) -> float:
    """The longest run of words that the note copies from the mail."""
    ours, theirs = _tokens(email), _tokens(note)
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return float(matcher.find_longest_match(0, len(ours), 0, len(theirs)).size)


def content_kept(email: str, note: str) -> float:
    """The share of the mail's content words, as stems, that the note has."""
    stems = content_stems(email)
    return len(stems & content_stems(note)) / max(1, len(stems))


def content_added(email: str, note: str) -> float:
    """The share of the note's content words, as stems, that the mail does not have."""
    stems = content_stems(note)
    return len(stems - content_stems(email)) / max(1, len(stems))


def capitals(email: str, note: str) -> float:
    """The share of the note's words that begin with a capital."""
    found = COMPOUND_WORD.findall(note)
    return sum(word[0].isupper() for word in found) / max(1, len(found))


def marks(email: str, note: str) -> float:
    """Punctuation marks for ten words of the note."""
    return 10 * len(re.findall(r"[.,;:?!](?=\s|$)", note)) / max(1, len(_tokens(note)))


def numbers_kept(email: str, note: str) -> float:
    """The share of the mail's numbers, where it has any, that the note has."""
    numbers = set(NUMBER.findall(email))
    return len(numbers & set(NUMBER.findall(note))) / len(numbers) if numbers else 1.0


MEASURES: dict[str, Callable[[str, str], float]] = {
    "words, note / mail": length_ratio,
    "function words dropped": function_words_dropped,
    "longest copied run, words": longest_run,
    "content words kept": content_kept,
    "content words not in the mail": content_added,
    "words with a capital": capitals,
    "marks in ten words": marks,
    "numbers kept": numbers_kept,
}


def _spread(values: list[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4)
    return f"{statistics.fmean(values):5.2f} ({low:5.2f} to {high:5.2f})"


if __name__ == "__main__":
    report()
