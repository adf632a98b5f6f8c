"""A mail taken apart: whom it greets, the sentences that say something, and its signature."""

import re
from collections.abc import Sequence
from functools import cache

from email_assistant.lexicon import note_words
from email_assistant.lexicon.languages import alternatives, words
from email_assistant.lexicon.note_words import OTHER_GREETINGS, OTHER_SIGN_OFFS, NoteWords
from email_assistant.lexicon.note_words_en import ENGLISH
from email_assistant.lexicon.note_words_ru import RUSSIAN
from email_assistant.lexicon.words import WORD

NOTE_WORDS = {"en": ENGLISH, "ru": RUSSIAN}
# The words of every language: mails mix them, and other languages borrow 'Hi' and 'Best'.
GREETING_WORDS = words("greeting_words") | frozenset(
    f"{ENGLISH.greetings} {RUSSIAN.greetings} {OTHER_GREETINGS}".split()
)
# Of these, what also names whom a mail is for.
NAMING_WORDS = frozenset(note_words.NAMING.split())
NOT_NAMES = (
    words("not_names")
    | words("function_words")
    | words("sentence_openers")
    | words("question_words")
    | frozenset(f"{ENGLISH.not_names} {RUSSIAN.not_names}".split())
)
FUNCTION_WORDS = words("function_words")
_IN_GREETINGS = frozenset(note_words.IN_GREETINGS.split())
SIGN_OFF = re.compile(
    rf"(?:{alternatives('sign_offs')}|{ENGLISH.sign_offs}|{RUSSIAN.sign_offs}|{OTHER_SIGN_OFFS})\b[^?]{{0,40}}$",
    re.IGNORECASE,
)
POSTSCRIPT = re.compile(note_words.POSTSCRIPT)
# In words, and in lines.
LONGEST_GREETING, LONGEST_SIGNATURE, LONGEST_BLOCK = 7, 5, 3
# What no signature has: a digit, a question, an address, the end of a sentence.
_CONTENT = re.compile(r"[\d?:;/@\ue000-\uf8ff]|\w{3,}[.!…]$")
# A person's name, with a title and particles: 'Mr and Mrs Coleman', 'Виктор Андреевич'.
_NAME = r"[A-ZА-ЯЁ][\w'’-]*\.?(?:(?: (?:&|and|и|de|van|von))? [A-ZА-ЯЁ][\w'’-]*\.?){0,2}"
_INLINE_GREETING = re.compile(
    rf"(?:{alternatives('greetings', 'familiar_greetings')}|{note_words.RARE_GREETINGS})\b[ ,]*"
    rf"(?P<name>{_NAME})? ?(?:[,:!.—–]|\n)\s*",
    re.IGNORECASE,
)
_VOCATIVE = re.compile(
    rf"(?P<name>{_NAME}(?:, {_NAME})*)(?P<mark> ?[,:!]) +(?=\S)|(?P<named>{_NAME})(?: [-–—]+) +(?=\S)"
)
# 'леонид аркадьевич, здравствуйте!': a name in any case, known by the greeting after it.
_NAME_THEN_GREETING = re.compile(
    rf"(?P<name>[^\W\d_][\w .'’-]{{1,40}}), *(?:{alternatives('greetings')}|{note_words.AFTER_NAMES})\b"
    r"[^,.!?\n]{0,30}[,.!\n]\s*",
    re.IGNORECASE,
)
# 'Аскар, здорово!': what greets after a name.
_SECOND_GREETING = re.compile(rf"^(?:{note_words.SECOND_GREETINGS})(?: there)?[.!,]\s+", re.IGNORECASE)
_ENDED = re.compile(r"[.?!…][\"'”»)]*$")
# 'm.': the initial of a name, if it is no answer.
_INITIAL = rf"(?!(?:{note_words.LETTERS_THAT_ANSWER})\b)[^\W\d_]\.?"
_SIGNED_BY_INITIAL = re.compile(_INITIAL, re.IGNORECASE)
# 'It won't leave my skull. Fitz': a single word after the last sentence. An initial only where the full stop cannot be
# that of an abbreviation: 'see fig. A', 'at 3 p. m.'.
_INLINE_NAME = re.compile(
    rf"(?<=\w)(?P<mark>[.!?]+) +(?!{note_words.LAST_WORDS})[^\W\d_]{{2,12}}$|"
    rf"(?:(?<=\w{{5}})\.+|(?<=\w)[!?]+) +(?P<initial>{_INITIAL})$",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"(?:\w\. ?){1,3}(?:\w+)?")
# 'Yusuf K.', but not 'Plan B.'.
_NAME_AND_INITIAL = re.compile(rf"(?!(?:{note_words.LETTERED})\b)[^\W\d_]{{2,}} [^\W\d_]\.", re.IGNORECASE)
# 'Ada.' as a paragraph of its own. Not in Cyrillic, where many a sentence is a single verb: 'Жду.'
_NAME_ALONE = re.compile(rf"(?!(?i:{note_words.SAID_IN_A_WORD})\.)(?!.*[а-яё])[^\W\d_]{{3,12}}(?<!ly|ng)(?<!day)\.")
# 'jess x', 'x bethan'.
_KISSES = re.compile(r"(?<=[^\W\d_]) x{1,4}$|^x{1,4} (?=[^\W\d_])", re.IGNORECASE)
_WRAPPED = 56
# A full stop that ends no sentence: titles, companies, initials, units.
_ABBREVIATED = re.compile(rf"(?:\b(?:{note_words.ABBREVIATED})|\b[А-ЯЁ])\.$")
# Ends a sentence only before a capital: '3 p.m. on Friday'.
_HALF_OF_DAY = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)
_BOUNDARY = re.compile(
    r"([.!?…]+[\"'”»)]*(?:\s*[:;]-?[)(DP]+)?|\s[:;]-?[)(DP]+)\s+(?=[\"'“«(\[*]*[A-ZА-ЯЁ\d\ue000-\uf8ff]|[a-zа-яё•])"
)
_NUMBERED = re.compile(r"\s*(?:\d{1,2}|[a-z])\.")
_BULLET = re.compile(r"^\s*[-–—•*·>]+\s+")


def split_greeting(email: str, recipient: str | None) -> tuple[str, str]:
    """Whom a mail greets, '' if nobody by name, and the mail without its greeting.

    Args:
        email: The mail.
        recipient: The recipient's name in the headers, by which an unusual greeting is known: 'Ahoy Bo'.
    """
    text = email.strip()
    first, _, rest = text.partition("\n")
    name = _greeting_line(first, rest, recipient)
    if name is not None:
        return name, rest.strip()
    name, body = _inline_greeting(text)
    return name, _SECOND_GREETING.sub("", body, count=1) if name else body


def _inline_greeting(text: str) -> tuple[str, str]:
    match = _INLINE_GREETING.match(text)
    if match:
        name = match["name"] or ""
        if not name or _is_name(name):
            return name, text[match.end() :]
    match = _VOCATIVE.match(text)
    if match and _is_name(match["name"] or match["named"]):
        return match["name"] or match["named"], text[match.end() :]
    match = _NAME_THEN_GREETING.match(text)
    if match:
        return match["name"], text[match.end() :]
    return "", text


def _greeting_line(line: str, rest: str, recipient: str | None) -> str | None:
    """The name in a first line that only greets, '' if it greets nobody by name; None if it says something."""
    bare = line.strip().rstrip(",:;!.—–- ").strip()
    tokens = bare.replace(",", " ").split()
    greets = bool(tokens) and tokens[0].casefold() in GREETING_WORDS
    says = {token.casefold() for token in tokens[1:]} & (FUNCTION_WORDS - _IN_GREETINGS)
    if (
        not tokens
        or says
        or len(tokens) > LONGEST_GREETING
        or not rest.strip()
        or re.search(r"[?!/@]|\. ", bare.replace("r. ", ""))
    ):
        return None
    ends = line.rstrip()[-1] in ",:!—–-" or (greets and (rest.startswith("\n") or line.rstrip()[-1] == "."))
    named = {word.casefold() for word in WORD.findall(recipient or "")}
    capitalised = all(token[0].isupper() or token.casefold() in {"and", "и", "&"} for token in tokens)
    shared = [index for index, token in enumerate(tokens) if token.strip(".").casefold() in named]
    said, _, after = bare.partition(",")
    if after and ends and _is_name(said) and set(after.casefold().replace(",", " ").split()) <= GREETING_WORDS:
        return said
    if not ends or not (greets or (capitalised and line.rstrip()[-1] in ",:!—–-") or (shared and capitalised)):
        return None
    if not greets and tokens[0].casefold() in NOT_NAMES - GREETING_WORDS:
        return None if len(tokens) == 1 else ""
    while tokens and tokens[0].casefold() in GREETING_WORDS - NAMING_WORDS:
        tokens.pop(0)
    if shared and not greets and tokens:
        tokens = _from_name(tokens, named)
    while tokens and tokens[-1].casefold() in GREETING_WORDS - NAMING_WORDS:
        tokens.pop()
    return "" if [token.casefold() for token in tokens] == ["there"] else " ".join(tokens)


def _from_name(tokens: list[str], named: set[str]) -> list[str]:
    """What a greeting line says from the recipient's name on, with a title before it."""
    for index, token in enumerate(tokens):
        if token.strip(".").casefold() in named:
            return tokens[index:]
    return tokens


def first_name(recipient: str) -> str:
    """The first name in a display name; empty for an address and for what is no person."""
    name = recipient.partition("<")[0].strip("\"' ")
    if "@" in name or any(character.isdigit() for character in name):
        return ""
    family, comma, given = name.partition(",")
    parts = (given if comma else family).split()
    return parts[0] if parts and parts[0][0].isupper() and parts[0].isalpha() and parts[0] != "The" else ""


def _is_name(name: str) -> bool:
    first = name.split()[0].casefold().strip(".,")
    return first not in NOT_NAMES | GREETING_WORDS and not first.endswith("ly") and len(first) > 1


def without_sign_off(body: str) -> str:
    """A mail's text without its last lines that only sign it; a postscript after them stays."""
    paragraphs = re.split(r"\n\s*\n", body.strip())
    kept: list[str] = []
    while len(paragraphs) > 1 and POSTSCRIPT.match(paragraphs[-1]):
        kept.insert(0, paragraphs.pop())
    lines = "\n\n".join(paragraphs).split("\n")
    signed = _signature_start(lines)
    rest = _without_inline_name("\n".join(lines[:signed]).strip())
    return "\n\n".join(filter(None, [rest, *kept]))


def _without_inline_name(text: str) -> str:
    match = _INLINE_NAME.search(text)
    if not match:
        return text
    return text[: match.end("mark") if match["mark"] else match.start("initial")].rstrip()


def _signature_start(lines: list[str]) -> int:
    """The index of the first line of a signature; the number of lines if there is none."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = _last_block(lines, end)
    # At most a closing phrase, a name, a position, and a blank line between.
    for index in range(start - 1, max(-1, start - 6), -1):
        line = lines[index].strip()
        if not line:
            continue
        is_sign_off = SIGN_OFF.match(line) and len(WORD.findall(line)) <= LONGEST_SIGNATURE + 1
        if not is_sign_off and not (index == start - 1 and _is_signature(line, lines[:index], start == end)):
            break
        start = index
    # A mail of thanks only: its first line is what it says.
    return max(start, 1)


def _last_block(lines: list[str], end: int) -> int:
    """The index where a last paragraph of a name and a position begins, or `end`: 'Anita Rao' above 'Purchasing'."""
    first = end
    while first and lines[first - 1].strip():
        first -= 1
    block = [line.strip() for line in lines[first:end]]
    names = [line.split() for line in block]
    short = 1 < len(block) <= LONGEST_BLOCK and all(
        len(tokens) <= LONGEST_SIGNATURE and not _CONTENT.search(line)
        for line, tokens in zip(block, names, strict=True)
    )
    begins = short and (
        bool(SIGN_OFF.match(block[0])) or (len(names[0]) <= 3 and all(token[0].isupper() for token in names[0]))
    )
    return first if first and begins else end


def _is_signature(line: str, lines: Sequence[str], last: bool) -> bool:
    """Whether a short line, at the end or above a signature, is a name or a closing phrase; `lines` are before it."""
    line = _KISSES.sub("", line)
    before = lines[-1].strip() if lines else ""
    tokens = line.strip(" -–—*_.,").split()
    if not tokens or len(tokens) > LONGEST_SIGNATURE or re.search(r"[\d?:;/\ue000-\uf8ff]", line):
        return False
    # '-- mk', or a name in lower case as a paragraph of its own.
    if last and re.fullmatch(r"[-–—~]+ ?(?:\w+(?: \w+)?|\w\.)", line):
        return True
    if (
        last
        and not before
        and re.fullmatch(r"[^\W\d_]{2}\.|[^\W\d_]{2,12}", line)
        and line.strip(".").casefold() not in NOT_NAMES
    ):
        return True
    capitalised = all(token[0].isupper() or not token[0].isalpha() for token in tokens)
    closes = line.endswith(",") and not last and len(tokens) <= LONGEST_SIGNATURE - 1
    follows = not before or bool(_ENDED.search(before)) or before.endswith(",") or bool(SIGN_OFF.match(before))
    if last and follows and _SIGNED_BY_INITIAL.fullmatch(line):
        return True
    is_initial = _INITIALS.fullmatch(line) or (capitalised and _NAME_AND_INITIAL.fullmatch(line))
    if _ENDED.search(line) and not is_initial:
        return _is_name_with_full_stop(line, lines, last)
    if SIGN_OFF.match(before) and len(tokens) <= 3:
        return True
    if closes or (capitalised and len(tokens) <= 3 and "," not in line and follows):
        return True
    # 'Tammy at the front desk', 'Зимина, отдел кадров': set off by a blank line.
    return (
        last
        and (not before or before.endswith(","))
        and tokens[0][0].isupper()
        and (tokens[0].casefold().strip(",") not in NOT_NAMES)
        and ("," in line or not before)
        and len(tokens) > 1
        and not re.search(rf"(?i)\b(?:{note_words.NOT_IN_SIGNATURES})\b", line)
    )


def _is_name_with_full_stop(line: str, lines: Sequence[str], last: bool) -> bool:
    """Whether a line is 'Ada.' as a paragraph of its own, or 'Ada.' or 'Ada Quill.' below a closing phrase."""
    tokens = line.rstrip(".").split()
    if tokens[0].casefold() in NOT_NAMES or not all(token.isalpha() for token in tokens):
        return False
    capitalised = all(token[0].isupper() for token in tokens)
    if last and capitalised and lines and not lines[-1].strip() and _NAME_ALONE.fullmatch(line):
        return True
    above = next((text for text in map(str.strip, reversed(lines)) if text), "")
    closes = SIGN_OFF.match(above) and len(WORD.findall(above)) <= LONGEST_SIGNATURE + 1 and not _ENDED.search(above)
    return bool(closes) and re.fullmatch(r"[^.]+\.", line) is not None and len(tokens) <= 1 + capitalised


def sentences(body: str, language: str) -> list[str]:
    """The sentences of a mail's text, with their closing marks and without those that are only polite.

    Args:
        body: The text without greeting and sign-off.
        language: ISO 639-1.
    """
    said = [sentence for block in _blocks(body) for sentence in _split(block)]
    words_of = NOTE_WORDS.get(language)
    if words_of is None:
        return said
    courtesies, openers = _patterns(words_of)
    kept = [openers.sub("", sentence) or sentence for sentence in said if not courtesies.fullmatch(_bare(sentence))]
    return [sentence for sentence in kept if WORD.search(sentence) or re.search(r"[\ue000-\uf8ff]", sentence)]


@cache
def _patterns(tables: NoteWords) -> tuple[re.Pattern[str], re.Pattern[str]]:
    courtesies = re.compile("|".join(f"(?:{pattern})" for pattern in tables.courtesies), re.IGNORECASE)
    openers = re.compile(rf"^(?:{'|'.join(tables.openers)})(?:\s*[,:—–]|\s+-)\s+", re.IGNORECASE)
    return courtesies, openers


def _bare(sentence: str) -> str:
    return re.sub(r"^[\W_]+|[\W_]+$", "", sentence)


def _blocks(body: str) -> list[str]:
    """Lines, with hard-wrapped ones joined and without the marks of list items."""
    blocks: list[str] = []
    width = 0
    for line in body.split("\n"):
        text = _BULLET.sub("", " ".join(line.split())).strip()
        is_item = bool(_BULLET.match(line))
        # A line wrapped by hand: a long one, or one that ends in the middle of a phrase.
        unfinished = bool(blocks) and (width >= _WRAPPED or blocks[-1].rpartition(" ")[2] in FUNCTION_WORDS)
        continues = unfinished and not is_item and text[:1].islower() and not _ENDED.search(blocks[-1])
        if text and continues:
            blocks[-1] = f"{blocks[-1]} {text}"
        elif text:
            blocks.append(text)
        width = len(line.rstrip())
    return blocks


def _split(block: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for match in _BOUNDARY.finditer(block):
        end = match.end(1)
        if match[1] == "." and _NUMBERED.fullmatch(block[start:end]):
            continue
        if match[1] == "." and _ABBREVIATED.search(block[start:end]):
            continue
        if block[match.end() : match.end() + 1].islower() and _HALF_OF_DAY.search(block[start:end]):
            continue
        parts.append(block[start:end].strip())
        start = match.end()
    parts.append(block[start:].strip())
    return [part for part in parts if part]
