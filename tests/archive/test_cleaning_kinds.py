"""Small mails of kinds that are rare in archives: each is cleaned as `stage=data` does it."""

from pathlib import Path

import pytest
from owner_mail import mail

from email_assistant.archive import cleaning
from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.messages import Person
from email_assistant.archive.quotes import own_words
from email_assistant.archive.selection import read_and_select
from email_assistant.archive.selection_steps import SelectionRules
from email_assistant.archive.signatures import SignatureProfile, is_signature, strip_signature

ANN = SignatureProfile(names=frozenset({"ann", "roe"}))
AUTHOR = ("ann roe", "ann@x.example")
DIFF = "--- a/lamp.c\n+++ b/lamp.c\n@@ -1,3 +1,3 @@\n int a;\n-int up;\n+int down;\n int b;"
FULL = "On Mon, Oct 06, 2014 at 10:15:00AM +0200, Sam Poe wrote:"


def cleaned(text: str) -> str:
    return cleaning.finish(cleaning.strip_quotes_and_footers(text, drop_code=True, authors=AUTHOR).text, ANN)


@pytest.mark.parametrize(
    "attribution",
    [
        "on monday sam poe wrote:",
        "Sam Poe added the comment:",
        "In article <1234@news.x.example>, Sam Poe <sam@x.example> says:",
        "* Sam Poe <sam@x.example> [141006 10:15]:",
        "Sam Poe <sam@x.example> [2014-10-06 10:15:00]:",
        "(In reply to Sam Poe from comment #4)",
        "(In reply to Sam Poe (away until May) from comment #4)",
    ],
)
def test_an_attribution_above_marked_lines_is_cut(attribution: str) -> None:
    assert own_words(f"Yes, nine.\n\n{attribution}\n> Shall I come?\n\nBye") == "Yes, nine.\n\nBye"


def test_an_own_line_that_says_something_is_no_attribution() -> None:
    assert own_words("the page says:\n> Trim the wick.").startswith("the page says:")


@pytest.mark.parametrize(
    "header",
    [
        ">>> Sam Poe <sam@x.example> 10/6/2014 10:15 AM >>>\nShall I come?",
        "  On Mon, Oct 6, 2014 at 10:15, Sam Poe<sam@x.example> wrote:   Shall I come?",
        "---- Sam Poe schrieb ----\n\nShall I come?",
        "---- Sam a écrit ----\n\nShall I come?",
        "On Behalf Of Sam Poe\nSent: Monday, October 6, 2014 10:15 AM\nTo: lamps@x.example\nSubject: Nine?\n\nShall I?",
    ],
)
def test_what_is_below_a_header_of_rare_form_is_quoted(header: str) -> None:
    assert own_words(f"Yes, nine.\n\n{header}\n\nSam") == "Yes, nine."


@pytest.mark.parametrize(
    "lines",
    [
        "---- I wrote ----\n\nNothing.",
        "---- what Sam wrote ----\n\nNothing.",
        "(In reply to your letter)\n\nNine is fine.",
        "From: the hill\nTo: the sea\nDate: no one knows\nSubject: two old friends",
        "Date: somewhere in spring\nTo: whom it may concern\nFrom: the roof\nSubject: rain",
    ],
)
def test_own_lines_similar_to_headers_of_rare_form_are_kept(lines: str) -> None:
    assert own_words(f"Yes, nine.\n\n{lines}\n\nSam") == f"Yes, nine.\n\n{lines}\n\nSam"


def test_a_sentence_above_a_header_is_no_part_of_it() -> None:
    header = "Från: Sam Poe <sam@x.example>\nSkickat: den 6 oktober 2014 10:15\nTill: Ann\nÄmne: Nio\n\nHej"
    assert own_words(f"Hej!\n\nFör protokollet, här är brevet\n{header}") == "Hej!\n\nFör protokollet, här är brevet"
    assert own_words(f"Hej!\n\nför Anna Roe\n{header}") == "Hej!"


def test_marked_lines_below_a_line_of_groupwise_do_not_end_the_own_words() -> None:
    text = ">>> Sam Poe <sam@x.example> 10/6/2014 10:15 AM >>>\n> Shall I come?\n\nYes, nine."
    assert own_words(text) == "Yes, nine."


@pytest.mark.parametrize(
    "lines",
    [
        "Name: Ann Roe\nE-mail: ann@x.example\nDate: 6 October 2014\nTo: the committee\nSubject: Use of the hall",
        "To: tom@x.example\nDate: Mon, 6 Oct 2014 10:15:00 +0200\nReason: no such host",
    ],
)
def test_labels_without_a_sender_are_no_header(lines: str) -> None:
    text = f"Hi Tom,\n\nlook at this:\n\n{lines}\n\nI misspelled it.\n\nAnn"
    assert cleaned(text) == text


def test_the_head_of_a_memo_by_the_author_is_kept() -> None:
    text = "TO:      All members\nFROM:    Ann Roe\nDATE:    October 6, 2014\nSUBJECT: The fair\n\nIt begins at nine."
    assert cleaned(text) == text
    assert cleaned(text.replace("Ann Roe", "Sam Poe")) == ""


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"From: Ann Roe <ann@work.example>\n\nThe wick is too long.\n---\n{DIFF}", "The wick is too long."),
        (f"From: Sam Poe <sam@x.example>\n\nThe wick is too long.\n---\n{DIFF}", ""),
        (f"# HG changeset patch\n# User Ann Roe <ann@x.example>\n# Date 1 0\nTrim it.\n\n{DIFF}", "Trim it."),
        (f"So:\n\n# HG changeset patch\n# User Sam Poe <sam@x.example>\n# Date 1 0\nTrim it.\n\n{DIFF}", "So:"),
        (f"How about this?\n\n{DIFF.replace('a/', 'old/').replace('b/', 'new/')}\n\nAnn", "How about this?\n\nAnn"),
        (
            "Applied, thanks!\n\n[1/2] lamp: trim it\n      commit: 5ce2b67f5e4ba0f5\n[2/2] lamp: light it\n"
            "      https://git.x.example/c/dc98a8bfe2a1",
            "Applied, thanks!",
        ),
        (
            "Pushed:\n\nTo git.x.example:lamp.git\n   5ce2b67..dc98a8b  main -> main\n\n[main 7e23e13] lamp\n\n"
            "Tell me if it works.",
            "Pushed:\n\nTell me if it works.",
        ),
    ],
)
def test_what_git_and_mercurial_write_is_cut(text: str, own: str) -> None:
    assert cleaned(text) == own


def test_a_numbered_remark_in_brackets_is_not_what_b4_writes() -> None:
    text = "[1/2] is fine.\n[2/2] is not: see https://x.example/1."
    assert cleaned(text) == text


@pytest.mark.parametrize(
    "signature",
    [
        "————————\nAnn Roe\nLampen GmbH · Mühlweg 3 · 01234 Dorf · Telefon 4711\nwww.lampen.example",
        "— — —\nAnn Roe | Lamps Ltd. | +44 20 7946 0000",
        "***\nAnn Roe\nhttp://ann.x.example/",
    ],
)
def test_a_signature_below_a_rule_is_cut(signature: str) -> None:
    assert cleaned(f"Hi Sam,\n\nfine with me.\n\n{signature}") == "Hi Sam,\n\nfine with me."


def test_a_list_below_two_dashes_is_kept() -> None:
    assert not is_signature(["--", "1. Who has the key?", "2. Where is the oil?"])
    assert is_signature(["--", "Ann Roe", "Lamps Ltd."])


def test_notes_below_a_signature_without_a_delimiter_are_kept_and_the_signature_cut() -> None:
    text = "Hi,\n\nI committed a test[1].\n\nAnn Roe\n\nLamps Ltd.\nTel. 030 1234567\n\n[1] https://x.example/c?id=7"
    assert strip_signature(text, ANN) == "Hi,\n\nI committed a test[1].\n\nAnn Roe\n\n[1] https://x.example/c?id=7"


def test_a_note_with_a_word_as_its_mark_and_a_link_that_recurs_are_kept() -> None:
    for above, below in (
        ("The manual says it [manual].", "[manual] https://x.example/manual"),
        ("See https://x.example/book/lamps for it.", "Link: https://x.example/book/lamps"),
    ):
        text = f"{above}\n\nRegards,\nAnn Roe\n\n{below}"
        assert strip_signature(text, ANN) == text


@pytest.mark.parametrize(
    "lines",
    [
        "Envoyé de mon iPhone\nMerci d'excuser les fautes de frappe.",
        "Lähetetty iPhonesta\n\nPahoittelut kirjoitusvirheistä.",
        "Gesendet von Mail für Windows",
        "Απεστάλη από το iPhone μου",
        "Poslano iz mog iPhonea",
        "Dictated to Siri. Please excuse any mistakes.",
        "Sent on the go. Apologies for any autocorrect disasters.",
        "Отправлено с моего мобильного, поэтому коротко",
    ],
)
def test_a_device_line_and_its_excuse_are_cut(lines: str) -> None:
    assert cleaned(f"Nine is fine.\n\n{lines}") == "Nine is fine."


def test_an_excuse_without_a_device_is_kept() -> None:
    assert cleaned("Nine is fine.\n\nSorry for the typos!") == "Nine is fine.\n\nSorry for the typos!"


@pytest.mark.parametrize(
    "footer",
    [
        "Bitte prüfen Sie, ob diese Mail wirklich ausgedruckt werden muss!",
        "Think before you print.",
        "Save the planet: do not print this mail.",
        "Bevor Sie diese E-Mail drucken, denken Sie nach.",
        "No imprima este mensaje: cuide el medio ambiente.",
        "Lees dit op het scherm voordat u dit bericht print.",
        "Pensez à l'environnement avant d'imprimer.",
        "Please consider the environment before printing this e-mail.",
        "N'imprimez ce message que si c'est nécessaire.",
        "Piense en el medio ambiente antes de imprimir este correo.",
        "Pense no ambiente antes de imprimir esta mensagem.",
        "Prima di stampare, pensa all'ambiente.",
        "Pomyśl o środowisku, zanim wydrukujesz tę wiadomość.",
        "Denk aan het milieu voordat u deze e-mail print.",
        "Legal Disclaimer:\nThis mail is confidential and intended for the addressee only. Views are those of the "
        "sender.\n\nLamps Ltd. is registered in England, number 1234567.",
    ],
)
def test_a_request_not_to_print_and_what_companies_must_say_are_cut(footer: str) -> None:
    assert cleaned(f"Nine is fine.\n\n{footer}") == "Nine is fine."


@pytest.mark.parametrize(
    "sentence",
    [
        "Please check the margins before printing.",
        "Revisa los márgenes antes de imprimir.",
        "Przed wydrukowaniem sprawdź marginesy.",
        "Controlla i margini prima di stampare.",
        "Our company is registered in England.",
        "Sag mir bitte, ob du den Text drucken kannst.",
        "We need to talk before you print the posters.",
        "The environment must be set up before printing.",
        "Ich weiß nicht, ob diese Fassung beim Druck wirklich gut aussieht.",
        "Lesen Sie alles, bevor Sie diese Lampe anmachen, und den Druck prüfen Sie auch.",
        "Antes de imprimir es necesario revisar los márgenes.",
        "Antes de imprimir, é necessário rever as margens.",
        "Prima di stampare è necessario controllare i margini.",
        "N'imprimez les affiches que si Paul est d'accord.",
        "Peux-tu imprimer ce plan ?",
        "L'environnement de test n'imprime rien.",
        "Lees alles voordat u dit formulier afdrukt.",
        "Środowisko testowe nie obsługuje wydruku.",
    ],
)
def test_own_sentences_about_printing_and_companies_are_kept(sentence: str) -> None:
    assert cleaned(f"Nine is fine.\n\n{sentence}") == f"Nine is fine.\n\n{sentence}"


@pytest.mark.parametrize("answer", ["ridiculous", "certainly not", "i think so", "nie trzeba", "stimmt so nicht"])
def test_a_short_answer_between_long_quoted_lines_of_one_sentence_is_kept(answer: str) -> None:
    above = "> Would you please tell me what you think about the new rules that the club"
    assert own_words(f"{FULL}\n{above}\n{answer}\n> has made for all of us?\nDone.") == f"{answer}\nDone."
    between = f"{above}\n{answer}\n> has made\n" * 2
    assert own_words(f"{FULL}\n{between}") == f"{answer}\n{answer}"


def test_ends_of_many_quoted_lines_that_a_program_broke_are_quoted() -> None:
    text = (
        "> This is a line that a bad mail program has wrapped because it was too long\nfor it.\n"
        "> And this is another line that was far too long for the program, and so it is\nbroken.\n"
        "> The third one is of the same kind, as you will see if you read it up to its\nend, too.\n\n"
    )
    assert own_words(f"{FULL}\n{text}I see.") == "I see."


@pytest.mark.parametrize(
    "session",
    [
        "mill:~> ls -l lamp\n-rwxr-xr-x 1 ann users 12345 Oct  6 10:15 lamp",
        "% lamp --light\nReally? y\nlit.",
        "% ./lamp\nlamp: no oil",
        "# lampctl light\nlampctl: no oil",
        "# modprobe lamp\nmodprobe: FATAL: Module lamp not found.",
        "PING mill.x.example (192.0.2.1) 56(84) bytes of data.\n64 bytes from mill.x.example: icmp_seq=1 ttl=64",
    ],
)
def test_a_command_and_its_output_are_cut(session: str) -> None:
    assert cleaned(f"Hi Sam,\n\nlook:\n\n{session}\n\nWhat now?") == "Hi Sam,\n\nlook:\n\nWhat now?"


def test_a_heading_and_a_share_are_no_commands() -> None:
    text = (
        "# lampctl is the name of the program.\nIt is easy to use.\n\n% of the oil that is left - as we said - is old."
    )
    assert cleaned(text) == text


@pytest.mark.parametrize(
    "quote",
    [
        '<blockquote type="cite">On 6 Oct 2014, at 10:15, Sam Poe &lt;sam@x.example&gt; wrote:<br></blockquote>',
        '<div class="yahoo_quoted"><p>Le 6 octobre 2014 à 10:15, Sam Poe &lt;sam@x.example&gt; a écrit :</p></div>',
        '<div class="protonmail_quote">-------- Original Message --------<br>On 06/10/2014 10:15, Sam Poe wrote:</div>',
    ],
)
def test_the_body_below_a_quoting_element_around_the_attribution_alone_is_quoted(quote: str) -> None:
    assert own_words(html_to_text(f"<div>Nine is fine.</div>{quote}<div>Shall I come?</div>")) == "Nine is fine."


def test_an_answer_below_a_quoting_element_of_its_own_below_the_attribution_is_kept() -> None:
    attribution = '<blockquote type="cite">On 6 Oct 2014, at 10:15, Sam Poe &lt;sam@x.example&gt; wrote:</blockquote>'
    html = f'{attribution}<blockquote type="cite">Shall I come?</blockquote><div>Nine is fine.</div>'
    assert own_words(html_to_text(f"<div>Hi,</div>{html}")) == "Hi,\n\nNine is fine."


def test_a_bare_list_is_not_joined_and_a_sentence_that_ends_with_an_article_is() -> None:
    fruit = "apples 3\npears 4\nplums a whole basket full of them, and they are ripe\nnuts 17"
    assert cleaned(f"Sam,\n\n{fruit}\n\nThat is all.") == f"Sam,\n\n{fruit}\n\nThat is all."
    short = "Hi Sam\nThanks again\nthe lamps you ordered in the spring have come to our shop on the hill, and you\n"
    rest = "can fetch them on any day of the week that suits you best of all, or we bring\nthem."
    assert cleaned(short + rest) == "Hi Sam\nThanks again\n" + (short + rest).split("\n", 2)[2].replace("\n", " ")
    letter = (
        "please find the invoice for the lamps attached. The amount is due on October\n"
        "20. If you have any questions, please call me at the office or write to the\nLoe sisters."
    )
    assert cleaned(letter) == letter.replace("\n", " ")


def test_a_signature_is_found_by_the_name_in_the_header_of_an_owner_given_by_address(tmp_path: Path) -> None:
    text = "The lamps are ready.\n\nAda Long\nLamps Ltd.\nTel. +44 20 7946 0000"
    message = mail(1, text, senders=[Person("Ada Long", "ada@x.example")])
    _, _, selection = read_and_select(lambda: iter([message]), ["ada@x.example"], SelectionRules(1), tmp_path)
    assert [email["text"] for email in selection.kept] == ["The lamps are ready.\n\nAda Long"]


@pytest.mark.parametrize(
    "line",
    [
        "##- Please type your reply above this line -##",
        "-- Please reply above this line --",
        "--- Write ABOVE THIS LINE to post a reply ---",
        "===== Bitte antworten Sie oberhalb dieser Linie =====",
        "##- Veuillez saisir votre réponse au-dessus de cette ligne -##",
        "##- Por favor, escriba su respuesta por encima de esta línea -##",
        "##- Пожалуйста, введите ваш ответ выше этой строки -##",
        "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##",
        "—-—-—-—\nReply above this line.",
        "--\nREPLY ABOVE THIS LINE to add a comment to this message",
    ],
)
def test_what_is_below_the_line_of_a_help_desk_is_quoted(line: str) -> None:
    assert own_words(f"Yes, nine.\n\nAnn\n\n{line}\n\nSam Poe, Oct 6, 2014\n\nShall I come?") == "Yes, nine.\n\nAnn"


def test_own_words_about_the_line_above_are_kept() -> None:
    text = "Please reply above this line of mine.\n\n- I wrote it above this line.\n\nShall I come?"
    assert own_words(text) == text


def test_a_letter_of_the_author_with_the_head_of_a_memo_is_kept_below_a_comment() -> None:
    letter = "To: The Council\nFrom: Ann Roe\nSubject: Oil\n\nWe need nine barrels.\n\nAnn Roe"
    text = f"Here is my letter, what do you think?\n\n{letter}"
    assert cleaned(text) == text
    assert cleaned(text.replace("Ann Roe\nSubject", "Sam Poe\nSubject")) == "Here is my letter, what do you think?"
    dated = text.replace("Subject", "Date: Monday, October 6, 2014\nSubject")
    assert cleaned(dated) == "Here is my letter, what do you think?"


def test_supercited_lines_are_quoted() -> None:
    text = (
        '>>>>> "Sam" == Sam Poe <sam@x.example> writes:\n\n    Sam> Shall I come\n    Sam> at nine?\n\n'
        "Yes.\n\n      >> Is it lit?\n\nIt is."
    )
    assert own_words(text) == "Yes.\n\nIt is."
    assert own_words("In the club,\n\n    Sam> Bo\n    Sam> Mo\n\nas we say.").count("Sam>") == 2


def test_an_attribution_that_ends_with_a_mark_of_direction_is_cut() -> None:
    line = "\u202bב-6 באוקטובר 2014, בשעה 9:12, \u200fSam Poe <sam@x.example> כתב/ה:\u202c"
    assert own_words(f"Yes, nine.\n\n{line}\n\nShall I come?") == "Yes, nine."


def test_the_line_of_notes_with_the_first_words_of_the_quote_is_cut() -> None:
    text = "Yes, nine.\n\nSam Poe---10/06/2014 10:15:33 AM---Shall I come?\n\nFrom:\tSam Poe/Pier\nTo:\tAnn Roe/Pier"
    assert own_words(text) == "Yes, nine."
    own = "Sam came---10 men---and went.\n\nYes."
    assert own_words(own) == own


def test_the_delimiter_that_gmail_writes_in_html_is_cut_with_the_signature() -> None:
    html = (
        '<div>Yes, nine.<br><span class="gmail_signature_prefix">-- </span><br>'
        '<div class="gmail_signature"><div>Ann Roe</div><div>Lamps Ltd</div></div></div>'
    )
    assert cleaned(html_to_text(html)) == "Yes, nine."


def test_a_chopped_patch_takes_its_remark_along() -> None:
    assert cleaned(f"Hi Sam,\n\n{DIFF}\n[chop]\n\nWhat now?") == "Hi Sam,\n\nWhat now?"


@pytest.mark.parametrize("answer", ["(removed it on Monday)", "[cut that in half]", "[snip them all, I say]"])
def test_an_answer_in_brackets_that_has_a_word_for_a_part_left_out_is_kept(answer: str) -> None:
    assert own_words(f"{FULL}\n> What about it?\n{answer}\n\n> And then?\nRest.") == f"{answer}\n\nRest."
    assert own_words(f"{FULL}\n> What about it?\n[my own part snipped]\n\n> And then?\nRest.") == "Rest."


@pytest.mark.parametrize(
    "own",
    [
        "From: London\nTo: Oxford\nDate: 5 March\nContact: bo@x.example\n\nA seat at the window would be nice.",
        "--- The message ---\n\nWe need oil.",
        "--- Первое письмо ---\n\nНужно масло.",
        "try oil,\nlet it dry,\nreturn it,\nand that is all.",
        "Oil | 12\nWicks | 3\n\nThat is the bill.",
    ],
)
def test_own_lines_that_look_like_headers_headings_code_or_statistics_are_kept(own: str) -> None:
    assert cleaned(f"Hi Sam,\n\nlook:\n\n{own}") == f"Hi Sam,\n\nlook:\n\n{own}"


@pytest.mark.parametrize(
    "program",
    [
        "From: Sam Poe <sam@x.example>\nTo: Ann\nDate: 5 March\n\nShall I come?",
        "--- Original message ---\n\nShall I come?",
        "return oil;\nlet wick = 9;",
        " lamp.c | 12 +++\n Makefile | 3 ++-\n docs/lamps | 0\n 3 files changed, 9 insertions(+)",
    ],
)
def test_lines_of_programs_like_them_are_cut(program: str) -> None:
    assert cleaned(f"Hi Sam,\n\nlook:\n\n{program}") == "Hi Sam,\n\nlook:"
