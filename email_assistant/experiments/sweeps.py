"""A sweep in the store: what identifies it, its jobs, which of them are finished, and which is best."""

import difflib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.errors import ConfigurationError
from email_assistant.experiments import lazy_mlflow, process_ids
from email_assistant.experiments.connection import connect
from email_assistant.experiments.queries import has_tag, search_runs
from email_assistant.experiments.run_logger import run_name
from email_assistant.experiments.sweep_environment import SweepJob
from email_assistant.experiments.tags import (
    CALL_TAG,
    NAME_TAG,
    PARENT_TAG,
    PROCESS_TAG,
    PRUNED_TAG,
    STAGE_TAG,
    SWEEP_KEY_TAG,
)
from email_assistant.metrics.scores import SCORES
from email_assistant.storage.hashing import hash_of

# Groups whose overrides change where and how jobs run, not their results.
EXECUTION_GROUPS = ("force", "tracking", "paths", "sweep", "hydra")
# Seconds that jobs get to mark their runs after Ctrl-C.
STOP_TIMEOUT = 20


@dataclass(frozen=True)
class Job:
    """A job of a sweep and its result.

    Attributes:
        id: Its run's id.
        name: Its run's name.
        values: The values of the varied keys.
        objective: Its value of the sweep's objective, if any.
        status: MLflow's status of the run.
        error: Why it failed; empty when it did not.
        pruned: Whether it was stopped early because other trials were better.
    """

    id: str
    name: str
    values: Mapping[str, str]
    objective: float | None
    status: str
    error: str
    pruned: bool

    @property
    def failed(self) -> bool:
        """Whether rerunning the sweep has to run it again."""
        return self.status != "FINISHED"

    @property
    def outcome(self) -> str:
        """How it ended, in a few words; empty when it finished."""
        if self.failed:
            return self.error or self.status.lower()
        return "pruned" if self.pruned else ""


def override_lines(config: DictConfig) -> list[str]:
    """The overrides of a sweep: those of its file, then those of the command line."""
    params = dict(config.hydra.sweeper.get("params") or {})
    return [f"{key}={value}" for key, value in params.items()] + list(config.hydra.overrides.task)


def last_overrides(lines: Sequence[str]) -> dict[str, Override]:
    """Overrides by key; the last line wins if a key is repeated."""
    parsed = OverridesParser.create().parse_overrides(list(lines))
    return {override.key_or_group: override for override in parsed}


def sweep_key(overrides: Mapping[str, Override]) -> str:
    """A hash that identifies a sweep: a rerun with the same key resumes it."""
    return hash_of(
        {
            key: override.input_line
            for key, override in overrides.items()
            if key.partition(".")[0] not in EXECUTION_GROUPS
        }
    )


def resumable_parent(client: "lazy_mlflow.MlflowClient", experiment: str, key: str) -> str | None:
    """The id of the newest run of a sweep with this key that no process is working on; None if there is none."""
    for run in search_runs(client, [experiment], f"tags.`{SWEEP_KEY_TAG}` = '{key}'"):
        # A run that is RUNNING belongs to another process, unless that was killed.
        if run.info.status != "RUNNING" or process_ids.has_ended(run.data.tags.get(PROCESS_TAG, "")):
            return str(run.info.run_id)
    return None


def reuse_finished_job(config: Config, job: SweepJob, artifacts: Mapping[str, str]) -> dict[str, float] | None:
    """The metrics of a finished job with the same values and artifacts, which is then counted as a job of this run.

    Args:
        config: The configuration of the job.
        job: The sweep that the job belongs to.
        artifacts: Tags that name the job's artifacts.

    Returns:
        Metrics by name; None when no such job has finished.
    """
    client, _ = connect(config)
    experiment = client.get_run(job.parent).info.experiment_id
    tags = {PARENT_TAG: job.parent, STAGE_TAG: config.stage, NAME_TAG: run_name(config, []), **artifacts}
    wanted = " and ".join(has_tag(name, value) for name, value in tags.items())
    runs = search_runs(client, [experiment], f"{wanted} and attributes.status = 'FINISHED'")
    if not runs:
        return None
    StageLogger(__name__, config.stage).info("already finished as run %s; skipping", runs[0].info.run_id)
    client.set_tag(runs[0].info.run_id, CALL_TAG, job.call)
    return dict(runs[0].data.metrics)


def jobs_of(client: "lazy_mlflow.MlflowClient", job: SweepJob, objective: str) -> list[Job]:
    """The jobs of this run of the sweep in order of their start, and the finished trials of a study's earlier runs.

    Args:
        client: A client of the store.
        job: The sweep.
        objective: The metric that the sweep ranks jobs by.
    """
    experiment = client.get_run(job.parent).info.experiment_id
    runs = [
        run
        for run in search_runs(client, [experiment], f"tags.`{PARENT_TAG}` = '{job.parent}'")
        if run.data.tags.get(CALL_TAG) == job.call or _is_finished_trial(run)
    ]
    return [
        Job(
            id=run.info.run_id,
            name=run.info.run_name,
            values={key: run.data.params.get(key, "") for key in job.varied},
            objective=run.data.metrics.get(objective),
            status=run.info.status,
            error=run.data.tags.get("error", ""),
            pruned=PRUNED_TAG in run.data.tags,
        )
        for run in reversed(runs)
    ]


def _is_finished_trial(run: "lazy_mlflow.Run") -> bool:
    return str(run.info.status) == "FINISHED" and str(run.data.params.get("sweep.trial")) != "None"


def stop_jobs(client: "lazy_mlflow.MlflowClient", job: SweepJob) -> None:
    """End the jobs of a sweep after Ctrl-C: some launchers leave their processes running, others kill them."""
    experiment = client.get_run(job.parent).info.experiment_id
    running = f"tags.`{PARENT_TAG}` = '{job.parent}' and attributes.status = 'RUNNING'"
    deadline = time.monotonic() + STOP_TIMEOUT
    interrupted: set[str] = set()
    while (runs := search_runs(client, [experiment], running)) and time.monotonic() < deadline:
        for run in runs:
            process = run.data.tags.get(PROCESS_TAG, "")
            if process_ids.has_ended(process):
                client.set_terminated(run.info.run_id, "KILLED")
            elif process not in interrupted:
                process_ids.interrupt(process)
                interrupted.add(process)
        time.sleep(0.2)


def best_of(jobs: Sequence[Job], objective: str, direction: str) -> Job | None:
    """The finished job with the best objective; None if no job has one."""
    scored = [(job.objective, job) for job in jobs if job.objective is not None and not job.failed and not job.pruned]
    if not scored:
        return None
    sign = 1 if direction_of(objective, direction) == "minimize" else -1
    return min(scored, key=lambda pair: sign * pair[0])[1]


def direction_of(objective: str, direction: str) -> Literal["minimize", "maximize"]:
    """Whether an objective is minimized or maximized.

    Args:
        objective: The name of a metric.
        direction: The configured direction; 'auto' to derive it from the name.

    Raises:
        ConfigurationError: If it cannot be derived.
    """
    if direction in ("minimize", "maximize"):
        return "minimize" if direction == "minimize" else "maximize"
    if objective.endswith(("loss", "seconds", "_gb")):
        return "minimize"
    # The longest first, since one name may end with another.
    for name in sorted(SCORES, key=len, reverse=True):
        if objective.endswith(name) and SCORES[name].better != "near":
            return "minimize" if SCORES[name].better == "low" else "maximize"
    raise ConfigurationError(
        f"sweep.objective = {objective}: its direction cannot be derived from the name; "
        "set sweep.direction to minimize or maximize"
    )


def objective_of(stage: str, name: str, metrics: Mapping[str, float]) -> float:
    """The value of a run's objective.

    Args:
        stage: The stage of the run, for the error message.
        name: The name of the metric.
        metrics: The metrics that the run logged.

    Raises:
        ConfigurationError: If the run logged no such metric.
    """
    if name in metrics:
        return metrics[name]
    near = difflib.get_close_matches(name, metrics, n=3, cutoff=0.5) or list(metrics)
    raise ConfigurationError(
        f"sweep.objective = {name}: stage={stage} has no such metric; choose from {', '.join(near)}"
    )
