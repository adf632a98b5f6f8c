"""The local MLflow store: one call of run.py is one run, one job of a sweep is a child run.

The store is a SQLite database and a folder of files under `paths.mlruns`. MLflow itself is imported
when a run opens, since that takes two seconds.
"""

import argparse
import atexit
import logging
import re
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

from email_assistant.configuration.schema import Config
from email_assistant.errors import EmailAssistantError, TrackingError
from email_assistant.experiments import processes, store_view, sweep_job
from email_assistant.privacy import guard
from email_assistant.privacy.vault_state import LOCKED_SUFFIX

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

LONGEST_VALUE = 6000
BATCH = 100
# Runs that the store is asked for at once.
PAGE = 500
PORT = 5000
# Columns of the database that hold absolute paths.
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
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
# What a run holds: its configuration as composed, and the manifests of its artifacts.
CONFIGURATION, MANIFESTS = "configuration.yaml", "manifests"
# The experiment of runs that read no archive.
NO_ARCHIVE = "email-assistant"
# That of the demo, as experiment_of names it.
DEMO = "demo/archive.mbox"
LONGEST_NAME = 120
log = logging.getLogger(__name__)


def database(mlruns: Path) -> Path:
    """The store's database file."""
    return mlruns / "mlflow.db"


def store_of(config: Config | DictConfig) -> tuple["MlflowClient", str]:
    """A client of the configured store, the local one or a server's, and the id of the experiment.

    Raises:
        TrackingError: when it cannot be used.
    """
    experiment = experiment_of(config)
    if config.tracking.uri:
        return _open_server(config.tracking.uri, experiment)
    return open_store(Path(config.paths.mlruns), experiment)


def has_store(config: Config | DictConfig) -> bool:
    """Whether there are runs to look at; of a server that is found out by asking it."""
    return bool(config.tracking.uri) or database(Path(config.paths.mlruns)).exists()


def experiment_of(config: Config | DictConfig) -> str:
    """The experiment of a run: as configured, or its archive's file or folder with the one that it lies in."""
    if config.tracking.experiment:
        return str(config.tracking.experiment)
    paths = config.data.path
    reads_none = config.stage in ("infer", "export") and config.infer.adapter and config.retrieval.method == "none"
    if not paths or reads_none:
        return NO_ARCHIVE
    whole = [Path(path).expanduser().absolute() for path in ([paths] if isinstance(paths, str) else paths)]
    names = ["/".join(path.parts[-2:]) for path in whole]
    return ", ".join(names)[:LONGEST_NAME]


def _open_server(uri: str, experiment: str) -> tuple["MlflowClient", str]:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    parts = urlsplit(uri)
    host = parts.hostname or ""
    guard.allow_host(host)
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

    Raises:
        TrackingError: when the store was made in another folder, or cannot be written.
    """
    with _held(mlruns):
        client = _connect(mlruns)
        known = client.get_experiment_by_name(experiment)
        if known is None:
            return client, client.create_experiment(experiment, artifact_location=f"{mlruns.resolve()}/artifacts")
    return client, known.experiment_id


def open_existing(mlruns: Path) -> "MlflowClient":
    """A client of the local store that is there.

    Raises:
        TrackingError: when there is none, or it was made in another folder.
    """
    if not database(mlruns).exists():
        raise TrackingError(f"{mlruns}: there is no store here")
    with _held(mlruns):
        return _connect(mlruns)


def _held(mlruns: Path) -> FileLock:
    """A lock that keeps two processes from making the database at once, which would break it."""
    try:
        mlruns.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrackingError(f"{mlruns}: cannot be written: {error.strerror}; paths.mlruns names the folder") from error
    return FileLock(mlruns / ".lock")


def _connect(mlruns: Path) -> "MlflowClient":
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import DatabaseError

    mlruns = mlruns.resolve()
    if database(mlruns).with_name(f"{database(mlruns).name}{LOCKED_SUFFIX}").exists():
        raise TrackingError(f"{mlruns}: the store is encrypted: stage=unlock opens it")
    try:
        client = MlflowClient(f"sqlite:///{database(mlruns)}")
        # MLflow's own experiment, which holds nothing, is of no folder.
        places = [one.artifact_location for one in client.search_experiments()]
    except (DatabaseError, MlflowException) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise TrackingError(
            f"{database(mlruns)}: cannot be read ({reason}): bring back a copy of it, or move it away to begin a store "
            "anew; artifacts do not need it"
        ) from error
    moved = [
        place for place in places if place.endswith("/artifacts") and Path(place).resolve() != mlruns / "artifacts"
    ]
    if moved:
        raise TrackingError(
            f"{mlruns}: the store was made in {Path(moved[0]).parent} and would write there; after moving or copying "
            f"it run: python -m email_assistant.experiments.tracking relocate"
        )
    return client


def experiments_of(client: "MlflowClient", deleted: bool = False) -> list[str]:
    """The ids of all experiments, with those that were deleted in the store's page where these are wanted, too."""
    from mlflow.entities import ViewType

    found = client.search_experiments(ViewType.ALL if deleted else ViewType.ACTIVE_ONLY)
    return [one.experiment_id for one in found]


def named(want: str, runs: Sequence[Any], key: str) -> list[Any]:
    """The runs that a name or the beginning of an id means.

    Raises:
        TrackingError: when there is none, naming the key that asked for it.
    """
    hex_digits = re.fullmatch(r"[0-9a-f]{4,32}", want)
    found = [run for run in runs if run.info.run_name == want or (hex_digits and run.info.run_id.startswith(want))]
    if not found:
        raise TrackingError(f"{key}: no finished run has the name {want!r} or an id that begins so")
    return found


def run_to_repeat(client: "MlflowClient", want: str) -> Any:
    """The run that `from_run` means, of any experiment; the newest where there are several.

    Raises:
        TrackingError: when there is none.
    """
    return named(want, all_runs(client, experiments_of(client), ""), "from_run")[0]


def all_runs(client: "MlflowClient", experiments: Sequence[str], where: str, deleted: bool = False) -> list[Any]:
    """Runs of experiments, or those deleted in them, that a filter in MLflow's language finds, the newest first."""
    from mlflow.entities import ViewType

    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    found: list[Any] = []
    token: str | None = None
    while token is None or token:
        page = client.search_runs(
            list(experiments), where, view, max_results=PAGE, order_by=["attributes.start_time DESC"], page_token=token
        )
        found += page
        token = page.token or ""
    return found


class Run:
    """One MLflow run, opened by the first thing that is logged; nothing gets into a store when tracking is off.

    Attributes:
        metrics: The last value of each metric that was logged.
        experiment: The id of another experiment than the configured one.
    """

    def __init__(self, config: Config) -> None:
        """Remember what to log; nothing is opened yet."""
        self._config = config
        self.metrics: dict[str, float] = {}
        self.experiment: str | None = None
        self._monitor: SystemMetricsMonitor | None = None
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
        if job := sweep_job.current():
            # Where the parent is, though jobs may read archives of their own.
            experiment = self._client.get_run(job.parent).info.experiment_id
        experiment = self.experiment or experiment
        told = overrides()
        run = self._client.create_run(experiment, tags=_tags(self._config, told))
        self.run_id = run.info.run_id
        atexit.register(self.close, "KILLED")
        values = asdict(self._config)
        self.log_params(_flat({key: value for key, value in values.items() if key != "paths"}))
        self._client.log_text(self.run_id, OmegaConf.to_yaml(values), CONFIGURATION)
        self._client.log_text(self.run_id, "\n".join(told), "overrides.txt")
        self._watch()

    def _watch(self) -> None:
        """Log what the machine does until the run ends."""
        seconds = self._config.tracking.system_metrics_seconds
        if seconds is None:
            return
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        self._monitor = SystemMetricsMonitor(  # type: ignore[no-untyped-call]
            self.run_id, sampling_interval=seconds, tracking_uri=self.client.tracking_uri
        )
        self._monitor.start()  # type: ignore[no-untyped-call]

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log values that do not change during the run."""
        from mlflow.entities import Param

        pairs = [Param(key, str(value)[:LONGEST_VALUE]) for key, value in params.items()]
        for start in range(0, len(pairs), BATCH):
            self.client.log_batch(self.run_id or "", params=pairs[start : start + BATCH])

    def log_metrics(self, metrics: Mapping[str, float | None], step: int = 0) -> None:
        """Log numbers at a step; None is passed over."""
        self.metrics |= {key: float(value) for key, value in metrics.items() if value is not None}
        self.open()
        if not self.is_open:
            return
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        entries = [Metric(key, float(value), now, step) for key, value in metrics.items() if value is not None]
        self.client.log_batch(self.run_id or "", metrics=entries)

    def log_files(self, path: Path, place: str | None = None) -> None:
        """Copy a file or folder into the run."""
        self.open()
        if not self.is_open:
            return
        log_any = self.client.log_artifacts if path.is_dir() else self.client.log_artifact
        log_any(self.run_id or "", str(path), place)

    def log_text(self, place: str, text: str) -> None:
        """Put a text into the run."""
        self.open()
        if self.is_open:
            self.client.log_text(self.run_id or "", text, place)

    def log_table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put a table into the run, to look at in the store's page; all rows have the columns of the first."""
        self.open()
        if self.is_open and rows:
            columns = {column: [row.get(column) for row in rows] for column in rows[0]}
            self.client.log_table(self.run_id or "", columns, name)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags of the run."""
        self.open()
        if self.is_open:
            for key, value in tags.items():
                self.client.set_tag(self.run_id or "", key, value[:LONGEST_VALUE])

    def log_dataset(self, name: str, digest: str, path: Path) -> None:
        """Name the data of the run by its hash; none of its text goes into the store."""
        self.open()
        if not self.is_open:
            return
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(name=name, digest=digest, source_type="local", source=str(path))
        self.client.log_inputs(
            self.run_id or "", [DatasetInput(dataset=dataset, tags=[InputTag("mlflow.data.context", name)])]
        )

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

    @property
    def client(self) -> "MlflowClient":
        """Of the store that the run is in.

        Raises:
            TrackingError: when it is in none.
        """
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
        return " ".join(f"{key.rpartition('.')[2]}={values.get(key, '')}" for key in job.varied)[:LONGEST_NAME]
    pairs = [line.lstrip("+").partition("=") for line in overrides]
    shown = [
        f"{key.rpartition('.')[2]}={value}"
        for key, _, value in pairs
        if key not in ("stage", "force") and not key.startswith(("paths.", "tracking", "infer.")) and "/" not in value
    ]
    return " ".join([config.stage, *shown])[:LONGEST_NAME]


def overrides() -> list[str]:
    """What the command line says of this job."""
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
        for table, column in PLACES:
            for row, old in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                new = f"{mlruns}/artifacts{old.partition('/artifacts')[2]}"
                if old and "/artifacts" in old and old != new:
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
                    changed += 1
    return changed


def serve(mlruns: Path, port: int) -> int:
    """Show the store on 127.0.0.1 until stopped; returns the server's exit code.

    Raises:
        TrackingError: when the store was made in another folder.
    """
    mlruns = mlruns.resolve()
    client = open_existing(mlruns) if database(mlruns).exists() else open_store(mlruns, DEMO)[0]
    server = f"http://127.0.0.1:{port}"
    print(f"the runs are on {server} until Ctrl-C", flush=True)
    shown = store_view.prepare(client)
    for one in shown:
        print(f"  {one.name}: {one.runs} runs, {server}{one.address}", flush=True)
    if not any(one.runs for one in shown):
        print("there are none yet: python run.py makes the first on the demo archive", flush=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = [
        "--backend-store-uri",
        f"sqlite:///{database(mlruns)}",
        "--default-artifact-root",
        f"{mlruns}/artifacts",
    ]
    # What jobs of a server are for, this project's runs do themselves.
    environment = {**guard.guarded_environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    try:
        return subprocess.run([*command, *stores], check=False, env=environment).returncode
    except KeyboardInterrupt:
        return 0


def main() -> int:
    """`python -m email_assistant.experiments.tracking ui|relocate|alias`."""
    guard.protect()
    parser = argparse.ArgumentParser(description="The local store of runs.")
    parser.add_argument("--mlruns", type=Path, default=Path(__file__).resolve().parents[2] / "mlruns")
    commands = parser.add_subparsers(dest="command", required=True)
    ui = commands.add_parser("ui", help="show the runs in the browser, on 127.0.0.1 alone")
    ui.add_argument("--port", type=int, default=PORT)
    commands.add_parser("relocate", help="make a store that was moved or copied write where it lies now")
    alias = commands.add_parser("alias", help="point an alias of a registered adapter at one of its versions")
    alias.add_argument("alias", help="such as production")
    alias.add_argument("version", help="such as models:/NAME@best or models:/NAME/3")
    arguments = parser.parse_args()
    try:
        if arguments.command == "ui":
            return serve(arguments.mlruns, arguments.port)
        if arguments.command == "alias":
            from email_assistant.experiments import registry

            client = open_existing(arguments.mlruns)
            print(f"{arguments.alias} is {registry.set_alias(client, arguments.alias, arguments.version)}")
            return 0
        print(f"{relocate(arguments.mlruns)} entries now point at {arguments.mlruns.resolve()}")
    except EmailAssistantError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
