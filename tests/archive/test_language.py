from collections.abc import Sequence

from email_assistant.archive.language import LanguageDetector, LanguageResolver


def detect_all(texts: Sequence[str]) -> list[str]:
    languages = LanguageResolver()
    detections = [LanguageDetector.shared().detect(text) for text in texts]
    for detection in detections:
        languages.add(*detection)
    return [languages.resolve(*detection) for detection in detections]


def test_short_texts_get_the_authors_usual_language() -> None:
    german = "Lieber Hans, kannst du mir bitte die Unterlagen bis Dienstag schicken? Danke und viele Grüße"
    russian = "Привет, Маша! Пришли, пожалуйста, документы до вторника, очень нужно, спасибо тебе большое!"
    result = detect_all(
        [german, german + " heute", german + " morgen", "ok danke", "да", *[russian + str(n) for n in range(3)]]
    )
    assert result == ["de", "de", "de", "de", "ru", "ru", "ru", "ru"]
