"""Logging to the MLflow store: one run for each run of the program, and a child run for each job of a sweep."""

import atexit
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from email_assistant.configuration.keys import short_names
from email_assistant.configuration.override_values import as_typed
from email_assistant.configuration.schema import Config
from email_assistant.errors import TrackingError
from email_assistant.experiments import lazy_mlflow, process_ids, sweep_environment
from email_assistant.experiments.connection import MAX_NAME_LENGTH, connect
from email_assistant.experiments.queries import end_dead_runs
from email_assistant.experiments.tags import (
    CALL_TAG,
    COMMIT_TAG,
    CONFIGURATION,
    NAME_TAG,
    PARENT_TAG,
    PROCESS_TAG,
    STAGE_TAG,
)

# Maximum number of characters of a parameter or tag, and of parameters in one request.
MAX_VALUE_LENGTH = 6000
BATCH = 100


class RunLogger:
    """One MLflow run, created when the first thing is logged; does nothing when tracking is off.

    Attributes:
        metrics: The last value of each metric that was logged.
        experiment: The id of the experiment to use instead of the configured one.
        run_id: The id of the run; None while it is not open.
    """

    def __init__(self, config: Config) -> None:
        """Store the configuration to log; the run is not opened yet."""
        self._config = config
        self.metrics: dict[str, float] = {}
        self.experiment: str | None = None
        self._monitor: lazy_mlflow.SystemMetricsMonitor | None = None
        self._client: lazy_mlflow.MlflowClient | None = None
        self.run_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the run exists in the store and has not ended."""
        return self.run_id is not None

    @property
    def client(self) -> "lazy_mlflow.MlflowClient":
        """A client of the store that holds the run.

        Raises:
            TrackingError: If the run is not open.
        """
        if self._client is None:
            raise TrackingError("the run is not open")
        return self._client

    def open(self) -> None:
        """Create the run with its parameters, tags and configuration; a second call does nothing."""
        if self.is_open or not self._config.tracking.enabled:
            return
        self._client, experiment = connect(self._config)
        if job := sweep_environment.current_job():
            # A child belongs to its parent's experiment, even if it reads another archive.
            experiment = self._client.get_run(job.parent).info.experiment_id
        # Those that were killed, or whose machine lost its power.
        end_dead_runs(self._client, [self.experiment or experiment])
        overrides = command_line_overrides()
        run = self._client.create_run(self.experiment or experiment, tags=_tags(self._config, overrides))
        self.run_id = run.info.run_id
        atexit.register(self.close, "KILLED")
        values = asdict(self._config)
        self.log_params(_varied_values(self._config) | _flat({**values, "paths": {}}))
        self._client.log_text(self.run_id, OmegaConf.to_yaml(values), CONFIGURATION)
        self._client.log_text(self.run_id, "\n".join(overrides), "overrides.txt")
        self._start_monitor()

    def _start_monitor(self) -> None:
        """Log memory, CPU and GPU use until the run ends."""
        seconds = self._config.tracking.system_metrics_seconds
        if seconds is None:
            return
        self._monitor = lazy_mlflow.SystemMetricsMonitor(  # type: ignore[no-untyped-call]
            self.run_id, sampling_interval=seconds, tracking_uri=self.client.tracking_uri
        )
        self._monitor.start()  # type: ignore[no-untyped-call]

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log values that do not change during the run."""
        pairs = [lazy_mlflow.Param(key, str(value)[:MAX_VALUE_LENGTH]) for key, value in params.items()]
        for start in range(0, len(pairs), BATCH):
            self.client.log_batch(self.run_id or "", params=pairs[start : start + BATCH])

    def log_metrics(self, metrics: Mapping[str, float | None], step: int = 0) -> None:
        """Log numbers at a step; None is skipped."""
        numbers = {key: float(value) for key, value in metrics.items() if value is not None}
        self.metrics |= numbers
        self.open()
        if not self.is_open:
            return
        now = int(time.time() * 1000)
        entries = [lazy_mlflow.Metric(key, value, now, step) for key, value in numbers.items()]
        self.client.log_batch(self.run_id or "", metrics=entries)

    def log_files(self, path: Path, folder: str | None = None) -> None:
        """Copy a file, or the files of a folder, into `folder` of the run."""
        self.open()
        if not self.is_open:
            return
        log_any = self.client.log_artifacts if path.is_dir() else self.client.log_artifact
        log_any(self.run_id or "", str(path), folder)

    def log_text(self, name: str, text: str) -> None:
        """Write a text to a file of the run."""
        self.open()
        if self.is_open:
            self.client.log_text(self.run_id or "", text, name)

    def log_table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Log a table that MLflow's UI can show; all rows have the columns of the first."""
        self.open()
        if self.is_open and rows:
            columns = {column: [row.get(column) for row in rows] for column in rows[0]}
            self.client.log_table(self.run_id or "", columns, name)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags of the run."""
        self.open()
        if self.is_open:
            for key, value in tags.items():
                self.client.set_tag(self.run_id or "", key, value[:MAX_VALUE_LENGTH])

    def log_dataset(self, name: str, digest: str, path: Path) -> None:
        """Log the hash of the data that the run used; no text is logged."""
        self.open()
        if not self.is_open:
            return
        dataset = lazy_mlflow.Dataset(name=name, digest=digest, source_type="local", source=str(path))
        context = lazy_mlflow.InputTag("mlflow.data.context", name)
        self.client.log_inputs(self.run_id or "", [lazy_mlflow.DatasetInput(dataset=dataset, tags=[context])])

    def close(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED; a second call does nothing."""
        if self.is_open and self._client is not None:
            if self._monitor:
                self._monitor.finish()  # type: ignore[no-untyped-call]
                self._monitor = None
            self._client.set_terminated(self.run_id or "", status)
            self._client = None
            self.run_id = None
            atexit.unregister(self.close)


def _tags(config: Config, overrides: list[str]) -> dict[str, str]:
    tags = {
        STAGE_TAG: config.stage,
        "overrides": " ".join(overrides)[:MAX_VALUE_LENGTH],
        NAME_TAG: run_name(config, overrides),
        "mlflow.source.name": "run.py",
        "mlflow.source.type": "LOCAL",
        PROCESS_TAG: process_ids.this_process(),
    }
    commit = git_commit()
    if commit:
        tags[COMMIT_TAG] = commit
    if job := sweep_environment.current_job():
        tags |= {PARENT_TAG: job.parent, CALL_TAG: job.call}
    return tags


def run_name(config: Config, overrides: Sequence[str]) -> str:
    """The configured name, or what a sweep varies ('r=8'), or the stage and its overrides ('train seed=2')."""
    if config.tracking.run_name:
        return config.tracking.run_name
    if varied := _varied_values(config):
        names = short_names(list(varied))
        return " ".join(f"{names[key]}={value}" for key, value in varied.items())[:MAX_NAME_LENGTH]
    pairs = [as_typed(line.lstrip("+")).partition("=") for line in overrides]
    shown = [
        f"{key.rpartition('.')[2]}={value}"
        for key, _, value in pairs
        if key not in ("stage", "force") and not key.startswith(("paths.", "tracking", "infer.")) and "/" not in value
    ]
    return " ".join([config.stage, *shown])[:MAX_NAME_LENGTH]


def _varied_values(config: Config) -> dict[str, Any]:
    """The values of the keys that a sweep varies; of a group, what this job chose from it. Empty outside of a sweep."""
    job = sweep_environment.current_job()
    if job is None:
        return {}
    pairs = [as_typed(line.lstrip("+")).partition("=") for line in command_line_overrides()]
    values = {key.partition("@")[0]: value for key, _, value in pairs} | _flat(asdict(config))
    return {key: values.get(key, "") for key in job.varied}


def command_line_overrides() -> list[str]:
    """The overrides of this job as Hydra received them; empty if Hydra is not running."""
    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def git_commit() -> str | None:
    """The commit of the project's code, with '-dirty' if there are uncommitted changes; None outside of git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        # Not installed, or a folder of PATH cannot be searched.
        return None
    return done.stdout.strip() or None
