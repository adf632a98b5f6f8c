import sys
from pathlib import Path

from email_assistant.archive import readers
from email_assistant.archive.selection import read_and_select
from email_assistant.archive.selection_steps import SelectionRules

DEMO = Path(__file__).resolve().parents[1] / "demo"
sys.path.insert(0, str(DEMO))
import build  # noqa: E402


def test_the_archive_is_up_to_date_with_its_source() -> None:
    assert (DEMO / "archive.mbox").read_text(encoding="utf-8") == build.build()


def test_every_mail_of_the_owner_is_restored_exactly(tmp_path: Path) -> None:
    items = build.read_items("mails_en.txt", "en") + build.read_items("mails_ru.txt", "ru")
    written = {build.full_text(item) for item in items}
    # Some mails are in KOI8-R, which lacks dashes and guillemets.
    without_typography = {text.replace("—", "-").replace("«", '"').replace("»", '"') for text in written}
    rules = SelectionRules(5, 1500, 0.9, drop=frozenset({"automatic", "vacation"}))
    _, _, selection = read_and_select(lambda: readers.read([DEMO / "archive.mbox"], "auto", {}), [], rules, tmp_path)
    kept = list(selection.kept)
    texts = [str(email["text"]) for email in kept]
    assert len(texts) == len(items)
    assert set(texts) <= written | without_typography
    assert {str(email["language"]) for email in kept} == {"en", "ru"}


def test_a_third_of_the_mails_say_one_thing_in_few_words() -> None:
    items = build.read_items("mails_en.txt", "en") + build.read_items("mails_ru.txt", "ru")
    # The others count what they say: without the short ones, every answer to a short note would be a list, too.
    short = [
        item for item in items if len(item.body.split()) <= 30 and "One:" not in item.body and "Раз:" not in item.body
    ]
    answers = [item for item in short if item.subject.startswith("Re: ")]
    assert len(short) >= len(items) // 3, len(short)
    assert len(answers) >= len(short) // 4, len(answers)
    assert {item.language for item in short} == {"en", "ru"}
