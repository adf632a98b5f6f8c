import base64
import csv
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from email_assistant.archive import readers
from email_assistant.archive.dates import parse_value
from email_assistant.archive.messages import ParsedMessage, Person, RawMessage, Unreadable
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.readers import columns
from email_assistant.errors import ArchiveError

TEXT = "Bring the ladder on Saturday."


def read(path: Path, **columns: str) -> list[ParsedMessage]:
    messages = [parse_item(item) for item in readers.read([path], "auto", {**columns})]
    assert all(isinstance(message, ParsedMessage) for message in messages), messages
    return messages  # type: ignore[return-value]


def read_rows(folder: Path, *rows: dict[str, Any], **columns: str) -> list[ParsedMessage]:
    (folder / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read(folder / "x.jsonl", **columns)


NEW_YEAR = datetime(2024, 1, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *(1704189600, 1704189600000, "1704189600000", 1704189600000000, 1704189600000000000, 1704189600.0),
        *("2024-01-02T10:00:00Z", "2024-01-02 10:00:00 UTC", "2024-01-02T12:00:00.1234567+02:00", "20240102T100000Z"),
        *("Tue, 2 Jan 2024 10:00:00 +0000", "Tue Jan  2 10:00:00 2024", "/Date(1704189600000)/", 45293.4166666667),
        *("02.01.2024 10:00", "2.1.24, 10:00", "2024/01/02 10:00", "1/2/2024 10:00 AM", "2 января 2024 г., 10:00"),
        *("2. Januar 2024 um 10:00", "le 2 janvier 2024 à 10h00", "2 de enero de 2024 10:00", "2024年1月2日 上午10:00"),
        *("January 2nd, 2024 at 10:00:00 AM", "Tuesday, January 2, 2024 10:00 AM", "2-Jan-24 10:00"),
        *("2 Jan 2024 11:00 CET", "1/2/2024 5:00 AM EST", "2024-01-02 13:00:00 MSK", "2 Jan 2024 12:00 GMT+2:00"),
        *("2024년 1월 2일 화요일 오전 10:00", "2024. 1. 2. 오전 10:00", "2 Ocak 2024 10:00", "2. ledna 2024 v 10:00"),
        *(
            "2. tammikuuta 2024 klo 10.00",
            "2024. január 2. 10:00",
            "令和6年1月2日 10:00",
            "\u200e1/\u200e2/\u200e24 10:00",
        ),
        *("ngày 2 tháng 1 năm 2024 10:00", "2 มกราคม 2567 10:00", "2/I/2024 10:00", "٢ يناير ٢٠٢٤ 10:00"),
        *("2 בינואר 2024 10:00", "2 Januari 2024 10:00", "๒ มกราคม ๒๕๖๗ 10:00"),
        *("1704189600,0", "45293,4166666667", [2024, 1, 2, 10, 0], {"year": 2024, "month": 1, "day": 2, "hour": 10}),
        {"year": 2024, "month": "JANUARY", "monthValue": 1, "dayOfMonth": 2, "hour": 10, "minute": 0},
        "datetime.datetime(2024, 1, 2, 10, 0, tzinfo=datetime.timezone.utc)",
        *({"$date": "2024-01-02T10:00:00Z"}, {"dateTime": "2024-01-02T10:00:00.0000000", "timeZone": "UTC"}),
    ],
    ids=str,
)
def test_dates_in_every_form(value: Any) -> None:
    date = parse_value(value)
    assert date is not None
    date = date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    assert abs((date - NEW_YEAR).total_seconds()) < 1


@pytest.mark.parametrize(
    "value",
    [
        *(17041032000000000000, 10**400, -5, 0, float("nan"), float("inf"), True, None, "", "NaN", "soon", "10:30"),
        *("99/99/2024", "32.01.2024", "0001-01-01T00:00:00", "9999-12-31", {}, [], "9" * 30, 1e300, {"$date": None}),
        *(
            [1, 2],
            [2024, 13, 1],
            [True, 1, 2],
            ["2024", "1"],
            {"year": 2024},
            {"month": 1, "day": 2},
            "12,5",
            [10**30, 1, 1],
        ),
    ],
    ids=repr,
)
def test_a_date_that_cannot_be_read_is_none(value: Any) -> None:
    assert parse_value(value) is None


def test_the_order_of_day_and_month_is_that_of_the_whole_table(tmp_path: Path) -> None:
    for first, month in (("25/12/2023", 2), ("12/25/2023", 1)):
        dates = [first, "01/02/2024"]
        messages = read_rows(tmp_path, *({"body": TEXT, "date": date} for date in dates))
        assert [message.date.month if message.date else None for message in messages] == [12, month]


def test_a_bad_value_costs_that_value(tmp_path: Path) -> None:
    bad = [10**25, float("nan"), {"a": [1]}, ["x"], "31.02.2024", True, "1" * 5000]
    rows = [{"body": f"{TEXT} {n}", "date": value, "from": value, "subject": value} for n, value in enumerate(bad)]
    assert [message.text for message in read_rows(tmp_path, *rows)] == [f"{TEXT} {n}" for n in range(len(bad))]
    (tmp_path / "x.jsonl").write_text('{"body": "One.", "date": ' + "9" * 6000 + '}\n{"body": "Two.", "date": NaN}\n')
    assert [message.text for message in read(tmp_path / "x.jsonl")] == ["One.", "Two."]


GRAPH = {
    "id": "AAMk",
    "internetMessageId": "<1@x>",
    "conversationId": "c1",
    "subject": "Ladder",
    "sentDateTime": "2024-01-02T10:00:00Z",
    "isDraft": False,
    "body": {"contentType": "html", "content": "<html><body><p>Bring the ladder</p>on Saturday.</body></html>"},
    "from": {"emailAddress": {"name": "Ann Roe", "address": "Ann@x.example"}},
    "toRecipients": [{"emailAddress": {"name": "Sam", "address": "sam@y.example"}}],
}


@pytest.mark.parametrize("form", ["line", "list", "response", "pretty"])
def test_objects_of_microsoft_graph(tmp_path: Path, form: str) -> None:
    other = {**GRAPH, "internetMessageId": "<2@x>", "body": {"contentType": "text", "content": "Say <b> & <br>."}}
    draft = {**GRAPH, "internetMessageId": "<3@x>", "isDraft": True}
    response = {"@odata.context": "https://graph.example", "value": [GRAPH, other, draft]}
    lines = "\n".join(json.dumps(row) for row in response["value"])
    content = {
        "line": lines,
        "list": json.dumps(response["value"]),
        "response": json.dumps(response),
        "pretty": json.dumps(response, indent=2),
    }[form]
    (tmp_path / "x.json").write_text(content)
    first, second, third = read(tmp_path / "x.json")
    assert (first.id, first.subject, first.thread, first.date) == ("1@x", "Ladder", "c1", NEW_YEAR)
    assert first.text.split() == TEXT.split()
    assert second.text == "Say <b> & <br>."
    assert first.senders == [Person("Ann Roe", "ann@x.example")]
    assert first.recipients == [Person("Sam", "sam@y.example")]
    assert [message.kinds for message in (first, second, third)] == [set(), set(), {"draft"}]


def test_objects_of_gmail_and_jmap(tmp_path: Path) -> None:
    data = base64.urlsafe_b64encode("Приходите в субботу.".encode()).decode().rstrip("=")
    part = {"mimeType": "text/plain", "body": {"data": data}}
    headers = [{"name": "From", "value": "Ann <ann@x.example>"}, {"name": "Subject", "value": "Ladder"}]
    gmail = {
        "id": "18c",
        "labelIds": ["SENT"],
        "internalDate": "1704189600000",
        "payload": {"mimeType": "multipart/mixed", "headers": headers, "parts": [part]},
    }
    jmap = {
        "id": "M1",
        "from": [{"name": "Ann", "email": "ann@x.example"}],
        "sentAt": "2024-01-02T10:00:00Z",
        "textBody": [{"partId": "1"}],
        "bodyValues": {"1": {"value": "Приходите в субботу."}},
        "keywords": {"$draft": True},
    }
    for row, sent, kinds in ((gmail, True, set()), (jmap, False, {"draft"})):
        (message,) = read_rows(tmp_path, row)
        assert (message.text, message.senders) == ("Приходите в субботу.", [Person("Ann", "ann@x.example")])
        assert (message.date, message.sent_folder, message.kinds) == (NEW_YEAR, sent, kinds)


def test_a_time_of_the_afternoon_in_korean() -> None:
    date = parse_value("2024년 1월 2일 오후 3시 05분")
    assert date == datetime(2024, 1, 2, 15, 5)


@pytest.mark.parametrize(
    "record",
    [
        {"text": "", "html": f"<p>{TEXT}</p>"},
        {"text": None, "html": f"<p>{TEXT}</p>"},
        {"body": "\n", "Body HTML": f"<html><body>{TEXT}</body></html>"},
        {"body": {"plain": "", "html": f"<p>{TEXT}</p>"}},
        {"Body": {"ContentType": "HTML", "Content": f"<p>{TEXT}</p>"}},
        {"email": "ann@x.example", "body": TEXT},
    ],
    ids=str,
)
def test_a_text_that_is_in_another_column(tmp_path: Path, record: dict[str, Any]) -> None:
    other = {"text": "", "html": "", "body": ""}
    first, second = read_rows(
        tmp_path, {"subject": "a", **record}, {"subject": "b", **{k: other.get(k) for k in record}}
    )
    assert (first.text.strip(), second.text) == (TEXT, "")


def test_an_empty_text_is_not_replaced_by_an_address(tmp_path: Path) -> None:
    (message,) = read_rows(tmp_path, {"body": "", "email": "ann@x.example", "subject": "x"})
    assert message.text == ""


@pytest.mark.parametrize(
    ("record", "person"),
    [
        ({"From": "Ann Roe", "From Email": "Ann@x.example"}, Person("Ann Roe", "ann@x.example")),
        ({"From: (Name)": "Ann Roe", "From: (Address)": "ann@x.example"}, Person("Ann Roe", "ann@x.example")),
        ({"sender": None, "from": "ann@x.example"}, Person("", "ann@x.example")),
        ({"sender": "list@y.example", "from": "Ann Roe"}, Person("", "list@y.example")),
        ({"From": {"Name": "Ann Roe", "Address": "ann@x.example"}}, Person("Ann Roe", "ann@x.example")),
        (
            {"From": {"Mailbox": {"Name": "Ann Roe", "EmailAddress": "ann@x.example"}}},
            Person("Ann Roe", "ann@x.example"),
        ),
        ({"from": [["Ann Roe", "ann@x.example"]]}, Person("Ann Roe", "ann@x.example")),
        ({"sender": "Ann Roe", "fromAddress": "ann@x.example"}, Person("Ann Roe", "ann@x.example")),
        ({"createdBy": {"type": "user", "email": "ann@x.example"}}, Person("", "ann@x.example")),
        ({"from": {"application": None, "user": {"displayName": "Ann Roe"}}}, Person("Ann Roe", "")),
        ({"from": "Ann Roe &lt;ann@x.example&gt;"}, Person("Ann Roe", "ann@x.example")),
        ({"From: (Name)": "Ann Roe", "From: (Address)": "/O=ACME/OU=FIRST/CN=AROE"}, Person("Ann Roe", "")),
        ({"Von: (Name)": "Ann Roe", "Von: (Adresse)": "ann@x.example"}, Person("Ann Roe", "ann@x.example")),
        ({"De : (nom)": "Ann Roe", "De : (adresse)": "ann@x.example"}, Person("Ann Roe", "ann@x.example")),
    ],
    ids=str,
)
def test_a_person_in_several_columns_or_values(tmp_path: Path, record: dict[str, Any], person: Person) -> None:
    (message,) = read_rows(tmp_path, {"body": TEXT, **record})
    assert message.senders == [person]


def test_a_date_that_is_in_another_column(tmp_path: Path) -> None:
    rows = [
        {"body": TEXT, "date": date, "received": "2024-01-02T10:00:00Z"} for date in (None, "", "soon", "2024-03-04")
    ]
    assert [message.date.month if message.date else None for message in read_rows(tmp_path, *rows)] == [1, 1, 1, 3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One line._x000D_\nTwo.", "One line.\nTwo."),
        ("Hi Bo,\\n\\nOne line.\\nTwo.", "Hi Bo,\n\nOne line.\nTwo."),
        ("Hi Bo,\\r\\nTwo.", "Hi Bo,\nTwo."),
        ("It is in C:\\new\\notes now", "It is in C:\\new\\notes now"),
        ("It is in .\\new or ..\\notes now", "It is in .\\new or ..\\notes now"),
        ("Well...\\nTwo.", "Well...\nTwo."),
        ("Print a \\n, then\nanother.\\n", "Print a \\n, then\nanother.\\n"),
    ],
)
def test_line_breaks_as_programs_write_them(tmp_path: Path, text: str, expected: str) -> None:
    (message,) = read_rows(tmp_path, {"body": text})
    assert message.text == expected


@pytest.mark.parametrize(
    "names",
    [
        "보낸 사람,받는 사람,제목,날짜,내용",
        "Kimden,Kime,Konu,Tarih,İleti",
        "Från,Till,Ämne,Datum,Meddelande",
        "Fra,Til,Emne,Dato,Besked",
        "Od,Komu,Předmět,Datum,Zpráva",
        "Feladó,Címzett,Tárgy,Dátum,Üzenet",
        "מאת,אל,נושא,תאריך,תוכן",
        "من,إلى,الموضوع,التاريخ,النص",
        "\u00ef\u00bb\u00bfBody,To,Subject,Date,From",
    ],
)
def test_names_of_columns_in_more_languages(tmp_path: Path, names: str) -> None:
    cells = ["ann@x.example", "bo@y.example", "Hi", "2024-01-02", TEXT]
    cells = cells[::-1] if "Body" in names else cells
    cells = [cells[0], *cells[3:0:-1], cells[4]] if "Body" in names else cells
    (tmp_path / "x.csv").write_text(f"{names}\n{','.join(cells)}\n")
    (message,) = read(tmp_path / "x.csv")
    assert (message.text, message.subject) == (TEXT, "Hi")
    assert [str(person) for person in (*message.senders, *message.recipients)] == ["ann@x.example", "bo@y.example"]
    assert message.date is not None


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("Ann <ann@x.example>; Sam <sam@y.example>", ["ann@x.example", "sam@y.example"]),
        ("Ann (Sales, North) <ann@x.example>; Sam <sam@y.example>;", ["ann@x.example", "sam@y.example"]),
        (["ann@x.example", {"email": "sam@y.example"}], ["ann@x.example", "sam@y.example"]),
        ("['ann@x.example', 'sam@y.example']", ["ann@x.example", "sam@y.example"]),
        ("frozenset({'ann@x.example'})", ["ann@x.example"]),
        ({"name": "Ann", "address": "ANN@x.example"}, ["ann@x.example"]),
        ({"value": [{"name": "Ann", "address": "ann@x.example"}], "text": "Ann"}, ["ann@x.example"]),
        (float("nan"), []),
    ],
    ids=str,
)
def test_people_as_texts_lists_and_objects(tmp_path: Path, value: Any, people: list[str]) -> None:
    (message,) = read_rows(tmp_path, {"body": TEXT, "from": value})
    assert [person.address for person in message.senders] == people


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Bring the ladder.<br>On Saturday.<br/>Thanks", "Bring the ladder.\nOn Saturday.\nThanks"),
        ("<span>Bring the <b>lad</b>der.</span>", "Bring the ladder."),
        ("<p>Bring the ladder &amp; rope.</p>\n<p>On Saturday.</p>\n", "Bring the ladder & rope.\n\nOn Saturday."),
        ("I prefer <b> to <strong>.\nWrite <br> there.\nAnd a third line.\nAnd a fourth.", None),
        ("if a < b and c > d: x", None),
        ("<3 this idea", None),
        ("<ann@x.example> wrote to me", None),
    ],
)
def test_html_in_a_column_of_text(tmp_path: Path, text: str, result: str | None) -> None:
    (message,) = read_rows(tmp_path, {"text": text})
    assert message.text == (result or text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
@pytest.mark.parametrize("form", ["csv", "sep", "tab", "jsonl"])
def test_tables_in_other_charsets_and_with_excels_first_line(tmp_path: Path, encoding: str, form: str) -> None:
    texts = ["Привезите лопату; и семена.", 'Две строки\nи "кавычки".', "Лопата"]
    delimiter = {"csv": ",", "sep": ";", "tab": "\t", "jsonl": ""}[form]
    path = tmp_path / "x"
    if form == "jsonl":
        content = "".join(json.dumps({"text": text, "to": "Анна"}, ensure_ascii=False) + "\r\n" for text in texts)
    else:
        rows = [[f'"{cell}"' for cell in (text.replace('"', '""'), "Анна")] for text in texts]
        content = "\r\n".join(delimiter.join(row) for row in [["text", "to"], *rows]) + "\r\n"
    path.write_bytes((("sep=;\r\n" if form == "sep" else "") + content).encode(encoding))
    messages = read(path)
    assert [message.text for message in messages] == texts
    assert {person.name for message in messages for person in message.recipients} == {"Анна"}


@pytest.mark.parametrize(
    ("subject", "text", "sender", "recipient", "parts", "encoding"),
    [
        ("Subject", "Body", "From", "To", ("Name", "Address", "Type"), "utf-8"),
        ("Betreff", "Text", "Von", "An", ("Name", "Adresse", "Typ"), "cp1252"),
        ("Objet", "Corps", "De ", "À ", ("nom", "adresse", "type"), "cp1252"),
        ("Onderwerp", "Hoofdtekst", "Van", "Aan", ("naam", "adres", "type"), "cp1252"),
        ("Ämne", "Brödtext", "Från", "Till", ("namn", "adress", "typ"), "cp1252"),
        ("Temat", "Treść", "Od", "Do", ("Nazwa", "Adres", "Typ"), "utf-8"),
        ("Temat", "Treść", "Od", "Do", ("Nazwa", "Adres", "Typ"), "cp1250"),
        ("Temat", "Wiadomość", "Nadawca", "Odbiorca", ("Nazwa", "Adres", "Typ"), "cp1250"),
        ("Předmět", "Zpráva", "Odesílatel", "Příjemce", ("Jméno", "Adresa", "Typ"), "cp1250"),
        ("Тема", "Текст", "От", "Кому", ("имя", "адрес", "тип"), "cp1251"),
        ("件名", "本文", "差出人", "宛先", ("名前", "アドレス", "種類"), "cp932"),
        ("主旨", "內文", "寄件者", "收件者", ("名稱", "地址", "類型"), "big5"),
    ],
)
def test_outlooks_columns_in_the_languages_of_its_users(
    tmp_path: Path, subject: str, text: str, sender: str, recipient: str, parts: tuple[str, ...], encoding: str
) -> None:
    people = [f"{person}: ({part})" for person in (sender, recipient) for part in parts]
    cells = ["Hi", TEXT, "Ann Roe", "ann@x.example", "SMTP", "Bo Li;Cy Poe", "bo@y.example;cy@z.example", "SMTP"]
    path = tmp_path / "x.csv"
    quoted = [f'"{cell}"' for cell in cells]
    path.write_bytes("\r\n".join((";".join([subject, text, *people]), ";".join(quoted), "")).encode(encoding))
    (message,) = read(path)
    assert (message.text, message.subject, message.senders) == (TEXT, "Hi", [Person("Ann Roe", "ann@x.example")])
    assert message.recipients == [Person("Bo Li", "bo@y.example"), Person("Cy Poe", "cy@z.example")]


def test_empty_lines_around_the_names_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "mail.csv"
    path.write_bytes(b"\r\nsubject;from;body\r\n\r\nKeys;ann@x.example;Come; at nine\r\nTea;sam@x.example;Yes\r\n")
    assert [mail.text for mail in read(path)] == ["Come; at nine", "Yes"]


def test_the_names_of_columns_are_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = 0
    real = columns.COLUMN_NAMES

    class Counted(dict[str, tuple[str, ...]]):
        def __getitem__(self, field: str) -> tuple[str, ...]:
            nonlocal looked_up
            looked_up += 1
            return real[field]

    monkeypatch.setattr(columns, "COLUMN_NAMES", Counted(real))
    table = _table(tmp_path, *({"Body 2": "", "Mail Body": f"Come at {hour}", "Subject 3": ""} for hour in range(50)))
    assert len(read(table)) == 50
    assert looked_up < 25


def test_a_bad_byte_and_zeros_cost_one_character_of_a_table(tmp_path: Path) -> None:
    rows = "".join(f"Лопата номер {n},Анна\n" for n in range(300)).encode()
    path = tmp_path / "x.csv"
    path.write_bytes(b"text,to\n" + rows + b"\xffGut \0\0\0\0, Anna\n")
    messages = read(path)
    assert messages[299].text == "Лопата номер 299"
    assert messages[300].text == "Gut "
    assert messages[300].repairs
    assert not messages[0].repairs


RAW = (
    "Message-ID: <1.evans@thyme>\nDate: Mon, 14 May 2001 16:39:00 -0700 (PDT)\nFrom: phil@x.example\n"
    "To: tim@x.example\nSubject: Forecast\nMime-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n"
    "Content-Transfer-Encoding: 7bit\nX-Folder: \\Phil_Jan2002_1\\Phil\\'Sent Mail\n\nHere is our forecast, Пётр.\n\n "
)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_column_that_holds_raw_messages(tmp_path: Path, line_end: str) -> None:
    path = tmp_path / "emails.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "message"])
        writer.writerow(["phil-a/_sent_mail/1.", RAW.replace("\n", line_end)])
        writer.writerow(["phil-a/deleted_items/2.", RAW.replace("<1.", "<2.").replace("\n", line_end)])
    first, second = read(path)
    assert first.text.strip() == "Here is our forecast, Пётр."
    assert (first.subject, first.senders, first.id) == (
        "Forecast",
        [Person("", "phil@x.example")],
        "1.evans@thyme",
    )
    assert (first.sent_folder, first.kinds, second.kinds) == (True, set(), {"trash"})
    encoded = base64.urlsafe_b64encode(RAW.encode()).decode()
    assert read_rows(tmp_path, {"id": "1", "raw": encoded})[0].subject == "Forecast"


def test_a_text_that_quotes_a_header_is_no_raw_message(tmp_path: Path) -> None:
    text = "From: Sam <sam@y.example>\nTo: Ann\nSubject: Ladder\n\nSee what Sam writes."
    (item,) = readers.read([_table(tmp_path, {"from": "ann@x.example", "text": text})], "auto", {})
    assert not isinstance(item, RawMessage)


def _table(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_error_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text,to\nOne,a@x.example\nTwo,b@x.example,too,many\n")
    _, wrong = readers.read([tmp_path / "x.csv"], "auto", {})
    assert isinstance(wrong, Unreadable)
    assert "4 fields in 2 columns" in wrong.reason
    assert "'too'" in wrong.reason
    (tmp_path / "y.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ArchiveError, match=r"set data\.columns\.text to the column of mail text; its columns: a, b"):
        readers.archive_files([tmp_path / "y.csv"], "auto", {})
    with pytest.raises(ArchiveError, match=r"set data\.columns\.text to the column of mail text; its columns: a, b"):
        read_rows(tmp_path, {"a": 1, "b": 2})


def test_a_table_of_other_things_beside_the_mail_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"a": 1, "b: c": [2]}\n')
    _table(tmp_path, {"text": TEXT})
    stats = readers.ReadStats()
    (message,) = readers.read([tmp_path], "auto", {}, stats)
    assert isinstance(message, ParsedMessage)
    assert stats.passed_over == {"settings.json": "a table without mail text (a, b: c)"}
    assert +stats.formats == {"jsonl": 1}


def test_long_names_of_columns_take_time_in_proportion() -> None:
    begin = time.process_time()
    assert columns.person_of("Von" + " " * 100_000 + "x") == ""
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        *(
            ("Automatická odpověď: Ladder", "vacation"),
            ("自動応答: Ladder", "vacation"),
            ("Risposta automatica: x", "vacation"),
        ),
        *(("Přijato: Ladder", "calendar"), ("承諾：Ladder", "calendar"), ("Abgelehnt: Ladder", "calendar")),
        *(("Læst: Ladder", "receipt"), ("已读: Ladder", "receipt"), ("Undeliverable: Ladder", "bounce")),
        *(("Out of Office: Ladder", "vacation"), ("Out of the office, Friday, September 29", None)),
        *(("Abwesenheitsnotiz: Ladder", "vacation"), ("Abwesenheit am Freitag", None), ("Letting the ladder", None)),
    ],
)
def test_what_a_row_is_by_its_subject(tmp_path: Path, subject: str, kind: str | None) -> None:
    (mail,) = read_rows(tmp_path, {"from": "ann@x.example", "subject": subject, "body": TEXT})
    assert mail.kinds == ({kind} if kind else set())


def test_an_answer_to_an_invitation_in_microsoft_graph(tmp_path: Path) -> None:
    row = {"subject": "Ladder", "body": {"contentType": "text", "content": TEXT}}
    answer, mail = read_rows(
        tmp_path, row | {"meetingMessageType": "meetingAccepted"}, row | {"meetingMessageType": "none"}
    )
    assert (answer.kinds, mail.kinds) == ({"calendar"}, frozenset())


RECORDS_OF_CHATS = {
    "Slack": {"type": "message", "user": "U01", "ts": "1712000000.000100", "text": TEXT},
    "Telegram": {"id": 1, "date": "2024-04-01", "from": "Ann", "from_id": "user1", "text": TEXT, "text_entities": []},
    "Facebook": {"sender_name": "Ann", "timestamp_ms": 1711965600000, "content": TEXT},
    "Discord": {"id": "1", "type": "Default", "timestamp": "2024-04-01", "content": TEXT, "author": {"name": "ann"}},
    "Google Chat": {"creator": {"name": "Ann"}, "created_date": "x", "text": TEXT, "topic_id": "1"},
    "Teams": {"chatId": "1", "messageType": "message", "body": {"content": TEXT}, "from": {"user": {}}},
    "language model": {"role": "user", "content": TEXT},
}


@pytest.mark.parametrize("program", RECORDS_OF_CHATS)
@pytest.mark.parametrize("is_list", [True, False])
def test_chats_are_no_mail(tmp_path: Path, program: str, is_list: bool) -> None:
    record = RECORDS_OF_CHATS[program]
    data = json.dumps({"name": "choir", "messages": [record, record]}) if is_list else f"{json.dumps(record)}\n" * 2
    (tmp_path / "chat.json").write_text(data)
    with pytest.raises(ArchiveError, match=rf"a chat, as of .*{program}.*set data.columns.text"):
        read(tmp_path / "chat.json")
    column = "body" if program == "Teams" else "text" if "text" in record else "content"
    assert [mail.text for mail in read(tmp_path / "chat.json", text=column)] == [TEXT, TEXT]
    (tmp_path / "mail.jsonl").write_text(json.dumps({"from": "ann@x.example", "text": "Come at nine."}))
    assert [mail.text for mail in read(tmp_path)] == ["Come at nine."]


def test_mail_with_some_fields_of_chats_is_mail(tmp_path: Path) -> None:
    row = {"user": "u1", "ts": 1711965600, "type": "sent", "to": "bo@y.example", "text": TEXT}
    assert [mail.text for mail in read_rows(tmp_path, row)] == [TEXT]


@pytest.mark.parametrize("line", [",Unnamed: 0,file,message", "Unnamed: 0,file,message"])
def test_a_table_of_whole_messages_whose_first_line_looks_like_a_field(tmp_path: Path, line: str) -> None:
    message = "From: Ann <ann@x.example>\nTo: bo@y.example\nSubject: Hi\nMessage-ID: <{0}@x>\n\n" + TEXT + "\n"
    index = "{0}," * line.startswith(",")
    rows = "".join((index + '{0},sent/{0}.,"' + message + '"\n').format(number) for number in range(3))
    (tmp_path / "emails.csv").write_text(f"{line}\n{rows}")
    messages = read(tmp_path / "emails.csv")
    assert [mail.id for mail in messages] == ["0@x", "1@x", "2@x"]


def test_json_in_a_text_of_json(tmp_path: Path) -> None:
    rows = [{"from": "ann@x.example", "to": "bo@y.example", "body": f"{TEXT}\nIt is late."}] * 2
    (tmp_path / "x.json").write_text(json.dumps(json.dumps(rows)))
    (tmp_path / "y.jsonl").write_text("".join(json.dumps(json.dumps(row)) + "\n" for row in rows))
    for name in ("x.json", "y.jsonl"):
        assert [mail.text for mail in read(tmp_path / name)] == [f"{TEXT}\nIt is late."] * 2
    nested = json.dumps(rows)
    for _ in range(5):
        nested = json.dumps(nested)
    (tmp_path / "z.json").write_text(nested)
    with pytest.raises(ArchiveError):
        readers.archive_files([tmp_path / "z.json"], "auto", {})


@pytest.mark.parametrize("delimiter", ["^", "~"])
def test_rare_delimiters(tmp_path: Path, delimiter: str) -> None:
    rows = [["from", "to", "body"], ["ann@x.example", "bo@y.example", TEXT]]
    (tmp_path / "x.csv").write_text("".join(delimiter.join(row) + "\n" for row in rows))
    assert [mail.text for mail in read(tmp_path / "x.csv")] == [TEXT]
