"""A sweep of runs: its parent run in the store, which of its jobs are there already, and what came out.

Hydra makes `SweepParent` from conf/config.yaml.
"""

import atexit
import logging
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from email_assistant.configuration.schema import Config
from email_assistant.console import printable, screen, table
from email_assistant.experiments import processes, sweep_job
from email_assistant.experiments.objective import direction_of
from email_assistant.experiments.sweep_job import SweepJob
from email_assistant.experiments.tracking import (
    CALL_TAG,
    PARENT_TAG,
    PROCESS_TAG,
    PRUNED_TAG,
    SWEEP,
    all_runs,
    run_name,
    run_to_repeat,
    store_of,
)
from email_assistant.storage.hashing import hash_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

# What makes a later call the same sweep.
KEY_TAG = "sweep.key"
# Overrides that say where and how jobs run, not what they are.
HOW = ("force", "tracking", "paths", "sweep", "hydra")
# Seconds that the jobs of a sweep that was stopped have to mark their runs.
STOPPED_WITHIN = 20
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """What became of one job.

    Attributes:
        id: Of its run.
        name: Of its run.
        values: Of what is varied.
        value: Of the objective; None where there is none.
        status: MLflow's.
        error: Why it failed, or nothing.
        pruned: Whether it was stopped because others went better.
    """

    id: str
    name: str
    values: Mapping[str, str]
    value: float | None
    status: str
    error: str
    pruned: bool

    @property
    def failed(self) -> bool:
        """Whether it has to run again."""
        return self.status != "FINISHED"


class SweepParent(Callback):
    """The run that the jobs of a sweep are children of."""

    def __init__(self) -> None:
        """Nothing is opened before a sweep starts."""
        self._client: MlflowClient | None = None
        self._job = SweepJob("", "", ())

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Open the parent, that of an earlier call where the sweep is the same, and tell the jobs of it."""
        if not config.tracking.enabled:
            return
        self._client, experiment = store_of(config)
        if config.from_run:
            experiment = run_to_repeat(self._client, str(config.from_run)).info.experiment_id
        overrides = last_of_each(lines_of(config))
        varied = {key: str(one.input_line) for key, one in overrides.items() if one.is_sweep_override()}
        key = key_of(overrides)
        same = all_runs(self._client, [experiment], f"tags.`{KEY_TAG}` = '{key}'")
        # One that is RUNNING is another call's, or was left so by a process that was killed.
        before = [run for run in same if run.info.status != "RUNNING" or _was_left(run)]
        if before:
            parent = before[0].info.run_id
            self._client.update_run(parent, status="RUNNING")
            self._client.set_tag(parent, PROCESS_TAG, processes.this())
            log.info("%-10s goes on with run %s: what is finished there is not run again", SWEEP, parent)
        else:
            name = config.tracking.run_name or f"{SWEEP} {' '.join(varied.values())}".strip()
            told = " ".join(str(one.input_line) for one in overrides.values())
            tags = {"mlflow.runName": name[:120], "stage": SWEEP, "overrides": told, KEY_TAG: key}
            tags[PROCESS_TAG] = processes.this()
            parent = self._client.create_run(experiment, tags=tags).info.run_id
        self._job = SweepJob(parent, uuid.uuid4().hex[:8], tuple(varied))
        self._job.announce()
        atexit.register(self._close, "KILLED")

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Log the best job and all of them to the parent, close it, and say how it went."""
        if self._client is None:
            return
        stopped = isinstance(sys.exception(), KeyboardInterrupt)
        if stopped:
            _stop_jobs(self._client, self._job)
        jobs = _jobs(self._client, self._job, config.sweep.objective)
        failed = [job for job in jobs if job.failed]
        best = best_of(jobs, config.sweep.objective, config.sweep.direction)
        self._client.log_metric(self._job.parent, "children", len(jobs))
        self._client.log_metric(self._job.parent, "failed", len(failed))
        if best:
            self._log_best(best)
        self._log_table(jobs, config.sweep.objective)
        self._close("KILLED" if stopped else "FAILED" if failed or not jobs else "FINISHED")
        _show(jobs, best, config.sweep.objective)

    def _log_best(self, best: Job) -> None:
        client, parent = self._opened(), self._job.parent
        tags = {"best.run": best.id, **{f"best.{key}": value for key, value in best.values.items()}}
        for key, value in tags.items():
            client.set_tag(parent, key, value)
        for name, number in client.get_run(best.id).data.metrics.items():
            client.log_metric(parent, name, number)

    def _log_table(self, jobs: Sequence[Job], objective: str) -> None:
        import pandas

        from email_assistant.reports.plots import parallel_coordinates, write_pictures

        client, parent = self._opened(), self._job.parent
        rows = [
            {"run": job.name, **job.values, objective: job.value}
            | {"status": "PRUNED" if job.pruned else job.status, "error": job.error, "id": job.id}
            for job in jobs
        ]
        client.log_text(parent, pandas.DataFrame(rows).to_csv(index=False), "children.csv")
        scored = [(job.values, job.value) for job in jobs if job.value is not None and not job.pruned]
        if len(scored) > 1:
            with TemporaryDirectory() as folder:
                figure = parallel_coordinates(list(self._job.varied), scored, objective)
                write_pictures(Path(folder), {"parallel_coordinates": figure})
                client.log_artifacts(parent, folder, "plots")

    def _opened(self) -> "MlflowClient":
        assert self._client is not None
        return self._client

    def _close(self, status: str) -> None:
        if self._client is not None:
            self._client.set_terminated(self._job.parent, status)
            self._client = None
            sweep_job.over()
            atexit.unregister(self._close)


def _was_left(run: Any) -> bool:
    return processes.is_gone(run.data.tags.get(PROCESS_TAG, ""))


def lines_of(config: DictConfig) -> list[str]:
    """What a sweep's file varies, then what the command line says."""
    params = dict(config.hydra.sweeper.get("params") or {})
    return [f"{key}={value}" for key, value in params.items()] + list(config.hydra.overrides.task)


def last_of_each(lines: Sequence[str]) -> dict[str, Override]:
    """The overrides by key; later lines count."""
    return {one.key_or_group: one for one in OverridesParser.create().parse_overrides(list(lines))}


def key_of(overrides: Mapping[str, Override]) -> str:
    """What is the same for two calls of one sweep."""
    return hash_of({key: one.input_line for key, one in overrides.items() if key.partition(".")[0] not in HOW})


def there_already(config: Config, job: SweepJob, artifacts: Mapping[str, str]) -> dict[str, float] | None:
    """The metrics of a finished job of this sweep with the same values and artifacts; None when there is none.

    It counts as a job of this call from then on.
    """
    client, _ = store_of(config)
    experiment = client.get_run(job.parent).info.experiment_id
    same = {
        PARENT_TAG: job.parent,
        "stage": config.stage,
        "mlflow.runName": run_name(config, []),
        **artifacts,
    }
    wanted = " and ".join(f"tags.`{name}` = {_quoted(value)}" for name, value in same.items())
    found = all_runs(client, [experiment], f"{wanted} and attributes.status = 'FINISHED'")
    if not found:
        return None
    log.info("%-10s is there already: run %s", config.stage, found[0].info.run_id)
    client.set_tag(found[0].info.run_id, CALL_TAG, job.call)
    return dict(found[0].data.metrics)


def _quoted(value: str) -> str:
    """A value in MLflow's language of filters, which has no escapes."""
    return f'"{value}"' if "'" in value else f"'{value}'"


def _jobs(client: "MlflowClient", job: SweepJob, objective: str) -> list[Job]:
    """The jobs of this call, the first one first; of a study with the trials that came to an end before."""
    experiment = client.get_run(job.parent).info.experiment_id
    runs = [
        run
        for run in all_runs(client, [experiment], f"tags.`{PARENT_TAG}` = '{job.parent}'")
        if run.data.tags.get(CALL_TAG) == job.call or _is_ended_trial(run)
    ]
    return [
        Job(
            id=run.info.run_id,
            name=run.info.run_name,
            values={key: run.data.params.get(key, "") for key in job.varied},
            value=run.data.metrics.get(objective),
            status=run.info.status,
            error=run.data.tags.get("error", ""),
            pruned=PRUNED_TAG in run.data.tags,
        )
        for run in reversed(runs)
    ]


def _stop_jobs(client: "MlflowClient", job: SweepJob) -> None:
    """End the jobs of a sweep that was stopped: some launchers' processes go on without it, others are killed."""
    experiment = client.get_run(job.parent).info.experiment_id
    running = f"tags.`{PARENT_TAG}` = '{job.parent}' and attributes.status = 'RUNNING'"
    until = time.monotonic() + STOPPED_WITHIN
    told: set[str] = set()
    while (left := all_runs(client, [experiment], running)) and time.monotonic() < until:
        for run in left:
            name = run.data.tags.get(PROCESS_TAG, "")
            if processes.is_gone(name):
                client.set_terminated(run.info.run_id, "KILLED")
            elif name not in told:
                processes.interrupt(name)
                told.add(name)
        time.sleep(0.2)


def _is_ended_trial(run: Any) -> bool:
    return str(run.info.status) == "FINISHED" and str(run.data.params.get("sweep.trial")) != "None"


def best_of(jobs: Sequence[Job], objective: str, direction: str) -> Job | None:
    """The finished job with the best value; None where none has one."""
    scored = [job for job in jobs if job.value is not None and not job.failed and not job.pruned]
    if not scored:
        return None
    sign = 1 if direction_of(objective, direction) == "minimize" else -1
    return min(scored, key=lambda job: sign * (job.value or 0.0))


def _show(jobs: Sequence[Job], best: Job | None, objective: str) -> None:
    console, rows = screen(), []
    for job in jobs:
        value = "" if job.value is None else f"{job.value:.4g}"
        said = "best" if job is best else "pruned" if job.pruned else ""
        said = (job.error or job.status.lower()) if job.failed else said
        rows.append((job.name, value, said, job.id[:8]))
    if jobs:
        console.print(table(("run", objective, "", "id"), rows, right=(objective,)))
    failed = sum(job.failed for job in jobs)
    if failed:
        console.print(f"{failed} of {len(jobs)} jobs did not finish; the same call runs these alone", style="bold red")
    if best:
        console.print(f"best: {printable(best.name)}, {objective} {best.value:.4g}, run {best.id}")
