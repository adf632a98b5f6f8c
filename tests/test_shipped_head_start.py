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


def test_every_mail_has_two_typed_notes() -> None:
    mails = jsonl.read(FOLDER / "mails.jsonl")
    assert len({mail["id"] for mail in mails}) == len(mails) == 1438
    for mail in mails:
        assert mail["text"].strip() and mail["instruction"] and mail["variants"]
        assert mail["instruction"] not in mail["variants"]
