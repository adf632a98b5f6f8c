"""Dates of tables and headers: numbers, ISO 8601, the format of mail headers, and what programs write for people."""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import takewhile
from typing import Any

from email_assistant.archive.headers import parse_date
from email_assistant.archive.locales import LOCALES

# Mail outside of these years has a wrong date.
FIRST_YEAR, LAST_YEAR = 1971, 2100
# Seconds, milliseconds, microseconds and nanoseconds since 1970.
UNITS = (1, 10**3, 10**6, 10**9)
# Excel counts days since the end of 1899. These are the numbers of our dates.
EXCEL_EPOCH, EXCEL_DAYS = datetime(1899, 12, 30), (25_569, 73_050)
MAX_NUMBER = 10**20
# Windows counts tenths of microseconds since 1601.
FILETIME_UNIT, FILETIME_EPOCH = 10**7, -11_644_473_600
# Keys of the date in an object, as MongoDB, Firestore and Microsoft Graph write it.
KEYS = ("$date", "dateTime", "$numberLong", "_seconds", "seconds", "value")
# With the comma of some languages only behind a number that is too long to have one for its thousands.
NUMBER = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d+)?|\d{5,20},\d+)(?:[eE]\+?\d\d?)?")
# Parts of a date in the order of an ISO date: as Java lists them, and as Python prints a date.
MIN_PARTS, MAX_PARTS = 3, 6
PYTHON_DATE = re.compile(r"datetime\.(?:datetime|date)\((\d{4}(?:, \d{1,2}){2,6})\b")
PART_KEYS = ("year", "month", "day", "hour", "minute", "second")
PART_SYNONYMS = {"monthvalue": "month", "dayofmonth": "day", "hours": "hour", "minutes": "minute", "seconds": "second"}
# Marks of the direction of writing, which Windows puts into dates.
DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Japanese years by the emperor's motto, with the year before the first.
ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
ERA = re.compile(r"(令和|平成|昭和)\s?(\d{1,2}|元)\s?年")
# Vietnamese counts the months, and some countries write them in Roman numerals.
VIETNAMESE = re.compile(r"(?:ngày\s+)?(\d{1,2})\s+tháng\s+(\d{1,2})(?:,|\s+năm)?\s+(\d{4})", re.IGNORECASE)
ROMAN = re.compile(r"(?<![\w.])(\d{1,2})[./ ]\s?(I{1,3}|I?[VX]|VI{1,3}|XI{1,2})[./ ]\s?(\d{4})(?!\d)")
ROMAN_MONTHS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
# Thailand counts years from an earlier one.
BUDDHIST_YEARS, FIRST_BUDDHIST_YEAR = 543, 2400
DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?Z?")
DOTNET = re.compile(r"/?Date\((-?\d+)(?:[+-]\d{4})?\)/?")
LONG_FRACTION = re.compile(r"(\.\d{6})\d+")
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)[日일]?")
YEAR_LAST = re.compile(r"(?<![\d.])(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d\d)(?!\d)")
# The beginnings of the names of months in languages without a locale of their own.
MORE_MONTHS = (
    ("oca", "şub", "mar", "nis", "may", "haz", "tem", "ağu", "eyl", "eki", "kas", "ara"),
    ("led", "úno", "bře", "dub", "kvě", "červn", "červenc", "srp", "zář", "říj", "lis", "pros"),
    ("tammi", "helmi", "maalis", "huhti", "touko", "kesä", "heinä", "elo", "syys", "loka", "marras", "joulu"),
    ("jän", "feb", "mrz", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
    ("jan", "feb", "már", "ápr", "máj", "jún", "júl", "aug", "szep", "okt", "nov", "dec"),
    ("ian", "feb", "mar", "apr", "mai", "iun", "iul", "aug", "sep", "oct", "noi", "dec"),
    ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "des"),
    ("jan", "feb", "mar", "apr", "mei", "jun", "jul", "agu", "sep", "okt", "nov", "des"),
    (
        *("มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน"),
        *("กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม"),
    ),
    ("ม.ค", "ก.พ", "มี.ค", "เม.ย", "พ.ค", "มิ.ย", "ก.ค", "ส.ค", "ก.ย", "ต.ค", "พ.ย", "ธ.ค"),
    ("ינו", "פבר", "מרץ", "אפר", "מאי", "יונ", "יול", "אוג", "ספט", "אוק", "נוב", "דצמ"),
    ("בינו", "בפבר", "במרץ", "באפר", "במאי", "ביונ", "ביול", "באוג", "בספט", "באוק", "בנוב", "בדצמ"),
    ("يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
    ("ιαν", "φεβ", "μαρ", "απρ", "μαΐ", "ιουν", "ιουλ", "αυγ", "σεπ", "οκτ", "νοε", "δεκ"),
)
LOCALE_MONTHS = tuple(locale.months for locale in LOCALES.values() if locale.months)
# Where two languages differ, the first one counts.
MONTHS = {
    name: number for names in reversed((*LOCALE_MONTHS, *MORE_MONTHS)) for number, name in enumerate(names, start=1)
}
MONTH = "(" + "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True)) + r")[^\W\d_]*"
ORDINAL = "(?:st|nd|rd|th|er|[.ºª])?"
NAMED = re.compile(
    rf"(?<!\d)(?P<d1>\d{{1,2}}){ORDINAL}[\s-]*(?:de |d')?\s*\b{MONTH}[.,]?[\s,-]*(?:de |of )?(?P<y1>\d{{4}}|\d\d)\b|"
    rf"\b{MONTH}\.?\s+(?P<d2>\d{{1,2}}){ORDINAL},?\s+(?P<y2>\d{{4}})\b|"
    rf"\b(?P<y3>\d{{4}})\.?\s+{MONTH}\.?\s+(?P<d3>\d{{1,2}})\b",
    re.IGNORECASE,
)
YEARS, DAYS = ("y1", "y2", "y3"), ("d1", "d2", "d3")
TIME = re.compile(
    r"(?P<half>上午|下午|午前|午後|오전|오후)?\s*(?<!\d)(?P<hour>\d{1,2})(?:[:.h時时시]\s?(?P<minute>\d\d))(?:[:.分분]\s?(?P<second>\d\d))?(?:[.,]\d+)?"
    r"\s*(?P<meridiem>[ap]\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
# Zones by name, in hours: those of RFC 5322, and others that mean one zone in nearly all mail. 'IST' is left out.
ZONES = {
    **{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "HST": -10},
    **{"WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MET": 1, "MEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2},
    **{"EEST": 3, "MSK": 3, "MSD": 4, "SAST": 2, "PKT": 5, "WIB": 7, "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9},
    **{"AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13},
}
ZONE = re.compile(
    rf"(?:\(?(?:(?P<utc>\bUTC?|\bGMT|(?<=\d)Z|\bZ)|\b(?P<name>{'|'.join(ZONES)}))\b\s*)?"
    r"(?:(?P<sign>[+-])(?P<hours>\d\d?):?(?P<minutes>\d\d)\b)?"
)
# Old programs wrote 100 for the year 2000.
CENTURY, YEARS_SINCE_1900 = 1900, range(100, 200)
LAST_SECOND = 59


def is_day_first(texts: Iterable[str]) -> bool | None:
    """Whether dates with slashes have the day before the month, by those that can be read in one way only."""
    votes = 0
    for text in texts:
        for first, mark, second, _ in YEAR_LAST.findall(text):
            if mark == "/":
                votes += (int(first) > 12) - (int(second) > 12)
    return votes > 0 if votes else None


def parse_value(value: Any, day_first: bool | None = None) -> datetime | None:
    """The date in a cell; None if it has none that can be read.

    Args:
        value: A text, a number, or an object with one of these.
        day_first: Whether the day comes before the month in dates with slashes; None if unknown.
    """
    if isinstance(value, dict):
        inner = next((value[key] for key in KEYS if key in value and "year" not in value), None)
        return parse_value(_parts_of(value) if inner is None else inner, day_first)
    if isinstance(value, list | tuple):
        return _from_parts(value)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_number(float(value)) if abs(value) < MAX_NUMBER else None
    text = " ".join(DIRECTION.sub("", str(value)).replace("\u202f", " ").replace("\u00a0", " ").split())[:100]
    date = _from_number(float(text.replace(",", "."))) if NUMBER.fullmatch(text) else None
    date = date or _from_text(text, day_first)
    return _if_likely(date)


def parse_field(value: object) -> datetime | None:
    """The date in a header, also in a form that is not that of a header; None if it has none that can be read."""
    date = parse_date(value)
    if date is not None and date.year in YEARS_SINCE_1900:
        date = date.replace(year=date.year + CENTURY)
    if date is None or date.tzinfo is None:
        date = parse_value(value) or date
    return _if_likely(date)


def _if_likely(date: datetime | None) -> datetime | None:
    """A date of the years in which mail is sent; None for others."""
    return date if date and FIRST_YEAR <= date.year <= LAST_YEAR else None


def _parts_of(value: dict[Any, Any]) -> list[Any] | None:
    """The parts of a date in an object, such as Java's, up to the first that it lacks; None if it has no year."""
    plain = {str(key).lower(): each for key, each in value.items() if isinstance(each, int)}
    numeric = {PART_SYNONYMS.get(key, key): each for key, each in plain.items()}
    parts = list(takewhile(lambda each: each is not None, map(numeric.get, PART_KEYS)))
    return parts or None


def _from_parts(parts: Sequence[Any]) -> datetime | None:
    if len(parts) < MIN_PARTS or not all(isinstance(part, int) and not isinstance(part, bool) for part in parts):
        return None
    known = list(parts[:MAX_PARTS])
    date = _build([*known, *[0] * (MAX_PARTS - len(known))], None)
    return _if_likely(date)


def _from_number(number: float) -> datetime | None:
    if not math.isfinite(number):
        return None
    if EXCEL_DAYS[0] <= number <= EXCEL_DAYS[1]:
        return EXCEL_EPOCH + timedelta(days=number)
    filetime = number / FILETIME_UNIT + FILETIME_EPOCH
    if _seconds(FIRST_YEAR) <= filetime < _seconds(LAST_YEAR):
        return datetime.fromtimestamp(filetime, UTC)
    for unit in UNITS:
        seconds = number / unit
        if _seconds(FIRST_YEAR) <= seconds < _seconds(LAST_YEAR):
            return datetime.fromtimestamp(seconds, UTC)
    return _from_text(str(int(number)), None) if number == int(number) else None


def _seconds(year: int) -> float:
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


def _from_text(text: str, day_first: bool | None) -> datetime | None:
    text = text if text.isascii() else "".join(map(_to_ascii_digit, text))
    digits = DIGITS.fullmatch(text)
    if digits:
        return _build([int(part or 0) for part in digits.groups()], UTC if text.endswith("Z") else None)
    printed = PYTHON_DATE.search(text)
    if printed:
        return _from_parts([int(part) for part in printed[1].split(",")])
    dotnet = DOTNET.fullmatch(text)
    if dotnet:
        return _from_number(float(dotnet[1]))
    try:
        return datetime.fromisoformat(LONG_FRACTION.sub(r"\1", text))
    except ValueError:
        return _from_local_form(text, day_first) or parse_date(text)


def _to_ascii_digit(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _from_local_form(text: str, day_first: bool | None) -> datetime | None:
    """A date as programs write it in their user's language, with or without a time."""
    text = ERA.sub(lambda era: f"{ERAS[era[1]] + (1 if era[2] == '元' else int(era[2]))}年", text)
    match, date = _find_date(text, day_first)
    if match is None:
        return None
    rest = f"{text[: match.start()]} {text[match.end() :]}"
    time = TIME.search(rest)
    if not time:
        return _build([*date, 0, 0, 0], None)
    hour = int(time["hour"])
    is_afternoon = (time["half"] or "") in ("下午", "午後", "오후") or (time["meridiem"] or "").lower().startswith("p")
    if time["meridiem"] or time["half"]:
        hour = hour % 12 + 12 * is_afternoon
    zone = ZONE.match(rest[time.end() :].lstrip())
    return _build([*date, hour, int(time["minute"]), min(int(time["second"] or 0), LAST_SECOND)], _zone(zone))


def _find_date(text: str, day_first: bool | None) -> tuple[re.Match[str] | None, list[int]]:
    """The date in a text, as year, month and day."""
    match = YEAR_FIRST.search(text)
    if match:
        return match, [_year(match[1]), int(match[2]), int(match[3])]
    match = VIETNAMESE.search(text)
    if match:
        return match, [_year(match[3]), int(match[2]), int(match[1])]
    match = ROMAN.search(text)
    if match:
        return match, [_year(match[3]), ROMAN_MONTHS.index(match[2]) + 1, int(match[1])]
    match = NAMED.search(text)
    if match:
        name = next(part for part in match.groups() if part and part.lower() in MONTHS)
        year, day = (next(part for part in match.group(*names) if part) for names in (YEARS, DAYS))
        return match, [_year(year), MONTHS[name.lower()], int(day)]
    match = YEAR_LAST.search(text)
    if not match:
        return None, []
    first, mark, second, year = match.groups()
    is_day = mark != "/" or (day_first if day_first is not None else False)
    if int(first) > 12 or int(second) > 12:
        is_day = int(first) > 12
    day, month = (first, second) if is_day else (second, first)
    return match, [_year(year), int(month), int(day)]


def _year(text: str) -> int:
    number = int(text)
    if number >= FIRST_BUDDHIST_YEAR:
        return number - BUDDHIST_YEARS
    return number if len(text) == 4 else number + (1900 if number >= FIRST_YEAR - 1900 else 2000)


def _zone(match: re.Match[str] | None) -> timezone | None:
    if match is None or not (match["utc"] or match["name"] or match["sign"]):
        return None
    if not match["sign"]:
        return timezone(timedelta(hours=ZONES[match["name"]])) if match["name"] else UTC
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    return timezone(-offset if match["sign"] == "-" else offset) if offset < timedelta(days=1) else None


def _build(parts: list[int], zone: timezone | None) -> datetime | None:
    try:
        return datetime(*parts, tzinfo=zone)  # type: ignore[misc, arg-type]
    except (ValueError, OverflowError):
        return None
