"""The words of an indirect question as those of a direct one: 'if you can come' becomes 'can you come?'."""

import re

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_subjects import VERBS
from email_assistant.requests.second_person import base_form

_PAST = dict(pair.split("=") for pair in order_words.VERBS_IN_PAST.split())
_KNOWN_VERBS = frozenset(f"{VERBS} want love like own use live do go get nap sleep fit work need eat".split())
_AUXILIARIES = (
    r"(?:is|are|was|were|am|can|could|will|would|should|shall|may|might|must|has(?! to\b)|isn['’]t|aren['’]t|wasn['’]t|"
    r"weren['’]t|can['’]t|couldn['’]t|won['’]t|wouldn['’]t|shouldn['’]t|hasn['’]t|haven['’]t|don['’]t|doesn['’]t|"
    r"didn['’]t|do|does|did|had)"
)
# Begins a question that is asked directly.
AUXILIARY = r"(?:can|could|will|would|should|shall|may|does|do|did|is|are|was|were|has|have|had|am)"
_CONTRACTED = {"'re": "are", "'ve": "have", "'ll": "will", "'d": "would", "'m": "am", "'s": "is"}
PRONOUN = r"(?:you|i|we|he|she|they|it|there|this|that)"
_PRONOUN_OR_TWO = (
    rf"(?:you (?:and|or) (?:your |my |the )?[\w’'-]+|(?:(?:your|my|the) )?(?!{PRONOUN}\b)[\w’'-]+ (?:and|or) you\b|"
    rf"{PRONOUN})"
)
_COST = re.compile(
    r"(what|how much) ((?:the )?(?:postage|delivery|shipping|parking|rent|entry|admission|breakfast|insurance))"
    r" (would|will) (be\b.*|cost\b.*)",
    re.IGNORECASE,
)
_HAS = re.compile(r"(?:still |already |ever )?(?:got|been|had)\b", re.IGNORECASE)
_LAST_ASKS = re.compile(
    rf"(?:^|[.,;:!?–-] )(?:(?:and|but|or|so) )?(?:if (?:so|not),? )?(?!(?:should|had|may|were) ){AUXILIARY} "
    rf"(?:you|i|we|he|she|they|(?:the|my|your|our|that|this) [\w'’]+)\b[^.,;:!?]*\.?$",
    re.IGNORECASE,
)
_CONTRACTION = re.compile(rf"({PRONOUN})['’](re|ve|ll|d|m|s) ", re.IGNORECASE)
_PAST_PARTICIPLE = (
    rf"(?:not |already |ever |still )?(?:\w+(?:ed|en|wn)|{'|'.join(order_words.PARTICIPLES.split())}|"
    r"heard|read|met|said|brought|kept|held|come|become|begun)\b"
)
_PARTICIPLE = re.compile(_PAST_PARTICIPLE, re.IGNORECASE)
_SUBJECT_AUXILIARY = re.compile(
    rf"({_PRONOUN_OR_TWO}) ({_AUXILIARIES}|have(?= (?:{_PAST_PARTICIPLE}|any luck\b))) ?", re.IGNORECASE
)
# 'The room is free'; a longer subject may have a verb of its own.
_NOUN_AUXILIARY = re.compile(
    rf"((?:(?:this|that) )?(?!{PRONOUN}\b)[\w'’-]+"
    rf"(?: (?!{_AUXILIARIES}\b|(?:that|who|which|when|because|while|if)\b)[\w'’&+-]+){{0,5}}?) "
    rf"({_AUXILIARIES})(?: |$)",
    re.IGNORECASE,
)
_NOUN = (
    rf"(?:(?:your|my|our|the|his|her|their|this|that) (?:[a-z]+(?:['’]s)? )?[a-z]+|(?!{PRONOUN}\b)"
    rf"(?:(?:{'|'.join(order_words.TITLES.split())})\.? )?(?-i:[A-Z])[\w'’-]+)"
)
_NOUN_HAS_TO = re.compile(rf"({_NOUN}) has to ", re.IGNORECASE)
_THIRD = rf"(?:{'|'.join(_PAST)}|\w+(?<!s)s)"
_NOUN_VERB = re.compile(
    rf"({_NOUN}) ((?:still |also |already |ever |really |just )?)({_THIRD})\b(?!['’])", re.IGNORECASE
)
# 'Your kids still nap'.
_PLURAL_VERB = re.compile(
    r"((?:your|my|our|the|his|her|their|these|those) (?:[a-z]+ )?[a-z]+[^\Ws]s) "
    r"((?:still |also |already |ever |really |just )?)([a-z]+)\b",
    re.IGNORECASE,
)
_PRONOUN_VERB = re.compile(
    rf"({_PRONOUN_OR_TWO}) ((?:\w+ly |still |also |already |ever |really |just )?)([a-z]+)\b", re.IGNORECASE
)
_MEASURES = "much|many|long|often|far|soon|big|old|late|early|come|about"
_KINDS = r"(?:kind|sort) of \w+|(?:size|type|brand|make|colou?r) \w+|(?-i:[a-z])\w*"
_WH = re.compile(
    rf"(?:how (?:{_MEASURES})(?: (?:of )?(?!{PRONOUN}\b)[a-z]+(?: (?!{PRONOUN}\b)[a-z]+(?= {PRONOUN}\b))?)?|"
    rf"(?:what|which|whose) (?:{_KINDS})(?= (?:{PRONOUN}|the|your|my|our|his|her|their|{_AUXILIARIES})\b)|"
    r"(?:what|which|when|where|why|how|who)(?: exactly| precisely)?)\b(?!['’]) ?",
    re.IGNORECASE,
)


def asked(clause: str) -> str:
    """A question as it is put to the reader, with a question mark.

    Args:
        clause: What follows 'ask whether', or from the question word on: 'when you can come'.
    """
    clause = clause.strip(" ,?")
    wh = _WH.match(clause)
    lead, rest = (wh[0], clause[wh.end() :]) if wh else ("", clause)
    if lead and re.match(r"to \w", rest):
        return f"{lead}{'do' if lead[:3].casefold() == 'how' else 'should'} i {rest[3:]}?"
    # 'What postage would be to Cork'.
    if cost := _COST.fullmatch(clause):
        return f"{cost[1]} {cost[3]} {cost[2]} {cost[4]}?"
    if lead and re.match(rf"{_AUXILIARIES}\b", rest, re.IGNORECASE):
        return f"{clause}?"
    return f"{lead}{_inverted(rest)}?"


def as_question(text: str) -> str:
    """A text with the question mark that its last clause lacks: 'thanks, and are you in'."""
    return f"{text.rstrip(' .')}?" if _LAST_ASKS.search(text) else text


def _inverted(clause: str) -> str:
    if found := _CONTRACTION.match(clause):
        auxiliary = _CONTRACTED["'" + found[2].casefold()]
        # 'If it's got a helmet'.
        if auxiliary == "is" and _HAS.match(clause, found.end()):
            auxiliary = "has"
        return f"{auxiliary} {found[1]} {clause[found.end() :]}"
    if found := _SUBJECT_AUXILIARY.match(clause):
        if found[2].casefold() in {"do", "does"}:
            return f"{found[2]} {found[1]} do {clause[found.end() :]}"
        return f"{found[2]} {found[1]} {clause[found.end() :]}".rstrip()
    # 'This flag gets set' is about a flag.
    is_thing = re.match(r"(?:this|that) ", clause, re.IGNORECASE) is not None
    done = found if (found := _NOUN_VERB.match(clause)) and _is_verb(found[3].casefold()) else None
    if not (is_thing and done) and (found := _PRONOUN_VERB.match(clause)):
        said = _with_do(found, clause[found.end() :])
        if said or not is_thing:
            return said or clause
    if found := _NOUN_HAS_TO.match(clause):
        return f"does {found[1]} have to {clause[found.end() :]}"
    if found := _NOUN_AUXILIARY.match(clause):
        rest = clause[found.end() :]
        main = {"has": "have", "does": "do"}.get(found[2].casefold())
        if main and rest and not _PARTICIPLE.match(rest):
            return f"does {found[1]} {main} {rest}"
        return f"{found[2]} {found[1]} {rest}".rstrip()
    if (found := _PLURAL_VERB.match(clause)) and found[3].casefold() in _KNOWN_VERBS:
        return f"do {clause}"
    return (_with_do(done, clause[done.end() :]) if done else None) or clause


def _is_verb(word: str) -> bool:
    return word in _PAST or base_form(word) in _KNOWN_VERBS


def _with_do(found: re.Match[str], rest: str) -> str | None:
    """'You still hear it' as 'do you still hear it'."""
    subject, adverb, verb = found[1], found[2], found[3].casefold()
    if base := _PAST.get(verb):
        return f"did {subject} {adverb}{base}{rest}"
    if verb.endswith("ed") and adverb.strip().casefold() == "ever":
        return f"have {subject} ever {verb}{rest}"
    if verb.endswith("ed") and verb not in {"need", "feed", "speed", "bleed"}:
        return None
    if not {"you", "i", "we", "they"} & set(subject.casefold().split()):
        base = "have" if verb == "has" else base_form(verb)
        return f"does {subject} {adverb}{base}{rest}" if re.search(r"[^s]s$", verb) else None
    return f"do {subject} {adverb}{verb}{rest}"
