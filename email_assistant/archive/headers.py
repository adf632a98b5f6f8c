"""Decodes the fields of a header: texts, people, dates and message ids."""

import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email import utils
from email.header import decode_header
from email.message import Message
from functools import lru_cache
from hashlib import sha256

from email_assistant.archive.charsets import codec_of, decode_text
from email_assistant.archive.messages import Person
from email_assistant.archive.mime_tree import header_bytes

MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
# Also a last word in base64 that a program cut off.
ENCODED_WORD = re.compile(r"=\?([^?\s]*)\?(?:([qQbB])\?(.*?)\?=|([bB])\?([A-Za-z0-9+/=]+)\Z)", re.DOTALL)
FOLD_IN_WORD = re.compile(r"\r?\n[ \t]*")
NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
ADDRESS_IN_NAME = re.compile(r"([^<>]*)<\s*([^\s<>@]+@[^\s<>@]+)\s*>?")
# 'Roe, Jane <jane@x.example>', without the quotes that a comma needs: at the beginning, or behind another person.
UNQUOTED_COMMA = re.compile(
    r"(?:^|(?<=[>;]))([\s,;]{0,5})([^\W\d][\w.'’ -]{0,60},\s{0,5}[^\W\d][\w.'’ -]{0,60}?)\s{0,5}(<[^\s<>@]+@[^\s<>@]+>)"
)
# 'Jane Roe jane@x.example', without the brackets that an address needs.
UNBRACKETED = re.compile(r"^\s*((?:[^\s<>@,;:()\"]+\s+)+)([^\s<>@,;:()/\"]+@[\w.-]+\.[\w-]+)\s*$")
# What archives of lists and Outlook write in place of an address: 'jane at x.example (Jane Roe)', '[mailto:…]'.
OBFUSCATED = re.compile(
    r"(?:(?<=<)|^)\s*([\w.+-]+)(?: at |\s*[(\[](?:at|a|@)[)\]]\s*|＠)"
    r"([\w-]+(?:(?:\.| dot |\s*[(\[]dot[)\]]\s*)[\w-]+)+)\s*((?<=\s)\([^()]*\)\s*)?(?=>|$)",
    re.IGNORECASE,
)
OBFUSCATED_DOT = re.compile(r" dot |\s*[(\[]dot[)\]]\s*", re.IGNORECASE)
# The address of Exchange, which names nobody outside of it: '"Roe, Jane" </O=COMPANY/OU=X/CN=RECIPIENTS/CN=JROE>'.
X500_IN_BRACKETS = re.compile(r"<\s*/o=[^<>]*>", re.IGNORECASE)
NO_ADDRESS = "x500@address.invalid"
# A name of Notes with the units of a company: 'CN=Jane Roe/OU=Sales/O=Acme', 'Jane Roe/Sales/Acme@ACME'.
NOTES_NAME = re.compile(
    r"(?:^|(?<=[,;]))\s*(?=\S)(?=CN=|[^/@<>,;\"]*/[^/@<>,;\"]+[/@])"
    r"(?:CN=)?([^\W\d_][^/@<>,;=:()\"]{0,60})(?:/[^/@<>,;\"]{1,60}){1,5}"
    r"(?:@[\w-]{1,60})?\s*(?=[,;]|$)",
    re.IGNORECASE,
)
IN_BRACKETS = re.compile(r"[\[<](?:mailto|smtp):([^\s\[\]<>@]+@[^\s\[\]<>@]+)[\]>]", re.IGNORECASE)
# The servers on the way to a mailbox, which old programs wrote before it: '<@relay.example:jane@x.example>'.
ROUTE = re.compile(r"<(?:@[\w.-]+,?)+:")
# Names without any address, as in mail that never left a company's server.
ONLY_NAMES = re.compile(r"[^@<>:\"]+")
NAME = re.compile(r"(?:\([^()]*\)|[^,;])+")
# What begins and ends comments and groups, which the standard library reads by a call within a call.
QUOTED = re.compile(r'"[^"]*"')
MAX_NESTING = 50
WITHOUT_NESTING = str.maketrans({":": ",", **dict.fromkeys("()[]", " ")})
MAX_ENCODINGS = 2
QUOTES = "'\""
# Newer patch releases of Python 3.11 and 3.12, and all of 3.13, return no address at all when one in the list is
# malformed, or when a comment has a comma, unless `strict` is off. Older ones have no such argument.
_LENIENT = {"strict": False} if getattr(utils, "supports_strict_parsing", False) else {}


def decode_header_text(header: object) -> str:
    """The decoded text of a header without control characters; empty if there is none."""
    if header is None:
        return ""
    text = header if isinstance(header, str) else "".join(decode_text(piece) for piece, _ in decode_header(header))  # type: ignore[arg-type]
    if "\x1b" in text:
        text = decode_text(text.encode("utf-8", "surrogateescape"))
    # Some programs encode what is encoded already.
    for _ in range(MAX_ENCODINGS):
        if not ENCODED_WORD.search(text):
            break
        text = "".join(_decode_words(text))
    return CONTROL.sub("", text)


def _decode_words(text: str) -> Iterator[str]:
    """The parts of a text between encoded words (RFC 2047), and these decoded.

    Adjacent words in one charset are decoded together, since programs split them within a character.
    """
    run: list[tuple[str, str]] = []
    charset, end = "", 0
    for word in ENCODED_WORD.finditer(text):
        between = text[end : word.start()]
        name = word[1].partition("*")[0].lower()
        if run and (between.strip() or codec_of(name) != codec_of(charset)):
            yield decode_text(_bytes_of_words(run), charset)
            run = []
        if between.strip() or not end:
            yield between
        run.append(((word[2] or word[4]).lower(), word[3] or word[5] or ""))
        charset, end = name, word.end()
    yield decode_text(_bytes_of_words(run), charset)
    yield text[end:]


def _bytes_of_words(words: list[tuple[str, str]]) -> bytes:
    """The bytes of adjacent encoded words, without what damaged their encoding."""
    decoded, pending = b"", ""
    for place, (encoding, text) in enumerate(words):
        if encoding == "q":
            decoded += binascii.a2b_qp(
                _unfolded(text).replace(" ", "_").encode("utf-8", "surrogateescape"), header=True
            )
            continue
        pending += NOT_BASE64.sub("", text)
        is_last = place + 1 == len(words) or words[place + 1][0] == "q"
        if is_last or "=" in text or len(pending) % 4 == 0:
            # A word that is cut off may end with one character too many.
            pending = pending[: len(pending) - (len(pending) % 4 == 1)]
            decoded += binascii.a2b_base64(pending + "=" * (-len(pending) % 4))
            pending = ""
    return decoded


def _unfolded(text: str) -> str:
    """An encoded word without a line break that a program put in its middle, where blanks are encoded."""
    unfolded = FOLD_IN_WORD.sub("", text)
    return unfolded if " " not in unfolded else FOLD_IN_WORD.sub(" ", text)


def parse_people(message: Message, *names: str) -> list[Person]:
    """The people in the named headers without repetitions, addresses in lower case."""
    values = [value for name in names for value in message.get_all(name, [])]
    raw = tuple(value if isinstance(value, str) else decode_header_text(value) for value in values)
    return list(_parse_addresses(raw)) if raw else []


@lru_cache(maxsize=8192)
def _parse_addresses(raw: tuple[str, ...]) -> tuple[Person, ...]:
    people = [_decode_person(name, address.strip()) for name, address in split_addresses(raw)]
    return tuple(dict.fromkeys(person for person in people if person.name or person.address))


def _decode_person(name: str, address: str) -> Person:
    name = decode_header_text(name).strip().strip(QUOTES)
    # Outlook puts apostrophes around an address that is its own name.
    address = address[1:-1] if len(address) > 1 and address[0] == address[-1] == "'" else address
    if "@" in address and not any(mark in address for mark in ("=?", "<")):
        return make_person(name, address)
    # Some programs encode or quote the address together with the name.
    whole = decode_header_text(address).strip().strip(QUOTES)
    hidden = ADDRESS_IN_NAME.fullmatch(name or whole)
    return make_person(hidden[1].strip().strip(QUOTES), hidden[2]) if hidden else make_person(name, whole)


def split_addresses(values: Iterable[str]) -> list[tuple[str, str]]:
    """The names and addresses in the values of address headers; malformed entries do not affect the others."""
    found: list[tuple[str, str]] = []
    for value in values:
        value = IN_BRACKETS.sub(r"<\1>", OBFUSCATED.sub(_plain_address, value))
        value = NOTES_NAME.sub(r'"\1"', X500_IN_BRACKETS.sub(f"<{NO_ADDRESS}>", value)) if "/" in value else value
        value = value.translate(WITHOUT_NESTING) if _is_nested(value) else value
        if ONLY_NAMES.fullmatch(value):
            found += [("", name.strip()) for name in NAME.findall(value) if name.strip()]
            continue
        quoted = UNQUOTED_COMMA.sub(r'\1"\2" \3', ROUTE.sub("<", value))
        quoted = UNBRACKETED.sub(lambda person: f'"{person[1].rstrip()}" <{person[2]}>', quoted)
        people = utils.getaddresses([quoted], **_LENIENT)
        found += [(name, "" if address == NO_ADDRESS else address) for name, address in people]
    return found


def _plain_address(match: re.Match[str]) -> str:
    return f"{match[1]}@{OBFUSCATED_DOT.sub('.', match[2])} {match[3] or ''}".strip()


def _is_nested(value: str) -> bool:
    """Whether comments and groups are nested deeper than any program writes them."""
    if value.count("(") + value.count(":") <= MAX_NESTING:
        return False
    comments = groups = 0
    for character in QUOTED.sub("", value):
        comments = max(0, comments + (character == "(") - (character == ")"))
        groups = max(0, groups + (not comments) * ((character == ":") - (character == ";")))
        if max(comments, groups) > MAX_NESTING:
            return True
    return False


def make_person(name: str, address: str) -> Person:
    """A Person with the address in lower case. An address without '@', as in Outlook's internal mail, is a name."""
    if "@" in address:
        return Person(name, address.lower())
    return Person(name or address, "")


def parse_date(value: object) -> datetime | None:
    """Parse a date header; None if it is missing or invalid."""
    try:
        return utils.parsedate_to_datetime(str(value)) if value else None
    except (TypeError, ValueError, OverflowError):
        return None


def message_id(message: Message, data: bytes) -> str:
    """The Message-ID, or a hash of the header if it has none."""
    match = MESSAGE_ID.search(str(message["Message-ID"] or ""))
    return match[1] if match else sha256(header_bytes(data)).hexdigest()[:32]


def references(message: Message) -> list[str]:
    """The Message-IDs that a message refers to."""
    headers = " ".join(str(message[name] or "") for name in ("References", "In-Reply-To"))
    return list(dict.fromkeys(MESSAGE_ID.findall(headers)))
