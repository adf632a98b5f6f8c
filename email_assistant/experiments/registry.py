"""Adapters as versions of registered models in the store, addressed by alias or number: `models:/NAME@best`."""

import re
from pathlib import Path

from email_assistant.configuration.schema import Config
from email_assistant.errors import ModelError
from email_assistant.experiments import lazy_mlflow
from email_assistant.experiments.connection import connect, experiment_name, has_store
from email_assistant.experiments.run_logger import RunLogger
from email_assistant.experiments.tags import ADAPTER, ARTIFACT_TAG
from email_assistant.storage.artifacts import Artifact

BEST = "best"
SCHEME = "models:/"
LOSS_TAG, VALIDATION_TAG = "validation_loss", "validation"
# Characters that MLflow does not allow in names.
_FORBIDDEN = re.compile(r"[/:.%\"'\s]+")


def model_name(config: Config) -> str:
    """The registered model of an archive and a base; only its versions have comparable losses."""
    return _FORBIDDEN.sub("_", f"{experiment_name(config)}-{Path(config.model.path).name}")


def register(run: RunLogger, trained: Artifact, metrics: dict[str, float], config: Config) -> None:
    """Register a run's adapter as a version; the version with the lowest validation loss gets the alias `best`.

    Losses on different validation mails are not comparable: when an archive has grown, only versions with the new mails
    count. Versions whose run was deleted do not count, either. An adapter with canaries is registered only if
    `trainer.privacy` is not `none`: such a run fails if the adapter remembers its canaries.

    Args:
        run: The run that logged the adapter.
        trained: The artifact of the training.
        metrics: The adapter's scores.
        config: The run's configuration.
    """
    if not run.is_open or not config.tracking.log_adapter or not config.tracking.register:
        return
    if config.trainer.canaries and config.trainer.privacy == "none":
        return
    client, name, key = run.client, model_name(config), trained.folder.name
    _ensure_model(client, name)
    if any(_has_run(client, known) for known in _versions(client, name, f"{ARTIFACT_TAG}train", key)):
        return
    files = client.get_run(run.run_id or "").info.artifact_uri
    tags = {
        f"{ARTIFACT_TAG}train": key,
        LOSS_TAG: str(metrics["validation_loss"]),
        VALIDATION_TAG: trained.manifest["reads"]["inputs"]["validation"],
    }
    version = client.create_model_version(name, f"{files}/{ADAPTER}", run.run_id, tags=tags)
    comparable = sorted(_versions(client, name, VALIDATION_TAG, tags[VALIDATION_TAG]), key=_by_loss)
    best = next((each for each in comparable if _has_run(client, each)), version)
    client.set_registered_model_alias(name, BEST, str(best.version))


def _versions(client: "lazy_mlflow.MlflowClient", name: str, tag: str, value: str) -> "list[lazy_mlflow.ModelVersion]":
    return list(client.search_model_versions(f"name = '{name}' and tag.`{tag}` = '{value}'"))


def _by_loss(version: "lazy_mlflow.ModelVersion") -> tuple[float, int]:
    return float(version.tags[LOSS_TAG]), int(version.version)


def _has_run(client: "lazy_mlflow.MlflowClient", version: "lazy_mlflow.ModelVersion") -> bool:
    """Whether the run of a version, which holds the adapter, was not deleted."""
    try:
        return str(client.get_run(version.run_id or "").info.lifecycle_stage) == "active"
    except lazy_mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False


def _ensure_model(client: "lazy_mlflow.MlflowClient", name: str) -> None:
    try:
        client.create_registered_model(name, description="LoRA adapters that write in one person's style. Private.")
    except lazy_mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _version(client: "lazy_mlflow.MlflowClient", name: str, alias_or_number: str) -> "lazy_mlflow.ModelVersion | None":
    try:
        if not re.fullmatch(r"[0-9]+", alias_or_number):
            return client.get_model_version_by_alias(name, alias_or_number)
        # The database has no larger numbers.
        return client.get_model_version(name, alias_or_number) if int(alias_or_number) < 2**31 else None
    except lazy_mlflow.MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def find_version(client: "lazy_mlflow.MlflowClient", address: str) -> "lazy_mlflow.ModelVersion":
    """The version that `models:/NAME@ALIAS` or `models:/NAME/NUMBER` names.

    Raises:
        ModelError: If there is none; the message lists the registered ones.
    """
    name, _, alias_or_number = address.removeprefix(SCHEME).replace("@", "/").partition("/")
    version = _version(client, name, alias_or_number) if name and alias_or_number else None
    if version is None:
        known = [
            f"{SCHEME}{model.name}@{alias}" for model in client.search_registered_models() for alias in model.aliases
        ]
        choices = f"choose from {', '.join(sorted(known))}" if known else "none are registered yet"
        raise ModelError(f"{address}: no such version in the MLflow store; {choices}")
    return version


def adapter_path(config: Config) -> Path | None:
    """The folder of the adapter that `infer.adapter` names; None if the key is empty.

    Raises:
        ModelError: If the store has no such version, or its files are missing.
    """
    address = config.infer.adapter
    if not address or not address.startswith(SCHEME):
        return Path(address) if address else None
    if not has_store(config):
        raise ModelError(
            f"{address}: no MLflow store in {config.paths.mlruns}; check paths.mlruns, or use an adapter folder"
        )
    client, _ = connect(config)
    version = find_version(client, address)
    try:
        # Through its run: the version's own source is an absolute path, which is wrong after the project was moved.
        return Path(client.download_artifacts(version.run_id or "", ADAPTER))
    except (lazy_mlflow.MlflowException, OSError) as error:
        raise ModelError(
            f"{address}: its run {version.run_id} was removed from the MLflow store; choose another version"
        ) from error


def set_alias(client: "lazy_mlflow.MlflowClient", alias: str, address: str) -> str:
    """Point an alias, such as `production`, at a version.

    Returns:
        The version's address by number.

    Raises:
        ModelError: If there is no such version, or the alias is not allowed.
    """
    version = find_version(client, address)
    if alias.isdecimal():
        raise ModelError(f"{alias!r}: cannot be an alias: it would be read as a version number")
    try:
        client.set_registered_model_alias(version.name, alias, str(version.version))
    except lazy_mlflow.MlflowException as error:
        raise ModelError(f"{alias!r}: cannot be an alias: {error.message}") from error
    return f"{SCHEME}{version.name}/{version.version}"
