import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from email_assistant.archive import cleaning, signatures
from email_assistant.archive.code_blocks import strip_code
from email_assistant.archive.footers import strip_armor, strip_footers
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.paragraphs import collapse_spaces, unwrap
from email_assistant.archive.quotes import own_words, split
from email_assistant.archive.signatures import SignatureProfile

OLD = "the old text\nof the other one"
MARKED = "> the old text\n> of the other one"


@pytest.mark.parametrize(
    "attribution",
    [
        # Gmail, Apple Mail, Thunderbird, Outlook, Yahoo, Yandex, Mail.ru, The Bat! in their languages.
        "On Tue, May 3, 2022 at 5:00 PM Jane Roe <jane@x.example> wrote:",
        "On 3 May 2022, at 17:00, Jane Roe wrote:",
        "On 05/03/2022 05:00 PM, Jane Roe wrote:",
        "On Tuesday, May 3rd, 2022 at 17:00, Jane Roe <jane@x.example>\nwrote:",
        "---- On Tue, 03 May 2022 17:00:00 +0200 jane@x.example wrote ----",
        "Am Di., 3. Mai 2022 um 17:00 Uhr schrieb Jane Roe <jane@x.example>:",
        "Am 03.05.22 um 17:00 schrieb Jane Roe:",
        "Jane Roe <jane@x.example> schrieb am Di., 3. Mai 2022, 17:00:",
        "Le mar. 3 mai 2022 à 17:00, Jane Roe <jane@x.example> a écrit :",
        "Le 03/05/2022 à 17:00, Jane Roe a écrit :",
        "El mar, 3 may 2022 a las 17:00, Jane Roe (<jane@x.example>) escribió:",
        "Il giorno mar 3 mag 2022 alle ore 17:00 Jane Roe <jane@x.example>\nha scritto:",
        "Em ter., 3 de mai. de 2022 às 17:00, Jane Roe <jane@x.example>\nescreveu:",
        "Op di 3 mei 2022 om 17:00 schreef Jane Roe <jane@x.example>:",
        "wt., 3 maj 2022 o 17:00 Jane Roe <jane@x.example> napisał(a):",
        "W dniu 03.05.2022 o 17:00, Jane Roe pisze:",
        "вт, 3 трав. 2022 р. о 17:00 Іван Ко <i@x.example> пише:",
        "3 мая 2022 г., в 17:00, Иван Ко <i@x.example> написал(а):",
        "вт, 3 мая 2022 г. в 17:00, Иван Ко <i@x.example>:",
        '03.05.2022, 17:00, "Иван Ко" <i@x.example>:',
        "Вторник, 3 мая 2022, 17:00 +03:00 от Иван Ко <i@x.example>:",
        "Здравствуйте, Иван.\n\nВы писали 3 мая 2022 г., 17:00:00:",
        "Den tis 3 maj 2022 kl 17:00 skrev Jane Roe <jane@x.example>:",
        "Dne út 3. 5. 2022 17:00 uživatel Jane Roe <jane@x.example> napsal:",
        "2022年5月3日(火) 17:00 Jane Roe <jane@x.example>:",
        # Languages that have no locale.
        "Dana 3. 5. 2022. u 17:00, Jane Roe <jane@x.example> je napisao:",
        "בתאריך יום ג׳, 3 במאי 2022 ב-17:00 מאת \u202aJane\u202c <\u202ajane@x.example\u202c>:",
    ],
)
def test_a_full_attribution_ends_the_authors_words_with_or_without_marks(attribution: str) -> None:
    own = "Да, конечно." if "Здравствуйте" in attribution else "Yes, of course."
    greeting = "Здравствуйте, Иван." if "Здравствуйте" in attribution else ""
    assert own_words(f"{own}\n\n{attribution}\n{MARKED}").replace(greeting, "").strip() == own
    assert own_words(f"{own}\n\n{attribution}\n\n{OLD}").replace(greeting, "").strip() == own
    assert own_words(f"{attribution}\n\n{MARKED}\n\n{own}").replace(greeting, "").strip() == own


@pytest.mark.parametrize(
    "block",
    [
        "From: Jane Roe [mailto:jane@x.example]\nSent: Tuesday, May 3, 2022 5:00 PM\nTo: Me\nSubject: Lunch",
        "*From:* Jane Roe <jane@x.example>\n*Sent:* Tuesday\n*To:* Me\n*Subject:* Lunch",
        "Von: Jane Roe\nGesendet: Dienstag, 3. Mai 2022 17:00\nAn: Mich\nBetreff: Essen",
        "De : Jane Roe\nEnvoyé : mardi 3 mai 2022 17:00\nÀ : Moi\nObjet : Midi",
        "De: Jane Roe\nEnviado el: martes, 3 de mayo de 2022 17:00\nPara: Mi\nAsunto: Comida",
        "Da: Jane Roe\nInviato: martedì 3 maggio 2022 17:00\nA: Me\nOggetto: Pranzo",
        "De: Jane Roe\nEnviada em: terça-feira, 3 de maio de 2022 17:00\nPara: Mim\nAssunto: Almoço",
        "Van: Jane Roe\nVerzonden: dinsdag 3 mei 2022 17:00\nAan: Mij\nOnderwerp: Lunch",
        "Od: Jane Roe\nWysłano: wtorek, 3 maja 2022 17:00\nDo: Ja\nTemat: Obiad",
        "Від: Іван Ко\nНадіслано: вівторок, 3 травня 2022 17:00\nКому: Мені\nТема: Обід",
        "От: Иван Ко\nОтправлено: вторник, 3 мая 2022 17:00\nКому: Мне\nТема: Обед",
        "-----Original Message-----\n\nno header at all",
        "-------- Исходное сообщение --------\nОт: Иван",
        "-----Ursprüngliche Nachricht-----",
        "---------- Forwarded message ---------",
        "---------------------- Forwarded by Jane Roe/HOU on 05/03/2001\n05:00 PM ---------------------------",
        "________________________________\nFrom: Jane\nSent: Monday\nTo: Me",
        "Jane Roe\n05/03/2001 05:00 PM\nTo:\tMe\ncc:\t\nSubject:\tLunch",
        # Labels that no table has: an address and a moment say enough.
        "Mittens: Jane <jane@x.example>\nWhenne: 2022-05-03 17:00\nWhome: me@x.example",
    ],
)
def test_everything_below_a_header_block_is_quoted(block: str) -> None:
    assert own_words(f"Yes, of course.\n\n{block}\n\n{OLD}") == "Yes, of course."


@pytest.mark.parametrize(
    "text",
    [
        "On Tuesday I wrote to the council. On 3 May 2020 they wrote back. Nothing came of it.",
        "On Tuesday the committee wrote:\n\nWe regret it.\n\nI do not.",
        "On 3 May 2022 the court wrote:\n\nThe claim is void.\n\nThat settles it.",
        "On 3 May 2022 at 10:00 Jane wrote me that I should do the following:\n\nwait.",
        "He wrote: nothing.\nShe wrote: less.",
        "From: London\nTo: Paris\nDate: 5 May\n\nPlease book it.",
        "From: London\nTo: Paris\nDate: 5 May 2022, 10:00\n\nPlease book it.",
        "Contact: jane@x.example\nWhen: 2022-05-03 17:00\nWhere: the dock\n\nDo come.",
        "And then you said:\n\nnothing.",
        "Date: Wednesday 3 October\nTime: 7:00\nAddress: 130 Fox St\n\nPlease come.",
        "See what I mean?\n>>> >>> here <<<\nThat.",
        "В среду он писал:\n\nничего.\n\nИ правда.",
        "Am Dienstag schrieb ich ihr, dass es so nicht geht:\n\nkeine Antwort.",
        "To: be or not. From: here to there. Subject: to change.",
    ],
)
def test_sentences_that_look_like_quotes_are_kept(text: str) -> None:
    assert own_words(text) == text


def test_inline_answers_keep_their_order_and_lose_wrapped_ends_of_quotes() -> None:
    text = (
        "On 3 May 2022 at 10:00, Jane <j@x.example> wrote:\n"
        "> Shall we take the early train or should we rather wait for the later one that\n"
        "stops everywhere?\n> And who drives?\nThe early one.\n> Bye\nMe."
    )
    assert own_words(text) == "The early one.\nMe."


def test_a_marked_forward_ends_with_its_marks() -> None:
    text = "Hello\n\nBegin forwarded message:\n\n> From: Jane <j@x.example>\n> Subject: x\n>\n> old\n\nMine again."
    assert own_words(text) == "Hello\n\nMine again."


def test_initials_before_the_mark_are_quotes() -> None:
    assert own_words("Привет!\n\nИК> Как дела?\nИК> Пиши.\n\nХорошо.") == "Привет!\n\nХорошо."
    assert own_words("A> b is a comparison in C.") == "A> b is a comparison in C."


def test_the_context_has_no_marks_and_no_inner_quotes() -> None:
    parts = split("Yes.\n\nOn 3 May 2022 at 10:00, Jane <j@x.example> wrote:\n> Shall we?\n>> Older.\n> Jane")
    assert parts.context() == "Shall we?\nJane"
    assert split("Only my words.").quoted == ()
    assert split("FYI\n\n---------- Forwarded message ---------\nFrom: Jane\n\nRead this.").forwarded


@pytest.mark.parametrize(
    "html",
    [
        '<div>Yes.</div><div class="gmail_quote"><div class="gmail_attr">On x Jane wrote:</div>'
        '<blockquote class="gmail_quote">No?</blockquote></div>',
        '<p>Yes.</p><blockquote type="cite"><div>On 3 May 2022, at 10:00, J wrote:</div>No?</blockquote>',
        '<p>Yes.</p><div class="moz-cite-prefix">On x, J wrote:<br></div><blockquote type="cite">No?</blockquote>',
        '<p>Yes.</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> J</div><p>No?</p>',
        '<p>Yes.</p><div style="border:none;border-top:solid #B5C4DF 1.0pt"><p><b>From:</b> J &lt;j@x.example&gt;<br>'
        "<b>Sent:</b> Tuesday<br><b>To:</b> Me<br><b>Subject:</b> Lunch</p></div><p>No?</p>",
        '<p>Yes.</p><div>03.05.2022, 10:00, "И" &lt;i@x.example&gt;:</div><blockquote>No?</blockquote>',
        "<p>Yes.</p><span id=OLK_SRC_BODY_SECTION><p>No?</p></span>",
    ],
)
def test_quotes_of_mail_programs_in_html_are_removed(html: str) -> None:
    assert own_words(html_to_text(html)) == "Yes."


def test_answers_between_html_quotes_are_kept() -> None:
    html = (
        '<div class="gmail_quote"><div>On 3 May 2022 at 10:00 J &lt;j@x.example&gt; wrote:</div>'
        '<blockquote class="gmail_quote">First?</blockquote><div>Yes.</div>'
        '<blockquote class="gmail_quote">Second?</blockquote><div>No.</div></div>'
    )
    assert own_words(html_to_text(html)).split() == ["Yes.", "No."]
    assert own_words(html_to_text("<p>A poem:</p><blockquote>Roses</blockquote>")).split() == ["A", "poem:", "Roses"]


@pytest.mark.parametrize(
    ("footer", "kind"),
    [
        ("Sent from my iPhone", "device"),
        ("Von meinem iPhone gesendet", "device"),
        ("Envoyé de mon iPhone", "device"),
        ("Отправлено с iPhone", "device"),
        ("Get Outlook for iOS<https://aka.ms/o0ukef>", "device"),
        ("_______________________________________________\nTalk mailing list\nTalk@x.example", "list"),
        (
            "This message is confidential and intended only for the addressee. If you received it in error,\n"
            "please delete it and inform the sender.",
            "disclaimer",
        ),
        (
            "Это сообщение конфиденциально и предназначено только адресату. Если вы получили его по ошибке,\n"
            "удалите его и сообщите отправителю.",
            "disclaimer",
        ),
    ],
)
def test_footers_are_cut_with_their_kind(footer: str, kind: str) -> None:
    lines, kinds = strip_footers(f"Hello there.\n\nCheers, W\n\n{footer}".split("\n"))
    assert "\n".join(lines).strip() == "Hello there.\n\nCheers, W"
    assert kinds == {kind}


@pytest.mark.parametrize(
    "text",
    [
        "Sent from my desk, is much easier than from a phone.",
        "I sent this in confidence to the addressee, that is you.",
        "The mailing list is dead, long live the list.",
    ],
)
def test_sentences_similar_to_footers_are_kept(text: str) -> None:
    assert strip_footers(["Hello.", "", text])[0] == ["Hello.", "", text]


def test_armor_is_cut_and_the_signed_text_kept() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello.\n- -- a dash\n- From now on.\n"
        "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
    )
    stripped, signed = strip_armor(text)
    assert (stripped.strip(), signed) == ("Hello.\n-- a dash\nFrom now on.", True)


def test_a_signature_below_the_name_is_cut_and_the_sign_off_kept() -> None:
    texts = [
        f"Mail {n} says this.\n\nBest wishes,\nAda Example\nChief of Lamps\nACME\n+44 20 7946 0018" for n in range(9)
    ]
    learned = signatures.learn(texts, ["Ada Example"])
    assert cleaning.finish(texts[3], learned) == "Mail 3 says this.\n\nBest wishes,\nAda Example"
    postscript = f"{texts[3]}\n\nPS: Bring the lamp oil, would you?"
    assert "PS: Bring" in cleaning.finish(postscript, learned)


def test_recurring_sentences_and_sign_offs_are_kept() -> None:
    texts = [f"Mail {number} says this.\n\nPlease call if in doubt.\nThanks.\nAda" for number in range(30)]
    learned = signatures.learn(texts, ["Ada"])
    assert cleaning.finish(texts[0], learned) == texts[0]
    assert learned.sign_offs["Ada"] == 30


def test_a_recurring_last_paragraph_is_cut() -> None:
    notice = "The lamps of the wharf are lit by hand and no keeper answers for any ship that " + "passes by " * 5
    texts = [f"Mail {number}.\n\nAda\n\n{notice}" for number in range(10)]
    assert cleaning.finish(texts[0], signatures.learn(texts)) == "Mail 0.\n\nAda"


def test_code_is_cut_and_prose_about_code_kept() -> None:
    text = (
        "Try this:\n\nfor (i = 0; i < n; i++) {\n    sum += a[i];\n}\n\nand tell me.\n\n"
        "$ make test\n$ ./run --fast\n\n"
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n\nThe export case obj->buf points nowhere."
    )
    lines, had_code = strip_code(text.split("\n"))
    assert [line for line in lines if line] == ["Try this:", "and tell me.", "The export case obj->buf points nowhere."]
    assert had_code
    assert strip_code(["I am (rather) sure; it works."]) == (["I am (rather) sure; it works."], False)


@pytest.mark.parametrize(
    "text",
    [
        "Нужно:\n– размер вывески;\n– цвет букв;\n– срок.",
        "Замены:\n2-й урок, 7А — Сидорчук;\n3-й урок, 8Б — Петрова;\n4-й урок — окно.",
        "С собой:\n- ключи;\n- a_b@x.example, почта Зины;\n- цена [итог] = 300 р;\nи всё.",
        "стол (дубовый);\nстул (2 шт.);",
        "Please bring:\n- the rope;\n- red glass, curved;\n- oil.",
        "You need:\nred glass;\nthick rope;\nlamp oil.",
        "Lesson 2, 7A — Smith;\nLesson 3, 8B - Jones;",
        "a) rope;\nb) lamp;\n1. oil;\n2. tin;",
        "  rope;\n  lamp;",
    ],
)
def test_lists_with_semicolons_are_not_code(text: str) -> None:
    assert strip_code(text.split("\n")) == (text.split("\n"), False)


@pytest.mark.parametrize(
    "code",
    [
        'int i;\nint n;\nprintf("Привет");\nbreak;',
        "x = 1; // счётчик\ny = 2; // ещё",
        "float x;\nfloat y;\nx = f(y);\nbreak;",
        "for (;;) {\n    rope;\n}",
        "BEGIN;\nUPDATE a SET b=1;\nCOMMIT;",
        "Сообщить(Текст);\nСумма = Цена * 2;",
        "UPDATE a SET b='Зина';\nUPDATE a SET b='Ада';",
    ],
)
def test_code_with_plain_or_cyrillic_words_is_code(code: str) -> None:
    assert strip_code(["See:", *code.split("\n"), "Bye"]) == (["See:", "Bye"], True)


def test_wrapped_paragraphs_are_rejoined() -> None:
    wrapped = (
        "Dear Ada,\n\nthe lamps that you sent arrived on Tuesday and are of the kind that we\n"
        "had hoped for; the oil however is not, and the wicks are too short by the\nwidth of a thumb.\n\nYours,\nWill"
    )
    whole = (
        "Dear Ada,\n\nthe lamps that you sent arrived on Tuesday and are of the kind that we had hoped for; the oil "
        "however is not, and the wicks are too short by the width of a thumb.\n\nYours,\nWill"
    )
    assert unwrap(wrapped) == whole
    assert unwrap(whole) == whole
    hanging = (
        "The lamps that you sent on Tuesday, or so I am told at the gate,\n  are dry.  They smoke when the wind blows "
        "from the west.\n  Shall I send them back, or wait for the man who trims them, and who is\n  away until May?"
    )
    assert unwrap(hanging) == (
        "The lamps that you sent on Tuesday, or so I am told at the gate, are dry.  They smoke when the wind blows "
        "from the west.\n  Shall I send them back, or wait for the man who trims them, and who is away until May?"
    )


@pytest.mark.parametrize(
    ("left", "closed"),
    [
        ("I would like  to see the  North pier.", "I would like to see the North pier."),
        ("The rope is dry.  Bring it!  Today:  no later.", "The rope is dry.  Bring it!  Today:  no later."),
        ('He said "no."  Then (so I heard)  he left.\n  Ada', 'He said "no."  Then (so I heard)  he left.\n  Ada'),
        ("rope  12    wet\ntin  3\tdry", "rope  12    wet\ntin  3\tdry"),
    ],
)
def test_double_spaces_within_sentences_are_collapsed(left: str, closed: str) -> None:
    assert collapse_spaces(left) == closed


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("It is dry.\u034f\u200c \u034f\u200c", "It is dry."),
        ("Bring\u200c the lad\u00adder.", "Bring the ladder."),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200cष", "क्\u200cष"),
    ],
)
def test_characters_that_fill_up_a_preview_are_no_text(text: str, clean: str) -> None:
    assert cleaning.strip_quotes_and_footers(text, drop_code=False).text == clean


def test_special_spaces_become_ordinary_spaces() -> None:
    stripped = cleaning.strip_quotes_and_footers("It is dry.\u00a0 Bring\u00a0it.\ufeff\u200b", drop_code=False)
    assert stripped.text == "It is dry.  Bring it."


@pytest.mark.parametrize(
    "text",
    [
        "Roses are red, and so they say,\nviolets are blue on a summer's day,\nsugar is sweet in its own sweet way.",
        "To buy:\n- a lamp of the good kind that does not smoke when the wind blows west\n- oil\n- wicks",
        "1. Take the early train from the second platform, not the first one.\n2. Get off at the end.\n3. Walk.",
        "We shall see you at the station on Friday, and I bring all of the maps.\nBye\nWill",
        "Name      Price   Number\nlamp      2.00    3\noil       1.00    12",
        "The name of every lamp that we have, as on the list  Price   Number\n  lamp that smokes  2.00    3",
        "We shall see you at the station,\n  and I bring all of the maps",
    ],
)
def test_lists_verse_and_intended_line_breaks_are_kept(text: str) -> None:
    assert unwrap(text) == text


PIECES = st.sampled_from(
    [
        *("Yes.", "no", "", " ", ">", "> quoted", ">> deeper", "-- ", "__", "—", "From: x", "Subject: y", "wrote:"),
        *("On 3 May 2022 at 10:00, Jane <j@x.example> wrote:", "-----Original Message-----", "* ", "$ ls", "}"),
        *("Sent from my iPhone", "_" * 40, "\u200e", "От: Иван", "Кому: мне", "🎉", "```", "a" * 300, "\t", "\x00"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=40), max_size=40))
def test_no_marked_line_is_left_in_any_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    stripped = cleaning.strip_quotes_and_footers(text, drop_code=True, with_context=True)
    result = cleaning.finish(stripped.text, SignatureProfile(names=frozenset({"ada"})))
    assert not any(line.startswith(">") and not line.rstrip().endswith("<") for line in stripped.text.split("\n"))
    assert len(result.split()) <= len(text.split())


@pytest.mark.parametrize(
    "hostile",
    [
        "-" * 200_000,
        "> " * 100_000,
        "From: " * 50_000,
        "a" * 1_000_000,
        "wrote:\n" * 50_000,
        "On 3 May 2022 at 10:00, Jane <j@x.example> wrote:\n" * 5_000,
        "* x\n" * 100_000,
        "x@" * 100_000,
        "=" * 50 + "\n" + "From: a@b.example\n" * 20_000,
        "( " * 100_000,
        " \n" * 300_000,
        "a b " * 200_000,
        ">" * 200_000,
        ">>> Jane Roe 3 >>>" + " " * 200_000 + "x",
        "Hi\n--\nJane\nLamps" + " " * 200_000 + "x",
        "www." * 50_000 + "\nAda\nTel. 030 1234567",
        "Hi\n\nTo " + ":" * 200_000 + " x\n   5ce2b67..dc98a8b  main -> main",
        "TO: " + "a" * 200_000 + "\nFROM: ada\nDATE: 6 Oct 2014\nSUBJECT: Hi\n\nHello",
        "commit 5ce2b67f5e4ba0f5\nAuthor: " + "a" * 200_000 + "\nDate: today\n\n    Hi",
        "--\n" * 40_000,
        "-----\nunsubscribe www.x\n\n" * 5_000,
        "Answers below.\nFrom: a@b.example\nSent: 3 May 2022 10:00\nTo: me\n" + "[ada] x\n" * 20_000,
        "Hi\n" + "begin:vcard\n" * 20_000,
        "Ada\n+44 20 7946 0000\n" + '"a' * 100_000,
        " | " * 60_000 + "!",
        "mailing list" + "." * 200_000 + "a",
    ],
    ids=range(26),
)
def test_hostile_texts_are_cleaned_in_bounded_time(hostile: str) -> None:
    started = time.process_time()
    stripped = cleaning.strip_quotes_and_footers(hostile, drop_code=True, with_context=True, authors=("ada",))
    cleaning.finish(stripped.text, SignatureProfile(names=frozenset({"ada"})))
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    "listing",
    [
        "➜  src git:(main) make lamp\nmake: *** No rule to make target 'lamp'.  Stop.",
        'Traceback (most recent call last):\n  File "<stdin>", line 1, in <module>\nModuleNotFoundError: No lamp',
        "type\n  lamp = record;\n  wick = record;",
    ],
)
def test_a_prompt_with_an_arrow_a_traceback_and_declarations_are_cut(listing: str) -> None:
    stripped = cleaning.strip_quotes_and_footers(f"See:\n\n{listing}\n\nCould you look?", drop_code=True)
    assert stripped.text == "See:\n\nCould you look?"
