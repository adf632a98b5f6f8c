"""How mail programs in each language introduce quotes and mark what they add.

There is one entry per language, so that a new language takes a few lines. All words are matched without case. Rules
that work by structure (an address, a date, a colon at the end) need no entry here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Locale:
    """The words of one language.

    Attributes:
        openings: First words of attributions ('On', 'Am'). A digit or an address can begin any attribution.
        days: Beginnings of the names of weekdays, which can also begin an attribution.
        verbs: Verbs of attributions ('wrote', 'schrieb').
        sender: Labels for From in a quoted header block.
        dates: Labels for the date; the first is the one that only mail uses.
        recipients: Labels for the recipients and other fields.
        subjects: Labels for the subject.
        messages: Words for 'message' in 'Original Message' between dashes.
        forwards: Lines above a forwarded message that have no dashes.
        devices: Beginnings of the line that a phone adds ('Sent from my').
    """

    openings: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    forwards: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


LOCALES = {
    "en": Locale(
        openings=("On", "At", "In message", "In article", "Quoting", "Citing", "You wrote"),
        days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        verbs=("wrote", "writes", "said", "sent", "you wrote"),
        sender=("From", "Sender"),
        dates=("Sent", "Date", "Sent on", "Received"),
        recipients=("To", "Cc", "Bcc", "Reply-To", "Importance", "Priority", "Attachments", "Organization"),
        subjects=("Subject",),
        messages=("Message", "Mail", "E-mail", "Appointment", "Forwarded by", "Forwarded"),
        forwards=("Begin forwarded message",),
        devices=("Sent from my", "Sent from", "Sent via", "Sent with", "Sent using", "Get Outlook for"),
    ),
    "de": Locale(
        openings=("Am", "Den", "Von", "Zitat von"),
        days=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
        verbs=("schrieb", "hat geschrieben", "geschrieben", "schreibt"),
        sender=("Von", "Absender"),
        dates=("Gesendet", "Datum", "Gesendet am"),
        recipients=("An", "Kopie", "Blindkopie", "Antwort an", "Wichtigkeit", "Anlagen"),
        subjects=("Betreff",),
        messages=("Nachricht",),
        forwards=("Anfang der weitergeleiteten Nachricht",),
        devices=("Von meinem", "Gesendet von", "Gesendet mit", "Diese Nachricht wurde von meinem"),
    ),
    "fr": Locale(
        openings=("Le", "En date de", "Selon"),
        days=("lun", "mar", "mer", "jeu", "ven", "sam", "dim"),
        verbs=("a écrit", "écrit", "a ecrit", "avez écrit"),
        sender=("De", "Expéditeur"),
        dates=("Envoyé", "Date", "Envoyé le", "Message du"),
        recipients=("À", "A", "Cc", "Cci", "Copie à", "Répondre à", "Destinataire"),
        subjects=("Objet", "Sujet"),
        messages=("Message d'origine", "Message d’origine", "Courriel", "Message"),
        forwards=("Début du message transféré", "Début du message réexpédié"),
        devices=("Envoyé de mon", "Envoyé depuis", "Envoyé à partir de", "Envoyé avec", "Télécharger Outlook pour"),
    ),
    "es": Locale(
        openings=("El",),
        days=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
        verbs=("escribió", "escribio", "escribía"),
        sender=("De", "Remitente"),
        dates=("Enviado", "Enviado el", "Fecha"),
        recipients=("Para", "CC", "CCO", "Responder a"),
        subjects=("Asunto",),
        messages=("Mensaje", "Correo"),
        forwards=("Inicio del mensaje reenviado",),
        devices=("Enviado desde", "Enviado con", "Enviado a través de", "Obtener Outlook para"),
    ),
    "it": Locale(
        openings=("Il", "In data", "Citando"),
        days=("lun", "mar", "mer", "gio", "ven", "sab", "dom"),
        verbs=("ha scritto", "scrive", "scriveva"),
        sender=("Da", "Mittente"),
        dates=("Inviato", "Data", "Inviato il"),
        recipients=("A", "Cc", "Ccn", "Rispondi a"),
        subjects=("Oggetto",),
        messages=("Messaggio",),
        forwards=("Inizio messaggio inoltrato", "Inizio del messaggio inoltrato"),
        devices=("Inviato da", "Inviato dal", "Inviato con", "Ottieni Outlook per", "Scarica Outlook per"),
    ),
    "pt": Locale(
        openings=("Em", "A", "No dia", "Citando"),
        days=("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
        verbs=("escreveu", "escreveram"),
        sender=("De", "Remetente"),
        dates=("Enviado", "Enviada em", "Enviado em", "Data", "Enviada"),
        recipients=("Para", "Cc", "Cco"),
        subjects=("Assunto",),
        messages=("Mensagem",),
        forwards=("Início da mensagem reencaminhada", "Início da mensagem encaminhada"),
        devices=("Enviado do meu", "Enviado a partir", "Enviado via", "Enviado pelo", "Obter o Outlook para"),
    ),
    "nl": Locale(
        openings=("Op",),
        days=("ma", "di", "wo", "do", "vr", "za", "zo"),
        verbs=("schreef", "heeft geschreven", "het volgende geschreven"),
        sender=("Van", "Afzender"),
        dates=("Verzonden", "Datum"),
        recipients=("Aan", "CC", "Antwoord aan"),
        subjects=("Onderwerp",),
        messages=("Bericht",),
        forwards=("Begin doorgestuurd bericht",),
        devices=("Verstuurd vanaf", "Verzonden vanaf", "Verstuurd met", "Verzonden met", "Outlook voor"),
    ),
    "pl": Locale(
        openings=("W dniu", "Dnia", "Użytkownik", "Cytowanie"),
        days=("pon", "wt", "śr", "czw", "pt", "sob", "niedz"),
        verbs=("napisał", "napisała", "napisał(a)", "pisze", "napisali"),
        sender=("Od", "Nadawca"),
        dates=("Wysłano", "Wysłane", "Data", "Wysłany"),
        recipients=("Do", "DW", "UDW"),
        subjects=("Temat",),
        messages=("Wiadomość", "wiadomości"),
        forwards=("Początek przekazywanej wiadomości",),
        devices=("Wysłane z", "Wysłano z", "Pobierz aplikację Outlook"),
    ),
    "uk": Locale(
        openings=("Ви писали",),
        days=("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Нд", "понеділок", "вівторок", "середа", "четвер", "неділя"),
        verbs=("написав", "написала", "пише", "написав(ла)", "написав/ла", "ви писали", "пишуть"),
        sender=("Від", "Від кого", "Відправник"),
        dates=("Надіслано", "Дата", "Відправлено"),
        recipients=("Кому", "Копія", "Прихована копія"),
        subjects=("Тема",),
        messages=("повідомлення", "лист"),
        forwards=("Початок переадресованого повідомлення",),
        devices=("Надіслано з", "Надіслано через", "Відправлено з"),
    ),
    "ru": Locale(
        openings=("Вы писали", "В письме", "В сообщении", "Цитирую"),
        days=(
            *("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс", "понедельник", "вторник", "среда", "среду", "четверг"),
            *("пятница", "пятницу", "суббота", "субботу", "воскресенье", "В понедельник", "В среду", "Во вторник"),
        ),
        verbs=("написал", "написала", "пишет", "писал", "писала", "написал(а)", "Вы писали", "написали", "пишут"),
        sender=("От", "От кого", "Отправитель"),
        dates=("Отправлено", "Дата", "Послано"),
        recipients=("Кому", "Копия", "Скрытая копия", "Ответить"),
        subjects=("Тема",),
        messages=("сообщение", "сообщения", "письмо", "письма"),
        forwards=("Начало переадресованного сообщения", "Начало пересылаемого сообщения"),
        devices=("Отправлено с", "Отправлено из", "Отправлено через", "Отправлено от"),
    ),
    "da": Locale(
        openings=("Den", "På"),
        days=("man", "tir", "ons", "tor", "fre", "lør", "søn"),
        verbs=("skrev", "skrev følgende", "skriver"),
        sender=("Fra",),
        dates=("Sendt", "Dato"),
        recipients=("Til", "Kopi"),
        subjects=("Emne",),
        messages=("besked", "meddelelse", "melding"),
        forwards=("Start på videresendt besked", "Videresendt melding"),
        devices=("Sendt fra", "Hent Outlook til"),
    ),
    "sv": Locale(
        openings=("Den", "På"),
        days=("mån", "tis", "ons", "tors", "fre", "lör", "sön"),
        verbs=("skrev", "skriver"),
        sender=("Från",),
        dates=("Skickat", "Datum"),
        recipients=("Till", "Kopia"),
        subjects=("Ämne",),
        messages=("meddelande", "meddelandet"),
        forwards=("Vidarebefordrat brev", "Påbörja vidarebefordrat meddelande"),
        devices=("Skickat från", "Hämta Outlook för"),
    ),
    "nb": Locale(openings=("Den", "På"), days=("man", "tir", "ons", "tor", "fre", "lør", "søn"), verbs=("skrev",)),
    "fi": Locale(
        days=("ma", "ti", "ke", "to", "pe", "la", "su"),
        verbs=("kirjoitti", "kirjoittaa"),
        sender=("Lähettäjä",),
        dates=("Lähetetty", "Päivämäärä", "Päiväys"),
        recipients=("Vastaanottaja", "Kopio"),
        subjects=("Aihe",),
        messages=("viesti",),
        devices=("Lähetetty",),
    ),
    "cs": Locale(
        openings=("Dne",),
        days=("po", "út", "st", "čt", "pá", "so", "ne"),
        verbs=("napsal", "napsala", "napsal(a)", "napísal", "napísala", "napísal(a)"),
        sender=("Od", "Odesílatel"),
        dates=("Odesláno", "Odoslané", "Datum", "Dátum"),
        recipients=("Komu", "Kopie"),
        subjects=("Předmět", "Predmet"),
        messages=("zpráva", "správa", "e-mail"),
        devices=("Odesláno z", "Odoslané z"),
    ),
    "hu": Locale(
        verbs=("írta", "ezt írta"),
        sender=("Feladó",),
        dates=("Elküldve", "Dátum"),
        recipients=("Címzett", "Másolatot kap"),
        subjects=("Tárgy",),
        messages=("üzenet",),
    ),
    "ro": Locale(
        openings=("Pe", "În"),
        verbs=("a scris",),
        sender=("De la",),
        dates=("Trimis", "Data"),
        recipients=("Către",),
        subjects=("Subiect",),
        messages=("mesaj", "mesajul"),
        devices=("Trimis de pe",),
    ),
    "tr": Locale(
        verbs=("şunları yazdı", "yazdı"),
        sender=("Kimden", "Gönderen"),
        dates=("Gönderildi", "Tarih", "Gönderme Tarihi"),
        recipients=("Kime", "Bilgi"),
        subjects=("Konu",),
        messages=("mesaj", "ileti"),
        devices=("iPhone'umdan gönderildi",),
    ),
    "el": Locale(
        openings=("Στις",),
        verbs=("έγραψε",),
        sender=("Από",),
        dates=("Στάλθηκε", "Ημερομηνία"),
        recipients=("Προς",),
        subjects=("Θέμα",),
        messages=("μήνυμα",),
    ),
    "bg": Locale(
        openings=("На",),
        verbs=("написа", "написах"),
        sender=("От",),
        dates=("Изпратено",),
        recipients=("До",),
        subjects=("Относно",),
    ),
    "vi": Locale(
        openings=("Vào",),
        verbs=("đã viết",),
        sender=("Từ",),
        dates=("Đã gửi", "Ngày"),
        recipients=("Đến",),
        subjects=("Chủ đề",),
    ),
    "ja": Locale(
        verbs=("のメール", "は書きました", "wrote"),
        sender=("差出人", "送信者"),
        dates=("送信日時", "日時", "日付"),
        recipients=("宛先",),
        subjects=("件名",),
        messages=("メッセージ",),
    ),
    "zh": Locale(
        openings=("在", "于"),
        verbs=("写道", "寫道", "编写"),
        sender=("发件人", "寄件者", "寄件人"),
        dates=("发送时间", "日期", "寄件日期"),
        recipients=("收件人", "收件者", "抄送"),
        subjects=("主题", "主旨"),
        messages=("邮件", "郵件"),
    ),
    "ko": Locale(
        verbs=("작성", "님이 작성"),
        sender=("보낸 사람", "보낸사람"),
        dates=("보낸 날짜", "날짜"),
        recipients=("받는 사람", "받는사람"),
        subjects=("제목",),
        messages=("메시지",),
    ),
}
