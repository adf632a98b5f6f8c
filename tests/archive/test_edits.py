"""The file of edits: what is kept, replaced, removed and refused."""

import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from edit_records import edit, keep
from filelock import FileLock

from email_assistant.archive import edits, purging
from email_assistant.errors import DataError


def test_a_later_edit_of_a_draft_replaces_the_earlier_one_and_only_the_owner_may_read_them(tmp_path: Path) -> None:
    assert edits.load(tmp_path) == []
    first = keep(tmp_path, edit("a", "Send nails."), edit("b", "Send rope."))
    before = edits.content_hash(tmp_path)
    file = keep(tmp_path, edit("a", "Верни верёвку."))
    assert [each["text"] for each in edits.load(tmp_path)] == ["Верни верёвку.", "Send rope."]
    assert "nails" not in file.read_text() and "Верни" in file.read_text()
    assert edits.content_hash(tmp_path) != before
    assert first == file == tmp_path / "compose" / "edits.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert not list(file.parent.glob(".*"))


def test_edits_that_are_kept_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: keep(tmp_path, edit(f"n{number}", f"Send {number}.")), range(24)))
    assert {each["id"] for each in edits.load(tmp_path)} == {f"n{number}" for number in range(24)}


@pytest.mark.parametrize(
    "match",
    ["from:bo@x.example", "from:bo", "subject:wet rope", "subject:draft rope", "id:m1@x", "subject:the pier"],
)
def test_what_was_purged_is_not_kept(tmp_path: Path, match: str) -> None:
    made = edit(
        "a",
        "The wet rope is here.",
        to="Bo <bo@x.example>",
        draft="A draft rope.",
        subject="The pier",
        answers=["m1@x", "m2@x"],
    )
    terms = purging.parse_terms(match, purging.load_terms(tmp_path).key)
    purging.save_terms(tmp_path, terms)
    assert edits.matches(terms, made)
    assert not edits.keep(tmp_path, made)
    assert edits.keep(tmp_path, edit("b", "Dry."))
    assert [each["id"] for each in edits.load(tmp_path)] == ["b"]


def test_an_edit_that_is_the_same_again_changes_nothing(tmp_path: Path) -> None:
    keep(tmp_path, edit("a", "Send nails."), edit("b", "Send rope."))
    before = edits.content_hash(tmp_path)
    file = keep(tmp_path, edit("a", "Send nails.", date="2025-06-01T10:00:00+00:00"))
    assert edits.content_hash(tmp_path) == before
    keep(tmp_path, edit("a", "Send nails.", date="2025-06-01T10:00:00+00:00", to="Bo"))
    assert edits.content_hash(tmp_path) != before and "2025-06-01" in file.read_text()


def test_a_purge_that_ends_while_an_edit_waits_for_the_file_keeps_it_out(tmp_path: Path) -> None:
    file = keep(tmp_path, edit("a", "Send nails."))
    with ThreadPoolExecutor(1) as pool:
        with FileLock(file.with_suffix(".lock")):
            waiting = pool.submit(edits.keep, tmp_path, edit("b", "Send rope."))
            time.sleep(0.2)
            terms = purging.parse_terms("subject:rope", purging.load_terms(tmp_path).key)
            purging.save_terms(tmp_path, terms)
        assert not waiting.result(timeout=20)
    assert "rope" not in file.read_text()


def test_edits_are_removed_that_were_kept_after_a_purge_had_read_them(tmp_path: Path) -> None:
    keep(tmp_path, edit("a", "Send nails."), edit("b", "Send rope."))
    purging.save_terms(tmp_path, purging.parse_terms("subject:rope", purging.load_terms(tmp_path).key))
    edits.remove(tmp_path, [])
    assert [each["id"] for each in edits.load(tmp_path)] == ["a"]


def test_edits_are_removed_by_their_ids(tmp_path: Path) -> None:
    file = keep(tmp_path, edit("a", "Send nails."), edit("b", "Send rope."))
    edits.remove(tmp_path, [])
    edits.remove(tmp_path, ["a", "z"])
    assert "nails" not in file.read_text() and "rope" in file.read_text()


@pytest.mark.parametrize("line", ["{", "[]", "{}", json.dumps({**edit("a", "x"), "text": 1})])
def test_a_damaged_file_is_refused(tmp_path: Path, line: str) -> None:
    file = keep(tmp_path, edit("b", "Send rope."))
    with file.open("a") as opened:
        opened.write(line + "\n")
    with pytest.raises(DataError, match=r"edits\.jsonl, (?:record|line) 2"):
        edits.load(tmp_path)
