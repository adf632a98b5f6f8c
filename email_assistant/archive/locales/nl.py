"""Dutch."""

from email_assistant.archive.locales.locale import Locale

LOCALE = Locale(
    openings=("Op",),
    days=("ma", "di", "wo", "do", "vr", "za", "zo"),
    verbs=("schreef", "heeft geschreven", "het volgende geschreven"),
    sender=("Van", "Afzender"),
    dates=("Verzonden", "Datum"),
    recipients=("Aan", "CC", "Antwoord aan"),
    subjects=("Onderwerp",),
    messages=("Bericht",),
    forwards=("Begin doorgestuurd bericht",),
    forwarded=("doorgestuurd",),
    devices=("Verstuurd vanaf", "Verzonden vanaf", "Verstuurd met", "Verzonden met", "Outlook voor"),
    list_footers=("mailinglijst", "uitschrijven"),
    disclaimers={
        "confidential": ("vertrouwelijk",),
        "addressee": ("geadresseerde", "bestemd"),
        "error": ("vergissing", "abusievelijk"),
        "prohibited": ("verboden", "verspreid"),
        "delete": ("verwijder",),
        "sender": ("afzender",),
        "liability": ("aansprakelijk",),
    },
    sent_folders=("verzonden",),
    reply_prefixes=("antw",),
    vacation_subjects=("automatisch antwoord",),
    bounce_subjects=("onbestelbaar",),
    receipt_subjects=("gelezen",),
    calendar_subjects=("geaccepteerd", "afgewezen"),
    password_words=("wachtwoord",),
    passport_words=("paspoort",),
    account_words=("rekening",),
    tax_words=("bsn", "sofi"),
    phone_regions=("NL",),
)
