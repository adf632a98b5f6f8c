"""Content words: the words of a text that carry its meaning."""

from email_assistant.lexicon.languages import words
from email_assistant.lexicon.words import COMPOUND_WORD
from email_assistant.metrics.facts import stem

NEGATIONS = words("negations")
STOP_WORDS = words("function_words") | words("polite_words")


def is_content_word(word: str) -> bool:
    """Whether a lower-case word carries meaning; negations do, function words and polite phrases do not."""
    if word in NEGATIONS or word.endswith(("n't", "n’t")):
        return True
    return not {word, before_apostrophe(word)} & STOP_WORDS


def content_stems(text: str) -> set[str]:
    """The stems of a text's content words."""
    return {stem(word) for word in COMPOUND_WORD.findall(text.casefold()) if is_content_word(word)}


def before_apostrophe(word: str) -> str:
    """A word without its contracted ending: 'you' of 'you're'."""
    return word.replace("’", "'").partition("'")[0]
