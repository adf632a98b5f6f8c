"""Repeating a run of the store, the lineage of an adapter, and adapters by alias."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from composed import composed_config
from conftest import ROOT, RunPy
from warm import Call

from email_assistant.errors import DataError
from email_assistant.experiments import registry
from email_assistant.experiments.connection import open_store
from email_assistant.experiments.queries import experiment_ids, search_runs
from email_assistant.experiments.repeat import Origin, changed_keys, recorded_data
from email_assistant.experiments.server import relocate
from email_assistant.stages.catalog import archive_hashes
from email_assistant.storage.artifacts import ArtifactCache

Run = Callable[..., Call]
NAME = "email-assistant-tiny"


def runs_of(tmp_path: Path) -> list[Any]:
    """All runs, the oldest first."""
    client, _ = open_store(tmp_path / "mlruns", "email-assistant")
    return search_runs(client, experiment_ids(client))[::-1]


def comparison(tmp_path: Path, run: Any) -> dict[str, dict[str, Any]]:
    """The comparison of a repeated run with its original, by stage."""
    client, _ = open_store(tmp_path / "mlruns", "email-assistant")
    stages = json.loads(Path(client.download_artifacts(run.info.run_id, "repeat.json")).read_text())
    return {stage["stage"]: stage for stage in stages}


def best(client: Any) -> str:
    """The number of the version with the alias `best`."""
    return str(client.get_model_version_by_alias(NAME, "best").version)


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, archive: Path, empty_store: Path) -> Path:
    """A folder with an archive, a run that trained on it, and its store."""
    folder = tmp_path_factory.mktemp("training")
    (folder / "own.jsonl").write_bytes(archive.read_bytes())
    done = RunPy(folder, tiny_model, archive, empty_store)("stage=train", "data.path=own.jsonl", "lora.r=3", "seed=5")
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def trained(training: Path, tmp_path: Path) -> Path:
    """A copy of that folder, which the test may change; its adapter."""
    shutil.copytree(training, tmp_path, symlinks=True, dirs_exist_ok=True)
    relocate(tmp_path / "mlruns")
    return tmp_path / "outputs" / "latest" / "train" / "adapter"


@pytest.mark.slow
def test_a_run_is_repeated_and_its_result_compared(run_py: Run, tmp_path: Path, trained: Path) -> None:
    first = runs_of(tmp_path)[0].info.run_id
    weights = (trained / "adapter_model.safetensors").read_bytes()
    # The call below does not contain the run's rank, seed, archive or model.
    folders = [f"paths.outputs={tmp_path}/outputs", f"paths.mlruns={tmp_path}/mlruns"]
    done = run_py(f"from_run={first[:9]}", *folders, bare=True)
    assert done.code == 0, done.err
    assert (trained / "adapter_model.safetensors").read_bytes() == weights
    again = runs_of(tmp_path)[1]
    stages = comparison(tmp_path, again)
    assert set(stages) == {"data", "summarize", "split", "train"}
    for stage in stages.values():
        assert not any(stage[part] for part in ("reads", "files", "numbers", "versions"))
    assert again.data.params["lora.r"] == "3" and again.data.params["seed"] == "5"
    assert again.data.tags["repeat.of"] == first and again.data.tags["repeat.same"] == "true"
    assert again.data.tags["stage"] == "train"


def test_changed_values_are_named_as_one_writes_them() -> None:
    old = {"split": {"max_train_mails": 6, "method": "random"}, "lora": {"use_dora": False}, "drop": ["list"]}
    new = {"split": {"max_train_mails": None, "method": "time"}, "lora": {"use_dora": True}, "drop": []}
    assert list(changed_keys(old, new)) == [
        "split.max_train_mails (6 → null)",
        "split.method (random → time)",
        "lora.use_dora (false → true)",
        'drop (["list"] → [])',
    ]


@pytest.mark.slow
def test_a_repeated_run_may_be_changed_and_reports_what_differs(run_py: Run, tmp_path: Path, trained: Path) -> None:
    done = run_py("from_run=" + runs_of(tmp_path)[0].info.run_id, "stage=train", "seed=6", bare=True)
    assert done.code == 0, done.err
    changed = runs_of(tmp_path)[1]
    stage = comparison(tmp_path, changed)["train"]
    assert "seed (5 → 6)" in stage["reads"] and "adapter/adapter_model.safetensors" in stage["files"]
    assert "validation_loss" in stage["numbers"]
    assert changed.data.tags["repeat.same"] == "false"
    # A sweep around a run: its children have its values.
    swept = run_py("-m", "from_run=" + runs_of(tmp_path)[0].info.run_id, "stage=train", "lora.r=1,2", bare=True)
    assert swept.code == 0, swept.err
    children = [run for run in runs_of(tmp_path) if "mlflow.parentRunId" in run.data.tags]
    assert {(run.data.params["lora.r"], run.data.params["seed"]) for run in children} == {("1", "5"), ("2", "5")}


@pytest.mark.slow
def test_the_data_is_found_by_its_hash_where_the_archive_has_changed(
    run_py: Run, tmp_path: Path, trained: Path
) -> None:
    first = "from_run=" + runs_of(tmp_path)[0].info.run_id
    with (tmp_path / "own.jsonl").open("a") as file:
        file.write('{"body": "One more mail with words enough.", "subject": "x"}\n')
    done = run_py(first, bare=True)
    assert done.code == 0, done.err
    original, repeated = runs_of(tmp_path)
    assert repeated.data.tags["repeat.same"] == "true"
    assert repeated.data.tags["artifact.data"] == original.data.tags["artifact.data"]
    shutil.rmtree(tmp_path / "outputs" / "artifacts" / "data")
    gone = run_py(first, bare=True)
    assert gone.code == 1 and "data.path: the archive of run" in gone.err
    (tmp_path / "own.jsonl").unlink()
    assert run_py(first, bare=True).code == 1


def test_a_mail_that_was_moved_to_the_drafts_since_changes_the_archive(
    tiny_model: Path, archive: Path, tmp_path: Path
) -> None:
    config = composed_config(tiny_model, archive, tmp_path)
    config.data.path = [str(tmp_path / "mail")]
    mail, drafts = tmp_path / "mail" / "work" / "1.eml", tmp_path / "mail" / "Drafts"
    mail.parent.mkdir(parents=True)
    mail.write_text("From: T <t@sea.example>\nTo: Bo <bo@sea.example>\n\nPlease send five coils of rope by Monday.\n")
    manifest: Any = {"key": "0", "reads": {"inputs": archive_hashes(config)}}
    origin, cache = Origin("a1", {}, frozenset(), {"data": manifest}), ArtifactCache(tmp_path)
    assert recorded_data(origin, cache, archive_hashes(config)) is None
    mail.parent.rename(drafts)
    with pytest.raises(DataError, match="the archive of run a1 has changed, and the mails that it read were deleted"):
        recorded_data(origin, cache, archive_hashes(config))


@pytest.mark.slow
def test_what_cannot_be_repeated_is_an_error(run_py: Run, tmp_path: Path, trained: Path) -> None:
    run_id = runs_of(tmp_path)[0].info.run_id
    assert "from_run: no run has the name 'nonsense'" in run_py("from_run=nonsense", bare=True).err
    mixed = run_py(f"from_run={run_id}", "experiment=quick", bare=True)
    assert mixed.code == 1 and "from_run" in mixed.err
    none = run_py("from_run=abcd", f"paths.mlruns={tmp_path}/nowhere", bare=True)
    assert none.code == 1 and "from_run" in none.err
    # A run of a version of the project that had other keys.
    saved = tmp_path / "mlruns" / "artifacts" / run_id / "artifacts" / "configuration.yaml"
    saved.write_text(saved.read_text().replace("  r: 3\n", "  rank_of_old: 3\n"))
    old = run_py(f"from_run={run_id}", bare=True)
    assert old.code == 1 and "lora.rank_of_old: no such key" in old.err and "commit" in old.err


@pytest.mark.slow
def test_the_lineage_of_an_adapter(run_py: Run, tmp_path: Path, trained: Path) -> None:
    assert run_py("stage=evaluate", "data.path=own.jsonl", "lora.r=3", "seed=5").code == 0
    copy = tmp_path / "copy"
    shutil.copytree(trained, copy)
    done = run_py("stage=lineage", f"infer.adapter={copy}")
    assert done.code == 0, done.err
    assert done.out.count("(unchanged)") == 4
    assert "lora.r=3" in done.out and "commit" in done.out and "same as configured" in done.out
    assert "inputs.archive=" in done.out and "test mails: sense" in done.out
    assert "2 in the MLflow store" in done.out

    pairs = (tmp_path / "outputs" / "latest" / "summarize" / "pairs.jsonl").resolve()
    whole = pairs.read_text()
    pairs.write_text(whole[: len(whole) // 2])
    truncated = run_py("stage=lineage", f"infer.adapter={copy}")
    assert truncated.code == 1 and f"{pairs}: changed or missing" in truncated.err
    shutil.rmtree(pairs.parent)
    missing = run_py("stage=lineage", f"infer.adapter={copy}")
    assert missing.code == 0 and "(artifact missing)" in missing.out
    # Without any artifact, lineage.json still has the settings.
    without_artifacts = run_py(
        "stage=lineage", f"infer.adapter={copy}", f"paths.outputs={tmp_path}/none", "tracking=none"
    )
    assert without_artifacts.code == 0
    assert "lora.r=3" in without_artifacts.out and "min_words" in without_artifacts.out
    weights = copy / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    altered = run_py("stage=lineage", f"infer.adapter={copy}")
    assert altered.code == 1 and "changed since the adapter was trained" in altered.err
    (copy / "base_model.json").write_text("{}")
    (copy / "lineage.json").write_text("{}")
    foreign = run_py("stage=lineage", f"infer.adapter={copy}")
    assert foreign.code == 1 and "Traceback" not in foreign.err
    (copy / "lineage.json").unlink()
    unknown = run_py("stage=lineage", f"infer.adapter={copy}")
    assert unknown.code == 1 and str(copy) in unknown.err


@pytest.mark.slow
def test_adapters_are_registered_and_found_by_alias(run_py: Run, tmp_path: Path, trained: Path) -> None:
    client, _ = open_store(tmp_path / "mlruns", "email-assistant")
    own = "data.path=own.jsonl"
    assert best(client) == "1"
    # An adapter that is hardly trained is not better, and the same adapter again is not another version.
    assert run_py("stage=train", own, "seed=5", "trainer.learning_rate=1e-9").code == 0
    assert run_py("stage=train", own, "lora.r=3", "seed=5").code == 0
    versions = client.search_model_versions(f"name = '{NAME}'")
    assert sorted(str(version.version) for version in versions) == ["1", "2"]
    assert best(client) == "1"
    # An adapter with canaries is not registered.
    assert run_py("stage=train", own, "lora.r=3", "seed=5", "trainer.canaries=2").code == 0
    assert len(client.search_model_versions(f"name = '{NAME}'")) == 2

    assert registry.set_alias(client, "production", f"models:/{NAME}/2") == f"models:/{NAME}/2"
    ask = tmp_path / "ask.txt"
    ask.write_text("Ask for rope\n")
    for address in (f"models:/{NAME}@production", f"models:/{NAME}/1"):
        done = run_py("stage=infer", f"infer.adapter={address}", f"infer.input={ask}")
        assert done.code == 0, done.err
    used = [run.data.tags["adapter.weights"] for run in runs_of(tmp_path) if run.data.tags["stage"] == "infer"]
    assert len(set(used)) == 2
    unknown = run_py("stage=infer", f"infer.adapter=models:/{NAME}@bset", f"infer.input={ask}")
    assert unknown.code == 1 and f"models:/{NAME}@best" in unknown.err
    # When the archive has grown, the newest adapter becomes the best; its run logs the machine's metrics.
    assert not any(name.startswith("system/") for name in runs_of(tmp_path)[0].data.metrics)
    with (tmp_path / "own.jsonl").open("a") as file:
        for number in range(9):
            file.write(json.dumps({"body": f"Mail {number} is another one, with words enough in it."}) + "\n")
    assert run_py("stage=train", own, "trainer.learning_rate=1e-9", "tracking.system_metrics_seconds=0.2").code == 0
    assert best(client) == "3"
    assert "system/system_memory_usage_megabytes" in runs_of(tmp_path)[-1].data.metrics
    # A relocated store finds its adapters.
    (tmp_path / "mlruns").rename(tmp_path / "moved")
    relocate(tmp_path / "moved")
    moved, _ = open_store(tmp_path / "moved", "email-assistant")
    assert moved.get_model_version(NAME, "1").source.startswith(f"{tmp_path}/moved/")
    there = run_py(
        "stage=infer", f"infer.adapter=models:/{NAME}@best", f"infer.input={ask}", f"paths.mlruns={tmp_path}/moved"
    )
    assert there.code == 0, there.err


@pytest.mark.slow
def test_runs_go_to_the_experiment_of_their_archive(run_py: Run, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copyfile(ROOT / "demo" / "archive.mbox", folder / "sent.mbox")
    assert run_py("stage=data", f"data.path={folder}/sent.mbox", "tracking.experiment=null").code == 0
    client, _ = open_store(tmp_path / "mlruns", "email-assistant")
    experiment = client.get_experiment_by_name("work/sent.mbox")
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 1
