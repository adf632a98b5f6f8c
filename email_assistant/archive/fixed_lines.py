"""Recognizes lines that are never joined with others: rows of tables, markup, rules, trailers, links and synopses."""

import re
from collections.abc import Sequence

LONG_WORD_CHARACTERS = 40
# Not one of letters and hyphens, which only text has.
LONG_WORD = re.compile(r"(?<!\S)(?!(?:[^\W\d_]+-)+[^\W\d_]+[.,;:!?]?(?!\S))\S{41}")
TRAILER = re.compile(r"^\s*[A-Z][a-z]+(?:-[a-z]+)*-(?:by|to):\s|^\s*(?:Cc|Fixes|Link|Closes|Change-Id):\s")
# A link that stands by itself; one with a mark behind it ends a sentence.
LINK = re.compile(r"^\s*<?\w+://\S+[^\s.,;:!?]\s*$")
# A link or a path with the mark of a sentence behind it.
LINK_IN_SENTENCE = re.compile(r"^\s*(?:<?\w+://|/\w)\S+[.,;:!?](?:\s|$)")
# A line of a listing: a comment or font of roff, what grep found in a file, an ellipsis for lines that were left out.
LISTED = re.compile(
    r"^[-+]?\s*(?:\. *\\[\"#]|\.{1,2}$|\\(?:[\"#]|f[A-Z(\[])|(?!\w+://)[\w.-]{0,60}[/.][\w./-]{0,120}:(?!\d+(?:\s|$))\S|\[?(?:\.{3}|…)\]?$)"
)
# A comment of roff.
COMMENT = re.compile(r"^[-+]?\s*\. *\\[\"#]")
# A request of roff. In prose about it, words follow: '.EX is never indented'.
REQUEST = re.compile(r"^[-+]?\s*\. *(?:[A-Za-z]{1,2}(?=\s|$)|[A-Za-z]+\s.*\\)")
PLAIN_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[.,:;!?)]*")
MAX_PLAIN_ARGUMENTS = 3
# Boxes and trees that a program drew.
DRAWN = re.compile("^\\s*[\u2500-\u257f]|[\u2500-\u257f]\\s*$")
RULE_CHARACTERS = "-=_*~#+."
RULE = re.compile(r"^\s*(?:[-=_*~#+.]{3,}|[-=_*~]{2}|[-=_*~#+]{2,}[^-=_*~#+]{1,40}[-=_*~#+]{2,})\s*$")
# Marks that are escaped in expressions: 's/\(foo\)$/\1/'.
ESCAPED = re.compile(r"\\[^\sA-Za-z]")
MIN_ESCAPED = 3
MIN_CENTRED_INDENT = 40
TAB = 8
# Wider gaps separate columns.
GAP = re.compile(r"(?<=[^\s.!?…:\"'”»)\]]) {3}|\t")
# A gap behind a comma in the middle of a sentence does not.
GAP_IN_SENTENCE = re.compile(r"(?<=[,;]) {3,6}(?=[^\W\d_])")
MIN_SENTENCE_WORDS = 6
# A word of a command or its synopsis: an option, a sign, or one with brackets, braces, '|', '\' and the like.
CODE_WORD = re.compile(r"[-‐–]{1,2}[A-Za-z]|.*[\[\]{}<>=|\\$^~]|[^\w\s]+$")
ASSIGNMENT = re.compile(r"\w+=")
MIN_CODE_WORDS, CODE_SHARE = 5, 0.6
# So many '|' between words are those of a grammar or a synopsis.
MIN_ALTERNATIVES = 3
QUOTATION_MARKS = "`“‘«"
# A line of an index of pages: 'light (1) - light a lamp'.
INDEXED = re.compile(r"^\s*[\w.+:-]+ \(\w{1,8}\)\s+- \S")
# The first line of a call or prototype whose arguments continue on the next line.
CALL = re.compile(r"^[\w\s*&:]*\w\([^()]*$")
# An abbreviated hash at the beginning of a line, as `git log --oneline` writes it. The number of a part, '5012345a',
# has no digit behind its letter; '5ce2b67f5 is fine' is a sentence.
HASHED = re.compile(
    r"^\s{0,8}(?=[0-9a-f]{0,11}[a-f]\d)(?:[0-9a-f]{7,12}|[0-9a-f]{40})\s"
    r"(?!(?:and|or|but|in|on|is|isn't|was|were|are|has|had|can|may|should|must|will|would|does|did|doesn't|didn't)\s)\S"
)


def is_fixed(line: str) -> bool:
    """Whether a line is never joined: a row of a table, markup, a rule, a trailer, or only a link."""
    return (
        has_gap(line)
        or indent(line) >= MIN_CENTRED_INDENT
        or LISTED.match(line) is not None
        or (REQUEST.match(line) is not None and not _is_prose(line))
        or (not line.isascii() and DRAWN.search(line) is not None)
        or (line.lstrip()[:1] in RULE_CHARACTERS and RULE.match(line) is not None)
        or ("\\" in line and len(ESCAPED.findall(line)) >= MIN_ESCAPED and not _is_mostly_words(line))
        or (":" in line and TRAILER.match(line) is not None)
        or ("://" in line and LINK.match(line) is not None)
        or (
            len(line) > LONG_WORD_CHARACTERS
            and len(line.split(maxsplit=2)) <= 2
            and LONG_WORD.search(line) is not None
            and not LINK_IN_SENTENCE.match(line)
        )
    )


def is_call(block: Sequence[str]) -> bool:
    """Whether lines are a call or a prototype, as in C: 'int light(lamp *lamp,' with 'oil *oil);' below it."""
    return len(block) > 1 and block[-1].rstrip().endswith(");") and CALL.match(block[0]) is not None


def is_source(paragraph: Sequence[str]) -> bool:
    """Whether a paragraph is source text of roff, by its first line or a third of its lines, comments included."""
    if not any(line.lstrip(" +-").startswith(".") for line in paragraph):
        return False
    requests = [REQUEST.match(line) is not None and not _is_prose(line) for line in paragraph]
    is_flush = len(set(map(indent, paragraph))) == 1
    comments = sum(COMMENT.match(line) is not None for line in paragraph)
    return (requests[0] and is_flush) or 3 * (sum(requests) + comments) >= len(requests)


def has_gap(line: str) -> bool:
    """Whether a line has columns: words with a tab or at least three spaces between them."""
    stripped = line.strip()
    if not ("   " in stripped or "\t" in stripped) or GAP.search(stripped) is None:
        return False
    without = GAP_IN_SENTENCE.sub(" ", stripped)
    return GAP.search(without) is not None or plain_words(stripped) < MIN_SENTENCE_WORDS


def indent(line: str) -> int:
    """The width of the space at the beginning of a line."""
    if line[:1] not in (" ", "\t"):
        return 0
    return len(line[: len(line) - len(line.lstrip())].expandtabs(TAB))


def is_synopsis(line: str) -> bool:
    """Whether most words of a line are those of a command or its synopsis.

    Words of an enumeration do not count, unless they assign something: 'the signs <, > and `-a`', 'a=1, b=2'.
    """
    if not ("[" in line or "|" in line or "\\" in line or "$" in line or "=" in line):
        return False
    words = line.split()
    if words.count("|") >= MIN_ALTERNATIVES:
        return True
    code = sum(map(_is_code_word, words))
    others = sum(word[-1] not in ",;" for word in words if not _is_code_word(word))
    return code + others >= MIN_CODE_WORDS and code >= CODE_SHARE * (code + others)


def plain_words(line: str) -> int:
    """The number of ordinary words."""
    return sum(PLAIN_WORD.fullmatch(word) is not None for word in line.split())


def _is_code_word(word: str) -> bool:
    is_listed = word[-1] in ",;" and not ASSIGNMENT.match(word)
    return not is_listed and word[0] not in QUOTATION_MARKS and CODE_WORD.match(word) is not None


def _is_prose(line: str) -> bool:
    """Whether a line that begins like a request has a sentence behind that."""
    behind = "".join(line.split(maxsplit=1)[1:])
    return "\\" not in line and plain_words(behind) > MAX_PLAIN_ARGUMENTS


def _is_mostly_words(line: str) -> bool:
    return 2 * plain_words(line) >= len(line.split())
