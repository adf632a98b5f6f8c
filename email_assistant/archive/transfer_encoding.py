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
UU_BEGIN = re.compile(rb"begin [0-7]{3,4} [^\n]*\n", re.MULTILINE)
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
        return binascii.a2b_qp(body)
    if encoding in UUENCODE:
        return _decode_uu(body)
    return body


def _decode_base64(body: bytes) -> bytes:
    """Decode the encoded lines at the beginning, and drop what follows them; a body of plain lines is left as it is."""
    match = BASE64.match(body.lstrip(b"\r\n \t"))
    if not match or not match[0].strip():
        return body
    decoded = []
    for block in _blocks(match[0]):
        characters = b"".join(block.split()).rstrip(b"=")
        # A block that is cut off may end with one character too many.
        characters = characters[: len(characters) - (len(characters) % 4 == 1)]
        decoded.append(binascii.a2b_base64(characters + b"=" * (-len(characters) % 4)))
    return b"".join(decoded)


def _blocks(encoded: bytes) -> list[bytes]:
    """Split the encoded lines behind each padding, up to the first block that is too short to be one."""
    blocks, start = [], 0
    for padding in PADDED_LINE.finditer(encoded):
        blocks.append(encoded[start : padding.end()])
        start = padding.end()
        if len(encoded[start:].strip().split(b"\n", 1)[0]) < MIN_NEXT_BLOCK:
            return blocks
    return [*blocks, encoded[start:]]


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
