"""An order that comes after what it is about: 'they sent me two left boots, tell them I want a refund'."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from email_assistant.lexicon import order_words
from email_assistant.lexicon.note_subjects import VERBS
from email_assistant.requests.order_mentions import Mention, mentions_in, pronouns_in
from email_assistant.requests.order_openings import is_said_to_reader, opened_order, without_pleas
from email_assistant.requests.order_persons import HE, HERE, SHE, SUBJECTS_BY_OBJECT, Recipient
from email_assistant.requests.order_recipients import one_of, person_at_start, split_recipient
from email_assistant.requests.request_form import LETTER

_JOINT = re.compile(r"(?:[.!?;,…]+|\s[–—-]+|,? (?:so|and|but|then|&))\s+", re.IGNORECASE)
# More words before it are no reason for an order, but a text of their own.
_MOST_WORDS = 35
# In characters; what is longer is a mail.
_LONGEST = 1500
# 'Tell her dad' is for him.
_NOT_ALONE = one_of(f"{order_words.TITLES} {order_words.HE} {order_words.SHE} {order_words.ROLES}")
_YOU = rf"(?:him|them|her(?! {_NOT_ALONE}\b))\b(?!/)"
_QUESTION = r"(?:if|whether|what|when|where|why|how|who|which)\b"
_CLAUSE = r"(?:that|it|i|we|(?:i|we|they)['’](?:m|re|ll|d|ve)|there|my|our|he|she|they)\b"
# To somebody who was named before, or to nobody by name.
_TO_NOBODY = re.compile(
    rf"(?:{one_of(order_words.TO_PRONOUNS)} (?P<whom>{_YOU})|let (?P<let>{_YOU}) know|"
    rf"(?:find out|check) (?:with|from) (?P<find>{_YOU})|"
    rf"(?:give|send) (?P<give>{_YOU}) (?=(?:the|an?|my|our|some)\b)|"
    rf"(?:write|reply|respond|apologi[sz]e|say (?:sorry|thanks|thank you|yes|no))(?: back)? to (?P<to>{_YOU})|"
    rf"(?:put|set) (?P<put>{_YOU}) (?:right|straight)|get (?:it|them|that|one) (?:off|from) (?P<off>{_YOU})|"
    rf"(?:say|explain|reply|answer|respond|confirm|mention|write|write back)(?: that\b| {_CLAUSE})(?! to\b)|"
    r"(?:say|reply|answer) (?:yes|no|thanks|thank you|sorry|happy|congratulations|well done|good luck)\b"
    r"(?! to (?-i:[A-Z]))|apologi[sz]e\b|"
    r"ask for (?=(?:my|our|his|her|their|an?|the|another|some|more|new)\b)|complain that\b|"
    rf"ask (?={_QUESTION}))",
    re.IGNORECASE,
)
# Words to the recipient: 'Ann: …', 'Ann - …', 'sorry Ann, …'.
_NOTE_TO = re.compile(
    r"\W*(?:[^:,.;!?]{1,40}:\s|"
    r"(?:(?:to|dear|hi|hello|hey|for|sorry|thanks) )?[\w’'-]+(?: (?:and|&) [\w’'-]+)?(?:,| [-–—])\s)",
    re.IGNORECASE,
)
# What somebody is told to do: 'bring a coat, ask for Ann'. 'Need to cancel' says what the writer needs.
_IMPERATIVE = re.compile(
    rf"\W*(?:(?:please|pls) )?(?!(?:need|want|have) (?:to|the|my|a|an|(?-i:[A-Z])\w+['’]s)\b)(?:{one_of(VERBS)}|"
    r"don['’]?t|never|if|when|unless)\b",
    re.IGNORECASE,
)
# What the writer does by this mail, in the words of an order: 'cancel dinner with Ann'.
_DONE_BY_MAIL = re.compile(
    r"(?:please |pls )?(?P<plain>(?:i |we )?(?:need|have|want) to )?(?P<what>cancel|postpone|reschedule|decline|refuse|"
    r"(?P<may>accept)|(?P<wish>order|reserve|book)(?=.*\bask (?:if|whether) (?:they|there)\b)) (?=\w)",
    re.IGNORECASE,
)
# 'Write that to Ann', 'that is what I want to send Ann'.
_THAT_TO = re.compile(
    r"(?:(?:write|say|send|explain|put|pass|make|get|e-?mail|text|tell) (?:all )?(?:that|this|it)"
    r"(?: (?:clear|plain|known|on|over|across|along))? to |"
    r"(?:that|this)(?:['’]?s| is) (?:what|all) (?:i|we)(?:['’]d| would)? (?:want|like|need|have) to "
    r"(?:send|tell|(?:say|write|send)(?: to)?) )(?=\S)",
    re.IGNORECASE,
)
_IS_VAGUE = re.compile(
    rf"\w+ (?:yes|no)\b|ask for\b(?! (?:an?|another|my|our) (?:\w+ )?{one_of(order_words.CLAIMED)}\b)", re.IGNORECASE
)
# 'About the dent: tell Ann it is mended'.
_ABOUT = re.compile(r"(?:about|regarding|re|concerning) (?:the|my|our) [\w’' -]{1,40}: ", re.IGNORECASE)
# 'Dentist. I can't come, say sorry'.
_FOR_WHOM = re.compile(r"(?:the |my )?[a-z]+(?: [a-z]+)?\. ", re.IGNORECASE)
_PEOPLE = re.compile(r"\b(?:people|men|women|guys|lads|boys|girls|workers|drivers|kids)\b", re.IGNORECASE)
_ASK_IF_THEY = re.compile(r"ask (?:if|whether) (they)\b", re.IGNORECASE)
# In the middle, 'I want Ann to call' may be what the mail says.
_WISH = re.compile(
    rf"(?!(?:(?:i|we) )?(?:want|need) an? (?:\w+ )?{LETTER} (?:to|for)\b)"
    r"(?:(?:i|we)(?:['’]d| would)? )?(?:want|need|like|have)\b",
    re.IGNORECASE,
)
_TO_PRONOUN = re.compile(r"\w+ (?:to |with |from )?(?:him|her|them)\b", re.IGNORECASE)
# 'Keys may not be copied, ask the landlord' is said to the reader.
_ASK_SOMEBODY = re.compile(r"ask (?:(?:the|my) )?\w+[.!]*", re.IGNORECASE)
# 'New boy starts', and not 'her boy starts'.
_NOUN_ALONE = re.compile(r"(?<!his )(?<!her )(?<!their )\b[a-z]+\b", re.IGNORECASE)
_TASK_BEFORE = re.compile(r"\b(?:thank(?:ed)?|tell|told|ask(?:ed)?|remind(?:ed)?) (?=\w)", re.IGNORECASE)
_VERB = re.compile(r"\w+ (?:to |with |from )?")
# 'Grace from number 12 called', 'Grace, my neighbor, called'.
_ASIDE = re.compile(
    r" (?:from|at|in) (?:(?:the|no\.?|number) )?[\w’'-]+(?: \d+)?"
    r"(?= (?:\w+s|\w+ed|had|took|got|came|left|made|found|sent|said|wrote|gave|told)\b)|"
    r", (?:my|our|the) [\w ]{1,30},| \([^()]{1,30}\)",
    re.IGNORECASE,
)
_EXPECTS = re.compile(
    rf"(?: (?:has|had|just|still|also|already|never|always))* {one_of(order_words.EXPECTS_ANSWER)}\b",
    re.IGNORECASE,
)
# What 'Ann wants to know' becomes when it is said to Ann.
_WANTS_TO_KNOW = re.compile(
    rf"({HERE}) (?:(?:wants|wanted|needs|would like) to know|wonders|wondered|is wondering|is asking|asks)"
    rf"(?= {_QUESTION})",
    re.IGNORECASE,
)
# 'The Holt quote' is that of those who get the mail.
_THEIR_OFFER = re.compile(
    r"^(i (?:have to )?(?:decline|refuse|accept) )the ((?-i:[A-Z])\w+ )?"
    r"(?=(?:quote|offer|estimate|proposal|bid)\b(?! (?:from|of|by)\b))",
    re.IGNORECASE,
)
_BY_MAIL = re.compile(r"i (?:(?:have to )?(?:decline|refuse)|accept) ")
_MANNER = re.compile(rf",? {one_of(order_words.MANNERS)}(?=[,.;]|$)", re.IGNORECASE)
_WITH = re.compile(r"\b(?:with|from|cancel|postpone|reschedule) $", re.IGNORECASE)
_WELL_DONE = re.compile(r"say (?:congratulations|well done|good luck)\b", re.IGNORECASE)
_FORMAL = re.compile(rf"{one_of(order_words.FORMAL_TITLES)}\b", re.IGNORECASE)
# 'I forgot Ann's birthday, say sorry'.
_FOR_OWNER = re.compile(r"say (?:sorry|thanks|thank you|happy)\b|apologi[sz]e\b", re.IGNORECASE)


@dataclass(frozen=True)
class LateOrder:
    """An order, and what is said before it.

    Attributes:
        before: What is said first, with `HERE` in place of the recipient's name.
        order: The order, from its verb on.
        recipient: Whom it is for, if the order itself names nobody.
    """

    before: str
    order: str
    recipient: Recipient | None = None


def late_order(text: str) -> LateOrder | None:
    """The order in the middle of a text, if it is clear whom it is for.

    Args:
        text: What was typed, on one line.
    """
    said = _late_order(text)
    return replace(said, before=_without_order_words(said.before)) if said else None


def _without_order_words(before: str) -> str:
    if offer := _THEIR_OFFER.match(before):
        before = f"{offer[1]}your {offer[2] or ''}{before[offer.end() :]}"
    if _BY_MAIL.match(before):
        before = _MANNER.sub("", before)
    return _WANTS_TO_KNOW.sub(r"\1 asked", before)


def _late_order(text: str) -> LateOrder | None:
    done = _DONE_BY_MAIL.match(text)
    if topic := _ABOUT.match(text):
        opened = opened_order(text[topic.end() :])
        return _to_somebody_named(topic[0].rstrip(), opened) if opened else None
    if done and not done["plain"]:
        verb = "i " if done["may"] else "i'd like to " if done["wish"] else "i have to "
        text = f"{verb}{done['what'].casefold()} {text[done.end() :]}"
    if len(text) > _LONGEST or _NOTE_TO.match(text) or _IMPERATIVE.match(text):
        return None
    for before, rest in _cuts(text):
        order = without_pleas(rest)
        if is_said_to_reader(before):
            return None
        if is_said_to_reader(order) or _WISH.match(order):
            continue
        if found := _TO_NOBODY.match(order):
            return _to_somebody_before(before, order, next(filter(None, found.groups()), ""))
        if opened := opened_order(_THAT_TO.sub("tell ", order)):
            return _to_somebody_named(before, opened)
    # 'Cancel dinner with Ann' is for Ann.
    return _to_somebody_before(text, "", "") if done and re.search(r" with (?:(?:my|the) \w|[A-Z])", text) else None


def order_to_nobody(text: str) -> LateOrder | None:
    """An order that names nobody: 'reply that we accept'. None if a pronoun leaves open whom it is for."""
    order = without_pleas(text)
    found = _TO_NOBODY.match(order)
    if not found or any(found.groups()) or is_said_to_reader(order):
        return None
    nobody = _nobody(order)
    if nobody is None or any(mention.recipient.pronouns & nobody.pronouns for mention in mentions_in(order)):
        return None
    return LateOrder("", order, nobody)


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """The places where an order may begin, as what is before and what is from there on."""
    for joint in _JOINT.finditer(text):
        before = text[: joint.start()]
        if before.count(" ") >= _MOST_WORDS:
            return
        yield before + "".join(mark for mark in joint[0] if mark in ".!?…"), text[joint.end() :]


def _unexplained(order: str) -> set[str]:
    """The pronouns of an order that mean nobody whom it names."""
    return pronouns_in(order) - set().union(*(mention.recipient.pronouns for mention in mentions_in(order)))


def _nobody(text: str) -> Recipient | None:
    """The recipient of a text that names no person: whoever its pronoun means, if it has but one."""
    pronouns = pronouns_in(text)
    return Recipient("", frozenset(), frozenset(pronouns)) if len(pronouns) < 2 else None


def _to_somebody_named(before: str, order: str) -> LateOrder | None:
    """An order that names its recipient, unless a pronoun may mean somebody who is named before."""
    whom = person_at_start(_VERB.sub("", order, count=1))
    recipient, _ = split_recipient(whom)
    if recipient is None or _TO_PRONOUN.match(order) or ("?" not in before and _ASK_SOMEBODY.fullmatch(order)):
        return None
    if any(re.search(rf"\b{re.escape(name)}\b", before) for name in recipient.names):
        return LateOrder(before, order)
    # 'They lost my form, tell the office'.
    if recipient.is_organization and not mentions_in(before) and not _PEOPLE.search(before):
        return LateOrder(before, order)
    # A person with a name is no 'they'.
    unclear = recipient.pronouns - {"they"} if recipient.names and len(recipient.pronouns) > 1 else recipient.pronouns
    others = set().union(*(mention.recipient.pronouns for mention in mentions_in(before)))
    if unclear & ((pronouns_in(before) - others) | (others & pronouns_in(order))):
        return None
    return LateOrder(before, order)


def _expects_answer(before: str, whom: Mention, aside: re.Match[str] | None, order: str) -> bool:
    """Whether somebody may be meant by an order to nobody: Bo, in 'Bo is ill, say so', is not."""
    rest = before[aside.end() if aside else whom.end :]
    if _FORMAL.match(before, whom.start) or _WELL_DONE.match(order):
        return True
    is_given = _FOR_OWNER.match(order) is not None and rest[:2] in {"'s", "’s"}
    return is_given or _EXPECTS.match(rest) is not None or _WITH.search(before[: whom.start]) is not None


def _names_otherwise(before: str, meant: set[str]) -> bool:
    """Whether a text speaks of somebody whom `mentions_in` does not find: 'new boy starts', 'i must thank ida'."""
    nouns = {found[0].casefold() for found in _NOUN_ALONE.finditer(before)}
    if ("he" in meant and nouns & HE) or ("she" in meant and nouns & SHE):
        return True
    return any(
        whom.names for task in _TASK_BEFORE.finditer(before) if (whom := split_recipient(before[task.end() :])[0])
    )


def _to_somebody_before(before: str, order: str, pronoun: str) -> LateOrder | None:
    """An order to 'him', 'her' or 'them', or to nobody: whoever is named before it, if only one can be meant."""
    if not pronoun and (whom := _FOR_WHOM.match(before)) and person_at_start(whom[0]) == whom[0][:-2]:
        return LateOrder(before[whom.end() :], order, split_recipient(whom[0])[0])
    mentions = mentions_in(before)
    # 'I need a table at Holt's, ask if they have one'.
    if not pronoun and not mentions and (asked := _ASK_IF_THEY.match(order)):
        pronoun = asked[1]
    meant = {SUBJECTS_BY_OBJECT.get(pronoun.casefold(), pronoun.casefold())} if pronoun else set()
    fitting = [mention for mention in mentions if not meant or mention.recipient.pronouns & meant]
    if not fitting and _names_otherwise(before, meant):
        return None
    # Nobody who is named is 'them'.
    if not fitting and order and (not mentions or meant == {"they"}):
        nobody = _nobody(pronoun or (f"{before} {order}" if _THEIR_OFFER.match(before) else before))
        # 'Decline the party, say we like their house': whose?
        if nobody and _BY_MAIL.match(before) and _unexplained(order) - nobody.pronouns:
            return None
        is_vague = _IS_VAGUE.match(order) is not None
        return LateOrder(before, order, nobody) if nobody and (nobody.pronouns or not is_vague) else None
    if not fitting or not fitting[0].is_certain or len({mention.recipient for mention in fitting}) > 1:
        return None
    first, recipient = fitting[0], fitting[0].recipient
    aside = _ASIDE.match(before, first.end)
    if not pronoun and not _expects_answer(before, first, aside, order):
        return None
    # 'Cancel my dentist' means the appointment.
    start = re.sub(r"(cancel|postpone|reschedule|move) $", r"\1 my appointment with ", before[: first.start])
    named = f"{start}{HERE}{before[aside.end() if aside else first.end :]}"
    pronouns = recipient.pronouns & meant or recipient.pronouns
    return LateOrder(named, order, Recipient(recipient.front, recipient.names | {HERE}, pronouns))
