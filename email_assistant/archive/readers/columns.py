"""The columns of tables with mail, by the names that programs give them in many languages."""

import re
from collections.abc import Iterable
from functools import lru_cache

from email_assistant.archive.readers.cells import normalize
from email_assistant.errors import ArchiveError

# Column names that programs use, the most likely first. Compared without case and punctuation.
COLUMN_NAMES = {
    "text": (
        *("text", "body", "content", "message", "emailbody", "plaintext", "bodytext", "textbody", "bodyplain", "plain"),
        *("messagebody", "messagetext", "mailbody", "emailtext", "emailcontent", "contents", "textplain", "rawemail"),
        *("rawmessage", "raw", "rfc822", "mime", "eml", "email", "bodyhtml", "htmlbody", "html", "текст", "сообщение"),
        *("текстписьма", "текстсообщения", "содержание", "тело", "письмо", "повідомлення", "текстлиста", "nachricht"),
        *("inhalt", "corps", "contenu", "cuerpo", "contenido", "mensaje", "corpo", "testo", "mensagem", "conteúdo"),
        *("treść", "wiadomość", "bericht", "inhoud", "tekst", "正文", "内容", "邮件内容", "邮件正文", "本文"),
        *("내용", "본문", "메시지", "ileti", "içerik", "mesaj", "metin", "meddelande", "innehåll", "indhold", "besked"),
        *("innhold", "melding", "viesti", "sisältö", "zpráva", "správa", "obsah", "üzenet", "szöveg", "conținut"),
        *("μήνυμα", "κείμενο", "תוכן", "הודעה", "النص", "المحتوى", "الرسالة", "nộidung"),
        *("hoofdtekst", "brödtext", "brødtekst", "內文", "內容"),
    ),
    "subject": (
        *("subject", "title", "emailsubject", "messagesubject", "тема", "betreff", "objet", "sujet", "asunto"),
        *("oggetto", "temat", "assunto", "onderwerp", "主题", "主題", "件名"),
        *(
            "제목",
            "konu",
            "ämne",
            "emne",
            "aihe",
            "předmět",
            "predmet",
            "tárgy",
            "subiect",
            "θέμα",
            "נושא",
            "الموضوع",
            "主旨",
        ),
    ),
    "sender": (
        *("sender", "from", "fromaddress", "fromemail", "senderemail", "senderaddress", "fromuser", "отправитель"),
        *("откого", "от", "від", "відправник", "von", "absender", "de", "expéditeur", "remitente", "remetente", "da"),
        *(
            "mittente",
            "od",
            "nadawca",
            "van",
            "afzender",
            "发件人",
            "寄件者",
            "差出人",
            "sendername",
            "fromname",
            "author",
        ),
        *("보낸사람", "보낸이", "발신자", "kimden", "gönderen", "från", "avsändare", "fra", "afsender", "avsender"),
        *(
            "lähettäjä",
            "odesílatel",
            "feladó",
            "expeditor",
            "από",
            "αποστολέας",
            "מאת",
            "שולח",
            "من",
            "المرسل",
            "createdby",
        ),
    ),
    "recipient": (
        *("recipient", "recipients", "to", "torecipients", "toaddress", "toemail", "recipientemail", "получатель"),
        *("получатели", "кому", "одержувач", "an", "empfänger", "à", "destinataire", "para", "destinatario"),
        *("destinatário", "a", "do", "odbiorca", "aan", "ontvanger", "收件人", "收件者", "宛先", "toname"),
        *("받는사람", "수신자", "kime", "alıcı", "till", "mottagare", "til", "modtager", "mottaker", "vastaanottaja"),
        *("komu", "příjemce", "címzett", "destinatar", "προς", "παραλήπτης", "אל", "נמען", "إلى", "المستلم", "tolist"),
    ),
    "date": (
        *("date", "sent", "sentdatetime", "sentat", "datesent", "senton", "sentdate", "senttime", "timestamp"),
        *("datetime", "datetimesent", "clientsubmittime", "createddatetime", "receiveddatetime", "internaldate"),
        *("metadatadatesent", "emaildate", "received", "receivedtime", "deliverytime", "createdat", "created", "дата"),
        *("отправлено", "датаотправки", "datum", "gesendet", "fecha", "data", "日期", "日付", "日時", "time"),
        *(
            "날짜",
            "보낸날짜",
            "tarih",
            "dato",
            "päivämäärä",
            "dátum",
            "ημερομηνία",
            "תאריך",
            "التاريخ",
            "ngày",
            "sentdateingmt",
        ),
    ),
    "id": ("internetmessageid", "messageid", "id"),
    "thread": ("thread", "threadid", "conversation", "conversationid"),
}
# A mail may have its text in another of these columns where the first one is empty.
BODY_WORDS = ("body", "html", "plain", "text", "content")
# What may stand beside the word for a field: 'Corps du message', 'E-Mail des Absenders', 'Text of the email'.
BESIDE_FIELD = frozenset(
    (
        *("email", "emails", "e", "mail", "mails", "message", "messages", "address", "full", "of", "the", "s"),
        *("nachricht", "nachrichten", "adresse", "versands", "des", "der", "vom", "von", "courriel", "électronique"),
        *("envoi", "du", "de", "l", "d", "la", "le", "correo", "electrónico", "mensaje", "envío", "del", "messaggio"),
        *("posta", "invio", "della", "di", "mensagem", "envio", "do", "da", "bericht", "van", "wiadomości"),
        *("wysłania", "письма", "сообщения", "адрес", "почты", "отправки", "листа", "повідомлення"),
    )
)
WORD = re.compile(r"[^\W_]+")
REMARK = re.compile(r"[(\[][^()\[\]]*[)\]]")
# Outlook exports the name, the address and the type of a person's address, in this order: 'Von: (Name)'.
PART_OF_PERSON = re.compile(r"([^():：（]+)(?:[:：]\s*)?[(（][^()（）]+[)）]\s*")
NAME_AND_ADDRESS = 2
# The fields that the messages of chats have, and mail has not; without case and punctuation.
CHATS = {
    frozenset(("user", "ts", "type")): "Slack",
    frozenset(("fromid", "textentities")): "Telegram",
    frozenset(("sendername", "timestampms")): "Facebook, Messenger or Instagram",
    frozenset(("author", "content", "timestamp", "type")): "Discord",
    frozenset(("creator", "createddate", "topicid")): "Google Chat",
    frozenset(("chatid", "messagetype")): "Microsoft Teams",
    frozenset(("role", "content")): "a language model",
}
# The fields of chats that have a field of a mail, too.
CHATS_LIKE_MAIL = {
    frozenset(("chatsession", "messagedate", "service")): "iMessage or WhatsApp",
    frozenset(("address", "body", "protocol", "read", "type")): "text messages of a phone",
    frozenset(("conversationid", "from", "senderprofileurl")): "LinkedIn",
}


class NoMailError(ArchiveError):
    """A table has no mail.

    Attributes:
        why: What it is instead.
    """

    why = ""


class ChatError(NoMailError):
    """The records of a table are messages of a chat."""

    def __init__(self, name: str, program: str) -> None:
        """Say which program the chat is of, and how to read it nevertheless."""
        self.why = f"a chat, as of {program}, not mail"
        super().__init__(f"{name}: {self.why}; to train on it, set data.columns.text to the field of the text")


class NoTextColumnError(NoMailError):
    """A table has no column that is known for the text of mails."""

    def __init__(self, name: str, columns: list[str]) -> None:
        """Say which columns the table has, and how to choose one."""
        self.why = f"a table without mail text ({', '.join(columns)[:80]})"
        super().__init__(f"{name}: set data.columns.text to the column of mail text; its columns: {', '.join(columns)}")


def map_columns(names: list[str], columns: dict[str, str | None], name: str) -> dict[str, tuple[str, ...]]:
    """The columns of each field of a mail that the table has, the likeliest first."""
    mapping: dict[str, tuple[str, ...]] = {}
    for field in COLUMN_NAMES:
        configured = columns.get(field)
        found = columns_among(field, tuple(names), configured)
        if found:
            mapping[field] = found
        elif configured is not None:
            raise ArchiveError(
                f"{name}: data.columns.{field}={configured}: no such column; choose from {', '.join(names)}"
            )
    if "text" not in mapping:
        raise NoTextColumnError(name, names)
    return mapping


def find_column(field: str, names: Iterable[str], configured: str | None) -> str | None:
    """The likeliest column of a field among some names: the configured one, or one that is known; None if none is."""
    return next(iter(columns_among(field, tuple(names), configured)), None)


@lru_cache(maxsize=256)
def columns_among(field: str, names: tuple[str, ...], configured: str | None) -> tuple[str, ...]:
    """All columns of a field among some names, the likeliest first."""
    # Most rows of JSON have the same names as the row before.
    if configured is not None and configured in names:
        return (configured,)
    by_plain_name = {normalize(name): name for name in reversed(names)}
    if configured is not None:
        chosen = by_plain_name.get(normalize(configured))
        return (chosen,) if chosen is not None else ()
    known_names = COLUMN_NAMES[field]
    first, *others = [known for known in known_names if known in by_plain_name] or [""]
    if not first and field in ("sender", "recipient") and (parts := _parts_of_person(field, names)):
        return parts
    if not first:
        return tuple(name for name in names if _core(name) in known_names)[:1]
    if field == "text":
        others = [known for known in others if any(word in known for word in BODY_WORDS)]
    return tuple(by_plain_name[known] for known in (first, *others) if known)


def _core(name: str) -> str:
    """The word of a column's name that is left without those that say only that it is of a mail; empty if many are."""
    words = [word for word in WORD.findall(REMARK.sub("", name.lower())) if word not in BESIDE_FIELD]
    return words[0] if len(words) == 1 else ""


def _parts_of_person(field: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the name and the address of a sender or recipient."""
    parts: dict[str, list[str]] = {}
    for name in names:
        person = person_of(name)
        if person in COLUMN_NAMES[field]:
            parts.setdefault(person, []).append(name)
    return tuple(next(iter(parts.values()), [])[:NAME_AND_ADDRESS])


def person_of(name: str) -> str:
    """The person whose name or address is in a column: 'von' for 'Von: (Adresse)'; empty if it names no part."""
    match = PART_OF_PERSON.fullmatch(name)
    return normalize(match[1]) if match else ""


def chat_of(names: Iterable[str], is_json: bool) -> str | None:
    """The program of whose chats records with these fields are; None if they are no messages of a chat.

    A table of any origin may have some of the columns that JSON has of chats alone.
    """
    known = {normalize(name) for name in names}
    if like_mail := next((program for fields, program in CHATS_LIKE_MAIL.items() if fields <= known), None):
        return like_mail
    if not is_json or known & {"to", "torecipients", "recipients", "subject"}:
        return None
    return next((program for fields, program in CHATS.items() if fields <= known), None)
