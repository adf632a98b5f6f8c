"""Detects patches, logs, code listings and console sessions that were pasted into a mail."""

import re
from collections.abc import Collection

from email_assistant.archive import patches
from email_assistant.archive.quote_marks import is_bracketed_elision

FENCE = re.compile(r"^\s*(?:```|~~~)")
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
    r"\d+ bytes from \S+|PING \S+ \(|\s?\d{1,2}  \S+ \([\d.]+\)  [\d.]+ ms\b|"
    r"\S+:\d+(?::\d+)?: (?:fatal |internal )?(?:error|warning|note)\b|make(?:\[\d+\])?: |(?:[0-9a-f]{2} ){6,}|"
    r"(?:[-drwxs]{10})\s+\d+|"
    r"\^?[0-9a-f]{8,40} \(.{3,50}\s\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\s+\d+\))"
)
CONSOLE = re.compile(
    r"^\s*(?:[\w.-]+@[\w.-]+[:\s][^#$%]{0,60}[#$%]|\$ (?!\d)|% (?=[a-z./~])|>>> |\.\.\. |"
    r"PS [A-Z]:\\|[A-Z]:\\[\w\\ ]*>|sudo |git \w+ |cd /|\./\w)"
)
# Prompts of shells and debuggers, with the command. What follows up to the next blank line is the output.
PROMPT = re.compile(
    r"^[^\S\n]*(?:(?:\[\d{1,3}\] )?\$ (?=[A-Za-z_./~(-])|"
    r"# (?:apt|apt-get|btrfs|cat|cd|chmod|chown|cp|curl|dd|df|dmesg|dnf|docker|dpkg|du|echo|emerge|ethtool|fdisk|find|"
    r"free|git|grep|ifconfig|insmod|ip|iptables|journalctl|lsblk|lsmod|lspci|lsusb|ls|make|mkdir|modprobe|mount|mv|"
    r"nginx|pacman|ping|pip|ps|python3?|rmmod|rm|rpm|sed|service|smartctl|ssh|sudo|sysctl|systemctl|tail|tar|tcpdump|"
    r"umount|uname|vi|vim|wget|yum|zfs|zpool|zypper)\b |"
    r"% (?:[a-z./~][\w./~ -]{0,80} -{1,2}[a-z]|(?:cat|cd|ls|make|grep|git|man|vi|echo|cc|gcc|python3?) )|"
    r"[\w.-]+:[~/][\w./~-]*(?: ?\[\d+\])?> \S|"
    r"[\w.-]+@[\w.-]+(?:[: ][~/][\w./~-]*\s?|:[A-Za-z]?[\w./-]*)[#$%] \S|\[[\w.-]+@[\w.-]+ [^\]\n]{1,60}\][#$%] ?|"
    r"[➜❯]\s+\S|[\w.-]+[ :][~/][\w./~-]*\s?[#$%] \S|(?:ba|z|k)?sh-\d[\d.]*[#$] ?|(?:mysql|sqlite|\w+=)[>#] |"
    r"\((?:gdb|Pdb|lldb)\) |irb\([\w:]+\)|PS [A-Z]:\\[^>\n]{0,80}>|[A-Z]:\\[^>\n]{0,80}>)",
    re.MULTILINE,
)
NAMED_COMMAND = re.compile(
    r"^[ \t]{0,8}[#%] (?:[\w./-]{0,90}/)?([a-z][\w.-]{0,30})(?: [^\n]{0,200})?\n(?:[\w./-]{0,60}/)?\1: "
)
LEVEL = re.compile(r"\W*(?:INFO|WARN|WARNING|ERROR|DEBUG|TRACE|FATAL|NOTICE|CRITICAL)\W*")
MOMENT = re.compile(
    r"^\s*\[?(?:\d{4}[-/]\d\d[-/]\d\d[ T])?(?:[A-Z][a-z]{2}\s+\d{1,2} )?\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?\]?"
    r"[\s:,–—-]+(?=\S)"
)
# What begins a script, and comments in languages that mark them at the beginning of a line.
SCRIPT = re.compile(r"^\s*#!")
# 'What about version 2 (of May)?', between commands.
QUESTION = re.compile(r"^\s*[^\W\d_a-z][^\\|<>={}$]*\?$")
HERE_DOCUMENT = re.compile(r"<<-?\s?[\"']?(\w+)[\"']?\s*$")
# What grep found in a file: 'lamps/pier.txt:Light it'. The lines around it have '-' in place of ':'.
FOUND = re.compile(r"^(?!\w+://)(?=[^:]*[A-Za-z])((?:\.?/)?[\w.+-]{1,60}(?:/[\w.+-]{1,60}){1,20}):(?=\S)")
DASH = re.compile("-")
MIN_FOUND, FOUND_SHARE = 3, 0.75
TRACEBACK = re.compile(r"^\s*Traceback \(most recent call last\)")
TRACEBACK_LINE = re.compile(r"^\s+\S|^File \"[^\"]+\", line \d+")
EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:: .*|:?\s*)$")
COMMENT = re.compile(r"^\s*(?:#|//|/\*|\*\s|\.?\\[\"#])")
# The title of a page, at both margins: 'lamp(1)', or '()' if the page has none.
PAGE_HEAD = re.compile(r"^\s*(\S{1,40}\(\d\w{0,9}\)|\(\))(?:\s{3,}\S.{0,80}?\s{3,}|\s{40,})\1$")
MAX_PAGE_LINES = 200
# How far to the right the title is that is all of the last line of a page.
MIN_FOOT_INDENT = 40
KEYWORD = re.compile(r"^\s*(?:(?:begin|do|done|else|end|endif|esac|fi|then|type|var)\W*$|export \w+)")
PROMPT_OF_LOGIN = re.compile(r"^\s*[\w.-]*login: \S+$")
PLAIN_WORD = re.compile(r"[\"'(«“]?[^\W\d_]+(?:['’-][^\W\d_]+)*[.,:;!?)\"'»”]*")
# What only code has: a line that ends in ';' without any of it may be an item of a list.
CODE_MARK = re.compile(r"[{}\[\]=<>_|\\^]|\w\(|->|::|\w(?:\+\+|--)|(?:\+\+|--)\w|//|/\*|&&|\$[A-Za-z_]")
ITEM = re.compile(r"^\s*(?:[-–—•·*+]|\(?\w{1,2}[.)])\s")
# Own lines of verse or a list may begin like a statement: 'try oil,', 'from the shed,'.
BEGINS_LIKE_STATEMENT = re.compile(
    r"^\s*(?:from|import|let|private|public|return|static|try|using|var|void)\s.*[,:]\s*$"
)
STRING_OR_COMMENT = re.compile(r"\"[^\"]*\"|'[^']*'|//.*|/\*.*")
CYRILLIC_WORD = re.compile(r"[А-Яа-яЁё]{2}")
# Code in Cyrillic: 'Сообщить(Текст);', 'Сумма = Цена * 2;'.
CALL_OR_ASSIGNMENT = re.compile(r"\w\(.*\)\s*;|^\s*[\w.]+\s*=[^=]")
# Marks on lines of their own around what was pasted. A listing between the last ones has no other text.
BRACKETS = {"[[": "]]", "{{{": "}}}", "<<<": ">>>"}
SNIP, END_SNIP = re.compile(r"^-{2,} ?snip ?-{2,}\s*$"), re.compile(r"^-{2,} ?end snip ?-{2,}\s*$")
MAX_PASTED_LINES = 80
ELLIPSIS = re.compile(r"^\[?(?:\.{3}|…)\]?\s*$")
MIN_CODE_LINES = 2
MAX_BLANK_LINES = 1
MIN_DIARY_WORDS = 3


def strip_code(lines: list[str], authors: Collection[str] = ()) -> tuple[list[str], bool]:
    """The lines without patches, fenced blocks and runs of two or more code lines, and whether any were removed.

    Args:
        lines: The lines of the mail.
        authors: The names and addresses of the mail's writer in lower case, to tell whose a patch is.
    """
    lines = list(lines)
    is_code = _classify(lines, authors)
    kept = [
        line if not code else ""
        for index, (line, code) in enumerate(zip(lines, is_code, strict=True))
        if not code or (line == patches.CUT and not any(is_code[index - 1 : index] + is_code[index + 1 : index + 2]))
    ]
    return kept, any(is_code)


def _classify(lines: list[str], authors: Collection[str]) -> list[bool]:
    looks_like_code = [_looks_like_code(line) for line in lines]
    is_code = [False] * len(lines)
    _mark_fenced(lines, is_code)
    patches.mark(lines, is_code, authors)
    _mark_sessions(lines, is_code)
    _mark_pages(lines, is_code)
    _mark_tracebacks(lines, is_code)
    _mark_found(lines, is_code)
    in_run = [False] * len(lines)
    start = 0
    while start < len(lines):
        end = _run_end(lines, looks_like_code, start) if looks_like_code[start] else start
        found = [line for line, code in zip(lines[start:end], looks_like_code[start:end], strict=True) if code]
        if len(found) >= MIN_CODE_LINES and not all(map(_may_be_prose, found)):
            in_run[start:end] = [True] * (end - start)
        start = max(end, start + 1)
    _complete_paragraphs(lines, is_code, in_run)
    is_code = [left or right for left, right in zip(is_code, in_run, strict=True)]
    _mark_elisions(lines, is_code)
    _mark_pasted(lines, is_code)
    return is_code


def _complete_paragraphs(lines: list[str], is_code: list[bool], in_run: list[bool]) -> None:
    """Extend runs of code to the whole listing that is a paragraph, or give up those that are a small part of one."""
    start = 0
    while start < len(lines):
        end = start
        while end < len(lines) and lines[end].strip() and not is_code[end]:
            end += 1
        if any(in_run[start:end]) and not all(in_run[start:end]):
            indent = min(_indent(lines[index]) for index in range(start, end) if in_run[index])
            others = [
                index for index in range(start, end) if not in_run[index] and _belongs_to_listing(lines[index], indent)
            ]
            is_whole = len(others) + sum(in_run[start:end]) == end - start
            is_listing = sum(not COMMENT.match(lines[index]) for index in others) <= sum(in_run[start:end]) or (
                is_whole and all(KEYWORD.match(lines[index]) or CODE_MARK.search(lines[index]) for index in others)
            )
            for index in others if is_listing else range(start, end):
                in_run[index] = is_listing
        start = max(end, start + 1)


def _belongs_to_listing(line: str, indent: int) -> bool:
    """Whether a line next to lines of code is more likely code than a sentence about it."""
    if COMMENT.match(line) or KEYWORD.match(line) or 0 < indent <= _indent(line):
        return True
    return not _is_prose(line) and (CODE_MARK.search(line) is not None or not _is_plain(line))


def _is_plain(line: str) -> bool:
    return all(PLAIN_WORD.fullmatch(word) for word in line.split())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _looks_like_code(line: str) -> bool:
    line = line[:300]
    if (LOG.match(line) and not _is_diary(line)) or CONSOLE.match(line):
        return True
    return bool(STATEMENT_END.search(line) or LISTING.search(line)) and not _is_prose(line)


def _is_diary(line: str) -> bool:
    """Whether a sentence follows a moment: '10:15:00 I lit the lamp, and it smoked.'."""
    moment = MOMENT.match(line)
    if moment is None:
        return False
    words = line[moment.end() :].split()
    return (
        len(words) >= MIN_DIARY_WORDS
        and all(PLAIN_WORD.fullmatch(word) or word.isdigit() for word in words)
        and not any(word.endswith(":") or LEVEL.fullmatch(word) for word in words[:3])
    )


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
    if BEGINS_LIKE_STATEMENT.match(line) and _is_plain(line):
        return True
    words = line.rstrip(";{}").split()
    plain = sum(PLAIN_WORD.fullmatch(word) is not None for word in words)
    return plain >= 4 and plain >= 0.7 * len(words)


def _run_end(lines: list[str], looks_like_code: list[bool], start: int) -> int:
    """The end of a run of code lines, which may have '...', indented and single blank lines in between."""
    end = index = start
    blank_lines = 0
    while index < len(lines) and blank_lines <= MAX_BLANK_LINES:
        if looks_like_code[index]:
            end, blank_lines = index + 1, 0
        elif lines[index].strip() and not lines[index].startswith((" ", "\t")) and not ELLIPSIS.match(lines[index]):
            break
        else:
            blank_lines += not lines[index].strip()
        index += 1
    return end


def _mark_fenced(lines: list[str], is_code: list[bool]) -> None:
    fences = [index for index, line in enumerate(lines) if FENCE.match(line)]
    for begin, end in zip(fences[::2], fences[1::2], strict=False):
        is_code[begin : end + 1] = [True] * (end + 1 - begin)


def _mark_sessions(lines: list[str], is_code: list[bool]) -> None:
    """Mark commands with a prompt, and their output up to the next blank line. A command without output may stay."""
    text = "\n".join(lines)
    if not PROMPT.search(text) and "# " not in text and "% " not in text:
        return
    index = 0
    while index < len(lines):
        if not PROMPT.match(lines[index][:300]) and not _is_named_command(lines, index):
            index += 1
            continue
        start = index
        in_sentence = start > 0 and bool(lines[start - 1].strip()) and not PROMPT_OF_LOGIN.match(lines[start - 1])
        while index < len(lines) and lines[index].strip() and not (in_sentence and _resumes_sentence(lines[index])):
            index += 1
        index = _listing_end(lines, start, index)
        if index > start + 1:
            start -= start > 0 and PROMPT_OF_LOGIN.match(lines[start - 1]) is not None
            is_code[start:index] = [True] * (index - start)


def _is_named_command(lines: list[str], index: int) -> bool:
    """Whether a line is a command that the first line of its output names: '# lamp on', 'lamp: no oil'."""
    is_marked = lines[index].lstrip()[:2] in ("# ", "% ")
    return is_marked and NAMED_COMMAND.match("\n".join(line[:300] for line in lines[index : index + 2])) is not None


def _mark_pages(lines: list[str], is_code: list[bool]) -> None:
    """Mark pages of a manual as `man` prints them, from the head to the foot, which repeat the title on the right."""
    for start, line in enumerate(lines):
        head = PAGE_HEAD.match(line)
        if head:
            foot = f"   {head[1]}"
            below = range(start + 1, min(len(lines), start + MAX_PAGE_LINES))
            end = next((index + 1 for index in below if lines[index].endswith(foot) and _is_foot(lines[index])), start)
            is_code[start:end] = [True] * (end - start)


def _is_foot(line: str) -> bool:
    """Whether a line that ends with the title of a page is its last: it begins at the left, or is only the title."""
    return not line[0].isspace() or (_indent(line) >= MIN_FOOT_INDENT and len(line.split()) == 1)


def _mark_tracebacks(lines: list[str], is_code: list[bool]) -> None:
    """Mark what Python prints about an error, up to the name of the exception."""
    for start, line in enumerate(lines):
        if "Traceback" in line and TRACEBACK.match(line):
            end = start + 1
            while end < len(lines) and TRACEBACK_LINE.match(lines[end]):
                end += 1
            end += end < len(lines) and EXCEPTION.match(lines[end]) is not None
            is_code[start:end] = [True] * (end - start)


def _mark_found(lines: list[str], is_code: list[bool]) -> None:
    """Mark paragraphs of lines that grep found in files."""
    start = 0
    while start < len(lines):
        end = patches.paragraph_end(lines, start)
        if any("/" in line for line in lines[start:end]) and _is_found(lines[start:end]):
            is_code[start:end] = [True] * (end - start)
        start = end + 1


def _is_found(paragraph: list[str]) -> bool:
    found = [match[1] for line in paragraph if (match := FOUND.match(line[:300]))]
    if len(found) < MIN_FOUND:
        return False
    paths = set(found)
    around = sum(
        line == "--" or any(line[: dash.start()] in paths for dash in DASH.finditer(line, 0, 300)) for line in paragraph
    )
    return len(found) + around >= FOUND_SHARE * len(paragraph)


def _listing_end(lines: list[str], start: int, end: int) -> int:
    """The end of what a command prints, which may have blank lines if it is a script or indented like the command."""
    indent = _indent(lines[start])
    if not indent and not any(SCRIPT.match(line) for line in lines[start:end]):
        return end
    while end + 1 < len(lines) and not lines[end].strip():
        below = end + 1
        while below < len(lines) and lines[below].strip():
            below += 1
        paragraph = _without_here_document(lines[end + 1 : below])
        listed = sum(map(_is_listed, paragraph))
        is_text = any(_indent(line) < indent or _is_sentence(line) for line in paragraph)
        if 2 * listed <= len(paragraph) or is_text or (len(paragraph) == 1 and QUESTION.match(paragraph[0])):
            return end
        end = below
    return end


def _mark_elisions(lines: list[str], is_code: list[bool]) -> None:
    """Mark remarks like '[snip]' directly above or below code, and not between it and other text."""
    for index, line in enumerate(lines):
        if line[:1] != "[" or is_code[index] or not is_bracketed_elision(line):
            continue
        beside = [other for other in (index - 1, index + 1) if 0 <= other < len(lines) and lines[other].strip()]
        is_code[index] = bool(beside) and all(is_code[other] for other in beside)


def _mark_pasted(lines: list[str], is_code: list[bool]) -> None:
    """Mark brackets around nothing but code, and all from '---snip---' to '---end snip---' with code in it."""
    for start, line in enumerate(lines):
        closing, is_snip = BRACKETS.get(line.strip(), ""), line[:2] == "--" and SNIP.match(line) is not None
        if not closing and not is_snip:
            continue
        below = range(start + 1, min(len(lines), start + MAX_PASTED_LINES))
        ends = (END_SNIP.match(lines[index]) if is_snip else lines[index].strip() == closing for index in below)
        end = next((index for index, is_end in zip(below, ends, strict=True) if is_end), start)
        inside = [is_code[index] for index in range(start + 1, end) if lines[index].strip()]
        if inside and (any(inside) if is_snip else all(inside)):
            is_code[start : end + 1] = [True] * (end + 1 - start)


def _without_here_document(lines: list[str]) -> list[str]:
    """The lines of a script without the text that one of its commands prints: 'cat <<EOF' up to 'EOF'."""
    for start, line in enumerate(lines):
        if begins := HERE_DOCUMENT.search(line):
            end = next((index for index in range(start + 1, len(lines)) if lines[index].strip() == begins[1]), start)
            return lines[: start + 1] + lines[end + 1 :]
    return lines


def _is_sentence(line: str) -> bool:
    return _is_prose(line) and not COMMENT.match(line)


def _is_listed(line: str) -> bool:
    """Whether a line is likely one of a script: a comment or keyword, or not only words."""
    return COMMENT.match(line) is not None or KEYWORD.match(line) is not None or not _is_plain(line)


def _resumes_sentence(line: str) -> bool:
    """Whether a line below a command in the middle of a sentence resumes it: 'and tell me what it says.'."""
    return line[:1].islower() and ":" not in line.split()[0] and not PROMPT.match(line[:300]) and _is_prose(line)
