"""Keyword notes: what a mail says first, in its own words, used if no sentence of the model is good enough."""

import re

from email_assistant.lexicon.languages import alternatives, words
from email_assistant.lexicon.patterns import SENTENCE_END, WORD
from email_assistant.metrics.content_words import before_apostrophe, is_content_word
from email_assistant.requests.instruction_prefix import without_greeting

GREETING = re.compile(rf"^(?:{alternatives('greetings')})\b", re.IGNORECASE)
# A word, a number, a name of a file: '10.10.0.100', 'AT&T', '$12.50', '/dev/sdb1'; without the marks around it.
BARE_WORD = re.compile(r"[^\w$€£/~]*(?P<word>.*?)[^\w%€]*$")
ADDRESS = re.compile(r"://|^www\.|@")
QUESTION = re.compile(r"\?[\"'”»)\]]*\s*$")
# Minimum number of content words in a sentence after the first, to be noted.
MIN_CONTENT_WORDS = 2
# Shorter lines at the end are a sign-off: 'Thanks', 'Best, Ruth'.
MAX_SIGN_OFF_WORDS = 3
# Kept, because without them a promise reads like an order.
PRONOUNS = words("pronouns")
# Kept in questions; elsewhere these words join clauses.
QUESTION_WORDS = words("question_words")


def keyword_notes(email: str, limit: int) -> str:
    """The beginning of a mail, as a person would note it: content words, pronouns and question words.

    A question keeps its question mark, and pronouns say who does what: 'I send draft, did you get comments?' is
    neither an order nor a report.

    Args:
        email: The mail; its greeting and its sign-off are skipped.
        limit: The maximum number of content words.
    """
    lines = without_greeting(email).split("\n")
    while lines and len(WORD.findall(lines[-1])) <= MAX_SIGN_OFF_WORDS:
        lines.pop()
    notes: list[str] = []
    remaining = limit
    for sentence in SENTENCE_END.split("\n".join(lines)):
        is_question = bool(QUESTION.search(sentence))
        kept, content_words = _words_to_keep(sentence, is_question, remaining)
        # A single word says nothing about its sentence.
        if content_words >= (MIN_CONTENT_WORDS if notes else 1) and not GREETING.match(sentence.strip()):
            notes.append(" ".join(kept) + ("?" if is_question else ""))
            remaining -= content_words
    return ", ".join(notes).replace("?, ", "? ")


def _words_to_keep(sentence: str, is_question: bool, remaining: int) -> tuple[list[str], int]:
    """The words of a sentence to keep, up to its last content word, and the number of its content words."""
    kept: list[str] = []
    end = count = 0
    for word in filter(None, map(_bare, sentence.split())):
        lower = before_apostrophe(word.casefold())
        if is_content_word(word.casefold()):
            if count == remaining:
                break
            count += 1
            kept.append(word)
            end = len(kept)
        elif lower in PRONOUNS or (is_question and lower in QUESTION_WORDS):
            kept.append(word)
    return kept[:end], count


def _bare(word: str) -> str:
    """A word without the marks around it; empty for an address and for marks only."""
    match = BARE_WORD.match(word)
    return match["word"] if match and not ADDRESS.search(word) else ""
