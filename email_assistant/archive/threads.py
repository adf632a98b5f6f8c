"""Which mails belong to one conversation."""

import re
from collections.abc import Hashable, Iterable

from email_assistant.archive.mail import Mail

# 'Re:', 'Fwd:' and their like; several may follow one another.
PREFIX = re.compile(
    r"^\s*(\[[^\]]{1,40}\]\s*)?((re|aw|antw|sv|vs|fwd?|wg|tr|rv|rif|odp|r|i|enc|отв|ответ|вiдп|відп|пересл|fw)"
    r"(\[\d+\]|\(\d+\))?\s*:\s*)+",
    re.IGNORECASE,
)


class Groups:
    """Disjoint sets (union-find with path halving)."""

    def __init__(self) -> None:
        """Start with every item alone."""
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, item: Hashable) -> Hashable:
        """The item that stands for the set of `item`."""
        self._parent.setdefault(item, item)
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, left: Hashable, right: Hashable) -> None:
        """Make one set of the sets of both."""
        self._parent[self.find(right)] = self.find(left)


def plain_subject(subject: str) -> str:
    """A subject without reply prefixes, list tags, case and runs of spaces."""
    return " ".join(PREFIX.sub("", subject).casefold().split())


def group(mails: Iterable[Mail]) -> dict[str, str]:
    """A thread name for every mail's id.

    Mails are joined by their references, by a thread column where the archive has one, and by
    subject where a reply or a mail without references leaves nothing better.
    """
    groups = Groups()
    first_of_subject: dict[str, str] = {}
    mails = list(mails)
    for mail in mails:
        for reference in mail.references:
            groups.join(f"id:{reference}", f"id:{mail.id}")
        if mail.thread:
            groups.join(f"thread:{mail.thread}", f"id:{mail.id}")
        subject = plain_subject(mail.subject)
        is_reply = bool(PREFIX.match(mail.subject))
        if subject and not mail.references and (is_reply or "@" not in mail.id):
            groups.join(f"subject:{subject}", f"id:{mail.id}")
        elif subject and not is_reply:
            first_of_subject.setdefault(subject, mail.id)
    for subject, identity in first_of_subject.items():
        groups.join(f"subject:{subject}", f"id:{identity}")
    names: dict[Hashable, str] = {}
    return {mail.id: names.setdefault(groups.find(f"id:{mail.id}"), f"t{len(names)}") for mail in mails}
