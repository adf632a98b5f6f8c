"""Recognizes the line that a phone or a mail program adds: 'Sent from my iPhone', 'iPhoneから送信'."""

import re

from email_assistant.archive.locales import FIRST_CJK, alternation, words

# Names of devices, programs, makers and providers, the same in every language.
PRODUCTS = (
    *(
        "iphone",
        "iphon",
        "ipad",
        "ipod",
        "imac",
        "macbook",
        "apple watch",
        "android",
        "galaxy",
        "samsung",
        "nokia",
        "huawei",
    ),
    *("xiaomi", "redmi", "honor", "oppo", "oneplus", "realme", "motorola", "lenovo", "htc", "sony", "xperia", "lg"),
    *("blackberry", "pixel", "windows phone", "windows mail", "windows 10", "windows 8", "nexus", "kindle", "айфон"),
    *("outlook", "gmail", "yahoo", "mail.ru", "yandex", "яндекс", "mailbox", "airmail", "k-9", "k9", "protonmail"),
    *("proton mail", "bluemail", "blue mail", "mymail", "newton mail", "thunderbird", "aqua mail", "aquamail", "spark"),
    *("superhuman", "polymail", "mailspring", "hey.com", "fairemail", "typeapp", "zimbra", "workspace one", "boxer"),
    *("telekom", "t-mobile", "vodafone", "verizon", "at&t", "orange", "fastmail", "tutanota", "posteo", "gmx", "zoho"),
    *("web.de", "freemail", "icloud", "qq", "foxmail", "naver", "daum", "roundcube", "webmail", "touchdown", "treo"),
    *("pocket pc", "wi-fi", "почты", "vivo", "zte", "alcatel", "asus", "meizu", "mail for windows"),
    *("edison", "missive"),
    *("shortwave", "tuta", "notion mail", "hey", "canary", "mimestream", "mailbird", "em client", "spike", "vivaldi"),
)
# In a long word an ending may follow: 'Lähetetty iPhonestani'.
MIN_INFLECTED = 5
LONG = alternation(word for word in PRODUCTS if len(word) >= MIN_INFLECTED)
SHORT = alternation(word for word in PRODUCTS if len(word) < MIN_INFLECTED)
NOUNS = alternation(words(lambda locale: locale.device_nouns))
# In Japanese, no space is before the name: '私のiPhone'.
DEVICE = re.compile(
    rf"(?<![0-9A-Za-zÀ-ɏͰ-ӿ])(?:(?:{LONG})|(?:{SHORT})(?![a-zа-яё])|mail \w{{2,5}} windows)|(?:{NOUNS})", re.IGNORECASE
)
# What a line that says where to get a program names, 'Get Outlook for iOS', and the names of systems in it.
APP_NAMES = ("outlook", "bluemail")
SYSTEM = re.compile(r"(?<![a-z])(?:ios|android|macos|mac|windows|iphone|ipad|mobile|desktop)(?![a-z])")
APPS = frozenset(form.casefold() for form in words(lambda locale: locale.apps))
POSSESSIVES = ("my", "meinem", "mon", "mi", "mio", "meu", "minha", "mijn", "mojego", "моего", "мого", "min", "mit")


def _bounded(literals: tuple[str, ...]) -> str:
    """A regular expression for words at the beginning of a text. In scripts without spaces, words have no bounds."""
    cjk = alternation(word for word in literals if word[-1] >= FIRST_CJK)
    spaced = alternation(word for word in literals if word[-1] < FIRST_CJK)
    return rf"(?:(?:{spaced})(?!\w)|(?:{cjk}))"


BEGINNINGS = words(lambda locale: locale.devices)
BEGINS = re.compile(_bounded(BEGINNINGS), re.IGNORECASE)
ORIGINS = re.compile(_bounded(words(lambda locale: locale.device_origins)), re.IGNORECASE)
BEGINS_OWN = re.compile(
    rf"(?:{alternation(BEGINNINGS)})(?:(?<=\s)|\s)?(?:{alternation(POSSESSIVES)})\s|"
    rf"(?:{alternation(word for word in BEGINNINGS if word.endswith(POSSESSIVES) and word.count(' ') > 1)})\s",
    re.IGNORECASE,
)
# 'This message was' in 'This message was sent from my phone.'
MESSAGE = re.compile(
    rf"(?:\w+\s)?(?:e-?mail|{alternation(words(lambda locale: locale.messages))})\s"
    rf"(?:[^\W\d_]+\s){{0,3}}?(?={BEGINS.pattern})",
    re.IGNORECASE,
)
VERBS = tuple(dict.fromkeys(word.casefold() for word in words(lambda locale: locale.device_verbs)))
FIRST_WORDS = frozenset(
    word.casefold().split()[0] for word in (*BEGINNINGS, *words(lambda locale: locale.device_origins))
)
MESSAGE_WORDS = frozenset(
    word.casefold() for word in ("email", "e-mail", *words(lambda locale: locale.messages)) if " " not in word
)
CJK_BEGINNINGS = tuple(
    word for word in (*BEGINNINGS, *words(lambda locale: locale.device_origins)) if word[-1] >= FIRST_CJK
)
SHORT_BY = re.compile(r"\w+ from (?:a |my )?(?:mobile|phone|cell)", re.IGNORECASE)
EXCUSE = re.compile(rf"(?:{alternation(words(lambda locale: locale.excuses))})", re.IGNORECASE)
LINK = re.compile(r"\(?<?(?:https?://|mailto:|www\.)\S+")
MARKUP = re.compile(r"\[([^\]]*)\]|[*_]{1,2}(?=\S)|(?<=\S)[*_]{1,2}")
SENTENCE = re.compile(r"(?<=[.!?;。])\s+|(?<=[.!?。])(?=[A-ZА-Я])|\s+[-–—]+\s+|,\s+|\s*\|\s*")
MAX_CHARACTERS = 160
MAX_EXCUSE_WORDS = 16
MAX_WORDS = 14
MAX_UNKNOWN_DEVICE_WORDS = 7
MAX_ORIGIN_WORDS = 4


def is_device_line(line: str) -> bool:
    """Whether a line says from which device or program a mail was sent, perhaps with an excuse for its brevity."""
    if not 0 < len(line) <= MAX_CHARACTERS:
        return False
    text = MARKUP.sub(r"\1", line) if any(mark in line for mark in "[*_") else line
    text = (LINK.sub("", text) if ":" in text or "www." in text else text).strip(" \t.,!<>()[]{}-–—_*~|\"'“”„«»")
    if _says_where_to_get_app(text):
        return True
    segments = [segment.strip(" .!,") for segment in SENTENCE.split(text)]
    others = [segment for segment in segments if not _names_device(segment)]
    if len(others) == len(segments):
        return False
    rest = " ".join(segment for segment in others if not _is_model(segment))
    return not rest or (len(rest.split()) <= MAX_EXCUSE_WORDS and EXCUSE.search(rest) is not None)


def is_excuse(line: str) -> bool:
    """Whether a line may be an excuse that stands below a device line, as 'Please excuse typos' does."""
    return 0 < len(line.split()) <= MAX_EXCUSE_WORDS and EXCUSE.search(line) is not None


def _names_device(text: str) -> bool:
    if not text.strip() or len(text) > MAX_CHARACTERS or len(text.split()) > MAX_WORDS:
        return False
    if not _may_name_device(text.casefold()):
        return False
    if SHORT_BY.fullmatch(text) or (BEGINS_OWN.match(text) and len(text.split()) <= MAX_UNKNOWN_DEVICE_WORDS):
        return True
    begins = BEGINS.match(text) or MESSAGE.match(text)
    has_origin = ORIGINS.match(text) is not None
    ends = _ends_with_verb(text)
    if not begins and not has_origin and not ends:
        return False
    named = DEVICE.search(text)
    if named is None or begins:
        return named is not None
    is_short = len(text.split()) <= MAX_ORIGIN_WORDS
    return (has_origin and is_short) or ((has_origin or named.start() == 0) and ends)


def _says_where_to_get_app(text: str) -> bool:
    lowered = " ".join(text.casefold().replace("’", "'").split())
    return any(name in lowered for name in APP_NAMES) and SYSTEM.sub("{}", lowered) in APPS


def _may_name_device(lowered: str) -> bool:
    """A quick test that is true for every text that `_names_device` accepts, and for some others."""
    first_words = lowered.split(maxsplit=2)
    if first_words[0] in FIRST_WORDS or " from " in lowered or any(word in MESSAGE_WORDS for word in first_words[:2]):
        return True
    return lowered.endswith(VERBS) or lowered.startswith(CJK_BEGINNINGS)


def _ends_with_verb(text: str) -> bool:
    lowered = text.casefold()
    if not lowered.endswith(VERBS):
        return False
    verb = max((verb for verb in VERBS if lowered.endswith(verb)), key=len)
    above = lowered[: -len(verb)]
    return verb[-1] >= FIRST_CJK or not above[-1:].isalnum()


def _is_model(text: str) -> bool:
    """Whether a part of such a line only names a device, as the second in 'my Verizon, Samsung Galaxy smartphone'."""
    return len(text.split()) <= MAX_ORIGIN_WORDS and DEVICE.match(text) is not None
