"""Writes archive.mbox, the mailbox of an invented writer, from the mails in mails_en.txt and mails_ru.txt.

`python demo/build.py` gives the same bytes every time. Beside the writer's own mails there are the replies
and the noise of a real mailbox: quotes above and below, forwards, HTML, several charsets and transfer
encodings, a signature, duplicates, automatic answers, newsletters.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from pathlib import Path

HERE = Path(__file__).parent
OWNER = ("Tamsin Varkova-Pell", "tamsin@lanternwharf.example")
PEOPLE = {
    "odile": ("Odile Marchbanks-Roy", "odile@amberglass.example", "Odile"),
    "piers": ("Piers Hollowgate", "harbour@gullport.example", "Piers"),
    "juno": ("Juno Applecroft", "juno@lanternwharf.example", "Juno"),
    "council": ("Basil Thackerby", "clerk@gullport-council.example", "Mr Thackerby"),
    "hester": ("Hester Quillan", "hester@chapelchoir.example", "Hester"),
    "lorcan": ("Lorcan Fennimoor", "lorcan@shipmuseum.example", "Lorcan"),
    "pettifer": ("Maud Pettiford", "m.pettiford@tidebank.example", "Ms Pettiford"),
    "wilf": ("Wilf Oatley-Crane", "wilf@oilandwick.example", "Wilf"),
    "imogen": ("Imogen Larkwhistle", "imogen@plumjam.example", "Imogen"),
    "edda": ("Edda Stormsdottir", "edda@slipway.example", "Edda"),
    "newspaper": ("The Gullport Echo", "editor@gullport-echo.example", "Editor"),
    "lev": ("Лев Варков-Пелл", "lev@samovar.example", "Лёва"),
    "zinaida": ("Зинаида Ключеградская", "zina@dacha.example", "тётя Зина"),
    "savva": ("Савва Берёзогорский", "savva@latun.example", "Савва"),
    "aglaya": ("Аглая Ветродуйская", "aglaya@platok.example", "Аглая"),
    "miron": ("Мирон Полуночников-Лис", "miron@mayak.example", "Мирон"),
}
SIGNATURE = (
    "-- \nLantern Wharf, lamps mended and made\n3 Gull Lane, Gullport\n+44 20 7946 0000 | https://lanternwharf.example"
)
ANSWERS = {
    "en": [
        "Dear Tamsin,\n\nThank you. I shall see to it.\n\nYours,\n{name}",
        "Hi Tamsin, sounds good to me.\n\n{name}",
    ],
    "ru": [
        "Здравствуй, Тамсин!\n\nСпасибо, всё понял, так и сделаю.\n\n{name}",
        "Тамсин, хорошо, договорились.\n\n{name}",
    ],
}
START = datetime(2023, 1, 9, 8, 30, tzinfo=UTC)


@dataclass
class Item:
    """One mail of the writer, as the text files hold it."""

    to: str
    subject: str
    body: str
    language: str


def read_items(name: str, language: str) -> list[Item]:
    """The mails of a text file: '@nickname | subject', then the body."""
    items = []
    for block in (HERE / name).read_text(encoding="utf-8").split("\n@"):
        heading, _, body = block.strip().removeprefix("@").partition("\n")
        to, _, subject = heading.partition(" | ")
        items.append(Item(to, subject, body.strip(), language))
    return items


def full_text(item: Item) -> str:
    """Greeting, body, sign-off and, last, the postscript."""
    greeting = "Ahoy" if item.language == "en" else "Салют"
    close = "Fair winds,\nTamsin" if item.language == "en" else "Попутного ветра,\nТамсин"
    main, mark, postscript = item.body.partition("\nPS " if item.language == "en" else "\nПС ")
    after = f"\n\n{'PS' if item.language == 'en' else 'ПС'} {postscript}" if mark else ""
    return f"{greeting} {PEOPLE[item.to][2]},\n\n{main}\n\n{close}{after}"


def attribution(item: Item, person: tuple[str, str], date: datetime) -> str:
    """What a mail program writes above a quote."""
    name, address = person
    if item.language == "en":
        return f"On {date:%a, %d %b %Y at %H:%M}, {name} <{address}> wrote:"
    return f"{date:%d.%m.%Y %H:%M}, {name} пишет:"


def quoted(text: str) -> str:
    """The text with '>' before every line."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


class Mailbox:
    """Messages in order of time, with their headers filled in."""

    def __init__(self) -> None:
        """Start empty."""
        self.messages: list[tuple[datetime, Message]] = []

    def add(
        self,
        message: Message,
        sender: tuple[str, str],
        to: tuple[str, str],
        subject: str,
        date: datetime,
        parent: str | None = None,
        labels: str = "Inbox",
    ) -> str:
        """Add a message and return its id."""
        identity = f"<{len(self.messages):04d}.{int(date.timestamp())}@{sender[1].partition('@')[2]}>"
        message["From"] = formataddr(
            (str(Header(sender[0], "utf-8")) if not sender[0].isascii() else sender[0], sender[1])
        )
        message["To"] = formataddr((str(Header(to[0], "utf-8")) if not to[0].isascii() else to[0], to[1]))
        message["Subject"] = Header(subject, "utf-8") if not subject.isascii() else subject
        message["Date"] = format_datetime(date)
        message["Message-ID"] = identity
        message["X-Gmail-Labels"] = labels
        if parent:
            message["In-Reply-To"] = parent
            message["References"] = parent
        self.messages.append((date, message))
        return identity

    def lines(self) -> Iterator[str]:
        """The mbox (mboxrd), oldest first."""
        for date, message in sorted(self.messages, key=lambda entry: (entry[0], entry[1]["Message-ID"])):
            yield f"From {message['From'].rpartition('<')[2].rstrip('>')} {date:%a %b %d %H:%M:%S %Y}\n"
            for line in message.as_string().rstrip("\n").split("\n"):
                yield f">{line}\n" if line.lstrip(">").startswith("From ") else f"{line}\n"
            yield "\n"


def html_of(text: str, quote: str | None) -> str:
    """The text as a web mail program sends it."""
    paragraphs = "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in text.split("\n\n"))
    cited = f'<div class="gmail_quote"><blockquote type="cite">{quote}</blockquote></div>' if quote else ""
    return f"<html><body>{paragraphs}{cited}</body></html>"


def text_part(text: str, subtype: str, charset: str, encoding: str) -> Message:
    """A text part in the given charset, transferred as base64, quoted-printable or 8bit."""
    if encoding != "flowed":
        part = MIMEText(text, subtype, charset)
        if encoding == "quoted-printable":
            del part["Content-Transfer-Encoding"]
            part.replace_header("Content-Type", f'text/{subtype}; charset="{charset}"')
            part.set_payload(quopri_text(text, charset))
            part["Content-Transfer-Encoding"] = "quoted-printable"
        return part
    part = MIMEText(flowed(text), subtype, charset)
    part.set_param("format", "flowed")
    return part


def quopri_text(text: str, charset: str) -> str:
    """Quoted-printable of the text."""
    import quopri

    return quopri.encodestring(text.encode(charset)).decode("ascii")


def flowed(text: str) -> str:
    """The text in lines of some 66 characters that end in a space where the paragraph goes on (RFC 3676)."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if len(line) + len(word) > 66:
                lines.append(f"{line} ")
                line = word
            else:
                line = f"{line} {word}".strip() if line else word
        lines.append(line)
    return "\n".join(lines)


def own_message(item: Item, place: int, parent_text: str | None, parent_line: str) -> Message:
    """One of the writer's mails in one of the shapes that mail takes."""
    text = full_text(item)
    if place % 4 == 1:
        text = f"{text}\n\n{SIGNATURE}"
    shape = place % 6
    charset = "utf-8" if item.language == "en" or place % 2 else "koi8-r"
    if charset == "koi8-r":
        text = text.replace("—", "-").replace("«", '"').replace("»", '"')
    if parent_text and shape in (0, 3):
        text = f"{text}\n\n{parent_line}\n{quoted(parent_text)}"
    elif parent_text and shape == 1:
        text = f"{parent_line}\n{quoted(parent_text)}\n\n{text}"
    if shape == 2:
        message = MIMEMultipart("alternative", boundary=f"=-lamp-{place:03d}")
        message.attach(text_part(text, "plain", charset, "base64"))
        message.attach(text_part(html_of(text, parent_text), "html", charset, "base64"))
        return message
    if shape == 4:
        return text_part(html_of(text, parent_text), "html", charset, "base64")
    if shape == 5:
        message = MIMEMultipart("mixed", boundary=f"=-lamp-{place:03d}")
        message.attach(text_part(text, "plain", charset, "quoted-printable"))
        photo = MIMENonMultipart("image", "png", name="lamp.png")
        photo.add_header("Content-Disposition", "attachment", filename="lamp.png")
        photo.set_payload("iVBORw0KGgo=")
        photo["Content-Transfer-Encoding"] = "base64"
        message.attach(photo)
        return message
    return text_part(text, "plain", charset, "flowed" if shape == 3 and charset == "utf-8" else "base64")


def add_noise(mailbox: Mailbox, chance: random.Random) -> None:
    """What else lies in a mailbox and must not be learned from."""
    for number in range(12):
        date = START + timedelta(days=9 + 17 * number, hours=4)
        letter = text_part(
            f"News of the lamp trade, number {number}. To unsubscribe, click below.", "plain", "utf-8", "8bit"
        )
        letter["List-Unsubscribe"] = "<mailto:stop@lamptrade.example>"
        letter["Precedence"] = "bulk"
        mailbox.add(letter, ("Lamp Trade Weekly", "news@lamptrade.example"), OWNER, f"Lamp Trade Weekly {number}", date)
    for number in range(5):
        date = START + timedelta(days=40 + 31 * number)
        away = text_part(
            "I am at the regatta and answer when I am back. This is an automatic reply.", "plain", "utf-8", "8bit"
        )
        away["Auto-Submitted"] = "auto-replied"
        mailbox.add(away, OWNER, PEOPLE["wilf"][:2], "Automatic reply: Delivery", date, labels="Sent")
    for number, item in enumerate(chance.sample(read_items("mails_en.txt", "en"), 4)):
        date = START + timedelta(days=60 + 20 * number)
        person = PEOPLE[item.to][:2]
        line = "---------- Forwarded message ----------"
        header = f"From: {person[0]} <{person[1]}>\nDate: {date:%d %b %Y}\nSubject: {item.subject}\nTo: {OWNER[0]}"
        text = f"{line}\n{header}\n\nPlease see below."
        mailbox.add(
            text_part(text, "plain", "utf-8", "8bit"),
            OWNER,
            PEOPLE["juno"][:2],
            f"Fwd: {item.subject}",
            date,
            labels="Sent",
        )
    for number in range(3):
        date = START + timedelta(days=80 + 45 * number)
        mailbox.add(
            text_part("Aye, aye.", "plain", "utf-8", "8bit"),
            OWNER,
            PEOPLE["piers"][:2],
            f"Re: Ropes {number}",
            date,
            labels="Sent",
        )


def build() -> str:
    """The whole mailbox as text."""
    chance = random.Random(7)
    items = read_items("mails_en.txt", "en") + read_items("mails_ru.txt", "ru")
    chance.shuffle(items)
    mailbox = Mailbox()
    for place, item in enumerate(items):
        person = PEOPLE[item.to][:2]
        date = START + timedelta(days=3 * place, minutes=chance.randrange(600))
        parent_id, parent_text = None, None
        if item.subject.startswith("Re: ") or place % 5 == 0:
            parent_text = chance.choice(ANSWERS[item.language]).format(name=person[0].split()[0])
            parent_date = date - timedelta(hours=5)
            parent = text_part(parent_text, "plain", "utf-8", "8bit")
            parent_id = mailbox.add(parent, person, OWNER, item.subject, parent_date)
        line = attribution(item, person, date - timedelta(hours=5))
        mine = own_message(item, place, parent_text, line)
        identity = mailbox.add(mine, OWNER, person, item.subject, date, parent_id, labels="Sent")
        if place % 3 == 0:
            answer = chance.choice(ANSWERS[item.language]).format(name=person[0].split()[0])
            text = f"{answer}\n\n{attribution(item, OWNER, date)}\n{quoted(full_text(item))}"
            reply = text_part(text, "plain", "utf-8", "8bit")
            mailbox.add(
                reply, person, OWNER, f"Re: {item.subject.removeprefix('Re: ')}", date + timedelta(hours=7), identity
            )
        if place % 40 == 17:
            again = own_message(item, place, None, line)
            mailbox.add(again, OWNER, person, item.subject, date + timedelta(days=1), labels="Sent")
    add_noise(mailbox, chance)
    return "".join(mailbox.lines())


if __name__ == "__main__":
    (HERE / "archive.mbox").write_text(build(), encoding="utf-8")
