"""What the owner usually says: what several training mails have, and a mail may have without being asked for it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from email_assistant.lexicon.word_groups import plain
from email_assistant.lexicon.words import ALPHABETIC_WORD
from email_assistant.metrics.facts import STEM, stem
from email_assistant.metrics.same_words import facts_in, tokens

# A word is usual if more than this share of the training mails have it; so is a name, date or number.
USUAL_SHARE = 0.1
# A phrase is usual if it is a run of PHRASE_WORDS words in at least PHRASE_MAILS mails.
PHRASE_WORDS, PHRASE_MAILS = 3, 3
# Mails that are read; more would hardly change what is usual.
MAX_MAILS = 3000


@dataclass(frozen=True)
class Usual:
    """What is usual in the owner's mails.

    Attributes:
        words: Stems of words.
        phrases: Runs of `PHRASE_WORDS` words.
        facts: Names, dates and numbers, as of `facts_in`.
        names: Words that are written with a capital within sentences and never without one, in lower case: a note
            types them in lower case, too.
    """

    words: frozenset[str] = frozenset()
    phrases: frozenset[tuple[str, ...]] = frozenset()
    facts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def unusual(self, mail: Sequence[str]) -> list[str]:
        """The tokens of a mail that are neither usual words nor part of usual phrases."""
        covered: set[int] = set()
        for start, run in enumerate(_runs(mail)):
            if run in self.phrases:
                covered.update(range(start, start + PHRASE_WORDS))
        return [token for place, token in enumerate(mail) if place not in covered and stem(token) not in self.words]


@dataclass
class _Counts:
    mails: int = 0
    words: Counter[str] = field(default_factory=Counter)
    phrases: Counter[tuple[str, ...]] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    capitalized: set[str] = field(default_factory=set)
    lower: set[str] = field(default_factory=set)

    def add(self, mail: str) -> None:
        found = tokens(mail)
        self.mails += 1
        self.words.update({stem(token) for token in found})
        self.phrases.update(set(_runs(found)))
        self.facts.update(facts_in(mail))
        for match in ALPHABETIC_WORD.finditer(mail):
            word = match[0]
            if word[0].islower():
                self.lower.add(plain(word))
            elif len(word) >= STEM and mail[max(0, match.start() - 2) : match.start()].strip().isalpha():
                self.capitalized.add(plain(word))


def usual_in(training: Iterable[str]) -> Usual:
    """What is usual in the owner's training mails."""
    counts = _Counts()
    for mail in islice(training, MAX_MAILS):
        counts.add(mail)
    enough = USUAL_SHARE * counts.mails
    return Usual(
        frozenset(word for word, count in counts.words.items() if count > enough),
        frozenset(phrase for phrase, count in counts.phrases.items() if count >= PHRASE_MAILS),
        frozenset(fact for fact, count in counts.facts.items() if count > enough),
        frozenset(counts.capitalized - counts.lower),
    )


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[offset:] for offset in range(PHRASE_WORDS)), strict=False)
