"""The writer's own words: a message without what it quotes or forwards.

The order of the steps matters. Lines marked '>' go first, with the attribution above them, wherever
they stand: people answer above, below and in between. Then comes what is quoted without marks, below
a full attribution, a separator or a header block, which is all that follows. Where that leaves
nothing though marked lines followed, the answer stands below them, so that own words never vanish.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from email_assistant.archive import attributions
from email_assistant.archive.header_blocks import FLAT, Block, find_block, find_separator

MARKED = re.compile(r"^[ \t\u00a0]{0,3}>")
MARKS = re.compile(r"^(?:[ \t\u00a0]{0,3}>)+ ?")
# The Bat! and its like put the initials of the quoted person before the mark.
INITIALS = re.compile(r"^\s{0,2}([A-ZА-ЯЁІЇЄ][\w.]{0,4})>+(?:\s|$)")
DECORATION = re.compile(r"^\s*>+.*<+\s*$")
ENDS_SENTENCE = re.compile(r"[.!?…:;][\"'”»)\]]*$")
DELIMITER = re.compile(r"^(?:--|__|—|[-_=*]{10,})\s*$")
# What is left of '*   *' when a program turns formatted mail into plain.
LEFTOVER = re.compile(r"^\s*(?:\*{1,4}|/{1,2})\s*$")
FULL_LINE = 60
SHORTEST_FLAT, LONGEST_FLAT = 30, 20_000
LONGEST_GAP = 3


@dataclass(frozen=True)
class Parts:
    """A message taken apart.

    Attributes:
        own: The writer's own words.
        quoted: The lines that the message answers or forwards, marks and all.
        forwarded: Whether it is a message that is passed on.
    """

    own: str
    quoted: tuple[str, ...]
    forwarded: bool

    def context(self) -> str:
        """What the message answers, without marks; deeper quotes are left out."""
        return own_words("\n".join(_first_level(self.quoted)))


def own_words(text: str) -> str:
    """The text without quotes and forwards; empty only when nothing else was there."""
    return split(text).own


def split(text: str) -> Parts:
    """Take a message's text apart into the writer's own words and what is quoted."""
    lines = text.split("\n")
    marked = _marked(lines)
    kept, quoted = _without_marked(lines, marked)
    block = _unmarked_quote(kept)
    above = [*kept[: block.start], kept[block.start][: block.column]] if block else kept
    rest = kept[block.end :] if block else []
    own = tidy(above)
    forwarded = bool(block and block.forwarded)
    if not own and block and (quoted or block.attribution):
        # Nothing above: the answer stands below the marked lines, or below an attribution alone.
        return Parts(tidy(rest), tuple(quoted), forwarded)
    return Parts(own, tuple(quoted or (rest if any(line.strip() for line in rest) else ())), forwarded)


def _marked(lines: list[str]) -> list[bool]:
    """Which lines are quoted by a mark at their beginning."""
    found = [MARKED.match(line) is not None for line in lines]
    initials = [INITIALS.match(line) for line in lines]
    written = Counter(match[1] for match in initials if match)
    for place, match in enumerate(initials):
        if match and written[match[1]] > 1:
            found[place] = True
    for place in range(len(lines)):
        if found[place]:
            alone = not any(found[max(0, place - 1) : place]) and not any(found[place + 1 : place + 2])
            found[place] = not (alone and DECORATION.match(lines[place]))
        elif 0 < place < len(lines) - 1 and found[place - 1] and MARKED.match(lines[place + 1]):
            found[place] = _goes_on(lines[place - 1], lines[place])
    return found


def _goes_on(above: str, line: str) -> bool:
    """Whether a line without a mark is the rest of the marked one above, which was wrapped on its way."""
    words = line.strip()
    if not words or ENDS_SENTENCE.search(above.strip()):
        return False
    cut_short = len(above) >= FULL_LINE or above.count("(") > above.count(")")
    return words.endswith(">") or (cut_short and not words[0].isupper() and not words[0].isdigit())


def _without_marked(lines: list[str], marked: list[bool]) -> tuple[list[str], list[str]]:
    """The lines without marks and without the attributions above marked ones; and what was marked."""
    kept: list[str] = []
    quoted: list[str] = []
    inside = False
    below = 0
    for line, is_marked in zip(lines, marked, strict=True):
        if is_marked:
            if not inside:
                _drop_attribution(kept)
            inside = True
            quoted.append(line)
            below = len(kept)
        else:
            kept.append(line)
            inside = inside and not line.strip()
    if any(line.strip() for line in kept[:below]) and _is_only_signature(kept[below:]):
        del kept[below:]
    return kept, quoted


def _is_only_signature(lines: list[str]) -> bool:
    """Whether what stands below a quote begins with a signature's delimiter or a list's rule."""
    return next((bool(DELIMITER.match(line)) for line in lines if line.strip()), False)


def _first_level(quoted: Sequence[str]) -> list[str]:
    """Quoted lines without their mark; those with two or more are a quote's own quotes."""
    levels = []
    for line in quoted:
        marks = MARKS.match(line)
        if marks is None:
            levels.append(INITIALS.sub("", line))
        elif marks[0].count(">") == 1:
            levels.append(line[marks.end() :])
    return levels


def _drop_attribution(kept: list[str]) -> None:
    """Take the attribution off the end of `kept`, one to four lines long, blank lines below it aside."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    if not end or len(kept) - end > LONGEST_GAP:
        return
    if find_separator(kept, end - 1):
        # 'Begin forwarded message:' above marked lines introduces these alone.
        del kept[end - 1 :]
        return
    if not attributions.may_end_one(kept[end - 1]):
        return
    start = _attribution_start(kept, end - 1)
    if start is not None:
        del kept[start:]
        return
    column = attributions.inside(kept[end - 1])
    if column:
        kept[end - 1 :] = [kept[end - 1][:column].rstrip(" -")]
    elif attributions.is_short(kept[end - 1]):
        del kept[end - 1 :]
        if end > 1 and attributions.is_short(kept[end - 2]):
            del kept[end - 2 :]


def _attribution_start(lines: list[str], last: int) -> int | None:
    """Where the full attribution begins that ends with a line; None when there is none."""
    for length in range(1, 5):
        start = last - length + 1
        if start < 0 or not lines[start].strip():
            return None
        joined = " ".join(line.strip() for line in lines[start : last + 1])
        if attributions.is_full(joined):
            return start
        if length > 1 and ENDS_SENTENCE.search(lines[start].strip()) and not attributions.is_fragment(lines[last]):
            return None
    return None


def _unmarked_quote(lines: list[str]) -> Block | None:
    """What stands above the quote without marks, if there is one."""
    for place, line in enumerate(lines):
        if not line.strip():
            continue
        block = find_separator(lines, place) or find_block(lines, place)
        if block:
            return _joined_blocks(lines, block)
        if attributions.may_end_one(line) and (start := _attribution_start(lines, place)) is not None:
            return Block(start, place + 1, attribution=True)
        flat = FLAT.search(line[:LONGEST_FLAT]) if line.count(":") > 2 and len(line) > SHORTEST_FLAT else None
        if flat:
            return Block(place, place + 1, column=flat.start())
    return None


def _joined_blocks(lines: list[str], block: Block) -> Block:
    """A separator together with the header block below it."""
    following = block.end
    while following < len(lines) and not lines[following].strip():
        following += 1
    header = find_block(lines, following) if following < len(lines) else None
    return Block(block.start, header.end, block.forwarded) if header else block


def tidy(lines: list[str]) -> str:
    """Trailing spaces off, at most one blank line in a row, no emphasis marks around nothing."""
    text = "\n".join("" if LEFTOVER.match(line) else line.rstrip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n").strip()
