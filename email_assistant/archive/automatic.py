"""What a message is besides one person's mail to another: bounce, vacation answer, calendar answer and the like."""

import re
from email.message import Message

VACATION = re.compile(
    r"(automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|vacation reply|"
    r"автоответ|автоматический ответ|автоматична відповідь|"
    r"automatische antwort|abwesenheit|abwesend:|réponse automatique|absence du bureau|respuesta automática|"
    r"risposta automatica|fuori sede|resposta automática|automatisch antwoord|automatyczna odpowiedź|autosvar|"
    r"automaattinen vastaus|automatické odpov|自动回复|自動返信)",
    re.IGNORECASE,
)
BOUNCE = re.compile(
    r"(undeliver(?:able|ed)|delivery status notification|mail delivery (?:failed|subsystem)|returned mail|"
    r"delivery (?:failure|has failed)|failure notice|недоставленное сообщение|unzustellbar|"
    r"non remis|no se puede entregar|mancata consegna|onbestelbaar|niedostarczon)",
    re.IGNORECASE,
)
RECEIPT = re.compile(
    r"(read|not read|прочитано|не прочитано|gelesen|lu|leído|letto|lida|gelezen|przeczytano)\s?:", re.IGNORECASE
)
CALENDAR = re.compile(
    r"(accepted|declined|tentative|tentatively accepted|canceled|cancelled|new time proposed|"
    r"принято|отклонено|под вопросом|отменено|zugesagt|abgesagt|mit vorbehalt|accepté|refusé|provisoire|"
    r"aceptado|aceptada|rechazado|rechazada|accettato|rifiutato|aceito|recusado|geaccepteerd|afgewezen|"
    r"zaakceptowano|odrzucono|прийнято|відхилено)\s?:",
    re.IGNORECASE,
)
ROBOTS = re.compile(r"(no-?reply|do-?not-?reply|notifications?|mailer-daemon|postmaster)@", re.IGNORECASE)
DAEMONS = re.compile(r"(mailer-daemon|postmaster)@", re.IGNORECASE)
LIST_HEADERS = ("List-Id", "List-Post", "List-Unsubscribe", "Mailing-List")
PGP = "-----BEGIN PGP MESSAGE-----"


def kinds_of(message: Message, subject: str) -> frozenset[str]:
    """The kinds that a message's header and structure show.

    A list's own headers (Precedence: list, List-Id) do not make mail automatic: a person's mail to a
    list has them.
    """
    kinds = by_header(message) | _by_structure(message)
    kinds |= _by_subject(subject.strip())
    sender = str(message["From"] or "")
    if DAEMONS.search(sender):
        kinds.add("bounce")
    if any(message[name] for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From")):
        kinds.add("vacation")
    if not kinds & {"bounce", "vacation", "calendar", "receipt"} and _says_automatic(message, sender):
        kinds.add("automatic")
    return frozenset(kinds)


def by_header(message: Message) -> set[str]:
    """The kinds that need no look at the message's parts or subject."""
    return {"list"} if any(message[name] for name in LIST_HEADERS) else set()


def _says_automatic(message: Message, sender: str) -> bool:
    submitted = str(message["Auto-Submitted"] or "no").lower()
    precedence = str(message["Precedence"] or "").lower()
    return (
        not submitted.startswith("no")
        or precedence in ("auto_reply", "junk")
        or (precedence == "bulk" and not message["List-Id"] and not message["List-Post"])
        or bool(ROBOTS.search(sender))
    )


def _by_subject(subject: str) -> set[str]:
    patterns = {"vacation": VACATION, "bounce": BOUNCE, "receipt": RECEIPT, "calendar": CALENDAR}
    return {kind for kind, pattern in patterns.items() if pattern.match(subject)}


def _by_structure(message: Message) -> set[str]:
    kinds = set()
    content = message.get_content_type()
    if content == "multipart/report":
        report = str(message.get_param("report-type", "")).lower()
        kinds.add("receipt" if "disposition" in report else "bounce")
    if content == "text/calendar" or any(
        part.get_content_type() == "text/calendar" and part.get_param("method") for part in message.walk()
    ):
        kinds.add("calendar")
    if content == "multipart/signed":
        kinds.add("signed")
    if content == "multipart/encrypted":
        kinds.add("encrypted")
    if content in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        signed = "signed" in str(message.get_param("smime-type", "")).lower()
        kinds.add("signed" if signed else "encrypted")
    return kinds
