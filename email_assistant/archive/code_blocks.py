"""Detects patches, logs, code listings and console sessions that were pasted into a mail."""

import re

FENCE = re.compile(r"^\s*(?:```|~~~)")
PATCH_START = re.compile(r"^(?:diff --git |Index: \S|--- (?:a/|/dev/null|\S+\s+\d{4}-)|\*\*\* \S+\s+\d{4}|@@ -\d+)")
PATCH_LINE = re.compile(
    r"^(?:[-+ @\\!\t]|diff |index [0-9a-f]|new file|deleted file|similarity |rename |Index: |={20})"
)
STATEMENT_END = re.compile(r"[;{}],?\s*(?://.*|/\*.*)?$")
LISTING = re.compile(
    r"^\s*(?:#\s?(?:include|define|if|ifdef|ifndef|endif|else|pragma)\b|#!/|//|/\*|\*/|</?(?!https?:|mailto:)\w+[^<>@]*/?>\s*$)|"
    r"^\s*(?:def|class|func|fn|public|private|static|void|int|char|struct|return|elif|else|try|except|finally|"
    r"import|from|using|namespace|package|var|let|const|SELECT|INSERT|UPDATE|CREATE)\b.*[:;{}(),=]\s*$|"
    r"^\s*(?:import \w[\w.]*|from [\w.]+ import .*)\s*$|"
    r"^\s*[\w.\->\[\]]+\s*(?:[-+*/|&^]?=|<-|:=)\s*[\w\"'({\[].*[)\]\"';]\s*$|^\s*[\w.>-]+\(.*\)\s*;?\s*$|->\w+|::\w+.*\("
)
LOG = re.compile(
    r"^\s*(?:\[?\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d|\[\s*\d+\.\d{4,}\]|"
    r"(?:[A-Z][a-z]{2}\s+\d{1,2} )?\d\d:\d\d:\d\d[.,:\s]\S+\s|\[?(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL)\b[\]:]|"
    r"-- (?:\S+ )?(?:Found|Looking|Checking|Configuring|Performing)\b|"
    r"\s*File \"[^\"]+\", line \d+|\s*at [\w.$]+\(|#\d+\s+0x[0-9a-f]+|0x[0-9a-f]{6,}\b|Traceback \(|"
    r"\S+:\d+(?::\d+)?: (?:fatal |internal )?(?:error|warning|note)\b|make(?:\[\d+\])?: |(?:[0-9a-f]{2} ){6,}|"
    r"(?:[-drwxs]{10})\s+\d+)"
)
CONSOLE = re.compile(
    r"^\s*(?:[\w.-]+@[\w.-]+[:\s][^#$%]{0,60}[#$%]|[$%] |>>> |\.\.\. |"
    r"PS [A-Z]:\\|[A-Z]:\\[\w\\ ]*>|sudo |git \w+ |cd /|\./\w)"
)
PLAIN_WORD = re.compile(r"[\"'(«“]?[^\W\d_]+(?:['’-][^\W\d_]+)*[.,:;!?)\"'»”]*")
# What only code has: a line that ends in ';' without any of it may be an item of a list.
CODE_MARK = re.compile(r"[{}\[\]=<>_|\\^]|\w\(|->|::|\w(?:\+\+|--)|(?:\+\+|--)\w|//|/\*|&&|\$[A-Za-z_]")
ITEM = re.compile(r"^\s*(?:[-–—•·*+]|\(?\w{1,2}[.)])\s")
STRING_OR_COMMENT = re.compile(r"\"[^\"]*\"|'[^']*'|//.*|/\*.*")
CYRILLIC_WORD = re.compile(r"[А-Яа-яЁё]{2}")
# Code in Cyrillic: 'Сообщить(Текст);', 'Сумма = Цена * 2;'.
CALL_OR_ASSIGNMENT = re.compile(r"\w\(.*\)\s*;|^\s*[\w.]+\s*=[^=]")
MIN_CODE_LINES = 2
MAX_BLANK_LINES = 1


def strip_code(lines: list[str]) -> tuple[list[str], bool]:
    """The lines without patches, fenced blocks and runs of two or more code lines, and whether any were removed."""
    is_code = _classify(lines)
    kept = [line for line, code in zip(lines, is_code, strict=True) if not code]
    return kept, len(kept) < len(lines)


def _classify(lines: list[str]) -> list[bool]:
    looks_like_code = [_looks_like_code(line) for line in lines]
    is_code = [False] * len(lines)
    _mark_fenced(lines, is_code)
    _mark_patches(lines, is_code)
    start = 0
    while start < len(lines):
        end = _run_end(lines, looks_like_code, start) if looks_like_code[start] else start
        found = [line for line, code in zip(lines[start:end], looks_like_code[start:end], strict=True) if code]
        if len(found) >= MIN_CODE_LINES and not all(map(_may_be_prose, found)):
            is_code[start:end] = [True] * (end - start)
        start = max(end, start + 1)
    return is_code


def _looks_like_code(line: str) -> bool:
    line = line[:300]
    if LOG.match(line) or CONSOLE.match(line):
        return True
    return bool(STATEMENT_END.search(line) or LISTING.search(line)) and not _is_prose(line)


def _may_be_prose(line: str) -> bool:
    """Whether nothing but its last mark makes a line look like code, as in 'break;' and 'red glass, curved;'."""
    line = line[:300]
    is_strong = LOG.match(line) or CONSOLE.match(line) or LISTING.search(line) or CODE_MARK.search(line)
    return not is_strong


def _is_prose(line: str) -> bool:
    """Whether a line is mostly ordinary words, has Cyrillic words outside of strings, or is an item of a list.

    'For the export case obj->dma_buf points to …', '2-й урок, 7А — Сидорчук;', '- red glass;'.
    """
    if ITEM.match(line) and not CODE_MARK.search(line):
        return True
    if CYRILLIC_WORD.search(STRING_OR_COMMENT.sub("", line)) and not CALL_OR_ASSIGNMENT.search(line):
        return True
    words = line.rstrip(";{}").split()
    plain = sum(PLAIN_WORD.fullmatch(word) is not None for word in words)
    return plain >= 4 and plain >= 0.7 * len(words)


def _run_end(lines: list[str], looks_like_code: list[bool], start: int) -> int:
    """The end of a run of code lines, which may have indented and single blank lines in between."""
    end = index = start
    blank_lines = 0
    while index < len(lines) and blank_lines <= MAX_BLANK_LINES:
        if looks_like_code[index]:
            end, blank_lines = index + 1, 0
        elif lines[index].strip() and not lines[index].startswith((" ", "\t")):
            break
        else:
            blank_lines += not lines[index].strip()
        index += 1
    return end


def _mark_fenced(lines: list[str], is_code: list[bool]) -> None:
    fences = [index for index, line in enumerate(lines) if FENCE.match(line)]
    for begin, end in zip(fences[::2], fences[1::2], strict=False):
        is_code[begin : end + 1] = [True] * (end + 1 - begin)


def _mark_patches(lines: list[str], is_code: list[bool]) -> None:
    inside = False
    for index, line in enumerate(lines):
        if PATCH_START.match(line):
            inside = True
        elif inside and line.strip() and not PATCH_LINE.match(line):
            inside = False
        is_code[index] = is_code[index] or inside
