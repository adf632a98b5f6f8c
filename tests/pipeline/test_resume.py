"""A call that was killed is made again, and takes up its work where that was."""

import csv
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from conftest import RunPy
from warm import Call

from email_assistant.experiments.connection import open_store
from email_assistant.storage import jsonl

pytestmark = pytest.mark.slow


def progress_of(outputs: Path, stage: str) -> Path:
    """The folder in which a stage that is under way keeps its progress; it need not be there yet."""
    return next(iter(outputs.glob(f"artifacts/{stage}/*.partial/progress")), outputs / "none")


def lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.parametrize("tries", [5, 45], ids=["in the first round", "in the retry round"])
def test_a_killed_summarize_repeats_no_try(
    run_py: RunPy, tmp_path: Path, whole_project: tuple[Path, Call], tries: int
) -> None:
    outputs = tmp_path / "outputs"
    call = ("stage=summarize", "tracking=none", "summarizer.batch_size=1")
    # The random model's sentences are all bad, so each of the 40 mails is tried twice.
    run_py.start(*call).stop(
        signal.SIGKILL, lambda: lines_of(progress_of(outputs, "summarize") / "rejected.jsonl") >= tries
    )
    assert not list(outputs.glob("artifacts/summarize/*/manifest.json"))
    rejected = progress_of(outputs, "summarize") / "rejected.jsonl"
    kept = jsonl.read_finished(rejected)
    # What was wrong with a try is believed: so one sees what is taken up.
    first = [line for line in kept if line["attempts"] == 1]
    jsonl.write(rejected, [line | {"faults": ["marked", *line["faults"][1:]]} for line in kept])
    resumed = run_py(*call)
    assert resumed.code == 0, resumed.err
    report = jsonl.read_json(outputs / "latest" / "summarize" / "report.json")
    assert report["faults_of_tries"]["marked"] == len(first) >= min(tries, 40)
    pairs = [root / "latest" / "summarize" / "pairs.jsonl" for root in (outputs, whole_project[0] / "outputs")]
    assert pairs[0].read_bytes() == pairs[1].read_bytes()


def test_a_killed_training_goes_on_from_its_checkpoint(run_py: RunPy, made_outputs: Path) -> None:
    call = ("stage=train", "tracking=none", "trainer.epochs=6", "trainer.patience=null")

    def checkpoints() -> list[Path]:
        return list(progress_of(made_outputs, "train").glob("fit/checkpoint-????????"))

    run_py.start(*call).stop(signal.SIGKILL, checkpoints)
    state: dict[str, Any] = json.loads((max(checkpoints()) / "state.json").read_text())["state"]
    assert state["step"] > 0
    resumed = run_py(*call)
    assert resumed.made == ["train"], resumed.err
    trained = (made_outputs / "latest" / "train").resolve()
    # A step that is taken again would have another speed.
    history = jsonl.read(trained / "history.jsonl")
    assert history[: len(state["history"])] == state["history"]
    assert history[-1]["step"] > state["step"]
    weights = (trained / "adapter" / "adapter_model.safetensors").read_bytes()
    assert run_py(*call, "force=true").made == ["train"]
    assert (trained / "adapter" / "adapter_model.safetensors").read_bytes() == weights


def test_a_killed_infer_keeps_the_mails_that_it_wrote(run_py: RunPy, tmp_path: Path, made_outputs: Path) -> None:
    (tmp_path / "ask.txt").write_text("\n".join(f"Ask number {number}" for number in range(12)))
    call = (
        "stage=infer", "tracking=none", "infer.input=ask.txt", "generation.batch_size=1",
        "generation.max_new_tokens=60", f"infer.adapter={made_outputs}/latest/train/adapter",
    )  # fmt: skip
    progress = tmp_path / ".mails.csv.progress.jsonl"
    run_py.start(*call, "infer.output=mails.csv").stop(signal.SIGKILL, lambda: lines_of(progress) >= 2)
    assert not (tmp_path / "mails.csv").exists()
    kept = jsonl.read_finished(progress)
    assert 2 <= len(kept) < 12
    written = kept[0]["text"]
    jsonl.write(progress, [kept[0] | {"text": "a mail that was kept"}, *kept[1:]])
    assert run_py(*call, "infer.output=mails.csv").code == 0
    assert run_py(*call, "infer.output=undisturbed.csv").code == 0
    assert not progress.exists()
    resumed, undisturbed = ((tmp_path / name).read_text() for name in ("mails.csv", "undisturbed.csv"))
    assert "a mail that was kept" in resumed
    assert _rows(tmp_path / "mails.csv", "a mail that was kept") == _rows(tmp_path / "undisturbed.csv", written)
    assert resumed.count("Ask number") == undisturbed.count("Ask number") == 12


def _rows(path: Path, left_out: str) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.reader(file) if row[1] != left_out]


def test_ctrl_c_ends_a_call_with_its_own_code_and_marks_the_run_killed(run_py: RunPy, made_outputs: Path) -> None:
    call = ("stage=train", "trainer.epochs=500", "trainer.patience=null")
    checkpoint = "artifacts/train/*/progress/fit/checkpoint-*"
    stopped = run_py.start(*call).stop(signal.SIGINT, lambda: list(made_outputs.glob(checkpoint)))
    assert stopped.code == 130
    assert "Traceback" not in stopped.err
    assert list(made_outputs.glob(checkpoint))
    client, experiment = open_store(run_py.folder / "mlruns", "email-assistant")
    assert [run.info.status for run in client.search_runs([experiment])] == ["KILLED"]
