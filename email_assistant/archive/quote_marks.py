"""Finds the lines of a text that are quoted by a mark at their beginning: '>', initials and '>', or '|'."""

import re
from collections import Counter

from email_assistant.archive import attributions
from email_assistant.archive.locales import words

MARK = ">"
MARKED = re.compile(r"^[ \t\u00a0]{0,3}>")
MARKS = re.compile(r"^(?:[ \t\u00a0]{0,3}>)+ ?")
# The Bat! and similar programs write the initials of the quoted person before the mark.
INITIALS = re.compile(r"^\s{0,2}([A-ZА-ЯЁІЇЄ][\w.]{0,4})>+(?:\s|$)")
# Supercite in Emacs: '>>>>> Jane Roe writes:' above '    Jane> text' and '      >> text'.
SUPERCITE_HEAD = re.compile(r">{5} .{0,150}\b(?:writes|wrote|said|says)\b|>{5} .{0,60}==")
SUPERCITED = re.compile(r"^\s{0,8}([^\W\d_][\w.]{0,11})?>+(?:\s|$)")
BAR = re.compile(r"^[ \t]{0,3}\|(?:\s|$)")
DECORATION = re.compile(r"^\s*>.*<\s*$")
CLAUSE_END = re.compile(r"[.!?…:;][\"'”»)\]]*$")
# Remarks that a part of a quote was left out: '[...]', '[snip]', '<20 lines deleted>', '(…)', '...'. '[CC list
# trimmed]' is about something else, and '(removed it)' is an answer.
ELISION = re.compile(
    r"^\s*(?!.*\b(?:cc|list(?! of)|subject|it|that|this|them|i|we|you)\b)"
    r"(?:[\[<({]{1,2}\s*(?:\.{2,}|…|etc\.(?=\s*\])|(?:[\w ]{0,20}\b(?:"
    + "|".join(map(re.escape, words(lambda locale: locale.elisions)))
    + r")))[^\[\]{}]{0,80}[\]>)}]{1,2}|[-=~*. ]{0,6}(?:\.{3,}|…|snip(?:ped)?|schnipp|8<|>8)[-=~*. ]{0,6})\s*[.:]?\s*$",
    re.IGNORECASE,
)
# A line below a quoted one that points at a part of it. '^^' at its beginning is a smile.
POINTER = re.compile(r"^[ \t]+\^[\^~ -]*\^[ \t]*$")
# No remark on the quote says 'I'.
REMARK = re.compile(r"^\[(?![^]]*\b(?:cc|subject|i|we|me|us|my|our|я|мы|ich|wir)\b)[^\[\]]{1,40}\]\s*$", re.IGNORECASE)
MAX_REMARK_WORDS = 3
FULL_LINE_CHARACTERS = 60
FULL_WIDTH = 72
# The longest line that a mail program breaks paragraphs at, beyond its marks; and where many lines were broken again.
LONGEST_LINE, LONGEST_IN_COMB = 80, 86
MAX_REMAINDER_WORDS = 3
MAX_REMAINDER_CHARACTERS = 30
MIN_COMB_TEETH = 3
ANSWER = re.compile(
    r"\W*(?:yes|yep|yeah|no|nope|ok|okay|ack|nack|done|sure|agreed|right|fixed|true|correct|ditto|same|thanks|fine|"
    r"да|нет|ок|согласна?|ja|nein|oui|non|sí|si)\b",
    re.IGNORECASE,
)


def find_marked(lines: list[str]) -> list[bool]:
    """For each line, whether it is quoted by a mark at its beginning."""
    flags = [MARK in line[:4] and MARKED.match(line) is not None for line in lines]
    _unflag_groupwise(lines, flags)
    _flag_initials(lines, flags)
    _flag_bars(lines, flags)
    is_comb = any(flags) and _is_comb(lines, flags)
    for index, line in enumerate(lines):
        if flags[index]:
            is_single = not any(flags[max(0, index - 1) : index]) and not any(flags[index + 1 : index + 2])
            flags[index] = not (is_single and DECORATION.match(line))
        elif 0 < index < len(lines) - 1 and flags[index - 1] and (flags[index + 1] or is_comb):
            flags[index] = _continues_quote(lines[index - 1 : index + 2], is_comb and _is_tooth(lines, flags, index))
    return flags


def is_elision(line: str) -> bool:
    """Whether a line only says that a part of a quote was left out: '[...]', '[snip]'."""
    return len(line) < 120 and ELISION.match(line) is not None


def is_bracketed_elision(line: str) -> bool:
    """Whether a line is such a remark between brackets; '(...with oil)' is none."""
    bare = line.strip()
    return is_elision(line) and (bare[:1] in ("[", "<", "{") or bare in ("(...)", "(…)"))


def is_remark(lines: list[str], is_marked: list[bool], index: int) -> bool:
    """Whether a line between two quoted ones is a remark on the quote, in brackets: '[even earlier]'.

    Below a question, it is an answer.
    """
    if not 0 < index < len(lines) - 1 or not (is_marked[index - 1] and is_marked[index + 1]):
        return False
    return is_short_remark(lines[index]) and not lines[index - 1].rstrip().endswith("?")


def is_short_remark(line: str) -> bool:
    """Whether a line is a few words in brackets, and no answer."""
    return len(line.split()) <= MAX_REMARK_WORDS and REMARK.match(line) is not None and not ANSWER.match(line)


def _unflag_groupwise(lines: list[str], flags: list[bool]) -> None:
    """Take away the flag of an attribution between '>>>' and '>>>' that has unmarked text below it."""
    for index, line in enumerate(lines):
        if flags[index] and attributions.is_groupwise(line):
            below = next((other for other in range(index + 1, len(lines)) if lines[other].strip()), index)
            flags[index] = flags[below]


def _flag_initials(lines: list[str], flags: list[bool]) -> None:
    is_supercited = any(flag and SUPERCITE_HEAD.match(line) for flag, line in zip(flags, lines, strict=True))
    pattern, width = (SUPERCITED, 24) if is_supercited else (INITIALS, 8)
    candidates = [index for index, line in enumerate(lines) if MARK in line[:width] and not flags[index]]
    initials = [(index, match[1]) for index in candidates if (match := pattern.match(lines[index]))]
    counts = Counter(name for _, name in initials)
    for index, name in initials:
        flags[index] = name is None or counts[name] > 1


def _flag_bars(lines: list[str], flags: list[bool]) -> None:
    """Flag lines marked by '|' if an attribution introduces some of them; others may be a table."""
    is_bar = ["|" in line[:4] and BAR.match(line) is not None for line in lines]
    if not any(is_bar) or any(_is_table_row(line) for line, bar in zip(lines, is_bar, strict=True) if bar):
        return
    above = ""
    for index, line in enumerate(lines):
        if is_bar[index] and not is_bar[index - 1] and _introduces(above):
            flags[:] = [flag or bar for flag, bar in zip(flags, is_bar, strict=True)]
            return
        above = line if line.strip() and not is_elision(line) else above


def _is_table_row(line: str) -> bool:
    return line.rstrip().endswith("|") and line.count("|") > 1


def _introduces(line: str) -> bool:
    return attributions.is_full_attribution(line) or attributions.is_short_attribution(line)


def _is_comb(lines: list[str], flags: list[bool]) -> bool:
    """Whether marked and short unmarked lines alternate, as after a program wrapped the marked ones."""
    return sum(_is_tooth(lines, flags, index) for index in range(1, len(lines) - 1)) >= MIN_COMB_TEETH


def _is_tooth(lines: list[str], flags: list[bool], index: int) -> bool:
    """Whether a short line may be the end of the marked line above it, which was not much too long for a line."""
    above, text = lines[index - 1], lines[index].strip()
    if flags[index] or not flags[index - 1] or not 0 < len(text) <= MAX_REMAINDER_CHARACTERS or text[0].isupper():
        return False
    below = lines[index + 1].strip()
    return (flags[index + 1] or not below) and _length(above, text) <= LONGEST_IN_COMB and not _ends_clause(above)


def _length(above: str, text: str) -> int:
    """The length of two lines as one, without the marks."""
    marks = MARKS.match(above)
    return len(above) - (len(marks[0]) if marks else 0) + 1 + len(text)


def _ends_clause(line: str) -> bool:
    return CLAUSE_END.search(line.strip()) is not None


def _continues_quote(lines: list[str], is_comb: bool) -> bool:
    """Whether the second of three lines, without a mark, is the end of the marked one above, which a program wrapped.

    Such an end is short. An answer between quoted lines may begin with a small letter, too, but is rarely so short
    below a line that is full and in the middle of a sentence. If both together are too long for a line, a whole
    paragraph was on one line, so that the marked line below does not resume the sentence.
    """
    above, text, below = lines[0], lines[1].strip(), MARKS.sub("", lines[2]).lstrip()
    if not text or CLAUSE_END.search(above.strip()):
        return False
    if text.endswith(" >") or (text.endswith(">") and len(text.split()) == 1):
        return True
    if above.count('"') % 2 and text.endswith('"') and text.count('"') == 1:
        return len(above) >= FULL_LINE_CHARACTERS
    if not is_comb and below[:1].islower() and _length(above, text) > LONGEST_LINE:
        return False
    is_short = len(text) <= MAX_REMAINDER_CHARACTERS and (is_comb or len(text.split()) <= MAX_REMAINDER_WORDS)
    if not is_short or text[0].isupper() or text[0].isdigit() or (ANSWER.match(text) and not is_comb):
        return False
    if above.count("(") > above.count(")") and ")" in text:
        return True
    width = len(above) + 1 + len(text.split()[0])
    return len(above) >= FULL_LINE_CHARACTERS and (is_comb or width > FULL_WIDTH) and text[0] not in "\"'“«„*_["
