"""Drafts as .eml files that mail programs open for editing. Nothing is ever sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from pathlib import Path

from email_assistant.archive.threads import REPLY_PREFIX
from email_assistant.storage.atomic import atomic_path

# Of a Message-ID without its brackets, and of an address.
ID = re.compile(r"[^\s<>@\x00-\x20\x7f]+@[^\s<>@\x00-\x20\x7f]+")
# As many references as RFC 5322 recommends to keep: the first and the last ones.
MAX_REFERENCES = 20
MAX_SUBJECT = 500
# Bytes of a line without its end (RFC 5322).
MAX_LINE = 998
MAX_NAME = 60


@dataclass(frozen=True)
class Draft:
    """A mail to finish in the mail program.

    Attributes:
        body: The text.
        subject: The subject; may be empty.
        to: Recipients as people type them, separated by commas; may be empty.
        message_id: The Message-ID of the mail that is answered, without brackets; empty: none.
        references: The Message-IDs before that in its thread, the first one first.
    """

    body: str
    subject: str = ""
    to: str = ""
    message_id: str = ""
    references: Sequence[str] = ()


def eml(draft: Draft) -> bytes:
    """The draft as a file: `X-Unsent: 1`, UTF-8, lines in CRLF.

    Recipients without a valid address are left out, so that no mail program refuses the file.
    """
    message = EmailMessage(policy=SMTP)
    # Outlook and Thunderbird open a message with this header for editing.
    message["X-Unsent"] = "1"
    if addresses := recipients(draft.to):
        message["To"] = addresses
    if subject := one_line(draft.subject)[:MAX_SUBJECT]:
        message["Subject"] = subject
    ids = [each for each in [*draft.references, draft.message_id] if ID.fullmatch(each)]
    if ID.fullmatch(draft.message_id):
        message["In-Reply-To"] = f"<{draft.message_id}>"
        kept = ids if len(ids) <= MAX_REFERENCES else [ids[0], *ids[-MAX_REFERENCES + 1 :]]
        message["References"] = " ".join(f"<{each}>" for each in dict.fromkeys(kept))
    text = _printable(draft.body).rstrip() + "\n"
    # As it is, so that a purge finds words in it, unless a line is longer than mail allows.
    longest = max(len(line.encode()) for line in text.split("\n"))
    message.set_content(text, charset="utf-8", cte="8bit" if longest <= MAX_LINE else "quoted-printable")
    return message.as_bytes()


def write_drafts(folder: Path, drafts: Sequence[Draft]) -> None:
    """Write drafts to a folder, numbered in their order; drafts of an earlier call with these numbers are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    width = max(3, len(str(len(drafts))))
    for number, draft in enumerate(drafts, start=1):
        with atomic_path(folder / f"draft-{number:0{width}}.eml") as partial:
            partial.write_bytes(eml(draft))


def recipients(text: str) -> list[Address]:
    """The valid addresses of a line of recipients, with their names."""
    found = []
    for name, address in getaddresses([one_line(text)]):
        user, _, domain = address.rpartition("@")
        try:
            if ID.fullmatch(address):
                found.append(Address(name, user, domain))
        except (ValueError, HeaderParseError, IndexError):
            continue
    return found


def reply_subject(subject: str) -> str:
    """The subject of an answer; 'Re:' is not repeated."""
    line = one_line(subject)
    return line if not line or REPLY_PREFIX.match(line) else f"Re: {line}"


def file_name(draft: Draft) -> str:
    """A file name from the subject, without what file systems or shells read otherwise."""
    words = re.sub(r"[^\w -]+", " ", draft.subject or "draft")
    return f"{' '.join(words.split())[:MAX_NAME].strip() or 'draft'}.eml"


def one_line(text: str) -> str:
    """A text without line breaks and control characters, as a header must be."""
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    """A text without control characters and lone surrogates, which no mail may contain."""
    kept = (letter for letter in text.replace("\r\n", "\n").replace("\r", "\n") if letter in "\n\t" or letter >= " ")
    return "".join(kept).replace("\x7f", "").encode("utf-8", "ignore").decode("utf-8")
