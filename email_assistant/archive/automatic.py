"""Mail that a program wrote: vacation answers, bounces, calendar answers."""

import re
from email.message import Message

# Subjects that mail programs write by themselves, in the languages of their users.
SUBJECTS = re.compile(
    r"^(automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|vacation reply|"
    r"undeliver(able|ed)|delivery status notification|mail delivery (failed|subsystem)|returned mail|"
    r"read:|not read:|accepted:|declined:|tentative:|"
    r"автоответ|автоматический ответ|недоставленное сообщение|прочитано:|принято:|отклонено:|"
    r"automatische antwort|abwesenheit|abwesend:|zugesagt:|abgesagt:|"
    r"réponse automatique|absence du bureau|respuesta automática|risposta automatica|resposta automática|"
    r"automatisch antwoord|automatyczna odpowiedź|автоматична відповідь)",
    re.IGNORECASE,
)
ROBOTS = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|notifications?)@", re.IGNORECASE)


def is_automatic(message: Message, subject: str) -> bool:
    """Whether a program wrote the message.

    A list's own headers (Precedence: list, List-Id) do not count: a person's mail to a list has them.
    """
    submitted = str(message["Auto-Submitted"] or "no").lower()
    precedence = str(message["Precedence"] or "").lower()
    return (
        not submitted.startswith("no")
        or precedence in ("auto_reply", "junk")
        or (precedence == "bulk" and not message["List-Id"] and not message["List-Post"])
        or any(message[name] for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From"))
        or message.get_content_type() in ("multipart/report", "text/calendar")
        or any(part.get_param("method") for part in message.walk() if part.get_content_type() == "text/calendar")
        or bool(ROBOTS.search(str(message["From"] or "")))
        or bool(SUBJECTS.match(subject.strip()))
    )
