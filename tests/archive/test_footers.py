import time

import pytest

from email_assistant.archive.footers import is_advertisement, strip_footers
from email_assistant.archive.invitations import strip_invitations

OWN = ["The papers are ready, come at nine.", "", "Ann"]
NOTICE = (
    "The information in this message is confidential and intended only for the addressee. If you have received it in\n"
    "error, please delete it and inform the sender."
)


@pytest.mark.parametrize(
    "footer",
    [
        f"Disclaimer\n\n{NOTICE}",
        f"DISCLAIMER:\n{NOTICE}",
        f"*Confidentiality Notice*\n\n{NOTICE}",
        f"--- Legal notice ---\n{NOTICE}",
        f"{NOTICE}\n\nIf you are not the recipient, any copying is prohibited.",
        f"CONFIDENTIAL\n\nThis mail is for its addressee.\n\n{NOTICE}",
        "Haftungsausschluss\n\nDiese Nachricht ist vertraulich und nur für den Empfänger bestimmt. Falls Sie sie "
        "irrtümlich "
        "erhalten haben,\nlöschen Sie sie bitte und informieren Sie den Absender.",
        "Avis de confidentialité\n\nCe message est confidentiel et destiné à son seul destinataire. Si vous l'avez "
        "reçu par "
        "erreur,\nmerci de le supprimer et d'avertir l'expéditeur.",
        "Уведомление о конфиденциальности\n\nЭто письмо конфиденциально и предназначено только адресату. Если вы "
        "получили "
        "его по ошибке,\nудалите его и сообщите отправителю.",
        "Zastrzeżenie poufności:\nTa wiadomość jest poufna i przeznaczona dla adresata. Jeśli otrzymali ją Państwo "
        "omyłkowo, prosimy ją usunąć i powiadomić nadawcę.",
        "【機密保持】\nこのメールには機密情報が含まれています。宛先でない方が誤って受信された場合は、送信者に連絡のうえ、"
        "削除してください。無断での開示は禁じられています。",
        "Informativa sulla Privacy e sulla Sicurezza\n\nQuesto messaggio è riservato. Se lo ha ricevuto per errore, lo "
        "cancelli e avvisi il mittente.",
        "======",
        "***",
        "__",
        "\u1427",
    ],
)
def test_a_disclaimer_is_cut_with_its_heading(footer: str) -> None:
    lines, _ = strip_footers([*OWN, "", *footer.split("\n")])
    assert "\n".join(lines).rstrip() == "\n".join(OWN)


def test_a_name_directly_above_a_disclaimer_is_kept() -> None:
    assert strip_footers(["Come at nine.", "", "Ann", *NOTICE.split("\n")])[0] == ["Come at nine.", "", "Ann"]


@pytest.mark.parametrize(
    "sentence",
    [
        *("这件事请保密。", "請注意安全！", "请保密，谢谢", "この件は秘密です。", "注意してください", "「機密です。」"),
        *("地図は機密。鍵は注意", "서류는 비밀입니다", "이건 비밀이에요", "यह Confidential है।", "هل هذا Confidential؟"),
        "We call it 'Confidential.'",
    ],
)
def test_an_own_sentence_above_a_disclaimer_is_no_heading(sentence: str) -> None:
    assert strip_footers([*OWN, "", sentence, "", *NOTICE.split("\n")])[0] == [*OWN, "", sentence]


@pytest.mark.parametrize("heading", ["機密保持に関するお知らせ", "免责声明", "비밀 유지", "【注意】"])
def test_a_heading_in_a_script_without_capitals_is_cut(heading: str) -> None:
    lines, _ = strip_footers([*OWN, "", heading, "", *NOTICE.split("\n")])
    assert "\n".join(lines).rstrip() == "\n".join(OWN)


@pytest.mark.parametrize(
    "text",
    [
        "Important:\n\nBring the key.",
        "I read the disclaimer. It is confidential, they say.",
        "Caution\n\nThe step is wet.",
    ],
)
def test_own_text_with_words_of_disclaimers_is_kept(text: str) -> None:
    lines = [*OWN, "", *text.split("\n")]
    assert strip_footers(lines)[0] == lines


TEAMS = """________________________________________________________________________________
Microsoft Teams meeting
Join on your computer, mobile app or room device
Click here to join the meeting<https://teams.microsoft.com/l/meetup-join/19%3ameeting>
Meeting ID: 233 444 555 666
Passcode: aBcDeF
Download Teams<https://www.microsoft.com/teams> | Join on the web<https://www.microsoft.com/join>
Or call in (audio only)
+44 20 7946 0018,,123456789#   United Kingdom, London
Phone Conference ID: 123 456 789#
Find a local number<https://dialin.teams.microsoft.com/x> | Reset PIN<https://dialin.teams.microsoft.com/y>
Learn More<https://aka.ms/JoinTeamsMeeting> | Meeting options<https://teams.microsoft.com/options>
________________________________________________________________________________"""
ZOOM = """Ann Roe is inviting you to a scheduled Zoom meeting.

Topic: Lamps
Time: Oct 6, 2014 09:00 AM London

Join Zoom Meeting
https://us02web.zoom.us/j/123456789?pwd=abc

Meeting ID: 123 456 789
Passcode: 987654
One tap mobile
+13017158592,,123456789# US (Washington DC)

Dial by your location
        +1 301 715 8592 US (Washington DC)
Meeting ID: 123 456 789
Find your local number: https://us02web.zoom.us/u/kabc"""
MEET = """Join with Google Meet
https://meet.google.com/abc-defg-hij

Or dial: (GB) +44 20 3937 0000 PIN: 123456#"""


RULE = "_" * 80
TEAMS_IN_GERMAN = f"""{RULE}
Microsoft Teams-Besprechung
Nehmen Sie auf dem Computer, in der mobilen App oder im Besprechungsraum teil
Hier klicken, um an der Besprechung teilzunehmen<https://teams.microsoft.com/l/meetup-join/19%3ameeting>
Besprechungs-ID: 233 444 555
Teams herunterladen<https://www.microsoft.com/de-de/microsoft-teams/download-app>
{RULE}"""
ZOOM_IN_FRENCH = """Ann Roe vous invite à une réunion Zoom planifiée.

Sujet : Lampes
Heure : 7 oct. 2014 10:00 AM Paris

Participer à la réunion Zoom
https://us02web.zoom.us/j/81234567890?pwd=abc

ID de réunion : 812 3456 7890"""
WEBEX = """When it's time, join your Webex meeting here.
Join meeting<https://x.webex.com/x/j.php?MTID=m1>
More ways to join:
Join from the meeting link
https://x.webex.com/x/j.php?MTID=m1
Tap to join from a mobile device (attendees only)
+44 20 7946 0018,,123456789## United Kingdom"""


@pytest.mark.parametrize(
    "invitation",
    [
        *(TEAMS, ZOOM, MEET, TEAMS_IN_GERMAN, ZOOM_IN_FRENCH, WEBEX),
        "Microsoft Teams-Besprechung\nBesprechungs-ID: 233 444 555",
        "Riunione di Microsoft Teams\nPartecipa da PC\nFai clic qui<https://teams.microsoft.com/l/meetup-join/19>",
    ],
)
@pytest.mark.parametrize("below", ["", "See you,\nAnn"])
def test_an_invitation_to_a_meeting_is_cut(invitation: str, below: str) -> None:
    lines, found = strip_invitations(f"Shall we talk?\n\n{invitation}\n\n{below}".split("\n"))
    assert found
    assert "\n".join(lines).split() == f"Shall we talk? {below}".split()


@pytest.mark.parametrize(
    "text",
    [
        "Let us join the Zoom meeting at nine.",
        "Join the meeting\n\nif you have time; we use Teams.",
        "The Microsoft Teams meeting was long.\nMeeting ID: lost",
        "I invite you to look at my Zoom pictures.\nThey are in the shed.",
    ],
)
def test_own_text_about_meetings_is_kept(text: str) -> None:
    assert strip_invitations(text.split("\n")) == (text.split("\n"), False)


@pytest.mark.parametrize(
    "disclaimer",
    [
        "Tento e-mail je důvěrný a je určen pouze jeho adresátům. Obdrželi-li jste jej omylem, smažte jej.",
        "Ez az üzenet bizalmas, és kizárólag a címzett részére szól. Ha tévedésből kapta meg, értesítse a feladót.",
        "Bu e-posta gizli olup yalnızca alıcıya aittir. Size yanlışlıkla ulaşmışsa lütfen göndereni bilgilendiriniz.",
        "Detta meddelande är konfidentiellt och endast avsett för mottagaren. Obehörig spridning är förbjuden.",
        "Denne e-mail er fortrolig og kun beregnet for modtageren. Uautoriseret brug er forbudt.",
        "Tämä viesti on luottamuksellinen ja tarkoitettu vain vastaanottajalle. Luvaton käyttö on kielletty.",
        "Acest mesaj este confidențial și este destinat exclusiv destinatarului. Utilizarea este interzisă.",
        "Το μήνυμα είναι εμπιστευτικό και προορίζεται μόνο για τον παραλήπτη. Απαγορεύεται η αντιγραφή του.",
        "הודעה זו הינה חסויה ומיועדת לנמען בלבד. אם קיבלת אותה בטעות, אנא הודע לשולח ומחק אותה.",
        "هذه الرسالة سرية ومخصصة للمرسل إليه فقط. إذا استلمتها عن طريق الخطأ، يرجى إبلاغ المرسل وحذفها.",
        "Sent with Tuta; enjoy secure & ad-free emails:\nhttps://tuta.com",
        "Yahoo Mail: Search, Organize, Conquer",
    ],
)
def test_disclaimers_and_slogans_of_more_languages_are_cut(disclaimer: str) -> None:
    assert strip_footers([*OWN, "", *disclaimer.split("\n")])[0] == OWN


@pytest.mark.parametrize(
    "own",
    [
        "We should consider the environment when we choose one.",
        "The harbor is virus-free now, and the boats may come in.",
        "Get your own, please, and get your own oil too.",
        "Bevor Sie diese Mail löschen, rufen Sie mich bitte an.",
        "Merci d'imprimer ce mail et de le donner à Bo.",
        "Прежде чем печатать плакат, покажи его мне.",
        "Denk aan het milieu, neem de boot.",
        "----------\nTell the mailing list that I will be away until Monday.",
    ],
)
def test_own_last_sentences_that_share_words_with_footers_are_kept(own: str) -> None:
    lines = ["I am done.", "", *own.split("\n")]
    assert strip_footers(lines)[0] == lines


@pytest.mark.parametrize(
    "footer",
    [
        "Virus-free. www.avast.com",
        "Virenfrei.www.avast.com",
        "This mail was checked by a scanner and is virus-free.",
        "Get your free mail at http://www.x.example",
        "Please consider the environment.",
        "Пожалуйста, подумайте об окружающей среде, прежде чем распечатать это письмо.",
        "----------\nLamps mailing list",
        "----------\nYou are on a mailing list: https://x.example/lamps",
    ],
)
def test_footers_with_such_words_are_cut(footer: str) -> None:
    lines, _ = strip_footers(["I am done.", "", *footer.split("\n")])
    assert [line for line in lines if line] == ["I am done."]


@pytest.mark.parametrize(
    "placeholder",
    [
        "[image: plan.png]",
        "[cid:image001.png@01DA6F00.12345678]",
        "[cid:lamp@x]<https://x.example/> [cid:wick@x]<https://x.example/>",
        "<image0.jpeg>",
        "[Inline image 1]",
        "<Embedded Picture (Metafile)>",
        "[A close-up of a lamp  Description automatically generated with low confidence]",
        "\ufffc",
    ],
)
def test_what_is_left_of_a_picture_is_cut(placeholder: str) -> None:
    assert strip_footers(["Look:", "", placeholder, "", "Is it lit?"])[0] == ["Look:", "", "", "Is it lit?"]
    assert strip_footers([placeholder])[0] == [placeholder]


@pytest.mark.parametrize("own", ["[image of the lamp attached]", "[cid is a name]", "See [image: a] for it", "<image>"])
def test_own_words_about_a_picture_are_kept(own: str) -> None:
    assert strip_footers(["Look:", "", own])[0] == ["Look:", "", own]


@pytest.mark.parametrize(
    "own",
    [
        "Sorry for the error: I sent you a letter that was confidential and not intended for you, please delete it.",
        "I had my laptop checked for the virus that Bo told us about.",
        "Ich wurde geprüft, es war kein Virus.",
    ],
)
def test_own_last_paragraphs_about_errors_and_viruses_are_kept(own: str) -> None:
    assert strip_footers(["I am done.", "", own])[0] == ["I am done.", "", own]


@pytest.mark.parametrize("words", ["virus scanned ", "print consider ", "avast ", "окружающ печат "])
def test_long_paragraphs_take_time_in_proportion(words: str) -> None:
    begin = time.process_time()
    assert not is_advertisement(words * 4000)
    assert time.process_time() - begin < 2


def test_what_a_scanner_adds_is_cut() -> None:
    for footer in ("This mail has been scanned for viruses.", "Checked by AVG for viruses. www.avg.example"):
        assert strip_footers(["I am done.", "", footer])[0] == ["I am done."]


@pytest.mark.parametrize(
    "footer",
    [
        "---\nDiese E-Mail wurde von AVG auf Viren geprüft.\nhttp://www.avg.example",
        "__________ Information from ESET Security, version of database 5678 (2010) __________\n\n"
        "The message was checked by ESET Security.\n\nhttp://www.eset.example",
    ],
)
def test_what_scanners_of_other_forms_add_is_cut(footer: str) -> None:
    lines, kinds = strip_footers(f"Nine is fine.\n\n{footer}".split("\n"))
    assert ("\n".join(lines).strip(), "disclaimer" in kinds) == ("Nine is fine.", True)


@pytest.mark.parametrize(
    "own",
    [
        "Ole hat die Mail auf Viren geprüft und nichts gefunden, du kannst sie öffnen.",
        "______ Information from ESET for the others ______",
    ],
)
def test_own_sentences_about_scanners_are_kept(own: str) -> None:
    lines, _ = strip_footers(f"Nine is fine.\n\n{own}".split("\n"))
    assert "\n".join(lines) == f"Nine is fine.\n\n{own}"


def test_a_scanners_line_without_text_above_it_is_kept() -> None:
    line = "______ Information from ESET, version of database 5678 ______"
    for lines in ([line], ["", line]):
        assert strip_footers(lines) == (lines, set())
