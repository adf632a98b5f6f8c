"""Finding runs and their files in the MLflow store."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from email_assistant.errors import TrackingError
from email_assistant.experiments import lazy_mlflow, process_ids
from email_assistant.experiments.connection import database, database_uri, files_folder
from email_assistant.experiments.tags import ARTIFACT_TAG, PROCESS_TAG

# The number of runs in one answer of the store.
PAGE = 500
_RUNS_WITH_TAG = """
    SELECT run_uuid FROM runs JOIN tags USING (run_uuid)
    WHERE status = 'FINISHED' AND lifecycle_stage = 'active' AND tags.key = ? AND tags.value = ?
"""


def experiment_ids(client: "lazy_mlflow.MlflowClient", deleted: bool = False) -> list[str]:
    """The ids of all experiments; with `deleted`, also of those that were deleted in MLflow's UI."""
    view = lazy_mlflow.ViewType.ALL if deleted else lazy_mlflow.ViewType.ACTIVE_ONLY
    return [experiment.experiment_id for experiment in client.search_experiments(view)]


def search_runs(
    client: "lazy_mlflow.MlflowClient", experiments: Sequence[str], where: str = "", deleted: bool = False
) -> "list[lazy_mlflow.Run]":
    """All runs of some experiments that match a filter, the newest first.

    Args:
        client: A client of the store.
        experiments: Ids of experiments.
        where: A filter in MLflow's language; empty for all runs.
        deleted: Whether to return only deleted runs, instead of only those that are not.
    """
    view = lazy_mlflow.ViewType.DELETED_ONLY if deleted else lazy_mlflow.ViewType.ACTIVE_ONLY
    runs: list[lazy_mlflow.Run] = []
    token: str | None = None
    while token is None or token:
        page = client.search_runs(
            list(experiments), where, view, max_results=PAGE, order_by=["attributes.start_time DESC"], page_token=token
        )
        runs += page
        token = page.token or ""
    return runs


def has_tag(name: str, value: str) -> str:
    """A filter for runs with a tag of this value.

    MLflow's filter language has no escapes: where both kinds of quotes are in the value, the filter lets any character
    stand for the quotes of one kind.
    """
    if "'" not in value:
        return f"tags.`{name}` = '{value}'"
    if '"' not in value:
        return f'tags.`{name}` = "{value}"'
    pattern = value.replace("'", "_")
    return f"tags.`{name}` LIKE '{pattern}'"


def match_runs(
    name_or_id: str, runs: "Sequence[lazy_mlflow.Run]", key: str, kind: str = "run"
) -> "list[lazy_mlflow.Run]":
    """The runs with this name, or whose id starts with it.

    Args:
        name_or_id: The name, or at least four hexadecimal digits of an id.
        runs: The runs to search.
        key: The configuration key that names the run, for the error message.
        kind: The kind of runs that are searched, for the error message.

    Raises:
        TrackingError: If there is none; the message names the configuration key.
    """
    is_id = re.fullmatch(r"[0-9a-f]{4,32}", name_or_id)
    matches = [
        run for run in runs if run.info.run_name == name_or_id or (is_id and run.info.run_id.startswith(name_or_id))
    ]
    if not matches:
        raise TrackingError(f"{key}: no {kind} has the name {name_or_id!r} or an id that starts with it")
    return matches


def run_to_repeat(client: "lazy_mlflow.MlflowClient", name_or_id: str) -> "lazy_mlflow.Run":
    """The run that `from_run` names, in any experiment; the newest if there are several.

    Raises:
        TrackingError: If there is none.
    """
    return match_runs(name_or_id, search_runs(client, experiment_ids(client)), "from_run")[0]


def end_dead_runs(client: "lazy_mlflow.MlflowClient", experiments: Sequence[str]) -> list[str]:
    """Mark runs as KILLED whose process on this machine has ended without that; returns their ids."""
    running = search_runs(client, experiments, "attributes.status = 'RUNNING'")
    dead = [run.info.run_id for run in running if process_ids.has_ended(run.data.tags.get(PROCESS_TAG, ""))]
    for run_id in dead:
        client.set_terminated(run_id, "KILLED")
    return dead


def artifact_keys(runs: "Sequence[lazy_mlflow.Run]") -> set[str]:
    """The keys of all artifacts that runs refer to."""
    return {value for run in runs for name, value in run.data.tags.items() if name.startswith(ARTIFACT_TAG)}


def run_folders(mlruns: Path) -> Iterator[Path]:
    """The folders in which a local store keeps the files of its runs, each named by the run's id."""
    for folder in sorted(files_folder(mlruns).glob("*")):
        if folder.is_dir() and re.fullmatch(r"[0-9a-f]{32}", folder.name):
            yield folder


def run_files(mlruns: Path, run_id: str) -> Path:
    """The folder in which a local store keeps the files of a run."""
    return files_folder(mlruns) / run_id / "artifacts"


def delete_permanently(mlruns: Path, run_ids: Sequence[str]) -> None:
    """Remove runs that are marked as deleted from a local store, with their files.

    Raises:
        TrackingError: If MLflow could not remove them.
    """
    if not run_ids:
        return
    store = database_uri(mlruns)
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", store, "--run-ids", ",".join(run_ids)]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": store}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise TrackingError(f"{mlruns}: mlflow gc did not remove the deleted runs: {reason}")


def has_finished_run(mlruns: Path, tags: Mapping[str, str]) -> bool:
    """Whether a finished run of a local store has all of these tags; False if there is no readable store.

    It reads the database itself: importing MLflow takes seconds.

    Args:
        mlruns: The folder of the store.
        tags: At least one tag.
    """
    if not database(mlruns).is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{database(mlruns).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            query = " INTERSECT ".join([_RUNS_WITH_TAG] * len(tags))
            values = [part for tag in tags.items() for part in tag]
            return connection.execute(query, values).fetchone() is not None
    except sqlite3.Error:
        # A store of another version, or one that is being written: what opens it next says what is wrong.
        return False
