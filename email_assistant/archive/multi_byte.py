"""Charsets of several bytes per character: which of them makes a usual text of some bytes."""

import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

MULTI_BYTE = frozenset(
    ("gb18030", "cp949", "cp932", "big5hkscs", "euc_jis_2004", "big5", "johab", "euc_jp", "shift_jis")
)
KANA = re.compile("[ぁ-ヺ]")
# A letter of Latin words that was decoded together with the next one.
IDEOGRAPH_IN_WORD = re.compile("[A-Za-z][\u3400-\u9fff\uac00-\ud7a3\uff66-\uff9f]{1,2}[a-z]")
# Of each charset a standard that has the usual characters, and the first bytes of these in it.
KANA_AND_USUAL_KANJI = ("euc_jp", ((0xA4, 0xA5), (0xB0, 0xCF)))
USUAL_LEADS = {
    "gb18030": ("gb2312", ((0xB0, 0xD7),)),
    "big5hkscs": ("big5", ((0xA4, 0xC6),)),
    "cp949": ("euc_kr", ((0xB0, 0xC8),)),
    "cp932": KANA_AND_USUAL_KANJI,
    "euc_jis_2004": KANA_AND_USUAL_KANJI,
}
# The share of usual characters that a text has.
USUAL_SHARE = 0.8
# The most frequent characters of each charset's language, about a half of any text. In another charset of several bytes
# per character, the same bytes are usual characters, too, but hardly ever these.
FREQUENT_IN_JAPANESE = frozenset(map(chr, range(0x3041, 0x30FF))) | frozenset(
    "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞"
    "食車何南万毎白天母火右読友左休父雨会社事自者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公持野以思家世多正安"
)
FREQUENT = {
    "gb18030": frozenset(
        "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多"
        "经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无力它与长把机十民第公此已工使情明性知全"
        "三又关点正业外将两高间由问很最重并物手应向头文体相见被利什二等产或新己制身果加月话合回代内信表老给位次请谢早晚午星期四六七八九"
    ),
    "big5hkscs": frozenset(
        "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多"
        "經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心本前開但因只從想實日者意無力它與長把機十民第公此已工使情明性知全"
        "三又關點正業外將兩高間由問很最重並物手應向頭文體相見被利什二等產或新己製身果加月話合回代內信表老給位次請謝早晚午星期四六七八九"
    ),
    "cp949": frozenset(
        "이다는을에가의로하고지사기어서도리인나한시자일해대은들게만부그정전수스라아있었요니습세주여보제것거면과와상장안모마원성신오"
        "진우비무년조소동구경없공된되으로개분학적선관생위중회드습합금감녕려내를데까던바겠좋많"
    ),
    "cp932": FREQUENT_IN_JAPANESE,
    "euc_jis_2004": FREQUENT_IN_JAPANESE,
}
# How many more of the frequent characters decide between two charsets; how long a text is in which a guess does.
CLEARLY_MORE, MIN_GUESSED = 2, 4
# BudouX's models of the languages, in which are about a thousand characters of each; Korean has none.
MODELS = {
    "gb18030": ("zh-hans.json",),
    "big5hkscs": ("zh-hant.json",),
    "cp932": ("ja.json", "ja_word.json"),
    "euc_jis_2004": ("ja.json", "ja_word.json"),
    "cp949": (),
}
COMMON_IN_KOREAN = frozenset(
    "간갈값강같개객갱거건걸검겨견결경계곡골곳공관광괜교권귀규균그극근글급긴길김꼭꾸끝날남납낮너넘네노논농높놓누느늘능니님"
    "단달담답당댁더덕덜데델독돈돌동되둘뒤드득든들등따딸때떡떤또똑뜻란람량러럼레려력련렬령례록론료룡루류률르른름릉린림립링"
    "마막만많말망맞매맥맡머먼멀멋메면명몇모목몸못무문물뭐미민밀밑바박밖반받발밝밤방배백뱃버번벌범법벽변별병보복본볶볼봄봉부"
    "북분불붙브블비빌빨뻐뿌삭산살삼상새색샘생서석선설섬성세센셔션셨소속손솔송쇄쇼수숙순술숨쉬쉽슈스슬승시식신실심싶싸써쓰씀씨"
    "악안앉알암압앞애액앱야약양어억언얼엄업에엔여역연열염엽영예오온올옮와완왔외왼요욕용우운울움웃워원월웠위유육윤율음응의"
    "이인일읽임입잇있잊자작잔잘잠잡장재쟁저적전절점접정제져조족존졸종좋죄주죽준줄줘중즉즐증지직진질집짓짜쪽차착찬찮찰참창채"
    "책챙처척천철첨첫청체쳐초촌총촬최추축출춤충취측층치친칠침칭카칸커컴케코콘콜쿠쿼크큰클키타탁탄탈탐탑태택터털테텔토톡통퇴투"
    "트특틀티팀파판팔패퍼편평폐포폭표푸풀품풍프피필하학한할함합항해했행향허헌험현협형호혹혼홀홈화확환활황회획효후훈휴희히힘"
)
# How rare a character is, in bits: one of the most frequent, common or usual characters of a language, a sign, others.
# The usual ones that are not common are a tenth of a Chinese text, and less of others.
SIGN_BITS, RARE_BITS, HIRAGANA_BITS, KATAKANA_BITS = 10.0, 21.0, 7.2, 9.5
CHINESE_BITS, JAPANESE_BITS, KOREAN_BITS = (8.5, 11.5, 14.5), (9.0, 10.7, 14.0), (8.0, 10.5, 17.0)
BITS = {
    **dict.fromkeys(("gb18030", "big5hkscs"), CHINESE_BITS),
    **dict.fromkeys(("cp932", "euc_jis_2004"), JAPANESE_BITS),
    "cp949": KOREAN_BITS,
}
# Japanese without any kana is rare.
WITHOUT_KANA_BITS = 2.0
# Punctuation of East Asia and forms of full width.
SIGN = re.compile("[\u2018-\u201d\u2026\u3000-\u3011\uff01-\uff1f\uff5e]")


def decode_strictly(data: bytes, codec: str | None) -> str | None:
    """The text of some bytes; None if they are not valid in a charset, or there is no such charset."""
    try:
        return data.decode(codec or "")
    except (UnicodeError, LookupError):
        return None


def letters_beyond_latin(text: str) -> list[str]:
    """The letters of Chinese, Japanese and Korean in a text."""
    return [character for character in text if character >= "\u3041" and character.isalpha()]


def usual_share(text: str, codec: str) -> float:
    """The share of the usual characters of a language among the letters of a text; 0 for other charsets."""
    standard, leads = USUAL_LEADS.get(codec, ("ascii", ()))
    letters = letters_beyond_latin(text)
    if not letters:
        return 0.0
    encoded = (character.encode(standard, "ignore")[:1] for character in letters)
    return sum(any(lead and low <= lead[0] <= high for low, high in leads) for lead in encoded) / len(letters)


def frequent_count(text: str, codec: str) -> int:
    """How many letters of a text are among the most frequent characters of a language."""
    return sum(letter in FREQUENT[codec] for letter in text)


class Likely(NamedTuple):
    """A text in the charset of several bytes per character in which it is likeliest.

    Attributes:
        text: The decoded text.
        bits: How unlikely the text is, per character beyond Latin.
        letters: The number of these characters.
    """

    text: str
    bits: float
    letters: int


def likeliest(data: bytes, names: Iterable[str]) -> Likely | None:
    """The likeliest text of some bytes among charsets, by how frequent its characters are; None if it is text in none.

    Args:
        data: The bytes.
        names: The charsets to choose from.
    """
    found: list[tuple[float, Likely]] = []
    for name in names:
        text = decode_strictly(data, name)
        if text is None or IDEOGRAPH_IN_WORD.search(text):
            continue
        characters = [character for character in text if character > "\x7f"]
        bits = sum(_bits(character, name) for character in characters)
        is_without_kana = USUAL_LEADS[name] is KANA_AND_USUAL_KANJI and not KANA.search(text)
        cost = bits + WITHOUT_KANA_BITS * is_without_kana
        found.append((cost, Likely(text, bits / max(1, len(characters)), len(characters))))
    return min(found)[1] if found else None


@cache
def _bits(character: str, name: str) -> float:
    """How rare a character is in the language of a charset, in bits."""
    frequent, common, usual = BITS[name]
    if USUAL_LEADS[name] is KANA_AND_USUAL_KANJI and KANA.match(character):
        return HIRAGANA_BITS if character < "\u30a0" else KATAKANA_BITS
    if character in FREQUENT[name]:
        return frequent
    if character in _common(name):
        return common
    if SIGN.match(character):
        return SIGN_BITS
    return usual if usual_share(character, name) else RARE_BITS


@cache
def _common(name: str) -> frozenset[str]:
    """The common characters of a language beside the most frequent ones."""
    if name == "cp949":
        return COMMON_IN_KOREAN
    models = [json.loads((files("budoux") / "models" / model).read_text(encoding="utf-8")) for model in MODELS[name]]
    return frozenset(
        character
        for model in models
        for feature, values in model.items()
        if feature.startswith("UW")
        for character in values
        if character >= "\u3005"
    )


def usual_charset(data: bytes, names: Iterable[str], guessed: str | None = None) -> str | None:
    """The charset of several bytes per character that makes a usual text of all bytes.

    Args:
        data: The bytes.
        names: The charsets to choose from.
        guessed: The one that is chosen if the frequent characters do not decide.
    """
    # Chinese makes usual kanji, too: kana tell them apart.
    texts = {
        name: text
        for name in names
        if (text := decode_strictly(data, name))
        and not IDEOGRAPH_IN_WORD.search(text)
        and (USUAL_LEADS[name] is not KANA_AND_USUAL_KANJI or KANA.search(text))
    }
    shares = {name: share for name, text in texts.items() if (share := usual_share(text, name)) >= USUAL_SHARE}
    frequent = {name: frequent_count(texts[name], name) for name in shares}
    # Chinese and Japanese have the same bytes for kana, which Chinese hardly uses.
    if KANA.search(texts.get("gb18030", "")) and frequent.get("euc_jis_2004", 0) > frequent.get("gb18030", 0):
        shares.pop("gb18030", None)
    likely = [name for name in shares if frequent[name] > max(frequent.values()) - CLEARLY_MORE]
    if guessed in likely and len(letters_beyond_latin(texts[guessed])) >= MIN_GUESSED:
        return guessed
    return max(likely, key=lambda name: shares[name], default=None)
