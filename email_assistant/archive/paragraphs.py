"""Rejoins the lines of paragraphs that a mail program wrapped; lists, verse, tables and code are not changed.

A program wraps a line where the next word does not fit, so every wrapped pair of lines says between which two widths
the mail was wrapped. The width on which most pairs agree is that of the mail. Lines that reach it were wrapped; a line
that almost does was, too, if the next one continues its sentence with a small letter. A person who breaks lines by hand
leaves room on most of them, and breaks after sentences.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from email_assistant.archive.fixed_lines import (
    HASHED,
    INDEXED,
    PLAIN_WORD,
    TAB,
    has_gap,
    indent,
    is_call,
    is_fixed,
    is_source,
    is_synopsis,
    plain_words,
)
from email_assistant.archive.hyphens import WholeWords, glue

# Words that a sentence goes on after, at the end of a line.
UNFINISHED = frozenset(
    (
        *("a", "the", "of", "to", "and", "or", "with", "from", "for", "by", "at", "into", "than"),
        *("der", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "und"),
        *("oder", "von", "vom", "zum", "zur", "für", "bei", "im", "am"),
        *("le", "la", "les", "un", "une", "du", "de", "et", "ou", "avec", "pour", "dans"),
        *("el", "los", "las", "y", "con", "para"),
        *("il", "lo", "gli", "di", "del", "della", "per"),
        *("в", "во", "на", "с", "со", "к", "из", "от", "до", "для", "и", "или", "о", "об", "у", "по", "за"),
        *("het", "een", "met", "voor", "dla"),
    )
)
MIN_WIDTH, MAX_WIDTH = 52, 180
USUAL_WIDTHS = (64, 80)
USUAL_SLACK = 10
# The width of a mail that was not wrapped: no line reaches it.
NOT_WRAPPED = 10**9
ITEM = re.compile(
    r"^\s*(?:(?:--|[-*•–—·+o>→✓✔►▪‣◦§])\s+|\(?\d{1,3}[.):]\s+|\d{1,2}(?:\.\d{1,2})+\.?\s+|\(?[a-zA-Zа-яА-Я][.)]\s+|"
    r"[A-ZА-Я]\d{1,2}[.):]\s+|\(?[ivx]{2,4}[.)]\s+|\[[\w*]{1,4}\]:?\s+|#)"
)
# A marker that may also be a dash or the end of a sentence in the middle of wrapped text.
WEAK_ITEM = re.compile(r"^(?:(--|[-–—+])\s|(\d{1,3}[.):])\s|([a-zA-Zа-яА-Я][.)])\s|(#)\d|(\[\d{1,3}\])\s)")
# The number that ends a remark in brackets: '(not\n6) to align'.
NUMBER_BEFORE_BRACKET = re.compile(r"^\s*\d{1,3}\)[\s.,;]")
# The number of a section, or of a version: '1.23.0 is out'.
DOTTED = re.compile(r"^\s*(\d{1,2}(?:\.\d{1,2})+)\.?\s")
TERM = re.compile(r"^\s*\S{1,20}(?: \S{1,20})?(?:\t+| {2,}\t*)(?=\S)")
NUMBER_IN_BRACKETS = re.compile(r"^\s*\((\d)\)\s")
LABEL = re.compile(r"^\s*[^\W\d_][\w ./'’()-]{0,30}:\s+\S")
MAX_PARAGRAPH_LINES, MAX_SENTENCE_LINES = 50, 8
MAX_HANGING, MAX_DEEP_HANGING, MAX_HANGING_BELOW_ITEM = 3, 12, 8
# A line that is deeper by less than this is one of its paragraph.
MIN_INSET = 2
SENTENCE_OR_COLON_END = re.compile(r"[.!?…:][\"'”»)\]]*$")
SENTENCE_END = re.compile(r"[^\s.!?][.!?]$")
PARAGRAPH_END = re.compile(r"[.!?…][\"'”»)\]]*$")
# A capital in the middle of a sentence.
PRONOUN = re.compile(r"I(?:['’][a-z]+)?[,;]?$")
# A face, which belongs to the sentence above. '8)' is rather a number.
SMILEY = re.compile(r"\d?[:;=]['-]?[()|/\[\]DPpOo]+$")
# Two spaces within a sentence, left by a program that joined lines with a space at their end.
DOUBLE_SPACE = re.compile(r"(?<=[^\s.!?…:\"'”»)\]]) {2}(?=\S)")
WIDE_SPACE = re.compile(r"(?<=[^\s.!?…:\"'”»)\]]) {2,}(?=\S)")
SPACES = re.compile(r"(?:(?<=([.!?…:]))|(?<=\S)) {2,}(?=\S)")
ANY_SPACES = re.compile(r"(?<=\S) +(?=\S)")
MIN_WIDE_SPACES, MAX_JUSTIFYING_SPACE, MIN_JUSTIFIED_SPACES = 3, 6, 6
# A link in brackets that is broken at the end of a line, perhaps with '\\'. '>' ends it on one of the next two lines.
BROKEN_LINK = re.compile(
    r"(<(?:https?|ftp)://[^\s<>\\]{20,})\\?\n[ \t]{0,8}(?=[^\s<>]{1,200}(?:>|\n[ \t]{0,8}[^\s<>]{1,200}>))"
)
MAX_BROKEN_LINKS = 3
MAX_SHORT_LINE_WORDS = 3
MIN_PROSE_WORDS = 6
BARE_ITEMS = 2
MIN_OWN_PAIRS = 2
# The wrapped lines of a message whose lines are all wrapped, and the share of sentences that end early among them.
MIN_REGULAR_PAIRS, MAX_EARLY_SHARE = 8, 0.1
# Shares of the width that a line has to reach: to be considered at all, to be wrapped if the sentence goes on with a
# small letter, and to be wrapped though it ends a sentence.
MIN_SHARE, RAGGED_SHARE, SENTENCE_SHARE = 0.6, 0.72, 0.85


def unwrap(text: str) -> str:
    """Join the lines that were wrapped at the right margin, and indented continuation lines."""
    lines = _unjustify(_with_whole_links(text).split("\n"))
    blocks = [(block, [] if _is_bare_list(block) else _pairs(block)) for block in _blocks(lines)]
    pairs = [pair for _, pairs in blocks for pair in pairs]
    width = _width(pairs)
    layout = _Layout(width or NOT_WRAPPED, width is not None and _is_regular(pairs, width), WholeWords(text))
    return "\n".join(line for block, pairs in blocks for line in (_join(block, pairs, layout) if pairs else block))


def _with_whole_links(text: str) -> str:
    """The text with links on one line that a program broke between '<' and '>' (RFC 3986, appendix C)."""
    for _ in range(MAX_BROKEN_LINKS if "<http" in text or "<ftp" in text else 0):
        whole = BROKEN_LINK.sub(r"\1", text)
        if whole == text:
            break
        text = whole
    return text


def _unjustify(lines: list[str]) -> list[str]:
    """The lines without the spaces that a program put between words to justify the right margin."""
    justified = list(lines)
    for index in range(len(lines) - 1):
        above, line = lines[index : index + 2]
        if "  " not in f"{above}{line}":
            continue
        if (len(above) == len(line) and _are_justified(above, line)) or _is_above_end(above, line):
            justified[index : index + 2] = [_with_single_spaces(above), _with_single_spaces(line)]
    return justified


def _are_justified(above: str, line: str) -> bool:
    """Whether two lines of the same length are full of words with wide spaces at different places between them."""
    if not MIN_WIDTH <= len(above) <= MAX_WIDTH or not all(map(_is_full_of_words, (above, line))):
        return False
    spaces = [list(WIDE_SPACE.finditer(each, _text_start(each))) for each in (above, line)]
    columns = [{space.end() for space in each} for each in spaces]
    shared = len(columns[0] & columns[1])
    widths = [len(space[0]) for each in spaces for space in each]
    return len(widths) >= MIN_WIDE_SPACES and max(widths) <= MAX_JUSTIFYING_SPACE and shared <= len(widths) / 4


def _is_above_end(above: str, line: str) -> bool:
    """Whether a line that is justified in itself is above the end of its sentence, which is not.

    Most of its spaces are wide, and they differ by one at most; columns do not go on with a small letter.
    """
    if not MIN_WIDTH <= len(above) <= MAX_WIDTH or above.count("  ") < MIN_WIDE_SPACES:
        return False
    widths = [len(space) for space in ANY_SPACES.findall(above, _text_start(above))]
    wide = sum(width > 1 for width in widths)
    if len(widths) < MIN_JUSTIFIED_SPACES or 3 * wide < 2 * len(widths) or not max(widths) - 1 <= min(widths) <= 2:
        return False
    resumes = line.lstrip()[:1].islower() and indent(line) == indent(above) and not has_gap(line)
    return resumes and _is_full_of_words(above)


def _is_full_of_words(line: str) -> bool:
    return plain_words(line) >= MIN_PROSE_WORDS


def _text_start(line: str) -> int:
    """Where the text of a line begins: behind its indentation, or behind the term and gap of an item: '-v   Say it'."""
    term = TERM.match(line)
    is_term = term is not None and not all(PLAIN_WORD.fullmatch(word) for word in term[0].split())
    return term.end() if term and is_term else len(line) - len(line.lstrip())


def _with_single_spaces(line: str) -> str:
    start = _text_start(line)
    return line[:start] + SPACES.sub(lambda match: "  " if match[1] else " ", line[start:])


def collapse_spaces(text: str) -> str:
    """Replace double spaces within sentences by one. They stay between sentences and in columns."""
    if "  " not in text:
        return text
    return "\n".join(
        DOUBLE_SPACE.sub(" ", line) if "  " in line and not has_gap(line) else line for line in text.split("\n")
    )


def _blocks(lines: list[str]) -> list[list[str]]:
    """Runs of lines, of which those that are wrapped are one paragraph; many runs are a single line."""
    blocks: list[list[str]] = []
    column = 0
    may_grow = in_listing = False
    is_listing = _begins_listing(lines, 0)
    for index, line in enumerate(lines):
        if not line or line.isspace():
            blocks.append([line])
            may_grow = in_listing = False
            is_listing = _begins_listing(lines, index + 1)
            continue
        item = ITEM.match(line) or _described(lines, index)
        if item and index and (_is_dash(lines, index) or _is_version(lines, index)):
            item = None
        in_listing = is_synopsis(line) or (in_listing and plain_words(line) < MIN_PROSE_WORDS)
        stays = is_listing or in_listing or is_fixed(line)
        if (
            may_grow
            and not item
            and not stays
            and _may_follow(blocks[-1], line, column)
            and not _is_below_inset(blocks, line)
            and not _is_label(lines, index)
        ):
            blocks[-1].append(line)
            continue
        blocks.append([line])
        column = len(item[0].expandtabs(TAB)) if item else indent(line)
        may_grow = not stays or (item is not None and not is_listing and not is_fixed(line[item.end() :]))
    return blocks


def _is_bare_list(block: Sequence[str]) -> bool:
    """Whether lines are a list without marks: the first two are brief, and no mark ends them; and are not wrapped."""
    if len(block) <= BARE_ITEMS or any(min(map(len, pair)) >= MIN_WIDTH for pair in pairwise(block)):
        return False
    return all(
        len(line.split()) <= MAX_SHORT_LINE_WORDS and len(line) < MIN_WIDTH and line.rstrip()[-1].isalnum()
        for line in block[:BARE_ITEMS]
    )


def _begins_listing(lines: list[str], start: int) -> bool:
    """Whether the paragraph that begins at a line is source text or a call, so that all of its lines stay."""
    end = start
    while end < min(len(lines), start + MAX_PARAGRAPH_LINES) and lines[end].strip():
        end += 1
    return end > start + 1 and (is_source(lines[start:end]) or is_call(lines[start:end]))


def _described(lines: list[str], index: int) -> re.Match[str] | None:
    """The term and gap of an item like 'KS   Keeps.', whose text continues on the next line below its beginning."""
    line = lines[index]
    term = TERM.match(line) if "  " in line or "\t" in line else None
    if term is None or index + 1 == len(lines) or has_gap(line[term.end() :]):
        return None
    return term if indent(lines[index + 1]) == len(term[0].expandtabs(TAB)) else None


def _may_follow(block: Sequence[str], line: str, column: int) -> bool:
    """Whether a line may belong to the paragraph of a block, whose first line has its text at a column."""
    above = block[-1]
    own = indent(line)
    is_near = own <= MAX_DEEP_HANGING or (own - indent(above) <= MAX_HANGING_BELOW_ITEM and line.lstrip()[:1].islower())
    continues = is_near and _is_continuation(above, line)
    if len(block) > 1:
        is_inset = indent(block[-2]) == indent(above) <= own - MIN_INSET and _is_code(line)
        return own == indent(above) or (not is_inset and (continues or column <= own <= MAX_HANGING))
    is_hanging = own <= MAX_HANGING or continues
    return own in (column, indent(above)) or is_hanging or (own < column and ITEM.match(above) is not None)


def _is_below_inset(blocks: Sequence[Sequence[str]], line: str) -> bool:
    """Whether a line resumes the sentence above a deeper line, such as a command, which is a block by itself."""
    if len(blocks) < 2 or len(blocks[-1]) > 1:
        return False
    sentence, inset = blocks[-2][-1].rstrip(), blocks[-1][0]
    if indent(line) >= indent(inset) or ITEM.match(inset) or not _is_code(inset):
        return False
    return bool(sentence) and not PARAGRAPH_END.search(sentence)


def _is_code(line: str) -> bool:
    """Whether half of a line or more is no ordinary words, as in a command."""
    return 2 * plain_words(line) <= len(line.split())


def _is_dash(lines: list[str], index: int) -> bool:
    """Whether what looks like the marker of an item is a dash or a number within a sentence that was wrapped."""
    line = lines[index]
    weak = WEAK_ITEM.match(line.lstrip() if line.lstrip()[:1] == "#" else line)
    above = lines[index - 1].rstrip()
    number = NUMBER_IN_BRACKETS.match(lines[index])
    if number and _has_in_sentence(lines, index, f" ({int(number[1]) - 1})"):
        # '(2)' after '(1)' in the same sentence.
        return len(above) >= MIN_WIDTH
    if NUMBER_BEFORE_BRACKET.match(lines[index]) and above.rfind("(") > above.rfind(")"):
        return len(above) >= MIN_WIDTH
    if not weak or len(above) < MIN_WIDTH or SENTENCE_OR_COLON_END.search(above) or above[-1:] in ";,":
        return False
    kind = next(number for number, group in enumerate(weak.groups()) if group)
    same_kind = [
        match for line in _paragraph(lines, index) if (match := WEAK_ITEM.match(line)) and match.groups()[kind]
    ]
    return len(same_kind) <= 1


def _has_in_sentence(lines: list[str], index: int, text: str) -> bool:
    """Whether a text is within one of the lines above in the same paragraph, and not at its beginning."""
    for above in reversed(lines[max(0, index - MAX_SENTENCE_LINES) : index]):
        if not above.strip():
            return False
        if text in above.strip():
            return True
    return False


def _paragraph(lines: list[str], index: int) -> list[str]:
    """The lines around a line up to the blank ones, or to what is far away."""
    start, end = index, index + 1
    while start > max(0, index - MAX_PARAGRAPH_LINES) and lines[start - 1].strip():
        start -= 1
    while end < min(len(lines), index + MAX_PARAGRAPH_LINES) and lines[end].strip():
        end += 1
    return lines[start:end]


def _is_version(lines: list[str], index: int) -> bool:
    """Whether what looks like the number of a section is that of a version, at the beginning of a wrapped line."""
    number = DOTTED.match(lines[index])
    above = lines[index - 1].rstrip()
    if not number or len(above) < MIN_WIDTH or SENTENCE_OR_COLON_END.search(above) or above[-1:] in ";,":
        return False
    numbers = [match[1] for line in _paragraph(lines, index) if (match := DOTTED.match(line))]
    *chapter, section = map(int, number[1].split("."))
    neighbours = {(*chapter, section - 1), (*chapter, section + 1)}
    return numbers.count(number[1]) == 1 and not neighbours & {tuple(map(int, each.split("."))) for each in numbers}


def _is_label(lines: list[str], index: int) -> bool:
    """Whether a line is one of several with a label each, 'When: on Friday', with a hash, or of an index of pages."""
    label = next((label for label in (LABEL, HASHED, INDEXED) if label.match(lines[index])), None)
    if label is None:
        return False
    neighbours = [*lines[max(0, index - 1) : index], *lines[index + 1 : index + 2]]
    return any(label.match(line) for line in neighbours)


@dataclass(slots=True)
class _Pair:
    """Two lines that may have been one.

    Attributes:
        length: The length of the first line.
        word: The length of the first word of the second line.
        ends: Whether the first line ends a sentence, or ends with a colon.
        resumes: Whether the second line begins with a small letter, 'I', a bracket or a mark, or the first one ends
            with a word like 'the', after which no person ends a line.
        short: Whether the second line has few words, and is not the end of a sentence that has a colon.
        brief: Whether the first line has few words.
        is_prose: Whether the first line has many words.
        is_outdent: Whether the second line is indented less than the first one.
        is_link: Whether the second line begins with a link, before which a line may be short.
    """

    length: int
    word: int
    ends: bool
    resumes: bool
    short: bool
    brief: bool
    is_prose: bool
    is_outdent: bool
    is_link: bool

    def widths(self) -> range:
        """The widths at which a program would have broken the lines here."""
        return range(self.length, self.length + 1 + self.word)

    def has_usual_width(self) -> bool:
        """Whether the first line has one of the widths of mail programs.

        Lines of a list without marks rarely have. If the second line begins with a small letter, any width will do.
        """
        return USUAL_WIDTHS[0] <= self.length <= USUAL_WIDTHS[1] <= self.length + USUAL_SLACK + self.word

    def is_full(self, width: int) -> bool:
        """Whether the first word of the second line does not fit on the first line."""
        if self.length < MIN_SHARE * width and (self.ends or not self.is_link):
            return False
        return self.length + 1 + self.ends + self.word > width

    def is_loose(self, width: int) -> bool:
        """Whether the first line has room for more, in the middle of a sentence and not before a link."""
        is_short = self.length < RAGGED_SHARE * width and not self.ends and not self.brief
        return is_short and not (self.is_link and self.is_full(width))

    def is_wrapped(self, width: int, is_even: bool, is_last: bool) -> bool:
        """Whether a program wrapped the lines, in a paragraph that is even or in another one.

        Args:
            width: The width at which the program wrapped.
            is_even: Whether the paragraph is.
            is_last: Whether the second line may be a short sentence at the end of the paragraph.
        """
        if self.is_full(width):
            return is_last or not (self.ends and self.short and not self.resumes)
        if is_even and not self.short and not self.is_outdent and self.length >= SENTENCE_SHARE * width:
            return True
        return not self.ends and self.resumes and not self.is_outdent and self.length >= RAGGED_SHARE * width


def _pair(above: str, line: str) -> _Pair:
    stripped = above.rstrip()
    words = line.split()
    return _Pair(
        length=len(stripped.expandtabs(TAB)) if "\t" in stripped else len(stripped),
        word=len(words[0]),
        ends=SENTENCE_OR_COLON_END.search(stripped) is not None,
        resumes=PRONOUN.match(words[0]) is not None
        or (len(words) == 1 and SMILEY.match(words[0]) is not None)
        or not (words[0][0].isupper() or words[0][0].isdigit())
        or (len(stripped) >= MIN_WIDTH and stripped.rpartition(" ")[2] in UNFINISHED),
        short=len(words) <= MAX_SHORT_LINE_WORDS
        and not (stripped.endswith(":") and SENTENCE_END.search(line.rstrip())),
        brief=len(above.split()) <= MAX_SHORT_LINE_WORDS,
        is_prose=len(above.split()) >= MIN_PROSE_WORDS,
        is_outdent=indent(line) < indent(above),
        is_link="://" in words[0],
    )


def _pairs(block: Sequence[str]) -> list[_Pair]:
    return [_pair(above, line) for above, line in pairwise(block)] if len(block) > 1 else []


def _width(pairs: Sequence[_Pair]) -> int | None:
    """The width at which the message was wrapped; None if it was not wrapped."""
    voters = [pair for pair in pairs if MIN_WIDTH <= pair.length <= MAX_WIDTH and not pair.ends and pair.is_prose]
    candidates = {width for pair in voters if pair.resumes or pair.has_usual_width() for width in pair.widths()}
    if not candidates:
        return None
    votes = Counter(width for pair in voters for width in pair.widths())
    width = max(candidates, key=lambda candidate: (votes[candidate], candidate))
    # At the edge of the interval, the longest line that was wrapped is the width.
    return max((pair.length for pair in voters if pair.length <= width), default=None)


def _is_regular(pairs: Sequence[_Pair], width: int) -> bool:
    """Whether many lines of the message were wrapped, and hardly any sentence ends early on a line that others follow.

    A person who begins every sentence on a new line leaves most of them short.
    """
    full = sum(pair.is_full(width) and not pair.ends for pair in pairs)
    early = sum(pair.ends and pair.length < SENTENCE_SHARE * width and not pair.brief for pair in pairs)
    return full >= MIN_REGULAR_PAIRS and early <= MAX_EARLY_SHARE * full


def _own_width(pairs: Sequence[_Pair]) -> int | None:
    """The width at which a paragraph was wrapped; None if its lines do not agree on one."""
    if len(pairs) < MIN_OWN_PAIRS or not any(pair.resumes and not pair.ends for pair in pairs):
        return None
    width = max(pair.length for pair in pairs)
    is_even = all(pair.length + 1 + pair.ends + pair.word > width for pair in pairs)
    return width if is_even and MIN_WIDTH <= width <= MAX_WIDTH else None


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the lines of a message were wrapped.

    Attributes:
        width: The width at which they were wrapped.
        is_regular: Whether nearly all of them were.
        words: The words of the message.
    """

    width: int
    is_regular: bool
    words: WholeWords


def _join(block: list[str], pairs: Sequence[_Pair], layout: _Layout) -> list[str]:
    """The lines of a block, joined where they were wrapped."""
    width = _own_width(pairs) or layout.width
    full = sum(pair.is_full(width) for pair in pairs)
    loose = sum(pair.is_loose(width) for pair in pairs)
    if 1 < len(pairs) > full and all(pair.ends for pair in pairs):
        # Sentences on a line each.
        return block
    is_even = not loose and (full > 1 or (layout.is_regular and 2 * full >= len(pairs)))
    ends_short = layout.is_regular and 1 < full == len(pairs) and _is_short_sentence(block[-1])
    joined = [block[0]]
    for above, line, pair in zip(block, block[1:], pairs, strict=False):
        is_last = ends_short and pair is pairs[-1]
        if _is_continuation(above, line) or (loose <= full and pair.is_wrapped(width, is_even, is_last)):
            joined[-1] = glue(joined[-1].rstrip(), line.strip(), layout.words)
        else:
            joined.append(line)
    return joined


def _is_short_sentence(line: str) -> bool:
    """Whether a short line is a sentence, such as 'Many thanks!'; 'Yours, Ann.' is a sign-off."""
    return SENTENCE_END.search(line.rstrip()) is not None and "," not in line and len(line.split()) > 1


def _is_continuation(above: str, line: str) -> bool:
    """Whether an indented line continues the sentence of the line above, whatever the width of that line."""
    is_deeper = line[:1].isspace() and indent(line) > indent(above)
    return is_deeper and len(above.rstrip()) >= MIN_WIDTH and not SENTENCE_OR_COLON_END.search(above.rstrip())
