"""Subjects that a rough note leaves out are put back, and forms of 'be': 'need the ladder' is 'i need the ladder'.

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
    BASES,
    BEEN,
    BEING,
    DID,
    DOING,
    HAVE,
    HEADINGS,
    IS_SUBJECT,
    LEADS,
    MODALS,
    MONTH_NAMES,
    NEGATED,
    OUTCOMES,
    PAST,
    PERSONS,
    QUESTIONS,
    STATES,
    STATES_OF_PERSONS,
    THINGS,
    TOLD,
)
from email_assistant.requests.copulas import split_lead, with_copula
from email_assistant.requests.expletives import with_expletive
from email_assistant.requests.request_form import looks_like_order

# Part of the keys of what is trained and generated: raised with every change of a rule or a table.
SUBJECTS_VERSION = 3
# Words of other languages; some of their words look like English ones: 'am', 'want', 'met'.
_ANOTHER_LANGUAGE = re.compile(
    r"(?i:[а-яßäüåøñ]|\b(?:het|een|ik|niet|groet\w*|voor|naar|zijn|der|das|und|ist|ich|nicht|wir|les|sur|je|est|une|"
    r"inte|det|att|och|jest|nie|que|para|los|una|che|sono|ett|mit|von|ook|maar|nog|wel|dat)\b)"
)
_WORDS = r"[^\s.:;?!]+"
_NAME = re.compile(
    r"(?![^:]*\d|(?i:what|how|why|who|that|this|one)\b)"
    rf"(?:(?:(?i:mr|mrs|ms|dr|prof|rev)\.? )?{_WORDS}(?: {_WORDS}){{0,2}}|"
    rf"(?:{_WORDS} ){{0,2}}(?:[+&]|and) {_WORDS}(?: {_WORDS})?): "
)
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
_HEADING = re.compile(rf"{HEADINGS}|{OUTCOMES}", re.IGNORECASE)
_ENDS = re.compile(r"(?<![\s.;:!()–—-])[\s.;:!()–—-]+$")
# Before a question: 'tried it, is it better?' may be asked of the reader.
_SURE = re.compile(rf"(?:(?:{STATES})\b|{MODALS}|{NEGATED}|{AM})", re.IGNORECASE)
# What the writer promises after a condition: 'if it rains, won't come'.
_MODAL = re.compile(rf"(?:{MODALS}|{NEGATED})", re.IGNORECASE)
_IF = re.compile(rf"{LEADS}(?:if|when|once|after|before|unless)\b", re.IGNORECASE)
_IS = re.compile(rf"(?!{IS_SUBJECT})(?:{DOING}|{BEING}|{AWAY})", re.IGNORECASE)
_QUESTIONS = tuple((re.compile(pattern, re.IGNORECASE), subject) for pattern, subject in QUESTIONS)
# No thing does these, and after a person's name it would be 'needs'.
_FIRST_PERSON_ONLY = re.compile(
    rf"(?:(?:{STATES})\b|can['’]?t (?:believe|wait|thank)\b|(?:don['’]?t|do not) (?:mind|think|know|want|need|care)\b)",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(
    rf"(?:(?:{STATES})\b|(?!could|would|had){NEGATED}|(?=will\b){MODALS})(?! \w+ =)", re.IGNORECASE
)
# 'My brother is ill', 'ann came'; 'love the kids' is about the writer.
_PERSON = re.compile(
    rf"{LEADS}(?!(?:it|this|that|there|which|everything|all|one|miss|love|tell|ask|call|give|see|meet|help|thanks?|thx|"
    rf"hope|let|send|bring)\b)(?:\S+ ){{0,3}}?(?:{PERSONS})\b|"
    r"(?!(?:but|and|so|or|now|it|that|this|there)\b)\w+ (?:is|was|has|had|came|got|went|said|called|rang|wants|wanted|"
    r"will|can|told|asked|left|needs|says|did|won['’]t|can['’]t|didn['’]t)\b",
    re.IGNORECASE,
)
_ILL = re.compile(rf"{LEADS}{STATES_OF_PERSONS}\b", re.IGNORECASE)
# 'Ann and I want a swap, need your word', 'no tiling, need a tiler for that'.
_WITH_OTHERS = re.compile(rf"{LEADS}(?:there (?:is|are) )?no |.*\b(?:we|you|u)\b|.*(?:&|\+|\band) i\b", re.IGNORECASE)
# 'April: case closed'.
_LABEL = re.compile(r"(?:[^\s:]+ ){0,2}[^\s:]+: (?=\w)")
# Between clauses: 'love him but can't do it all', 'flooded so no exam'.
_COMMA = re.compile(r", | (?=(?:but|so) (?:can|can['’]?t|won['’]?t|need|must|want|don['’]?t|no|not|nothing) )")
_LOVE_TO = re.compile(rf"(?-i:l)ove to {BASES}\b", re.IGNORECASE)
_NOTHING = re.compile(r"(?!)")
# By what `_about` says of the clause before.
_ACTS_AFTER = {
    "mine": _ACTS,
    "typed": _SURE,
    "open": _MODAL,
    "thing": _FIRST_PERSON,
    "others": _NOTHING,
    "person": _NOTHING,
    "named": _FIRST_PERSON_ONLY,
}
_BEEN = re.compile(BEEN, re.IGNORECASE)
_THINGS = re.compile(THINGS, re.IGNORECASE)
# After these, another clause may be about the writer again.
_MINE = re.compile(
    rf"{LEADS}(?:i\b|i['’])|(?:fyi|ok|okay|yes|yep|no|nope|well|(?!if|when)\w+)$|(?:thanks|thx|sorry|hi|hello) \w+$|"
    rf"{LEADS}$|(?:(?:hi|hey|hello|dear) )?(?:(?:mr|mrs|ms|miss|dr|prof|professor|rev|lady|sir)\.?(?: (?:&|\+|and))? )"
    r"{1,2}\w+(?: \w+)?$",
    re.IGNORECASE,
)
_SAID_I = re.compile(rf"{LEADS}(?:i|i['’]\w+) ", re.IGNORECASE)
_TAG = re.compile(
    r"(?:^| )(?:ok|okay|right|yes|(?:did|do|will|can|are|have) (?:you|u)|if (?:that|you)\b.*)\W*$", re.IGNORECASE
)
_CONDITION = re.compile(r"(?:want|like)\b|need (?!to\b)", re.IGNORECASE)
_TOLD = re.compile(TOLD, re.IGNORECASE)


def with_subjects(note: str) -> str:
    """A rough note with the subjects that it leaves out, where its words leave no doubt who is meant.

    'got it, will pay friday' becomes 'i got it, i will pay friday', and 'coming on tuesday?' 'are you coming on
    tuesday?'. Imperatives, headings, and clauses and sentences after one about somebody who was named stay as they are,
    as do orders to an assistant and notes in other languages. What has its subjects stays, too, so that doing it twice
    changes nothing. 'Jan. 15' loses its dot.

    Args:
        note: The note, with the reader's name in front or without.
    """
    if looks_like_order(note) or _ANOTHER_LANGUAGE.search(note):
        return note
    named = _NAME.match(note)
    front = named[0] if named else ""
    said = _DOT_IN_DATE.sub(r"\1", note[len(front) :])
    done, before = [front], "mine"
    for sentence in _split(said):
        full, last = _completed(sentence, before)
        done.append(full)
        # 'Ann is ill. Can't come.'
        before = "named" if last in {"person", "named"} else "mine"
    return "".join(done)


def _split(text: str) -> list[str]:
    """The sentences, each with what ends it."""
    ends = [
        match.end()
        for match in _END.finditer(text)
        if not (match[0].startswith(".") and _ABBREVIATED.search(text, max(0, match.start() - _LONGEST), match.start()))
    ]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)])]


def _completed(sentence: str, before: str) -> tuple[str, str]:
    """A sentence with its subjects, and whom its last clause is about (see `_about`).

    Args:
        sentence: With what ends it.
        before: 'named' if the sentence before is about a person, otherwise 'mine'.
    """
    parts = _COMMA.split(sentence)
    asked = [_asked(parts.pop())] if sentence.rstrip(" (-–—\n").endswith("?") else []
    # A clause follows the subject of those before it: 'bill is ill, can't come'.
    about, done = before, []
    for part, after in zip(parts, [*parts[1:], *asked, ""], strict=False):
        is_condition = _CONDITION.match(part) and _TOLD.match(after)
        acts = _SURE if asked and about == "mine" else _ACTS_AFTER[about]
        if about == "thing" and sentence[0].isupper():
            acts = _NOTHING
        full = part if is_condition else _told(part, acts, about)
        if full == part:
            subject, about = about, _about(part, about)
            ends = _ENDS.search(full)
            stop = ends.start() if ends else len(full)
            label = _LABEL.match(full)
            start = label.end() if label else 0
            said = with_copula(full[start:stop])
            if said == full[start:stop]:
                said = with_expletive(said)
                # 'Sorry about that' is about the writer.
                about = _about(said, subject) if said.startswith("i'm ") else about
            full = full[:start] + said + full[stop:]
        done.append(full)
    return _joined([*done, *asked], _COMMA.findall(sentence)), about


def _joined(parts: list[str], commas: list[str]) -> str:
    return "".join(part + comma for part, comma in zip(parts, [*commas, ""], strict=True))


def _about(clause: str, before: str) -> str:
    """Whom a clause is about that got no subject.

    'mine': a subject that is left out after it is the writer, as 'typed' with an 'i' in the clause, and 'open' after a
    condition; 'person', and 'named' if in the sentence before: it may be somebody else; 'thing': anything else.
    """
    if _SAID_I.match(clause):
        return "typed"
    if _ILL.match(clause):
        return "person"
    if _MINE.match(clause) or (before in {"named", "person"} and _ACTS.match(clause)):
        return before
    if _IF.match(clause):
        return "open"
    if _WITH_OTHERS.match(clause):
        return "others"
    return "person" if _PERSON.match(clause) else "thing"


def _told(clause: str, acts: re.Pattern[str], about: str) -> str:
    """A clause with the writer or a thing as its subject, if it has none and begins with one of the verbs."""
    for start in (len(split_lead(clause)[0]), 0):
        rest = clause[start:]
        adverb = _ADVERB.match(rest)
        verb = rest[adverb.end() :] if adverb else rest
        if _HEADING.match(verb):
            return clause
        if acts.match(verb):
            return clause[:start] + _before("I", rest)
        if about in {"mine", "typed"} and "yourself" not in clause:
            if _IS.match(verb) or _IS.match(rest):
                return clause[:start] + _before("I'm", rest)
            if _BEEN.match(verb):
                return clause[:start] + _before("I've", rest)
            if _LOVE_TO.match(verb):
                return clause[:start] + _before("I'd", rest)
        if about not in {"person", "named"} and _THINGS.match(verb):
            return clause[:start] + _before("It", rest)
    return clause


def _asked(question: str) -> str:
    """A question with the reader as its subject, if it has none."""
    lead, rest = split_lead(question)
    # 'Will pay friday, ok?' is a promise.
    if _TAG.search(rest) or _HEADING.match(rest):
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
