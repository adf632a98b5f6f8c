"""Subjects that a rough note leaves out are put back, and forms of 'be': 'need the ladder' is 'i need the ladder'.

Small models do not know who is meant by a note without a subject, and take the reader or somebody whom it names
(docs/results.md, "Who does what"). Where the first words of a sentence leave no doubt, a rule does. It knows English
alone: in most other languages the verb shows its person.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from email_assistant.lexicon.note_subjects import (
    ADVERB,
    AM,
    ASKED,
    AWAY,
    BASES,
    BEEN,
    BEING,
    COMPLEMENTS,
    DID,
    DOING,
    HAVE,
    HEADINGS,
    IS_SUBJECT,
    MODALS,
    MONTH_NAMES,
    NEGATED,
    OBJECT,
    OUTCOMES,
    PAST,
    STATES,
    SUITS,
    THINGS,
    THINGS_AFTER,
    TOLD,
    UNKNOWN,
)
from email_assistant.requests import note_questions
from email_assistant.requests.clause_topics import reaches_somebody, topic
from email_assistant.requests.copulas import split_lead, with_copula
from email_assistant.requests.expletives import with_expletive
from email_assistant.requests.note_questions import before
from email_assistant.requests.request_form import looks_like_order

# Part of the keys of what is trained and generated: raised with every change of a rule or a table.
SUBJECTS_VERSION = 6
# Words of other languages; some of their words look like English ones: 'am', 'want', 'met'.
_ANOTHER_LANGUAGE = re.compile(
    r"(?i:[а-яßäüåøñ]|\b(?:het|een|ik|niet|groet\w*|voor|naar|zijn|der|das|und|ist|ich|nicht|wir|les|sur|je|est|une|"
    r"inte|det|att|och|jest|nie|que|para(?! \d)|los|una|che|sono|ett|mit|von|ook|maar|nog|wel|dat)\b)"
)
_WORDS = r"[^\s.:;?!]+"
_NAME = re.compile(
    r"(?![^:]*\d|(?i:what|how|why|who|that|this|one|need|want|got|can|could|would|will|please|no|forgot|found|lost|"
    r"sent|should|just|also|only|sorry|i|we|you)\b)"
    rf"(?:(?:(?i:mr|mrs|ms|dr|prof|rev)\.? )?{_WORDS}(?: {_WORDS}){{0,2}}|"
    rf"(?:{_WORDS} ){{0,2}}(?:[+&]|and) {_WORDS}(?: {_WORDS})?): "
)
# A model may take this dot for the sentence's end.
_DOT_IN_DATE = re.compile(rf"\b(?!may\b)({MONTH_NAMES})\.(?= \d)", re.IGNORECASE)
_END = re.compile(r"(?<![.;?!])[.;?!]+\s+\(?|\n\s*(?:[-*•]\s)?|\A[-*•]\s|(?<=\s)[-–—] | \(")
_ABBREVIATED = re.compile(
    r"(?:\b[a-hj-z]|\b(?:jan|feb|mar|apr|aug|sept?|oct|nov|dec|ext|etc|approx|vs|mr|mrs|ms|dr|st))$", re.IGNORECASE
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
_IS = re.compile(rf"(?!{IS_SUBJECT})(?:{DOING}|{BEING}|{AWAY})", re.IGNORECASE)
# No thing does these, and after a person's name it would be 'needs'.
_FIRST_PERSON_ONLY = re.compile(
    rf"(?:(?:{STATES})\b|can['’]?t (?:believe|wait|thank)\b|(?:don['’]?t|do not) (?:mind|think|know|want|need|care)\b)",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(
    rf"(?:(?:{STATES})\b|(?!could|would|had){NEGATED}|(?=will\b){MODALS})(?! \w+ =)", re.IGNORECASE
)
# 'April: case closed'.
_LABEL = re.compile(r"(?:[^\s:]+ ){0,2}[^\s:]+: (?=\w)")
# Between clauses: 'love him but can't do it all', 'flooded so no exam'.
_COMMA = re.compile(
    r", | (?=(?:but|so|because|cos|bc) (?:can|can['’]?t|won['’]?t|need|must|want|don['’]?t|no|not|nothing|haven['’]?t|"
    r"couldn['’]?t|didn['’]?t|have to|had to) )| (?=so (?:took|stopped|left|went|got|sent|bought|made|moved|asked|"
    r"called|rang|"
    r"told|paid|put) )"
)
# 'Card expired, gave new details'.
_AFTER_THING = re.compile(
    rf"(?:{_FIRST_PERSON.pattern}|(?!(?:came|worked|landed|took (?!it\b|them\b))\b){PAST}(?= (?:{OBJECT}|new\b))|"
    r"(?:saw|got|found|bought|sent|sold|ordered|booked)(?= \d)|"
    r"(?:moved|changed|reported|cleaned|replaced|counted|tested|cancelled|emptied|added|removed|posted|signed|returned|"
    rf"restarted|turned|marked|threw)(?= {OBJECT})|left out\b|can {BASES}(?= you\b))",
    re.IGNORECASE,
)
_WELL = re.compile(
    r"(all|everything|everyone|everybody|he|she|it|that|mum|mom|dad|(you(?: both| all| two)?|they|kids|the kids|your "
    r"family))(?= (?:well|good|great|ok|okay|fine|better|happy)\b)",
    re.IGNORECASE,
)
_LOVE_TO = re.compile(rf"(?-i:l)ove to {BASES}\b", re.IGNORECASE)
_NOTHING = re.compile(r"(?!)")
# By what `topic` says of the clause before.
_ACTS_AFTER = {
    "mine": _ACTS,
    "typed": _SURE,
    "open": _MODAL,
    "thing": _AFTER_THING,
    "asked": _FIRST_PERSON,
    "others": _NOTHING,
    "person": _NOTHING,
    "named": _FIRST_PERSON_ONLY,
}
# What one person feels and thinks, who may speak for others: 'i regret we can't come'.
_FEELS_ANY = (
    rf"(?:(?!(?:need|want|prefer|expect|plan|agree|disagree|recommend|propose|suggest|object|work|live|owe|must)\b)"
    rf"(?:{STATES})\b|would (?:love|hate|rather)\b|can['’]?t (?:wait|believe|thank)\b|"
    r"(?:don['’]?t|do not) (?:know|think|mind|remember)\b)"
)
_JUST = re.compile(
    r"(?:just|already|only just) (?:landed|finished|got (?:in|home|back)|paid|told|asked|booked|signed|replied|"
    r"checked|pushed|noticed|reali[sz]ed|posted|uploaded|submitted|e-?mailed|mailed|called|rang|remembered)\b"
    r"(?! (?:by|off|back|down)\b)",
    re.IGNORECASE,
)
_FEELS = re.compile(_FEELS_ANY, re.IGNORECASE)
_FEELING_ANY = (
    r"(?:so |very |really |deeply |awfully |terribly |pretty |quite |kinda |a bit )?(?:sorry|proud|excited|worried|"
    r"grateful|glad|sure|thinking)\b"
)
_FEELING = re.compile(_FEELING_ANY, re.IGNORECASE)
_OURS = re.compile(r"\b(?:we|our|us|ours|we['’]\w+)\b", re.IGNORECASE)
# What these rules put into such a note does not count, nor does the same if typed.
_MINE_ALONE = re.compile(
    rf"\b(?:me|my|mine|myself|i(?! {ADVERB}(?:{_FEELS_ANY})| (?:thought|hoped|wondered)\b| have (?:{UNKNOWN}|{ASKED}))|"
    rf"i['’](?!m {_FEELING_ANY})\w+)(?!\w|['’])",
    re.IGNORECASE,
)
_BEEN = re.compile(BEEN, re.IGNORECASE)
_THINGS = re.compile(rf"{THINGS}|{SUITS}", re.IGNORECASE)
_THINGS_AFTER = re.compile(rf"{THINGS}|{THINGS_AFTER}", re.IGNORECASE)
_COMPLEMENT = re.compile(COMPLEMENTS, re.IGNORECASE)
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
    is_ours = bool(_OURS.search(said)) and not _MINE_ALONE.search(said)
    done, last = [front], "mine"
    for sentence in _split(said):
        full, about = _completed(sentence, last, is_ours)
        done.append(full)
        # 'Ann is ill. Can't come.'
        last = "named" if about in {"person", "named"} else "mine"
    return "".join(done)


def _split(text: str) -> list[str]:
    """The sentences, each with what ends it."""
    ends = [
        match.end()
        for match in _END.finditer(text)
        if not (match[0].startswith(".") and _abbreviates(text, match.start(), match.end()))
    ]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)])]


def _abbreviates(text: str, dot: int, end: int) -> bool:
    """Whether the dot at a place belongs to the word before it."""
    if text[max(0, dot - 2) : dot].casefold() == "no" and (dot == 2 or not text[dot - 3].isalnum()):
        return text[end : end + 1].isdigit()
    return bool(_ABBREVIATED.search(text, max(0, dot - _LONGEST), dot))


@dataclass(frozen=True)
class _Frame:
    """Where a clause is.

    Attributes:
        is_capital: In a sentence that begins with a capital letter, as those of whole mails do.
        is_asked: In a sentence that ends with a question.
        is_ours: In a note that says 'we' and never 'i'.
    """

    is_capital: bool
    is_asked: bool
    is_ours: bool


def _completed(sentence: str, last: str, is_ours: bool) -> tuple[str, str]:
    """A sentence with its subjects, and whom its last clause is about (see `topic`).

    Args:
        sentence: With what ends it.
        last: 'named' if the sentence before is about a person, otherwise 'mine'.
        is_ours: Whether its note says 'we' and never 'i'.
    """
    parts = _COMMA.split(sentence)
    asked = [note_questions.with_subject(parts.pop())] if sentence.rstrip(" (-–—\n").endswith("?") else []
    frame = _Frame(sentence[:1].isupper(), bool(asked), is_ours)
    # A clause follows the subject of those before it: 'bill is ill, can't come'.
    about, done = last, list[str]()
    for part, after in zip(parts, [*parts[1:], *asked, ""], strict=False):
        if _CONDITION.match(part) and _TOLD.match(after):
            full, about = _said(part, about)
        else:
            full, about = _clause(part, about, frame)
        done.append(full)
    return _joined([*done, *asked], _COMMA.findall(sentence)), about


def _joined(parts: list[str], commas: list[str]) -> str:
    return "".join(part + comma for part, comma in zip(parts, [*commas, ""], strict=True))


def _clause(part: str, about: str, frame: _Frame) -> tuple[str, str]:
    """A clause with its subject, and whom it is about.

    Args:
        part: With what ends the sentence, if it is the last clause.
        about: Whom the clause before is about.
        frame: Where the clause is.
    """
    full = _told(part, about, frame)
    if full == part:
        return _said(part, about)
    return full, "named" if reaches_somebody(part) else about


def _said(part: str, about: str) -> tuple[str, str]:
    """A clause that does not say what somebody does with its 'is', 'there is' or 'it is', and whom it is about."""
    now_about = topic(part, about, _ACTS)
    ends = _ENDS.search(part)
    stop = ends.start() if ends else len(part)
    label = _LABEL.match(part)
    start = label.end() if label else 0
    said = with_copula(part[start:stop])
    if said == part[start:stop]:
        said = with_expletive(said)
        # 'Sorry about that' is about the writer.
        if said.startswith("i'm "):
            now_about = topic(said, about, _ACTS)
    return part[:start] + said + part[stop:], now_about


def _told(clause: str, about: str, frame: _Frame) -> str:
    """A clause with the writer or a thing as its subject, if it has none and begins with one of the verbs."""
    lead = len(split_lead(clause)[0])
    for start in (lead, 0) if lead else (0,):
        rest = clause[start:]
        adverb = _ADVERB.match(rest)
        verb = rest[adverb.end() :] if adverb else rest
        if _HEADING.match(verb):
            return clause
        if subject := _writer(verb, rest, about, frame) or _thing(verb, about, frame):
            return clause[:start] + before(subject, _with_complement(rest))
    return clause


def _writer(verb: str, rest: str, about: str, frame: _Frame) -> str | None:
    """'I', with its auxiliary, if the writer is left out.

    Args:
        verb: The clause from its verb on.
        rest: The same with an adverb in front, if it has one.
        about: Whom the clause before is about.
        frame: Where the clause is.
    """
    acts = _SURE if frame.is_asked and about == "mine" else _ACTS_AFTER[about]
    if about == "thing" and frame.is_capital:
        acts = _NOTHING
    if acts.match(verb):
        return None if frame.is_ours and not _FEELS.match(verb) else "I"
    if about not in {"mine", "typed"} or "yourself" in rest:
        return None
    if frame.is_ours:
        return "I'm" if _FEELING.match(verb) and _IS.match(verb) else None
    if _IS.match(verb) or _IS.match(rest):
        return "I'm"
    if _BEEN.match(verb):
        return "I've"
    if _JUST.match(rest):
        return "I"
    return "I'd" if _LOVE_TO.match(verb) else None


def _thing(verb: str, about: str, frame: _Frame) -> str | None:
    """'It', if a thing is left out."""
    if about in {"person", "named"}:
        return None
    things = _THINGS_AFTER if about == "thing" and not frame.is_capital else _THINGS
    return "It" if things.match(verb) else None


def _with_complement(clause: str) -> str:
    """'Hope all well' with the 'is' of what is hoped."""
    found = _COMPLEMENT.match(clause)
    if not found:
        return clause
    ends = _ENDS.search(clause)
    stop = ends.start() if ends else len(clause)
    said = clause[found.end() : stop]
    well = _WELL.match(said)
    full = f"{well[1]} {'are' if well[2] else 'is'}{said[well.end(1) :]}" if well else with_copula(said)
    return clause[: found.end()] + full + clause[stop:]
