"""Style: the distance between generated and real mails, for each of several stylistic features.

The features are those of authorship studies (Stamatatos 2009, doi:10.1002/asi.21001): lengths, punctuation, function
words, greetings and sign-offs. A distance is 0 if generated and real mails have the same distribution of the feature,
whatever they are about.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from email_assistant.lexicon.languages import words
from email_assistant.lexicon.words import ALPHABETIC_WORD, COMPOUND_WORD, SENTENCE_END
from email_assistant.metrics.formulas import Array
from email_assistant.metrics.per_mail_score import PerMailScore, distance_score

MARK = re.compile(r"\.{2,}|…|!+\?+[!?]*|\?+!+[!?]*|!{2,}|\?{2,}|-{2,}|[.,;:!?()\"'«»“”„’&/*–—-]")
# Emoji by their Unicode blocks, and emoticons.
EMOJI = re.compile(
    "[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff]|(?<![\\w:])[:;=8][-'^]?[)(DPpОoO/|*]+(?!\\w)|(?<=\\w)\\)\\)+"
)
GREETING_WORDS = words("greeting_words")
FUNCTION_WORDS = words("function_words")
MAX_GREETING_WORDS, MAX_SIGN_OFF_WORDS = 5, 4
NAME, NONE = "NAME", ""
# Lengths are compared on a logarithmic scale of 12 octaves, up to 2^12 words, with 8 steps each.
OCTAVES, STEPS = 12, 8


def style_distances(generated: Sequence[str], real: Sequence[str]) -> dict[str, PerMailScore]:
    """The stylistic distances of generated mails from the owner's.

    Args:
        generated: The mails of an arm.
        real: The owner's mail for each of them.

    Returns:
        style_greeting, style_sign_off, style_punctuation, style_emoji, style_function_words: Jensen-Shannon
        distances, 0 to 1. style_mail_length, style_sentence_length: Wasserstein distances of the numbers of
        words, in octaves: at 1 they would have to be doubled or halved.
    """
    distances = {}
    for name, counts_of in COUNTED_FEATURES.items():
        left, right = _tables([[counts_of(text) for text in side] for side in (generated, real)])
        distances[f"style_{name}"] = distance_score(left, right, "jensen_shannon")
    for name, lengths_of in LENGTHS.items():
        left, right = (np.stack([_histogram(lengths_of(text)) for text in side]) for side in (generated, real))
        distances[f"style_{name}"] = distance_score(left, right, "wasserstein", 1 / STEPS)
    return distances


def greeting(text: str) -> str:
    """The form of a mail's greeting: 'hi NAME,' or 'NAME -'; empty if it has none."""
    first = _lines(text)[0]
    words = COMPOUND_WORD.findall(first)
    opens = bool(words) and words[0].casefold() in GREETING_WORDS
    if not words or len(words) > MAX_GREETING_WORDS or not (opens or first[-1] in ",:-–—" or len(words) == 1):
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
    """The short lines that end a mail, at most two, in lower case; empty if the last line is long."""
    short: list[str] = []
    lines = _lines(text)
    for line in reversed(lines[1:][-2:]):
        if len(COMPOUND_WORD.findall(line)) > MAX_SIGN_OFF_WORDS:
            break
        short.insert(0, line.casefold())
    return " / ".join(short)


def punctuation(text: str) -> Counter[str]:
    """Counts of punctuation marks; runs such as '...' and '!!' are marks of their own."""
    return Counter(mark if len(mark) == 1 else _run(mark) for mark in MARK.findall(text))


def _run(mark: str) -> str:
    """One name for runs of the same marks, whatever their length."""
    return "".join(dict.fromkeys(mark)) * 2


def emoji(text: str) -> Counter[str]:
    """Whether a mail has no emoji, one, two, or at least three."""
    return Counter([str(min(3, len(EMOJI.findall(text))))])


def function_words(text: str) -> Counter[str]:
    """Counts of function words."""
    return Counter(word for word in map(str.casefold, ALPHABETIC_WORD.findall(text)) if word in FUNCTION_WORDS)


COUNTED_FEATURES: dict[str, Callable[[str], Counter[str]]] = {
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
    """The number of words of every sentence that has any; the end of a line also ends a sentence."""
    counts = [len(COMPOUND_WORD.findall(sentence)) for sentence in SENTENCE_END.split(text)]
    return [count for count in counts if count]


LENGTHS: dict[str, Callable[[str], list[int]]] = {"mail_length": mail_length, "sentence_length": sentence_lengths}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()] or [""]


def _tables(sides: Sequence[Sequence[Counter[str]]]) -> list[Array]:
    """The counts of both sides over the same kinds, (mails, kinds) each."""
    kinds = dict.fromkeys(kind for side in sides for row in side for kind in row)
    columns = {kind: column for column, kind in enumerate(kinds)}
    tables = []
    for side in sides:
        table = np.zeros((len(side), max(1, len(columns))))
        for mail, row in enumerate(side):
            for kind, count in row.items():
                table[mail, columns[kind]] = count
        tables.append(table)
    return tables


def _histogram(lengths: Sequence[int]) -> Array:
    """A histogram of lengths on the logarithmic scale, (bins,)."""
    octaves = np.log2(np.maximum(np.asarray(lengths, dtype=float), 1))
    bins = np.minimum(np.rint(octaves * STEPS).astype(int), OCTAVES * STEPS)
    return np.bincount(bins, minlength=OCTAVES * STEPS + 1).astype(float)
