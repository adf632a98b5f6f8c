"""The values of tables and JSON: texts, HTML, people and flags, as programs nest and spell them."""

import ast
import base64
import binascii
import html
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from email_assistant.archive.charsets import Decoded, decode_text, mend
from email_assistant.archive.folders import folder_names, is_sent_folder, kinds_of_folders
from email_assistant.archive.headers import X500_IN_BRACKETS, split_addresses
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.messages import Person
from email_assistant.archive.readers.eml import looks_like_eml
from email_assistant.archive.readers.streams import HEAD_BYTES

# Keys of the text in an object that stands for a body, and of the parts of an object that stands for a person.
# Compared without case and punctuation, which differ between programs.
TEXT_KEYS = ("content", "text", "plain", "value", "body", "data", "html")
NAME_KEYS = ("name", "displayname", "personal", "fullname")
ADDRESS_KEYS = ("address", "email", "emailaddress", "mail", "smtp", "smtpaddress", "addr", "mailbox")
ID_KEYS = ("oid", "id", "messageid", "value")
# What programs write in place of line breaks: Excel's carriage return, and the escapes of JSON and SQL.
EXCEL_RETURN = "_x000D_"
ESCAPED_BREAK = re.compile(r"(?:\\r)?\\n")
BREAKS_OF_A_MAIL = re.compile(r"(?:[^\s.]\.|\.{3}|[,!?)])(?:\\r)?\\n|(?:(?:\\r)?\\n){2}")
TAG = re.compile(
    r"</?(?:html|head|body|div|p|br|span|table|tr|td|font|b|i|u|em|strong|ul|ol|li|a|img|h[1-6]|blockquote)\b[^<>]*>",
    re.I,
)
BLOCK_END = re.compile(r"<br\s*/?>|</(?:p|div|td|li|body|html|blockquote|h[1-6])>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:nbsp|amp|quot|lt|gt|#\d{2,5});")
ADDRESS = re.compile(r"[^\s<>@,;'\"()\[\]{}]+@[^\s<>@,;'\"()\[\]{}]+\.[^\s<>@,;'\"()\[\]{}]+")
X500_ADDRESS = re.compile(r"/o=[^/]+/ou=", re.IGNORECASE)
BASE64_URL = re.compile(r"[A-Za-z0-9_=+/-]{40,}")
PYTHON_BYTES = re.compile(r"\s*b(['\"]).*\1\s*\Z", re.DOTALL)
# The line above a message in an mbox.
SEPARATOR = re.compile(r"\A>?From [^\n]*\n")
TRUE = ("true", "yes", "1", "t", "y", "да")
# Columns of flags and folders, without case and punctuation, that need no configuration.
FLAG_COLUMNS = {
    **dict.fromkeys(("isdraft", "draft"), "draft"),
    **dict.fromkeys(("isdeleted", "deleted", "trashed", "istrash"), "deleted"),
    **dict.fromkeys(("isspam", "spam", "isjunk", "junk"), "spam"),
}
FOLDER_COLUMNS = frozenset(
    (
        *("folder", "folders", "foldername", "folderpath", "mailbox", "labels", "label", "labelids", "labelnames"),
        *("gmaillabels", "xfolder", "parentfolder", "parentfoldername", "xgmaillabels", "file", "filepath", "path"),
    )
)
# Fields that only programs write, so that a text that begins with them is a whole message.
MACHINE_FIELD = re.compile(rb"^(?:Message-ID|MIME-Version|Received|Return-Path|Content-Type):", re.I | re.M)
# The fields of a header that a record may have in an object or a list of its own.
HEADER_FIELDS = frozenset(("from", "to", "subject", "date", "message-id", "content-type"))
CHARSET = re.compile(r"charset=[ \"']*([\w.:-]+)", re.IGNORECASE)
MAX_DEPTH = 40
# JMAP's keywords.
KIND_OF_KEYWORD = {"$draft": "draft", "$deleted": "deleted", "$junk": "spam"}


def is_missing(value: Any) -> bool:
    """Whether a cell has no value, such as NaN in JSON that pandas wrote."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def to_text(value: Any) -> str:
    """A cell as plain text: the text of an object, or the texts of a list, joined."""
    if is_missing(value):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(to_text, value)))
    if isinstance(value, Mapping):
        texts = (to_text(each) for each in _values_of(value, (*TEXT_KEYS, *ID_KEYS)))
        return next((text for text in texts if text.strip()), "")
    return str(value)


def _values_of(value: Mapping[str, Any], keys: Iterable[str]) -> Iterator[Any]:
    """The values of an object under some keys, in the order of these, without missing ones."""
    by_plain_name = {normalize(key): each for key, each in value.items()}
    return (by_plain_name[key] for key in keys if not is_missing(by_plain_name.get(key)))


def _with_line_breaks(text: str) -> str:
    """The text with the line breaks that a program wrote in another form."""
    text = text.replace(EXCEL_RETURN, "").replace("\r\n", "\n").replace("\r", "\n")
    return ESCAPED_BREAK.sub("\n", text) if "\n" not in text and BREAKS_OF_A_MAIL.search(text) else text


def to_body(value: Any, column: str) -> Decoded:
    """The text of a mail in a cell, converted from HTML if it is that, with lines in LF."""
    kind = ""
    if isinstance(value, list | tuple):
        return _to_body_of_parts(list(value), column)
    if isinstance(value, Mapping):
        kind = _kind_of_part(value)
        others = map(to_text, _values_of(value, TEXT_KEYS[:-1]))
        if not kind and any(_values_of(value, ("html",))) and not any(map(str.strip, others)):
            kind = "html"
    mended = mend(_with_line_breaks(to_text(value)))
    is_html = "html" in kind or (not kind.startswith("text") and looks_like_html(mended.text, column))
    if is_html:
        return Decoded(html_to_text(mended.text), mended.repairs)
    return Decoded(html.unescape(mended.text), mended.repairs) if len(ENTITY.findall(mended.text)) > 1 else mended


def _to_body_of_parts(parts: list[Any], column: str) -> Decoded:
    """The text of a body in several parts: those of plain text if there are any, else all."""
    kinds = [_kind_of_part(part) for part in parts]
    chosen = [part for part, kind in zip(parts, kinds, strict=True) if kind.startswith("text/plain")] or parts
    bodies = [to_body(part, column) for part in chosen if not isinstance(part, list | tuple)]
    repairs: frozenset[str] = frozenset().union(*(body.repairs for body in bodies))
    return Decoded("\n\n".join(body.text for body in bodies if body.text.strip()), repairs)


def _kind_of_part(part: Any) -> str:
    if not isinstance(part, Mapping):
        return ""
    return str(next(filter(None, _values_of(part, ("contenttype", "type", "mimetype"))), "")).lower()


def looks_like_html(text: str, column: str = "") -> bool:
    """Whether a text is HTML rather than one about HTML: by its beginning, its blocks, or the name of its column."""
    start = text.lstrip()[:200].lower()
    if start.startswith(("<html", "<!doctype html", "<head", "<body", "<div", "<p>", "<p ", "<table", "<meta")):
        return True
    ends = len(BLOCK_END.findall(text))
    if "html" in column.lower() and TAG.search(text):
        return True
    if not ends:
        return start.startswith("<") and len(TAG.findall(text)) >= 2
    # HTML has its line breaks as elements; a mail that quotes some HTML has many lines of its own.
    return ends * 2 > text.count("\n") or start.startswith("<")


def to_raw_message(value: Any, has_header: bool) -> bytes | None:
    """The bytes of a message whose header and body are in one cell, as in the public Enron table; None if it is none.

    Args:
        value: The cell.
        has_header: Whether the table has the sender in a column of its own. Then a text may quote a header.
    """
    if not isinstance(value, str):
        return None
    if PYTHON_BYTES.match(value):
        value = _literal(value)
    value = SEPARATOR.sub("", value.lstrip("\r\n"), count=1)
    head = value[:HEAD_BYTES]
    if BASE64_URL.fullmatch(head.strip()):
        try:
            data = base64.urlsafe_b64decode(value.strip().replace("+", "-").replace("/", "_") + "==")
        except (binascii.Error, ValueError):
            return None
    elif ":" in head[:80]:
        data = value.encode("utf-8", "surrogatepass")
    else:
        return None
    header = data[:HEAD_BYTES]
    is_message = looks_like_eml(header) and _has_body(data) and (not has_header or MACHINE_FIELD.search(header))
    return data if is_message else None


def _literal(text: str) -> str:
    """The text of bytes as Python writes them, such as b'From: …'."""
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return decode_text(value) if isinstance(value, bytes) else text


def _has_body(data: bytes) -> bool:
    return b"\n\n" in data or b"\n\r\n" in data or b"\r\r" in data


def to_people(value: Any) -> list[Person]:
    """The people of a cell: objects, a list, or a text as in a header, or bare names and addresses."""
    return list(dict.fromkeys(_people(value)))


def _people(value: Any) -> Iterator[Person]:
    if isinstance(value, list | tuple):
        if _is_pair(value):
            # As some libraries give the name and the address of one person.
            value = [{"name": value[0], "address": value[1]}]
        for each in value:
            yield from _people(each)
    elif isinstance(value, Mapping):
        inner = next(_values_of(value, (*ADDRESS_KEYS, "value", "user")), None)
        if isinstance(inner, Mapping | list):
            yield from _people(inner)
            return
        name = mend(next(map(str, _values_of(value, NAME_KEYS)), "")).text.strip()
        address = str(inner or "").strip().lower()
        if name or address:
            yield Person(name, address) if "@" in address else Person(name or address, "")
    else:
        yield from _people_of_text(mend(to_text(value)).text.strip())


def _is_pair(value: Sequence[Any]) -> bool:
    """Whether a list is a name and an address."""
    return len(value) == 2 and all(isinstance(each, str) for each in value) and "@" not in value[0] and "@" in value[1]


def _people_of_text(text: str) -> Iterator[Person]:
    if not text:
        return
    text = html.unescape(text) if "&lt;" in text else text
    text = X500_IN_BRACKETS.sub("", text).strip()
    if X500_ADDRESS.match(text):
        # An address of Exchange, which names nobody.
        return
    if "@" not in text:
        yield from (Person(name.strip(), "") for name in text.split(";") if name.strip())
        return
    if text.startswith(("[", "{", "frozenset", "(")):
        # A list as Python or JSON writes it.
        yield from (Person("", address.lower()) for address in ADDRESS.findall(text))
        return
    people = split_addresses([text.replace(";", ",")])
    yield from (Person(name.strip(), address.lower()) for name, address in people if "@" in address)


def place_of(row: Mapping[str, Any]) -> tuple[bool, frozenset[str]]:
    """Whether a row is a sent mail, and what else it is, by its columns of folders, labels and flags."""
    names: list[str] = []
    kinds: set[str] = set()
    for column, value in row.items():
        plain = normalize(column)
        if plain in FLAG_COLUMNS and to_text(value).strip().lower() in TRUE:
            kinds.add(FLAG_COLUMNS[plain])
        elif plain in FOLDER_COLUMNS:
            for label in value if isinstance(value, list | tuple) else re.split(r"[,;]", to_text(value)):
                names += folder_names(to_text(label).strip().replace("\\", "/"))
        elif plain == "meetingmessagetype" and to_text(value).strip().lower() not in ("", "none"):
            # Microsoft Graph's name for invitations and answers to them.
            kinds.add("calendar")
        elif plain == "keywords" and isinstance(value, Mapping):
            kinds |= {key[1:] for key in ("$draft", "$deleted") if value.get(key)} | {
                "spam" for _ in (1,) if value.get("$junk")
            }
    return is_sent_folder(names), frozenset(kinds | kinds_of_folders(names))


@lru_cache(maxsize=1024)
def normalize(name: str) -> str:
    """The name of a column, which every row may repeat, without case, blanks and punctuation."""
    return "".join(character for character in str(name).lower() if character.isalnum())


def flatten(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of Gmail or JMAP with its text under 'body' and its header under the names of fields; others as is."""
    payload, values = record.get("payload"), record.get("bodyValues")
    if isinstance(payload, Mapping) and isinstance(payload.get("headers"), list):
        known = _fields(payload["headers"])
        rest = {key: value for key, value in record.items() if key not in ("payload", "id", "raw", "snippet")}
        kind, text = _gmail_body(payload, 0)
        return {**rest, **known, "body": {"contentType": kind, "content": text}}
    if isinstance(values, Mapping):
        parts = [part for part in record.get("textBody") or record.get("htmlBody") or [] if isinstance(part, Mapping)]
        ids = [str(part.get("partId")) for part in parts] or list(values)
        texts = [str(values[each].get("value", "")) for each in ids if isinstance(values.get(each), Mapping)]
        kind = str(parts[0].get("type") or "") if parts else ""
        rest = {key: value for key, value in record.items() if not key.endswith("Body")}
        return {**rest, "body": {"contentType": kind, "content": "\n\n".join(texts)}}
    if isinstance(record.get("headers"), Mapping | list):
        return {**_fields(record["headers"]), **record}
    return record


def _fields(headers: Any) -> dict[str, Any]:
    """The fields of a header that are used here, by their names in lower case."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(headers, Mapping):
        pairs = list(headers.items())
    elif isinstance(headers, list):
        pairs = [(each.get("name"), each.get("value")) for each in headers if isinstance(each, Mapping)]
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if str(name).lower() in HEADER_FIELDS:
            fields.setdefault(str(name).lower(), value[0] if isinstance(value, list) and len(value) == 1 else value)
    return fields


def _gmail_body(part: Mapping[str, Any], depth: int) -> tuple[str, str]:
    """The type and the text of a part: of alternatives the plain one, else the texts of all, without attached files."""
    kind, body = str(part.get("mimeType") or ""), part.get("body")
    if kind in ("text/plain", "text/html") and not part.get("filename") and isinstance(body, Mapping):
        return kind, _gmail_text(str(body.get("data") or ""), part.get("headers"))
    children = [child for child in part.get("parts") or [] if isinstance(child, Mapping)]
    if depth > MAX_DEPTH:
        return "", ""
    texts = [each for child in children if (each := _gmail_body(child, depth + 1))[1].strip()]
    plain = [text for kind, text in texts if kind == "text/plain"]
    if plain and (kind == "multipart/alternative" or len(plain) == len(texts)):
        return "text/plain", "\n\n".join(plain[:1] if kind == "multipart/alternative" else plain)
    if kind == "multipart/alternative" or len(texts) < 2:
        return texts[-1] if texts else ("", "")
    converted = [html_to_text(text) if kind == "text/html" else text for kind, text in texts]
    return "text/plain", "\n\n".join(converted)


def _gmail_text(data: str, headers: Any) -> str:
    """The text of a part in the charset of its header."""
    charset = CHARSET.search(str(_fields(headers).get("content-type") or ""))
    try:
        return decode_text(base64.urlsafe_b64decode(data + "=" * (-len(data) % 4)), charset[1] if charset else None)
    except (binascii.Error, ValueError):
        return data
