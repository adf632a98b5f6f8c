"""Sweeps whose jobs run in other processes, as each file of conf/hydra/launcher starts them."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from test_sweeps import runs_of
from warm import Call

Run = Callable[..., Call]
# Plugin, extra, further values, and jobs: eight at once have to find room in a store that none of them has made yet.
LAUNCHERS: dict[str, tuple[str, str, list[str], int]] = {
    "joblib": ("hydra_joblib_launcher", "launchers", ["hydra.launcher.n_jobs=8"], 8),
    "submitit_local": ("hydra_submitit_launcher", "launchers", [], 2),
    # A cluster of two workers.
    "ray": ("hydra_ray_launcher", "ray", ["hydra.launcher.ray.init.num_cpus=4"], 2),
}


def skip_without(launcher: str) -> None:
    plugin, extra, *_ = LAUNCHERS[launcher]
    if find_spec(f"hydra_plugins.{plugin}") is None:
        pytest.skip(f"the launcher is not installed: pip install '.[{extra}]'")


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


def test_a_job_that_fails_elsewhere_ends_the_call_with_its_error(run_py: Run, tmp_path: Path) -> None:
    launcher = "submitit_local"
    skip_without(launcher)
    swept = run_py(
        "-m", f"hydra/launcher={launcher}", "stage=data", "data.max_mails=2", "data.path=/none,/nowhere", fresh=True
    )  # fmt: skip
    assert swept.code == 1
    assert "2 of 2 jobs did not finish" in swept.out
    assert "error: " in swept.err
    (parent,), children = runs_of(tmp_path)
    assert parent.info.status == "FAILED"
    assert {run.info.status for run in children} == {"FAILED"}
