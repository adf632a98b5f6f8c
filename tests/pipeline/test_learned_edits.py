"""Edits of drafts from the page's file to an adapter, and what purge, lock and audit do with them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import RunPy
from edit_records import edit, keep
from warm import Call

from email_assistant.archive import edits
from email_assistant.storage import jsonl

pytestmark = pytest.mark.slow
Run = Callable[..., Call]
NEW = "Dear harbour master,\n\nthe zinc buoys drift towards the lighthouse tonight.\n\nFair winds, T"
SPLITS = ("train", "validation", "test")


def split_of(outputs: Path) -> dict[str, list[Any]]:
    return {name: jsonl.read(outputs / "latest" / "split" / f"{name}.jsonl") for name in SPLITS}


def test_the_typed_request_trains_and_no_scored_mail_does(run_py: RunPy, tmp_path: Path) -> None:
    train, outputs = ("stage=train", "tracking=none"), tmp_path / "outputs"
    assert run_py(*train).code == 0
    before = split_of(outputs)
    sent, scored = before["train"][0], [*before["validation"], *before["test"]]
    keep(
        outputs,
        edit("sent", sent["email"], request="typed words of mine", to="Shop 1 <shop1@goods.example>"),
        edit("new", NEW, request="zinc buoys adrift", to="Piers <piers@x.example>", date="2025-03-01T10:00:00+00:00"),
        edit("short", "Ahoy."),
        *(edit(f"scored{number}", mail["email"]) for number, mail in enumerate(scored)),
        *(edit(f"thread{number}", f"word{number} " * 5, answers=[mail["id"]]) for number, mail in enumerate(scored)),
    )
    # What was kept changes nothing until it is asked for.
    assert run_py(*train).made == []
    done = run_py(*train, "data.edits=true")
    # The archive's mails are the same, so no request is written again.
    assert done.made == ["data", "split", "train"], done.err
    after = split_of(outputs)
    assert [after[name] for name in SPLITS[1:]] == [before[name] for name in SPLITS[1:]]
    first, *others, last = after["train"]
    assert (first["instruction"], first["method"]) == ("shop: typed words of mine", "typed")
    assert first["email"] == sent["email"] and "variants" not in first
    assert others == before["train"][1:]
    assert (last["id"], last["instruction"], last["method"]) == ("edit-new", "piers: zinc buoys adrift", "typed")
    assert "zinc buoys" in last["email"]
    # The model is trained on it: the first example is shown as the model sees it.
    assert "shop: typed words of mine" in done.out
    report = json.loads((outputs / "latest" / "split" / "report.json").read_text())
    assert report["train"] == len(after["train"])
    assert report["edits"] == {"joined": 1, "added": 1, "left_out": 2 * len(scored)}
    read = json.loads((outputs / "latest" / "data" / "report.json").read_text())["edits"]
    assert read == {"read": 3 + 2 * len(scored), "kept": 2 + 2 * len(scored), "dropped": {"too_short": 1}}
    assert run_py(*train, "data.edits=true").made == []
    assert run_py("stage=plan", "data.edits=true").code == 0


def test_an_order_is_no_note_with_a_name_in_front_of_it(run_py: RunPy, tmp_path: Path) -> None:
    late = edit("late", NEW, request="they sent me two left buoys,\n tell them I want a refund", to="Piers")
    first = edit("first", "The ladder is at the mill until Sunday.", request="tell Bo where it is", to="Piers")
    keep(tmp_path / "outputs", late, first)
    assert run_py("stage=split", "tracking=none", "data.edits=true").code == 0
    read = {pair["instruction"] for pair in split_of(tmp_path / "outputs")["train"]}
    assert {"they sent me two left buoys, tell them I want a refund", "tell Bo where it is"} <= read


def test_the_mail_that_was_answered_is_in_the_prompt_and_personal_data_is_not(run_py: RunPy, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    text, asked = NEW.replace("tonight", "to bo@x.example"), "Where do the buoys drift to?"
    keep(outputs, edit("a", text, request="tell bo@x.example", context=asked))
    values = ("stage=split", "tracking=none", "data.edits=true", "data.context=parent", "data.redact=pii")
    done = run_py(*values)
    assert done.code == 0, done.err
    pair = split_of(outputs)["train"][-1]
    assert pair["context"] == asked
    assert "bo@x.example" not in json.dumps(pair)
    assert "[EMAIL-" in pair["instruction"] and "[EMAIL-" in pair["email"]


def files_with(folder: Path, word: str) -> list[str]:
    roots = (folder / "outputs", folder / "mlruns")
    return [
        str(path.relative_to(folder))
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    ]


def test_purge_reaches_edits_and_what_was_trained_on_them(run_py: RunPy, archive: Path, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    mails = [json.loads(line) for line in archive.read_text().splitlines()]
    said = mails[3]["body"].split("\n")[2]
    keep(
        outputs,
        edit("about", NEW),
        edit("to", "Please bring the ladder back.", to="Piers <piers@x.example>"),
        # It has a passage of a mail of the archive in it.
        edit("quotes", f"As I wrote:\n{said}\nWhere is it?"),
        edit("answer", "I shall come at seven.", answers=["m5"]),
        edit("other", "The kettle of the night watch is cold again."),
    )
    assert run_py("stage=train", "data.edits=true", "tracking=none").code == 0
    match = "purge.match='subject:zinc buoys or from:piers@x.example or id:m3 or id:m5'"
    dry = run_py("stage=purge", match, "purge.dry_run=true")
    assert dry.code == 0 and "edited drafts to delete: 4" in dry.out
    assert len(edits.load(outputs)) == 5
    done = run_py("stage=purge", match)
    assert done.code == 0, done.err
    assert [each["id"] for each in edits.load(outputs)] == ["other"]
    for word in ("zinc buoys", "ladder back", said, "at seven"):
        assert files_with(tmp_path, word) == []
    assert not (outputs / "latest" / "train").exists()
    again = run_py("stage=split", "data.edits=true", "tracking=none")
    assert again.code == 0, again.err
    assert split_of(outputs)["train"][-1]["id"] == "edit-other"


def test_purge_of_an_edit_reaches_what_was_trained_on_it_and_nothing_else(run_py: RunPy, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    footer = "Harbour office at the third lighthouse of the bay"
    with_footer = f"The kettle of the night watch is cold again.\n{footer}"
    text = f"Please bring the zinc ladder back.\n{footer}"
    # No mail by the owner matches, nor does a line of a training mail: the recipient's address is only in the edit.
    keep(outputs, edit("to", text, to="<piers@x.example>"), edit("other", with_footer))
    assert run_py("stage=train", "tracking=none").code == 0
    plain = (outputs / "latest" / "train").resolve()
    assert run_py("stage=train", "tracking=none", "data.edits=true").code == 0
    learned = [(outputs / "latest" / name).resolve() for name in ("split", "train")]
    done = run_py("stage=purge", "purge.match='from:piers@x.example'")
    assert done.code == 0, done.err
    assert not any(folder.exists() for folder in learned)
    assert plain.exists()
    assert "0 mails match" in done.out
    assert [each["id"] for each in edits.load(outputs)] == ["other"]
    assert files_with(tmp_path, "zinc ladder") == []
    # Of what was made without edits, only the archive is read again.
    assert run_py("stage=train", "tracking=none").made == ["data"]


def test_a_term_of_an_edit_leaves_what_was_trained_without_it(run_py: RunPy, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    keep(outputs, edit("about", NEW))
    assert run_py("stage=split", "tracking=none").code == 0
    assert run_py("stage=split", "tracking=none", "data.edits=true").code == 0
    done = run_py("stage=purge", "purge.match='subject:zinc buoys'")
    assert done.code == 0, done.err
    assert files_with(tmp_path, "zinc buoys") == []
    assert run_py("stage=split", "tracking=none").made == ["data"]


def test_edits_are_locked_with_everything_else(run_py: RunPy, tmp_path: Path) -> None:
    word = tmp_path / "word"
    word.write_text("a lamp in the fog\n")
    given = f"vault.passphrase_file={word}"
    file = keep(tmp_path / "outputs", edit("a", NEW))
    before = file.read_bytes()
    assert run_py("stage=lock", given).code == 0
    assert files_with(tmp_path, "zinc buoys") == []
    refused = run_py("stage=compose", "tracking=none", fresh=True)
    assert refused.code == 1 and "stage=unlock" in refused.err
    assert run_py("stage=unlock", given).code == 0
    assert file.read_bytes() == before
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_audit_expects_edits_in_their_file_only(
    run_py: RunPy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    file = keep(tmp_path / "outputs", edit("a", NEW))
    # A fresh process, as a user starts it; wide enough for every path.
    monkeypatch.setenv("COLUMNS", "400")
    passed = run_py("stage=audit", fresh=True)
    assert passed.code == 0, passed.err
    assert file.name in passed.out
    (tmp_path / "outputs" / "runs.log").write_text("the zinc buoys drift towards the lighthouse tonight.")
    failed = run_py("stage=audit")
    assert failed.code == 1 and "runs.log" in failed.err and "zinc" not in failed.err
