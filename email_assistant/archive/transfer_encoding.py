"""Undoes the transfer encodings of a part: base64, quoted-printable and uuencode.

The standard library decodes whatever follows a base64 body as if it were a part of it, such as the footer that a
mailing list appends, and takes an encoding for none if a blank follows its name.
"""

import binascii
import re

TOKEN = re.compile(r"[a-z0-9-]+")
BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]+={0,2}[ \t\r]*(?:\n|\Z)|[ \t\r]*\n)+")
PADDED_LINE = re.compile(rb"=[ \t\r]*(?:\n|\Z)")
# After the padding, a line of fewer characters is text by somebody else rather than a second encoded block.
MIN_NEXT_BLOCK = 40
# Blanks that servers append to a line are no part of it.
BLANKS_BEHIND_BREAK = re.compile(rb"=[ \t]+\r?\n")
PLAIN_WORD = re.compile(rb"[A-Za-z][a-z]{4,}")
STRAY = re.compile(rb"[^A-Za-z0-9+/=\s]")
# What a body shows that is encoded though its header does not say so: no sign of equality but in the escapes of
# quoted-printable, with a character of UTF-8 or lines that it broke; or nothing but lines of base64.
ESCAPE = re.compile(rb"=(?:[0-9A-F]{2}|[ \t]*\r?(?:\n|\Z))")
ESCAPED_UTF8 = re.compile(rb"=(?:C[2-9A-F]|D[0-9A-F]|E[0-9A-F]=[89AB][0-9A-F])=[89AB][0-9A-F]")
BROKEN_LINES = re.compile(rb"(?:^[^\n]{60,75}=\r?\n){2}", re.MULTILINE)
BASE64_LINES = re.compile(rb"\s*(?:[A-Za-z0-9+/]{60,76}\r?\n)+(?:[A-Za-z0-9+/]{1,76}={0,2})?\s*\Z")
CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f\x7f]")
UU_BEGIN = re.compile(rb"begin [0-7]{3,4} [^\n]*\n", re.MULTILINE)
# What programs declare, or nothing, above a text that another program encoded before.
MAY_HIDE_ANOTHER = frozenset(("", "7bit", "8bit", "binary", "base64"))
UUENCODE = frozenset(("x-uuencode", "uuencode", "uue", "x-uue"))


def name_of(header: str) -> str:
    """The name of an encoding without blanks, quotes and comments, in lower case."""
    match = TOKEN.search(header.lower().replace("_", "-"))
    return match[0] if match else ""


def decode(body: bytes, encoding: str) -> bytes:
    """The decoded bytes of a body; the body itself if its encoding is none of the three, or is not really used."""
    if encoding == "base64":
        return _decode_base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(BLANKS_BEHIND_BREAK.sub(b"=\n", body))
    if encoding in UUENCODE:
        return _decode_uu(body)
    return body


def decode_undeclared(body: bytes) -> bytes:
    """The decoded bytes of a text that is encoded though its header does not say so; mostly the text itself."""
    if b"=" in body and (ESCAPED_UTF8.search(body) or BROKEN_LINES.search(body)):
        return decode(body, "quoted-printable") if len(ESCAPE.findall(body)) == body.count(b"=") else body
    if b" " in body[:60] or not BASE64_LINES.match(body):
        return body
    decoded = _decode_base64(body)
    try:
        decoded.decode("utf-8")
    except UnicodeDecodeError:
        return body
    return body if CONTROL.search(decoded) else decoded


def _decode_base64(body: bytes) -> bytes:
    """Decode the encoded lines at the beginning, and drop what follows them; a body of plain lines is left as it is."""
    body = body.lstrip(b"\r\n \t")
    match = BASE64.match(body) or BASE64.match(_without_strays(body))
    if not match or not match[0].strip():
        return body
    decoded = []
    for block in _blocks(match[0]):
        characters = b"".join(block.split()).rstrip(b"=")
        # A block that is cut off may end with one character too many.
        characters = characters[: len(characters) - (len(characters) % 4 == 1)]
        decoded.append(binascii.a2b_base64(characters + b"=" * (-len(characters) % 4)))
    return b"".join(decoded)


def _without_strays(body: bytes) -> bytes:
    """The body without characters that damaged its encoded lines; plain text has blanks, too."""
    lines = body.split(b"\n")
    return b"\n".join(line if b" " in line.strip() else STRAY.sub(b"", line) for line in lines)


def _blocks(encoded: bytes) -> list[bytes]:
    """Split the encoded lines behind each padding, up to the first block that is too short to be one."""
    encoded = _without_word(encoded)
    blocks, start = [], 0
    for padding in PADDED_LINE.finditer(encoded):
        blocks.append(encoded[start : padding.end()])
        start = padding.end()
        if len(encoded[start:].strip().split(b"\n", 1)[0]) < MIN_NEXT_BLOCK:
            return blocks
    return [*blocks, encoded[start:]]


def _without_word(encoded: bytes) -> bytes:
    """The encoded lines without a word below them that is plain text, such as 'Unsubscribe'."""
    above, _, last = encoded.rstrip().rpartition(b"\n")
    lines = above.split()
    is_behind = bool(lines) and (len(lines[-1]) < len(lines[0]) or len(last) % 4 > 0)
    return above if is_behind and PLAIN_WORD.fullmatch(last.strip()) else encoded


def _decode_uu(body: bytes) -> bytes:
    begin = UU_BEGIN.search(body)
    if not begin:
        return body
    decoded = []
    for line in body[begin.end() :].split(b"\n"):
        if line.strip() in (b"end", b"`"):
            break
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some programs append characters to a line; the first byte says how many there are.
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            decoded.append(binascii.a2b_uu(line[:size]))
    return b"".join(decoded)
