"""What an instruction is asked with, what makes one bad, and what stands in for it."""

import re

from email_assistant.archive.language import is_cyrillic
from email_assistant.archive.threads import PREFIX as REPLY_PREFIX
from email_assistant.metrics.copying import TrainingMails, longest

GREETING = re.compile(
    r"^(dear|hi|hello|hey|good (morning|afternoon|evening)|"
    r"привет|здравствуй(те)?|добр(ый|ое|ого) \w+|уважаем\w+|дорог\w+)\b",
    re.IGNORECASE,
)
SIGN_OFF = re.compile(
    r"\n\s*(best|kind|warm|regards|sincerely|yours|thanks|thank you|cheers|с уважением|спасибо|всего доброго)\b[^\n]*$",
    re.IGNORECASE,
)
PREFIX = re.compile(
    r"^\s*(\W*(instruction|task|prompt|request|answer|summary|инструкция|задание|просьба|ответ)\s*:\s*|"
    r"(sure|certainly|of course|here is|here's|конечно|вот)\b[^:\n]{0,60}[:!.]\s+)",
    re.IGNORECASE,
)
CHAT_GREETING = re.compile(r"^\s*(hi|hello|hey|привет|здравствуйте)( there)?\s*[,!.]\s*", re.IGNORECASE)
WORD = re.compile(r"\w+")
SPACE_BEFORE_MARK = re.compile(r"\s+([,.;:])")
# A shorter instruction is not 'longer than its mail', though it has more letters than 'Ok, see you.'
ALWAYS_SHORT_ENOUGH = 15
COPIED_WORDS = 8
COPIED_SHARE = 0.6
CAPITALISED = re.compile(r"(?<![.!?] )(?<!^)\b[A-ZА-ЯЁ][\w'’-]+|\d[\d.,:/]*")
# As much of a word as its inflected forms share.
STEM = 4
FROM_HEADERS = {
    "en": {"to": "Write an email to {to}", "subject": "Write an email about: {subject}", "both": " about: {subject}"},
    "ru": {"to": "Напиши письмо ({to})", "subject": "Напиши письмо на тему: {subject}", "both": " на тему: {subject}"},
}
NOTHING_KNOWN = {"en": "Write an email", "ru": "Напиши письмо"}


def recipient_name(recipients: list[str]) -> str:
    """The display name of the first recipient that has one; empty when none has."""
    for recipient in recipients:
        name = " ".join(recipient.partition("<")[0].split()).strip("\"' ,")
        if name and "@" not in name:
            return name
    return ""


def start_for(template: str, recipients: list[str]) -> str:
    """How an instruction begins: the template with the recipient's name, or without what stands in [ ]."""
    name = recipient_name(recipients)
    optional = re.compile(r"\[([^\]]*)\]")
    return optional.sub(lambda part: part[1].replace("{recipient}", name) if name else "", template)


def clean(raw: str, start: str) -> str:
    """The instruction in a model's answer: one line that begins with `start`, prefixes and quotes off."""
    text = raw.strip()
    previous = None
    while text != previous:
        previous = text
        text = CHAT_GREETING.sub("", PREFIX.sub("", text)).strip().strip("\"'«»“”*").strip()
    first = SPACE_BEFORE_MARK.sub(r"\1", text.split("\n", 1)[0].strip())
    if not first:
        return ""
    if first.casefold().startswith(start.casefold()):
        return first
    return f"{start}{first}" if first[0] in ",.;:" else f"{start} {first}"


def fault(instruction: str, start: str, email: str, raw: str, known: str = "") -> str | None:
    """Why an instruction cannot be used; None when it can.

    Args:
        instruction: As `clean` gives it.
        start: What was written for the model.
        email: The mail that it is for.
        raw: The model's whole answer.
        known: What else may be named: subject and recipients.

    Returns:
        empty, itself_a_mail, copied, too_long, other_language or invented (a name or number that
        neither the mail nor its headers have).
    """
    said = instruction[len(start) :] if instruction.casefold().startswith(start.casefold()) else instruction
    if len(WORD.findall(said)) < 2:
        return "empty"
    if (GREETING.match(raw.strip()) and "\n" in raw.strip()) or SIGN_OFF.search(raw.strip()):
        return "itself_a_mail"
    if _is_copied(said, email):
        return "copied"
    if len(instruction) > len(email) and len(WORD.findall(instruction)) > ALWAYS_SHORT_ENOUGH:
        return "too_long"
    if is_cyrillic(said) != is_cyrillic(email):
        return "other_language"
    return "invented" if _invents(said, f"{email} {known}".casefold()) else None


def _invents(said: str, source: str) -> bool:
    """Whether a capitalised word or a number of the instruction is not in its source."""
    return any(word.casefold().rstrip(".,:/")[:STEM] not in source for word in CAPITALISED.findall(said))


def _is_copied(said: str, email: str) -> bool:
    """Whether most of the instruction is one run of the mail's own words."""
    run = longest([said], TrainingMails([email]))
    return run >= COPIED_WORDS and run >= COPIED_SHARE * len(WORD.findall(said))


def from_headers(subject: str, recipients: list[str], language: str) -> str:
    """The instruction of last resort: recipient and subject, in the mail's language."""
    language = language if language in FROM_HEADERS else "en"
    subject = REPLY_PREFIX.sub("", subject).strip()
    words = FROM_HEADERS[language]
    to = recipient_name(recipients) or (recipients[0] if recipients else "")
    if to:
        return words["to"].format(to=to) + (words["both"].format(subject=subject) if subject else "")
    return words["subject"].format(subject=subject) if subject else NOTHING_KNOWN[language]
