import time
from pathlib import Path

import pytest
from owner_mail import mail

from email_assistant.archive.language import LanguageDetector
from email_assistant.archive.selection import read_and_select
from email_assistant.archive.selection_steps import SelectionRules
from email_assistant.lexicon.words import count_words, split_words

CHINESE = "请在星期五中午之前把两箱青苹果送到仓库，谢谢。"
JAPANESE = "金曜日の正午までに青りんごを二箱送ってください。"
THAI = "กรุณาส่งแอปเปิ้ลเขียวสองลังก่อนเที่ยงวันศุกร์"


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        *((CHINESE, 11, 17), (JAPANESE, 11, 18), (THAI, 8, 14), ("請把兩箱蘋果送到倉庫。", 5, 10)),
        *(("好的", 1, 2), ("はい", 1, 2), ("ครับ", 1, 1), ("សូមអរគុណច្រើនសម្រាប់ជំនួយរបស់អ្នក", 4, 12)),
        *(("사과 두 상자를 보내 주세요", 5, 5), ("Don't be late, 2 crates", 6, 6), ("", 0, 0), ("。、！", 0, 0)),
        ("明天 at nine 见 Sam", 5, 6),
        *(("नमस्ते दुनिया", 2, 2), ("வணக்கம் உலகம்", 2, 2), ("ཁྱེད་རང་བདེ་མོ།", 4, 4), ("Cafe\u0301 ouvert", 2, 2)),
        *(("내일회의는세시에시작합니다자료를꼭챙겨주세요", 5, 9), ("알겠습니다", 1, 1), ("개인정보보호위원회는", 1, 1)),
    ],
)
def test_words_are_counted_as_readers_count_them(text: str, least: int, most: int) -> None:
    assert least <= count_words(text) <= most


def test_nothing_but_marks_and_spaces_is_lost_between_words() -> None:
    for text in (CHINESE, JAPANESE, THAI):
        assert "".join(split_words(text)) == "".join(character for character in text if character not in "，。 ")


def test_the_time_is_proportional_to_the_length() -> None:
    begin = time.perf_counter()
    assert count_words("苹果" * 20_000) > 1000
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(("text", "short"), [(CHINESE, "好的。"), (JAPANESE, "はい。"), (THAI, "ครับ")])
def test_mails_without_spaces_are_kept_by_their_number_of_words(tmp_path: Path, text: str, short: str) -> None:
    messages = [mail(1, text), mail(2, short), mail(3, text + text[:4]), mail(4, text[::-1] + text)]
    rules = SelectionRules(min_words=5, max_words=60, duplicate_similarity=0.8)
    index, _, selection = read_and_select(lambda: iter(messages), ["ada@x.example"], rules, tmp_path, 1)
    assert {"s1"} <= {email["source"] for email in selection.kept}
    reasons = {source: selection.drops.reasons[number] for number, source in enumerate(index.sources())}
    assert (reasons["s2"], reasons["s3"]) == ("too_short", "duplicate")


@pytest.mark.parametrize(("text", "language"), [(CHINESE, "zh"), (JAPANESE, "ja"), (THAI, "th")])
def test_the_language_of_a_text_without_spaces_is_seen_in_few_characters(text: str, language: str) -> None:
    assert LanguageDetector.shared().detect(text)[0] == language
