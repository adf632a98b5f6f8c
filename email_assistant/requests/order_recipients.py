"""Whom an order to an assistant names first: 'ask Mr and Mrs Holt to come'."""

import re

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_names import CALLED
from email_assistant.lexicon.note_subjects import DAY, MONTH
from email_assistant.requests.order_persons import SUBJECTS_BY_OBJECT, Recipient, pronouns_of


def one_of(words: str) -> str:
    """The pattern of any of some words, which are separated by blanks."""
    return f"(?:{'|'.join(words.split())})"


_TITLE = rf"{one_of(order_words.TITLES)}\b\.?"
_CONTRACTIONS = "(?:i|we|you|he|she|it|they|that|there|who|what|where|when|how)['’]"
_AFTER = rf"(?!{one_of(f'{order_words.AFTER_RECIPIENT} {order_words.MANNERS}')}(?![\w'’])|{_CONTRACTIONS})"
_WORD = rf"{_AFTER}[^\W\d][\w'’-]*"
_WORD_OR_NUMBER = rf"(?:{_WORD}|\d[\w'’-]*)"
_CAPITAL = rf"(?!(?:{DAY}|{MONTH})\b){_AFTER}(?-i:[A-Z])[\w'’-]*"
_AND = rf"(?: ?[&+] ?| and |, (?=(?-i:[A-Z])))(?!{one_of(order_words.TASKS)}\b)"
_DETERMINER = rf"{one_of(order_words.DETERMINERS)} "
_PERSONS = f"{order_words.HE} {order_words.SHE} {order_words.THEY} {order_words.ROLES}"
_PERSON_OR_GROUP = rf"{one_of(f'{order_words.GROUPS} {_PERSONS}')}\b"
# 'At Elm Ward that'; in 'at Holt's Ann', Ann may be said to do something.
_PLACE_NAME = (
    rf"(?:the )?{_CAPITAL}(?: {_CAPITAL}){{1,3}}(?= {one_of('that to whether if for about know we i how')}\b|[:,.]|$)"
)
_EVERYONE = (
    rf"{one_of(order_words.EVERYONE)}\b(?! (?-i:(?=[a-z])){_WORD})"
    rf"(?: (?:on|in|at|from) (?:{_PLACE_NAME}|{_WORD}(?: \d+)?)| who['’]?s? [^,.:;]{{1,40}}?"
    rf"(?=[,.:]| (?:that|if|whether)\b| to (?!(?:{_DETERMINER})|an? |th\w+ |\w+['’]s |(?-i:[A-Z]))))?"
)
_KIN = one_of(f"{order_words.HE} {order_words.SHE}")
# 'Tell mum Kit is ill' is for her.
_DOES = one_of("is was has had will can can't says said wants needs got did does")
# 'Tutor Mr Feeney', 'agent Gwen'.
_ROLE_WORD = rf"(?:{order_words.BEFORE_NOUNS}|(?-i:[a-z]+)['’]s|{one_of(f'{_PERSONS} {order_words.JOBS}')}) "
_ROLE = (
    rf"(?:(?:{_DETERMINER})?(?!{_TITLE} )(?:(?:{_AFTER}(?-i:[a-z]+)(?:['’]s)? ){{1,2}}(?={_TITLE} (?-i:[A-Z]))|"
    rf"(?!{_KIN} {_CAPITAL} {_DOES}\b)(?:{_ROLE_WORD}){{1,2}}(?=(?-i:[A-Z][a-z]))))?"
)
# 'Ask sarah jones to'.
_SURNAME = rf"(?<!['’]s)(?: (?!\w+ing\b){_WORD}(?= {one_of(order_words.AFTER_NAME)}\b|:))"
_BUSINESS = one_of(order_words.BUSINESSES)
_FULL_NAME = (
    rf"(?:{_KIN} {_CAPITAL}(?= (?:for|on|about)\b)|"
    rf"{_CAPITAL}(?: {_CAPITAL})? (?-i:{_BUSINESS})\b(?! \w+ing\b)|"
    rf"{_CAPITAL}(?: (?!{_KIN}\b){_CAPITAL}){{1,2}}|{_TITLE} {_WORD}(?: {_CAPITAL}){{1,2}}|"
    rf"(?:{_TITLE} )?{_WORD}(?:{_SURNAME})?)"
)
# 'Scout parents' are persons, too, but 'dad mum' are two.
_NAME = rf"{_ROLE}(?:(?!{_KIN}\b)(?-i:[a-z]\w*) {_PERSON_OR_GROUP}|{_FULL_NAME})"
_PROPER = rf"{_CAPITAL}(?: {_CAPITAL}){{0,2}}(?: {_PERSON_OR_GROUP})?"
# 'The agent Gwen', but not the nursery in 'the nursery Ada is ill'.
_JOB = one_of(f"{_PERSONS} {order_words.JOBS}")
_ENDS = r"(?= (?:to|that|if|whether|for|about|know|and|he|she|they|i|we|it|his|her)\b|[,:.]|$)"
_NOUN = (
    rf"(?:{order_words.BEFORE_NOUNS} )*(?:{_PROPER}|{_JOB} (?!{_TITLE}){_CAPITAL}|"
    rf"{_WORD}(?: {_TITLE} {_CAPITAL}| (?!{_KIN}\b){_PERSON_OR_GROUP}| (?!{_TITLE}){_CAPITAL}{_ENDS})?)"
)
_AFTER_NAMES = one_of("that to whether if know")
_NAMES = (
    rf"{_NAME}(?:{_AND}(?:{_NAME}|(?:his|her|the(?: other| rest of the)?) {_WORD}(?= {_AFTER_NAMES}\b|[:,.]|$))){{0,3}}"
)
_AFTER_GROUP = one_of(f"{order_words.TASKS} that to whether if for about")
# 'The committee', 'my sister Ann', 'Lena's dad'; 'the museum's Mr Abbot' is a name.
_NOUNS = (
    rf"(?!{_DETERMINER}\w+['’]s {_TITLE} )(?:{_DETERMINER}|(?:{_TITLE} )?{_WORD}['’]s (?={_PERSON_OR_GROUP}))"
    rf"(?:(?:(?!\w+ed\b){_WORD} ){{1,3}}?(?!\w+ed\b|{_TITLE} (?-i:[A-Z])){_WORD}(?=(?: and)? {_AFTER_GROUP}\b|[:,.]|$)|"
    rf"{_NOUN}(?:{_AND}(?:{_DETERMINER})?{_NOUN})?)"
)
_RECIPIENT = re.compile(
    rf"(?P<pronoun>(?:him|her|them)\b(?! and (?:his|her|their)\b))(?: (?:both|all)\b)?|"
    rf"(?P<everyone>{_EVERYONE})|(?P<noun>{_NOUNS})|(?P<name>{_NAMES})",
    re.IGNORECASE,
)
_PLACE = rf"(?:the )?(?:{_WORD_OR_NUMBER} ){{0,2}}{_WORD_OR_NUMBER}"
# 'Reply to Gina who asked about it: …'.
_ASIDE = re.compile(
    r" (?:at|from|who|which|[a-z]+ing)\b[^:.,;?!]{0,40}(?=:)|"
    r" \([a-z ]{1,20}\)(?= (?:to|that|if|whether)\b|:)|"
    r" (?:at|from) (?:the |no\.? |number )?[\w’'-]+(?: \w+)?(?=,)|"
    rf" (?:(?:in|at|on) {_PLACE}[.!]*$|(?:in|at|from|on|of) {_PLACE}(?= (?:{_AFTER_GROUP} |(?:i|we|there)\b)))"
)
# 'The tenants in 4B', and not 'in the morning'.
_WHERE = re.compile(
    rf" (?:in|on|at|of|from) (?!(?:the )?(?:{MONTH}|{one_of(order_words.TIMES_OF_DAY)})\b)",
    re.IGNORECASE,
)
# 'My bank manager, Ms Holt, '; 'both my sons, Kit and Ben, '.
_PROPER_NAME = r"(?-i:[A-Z])\w+(?: (?-i:[A-Z])\w+)?"
_INTRODUCED = re.compile(
    rf"(?:both |all )?(?:my|our|the) [a-z ]{{3,30}}, "
    rf"((?:{_TITLE} )?{_PROPER_NAME}(?:(?:,| and|, and) {_PROPER_NAME}){{0,3}}),(?= )",
    re.IGNORECASE,
)
# What follows the name of a company that is a person's: 'tell Holt's that'.
COMPANY_END = (
    r"(?:[,.:;!?]|$| (?:that|this|to|know|if|whether|about|for|and|on|in|at|when|what|how|why|i|we|they|it)(?:['’]\w+)?"
    r"(?: |$))"
)
_IS_COMPANY_S = re.compile(COMPANY_END, re.IGNORECASE)
_COMPANY = re.compile(rf"{_CAPITAL} {_CAPITAL}")
_PROPER_AFTER_NOUN = re.compile(r"(?<=[a-z] )[A-Z].*")
_NOT_NAMES = frozenset(
    f"{order_words.TITLES} {order_words.DETERMINERS} {order_words.EVERYONE} {order_words.GROUPS} {order_words.HE} "
    f"{order_words.SHE} {order_words.THEY} and & + on in at from".split()
)
_CERTAIN_PERSONS = CALLED | frozenset(
    f"{_PERSONS} {order_words.GROUPS} {order_words.JOBS} {order_words.ORGANIZATIONS}".split()
)
_ORGANIZATIONS = frozenset(order_words.ORGANIZATIONS.split())
_GROUPS = frozenset(order_words.GROUPS.split()) - _ORGANIZATIONS
_BUSINESSES = frozenset(order_words.BUSINESSES.split())
# 'Grandma Edie' is called so.
_GRANDPARENT = re.compile(
    r"(?:grand(?:ma|pa|ad|mother|father)|gran|granny|nana?|great-aunt|great-uncle|cousin) (?-i:[A-Z])", re.IGNORECASE
)
# 'Ann and her kids'.
_AND_OTHERS = re.compile(r"(.+?) (?:and|&) (?:his|her|their) ([\w'’-]+)", re.IGNORECASE)
# 'Both my brothers'.
_BOTH = re.compile(r"^(?:both|all)(?: of)? (?=(?:my|the|our)\b)", re.IGNORECASE)
_TITLE_WORDS = frozenset(order_words.TITLES.split())
_CALLED_BY = frozenset(f"{order_words.GROUPS} {order_words.CALLED_BY_NOUN}".split())


def split_recipient(text: str) -> tuple[Recipient | None, str]:
    """Whom an order names first, and the rest of it; None if it names nobody.

    Args:
        text: The order, after 'ask', 'tell' or the like.
    """
    if introduced := _INTRODUCED.match(text):
        text = f"{introduced[1]}{text[introduced.end() :]}"
    text = _BOTH.sub("", text)
    found = _RECIPIENT.match(text)
    if not found:
        return None, text
    named, rest = found[0].rstrip(), text[found.end() :]
    # 'Ask Ann or Ben' is for one of them.
    if re.match(r" or (?-i:[A-Z])", rest):
        return None, text
    if found["pronoun"]:
        return Recipient("", frozenset(), frozenset((SUBJECTS_BY_OBJECT[found["pronoun"].casefold()],))), rest
    # 'Tell Ann Bob's dad is late' may be for Bob's dad.
    if re.search(r"['’]s$", named) and len(both := named[:-2].casefold().split()) == 2 and CALLED.issuperset(both):
        return None, text
    is_company = _is_company(named, rest)
    # 'Say no to Ann's dog'.
    if not is_company and (of := re.search(r"['’]s$", named)):
        named, rest = named[: of.start()], f" your{rest}"
    # 'Ask Ann and the carers if', of which not all is clear.
    if re.match(rf",? (?:and|&) {_DETERMINER}[\w ]{{1,30}}? {_AFTER_NAMES}\b", rest):
        return None, text
    place = ""
    if aside := _ASIDE.match(rest):
        rest = rest[aside.end() :]
        place = aside[0] if _is_group(named, found) and _WHERE.match(aside[0]) else ""
    is_organization = is_company or _words(named.casefold())[-1] in _ORGANIZATIONS
    front = _front(named, found)
    pronouns = frozenset(("they",)) if is_company else _pronouns(named, found)
    return Recipient(
        f"{front}{place}" if front else "", _names(named, found), pronouns, is_organization, _with_others(named)
    ), rest


def _with_others(named: str) -> str:
    """'You and her kids' of 'Ann and her kids'; empty if the name has no such end."""
    found = _AND_OTHERS.fullmatch(named)
    return f"you and your {found[2]}" if found else ""


def _is_company(named: str, rest: str) -> bool:
    """Whether a name is that of a company, as 'Holt's' or 'Holt plumbing' is."""
    if not named[0].isupper() or " and " in named:
        return False
    words = named.casefold().split()
    return (len(words) > 1 and words[-1] in _BUSINESSES) or (
        re.search(r"['’]s$", named) is not None and _IS_COMPANY_S.match(rest) is not None
    )


def person_at_start(text: str) -> str:
    """The words at the beginning of a text that certainly mean a person or several; empty if there are none."""
    if introduced := _INTRODUCED.match(text):
        return introduced[0]
    found = _RECIPIENT.match(text)
    named = found[0].rstrip() if found else ""
    if not found or (re.search(r"['’]s$", named) and not _is_company(named, text[found.end() :])):
        return ""
    words = _words(named)
    known = any(word[:1].isupper() or word.casefold() in _CERTAIN_PERSONS for word in words)
    return named if known or found["pronoun"] or found["everyone"] else ""


def _words(named: str) -> list[str]:
    return [word.strip(".") for word in re.split(r"[ ,]+", named)]


def _names(named: str, found: re.Match[str]) -> frozenset[str]:
    """The words by which the text may name the recipient again, as they were typed."""
    words = _words(named)
    if not found["name"] or len(words) > 1:
        words = [word for word in words if word[:1].isupper() or re.sub("['’]s$", "", word) in CALLED]
    return frozenset(word for word in words if word.casefold() not in _NOT_NAMES)


def _pronouns(named: str, found: re.Match[str]) -> frozenset[str]:
    words = _words(named.casefold())
    known = pronouns_of(words)
    if len(known) == 1:
        return known
    if found["everyone"]:
        return frozenset(("they",))
    if found["noun"] or words[0].endswith("s"):
        return frozenset(("they",)) if re.search(r"[^s]s$", words[-1]) and found["noun"] else known
    is_company = words[0] not in CALLED and words[0] not in _TITLE_WORDS and _COMPANY.search(named)
    return known if is_company else known - {"they"}


def _is_group(named: str, found: re.Match[str]) -> bool:
    """Whether a recipient is several persons without names: 'the tenants', of whom a place tells which."""
    return found["noun"] is not None and _words(named.casefold())[-1] in _GROUPS


def _front(named: str, found: re.Match[str]) -> str:
    """What the note begins with: a name, or a group; nobody is called 'my landlord'."""
    if not found["noun"]:
        return named if _GRANDPARENT.match(named) else re.sub(rf"^{_ROLE}", "", named)
    called = re.sub(rf"^{_DETERMINER}", "", named, flags=re.IGNORECASE)
    if called[:1].islower() and (name := _PROPER_AFTER_NOUN.search(called)):
        return name[0]
    return called if _CALLED_BY & set(_words(called.casefold())) or called[:1].isupper() else ""
