"""Cuts what gateways write above a mail from outside, and cards with contact data (vCard) within the text."""

import re

from email_assistant.archive.locales import any_of

BANNER = re.compile(
    rf"\baka\.ms/LearnAboutSenderIdentification\b|{any_of(lambda locale: locale.banners)}", re.IGNORECASE | re.DOTALL
)
# How a banner begins; a person says it in a sentence of another form: 'Please do not open mail from outside unless …'.
START = re.compile(
    r"^\W*(?:\[?ext(?:ern\w*)?\b|caution|warning|attention|notice|important|achtung|vorsicht|warnung|let op|"
    r"varning|advarsel|obs|varoitus|upozornění|"
    r"precauci[oó]n|atenci[oó]n|advertencia|attenzione|avviso|aten[çc][aã]o|aviso|cuidado|uwaga|внимание|осторожно|"
    r"(?:this|diese|dies|ce|cet|este|esta|esse|essa|questo|questa|dit|deze|ta|to|это|данное) "
    r"(?:\w+ )?(?:e-?mail|mail|message|nachricht|courriel|correo|mensaje|mensagem|messaggio|bericht|wiadomość|письмо|"
    r"сообщение)\b|.{0,160}aka\.ms/)",
    re.IGNORECASE | re.DOTALL,
)
# What a banner is about, so that 'It is wet outside: do not climb it unless you know how' is none.
MAIL = re.compile(
    r"mail|messag|nachricht|courriel|correo|mensaje|mensagem|bericht|wiadomo|e-?post|meddel|viest|zpráv|письм|сообщ|attach|anh[aä]ng|pièce|adjunt|"
    r"allegat|anexo|bijlage|załącz|вложен",
    re.IGNORECASE,
)
ACTION = re.compile(
    r"\bclick|\blinks?\b|\bopen\b|attach|caution|öffnen|klick|cliqu|ouvr|clic|abra|apra|abrir|klik|otwier|åbn|öppna|åpne|avaa|otev[íř]|открыв|"
    r"переход|aka\.ms",
    re.IGNORECASE,
)
# In Czech and Dutch, 'je' is another word.
FIRST_PERSON = re.compile(r"\b(?:I|I['’]\w+|[Ii]ch|[Jj]e (?:suis|vous|ne|l)|yo|me|mir|mich|я|мне)\b")
LINK = re.compile(r"https?://\S+")
BLANK_LINE = re.compile(r"\n[ \t]*\n")
MAX_CHARACTERS = 700
MAX_BANNERS = 3
CARD_BEGIN, CARD_END = "begin:vcard", "end:vcard"


def strip_banners(text: str) -> tuple[str, bool]:
    """The text without the banners at its beginning, and whether there were any. A banner alone is kept."""
    rest = text
    for _ in range(MAX_BANNERS):
        banner, *below = BLANK_LINE.split(rest.lstrip(), maxsplit=1)
        if not below or not below[0].strip() or not _is_banner(banner):
            break
        rest = below[0]
    return rest, rest is not text


def _is_banner(paragraph: str) -> bool:
    if len(paragraph) > MAX_CHARACTERS or "?" in LINK.sub("", paragraph) or FIRST_PERSON.search(paragraph):
        return False
    return all(pattern.search(paragraph) for pattern in (START, BANNER, MAIL, ACTION))


def strip_cards(lines: list[str]) -> tuple[list[str], bool]:
    """The lines without cards from 'begin:vcard' to 'end:vcard', and whether there were any."""
    kept: list[str] = []
    start: int | None = None
    for line in lines:
        word = line.strip().casefold() if ":" in line else ""
        if word == CARD_BEGIN:
            start = len(kept)
        kept.append(line)
        if word == CARD_END and start is not None:
            del kept[start:]
            start = None
    return kept, len(kept) < len(lines)
