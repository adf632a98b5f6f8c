"""Removes what programs and companies append to a mail: device lines, list footers, disclaimers, PGP armor."""

import re

from email_assistant.archive.devices import is_device_line, is_excuse
from email_assistant.archive.list_footers import RULE, is_list_footer, list_footer_start
from email_assistant.archive.locales import LOCALES, any_of, words

MAX_FOOTER_LINES = 80
MAX_ADVERTISEMENT_LINES = 4
MAX_ADVERTISEMENT_CHARACTERS = 400
MIN_DISCLAIMER_CHARACTERS = 60
MIN_DISCLAIMER_TOPICS = 3
# What is left at the end of a mail when only its footer was cut; the last one is an invisible mark of a tracker.
TRAILING_RULE = re.compile(r"^\s*(?:[_\-=*~#+—–]{2,}|\u1427)\s*$")
NOTICES = frozenset(words(lambda locale: locale.notices))
# What a heading has that only says so in other words: 'Zastrzeżenie poufności:', 'Email Legal Disclaimer'.
NOTICE_STEMS = (
    *("disclaimer", "confiden", "notice", "legal", "vertraulich", "rechtlich", "hinweis", "haftung", "avertissement"),
    *("juridique", "aviso", "avviso", "avvertenz", "riservat", "privacy", "vertrouwelijk", "voorbehoud", "poufno"),
    *("zastrzeże", "klauzul", "конфиденц", "конфіденц", "ответственност", "уведомлени", "sekretess", "fortrolig"),
    *("機密", "秘密", "免責", "注意", "机密", "保密", "免责", "비밀", "기밀"),
)
MAX_NOTICE_WORDS, MAX_NOTICE_CHARACTERS = 7, 60
SHORT_LINE_CHARACTERS = 40
MIN_NEXT_DISCLAIMER_TOPICS = 2
# A longer word of a heading has a capital.
MAX_PARTICLE_CHARACTERS = 5
# What ends a line that is no heading. Scripts without blanks also have their full stops in the middle of a line, where
# a full stop in Latin script may be that of an abbreviation.
END_OF_SENTENCE = re.compile(
    r"[.?!,;…؟،؛۔।॥。．｡！？，、；]['\"’”»)）」』]*$|[؟۔।॥。｡！？]|"
    # The endings of polite verbs, for those who leave out the full stop.
    r"(?:です|ます|ません|ました|ください|下さい|[세어아에예네해]요|니다|시오|谢谢|謝謝)$"
)
# What programs write for a picture in plain text.
PLACEHOLDER = re.compile(
    r"\[(?:cid|image):[^\[\]\n]*\]|\[(?:inline image[^\[\]\n]{0,80}|image)\]|"
    r"<(?:image\d+\.\w{3,4}|embedded picture[^<>\n]{0,40})>|"
    r"\[[^\[\]\n]{1,300}\bdescription (?:automatically )?generated\b[^\[\]\n]{0,60}\]|\ufffc",
    re.IGNORECASE,
)
LINK_OF_PLACEHOLDER = re.compile(r"<(?:https?://|mailto:)[^<>\s]*>")
# Every advertisement contains one of these, which is a quick test before the slow pattern.
ADVERTISEMENT_WORDS = words(lambda locale: locale.advertisement_words)
ADVERTISEMENT = re.compile(any_of(lambda locale: locale.advertisements), re.IGNORECASE)
# What a virus scanner says, and what it names in the same paragraph: the mail, or itself.
SCANNED = re.compile(rf"(?:{any_of(lambda locale: locale.scanned)})\b.{{0,60}}(?:virus|вирус)", re.IGNORECASE)
# A line of a scanner that has its words between rules: '______ Information from ESET …, database 5678 ______'.
SCANNER_LINE = re.compile(r"^_{5,}\s?[^_\n]{0,120}\b(?:ESET|NOD32)\b[^_\n]{0,100}\d{4}[^_\n]{0,60}_{5,}\s*$")
MAX_SCANNER_LINES = 8
SCANNED_THING = re.compile(
    r"mail|messag|mensaje|mensagem|nachricht|courriel|correo|письм|сообщ|attachment|avg|avast|www\.|://", re.IGNORECASE
)
# What the law wants companies to say, below a disclaimer.
COMPANY = re.compile(
    r"\bregistered (?:in|office|number|address)|\bcompany (?:no|number|registration)\b|\bvat (?:no|number|reg)|"
    r"registergericht|amtsgericht|\bhr[ab]\b|geschäftsführ|sitz der gesellschaft|\bsiret\b|\brcs\b|capital social|"
    r"registro mercantil|registro imprese|capitale sociale|\bkvk\b|\bkrs\b|\bогрн|\bинн\b",
    re.IGNORECASE,
)
# Word stems of disclaimers by topic. No person mentions three of these topics in the last paragraph of a mail.
DISCLAIMER_TOPICS = [
    tuple(stem for locale in LOCALES.values() for stem in locale.disclaimers.get(topic, ()))
    for topic in LOCALES["en"].disclaimers
]
# What no program says. In other languages, 'I' is 'in', and 'je' is 'is'.
FIRST_PERSON = re.compile(
    r"\bI (?:am|was|have|had|sent|did|do|would|will|can|must|made|wrote|thought|hope|need|want)\b|"
    r"\bI['’](?:m|ve|ll|d)\b|\b[Ii]ch\b|\b[Jj]e (?:suis|vous|regrette)\b|\b[Jj]['’]ai\b|"
    r"\b[Яя] (?:отправил|послал|прошу|ошиб|извин)"
)
ARMOR_HEAD = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:\n*Hash:[^\n]*\n|[A-Z][\w-]*:[^\n]*\n)*\n*", re.MULTILINE
)
ARMOR_SIGNATURE = re.compile(
    r"^-----BEGIN PGP (?:SIGNATURE|PUBLIC KEY BLOCK)-----\n.*?(?:^-----END PGP [A-Z ]+-----$|\Z)", re.M | re.S
)


def strip_armor(text: str) -> tuple[str, bool]:
    """The text of a clear-signed PGP message, and whether it was signed."""
    if "-----BEGIN PGP" not in text:
        return text, False
    stripped = ARMOR_SIGNATURE.sub("", ARMOR_HEAD.sub("", text))
    if ARMOR_HEAD.search(text):
        stripped = re.sub(r"^- (?=-|From )", "", stripped, flags=re.MULTILINE)
    return stripped, stripped != text


def strip_footers(lines: list[str]) -> tuple[list[str], set[str]]:
    """The lines without footers at the end, and the kinds of footers. A footer without text above it is kept."""
    kinds: set[str] = set()
    first = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    end = _scanner_start(lines, first)
    kinds |= {"disclaimer"} if end < len(lines) else set()
    while end:
        footer = _find_footer(lines, _last_paragraph_start(lines, end), end)
        if footer is None:
            break
        start, kind = footer
        if start <= first:
            break
        kinds.add(kind)
        end = start
    while kinds & {"disclaimer"} and end and (not lines[end - 1].strip() or _is_notice(lines, end - 1)):
        end -= 1
    kept = _without_device_lines(lines[:end])
    kinds |= {"device"} if len(kept) < end else set()
    return _without_placeholders(kept), kinds


def _scanner_start(lines: list[str], first: int) -> int:
    """The line below the first text with which a scanner's report ends the mail; the number of lines if none does."""
    last = len(lines)
    begin = max(first + 1, last - MAX_SCANNER_LINES)
    return next((index for index in range(begin, last) if SCANNER_LINE.match(lines[index])), last)


def _without_device_lines(lines: list[str]) -> list[str]:
    """The lines without device lines that are a paragraph each: an answer may follow that is between quoted lines."""
    last = len(lines) - 1
    return [
        line
        for index, line in enumerate(lines)
        if not (
            line and (index == last or not lines[index + 1]) and index and not lines[index - 1] and is_device_line(line)
        )
    ]


def _without_placeholders(lines: list[str]) -> list[str]:
    """The lines without those that only stand for pictures, unless there are no others."""
    kept = [line for line in lines if not _is_placeholder(line)]
    return kept if any(line.strip() for line in kept) else lines


def _is_placeholder(line: str) -> bool:
    if not line or line.lstrip()[:1] not in "[<\ufffc":
        return False
    rest = PLACEHOLDER.sub("", line)
    return rest != line and not LINK_OF_PLACEHOLDER.sub("", rest).strip()


def _last_paragraph_start(lines: list[str], end: int) -> int:
    """The first line of the last paragraph above a line, or one above all lines that a footer may have."""
    start = end
    while start and not lines[start - 1].strip():
        start -= 1
    text_end = start
    while start and lines[start - 1].strip() and text_end - start <= MAX_FOOTER_LINES + 1:
        start -= 1
    return start


def _find_footer(lines: list[str], start: int, end: int) -> tuple[int, str] | None:
    """The start and kind of the footer in the last paragraph; None if there is none."""
    if not any(line.strip() for line in lines[start:end]):
        return (start, "footer") if start < end and start else None
    last = next(index for index in range(end - 1, start - 1, -1) if lines[index].strip())
    if TRAILING_RULE.match(lines[last]):
        return last, "footer"
    if is_device_line(lines[last].strip()):
        return last, "device"
    above = next((index for index in range(last - 1, max(-1, start - 3), -1) if lines[index].strip()), last)
    if is_excuse(lines[last]) and is_device_line(lines[above].strip()):
        return above, "device"
    for index in range(max(start, last - MAX_FOOTER_LINES), last + 1):
        if RULE.match(lines[index]):
            below_rule = _joined(lines[index : last + 1])
            if is_list_footer(below_rule) or is_advertisement(below_rule) or is_disclaimer(below_rule):
                return index, "list" if is_list_footer(below_rule) else "disclaimer"
    return _find_footer_without_rule(lines, start, last) if last - start <= MAX_FOOTER_LINES else None


def _find_footer_without_rule(lines: list[str], start: int, last: int) -> tuple[int, str] | None:
    """The footer that is the whole last paragraph, or that of a list, which may have several."""
    paragraph = _joined(lines[start : last + 1])
    disclaimer = _disclaimer_start(lines, start, last)
    if disclaimer is not None:
        return disclaimer, "disclaimer"
    if COMPANY.search(paragraph) and is_disclaimer(_joined(lines[_last_paragraph_start(lines, start) : start])):
        return start, "disclaimer"
    list_start = list_footer_start(lines, last)
    if list_start is not None:
        return list_start, "list"
    is_short = last - start < MAX_ADVERTISEMENT_LINES and len(paragraph) < MAX_ADVERTISEMENT_CHARACTERS
    return (start, "disclaimer") if is_short and is_advertisement(paragraph) else None


def _disclaimer_start(lines: list[str], start: int, last: int) -> int | None:
    """The first line of the disclaimer that ends the lines, with its heading; None if there is none."""
    paragraph = _joined(lines[start : last + 1])
    topics = _disclaimer_topics(paragraph) if len(paragraph) >= MIN_DISCLAIMER_CHARACTERS // 2 else 0
    if not topics or FIRST_PERSON.search(paragraph):
        return None
    for index in range(last, max(-1, last - MAX_FOOTER_LINES), -1):
        if _is_notice(lines, index) and is_disclaimer(_joined(lines[index + 1 : last + 1])):
            paragraphs = "\n".join(lines[index + 1 : last + 1]).split("\n\n")
            if all(_disclaimer_topics(paragraph) for paragraph in paragraphs if paragraph.strip()):
                return index
    if topics < MIN_DISCLAIMER_TOPICS:
        above = _last_paragraph_start(lines, start)
        follows = start and is_disclaimer(_joined(lines[above:start]))
        return start if follows and topics >= MIN_NEXT_DISCLAIMER_TOPICS else None
    while len(lines[start]) < SHORT_LINE_CHARACTERS and is_disclaimer(_joined(lines[start + 1 : last + 1])):
        # A name or sign-off without a blank line below it.
        start += 1
    return start


def _is_notice(lines: list[str], index: int) -> bool:
    """Whether a line is the heading of a disclaimer."""
    line = lines[index].strip()
    if not 0 < len(line) < MAX_NOTICE_CHARACTERS:
        return False
    heading = line.strip(" \t*_=-–—:!#【】[]").casefold()
    if heading in NOTICES:
        return len(line) < SHORT_LINE_CHARACTERS
    if index and lines[index - 1].strip():
        return False
    return _is_title(line) and any(stem in heading for stem in NOTICE_STEMS)


def _is_title(line: str) -> bool:
    """Whether a line is a heading by its form: few words with capitals, or a colon at the end."""
    parts = line.split()
    if len(parts) > MAX_NOTICE_WORDS or END_OF_SENTENCE.search(line):
        return False
    return line[-1] in ":：】" or all(not part[0].islower() for part in parts if len(part) > MAX_PARTICLE_CHARACTERS)


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


def is_advertisement(paragraph: str) -> bool:
    """Whether a paragraph was added by a virus scanner or a free mail service, or asks not to print the mail."""
    lowered = paragraph.lower()
    if not any(word in lowered for word in ADVERTISEMENT_WORDS):
        return False
    is_scanned = SCANNED.search(paragraph) is not None and SCANNED_THING.search(paragraph) is not None
    return is_scanned or ADVERTISEMENT.search(paragraph) is not None


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph mentions several typical topics of disclaimers, and is not about its writer."""
    if len(paragraph) < MIN_DISCLAIMER_CHARACTERS or FIRST_PERSON.search(paragraph):
        return False
    return _disclaimer_topics(paragraph) >= MIN_DISCLAIMER_TOPICS


def _disclaimer_topics(paragraph: str) -> int:
    lowered = paragraph.lower()
    return sum(any(stem in lowered for stem in stems) for stems in DISCLAIMER_TOPICS)
