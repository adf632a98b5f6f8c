"""run.py as a user calls it, on a random model of two layers: stages, what is cached, sweeps."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, RunPy, artifacts
from warm import Call

from email_assistant.errors import TrackingError
from email_assistant.experiments.connection import open_store
from email_assistant.experiments.scored_runs import find_scored_runs
from email_assistant.experiments.server import relocate
from email_assistant.language_model.number_format import MEASURED_FORMATS
from email_assistant.reports.sample_mails import SHOWN_MAILS
from email_assistant.storage import jsonl
from email_assistant.storage.hashing import hash_file

ALL = ["data", "summarize", "split", "train", "evaluate"]
ADAPTER = "train/adapter/adapter_model.safetensors"


def runs_of(folder: Path) -> list[Any]:
    client, experiment = open_store(folder / "mlruns", "email-assistant")
    return list(client.search_runs([experiment], order_by=["attributes.start_time ASC"]))


@pytest.mark.slow
def test_every_stage_leaves_its_files(whole_project: tuple[Path, Call]) -> None:
    folder, done = whole_project
    assert done.made == ALL
    # The first mails are printed while the others are still to be written, and again at the end; one in training.
    before = done.out.split("Scores on", 1)[0]
    trained, evaluated = (before.index(f"{stage:<10} done") for stage in ("train", "evaluate"))
    assert [before[:end].count("The owner's mail") for end in (trained, evaluated, None)] == [
        *(1, 1 + SHOWN_MAILS, 1 + 2 * SHOWN_MAILS)
    ]
    assert re.search(r"^time +expected on this machine: train about \d+ s, evaluate about \d+ s$", before, re.MULTILINE)
    latest = folder / "outputs" / "latest"
    report = json.loads((latest / "data" / "report.json").read_text())
    assert report["kept"] + sum(report["dropped"].values()) == report["messages"] == 40
    assert set(json.loads((latest / "summarize" / "pairs.jsonl").read_text().split("\n")[0])) == {
        "id", "instruction", "email", "subject", "thread", "date", "method", "variants",
    }  # fmt: skip
    adapter = {file.name for file in (latest / "train" / "adapter").iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json", "README.md"} <= adapter
    assert (latest / ADAPTER).stat().st_size < 100_000
    evaluation = json.loads((latest / "evaluate" / "report.json").read_text())
    assert list(evaluation["arms"]) == ["base", "few_shot", "base_bm25", "tuned", "tuned_bm25"]
    assert {"bleu", "chrf", "mauve", "perplexity", "facts_kept", "style_greeting"} <= set(evaluation["arms"]["tuned"])
    assert set(evaluation["intervals"]) == {*evaluation["arms"], "owner"}
    assert set(evaluation["differences"]["tuned"]) == {"base", "few_shot", "base_bm25", "tuned_bm25"}
    assert [run.info.status for run in runs_of(folder)] == ["FINISHED"]
    assert b"Fair winds" not in (folder / "mlruns" / "mlflow.db").read_bytes()


@pytest.mark.slow
def test_what_is_there_is_taken_and_a_change_runs_what_depends_on_it(run_py: RunPy, made_outputs: Path) -> None:
    first = (made_outputs / "latest" / "train").resolve()
    assert run_py("tracking=none").made == []
    other_rank = run_py("stage=train", "lora.r=4", "tracking=none")
    assert other_rank.made == ["train"]
    assert re.search(r"lora\.r\b.*2.*4", other_rank.out)
    # Speed and memory alone are not part of the key. The number format is: with other threads, auto would measure anew
    # which one is faster.
    (dtype,) = set(json.loads((made_outputs / MEASURED_FORMATS).read_text(encoding="utf-8")).values())
    faster = ("trainer.micro_batch_tokens=300", "model.threads=2", f"model.dtype={dtype}")
    assert run_py("stage=train", *faster, "tracking=none").made == []
    # Another decoding scores the adapter again and does not train it again: a training's speed would be another one.
    assert run_py("stage=train", "generation.temperature=0.1", "tracking=none").made == ["train"]
    rescored = (made_outputs / "latest" / "train").resolve()
    assert rescored != first
    for name in ("history.jsonl", "adapter/adapter_model.safetensors"):
        assert (rescored / name).read_bytes() == (first / name).read_bytes()
    assert run_py("stage=evaluate", "generation.temperature=0.1", "tracking=none").made == ["evaluate"]
    assert run_py("stage=split", "force=true", "tracking=none").made == ["split"]


@pytest.mark.slow
def test_a_run_is_logged_with_its_values_scores_steps_and_adapter(run_py: RunPy, made_outputs: Path) -> None:
    assert run_py("stage=train", "lora.r=4").made == ["train"]
    (trained,) = runs_of(run_py.folder)
    assert trained.info.status == "FINISHED"
    assert trained.data.tags["mlflow.runName"].startswith("train r=4 ")
    assert trained.data.params["lora.r"] == "4"
    scores = {"validation_bleu", "validation_mauve", "validation_loss", "train/loss", "data.kept"}
    assert scores <= set(trained.data.metrics)
    assert trained.data.tags["signature.bleu"].startswith("nrefs")
    client, _ = open_store(run_py.folder / "mlruns", "email-assistant")
    steps = client.get_metric_history(trained.info.run_id, "train/loss")
    assert [entry.step for entry in steps] == list(range(1, len(steps) + 1))
    logged = {file.path for file in client.list_artifacts(trained.info.run_id, "adapter")}
    assert "adapter/adapter_model.safetensors" in logged


def test_a_changed_archive_is_noticed_and_a_moved_one_is_not(run_py: RunPy, tmp_path: Path, archive: Path) -> None:
    copy = tmp_path / "elsewhere.jsonl"
    copy.write_bytes(archive.read_bytes())
    assert run_py("stage=data", "tracking=none").made == ["data"]
    assert run_py("stage=data", "tracking=none", f"data.path={copy}").made == []
    with copy.open("a") as file:
        file.write('{"body": "One more mail with words enough.", "subject": "x"}\n')
    changed = run_py("stage=data", "tracking=none", f"data.path={copy}")
    assert changed.made == ["data"]
    assert "inputs.archive" in changed.out
    assert not (tmp_path / "mlruns").exists()


def test_a_call_that_makes_nothing_is_logged_unless_an_earlier_run_has_it(run_py: RunPy, tmp_path: Path) -> None:
    call = ("stage=data", "tracking.experiment=email-assistant")
    assert run_py(*call).made == ["data"]
    assert run_py(*call).made == []
    assert len(runs_of(tmp_path)) == 2
    assert run_py(*call, "tracking.log_cached=false").made == []
    assert len(runs_of(tmp_path)) == 2
    # A run of another stage, such as infer, may have the artifacts without their scores and adapter.
    assert run_py("stage=split", *call[1:]).made == ["summarize", "split"]
    assert run_py("stage=summarize", *call[1:], "tracking.log_cached=false").made == []
    assert len(runs_of(tmp_path)) == 4
    # Another store does not have it.
    other = f"paths.mlruns={tmp_path / 'other' / 'mlruns'}"
    assert run_py(*call, other, "tracking.log_cached=false").made == []
    assert len(runs_of(tmp_path / "other")) == 1


@pytest.mark.slow
def test_a_cached_run_is_shown_without_heavy_imports(made_outputs: Path, run_py: RunPy) -> None:
    """As the second `make run`, which should answer in two seconds."""
    assert run_py().made == []
    command = [sys.executable, "-X", "importtime", str(ROOT / "run.py"), *run_py.command("tracking.log_cached=false")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=run_py.folder, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "hydra" in imported
    assert not {"torch", "mlflow", "transformers", "sklearn", "pandas"} & imported
    assert "Request" in done.stdout


def test_two_calls_at_once_make_one_artifact(run_py: RunPy, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        calls = list(pool.map(lambda number: run_py("stage=split", "tracking=none"), range(2)))
    assert [call.code for call in calls] == [0, 0], [call.err for call in calls]
    states = re.findall(r"^\w+ +(using cached|running)\b", calls[0].out + calls[1].out, re.MULTILINE)
    assert sorted(states) == ["running"] * 3 + ["using cached"] * 3
    assert sorted(stage for stage, _ in artifacts(tmp_path / "outputs")) == ["data", "split", "summarize"]


@pytest.mark.slow
def test_an_altered_artifact_is_named_and_made_again_by_force(run_py: RunPy, made_outputs: Path) -> None:
    pairs = (made_outputs / "latest" / "summarize" / "pairs.jsonl").resolve()
    whole = pairs.read_bytes()
    pairs.write_bytes(whole[:-20])
    altered = run_py("stage=train", "tracking=none")
    assert altered.code == 1 and str(pairs) in altered.err
    assert run_py("stage=summarize", "force=true", "tracking=none").made == ["summarize"]
    assert pairs.read_bytes() == whole
    assert run_py("stage=split", "tracking=none").made == []


@pytest.mark.slow
def test_corrected_pairs_are_taken(run_py: RunPy, made_outputs: Path, tmp_path: Path) -> None:
    pairs = jsonl.read(made_outputs / "latest" / "summarize" / "pairs.jsonl")[:30]
    jsonl.write(
        tmp_path / "corrected.jsonl",
        [pair | {"instruction": f"Corrected {number}"} for number, pair in enumerate(pairs)],
    )
    done = run_py("stage=split", "tracking=none", "summarizer=from_file", "summarizer.path=corrected.jsonl")
    assert done.code == 0, done.err
    split = made_outputs / "latest" / "split"
    taken = [pair for name in ("train", "validation", "test") for pair in jsonl.read(split / f"{name}.jsonl")]
    assert sorted(pair["instruction"] for pair in taken) == sorted(f"Corrected {number}" for number in range(30))
    assert {pair["method"] for pair in taken} == {"file"}


@pytest.fixture
def swept(once: Callable[..., tuple[Path, Call]]) -> tuple[Path, Call]:
    """A sweep of two ranks and two learning rates."""
    return once("swept", "-m", "stage=train", "lora.r=1,2", "trainer.learning_rate=1e-3,1e-2", "trainer.scored_mails=4")


@pytest.mark.slow
def test_a_sweep_prepares_once_and_makes_a_parent_with_children(swept: tuple[Path, Call]) -> None:
    folder, done = swept
    assert "First mail by the adapter" not in done.out
    assert done.made == ["data", "summarize", "split", "train", "train", "train", "train"]
    runs = runs_of(folder)
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert sorted((run.data.params["lora.r"], run.data.params["trainer.learning_rate"]) for run in children) == [
        ("1", "0.001"), ("1", "0.01"), ("2", "0.001"), ("2", "0.01"),
    ]  # fmt: skip
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert parent.data.metrics["children"] == 4


@pytest.mark.slow
def test_the_runs_of_the_newest_sweep_or_named_ones_are_compared(
    run_py: RunPy, tmp_path: Path, swept: tuple[Path, Call]
) -> None:
    shutil.copytree(swept[0], tmp_path, symlinks=True, dirs_exist_ok=True)
    relocate(tmp_path / "mlruns")
    assert run_py("stage=train", "lora.r=8", "trainer.scored_mails=4").code == 0
    client, experiment = open_store(tmp_path / "mlruns", "email-assistant")
    trained = runs_of(tmp_path)
    (single,) = [run for run in trained if run.data.params.get("lora.r") == "8"]
    children = [run for run in trained if "mlflow.parentRunId" in run.data.tags]

    def compared(*arguments: str) -> tuple[Any, int]:
        done = run_py("stage=compare", *arguments)
        assert done.code == 0, done.err
        run = max(runs_of(tmp_path), key=lambda each: each.info.start_time)
        table = client.download_artifacts(run.info.run_id, "runs.json", str(tmp_path))
        return run, len(json.loads(Path(table).read_text())["data"])

    run, count = compared()
    assert (run.data.tags["stage"], count) == ("compare", 4)
    best = min(children, key=lambda child: child.data.metrics["validation_perplexity"])
    assert run.data.tags["compare.best"] == best.info.run_id
    page = (tmp_path / "outputs" / "compare.html").read_text(encoding="utf-8")
    assert all(child.info.run_id[:8] in page or child.info.run_name in page for child in children)

    named = f"compare.runs=[{single.info.run_id[:10]},{best.info.run_id}]"
    run, count = compared(named, "compare.by=chrf")
    assert count == 2
    assert run.data.tags["compare.best"] in (single.info.run_id, best.info.run_id)
    refused = run_py("stage=compare", "compare.by=chrff")
    assert refused.code == 1
    assert re.search(r"\bchrf\b", refused.err)
    with pytest.raises(TrackingError, match="abcdef"):
        find_scored_runs(client, experiment, ["abcdef"], "validation", "tuned")
    with pytest.raises(TrackingError, match="test"):
        find_scored_runs(client, experiment, [], "test", "tuned")


@pytest.mark.slow
def test_a_failed_job_of_a_sweep_does_not_lose_the_others(run_py: RunPy, tmp_path: Path, made_outputs: Path) -> None:
    swept = run_py("-m", "stage=train", "lora.target_modules=[nothing],[q_proj]")
    assert swept.code == 1
    assert "lora.target_modules = ['nothing']" in swept.err
    assert "Traceback" not in swept.err
    children = [run for run in runs_of(tmp_path) if "mlflow.parentRunId" in run.data.tags]
    assert sorted(run.info.status for run in children) == ["FAILED", "FINISHED"]
    (parent,) = [run for run in runs_of(tmp_path) if "mlflow.parentRunId" not in run.data.tags]
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


def test_help_names_stages_groups_and_examples(run_py: RunPy) -> None:
    shown = run_py("--help").out
    for word in ("STAGES", "GROUPS", "EXAMPLES", "summarize", "lora.r=4,8,16", "smollm2_135m"):
        assert word in shown


@pytest.mark.slow
def test_replies_are_trained_and_written_with_what_they_answer(run_py: RunPy, tmp_path: Path) -> None:
    separator = "From x@x.example Mon Jan  1 10:00:00 2024\n"
    with (tmp_path / "mail.mbox").open("w") as file:
        for number in range(24):
            words = " ".join(sha256(f"{number} {word}".encode()).hexdigest()[:5] for word in range(8))
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
    pairs = jsonl.read(tmp_path / "outputs" / "latest" / "split" / "train.jsonl")
    assert all(re.fullmatch(r"Where does crate \d+ of \d+ go\?", pair["context"]) for pair in pairs)
    (tmp_path / "ask.txt").write_text("Say where it goes\n")
    (tmp_path / "thread.txt").write_text("Where does the last crate go?\n")
    call = ["stage=infer", *arguments, "infer.input=ask.txt", "generation.temperature=3"]
    tables = []
    for number, thread in enumerate(("thread.txt", "null")):
        done = run_py(*call, f"infer.output={tmp_path}/{number}.csv", f"infer.thread={thread}")
        assert done.code == 0, done.err
        tables.append((tmp_path / f"{number}.csv").read_text())
    assert tables[0] != tables[1]
    missing = run_py(*call, "infer.thread=nothing.eml")
    assert (missing.code, "infer.thread" in missing.err) == (1, True), missing.err


def test_the_data_stage_leaves_a_page_and_nothing_of_its_work(run_py: RunPy, tmp_path: Path) -> None:
    done = run_py("stage=data", "tracking=none", "data.redact=pii")
    assert done.code == 0, done.err
    folder = tmp_path / "outputs" / "latest" / "data"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("dropped.jsonl", "emails.jsonl", "manifest.json", "others.jsonl", "report.html", "report.json")
    ]
    assert all("@" not in address for email in jsonl.read(folder / "emails.jsonl") for address in email["to"])
    assert "shop1@goods.example" not in (folder / "report.html").read_text()


def _alter_sentences(artifact: Path, word: str) -> None:
    """Put a word into every sentence of an artifact, as one that was made with it."""
    path = artifact / "sentences.jsonl"
    jsonl.write(path, [line | {"sentence": f"{word} {line['sentence']}"} for line in jsonl.read(path)])
    manifest = jsonl.read_json(artifact / "manifest.json")
    manifest["files"]["sentences.jsonl"] = hash_file(path)
    jsonl.write_json(artifact / "manifest.json", manifest)


@pytest.mark.slow
def test_a_grown_archive_is_asked_for_its_new_mails_alone(run_py: RunPy, tmp_path: Path) -> None:
    latest = tmp_path / "outputs" / "latest" / "summarize"

    def sentences(*arguments: str) -> list[str]:
        done = run_py("stage=summarize", "tracking=none", *arguments)
        assert done.code == 0, done.err
        return [line["sentence"] for line in jsonl.read(latest / "sentences.jsonl")]

    few = sentences("data.max_mails=30")
    _alter_sentences(latest.resolve(), "Kept:")
    grown = sentences()
    assert len(grown) == 40
    assert sorted(line for line in grown if line.startswith("Kept:")) == sorted(f"Kept: {line}" for line in few)
    # What was altered by hand is not believed.
    for path in (tmp_path / "outputs" / "artifacts" / "summarize").glob("*/sentences.jsonl"):
        path.write_text(path.read_text().replace("Kept:", "Wrote:"))
    fewer = sentences("data.max_mails=20")
    assert len(fewer) == 20 and set(fewer) <= set(few)
    # Nor is anything taken where all is to be made again.
    for path in (tmp_path / "outputs" / "artifacts" / "summarize").iterdir():
        if path.is_dir():
            _alter_sentences(path, "Again:")
    assert set(few) <= set(sentences("force=true"))


@pytest.mark.slow
def test_canaries_are_planted_on_request_and_measured(run_py: RunPy, tmp_path: Path, made_outputs: Path) -> None:
    planted = run_py("stage=evaluate", "trainer.canaries=2", "trainer.canary_repeats=3", "evaluation.arms=[tuned]")
    assert planted.code == 0, planted.err
    latest = made_outputs / "latest"
    lines = jsonl.read(latest / "train" / "canaries.jsonl")
    assert len(lines) == 2
    assert all(0 <= line["exposure"] <= 10 and line["extracted"] is False for line in lines)
    metrics = jsonl.read_json(latest / "train" / "metrics.json")["metrics"]
    plain = jsonl.read_json(_without_canaries(made_outputs))["metrics"]
    assert metrics["train_mails"] == plain["train_mails"]
    assert metrics["supervised_tokens"] > plain["supervised_tokens"]
    assert metrics["canary_exposure"] == pytest.approx(sum(line["exposure"] for line in lines) / 2)
    assert "canary_exposure" in (latest / "train" / "adapter" / "README.md").read_text()
    memory = jsonl.read_json(latest / "evaluate" / "report.json")["memorisation"]
    assert memory["canaries"]["canaries_extracted"] == 0
    assert set(memory["extracted"]) == {"base", "tuned"}
    assert runs_of(tmp_path)[-1].data.metrics["test_tuned_extracted"] == memory["extracted"]["tuned"]
    exposure = f"{metrics['canary_exposure']:.1f}"
    assert exposure in (latest / "evaluate" / "report.html").read_text()


def _without_canaries(outputs: Path) -> Path:
    """The metrics of the training that planted none."""
    metrics = outputs.glob("artifacts/train/*/metrics.json")
    return next(path for path in metrics if "canary_exposure" not in path.read_text())


@pytest.mark.parametrize("stage", ["data", "summarize", "split"])
def test_stages_that_need_no_model_import_no_torch(stage: str) -> None:
    program = (
        f"import sys, email_assistant.stages.{stage}; print(sorted({{'torch', 'transformers'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
