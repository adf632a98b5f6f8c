"""Opening the MLflow store: a SQLite database and a folder of files under `paths.mlruns`, or a server."""

import socket
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

from filelock import FileLock
from omegaconf import DictConfig

from email_assistant.configuration.schema import Config, expand_home
from email_assistant.console import StageLogger
from email_assistant.errors import TrackingError, reason_of_folder
from email_assistant.experiments import lazy_mlflow
from email_assistant.privacy import guard
from email_assistant.privacy.vault_state import LOCKED_SUFFIX

# The experiment of runs that read no archive.
NO_ARCHIVE = "email-assistant"
# The demo's experiment, as `experiment_name` names it.
DEMO = "demo/archive.mbox"
MAX_NAME_LENGTH = 120
# Seconds to wait for a server's first answer.
CONNECT_TIMEOUT = 10
# What to do about what SQLite says. Whatever else it says, the database is probably damaged.
PERMISSIONS = "check its permissions, or set paths.mlruns to another folder"
REMEDIES = {
    "database is locked": "another program uses it; wait for it to end, and run this again",
    "disk is full": "free some space, or set paths.mlruns to a folder on another disk",
    "readonly database": PERMISSIONS,
    "unable to open": PERMISSIONS,
    "out-of-date database schema": (
        "another version of MLflow wrote it; if that was an older one, copy the file, then run: "
        "python -m mlflow db upgrade '{uri}'; if it was a newer one, install that again"
    ),
}
RESTORE = "restore a backup, or move it away to start an empty store; artifacts do not depend on it"
log = StageLogger(__name__, "tracking")


def database(mlruns: Path) -> Path:
    """The database file of a local store."""
    return mlruns / "mlflow.db"


def database_uri(mlruns: Path) -> str:
    """The address of a local store's database.

    A path is unescaped when it is read from an address. With the name of the driver in it, MLflow does not create a
    folder named like the escaped path.
    """
    path = str(database(mlruns.resolve()))
    escaped = path.replace("%", "%25").replace("?", "%3F")
    return f"sqlite:///{path}" if path == escaped else f"sqlite+pysqlite:///{escaped}"


def files_location(mlruns: Path) -> str:
    """The folder of a local store's files as its database has it, where MLflow unescapes it."""
    return str(files_folder(mlruns.resolve())).replace("%", "%25")


def files_folder(mlruns: Path) -> Path:
    """The folder where a local store keeps the files of its runs."""
    return mlruns / "artifacts"


def connect(config: Config | DictConfig) -> tuple["lazy_mlflow.MlflowClient", str]:
    """Open the configured store, local or on a server.

    Returns:
        A client, and the id of the configured experiment, which is created if necessary.

    Raises:
        TrackingError: If the store cannot be used.
    """
    experiment = experiment_name(config)
    if config.tracking.uri:
        return _open_server(config.tracking.uri, experiment)
    return open_store(Path(config.paths.mlruns), experiment)


def has_store(config: Config | DictConfig) -> bool:
    """Whether a store is configured on a server or exists on disk; nothing is opened."""
    return bool(config.tracking.uri) or database(Path(config.paths.mlruns)).exists()


def experiment_name(config: Config | DictConfig) -> str:
    """The configured experiment, or else the last two parts of the archive's path."""
    if config.tracking.experiment:
        return str(config.tracking.experiment)
    paths = config.data.path
    reads_none = config.stage in ("infer", "export") and config.infer.adapter and config.retrieval.method == "none"
    if not paths or reads_none:
        return NO_ARCHIVE
    absolute = [Path(expand_home(path)).absolute() for path in ([paths] if isinstance(paths, str) else paths)]
    # On macOS, a path can be typed with letters and accents together and be completed with them apart.
    return normalize("NFC", ", ".join("/".join(path.parts[-2:]) for path in absolute))[:MAX_NAME_LENGTH]


def _open_server(uri: str, experiment: str) -> tuple["lazy_mlflow.MlflowClient", str]:
    parts = urlsplit(uri)
    host = parts.hostname or ""
    guard.allow_host(host)
    try:
        # Without this check MLflow would retry for minutes.
        address = (host, parts.port or (443 if parts.scheme == "https" else 80))
        socket.create_connection(address, CONNECT_TIMEOUT).close()
    except OSError as error:
        raise TrackingError(
            f"tracking.uri = {uri}: no server answers there ({error.strerror or error}); "
            "start it, or use tracking.uri=null"
        ) from error
    client = lazy_mlflow.MlflowClient(uri)
    try:
        existing = client.get_experiment_by_name(experiment)
        if existing and existing.lifecycle_stage == "deleted":
            _restore(client, existing.experiment_id, experiment)
        return client, existing.experiment_id if existing else client.create_experiment(experiment)
    except lazy_mlflow.MlflowException as error:
        # Another process may have created it in the meantime.
        existing = client.get_experiment_by_name(experiment) if error.error_code == "RESOURCE_ALREADY_EXISTS" else None
        if existing is None:
            raise TrackingError(
                f"tracking.uri = {uri}: no MLflow server answers there ({error.error_code}); check the address"
            ) from error
        return client, existing.experiment_id


def open_store(mlruns: Path, experiment: str) -> tuple["lazy_mlflow.MlflowClient", str]:
    """Open a local store; the store and the experiment are created if necessary.

    Returns:
        A client, and the experiment's id.

    Raises:
        TrackingError: If the store was created in another folder, or cannot be written.
    """
    with _lock(mlruns):
        client = _open_database(mlruns)
        existing = client.get_experiment_by_name(experiment)
        if existing is None:
            return client, client.create_experiment(experiment, artifact_location=files_location(mlruns))
        if existing.lifecycle_stage == "deleted":
            _restore(client, existing.experiment_id, experiment)
    return client, existing.experiment_id


def _restore(client: "lazy_mlflow.MlflowClient", experiment_id: str, name: str) -> None:
    """Restore an experiment that was deleted in MLflow's UI, since its name stays taken; its runs stay deleted."""
    client.restore_experiment(experiment_id)
    while runs := client.search_runs([experiment_id]):
        for run in runs:
            client.delete_run(run.info.run_id)
    log.info("experiment %s had been deleted in MLflow's UI; restored it without its runs", name)


def open_existing_store(mlruns: Path) -> "lazy_mlflow.MlflowClient":
    """Open a local store that exists.

    Raises:
        TrackingError: If there is none, or it was created in another folder.
    """
    if not database(mlruns).exists():
        raise TrackingError(f"{mlruns}: no MLflow store here; pass its folder with --mlruns")
    with _lock(mlruns):
        return _open_database(mlruns)


def _lock(mlruns: Path) -> FileLock:
    """A lock for creating the database: two processes that create it at the same time would corrupt it."""
    try:
        mlruns.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrackingError(
            f"{mlruns}: cannot be written: {reason_of_folder(error)}; set paths.mlruns to another folder"
        ) from error
    return FileLock(mlruns / ".lock")


def _open_database(mlruns: Path) -> "lazy_mlflow.MlflowClient":
    mlruns = mlruns.resolve()
    if database(mlruns).with_name(f"{database(mlruns).name}{LOCKED_SUFFIX}").exists():
        raise TrackingError(f"{mlruns}: the MLflow store is encrypted; stage=unlock decrypts it")
    if database(mlruns).is_dir():
        # MLflow would try for minutes.
        raise TrackingError(f"{database(mlruns)}: is a folder, not a database; move it away to start an empty store")
    try:
        client = lazy_mlflow.MlflowClient(database_uri(mlruns))
        locations = [experiment.artifact_location for experiment in client.search_experiments()]
    except (lazy_mlflow.DatabaseError, lazy_mlflow.MlflowException) as error:
        # Some of MLflow's messages go on with advice of their own.
        reason = str(getattr(error, "orig", None) or error).splitlines()[0].partition(". ")[0]
        remedy = next((each for said, each in REMEDIES.items() if said in reason), RESTORE)
        raise TrackingError(
            f"{database(mlruns)}: cannot be read ({reason}): {remedy.format(uri=database_uri(mlruns))}"
        ) from error
    # MLflow's own empty experiment has a location of another form.
    here = files_folder(mlruns)
    moved = [
        path
        for path in map(Path, map(unquote, locations))
        if path.name == here.name and not _is_same(path.parent, mlruns)
    ]
    if moved:
        raise TrackingError(
            f"{mlruns}: the MLflow store was created in {moved[0].parent} and would write there; "
            "if it was moved or copied, run: python -m email_assistant.experiments relocate"
        )
    return client


def _is_same(left: Path, right: Path) -> bool:
    """Whether two paths are of one folder: on macOS they may differ in capital letters."""
    try:
        return left.samefile(right)
    except OSError:
        return False
