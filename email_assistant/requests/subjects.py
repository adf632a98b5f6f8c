"""Subjects that a rough note leaves out are put back, and 'is' and 'are': 'need the ladder' is 'i need the ladder'.

Small models do not know who is meant by a note without a subject, and take the reader or somebody whom it names
(docs/results.md, "Who does what"). Where the first words of a sentence leave no doubt, a rule does. It knows English
alone: in most other languages the verb shows its person.
"""

import re
from itertools import pairwise

from email_assistant.lexicon.note_subjects import (
    ADVERB,
    AM,
    AWAY,
    BEEN,
    BEING,
    DID,
    DOING,
    HAVE,
    IS_SUBJECT,
    LEADS,
    MODALS,
    MONTH_NAMES,
    NEGATED,
    PAST,
    QUESTIONS,
    STATES,
    THINGS,
    TOLD,
)
from email_assistant.requests.copulas import split_lead, with_copula
from email_assistant.requests.request_form import looks_like_order

# Part of the keys of what is trained and generated: raised with every change of a rule or a table.
SUBJECTS_VERSION = 2
# Words of other languages; some of their words look like English ones: 'am', 'want', 'met'.
_ANOTHER_LANGUAGE = re.compile(
    r"(?i:[а-яßäüåøñ]|\b(?:het|een|ik|niet|groet\w*|voor|naar|zijn|der|das|und|ist|ich|nicht|wir|les|sur|je|est|une|"
    r"inte|det|att|och|jest|nie|que|para|los|una|che|sono|ett|mit|von|ook|maar|nog|wel|dat)\b)"
)
_NAME = re.compile(r"[^\s.:;?!]+(?: [^\s.:;?!]+){0,2}: ")
# A model may take this dot for the sentence's end.
_DOT_IN_DATE = re.compile(rf"\b(?!may\b)({MONTH_NAMES})\.(?= \d)", re.IGNORECASE)
_END = re.compile(r"(?<![.;?!])[.;?!]+\s+\(?|\n\s*(?:[-*•]\s)?|\A[-*•]\s|(?<=\s)[-–—] | \(")
_ABBREVIATED = re.compile(
    r"(?:\b[a-hj-z]|\b(?:jan|feb|mar|apr|aug|sept?|oct|nov|dec|ext|etc|approx|vs|no|mr|mrs|ms|dr|st))$", re.IGNORECASE
)
# Of those words, with what is before them.
_LONGEST = len("approx") + 1
_ADVERB = re.compile(ADVERB, re.IGNORECASE)
_ACTS = re.compile(rf"(?:(?:{STATES})\b(?!\.\w| =)|{PAST}|{DID}|{MODALS}|{NEGATED}|{HAVE}|{AM})", re.IGNORECASE)
_ENDS = re.compile(r"(?<![\s.;:!()–—-])[\s.;:!()–—-]+$")
# Before a question: 'tried it, is it better?' may be asked of the reader.
_SURE = re.compile(rf"(?:(?:{STATES})\b|{MODALS}|{NEGATED}|{AM})", re.IGNORECASE)
# What the writer promises after a condition: 'if it rains, won't come'.
_MODAL = re.compile(rf"(?:{MODALS}|{NEGATED})", re.IGNORECASE)
_IF = re.compile(rf"{LEADS}(?:if|when|once|after|before|unless)\b", re.IGNORECASE)
_IS = re.compile(rf"(?!{IS_SUBJECT})(?:{DOING}|{BEING}|{AWAY})", re.IGNORECASE)
_QUESTIONS = tuple((re.compile(pattern, re.IGNORECASE), subject) for pattern, subject in QUESTIONS)
_BEEN = re.compile(BEEN, re.IGNORECASE)
_THINGS = re.compile(THINGS, re.IGNORECASE)
# After these, another clause may be about the writer again.
_MINE = re.compile(
    rf"{LEADS}(?:i\b|i['’])|(?:fyi|ok|okay|yes|yep|no|nope|well|(?!if|when)\w+)$|(?:thanks|thx|sorry|hi|hello) \w+$|"
    rf"{LEADS}$",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"(?:^| )(?:ok|okay|right|yes|(?:did|do|will|can|are|have) (?:you|u)|if (?:that|you)\b.*)\W*$", re.IGNORECASE
)
_CONDITION = re.compile(r"(?:want|like)\b|need (?!to\b)", re.IGNORECASE)
_TOLD = re.compile(TOLD, re.IGNORECASE)


def with_subjects(note: str) -> str:
    """A rough note with the subjects that it leaves out, where its words leave no doubt who is meant.

    'got it, will pay friday' becomes 'i got it, i will pay friday', and 'coming on tuesday?' 'are you coming on
    tuesday?'. Imperatives, and clauses about somebody who was named, stay as they are, as do orders to an assistant and
    notes in other languages. What has its subjects stays, too, so that doing it twice changes nothing. 'Jan. 15' loses
    its dot.

    Args:
        note: The note, with the reader's name in front or without.
    """
    if looks_like_order(note) or _ANOTHER_LANGUAGE.search(note):
        return note
    named = _NAME.match(note)
    front = named[0] if named else ""
    said = _DOT_IN_DATE.sub(r"\1", note[len(front) :])
    return front + "".join(map(_completed, _split(said)))


def _split(text: str) -> list[str]:
    """The sentences, each with what ends it."""
    ends = [
        match.end()
        for match in _END.finditer(text)
        if not (match[0].startswith(".") and _ABBREVIATED.search(text, max(0, match.start() - _LONGEST), match.start()))
    ]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)])]


def _completed(sentence: str) -> str:
    parts = sentence.split(", ")
    asked = [_asked(parts.pop())] if sentence.rstrip(" (-–—\n").endswith("?") else []
    # A clause follows the subject of those before it: 'bill is ill, can't come'.
    subject, done = "mine", []
    for part, after in zip(parts, [*parts[1:], *asked, ""], strict=False):
        is_condition = _CONDITION.match(part) and _TOLD.match(after)
        acts = _MODAL if subject == "open" else _SURE if asked else _ACTS
        full = part if subject == "another" or is_condition else _told(part, acts)
        if full == part and not _MINE.match(part):
            subject = "open" if _IF.match(part) else "another"
        ends = _ENDS.search(full)
        stop = ends.start() if ends else len(full)
        done.append(full if full != part else with_copula(full[:stop]) + full[stop:])
    return ", ".join([*done, *asked])


def _told(clause: str, acts: re.Pattern[str]) -> str:
    """A clause with the writer or a thing as its subject, if it has none and begins with one of the verbs."""
    for start in (len(split_lead(clause)[0]), 0):
        rest = clause[start:]
        adverb = _ADVERB.match(rest)
        verb = rest[adverb.end() :] if adverb else rest
        if acts.match(verb):
            return clause[:start] + _before("I", rest)
        if acts is not _MODAL and "yourself" not in clause:
            if _IS.match(verb) or _IS.match(rest):
                return clause[:start] + _before("I'm", rest)
            if _BEEN.match(verb):
                return clause[:start] + _before("I've", rest)
        if _THINGS.match(verb):
            return clause[:start] + _before("It", rest)
    return clause


def _asked(question: str) -> str:
    """A question with the reader as its subject, if it has none."""
    lead, rest = split_lead(question)
    # 'Will pay friday, ok?' is a promise.
    if _TAG.search(rest):
        return question
    for pattern, subject in _QUESTIONS:
        if found := pattern.match(rest):
            if subject == "{} you":
                return f"{lead}{found[0]} you{rest[found.end() :]}"
            return lead + _before(subject.capitalize(), rest)
    return question


def _before(subject: str, clause: str) -> str:
    """The clause after a subject, which begins with a capital letter only if the clause did. Capitals stay capitals."""
    first = clause[:1]
    if clause[:2].isupper():
        return f"{subject} {clause}"
    written = subject if first.isupper() else subject[:1].lower() + subject[1:]
    return f"{written} {first.lower()}{clause[1:]}"
