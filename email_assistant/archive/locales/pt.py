"""Portuguese."""

from email_assistant.archive.locales.locale import Locale

LOCALE = Locale(
    openings=("Em", "A", "No dia", "Citando"),
    days=("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
    verbs=("escreveu", "escreveram"),
    sender=("De", "Remetente"),
    dates=("Enviado", "Enviada em", "Enviado em", "Data", "Enviada"),
    recipients=("Para", "Cc", "Cco"),
    subjects=("Assunto",),
    messages=("Mensagem",),
    forwards=("Início da mensagem reencaminhada", "Início da mensagem encaminhada"),
    forwarded=("encaminhad", "reencaminhad"),
    devices=("Enviado do meu", "Enviado a partir", "Enviado via", "Enviado pelo", "Obter o Outlook para"),
    list_footers=("lista de discussão",),
    disclaimers={
        "addressee": ("destinatário",),
        "error": ("engano", "erro"),
        "prohibited": ("proibid",),
        "delete": ("apag",),
        "sender": ("remetente",),
    },
    sent_folders=("(?:itens )?enviad",),
    reply_prefixes=("enc",),
    vacation_subjects=("resposta automática",),
    receipt_subjects=("lida",),
    calendar_subjects=("aceito", "recusado"),
    password_words=("senha",),
    passport_words=("passaporte",),
    account_words=("conta",),
    tax_words=("nif", "cpf"),
    phone_regions=("PT", "BR"),
)
