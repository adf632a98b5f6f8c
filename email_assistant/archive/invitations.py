"""Cuts what programs for meetings paste into a mail: links, numbers and codes to join a meeting."""

import re

from email_assistant.archive.locales import any_of
from email_assistant.archive.sentences import SENTENCE_END

START = re.compile(
    rf"^\W*(?:{any_of(lambda locale: locale.invitations)})\W*(?:<?https?://\S+)?\W*$|"
    # 'Riunione di Microsoft Teams', 'Ann Roe vous invite à une réunion Zoom planifiée.'
    r"^\W*(?:[^\W\d_][\w’'-]*\s){0,4}microsoft teams(?:[\s-][\w’'-]+){0,3}\W*$|"
    r"^.{2,60}(?:invit|lädt |convid|nodigt |zaprasza|приглаша|запрошу|招待|邀请|邀請|초대).{1,60}\bzoom\b.{0,40}$|"
    r"^.{2,80}\bzoom.{0,30}(?:招待|邀请|邀請|초대|invit).{0,20}$",
    re.IGNORECASE,
)
RULE = re.compile(r"^\s*[_\-=*~.·─]{5,}\s*$")
# A quick test: every invitation names a program.
PROGRAMS = ("zoom", "teams", "google", "webex", "gotomeet", "whereby", "jit.si")
SERVICE = re.compile(
    r"zoom\.(?:us|com)|teams\.(?:microsoft|live)\.com|aka\.ms|meet\.google\.com|webex\.com|gotomeet|whereby\.com|jit\.si|"
    r"tel\.meet|microsoft\.com/\S*microsoft-teams",
    re.IGNORECASE,
)
# Lines of an invitation besides links, in the languages of the programs: labels with a code, and telephone numbers.
LABEL = re.compile(
    r"^[^:]{0,40}(?:\bids?\b|\bpin\b|pass|code|topic|time|tenant|video|thema|uhrzeit|kenn|код|идентиф|тема|время|номер|"
    r"sujet|heure|tema|hora|\bora\b|argomento|onderwerp|tijd|temat|godzina|número|numero|"
    r"réunion|secret|reuni|contraseña|senha|riunione|hasło|telefon|phone)[^:]{0,30}:\s*\S.{0,80}$",
    re.IGNORECASE,
)
NUMBER = re.compile(r"^\W*\+?\d[\d ,#()*.-]{5,}(?:\W.{0,60})?$")
PHRASE = re.compile(
    r"^\W*(?:or |one tap mobile|dial[- ]?(?:in)?|join|find (?:your )?(?:a )?local|download|learn more|meeting options|"
    r"click here|need help|joining info|more phone|audio only|to join|to view|für organisatoren|weitere infos|"
    r"подробнее|параметры|присоединиться|по номеру|en savoir|options|más información|opciones)\b[^.!?]{0,90}\W*$",
    re.IGNORECASE,
)
LINK = re.compile(r"<?(?:https?://|mailto:)\S+")
MAX_LINES = 40
MAX_CHARACTERS = 600
MAX_OTHER_WORDS, MAX_OTHER_LINES = 14, 2


def strip_invitations(lines: list[str]) -> tuple[list[str], bool]:
    """The lines without pasted invitations to meetings, and whether there were any."""
    lowered = "\n".join(lines).lower()
    if not any(program in lowered for program in PROGRAMS):
        return lines, False
    kept: list[str] = []
    index = 0
    while index < len(lines):
        end = _invitation_end(lines, index)
        if end == index:
            kept.append(lines[index])
            index += 1
            continue
        while kept and (not kept[-1].strip() or RULE.match(kept[-1])):
            kept.pop()
        kept.append("")
        index = end
    return kept, len(kept) < len(lines)


def _invitation_end(lines: list[str], start: int) -> int:
    """The end of the invitation that starts at a line; the line itself if none does."""
    if len(lines[start]) > MAX_CHARACTERS or not START.match(lines[start]):
        return start
    end = start + 1
    others = 0
    for index in range(start + 1, min(start + MAX_LINES, len(lines))):
        line = lines[index]
        if not line.strip():
            others = MAX_OTHER_LINES if others else 0
        elif _belongs(line):
            end, others = index + 1, 0
        elif others >= MAX_OTHER_LINES or not _may_belong(lines, index):
            break
        else:
            others += 1
    return end if any(SERVICE.search(line) for line in lines[start:end]) or _has_code(lines[start:end]) else start


def _belongs(line: str) -> bool:
    if len(line) > MAX_CHARACTERS:
        return False
    text = LINK.sub("", line)
    if SERVICE.search(line) and len(text.split()) <= MAX_OTHER_WORDS and not SENTENCE_END.search(text):
        return True
    return not text.strip() or any(pattern.search(text) for pattern in (START, RULE, LABEL, NUMBER, PHRASE))


def _may_belong(lines: list[str], index: int) -> bool:
    """Whether a line is a short one in an unknown language, above another line of the same paragraph."""
    text = LINK.sub("", lines[index])
    is_short = len(text.split()) <= MAX_OTHER_WORDS and not SENTENCE_END.search(text)
    return is_short and index + 1 < len(lines) and bool(lines[index + 1].strip())


def _has_code(lines: list[str]) -> bool:
    return any(LABEL.match(line) and any(letter.isdigit() for letter in line) for line in lines)
