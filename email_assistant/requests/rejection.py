"""Checks whether an instruction that a model wrote can be used."""

import re

from email_assistant.archive.language import is_cyrillic
from email_assistant.lexicon.languages import alternatives, words
from email_assistant.lexicon.patterns import WORD
from email_assistant.metrics.content_words import content_stems, is_content_word
from email_assistant.metrics.copying import TrainingMails, longest_run
from email_assistant.metrics.facts import facts, mentions, stem
from email_assistant.requests.instruction_prefix import without_greeting
from email_assistant.requests.instructions import CLAUSE

GREETING = re.compile(rf"^(?:{alternatives('greetings')})\b", re.IGNORECASE)
SIGN_OFF = re.compile(rf"\n\s*({alternatives('sign_offs')})\b[^\n]*$", re.IGNORECASE)
MIN_WORDS = 2
# A shorter instruction is never too long, even if it has more letters than 'Ok, see you.'
ALWAYS_SHORT_ENOUGH = 15
# An instruction is copied if a run of at least COPIED_WORDS words, and this share of all words, is the mail's.
COPIED_WORDS = 8
COPIED_SHARE = 0.6
# What requests do with a mail's content; the mail need not have these words.
REQUEST_WORDS = tuple(words("request_words"))
# A clause is unfounded if its mail has less than this share of its other content words.
FOUNDED_SHARE = 0.5
# An instruction is vague if it has fewer than this number, and less than this share, of the mail's content words.
ENOUGH_CONTENT_WORDS, ENOUGH_CONTENT_SHARE = 6, 0.5


def rejection_reason(instruction: str, start: str, email: str, full_answer: str, headers: str = "") -> str | None:
    """Why an instruction cannot be used; None if it can.

    Args:
        instruction: The result of `normalize`.
        start: The prefix that was given to the model.
        email: The mail that it is for.
        full_answer: The model's whole answer.
        headers: The mail's subject and recipients, which the instruction may also mention.

    Returns:
        'empty', 'itself_a_mail', 'copied', 'too_long', 'other_language', 'invented' (it has a name or number that
        neither the mail nor its headers have) or 'unfounded' (it has a clause in words that they do not have).
    """
    body = instruction[len(start) :] if instruction.casefold().startswith(start.casefold()) else instruction
    count, answer, source = len(WORD.findall(body)), full_answer.strip(), f"{email} {headers}"
    if count < MIN_WORDS:
        return "empty"
    if (GREETING.match(answer) and "\n" in answer) or SIGN_OFF.search(answer):
        return "itself_a_mail"
    if _is_copied(body, email):
        return "copied"
    if len(body) > len(email) and count > ALWAYS_SHORT_ENOUGH:
        return "too_long"
    if is_cyrillic(body) != is_cyrillic(email):
        return "other_language"
    if any(not mentions(source, fact) for fact in facts(body)):
        return "invented"
    return "unfounded" if _is_unfounded(body, source.casefold()) else None


def is_vague(instruction: str, email: str) -> bool:
    """Whether an instruction has few of its mail's content words."""
    enough = min(ENOUGH_CONTENT_WORDS, ENOUGH_CONTENT_SHARE * len(content_stems(without_greeting(email))))
    return len(content_stems(email) & content_stems(instruction)) < enough


def _is_unfounded(body: str, source: str) -> bool:
    """Whether the source has less than half of the content words of any clause."""
    for clause in CLAUSE.split(body):
        content = [
            word
            for word in WORD.findall(clause.casefold())
            if is_content_word(word) and not word.startswith(REQUEST_WORDS)
        ]
        if sum(stem(word) in source for word in content) < FOUNDED_SHARE * len(content):
            return True
    return False


def _is_copied(body: str, email: str) -> bool:
    """Whether most of the instruction is one run of the mail's own words."""
    run = longest_run([body], TrainingMails([email]))
    return run >= COPIED_WORDS and run >= COPIED_SHARE * len(WORD.findall(body))
