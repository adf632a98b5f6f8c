"""The beginning of an instruction: recipient and topic, from the mail's greeting and headers."""

import re

from email_assistant.archive.threads import REPLY_PREFIX
from email_assistant.lexicon.languages import alternatives, words
from email_assistant.lexicon.patterns import WORD

# A part of a template that is left out if its field is unknown.
OPTIONAL, FIELD = re.compile(r"\[([^\]]*)\]"), re.compile(r"{(\w+)}")
# A mailing list's tag, in front of a subject or after 'Re:'.
LIST_TAG = re.compile(r"^\s*\[[^\]]{1,40}\]\s*")
# A longer subject is the mail's first sentence, which nobody would type as a topic.
MAX_TOPIC_WORDS = 12
OPENING_QUOTES, CLOSING_QUOTES = tuple("\"'«“"), tuple("\"'»”")
_NAME = (
    r"(?:(?:[Mm]r|[Mm]rs|[Mm]s|[Dd]r|[Pp]rof)\.? )?[A-ZА-ЯЁ][\w'’-]*(?:(?: (?:&|and|и) |[ /])[A-ZА-ЯЁ][\w'’-]*){0,3}"
)
# 'Hi Mary, …', 'Dear Mr. Hallgrim:', 'Здравствуйте, Велимир Кузьмич!': a greeting, then a name.
GREETED = re.compile(
    rf"\s*(?i:{alternatives('greetings', 'familiar_greetings')})[ ,]+(?P<name>{_NAME}) ?(?:[,:!.—–-]|\n|$)"
)
# 'Mary: …', or 'Mary,' on a line of its own: only a name.
CALLED = re.compile(rf"\s*(?P<name>{_NAME}) ?(?::|[,!—–-]+ *\n)")
# 'Ahoy Mr Quill,': a line of capitalized words.
OPENED = re.compile(r"\s*[A-ZА-ЯЁ][\w'’.-]*(?: [A-ZА-ЯЁ][\w'’.-]*){0,3} ?[,:!—–-]+ *\n")
NOT_NAMES = words("not_names")


def instruction_prefix(template: str, email: str, subject: str, recipients: list[str]) -> str:
    """Fill in the beginning of an instruction.

    Args:
        template: The template, with {recipient} and {topic} each in a part in [ ] that is omitted if unknown.
        email: The mail, whose greeting may name its recipient.
        subject: The mail's subject.
        recipients: The recipients in the headers, for a mail that greets nobody by name.
    """
    known = {"recipient": greeted_name(email) or recipient_name(recipients), "topic": topic_of(subject)}

    def fill(part: re.Match[str]) -> str:
        return part[1].format(**known) if all(known[field] for field in FIELD.findall(part[1])) else ""

    return OPTIONAL.sub(fill, template)


def greeted_name(email: str) -> str:
    """The name that a mail greets; empty if it greets nobody by name."""
    for pattern in (GREETED, CALLED):
        match = pattern.match(email)
        if match and match["name"].split()[0].casefold() not in NOT_NAMES:
            return match["name"]
    return ""


def without_greeting(email: str) -> str:
    """A mail without its greeting, even if only its owner greets like that."""
    name = greeted_name(email)
    if name:
        return email[email.find(name) + len(name) :]
    opened = OPENED.match(email)
    return email[opened.end() :] if opened else email


def topic_of(subject: str) -> str:
    """A subject without reply marks, list tags and quotation marks; empty if it is not a topic."""
    shorter, text = subject, ""
    while shorter != text:
        text = shorter
        shorter = LIST_TAG.sub("", REPLY_PREFIX.sub("", text))
    text = " ".join(text.split()).strip(".:!-–— ")
    if text[:1] in OPENING_QUOTES and text[-1:] in CLOSING_QUOTES:
        text = text[1:-1]
    return text if 0 < len(WORD.findall(text)) <= MAX_TOPIC_WORDS else ""


def recipient_name(recipients: list[str]) -> str:
    """The display name of the first recipient that has one; empty if none has."""
    for recipient in recipients:
        name = " ".join(recipient.partition("<")[0].split()).strip("\"' ,")
        if name and "@" not in name:
            return name
    return ""
