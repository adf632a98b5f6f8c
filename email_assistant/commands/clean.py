"""What no run of the store refers to: artifacts, interrupted work, Hydra's folders, runs that were deleted."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from email_assistant.configuration.schema import Config
from email_assistant.console import screen, size, table
from email_assistant.errors import TrackingError
from email_assistant.experiments import processes
from email_assistant.experiments.tracking import (
    ARTIFACT_TAG,
    PROCESS_TAG,
    all_runs,
    database,
    experiments_of,
    has_store,
    store_of,
)
from email_assistant.pipeline.context import Context, hydra_folder
from email_assistant.storage.artifacts import ArtifactCache, folder_size

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Leftover:
    """A file or folder that nothing refers to.

    Attributes:
        path: Where it lies.
        what: It is, for people.
        run: The id of the deleted run that it belongs to, if any.
    """

    path: Path
    what: str
    run: str | None = None

    @property
    def size(self) -> int:
        """In bytes."""
        return folder_size(self.path) if self.path.is_dir() else self.path.stat().st_size


def check(config: Config) -> None:
    """Find out that there is something to look through.

    Raises:
        TrackingError: when there is no store, by which alone it is known what is referred to.
    """
    if not config.tracking.enabled:
        raise TrackingError("tracking=none: without the store it is not known which artifacts runs refer to")
    if not has_store(config):
        raise TrackingError(f"{config.paths.mlruns}: there is no store of runs, so nothing refers to anything")


def run(context: Context) -> None:
    """Show what nothing refers to, and with `clean.remove=true` remove it.

    Raises:
        TrackingError: when runs are under way, whose artifacts are not in the store yet.
    """
    config, console = context.config, screen()
    client, _ = store_of(config)
    experiments = experiments_of(client, deleted=True)
    _end_dead_runs(client, experiments, console)
    found = list(_leftovers(config, client, experiments))
    sizes = [one.size for one in found]
    rows = [(one.what, str(one.path), size(count)) for one, count in zip(found, sizes, strict=True)]
    whole = size(sum(sizes))
    if not found:
        console.print("nothing is left over")
    elif not config.clean.remove:
        console.print(table(("", "", "size"), rows, right=("size",)))
        console.print(f"{len(found)} leftovers, {whole}; clean.remove=true removes them")
    else:
        console.print(table(("", "", "size"), rows, right=("size",)))
        _remove(config, found)
        console.print(f"{len(found)} leftovers removed, {whole}")


def _end_dead_runs(client: "MlflowClient", experiments: Sequence[str], console: Console) -> None:
    """Mark runs whose process is gone as KILLED; with others under way nothing can be known to be left over."""
    for one in all_runs(client, experiments, "attributes.status = 'RUNNING'"):
        if one.data.tags.get(PROCESS_TAG) == processes.this():
            continue
        if processes.is_gone(one.data.tags.get(PROCESS_TAG, "")):
            client.set_terminated(one.info.run_id, "KILLED")
            console.print(f"run {one.info.run_id} was RUNNING and its process is gone: it is KILLED now")
        else:
            raise TrackingError(
                f"run {one.info.run_id} is RUNNING: what it made is not in the store yet; clean when it has ended"
            )


def _leftovers(config: Config, client: "MlflowClient", experiments: Sequence[str]) -> Iterator[Leftover]:
    runs = all_runs(client, experiments, "")
    kept = {value for run in runs for name, value in run.data.tags.items() if name.startswith(ARTIFACT_TAG)}
    outputs = config.outputs
    for one in ArtifactCache(outputs).unused(kept):
        yield Leftover(
            one.path, {"artifact": one.stage, "partial": f"interrupted {one.stage}", "lock": "lock"}[one.kind]
        )
    own = hydra_folder()
    for folder in sorted([*(outputs / "runs").glob("*"), *(outputs / "sweeps").glob("*")]):
        if folder.is_dir() and folder.resolve() != own:
            yield Leftover(folder, "call")
    if not config.tracking.uri:
        alive = {run.info.run_id for run in runs}
        deleted = {run.info.run_id for run in all_runs(client, experiments, "", deleted=True)}
        yield from _of_deleted_runs(Path(config.paths.mlruns), alive, deleted)


def _of_deleted_runs(mlruns: Path, alive: set[str], deleted: set[str]) -> Iterator[Leftover]:
    """Folders of runs that were deleted in the store's page, and of those that it knows nothing of."""
    for folder in sorted((mlruns / "artifacts").glob("*")):
        if folder.name in deleted:
            yield Leftover(folder, "deleted run", folder.name)
        elif folder.name not in alive and len(folder.name) == 32:
            yield Leftover(folder, "unknown run")


def _remove(config: Config, found: Sequence[Leftover]) -> None:
    deleted = [one.run for one in found if one.run]
    if deleted:
        store = f"sqlite:///{database(Path(config.paths.mlruns)).resolve()}"
        command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", store, "--run-ids", ",".join(deleted)]
        environment = {**os.environ, "MLFLOW_TRACKING_URI": store}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise TrackingError(f"mlflow gc did not remove the deleted runs: {done.stderr.strip().splitlines()[-1:]}")
    for one in found:
        if one.path.is_dir():
            shutil.rmtree(one.path)
        elif one.path.exists():
            one.path.unlink()
