"""From messages to the owner's own mails, every dropped message counted under its reason."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from email_assistant.archive import signatures, threads
from email_assistant.archive.duplicates import near_duplicates
from email_assistant.archive.language import detect_all
from email_assistant.archive.mail import Mail, Unreadable
from email_assistant.archive.owner import Owner
from email_assistant.archive.quotes import own_words

WORD = re.compile(r"\w+")
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Limits:
    """Which of the owner's mails are kept."""

    min_words: int
    max_words: int | None
    duplicate_similarity: float
    max_mails: int | None


@dataclass
class Selection:
    """What was kept, in order of date, and what was dropped: (source, reason) each."""

    kept: list[dict[str, object]] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)


def select(messages: Iterable[Mail | Unreadable], owner: Owner, limits: Limits) -> Selection:
    """Clean the owner's messages and keep those that teach how the owner writes.

    Every message ends up in exactly one of `kept` and `dropped`.
    """
    chosen = Selection()
    mails = []
    everything = []
    for message in messages:
        if isinstance(message, Unreadable):
            chosen.dropped.append((message.source, "unreadable"))
            continue
        everything.append(message)
        reason = _unwanted(message, owner)
        if reason:
            chosen.dropped.append((message.source, reason))
        else:
            mails.append(message)
    thread_of = threads.group(everything)
    mails.sort(key=lambda mail: (_moment(mail), mail.id))
    mails = _cleaned(mails, limits, chosen)
    mails = _without_repeats(mails, limits, chosen)
    mails = _newest(mails, limits, chosen)
    languages = detect_all([mail.text for mail in mails])
    taken: set[str] = set()
    for mail, language in zip(mails, languages, strict=True):
        chosen.kept.append(_email(mail, _unique(mail.id, taken), thread_of[mail.id], language))
    return chosen


def _unwanted(mail: Mail, owner: Owner) -> str | None:
    if not owner.wrote(mail):
        return "not_by_owner"
    if mail.automatic:
        return "automatic"
    return None if mail.text.strip() else "no_text"


def _cleaned(mails: list[Mail], limits: Limits, chosen: Selection) -> list[Mail]:
    own = [own_words(mail.text) for mail in mails]
    learned = signatures.learn(own)
    kept = []
    for mail, text in zip(mails, own, strict=True):
        mail.text = signatures.without_signature(text, learned)
        words = len(WORD.findall(mail.text))
        if not text:
            chosen.dropped.append((mail.source, "only_quoted"))
        elif words < limits.min_words:
            chosen.dropped.append((mail.source, "too_short"))
        elif limits.max_words is not None and words > limits.max_words:
            chosen.dropped.append((mail.source, "too_long"))
        else:
            kept.append(mail)
    return kept


def _without_repeats(mails: list[Mail], limits: Limits, chosen: Selection) -> list[Mail]:
    repeats = {later for later, _ in near_duplicates([mail.text for mail in mails], limits.duplicate_similarity)}
    chosen.dropped += [(mail.source, "duplicate") for place, mail in enumerate(mails) if place in repeats]
    return [mail for place, mail in enumerate(mails) if place not in repeats]


def _newest(mails: list[Mail], limits: Limits, chosen: Selection) -> list[Mail]:
    if limits.max_mails is None or len(mails) <= limits.max_mails:
        return mails
    cut = len(mails) - limits.max_mails
    chosen.dropped += [(mail.source, "beyond_max_mails") for mail in mails[:cut]]
    return mails[cut:]


def _moment(mail: Mail) -> datetime:
    if mail.date is None:
        return LONG_AGO
    return mail.date if mail.date.tzinfo else mail.date.replace(tzinfo=UTC)


def _unique(identity: str, taken: set[str]) -> str:
    number, unique = 1, identity
    while unique in taken:
        number += 1
        unique = f"{identity}#{number}"
    taken.add(unique)
    return unique


def _email(mail: Mail, identity: str, thread: str, language: str) -> dict[str, object]:
    """A line of emails.jsonl."""
    return {
        "id": identity,
        "text": mail.text,
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "to": [str(person) for person in mail.recipients],
        "thread": thread,
        "language": language,
        "source": mail.source,
    }
