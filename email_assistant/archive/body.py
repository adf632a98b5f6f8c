"""Chooses the parts of a message that are the mail, and decodes their text."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from itertools import dropwhile, islice

from email_assistant.archive import charsets, transfer_encoding
from email_assistant.archive.footers import PLACEHOLDER, strip_footers
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.mime_tree import IndexedMessage, is_tnef
from email_assistant.archive.quotes import own_words

WORD = re.compile(r"\w{3,}")
TAG = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w:.-]+)", re.IGNORECASE)
META_BYTES = 4096
ENRICHED_PARAMETER = re.compile(r"<param>.*?</param>", re.DOTALL | re.IGNORECASE)
ENRICHED_TAG = re.compile(r"(?<!<)<(?!<)/?[A-Za-z0-9-]{1,60}>")
# A file that a program made of the mail's own text, not one that its author attached.
BODY_NAME = re.compile(
    r"(?:body|message|mail|text|part|untitled|noname|unnamed|att\d+|msg|e-?mail)[\w. -]{0,12}", re.IGNORECASE
)
# Stands for the mail above a footer, which is no footer without one.
ABOVE = "The mail."
# A text beside HTML that is longer than this is no stub.
MAX_STUB_CHARACTERS = 600
# How many words of a text are looked for in the HTML beside it, and the share of them that a true copy has there.
SAMPLE_WORDS, COPY_SHARE = 12, 0.6
# A copy is cut off if the HTML has this many times as many words, and this many more.
CUT_OFF_FACTOR, CUT_OFF_WORDS = 3, 20
PLAIN, HTML, ENRICHED, RTF, TNEF = "plain", "html", "enriched", "rtf", "tnef"
KIND_OF_TYPE = {
    **dict.fromkeys(("text/html", "application/xhtml+xml"), HTML),
    **dict.fromkeys(("text/enriched", "text/richtext"), ENRICHED),
    **dict.fromkeys(("text/rtf", "application/rtf"), RTF),
}
PLAIN_TYPES = frozenset(
    (
        *("text/plain", "text/markdown", "text/x-markdown", "text/x-plain", "text/unknown", "text/*", "text/text"),
        *("text/ascii", "text/utf-8", "application/pgp", "plain/text"),
    )
)
# HTML that is declared as plain text.
PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b[^<>]*>", re.IGNORECASE)
ANY_TAG = re.compile(r"<[a-z!/][^<>]*>", re.IGNORECASE)
# What programs write in place of the text, for readers who do not see HTML.
NO_HTML = re.compile(
    r"\b(?:html|mime)\b|\bbrowser\b|\bmail (?:client|program|reader)|браузер|почтов\w+ (?:клиент|программ)",
    re.IGNORECASE,
)
MAX_NOTICE_CHARACTERS = 300
# The header of an encrypted mail, repeated above its text (RFC 9788).
LEGACY_HEADER = re.compile(r"\A\s*(?:[A-Z][\w-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+\n+")
# Files in the text: uuencode, also cut off at the end of the mail, yEnc, and BinHex of old Macintosh programs.
FILE_IN_TEXT = re.compile(
    r"^begin [0-7]{3,4} \S[^\n]*\n(?:(?:[ -`]{1,90}\n)+?end[ \t]*$|(?:M[ -`]{40,60}[ \t]*(?:\n|\Z))+[ -`]{0,61}\s*\Z)|"
    r"^=ybegin [^\n]*\bline=\d[^\n]*\n(?:(?!=yend )[^\n]*\n)*(?:=yend [^\n]*$|[^\n]*\Z)|"
    r"^\(This file must be converted with BinHex[^\n]*\n\s*:(?:[!-r]{1,64}\n)+[!-r]{0,64}:?[ \t]*$",
    re.MULTILINE,
)
BEGINS_FILE = re.compile(r"^(?:begin |=ybegin |\(This file must be)", re.MULTILINE)
# What the archive of a list has in place of a part that is no text.
SCRUBBED = re.compile(
    r"^-{8,} next part -{8,}\n(?:An? [^\n]{1,60} was scrubbed\b|Skipped content of type )[^\n]*\n?"
    r"(?:(?:Name|Type|Size|Desc|From|To|Subject|Date|URL) ?:[^\n]*(?:\n|\Z))*",
    re.MULTILINE | re.IGNORECASE,
)
# How Eudora stores texts, and where it put their attached files.
OF_EUDORA = re.compile(r"\s*<x-(html|flowed|rich)>\n?(.*?)(?:</x-\1>|\Z)", re.DOTALL)
SIGNATURE_OF_EUDORA = re.compile(r"^<x-sigsep>[^\n]*</x-sigsep>[ \t]*$", re.MULTILINE)
FILE_OF_EUDORA = re.compile(r"^Attachment Converted: \"[^\"\n]*\"[ \t]*$", re.MULTILINE)


@dataclass
class Body:
    """The text of a message.

    Attributes:
        text: The text, not cleaned.
        repairs: What had to be repaired to decode it, as in `charsets`.
    """

    text: str
    repairs: frozenset[str] = frozenset()


@dataclass
class _Leaf:
    """A part that may be the mail, decoded when it is first asked for."""

    part: Message
    kind: str
    is_attached: bool
    name: str
    repairs: frozenset[str] = frozenset()
    _source: str | None = field(default=None)
    _text: str | None = field(default=None)

    @property
    def source(self) -> str:
        """The decoded text, with its markup."""
        if self._source is None:
            decoded = decode_part(self.part)
            self._source, self.repairs = decoded.text, decoded.repairs
        return self._source

    @property
    def text(self) -> str:
        """The text without markup and empty lines around it."""
        if self._text is None:
            self._text = self._without_markup().strip("\n")
        return self._text

    def _without_markup(self) -> str:
        eudora = OF_EUDORA.match(self.source) if "<x-" in self.source[:200] else None
        if eudora:
            return _of_eudora(eudora[1], eudora[2]) + FILE_OF_EUDORA.sub("", self.source[eudora.end() :])
        if self.kind == HTML and not ANY_TAG.search(self.source):
            return html.unescape(self.source)
        if self.kind == HTML or (self.kind == PLAIN and PAGE.match(self.source)):
            return html_to_text(self.source)
        if self.kind == ENRICHED:
            return _enriched_to_text(self.source)
        if self.kind == TNEF:
            from email_assistant.archive.rtf import tnef_to_text

            return tnef_to_text(payload(self.part))
        if self.kind == RTF:
            from email_assistant.archive.rtf import rtf_to_text

            return rtf_to_text(payload(self.part))
        if _parameter(self.part, "format").lower() == "flowed":
            return unflow(self.source, delete_space=_parameter(self.part, "delsp").lower() == "yes")
        if _parameter(self.part, "hp-legacy-display") == "1":
            return LEGACY_HEADER.sub("", self.source)
        text = SCRUBBED.sub("", self.source) if " next part -" in self.source else self.source
        text = FILE_OF_EUDORA.sub("", text) if "Attachment Converted: " in text else text
        text = SIGNATURE_OF_EUDORA.sub("-- ", text) if "<x-sigsep>" in text else text
        return FILE_IN_TEXT.sub("", text) if BEGINS_FILE.search(text) else text


def _parameter(part: Message, name: str) -> str:
    """A parameter of the content type; empty if it has none. The standard library parses all of them for each one."""
    return str(part.get_param(name, "")) if name in str(part["Content-Type"] or "").lower() else ""


def body_text(message: Message) -> str:
    """The text of a message, as `read_body`."""
    return read_body(message).text


def read_body(message: Message) -> Body:
    """The text of the parts that are the mail.

    Of alternatives the plain one is taken, unless it is a stub. Otherwise all parts of text are taken, in their order.
    Attached files and forwarded messages (message/rfc822) are excluded.
    """
    leaves = _leaves(message)
    chosen = [leaf for leaf in _own(leaves, not message.is_multipart()) if leaf.text.strip()]
    if len(chosen) < len(leaves) and not any(map(_has_words, chosen)):
        chosen = _hidden_body(leaves) or chosen
    elif [leaf.kind for leaf in chosen[:2]] == [PLAIN, HTML] and any(map(_has_words, chosen[1:])):
        # A footer above the mail is none where footers are looked for.
        chosen = list(dropwhile(lambda leaf: not _has_words(leaf), chosen))
    plain = "\n".join(leaf.text for leaf in chosen if leaf.kind != HTML)
    texts = [leaf.text for leaf in chosen if leaf.kind != HTML or not (plain and _is_copy(leaf.text, plain))]
    return Body("\n\n".join(texts), frozenset().union(*(leaf.repairs for leaf in chosen)))


def _leaves(part: Message) -> list[_Leaf]:
    """The parts of text of a message in order, one of each set of alternatives."""
    content_type = part.get_content_type()
    if content_type.startswith("message/"):
        return []
    if part.is_multipart():
        children = [_leaves(child) for child in part.get_payload() if isinstance(child, Message)]
        if content_type == "multipart/alternative":
            return _choose([leaves for leaves in children if leaves])
        return [leaf for leaves in children for leaf in leaves]
    kind = _kind(part, content_type)
    if kind is None:
        return []
    disposition = str(part["Content-Disposition"] or "").lower()
    has_name = "name" in disposition or "name" in str(part["Content-Type"] or "").lower()
    name = (part.get_filename() or "") if has_name else ""
    return [_Leaf(part, kind, disposition.lstrip().startswith("attachment"), name)]


def _kind(part: Message, content_type: str) -> str | None:
    if content_type in PLAIN_TYPES:
        return PLAIN
    if content_type in KIND_OF_TYPE:
        return KIND_OF_TYPE[content_type]
    if content_type.startswith("application/") and is_tnef(part):
        return TNEF
    # A multipart without any boundary in it.
    return PLAIN if content_type.startswith("multipart/") else None


def _choose(options: list[list[_Leaf]]) -> list[_Leaf]:
    """One of several alternatives: the first in plain text that is no stub, else the last that has text."""
    plain = next((option for option in options if _is_plain(option)), None)
    rich = [option for option in options if any(leaf.kind in (HTML, ENRICHED, RTF) for leaf in option)]
    if plain is None:
        with_text = [option for option in rich or options if any(leaf.text.strip() for leaf in option)]
        return (with_text or options or [[]])[-1]
    pages = [leaf for option in rich[-1:] for leaf in option if leaf.kind == HTML]
    text = "\n".join(leaf.text for leaf in plain)
    if pages and (_is_stub(text, pages) or _lacks_a_page(text, pages) or _has_only_footers(plain, pages)):
        return rich[-1]
    return plain


def _is_plain(option: list[_Leaf]) -> bool:
    return all(leaf.kind == PLAIN for leaf in option) and any(leaf.text.strip() for leaf in option)


def _is_stub(text: str, pages: list[_Leaf]) -> bool:
    """Whether a text says something else than the HTML that it should be a copy of, or only its beginning."""
    if len(text) > MAX_STUB_CHARACTERS:
        return False
    source = html.unescape("\n".join(leaf.source for leaf in pages))
    visible = WORD.findall(TAG.sub(" ", source))
    words = WORD.findall(text)
    is_notice = len(text) <= MAX_NOTICE_CHARACTERS and NO_HTML.search(text)
    if len(visible) <= len(words) and not is_notice:
        return False
    if not _is_copy(text, source):
        return any(leaf.text.strip() for leaf in pages)
    if len(visible) < CUT_OFF_FACTOR * len(words) + CUT_OFF_WORDS:
        return False
    own = sum(len(WORD.findall(own_words(leaf.text))) for leaf in pages)
    return own >= CUT_OFF_FACTOR * len(WORD.findall(own_words(text))) + CUT_OFF_WORDS


def _has_only_footers(plain: list[_Leaf], pages: list[_Leaf]) -> bool:
    """Whether a text has only what programs append, and the HTML beside it more."""
    is_short = sum(len(leaf.text) for leaf in plain) <= MAX_STUB_CHARACTERS
    return is_short and not any(map(_has_words, plain)) and any(map(_has_words, pages))


def _lacks_a_page(text: str, pages: list[_Leaf]) -> bool:
    """Whether a text has only some of the pages that attached files divide the mail into, as Apple's program does."""
    own = [leaf.text for leaf in pages if _has_words(leaf)]
    return len(own) > 1 and _is_copy(text, "\n".join(own)) and not all(_is_copy(page, text) for page in own)


def _is_copy(text: str, of: str) -> bool:
    """Whether most of the longest words of a text are also in another text or its source."""
    words = sorted(set(WORD.findall(text.casefold())), key=lambda word: (-len(word), word))[:SAMPLE_WORDS]
    folded = of.casefold()
    return sum(word in folded for word in words) >= COPY_SHARE * len(words)


def _own(leaves: list[_Leaf], is_single: bool) -> Iterator[_Leaf]:
    """The parts that are the mail by their form: the only one, those without a file name, and the first one inline.

    The first one is a file if its name is one, and a text follows.
    """
    unnamed = [leaf for leaf in leaves if not leaf.name and not leaf.is_attached and leaf.kind != TNEF]
    for place, leaf in enumerate(leaves):
        if leaf.kind == TNEF:
            continue
        if is_single or (_is_named_body(leaf, place, unnamed) if leaf.name else place == 0 or not leaf.is_attached):
            yield leaf


def _is_named_body(leaf: _Leaf, place: int, unnamed: list[_Leaf]) -> bool:
    """Whether a part with a file name is the mail: the first one, by its name or where no other text is."""
    if place or leaf.is_attached:
        return False
    return bool(BODY_NAME.fullmatch(leaf.name)) or not any(map(_has_words, unnamed))


def _hidden_body(leaves: list[_Leaf]) -> list[_Leaf]:
    """The mail where no part is one by its form: a file with the name of a body, or Outlook's winmail.dat."""
    hidden = (leaf for leaf in leaves if leaf.kind == TNEF or BODY_NAME.fullmatch(leaf.name))
    return list(islice((leaf for leaf in hidden if leaf.text.strip()), 1))


def _has_words(leaf: _Leaf) -> bool:
    """Whether something is left of a text without the footers of programs."""
    lines, _ = strip_footers([ABOVE, "", *PLACEHOLDER.sub("", leaf.text).split("\n")])
    return any(line.strip() for line in lines[1:])


def unflow(text: str, delete_space: bool) -> str:
    """Join the lines that format=flowed wrapped (RFC 3676), except quoted lines and the mark of a signature."""
    lines: list[str] = []
    is_soft_break = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        content = line if quoted else line.removeprefix(" ")
        is_mark = content in ("-- ", "--")
        if is_soft_break and not quoted and not is_mark:
            lines[-1] += content
        else:
            lines.append(content)
        is_soft_break = content.endswith(" ") and not is_mark and not quoted
        if is_soft_break and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _of_eudora(kind: str, text: str) -> str:
    """The text inside of the marks that Eudora puts around it."""
    if kind == "html":
        return html_to_text(text)
    return unflow(text, delete_space=False) if kind == "flowed" else _enriched_to_text(text)


def _enriched_to_text(text: str) -> str:
    """The text of text/enriched (RFC 1896), in which a single line end is a blank."""
    text = ENRICHED_TAG.sub("", ENRICHED_PARAMETER.sub("", text)).replace("<<", "<")
    return re.sub(r"\n+", lambda match: match[0][1:] or " ", text)


def payload(part: Message) -> bytes:
    """The bytes of a part without its transfer encoding."""
    if isinstance(part, IndexedMessage):
        encoding = transfer_encoding.name_of(str(part["Content-Transfer-Encoding"] or ""))
        data = transfer_encoding.decode(part.body, encoding)
        may_be_encoded = encoding in transfer_encoding.MAY_HIDE_ANOTHER and part.get_content_maintype() == "text"
        return transfer_encoding.decode_undeclared(data) if may_be_encoded else data
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def decode_part(part: Message) -> charsets.Decoded:
    """The text of a part, with lines in LF, and what was repaired."""
    data = payload(part)
    charset = part.get_param("charset")
    name = charset[2] if isinstance(charset, tuple) else charset
    if not name and part.get_content_type() == "text/html" and (meta := META_CHARSET.search(data[:META_BYTES])):
        name = meta[1].decode("ascii", "replace")
    decoded = charsets.decode(data, name)
    return charsets.Decoded(decoded.text.replace("\r\n", "\n").replace("\r", "\n"), decoded.repairs)
