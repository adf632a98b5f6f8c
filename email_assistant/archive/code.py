"""Patches, logs, listings and console sessions in a mail: pasted, not written."""

import re

FENCE = re.compile(r"^\s*(?:```|~~~)")
PATCH_BEGINS = re.compile(r"^(?:diff --git |Index: \S|--- (?:a/|/dev/null|\S+\s+\d{4}-)|\*\*\* \S+\s+\d{4}|@@ -\d+)")
PATCH_GOES_ON = re.compile(
    r"^(?:[-+ @\\!\t]|diff |index [0-9a-f]|new file|deleted file|similarity |rename |Index: |={20})"
)
LISTING = re.compile(
    r"[;{}],?\s*(?://.*|/\*.*)?$|^\s*(?:#\s?(?:include|define|if|ifdef|ifndef|endif|else|pragma)\b|#!/|//|/\*|\*/|</?(?!https?:|mailto:)\w+[^<>@]*/?>\s*$)|"
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
FEWEST_LINES = 2
LONGEST_GAP = 1


def without_code(lines: list[str]) -> tuple[list[str], bool]:
    """The lines without patches, fenced blocks and runs of two or more lines of code, and whether any went."""
    is_code = _classified(lines)
    kept = [line for line, code in zip(lines, is_code, strict=True) if not code]
    return kept, len(kept) < len(lines)


def _classified(lines: list[str]) -> list[bool]:
    marks = [_looks_like_code(line) for line in lines]
    found = [False] * len(lines)
    _mark_fenced(lines, found)
    _mark_patches(lines, found)
    place = 0
    while place < len(lines):
        end = _run_end(lines, marks, place) if marks[place] else place
        if sum(marks[place:end]) >= FEWEST_LINES:
            found[place:end] = [True] * (end - place)
        place = max(end, place + 1)
    return found


def _looks_like_code(line: str) -> bool:
    line = line[:300]
    if LOG.match(line) or CONSOLE.match(line):
        return True
    return bool(line.strip()) and bool(LISTING.search(line)) and not _is_prose(line)


def _is_prose(line: str) -> bool:
    """Whether most of a line is plain words: 'For the export case obj->dma_buf points to …'."""
    words = line.rstrip(";{}").split()
    plain = sum(PLAIN_WORD.fullmatch(word) is not None for word in words)
    return plain >= 4 and plain >= 0.7 * len(words)


def _run_end(lines: list[str], marks: list[bool], start: int) -> int:
    """The end of a run of code lines, over single blank or indented ones between."""
    end = place = start
    gap = 0
    while place < len(lines) and gap <= LONGEST_GAP:
        if marks[place]:
            end, gap = place + 1, 0
        elif lines[place].strip() and not lines[place].startswith((" ", "\t")):
            break
        else:
            gap += not lines[place].strip()
        place += 1
    return end


def _mark_fenced(lines: list[str], found: list[bool]) -> None:
    fences = [place for place, line in enumerate(lines) if FENCE.match(line)]
    for begin, end in zip(fences[::2], fences[1::2], strict=False):
        found[begin : end + 1] = [True] * (end + 1 - begin)


def _mark_patches(lines: list[str], found: list[bool]) -> None:
    inside = False
    for place, line in enumerate(lines):
        if PATCH_BEGINS.match(line):
            inside = True
        elif inside and line.strip() and not PATCH_GOES_ON.match(line):
            inside = False
        found[place] = found[place] or inside
