"""What each task of an order says to the recipient: 'to bring it' after 'ask Piers' is 'please bring it'.

Each function gets the words after the task's own ('ask Piers', 'and ask if'), in which the recipient is 'you' already.
"""

import re
from collections.abc import Callable

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_subjects import MONTH
from email_assistant.requests.order_recipients import one_of
from email_assistant.requests.question_order import AUXILIARY, PRONOUN, asked

QUESTION_WORD = r"(?:what|when|where|why|how|who|which|whose)\b"
_CONNECTS = re.compile(r"(?:\s*[:,.;–—]+\s*|\s*-+\s+|\s+that (?!(?:is|was|one)\b)|\s+)", re.IGNORECASE)
_TO = re.compile(r"\s+(not )?to (?=\w)", re.IGNORECASE)
_AND_TO = re.compile(r"\b(and|or|but|,) (not )?to (?=\w)", re.IGNORECASE)
_ABOUT = re.compile(r"\s+(?:about|of|re|regarding) (?=\S)", re.IGNORECASE)
_FOR = re.compile(r"\s+for (?=\S)", re.IGNORECASE)
_WHETHER = re.compile(rf"\s*(?:if\b|(?:, ?)?whether\b|(?:, ?)?(?={QUESTION_WORD}))\s*", re.IGNORECASE)
_AND_WHETHER = re.compile(
    rf",? (?:and|or|&|\+) (?:also )?(?=(?:if|whether|{QUESTION_WORD}))(?:(?:if|whether) )?", re.IGNORECASE
)
_IF = re.compile(r"\s+(?:if|whether)\b", re.IGNORECASE)
# In 'write to Ann if you see her, then …', a condition.
_THEN = re.compile(
    r", (?:then|i|we|please)\b|(?<=.{6})(?<!if )(?<!whether )\b(?:you|i|we) (?:should|must|can|need to|have to)\b",
    re.IGNORECASE,
)
_SAYING = re.compile(
    r"\s*,?\s*(?:and )?(?:say|saying|to say|tell|telling|explaining)(?: (?:him|her|them|you))?(?: that)?\b",
    re.IGNORECASE,
)
_THANKING = re.compile(r"\s*,?\s*(?:and )?thanking (?:him|her|them|you)\b", re.IGNORECASE)
_ASKING = re.compile(r"\s*,?\s*(?:and ask|asking|to ask)(?: (?:him|her|them|you))?\b", re.IGNORECASE)
# 'That it is late, and that we left' are two sentences.
_AND_THAT = re.compile(
    r",? and that (?!(?:is|was|will|would|means|includes)\b)(?=\w)|,? and to (?=please \w)|"
    r", that (?=(?:i|we|you|he|she|it|they|there|the|an?|my|our|your|his|her)\b|"
    r"\w+ (?:is|are|was|were|will|has|have|can)\b)",
    re.IGNORECASE,
)
_SAID_BEFORE = re.compile(r"\s*(?:all )?(?:that|this|so|it)[\s.,;!]*", re.IGNORECASE)
# 'Tell her how sorry I am', 'how much it meant to us', 'how much we loved it'.
_HOW = re.compile(
    rf"\s*how (?:(?P<feeling>{one_of(order_words.FEELINGS)}) (?P<who>i|we) (?P<is>am|are|was|were)\b|"
    rf"much (?:(?P<whose>(?:it|that|this|(?:your|the|my|our) (?:\w+ ){{0,2}}\w+)) (?P<verb>meant|means|mean)(?= to\b)|"
    rf"(?P<we>i|we|(?:my|our) \w+)(?= {one_of(order_words.FEELS)}\b)))",
    re.IGNORECASE,
)
_THAT = re.compile(r"\s*that\b", re.IGNORECASE)
_IS_CLAUSE = re.compile(
    r"(?:i|we|you|he|she|they|it|there)(?:['’]\w+)?\s|\w+ (?:is|are|was|were|can|could|should|will)\b", re.IGNORECASE
)
_IF_SO = re.compile(
    rf"((?:and |but |or )?if [^,.;:?!]{{1,60}}), (?=(?:whether|{QUESTION_WORD}) (?:{PRONOUN}|the|your|my|our)\b)",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"(?:the|my|our|your|that|this) [\w'’ -]{1,40}, "
    r"(?:(?:i|we|you|he|she|they|it)(?:['’]\w+)?|there|the|my|our|your)\b",
    re.IGNORECASE,
)
# 'Ask the vet can Bo have it'.
_DIRECT = re.compile(
    rf"\s+(?:{AUXILIARY}) (?:{PRONOUN}|{one_of(order_words.DETERMINERS)}|an?|any|this|that|(?-i:[A-Z])\w*)\b",
    re.IGNORECASE,
)
_THINGS = re.compile(r"(?:the|my|our|some|these) (?:\w+ )?\w+[^\Ws]s(?=[,.]|$| (?:for|from|of|and)\b)", re.IGNORECASE)
_KNOW = re.compile(r"[\s,]*(?:you )?know\b", re.IGNORECASE)
# 'Tell Ann that I can't, and to ask Bo'.
_COMMA_AND_TO = re.compile(r", (?:and|but) (not )?to (?!me\b|us\b)(?=[a-z]{2})")
_YOUR_MAIL = re.compile(
    rf"\s+your (?:{one_of(order_words.LETTERS)}|invitation|invite|request|offer|complaint|post|comment)\b"
    r"[^,.:;]{0,30}[,:] ",
    re.IGNORECASE,
)
# 'Ask her to lunch'.
_TO_MEAL = re.compile(
    r"\s+to (?:lunch|dinner|supper|tea|drinks|brunch|breakfast)\b|"
    r"\s+to (?:the|a|an|my|our) (?:\w+ )?(?:party|wedding|barbecue|bbq|picnic|christening|match)\b",
    re.IGNORECASE,
)
_THING = re.compile(r"\s+(?:the|your) \w")
# Where the words of one task end, and something else is said.
_DOT = r"(?<!\brs)(?<!\bno)(?<!\bmr)(?<!\bmrs)(?<!\bms)(?<!\bdr)(?<!\bst)\."
# 'So much' is no new clause.
_SO = r"so(?! (?:much|many|long|far|often|late|early|little|few|soon)\b)"
# 'On the 5th, from six', 'if it is in, and when it ships'.
_MORE = (
    rf" (?:from|until|till|between|at) (?:\d|(?:{one_of(order_words.HOURS)})\b)|"
    rf" (?:\d[\w:.]*|half \w+)(?: (?:at|to|till|until|on|am|pm|{MONTH}|\d[\w:.]*)){{0,3}}(?=[,.]|$| and\b)|"
    rf" (?:and|&) (?:whether|{QUESTION_WORD})"
)
_CLAUSE_END = re.compile(
    rf"[;!?]|{_DOT}|,(?=\s)(?! or\b)(?!{_MORE})| [–—-] | (?:because|since|{_SO}|but|otherwise|cos|coz)\b|: |"
    r" as (?:i|we|he|she|it|they|the|you|my)\b",
    re.IGNORECASE,
)


def is_said_before(text: str) -> bool:
    """Whether a task's words only point to what was said before: 'that'."""
    return _SAID_BEFORE.fullmatch(text) is not None


def _said(text: str) -> str:
    return text[found.end() :] if (found := _CONNECTS.match(text)) else text


def _until_clause_end(text: str) -> tuple[str, str]:
    """A text up to where something else is said, and that, without the comma between them."""
    end = _CLAUSE_END.search(text)
    if not end:
        return text, ""
    return text[: end.start()], text[end.start() :].lstrip(" ,.;:?!–—-")


def _with_rest(first: str, mark: str, rest: str) -> str:
    return f"{first}{mark} {rest}" if rest else f"{first}{mark}"


def _imperative(text: str, plea: str, negated: str) -> str | None:
    """'To bring the ladder' as 'please bring the ladder'; None if it is something else."""
    found = _TO.match(text)
    if not found:
        return None
    rest = _AND_TO.sub(lambda match: f"{match[1]} don't " if match[2] else f"{match[1]} ", text[found.end() :])
    return f"{negated if found[1] else plea} {rest}"


def _write(text: str) -> str:
    """'Write to Ann to say' says it, and 'tell Ann to say' asks Ann to."""
    return _tell(re.sub(r"^\s+to (?=(?:say|ask|tell|thank)\b)", " and ", text))


def _tell(text: str) -> str:
    # 'It is late, tell Ann that'.
    if is_said_before(text):
        return ""
    text = _AND_THAT.sub(". ", text)
    if _THAT.match(text):
        text = _COMMA_AND_TO.sub(lambda found: f". please {'don’t ' if found[1] else ''}".replace("’", "'"), text)
    if (told := _imperative(text, "please", "please don't")) is not None:
        return told
    # 'Reply to Ann's invitation, we'd love to come'.
    if _YOUR_MAIL.match(text):
        return f"about{text}"
    if found := _HOW.match(text):
        return _feeling(found) + text[found.end() :]
    if found := _THANKING.match(text):
        return WRITE["thank"](text[found.end() :])
    if found := _ASKING.match(text):
        return _ask(text[found.end() :])
    if found := _SAYING.match(text):
        return _said(text[found.end() :])
    if found := _ABOUT.match(text):
        # 'About the rota, I have too much'.
        said = text[found.end() :]
        return text.strip() if _TOPIC.match(said) else said
    if _IF.match(text) and not _THEN.search(text):
        return _ask(text)
    return _said(text)


def _feeling(found: re.Match[str]) -> str:
    """'How sorry i am' as 'i'm so sorry', 'how much we loved it' as 'we really loved it'."""
    if found["feeling"]:
        return f"{found['who']} {found['is']} so {found['feeling']}"
    return f"{found['whose']} {found['verb']} so much" if found["verb"] else f"{found['we']} really"


def _know(text: str) -> str:
    return _tell(text[found.end() :] if (found := _KNOW.match(text)) else text)


def _ask(text: str) -> str:
    if _TO_MEAL.match(text):
        return _invite(text)
    if (told := _imperative(text, "please", "please don't")) is not None:
        return told
    if found := _FOR.match(text):
        thing, rest = _until_clause_end(text[found.end() :])
        return _with_rest(f"can i have {thing}", "?", rest)
    if found := _ABOUT.match(text):
        thing, rest = _until_clause_end(text[found.end() :])
        return _with_rest(f"what about {thing}", "?", rest)
    if found := _WHETHER.match(text):
        clause, rest = _until_clause_end(text[found.end() :])
        questions = [asked(part) for part in _AND_WHETHER.split(clause)]
        return _with_rest(" ".join(questions), "", _asked_if_so(rest))
    if _DIRECT.match(text):
        question, rest = _until_clause_end(text)
        return _with_rest(question.strip(" ?"), "?", rest)
    if _THING.match(text):
        thing, rest = _until_clause_end(text)
        return _with_rest(f"can you tell me {thing.strip()}", "?", rest)
    # 'It leaks again, ask them please, I need it'.
    return re.sub(r"^(?:please|pls|plz), ", "", _said(text), flags=re.IGNORECASE)


def _asked_if_so(text: str) -> str:
    """'And if not, what he needs' as 'and if not, what does he need?'."""
    if not (found := _IF_SO.match(text)):
        return text
    clause, rest = _until_clause_end(text[found.end() :])
    return _with_rest(f"{found[1]}, {asked(re.sub('^(?:if|whether) ', '', clause))}", "", rest)


def _remind(text: str) -> str:
    text = _AND_THAT.sub(". ", text)
    if (told := _imperative(text, "please remember to", "please don't")) is not None:
        return told
    if found := _ABOUT.match(text):
        return f"don't forget {text[found.end() :]}"
    return f"reminder: {said}" if (said := _said(text)) else ""


def _warn(text: str) -> str:
    text = _AND_THAT.sub(". ", text)
    if (told := _imperative(text, "please", "please don't")) is not None:
        return told
    return f"watch out, {_said(text)}" if not _ABOUT.match(text) else f"watch out for {_ABOUT.sub('', text)}"


def _after(words: str, connectors: str) -> Callable[[str], str]:
    """A task whose note begins with these words, which some connectors follow: 'thanks', 'for the photos'."""
    connects = re.compile(rf"\s+(?:{connectors})\b", re.IGNORECASE)

    def write(text: str) -> str:
        text = _AND_THAT.sub(". ", text)
        if connects.match(text):
            return words + text
        said = _said(text)
        if re.match(r"\s*[,:–—-]", text) and said:
            return f"{words}, {said}"
        return f"{words} {said}".strip() if said[:2] in {"a ", "an"} else f"{words}, {said}" if said else words

    return write


def _invite(text: str) -> str:
    if not (found := re.match(r"\s+(to|for|over)\b", text)):
        return _said(text)
    event, rest = _until_clause_end(text[found.start() :].strip())
    return _with_rest(f"would you like to come {event}", "?", rest)


def _chase(text: str) -> str:
    if found := _FOR.match(text):
        return f"i still need {text[found.end() :]}"
    if found := _ABOUT.match(text):
        thing, rest = _until_clause_end(text[found.end() :])
        return _with_rest(f"any news about {thing}", "?", rest)
    return _said(text)


def _here(text: str) -> str:
    """'The minutes' as 'here are the minutes'."""
    thing = text.strip()
    return f"here {'are' if _THINGS.match(thing) else 'is'} {thing}"


def _offer(text: str) -> str:
    return (
        f"i can {text.strip().removeprefix('to ')}" if re.match(r"\s+to ", text) else f"i can offer you {text.strip()}"
    )


def _answer(word: str, connectors: str) -> Callable[[str], str]:
    """'Yes' and 'no'; 'no about the loan' is 'i have to say no about the loan'."""
    plain = _after(word, connectors)

    def write(text: str) -> str:
        return f"i have to say {word}{text}" if word == "no" and _ABOUT.match(text) else plain(text)

    return write


def _suggest(text: str) -> str:
    text = _CONNECTS.sub(" ", text, count=1).strip() if _THAT.match(text) else text.strip()
    if _IS_CLAUSE.match(text):
        return f"i suggest {text}"
    what, rest = _until_clause_end(text)
    if rest.startswith("whichever "):
        choice, rest = _until_clause_end(rest)
        what = f"{what}, {choice}"
    return _with_rest(f"how about {what}", "?", rest)


def _promise(text: str) -> str:
    if re.match(r"\s+to ", text):
        return f"i promise{text}"
    said = _said(text)
    return f"i promise you {said}" if re.match(r"(?:an?|the|some|two|\d)\b", said) else f"i promise {said}"


WRITE: dict[str, Callable[[str], str]] = {
    "ask": _ask,
    "anybody": lambda text: _ask(f" {text}"),
    "remind": _remind,
    "warn": _warn,
    "thank": _after("thanks", "for|that"),
    "sorry": _after("sorry", "for|that|about"),
    "congratulate": _after("congratulations", "on|for"),
    "invite": _invite,
    "offer": _offer,
    "promise": _promise,
    "suggest": _suggest,
    "here": _here,
    "wish": lambda text: f"i wish you {text.strip()}",
    "chase": _chase,
    "accept": lambda text: f"i accept{text}",
    "decline": lambda text: f"i have to decline{text}",
    "forward": _here,
    "greet": lambda text: re.sub(r" (?=[.,])", "", _AND_THAT.sub(". ", text)),
    "give": lambda text: f"i'll give you{text}",
    "question": lambda text: f"{text.strip(' ?.')}?",
    "send": lambda text: f"i'm sending you{text}",
    "resend": lambda text: f"please send it{text}",
    # Its content was said before: 'no news from Ann, chase her'.
    "nothing": _said,
    "refuse": lambda text: f"i have to decline{text}",
    "yes": _answer("yes", "to|about|but|and"),
    "no": _answer("no", "but|and"),
    "know": _know,
    "tell": _tell,
    "write": _write,
    "say": lambda text: text,
}
