import pytest

from email_assistant.archive.quotes import own_words

FULL = "On Mon, Oct 06, 2014 at 10:15:00AM +0200, Sam Poe wrote:"
QUOTE = "> Shall I come at nine?\n>\n> Sam"


@pytest.mark.parametrize(
    "elision",
    [
        *("[...]", "[…]", "(...)", "<...>", "[snip]", "[ snip ]", "<snip>", "(snipped)", "*snip*", "--snip--", "..."),
        *(
            "[etc.]",
            "[snip a lot of lamps]",
            "[... and so on ...]",
            "[20 lines deleted]",
            "[much trimmed]",
            "[rest of mail cut]",
        ),
        *("[gekürzt]", "[coupé]", "[recortado]", "[omissis]", "[поскипано]", "[сокращено]", "[пропущено]", "- 8< -"),
    ],
)
@pytest.mark.parametrize(
    "attribution", [FULL, "06.10.2014 10:15, Sam Poe пишет:", "Am 06.10.14 um 10:15 schrieb Sam Poe:"]
)
def test_a_remark_that_a_part_was_left_out_does_not_end_the_own_words(attribution: str, elision: str) -> None:
    below = "Yes, come at nine.\n\nRegards,\nAnn"
    assert own_words(f"Hi Sam,\n\n{attribution}\n{elision}\n{QUOTE}\n\n{below}") == f"Hi Sam,\n\n{below}"
    assert own_words(f"Hi Sam,\n\n{attribution}\n\n{elision}\n\n{QUOTE}\n\n{below}") == f"Hi Sam,\n\n{below}"
    assert own_words(f"{attribution}\n{QUOTE}\n{elision}\n{QUOTE}\n\n{below}") == below
    assert own_words(f"{attribution}\n{QUOTE}\n\n{below}\n\n{elision}\n{QUOTE}") == below


@pytest.mark.parametrize("remark", ["[CC list trimmed]", "[Subject cut]", "[reordered]", "[I read it on the train]"])
def test_a_remark_about_something_else_is_kept(remark: str) -> None:
    assert own_words(f"{remark}\n\n{FULL}\n{QUOTE}\n\nYes.") == f"{remark}\n\nYes."


def test_a_remark_far_from_quotes_is_kept() -> None:
    text = "I read:\n\nThe lamp [...]\n\n[...]\n\nand so on."
    assert own_words(text) == text


@pytest.mark.parametrize(
    "between",
    [
        "On Sun, Oct 05, 2014 at 09:00:00AM +0200, Tom Doe wrote:",
        "Tom Doe writes:",
        "On Sun, 5 Oct 2014, Tom Doe wrote:\n[...]",
    ],
)
def test_several_attributions_introduce_the_marked_lines_together(between: str) -> None:
    assert own_words(f"Hi,\n\n{FULL}\n{between}\n{QUOTE}\n\nYes.") == "Hi,\n\nYes."
    assert own_words(f"Hi,\n\n{FULL}\n\n{between}\n\n{QUOTE}\n\nYes.") == "Hi,\n\nYes."


def test_own_lines_between_attribution_and_quote_are_kept() -> None:
    text = f"Hi,\n\n{FULL}\n\nTo answer this first:\n\n{QUOTE}\n\nYes, come."
    assert own_words(text) == "Hi,\n\nTo answer this first:\n\nYes, come."
    unmarked = f"Hi,\n\n{FULL}\n\nShall I come?\nI have a key.\nIt fits.\nSam is here.\nHe waits.\n\n> older"
    assert own_words(unmarked) == "Hi,"


@pytest.mark.parametrize(
    "attribution",
    [
        "sam poe via Lampen <sam@x.example> schrieb:",
        "sam poe <sam@x.example> wrote:",
        "sam wrote:",
        "sam@x.example wrote:",
        "Sam Poe <sam@x.example> wrote:",
        '"Poe, Sam" <sam@x.example> writes:',
        "Sam Poe <sam@x.example>\nwrote:",
        "Sam Poe\n<sam@x.example> wrote:",
        "2013/7/20 sam via Lamps <sam@x.example>",
        "понедельник, 6 октября 2014 г. пользователь sam написал:",
        "6 октября 2014 г. пользователь Сэм По написал:",
        "понеділок, 6 жовтня 2014 р. користувач sam написав:",
        "Dne pondělí 6. října 2014 uživatel sam napsal:",
        "On Mon, 6 Oct 2014 at 10:15, Sam Poe on behalf of Lamps <sam@x.example> wrote:",
        "On Behalf Of Sam Poe <sam@x.example> wrote:",
    ],
)
def test_an_attribution_without_date_or_capitals_introduces_marked_lines(attribution: str) -> None:
    assert own_words(f"Yes, come.\n\n{attribution}\n{QUOTE}") == "Yes, come."
    assert own_words(f"Yes, come.\n\n{attribution}\n\n{QUOTE}\n\nAnn") == "Yes, come.\n\nAnn"


@pytest.mark.parametrize(
    "attribution",
    [
        "Sam Poe <sam@x.example> wrote:",
        "Sam Poe <sam@x.example>\nwrote:",
        "sam@x.example wrote:",
        "Сэм По <sam@x.example> написал:",
        "Sam Poe via Lampen <sam@x.example> schrieb:",
        "On Thu, 31 Mar 2016 at 11:16 Sam Poe\n\n<\nmailto:Sam Poe <sam@x.example>\n> wrote:",
        "On Thu, 31 Mar 2016 at 11:16 Sam Poe <\nsam@x.example> wrote:",
        "On Thu, 31 Mar 2016 at 11:16 Sam Poe\n<\nsam@x.example\n> wrote:",
        "2016-03-03 17:21 GMT+01:00 Sam Poe",
        "2016-03-03 17:21 GMT+01:00 Sam Poe <sam@x.example>:",
        "понедельник, 6 октября 2014 г. пользователь sam написал:",
        "From: lamps-bounces@x.example [mailto:lamps-bounces@x.example] On Behalf Of Sam Poe\n"
        "Sent: Monday, 6 October 2014 10:15\nTo: Ann Roe\nSubject: Lamps",
    ],
)
def test_an_attribution_introduces_unmarked_lines(attribution: str) -> None:
    assert own_words(f"Yes, come.\n\n{attribution}\n\nShall I come?\n\nSam") == "Yes, come."


@pytest.mark.parametrize(
    "text",
    [
        "Sam Poe wrote:\n\nnothing, as ever.",
        "As sam@x.example said: come at nine.",
        "I wrote Sam <sam@x.example> and Tom.",
        "2016-03-03 17:21 the train leaves",
        "Ask Sam Poe <sam@x.example> who wrote:\n\nthe book.",
        "| a | b |\n| 1 | 2 |",
        "Either\n| this\n| or that",
    ],
)
def test_sentences_and_tables_are_not_quotes(text: str) -> None:
    assert own_words(text) == text


def test_lines_marked_by_bars_are_quoted_below_an_attribution() -> None:
    text = "Yes.\n\n2013/7/20 sam via Lamps <sam@x.example>\n\n| Shall I come?\n|\n| Sam\n\nAnn"
    assert own_words(text) == "Yes.\n\nAnn"


@pytest.mark.parametrize(
    "answer",
    [
        '"For *a* clustered room". You are not talking about one room, but rooms in general.',
        "“One lamp” is what I wrote.",
        "which is why I asked you to look at it before the fair begins.",
        "yes, please.",
        "ack",
        "and oil.",
        "no; two of them will not fit.",
        "да, конечно, и побольше масла.",
        "'one' is enough.",
        "*sigh*",
        "_this_ one",
    ],
)
def test_an_answer_between_quoted_lines_is_kept(answer: str) -> None:
    quote = ">   Only works when the lamp is for clustered rooms. It specifies"
    assert own_words(f"{FULL}\n{quote}\n{answer}\n>   the number of lamps.\nAck.") == f"{answer}\nAck."


@pytest.mark.parametrize("remainder", ["everywhere?", "stops there?", "of the line", "sam@x.example>"])
def test_the_wrapped_end_of_a_quoted_line_is_quoted(remainder: str) -> None:
    quote = "> Shall we take the early train or should we rather wait for the later one that"
    assert own_words(f"{FULL}\n{quote}\n{remainder}\n> And who drives?\nThe early one.") == "The early one."


def test_a_list_of_people_with_addresses_is_kept() -> None:
    for people in (
        "Sam Poe: sam@x.example, after 10:00 on 6 October\nTom Doe: tom@x.example\nJane Loe: jane@x.example",
        "Sam: sam@x.example\nTom: tom@x.example\nWhen: 6 October 2014 10:00",
        "Lamps: sam@x.example (until 6 October 2014 10:00)\nOil: tom@x.example\nWicks: jane@x.example",
        "Сэм: sam@x.example, после 10:00 6 октября\nТом: tom@x.example\nИрина: i@x.example",
    ):
        text = f"Please call these before the fair:\n\n{people}\n\nThey know what to do.\n\nAnn"
        assert own_words(text) == text


def test_any_text_between_the_first_quote_and_its_attribution_is_kept() -> None:
    own = "\n".join(f"The lamp of room {number} is trimmed." for number in range(12))
    attribution = "On Mon, 6 Oct 2014 at 10:15, Jane Roe wrote:"
    below = f"{attribution}\n\n{own}\n\n> Which lamps are trimmed?\n\nAll of them."
    assert own_words(f"Hi Jane,\n\n{below}") == f"Hi Jane,\n\n{own}\n\nAll of them."
    # Below an answer, the unmarked text is that of the quoted mail.
    assert own_words(f"All of them are trimmed, I saw to it.\n\n{below}") == "All of them are trimmed, I saw to it."


@pytest.mark.parametrize("remark", ["[ ... rest deleted ... ]", "[snip]", "[... le reste est supprimé ...]"])
def test_a_remark_for_the_rest_of_a_quote_is_part_of_it(remark: str) -> None:
    assert own_words(f"> Shall I come?\n\nYes.\n\n{remark}") == "Yes."
    assert own_words(f"> Shall I come?\n\nYes.\n\n{remark}\n\nCheers,\nAnn") == "Yes.\n\nCheers,\nAnn"
    assert own_words(f"Yes.\n\n{remark}") == f"Yes.\n\n{remark}"


def test_a_remark_in_brackets_that_says_something_is_kept() -> None:
    text = "Look at the list.\n\n(...best with a lamp)"
    assert own_words(f"> Where?\n\n{text}") == text


def test_a_short_remark_in_brackets_between_quoted_lines_is_part_of_the_quote() -> None:
    assert own_words("> I come at nine.\n[a day before]\n> Is the lamp lit?\n\nYes.") == "Yes."
    assert own_words("> I need oil, wicks\n[etc.]\n> Is the lamp lit?\n\nYes.") == "Yes."
    for own in ("[yes]", "[CC: Jane]", "[the lamp is lit now]", "[I cannot then]", "[etc. and a lamp, too]"):
        assert own_words(f"> I come at nine.\n{own}\n> Is the lamp lit?\n\nYes.") == f"{own}\n\nYes."


def test_a_few_words_in_brackets_below_a_question_are_an_answer() -> None:
    assert own_words("> When shall I come?\n[at nine]\n> And where?\n[my office]\n> Sam") == "[at nine]\n[my office]"


def test_a_smile_below_a_quote_is_kept() -> None:
    assert own_words("> The lamp is lit.\n^^\n> Sam\n\nYes.") == "^^\n\nYes."


def test_a_short_remark_in_brackets_between_an_attribution_and_a_quote_is_part_of_it() -> None:
    assert own_words(f"Hi,\n\n{FULL}\n[the other way round]\n{QUOTE}\n\nYes.") == "Hi,\n\n[the other way round]\n\nYes."
    assert own_words(f"Hi,\n\n{FULL}\n[reordered]\n{QUOTE}\n\nYes.") == "Hi,\n\nYes."


def test_a_mark_that_ends_own_text_above_a_quote_is_kept() -> None:
    text = "I suggest:\n\n**snip**\nLight the lamp.\n**snip**"
    assert own_words(f"{text}\n\n{QUOTE}\n\nYes.") == f"{text}\n\nYes."


@pytest.mark.parametrize("pointer", ["          ^^^^", "   ^~~~^", "  ^    ^"])
def test_a_line_that_points_at_a_part_of_a_quote_is_part_of_it(pointer: str) -> None:
    assert own_words(f"> Shall I come at nine?\n{pointer}\n> And where?\n\nYes.") == "Yes."
    assert own_words(f"> Shall I come at nine?\n{pointer} at ten\n\nYes.") == f"{pointer.strip()} at ten\n\nYes."


def test_marks_of_code_around_nothing_or_many_lines_are_removed() -> None:
    assert own_words("||So, is the lamp lit?\n\n||") == "So, is the lamp lit?"
    assert own_words("Type:\n\n|light --lamp\n\nIs it lit?\n\n|") == "Type:\n\nlight --lamp\n\nIs it lit?"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Type:\n\n|light|",
            "|lamp|oil|\n|1|2|",
            "  |\n  v\nlamp",
            "The oil:\n\n|-- shed\n|   |-- tin\n|\n|-- mill\n\nOk?",
        ),
        *("Try:\n\nselect name\n||' '\n||oil\nfrom lamps;", "Run\n\nfind shed\n|sort -u\n|\nand light it."),
    ],
)
def test_bars_that_are_no_marks_of_code_are_kept(text: str) -> None:
    assert own_words(text) == text.strip()


def test_a_remark_may_be_between_an_attribution_and_bars() -> None:
    assert own_words("Jane Roe wrote on 3 May 2022:\n\n[...]\n\n| Shall I come?\n\nYes.") == "Yes."


@pytest.mark.parametrize(
    "attribution",
    [
        "Jane Roe <jane@x.example> 于2022年5月3日周二 上午10:15写道：",
        "Jane Roe <jane@x.example> 於 2022年5月3日 週二 上午10:15寫道：",
        "2022년 5월 3일 (화) 오전 10:15, Jane Roe <jane@x.example>님이 작성:",
        "Wiadomość napisana przez Jane Roe <jane@x.example> w dniu 03.05.2022, o godz. 10:15:",
        "Missatge de Jane Roe <jane@x.example> del dia dt., 3 maig 2022 a les 10:15:",
        "уто, 3. мај 2022. у 10:15 Jane Roe <jane@x.example> је написао/ла:",
        "ในวันที่ อ. 3 พ.ค. 2022 เวลา 10:15 Jane Roe <jane@x.example> เขียนว่า:",
        "otrd., 2022. g. 3. maijs, plkst. 10:15 — lietotājs Jane Roe (<jane@x.example>) rakstīja:",
    ],
)
def test_attributions_of_more_languages(attribution: str) -> None:
    assert own_words(f"Yes.\n\n{attribution}\n\nShall I come?") == "Yes."
    assert own_words(f"{attribution}\n\n> Shall I come?\n\nYes.") == "Yes."


@pytest.mark.parametrize(
    "attribution", ["Sie schrieben am 3. Mai 2022:", "Jane Roe <jane@x.example> wrote in message news:1@x.example..."]
)
def test_attributions_of_older_programs_introduce_marked_lines(attribution: str) -> None:
    assert own_words(f"{attribution}\n\n> Shall I come?\n\nYes.") == "Yes."


@pytest.mark.parametrize(
    "labels",
    [
        "Name: Jane Roe\nEmail: jane@x.example\nDate: 3 May 2022, 10:15\nReply-To: ann@x.example",
        "Name: Jane Roe\nE-mail: jane@x.example\nDate: 3 May 2022\nTime: 10:15\nTo: Hamburg\nFrom: Berlin",
        "Datum: Freitag, 6. Mai 2022, 19:00 Uhr\nOrt: Alte Mühle\nAnmeldung an: ann@x.example\nBetreff: Lampen",
    ],
)
def test_a_form_and_an_announcement_are_kept(labels: str) -> None:
    text = f"Dear all,\n\n{labels}\n\nPlease tell me whether you come."
    assert own_words(text) == text
