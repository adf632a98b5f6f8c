"""Replaces personal data in texts by placeholders: [EMAIL-1], [PHONE-2], [IBAN-1].

The same value gets the same placeholder in the whole archive. Numbers are replaced only if their check digits are
right; numbers with weak check digits only next to a word that names them.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import phonenumbers
from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.ru import inn
from stdnum.ua import rntrc
from stdnum.us import ssn

from email_assistant.archive.locales import LOCALES, alternation, any_of, words

Span = tuple[int, int, str]
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+(?<![.-])")
URL = re.compile(r"\bhttps?://[^\s<>\"'»”]{4,2000}", re.IGNORECASE)
SECRET_PARAMETER = re.compile(
    r"token|secret|signature|^sig$|auth|session|^sid$|passw|pwd|api_?key|^key$|^code$|access|credential|jwt|invite|hash|^k$",
    re.IGNORECASE,
)
OPAQUE_VALUE = re.compile(r"^(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_~.=-]{24,}$")
SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----|"
    r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{20,}|\bxox[abprs]-[\w-]{10,}|"
    r"\bAIza[\w-]{35}|\b[rs]k_(?:live|test)_\w{16,}|\bsk-[\w-]{20,}|\bhf_[A-Za-z0-9]{30,}|"
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}",
    re.DOTALL,
)
# The value after the colon or 'is'. A sentence about passwords has no value with a digit there.
PASSWORD = re.compile(
    rf"(?<!\w)(?:{any_of(lambda locale: locale.password_words)})"
    r"(?:\s+(?:is|ist|est|es|è)\s+|\s*:\s*|=|\s+[–-]\s+)[\"'`«]?(?P<value>(?!-)(?=[^\s\"'`»]*\d)[^\s\"'`»,;]{4,64})",
    re.IGNORECASE,
)
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,8}\b")
CARD = re.compile(
    r"(?<![\d-])[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\d-])|(?<![\d-])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\d-])"
)
RUSSIAN_ACCOUNT = re.compile(r"(?<!\d)(?:40[1-8]|42[0-6]|301|302)\d{2}[ ]?\d{3}[ ]?\d{12}(?!\d)")
SNILS = re.compile(r"(?<!\d)\d{3}[- ]?\d{3}[- ]?\d{3}[- ]?\d{2}(?!\d)")
INN = re.compile(r"(?<![\w.-])\d{12}(?![\w-])")
# One of ten numbers has a right check digit by chance, so the number counts only after a word for tax numbers.
SHORT_INN = re.compile(r"(?<!\w)(?:инн|inn|tin|кпп)[^\d\n]{0,20}(?P<value>\d{10})(?!\w)", re.IGNORECASE)
PHONE_WORD = re.compile(
    rf"(?:{alternation(words(lambda locale: locale.phone_words))})\S{{0,8}}\W{{0,12}}$", re.IGNORECASE
)
PRECEDED_BY_NUMBER = re.compile(r"[\d.=/#$€£]\s?$")
SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
CODICE_FISCALE = re.compile(r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b", re.IGNORECASE)
NIR = re.compile(r"(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}(?!\d)")
PASSPORT = re.compile(
    rf"(?<!\w)(?:{any_of(lambda locale: locale.passport_words)})"
    r"[^\d\n]{0,40}?(?P<value>\b(?:[A-ZА-Я]{1,2} ?)?\d{2} ?\d{2} ?(?:№|N|No\.?)? ?\d{4,6}\b|"
    r"\b[A-Z]{1,2}\d{6,8}\b|\b\d{8,9}\b)",
    re.IGNORECASE,
)
ACCOUNT = re.compile(
    rf"(?<!\w)(?:{any_of(lambda locale: locale.account_words)})"
    r"(?:\s*(?:number|no\.?|nr\.?|#|№|is|:))*\s*(?P<value>\d[\d -]{6,22}\d)(?!\d)",
    re.IGNORECASE,
)
TAX = re.compile(
    rf"(?<!\w)(?:{any_of(lambda locale: locale.tax_words)})"
    r"[^\d\n]{0,25}(?P<value>[A-Z]?\d[\d ./-]{6,15}[\dA-Z])",
    re.IGNORECASE,
)
PHONE_REGIONS = {language: locale.phone_regions for language, locale in LOCALES.items()}


class Redactor:
    """Replaces personal data, and remembers the placeholder of each value.

    Attributes:
        counts: The number of placeholders written, by kind.
    """

    def __init__(self) -> None:
        """Create a redactor for one archive."""
        self.counts: Counter[str] = Counter()
        self._numbers: dict[tuple[str, str], int] = {}
        self._last: Counter[str] = Counter()

    def redact(self, text: str, language: str = "en") -> str:
        """Replace the personal data in a text.

        Args:
            text: Any text.
            language: Its two-letter code, which determines the countries of telephone numbers without a country code.
        """
        pieces, copied = [], 0
        for begin, end, kind in _remove_overlaps(_spans(text, language), len(text)):
            pieces += [text[copied:begin], self._placeholder(kind, text[begin:end])]
            copied = end
        return "".join([*pieces, text[copied:]])

    def _placeholder(self, kind: str, value: str) -> str:
        self.counts[kind] += 1
        key = (kind, re.sub(r"[\s().-]", "", value).casefold() if kind not in ("secret", "url") else value)
        if key not in self._numbers:
            self._last[kind] += 1
            self._numbers[key] = self._last[kind]
        return f"[{kind.upper()}-{self._numbers[key]}]"


def _remove_overlaps(spans: Iterator[Span], length: int) -> list[Span]:
    """The spans ordered by position. Of overlapping spans, the first one given is kept."""
    covered = bytearray(length)
    kept: list[Span] = []
    for begin, end, kind in spans:
        if covered.find(1, begin, end) < 0:
            covered[begin:end] = b"\1" * (end - begin)
            kept.append((begin, end, kind))
    return sorted(kept)


def _spans(text: str, language: str) -> Iterator[Span]:
    """Yield the spans of personal data, the most certain kinds first."""
    yield from _match_pattern(SECRET, text, "secret")
    yield from _match_pattern(URL, text, "url", _has_token)
    yield from _match_pattern(EMAIL, text, "email")
    yield from _match_pattern(PASSWORD, text, "secret")
    if sum(character.isdigit() for character in text) < 7:
        return
    yield from _match_pattern(IBAN, text, "iban", iban.is_valid)
    yield from _match_pattern(CODICE_FISCALE, text, "tax", codicefiscale.is_valid)
    yield from _match_pattern(RUSSIAN_ACCOUNT, text, "account")
    yield from _match_pattern(CARD, text, "card", lambda value: luhn.is_valid(_digits(value)))
    yield from _match_pattern(PASSPORT, text, "passport")
    yield from _match_pattern(ACCOUNT, text, "account")
    yield from _match_pattern(INN, text, "inn", inn.is_valid)
    yield from _match_pattern(SHORT_INN, text, "inn", inn.is_valid)
    yield from _match_phones(text, (None,))
    yield from _match_pattern(SNILS, text, "snils", is_snils)
    yield from _match_pattern(TAX, text, "tax", _is_tax_number)
    yield from _match_pattern(NIR, text, "tax", nir.is_valid)
    yield from _match_pattern(SSN, text, "tax", ssn.is_valid)
    yield from _match_phones(text, PHONE_REGIONS.get(language, ()))


def _match_pattern(
    pattern: re.Pattern[str], text: str, kind: str, check: Callable[[str], bool] = lambda _: True
) -> Iterator[Span]:
    group = "value" if "value" in pattern.groupindex else 0
    for match in pattern.finditer(text):
        if check(match[group]):
            yield (*match.span(group), kind)


def _match_phones(text: str, regions: tuple[str | None, ...]) -> Iterator[Span]:
    for region in regions:
        leniency = phonenumbers.Leniency.VALID if region is None else phonenumbers.Leniency.STRICT_GROUPING
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency):
            preceding = text[max(0, match.start - 24) : match.start]
            if (
                region is None
                or PHONE_WORD.search(preceding)
                or not (match.raw_string.isdigit() or PRECEDED_BY_NUMBER.search(preceding))
            ):
                yield match.start, match.end, "phone"


def _has_token(url: str) -> bool:
    """Whether a URL grants access by a token or password in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return (
        "@" in parts.netloc
        or any(SECRET_PARAMETER.search(name) or OPAQUE_VALUE.match(value) for name, value in parse_qsl(parts.query))
        or any(OPAQUE_VALUE.match(piece) and sum(map(str.isdigit, piece)) > 2 for piece in parts.path.split("/"))
        or bool(OPAQUE_VALUE.match(parts.fragment))
    )


def _digits(value: str) -> str:
    return re.sub(r"\D", "", value)


def is_snils(value: str) -> bool:
    """Whether a SNILS has right check digits, by the rule of the Russian Pension Fund (2005)."""
    digits = _digits(value)
    if len(digits) != 11 or int(digits[:9]) <= 1001998:
        return False
    total = sum(int(digit) * (9 - index) for index, digit in enumerate(digits[:9]))
    return total % 101 % 100 == int(digits[9:])


def _is_tax_number(value: str) -> bool:
    plain = re.sub(r"[ ./-]", "", value)
    checks = (
        *(inn.is_valid, is_snils, ssn.is_valid, idnr.is_valid, dni.is_valid, nie.is_valid, nif.is_valid),
        *(cpf.is_valid, bsn.is_valid, pesel.is_valid, rntrc.is_valid, codicefiscale.is_valid),
    )
    return any(check(plain) for check in checks)
