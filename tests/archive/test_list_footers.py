"""The footers of mailing lists and groups, in several languages, with and without a rule above them."""

import time

import pytest

from email_assistant.archive.footers import strip_footers
from email_assistant.archive.list_footers import is_list_footer

OWN = "The owl is back in the barn."
LISTSERV = """\
########################################################################

To unsubscribe from the OWLS list, click the following link:
https://www.lists.example/wa?SUBED1=OWLS&A=1

This message was issued to members of www.lists.example/OWLS, a mailing list hosted by www.lists.example, terms are \
at https://www.lists.example/policy/"""
YAHOO = """\
------------------------------------
Posted by: Ann Roe <ann@x.example>
------------------------------------


------------------------------------

Yahoo Groups Links

<*> To visit your group on the web, go to:
    http://groups.x.example/group/owls/

<*> Your email settings:
    Individual Email | Traditional

<*> To unsubscribe from this group, send an email to:
    owls-unsubscribe@groups.example"""
DISCOURSE = """\
---
[Visit Topic](https://forum.x.example/t/owls/12/3) or reply to this email to respond.

You are receiving this because you enabled mailing list mode.

To unsubscribe from these emails, [click here](https://forum.x.example/email/unsubscribe/ab)."""
SYMPA = """\
---------------------------------------------------------------------
Pour vous désinscrire de cette liste, envoyez un courriel à
sympa@listes.example.fr avec « signoff jardin » comme objet."""


def cleaned(text: str) -> str:
    return "\n".join(strip_footers(text.split("\n"))[0]).strip()


@pytest.mark.parametrize("footer", [LISTSERV, YAHOO, DISCOURSE, SYMPA], ids=["listserv", "yahoo", "discourse", "sympa"])
def test_a_footer_of_paragraphs_below_a_rule_is_cut(footer: str) -> None:
    assert cleaned(f"{OWN}\n\n{footer}") == OWN


@pytest.mark.parametrize(
    "reason",
    [
        'You received this message because you are subscribed to the Google Groups "Owls" group.',
        "Sie erhalten diese Nachricht, weil Sie E-Mails von der Gruppe „Owls“ abonniert haben.",
        "Vous recevez ce message, car vous êtes abonné au groupe « Owls ».",
        'Has recibido este mensaje porque estás suscrito al grupo "Owls" de Grupos de Google.',
        'Hai ricevuto questo messaggio perché sei iscritto al gruppo "Owls" di Google Gruppi.',
        'Você recebeu essa mensagem porque está inscrito no grupo "Owls" dos Grupos do Google.',
        "Otrzymujesz ten e-mail, ponieważ subskrybujesz grupę Owls.",
        "U ontvangt deze mail omdat u zich bij de groep Owls hebt aangemeld.",
        "Je hebt dit bericht ontvangen omdat je je hebt aangemeld bij de groep 'Owls' van Google Groepen.",
        "Otrzymujesz tę wiadomość, ponieważ subskrybujesz grupę dyskusyjną Google o nazwie „Owls”.",
        'Вы получили это сообщение, поскольку подписаны на группу "Owls".',
        "Du får det här meddelandet eftersom du prenumererar på gruppen Owls i Google Grupper.",
        "Du modtager denne meddelelse, fordi du er tilmeldt gruppen Owls i Google Grupper.",
        "Du mottar denne meldingen fordi du abonnerer på gruppen Owls i Google Grupper.",
        "Sait tämän viestin, koska olet tilannut ryhmän Owls.",
        "Tuto zprávu jste obdrželi, protože jste přihlášeni k odběru skupiny Owls.",
        "Ezt az üzenetet azért kapta, mert feliratkozott az Owls csoportra.",
        "Bu iletiyi Google Grupları'ndaki Owls grubuna abone olduğunuz için aldınız.",
        "このメールは Google グループのグループ「Owls」に登録しているユーザーに送られています。",
    ],
)
def test_the_reason_why_a_mail_came_with_the_way_to_leave_is_cut(reason: str) -> None:
    leaving = "→ owls+unsubscribe@googlegroups.example"
    assert cleaned(f"{OWN}\n\n{reason}\n{leaving}") == OWN
    assert cleaned(f"{OWN}\n\n-- \n{reason}\n\n{leaving}.") == OWN


@pytest.mark.parametrize(
    "own",
    [
        "You are receiving this because I promised to tell you how to unsubscribe: https://x.example/unsubscribe",
        "You received this message because you are my oldest friend. Call me.",
        "---\nShall I ask the mailing list? Ole would know.",
        "To unsubscribe from the list, I clicked the link at its end: https://x.example/unsubscribe.",
        "Posted by: the gate, where all can read it.",
        "-----\nPosted by: Ines, on Sunday",
        "##########\nAsk on the mailing list, Ines knows https://x.example/list.",
    ],
)
def test_own_sentences_about_lists_are_kept(own: str) -> None:
    assert cleaned(f"{OWN}\n\n{own}") == f"{OWN}\n\n{own}"


def test_a_long_row_of_dots_takes_time_in_proportion() -> None:
    begin = time.process_time()
    assert is_list_footer("mailing list" + "." * 100_000 + "a")
    assert not is_list_footer("mailing list" + "." * 100_000)
    assert time.process_time() - begin < 2
