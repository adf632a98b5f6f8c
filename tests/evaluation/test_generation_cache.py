"""Mails of earlier evaluations, looked up by what their text depends on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Call

from email_assistant.evaluation import generation_cache
from email_assistant.requests.arms import ARMS
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.hashing import hash_file
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


def mark_cached(evaluation: Path) -> None:
    """Replace the mails of an evaluation's cache, so that a later one shows where its mails come from."""
    path, manifest = evaluation / generation_cache.CACHE_FILE, evaluation / "manifest.json"
    jsonl.write(path, [line | {"written": "from the cache"} for line in jsonl.read(path)])
    known = jsonl.read_json(manifest)
    known["files"][path.name] = hash_file(path)
    jsonl.write_json(manifest, known)


@pytest.mark.slow
def test_evaluations_take_each_other_s_mails(run_py: Run, tmp_path: Path) -> None:
    arms = "evaluation.arms=[base,tuned]"
    latest = tmp_path / "outputs" / "latest" / "evaluate"

    def evaluate(*values: str, tracking: str = "none") -> dict[str, list[bool]]:
        """Which mails of each arm are from the cache; `judge` are those of training mails."""
        done = run_py("stage=evaluate", f"tracking={tracking}", *values)
        assert done.code == 0, done.err
        test = jsonl.read(latest / "generations.jsonl")
        shown = [arm for arm in ARMS if arm in test[0]]
        cached = {arm: [line[arm] == "from the cache" for line in test] for arm in shown}
        tested = {line["id"] for line in test}
        judged = [line for line in jsonl.read(latest / generation_cache.CACHE_FILE) if line["id"] not in tested]
        return cached | {"judge": [line["written"] == "from the cache" for line in judged]}

    def found() -> list[bytes]:
        return [(latest / name).read_bytes() for name in ("generations.jsonl", "report.json", "measured.npz")]

    first, found_first = evaluate(arms, "trainer.learning_rate=0.05"), found()
    assert not any(map(any, first.values()))
    mark_cached(latest.resolve())
    other_adapter = evaluate(arms)
    assert all(other_adapter["base"])
    assert len(other_adapter["judge"]) == 8
    assert all(other_adapter["judge"])
    assert not any(other_adapter["tuned"])
    mark_cached(latest.resolve())
    # Another prompt style has other prompts.
    other_arms = evaluate("evaluation.arms=[base,base_bm25,tuned]")
    assert all(other_arms["base"])
    assert all(other_arms["tuned"])
    assert not any(other_arms["base_bm25"])
    assert not any(map(any, evaluate(arms, "generation.temperature=0.3").values()))
    # The only job of a sweep, which shows no mails before it writes them all: those that are shown change no figure.
    forced = evaluate("-m", arms, "trainer.learning_rate=0.05", "force=true", tracking="local")
    assert not any(map(any, forced.values()))
    assert found() == found_first
