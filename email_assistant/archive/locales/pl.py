"""Polish."""

from email_assistant.archive.locales.locale import Locale

LOCALE = Locale(
    openings=("W dniu", "Dnia", "Użytkownik", "Cytowanie"),
    days=("pon", "wt", "śr", "czw", "pt", "sob", "niedz"),
    verbs=("napisał", "napisała", "napisał(a)", "pisze", "napisali"),
    sender=("Od", "Nadawca"),
    dates=("Wysłano", "Wysłane", "Data", "Wysłany"),
    recipients=("Do", "DW", "UDW"),
    subjects=("Temat",),
    messages=("Wiadomość", "wiadomości"),
    forwards=("Początek przekazywanej wiadomości",),
    forwarded=("przekaz",),
    devices=("Wysłane z", "Wysłano z", "Pobierz aplikację Outlook"),
    list_footers=("lista dyskusyjna", "wypisać"),
    disclaimers={
        "confidential": ("poufn",),
        "addressee": ("odbiorc",),
        "privileged": ("prawn",),
        "error": ("omyłk", "pomyłk"),
        "prohibited": ("zabronion", "rozpowszech"),
        "delete": ("usun",),
        "sender": ("nadawc",),
        "liability": ("odpowiedzialno",),
    },
    sent_folders=("(?:elementy )?wysłane",),
    reply_prefixes=("odp",),
    vacation_subjects=("automatyczna odpowiedź",),
    bounce_subjects=("niedostarczon",),
    receipt_subjects=("przeczytano",),
    calendar_subjects=("zaakceptowano", "odrzucono"),
    password_words=("hasło",),
    passport_words=(r"paszport\w*",),
    tax_words=("pesel", "nip"),
    phone_regions=("PL",),
)
