"""Recognizes attributions, the lines above quotes: 'On 3 May 2024 at 10:00, Jane Roe <jane@x.example> wrote:'.

There are two levels of certainty. A *full* attribution is recognized without its surroundings: it begins as programs
begin them, has a date, and has an address or a clock time. Everything below it is quoted, with or without '>'. A
*short* one, such as 'Jane Roe writes:', counts only directly above lines marked by '>'. A sentence that begins like 'On
Tuesday … wrote' is neither, since its verb is not followed by a name.
"""

import re

from email_assistant.archive.locales import FIRST_CJK, alternation, any_of, words

MAX_CHARACTERS = 400


VERBS = alternation(words(lambda locale: locale.verbs))
OPENINGS = alternation(words(lambda locale: locale.openings))
DAYS = alternation(words(lambda locale: locale.days))

# In scripts without spaces, words have no bounds: '上午10:15写道'.
UNSPACED_VERBS = alternation(verb for verb in words(lambda locale: locale.verbs) if verb[-1] >= FIRST_CJK)
VERB = re.compile(rf"(?<!\w)(?:{VERBS})(?:\(\w+\)|/\w+)?(?!\w)|(?:{UNSPACED_VERBS})(?!\w)", re.IGNORECASE)
OPENING = re.compile(
    rf"(?:(?:{OPENINGS})(?!\w)|(?:{DAYS})[^\W\d]{{0,9}}[.,]{{0,2}}\s|\d|[^\W\d_]{{3,10}}\.?\s\d{{1,2}},?\s\d{{4}}|<?[\w.+-]+@)",
    re.IGNORECASE,
)
# 'Jane Roe <jane@x.example> schrieb am 3. Mai 2022, 17:00:', 'Jane Roe <jane@x.example> 于2022年5月3日 17:00写道：'
AUTHOR_FIRST = re.compile(
    rf"[\"'«“]?[^@<>:\n]{{0,60}}[<(][\w.+-]+@[\w.-]+[>)]\s+(?:(?:{VERBS})(?!\w)|[于於在]\s?\d)", re.IGNORECASE
)
INNER_OPENING = re.compile(rf"(?<!\w)(?:{OPENINGS})(?=\s)|\b\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}")
FULL_DATE = re.compile(
    r"\d{1,4}\s?[./-]\s?(?:\d{1,2}|[^\W\d_]{3,9}\.?)\s?[./-]\s?\d{2,4}|"  # 03.05.2022, 17-feb.-2015
    r"\b(?:19|20|25(?=[4-9]))\d{2}\b|"  # a year, also of the Buddhist era
    r"(?<![^\W\d_])[^\W\d_]{3,}\.?,?\s\d{1,2}\b(?!:\d)|(?<![\d:])\d{1,2}(?:\.|st|nd|rd|th)?\s(?:de\s|of\s)?[^\W\d_]{3,}|\d[年년]"
)
CLOCK = re.compile(r"\b\d{1,2}\s?[:.h∶]\s?\d{2}(?!\d)|\b\d{1,2}\s?[ap]\.?m\b", re.IGNORECASE)
ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+")
ENDS_WITH_ADDRESS = re.compile(r"@[\w.-]+\s*(?:\([^()]{0,60}\)\s*)?[>)\]\"'”»]*$")
# Verbs that are also common outside of attributions.
AMBIGUOUS_VERB = re.compile(r"\b(?:said|says|sent)\W*$", re.IGNORECASE)
BRACKETED_ADDRESS = re.compile(
    r"[<(\[][\w.+-]+@[\w.-]+[>)\]]{1,2}(?:\s*[^\s\d:：<>@.!?]{1,24}(?:\s+[^\s\d:：<>@.!?]{1,24}){0,2})?\s*[:：]$"
)
# 'Jane Roe <jane@x.example>, 6 Oca 2025 Pzt, 10:00 tarihinde şunu yazdı:'
ADDRESS_FIRST = re.compile(r"[\"'«“]?[^@<>:\n]{0,60}[<(][\w.+-]+@[\w.-]+[>)],?\s+([^@<>]{8,120})[:：]")
# Evolution, in languages that name the author first: 'Jane Roe píše v Po 06. 01. 2025 v 10:00 +0100:'.
NAME_AND_ZONE = re.compile(
    rf"[^\W\d_][\w.'’-]*(?:\s[^\W\d_][\w.'’-]*){{0,4}}\s(?:{VERBS})\s[^@<>:\n]{{2,40}}?\d{{1,2}}[:.∶]\d{{2}}\s[+-]\d{{4}}\s?[:：]",
    re.IGNORECASE,
)
DATE_WORD = re.compile(rf"(?:{DAYS}|{alternation(words(lambda locale: locale.months))}|uhr\b)", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+")
# Beside the verb, these words are no part of a name. 'Sie' and 'you' are not among them: programs write them.
SUBJECTS = frozenset(
    (
        *("I", "we", "he", "she", "they", "the", "my", "our", "his", "her", "their", "ich", "wir", "er", "nous"),
        *("elle", "ils", "elles", "nosotros", "yo", "ella"),
        *("я", "мы", "он", "она", "они", "мой", "моя", "наш", "наша"),
    )
)
MAX_SUBJECT_WORDS = 3
NAME_WORD = re.compile(r"([^\W\d_]+)\W*$")
# Invisible marks of the writing direction, which some programs insert into dates.
DIRECTION_MARKS = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
MARKS_AT_END = "\u200e\u200f\u202c\u2069"
YOU_WROTE = re.compile(any_of(lambda locale: locale.you_wrote), re.IGNORECASE)
USERS = re.compile(rf"(?<!\w)(?:{alternation(words(lambda locale: locale.users))})\s", re.IGNORECASE)
# 'Jane Roe <jane@x.example> wrote:' and 'jane@x.example wrote:', without a date.
UNDATED = re.compile(
    rf"[\"'«“]?[^@<>:\n\"“”«»]{{0,60}}[\"'”»]?\s*[<(\[]?(?:mailto:)?[\w.+-]+@[\w-]+\.[\w.-]+[>)\]]?\s+(?:{VERBS})(?:\sin\s(?:message|article|news)\s?\S{{3,80}})?\s?[:：]",
    re.IGNORECASE,
)
# Gmail until 2016: '2016-03-03 17:21 GMT+01:00 Jane Roe:'.
GMT_AND_NAME = re.compile(
    r"\d{4}-\d\d-\d\d \d{1,2}:\d\d (?:GMT|UTC)[+-]\d{1,2}:?\d\d\s+[^\W\d_][^:.!?\n]{1,60}[:：]?", re.IGNORECASE
)
# An address that a program broke out of its line, with a line that begins with its closing bracket.
TORN = re.compile(r"\n\s*<[ \t]*\n\s*(?:mailto:)?([^\n]{0,120}?[\w.+-]+@[\w.-]+)>?[ \t]*\n[ \t]*>(?=[ \t]*[^\W\d_])")
# Mutt and others: '* Jane Roe <jane@x.example> [220503 17:00]:'.
DATE_LAST = re.compile(
    r"[^@<>:\n]{0,60}[<(][\w.+-]+@[\w.-]+[>)],?\s*[\[(]?[^\W\d_]{0,9}[.,]?\s?\d[\d/.-]{5,9}[T,\s]{1,2}\d{1,2}:\d{2}(?::\d{2})?"
    r"[\]) ]{0,2}[:：]"
)
# GroupWise: '>>> Jane Roe <jane@x.example> 5/3/2022 5:00 PM >>>'.
GROUPWISE = re.compile(r"^\s{0,2}>>>\s?[^>\s].{2,150}\d.{0,80}\s>>>[\s:]*$")
# Notes: 'Jane Roe---05/03/2022 05:00:00 PM---' with the first words of the quoted text.
BETWEEN_HYPHENS = re.compile(
    r"\s*[^\W\d_][^\n-]{1,80}---\d{1,4}[./-]\d{1,2}[./-]\d{1,4} \d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?: [AP]M)?---"
)
# An attribution with the first words of the quoted text on the same line, as Yahoo writes it.
BEFORE_TEXT = re.compile(r"(?<=[:：])\s{2,}(?=\S)")
BETWEEN_DASHES = re.compile(r"^\W*[-–—]{2,}.*[-–—]{2,}\W*$")
# 'on monday sam wrote:'
ON_A_DAY = re.compile(rf"(?:{OPENINGS})\s(?:{DAYS})[^\W\d_]{{0,9}}[.,]?\s", re.IGNORECASE)
# Samsung and Sony: '---- Jane Roe schrieb ----' above unmarked text.
NAME_BETWEEN_DASHES = re.compile(
    rf"-{{3,8}}\s?[^\W\d_a-zß-ÿа-яё][\w.'’-]*(?:\s[^\W\d_a-zß-ÿа-яё][\w.'’-]*){{0,4}}\s(?:{VERBS})\s?-{{3,8}}"
)
# Bugzilla: '(In reply to Jane Roe from comment #4)'.
IN_REPLY_TO = re.compile(r"\(In (?:reply|response) to [^()]{1,80}(?:\([^()]{1,60}\)[^()]{0,40})?\)")
LAST_VERB_WORDS = frozenset(verb.casefold().split()[-1] for verb in words(lambda locale: locale.verbs))
MAX_LOWER_CASE_WORDS = 3
TRIMMED = " \t\u00a0-–—_*>"


def mend_torn(text: str) -> str:
    """The text with attributions on one line whose address a program put on lines of its own."""
    return TORN.sub(lambda match: f" <{match[1].rpartition('<')[2]}>", text) if "@" in text else text


def is_attribution_between_dashes(line: str) -> bool:
    """Whether a line has only a name and a verb between dashes, and not 'I wrote'."""
    if not line.startswith("---") or len(line) > MAX_CHARACTERS or not NAME_BETWEEN_DASHES.fullmatch(line.strip()):
        return False
    first = WORD.findall(line)[0]
    return not SUBJECTS & {first, first.casefold()}


def may_begin(line: str) -> bool:
    """Whether a line may be the first of a short attribution that was wrapped: only a name."""
    words = line.split()
    return 0 < len(words) <= 5 and line[-1:].isalnum()


def may_end_attribution(line: str) -> bool:
    """A quick test that is true for every line that ends an attribution, and for some others."""
    ended = line.rstrip()
    if ended[-1:] in MARKS_AT_END:
        ended = ended.rstrip(MARKS_AT_END)
    if ended.endswith((":", "：")) or ended.lstrip().startswith("(In re"):
        return True
    last = ended.rstrip(" -–—_*>)]\"'”»")[-60:].rpartition(" ")[2]
    return "@" in last or " GMT" in ended or last.casefold() in LAST_VERB_WORDS


def is_full_attribution(text: str) -> bool:
    """Whether a text is a full attribution. Several lines have to be joined by spaces."""
    text = DIRECTION_MARKS.sub("", text).strip(TRIMMED)
    if not 8 < len(text) < MAX_CHARACTERS:
        return False
    if DATE_LAST.fullmatch(text):
        return True
    if not FULL_DATE.search(text):
        return False
    if GMT_AND_NAME.fullmatch(text) or NAME_AND_ZONE.fullmatch(text):
        return True
    if _has_language_independent_form(text):
        return True
    if not OPENING.match(text.lstrip("\"'«“(")) and not AUTHOR_FIRST.match(text):
        return False
    ended = text.rstrip(":：").rstrip()
    has_colon = ended != text
    if has_colon and ENDS_WITH_ADDRESS.search(ended):
        return True
    if not has_colon and not _ends_without_colon(ended):
        return False
    if _is_sentence(ended):
        return False
    return _verb_precedes_name(ended) and any(pattern.search(text) for pattern in (ADDRESS, CLOCK, YOU_WROTE, USERS))


def is_undated_attribution(text: str) -> bool:
    """Whether a text is an attribution with a name and an address: 'Jane Roe <jane@x.example> wrote:'."""
    if "@" not in text or len(text) >= MAX_CHARACTERS:
        return False
    return UNDATED.fullmatch(DIRECTION_MARKS.sub("", text).strip(TRIMMED)) is not None


def is_short_attribution(line: str) -> bool:
    """Whether a line directly above lines marked by '>' is an attribution."""
    text = line.strip(TRIMMED)
    if not 0 < len(text) < MAX_CHARACTERS or not may_end_attribution(text):
        return False
    ended = text.rstrip(":：").rstrip()
    if IN_REPLY_TO.fullmatch(ended):
        return True
    if BETWEEN_DASHES.match(line) and VERB.search(text):
        return True
    dated = bool(OPENING.match(text) and FULL_DATE.search(text))
    if ended == text:
        return (dated and _ends_without_colon(text)) or bool(UNDATED.fullmatch(f"{text}:"))
    if ENDS_WITH_ADDRESS.search(ended) or (dated and CLOCK.search(text)):
        return True
    has_origin = bool(ADDRESS.search(text) and OPENING.match(text))
    if AMBIGUOUS_VERB.search(text) and not dated and not has_origin:
        return False
    if not _verb_precedes_name(ended) or not (dated or has_origin or len(text.split()) <= 8):
        return False
    is_named = not text[0].islower() or bool(ADDRESS.search(text)) or ON_A_DAY.match(text) is not None
    return is_named or len(text.split()) <= MAX_LOWER_CASE_WORDS


def is_fragment(line: str) -> bool:
    """Whether a line is the end of a wrapped attribution: 'wrote:', '<jane@x.example> wrote:'."""
    text = line.strip(TRIMMED).rstrip(":：").rstrip()
    rest = VERB.sub("", text).strip(" <>()[]\"',")
    return bool(rest != text and (not rest or ADDRESS.fullmatch(rest.split(">")[0].strip())))


def is_groupwise(line: str) -> bool:
    """Whether a line is the attribution that GroupWise writes between '>>>' and '>>>', above unmarked text."""
    return ">>>" in line[:5] and GROUPWISE.match(line) is not None and FULL_DATE.search(line) is not None


def is_before_text(line: str) -> bool:
    """Whether a line is a full attribution with an address, a clock time and the first words of the quoted text."""
    if "---" in line and BETWEEN_HYPHENS.match(line):
        return True
    gap = BEFORE_TEXT.search(line[:MAX_CHARACTERS])
    above = line[: gap.start()] if gap else ""
    return bool(ADDRESS.search(above) and CLOCK.search(above)) and is_full_attribution(above)


def find_inline(line: str) -> int | None:
    """The position of a full attribution that follows other words on its line; None if there is none."""
    for match in INNER_OPENING.finditer(line):
        if match.start() and is_full_attribution(line[match.start() :]):
            return match.start()
    return None


def _has_language_independent_form(text: str) -> bool:
    """Whether a text has a date, a clock time, an address in brackets and a colon, in any language."""
    first = ADDRESS_FIRST.fullmatch(text)
    if first and (first[1][-1].isdigit() or VERB.search(first[1])):
        return bool(CLOCK.search(first[1]) and FULL_DATE.search(first[1]))
    match = BRACKETED_ADDRESS.search(text)
    before = text[: match.start()] if match else ""
    return bool(CLOCK.search(before) and FULL_DATE.search(before))


def _ends_without_colon(text: str) -> bool:
    """Whether the text ends with a verb or an address, in which case no colon is needed."""
    return bool(ENDS_WITH_ADDRESS.search(text)) or any(verb.end() == len(text) for verb in VERB.finditer(text))


def _is_sentence(text: str) -> bool:
    """Whether the last verb has a subject that no program writes, 'the council said', or an object of small words.

    'Anna wrote to the mayor' has a name and such an object.
    """
    verbs = list(VERB.finditer(text))
    if not verbs:
        return False
    after = text[verbs[-1].end() :].strip(" ,")
    subject = WORD.findall(text[: verbs[-1].start()])[-MAX_SUBJECT_WORDS:]
    if SUBJECTS.intersection([*subject, *WORD.findall(after)[:1]]):
        return True
    if not after or "@" in after or after != after.lower() or not after.replace(" ", "").isalpha():
        return False
    before = NAME_WORD.search(text[: verbs[-1].start()])
    return before is not None and before[1].istitle() and len(before[1]) > 1 and not DATE_WORD.match(before[1])


def _verb_precedes_name(text: str) -> bool:
    """Whether the last verb is followed by a name, a date or nothing, and not by a sentence."""
    verbs = list(VERB.finditer(text))
    if not verbs:
        return False
    after = text[verbs[-1].end() :].strip(" ,")
    if len(after.split()) <= 2:
        return True
    is_date = OPENING.match(after) and FULL_DATE.search(after)
    return bool(is_date or not after[0].islower()) and len(after.split()) <= 12
