"""Mails of earlier evaluations, looked up by what their text depends on."""

import json
from collections.abc import Callable
from pathlib import Path

from warm import Call

from email_assistant.evaluation import generation_cache
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.records import GeneratedMail

Run = Callable[..., Call]
MAILS: list[GeneratedMail] = [
    {"id": "m1", "text": "Ahoy,\nrope is here.", "tokens": 9, "ended": True},
    {"id": "m2", "text": "Ahoy, and", "tokens": 12, "ended": False},
]
KEYS = {"m1": "a1", "m2": "a2"}


def evaluation(tmp_path: Path, key: str, mails: list[GeneratedMail], keys: dict[str, str]) -> Artifact:
    def make(folder: Path) -> dict[str, int]:
        return {"mails": jsonl.write(folder / generation_cache.CACHE_FILE, generation_cache.lines(keys, mails))}

    return ArtifactCache(tmp_path / "outputs").write("evaluate", key, {}, make, resumable=False)


def test_mails_come_back_as_they_were_written(tmp_path: Path) -> None:
    before = [evaluation(tmp_path, "one", MAILS[:1], KEYS), evaluation(tmp_path, "two", MAILS[1:], KEYS)]
    assert generation_cache.lookup(before, KEYS) == {"m1": MAILS[0], "m2": MAILS[1]}


def test_mails_are_found_by_key_and_get_the_id_of_the_new_request(tmp_path: Path) -> None:
    before = [evaluation(tmp_path, "one", MAILS, KEYS)]
    known = generation_cache.lookup(before, {"m1": "other", "n1": "a2", "n2": "a2"})
    assert known == {"n1": {**MAILS[1], "id": "n1"}, "n2": {**MAILS[1], "id": "n2"}}


def test_a_changed_file_is_skipped(tmp_path: Path) -> None:
    before = [evaluation(tmp_path, "one", MAILS, KEYS)]
    path = before[0].path(generation_cache.CACHE_FILE)
    path.write_text(path.read_text().replace("rope", "gold"))
    assert generation_cache.lookup(before, KEYS) == {}


def test_of_two_adapters_the_base_model_writes_once(run_py: Run, tmp_path: Path) -> None:
    arms = "evaluation.arms=[base,tuned]"
    latest = tmp_path / "outputs" / "latest" / "evaluate"

    def mails() -> tuple[list[str], list[str]]:
        lines = [json.loads(line) for line in (latest / "generations.jsonl").read_text().splitlines()]
        return [line["base"] for line in lines], [line["tuned"] for line in lines]

    first = run_py("stage=evaluate", arms, "trainer.learning_rate=0.05", "tracking=none")
    assert first.code == 0, first.err
    assert "from cache" not in first.out
    base, tuned = mails()
    other = run_py("stage=evaluate", arms, "tracking=none")
    assert f"base: reused {len(base)} of {len(base)} mails from cache" in other.out
    # Those of the training mails that the judge compares with.
    assert "others: reused 32 of 32 mails from cache" in other.out
    assert "tuned: " not in other.out
    assert mails()[0] == base
    assert mails()[1] != tuned
    # Another way to ask has other prompts.
    shown = run_py("stage=evaluate", "evaluation.arms=[base,base_bm25,tuned]", "tracking=none")
    assert f"tuned: reused {len(base)} of {len(base)} mails from cache" in shown.out
    assert "base_bm25: " not in shown.out
    hotter = run_py("stage=evaluate", arms, "generation.temperature=0.3", "tracking=none")
    assert "from cache" not in hotter.out
    again = run_py("stage=evaluate", arms, "force=true", "tracking=none")
    assert "from cache" not in again.out
    assert mails()[0] == base
