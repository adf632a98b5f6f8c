"""Names of charsets: what mail programs write, what they mean by it, and which charsets are taken for one another."""

import re

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
    *("cp1252", "cp1251", "koi8-r", "cp1250", "iso8859-2", "cp1254", "cp1253", "cp1255", "cp1256", "cp1257", "koi8-u"),
    *("iso8859-5", "cp866", "cp874", "mac-roman", "cp850", "cp852", "mac-cyrillic", "cp437"),
)
CYRILLIC = frozenset(("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic"))
OTHER_SCRIPTS = frozenset(("cp1253", "cp1255", "cp1256", "cp874", "iso8859-6", "iso8859-7", "iso8859-8"))
RARE = OTHER_SCRIPTS | {"mac-roman", "cp850", "cp852", "cp437", "cp866", "mac-cyrillic"}
MULTI_BYTE = frozenset(
    ("gb18030", "cp949", "cp932", "big5hkscs", "euc_jis_2004", "big5", "johab", "euc_jp", "shift_jis")
)
NOT_ASCII_BASED = re.compile(r"utf-?(?:7|16|32)|hz|iso-?2022|cp(?:037|500|875|1026|1140|273|424)")
NO_INFORMATION = frozenset(
    ("", "ascii", "unknown8bit", "8bit", "usascii", "xunknown", "default", "none", "xuserdefined")
)
NOT_OF_TEXT = frozenset(("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"))
