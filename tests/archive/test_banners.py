"""What gateways write above a mail from outside, and cards that programs attach as text."""

import pytest

from email_assistant.archive import cleaning

OWN = "Could you send me the floor plan?"
CARD = "begin:vcard\nfn:Ann Roe\nn:Roe;Ann\norg:Lamps Ltd\ntel;work:+44 20 7946 0000\nversion:2.1\nend:vcard"


def stripped(text: str) -> str:
    return cleaning.strip_quotes_and_footers(text, drop_code=True).text


@pytest.mark.parametrize(
    "banner",
    [
        "CAUTION: This email originated from outside of the organization. Do not click links or open attachments "
        "unless you recognize the sender and know the content is safe.",
        "[EXTERNAL EMAIL] DO NOT CLICK links or attachments unless you know the sender and the content is safe.",
        "This message is from an external sender. Be careful with links\nand attachments unless you know who sent it.",
        "[EXTERN] Diese E-Mail stammt von einem externen Absender. Öffnen Sie Anhänge und Links nur, wenn Sie den "
        "Absender kennen.",
        "ATTENTION : ce courriel provient de l'extérieur de l'organisation. Ne cliquez sur aucun lien et n'ouvrez "
        "aucune pièce jointe, sauf si vous reconnaissez l'expéditeur.",
        "PRECAUCIÓN: Este correo proviene de fuera de la organización. No haga clic en enlaces ni abra archivos "
        "adjuntos a menos que reconozca al remitente.",
        "Let op: deze e-mail komt van buiten de organisatie. Klik niet op links en open geen bijlagen, tenzij u de "
        "afzender herkent.",
        "VARNING: Detta meddelande kommer från en extern avsändare. Öppna inte bilagor om du inte känner avsändaren.",
        "OBS: Denne e-mail kommer fra en ekstern afsender. Klik ikke på links, medmindre du kender afsenderen.",
        "UPOZORNĚNÍ: Tento e-mail je od externího odesílatele. Neotevírejte přílohy, pokud odesílatele neznáte.",
        "You don't often get email from ann@x.example. Learn why this is important "
        "<https://aka.ms/LearnAboutSenderIdentification>",
        "[Sie erhalten nicht häufig E-Mails von ann@x.example. Erfahren Sie, warum dies wichtig ist: "
        "https://aka.ms/LearnAboutSenderIdentification ]",
    ],
)
def test_a_banner_above_the_mail_is_cut(banner: str) -> None:
    assert stripped(f"{banner}\n\n{OWN}") == OWN
    assert "banner" in cleaning.strip_quotes_and_footers(f"{banner}\n\n{OWN}", drop_code=True).cuts


@pytest.mark.parametrize(
    "own",
    [
        "The email originated from outside, so I did not open the attachment.",
        "Do not open the link unless you know who sent it.",
        "An external sender asked for the plan; I would not answer unless you know him.",
        "Please do not open attachments from outside unless you know the sender.",
        'Why does every mail begin with "CAUTION: external sender, do not click links unless you trust it"?',
        "Caution: the ladder outside is wet. Do not climb it unless you know how.",
    ],
)
def test_own_sentences_about_strange_mail_are_kept(own: str) -> None:
    assert stripped(f"{own}\n\n{OWN}") == f"{own}\n\n{OWN}"


@pytest.mark.parametrize("blank", [" ", "\t ", "\u00a0"])
def test_a_line_of_blanks_ends_a_banner(blank: str) -> None:
    banner = "This message is from an external sender. Do not open links unless you know who sent it."
    assert stripped(f"{banner}\n{blank}\n{OWN}") == OWN


def test_a_banner_without_text_below_it_is_kept() -> None:
    banner = "This message is from an external sender. Do not open links unless you know who sent it."
    assert stripped(banner) == banner


def test_a_card_is_cut_and_its_first_line_alone_kept() -> None:
    assert stripped(f"{OWN}\n\n{CARD}\n\nAnn") == f"{OWN}\n\nAnn"
    assert (
        stripped(f"{OWN}\n\nIt stops at\nBEGIN:VCARD\nand no more.")
        == f"{OWN}\n\nIt stops at\nBEGIN:VCARD\nand no more."
    )
