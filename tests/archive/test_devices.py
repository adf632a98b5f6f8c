import pytest

from email_assistant.archive.devices import is_device_line
from email_assistant.archive.footers import strip_footers


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone. Please excuse brevity and typos.",
        "Sent from my cell, please excuse any typos.",
        "Sent from my HTC M8 Android phone.  Please excuse typoze",
        "Sent from my Verizon, Samsung Galaxy smartphone",
        "Sent from my BlackBerry® wireless handheld",
        "Sent from Yahoo Mail for iPhone",
        "Sent from [Mail](https://go.example/fwlink/?LinkId=5) for Windows 10",
        "Sent from Outlook for iOS<https://aka.example/x>",
        "Sent with Proton Mail secure email.",
        "Sent from a mobile phone; apologies for brevity.",
        "Please excuse typos - sent from my phone",
        "This email was sent from my iPhone, so please forgive any typos.",
        "Typed on my phone, please excuse mistakes.",
        "Get Outlook for iOShttps://aka.example/o",
        "<<sent by galaxy>>",
        "(sent from a phone)",
        "*Sent from my iPad*",
        "From My Iphone 6",
        "Von meinem iPhone gesendet",
        "Von meinem iPad gesendet - bitte Tippfehler entschuldigen.",
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "Envoyé de mon iPhone, veuillez excuser les fautes de frappe.",
        "Ce message a été envoyé depuis mon téléphone",
        "Enviado desde mi móvil. Disculpa los errores.",
        "Enviado do meu iPhone",
        "Inviato dal mio Galaxy",
        "Verstuurd vanaf mijn iPhone",
        "Wysłane z telefonu Samsung",
        "Odesláno z iPhonu",
        "Lähetetty Outlook Mobilesta",
        "Sendt fra min iPhone",
        "Skickat från min iPhone",
        "Trimis de pe iPhone-ul meu",
        "iPhone'umdan gönderildi",
        "Στάλθηκε από το iPhone μου",
        "Đã gửi từ iPhone của tôi",
        "Отправлено с моего iPhone. Простите за краткость и опечатки.",
        "Отправлено из мобильной Яндекс Почты",
        "С моего айфона",
        "Надіслано з iPhone",
        "iPhoneから送信",
        "发自我的iPhone",
        "發自我的 iPhone",
        "從我的 iPhone 傳送",
        "나의 iPhone에서 보냄",
        "Von unterwegs gesendet, bitte Tippfehler entschuldigen.",
        "Verzonden vanuit Outlook voor iOS. Excuses voor typefouten.",
        "Pobierz program Outlook dla systemu Android",
        "Elküldve az iPhone-omról",
        "私のiPhoneから送信されました",
    ],
)
def test_a_line_that_names_a_device_is_cut(line: str) -> None:
    assert is_device_line(line)
    lines, kinds = strip_footers(["Come at nine.", "", "Ann", "", line])
    assert (lines, kinds) == (["Come at nine.", "", "Ann", ""], {"device"})


@pytest.mark.parametrize("line", ["\u00a0", "- \u00a0 -", "*\u00a0*", "\u2003 | \u00a0"])
def test_a_line_without_words_names_no_device(line: str) -> None:
    assert not is_device_line(line)
    assert strip_footers(["Yes.", "", line])[0][0] == "Yes."


def test_several_device_lines_are_cut() -> None:
    lines, _ = strip_footers(["Come at nine.", "Sent from my iPad", "Get Outlook for iOS", "--"])
    assert lines == ["Come at nine."]


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my desk, is much easier than from a phone.",
        "Sent from London with love",
        "Sent on to Jane.",
        "Sent via Jane, who has a phone.",
        "Get a new phone",
        "From my mother, who says hello.",
        "From my phone I can not see the picture.",
        "I sent it from my iPhone yesterday.",
        "Your message was sent from the office",
        "Von meinem Bruder",
        "Von meinem Handy aus kann ich die Datei nicht lesen.",
        "Vom Telefon aus geht es nicht.",
        "Отправлено вчера с почты",
        "С моего места не видно.",
        "Enviado ayer.",
        "通过电话联系我吧",
        "我从手机上看不到",
    ],
)
def test_an_own_line_about_sending_or_a_phone_is_kept(line: str) -> None:
    assert not is_device_line(line)


def test_a_device_line_above_answers_between_quoted_lines_is_cut() -> None:
    text = ["Hello,", "", "Sent from my iPhone", "", "Yes, come.", "", "I am sent from pillar to post by my phone."]
    assert strip_footers(text)[0] == ["Hello,", "", "", "Yes, come.", "", "I am sent from pillar to post by my phone."]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "iOS için Outlook'u edinin",
            "Android için Outlook’u edinin<https://aka.ms/AAb9ysg>",
            "Skaffa Outlook för iOS",
        ),
        *(
            "Získejte Outlook pro Android",
            "Få Outlook til Android",
            "Skaff deg Outlook for Android",
            "Hanki Outlook for iOS",
        ),
        *(
            "Αποκτήστε το Outlook για iOS",
            "Obțineți Outlook pentru iOS",
            "Outlook for iOS を入手",
            "iOS版Outlookを取得",
        ),
        *(
            "iOS용 Outlook 다운로드",
            "下载适用于 Android 的 Outlook",
            "קבל את Outlook עבור iOS",
            "الحصول على Outlook لـ iOS",
        ),
        *("Tải Outlook cho iOS", "Dapatkan Outlook untuk iOS", "Nabavite Outlook za iOS", "Získať Outlook pre iOS"),
        *(
            "Вземете Outlook за iOS",
            "Obteniu l'Outlook per a iOS",
            "Отримати Outlook для iOS",
            "Obtenir Outlook pour iOS",
        ),
        *(
            "Baixe o Outlook para iOS",
            "Outlook für iOS herunterladen",
            "Hole dir Outlook für Mac",
            "Outlook voor iOS downloaden",
        ),
        *(
            "Get BlueMail for Desktop",
            "Sent from Edison Mail",
            "Sent via Shortwave",
            "Sent with Missive",
            "Sent from HEY",
        ),
        *("נשלח מה-iPhone שלי", "أُرسلت من الـ iPhone", "ส่งจาก iPhone ของฉัน", "Dikirim dari iPhone saya"),
        *("मेरे iPhone से भेजा गया", "Išsiųsta iš mano „Galaxy“", "Saadetud minu Galaxyst", "Nosūtīts no mana Galaxy"),
        *("Sent from eM Client | www.emclient.com", "Von Yahoo Mail auf dem iPhone gesendet", "Sent with Spike"),
    ],
)
def test_the_lines_of_programs_of_today_are_cut(line: str) -> None:
    assert is_device_line(line)


@pytest.mark.parametrize(
    "line",
    [
        *("Outlook für iOS kann ich nicht herunterladen", "Outlook voor iOS kan ik niet downloaden"),
        *("Download Outlook before Friday.", "Få Outlook til at virke igen", "Hey, Sam"),
    ],
)
def test_an_own_line_about_a_program_is_kept(line: str) -> None:
    assert not is_device_line(line)
