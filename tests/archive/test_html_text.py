import pytest

from email_assistant.archive.html_text import html_to_text
from email_assistant.archive.quotes import own_words

OWN = "<div>Dear Sam,</div><div><br></div><div>This is a great start.</div><div><br></div><div>Ann</div>"
BODY = "<div><br></div><div>Hi, I spent some minutes on the outline.</div><div>Sam</div>"
FIELDS = (
    "<b>From:</b> Sam Poe &lt;sam@x.example&gt;<br><b>Date:</b> Monday, April 10, 2017 at 8:43 PM<br>"
    "<b>To:</b> Ann Roe &lt;ann@x.example&gt;<br><b>Subject:</b> Estimate<br>"
)
GERMAN = (
    "<p><b>Von:</b> Sam Poe &lt;sam@x.example&gt;</p><p><b>Gesendet:</b> Montag, 10. April 2017 20:43</p>"
    "<p><b>An:</b> Ann Roe</p><p><b>Betreff:</b> Schätzung</p>"
)
TABLE = (
    "<table><tr><td><b>From:</b></td><td>Sam Poe &lt;sam@x.example&gt;</td></tr><tr><td><b>Sent:</b></td>"
    "<td>Monday, April 10, 2017 8:43 PM</td></tr><tr><td><b>Subject:</b></td><td>Estimate</td></tr></table>"
)


@pytest.mark.parametrize(
    "header",
    [
        f'<span id="OLK_SRC_BODY_SECTION"></span><div style="BORDER-TOP: #b5c4df 1pt solid">'
        f'<span id="OLK_SRC_BODY_SECTION">{FIELDS}</span></div>',
        f'<span id="OLK_SRC_BODY_SECTION"><div>{FIELDS}</div></span>',
        f'<blockquote type="cite">{FIELDS}</blockquote>',
        f'<blockquote type="cite">{GERMAN}</blockquote>',
        f'<blockquote style="border-left: 1px solid">{FIELDS}</blockquote>',
        f'<div style="border:none;border-left:solid blue 1.5pt">{TABLE}</div>',
        f'<div class="yahoo_quoted">{FIELDS}</div>',
        f'<div class="gmail_quote"><blockquote>{GERMAN}</blockquote></div>',
        f'<blockquote type="cite"><div>-----Ursprüngliche Nachricht-----</div>{GERMAN}</blockquote>',
        f"<blockquote cite='mid:1@x.example'>{TABLE}</blockquote>",
        f'<blockquote type="cite"><div>-----Original</div><div>Message-----</div>{FIELDS}</blockquote>',
    ],
)
def test_the_body_below_a_quoting_element_around_the_header_alone_is_quoted(header: str) -> None:
    expected = ["Dear", "Sam,", "This", "is", "a", "great", "start.", "Ann"]
    assert own_words(html_to_text(f"<html><body>{OWN}{header}{BODY}</body></html>")).split() == expected


@pytest.mark.parametrize(
    "quote",
    [
        f'<blockquote type="cite">{FIELDS}<p>Shall I?</p></blockquote>',
        '<blockquote type="cite"><p>Subject: to change.</p></blockquote>',
        '<blockquote type="cite">When: at nine</blockquote>',
    ],
)
def test_an_answer_below_a_quoting_element_with_more_than_the_header_is_kept(quote: str) -> None:
    assert own_words(html_to_text(f"<p>Hi,</p>{quote}<p>Yes, come.</p>")).split() == ["Hi,", "Yes,", "come."]


@pytest.mark.parametrize(
    "signature",
    [
        '<div name="messageSignatureSection"><div>Ann Roe<br>Lamps Ltd.</div></div>',
        '<div class="front-signature"><div>Ann Roe<br>Lamps Ltd.</div></div>',
        '<div class="missive_signature">Ann Roe</div>',
        '<signature id="local-1"><div>Ann Roe<br>Lamps Ltd.</div></signature>',
        '<div id="ms-outlook-mobile-signature">Sent from a train</div>',
        '<div class="protonmail_signature_block"><div>Sent with Proton</div></div>',
    ],
)
def test_signatures_that_programs_mark(signature: str) -> None:
    text = html_to_text(f"<div>This is a great start.</div>{signature}")
    assert text.partition("\n-- \n")[0].strip() == "This is a great start."


OWN_WORDS = "Please bring the ladder."


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none;max-height:0">Preview</div>',
        '<span style="DISPLAY: none !important">Preview <i style="display:none">of it</i></span>',
        '<div style="visibility:hidden">Preview</div>',
        '<div style="max-height:0px;overflow:hidden">Preview</div>',
        '<div style="font-size:0px;line-height:0">Preview</div>',
        "<div hidden>Preview</div>",
    ],
)
def test_what_a_page_hides_is_no_text(hidden: str) -> None:
    assert html_to_text(f"<html><body>{hidden}<p>{OWN_WORDS}</p></body></html>") == OWN_WORDS


@pytest.mark.parametrize(
    "page",
    [
        f'<body style="display:none"><p>{OWN_WORDS}</p></body>',
        f'<div style="font-size:0"><span style="font-size:14px">{OWN_WORDS}</span></div>',
        f'<div style="max-height:0">{OWN_WORDS}</div>',
        f'<div style="background:url(display-none.png)">{OWN_WORDS}</div>',
        f'<div style="font-size:0.9em">{OWN_WORDS}</div>',
    ],
)
def test_what_only_looks_hidden_is_text(page: str) -> None:
    assert html_to_text(page) == OWN_WORDS


def test_a_hidden_mark_of_a_quote_still_marks_it() -> None:
    page = f'<p>{OWN_WORDS}</p><div id="appendonsend" style="display:none"></div><p>Shall I?</p>'
    assert own_words(html_to_text(page)) == OWN_WORDS


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ('<p>Bring it <img class="emoji" alt="😀" src="cid:1"> soon</p>', "Bring it 😀 soon"),
        ('<p>Bring it <img goomoji="1" alt="❤️"></p>', "Bring it ❤️"),
        ('<p>Bring it <img alt=":-)" src="smile.png"></p>', "Bring it :-)"),
        ('<p>Bring it <img alt="Logo of Lamps Ltd." src="logo.png"></p>', "Bring it"),
        ('<p>Bring it <span style="font-family:Wingdings">J</span></p>', "Bring it :)"),
        ("<p>Bring it <font face='Wingdings'>L</font></p>", "Bring it :("),
        ("<p>The shed <span style=\"font-family:'Wingdings'\">à</span> the barn</p>", "The shed → the barn"),
        ('<p><span style="font-family:Wingdings">§<span>&nbsp; </span></span>the lamp</p>', "• the lamp"),
        ('<p style="font-family:Wingdings">Just a note.</p>', "Just a note."),
    ],
)
def test_faces_and_marks_that_programs_write_as_pictures_or_letters(page: str, text: str) -> None:
    assert " ".join(html_to_text(page).split()) == text
