"""What the place of a message tells about it: folders and labels of sent, deleted and unsent mail, and flags.

Thunderbird, Maildir, Apple Mail, Evolution and the programs of the University of Washington (Pine, mutt, Dovecot)
each mark a deleted message and a draft in a way of their own, and leave it where it was.
"""

import base64
import plistlib
import re
from collections.abc import Iterable
from email.message import Message
from functools import lru_cache
from pathlib import PurePosixPath
from unicodedata import normalize
from xml.parsers.expat import ExpatError

from email_assistant.archive.headers import decode_header_text
from email_assistant.archive.locales import any_of
from email_assistant.archive.mime_tree import IndexedMessage

SENT_FOLDER = re.compile(rf"[.+_\[\s]*(?:{any_of(lambda locale: locale.sent_folders)})", re.IGNORECASE)
KIND_OF_FOLDER = {
    kind: re.compile(names, re.IGNORECASE)
    for kind, names in {
        "draft": any_of(lambda locale: locale.draft_folders),
        "template": any_of(lambda locale: locale.template_folders),
        "trash": any_of(lambda locale: locale.trash_folders),
        "spam": any_of(lambda locale: locale.spam_folders),
    }.items()
}
# What programs append to a second folder of the same name, or to one of another place: 'Trash-1', 'Drafts (Offline)'.
COPY = re.compile(r"(?<=\w)(?:-\d{1,2}|\s*\([^()]*\))$")
# What programs put before a folder's name in the name of a file: an account, its server's folder, or a date.
ACCOUNT = re.compile(
    r"^(?:inbox|\[(?:gmail|google mail|imap)\]|local folders|lokale ordner|[\w.+-]{1,64}@[\w.-]{1,255}?|[\d.T-]{6,20})"
    r"(?:\s*[_/-]\s*|\s+)(?=\D)",
    re.IGNORECASE,
)
MAILBOX_SUFFIX = re.compile(r"\.(?:mbox|mbx|mailbox|eml|txt)$", re.IGNORECASE)
# Labels that programs made of their own folders.
PROGRAM_LABEL = re.compile(r"^\s*\[?(?:imap|gmail|google mail)\]?/", re.IGNORECASE)
# Gmail's labels of chats: each is stored as one message with the words of both people.
CHAT_LABELS = frozenset(
    ("chat", "chats", "чат", "чаты", "чати", "チャット", "聊天", "聊天記錄", "채팅", "צ'אט", "دردشة")
)
FOLDER_MARKS = " .+[]'\"\\"
UTF7 = re.compile(r"&([A-Za-z0-9+,]*)-")
# '1704101.M1P1.host:2,ST'. Where file names cannot have a colon, programs write another character.
MAILDIR_FLAGS = re.compile(r"[:;!_\uf022]2,([A-Za-z]*)$")
KIND_OF_MAILDIR_FLAG = {"T": "deleted", "D": "draft"}
# MH keeps a deleted message under its number behind a mark.
DELETED_OF_MH = re.compile(r"[,#]\d+")
# Bits of the integer 'flags' in an .emlx file.
KIND_OF_EMLX_BIT = {1: "deleted", 6: "draft", 24: "spam"}
# Bits of X-Mozilla-Status and the upper half of X-Mozilla-Status2; bits of X-Evolution; letters of X-Status.
EXPUNGED, IMAP_DELETED, MOZILLA_TEMPLATE = 0x0008, 0x0020_0000, 0x0100_0000
KIND_OF_EVOLUTION_BIT = {1: "deleted", 2: "draft", 7: "spam"}
KIND_OF_STATUS_LETTER = {"D": "deleted", "T": "draft"}
HEXADECIMAL = re.compile(r"(?:[\da-f]+-)?([\da-f]+)", re.IGNORECASE)
KIND_OF_KEYWORD = {"junk": "spam", "$junk": "spam", "\\deleted": "deleted", "\\draft": "draft", "$draft": "draft"}
OF_APPLE = re.compile(r"mail-(?:draft|note)\b", re.IGNORECASE)
# Claws Mail and Sylpheed write these into mail that was not sent yet.
QUEUED_FIELDS = ("x-claws-end-special-headers", "x-sylpheed-end-special-headers")
FLAG_FIELDS = frozenset(
    (
        *("x-gmail-labels", "x-mozilla-status", "x-mozilla-status2", "x-mozilla-keys", "x-keywords", "x-evolution"),
        *("x-status", "x-spam-flag", "x-spam-status", "x-uniform-type-identifier", "x-unsent"),
        *QUEUED_FIELDS,
    )
)
# Formats with one message per file, whose own name is not that of a folder.
SINGLE_MESSAGES = ("eml", "maildir", "emlx", "msg", "olm")


def folder_names(path: str) -> list[str]:
    """The parts of a path that may name a mail folder. Maildir++ joins folders by dots; IMAP encodes letters."""
    # macOS stores file names with letters and accents apart.
    parts = [UTF7.sub(_decode_utf7, normalize("NFC", part)) for part in PurePosixPath(path).parts]
    return [name for part in parts for name in (part, *part.lstrip(".").split("."))]


def _decode_utf7(match: re.Match[str]) -> str:
    """Decode the variant of UTF-7 that RFC 3501 defines for the folder names of IMAP servers."""
    if not match[1]:
        return "&"
    encoded = match[1].replace(",", "/")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-16-be")
    except ValueError:
        return match[0]


def is_sent_folder(names: Iterable[str]) -> bool:
    """Whether any of these folder names or labels is one for sent mail."""
    return any(SENT_FOLDER.match(ACCOUNT.sub("", name.strip())) for name in names)


def kinds_of_folders(names: Iterable[str]) -> frozenset[str]:
    """What mail in folders or with labels of these names is: draft, template, trash or spam."""
    plain = list(map(_plain_folder, names))
    return frozenset(
        kind for kind, pattern in KIND_OF_FOLDER.items() for name in plain if name and pattern.fullmatch(name)
    )


def _plain_folder(name: str) -> str:
    """The name of a folder without what programs add to it."""
    bare = MAILBOX_SUFFIX.sub("", ACCOUNT.sub("", name.strip().lstrip(".")))
    return " ".join(re.sub(r"[_-]", " ", COPY.sub("", bare.strip(FOLDER_MARKS))).split())


def kinds_of_path(path: str, format: str) -> frozenset[str]:
    """What a file of mail is by its folders, and by the flags in its name if it is in a Maildir."""
    pure = PurePosixPath(path)
    folders = str(pure.parent) if format in SINGLE_MESSAGES else path
    flags = MAILDIR_FLAGS.search(pure.name) if format == "maildir" else None
    # Where programs keep the chats of a mail account, each as a message.
    is_chat = not CHAT_LABELS.isdisjoint(part.casefold() for part in pure.parent.parts)
    kinds = kinds_of_folders(folder_names(folders)) | ({"automatic"} if is_chat else set())
    kinds |= _kinds(flags[1] if flags else "", KIND_OF_MAILDIR_FLAG)
    return kinds | {"deleted"} if format == "eml" and DELETED_OF_MH.fullmatch(pure.name) else kinds


def kinds_of_emlx(property_list: bytes) -> frozenset[str]:
    """What a message of Apple Mail is by the property list that follows it; nothing if that is cut off."""
    start = property_list.find(b"<?xml")
    if start < 0 and not property_list.startswith(b"bplist"):
        return frozenset()
    try:
        flags = plistlib.loads(property_list[start:].strip(b"\0 \r\n") if start >= 0 else property_list).get("flags")
    except (ValueError, ExpatError, AttributeError, plistlib.InvalidFileException):
        return frozenset()
    return _kinds_of_bits(flags if isinstance(flags, int) and flags > 0 else 0, KIND_OF_EMLX_BIT)


def kinds_of_flags(message: Message) -> frozenset[str]:
    """What a message is by the flags and labels that programs store in its header."""
    names = message.names() if isinstance(message, IndexedMessage) else map(str.lower, message.keys())
    present = FLAG_FIELDS.intersection(names)
    if not present:
        return frozenset()
    labels = _kinds_of_labels(tuple(gmail_labels(message)))
    if present == {"x-gmail-labels"}:
        return labels
    kinds = set(labels)
    status, status2 = (_hexadecimal(message[name]) for name in ("X-Mozilla-Status", "X-Mozilla-Status2"))
    if status & EXPUNGED or status2 & IMAP_DELETED:
        kinds.add("deleted")
    if status2 & MOZILLA_TEMPLATE:
        kinds.add("template")
    kinds |= _kinds_of_bits(_hexadecimal(message["X-Evolution"]), KIND_OF_EVOLUTION_BIT)
    kinds |= _kinds(str(message["X-Status"] or ""), KIND_OF_STATUS_LETTER)
    keywords = f"{message['X-Mozilla-Keys'] or ''} {message['X-Keywords'] or ''}".lower().split()
    kinds |= {KIND_OF_KEYWORD[word] for word in keywords if word in KIND_OF_KEYWORD}
    if any(str(message[name] or "").strip().lower().startswith("yes") for name in ("X-Spam-Flag", "X-Spam-Status")):
        kinds.add("spam")
    # Apple Mail stores notes beside mail; like drafts, nobody was sent them.
    is_apple_draft = OF_APPLE.search(str(message["X-Uniform-Type-Identifier"] or "")) is not None
    if present.intersection(QUEUED_FIELDS) or is_apple_draft or str(message["X-Unsent"] or "").strip() == "1":
        kinds.add("draft")
    return frozenset(kinds)


@lru_cache(maxsize=1024)
def _kinds_of_labels(labels: tuple[str, ...]) -> frozenset[str]:
    is_chat = CHAT_LABELS.intersection(label.strip().casefold() for label in labels)
    return kinds_of_folders(labels) | ({"automatic"} if is_chat else set())


def gmail_labels(message: Message) -> list[str]:
    """The labels that Gmail's export writes into the header."""
    labels = message["X-Gmail-Labels"]
    return _decode_labels(labels) if isinstance(labels, str) else _split_labels(decode_header_text(labels))


@lru_cache(maxsize=1024)
def _decode_labels(labels: str) -> list[str]:
    return _split_labels(decode_header_text(labels))


def _split_labels(labels: str) -> list[str]:
    return [PROGRAM_LABEL.sub("", label) for label in labels.split(",")] if labels else []


def _kinds(letters: str, table: dict[str, str]) -> frozenset[str]:
    return frozenset(table[letter] for letter in letters if letter in table)


def _kinds_of_bits(flags: int, table: dict[int, str]) -> frozenset[str]:
    return frozenset(kind for bit, kind in table.items() if flags >> bit & 1)


def _hexadecimal(value: object) -> int:
    match = HEXADECIMAL.fullmatch(str(value or "").strip())
    return int(match[1], 16) if match else 0
