"""Detects messages that are not ordinary mail: bounces, vacation replies, calendar replies, receipts and others."""

import re
from email.message import Message

from email_assistant.archive.folders import kinds_of_flags
from email_assistant.archive.locales import any_of
from email_assistant.archive.mime_tree import is_pkcs7

SUBJECTS = {
    "vacation": re.compile(any_of(lambda locale: locale.vacation_subjects), re.IGNORECASE),
    "bounce": re.compile(any_of(lambda locale: locale.bounce_subjects), re.IGNORECASE),
    "receipt": re.compile(rf"(?:{any_of(lambda locale: locale.receipt_subjects)})\s?[:：]", re.IGNORECASE),
    "calendar": re.compile(rf"(?:{any_of(lambda locale: locale.calendar_subjects)})\s?[:：]", re.IGNORECASE),
}
ROBOT_ADDRESS = re.compile(r"(no-?reply|do-?not-?reply|notifications?|mailer-daemon|postmaster)@", re.IGNORECASE)
DAEMON_ADDRESS = re.compile(r"(mailer-daemon|postmaster)@", re.IGNORECASE)
LIST_HEADERS = ("List-Id", "List-Post", "List-Unsubscribe", "Mailing-List")
# What Gmail sends when somebody answers a mail by an emoji alone.
REACTION = "text/vnd.google.email-reaction+json"
# On a line of its own, and not quoted.
PGP_MESSAGE = re.compile(r"^-----BEGIN PGP MESSAGE-----\s*$", re.MULTILINE)
# What a program sends in the name of somebody who takes a mail back, as its only sentence.
RECALL = re.compile(
    rf".{{0,200}}\b(?:{any_of(lambda locale: locale.recalls)})[,:]?\s*[\"'“”„«‚‘].{{1,300}}", re.IGNORECASE
)
# What a computer reports of the commands that it runs by its clock.
CRON_SUBJECT = re.compile(r"Cron <[^\s@<>]+@[^\s<>]+> ")
# An appointment in place of a text.
CALENDAR = re.compile(r"\s*BEGIN:VCALENDAR\s")


def kinds_of(message: Message, subject: str) -> frozenset[str]:
    """The kinds of a message by its header and structure.

    The headers of a mailing list (Precedence: list, List-Id) do not make a message automatic, since they are also in
    mail that people send to the list.
    """
    kinds = kinds_by_header(message) | _kinds_by_structure(message)
    kinds |= kinds_by_subject(subject)
    sender = str(message["From"] or "")
    if DAEMON_ADDRESS.search(sender):
        kinds.add("bounce")
    if any(message[name] for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From")):
        kinds.add("vacation")
    if not kinds & {"bounce", "vacation", "calendar", "receipt"} and _is_automatic(message, sender):
        kinds.add("automatic")
    return frozenset(kinds)


def kinds_by_header(message: Message) -> set[str]:
    """The kinds that do not depend on the parts or the subject of a message."""
    kinds = set(kinds_of_flags(message))
    return kinds | {"list"} if any(message[name] for name in LIST_HEADERS) else kinds


def _is_automatic(message: Message, sender: str) -> bool:
    submitted = str(message["Auto-Submitted"] or "no").lower()
    precedence = str(message["Precedence"] or "").lower()
    return (
        not submitted.startswith("no")
        or any(message[name] for name in ("X-Cron-Env", "X-Smssync-Datatype"))
        or precedence in ("auto_reply", "junk")
        or (precedence == "bulk" and not message["List-Id"] and not message["List-Post"])
        or bool(ROBOT_ADDRESS.search(sender))
    )


def kinds_by_text(text: str) -> frozenset[str]:
    """The kinds that the text of a message tells."""
    kinds = {"encrypted"} if PGP_MESSAGE.search(text) else set()
    kinds |= {"calendar"} if CALENDAR.match(text) else set()
    return frozenset(kinds | ({"automatic"} if RECALL.fullmatch(text.strip().replace("\n", " ", 2)) else set()))


def kinds_by_subject(subject: str) -> set[str]:
    """The kinds that the beginning of a subject tells: all that is known of mail without a header."""
    subject = subject.lstrip()
    kinds = {kind for kind, pattern in SUBJECTS.items() if pattern.match(subject)}
    return kinds | {"automatic"} if CRON_SUBJECT.match(subject) else kinds


def _is_scheduling(part: Message) -> bool:
    """Whether a part asks for an appointment, or answers; one that is only published asks for nothing (RFC 5546)."""
    return part.get_content_type() == "text/calendar" and str(part.get_param("method", "publish")).lower() != "publish"


def _kinds_by_structure(message: Message) -> set[str]:
    kinds = set()
    content_type = message.get_content_type()
    if content_type == "multipart/report":
        report = str(message.get_param("report-type", "")).lower()
        kinds.add("receipt" if "disposition" in report else "bounce")
    if content_type == "text/calendar" or any(map(_is_scheduling, message.walk())):
        kinds.add("calendar")
    if any(part.get_content_type() == REACTION for part in message.walk()):
        kinds.add("automatic")
    if content_type == "multipart/signed":
        kinds.add("signed")
    if content_type == "multipart/encrypted" or any(
        part.get_content_type() == "application/pgp-encrypted" for part in message.walk()
    ):
        kinds.add("encrypted")
    if is_pkcs7(message):
        is_signed = "signed" in str(message.get_param("smime-type", "")).lower()
        kinds.add("signed" if is_signed else "encrypted")
    return kinds
