"""Adapters as versions of models in the MLflow store, found by an alias: `models:/NAME@best`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from email_assistant.configuration.schema import Config
from email_assistant.errors import ModelError
from email_assistant.experiments.tracking import ARTIFACT_TAG, Run, experiment_of, has_store, store_of
from email_assistant.storage.artifacts import Artifact

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

BEST = "best"
SCHEME = "models:/"
# Of a run's files.
ADAPTER = "adapter"
LOSS_TAG, VALIDATION_TAG = "validation_loss", "validation"
# What a name of MLflow's must not hold.
_NOT_IN_NAMES = re.compile(r"[/:.%\"'\s]+")


def model_name(config: Config) -> str:
    """The name under which adapters of an archive for a base are registered: losses compare within it."""
    name = f"{experiment_of(config)}-{Path(config.model.path).name}"
    return _NOT_IN_NAMES.sub("_", name)


def register(run: Run, trained: Artifact, metrics: dict[str, float], config: Config) -> None:
    """Make a run's adapter a version of its archive's model; the one with the lowest validation loss is `best`.

    Losses on other validation mails do not compare: when an archive has grown, the newest version is the best
    one until there are others. An adapter with canaries is not registered, since no one should write with it, but where
    they stand for its not remembering anything (`trainer.privacy=careful`).
    """
    if not run.is_open or not config.tracking.log_adapter or not config.tracking.register:
        return
    if config.trainer.canaries and config.trainer.privacy == "none":
        return
    client, name, key = run.client, model_name(config), trained.folder.name
    _ensure_model(client, name)
    if client.search_model_versions(f"name = '{name}' and tag.`{ARTIFACT_TAG}train` = '{key}'"):
        return
    inside = client.get_run(run.run_id or "").info.artifact_uri
    tags = {
        f"{ARTIFACT_TAG}train": key,
        LOSS_TAG: str(metrics["validation_loss"]),
        VALIDATION_TAG: trained.manifest["reads"]["inputs"]["validation"],
    }
    fresh = client.create_model_version(name, f"{inside}/{ADAPTER}", run.run_id, tags=tags)
    best = _version(client, name, BEST)
    if best is None or _is_better(fresh, best):
        client.set_registered_model_alias(name, BEST, str(fresh.version))


def _ensure_model(client: "MlflowClient", name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name, description="LoRA adapters that write as one person does. Private.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _is_better(fresh: "ModelVersion", best: "ModelVersion") -> bool:
    if fresh.tags[VALIDATION_TAG] != best.tags.get(VALIDATION_TAG):
        return True
    return float(fresh.tags[LOSS_TAG]) < float(best.tags[LOSS_TAG])


def _version(client: "MlflowClient", name: str, wanted: str) -> "ModelVersion | None":
    """A version by its alias or its number; None when there is none."""
    from mlflow.exceptions import MlflowException

    try:
        if wanted.isdigit():
            return client.get_model_version(name, wanted)
        return client.get_model_version_by_alias(name, wanted)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def find(client: "MlflowClient", address: str) -> "ModelVersion":
    """The version that `models:/NAME@ALIAS` or `models:/NAME/NUMBER` means.

    Raises:
        ModelError: when there is none, naming those that there are.
    """
    name, _, wanted = address.removeprefix(SCHEME).replace("@", "/").partition("/")
    found = _version(client, name, wanted) if name and wanted else None
    if found is None:
        known = [
            f"{SCHEME}{model.name}@{alias}" for model in client.search_registered_models() for alias in model.aliases
        ]
        there = f"there are {', '.join(sorted(known))}" if known else "none is registered yet"
        raise ModelError(f"{address}: no such version in the store; {there}")
    return found


def adapter_path(config: Config) -> Path | None:
    """The folder of the adapter that `infer.adapter` names; None where it names none.

    Raises:
        ModelError: when the store has no such version, or its files are gone.
    """
    named = config.infer.adapter
    if not named or not named.startswith(SCHEME):
        return Path(named).expanduser() if named else None
    if not has_store(config):
        raise ModelError(f"{named}: there is no store of runs in {config.paths.mlruns}")
    client, _ = store_of(config)
    version = find(client, named)
    return _files(client, named, version)


def _files(client: "MlflowClient", named: str, version: Any) -> Path:
    from mlflow.exceptions import MlflowException

    try:
        # By its run, since the store's own address of it is of the folder where the project lay then.
        return Path(client.download_artifacts(version.run_id, ADAPTER))
    except (MlflowException, OSError) as error:
        raise ModelError(f"{named}: run {version.run_id}, which holds it, was removed from the store") from error


def set_alias(client: "MlflowClient", alias: str, address: str) -> str:
    """Point an alias, such as `production`, at a version; returns the version's address.

    Raises:
        ModelError: when there is no such version.
    """
    version = find(client, address)
    client.set_registered_model_alias(version.name, alias, str(version.version))
    return f"{SCHEME}{version.name}/{version.version}"
