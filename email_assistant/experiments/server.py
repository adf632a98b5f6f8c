"""Shows the local store in the browser, with a first view of each experiment, and updates its paths after a move."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from email_assistant.errors import TrackingError
from email_assistant.experiments import lazy_mlflow
from email_assistant.experiments.connection import (
    DEMO,
    database,
    database_uri,
    files_location,
    open_existing_store,
    open_store,
)
from email_assistant.privacy import guard
from email_assistant.privacy.loopback import another_port

# A shared view, which MLflow stores as a tag of the experiment, in a format of its UI.
VIEW = "scores"
VIEW_TAG, NOTE_TAG = f"mlflow.sharedViewState.{VIEW}", "mlflow.note.content"
COLUMNS = (
    *(f"attributes.`{name}`" for name in ("Created", "Duration")),
    "tags.`stage`",
    *(f"metrics.`{name}`" for name in ("validation_loss", "validation_bleu", "validation_mauve")),
    *(f"metrics.`{name}`" for name in ("test_tuned_bleu", "test_tuned_mauve", "test_base_bleu")),
    *(f"params.`{name}`" for name in ("lora.r", "trainer.learning_rate", "trainer.epochs", "split.max_train_mails")),
)
NOTE = (
    "The runs of one archive. **validation_loss** (lower is better) needs the fewest mails to distinguish runs. "
    "**test_tuned_…** are scores on test mails, which training never saw; **test_base_…** are the base model's scores "
    "on the same mails. A run named *sweep* holds the jobs of a sweep, with a table and a plot of all of them. "
    "`python run.py stage=compare` shows which run is best and whether the difference is significant. "
    "Adapters are as private as the mails they were trained on."
)
PORT = 5000
# Ctrl-C, `kill`, and the end of the terminal. One that is ignored, as nohup does, stays ignored.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Seconds that the server gets to stop.
STOP_TIMEOUT = 10
# Columns of the database that hold absolute paths.
PATH_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
# The end of a path into a store: its folder of files, or one of a run in it.
INSIDE_STORE = re.compile(r"/artifacts((?:/[0-9a-f]{32}(?:/.*)?)?)$")


@dataclass(frozen=True)
class Experiment:
    """An experiment as the UI lists it.

    Attributes:
        name: Its name.
        runs: Its number of runs, at most 1000.
        address: The path of its page on the server.
    """

    name: str
    runs: int
    address: str


def prepare_ui(client: "lazy_mlflow.MlflowClient") -> list[Experiment]:
    """Set the columns of every experiment, and its note if it has none.

    Returns:
        The experiments, those with runs first.
    """
    experiments = []
    for experiment in client.search_experiments():
        client.set_experiment_tag(experiment.experiment_id, VIEW_TAG, json.dumps({"selectedColumns": COLUMNS}))
        if NOTE_TAG not in experiment.tags:
            client.set_experiment_tag(experiment.experiment_id, NOTE_TAG, NOTE)
        runs = len(client.search_runs([experiment.experiment_id], max_results=1000))
        if runs or experiment.name != "Default":
            runs_page = f"/#/experiments/{experiment.experiment_id}/runs"
            address = f"{runs_page}?workflowType=machine_learning&viewStateShareKey={VIEW}"
            experiments.append(Experiment(experiment.name, runs, address))
    return sorted(experiments, key=lambda experiment: not experiment.runs)


def serve(mlruns: Path, port: int) -> int:
    """Serve MLflow's UI on 127.0.0.1 until Ctrl-C, SIGTERM, or the end of the terminal.

    Returns:
        0 if it was stopped, otherwise the server's exit code.

    Raises:
        TrackingError: If the store was created in another folder, or the port cannot be used.
    """
    mlruns = mlruns.resolve()
    _check_port(port)
    client = open_existing_store(mlruns) if database(mlruns).exists() else open_store(mlruns, DEMO)[0]
    server = f"http://127.0.0.1:{port}"
    print(f"MLflow is running at {server}; Ctrl-C stops it", flush=True)
    experiments = prepare_ui(client)
    for experiment in experiments:
        runs = f"{experiment.runs} run{'' if experiment.runs == 1 else 's'}"
        print(f"  {experiment.name}: {runs}, {server}{experiment.address}", flush=True)
    if not any(experiment.runs for experiment in experiments):
        print("no runs yet; python run.py creates the first one, on the demo archive", flush=True)
    start = experiments[0].address if experiments else "/#/experiments"
    command = [sys.executable, "-m", "email_assistant.experiments.guarded_ui", str(port)]
    command += [database_uri(mlruns), files_location(mlruns), start]
    # This project does not use the server's background jobs.
    environment = {**guard.guarded_environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return _run_until_stopped(command, environment)


def _check_port(port: int) -> None:
    if not 0 < port < 2**16:
        raise TrackingError(f"port {port}: not a valid port; use one from 1024 to 65535")
    try:
        with socket.socket() as probe:
            # As the server does: the port of one that has just stopped can be used.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError as error:
        raise TrackingError(
            f"port {port}: cannot be used ({error.strerror}); choose another one, as in python -m "
            f"email_assistant.experiments ui --port {another_port(port)}"
        ) from error


def _run_until_stopped(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a server, and stop all its processes when this one is asked to stop.

    Returns:
        0 if it was stopped, otherwise the exit code of the server.
    """
    asked: list[int] = []
    signals = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda number, _: asked.append(number)) for number in signals}
    # In a process group of its own, so that its workers can be stopped with it.
    server = subprocess.Popen(command, env=dict(environment), start_new_session=True)
    try:
        while not asked:
            with suppress(subprocess.TimeoutExpired):
                return server.wait(timeout=0.2)
        return 0
    finally:
        _stop(server)
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End a server and its workers: politely, then for good."""
    # macOS forbids signals to a group of processes that have all ended; Linux says that there is none.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=STOP_TIMEOUT)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def relocate(mlruns: Path) -> int:
    """Update the paths in a store that was moved or copied.

    Returns:
        The number of paths that changed.

    Raises:
        TrackingError: If there is no store, or it cannot be changed.
    """
    mlruns = mlruns.resolve()
    if not database(mlruns).exists():
        raise TrackingError(f"{mlruns}: no MLflow store here; pass its folder with --mlruns")
    try:
        with closing(sqlite3.connect(database(mlruns))) as connection, connection:
            return sum(_relocate_column(connection, table, column, mlruns) for table, column in PATH_COLUMNS)
    except sqlite3.Error as error:
        raise TrackingError(
            f"{database(mlruns)}: cannot be changed ({error}); end the runs that use it, and check its permissions"
        ) from error


def _relocate_column(connection: sqlite3.Connection, table: str, column: str, mlruns: Path) -> int:
    """Update the paths in one column; returns how many changed."""
    changed = 0
    for row, old in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
        inside = INSIDE_STORE.search(old or "")
        new = f"{files_location(mlruns)}{inside[1]}" if inside else old
        if old != new:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
            changed += 1
    return changed
