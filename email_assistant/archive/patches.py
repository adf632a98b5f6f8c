"""Finds what git and diff write into a mail: patches, their headers and statistics, shortlogs, and logs of commits.

The message of a commit or patch is its author's words. It is kept if the writer of the mail is the author.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from email_assistant.archive.fixed_lines import HASHED

PATCH_START = re.compile(r"^(?:diff --git |Index: \S|--- (?:a/|/dev/null|\S+\s+\d{4}-)|\*\*\* \S+\s+\d{4}|@@ -\d+)")
PATCH_LINE = re.compile(
    r"^(?:[-+ @\\!\t]|diff |index [0-9a-f]|new file|deleted file|old mode|new mode|similarity |dissimilarity |"
    r"rename |copy |Binary files |GIT binary |Index: |={20})"
)
# A quick test: every text with any of this has one of these.
HINTS = (
    *("diff --git", "Index: ", "--- ", "*** ", "@@ -", "From ", "From: ", "commit ", "-- \n", " | ", " changed"),
    *(" mode ", "%)", "-commit: ", "-id: ", "):\n", "ange-diff", "\n+", "changeset: ", "changes since commit "),
    *("# HG ", "] ", ".."),
)
HUNK = re.compile(r"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
CHANGED_LINE = re.compile(r"^[-+](?:\S|\s{2})")
# A line of context in a hunk begins with a single space, unlike one that a person indented.
CONTEXT_LINE = re.compile(r"^ [^ ]")
# Lines of a patch without a header; '+ wick' and '-1' may be items and numbers.
BARE_CHANGE = re.compile(r"^[-+](?![-+\d\s]|$)")
BARE_LINE = re.compile(r"^(?:[-+](?!\d| \S|-$)|[ \\\t]|\.{3}$)")
BARE_CODE = re.compile(r"^[-+].*[{};=<>\\@_]|^[-+]\s*\.\w")
MIN_ADDED_LINES = 4
PATCH_HEADER = re.compile(
    r"^(?:diff |index [0-9a-f]|--- |\+\+\+ |@@ |Index: |={20}|new file|deleted file|old mode|new mode|similarity |"
    r"dissimilarity |rename |copy |Binary files |\\ No newline|\*\*\* |\*{10})"
)
# What may only be part of a patch, so that one line is enough.
STATISTICS = re.compile(
    r"^\s{0,4}(?:\S.{0,120}?\s\|\s+(?:\d+\s*[-+]+|Bin(?: \d+ -> \d+ bytes)?|Unk)|"
    r"\S{0,120}[./]\S{0,120}\s{1,40}\|\s+\d+|"
    r"\d+ files? changed(?:, \d+ \w+\([-+]\))*|"
    r"(?:create|delete) mode \d{6} \S+|mode change \d{6} => \d{6} .+|(?:rename|copy) .+ \(\d+%\)|"
    r"(?:base-commit|change-id|prerequisite-(?:patch|change)-id): \S+(?: .*)?)\s*$"
)
RANGE_DIFF = re.compile(r"^\s{0,4}(?:\d+|-+):  ?(?:[0-9a-f]{7,40}|-{7,40}) [!=<>] ")
RANGE_DIFF_HEAD = re.compile(r"^(?:Range-diff|Interdiff)(?: against v\d+)?:$")
# A line of a patch within a range-diff, which is indented.
RANGE_DIFF_LINE = re.compile(r"^ {4}(?: ?[-+@#! ]|$)")
BINARY_START = "GIT binary patch"
BINARY_LINE = re.compile(r"^(?:(?:literal|delta) \d+|[A-Za-z][!-~]{5,65})$")
SCISSORS = re.compile(r"^-+ ?(?:8<|>8|%<|>%) ?-+.*$")
CUT = "---"
CUT_RULE = re.compile(rf"^-{{3}}$|{SCISSORS.pattern}")
GIT_VERSION = re.compile(r"^\d+\.\d+(?:\.\w+)*(?: \(Apple Git-[\d.]+\))?\s*$")
DELIMITER = re.compile(r"^-- ?$")
SHORTLOG_AUTHOR = re.compile(r"^[^\W\d_].{1,60} \((\d+)\):$")
MAIL_OF_PATCH = re.compile(r"^From [0-9a-f]{40} ")
COMMIT = re.compile(r"^(\s*)commit [0-9a-f]{7,64}(?: \(.*\))?\s*$")
FULL_HASH = re.compile(r"[0-9a-f]{40}")
COMMIT_FIELD = re.compile(r"^\s*(?:Author|AuthorDate|Commit|CommitDate|Date|Merge):\s+(.*)$")
PATCH_FIELD = re.compile(r"^(?:From|Date|Subject|To|Cc|Message-I[dD]|MIME-Version|Content-[\w-]+|X-[\w-]+): ?(.*)$")
FROM_FIELD = re.compile(r"^\s*(?:From|Author): ?(.*)$")
ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w.-]+")
MERCURIAL_COMMIT = re.compile(r"^changeset: {2,}\d+:[0-9a-f]{7,40}$")
MERCURIAL_FIELD = re.compile(r"^(?:tag|branch|bookmark|parent|user|date|summary|phase|files|description|changeset):")
SUBVERSION_COMMIT = re.compile(r"^r\d+ \| [^|]+ \| \d{4}-\d\d-\d\d [^|]+ \| \d+ lines?$")
LONG_RULE = re.compile(r"^-{20,}$")
# Above the message of a patch that `hg export` writes.
MERCURIAL_PATCH = re.compile(r"^# HG changeset patch$")
MERCURIAL_USER = re.compile(r"^# User (.*)$")
# What b4 writes about each patch that was applied, in two lines.
APPLIED = re.compile(r"^\[\d{1,3}/\d{1,3}\] \S")
APPLIED_AS = re.compile(r"^ {4,8}(?:commit: [0-9a-f]{7,64}|https?://\S+/[0-9a-f]{7,64}|\(no commit info\))$")
# What `git push` and `git fetch` write about a branch, below the name of the repository; and `git commit` about itself.
PUSHED = re.compile(
    r"^\s{0,4}(?:[*+!=-] )?\s{0,2}(?:[0-9a-f]{7,40}\.{2,3}[0-9a-f]{7,40}|\[[a-z][a-z ()]{2,30}\])"
    r"\s+\S+\s+-> \S+(?: \(.*\))?$"
)
REPOSITORY = re.compile(r"^(?:To|From) [^\s:/]*[:/]\S+$")
COMMITTED = re.compile(r"^\[\S+(?: \([a-z-]+\))? [0-9a-f]{7,40}\] \S")
# What `git request-pull` writes above the message of a tag.
PULL_REQUEST = re.compile(r"^The following changes since commit [0-9a-f]{7,64}:$")
PULL_REQUEST_END = re.compile(r"^for you to fetch changes up to [0-9a-f]{7,64}:$")
MAX_PULL_REQUEST_LINES, MAX_LINES_ABOVE_RULE = 12, 6
MESSAGE_INDENT = "    "
# The hash of a line of `git log --oneline`, in a whole text.
HASHED_LINE = re.compile(r"^[^\S\n]{0,8}[0-9a-f]{7}", re.MULTILINE)
MIN_HASHED_LINES = 2
MAX_NOTE_LINES = 40


def mark(lines: list[str], is_code: list[bool], authors: Collection[str]) -> None:
    """Mark the lines that are part of patches, logs of commits, and their statistics.

    Args:
        lines: The lines of the mail. The message of a commit loses its indentation.
        is_code: The marks, which are changed in place.
        authors: The names and addresses of the mail's writer in lower case; if there are none, everyone is.
    """
    text = "\n".join(lines)
    if HASHED_LINE.search(text):
        _mark_short_logs(lines, is_code)
    if not any(hint in text for hint in HINTS):
        return
    _mark_hunks(lines, is_code)
    _mark_bare_hunks(lines, is_code)
    for index, line in enumerate(lines):
        if DELIMITER.match(line) and index + 1 < len(lines) and GIT_VERSION.match(lines[index + 1]):
            is_code[index : index + 2] = [True, True]
        elif is_code[index] or _mark_report(lines, is_code, index):
            continue
        elif RANGE_DIFF.match(line):
            _mark_range_diff(lines, is_code, index)
        elif PULL_REQUEST.match(line):
            _mark_pull_request(lines, is_code, index)
        elif MERCURIAL_PATCH.match(line):
            _mark_mercurial_patch(lines, is_code, index, authors)
        elif MERCURIAL_COMMIT.match(line):
            _mark_mercurial_commit(lines, is_code, index)
        elif SUBVERSION_COMMIT.match(line):
            _mark_subversion_commit(lines, is_code, index)
        elif SHORTLOG_AUTHOR.match(line):
            _mark_shortlog(lines, is_code, index)
        elif COMMIT.match(line):
            _mark_commit(lines, is_code, index, authors)
        elif MAIL_OF_PATCH.match(line) or _is_patch_header(lines, index):
            _mark_patch_mail(lines, is_code, index, authors)
    _mark_rules(lines, is_code)


def _mark_report(lines: list[str], is_code: list[bool], index: int) -> bool:
    """Mark a line or two that git or b4 prints about files, a commit or branches; whether there is such a line."""
    line = lines[index]
    if APPLIED.match(line) and APPLIED_AS.match("".join(lines[index + 1 : index + 2])):
        is_code[index : index + 2] = [True, True]
    elif PUSHED.match(line):
        start = index - 1 if index and REPOSITORY.match(lines[index - 1]) else index
        is_code[start : index + 1] = [True] * (index + 1 - start)
    elif STATISTICS.match(line) or COMMITTED.match(line):
        is_code[index] = True
    else:
        return False
    return True


@dataclass
class _Hunk:
    """The lines that a hunk still has, of the old and of the new file."""

    old: int
    new: int

    def is_over(self) -> bool:
        return self.old <= 0 and self.new <= 0

    def take(self, line: str) -> None:
        self.old -= not line.startswith(("+", "\\"))
        self.new -= not line.startswith(("-", "\\"))

    def give_back(self, lines: int) -> None:
        """Take back blank lines, which separated a remark from the hunk."""
        self.old += lines
        self.new += lines


def _mark_hunks(lines: list[str], is_code: list[bool]) -> None:
    """Mark patches. A hunk ends with the number of lines that its header says, so that '- Ann' below it is kept.

    Remarks may interrupt a hunk. It resumes with a paragraph of which all lines look like those of a patch.
    """
    inside = False
    hunk: _Hunk | None = None
    binary_end = blank_lines = 0
    for index, line in enumerate(lines):
        if index < binary_end:
            is_code[index] = True
            continue
        begins = HUNK.match(line)
        was_inside = inside
        if line == BINARY_START and inside:
            binary_end = _binary_end(lines, index + 1)
        if begins:
            inside, hunk = True, _Hunk(int(begins[1] or 1), int(begins[2] or 1))
        elif PATCH_START.match(line) or _names_files(lines, index):
            inside, hunk = True, None
        elif inside and hunk and hunk.is_over():
            inside = bool(PATCH_HEADER.match(line)) or (not line.strip() and _continues(lines, index))
        elif inside and line.strip() and not PATCH_LINE.match(line):
            inside = False
        elif not inside and hunk and not hunk.is_over() and not lines[index - 1].strip():
            inside = _resumes(lines, index)
        if inside and hunk and not begins:
            hunk.take(line)
            blank_lines = 0 if line.strip() else blank_lines + 1
        elif was_inside and not inside and hunk and line.strip():
            hunk.give_back(blank_lines)
        if begins or not inside:
            blank_lines = 0
        is_code[index] = is_code[index] or inside


def _names_files(lines: list[str], index: int) -> bool:
    """Whether two lines name the old and the new file of a patch, with any path."""
    return lines[index].startswith("--- ") and index + 1 < len(lines) and lines[index + 1].startswith("+++ ")


def _mark_short_logs(lines: list[str], is_code: list[bool]) -> None:
    """Mark paragraphs with an abbreviated hash on most of their lines, as `git log --oneline` writes them."""
    index = 0
    while index < len(lines):
        if not HASHED.match(lines[index]):
            index += 1
            continue
        end = paragraph_end(lines, index)
        hashed = sum(HASHED.match(line) is not None for line in lines[index:end])
        if hashed >= MIN_HASHED_LINES and 2 * hashed > end - index:
            is_code[index:end] = [True] * (end - index)
        index = end


def _binary_end(lines: list[str], start: int) -> int:
    """The end of a binary patch, which may have a single blank line between its parts."""
    end = index = start
    while index < len(lines) and (BINARY_LINE.match(lines[index]) or (index == end and not lines[index].strip())):
        end = index + 1 if lines[index].strip() else end
        index += 1
    return end


def _resumes(lines: list[str], start: int) -> bool:
    """Whether the paragraph that begins at a line is the rest of a hunk: context, and lines with '+' or '-'."""
    paragraph = lines[start : paragraph_end(lines, start)]
    is_part = [CHANGED_LINE.match(line) or CONTEXT_LINE.match(line) for line in paragraph]
    return any(is_part) and all(line[:1] in " +-\\" for line in paragraph)


def paragraph_end(lines: list[str], start: int) -> int:
    """The first blank line from a line on, or the end of the lines."""
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
    return end


def _mark_bare_hunks(lines: list[str], is_code: list[bool]) -> None:
    """Mark paragraphs of changed lines that have no header, as a person writes them by hand."""
    index = 0
    while index < len(lines):
        end = paragraph_end(lines, index)
        paragraph = lines[index:end]
        if all(map(BARE_LINE.match, paragraph)):
            signs = {line[0] for line in paragraph if BARE_CHANGE.match(line)}
            is_long = sum(line.startswith("+") for line in paragraph) >= MIN_ADDED_LINES
            if "+" in signs and (len(signs) > 1 or is_long) and any(map(BARE_CODE.search, paragraph)):
                is_code[index:end] = [True] * len(paragraph)
        index = max(end, index + 1)


def _continues(lines: list[str], index: int) -> bool:
    """Whether the next line that is not blank is again a header in a patch."""
    following = next((line for line in lines[index + 1 : index + 4] if line.strip()), "")
    return bool(PATCH_START.match(following))


def _mark_range_diff(lines: list[str], is_code: list[bool], start: int) -> None:
    """Mark a line of a range-diff, its heading, and the indented changes below it."""
    end = start + 1
    while end < len(lines) and RANGE_DIFF_LINE.match(lines[end]):
        end += 1
    head = start - 1
    while head > 0 and not lines[head].strip():
        head -= 1
    if head >= 0 and RANGE_DIFF_HEAD.match(lines[head]):
        is_code[head] = True
    is_code[start:end] = [True] * (end - start)


def _mark_pull_request(lines: list[str], is_code: list[bool], start: int) -> None:
    """Mark what `git request-pull` writes, up to the rule above the message of the tag."""
    limit = start + MAX_PULL_REQUEST_LINES
    last = next((index for index in range(start, min(limit, len(lines))) if PULL_REQUEST_END.match(lines[index])), None)
    if last is None:
        return
    below = range(last + 1, min(last + 1 + MAX_LINES_ABOVE_RULE, len(lines)))
    end = next((index + 1 for index in below if LONG_RULE.match(lines[index])), last + 1)
    is_code[start:end] = [True] * (end - start)


def _mark_mercurial_patch(lines: list[str], is_code: list[bool], start: int, authors: Collection[str]) -> None:
    """Mark the header that `hg export` writes, and the message of the patch unless it is the writer's."""
    end = start
    while end < len(lines) and lines[end].startswith("# "):
        end += 1
    user = next((field[1] for line in lines[start:end] if (field := MERCURIAL_USER.match(line))), "")
    if not _is_author(user, authors):
        while end < len(lines) and not PATCH_START.match(lines[end]):
            end += 1
    is_code[start:end] = [True] * (end - start)


def _mark_mercurial_commit(lines: list[str], is_code: list[bool], start: int) -> None:
    """Mark a commit as `hg log` writes it."""
    end = start + 1
    while end < len(lines) and MERCURIAL_FIELD.match(lines[end]):
        end += 1
    is_code[start:end] = [True] * (end - start)


def _mark_subversion_commit(lines: list[str], is_code: list[bool], start: int) -> None:
    """Mark a commit as `svn log` writes it, between rules."""
    limit = min(len(lines), start + MAX_NOTE_LINES)
    end = next((index + 1 for index in range(start + 1, limit) if LONG_RULE.match(lines[index])), start + 1)
    begin = start - 1 if start and LONG_RULE.match(lines[start - 1]) else start
    is_code[begin:end] = [True] * (end - begin)


def _mark_shortlog(lines: list[str], is_code: list[bool], start: int) -> None:
    """Mark 'Jane Roe (2):' with the indented subjects below it."""
    end = start + 1
    while end < len(lines) and lines[end].startswith("  "):
        end += 1
    if end > start + 1:
        is_code[start:end] = [True] * (end - start)


def _mark_commit(lines: list[str], is_code: list[bool], start: int, authors: Collection[str]) -> None:
    """Mark the header of a commit as `git log` writes it, and its message unless it is the writer's."""
    indent = lines[start].partition("commit")[0]
    end = start + 1
    author = ""
    while end < len(lines) and (field := COMMIT_FIELD.match(lines[end])):
        author = field[1] if FROM_FIELD.match(lines[end]) else author
        end += 1
    if end == start + 1:
        is_code[start] = FULL_HASH.search(lines[start]) is not None and not (start and lines[start - 1].strip())
        return
    is_code[start:end] = [True] * (end - start)
    is_own = _is_author(author, authors)
    index = end
    while index < len(lines) and (not lines[index].strip() or lines[index].startswith(indent + MESSAGE_INDENT)):
        if is_own:
            lines[index] = lines[index][len(indent + MESSAGE_INDENT) :]
        elif lines[index].strip():
            is_code[index] = True
        index += 1


def _is_patch_header(lines: list[str], start: int) -> bool:
    """Whether From, Date and Subject of a patch begin at a line, without the separator of a mailbox above them."""
    if not lines[start].startswith("From: ") or (start and PATCH_FIELD.match(lines[start - 1])):
        return False
    end = _fields_end(lines, start)
    if end == start + 1 and not any(line.strip() for line in [*lines[:start], *lines[end : end + 1]]):
        # The author of a patch that somebody else sent, or who sent it from another address.
        return any(map(PATCH_START.match, lines[end:]))
    names = {line.partition(":")[0] for line in lines[start:end]}
    below = lines[end : end + MAX_NOTE_LINES * 2]
    is_patch = any("[PATCH" in line or "PATCH]" in line for line in lines[start:end] if line.startswith("Subject"))
    return "Subject" in names and not names & {"To", "Cc"} and (is_patch or any(map(PATCH_START.match, below)))


def _fields_end(lines: list[str], start: int) -> int:
    """The end of the header fields that begin at a line, with their continuation lines."""
    end = start
    while end < len(lines) and (PATCH_FIELD.match(lines[end]) or (end > start and lines[end][:1] in (" ", "\t"))):
        end += 1
    return end


def _mark_patch_mail(lines: list[str], is_code: list[bool], start: int, authors: Collection[str]) -> None:
    """Mark the header of a patch, and its message unless it is the writer's."""
    end = _fields_end(lines, start + 1 if MAIL_OF_PATCH.match(lines[start]) else start)
    author = next((field[1] for line in lines[start:end] if (field := FROM_FIELD.match(line))), "")
    if not _is_author(author, authors):
        while end < len(lines) and not PATCH_START.match(lines[end]) and not CUT_RULE.match(lines[end]):
            end += 1
    is_code[start:end] = [True] * (end - start)


def _is_author(field: str, authors: Collection[str]) -> bool:
    """Whether a field names one of the authors; true if nothing is known about either."""
    address = ADDRESS.search(field)
    name = field.partition("<")[0].strip(' "').casefold()
    return not authors or not field or name in authors or bool(address and address[0].casefold() in authors)


def _mark_rules(lines: list[str], is_code: list[bool]) -> None:
    """Mark the rule '---' above the statistics of a patch; notes in between are the writer's.

    Also mark scissors below a patch, and a long rule above a shortlog.
    """
    for index, line in enumerate(lines):
        if is_code[index] or not line.startswith("-"):
            continue
        if CUT_RULE.match(line):
            is_code[index] = any(is_code[index + 1 : index + 1 + MAX_NOTE_LINES])
        elif LONG_RULE.match(line):
            is_code[index] = index + 1 < len(lines) and is_code[index + 1]
        if SCISSORS.match(line):
            above = next((above for above in range(index - 1, -1, -1) if lines[above].strip()), None)
            is_code[index] = is_code[index] or (above is not None and is_code[above])
