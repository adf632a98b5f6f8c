"""How mail programs of each language introduce what they quote.

One entry a language, so that another is a few lines. All patterns are matched without case.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Locale:
    """The words of one language.

    Attributes:
        openings: How an attribution may begin ('On', 'Am').
        verbs: What it says of the writer ('wrote', 'schrieb').
        sender: Labels of a quoted header block for From.
        others: Its labels for the date, the recipients and the subject.
        separators: Lines that stand above a quoted or forwarded message, without their dashes.
    """

    openings: tuple[str, ...]
    verbs: tuple[str, ...]
    sender: tuple[str, ...]
    others: tuple[str, ...]
    separators: tuple[str, ...]


LOCALES = {
    "en": Locale(
        ("On", "At", "In"),
        ("wrote", "writes", "said"),
        ("From",),
        ("Sent", "Date", "To", "Cc", "Bcc", "Subject", "Reply-To", "Importance"),
        ("Original Message", "Forwarded Message", "Forwarded by", "Begin forwarded message", "Original Appointment"),
    ),
    "de": Locale(
        ("Am", "Den", "Von"),
        ("schrieb", "hat geschrieben", "geschrieben"),
        ("Von",),
        ("Gesendet", "Datum", "An", "Kopie", "Betreff"),
        ("Ursprüngliche Nachricht", "Originalnachricht", "Weitergeleitete Nachricht", "Urspr. Nachricht"),
    ),
    "fr": Locale(
        ("Le", "En date de"),
        ("a écrit", "écrit", "a ecrit"),
        ("De",),
        ("Envoyé", "Date", "À", "A", "Cc", "Objet"),
        (
            "Message d'origine",
            "Message original",
            "Message transféré",
            "Début du message transféré",
            "Message réexpédié",
        ),
    ),
    "es": Locale(
        ("El",),
        ("escribió", "escribio"),
        ("De",),
        ("Enviado", "Enviado el", "Fecha", "Para", "Asunto"),
        ("Mensaje original", "Mensaje reenviado", "Inicio del mensaje reenviado"),
    ),
    "it": Locale(
        ("Il", "In data"),
        ("ha scritto", "scrive"),
        ("Da",),
        ("Inviato", "Data", "A", "Cc", "Oggetto"),
        ("Messaggio originale", "Messaggio inoltrato", "Inizio messaggio inoltrato"),
    ),
    "pt": Locale(
        ("Em", "A", "No dia"),
        ("escreveu",),
        ("De",),
        ("Enviado", "Enviada em", "Data", "Para", "Assunto"),
        ("Mensagem original", "Mensagem encaminhada", "Início da mensagem reencaminhada"),
    ),
    "nl": Locale(
        ("Op",),
        ("schreef", "heeft geschreven", "het volgende geschreven"),
        ("Van",),
        ("Verzonden", "Datum", "Aan", "Onderwerp"),
        ("Oorspronkelijk bericht", "Doorgestuurd bericht", "Begin doorgestuurd bericht"),
    ),
    "pl": Locale(
        ("W dniu", "Dnia", "Użytkownik"),
        ("napisał", "napisała", "napisał(a)", "pisze"),
        ("Od",),
        ("Wysłano", "Wysłane", "Data", "Do", "Temat", "DW"),
        ("Wiadomość oryginalna", "Treść oryginalnej wiadomości", "Wiadomość przekazana dalej"),
    ),
    "uk": Locale(
        ("", "Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Нд"),
        ("написав", "написала", "пише", "написав(ла)"),
        ("Від",),
        ("Надіслано", "Дата", "Кому", "Копія", "Тема"),
        ("Оригінальне повідомлення", "Переслане повідомлення"),
    ),
    "ru": Locale(
        ("", "Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс", "В"),
        ("написал", "написала", "пишет", "писал", "писала", "написал(а)", "Вы писали", "написали"),
        ("От", "От кого"),
        ("Отправлено", "Дата", "Кому", "Копия", "Тема"),
        (
            "Исходное сообщение",
            "Пересылаемое сообщение",
            "Пересланное сообщение",
            "Перенаправленное сообщение",
            "Конец пересылаемого сообщения",
            "Начало переадресованного сообщения",
        ),
    ),
}
