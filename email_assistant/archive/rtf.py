"""Converts what Outlook has in place of plain text: rich text (RTF), and winmail.dat (TNEF), which contains a text."""

import codecs
import re
from functools import partial

from striprtf.striprtf import rtf_to_text as strip_rtf
from tnefparse import TNEF

from email_assistant.archive.charsets import codec_of, decode_text, mend
from email_assistant.archive.html_text import html_to_text

FROM_HTML = re.compile(r"\\fromhtml1?\b")
HYPERLINK = re.compile(r"(?<=fldinst)([\s{]*)HYPERLINK", re.IGNORECASE)
CODE_PAGE = re.compile(r"\\ansicpg(\d+)")
# Code pages of two bytes per character, and escaped bytes before a byte that is written as a letter: "\'83e".
DOUBLE_BYTE = frozenset(("932", "936", "949", "950"))
ESCAPED_BYTES = re.compile(r"(?<!\\'[0-9a-fA-F]{2})((?:\\'[0-9a-fA-F]{2})+)([@-\[\]-z|~])")
# HTML inside RTF (MS-OXRTFEX): a control word, an escaped byte, an escaped character, a brace, or text.
TOKEN = re.compile(r"\\([a-zA-Z]+)(-?\d+)? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}]+)")
CHARACTER_OF_WORD = {"par": "\n", "line": "\n", "tab": "\t", "lquote": "‘", "rquote": "’", "bullet": "•"}


CHARACTER_OF_WORD |= {"ldblquote": "“", "rdblquote": "”", "endash": "–", "emdash": "—", "nbsp": "\u00a0"}
DESTINATIONS = frozenset(("fonttbl", "colortbl", "stylesheet", "info", "generator", "pict", "mhtmltag", "themedata"))


def rtf_to_text(rtf: bytes) -> str:
    """The text of rich text; HTML that it wraps is converted as HTML."""
    source = rtf.rstrip(b"\0").decode("latin-1")
    page = CODE_PAGE.search(source)
    if page and page[1] in DOUBLE_BYTE:
        source = ESCAPED_BYTES.sub(partial(_escape_second_byte, codec=f"cp{page[1]}"), source)
    if FROM_HTML.search(source[:2000]):
        return html_to_text(mend(_wrapped_html(source)).text)
    # The library would write the address of a link behind its text. Emoji are two halves there.
    return mend(str(strip_rtf(HYPERLINK.sub(r"\1LINK", source), errors="ignore"))).text


def _escape_second_byte(match: re.Match[str], codec: str) -> str:
    """Escaped bytes, and the byte after them, too, if it is the second one of a character."""
    decoder = codecs.getincrementaldecoder(codec)("ignore")
    decoder.decode(bytes.fromhex(match[1].replace("\\'", "")))
    is_half = bool(decoder.getstate()[0])
    return f"{match[1]}\\'{ord(match[2]):02x}" if is_half else match[0]


def _wrapped_html(source: str) -> str:
    """The HTML from which a program made the rich text: what is not marked as made for RTF only."""
    page = CODE_PAGE.search(source)
    codec = codec_of(f"cp{page[1]}" if page else None) or "cp1252"
    output: list[str] = []
    # For each open group: whether it is skipped, and whether its text is for RTF only.
    groups = [(False, False)]
    pending = bytearray()
    after_unicode = 0
    for word, number, byte, symbol, brace, text in TOKEN.findall(source):
        if byte:
            if after_unicode:
                after_unicode -= 1
            elif not any(groups[-1]):
                pending += bytes.fromhex(byte)
            continue
        output.append(pending.decode(codec, "replace"))
        pending.clear()
        skipped, for_rtf = groups[-1]
        if brace == "{":
            groups.append((skipped, for_rtf))
        elif brace and len(groups) > 1:
            groups.pop()
        elif word in DESTINATIONS:
            groups[-1] = (True, for_rtf)
        elif word == "htmlrtf":
            groups[-1] = (skipped, number != "0")
        elif not skipped and not for_rtf:
            if word == "u":
                output.append(chr(int(number or 0) % 65536))
                after_unicode = 1
            else:
                plain = text[after_unicode:] if text else text
                after_unicode = 0 if text else after_unicode
                output.append(CHARACTER_OF_WORD.get(word, "") if word else _symbol(symbol) + plain.replace("\r\n", ""))
    return "".join(output)


def _symbol(symbol: str) -> str:
    return {"~": "\u00a0", "_": "\u2011", "\n": "\n", "\\": "\\", "{": "{", "}": "}"}.get(symbol, "")


def tnef_to_text(data: bytes) -> str:
    """The text of the mail in winmail.dat; empty if there is none.

    Raises:
        ValueError: If the data is broken.
    """
    try:
        tnef = TNEF(data, do_checksum=False)
        plain, page, rich = tnef.body, tnef.htmlbody, tnef.rtfbody
    except Exception as error:  # the library raises whatever its reading of damaged data leads to
        raise ValueError(f"not a TNEF attachment: {type(error).__name__}: {error}") from error
    text = _to_text(plain, tnef.codepage).rstrip("\0")
    if text.strip():
        return text.replace("\r\n", "\n").replace("\r", "\n")
    if page:
        return html_to_text(_to_text(page, tnef.codepage))
    return rtf_to_text(rich if isinstance(rich, bytes) else rich.encode("latin-1", "replace")) if rich else ""


def _to_text(value: object, charset: str | None) -> str:
    """A text of the file; bytes have NULs at their end, and are in the charset that the file declares."""
    if isinstance(value, list):
        return "".join(_to_text(each, charset) for each in value)
    if not isinstance(value, bytes):
        return str(value or "")
    stripped = value.rstrip(b"\0")
    return decode_text(value if b"\0" in stripped else stripped, charset)
