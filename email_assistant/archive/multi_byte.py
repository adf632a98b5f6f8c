"""Charsets of several bytes per character: which of them makes a usual text of some bytes."""

import re
from collections.abc import Iterable

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
