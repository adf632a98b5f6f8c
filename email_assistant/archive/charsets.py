"""Decodes bytes whose declared charset may be wrong or missing, and says what had to be repaired.

A declared charset is believed unless the bytes contradict it: they are valid UTF-8, they are not valid in it, or the
decoded text is implausible and another charset makes it plausible.
"""

import codecs
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from unicodedata import normalize

import chardet
import ftfy
import ftfy.bad_codecs

from email_assistant.archive import multi_byte, seven_bit
from email_assistant.archive.alphabets import INSIDE, MIN_CHARACTERS, fits_its_language, is_latin
from email_assistant.archive.multi_byte import MULTI_BYTE, decode_strictly
from email_assistant.archive.plausibility import (
    cyrillic_cost,
    is_cyrillic_word,
    is_of_one_cyrillic_alphabet,
    is_plausible,
    is_usual_cyrillic,
    letter_bits,
    penalty,
    words_beyond_ascii,
)

# Names that mail programs write and Python does not know, without punctuation; and supersets that programs mean.
SYNONYMS = {
    **dict.fromkeys(("gb2312", "gb231280", "gbk", "euccn", "cp936", "ms936", "windows936"), "gb18030"),
    **dict.fromkeys(("ksc56011987", "ksc5601", "euckr", "ksc56011989", "windows949", "korean"), "cp949"),
    **dict.fromkeys(("shiftjis", "sjis", "xsjis", "mskanji", "windows31j", "ms932", "csshiftjis"), "cp932"),
    **dict.fromkeys(("big5", "big5eten", "xbig5", "cnbig5", "windows950"), "big5hkscs"),
    **dict.fromkeys(("iso2022jp", "csiso2022jp", "jis", "iso2022jpms", "cp50220", "cp50221"), "iso2022_jp_ext"),
    **dict.fromkeys(("eucjp", "xeucjp", "ujis"), "euc_jis_2004"),
    **dict.fromkeys(("iso88591", "latin1", "l1", "isolatin1", "iso8859", "ansi", "westerneuropean"), "cp1252"),
    **dict.fromkeys(("tis620", "iso885911", "windows874", "xwindows874"), "cp874"),
    **dict.fromkeys(("iso88598i", "iso88598e", "visual", "logical"), "iso8859_8"),
    **dict.fromkeys(("iso88596i", "iso88596e"), "iso8859_6"),
    **dict.fromkeys(("utf8mb4", "utf8mb3", "unicode11utf8", "utf8sig", "enusutf8", "cutf8", "xutf8"), "utf-8"),
    **dict.fromkeys(("unicode11utf7", "unicode20utf7"), "utf-7"),
    **dict.fromkeys(("unicode", "ucs2", "iso10646ucs2", "unicodefffe"), "utf-16"),
    **{
        f"{prefix}{number}": f"cp{number}" for number in range(1250, 1259) for prefix in ("windows", "win", "xcp", "ms")
    },
    **{f"xmac{name}": f"mac_{name}" for name in ("cyrillic", "greek", "turkish", "roman", "croatian", "romanian")},
    **{"xmacce": "mac_latin2", "macintosh": "mac_roman", "xmac": "mac_roman", "koi8": "koi8_r", "cskoi8r": "koi8_r"},
}
# Charsets of Windows that extend a standard's, or that programs write in its place.
SIBLINGS = {
    **{"iso8859-2": "cp1250", "cp1250": "iso8859-2", "iso8859-5": "cp1251", "iso8859-6": "cp1256"},
    **{"cp1256": "iso8859-6", "iso8859-7": "cp1253", "cp1253": "iso8859-7", "iso8859-8": "cp1255"},
    **{"iso8859-9": "cp1254", "iso8859-4": "cp1257", "iso8859-13": "cp1257", "cp1257": "iso8859-13"},
    **{"iso8859-15": "cp1252", "cp1252": "iso8859-15", "iso8859-16": "cp1250", "iso8859-3": "cp1254"},
    **{"koi8-r": "koi8-u", "iso8859-10": "cp1257", "iso8859-14": "cp1252"},
}
# In the order in which they are likely where nothing speaks against any of them.
SINGLE_BYTE = (
    *(
        "cp1252",
        "cp1251",
        "koi8-r",
        "cp1250",
        "iso8859-2",
        "cp1254",
        "cp1253",
        "cp1255",
        "cp1256",
        "iso8859-6",
        "cp1257",
        "koi8-u",
    ),
    *("iso8859-5", "cp866", "cp874", "mac-roman", "cp850", "cp852", "mac-cyrillic", "cp437"),
)
LATIN_CODECS = ("cp1252", "cp1250", "iso8859-2", "cp1254", "cp1257", "mac-roman", "cp850", "cp852")
CYRILLIC = frozenset(("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic"))
# What windows-1251 has where Mac OS Cyrillic has capitals; both have most small letters in the same places.
IN_PLACE_OF_CAPITALS = re.compile("[ЂЃѓЉЊЌЋЏђљњќћџ]")
OTHER_CASE = {"cp1251": "koi8-r", "koi8-r": "cp1251", "koi8-u": "cp1251"}
OTHER_SCRIPTS = frozenset(("cp1253", "cp1255", "cp1256", "cp874", "iso8859-6", "iso8859-7", "iso8859-8"))
RARE = OTHER_SCRIPTS | {"mac-roman", "cp850", "cp852", "cp437", "cp866", "mac-cyrillic"}
NOT_ASCII_BASED = re.compile(r"utf-?(?:7|16|32)|hz|iso-?2022|cp(?:037|500|875|1026|1140|273|424)")
NO_INFORMATION = frozenset(
    ("", "ascii", "unknown8bit", "8bit", "usascii", "xunknown", "default", "none", "xuserdefined")
)
NOT_OF_TEXT = frozenset(("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"))
# Repairs, as they are counted in the report.
WRONG_CHARSET, NO_CHARSET, LOST_BYTES, TWICE_ENCODED = (
    "wrong charset declared",
    "no charset declared",
    "invalid bytes removed",
    "encoded twice",
)
# Typical characters of UTF-8 that was decoded as a single-byte charset. Only then ftfy, which is slow, is asked.
MOJIBAKE = re.compile("[ÃÂâÐÑÅÄÎØÙ\x80-\x9f][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
CYRILLIC_MOJIBAKE = re.compile(
    "(?:[РС][\xa0-\xbfЂЃѓЉЊЌЋЏђљњќћџЎўЈҐЁЄЇІіґё№єјЅѕї€‚„…†‡‰‹‘’“”•–—™›]){3}|(?:[пя][\u2320-\u25ff°²·÷©ё]){3}"
)
# Charsets of which ftfy brings a variant that decodes every byte.
SLOPPY = frozenset(("1250", "1251", "1252", "1253", "1254", "1257"))
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
CONTROL_OR_BREAK = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
C1 = re.compile("[\x80-\x9f]")
# What windows-1252 has beyond the charset that it is declared as.
LATIN_1 = re.compile(r"\W*(?:iso|latin|l1)", re.IGNORECASE)
BEYOND_LATIN_1 = re.compile(rb"[\x80-\x9f]")
SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# A byte of windows-1252 amid UTF-8, as an editor pastes it.
STRAY = re.compile(r"[\udc80-\udcff]+")
SAMPLE_BYTES = 20_000
# A guess replaces a declared charset only if it takes away most of what is implausible.
BETTER = 0.5
# A guess is trusted from this confidence on, and then may be a little less plausible than the best.
TRUSTED, CREDIT = 0.3, 0.2
# What a rarer charset costs, unless it is the declared or guessed one.
RARER = 0.1
# A declared charset is given up for one that is neither its sibling nor guessed only if it leaves this many traces: per
# character beyond ASCII, or in all and a few per character.
TRACES_PER_CHARACTER, TRACES, FEW_PER_CHARACTER = 0.15, 0.75, 0.03
NUL_SHARE = 0.04
MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WIDTH = {"utf-16": 2, "utf-32": 4}
# So many bytes of ASCII, without any NUL, begin a header with something else below it.
HEADER_BYTES = 64
EAST_ASIAN = re.compile("[\t\n\r -~\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
EAST_ASIAN_SHARE = 0.95
# How rare the characters of a short text may be on average, in bits, where no charset of a single byte makes a
# plausible one; by how many bits in all it must be likelier than a plausible one.
LIKELY_BITS, SURER_BITS = 14.5, 3.0
# The same where something else than the letters speaks for another charset: most are frequent ones.
FREQUENT_BITS, MORE_THAN_USUAL_BITS = 11.0, 12.5
# A text of so many bytes is short, so that what it is can be a matter of chance.
SHORT_BYTES = 60
# Charsets in which a few bytes may be a word without any ASCII, and how rare they are in mail, in bits.
WORD_CODECS = {
    **dict.fromkeys(("cp1251", "koi8-r", "koi8-u"), 0.0),
    **dict.fromkeys(("iso8859-5", "cp866", "mac-cyrillic"), 2.0),
    **dict.fromkeys(("cp1253", "cp1255", "cp1256"), 4.0),
}
# How rare a text in capitals is, in bits.
CAPITALS_BITS = 2.0
IN_CAPITALS = re.compile(r"[\w -~]+")
# A Latin letter beside one or two others is most likely one of the same word.
BESIDE_LATIN = re.compile("[a-z][\u3400-\u9fff\uac00-\ud7a3]|[\u3400-\u9fff\uac00-\ud7a3][a-z]")
MIN_BESIDE_LATIN = 3
CONSONANTS = re.compile("[бвгджзйклмнпрстфхцчшщъь]{2,4}", re.IGNORECASE)
# Two characters of Japanese in Shift JIS, which are quotation marks and letters in windows-1252.
KANA_IN_SHIFT_JIS, MIN_KANA = re.compile(rb"\x82[\x9f-\xf1]|\x83[@-\x96]"), 2
# The share of usual characters below which a declared charset is doubted.
DOUBTED_SHARE = 0.7
# Another charset than the declared one, which makes usual text, is chosen if this share of the characters is frequent
# in it, at least this many are, and this many times as many as in the declared one.
MANY_FREQUENT, MIN_FREQUENT, FREQUENT_FACTOR = 0.25, 4, 4
# Text in ASCII, where a few NULs are damage and no half of a character.
PLAIN_TEXT = re.compile(rb"[\t-\r\x1b -\x7e]*")


@dataclass(frozen=True)
class Decoded:
    """A decoded text.

    Attributes:
        text: The text, without NUL characters.
        repairs: What was repaired, of the four kinds above; empty if the declared charset was right.
    """

    text: str
    repairs: frozenset[str] = frozenset()


def decode(data: bytes, declared: str | None) -> Decoded:
    """Decode the bytes of a text.

    Args:
        data: The bytes.
        declared: The name of their charset as declared, known or not; None if there is none.
    """
    codec = codec_of(declared)
    if b"\0" in data or data.startswith(MARKS) or (codec and codec.startswith("utf-16")):
        wide = wide_codec(data) or _declared_wide(data, codec)
        if wide:
            # A line end of a single byte that a program appended is no character.
            whole = data[: len(data) // WIDTH[wide[:6]] * WIDTH[wide[:6]]]
            text = whole.decode(wide, "replace").lstrip("\ufeff")
            is_declared = bool(codec and codec.startswith(("utf-16", "utf-32")))
            return _done(text, frozenset() if is_declared else _wrong(codec))
        data = data.replace(b"\0", b"")
    if data.isascii():
        return _decode_ascii(data, codec)
    if data.startswith(codecs.BOM_UTF8):
        data, codec = data.removeprefix(codecs.BOM_UTF8), "utf-8"
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        decoded = _decode_other(data, codec)
        is_extended = codec == "cp1252" and LATIN_1.match(declared or "") and BEYOND_LATIN_1.search(data)
        return replace(decoded, repairs=decoded.repairs | {WRONG_CHARSET}) if is_extended else decoded
    declared_text = decode_strictly(data, codec) if codec in MULTI_BYTE and len(SEQUENCE.findall(data)) < 3 else None
    if declared_text and not multi_byte.IDEOGRAPH_IN_WORD.search(declared_text):
        return Decoded(declared_text)
    if codec is None and len(data) <= SHORT_BYTES and (fragment := _fragment_in_place_of_utf8(data, text)):
        return fragment
    return _done(text, _wrong(codec) if codec not in (None, "utf-8") else frozenset())


def mend(text: str) -> Decoded:
    """The text without what its bytes suffered before it was decoded: encoded twice, half of a character, NULs."""
    if LONE_SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return Decoded(_without_controls(text)) if text.isascii() else _done(text, frozenset())


def guess_charset(data: bytes) -> str:
    """The charset of a file of text that declares none."""
    if data.isascii() or _is_damaged_utf8(data, None):
        return "utf-8"
    return _best_codec(data, None)


def decode_text(data: bytes, declared: str | None = None) -> str:
    """The text of some bytes, as `decode` without what was repaired."""
    return decode(data, declared).text


@lru_cache(maxsize=512)
def codec_of(declared: str | None) -> str | None:
    """Python's name of a declared charset; None if it is unknown, or says nothing."""
    name = re.split(r"[;,$*\s]", (declared or "").strip(" \t\"'_<>=").lower())[0].strip("\"'")
    plain = re.sub(r"[^a-z0-9]", "", name)
    if plain in NO_INFORMATION:
        return None
    for candidate in (SYNONYMS.get(plain), SYNONYMS.get(plain.removeprefix("x").removeprefix("cs")), name, plain):
        try:
            found = codecs.lookup(candidate) if candidate else None
        except (LookupError, ValueError):
            continue
        if found and getattr(found, "_is_text_encoding", True) and found.name not in NOT_OF_TEXT:
            return None if found.name == "ascii" else found.name
    return None


def _wrong(codec: str | None) -> frozenset[str]:
    return frozenset({WRONG_CHARSET if codec else NO_CHARSET})


def _done(text: str, repairs: frozenset[str]) -> Decoded:
    """The decoded text, after what was encoded twice is decoded a second time."""
    fixed = _decode_twice(text)
    if C1.search(fixed):
        fixed = C1.sub(lambda match: match[0].encode("latin-1").decode("cp1252", "ignore"), fixed)
    if fixed != text:
        repairs |= {TWICE_ENCODED}
    return Decoded(_without_controls(fixed), repairs)


def _without_controls(text: str) -> str:
    """The text without control characters; a vertical tab is a line break of Word."""
    return CONTROL.sub("", text.replace("\v", "\n")) if CONTROL_OR_BREAK.search(text) else text


def _decode_twice(text: str) -> str:
    if ("Р" in text or "п" in text) and CYRILLIC_MOJIBAKE.search(text):
        for codec in ("koi8-r", "cp1251"):
            try:
                return text.encode(codec).decode("utf-8")
            except UnicodeError:
                continue
    return str(ftfy.fix_encoding(text)) if MOJIBAKE.search(text) else text


def wide_codec(data: bytes) -> str | None:
    """UTF-16 or UTF-32, if the bytes begin with its mark or have NULs where its text has them."""
    for mark, codec in (
        *((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
        *((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    ):
        if data.startswith(mark):
            return codec
    sample = data[: SAMPLE_BYTES // 4 * 4]
    if len(sample) > HEADER_BYTES and PLAIN_TEXT.fullmatch(sample, 0, HEADER_BYTES):
        return None
    nulls = [sample[offset::4].count(0) for offset in range(4)]
    quarter = max(1, len(sample) // 4)
    if min(nulls[1:]) > 0.9 * quarter and not nulls[0]:
        return "utf-32-le"
    if min(nulls[:3]) > 0.9 * quarter and not nulls[3]:
        return "utf-32-be"
    if min(nulls) == max(nulls) == 0 or (sum(nulls) < quarter and PLAIN_TEXT.fullmatch(sample.replace(b"\0", b""))):
        return None
    even, odd = nulls[0] + nulls[2], nulls[1] + nulls[3]
    for high, low, codec in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        # Spaces and line ends have a NUL in any language; a run of NULs has as many in both places.
        text = decode_strictly(data[: len(data) // 2 * 2], codec) if high > NUL_SHARE * 2 * quarter else None
        if text and (low * 10 < high or (low < high and _is_east_asian(text))):
            return codec
    return None


def _declared_wide(data: bytes, codec: str | None) -> str | None:
    """The form of UTF-16 of a text that is declared as such, and has neither a mark nor NULs."""
    if codec is None or not codec.startswith("utf-16"):
        return None
    even = data[: len(data) // 2 * 2]
    forms = ("utf-16-be", "utf-16-le") if codec == "utf-16-be" else ("utf-16-le", "utf-16-be")
    return next((form for form in forms if (text := decode_strictly(even, form)) and _is_east_asian(text)), None)


def _is_east_asian(text: str) -> bool:
    """Whether nearly all characters of a text are Chinese, Japanese or Korean, or ASCII."""
    return len(EAST_ASIAN.findall(text)) >= EAST_ASIAN_SHARE * len(text)


def _decode_ascii(data: bytes, codec: str | None) -> Decoded:
    if seven_bit.ISO_2022.search(data):
        text = seven_bit.decode_iso_2022(data)
        if text is not None:
            return Decoded(text, frozenset() if codec and "2022" in codec else _wrong(codec))
        return Decoded(data.decode("iso2022_jp_ext", "ignore"), frozenset({LOST_BYTES}))
    for text, name in ((seven_bit.without_escapes(data), "euc_jis_2004"), (seven_bit.decode_hz(data), "gb18030")):
        if (
            text is not None
            and multi_byte.usual_share(text, name) >= multi_byte.USUAL_SHARE
            and multi_byte.frequent_count(text, name)
        ):
            return Decoded(text, _wrong(codec))
    if codec and NOT_ASCII_BASED.match(codec) and not codec.startswith(("utf-16", "utf-32")):
        text = decode_strictly(data, codec)
        if text is not None:
            return Decoded(text)
    return Decoded(_without_controls(data.decode("ascii")))


def _decode_other(data: bytes, codec: str | None) -> Decoded:
    """Decode what is neither ASCII nor valid UTF-8."""
    decoded = _decode_by_traces(data, codec)
    if codec in MULTI_BYTE or LOST_BYTES in decoded.repairs or not is_latin(decoded.text):
        return decoded
    return _decode_by_language(data, decoded.text, codec) or decoded


def _decode_by_language(data: bytes, text: str, codec: str | None) -> Decoded | None:
    """The text in another charset for Latin letters, if it then has the letters of its language and now has others.

    Charsets of Latin letters differ in few of them, which leaves no trace in a short text.
    """
    if len(text) < MIN_CHARACTERS or fits_its_language(text):
        return None
    for name in LATIN_CODECS:
        other = _single_byte_text(data, name) if name != codec else None
        if other and other != text and is_plausible(other) and fits_its_language(other):
            return _done(other, _wrong(codec))
    return None


def _decode_by_traces(data: bytes, codec: str | None) -> Decoded:
    """Decode by the declared charset, unless the text then has traces of a wrong one."""
    text = _single_byte_text(data, codec) if codec and codec != "utf-8" else None
    if text is not None and codec in MULTI_BYTE:
        better = _better_than_multi_byte(data, text, codec or "")
        return better or Decoded(text)
    if text is not None and NOT_ASCII_BASED.match(codec or ""):
        return Decoded(text)
    frequent = _full_of_frequent(data, codec) if text is None or not is_plausible(text) else None
    if frequent:
        return frequent
    if _is_damaged_utf8(data, codec):
        damaged = decode_damaged_utf8(data)
        is_short = codec != "utf-8" and len(data) <= SHORT_BYTES
        return (_likely_fragment(data, codec, "", MORE_THAN_USUAL_BITS) if is_short else None) or damaged
    if codec in MULTI_BYTE and (cut := _without_half(data, codec or "")):
        return Decoded(cut, frozenset({LOST_BYTES}))
    if codec in MULTI_BYTE:
        lenient = data.decode(codec or "", "ignore")
        is_whole = 2 * len(lenient.encode(codec or "", "ignore")) > 1.9 * len(data)
        if is_whole and not multi_byte.IDEOGRAPH_IN_WORD.search(lenient):
            return Decoded(lenient, frozenset({LOST_BYTES}))
    if text is not None and (is_plausible(text) or _is_in_capitals(text, data, codec)):
        kana = len(KANA_IN_SHIFT_JIS.findall(data)) if codec in LATIN_CODECS else 0
        fragment = _likely_fragment(data, codec, "", FREQUENT_BITS) if kana >= MIN_KANA else None
        return fragment or _done(text, frozenset())
    best = _best_codec(data, codec)
    decoded = (text if codec == best else None) or _single_byte_text(data, best) or data.decode(best, "replace")
    limit = LIKELY_BITS if codec in (None, "utf-8", *LATIN_CODECS) else FREQUENT_BITS
    if fragment := _likely_fragment(data, codec, "" if best in RARE or best in MULTI_BYTE else decoded, limit):
        return fragment
    if codec == best and text is not None:
        return _done(text, frozenset())
    is_extension = codec is not None and SIBLINGS.get(codec) == best
    lost = frozenset({LOST_BYTES}) if "\ufffd" in decoded else frozenset()
    return _done(decoded.replace("\ufffd", ""), lost if is_extension and lost else lost | _wrong(codec))


def _is_in_capitals(text: str, data: bytes, codec: str | None) -> bool:
    """Whether a text was typed in Cyrillic capitals, and is not one in small letters of the other usual charset.

    windows-1251 has capitals where KOI8-R has small letters, and the other way round.
    """
    other = OTHER_CASE.get(codec or "")
    if other is None or not text.isupper() or not is_plausible(text.lower()):
        return False
    cost, otherwise = cyrillic_cost(text), cyrillic_cost(data.decode(other, "replace"))
    return cost is not None and otherwise is not None and cost < otherwise


def _better_than_multi_byte(data: bytes, text: str, codec: str) -> Decoded | None:
    """The text in another charset if the declared one, of several bytes per character, makes nothing usual of it."""
    if multi_byte.IDEOGRAPH_IN_WORD.search(text):
        best = _best_codec(data, None)
        decoded = _single_byte_text(data, best) if best not in MULTI_BYTE else None
        if decoded and is_plausible(decoded) and not INSIDE.search(decoded):
            return _done(decoded, _wrong(codec))
        return _full_of_frequent(data, codec, text)
    if multi_byte.usual_share(text, codec) >= DOUBTED_SHARE:
        return _full_of_frequent(data, codec, text)
    other = multi_byte.usual_charset(data, [name for name in multi_byte.USUAL_LEADS if name != codec])
    return Decoded(data.decode(other), _wrong(codec)) if other else None


def _full_of_frequent(data: bytes, codec: str | None, text: str = "") -> Decoded | None:
    """The text in a charset of several bytes per character in which many characters are frequent ones.

    Args:
        data: The bytes.
        codec: The declared charset.
        text: The text in the declared charset if this, too, has several bytes per character.
    """
    other = multi_byte.usual_charset(data, [name for name in multi_byte.USUAL_LEADS if name != codec])
    if other is None or (text and codec not in multi_byte.FREQUENT):
        return None
    better = data.decode(other)
    count, declared = multi_byte.frequent_count(better, other), multi_byte.frequent_count(text, codec or "")
    is_full = count >= max(
        MIN_FREQUENT, MANY_FREQUENT * len(multi_byte.letters_beyond_latin(better)), FREQUENT_FACTOR * declared
    )
    return Decoded(better, _wrong(codec)) if is_full else None


def _likely_fragment(data: bytes, codec: str | None, otherwise: str, limit: float = LIKELY_BITS) -> Decoded | None:
    """A short text in a charset of several bytes per character, if it is likelier than in one of a single byte.

    Args:
        data: The bytes.
        codec: The declared charset.
        otherwise: The best text in a charset of a single byte per character; empty if there is none.
        limit: How rare the characters may be on average, in bits.
    """
    likely = multi_byte.likeliest(data, [name for name in multi_byte.USUAL_LEADS if name != codec])
    if likely is None or likely.bits > limit or not multi_byte.letters_beyond_latin(likely.text):
        return None
    if likely.letters < MIN_BESIDE_LATIN and BESIDE_LATIN.search(likely.text):
        return None
    bits = min(
        _bits_as_word(otherwise, 0.0),
        *(_bits_as_word(_single_byte_text(data, name), more) for name, more in WORD_CODECS.items()),
    )
    return Decoded(likely.text, _wrong(codec)) if likely.bits * likely.letters <= bits - SURER_BITS else None


def _bits_as_word(text: str | None, more: float) -> float:
    """How unlikely a text in a charset of a single byte per character is, in bits; infinite if it is not plausible.

    Args:
        text: The text.
        more: How rare its charset is, in bits.
    """
    strange = " ".join(words_beyond_ascii(text or ""))
    in_capitals = strange.isupper() and IN_CAPITALS.fullmatch(strange) and is_plausible(strange.lower())
    if not strange or not (in_capitals or is_cyrillic_word(strange) or is_plausible(strange)):
        return float("inf")
    return letter_bits(strange) + more + CAPITALS_BITS * strange.isupper()


def _fragment_in_place_of_utf8(data: bytes, text: str) -> Decoded | None:
    """A few characters in a charset of several bytes per character that happen to be valid in UTF-8, too: '谢谢', 'лл'.

    In UTF-8 they make no word: letters of several alphabets, or consonants only.
    """
    if not is_plausible(text):
        return _likely_fragment(data, None, text)
    strange = words_beyond_ascii(text)
    is_no_word = bool(strange) and all(map(CONSONANTS.fullmatch, strange))
    return _likely_fragment(data, None, "", FREQUENT_BITS) if is_no_word else None


def _single_byte_text(data: bytes, codec: str) -> str | None:
    """The text in a charset, with bytes that Windows leaves undefined as control characters; None if others are."""
    number = codec.removeprefix("cp")
    text = decode_strictly(data, f"sloppy-windows-{number}" if number in SLOPPY else codec)
    # Vietnamese of Windows has the marks of tones apart from their letters.
    return normalize("NFC", text) if text and codec == "cp1258" else text


def _without_half(data: bytes, codec: str) -> str:
    """The text of bytes that end within a character, as in a subject that a program cut; empty if others are wrong."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(data)
    except UnicodeDecodeError:
        return ""


def _is_damaged_utf8(data: bytes, codec: str | None) -> bool:
    """Whether most of the bytes beyond ASCII form sequences of UTF-8."""
    sequences = SEQUENCE.findall(data)
    inside = sum(map(len, sequences))
    outside = len(data) - inside - sum(byte < 0x80 for byte in data)
    return len(sequences) >= (outside if codec in (None, "utf-8") else 2 * outside) and len(sequences) > 0


def decode_damaged_utf8(data: bytes) -> Decoded:
    """The text of UTF-8 with a few invalid bytes.

    Bytes of windows-1252 amid Latin words are read as such, others are removed.
    """
    text = data.decode("utf-8", "surrogateescape")
    is_latin = not any("\u0370" <= character < "\u2000" for character in text)

    def mend(match: re.Match[str]) -> str:
        strays = match[0].encode("utf-8", "surrogateescape")
        before = text[match.start() - 1 : match.start()]
        guess = strays.decode("cp1252", "ignore") if is_latin and len(strays) == 1 else ""
        return guess if before.isalpha() and not penalty(before + guess) else ""

    return _done(STRAY.sub(mend, text), frozenset({LOST_BYTES}))


def _best_codec(data: bytes, codec: str | None) -> str:
    """The codec that makes the most plausible text; the declared one unless another is clearly better."""
    sample = _sample(data)
    for name in ("cp1251", "koi8-r"):
        # The most frequent case, which needs no slower guess.
        if codec != name and is_usual_cyrillic(text := sample.decode(name, "replace")) and is_plausible(text):
            return name
    if _has_mac_capitals(sample):
        return "mac-cyrillic"
    guess = chardet.detect(sample)
    guessed, confidence = codec_of(guess["encoding"]) or "cp1252", guess["confidence"] or 0
    whole = decode_strictly(data, guessed) if guessed in MULTI_BYTE and confidence >= TRUSTED else None
    if whole is not None and not (guessed == "gb18030" and multi_byte.KANA.search(whole)):
        return guessed
    usual = multi_byte.usual_charset(data, multi_byte.USUAL_LEADS, guessed) if guessed in MULTI_BYTE else None
    if usual and (whole is not None or multi_byte.frequent_count(data.decode(usual), usual)):
        return usual
    trusted = guessed if confidence >= TRUSTED else ""
    named = [codec, SIBLINGS.get(codec or ""), trusted, SIBLINGS.get(trusted), *SINGLE_BYTE]
    candidates = [name for name in dict.fromkeys(named) if name and _is_single_byte(name)]
    if codec in CYRILLIC:
        candidates = [name for name in candidates if name not in OTHER_SCRIPTS or name == trusted]
    penalties = {name: penalty(sample.decode(name, "replace")) for name in candidates}

    def cost(name: str) -> float:
        rarer = name in RARE and name not in (codec, trusted)
        return penalties[name] - CREDIT * (name == trusted) + RARER * rarer

    best = min(candidates, key=cost)
    if codec not in penalties:
        return best
    traces, in_all = penalties[codec], penalties[codec] * sum(byte > 0x7F for byte in sample)
    enough = traces >= TRACES_PER_CHARACTER or (in_all >= TRACES and traces >= FEW_PER_CHARACTER)
    is_named = best == SIBLINGS.get(codec or "") or (best == trusted and best not in RARE)
    is_doubted = enough or (traces > 0 and is_named)
    return best if is_doubted and penalties[best] <= BETTER * traces else codec or best


def _has_mac_capitals(data: bytes) -> bool:
    """Whether a text is in Mac OS Cyrillic: in windows-1251, letters of Serbian are in place of its capitals."""
    text = data.decode("cp1251", "replace")
    if not IN_PLACE_OF_CAPITALS.search(text) or is_of_one_cyrillic_alphabet(text):
        return False
    other = data.decode("mac-cyrillic", "replace")
    return is_of_one_cyrillic_alphabet(other) and is_plausible(other)


def _is_single_byte(codec: str) -> bool:
    return codec not in MULTI_BYTE and codec != "utf-8" and not NOT_ASCII_BASED.match(codec)


def _sample(data: bytes) -> bytes:
    """The lines with bytes beyond ASCII, up to a limit."""
    if len(data) <= SAMPLE_BYTES:
        return data
    lines = (line for line in data.split(b"\n") if not line.isascii())
    chosen: list[bytes] = []
    size = 0
    for line in lines:
        chosen.append(line)
        size += len(line)
        if size > SAMPLE_BYTES:
            break
    return b"\n".join(chosen)[: 2 * SAMPLE_BYTES]
