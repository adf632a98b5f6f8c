"""The local MLflow store: one call of run.py is one run, one job of a sweep is a child run.

The store is a SQLite database and a folder of files under `paths.mlruns`. MLflow itself is imported
when a run opens, since that takes two seconds.
"""

import argparse
import atexit
import logging
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from email_assistant import privacy, processes, sweep_job
from email_assistant.config import Config
from email_assistant.errors import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

LONGEST_VALUE = 6000
BATCH = 100
# Runs that the store is asked for at once.
PAGE = 500
PORT = 5000
# Seconds.
ANSWERS_WITHIN = 10
# The stage of the run that the jobs of a sweep are children of.
SWEEP = "sweep"
# By it a child names that run.
PARENT_TAG = "mlflow.parentRunId"
# By it a child names the last call of the sweep that it belongs to.
CALL_TAG = "sweep.call"
# By tags that begin so a run names the artifacts that it made or found.
ARTIFACT_TAG = "artifact."
# By it a run names its process.
PROCESS_TAG = "process"
# By it a child says that it was stopped because others went better.
PRUNED_TAG = "sweep.pruned"
log = logging.getLogger(__name__)


def database(mlruns: Path) -> Path:
    """The store's database file."""
    return mlruns / "mlflow.db"


def store_of(config: Config | DictConfig) -> tuple["MlflowClient", str]:
    """A client of the configured store, the local one or a server's, and the id of the experiment.

    Raises:
        TrackingError: when it cannot be used.
    """
    if config.tracking.uri:
        return _open_server(config.tracking.uri, config.tracking.experiment)
    return open_store(Path(config.paths.mlruns), config.tracking.experiment)


def _open_server(uri: str, experiment: str) -> tuple["MlflowClient", str]:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    parts = urlsplit(uri)
    host = parts.hostname or ""
    privacy.allow(host)
    try:
        # MLflow itself would try for minutes.
        socket.create_connection((host, parts.port or (443 if parts.scheme == "https" else 80)), ANSWERS_WITHIN).close()
    except OSError as error:
        raise TrackingError(f"tracking.uri = {uri}: no server answers there: {error.strerror or error}") from error
    client = MlflowClient(uri)
    try:
        known = client.get_experiment_by_name(experiment)
        return client, known.experiment_id if known else client.create_experiment(experiment)
    except MlflowException as error:
        # Another process may have made it since.
        known = client.get_experiment_by_name(experiment) if error.error_code == "RESOURCE_ALREADY_EXISTS" else None
        if known is None:
            raise TrackingError(f"tracking.uri = {uri}: no MLflow server answers there: {error.error_code}") from error
        return client, known.experiment_id


def open_store(mlruns: Path, experiment: str) -> tuple["MlflowClient", str]:
    """A client of the local store and the id of an experiment, both made on first use.

    A lock keeps two processes from making the database at once, which would break it.

    Raises:
        TrackingError: when the store was made in another folder.
    """
    from mlflow import MlflowClient

    mlruns = mlruns.resolve()
    try:
        mlruns.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrackingError(f"{mlruns}: cannot be written: {error.strerror}; paths.mlruns names the folder") from error
    with FileLock(mlruns / ".lock"):
        client = MlflowClient(f"sqlite:///{database(mlruns)}")
        known = client.get_experiment_by_name(experiment)
        if known is None:
            return client, client.create_experiment(experiment, artifact_location=f"{mlruns}/artifacts")
    if Path(known.artifact_location).resolve() != mlruns / "artifacts":
        raise TrackingError(
            f"{mlruns}: the store was made in {Path(known.artifact_location).parent} and would write there; after "
            f"moving or copying it run: python -m email_assistant.tracking relocate"
        )
    return client, known.experiment_id


def all_runs(client: "MlflowClient", experiment: str, where: str, deleted: bool = False) -> list[Any]:
    """Runs of an experiment, or those deleted in it, that a filter in MLflow's language finds, the newest first."""
    from mlflow.entities import ViewType

    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    found: list[Any] = []
    token: str | None = None
    while token is None or token:
        page = client.search_runs(
            [experiment], where, view, max_results=PAGE, order_by=["attributes.start_time DESC"], page_token=token
        )
        found += page
        token = page.token or ""
    return found


class Run:
    """One MLflow run, opened by the first thing that is logged; nothing gets into a store when tracking is off.

    Attributes:
        metrics: The last value of each metric that was logged.
    """

    def __init__(self, config: Config) -> None:
        """Remember what to log; nothing is opened yet."""
        self._config = config
        self.metrics: dict[str, float] = {}
        self._client: MlflowClient | None = None
        self.run_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the run is in the store."""
        return self.run_id is not None

    def open(self) -> None:
        """Put the run into the store with its parameters, tags and configuration."""
        if self.is_open or not self._config.tracking.enabled:
            return
        self._client, experiment = store_of(self._config)
        overrides = _overrides()
        run = self._client.create_run(experiment, tags=_tags(self._config, overrides))
        self.run_id = run.info.run_id
        atexit.register(self.close, "KILLED")
        values = asdict(self._config)
        self.log_params(_flat({key: value for key, value in values.items() if key != "paths"}))
        self._client.log_text(self.run_id, OmegaConf.to_yaml(values), "configuration.yaml")
        self._client.log_text(self.run_id, "\n".join(overrides), "overrides.txt")

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log values that do not change during the run."""
        from mlflow.entities import Param

        pairs = [Param(key, str(value)[:LONGEST_VALUE]) for key, value in params.items()]
        for start in range(0, len(pairs), BATCH):
            self._opened().log_batch(self.run_id or "", params=pairs[start : start + BATCH])

    def log_metrics(self, metrics: Mapping[str, float | None], step: int = 0) -> None:
        """Log numbers at a step; None is passed over."""
        self.metrics |= {key: float(value) for key, value in metrics.items() if value is not None}
        self.open()
        if not self.is_open:
            return
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        entries = [Metric(key, float(value), now, step) for key, value in metrics.items() if value is not None]
        self._opened().log_batch(self.run_id or "", metrics=entries)

    def log_files(self, path: Path, place: str | None = None) -> None:
        """Copy a file or folder into the run."""
        self.open()
        if not self.is_open:
            return
        log_any = self._opened().log_artifacts if path.is_dir() else self._opened().log_artifact
        log_any(self.run_id or "", str(path), place)

    def log_table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put a table into the run, to look at in the store's page; all rows have the columns of the first."""
        self.open()
        if self.is_open and rows:
            columns = {column: [row.get(column) for row in rows] for column in rows[0]}
            self._opened().log_table(self.run_id or "", columns, name)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags of the run."""
        self.open()
        if self.is_open:
            for key, value in tags.items():
                self._opened().set_tag(self.run_id or "", key, value[:LONGEST_VALUE])

    def log_dataset(self, name: str, digest: str, path: Path) -> None:
        """Name the data of the run by its hash; none of its text goes into the store."""
        self.open()
        if not self.is_open:
            return
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(name=name, digest=digest, source_type="local", source=str(path))
        self._opened().log_inputs(
            self.run_id or "", [DatasetInput(dataset=dataset, tags=[InputTag("mlflow.data.context", name)])]
        )

    def close(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED; a second call does nothing."""
        if self.is_open and self._client is not None:
            self._client.set_terminated(self.run_id or "", status)
            self._client = None
            self.run_id = None
            atexit.unregister(self.close)

    def _opened(self) -> "MlflowClient":
        if self._client is None:
            raise TrackingError("the run is not open")
        return self._client


def _tags(config: Config, overrides: list[str]) -> dict[str, str]:
    tags = {
        "stage": config.stage,
        "overrides": " ".join(overrides)[:LONGEST_VALUE],
        "mlflow.runName": run_name(config, overrides),
        "mlflow.source.name": "run.py",
        "mlflow.source.type": "LOCAL",
        PROCESS_TAG: processes.this(),
    }
    commit = git_commit()
    if commit:
        tags["mlflow.source.git.commit"] = commit
    if job := sweep_job.current():
        tags |= {PARENT_TAG: job.parent, CALL_TAG: job.call}
    return tags


def run_name(config: Config, overrides: Sequence[str]) -> str:
    """The configured name, or what a sweep varies ('r=8'), or the stage and what was overridden ('train seed=2')."""
    if config.tracking.run_name:
        return config.tracking.run_name
    job = sweep_job.current()
    if job and job.varied:
        values = _flat(asdict(config))
        return " ".join(f"{key.rpartition('.')[2]}={values.get(key, '')}" for key in job.varied)[:120]
    pairs = [line.lstrip("+").partition("=") for line in overrides]
    shown = [
        f"{key.rpartition('.')[2]}={value}"
        for key, _, value in pairs
        if key not in ("stage", "force") and not key.startswith(("paths.", "tracking", "infer.")) and "/" not in value
    ]
    return " ".join([config.stage, *shown])[:120]


def _overrides() -> list[str]:
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
    """The commit of the project's code, '-dirty' where it was changed since; None outside of git."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None


def relocate(mlruns: Path) -> int:
    """Make a store that was moved or copied write where it lies now; returns how many entries changed.

    Raises:
        TrackingError: when there is no store.
    """
    mlruns = mlruns.resolve()
    if not database(mlruns).exists():
        raise TrackingError(f"{mlruns}: there is no store here")
    changed = 0
    with closing(sqlite3.connect(database(mlruns))) as connection, connection:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            for row, old in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                new = f"{mlruns}/artifacts{old.partition('/artifacts')[2]}"
                if old and "/artifacts" in old and old != new:
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
                    changed += 1
    return changed


def serve(mlruns: Path, port: int) -> int:
    """Show the store on 127.0.0.1 until stopped; returns the server's exit code."""
    mlruns = mlruns.resolve()
    mlruns.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = [
        "--backend-store-uri",
        f"sqlite:///{database(mlruns)}",
        "--default-artifact-root",
        f"{mlruns}/artifacts",
    ]
    print(f"the runs are on http://127.0.0.1:{port} until Ctrl-C", flush=True)
    try:
        return subprocess.run([*command, *stores], check=False).returncode
    except KeyboardInterrupt:
        return 0


def main() -> int:
    """`python -m email_assistant.tracking ui|relocate`."""
    privacy.protect()
    parser = argparse.ArgumentParser(description="The local store of runs.")
    parser.add_argument("command", choices=["ui", "relocate"])
    parser.add_argument("--mlruns", type=Path, default=Path(__file__).resolve().parents[1] / "mlruns")
    parser.add_argument("--port", type=int, default=PORT)
    arguments = parser.parse_args()
    try:
        if arguments.command == "ui":
            return serve(arguments.mlruns, arguments.port)
        print(f"{relocate(arguments.mlruns)} entries now point at {arguments.mlruns.resolve()}")
    except TrackingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
