"""The words of a text in any language, also in those that write no spaces between words.

Chinese, Japanese and Thai are segmented by BudouX, whose models are a few tens of kilobytes each.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files

# Words between spaces. Of letters, digits and underscores: 'don't' and 'follow-up' are two words each.
WORD = re.compile(r"\w+")
# The same with the signs over, under and beside letters, which are vowels in the scripts of India and Tibet.
MARKED_WORD = re.compile(
    r"[\w\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u06d6-\u06ed\u0900-\u0963\u0966-\u0df3\u0f18-\u0f39\u0f71-\u0fbc]+"
)
# 'don't' and 'follow-up' are one word each.
COMPOUND_WORD = re.compile(r"\w+(?:['’-]\w+)*")
# The same, of letters only.
ALPHABETIC_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Splits a text into sentences; the end of a line also ends a sentence.
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'»”)]*\s+|\n+")
KANA = re.compile("[\u3040-\u30ff]")
# Runs of scripts that write no spaces, with the signs over and under their letters.
HAN_AND_KANA = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
THAI, LAO, BURMESE, KHMER = "\u0e00-\u0e7f", "\u0e80-\u0eff", "\u1000-\u109f", "\u1780-\u17ff"
# Korean has spaces, but some people write a whole message without any; no word is longer than this.
LONGEST_KOREAN_WORD, LETTERS_PER_KOREAN_WORD = 10, 4
UNSPACED_RUN = re.compile(
    f"[{HAN_AND_KANA}]+|[{THAI}]+|[{LAO}]+|[{BURMESE}]+|[{KHMER}]+|[가-힣]{{{LONGEST_KOREAN_WORD + 1},}}"
)
# There is no small segmenter for Lao, Burmese and Khmer, whose words have about this many letters and signs.
LETTERS_PER_WORD = 5
# Longer runs are segmented in pieces, since the time for a run must stay proportional to its length.
MAX_RUN = 2000


def split_words(text: str) -> list[str]:
    """The words of a text in their order."""
    if not has_unspaced(text):
        return (WORD if text.isascii() else MARKED_WORD).findall(text)
    is_japanese = KANA.search(text) is not None
    words: list[str] = []
    end = 0
    for run in UNSPACED_RUN.finditer(text):
        words += WORD.findall(text[end : run.start()])
        words += _segment(run[0], is_japanese)
        end = run.end()
    return words + WORD.findall(text[end:])


def count_words(text: str) -> int:
    """The number of words of a text, as its readers count them."""
    return len(split_words(text))


def has_unspaced(text: str) -> bool:
    """Whether a text has letters of scripts that write no spaces between words."""
    return not text.isascii() and UNSPACED_RUN.search(text) is not None


def is_unspaced(text: str) -> bool:
    """Whether most letters of a text are of scripts that write no spaces between words."""
    if not has_unspaced(text):
        return False
    return 2 * sum(map(len, UNSPACED_RUN.findall(text))) > sum(map(len, WORD.findall(text)))


def _segment(run: str, is_japanese: bool) -> list[str]:
    first = run[0]
    if "\u0e00" <= first <= "\u0e7f":
        split = _segmenter("th.json")
    elif "\u0e80" <= first <= "\u109f" or "\u1780" <= first <= "\u17ff" or "가" <= first <= "힣":
        length = LETTERS_PER_KOREAN_WORD if first >= "가" else LETTERS_PER_WORD
        return [run[start : start + length] for start in range(0, len(run), length)]
    else:
        split = _segmenter("ja_word.json" if is_japanese else "zh-hans.json")
    return [word for start in range(0, len(run), MAX_RUN) for word in split(run[start : start + MAX_RUN])]


@cache
def _segmenter(model: str) -> Callable[[str], list[str]]:
    from budoux import Parser

    return Parser(json.loads((files("budoux") / "models" / model).read_text(encoding="utf-8"))).parse
