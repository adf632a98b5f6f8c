import time
from collections.abc import Sequence

import pytest

from email_assistant.archive.charsets import LOST_BYTES, NO_CHARSET, TWICE_ENCODED, WRONG_CHARSET, Decoded, decode

# Each language in a charset that its writers used, and what programs declare in its place.
WRONG = [
    ("Das Tor blieb „offen“ – für 5 € mehr", "cp1252", ("iso-8859-1", "utf-8", "koi8-r")),
    ("Привезите лопату и семена к субботе, пожалуйста.", "cp1251", ("iso-8859-1", "koi8-r", "iso-8859-5", "utf-8")),
    ("Привезите лопату и семена к субботе, пожалуйста.", "koi8-r", ("windows-1251", "iso-8859-1", "utf-8")),
    ("Привезите лопату и семена к субботе, пожалуйста.", "iso-8859-5", ("windows-1251", "iso-8859-1")),
    ("Привезите лопату и семена к субботе, пожалуйста.", "cp866", ("windows-1251", "koi8-r")),
    ("Źle się czuję, proszę przynieść łopatę i gwoździe.", "cp1250", ("iso-8859-2", "iso-8859-1", "windows-1252")),
    ("Źle się czuję, proszę przynieść łopatę i gwoździe.", "iso-8859-2", ("windows-1250", "iso-8859-1", "utf-8")),
    ("Őszi vásár: két ásó, fűrész és kötél kell.", "cp1250", ("iso-8859-1", "iso-8859-15")),
    ("Lütfen iki kürek ve ışık getirin, teşekkürler.", "cp1254", ("iso-8859-1", "utf-8")),
    ("Φέρτε το φτυάρι το Σάββατο, Άννα, παρακαλώ.", "cp1253", ("iso-8859-7", "iso-8859-1")),
    ("אנא הביאו את חפירה וזרעים ביום שבת בבוקר", "cp1255", ("iso-8859-1", "utf-8")),
    ("يرجى إحضار المجرفة والبذور يوم السبت صباحا", "cp1256", ("iso-8859-6", "iso-8859-1")),
    ("Ačiū, atneškite kastuvą ir sėklų į daržą.", "cp1257", ("iso-8859-1", "utf-8")),
    ("กรุณานำพลั่วและเมล็ดพันธุ์มาวันเสาร์", "cp874", ("iso-8859-1", "utf-8")),
    ("Voilà l’été : ça va très bien, à bientôt.", "cp1252", ("windows-1251", "iso-8859-1", "iso-8859-2")),
]


def in_charsets(charsets: Sequence[str], *texts: str) -> list[tuple[str, str]]:
    """Each text with each of the charsets that have all of its characters."""

    def has(charset: str, text: str) -> bool:
        return text.encode(charset, "ignore").decode(charset) == text

    return [(text, charset) for charset in charsets for text in texts if has(charset, text)]


@pytest.mark.parametrize(("text", "charset"), [(text, charset) for text, charset, _ in WRONG])
def test_a_right_declaration_is_believed_and_nothing_counts_as_repaired(text: str, charset: str) -> None:
    decoded = decode(text.encode(charset), charset)
    assert (decoded.text, decoded.repairs) == (text, frozenset())


@pytest.mark.parametrize(
    ("text", "charset", "declared"), [(text, charset, name) for text, charset, names in WRONG for name in names]
)
def test_a_wrong_declaration_is_corrected_and_counted(text: str, charset: str, declared: str) -> None:
    decoded = decode(text.encode(charset), declared)
    assert decoded.text == text
    assert WRONG_CHARSET in decoded.repairs


ENGLISH = "Come at nine with the ladder, please, and ask Sam about the shed. The rest can wait. "
# Each with one charset of several bytes per character, and others of the kind.
EAST_ASIAN = [
    ("星期六的会议改到下午三点，请大家通知其他同事。", "gb18030", ("euc-jp", "shift_jis", "big5", "euc-kr")),
    ("星期六的會議改到下午三點，請大家通知其他同事。", "big5", ("euc-jp", "shift_jis", "euc-kr", "gb2312")),
    (
        "土曜日の会議は午後三時からになりました。よろしくお願いします。",
        "euc-jp",
        ("shift_jis", "big5", "euc-kr", "gb2312"),
    ),
    (
        "土曜日の会議は午後三時からになりました。よろしくお願いします。",
        "shift_jis",
        ("euc-jp", "big5", "euc-kr", "gb2312"),
    ),
    (
        "토요일 회의는 오후 세 시로 바뀌었습니다. 다른 분들께도 알려 주세요.",
        "euc-kr",
        ("euc-jp", "shift_jis", "big5", "gb2312"),
    ),
]


@pytest.mark.parametrize(("text", "charset"), [(text, charset) for text, charset, _ in EAST_ASIAN])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 12, 20, 200])
def test_any_length_in_its_own_charset_is_believed(text: str, charset: str, count: int) -> None:
    for start in range(0, len(text), 3):
        piece = (text[start:] + text * 9)[:count].strip() or text[:1]
        assert decode(piece.encode(charset), charset).text == piece


@pytest.mark.parametrize(
    ("text", "charset", "declared"),
    [(text, charset, name) for text, charset, names in EAST_ASIAN for name in (*names, "iso-8859-1", "koi8-r", None)],
)
@pytest.mark.parametrize("above", ["", ENGLISH])
def test_one_charset_of_several_bytes_declared_as_another(
    text: str, charset: str, declared: str | None, above: str
) -> None:
    decoded = decode((above + text).encode(charset), declared)
    assert (decoded.text, decoded.repairs) == (above + text, {WRONG_CHARSET if declared else NO_CHARSET})


@pytest.mark.parametrize("declared", [None, "iso-8859-1", "utf-8"])
@pytest.mark.parametrize(
    ("text", "charset"),
    [
        *(("회의 자료 보내드립니다", "euc-kr"), ("안녕하십니까", "euc-kr"), ("よろしくお願いします", "euc-jp")),
        ("請大家通知其他同事", "big5"),
    ],
)
def test_a_subject_in_a_charset_of_several_bytes(text: str, charset: str, declared: str | None) -> None:
    assert decode(text.encode(charset), declared).text == text


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        *(("赵钱孙李周吴郑王冯陈", "gb2312"), ("趙錢孫李周吳鄭王馮陳", "big5"), ("佐藤鈴木高橋渡辺伊藤", "euc-jp")),
        *(("佐藤鈴木高橋渡辺伊藤", "shift_jis"), ("김철수 박영희 최민호 나사 망치 못", "euc-kr")),
        *(("중정B삽x", "euc-kr"), ("Room A삽b at nine", "euc-kr"), ("B감사x", "euc-kr")),
    ],
)
def test_names_and_words_between_latin_letters_keep_their_charset(text: str, charset: str) -> None:
    decoded = decode(text.encode(charset), charset)
    assert (decoded.text, decoded.repairs) == (text, frozenset())


@pytest.mark.parametrize("declared", [None, "iso-8859-1", "windows-1252", "iso-8859-2"])
@pytest.mark.parametrize(
    "text",
    [
        *("später", "très bien", "Schöne Grüße aus der großen Küche", "Hyvää päivää"),
        *(
            f"{ENGLISH}Könntest du die Schüssel für die Gäste mitbringen? {ENGLISH}",
            "L’été dernier, ça allait très bien",
        ),
    ],
)
def test_mac_os_roman(text: str, declared: str | None) -> None:
    decoded = decode(text.encode("mac-roman"), declared)
    assert (decoded.text, decoded.repairs) == (text, {WRONG_CHARSET if declared else NO_CHARSET})


@pytest.mark.parametrize("declared", [None, "windows-1251", "utf-8", "iso-8859-1", "koi8-r"])
@pytest.mark.parametrize(
    "text",
    [
        "Завтра приедет Павел. Захвати щётку и краску!",
        "Принесите Лопату. Анна и Борис Уже Там, Вера Тоже.",
        "Привезите лопату и семена к субботе, пожалуйста.",
    ],
)
def test_capitals_of_mac_os_cyrillic(text: str, declared: str | None) -> None:
    decoded = decode(text.encode("mac-cyrillic"), declared)
    assert (decoded.text, decoded.repairs) == (text, {WRONG_CHARSET if declared else NO_CHARSET})


@pytest.mark.parametrize(
    "text", ["Ђорђе је дошао са Љубицом и Џоном јуче увече.", "Приехал Ђоковић, и ты его видел — вчера, в „Доме“."]
)
def test_serbian_letters_are_no_capitals_of_mac_os_cyrillic(text: str) -> None:
    assert decode(text.encode("cp1251"), "windows-1251").text == text


@pytest.mark.parametrize(
    "text", ["šaty Šárky", "ŠKODA", "Œuvre", "eŠkola", "McŠtefan", "Ÿ", "Žižkov", "œuf", "Łódź i Śrem"]
)
@pytest.mark.parametrize("charset", ["windows-1250", "windows-1252", "iso-8859-2", "windows-1257"])
def test_capitals_of_central_europe_are_no_trace(text: str, charset: str) -> None:
    data = text.encode(charset, "ignore")
    assert decode(data, charset).text == data.decode(charset)


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1251", "koi8-r", "windows-1252", "gb2312", "iso-8859-15"])
@pytest.mark.parametrize("text", ["Привет, Пётр! Лопата уже здесь.", "Grüße aus Köln", "请把铲子带来，谢谢。"])
def test_utf8_declared_as_something_else(text: str, declared: str) -> None:
    decoded = decode(text.encode(), declared)
    assert (decoded.text, decoded.repairs) == (text, {WRONG_CHARSET})


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        *(("金曜日にスコップを持ってきてください。", "iso2022_jp"), ("Лопата", "cp1251"), ("Чайник", "cp1251")),
        *(("Ключ у соседа", "koi8-r"), ("Спасибо, буду в семь\r\n", "utf-16"), ("See you at noon.\n", "utf-16-le")),
        *(
            ("Schöne Grüße", "cp1252"),
            ("请在星期五之前把铲子带来，谢谢。", "gb18030"),
            ("삽을 가져와 주세요. 감사합니다.", "cp949"),
        ),
    ],
)
def test_without_a_declaration(text: str, charset: str) -> None:
    decoded = decode(text.encode(charset), None)
    assert (decoded.text, decoded.repairs) == (text, {NO_CHARSET})


def test_one_bad_byte_costs_one_character() -> None:
    russian = "Привезите лопату".encode() + b"\xd0 " + "и семена".encode()
    assert decode(russian, "utf-8").text == "Привезите лопату и семена"
    assert decode("Пётр, ".encode() + b"\x92" + "приеду".encode(), "utf-8").text == "Пётр, приеду"
    # Amid Latin words, the byte is most likely one that an editor pasted.
    pasted = decode("Schöne Grüße, don".encode() + b"\x92t, Gru\xdf Dana", "utf-8")
    assert (pasted.text, pasted.repairs) == ("Schöne Grüße, don’t, Gruß Dana", {LOST_BYTES})


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ("РџСЂРёРІРµС‚, РєР°Рє РґРµР»Р°", "Привет, как дела"),
        ("п÷я─п╦я┬п╩п╦я┌п╣", "Пришлите"),
        ("donâ€™t", "don’t"),
        ("don\x92t", "don’t"),
    ],
)
def test_text_that_was_encoded_twice(broken: str, text: str) -> None:
    decoded = decode(broken.encode(), "utf-8")
    assert (decoded.text, decoded.repairs) == (text, {TWICE_ENCODED})


@pytest.mark.parametrize(
    ("text", "charset"),
    in_charsets(
        ["iso-8859-1", "windows-1252", "windows-1251", "windows-1250"],
        *("20 °C ± 5 µm, ±π", "3½ × 4² m³", "Muñoz, Åsa & Søren", "it´s", "1. «Да» — 2. „Nein“ · 3. £5"),
        *("ЖДУ ВАС В СРЕДУ", "Съешь ещё этих мягких французских булок", "Жълт щъркел", "—Да, конечно", "§ 5 и № 7"),
    ),
)
def test_unusual_but_right_text_is_not_changed(text: str, charset: str) -> None:
    assert decode(text.encode(charset), charset).text == text


@pytest.mark.parametrize(
    ("declared", "charset"),
    [
        *(("x-windows-1251", "cp1251"), ("win-1251", "cp1251"), ("cp-1251", "cp1251"), ('"windows-1251";', "cp1251")),
        *(("koi8", "koi8-r"), ("x-mac-cyrillic", "mac-cyrillic"), ("_iso-8859-5$ESC", "iso-8859-5")),
    ],
)
def test_names_that_programs_write(declared: str, charset: str) -> None:
    text = "Привезите лопату и семена к субботе, пожалуйста."
    assert decode(text.encode(charset), declared).text == text


@pytest.mark.parametrize("declared", ["base64", "rot13", "unicode_escape", "x-unknown", "idna", "\x00", "utf-7", ""])
def test_names_of_no_charset_do_no_harm(declared: str) -> None:
    assert decode(b"C:\\new \\u0041 = plain", declared).text == "C:\\new \\u0041 = plain"


@pytest.mark.parametrize("declared", ["iso-2022-jp", "us-ascii", None])
@pytest.mark.parametrize(
    ("data", "text"),
    [
        *((b"\x1b$B-!HV$N7o\x1b(B", "①番の件"), (b"\x1b$B-j;3ED\x1b(B", "㈱山田"), (b"\x1b$B|b66\x1b(B", "髙橋")),
        *((b"Re: \x1b$B-!\x1b(B and $5\n\x1b$B$O$$\x1b(J", "Re: ① and $5\nはい"), (b"\x1b$B2q5D", "会議")),
        *((b"$B2q5D$N7o(B ok", "会議の件 ok"), (b"$B$O$$(J", "はい")),
        *((b"~{;aRiTZV\\AyOBNgH}5c~}", "会议在周六下午三点"), (b"Use ~{foo} or ~{a,b~} there", None)),
        *((b"perl -e 'print $B{x}(B)' costs $Both(B)", None), (b"It cost $But(But not more)", None)),
    ],
)
def test_charsets_of_seven_bits(data: bytes, text: str | None, declared: str | None) -> None:
    assert decode(data, declared).text == (data.decode("ascii") if text is None else text)


def test_half_a_character_of_seven_bits_costs_what_it_is() -> None:
    assert decode(b"\x1b$B2q5D$N7o\x1b$B-\x1b(B", "iso-2022-jp").text.startswith("会議の件")


def test_a_long_line_that_looks_like_seven_bits_takes_time_in_proportion() -> None:
    begin = time.process_time()
    assert decode(b"(J" + b"$B" * 50_000, None).text == "(J" + "$B" * 50_000
    assert time.process_time() - begin < 5


def test_a_long_word_beside_characters_of_another_charset_takes_time_in_proportion() -> None:
    begin = time.process_time()
    text = "a" * 100_000 + " 会议纪要"
    assert decode(text.encode("gb18030"), "iso-8859-1").text.startswith("a" * 100_000)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("declared", [None, "us-ascii", "iso-8859-1"])
@pytest.mark.parametrize(
    ("text", "charset"),
    [
        *(
            ("謝謝你", "big5"),
            ("再見", "big5"),
            ("生日快樂", "big5"),
            ("生日快乐", "gb18030"),
            ("好的，明天见", "gb18030"),
        ),
        *(("会議の件", "euc-jp"), ("会議の件", "shift_jis"), ("田中様 会議の件", "euc-jp"), ("お疲れ様です", "euc-jp")),
        *(("네, 알겠습니다.", "euc-kr"), ("회의 건", "euc-kr")),
    ],
)
def test_fragments_in_a_charset_of_several_bytes(text: str, charset: str, declared: str | None) -> None:
    assert decode(text.encode(charset), declared).text == text


# Places, names, and what people write in a few characters, with the charset of its country.
SHORT = {
    "gb18030": "北京市 上海市 谢谢 收到 会议纪要 发票 合同草稿 张经理 房租 水电费 豆浆油条 好的，明天见 辛苦了",
    "big5": "台北市 高雄市 陳小姐 會議紀錄 履歷 房租 報價單 謝謝 珍珠奶茶 技術支援 再見 請盡快回覆 冷氣不冷 已付款",
    "euc-jp": "東京都 大阪市 会議 請求書 議事録 高橋 お疲れ様です 誕生日おめでとう 退職届 領収書 サーバー障害 はい",
    "shift_jis": "東京都 大阪市 会議 請求書 議事録 高橋 お疲れ様です 誕生日おめでとう 退職届 領収書 サーバー障害 はい",
    "euc-kr": "서울시 부산 견적서 이력서 감사합니다 회의록 대구역 떡볶이 영수증 안녕하세요 내일 생일",
}


@pytest.mark.parametrize(("text", "charset"), [(text, name) for name, all_ in SHORT.items() for text in all_.split()])
@pytest.mark.parametrize("above", ["", "Hi Bo,\n\n"], ids=["subject", "body"])
def test_a_few_characters_without_a_charset(text: str, charset: str, above: str) -> None:
    assert decode((above + text).encode(charset), None).text == above + text


@pytest.mark.parametrize(
    ("text", "charset"), [("はい", "shift_jis"), ("ありがとう", "shift_jis"), ("上海市", "gb2312")]
)
def test_a_few_characters_declared_as_latin(text: str, charset: str) -> None:
    assert decode(text.encode(charset), "iso-8859-1").text == text


@pytest.mark.parametrize("declared", [None, "own"])
@pytest.mark.parametrize(
    ("text", "charset"),
    in_charsets(
        ["cp1251", "koi8-r", "cp1252", "cp1250", "cp1253", "cp1256", "mac-roman", "cp850"],
        *("Да", "СРОЧНО", "Ёлка", "Резюме", "ДО ЗАВТРА", "élève", "für Bo", "¡Hola!", "Åsa", "cześć", "Łódź", "źle"),
        *("Ευχαριστώ", "ΝΑΙ", "شكرا", "مرحبا", "5 €", "20 °C", "§ 5", "Grüße", "“Yes”", "лл", "см", "кг"),
    ),
)
def test_short_words_in_a_charset_of_one_byte_are_no_chinese(text: str, charset: str, declared: str | None) -> None:
    found = decode(text.encode(charset), charset if declared else None).text
    assert not any(character > "\u2e80" for character in found)


def test_letters_of_latin_words_that_are_declared_as_japanese() -> None:
    text = "Pourriez-vous rapporter l’échelle à l’école ?"
    assert decode(text.encode("cp1252"), "shift_jis").text == text


@pytest.mark.parametrize("text", ["МОСКВА", "ДО ЗАВТРА", "КАК ДЕЛА", "ЖДУ"])
def test_capitals_without_a_charset_are_no_chinese(text: str) -> None:
    assert not any(character > "\u3000" for character in decode(text.encode("cp1251"), None).text)


@pytest.mark.parametrize("text", ["Цена 5 € за кг", "Всё за 7 €!", "3 €", "Куда? — 5 €…"])
def test_a_right_declaration_is_believed_in_a_short_text_with_a_rare_symbol(text: str) -> None:
    assert decode(text.encode("cp1251"), "windows-1251").text == text


@pytest.mark.parametrize(("text", "charset"), [("会议改期", "gb2312"), ("會議改期", "big5"), ("회의 일정", "euc-kr")])
def test_text_that_ends_within_a_character(text: str, charset: str) -> None:
    decoded = decode(text.encode(charset)[:-1], charset)
    assert (decoded.text, decoded.repairs) == (text[:-1], {LOST_BYTES})


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r"])
@pytest.mark.parametrize("text", ["СПАСИБО", "ПОЗВОНИ МНЕ", "СПАСИБО БОЛЬШОЕ", "СРОЧНО: СЧЕТ 15", "ДА"])
def test_capitals_in_a_declared_cyrillic_charset_are_believed(text: str, charset: str) -> None:
    assert decode(text.encode(charset), charset) == Decoded(text)


@pytest.mark.parametrize(("actual", "declared"), [("koi8-r", "windows-1251"), ("windows-1251", "koi8-r")])
def test_small_letters_that_look_like_capitals_are_still_repaired(actual: str, declared: str) -> None:
    text = "спасибо большое за помощь"
    assert decode(text.encode(actual), declared).text == text


def test_letters_and_tones_of_vietnamese_are_one_character() -> None:
    text = "Ngày mai tôi sẽ mang thang đến bến cảng."
    apart = "Ngày mai tôi se\u0303 mang thang đê\u0301n bê\u0301n ca\u0309ng."
    assert decode(apart.encode("cp1258"), "windows-1258") == Decoded(text)


def test_narrow_katakana_beside_a_number_in_a_circle() -> None:
    data = "明日の九時".encode("iso2022_jp") + b"\x1b$B-!\x1b(I\x57\x5d\x4c\x5f\x1b(B"
    assert decode(data, "iso-2022-jp") == Decoded("明日の九時①ﾗﾝﾌﾟ")
