"""Style: how far the habits of written mails are from the owner's, one distance for each habit.

The habits are those that authorship studies count (Stamatatos 2009, doi:10.1002/asi.21001): lengths,
punctuation, function words, and what opens and closes a mail. Every distance is 0 where written and real
mails do alike, whatever they say.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from email_assistant.lexicon.languages import words
from email_assistant.lexicon.patterns import ALPHABETIC_WORD, COMPOUND_WORD, SENTENCE_END
from email_assistant.metrics.formulas import Array
from email_assistant.metrics.per_mail_score import PerMailScore, distance

MARK = re.compile(r"\.{2,}|…|!+\?+[!?]*|\?+!+[!?]*|!{2,}|\?{2,}|-{2,}|[.,;:!?()\"'«»“”„’&/*–—-]")
# Emoji by their blocks, and what is typed in their place.
EMOJI = re.compile(
    "[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff]|(?<![\\w:])[:;=8][-'^]?[)(DPpОoO/|*]+(?!\\w)|(?<=\\w)\\)\\)+"
)
GREETING_WORDS = words("greeting_words")
FUNCTION_WORDS = words("function_words")
LONGEST_GREETING, LONGEST_SIGN_OFF = 5, 4
NAME, NONE = "NAME", ""
# Lengths are compared as powers of two, in eighths, up to 2 to the power of 12 words.
OCTAVES, STEPS = 12, 8


def style_distances(written: Sequence[str], real: Sequence[str]) -> dict[str, PerMailScore]:
    """Distances of written mails from the owner's.

    Args:
        written: The mails of an arm.
        real: The owner's mail for each of them.

    Returns:
        style_greeting, style_sign_off, style_punctuation, style_emoji, style_function_words: Jensen-Shannon
        distances, 0 to 1. style_mail_length, style_sentence_length: Wasserstein distances of the numbers of
        words in octaves: 1 means that they would have to be doubled or halved.
    """
    found = {}
    for name, kinds_of in HABITS.items():
        counted = [[kinds_of(text) for text in side] for side in (written, real)]
        left, right = _tables(counted)
        found[f"style_{name}"] = distance(left, right, "jensen_shannon")
    for name, lengths_of in LENGTHS.items():
        left, right = (np.stack([_histogram(lengths_of(text)) for text in side]) for side in (written, real))
        found[f"style_{name}"] = distance(left, right, "wasserstein", 1 / STEPS)
    return found


def greeting(text: str) -> str:
    """The form of a mail's greeting: 'hi NAME,', 'NAME -', or nothing where there is none."""
    first = _lines(text)[0]
    words = COMPOUND_WORD.findall(first)
    opens = bool(words) and words[0].casefold() in GREETING_WORDS
    if not words or len(words) > LONGEST_GREETING or not (opens or first[-1] in ",:-–—" or len(words) == 1):
        return NONE
    if not opens and not all(word[0].isupper() for word in words):
        return NONE
    form: list[str] = []
    for word in words:
        known = word.casefold() if word.casefold() in GREETING_WORDS else NAME
        if form[-1:] != [NAME] or known != NAME:
            form.append(known)
    return " ".join(form) + (first[-1] if not first[-1].isalnum() else "")


def sign_off(text: str) -> str:
    """The short lines that end a mail, at most two, in lower case; nothing where the last line is long."""
    taken: list[str] = []
    lines = _lines(text)
    for line in reversed(lines[1:][-2:]):
        if len(COMPOUND_WORD.findall(line)) > LONGEST_SIGN_OFF:
            break
        taken.insert(0, line.casefold())
    return " / ".join(taken)


def punctuation(text: str) -> Counter[str]:
    """How often each mark stands in a text; runs such as '...' and '!!' are marks of their own."""
    return Counter(mark if len(mark) == 1 else _run(mark) for mark in MARK.findall(text))


def _run(mark: str) -> str:
    """Runs of a mark as one kind, however long."""
    return "".join(dict.fromkeys(mark)) * 2


def emoji(text: str) -> Counter[str]:
    """How many emoji a mail has: none, one, two, or more."""
    return Counter([str(min(3, len(EMOJI.findall(text))))])


def function_words(text: str) -> Counter[str]:
    """How often each function word stands in a text."""
    return Counter(word for word in map(str.casefold, ALPHABETIC_WORD.findall(text)) if word in FUNCTION_WORDS)


HABITS: dict[str, Callable[[str], Counter[str]]] = {
    "greeting": lambda text: Counter([greeting(text)]),
    "sign_off": lambda text: Counter([sign_off(text)]),
    "punctuation": punctuation,
    "emoji": emoji,
    "function_words": function_words,
}


def mail_length(text: str) -> list[int]:
    """The number of words of a mail."""
    return [len(COMPOUND_WORD.findall(text))]


def sentence_lengths(text: str) -> list[int]:
    """The number of words of every sentence that has any; a line's end ends one too."""
    counts = [len(COMPOUND_WORD.findall(sentence)) for sentence in SENTENCE_END.split(text)]
    return [count for count in counts if count]


LENGTHS: dict[str, Callable[[str], list[int]]] = {"mail_length": mail_length, "sentence_length": sentence_lengths}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()] or [""]


def _tables(sides: Sequence[Sequence[Counter[str]]]) -> list[Array]:
    """Counts of both sides over the same kinds, (mails, kinds) each."""
    kinds = {
        kind: place for place, kind in enumerate(dict.fromkeys(kind for side in sides for row in side for kind in row))
    }
    tables = []
    for side in sides:
        table = np.zeros((len(side), max(1, len(kinds))))
        for place, row in enumerate(side):
            for kind, count in row.items():
                table[place, kinds[kind]] = count
        tables.append(table)
    return tables


def _histogram(lengths: Sequence[int]) -> Array:
    """How many lengths are near each eighth of an octave, (bins,)."""
    octaves = np.log2(np.maximum(np.asarray(lengths, dtype=float), 1))
    bins = np.minimum(np.rint(octaves * STEPS).astype(int), OCTAVES * STEPS)
    return np.bincount(bins, minlength=OCTAVES * STEPS + 1).astype(float)
