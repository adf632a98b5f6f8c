"""Drafts as .eml files that mail programs open for editing, and the mail that a draft answers. Nothing is ever sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, compat32
from pathlib import Path

from email_assistant.archive.headers import split_addresses
from email_assistant.archive.messages import ParsedMessage, Person, RawMessage
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.reply_context import answered_text
from email_assistant.archive.threads import FORWARD_PREFIX, REPLY_PREFIX
from email_assistant.errors import DataError
from email_assistant.storage.atomic import atomic_path

UNSENT = "X-Unsent"
# How the files of drafts begin.
DRAFT_BEGINS = f"{UNSENT}: 1\r\n".encode()
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = rf"{_ATOM}(?:\.{_ATOM})*"
# Of a Message-ID without its brackets. '=?' would begin an encoded word, which readers decode.
ID = re.compile(rf"(?=.{{3,900}}\Z)(?!.*=\?){_DOT_ATOM}@{_DOT_ATOM}", re.ASCII)
# The part of an address before the @, and a domain in its form for the network.
_USER = re.compile(rf"(?=.{{1,64}}\Z)(?!.*(?:=\?|\?=)){_DOT_ATOM}", re.ASCII)
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", re.ASCII)
# What semicolons or commas separate, in their forms of several scripts; those in quotation marks separate nothing.
_BETWEEN_SEMICOLONS, _BETWEEN_COMMAS = (
    re.compile(rf'(?:"(?:\\.|[^"\\])*"|[^{marks}"]|")+') for marks in (";；", ",，、")
)
# 'Lowe, Piers <piers@x.example>', with space around it.
_SURNAME_FIRST = re.compile(r'[^",<>@]+,[^",<>@]+<[^<>@]+@[^<>@]+>\s*')
# Between recipients of which each had a line of its own, before a browser made one line of them.
_GAP = re.compile(r"(@[^\s<>@]+>) ")
_MAILTO = re.compile(r"(?:^|(?<=<))mailto:", re.IGNORECASE)
# Text that needs no encoding: short, and without the beginning of an encoded word.
_PLAIN = re.compile(r"(?!.*=\?)[\x20-\x7e]{0,60}")
# As many references as RFC 5322 recommends to keep: the first and the last ones.
MAX_REFERENCES = 20
MAX_SUBJECT = 500
# What the page sends of a mail to answer: Message-IDs of its thread, and characters of each and of the recipients.
MAX_THREAD, MAX_SHORT = 200, 2_000
# Bytes of a line without its end (RFC 5322).
MAX_LINE = 998
# Characters of a line of encoded words.
ENCODED_LINE = 76
MAX_NAME = 60
MAX_DISPLAY_NAME = 200
# How a compound file begins, as Outlook's .msg files are.
COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")
# Characters of its text that are kept; the page sends no more.
MAX_TEXT = 60_000


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

    Raises:
        DataError: when the file would not be read back with exactly the headers that were written.
    """
    # Written here: `EmailMessage` decodes encoded words of values, and line breaks in them would begin a new header.
    # Outlook and Thunderbird open a message with the first one for editing.
    headers = {UNSENT: "1"}
    if addresses := recipients(draft.to):
        headers["To"] = ",\r\n ".join(_address(each) for each in addresses)
    if subject := one_line(draft.subject)[:MAX_SUBJECT].strip():
        headers["Subject"] = subject if _PLAIN.fullmatch(subject) else _encoded(subject, "Subject")
    ids = [each for each in [*draft.references, draft.message_id] if ID.fullmatch(each)]
    if ID.fullmatch(draft.message_id):
        headers["In-Reply-To"] = f"<{draft.message_id}>"
        kept = ids if len(ids) <= MAX_REFERENCES else [ids[0], *ids[-MAX_REFERENCES + 1 :]]
        headers["References"] = "\r\n ".join(f"<{each}>" for each in dict.fromkeys(kept))
    content = _content(draft.body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    data = lines.encode("ascii") + content.as_bytes()
    if message_from_bytes(data, policy=compat32).keys() != [*headers, *content.keys()]:
        raise DataError(
            "the subject or a recipient would add headers to the draft's file; remove unusual characters from them"
        )
    return data


def _content(body: str) -> EmailMessage:
    """The text with the headers that describe it."""
    message = EmailMessage(policy=SMTP)
    text = _printable(body).rstrip() + "\n"
    # As it is, so that a purge finds words in it, unless a line is longer than mail allows.
    longest = max(len(line.encode()) for line in text.split("\n"))
    message.set_content(text, charset="utf-8", cte="8bit" if longest <= MAX_LINE else "quoted-printable")
    return message


def _address(address: Address) -> str:
    """An address as a header has it."""
    name = address.display_name
    if not name:
        return address.addr_spec
    quoted = str(Address(name, address.username, address.domain))
    return quoted if _PLAIN.fullmatch(name) else f"{_encoded(name, 'To')}\r\n <{address.addr_spec}>"


def _encoded(text: str, header: str) -> str:
    """A text as encoded words, folded."""
    return Header(text, "utf-8", maxlinelen=ENCODED_LINE, header_name=header).encode(linesep="\r\n")


def write_drafts(folder: Path, drafts: Sequence[Draft]) -> None:
    """Write drafts to a folder, numbered in their order; drafts of an earlier call with these numbers are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, draft in zip(draft_files(folder, len(drafts)), drafts, strict=True):
        with atomic_path(file) as partial:
            partial.write_bytes(eml(draft))


def draft_files(folder: Path, count: int) -> list[Path]:
    """The files of numbered drafts, in their order."""
    width = max(3, len(str(count)))
    return [folder / f"draft-{number:0{width}}.eml" for number in range(1, count + 1)]


def recipients(text: str) -> list[Address]:
    """The valid addresses of a line of recipients, with their names; what cannot be read is left out."""
    return [each for each in map(_recipient, _separated(text)) if each]


def without_address(text: str) -> list[str]:
    """The parts of a line of recipients that `recipients` leaves out."""
    return [each for each in _separated(text) if not _recipient(each)]


def _separated(text: str) -> list[str]:
    """The recipients of a line, as typed; where semicolons separate them, surnames may come first."""
    line = one_line(text)
    parts = _BETWEEN_SEMICOLONS.findall(line)
    by_semicolons = len(parts) > 1 or line.endswith((";", "；"))
    people: list[str] = []
    for part in parts:
        people += [part] if by_semicolons and _SURNAME_FIRST.fullmatch(part) else _BETWEEN_COMMAS.findall(part)
    return [
        each
        for part in people
        for between in _GAP.sub(r"\1\n", part).split("\n")
        for each in _addresses(between.strip())
    ]


def _addresses(text: str) -> list[str]:
    """Addresses without names that only spaces separate, else the text; nothing if it is empty."""
    words = text.split()
    return words if all("@" in word and "<" not in word for word in words) else [text]


def _recipient(text: str) -> Address | None:
    try:
        ((name, address),) = split_addresses([_MAILTO.sub("", text)])
        user, _, domain = address.rpartition("@")
        network = domain.encode("idna").decode("ascii")
        # Python's IDNA is the older one, which maps some domains to others: those are refused.
        is_same = network.lower() == domain.lower() or network.encode().decode("idna") == domain.lower()
    # The standard library's parser raises the last three for some wrong addresses.
    except (ValueError, AttributeError, IndexError, TypeError):
        return None
    if not (is_same and _USER.fullmatch(user) and _DOMAIN.fullmatch(network)):
        return None
    return Address(one_line(name)[:MAX_DISPLAY_NAME].strip(), user, network)


def reply_subject(subject: str) -> str:
    """The subject of an answer; 'Re:' is not repeated."""
    line = one_line(subject)
    is_reply = REPLY_PREFIX.match(line) and not FORWARD_PREFIX.match(line)
    return line if not line or is_reply else f"Re: {line}"


def file_name(draft: Draft) -> str:
    """A file name from the subject, without characters that mean something to file systems or shells."""
    words = re.sub(r"[^\w -]+", " ", draft.subject or "draft")
    return f"{' '.join(words.split())[:MAX_NAME].strip() or 'draft'}.eml"


def one_line(text: str) -> str:
    """A text without line breaks and control characters, as a header must be."""
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    """A text without control characters and lone surrogates, which no mail may contain."""
    kept = (letter for letter in text.replace("\r\n", "\n").replace("\r", "\n") if letter in "\n\t" or letter >= " ")
    return re.sub(r"[\x7f-\x84\x86-\x9f]", "", "".join(kept)).encode("utf-8", "ignore").decode("utf-8")


@dataclass(frozen=True)
class AnsweredMail:
    """What an answer takes from the mail that it answers.

    Attributes:
        text: Its text, without quotes and signature.
        to: Whom to answer, as `Name <address>`.
        subject: The subject of the answer.
        message_id: Its Message-ID, without brackets; empty if it has none.
        references: The Message-IDs before it in its thread.
        is_cut: Whether the end of its text is left out because it is very long.
    """

    text: str
    to: str
    subject: str
    message_id: str
    references: list[str]
    is_cut: bool = False


def read_mail(data: bytes) -> AnsweredMail:
    """Read a mail to answer.

    Args:
        data: An .eml or .msg file. The end may be missing, as of a mail with large attachments.

    Raises:
        DataError: when it is not a mail, or has no text.
    """
    is_msg = data.startswith(COMPOUND_FILE)
    message = parse_item(RawMessage("the dropped file", data, format="msg" if is_msg else "rfc822"))
    if not isinstance(message, ParsedMessage):
        raise DataError("this file is not a mail")
    mail = of_message(message)
    if not mail.text:
        raise DataError("this mail has no text to answer")
    return mail


def of_message(message: ParsedMessage) -> AnsweredMail:
    """What an answer takes from a message; it goes to whom the message asks to answer, else to its sender."""
    # Without a Message-ID of its own, the id is a hash.
    message_id = message.id if "@" in message.id and len(message.id) <= MAX_SHORT else ""
    references = [each for each in message.references if each != message_id and len(each) <= MAX_SHORT]
    if len(references) > MAX_THREAD:
        references = [references[0], *references[-MAX_THREAD + 1 :]]
    to = _typed(message.reply_to or message.senders[:1])
    subject = reply_subject(message.subject)[:MAX_SUBJECT].strip()
    text = answered_text(message.text)
    is_cut = len(text) > MAX_TEXT
    return AnsweredMail(text[:MAX_TEXT], to, subject, message_id, references, is_cut)


def _typed(people: Sequence[Person]) -> str:
    """People as a line of recipients, separated by commas; those beyond its maximum length are left out."""
    line = ""
    for person in people:
        name = one_line(person.name).replace('"', "'")
        separates = bool(person.address) and any(mark in name for mark in ",;")
        one = str(Person(f'"{name}"' if separates else name, person.address))
        longer = f"{line}, {one}" if line else one
        if len(longer) > MAX_SHORT:
            break
        line = longer
    return line
