"""`stage=status` and `stage=clean`, and the processes that runs belong to."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from warm import Call

from email_assistant.experiments import process_ids
from email_assistant.experiments.connection import open_store
from email_assistant.experiments.tags import PROCESS_TAG
from email_assistant.stages.catalog import STAGES
from email_assistant.storage import jsonl

Run = Callable[..., Call]


def lines(out: str) -> dict[str, str]:
    """The status of each stage, whose table cells may be wrapped to several lines."""
    statuses: dict[str, str] = {}
    stage = ""
    for line in out.splitlines():
        words = line.split()
        if words and words[0] in STAGES and line.startswith("  ") and not line.startswith("   "):
            stage = words.pop(0)
        statuses[stage] = " ".join([statuses.get(stage, ""), *words]).strip()
    return statuses


def test_status_shows_what_is_cached_and_what_would_run_and_why(run_py: Run, tmp_path: Path) -> None:
    nothing = lines(run_py("stage=status").out)
    assert nothing["data"].startswith("would run")
    assert nothing["train"].endswith("after split")
    assert not (tmp_path / "mlruns").exists()
    assert run_py("stage=split", "tracking=none").code == 0
    made = lines(run_py("stage=status").out)
    assert all(made[stage].startswith("cached") for stage in ("data", "summarize", "split"))
    assert made["train"].startswith("would run")
    key = (tmp_path / "outputs" / "latest" / "data").resolve().name
    assert key[:12] in made["data"]
    changed = lines(run_py("stage=status", "split.test_fraction=0.2").out)
    assert "split.test_fraction (0.1 → 0.2)" in changed["split"]
    manifest = tmp_path / "outputs" / "latest" / "data" / "manifest.json"
    values = jsonl.read_object(manifest)
    jsonl.write_json(
        manifest, {name: value for name, value in values.items() if name not in ("made", "reads", "scores")}
    )
    assert lines(run_py("stage=status").out)["data"].startswith("cached unknown")
    assert lines(run_py("stage=status", "data.min_words=4").out)["data"].startswith("would run")
    (tmp_path / "outputs" / "latest" / "data" / "emails.jsonl").write_text("{}")
    damaged = run_py("stage=status").out
    assert lines(damaged)["data"].startswith("error")
    assert "force=true" in lines(damaged)["data"]


@pytest.mark.slow
def test_clean_shows_and_then_removes_what_no_run_refers_to(run_py: Run, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    assert run_py("stage=clean").code == 1
    for count in (20, 21, 22):
        assert run_py("stage=data", f"data.max_mails={count}").code == 0
    assert run_py("stage=data", "data.max_mails=23", "tracking=none").code == 0
    assert run_py("stage=data", "data.max_mails=22", "tracking=none").code == 0
    client, experiment = open_store(tmp_path / "mlruns", "email-assistant")
    runs = {run.data.params["data.max_mails"]: run.info.run_id for run in client.search_runs([experiment])}
    client.delete_run(runs["20"])
    client.delete_run(runs["22"])
    gone = client.create_experiment("gone", artifact_location=f"{tmp_path}/mlruns/artifacts")
    client.log_text(client.create_run(gone).info.run_id, "mail", "mail.txt")
    client.delete_experiment(gone)
    interrupted = outputs / "artifacts" / "train" / "abc.partial"
    interrupted.mkdir(parents=True)
    (interrupted / "note").write_text("x")

    def there() -> int:
        return len(list((outputs / "artifacts" / "data").glob("*/manifest.json")))

    listed = run_py("stage=clean")
    assert listed.code == 0, listed.err
    assert listed.out.count("deleted run") == 3
    assert there() == 4
    assert interrupted.exists()
    removed = run_py("stage=clean", "clean.remove=true")
    assert removed.code == 0, removed.err
    # That of the remaining run, and that which was used last.
    assert there() == 2
    assert not interrupted.exists()
    assert sorted(folder.name for folder in (tmp_path / "mlruns" / "artifacts").iterdir()) == [runs["21"]]
    assert [run.info.run_id for run in client.search_runs([experiment], run_view_type=3)] == [runs["21"]]
    assert run_py("stage=data", "data.max_mails=21").out.count("cached") == 1


@pytest.mark.slow
def test_clean_refuses_while_a_run_is_in_progress_and_ends_dead_ones(run_py: Run, tmp_path: Path) -> None:
    client, experiment = open_store(tmp_path / "mlruns", "email-assistant")
    run = client.create_run(experiment, tags={PROCESS_TAG: process_ids.this_process()}).info.run_id
    refused = run_py("stage=clean", fresh=True)
    assert refused.code == 1
    assert run in refused.err
    assert client.get_run(run).info.status == "RUNNING"
    program = "from email_assistant.experiments import process_ids; print(process_ids.this_process())"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    client.set_tag(run, PROCESS_TAG, ended)
    assert run_py("stage=clean").code == 0
    assert client.get_run(run).info.status == "KILLED"


def test_which_processes_have_ended() -> None:
    assert not process_ids.has_ended(process_ids.this_process())
    machine, number, started = process_ids.this_process().split()
    # The clock was adjusted by a second.
    assert not process_ids.has_ended(f"{machine} {number} {int(started) - 1}")
    assert process_ids.has_ended(f"{machine} {number} {int(started) - 60}")
    assert not process_ids.has_ended(f"another-{machine} {number} {int(started) - 60}")
    assert not process_ids.has_ended("")
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    assert process_ids.has_ended(f"{os.uname().nodename} {child.pid} 1")
