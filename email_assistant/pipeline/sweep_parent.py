"""The parent run of a sweep. Hydra creates `SweepParent` from conf/config.yaml."""

import atexit
import csv
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from email_assistant.configuration.command_line import message_for_user
from email_assistant.console import StageLogger, printable, screen, table
from email_assistant.experiments import lazy_mlflow, process_ids, sweep_environment, sweeps
from email_assistant.experiments.connection import MAX_NAME_LENGTH, connect
from email_assistant.experiments.queries import run_to_repeat
from email_assistant.experiments.sweep_environment import SweepJob
from email_assistant.experiments.sweeps import Job
from email_assistant.experiments.tags import NAME_TAG, PROCESS_TAG, SWEEP, SWEEP_KEY_TAG
from email_assistant.reports import plots

log = StageLogger(__name__, SWEEP)


class SweepParent(Callback):
    """The run whose children are the jobs of a sweep: opened before them, completed after them."""

    def __init__(self) -> None:
        """Create the callback; the run is opened when a sweep starts."""
        self._client: lazy_mlflow.MlflowClient | None = None
        self._job = SweepJob("", "", ())

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Open the parent run, or reopen that of an interrupted run of the same sweep, and export it to the jobs."""
        if config.tracking.enabled:
            with _ending_the_sweep():
                self._open(config)

    def _open(self, config: DictConfig) -> None:
        client, experiment = connect(config)
        self._client = client
        if config.from_run:
            experiment = run_to_repeat(client, str(config.from_run)).info.experiment_id
        overrides = sweeps.last_overrides(sweeps.override_lines(config))
        lines = {key: str(override.input_line) for key, override in overrides.items()}
        varied = [key for key, override in overrides.items() if override.is_sweep_override()]
        key = sweeps.sweep_key(overrides)
        parent = sweeps.resumable_parent(client, experiment, key)
        if parent:
            client.update_run(parent, status="RUNNING")
            client.set_tag(parent, PROCESS_TAG, process_ids.this_process())
            log.info("resuming run %s; finished jobs are not run again", parent)
        else:
            name = config.tracking.run_name or " ".join([SWEEP, *(lines[key] for key in varied)])
            tags = {NAME_TAG: name[:MAX_NAME_LENGTH], "stage": SWEEP, "overrides": " ".join(lines.values())}
            tags |= {SWEEP_KEY_TAG: key, PROCESS_TAG: process_ids.this_process()}
            parent = client.create_run(experiment, tags=tags).info.run_id
        self._job = SweepJob(parent, uuid.uuid4().hex[:8], tuple(varied))
        self._job.export()
        atexit.register(self._close, "KILLED")

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Log the jobs and the best of them to the parent, close it, and print a table."""
        if self._client is not None:
            with _ending_the_sweep():
                self._complete(self._client, config)

    def _complete(self, client: "lazy_mlflow.MlflowClient", config: DictConfig) -> None:
        parent, objective = self._job.parent, config.sweep.objective
        stopped = isinstance(sys.exception(), KeyboardInterrupt)
        if stopped:
            sweeps.stop_jobs(client, self._job)
        jobs = sweeps.jobs_of(client, self._job, objective)
        failed = sum(job.failed for job in jobs)
        best = sweeps.best_of(jobs, objective, config.sweep.direction)
        client.log_metric(parent, "children", len(jobs))
        client.log_metric(parent, "failed", failed)
        if best:
            _log_best(client, parent, best)
        client.log_text(parent, _as_csv(jobs, self._job.varied, objective), "children.csv")
        _log_plot(client, parent, jobs, self._job.varied, objective)
        self._close("KILLED" if stopped else "FAILED" if failed or not jobs else "FINISHED")
        _show(jobs, best, objective)

    def _close(self, status: str) -> None:
        if self._client is not None:
            self._client.set_terminated(self._job.parent, status)
            self._client = None
            sweep_environment.leave_sweep()
            atexit.unregister(self._close)


@contextmanager
def _ending_the_sweep() -> Iterator[None]:
    """End the process with the message of an error: Hydra turns errors of callbacks into warnings and goes on."""
    try:
        yield
    except Exception as error:
        message = message_for_user(error)
        if message is None:
            raise
        sys.exit(f"error: {printable(message)}")


def _log_best(client: "lazy_mlflow.MlflowClient", parent: str, best: Job) -> None:
    tags = {"best.run": best.id, **{f"best.{key}": value for key, value in best.values.items()}}
    for key, value in tags.items():
        client.set_tag(parent, key, value)
    for name, number in client.get_run(best.id).data.metrics.items():
        client.log_metric(parent, name, number)


def _as_csv(jobs: Sequence[Job], varied: Sequence[str], objective: str) -> str:
    columns = dict.fromkeys(["run", *varied, objective, "status", "error", "id"])
    text = StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    for job in jobs:
        status = "PRUNED" if job.pruned else job.status
        row = {"run": job.name, **job.values, objective: job.objective}
        writer.writerow({**row, "status": status, "error": job.error, "id": job.id})
    return text.getvalue()


def _log_plot(
    client: "lazy_mlflow.MlflowClient", parent: str, jobs: Sequence[Job], varied: Sequence[str], objective: str
) -> None:
    """Log parallel coordinates of the jobs that have a score, if there are at least two."""
    scored = [(job.values, job.objective) for job in jobs if job.objective is not None and not job.pruned]
    if len(scored) < 2:
        return
    with TemporaryDirectory() as folder:
        figure = plots.parallel_coordinates(varied, scored, objective)
        plots.write_pngs(Path(folder), {"parallel_coordinates": figure})
        client.log_artifacts(parent, folder, "plots")


def _show(jobs: Sequence[Job], best: Job | None, objective: str) -> None:
    console = screen()
    if jobs:
        rows = []
        for job in jobs:
            value = "" if job.objective is None else f"{job.objective:.4g}"
            rows.append((job.name, value, "best" if job is best else job.outcome, job.id[:8]))
        console.print(table(("run", objective, "", "id"), rows, right=(objective,)))
    failed = sum(job.failed for job in jobs)
    if failed:
        console.print(f"{failed} of {len(jobs)} jobs did not finish; rerun the same command to retry", style="bold red")
    if best:
        console.print(printable(f"best: {best.name}, {objective} {best.objective:.4g}, run {best.id}"))
