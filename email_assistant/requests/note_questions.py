"""What a question leaves out is put back: 'coming on tuesday?' is 'are you coming on tuesday?'."""

import re

from email_assistant.lexicon.note_subjects import HEADINGS, OUTCOMES, QUESTIONS
from email_assistant.requests.copulas import find_copula, split_lead

_QUESTIONS = tuple((re.compile(pattern, re.IGNORECASE), subject) for pattern, subject in QUESTIONS)
_HEADING = re.compile(rf"{HEADINGS}|{OUTCOMES}", re.IGNORECASE)
# 'Will pay friday, ok?' is a promise.
_TAG = re.compile(
    r"(?:^| )(?:ok|okay|right|yes|(?:did|do|will|can|are|have) (?:you|u)|if (?:that|you)\b.*)\W*$", re.IGNORECASE
)
_FITS = re.compile(r"(?:still )?(?:ok(?:ay)?|fine|possible|alright|all right|free|enough)\b", re.IGNORECASE)
_END_MARKS = " \t\r\n?!.()–—-"


def with_subject(question: str) -> str:
    """A question with the subject and the auxiliary that it leaves out, if its first words show them.

    Args:
        question: The last clause of a sentence that ends with a question mark, with what ends it.
    """
    lead, rest = split_lead(question)
    if _HEADING.match(rest):
        return question
    # 'Ok' may be a lead.
    for start in (len(lead), 0) if lead else (0,):
        clause = question[start:]
        for pattern, put_in in () if _TAG.search(rest) else _QUESTIONS:
            if found := pattern.match(clause):
                return question[:start] + _asked(clause, found, put_in)
    return lead + _inverted(rest)


def _asked(clause: str, found: re.Match[str], put_in: str) -> str:
    if put_in == "{} you":
        return f"{found[0]} you{clause[found.end() :]}"
    return before(put_in.capitalize(), clause)


def _inverted(clause: str) -> str:
    """'friday ok?' with 'is' in front. A mail may ask 'Everything okay?', so what has a capital letter stays."""
    found = find_copula(clause.rstrip(_END_MARKS))
    if found is None or found.copula not in {"is", "are"} or clause[:1].isupper():
        return clause
    # '2 inches off?'
    if not clause[:1].islower() and not _FITS.match(clause, found.place):
        return clause
    return f"{found.copula} {clause}"


def before(subject: str, clause: str) -> str:
    """The clause after a subject, which begins with a capital letter only if the clause did. Capitals stay capitals."""
    first = clause[:1]
    if clause[:2].isupper():
        return f"{subject} {clause}"
    written = subject if first.isupper() else subject[:1].lower() + subject[1:]
    return f"{written} {first.lower()}{clause[1:]}"
