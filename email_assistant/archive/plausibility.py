"""How plausible a decoded text is: low for what a person wrote, high for the same bytes in a wrong charset.

A wrong charset leaves traces that need no dictionary: letters of two scripts in one word, symbols inside words,
capitals in the middle of words, letters that no single alphabet has, and rare letters in place of frequent ones.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

# The letters beyond A to Z of each alphabet in Latin script, in lower case.
LATIN_ALPHABETS = tuple(
    frozenset(letters)
    for letters in (
        *("àâæçéèêëîïôœùûüÿ", "äöüßé", "áéíñóúü", "àáâãçéêíóôõúü", "àèéìíîòóùú", "áéëïíóöüúè", "æøåéóò", "åäöéüà"),
        *("áéíóúýþæðö", "áíóúýæðø", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîșțşţ"),
        *("čćđšž", "âçğıîöşüû", "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž", "àçéèíïóòúü·", "áéíóúṡṫḃċḋḟġṁṗ", "ċġħżàèìòù"),
        *("ĉĝĥĵŝŭ", "çë", "əçğıöşü", "ñáéíóúü", "áâãàăèéêìíòóôõùúýđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ"),
    )
)
CYRILLIC_ALPHABETS = tuple(
    frozenset(letters)
    for letters in (
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
        "абвгдђежзијклљмнњопрстћуфхцчџш",
        "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
        "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя",
    )
)
RARE_ARABIC = frozenset("ذظطغضثؤئءآژچپہ")
# What a Cyrillic letter costs: a tenth of the bits by which it is rarer than 'о' in Russian, or in its own language.
CYRILLIC_COST = {
    **dict(zip("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", range(33), strict=True)),
    **{"і": 4, "ј": 7, "ї": 22, "є": 22, "ў": 22, "ђ": 24, "љ": 24, "њ": 24, "ћ": 24, "џ": 26},
}
COST_STEP, UNKNOWN_LETTER, USUAL_COST = 0.016, 35, 0.16
# The same in bits: of the most frequent letter, of a step of the cost, of other letters, symbols, and odd capitals.
FREQUENT_BITS, BITS_PER_COST, LETTER_BITS, SYMBOL_BITS, CAPITAL_BITS = 3.2, 0.25, 4.6, 8.0, 4.0
# Of a Latin letter with an accent, which hardly ever follows another one, and of the letters that Thai often has.
ACCENT_BITS, RARE_ACCENT_BITS, NEXT_ACCENT_BITS = 6.0, 10.0, 3.0
FREQUENT_ACCENTS = frozenset("áàâäãåæçéèêëíîïñóòôöõøúùûüýßąćčďęěğıłńňőřśşšťůűźżžÄÖÜÉÅŚŠŽÇ")
ACCENTS = re.compile("[À-ÖØ-öø-ɏ]{2,}")
# Of a symbol beside a letter.
BESIDE_LETTER = re.compile(r"(?<=[^\W\d_])[^\x00-\x7f\w]|[^\x00-\x7f\w](?=[^\W\d_])")
BESIDE_LETTER_BITS = 4.0
FREQUENT_THAI = frozenset("นรอกเงามยลวดทสตะปบค่้ัีิไแโใหพขช็์ุูืำจผถ")
# The frequencies of fewer letters say less.
MIN_CYRILLIC = 20
MOSTLY = 0.7
# Hebrew has forms of five letters that end a word.
FINAL_HEBREW = re.compile("[ךםןףץ](?=[א-ת])")
# Greek has a form of sigma that ends a word, and one accent in every longer word; an apostrophe begins none.
FINAL_SIGMA = re.compile("ς(?=[α-ώ])|(?<![^\\W\\d_])’(?=[α-ώ])")
GREEK_WORD = re.compile("[Ά-ώ]{4,}")
GREEK_ACCENT = re.compile("[ΆΈΉΊΌΎΏΐάέήίΰόύώ]")
# Signs over or under a letter, without the letter that they need.
LOOSE_MARK = re.compile("(?<![֐-׿])[֑-ׇ]|(?<![؀-ۿ])[ً-ٰٟ]|(?<![ก-๎])[ัิ-ฺ็-๎]|[เ-ไ](?![ก-ฮ])")
HEBREW_POINT = re.compile("[֑-ׇ]")
# What may touch a letter: quotation marks, dashes, and what follows or precedes words.
TOUCHING = frozenset("«»„“”‘’‚‹›–—…·•´`°µ§©®™№¡¿\u00a0\u202f\u00ad\u200b\ufeff−×")
RUN_OF_ACCENTS = re.compile("[À-ÖØ-öø-ſ]{5,}|[À-ÖØ-öø-ÿ]{3,}|(?<![^\\W\\d_])[À-ÖØ-öø-ÿ]{2}(?![^\\W\\d_])")
# Capitals of Central Europe, which other charsets have in place of small letters of Mac OS Roman. They may follow a
# single small letter, as in 'eŠkola'.
MORE_CAPITALS = "".join(letter for letter in map(chr, range(0x100, 0x180)) if letter.isupper())
LOWER_UPPER = re.compile(
    rf"[а-яёђ-џ](?=[А-ЯЁЂ-Џ])|[a-zß-öø-ÿ](?=[À-ÖØ-Þ])|[a-zß-öø-ÿ]{{2}}(?=[{MORE_CAPITALS}])|[α-ώ](?=[Α-Ω])"
)
BESIDE_ASCII = re.compile(r"[A-Za-z@\[-`{-~][Ѐ-ԯ]|[Ѐ-ԯ][A-Za-z@\[-`{-~]")
MAX_WORDS = 200
# Penalties per character: for what no text has, for what few have, and for what some have.
IMPOSSIBLE, UNLIKELY, UNUSUAL = 3.0, 1.0, 0.4


def is_plausible(text: str) -> bool:
    """Whether a text has no trace of a wrong charset. A quick test for what is nearly always right."""
    strange = {character for character in text if character > "\x7f"} - TOUCHING
    if not strange:
        return True
    letters = {character.lower() for character in strange - {"İ"}}
    if any(letters <= alphabet for alphabet in LATIN_ALPHABETS):
        return not (RUN_OF_ACCENTS.search(text) or LOWER_UPPER.search(text))
    if any(letters <= alphabet for alphabet in CYRILLIC_ALPHABETS) and is_usual_cyrillic(text):
        return True
    return penalty(text) == 0


def is_usual_cyrillic(text: str) -> bool:
    """Whether a text has many Cyrillic letters, as frequent as in any text of a language and mostly in lower case."""
    lower = text.lower()
    counts = {letter: lower.count(letter) for letter in CYRILLIC_COST}
    total = sum(counts.values())
    if total < MIN_CYRILLIC or LOWER_UPPER.search(text):
        return False
    cost = COST_STEP * sum(CYRILLIC_COST[letter] * count for letter, count in counts.items()) / total
    small = sum(map(text.count, CYRILLIC_COST))
    return cost <= USUAL_COST and small >= MOSTLY * total


def is_cyrillic_word(text: str) -> bool:
    """Whether the letters of a text beyond ASCII are Cyrillic ones of one alphabet, no capitals inside of words."""
    letters = {character for character in text.lower() if character > "\x7f"}
    is_mixed = LOWER_UPPER.search(text) if not text.isupper() else None
    return any(letters <= alphabet for alphabet in CYRILLIC_ALPHABETS) and not (is_mixed or BESIDE_ASCII.search(text))


def is_of_one_cyrillic_alphabet(text: str) -> bool:
    """Whether the Cyrillic letters of a text are all of one language's."""
    letters = set(_cyrillic_letters(text))
    return any(letters <= alphabet for alphabet in CYRILLIC_ALPHABETS)


def cyrillic_cost(text: str) -> float | None:
    """How rare the Cyrillic letters of a text are, on average; None if it has none."""
    letters = _cyrillic_letters(text)
    return _mean_cost(letters) if letters else None


def _cyrillic_letters(text: str) -> list[str]:
    return [letter for letter in text.lower() if "\u0400" <= letter <= "\u052f"]


def _mean_cost(letters: list[str]) -> float:
    return sum(CYRILLIC_COST.get(letter, UNKNOWN_LETTER) for letter in letters) / len(letters)


def words_beyond_ascii(text: str) -> list[str]:
    """The words between blanks that are not all ASCII."""
    return [word for word in text.split() if not word.isascii()]


def letter_bits(text: str) -> float:
    """How unlikely the characters beyond ASCII of a text are, in bits in all, if its words are of one language."""
    return sum(map(_bits_of_word, words_beyond_ascii(text)))


def _bits_of_word(word: str) -> float:
    capitals = 0 if word.isupper() else sum(letter.isupper() for letter in word[1:])
    neighbours = sum(len(run) - 1 for run in ACCENTS.findall(word))
    bits = sum(_bits(character) for character in word if character > "\x7f")
    bits += BESIDE_LETTER_BITS * len(BESIDE_LETTER.findall(word))
    return bits + CAPITAL_BITS * capitals + NEXT_ACCENT_BITS * neighbours


def _bits(character: str) -> float:
    lower = character.lower()
    if "\u0400" <= lower <= "\u052f":
        return FREQUENT_BITS + BITS_PER_COST * CYRILLIC_COST.get(lower, UNKNOWN_LETTER)
    if character in FREQUENT_THAI:
        return LETTER_BITS
    if character in RARE_ARABIC or _script(character) == "thai" or not character.isalpha():
        return SYMBOL_BITS
    if character < "\u0250":
        return ACCENT_BITS if character in FREQUENT_ACCENTS else RARE_ACCENT_BITS
    return LETTER_BITS


def penalty(text: str) -> float:
    """The traces of a wrong charset in a text, per character beyond ASCII; 0 if there are none."""
    words = words_beyond_ascii(text)[:MAX_WORDS]
    count = sum(character > "\x7f" for word in words for character in word)
    if not count:
        return 0.0
    traces = sum(_word_penalty(word) for word in words) + _foreign_letters(words)
    return float(traces / count + _rare_cyrillic("".join(words)))


@lru_cache(maxsize=4096)
def _word_penalty(word: str) -> float:
    traces = IMPOSSIBLE * sum(map(_is_impossible, word))
    traces += sum(_symbol_penalty(word, place) for place, character in enumerate(word) if character > "\x7f")
    scripts = [script for character in word if (script := _script(character))]
    traces += UNLIKELY * sum(left != right for left, right in pairwise(scripts))
    traces += UNLIKELY * len(LOWER_UPPER.findall(word)) + UNLIKELY * len(FINAL_HEBREW.findall(word))
    traces += UNLIKELY * (len(LOOSE_MARK.findall(word)) + len(FINAL_SIGMA.findall(word)))
    traces += UNUSUAL * len(HEBREW_POINT.findall(word))
    traces += UNUSUAL * sum(_wrong_accents(greek) for greek in GREEK_WORD.findall(word))
    traces += UNUSUAL * sum(max(1, len(run) - 2) for run in RUN_OF_ACCENTS.findall(word))
    traces += UNUSUAL * sum(character in RARE_ARABIC for character in word)
    # Lower-case words become capitals in a charset that has the two the other way round.
    return traces + UNUSUAL / 3 * sum("\u0400" <= letter <= "\u042f" for letter in word[1:])


def _rare_cyrillic(text: str) -> float:
    """By how much the Cyrillic letters of a text are rarer than those of any text of a language."""
    letters = _cyrillic_letters(text)
    if not letters:
        return 0.0
    return 2 * max(0.0, COST_STEP * _mean_cost(letters) - USUAL_COST) * min(1.0, len(letters) / MIN_CYRILLIC)


def _wrong_accents(word: str) -> int:
    """By how many accents a Greek word of several syllables differs from the one that it has; capitals have none."""
    return 0 if word.isupper() else abs(len(GREEK_ACCENT.findall(word)) - 1)


def _is_impossible(character: str) -> bool:
    return "\x80" <= character <= "\x9f" or character == "\ufffd" or "\ue000" <= character <= "\uf8ff"


def _symbol_penalty(word: str, place: int) -> float:
    """What a symbol costs: inside a word more than at its beginning, and nothing at its end or apart from letters."""
    character = word[place]
    if _is_impossible(character):
        return 0.0
    category = unicodedata.category(character)
    if (
        character in TOUCHING
        or category[0] in "MC"
        or (category[0] == "L" and category != "Lm" and character not in "ªº")
    ):
        return 0.0
    before = place > 0 and word[place - 1].isalpha()
    after = place + 1 < len(word) and word[place + 1].isalpha()
    if before and after:
        return 2 * UNLIKELY
    if before and category == "No":
        return UNUSUAL / 2
    if after and category == "Sm":
        return 0.0
    if before or after:
        return UNLIKELY
    return UNUSUAL if "\u2500" <= character <= "\u25ff" else 0.0


def _script(character: str) -> str:
    """The script of a letter or mark, by its block; empty for all others."""
    code = ord(character)
    if code < 0x250:
        return "latin" if character.isalpha() else ""
    for script, first, last in (
        *(("greek", 0x370, 0x3FF), ("cyrillic", 0x400, 0x52F), ("hebrew", 0x590, 0x5FF), ("arabic", 0x600, 0x6FF)),
        *(("thai", 0xE00, 0xE7F), ("arabic", 0x200C, 0x200F)),
    ):
        if first <= code <= last:
            return script
    return ""


def _foreign_letters(words: list[str]) -> float:
    """The number of Latin and Cyrillic letters that the best alphabet for all words does not have."""
    letters = [
        letter for word in words for letter in word.replace("İ", "i").lower() if letter > "\x7f" and letter.isalpha()
    ]
    foreign = 0
    for script, alphabets in (("latin", LATIN_ALPHABETS), ("cyrillic", CYRILLIC_ALPHABETS)):
        own = [letter for letter in letters if _script(letter) == script and letter not in "ªº"]
        if own:
            foreign += min(sum(letter not in alphabet for letter in own) for alphabet in alphabets)
    return UNUSUAL * foreign
