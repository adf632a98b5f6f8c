"""East Asian charsets of seven bits, as programs extend and damage them: ISO-2022-JP and HZ."""

import re

from email_assistant.archive.multi_byte import decode_strictly

ISO_2022 = re.compile(rb"\x1b(?:\$[@AB]|\$\([ABCDOPQ]|\([JI]|\$\)[CAG])")
ISO_2022_CODECS = ("iso2022_jp_ext", "iso2022_jp_3", "iso2022_jp_2004", "iso2022_kr", "iso2022_jp_2")
# Two bytes per character up to the next escape, in a line.
JIS_RUN = re.compile(rb"\x1b\$[@B]([!-~]+)")
# One byte per character of narrow katakana.
KANA_RUN = re.compile(rb"\x1b\(I([!-_]*)")
OTHER_ESCAPE = re.compile(rb"\x1b\([BJ]")
# The same where a gateway took the escape characters away, in short lines.
WITHOUT_ESCAPES = re.compile(rb"(?<!\x1b)\$([@B])((?:[!-~]{2}){2,250}?)\(([BJ])")
HZ_RUN = re.compile(rb"~\{(?:[!-w][!-~]){2,}~\}")


def decode_iso_2022(data: bytes) -> str | None:
    """The text of ISO-2022-JP, -KR or one of their relatives; None if the bytes are in none of them."""
    texts = (decode_strictly(data, codec) for codec in ISO_2022_CODECS)
    found = next((text for text in texts if text is not None), None)
    return _decode_of_microsoft(data) if found is None else found


def _decode_of_microsoft(data: bytes) -> str | None:
    """The text of ISO-2022-JP with the characters that Windows adds to it, such as numbers in circles; None if not."""
    try:
        plain = JIS_RUN.sub(lambda run: _to_shift_jis(run[1]), data)
        plain = KANA_RUN.sub(lambda run: bytes(byte | 0x80 for byte in run[1]), plain)
        plain = OTHER_ESCAPE.sub(b"", plain)
    except ValueError:
        return None
    return decode_strictly(plain, "cp932") if b"\x1b" not in plain else None


def _to_shift_jis(codes: bytes) -> bytes:
    """Characters of JIS X 0208, of two bytes each, in Shift JIS.

    Raises:
        ValueError: If half of a character is missing.
    """
    converted = bytearray()
    for first, second in zip(codes[::2], codes[1::2], strict=True):
        lead = (first - 0x21) // 2 + 0x81
        trail = second + (0x1F + (second >= 0x60) if first % 2 else 0x7E)
        converted += bytes((lead + (0x40 if lead > 0x9F else 0), trail))
    return bytes(converted)


def without_escapes(data: bytes) -> str | None:
    """The text of ISO-2022-JP whose escape characters are lost; None if it is none."""
    if b"(B" not in data and b"(J" not in data:
        return None
    restored = WITHOUT_ESCAPES.sub(lambda run: b"\x1b$%b%b\x1b(%b" % run.groups(), data)
    return decode_iso_2022(restored) if restored != data else None


def decode_hz(data: bytes) -> str | None:
    """The text of HZ, in which Chinese is between '~{' and '~}'; None if it is none."""
    return decode_strictly(data, "hz") if HZ_RUN.search(data) else None
