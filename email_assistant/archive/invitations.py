"""Cuts what programs for meetings paste into a mail: links, numbers and codes to join a meeting."""

import re

from email_assistant.archive.locales import any_of

START = re.compile(rf"^\W*(?:{any_of(lambda locale: locale.invitations)})\W*(?:<?https?://\S+)?\W*$", re.IGNORECASE)
RULE = re.compile(r"^\s*[_\-=*~.·─]{5,}\s*$")
# A quick test: every invitation names a program.
PROGRAMS = ("zoom", "teams", "google", "webex", "gotomeet", "whereby", "jit.si")
SERVICE = re.compile(
    r"zoom\.(?:us|com)|teams\.(?:microsoft|live)\.com|aka\.ms|meet\.google\.com|webex\.com|gotomeet|whereby\.com|jit\.si",
    re.IGNORECASE,
)
# Lines of an invitation besides links, in the languages of the programs: labels with a code, and telephone numbers.
LABEL = re.compile(
    r"^[^:]{0,40}(?:\bids?\b|\bpin\b|pass|code|topic|time|tenant|video|thema|uhrzeit|kenn|код|идентиф|тема|время|номер|"
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
    for index in range(start + 1, min(start + MAX_LINES, len(lines))):
        line = lines[index]
        if line.strip() and not _belongs(line):
            break
        end = index + 1 if line.strip() else end
    return end if any(SERVICE.search(line) for line in lines[start:end]) or _has_code(lines[start:end]) else start


def _belongs(line: str) -> bool:
    patterns = (START, RULE, LABEL, NUMBER, PHRASE)
    if len(line) > MAX_CHARACTERS:
        return False
    text = LINK.sub("", line)
    is_link = not text.strip() or (len(line.split()) == 1 and SERVICE.search(line) is not None)
    return is_link or any(pattern.search(text) for pattern in patterns)


def _has_code(lines: list[str]) -> bool:
    return any(LABEL.match(line) and any(letter.isdigit() for letter in line) for line in lines)
