import pytest

from email_assistant.archive import signatures
from email_assistant.archive.quotes import own_words


def test_a_signature_is_cut_and_the_sign_off_kept() -> None:
    text = "Hello.\n\nCheers, W\n-- \nW. Example\n+44 20 7946 0000"
    assert signatures.strip_signature(text) == "Hello.\n\nCheers, W"
    assert signatures.strip_signature("-- \nonly this") == "-- \nonly this"


def test_a_signature_without_delimiter_is_learned() -> None:
    texts = [f"Mail number {number}.\n\nWill\nTel. +44 20 7946 0000\nwww.will.example" for number in range(10)]
    learned = signatures.learn(texts)
    assert signatures.strip_signature(texts[0], learned) == "Mail number 0.\n\nWill"
    assert signatures.learn(texts[:3]) == signatures.SignatureProfile()


NOTES = "[1] https://git.x.example/commit/?id=7e23e13\n[2] https://git.x.example/commit/?id=dc98a8b"


@pytest.mark.parametrize(
    "notes",
    [
        NOTES,
        "[1]: https://x.example/a\n[2]: https://x.example/b",
        "[a] www.x.example\n[b] ann@x.example",
        "(1) https://x.example/a\n(2) https://x.example/b",
        "1. https://x.example/a\n2. https://x.example/b",
        "1) https://x.example/a",
        "* https://x.example/a",
        "*except the red ones, see https://x.example/a",
        "[*] The page is at\n    https://x.example/a, and it is long.",
        "¹ https://x.example/a",
        "[1] Call the office: +44 20 7946 0018",
        "{1} https://x.example/a",
        "https://x.example/2014/10/lamps",
        "PS: https://x.example/a",
    ],
)
def test_notes_below_the_sign_off_are_kept(notes: str) -> None:
    text = f"I committed a test[1] and a fix.[2]\n\nRegards,\nAnn\n\n{notes}"
    assert signatures.strip_signature(text) == text
    texts = [f"Mail {number}.\n\nRegards,\nAnn" for number in range(30)]
    learned = signatures.learn([*texts, text], ["Ann Roe"])
    assert signatures.strip_signature(text, learned) == text


def test_emphasis_below_the_sign_off_is_no_note() -> None:
    text = "Come at nine.\n\nRegards,\nAnn\n\n*lamps and wicks*\nTel. 020 7946 0018"
    assert signatures.strip_signature(text, signatures.learn([], ["Ann Roe"])) == "Come at nine.\n\nRegards,\nAnn"


def test_notes_below_a_signature_are_kept_and_the_signature_cut() -> None:
    text = f"I committed a test[1] and a fix.[2]\n\nAnn\n-- \nAnn Roe\nLamps Ltd\n\n{NOTES}"
    own = f"I committed a test[1] and a fix.[2]\n\nAnn\n\n{NOTES}"
    assert signatures.strip_signature(text) == own
    assert signatures.strip_signature("See it.\n\nAnn\n-- \nAnn Roe\n[9] Lamp Road") == "See it.\n\nAnn"


def test_a_link_that_recurs_above_the_sign_off_is_kept() -> None:
    texts = [f"Mail {number}.\n\nhttps://x.example/faq\n\nCheers,\nAnn" for number in range(30)]
    assert signatures.strip_signature(texts[0], signatures.learn(texts, ["Ann Roe"])) == texts[0]
    assert signatures.strip_signature(texts[0], signatures.learn(texts)) == texts[0]


def test_contact_data_that_recur_below_the_sign_off_are_cut() -> None:
    texts = [
        f"Mail {number}.\n\nCheers,\nAnn\n\nLamps Ltd\nhttps://x.example/faq\nTel. 020 7946 0018"
        for number in range(30)
    ]
    assert signatures.strip_signature(texts[0], signatures.learn(texts, ["Ann Roe"])) == "Mail 0.\n\nCheers,\nAnn"


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAnn Roe",
        "-- \nAnn Roe\n\nThe lamp is lit. It burns until morning.\n  -- an old book",
        "--\nAnn Roe\nLamps Ltd",
        "--\nAnn Roe\nann@x.example\n\nThe lamp is lit. It burns until morning.",
        "__\nAnn Roe",
        "—\nAnn Roe, Lamps Ltd",
        "—————\nAnn Roe\nLamps Ltd",
        "—————\nAnn Roe\nLamps Ltd.\n+44 20 7946 0018",
        "________\n\nAnn Roe, Ph.D.\nLamps Co.\nTel. 020 7946 0018",
        "———\nAnn Roe\n+44 20 7946 0018",
        "–––––\nwww.x.example",
        "_____________\nAnn Roe\nLamps Ltd",
        "-----\nAnn Roe\nann@x.example",
        "=====\nTel. 020 7946 0018",
        "******\nAnn Roe | https://x.example",
    ],
)
def test_a_signature_below_a_delimiter_is_cut(signature: str) -> None:
    assert signatures.strip_signature(f"Come at nine.\n\nAnn\n{signature}") == "Come at nine.\n\nAnn"
    assert own_words(f"Come at nine.\n\n> Shall I?\n\n{signature}") == "Come at nine."


@pytest.mark.parametrize(
    "below",
    [
        "--\nTrim the wick.\n\nSo it says it twice, and I would take the second one out.\n\nShall I?\n\nRegards,\nAnn",
        "--\n\nThat was the first part. Here is the second one.\n\nThe oil is low.\n\nAnn",
        "-----\nThe oil is low, and the wick is short.",
        "—————\nlamp oil\nwicks\na tin",
        "=====\nOil\nWick",
        "~~~~\n\nThe oil is low.",
        "__\n\nThe second part is about oil.\n\nIt is low. I buy some.\n\nAnn",
    ],
)
def test_own_text_below_a_rule_is_kept(below: str) -> None:
    text = f"Look at what it says.\n\n{below}"
    assert signatures.strip_signature(text) == text
    assert own_words(f"First.\n\n> Shall I?\n\n{below}") == f"First.\n\n{below}"


def test_the_space_of_the_delimiter_is_kept_until_the_signature_is_cut() -> None:
    assert own_words("> No?\n\nYes.  \n\n-- \nAnn\nLamps") == "Yes.\n\n-- \nAnn\nLamps"


@pytest.mark.parametrize(
    "name",
    [
        "Ann Roe (she/her)",
        "Ann Roe | Lamp Keeper",
        "Ann · Lamp Keeper",
        "Ann Roe, Head of Lamps and Wicks",
        "Ann Roe – Lamp Keeper",
        "*Ann Roe*",
    ],
)
def test_a_name_with_a_position_is_the_last_line_above_contact_data(name: str) -> None:
    own = f"Come at nine.\n\nRegards,\n{name}"
    profile = signatures.SignatureProfile(names=frozenset({"ann", "roe"}))
    assert signatures.strip_signature(f"{own}\nPier Works | 3 Quay\nT +44 20 7946 0018", profile) == own


@pytest.mark.parametrize(
    "text",
    [
        "Ann Roe, Head of Lamps, asked for it, and so did Bo.\n020 7946 0018",
        "Ann, call me today\n020 7946 0018",
        "I'm sorry.\nSara",
        "Ann\nOffice hours are nine to five.",
        "Ann\nFax machines are out.",
    ],
)
def test_sentences_that_begin_like_a_name_or_label_are_kept(text: str) -> None:
    profile = signatures.SignatureProfile(frozenset({"sara"}), frozenset({"ann", "roe", "moe"}), {"Sara": 9})
    assert signatures.strip_signature(f"Come at nine.\n{text}", profile) == f"Come at nine.\n{text}"


def test_a_name_in_another_case_is_kept_below_a_sign_off() -> None:
    texts = [f"Mail {number}.\nThanks.\nSara" for number in range(30)]
    learned = signatures.learn(texts, ["keeper-s"])
    assert signatures.strip_signature("Mail.\nThanks.\nsara", learned) == "Mail.\nThanks.\nsara"
    assert signatures.strip_signature("Mail.\nI'm sorry.\nSara", learned) == "Mail.\nI'm sorry.\nSara"


def test_french_telephone_numbers_are_contact_data() -> None:
    profile = signatures.SignatureProfile(names=frozenset({"ann", "roe"}))
    signature = "Responsable des lampes\n3, quai du Port\nTél. : 04 91 00 00 00\nPort. : 06 00 00 00 00"
    assert signatures.strip_signature(f"Oui.\n\nAnn ROE\n{signature}", profile) == "Oui.\n\nAnn ROE"


@pytest.mark.parametrize(
    "below",
    [
        "__________\nNext Steps\nBo: oil\nAnn: wicks",
        "--\n- oil\n- wicks",
        "--\n1. oil\n2. wicks",
    ],
)
def test_a_list_below_a_rule_is_no_signature(below: str) -> None:
    assert signatures.strip_signature(f"Come at nine.\n\n{below}") == f"Come at nine.\n\n{below}"


def test_decorated_lines_below_a_rule_are_a_signature() -> None:
    assert signatures.strip_signature("Come at nine.\n--\n* Ann Roe *\n* Lamps *") == "Come at nine."


@pytest.mark.parametrize(
    "sentence",
    [
        "His number is +44 7700 900123.",
        "The page is www.x.example, if you want to look.",
        "You can reach me at ann@x.example until Friday!",
    ],
)
def test_a_sentence_with_a_number_or_link_below_the_name_is_kept(sentence: str) -> None:
    profile = signatures.SignatureProfile(names=frozenset({"ann", "roe"}))
    text = f"Come at nine.\n\nAnn\n\n{sentence}"
    assert signatures.strip_signature(text, profile) == text
    signature = "Ann\nLamps Ltd.\nTel. +44 20 7946 0018."
    assert signatures.strip_signature(f"Come at nine.\n\n{signature}", profile) == "Come at nine.\n\nAnn"


ANN = signatures.SignatureProfile(names=frozenset({"ann", "roe"}))
CARD = "Ann Roe\nHead of Lamps | Lamps Ltd\nPhone: +44 20 7946 0000"


@pytest.mark.parametrize(
    "postscript", ["P.S. I found your keys.", "PS: Bring the folder,\nplease.", "PS I found your keys."]
)
@pytest.mark.parametrize("delimiter", ["-- \n", "--\n", ""])
def test_a_postscript_below_the_signature_is_kept_without_it(delimiter: str, postscript: str) -> None:
    own = "The tickets are here.\n\nBest,\nAnn"
    text = f"{own}\n\n{delimiter}{CARD}\n\n{postscript}"
    assert signatures.strip_signature(text, ANN) == f"{own}\n\n{postscript}"


def test_a_signature_below_a_postscript_is_cut() -> None:
    text = f"The tickets are here.\n\nAnn\n\nPS: Bring the folder.\n\n-- \n{CARD}"
    assert signatures.strip_signature(text, ANN) == "The tickets are here.\n\nAnn\n\nPS: Bring the folder."


def test_a_company_is_no_postscript() -> None:
    text = "The tickets are here.\n\nAnn\n\n-- \nAnn Roe\n\nPS Lamps Ltd\n+44 20 7946 0000"
    assert signatures.strip_signature(text, ANN) == "The tickets are here.\n\nAnn"


@pytest.mark.parametrize(
    "line",
    [
        "Department of Earth Sciences | University of Upper Lamps | Oxford",
        '"The best way out is always through the door." - Rob Poe',
        "“The best way out is always through the door.”\n― Rob Poe",
        "« La lampe est le plus beau des soleils du soir. » — Rob Poe",
    ],
)
def test_long_lines_of_a_signature_that_are_no_sentences_are_cut(line: str) -> None:
    text = f"The tickets are here.\n\nAnn Roe\nLamp Keeper\nPhone: +44 20 7946 0000\n\n{line}"
    assert signatures.strip_signature(text, ANN) == "The tickets are here.\n\nAnn Roe"


def test_a_second_name_above_contact_data_is_part_of_the_signature() -> None:
    text = f"The tickets are here.\n\nBest,\nAnn\n\n{CARD}"
    assert signatures.strip_signature(text, ANN) == "The tickets are here.\n\nBest,\nAnn"


@pytest.mark.parametrize(
    "line", ['"The lamp is lit," said Rob - we laughed.', '"Lamps" - that is the title of my new book about light.']
)
def test_a_sentence_that_begins_with_a_quotation_is_kept_with_what_is_above(line: str) -> None:
    text = f"The tickets are here.\n\nAnn Roe\nPhone: +44 20 7946 0000\n\n{line}"
    assert signatures.strip_signature(text, ANN) == text


def test_a_recurring_signature_above_an_answer_below_a_quote_is_cut() -> None:
    contact = "Lamps Ltd\nPhone: +44 20 7946 0000"
    learned = signatures.learn([f"Mail number {number}.\n\nAnn Roe\n{contact}" for number in range(10)], ["Ann Roe"])
    text = f"See below.\n\nAnn Roe\n{contact}\n\nYes, at six."
    assert signatures.strip_signature(text, learned) == "See below.\n\nAnn Roe\n\nYes, at six."
    address = f"Send it here, please:\n\nAnn Roe\n{contact}\n\nThe door is open."
    assert signatures.strip_signature(address, learned) == address
    short = "See below.\n\nAnn Roe\nOil Ltd.\nPhone: +44 20 7946 0111\n\nYes."
    assert signatures.strip_signature(short, learned) == short
    motto = short.replace("Yes.", "Light it!")
    assert signatures.strip_signature(motto, ANN) == "See below.\n\nAnn Roe"
