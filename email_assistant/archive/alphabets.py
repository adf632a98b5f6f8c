"""Whether a text in Latin letters has only those of its language.

The language is detected from the whole text, most of which is in ASCII and the same in every charset.
"""

import re

from email_assistant.archive.language import LanguageDetector

# The letters beyond A to Z of each language, in lower case.
LETTERS = {
    language: frozenset(letters)
    for language, letters in {
        **{"pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "hu": "áéíóöőúüű"},
        **{"ro": "ăâîșțşţ", "hr": "čćđšž", "bs": "čćđšž", "sl": "čšž", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž"},
        **{"et": "äõöüšž", "tr": "âçğıîöşüû\u0307", "de": "äöüßé", "fr": "àâæçéèêëîïôœùûüÿ", "sv": "åäöéà"},
        **{"da": "æøåé", "no": "æøåéòó", "fi": "äöåšž", "es": "áéíóúüñ", "pt": "àáâãçéêíóôõúü", "it": "àèéìíîòóùú"},
        **{"nl": "áéëïíóöüèê", "is": "áéíóúýþæðö", "ca": "àçéèíïóòúü·"},
    }.items()
}
LETTER = re.compile("[\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]")
# Letters of other scripts, which charsets of Latin letters have not.
OTHER_SCRIPT = re.compile("[\u0250-\u1dff\u3000-\ufaff]")
# Marks of currencies and accents that no text has inside of a word.
INSIDE = re.compile(r"[^\W\d_][¡-©«-±´¶-¹»-¿×÷ˆ˜‚„†‡‰‹›]{1,4}[^\W\d_]")
SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
MIN_CHARACTERS, MIN_SCORE = 30, 0.5


def is_latin(text: str) -> bool:
    """Whether a text has no letters of another script."""
    return not OTHER_SCRIPT.search(text)


def fits_its_language(text: str) -> bool:
    """Whether the letters of a text are all of its language; False if the language is not sure or not known.

    The language is that of the sentences with letters beyond A to Z if that of the whole text is not known.
    """
    letters = _letters_of(text) or _letters_of(" ".join(filter(_tells, SENTENCE.findall(text))))
    return bool(letters) and letters.issuperset(LETTER.findall(text.lower())) and not INSIDE.search(text)


def _tells(sentence: str) -> bool:
    """Whether a sentence has letters that are not the same in every charset."""
    return not sentence.isascii() and bool(LETTER.search(sentence.lower()) or INSIDE.search(sentence))


def _letters_of(text: str) -> frozenset[str]:
    """The letters beyond A to Z of the language of a text; none if it is not sure or not known."""
    if len(text) < MIN_CHARACTERS:
        return frozenset()
    language, score = LanguageDetector.shared().detect_with_score(text)
    return LETTERS.get(language, frozenset()) if score >= MIN_SCORE else frozenset()
