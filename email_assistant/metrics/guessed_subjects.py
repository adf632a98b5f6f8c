"""Where a mail says 'I', 'you' or 'it' and its note did not say who is meant: there the model has guessed.

People leave subjects out of notes ('went to terry, need his comments'), and small models often take the wrong one
(docs/results.md, "Who does what"). A pronoun was guessed if the word after it begins a clause of the note, or follows
another pronoun there.
"""

import re
from collections.abc import Iterator

from email_assistant.archive.language import is_cyrillic
from email_assistant.archive.mail_parts import split_greeting, without_sign_off
from email_assistant.lexicon.pronouns import BEFORE_SUBJECTS, POLITE_WORDS, PRONOUNS, SMALL_WORDS
from email_assistant.metrics.clauses import BOUNDARY
from email_assistant.metrics.same_words import Words, in_digits, is_negation, split_tokens

_SUBJECT = re.compile(r"\b(I|you|we|he|she|they|it)(?:['’](?:m|ve|ll|d|re|s))?(?![\w'’])", re.IGNORECASE)
_BEFORE = frozenset(BEFORE_SUBJECTS.split())
# They neither name a thing nor say what it does.
_PRONOUNS = frozenset(PRONOUNS.split())
_SMALL = frozenset(SMALL_WORDS.split()) | _PRONOUNS
# 'I am sorry' and 'is it ok?' are as good as 'sorry' and 'ok?'.
_POLITE = frozenset(POLITE_WORDS.split())
# 'Can you call me' says what the note's 'call me' does, as does 'you can call me'.
_ASKING = re.compile(r"\b(?:can|could|would|will|please|if)$", re.IGNORECASE)
_ASKED = re.compile(r"[\s,]*(?:can|could|should|may|must|need to|have to)\b", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n\s*\n")


def guessed_subjects(request: str, mail: str) -> list[tuple[int, int]]:
    """Where a mail names a subject by a pronoun that its note does not have there, as (start, end), in their order.

    Only English: Russian verbs show their person.

    Args:
        request: A rough note, with the subjects that are certain put back.
        mail: The mail that was written for it.
    """
    if is_cyrillic(request) or is_cyrillic(mail):
        return []
    asked = [_Asked(part) for part in BOUNDARY.split(in_digits(request))]
    return [
        (first + match.start(), first + match.end())
        for start, paragraph in _paragraphs(mail)
        for first, clause in _parts(paragraph, start)
        for match in _SUBJECT.finditer(clause)
        if _is_guessed(clause, match, asked)
    ]


class _Asked:
    """A clause of the note.

    Attributes:
        subjects: Its words, among which its subject may be.
        opening: The word with which it begins: at most a pronoun can be its subject.
    """

    def __init__(self, part: str) -> None:
        found = split_tokens(part)
        subjects = {token.partition("'")[0] for token in found}
        self.subjects = subjects | {"you"} if "u" in subjects else subjects
        first = _does(found)
        self.opening = Words([] if first is None else [first])


def _does(found: list[str]) -> str | None:
    """The first of a clause's words, without a subject, that says what it does or is."""
    does = next((token for token in found if token not in _SMALL and not is_negation(token)), None)
    return None if does in _POLITE else does


def _paragraphs(mail: str) -> Iterator[tuple[int, str]]:
    """The paragraphs of a mail between its greeting and its sign-off, and a postscript, each with its place."""
    _, body = split_greeting(mail, None)
    start = len(mail.rstrip()) - len(body)
    for paragraph in _PARAGRAPH.split(without_sign_off(body)):
        start = mail.index(paragraph, start)
        yield start, paragraph
        start += len(paragraph)


def _parts(text: str, place: int) -> Iterator[tuple[int, str]]:
    """The clauses of a text at a place, each with its own."""
    start = 0
    for boundary in BOUNDARY.finditer(text):
        yield place + start, text[start : boundary.start()]
        start = boundary.end()
    yield place + start, text[start:]


def _is_guessed(clause: str, subject: re.Match[str], asked: list[_Asked]) -> bool:
    front = clause[: subject.start()].rstrip()
    before = split_tokens(in_digits(front))
    if before and before[-1] not in _BEFORE:
        return False
    who = subject[1].casefold()
    rest = clause[subject.end() :]
    if who == "you" and (_ASKING.search(front) or _ASKED.match(rest)):
        return False
    after = split_tokens(in_digits(rest))
    does = _does(after)
    # 'I would like you to call': another one calls.
    if does is not None and _PRONOUNS & set(after[: after.index(does)]):
        return False
    places = [each for each in asked if does is not None and each.opening.has(does)]
    return bool(places) and not any(who in each.subjects for each in places)
