"""Removes signatures and keeps sign-offs: 'Cheers, W' is style, a block of telephone numbers is not.

Signatures are learned from the archive: they are lines that recur at the end of the owner's mails. Such lines are
removed below the owner's name. Above it, and without contact data, they are kept as the owner's words.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from email_assistant.archive.locales import alternation, any_of, words
from email_assistant.archive.sentences import SENTENCE_END

DELIMITER_CHARACTERS = ("-", "_", "—", "–", "=", "*", "~")
STANDARD_DELIMITER = "-- "
DELIMITER = re.compile(r"^\s{0,2}(?:-- ?|__|—|–)\s*$")
RULE = re.compile(r"^\s{0,2}(?:[—–]{2,}|[—–](?: [—–])+|_{3,}|-{3,}|={3,}|\*{3,}|~{3,})\s*$")
FULL_NAME = re.compile(r"^\W*[^\W\d_a-zа-я][\w.'’-]*(?: [^\W\d_a-zа-я][\w.'’-]*){1,3}\W*$")
# '[1] https://x.example/a' below a mail is a note of its author.
FOOTNOTE = re.compile(
    r"^\s*(\[\w[\w-]{0,15}\]|\(\d{1,2}\)|\{\d{1,2}\}|\*{1,3}(?=\s|[a-zà-ÿа-яё][^*]+$)|\d{1,2}[.):](?=\s)|[¹²³⁴⁵⁶⁷⁸⁹])\s*[:=]?\s*\S"
)
NOTE_MARKS = "[({¹²³⁴⁵⁶⁷⁸⁹"
# A link to a page, without the marks of a sentence behind it.
PAGE_LINK = re.compile(r"(?:https?://|www\.)[^\s<>/]{1,255}/[^\s<>]*[^\s<>.,;:!?)\]]")
# A link to a page, as opposed to one to a site.
DEEP_LINK = re.compile(r"^\W*https?://[^\s/]+/[^\s/]+", re.IGNORECASE)
CONTACT_DATA = re.compile(
    r"https?://|\bwww\.|[\w.+-]+@[\w-]+\.\w|\+\d[\d ()./-]{6,}|(?<![\d.,:])0\d{1,4}(?: \d{2,4}){2,4}\b|"
    r"\(?\b\d{3}\)?[-. /]{1,2}\d{3}[-. ]\d{2,4}|"
    rf"^\W{{0,3}}(?:{alternation(words(lambda locale: locale.contact_labels))})\b(?:\s?[.:]\s|\s(?=.*\d))|"
    r"^\W*[tfmpe]\s?[.:]\s*[+(]?\d",
    re.IGNORECASE,
)
# 'Reviewed-by: Jane Roe <jane@x.example>' is a statement, not a signature.
TRAILER = re.compile(r"^\W*[A-Z][a-z]+(?:-[a-z]+)*-by:")
POSTSCRIPT = re.compile(rf"^\W{{0,2}}(?:{any_of(lambda locale: locale.postscripts)})", re.IGNORECASE)
# 'Lamps Ltd.' is a name.
ABBREVIATION = re.compile(
    r"(?:\b(?:Ltd|Inc|Co|Corp|Bros|Dr|Jr|Sr|Ing|Dipl|Mgr|Esq|Ph\.?D|M\.?A|B\.?A|M\.?Sc|B\.?Sc|Dept|Str|St|Ave|Rd|"
    r"e\.\s?V|S\.\s?A|S\.\s?L|S\.p\.A|S\.r\.l|s\.r\.o|a\.s|Sp\. z o\.\s?o|B\.\s?V|N\.\s?V|О\.О\.О)|"
    r"\b(?:ул|г))\.\W*$"
)
# What somebody else said, with a name: '"Less is more." - Jane Roe'.
QUOTATION = re.compile(r"^\W{0,3}[\"'“„«‘].{3,300}[\"'”“»’]\s*(?:[-–—―~]{1,2}\s*[^\W\d_a-zß-ÿа-яё][\w.'’ -]{2,40})?$")
SEPARATOR = re.compile(r"\s[|·•∙●]\s")
# An item of a list that a person wrote, but not a decorated line: '* Ann *'.
LISTED = re.compile(r"^\s*(?:[-*•]|\(?\w{1,2}[.)])\s(?!.*[-*•]\s*$)")
LABELLED = re.compile(r"^\s*[^\W\d_][\w ]{0,20}:\s")
NAME_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# What is beside a name on its line: 'Ann Roe (she/her)', 'Ann Roe, Lamp Keeper'.
REMARK = re.compile(r"\s\([^()]{1,40}\)\s*$")
POSITION = re.compile(r"(\W*[^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){1,3}?)(?:,| [-–—]) (?=[^\W\d_a-zß-ÿа-яё])")
MAX_NAME_SPACES = 9
# A word of a sentence, as opposed to names and labels: 'is', 'my'.
PARTICLE = re.compile(r"(?<![^\s(])[a-zß-ÿа-яё]{2,}(?=[\s,])")
POSITION_MARKS = "(,|·•∙●-–—"
MAX_POSITION_CHARACTERS = 80
MAX_QUOTATION_CHARACTERS = 400
TAIL_LINES = 14
MAX_SIGNATURE_LINES = 12
MIN_REPEATS = 4
MIN_REPEATED_SHARE = 0.02
MIN_BOILERPLATE_WORDS = 20
MAX_SIGN_OFFS = 12
MAX_PROSE_BELOW_STANDARD = 3


@dataclass(frozen=True)
class SignatureProfile:
    """The recurring endings of an owner's mails, learned from an archive.

    Attributes:
        lines: Recurring lines, in lower case with single spaces.
        names: The words of the owner's names, in lower case.
        sign_offs: Recurring short lines that are last or above contact data, as written, with their counts.
        boilerplate: Long paragraphs that recur as the last one, in lower case with single spaces.
    """

    lines: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    sign_offs: dict[str, int] = field(default_factory=dict)
    boilerplate: frozenset[str] = frozenset()


EMPTY_PROFILE = SignatureProfile()


def learn(texts: Iterable[str], names: Iterable[str] = ()) -> SignatureProfile:
    """Learn the signatures and sign-offs of an owner.

    Args:
        texts: The owner's own words in many mails.
        names: The owner's names as in mail headers.
    """
    line_counts: Counter[str] = Counter()
    sign_offs: Counter[str] = Counter()
    last_paragraphs: Counter[str] = Counter()
    mails = 0
    for text in texts:
        mails += 1
        last_paragraphs[_last_paragraph(text)[1]] += 1
        lines = [line for line in text.split("\n")[-2 * TAIL_LINES :] if line.strip()]
        line_counts.update({_normalize(line) for line in lines[-TAIL_LINES:]})
        sign_offs.update(_sign_off_lines(lines))
    min_count = max(MIN_REPEATS, MIN_REPEATED_SHARE * mails)
    words = frozenset(word for name in names for word in _name_words(name.partition("@")[0]) if len(word) > 1)
    return SignatureProfile(
        lines=frozenset(line for line, count in line_counts.items() if count >= min_count),
        names=words,
        sign_offs={line: count for line, count in sign_offs.most_common(MAX_SIGN_OFFS) if count >= min_count},
        boilerplate=frozenset(
            text
            for text, count in last_paragraphs.items()
            if count >= min_count and len(text.split()) >= MIN_BOILERPLATE_WORDS
        ),
    )


def _sign_off_lines(lines: list[str]) -> list[str]:
    """The short lines at the end of a mail, above any contact data."""
    end = len(lines)
    while end and (is_contact(lines[end - 1]) or FOOTNOTE.match(lines[end - 1])):
        end -= 1
    return list(dict.fromkeys(line.strip() for line in lines[1:end][-2:] if _is_short(line)))


def _last_paragraph(text: str) -> tuple[int, str]:
    """The start of the last paragraph, and its normalized text; empty if it is the only one."""
    begin = text.rstrip().rfind("\n\n") + 2
    return (begin, _normalize(text[begin:])) if begin > 1 else (0, "")


def strip_signature(text: str, profile: SignatureProfile = EMPTY_PROFILE) -> str:
    """The text without its signature; unchanged if there is nothing else."""
    while (last := _last_paragraph(text))[1] in profile.boilerplate:
        text = text[: last[0]].rstrip()
    lines = _without_inner_signatures(text.split("\n"), profile)
    start = _postscript_start(lines, profile)
    parts = (_without_signature(lines[:start], profile), _without_signature(lines[start:], profile))
    return "\n\n".join("\n".join(part).strip("\n").rstrip() for part in parts if part)


def _without_inner_signatures(lines: list[str], profile: SignatureProfile) -> list[str]:
    """The lines without recurring contact data below the owner's name, where an answer below a quote follows."""
    kept: list[str] = []
    index = 0
    while index < len(lines):
        kept.append(lines[index])
        index += 1
        if not profile.lines or not lines[index - 1].strip() or not _is_owners(lines[index - 1], profile):
            continue
        begin = index + (index < len(lines) and not lines[index].strip())
        end = begin
        longest = min(len(lines), begin + MAX_SIGNATURE_LINES)
        while end < longest and lines[end].strip() and _normalize(lines[end]) in profile.lines:
            end += 1
        is_paragraph = end < len(lines) and not lines[end].strip()
        if is_paragraph and any(map(is_contact, lines[begin:end])) and not _is_introduced(kept):
            index = end
    return kept


def _is_owners(line: str, profile: SignatureProfile) -> bool:
    return _is_name(line, profile) or _has_position(line, profile)


def _is_introduced(lines: list[str]) -> bool:
    """Whether the last line is below one that announces it: 'My address:'."""
    above = next((line for line in reversed(lines[:-1]) if line.strip()), "")
    return above.rstrip().endswith((":", "："))


def _postscript_start(lines: list[str], profile: SignatureProfile) -> int:
    """The first line of a postscript, which may be below the signature; the number of lines if there is none."""
    for index in range(len(lines) - 1, max(0, len(lines) - 2 * TAIL_LINES), -1):
        mark = POSTSCRIPT.match(lines[index])
        if not mark or lines[index - 1].strip() or _normalize(lines[index]) in profile.lines:
            continue
        is_marked = lines[index][mark.end() :].lstrip()[:1] in (".", ":", ",", "-", "–", "—")
        if (is_marked or _is_sentence(lines[index])) and any(line.strip() for line in lines[:index]):
            return index
    return len(lines)


def _without_signature(lines: list[str], profile: SignatureProfile) -> list[str]:
    end = _find_delimiter(lines)
    end = _find_signature_below_name(lines[:end], profile)
    end = _find_recurring_contacts(lines[:end], profile)
    if not any(line.strip() for line in lines[:end]):
        return lines
    return [*lines[:end], *_footnotes(lines, end)]


def _footnotes(lines: list[str], start: int) -> list[str]:
    """The notes below a signature to which the text above refers, each up to the next blank line."""
    above = "\n".join(lines[:start])
    notes: list[str] = []
    in_note = False
    for line in lines[start:]:
        note = FOOTNOTE.match(line)
        if note:
            in_note = _is_note_on(line, above)
        in_note = in_note and bool(line.strip())
        if in_note:
            notes += [line] if notes else ["", line]
    return notes


def _find_delimiter(lines: list[str]) -> int:
    """The line of a delimiter with a signature below it; the number of lines if there is none."""
    for index in range(len(lines) - 1, max(-1, len(lines) - 2 * TAIL_LINES), -1):
        if (
            lines[index][:3].strip()[:1] in DELIMITER_CHARACTERS
            and is_signature(lines[index:])
            and any(line.strip() for line in lines[:index])
        ):
            return index
    return len(lines)


def is_signature(lines: list[str]) -> bool:
    """Whether lines are a delimiter and a signature below it.

    The delimiter of RFC 3676, '-- ' with a space, is certain. Below another one, paragraphs of sentences are the
    author's, since '--' and '___' also separate parts of a mail; and a long rule needs a name or contact data below it.
    """
    if not RULE.match(lines[0]) and not DELIMITER.match(lines[0]):
        return False
    below = [line for line in lines[1:] if line.strip()]
    prose = _prose_paragraphs(lines[1:])
    if lines[0] == STANDARD_DELIMITER:
        return len(below) <= 2 * MAX_SIGNATURE_LINES and prose <= MAX_PROSE_BELOW_STANDARD
    has_contact = any(map(is_contact, below))
    if not has_contact and any(sum(mark.match(line) is not None for line in below) > 1 for mark in (LISTED, LABELLED)):
        return False
    if DELIMITER.match(lines[0]):
        is_compact = len(below) == len(lines) - 1
        longest = 2 * MAX_SIGNATURE_LINES if lines[0].startswith("--") else MAX_SIGNATURE_LINES // 2
        return len(below) <= longest and (is_compact or prose <= has_contact)
    if not 0 < len(below) <= MAX_SIGNATURE_LINES // 2 or prose:
        return False
    return has_contact or (lines[0].strip()[0] in "—–_" and FULL_NAME.match(below[0]) is not None)


def _prose_paragraphs(lines: list[str]) -> int:
    """The number of paragraphs that have a sentence."""
    paragraphs = "\n".join(line.strip() for line in lines).split("\n\n")
    return sum(any(_is_sentence(line) for line in paragraph.split("\n")) for paragraph in paragraphs)


def _is_sentence(line: str) -> bool:
    words = _longest_part(line)
    if is_contact(line):
        return False
    return words > 7 or (words > 1 and SENTENCE_END.search(line.strip()) is not None and not ABBREVIATION.search(line))


def _find_signature_below_name(lines: list[str], profile: SignatureProfile) -> int:
    """The line below the owner's name or sign-off, if all below it recurs or there is contact data.

    Below a sign-off, what recurs may be the owner's name, in another case: 'Thanks.' above 'ann'.
    """
    last_lines = [index for index, line in enumerate(lines) if line.strip()][-MAX_SIGNATURE_LINES - 1 :]
    own_names = [index for index in last_lines if _is_name(lines[index], profile)]
    own_names = own_names or [index for index in last_lines if _has_position(lines[index], profile)]
    names = own_names or [index for index in last_lines if lines[index].strip() in profile.sign_offs]
    if not names:
        return len(lines)
    above = "\n".join(lines[: names[-1]])
    below = [lines[index] for index in last_lines if index > names[-1] and not _is_note_on(lines[index], above)]
    if set(PAGE_LINK.findall("\n".join(below))) & set(PAGE_LINK.findall(above)):
        return len(lines)
    if not below or any(_is_prose(line, profile) for line in below):
        return len(lines)
    recurs = all(_normalize(line) in profile.lines for line in below)
    sign_offs = {_normalize(line) for line in profile.sign_offs}
    is_name = not own_names and all(_normalize(line) in sign_offs for line in below)
    is_signature = any(is_contact(line) for line in below) or (recurs and not is_name)
    if not is_signature:
        return len(lines)
    above_name = last_lines[max(0, last_lines.index(names[-1]) - 1)]
    # Of two names, the second one is part of the signature.
    return (above_name if above_name in own_names else names[-1]) + 1


def _is_note_on(line: str, above: str) -> bool:
    """Whether a line is a note to which the text above refers; such notes are kept below a signature."""
    note = FOOTNOTE.match(line)
    return note is not None and note[1][0] in NOTE_MARKS and note[1] in above


def _find_recurring_contacts(lines: list[str], profile: SignatureProfile) -> int:
    """The first line with contact data among the recurring lines at the end."""
    end = len(lines)
    last = max((index for index, line in enumerate(lines) if line.strip()), default=0)
    first = None
    for index in range(len(lines) - 1, max(-1, len(lines) - TAIL_LINES), -1):
        line = lines[index]
        if not line.strip():
            if first is None and index < last:
                # The last paragraph has no contact data, so that a link above it is not part of a signature.
                break
            continue
        if _normalize(line) not in profile.lines or (SENTENCE_END.search(line.strip()) and len(line.split()) > 4):
            break
        if is_contact(line):
            first = index
    return end if first is None else first


def is_contact(line: str) -> bool:
    """Whether a line has an address, a telephone number or a link."""
    return bool(CONTACT_DATA.search(line[:300])) and not TRAILER.match(line) and not FOOTNOTE.match(line)


def _is_name(line: str, profile: SignatureProfile) -> bool:
    """Whether a line is the owner's full or short name."""
    if line.count(" ") > MAX_NAME_SPACES:
        return False
    words = _name_words(line)
    known_words = sum(
        word in profile.names or (len(word) == 1 and any(name[0] == word for name in profile.names)) for word in words
    )
    return 0 < len(words) <= 5 and known_words * 2 > len(words) and not is_contact(line)


def _name_words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in NAME_WORD.findall(text)]


def _has_position(line: str, profile: SignatureProfile) -> bool:
    """Whether a line is the owner's name with a remark in brackets or a position beside it."""
    if len(line) > MAX_POSITION_CHARACTERS or not any(mark in line for mark in POSITION_MARKS):
        return False
    if SENTENCE_END.search(line.strip()) and not ABBREVIATION.search(line):
        return False
    name = SEPARATOR.split(REMARK.sub("", line), maxsplit=1)[0]
    position = POSITION.match(name)
    return _is_name(position[1] if position else name, profile)


def _is_short(line: str) -> bool:
    return len(line.split()) <= 4 and not is_contact(line) and not any(letter.isdigit() for letter in line)


def _is_prose(line: str, profile: SignatureProfile) -> bool:
    """Whether a line was written for this mail."""
    if POSTSCRIPT.match(line) or FOOTNOTE.match(line):
        return True
    if DEEP_LINK.match(line) and _normalize(line) not in profile.lines:
        return True
    if _normalize(line) in profile.lines:
        return False
    if len(line) < MAX_QUOTATION_CHARACTERS and QUOTATION.match(line):
        return False
    longest = _longest_part(line)
    if is_contact(line):
        is_sentence = SENTENCE_END.search(line.strip()) and len(PARTICLE.findall(line)) > 1
        return longest > 12 or bool(is_sentence and not ABBREVIATION.search(line))
    # A motto may be as short as an answer, but recurs.
    shortest = 0 if profile.lines and not ABBREVIATION.search(line) else 3
    return longest > 7 or bool(SENTENCE_END.search(line.strip()) and len(line.split()) > shortest)


def _longest_part(line: str) -> int:
    """The most words between separators: 'Lamps Ltd. · Mill Lane 3 · Oxford' has no sentence."""
    return max(len(part.split()) for part in SEPARATOR.split(line))


def _normalize(line: str) -> str:
    return " ".join(line.lower().split())
