"""A mail's sentence in other words, as the one who types a note remembers it rather than copies it."""

import random
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from email_assistant.lexicon import note_phrases_en, note_phrases_ru
from email_assistant.lexicon.languages import words
from email_assistant.lexicon.note_words_en import ENGLISH
from email_assistant.lexicon.note_words_ru import RUSSIAN

NEGATIONS = words("negations") | frozenset(f"{ENGLISH.negations} {RUSSIAN.negations}".split())
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|~")
_DETERMINERS = frozenset(note_phrases_en.DETERMINERS.split())
_AUXILIARIES = frozenset(note_phrases_en.AUXILIARIES.split())
_FINITE = frozenset(note_phrases_en.FINITE.split())
_PAST_ONLY = frozenset(note_phrases_en.PAST_ONLY.split())
_SUBJECTS = frozenset(note_phrases_en.SUBJECTS.split())
_PERSONS = _SUBJECTS - frozenset(("it", "who", "and"))
_OBJECTS = frozenset(note_phrases_en.OBJECTS.split())
_CONTRACTED = re.compile(r"'(?:s|m|re|ll|d|ve)$")
_CONTRACTION_GOES_ON = re.compile(r" (?!(?:and|or|but|if|when|because|though|than)\b)\w")
# 'The' and 'a' may follow a verb as well as a noun.
_AFTER_NOUNS = _DETERMINERS - _OBJECTS - frozenset(("the", "a", "an"))


@dataclass(frozen=True)
class Rewording:
    """The tables of one language.

    Attributes:
        openings: Pattern of clauses that open a sentence and say nothing.
        asides: Pattern of what stands between commas and says nothing.
        adverbs: Words of emphasis, lower case.
        phrases: What may be typed for a phrase or a word, lower case.
        verbs: The same for the forms of verbs, which are taken for verbs only where they cannot be nouns.
    """

    openings: re.Pattern[str]
    asides: re.Pattern[str]
    adverbs: frozenset[str]
    phrases: Mapping[str, tuple[str, ...]]
    verbs: Mapping[str, tuple[str, ...]]

    @cached_property
    def by_first_word(self) -> dict[str, list[list[str]]]:
        """The phrases that begin with a word, the longest first."""
        found: dict[str, list[list[str]]] = defaultdict(list)
        for phrase in {*self.phrases, *self.verbs}:
            parts = phrase.split()
            found[parts[0]].append(parts)
        return {first: sorted(phrases, key=len, reverse=True) for first, phrases in found.items()}


def _rewording(
    openings: tuple[str, ...],
    asides: tuple[str, ...],
    adverbs: str,
    phrases: Mapping[str, tuple[str, ...]],
    verbs: Mapping[str, tuple[str, ...]],
) -> Rewording:
    aside = "|".join(asides)
    return Rewording(
        openings=re.compile(rf"^(?:{'|'.join(openings)}),?\s*(?=\w)", re.IGNORECASE),
        asides=re.compile(
            rf"^(?:{aside}), (?=\w)(?!(?:что|за|если|как|чтобы)\b)|,? [—–-] (?:{aside}) [—–-](?= )|"
            rf", (?:{aside})(?:,|(?=[.!?;]|$))",
            re.IGNORECASE,
        ),
        adverbs=frozenset(adverbs.split()),
        phrases=phrases,
        verbs=verbs,
    )


REWORDINGS = {
    "en": _rewording(
        note_phrases_en.OPENING_CLAUSES,
        note_phrases_en.ASIDES,
        note_phrases_en.ADVERBS,
        {**note_phrases_en.FORMS, **note_phrases_en.PHRASES},
        note_phrases_en.VERBS,
    ),
    "ru": _rewording(
        note_phrases_ru.OPENING_CLAUSES,
        note_phrases_ru.ASIDES,
        note_phrases_ru.ADVERBS,
        {**note_phrases_ru.FORMS, **note_phrases_ru.PHRASES},
        {},
    ),
}


def without_fillers(sentence: str, rewording: Rewording, share: float, rng: random.Random) -> str:
    """A sentence without opening clauses, asides and emphasis that say nothing.

    Args:
        sentence: One sentence, with its first word in lower case unless it is a name.
        rewording: The tables of its language.
        share: The share of fillers that go.
        rng: Draws which.
    """

    def dropped(match: re.Match[str]) -> str:
        return "" if rng.random() < share else match[0]

    text = rewording.openings.sub(dropped, sentence)
    text = rewording.asides.sub(dropped, text)
    tokens = text.split(" ")
    kept = [
        token
        for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False)
        if not (
            token in rewording.adverbs
            and after[:1].isalpha()
            and before[-1:].isalnum()
            and after.casefold() not in NEGATIONS
            and after.casefold() not in {"much", "many", "few"}
            and not _negates(before)
            and rng.random() < share
        )
    ]
    return " ".join(kept) if any(map(_WORD.search, kept)) else sentence


def reworded(sentence: str, rewording: Rewording, share: float, rng: random.Random) -> str:
    """A sentence with other words for some of its words and phrases.

    Names (words in capitals), what stands beside a negation, and words that may be of another kind stay.

    Args:
        sentence: One sentence, with its first word in lower case unless it is a name.
        rewording: The tables of its language.
        share: The share of the known words and phrases that are reworded.
        rng: Draws which, and by what.
    """
    found = list(_WORD.finditer(sentence))
    tokens = [match[0].casefold().replace("’", "'") for match in found]
    typed, written, index = [], 0, 0
    while index < len(found):
        length = _known(sentence, found, tokens, index, rewording)
        if not length:
            index += 1
            continue
        stop = index + length
        choices = [
            choice
            for choice in _choices(tokens, index, length, rewording)
            if _fits(choice, sentence[found[stop - 1].end() :])
            # Within a sentence, whoever does it is named.
            and (not index or _person(tokens[index]) in {"", _person(choice.split()[0])})
        ]
        if choices and rng.random() < share:
            typed += [sentence[written : found[index].start()], rng.choice(choices)]
            written = found[stop - 1].end()
        index = stop
    return "".join([*typed, sentence[written:]])


def _known(sentence: str, found: list[re.Match[str]], tokens: list[str], index: int, rewording: Rewording) -> int:
    """The number of words of the longest known phrase at an index that may be reworded; 0 if there is none."""
    before = tokens[index - 1] if index else ""
    if _negates(before):
        return 0
    for parts in rewording.by_first_word.get(tokens[index], ()):
        stop = index + len(parts)
        if tokens[index:stop] != parts:
            continue
        text = sentence[found[index].start() : found[stop - 1].end()]
        joined = text.count(" ") == len(parts) - 1
        is_name = re.search(r"(?!I\b)[A-ZА-ЯЁ]", text)
        if joined and not is_name and not (tokens[index] in _FINITE and before in _AUXILIARIES):
            return len(parts)
    return 0


def _choices(tokens: list[str], index: int, length: int, rewording: Rewording) -> tuple[str, ...]:
    phrase = " ".join(tokens[index : index + length])
    choices = rewording.phrases.get(phrase, ())
    if phrase not in rewording.verbs:
        return choices
    before = tokens[index - 1] if index else ""
    following = tokens[index + length] if index + length < len(tokens) else ""
    # 'review by Friday' and 'contact with her' may begin with nouns.
    if before in _DETERMINERS or (length == 1 and not before and following in _AFTER_NOUNS):
        return choices
    return choices + tuple(
        choice for choice in rewording.verbs[phrase] if choice.split()[0] not in _PAST_ONLY or before in _SUBJECTS
    )


def _fits(choice: str, after: str) -> bool:
    """Whether a choice can be followed by what follows: 'he is and was' is not 'he's and was'."""
    return not _CONTRACTED.search(choice) or bool(_CONTRACTION_GOES_ON.match(after))


def _person(word: str) -> str:
    person = word.partition("'")[0]
    return person if person in _PERSONS else ""


def _negates(word: str) -> bool:
    return word.casefold() in NEGATIONS or word.endswith(("n't", "n’t"))
