"""What programs and companies add below a mail: 'Sent from my phone', list footers, disclaimers, PGP armor."""

import re

from email_assistant.archive.attributions import either
from email_assistant.archive.locales import LOCALES

DEVICES = either(line for locale in LOCALES.values() for line in locale.devices)
# Whole lines: a sentence that goes on ('Sent from my desk, is much easier …') is no footer.
DEVICE = re.compile(
    rf"^\W{{0,3}}(?:{DEVICES})(?!\w)[^.!?,;:]{{0,80}}(?:<\S+>|\(\S+\)|https?://\S+)?\W{{0,3}}$", re.IGNORECASE
)
# No footer has more lines.
LONGEST = 80
RULE = re.compile(r"^\s*[_\-=*~]{5,}\s*$")
LIST_FOOTER = (
    *("mailing list", "mailing-list", "unsubscribe", "subscribed to the google group", "listinfo", "list-info"),
    *("list archive", "mailman", "to leave this list", "to leave the list", "to leave this group", "to post to this"),
    *(
        "yahoo! groups",
        "список рассылки",
        "отписаться",
        "список розсилки",
        "відписатися",
        "mailingliste",
        "abbestellen",
    ),
    *(
        "abmelden unter",
        "liste de diffusion",
        "se désabonner",
        "lista de correo",
        "darse de baja",
        "lista di discussione",
    ),
    *("cancellare l'iscrizione", "lista de discussão", "mailinglijst", "uitschrijven", "lista dyskusyjna", "wypisać"),
)
# One of these stands in every advertisement: a look for them is quick.
ADVERTISING = (
    *("virus", "вирус", "avast", "yahoo", "get your", "try your", "environment", "print", "drucken", "imprimer"),
    *("imprimir", "stampare", "печатать", "окружающ", "bevor sie diese"),
)
ADVERTISEMENT = re.compile(
    r"virus[- ]?(?:free|checked|frei)|(?:scanned|checked|geprüft|проверен\w*|vérifié|comprobado|controllat\w+)\b.{0,60}"
    r"(?:virus|вирус)|avast|do you yahoo!\?|(?:get|try) your (?:free|own)|"
    r"(?:consider|think (?:of|about)) the environment|before print(?:ing)?|bevor sie diese|imprimer ce|"
    r"antes de imprimir|prima di stampare|прежде чем (?:рас)?печатать|подумайте об окружающей",
    re.IGNORECASE,
)
# Stems of what disclaimers say, by what is said; no person says three of these things in the last paragraph of a mail.
DISCLAIMER = tuple(
    tuple(stems.split())
    for stems in (
        "confidenti confidenci confidenz vertraulich vertrouwelijk riservat poufn конфиденц конфіденц",
        "intended addressee recipient empfänger adressat destinata destinatário geadresseerde bestemd odbiorc "
        "получател предназначен отримувач призначен",
        "privileg legal rechtlich juridi giuridic prawn юридич",
        "error mistake irrtümlich erreur errore engano erro vergissing abusievelijk omyłk pomyłk ошибк ошибочн помилк",
        "unauthori prohibited disclos copying distribut unbefugt weitergabe verbreit interdit divulg prohibid vietat "
        "proibid verboden verspreid zabronion rozpowszech запрещен разглашен заборонен",
        "delete destroy vernicht lösch supprim détrui elimin borrar borre cancell distrugg apag verwijder usun "
        "удал уничтож видал знищ",
        "sender absender expéditeur remitente mittente remetente afzender nadawc отправител відправник",
        "views opinions liabilit haftung responsab aansprakelijk odpowiedzialno ответственност відповідальн",
    )
)
ARMOR_HEAD = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:Hash:[^\n]*\n|[A-Z][\w-]*:[^\n]*\n)*\n?", re.MULTILINE
)
ARMOR_SIGNATURE = re.compile(
    r"^-----BEGIN PGP (?:SIGNATURE|PUBLIC KEY BLOCK)-----\n.*?(?:^-----END PGP [A-Z ]+-----$|\Z)", re.M | re.S
)


def without_armor(text: str) -> tuple[str, bool]:
    """A clear-signed message's text, and whether it was signed."""
    if "-----BEGIN PGP" not in text:
        return text, False
    stripped = ARMOR_SIGNATURE.sub("", ARMOR_HEAD.sub("", text))
    if ARMOR_HEAD.search(text):
        stripped = re.sub(r"^- (?=-)", "", stripped, flags=re.MULTILINE)
    return stripped, stripped != text


def without_footers(lines: list[str]) -> tuple[list[str], set[str]]:
    """The lines without the footers at their end, and which kinds were there; never empty unless `lines` is."""
    kinds: set[str] = set()
    end = len(lines)
    while end:
        start = _last_paragraph(lines, end)
        found = _footer_start(lines, start, end)
        if found is None:
            break
        begin, kind = found
        if not any(line.strip() for line in lines[:begin]):
            break
        kinds.add(kind)
        end = begin
    return lines[:end], kinds


def _last_paragraph(lines: list[str], end: int) -> int:
    start = end
    while start and not lines[start - 1].strip():
        start -= 1
    while start and lines[start - 1].strip():
        start -= 1
    return start


def _footer_start(lines: list[str], start: int, end: int) -> tuple[int, str] | None:
    """Where the footer begins in the last paragraph, if it holds one."""
    if not any(line.strip() for line in lines[start:end]):
        return (start, "footer") if start < end and start else None
    last = max(place for place in range(start, end) if lines[place].strip())
    if RULE.match(lines[last]):
        return last, "footer"
    if DEVICE.match(lines[last]):
        return last, "device"
    for place in filter(lambda place: RULE.match(lines[place]), range(max(start, last - LONGEST), last + 1)):
        rest = " ".join(line.strip() for line in lines[place : last + 1])
        if is_list_footer(rest) or is_advertisement(rest) or is_disclaimer(rest):
            return place, "list" if is_list_footer(rest) else "disclaimer"
    if last - start > LONGEST:
        return None
    paragraph = " ".join(line.strip() for line in lines[start : last + 1])
    if is_disclaimer(paragraph):
        return start, "disclaimer"
    short = last - start < 8
    above = start - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if short and is_list_footer(paragraph) and (above >= 0 and RULE.match(lines[above])):
        return above, "list"
    if short and len(paragraph) < 400 and is_advertisement(paragraph) and last - start < 4:
        return start, "disclaimer"
    return None


def is_list_footer(paragraph: str) -> bool:
    """Whether a paragraph says how to leave a mailing list, or which it is."""
    lowered = paragraph.lower()
    return any(words in lowered for words in LIST_FOOTER)


def is_advertisement(paragraph: str) -> bool:
    """Whether a paragraph is a program's own: a virus scanner's, a free mailbox's, a plea not to print."""
    lowered = paragraph.lower()
    return any(words in lowered for words in ADVERTISING) and bool(ADVERTISEMENT.search(paragraph))


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph says what disclaimers say."""
    if len(paragraph) < 60:
        return False
    lowered = paragraph.lower()
    return sum(any(stem in lowered for stem in stems) for stems in DISCLAIMER) >= 3
