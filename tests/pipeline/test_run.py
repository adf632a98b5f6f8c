"""run.py as a user calls it, on a random model of two layers."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from warm import Call

from email_assistant.errors import TrackingError
from email_assistant.experiments.connection import open_store
from email_assistant.experiments.scored_runs import find_scored_runs

Run = Callable[..., Call]


def runs_of(tmp_path: Path) -> list[Any]:
    client, experiment = open_store(tmp_path / "mlruns", "email-assistant")
    return list(client.search_runs([experiment], order_by=["attributes.start_time ASC"]))


def states(out: str) -> dict[str, str]:
    """What each stage said of itself first: cached or running."""
    found: dict[str, str] = {}
    for name, state in re.findall(r"^(\w+) +(cached|running)", out, re.MULTILINE):
        found.setdefault(name, state)
    return found


def test_all_stages_then_caching_and_what_a_change_runs_again(run_py: Run, tmp_path: Path) -> None:
    first = run_py(fresh=True)
    assert first.code == 0, first.err
    assert states(first.out) == dict.fromkeys(["data", "summarize", "split", "train", "evaluate"], "running")
    latest = tmp_path / "outputs" / "latest"
    report = json.loads((latest / "data" / "report.json").read_text())
    assert report["kept"] + sum(report["dropped"].values()) == report["messages"] == 40
    assert set(json.loads((latest / "summarize" / "pairs.jsonl").read_text().split("\n")[0])) == {
        "id", "instruction", "email", "subject", "thread", "date", "method",
    }  # fmt: skip
    adapter = {file.name for file in (latest / "train" / "adapter").iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "README.md"} <= adapter
    assert (latest / "train" / "adapter" / "adapter_model.safetensors").stat().st_size < 100_000
    evaluation = json.loads((latest / "evaluate" / "report.json").read_text())
    assert list(evaluation["arms"]) == ["base", "few_shot", "base_bm25", "tuned", "tuned_bm25"]
    assert {"bleu", "chrf", "mauve", "perplexity", "facts_kept", "style_greeting"} <= set(evaluation["arms"]["tuned"])
    assert set(evaluation["intervals"]) == {*evaluation["arms"], "owner"}
    assert set(evaluation["differences"]["tuned"]) == {"base", "few_shot", "base_bm25", "tuned_bm25"}

    assert states(run_py().out) == dict.fromkeys(["data", "summarize", "split", "train", "evaluate"], "cached")
    other_rank = run_py("stage=train", "lora.r=4")
    assert states(other_rank.out) == {"data": "cached", "summarize": "cached", "split": "cached", "train": "running"}
    assert "lora.r (2 → 4)" in other_rank.out
    # Speed and memory alone are not part of the key.
    assert states(run_py("stage=train", "trainer.micro_batch_tokens=300", "model.threads=2").out)["train"] == "cached"
    # Another decoding scores the adapter again and does not train it again.
    rescored = run_py("stage=train", "generation.temperature=0.1")
    assert "scored again" in rescored.out
    evaluated = run_py("stage=evaluate", "generation.temperature=0.1")
    assert states(evaluated.out)["evaluate"] == "running"
    forced = run_py("stage=split", "force=true")
    assert states(forced.out) == {"data": "cached", "summarize": "cached", "split": "running"}

    runs = runs_of(tmp_path)
    assert [run.info.status for run in runs] == ["FINISHED"] * 7
    trained = runs[2]
    assert trained.data.tags["mlflow.runName"].startswith("train r=4 ")
    assert trained.data.params["lora.r"] == "4"
    assert {"validation_bleu", "validation_mauve", "validation_loss", "train/loss", "data.kept"} <= set(
        trained.data.metrics
    )
    assert trained.data.tags["signature.bleu"].startswith("nrefs")
    client, _ = open_store(tmp_path / "mlruns", "email-assistant")
    steps = client.get_metric_history(trained.info.run_id, "train/loss")
    assert [entry.step for entry in steps] == list(range(1, len(steps) + 1))
    logged = {file.path for file in client.list_artifacts(trained.info.run_id, "adapter")}
    assert "adapter/adapter_model.safetensors" in logged
    database = (tmp_path / "mlruns" / "mlflow.db").read_bytes()
    assert b"Fair winds" not in database


def test_a_changed_archive_is_noticed_and_a_moved_one_is_not(run_py: Run, tmp_path: Path, archive: Path) -> None:
    copy = tmp_path / "elsewhere.jsonl"
    copy.write_bytes(archive.read_bytes())
    assert run_py("stage=data", "tracking=none").code == 0
    assert states(run_py("stage=data", "tracking=none", f"data.path={copy}").out) == {"data": "cached"}
    with copy.open("a") as file:
        file.write('{"body": "One more mail with words enough.", "subject": "x"}\n')
    changed = run_py("stage=data", "tracking=none", f"data.path={copy}")
    assert "changed since last: inputs.archive" in changed.out
    assert not (tmp_path / "mlruns").exists()


def test_two_calls_at_once_make_one_artifact(run_py: Run, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        calls = list(pool.map(lambda number: run_py("stage=split", "tracking=none"), range(2)))
    assert [call.code for call in calls] == [0, 0], [call.err for call in calls]
    first = [states(call.out) for call in calls]
    assert sorted(state for call in first for state in call.values()) == ["cached"] * 3 + ["running"] * 3
    assert all(len(list((tmp_path / "outputs" / "artifacts" / name).glob("*/manifest.json"))) == 1 for name in first[0])


def test_an_altered_artifact_is_named_and_made_again_by_force(run_py: Run, tmp_path: Path) -> None:
    assert run_py("stage=split", "tracking=none").code == 0
    pairs = (tmp_path / "outputs" / "latest" / "summarize" / "pairs.jsonl").resolve()
    whole = pairs.read_bytes()
    pairs.write_bytes(whole[:-20])
    altered = run_py("stage=train", "tracking=none")
    assert altered.code == 1 and f"{pairs}: changed or missing" in altered.err
    assert run_py("stage=summarize", "force=true", "tracking=none").code == 0
    assert pairs.read_bytes() == whole
    assert states(run_py("stage=split", "tracking=none").out)["split"] == "cached"


def test_corrected_pairs_are_taken(run_py: Run, tmp_path: Path) -> None:
    assert run_py("stage=summarize", "tracking=none").code == 0
    pairs = (tmp_path / "outputs" / "latest" / "summarize" / "pairs.jsonl").read_text().splitlines()
    corrected = [json.loads(line) | {"instruction": f"Corrected {number}"} for number, line in enumerate(pairs[:30])]
    path = tmp_path / "corrected.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in corrected))
    done = run_py("stage=split", "tracking=none", "summarizer=from_file", f"summarizer.path={path}")
    assert done.code == 0, done.err
    latest = tmp_path / "outputs" / "latest"
    taken = [
        json.loads(line)
        for name in ("train", "validation", "test")
        for line in (latest / "split" / f"{name}.jsonl").open()
    ]
    assert sorted(pair["instruction"] for pair in taken) == sorted(f"Corrected {number}" for number in range(30))
    assert {pair["method"] for pair in taken} == {"file"}


def test_a_sweep_prepares_once_and_makes_a_parent_with_children(run_py: Run, tmp_path: Path) -> None:
    swept = run_py("-m", "stage=train", "lora.r=1,2", "trainer.learning_rate=1e-3,1e-2")
    assert swept.code == 0, swept.err
    assert len(re.findall(r"^summarize +running", swept.out, re.MULTILINE)) == 1
    assert len(re.findall(r"^train +running", swept.out, re.MULTILINE)) == 4
    runs = runs_of(tmp_path)
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    assert sorted((run.data.params["lora.r"], run.data.params["trainer.learning_rate"]) for run in children) == [
        ("1", "0.001"), ("1", "0.01"), ("2", "0.001"), ("2", "0.01"),
    ]  # fmt: skip
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert parents[0].data.metrics["children"] == 4


def test_a_sweep_ends_in_a_page_that_compares_its_runs(run_py: Run, tmp_path: Path) -> None:
    assert run_py("-m", "stage=train", "lora.r=2,4", "trainer.scored_mails=4").code == 0
    alone = run_py("stage=train", "lora.r=8", "trainer.scored_mails=4")
    assert alone.code == 0, alone.err
    compared = run_py("stage=compare")
    assert compared.code == 0, compared.err
    assert "2 runs on" in compared.out
    page = (tmp_path / "outputs" / "compare.html").read_text(encoding="utf-8")
    assert "2 runs on" in page
    run = runs_of(tmp_path)[-1]
    assert run.data.tags["stage"] == "compare"
    best = {one.info.run_id: one for one in runs_of(tmp_path)}[run.data.tags["compare.best"]]
    trained = [
        one for one in runs_of(tmp_path) if "lora.r" in one.data.params and "mlflow.parentRunId" in one.data.tags
    ]
    assert best.data.metrics["validation_perplexity"] == min(
        one.data.metrics["validation_perplexity"] for one in trained
    )

    names = [one.info.run_id for one in runs_of(tmp_path) if one.data.params.get("lora.r") == "8"]
    asked = run_py("stage=compare", f"compare.runs=[{names[0][:10]},{best.info.run_id}]", "compare.by=chrf")
    assert "2 runs on" in asked.out, asked.err
    refused = run_py("stage=compare", "compare.by=chrff")
    assert refused.code == 1
    assert "did you mean chrf?" in refused.err
    client, experiment = open_store(tmp_path / "mlruns", "email-assistant")
    with pytest.raises(TrackingError, match="no finished run has the name 'abcdef'"):
        find_scored_runs(client, experiment, ["abcdef"], "validation", "tuned")
    with pytest.raises(TrackingError, match="no run in the store has scores on test mails"):
        find_scored_runs(client, experiment, [], "test", "tuned")


def test_infer_writes_a_table_in_order_and_refuses_another_base(run_py: Run, tmp_path: Path, other_model: Path) -> None:
    asked = ['Say "hi", twice', "Спроси, где верёвка; срочно", "", "=1+1", 'Say "hi", twice']
    (tmp_path / "ask.txt").write_text("\n".join(asked), encoding="utf-8")
    done = run_py("stage=infer", "infer.input=ask.txt", "infer.output=mails.csv")
    assert done.code == 0, done.err
    with (tmp_path / "mails.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["instruction", "generated_email"]
    assert [row[0] for row in rows[1:]] == [line for line in asked if line]
    assert all(len(row) == 2 for row in rows)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ask.txt", "mails.csv", "mlruns", "outputs"]
    adapter = tmp_path / "outputs" / "latest" / "train" / "adapter"
    same = run_py("stage=infer", "infer.input=ask.txt", "infer.output=again.csv", f"infer.adapter={adapter}")
    assert same.code == 0, same.err
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "mails.csv").read_bytes()
    refused = run_py("stage=infer", "infer.input=ask.txt", f"infer.adapter={adapter}", f"model.path={other_model}")
    assert refused.code == 1
    assert "trained on another base model" in refused.err
    typed = run_py("stage=infer", f"infer.adapter={adapter}", stdin="Ask Bo\n\n")
    assert typed.code == 0, typed.err
    assert typed.out.count("> ") == 2
    retrieved = ("infer.input=ask.txt", "infer.output=like.csv", f"infer.adapter={adapter}", "retrieval=bm25")
    like = run_py("stage=infer", *retrieved, "retrieval.max_tokens=400")
    assert like.code == 0, like.err
    # Nothing is trained for it: the mails that it retrieves from are there.
    assert set(states(like.out)) == {"data", "summarize", "split"}
    assert (tmp_path / "like.csv").read_bytes() != (tmp_path / "mails.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data.path=nothing.mbox"], "nothing.mbox: no such file or folder"),
        (["data.path=empty"], "empty: the file is empty"),
        (["data.path=binary"], "binary: nothing in it reads as"),
        (["stage=data", "data.owner=nobody@x.example", "data.path=mbox"], "none of 1 messages is by nobody@x.example"),
        (["stage=tarin"], "did you mean train?"),
        (["lora.r=-1"], "lora.r = -1"),
        (["stage=infer", "infer.input=no.txt", "infer.adapter=x"], "x: not an adapter"),
        (["stage=infer", "infer.input=no.txt"], "no.txt: no such file"),
        (["stage=infer", "infer.input=empty"], "empty: no instruction"),
        (["stage=infer", "infer.input=mbox", "infer.output=empty/x.csv"], "infer.output names the file"),
        (["stage=train", "model.path=empty_folder"], "not a model"),
        (["stage=summarize", "summarizer=from_file", "summarizer.path=no.jsonl"], "no.jsonl: no such file"),
        (["stage=data", "paths.outputs=empty"], "Not a directory; see paths.outputs"),
        (["stage=split", "data.max_mails=4"], "4 mails are too few to split"),
        (["lora.rank=3", "+trainer.lr=1"], "2 faults"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(run_py: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(b"\0\1\2\3")
    (tmp_path / "empty_folder").mkdir()
    (tmp_path / "mbox").write_text("From a Mon Jan  1 10:00:00 2024\nFrom: a@b.example\n\nSome words of a mail.\n")
    done = run_py("tracking=none", *arguments)
    assert done.code == 1, done.out
    assert message in done.err
    assert "Traceback" not in done.err
    assert done.err.startswith("error: ")
    left = list((tmp_path / "outputs").rglob("*.partial")) if (tmp_path / "outputs").exists() else []
    assert left == []


def test_empty_instructions_and_unwritable_output(run_py: Run, tmp_path: Path) -> None:
    assert run_py("stage=train", "tracking=none").code == 0
    adapter = f"infer.adapter={tmp_path}/outputs/latest/train/adapter"
    (tmp_path / "blank.txt").write_text("\n  \n")
    (tmp_path / "ask.txt").write_text("Hi\n")
    (tmp_path / "file").touch()
    blank = run_py("stage=infer", "tracking=none", adapter, "infer.input=blank.txt")
    assert (blank.code, "no instruction" in blank.err) == (1, True)
    for output in (".", "file/mails.csv"):
        refused = run_py("stage=infer", "tracking=none", adapter, "infer.input=ask.txt", f"infer.output={output}")
        assert (refused.code, "infer.output names the file" in refused.err) == (1, True), refused.err


@pytest.mark.parametrize("stage", ["summarize", "train"])
def test_a_killed_stage_goes_on_where_it_was(
    run_py: Run, tmp_path: Path, tiny_model: Path, archive: Path, stage: str
) -> None:
    common = [
        f"stage={stage}", f"model.path={tiny_model}", f"data.path={archive}", "tracking=none", "lora.r=2",
        "summarizer.max_new_tokens=200", "summarizer.batch_size=1", "generation.max_new_tokens=12",
        "model.threads=1", "trainer.checkpoint_steps=1", "trainer.epochs=30",
        "trainer.scored_mails=2", "trainer.patience=null",
    ]  # fmt: skip
    if stage == "train":
        common[5] = "summarizer.max_new_tokens=8"
    command = [sys.executable, str(ROOT / "run.py"), *common, f"paths.outputs={tmp_path}/outputs"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path)
    pattern = "*.partial/progress/sentences.jsonl" if stage == "summarize" else "*.partial/progress/fit/checkpoint-*"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        found = [
            path
            for path in (tmp_path / "outputs" / "artifacts").glob(f"{stage}/{pattern}")
            if path.suffix != ".partial"
        ]
        if found and (found[0].is_dir() or found[0].stat().st_size > 0):
            break
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not list((tmp_path / "outputs" / "artifacts" / stage).glob("*/manifest.json"))
    resumed = run_py(*common)
    assert resumed.code == 0, resumed.err
    assert re.search(
        r"reused \d+ of \d+ from cache" if stage == "summarize" else r"goes on from step [1-9]", resumed.out
    )
    undisturbed = run_py(*common, f"paths.outputs={tmp_path}/undisturbed")
    assert undisturbed.code == 0, undisturbed.err
    name = "pairs.jsonl" if stage == "summarize" else "adapter/adapter_model.safetensors"
    latest = [tmp_path / folder / "latest" / stage / name for folder in ("outputs", "undisturbed")]
    assert latest[0].read_bytes() == latest[1].read_bytes()


def test_a_killed_infer_goes_on_where_it_was(run_py: Run, tmp_path: Path, tiny_model: Path) -> None:
    assert run_py("stage=train", "tracking=none").code == 0
    (tmp_path / "ask.txt").write_text("\n".join(f"Ask number {number}" for number in range(12)))
    arguments = [
        "stage=infer", "tracking=none", "infer.input=ask.txt", "generation.batch_size=1",
        "generation.max_new_tokens=60", "model.threads=1",
        f"infer.adapter={tmp_path}/outputs/latest/train/adapter", f"model.path={tiny_model}",
    ]  # fmt: skip
    command = [sys.executable, str(ROOT / "run.py"), *arguments, f"infer.output={tmp_path}/mails.csv"]
    process = subprocess.Popen([*command, f"paths.outputs={tmp_path}/outputs"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    progress = tmp_path / ".mails.csv.progress.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (progress.exists() and progress.stat().st_size):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "mails.csv").exists()
    resumed = run_py(*arguments, f"infer.output={tmp_path}/mails.csv")
    assert re.search(r"resuming: [1-9]\d* of 12 mails", resumed.out), resumed.err
    assert run_py(*arguments, f"infer.output={tmp_path}/undisturbed.csv").code == 0
    assert (tmp_path / "mails.csv").read_bytes() == (tmp_path / "undisturbed.csv").read_bytes()
    assert not progress.exists()


def test_ctrl_c_stops_with_its_own_code_and_marks_the_run_killed(
    tmp_path: Path, tiny_model: Path, archive: Path
) -> None:
    arguments = [
        "stage=train", f"model.path={tiny_model}", f"data.path={archive}", "lora.r=2", "summarizer.max_new_tokens=8",
        "trainer.epochs=500", "trainer.patience=null", "trainer.checkpoint_steps=1",
        f"paths.outputs={tmp_path}/outputs", f"paths.mlruns={tmp_path}/mlruns", "tracking.experiment=email-assistant",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *arguments],
        stderr=subprocess.PIPE,
        text=True,
        # Tests that run in the background inherit that Ctrl-C is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(
        (tmp_path / "outputs").glob("artifacts/train/*/progress/fit/check*")
    ):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same command resumes here" in errors
    assert "Traceback" not in errors
    assert [run.info.status for run in runs_of(tmp_path)] == ["KILLED"]


def test_a_failed_job_of_a_sweep_does_not_lose_the_others(run_py: Run, tmp_path: Path) -> None:
    swept = run_py("-m", "stage=train", "lora.target_modules=[nothing],[q_proj]")
    assert swept.code == 1
    assert "error: lora.target_modules = ['nothing']" in swept.err
    assert "Traceback" not in swept.err
    children = [run for run in runs_of(tmp_path) if "mlflow.parentRunId" in run.data.tags]
    assert sorted(run.info.status for run in children) == ["FAILED", "FINISHED"]
    parent = next(run for run in runs_of(tmp_path) if "mlflow.parentRunId" not in run.data.tags)
    assert parent.info.status == "FAILED"


def test_configuration_answers_without_heavy_imports() -> None:
    program = (
        "import sys, runpy; sys.argv = ['run.py', '--cfg', 'job']\n"
        "try: runpy.run_path('run.py', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'mlflow', 'transformers', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip().endswith("[]")
    assert "learning_rate" in done.stdout


def test_help_is_for_people(run_py: Run) -> None:
    shown = run_py("--help").out
    for word in ("STAGES", "GROUPS", "EXAMPLES", "summarize", "lora.r=4,8,16", "smollm2_135m"):
        assert word in shown


def test_replies_are_trained_and_written_with_what_they_answer(run_py: Run, tmp_path: Path) -> None:
    separator = "From x@x.example Mon Jan  1 10:00:00 2024\n"
    with (tmp_path / "mail.mbox").open("w") as file:
        for number in range(24):
            words = " ".join(sha256(f"{number} {place}".encode()).hexdigest()[:5] for place in range(8))
            asked = (
                f"From: Bo <bo@y.example>\nTo: Ada <ada@x.example>\nMessage-ID: <q{number}@y>\n"
                f"Subject: Crate {number}\n"
                f"Date: Mon, 01 Jan 2024 10:{number:02d}:00 +0000\n\nWhere does crate {number} of {number * 7} go?\n"
            )
            answer = (
                f"From: Ada <ada@x.example>\nTo: Bo <bo@y.example>\nMessage-ID: <a{number}@x>\n"
                f"Subject: Re: Crate {number}\nIn-Reply-To: <q{number}@y>\n"
                f"Date: Mon, 01 Jan 2024 11:{number:02d}:00 +0000\n\n"
                f"To dock {number * 13} with {words}.\n\n> Where does it go?\n"
            )
            file.write(f"{separator}{asked}\n{separator}{answer}\n")
    arguments = ["tracking=none", f"data.path={tmp_path}/mail.mbox", "data.owner=ada@x.example", "data.context=parent"]
    assert run_py("stage=train", *arguments).code == 0
    latest = tmp_path / "outputs" / "latest"
    pairs = [json.loads(line) for line in (latest / "split" / "train.jsonl").read_text().splitlines()]
    assert all(re.fullmatch(r"Where does crate \d+ of \d+ go\?", pair["context"]) for pair in pairs)
    (tmp_path / "ask.txt").write_text("Say where it goes\n")
    (tmp_path / "thread.txt").write_text("Where does the last crate go?\n")
    call = ["stage=infer", *arguments, "infer.input=ask.txt", "generation.temperature=3"]
    tables = []
    for place, thread in enumerate(("thread.txt", "null")):
        done = run_py(*call, f"infer.output={tmp_path}/{place}.csv", f"infer.thread={thread}")
        assert done.code == 0, done.err
        tables.append((tmp_path / f"{place}.csv").read_text())
    assert tables[0] != tables[1]
    missing = run_py(*call, "infer.thread=nothing.eml")
    assert (missing.code, "infer.thread names" in missing.err) == (1, True), missing.err


def test_the_data_stage_leaves_a_page_and_nothing_of_its_work(run_py: Run, tmp_path: Path) -> None:
    done = run_py("stage=data", "tracking=none", "data.redact=pii")
    assert done.code == 0, done.err
    folder = tmp_path / "outputs" / "latest" / "data"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("dropped.jsonl", "emails.jsonl", "manifest.json", "others.jsonl", "report.html", "report.json")
    ]
    emails = [json.loads(line) for line in (folder / "emails.jsonl").read_text().splitlines()]
    assert all("@" not in address for email in emails for address in email["to"])
    assert "shop1@goods.example" not in (folder / "report.html").read_text()


def test_a_plan_and_an_export_of_what_is_there(run_py: Run, tmp_path: Path) -> None:
    before = run_py("stage=plan", "plan.probe=false")
    assert before.code == 0, before.err
    assert "mails of a usual length" in before.out
    assert not (tmp_path / "outputs" / "artifacts").exists()
    exported = run_py("stage=export", f"export.folder={tmp_path}/out")
    assert exported.code == 0, exported.err
    assert "how much was not measured (stage=evaluate measures it)" in exported.out.replace("\n", "")
    assert (tmp_path / "out" / "adapter.gguf").read_bytes()[:4] == b"GGUF"
    modelfile = (tmp_path / "out" / "Modelfile").read_text()
    assert "ADAPTER ./adapter.gguf" in modelfile
    assert 'PARAMETER stop "<|im_end|>"' in modelfile
    after = run_py("stage=plan")
    assert after.code == 0, after.err
    assert re.search(r"for this machine, float32, \d+ training mails", after.out)
    assert re.search(r"about \d+ tokens per second: \d+ epochs over \d+ mails take about", after.out)
    assert re.search(r"a batch of \d+ mails takes about \d+ s at the full length of 12 tokens", after.out)
    refused = run_py("stage=plan", "plan.device_memory_gb=0.1")
    assert refused.code == 1
    assert "training does not fit: it needs" in refused.err


def test_llama_3_is_planned_without_its_weights(run_py: Run) -> None:
    usual = ("model.path=/nowhere/llama", "lora.r=16", "generation.max_new_tokens=600", "summarizer.max_new_tokens=48")
    done = run_py("stage=plan", "experiment=llama3_qlora_a100", "plan.device_memory_gb=40", *usual)
    assert done.code == 0, done.err
    totals = re.search(r"in all +([0-9.]+) +([0-9.]+) +([0-9.]+)", done.out)
    assert totals
    training, summaries, mails = map(float, totals.groups())
    assert 6 < training < 15
    assert max(summaries, mails) < 9


def test_a_grown_archive_is_asked_for_its_new_mails_alone(run_py: Run, tmp_path: Path) -> None:
    few = run_py("stage=summarize", "data.max_mails=30")
    assert few.code == 0, few.err
    assert "from cache" not in few.out
    latest = tmp_path / "outputs" / "latest" / "summarize"
    first = (latest / "sentences.jsonl").read_text()
    all_of_them = run_py("stage=summarize")
    assert "reused 30 of 40" in all_of_them.out
    second = (latest / "sentences.jsonl").read_text()
    assert len(second.splitlines()) == 40
    assert set(first.splitlines()) < set(second.splitlines())
    # What was altered by hand is not believed.
    for sentences in (tmp_path / "outputs" / "artifacts" / "summarize").glob("*/sentences.jsonl"):
        sentences.write_text(sentences.read_text().replace("Write", "Wrote"))
    assert "from cache" not in run_py("stage=summarize", "data.max_mails=20").out
    # Nor is anything taken where all is to be made again.
    assert "from cache" not in run_py("stage=summarize", "force=true").out


def test_canaries_are_planted_on_request_and_what_is_remembered_is_told(run_py: Run, tmp_path: Path) -> None:
    planted = run_py("stage=evaluate", "trainer.canaries=2", "trainer.canary_repeats=3", "evaluation.arms=[tuned]")
    assert planted.code == 0, planted.err
    assert "planted 2 canaries, each 3 times" in planted.out
    latest = tmp_path / "outputs" / "latest"
    lines = [json.loads(line) for line in (latest / "train" / "canaries.jsonl").read_text().splitlines()]
    assert len(lines) == 2
    assert all(0 <= line["exposure"] <= 10 and line["extracted"] is False for line in lines)
    metrics = json.loads((latest / "train" / "metrics.json").read_text())["metrics"]
    assert metrics["canary_exposure"] == pytest.approx(sum(line["exposure"] for line in lines) / 2)
    assert "canary_exposure" in (latest / "train" / "adapter" / "README.md").read_text()
    memory = json.loads((latest / "evaluate" / "report.json").read_text())["memorisation"]
    assert memory["canaries"]["canaries_extracted"] == 0
    assert set(memory["extracted"]) == {"base", "tuned"}
    assert runs_of(tmp_path)[-1].data.metrics["test_tuned_extracted"] == memory["extracted"]["tuned"]
    assert "Planted secrets have a mean exposure of" in (latest / "evaluate" / "report.html").read_text()
