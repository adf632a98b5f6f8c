"""Sweeps whose jobs run in other processes, started by each launcher of conf/hydra/launcher."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import ROOT
from test_sweeps import runs_of
from warm import Call

from email_assistant.experiments import process_ids
from email_assistant.experiments.connection import open_store

Run = Callable[..., Call]
# Plugin, extra, further values, and jobs: four at once have to find room in a store that none of them has made yet.
LAUNCHERS: dict[str, tuple[str, str, list[str], int]] = {
    "joblib": ("hydra_joblib_launcher", "launchers", ["hydra.launcher.n_jobs=4"], 4),
    "submitit_local": ("hydra_submitit_launcher", "launchers", [], 2),
    # A cluster of two workers.
    "ray": ("hydra_ray_launcher", "ray", ["hydra.launcher.ray.init.num_cpus=4"], 2),
}


def skip_without(launcher: str) -> None:
    plugin, extra, *_ = LAUNCHERS[launcher]
    if find_spec(f"hydra_plugins.{plugin}") is None:
        pytest.skip(f"the launcher is not installed: pip install '.[{extra}]'")


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_jobs_at_once_on_a_fresh_store_lose_nothing(run_py: Run, tmp_path: Path, launcher: str) -> None:
    skip_without(launcher)
    *_, values, jobs = LAUNCHERS[launcher]
    counts = list(range(1, jobs + 1))
    varied = f"data.max_mails={','.join(map(str, counts))}"
    swept = run_py("-m", f"hydra/launcher={launcher}", *values, "stage=data", varied, fresh=True)
    assert swept.code == 0, swept.err
    (parent,), children = runs_of(tmp_path)
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["children"] == jobs
    assert sorted(run.info.run_name for run in children) == [f"max_mails={count}" for count in counts]
    assert {run.info.status for run in children} == {"FINISHED"}
    assert sorted(run.data.metrics["data.kept"] for run in children) == counts
    assert len(list((tmp_path / "outputs" / "artifacts" / "data").glob("*/manifest.json"))) == jobs


@pytest.mark.slow
def test_a_job_that_fails_elsewhere_ends_the_call_with_its_error(run_py: Run, tmp_path: Path) -> None:
    launcher = "submitit_local"
    skip_without(launcher)
    swept = run_py(
        "-m", f"hydra/launcher={launcher}", "stage=data", "data.max_mails=2", "data.path=/none,/nowhere", fresh=True
    )  # fmt: skip
    assert swept.code == 1
    assert "error: " in swept.err
    (parent,), children = runs_of(tmp_path)
    assert parent.info.status == "FAILED"
    assert {run.info.status for run in children} == {"FAILED"}


@pytest.mark.slow
def test_ctrl_c_ends_the_jobs_of_all_processes(tmp_path: Path, tiny_model: Path, archive: Path) -> None:
    skip_without("joblib")
    call = [
        "-m", "hydra/launcher=joblib", "stage=train", "lora.r=1,2", f"model.path={tiny_model}", f"data.path={archive}",
        "summarizer.max_new_tokens=8", "trainer.epochs=500", "trainer.patience=null", "trainer.checkpoint_steps=1",
        "trainer.checkpoint_seconds=0",
        "model.threads=1", "tracking.experiment=email-assistant", f"paths.outputs={tmp_path}/outputs",
        f"paths.mlruns={tmp_path}/mlruns",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *call],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Tests that run in the background inherit that Ctrl-C is ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    checkpoints = "outputs/artifacts/train/*/progress/fit/check*"
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and len({path.parents[2] for path in tmp_path.glob(checkpoints)}) < 2:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    client, experiment = open_store(tmp_path / "mlruns", "email-assistant")
    runs = client.search_runs([experiment])
    assert [run.info.status for run in runs] == ["KILLED"] * 3
    assert all(process_ids.has_ended(run.data.tags["process"]) for run in runs)
