"""The head start that is shipped: its weights are those of its card, and its mails can train it again."""

import re

from conftest import ROOT

from email_assistant.language_model.adapter_folder import WEIGHTS, check_folder
from email_assistant.storage import jsonl
from email_assistant.storage.hashing import hash_file

FOLDER = ROOT / "head_start"


def test_the_weights_are_those_of_the_card() -> None:
    shipped = FOLDER / "smollm2_135m"
    check_folder(shipped)
    pinned = re.search(rf"SHA-256 of `{WEIGHTS}`: `(\w+)`", (shipped / "README.md").read_text(encoding="utf-8"))
    assert pinned and pinned[1] == hash_file(shipped / WEIGHTS)


def test_its_mails_are_complete_and_those_with_notes_have_two() -> None:
    mails = jsonl.read(FOLDER / "mails.jsonl")
    assert len({mail["id"] for mail in mails}) == len(mails) == 4359
    assert all(mail["text"].strip() for mail in mails)
    noted = [mail for mail in mails if "instruction" in mail]
    assert len(noted) == 1438
    for mail in noted:
        assert mail["instruction"] and mail["variants"]
        assert mail["instruction"] not in mail["variants"]
