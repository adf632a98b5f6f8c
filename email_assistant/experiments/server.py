"""Shows the local store in the browser, and updates its paths after a move."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from email_assistant.errors import TrackingError
from email_assistant.experiments import mlflow_ui
from email_assistant.experiments.connection import DEMO, database, files_folder, open_existing_store, open_store
from email_assistant.privacy import guard

PORT = 5000
# Columns of the database that hold absolute paths.
PATH_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def serve(mlruns: Path, port: int) -> int:
    """Serve MLflow's UI on 127.0.0.1 until Ctrl-C.

    Returns:
        The server's exit code.

    Raises:
        TrackingError: If the store was created in another folder.
    """
    mlruns = mlruns.resolve()
    client = open_existing_store(mlruns) if database(mlruns).exists() else open_store(mlruns, DEMO)[0]
    server = f"http://127.0.0.1:{port}"
    print(f"MLflow is on {server}; Ctrl-C stops it", flush=True)
    experiments = mlflow_ui.prepare(client)
    for experiment in experiments:
        print(f"  {experiment.name}: {experiment.runs} runs, {server}{experiment.address}", flush=True)
    if not any(experiment.runs for experiment in experiments):
        print("no runs yet: python run.py creates the first one, on the demo archive", flush=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{database(mlruns)}"]
    command += ["--default-artifact-root", str(files_folder(mlruns))]
    # This project does not use the server's background jobs.
    environment = {**guard.guarded_environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    try:
        return subprocess.run(command, check=False, env=environment).returncode
    except KeyboardInterrupt:
        return 0


def relocate(mlruns: Path) -> int:
    """Update the paths in a store that was moved or copied.

    Returns:
        The number of paths that changed.

    Raises:
        TrackingError: If there is no store.
    """
    mlruns = mlruns.resolve()
    if not database(mlruns).exists():
        raise TrackingError(f"{mlruns}: no MLflow store here")
    changed = 0
    with closing(sqlite3.connect(database(mlruns))) as connection, connection:
        for table, column in PATH_COLUMNS:
            for row, old in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                new = f"{mlruns}/artifacts{old.partition('/artifacts')[2]}"
                if old and "/artifacts" in old and old != new:
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
                    changed += 1
    return changed
