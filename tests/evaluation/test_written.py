"""Mails of earlier evaluations, found by what their text depends on."""

import json
from collections.abc import Callable
from pathlib import Path

from warm import Call

from email_assistant.evaluation import written
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, Store

Run = Callable[..., Call]
MAILS = [
    {"id": "m1", "text": "Ahoy,\nrope is here.", "tokens": 9, "ended": True},
    {"id": "m2", "text": "Ahoy, and", "tokens": 12, "ended": False},
]
KEYS = {"m1": "a1", "m2": "a2"}


def evaluation(tmp_path: Path, key: str, mails: list[dict[str, object]], keys: dict[str, str]) -> Artifact:
    def make(folder: Path) -> dict[str, int]:
        return {"mails": jsonl.write(folder / written.WRITTEN, written.lines(keys, mails))}

    return Store(tmp_path / "outputs").write("evaluate", key, {}, make, resumable=False)


def test_mails_come_back_as_they_were_written(tmp_path: Path) -> None:
    before = [evaluation(tmp_path, "one", MAILS[:1], KEYS), evaluation(tmp_path, "two", MAILS[1:], KEYS)]
    progress = tmp_path / "base.jsonl"
    assert written.take(before, KEYS, progress) == 2
    assert jsonl.read(progress) == MAILS
    # Twice is once.
    assert written.take(before, KEYS, progress) == 0
    assert jsonl.read(progress) == MAILS


def test_what_was_asked_otherwise_stays_and_ids_are_those_of_now(tmp_path: Path) -> None:
    before = [evaluation(tmp_path, "one", MAILS, KEYS)]
    progress = tmp_path / "base.jsonl"
    assert written.take(before, {"m1": "other", "n1": "a2", "n2": "a2"}, progress) == 2
    assert jsonl.read(progress) == [{**MAILS[1], "id": "n1"}, {**MAILS[1], "id": "n2"}]


def test_what_a_call_that_was_cut_off_wrote_comes_first(tmp_path: Path) -> None:
    before = [evaluation(tmp_path, "one", MAILS, KEYS)]
    progress = tmp_path / "base.jsonl"
    own = {"id": "m2", "text": "Ahoy, all", "tokens": 10, "ended": True}
    progress.write_text(jsonl.line(own) + '{"id": "m1", "te')
    assert written.take(before, KEYS, progress) == 1
    assert jsonl.read(progress) == [own, MAILS[0]]


def test_what_was_altered_is_not_believed(tmp_path: Path) -> None:
    before = [evaluation(tmp_path, "one", MAILS, KEYS)]
    path = before[0].path(written.WRITTEN)
    path.write_text(path.read_text().replace("rope", "gold"))
    assert written.take(before, KEYS, tmp_path / "base.jsonl") == 0
    assert jsonl.read(tmp_path / "base.jsonl") == []


def test_of_two_adapters_the_base_model_writes_once(run_py: Run, tmp_path: Path) -> None:
    arms = "evaluation.arms=[base,tuned]"
    latest = tmp_path / "outputs" / "latest" / "evaluate"

    def mails() -> tuple[list[str], list[str]]:
        lines = [json.loads(line) for line in (latest / "generations.jsonl").read_text().splitlines()]
        return [line["base"] for line in lines], [line["tuned"] for line in lines]

    first = run_py("stage=evaluate", arms, "trainer.learning_rate=0.05", "tracking=none")
    assert first.code == 0, first.err
    assert "were there" not in first.out
    base, tuned = mails()
    other = run_py("stage=evaluate", arms, "tracking=none")
    assert f"base: {len(base)} of {len(base)} mails were there" in other.out
    # Those of the training mails that the judge compares with.
    assert "others: 32 of 32 mails were there" in other.out
    assert "tuned: " not in other.out
    assert mails()[0] == base
    assert mails()[1] != tuned
    # Another way to ask has other prompts.
    shown = run_py("stage=evaluate", "evaluation.arms=[base,base_bm25,tuned]", "tracking=none")
    assert f"tuned: {len(base)} of {len(base)} mails were there" in shown.out
    assert "base_bm25: " not in shown.out
    hotter = run_py("stage=evaluate", arms, "generation.temperature=0.3", "tracking=none")
    assert "were there" not in hotter.out
    again = run_py("stage=evaluate", arms, "force=true", "tracking=none")
    assert "were there" not in again.out
    assert mails()[0] == base
