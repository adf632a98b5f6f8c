"""Removes what no run in the MLflow store refers to: artifacts, interrupted work, Hydra's folders, deleted runs."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from email_assistant.configuration.schema import Config
from email_assistant.console import screen, size, table
from email_assistant.errors import TrackingError
from email_assistant.experiments import lazy_mlflow, process_ids
from email_assistant.experiments.connection import connect, has_store
from email_assistant.experiments.queries import (
    artifact_keys,
    delete_permanently,
    end_dead_runs,
    experiment_ids,
    run_folders,
    search_runs,
)
from email_assistant.experiments.tags import PROCESS_TAG
from email_assistant.pipeline.context import Context, hydra_folder
from email_assistant.storage.artifacts import folder_size


@dataclass(frozen=True)
class Leftover:
    """A file or folder that nothing refers to.

    Attributes:
        path: The file or folder.
        description: What it is, for the user.
        run: The id of the deleted run that it belongs to, if any.
    """

    path: Path
    description: str
    run: str | None = None

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return folder_size(self.path) if self.path.is_dir() else self.path.stat().st_size


def check(config: Config) -> None:
    """Check that there is a store.

    Raises:
        TrackingError: If there is none: only the store knows which artifacts are in use.
    """
    if not config.tracking.enabled:
        raise TrackingError(
            "tracking=none: stage=clean needs the MLflow store to know which files runs use; set tracking=local"
        )
    if not has_store(config):
        raise TrackingError(
            f"{config.paths.mlruns}: no MLflow store here, so it is unknown which files runs use; check paths.mlruns"
        )


def run(context: Context) -> None:
    """List what nothing refers to, and delete it with `clean.remove=true`.

    Raises:
        TrackingError: If a run is in progress: its artifacts are not in the store yet.
    """
    config, console = context.config, screen()
    client, _ = connect(config)
    experiments = experiment_ids(client, deleted=True)
    _end_dead_runs(client, experiments, console)
    leftovers = list(_leftovers(context, client, experiments))
    if not leftovers:
        console.print("nothing to remove")
        return
    sizes = [leftover.size for leftover in leftovers]
    rows = [
        (leftover.description, str(leftover.path), size(count))
        for leftover, count in zip(leftovers, sizes, strict=True)
    ]
    console.print(table(("", "", "size"), rows, right=("size",)))
    if config.clean.remove:
        _remove(Path(config.paths.mlruns), leftovers)
        console.print(f"removed: {len(leftovers)}, {size(sum(sizes))}")
    else:
        console.print(f"unused: {len(leftovers)}, {size(sum(sizes))}; clean.remove=true deletes all of this")


def _end_dead_runs(client: "lazy_mlflow.MlflowClient", experiments: Sequence[str], console: Console) -> None:
    """Mark runs whose process has ended as KILLED, and raise an error if others are in progress."""
    for run_id in end_dead_runs(client, experiments):
        console.print(f"run {run_id} was still marked as RUNNING, but its process has ended; marked it as KILLED")
    for run in search_runs(client, experiments, "attributes.status = 'RUNNING'"):
        if run.data.tags.get(PROCESS_TAG, "") != process_ids.this_process():
            raise TrackingError(
                f"run {run.info.run_id} is in progress, so the MLflow store does not have its artifacts yet; "
                "try again when it has finished"
            )


def _leftovers(context: Context, client: "lazy_mlflow.MlflowClient", experiments: Sequence[str]) -> Iterator[Leftover]:
    config = context.config
    runs = search_runs(client, experiments)
    descriptions = {"artifact": "{}", "partial": "interrupted {}", "lock": "lock"}
    for unused in context.cache.unused(artifact_keys(runs)):
        yield Leftover(unused.path, descriptions[unused.kind].format(unused.stage))
    own = hydra_folder()
    for folder in sorted([*config.outputs.glob("runs/*"), *config.outputs.glob("sweeps/*")]):
        if folder.is_dir() and folder.resolve() != own:
            yield Leftover(folder, "logs of a run")
    if not config.tracking.uri:
        existing = {run.info.run_id for run in runs}
        deleted = {run.info.run_id for run in search_runs(client, experiments, deleted=True)}
        yield from _runs_without_use(Path(config.paths.mlruns), existing, deleted)


def _runs_without_use(mlruns: Path, existing: set[str], deleted: set[str]) -> Iterator[Leftover]:
    """Yield the files of runs that were deleted in MLflow's UI or are not in the database."""
    for folder in run_folders(mlruns):
        if folder.name in deleted:
            yield Leftover(folder, "deleted run", folder.name)
        elif folder.name not in existing:
            yield Leftover(folder, "unknown run")


def _remove(mlruns: Path, leftovers: Sequence[Leftover]) -> None:
    delete_permanently(mlruns, [leftover.run for leftover in leftovers if leftover.run])
    for leftover in leftovers:
        if leftover.path.is_dir():
            shutil.rmtree(leftover.path)
        elif leftover.path.exists():
            leftover.path.unlink()
