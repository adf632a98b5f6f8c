"""A run of the store once more: its configuration, its data by hash, its versions and its result compared."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from email_assistant.configuration.checks import BY_LANGUAGE, Rules, find_faults, is_learned, report
from email_assistant.console import screen, table
from email_assistant.errors import ArtifactError, ConfigurationError, DataError, TrackingError
from email_assistant.experiments.tracking import (
    ARTIFACT_TAG,
    CONFIGURATION,
    MANIFESTS,
    Run,
    has_store,
    run_to_repeat,
    store_of,
)
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, ArtifactCache

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Groups that say where things lie and what is looked at: today's and not the run's.
_TODAYS = ("paths", "tracking", "sweep", "compare", "clean", "plan", "from_run")
# Numbers of a manifest that are no result.
_TIMES = ("per_second", "seconds")
REPEAT_TAG, SAME_TAG = "repeat.of", "repeat.same"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """The run that is repeated.

    Attributes:
        id: Of the run.
        values: The configuration to run now: the run's, but for what the command line says.
        changed: Keys and groups of the command line.
        manifests: Of the run's artifacts, by stage.
    """

    id: str
    values: dict[str, Any]
    changed: frozenset[str]
    manifests: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Compared:
    """An artifact beside the one of the run that is repeated.

    Attributes:
        stage: That made both.
        reads: What went into it otherwise than then.
        files: That differ.
        numbers: That differ, then and now.
        versions: That differ, then and now.
    """

    stage: str
    reads: list[str]
    files: list[str]
    numbers: dict[str, tuple[Any, Any]]
    versions: dict[str, tuple[Any, Any]]

    @property
    def is_same(self) -> bool:
        """Whether the result is."""
        return not self.files and not self.numbers


def origin_of(composed: Mapping[str, Any], overrides: list[str], rules: Rules) -> Origin:
    """The run that `from_run` names, and its configuration with what the command line changes.

    Raises:
        TrackingError: when there is no such run, or it holds no configuration.
        ConfigurationError: when the configuration does not go with today's schema.
    """
    today = OmegaConf.create(dict(composed))
    if not has_store(today):
        raise TrackingError(f"from_run = {composed['from_run']}: there is no store of runs in {today.paths.mlruns}")
    client, _ = store_of(today)
    run = run_to_repeat(client, str(composed["from_run"]))
    run_id = run.info.run_id
    if CONFIGURATION not in {file.path for file in client.list_artifacts(run_id)}:
        raise TrackingError(f"from_run = {run_id}: holds no configuration (of a sweep, name one of its children)")
    then: Any = OmegaConf.to_container(OmegaConf.load(client.download_artifacts(run_id, CONFIGURATION)))
    values, changed = _changed(_moved(then, composed["paths"]["root"]), composed, overrides)
    faults = find_faults(values, rules)
    if faults:
        commit = run.data.tags.get("mlflow.source.git.commit", "unknown")
        raise ConfigurationError(
            f"from_run = {run_id}: made by the project's commit {commit}, whose keys are not today's; " + report(faults)
        )
    if not any(map(is_learned, changed)) and "force" not in changed:
        # What comes out of the cache would compare with itself.
        values["force"] = True
    return Origin(run_id, values, frozenset(changed), _manifests(client, run, Path(composed["paths"]["outputs"])))


def _changed(
    then: dict[str, Any], composed: Mapping[str, Any], overrides: list[str]
) -> tuple[dict[str, Any], list[str]]:
    """The run's values with today's places and what the command line says; and its keys."""
    values = {**composed, **then, **{group: composed[group] for group in _TODAYS}, "force": False}
    values = {key: _with_new_keys(values[key], composed.get(key), key) for key in values}
    changed = []
    for line in overrides:
        key = line.lstrip("+~").partition("=")[0].partition("@")[0]
        if key == "experiment" or line.startswith("~"):
            raise ConfigurationError(f"{line}: does not go with from_run, which is a whole configuration; name keys")
        group, _, rest = key.partition(".")
        if rest:
            _set(values[group], composed[group], rest.split("."))
        else:
            values[group] = composed[group]
        changed.append(key)
    return values, [key for key in changed if key not in ("from_run", "stage")]


def _set(values: dict[str, Any], composed: Mapping[str, Any], path: list[str]) -> None:
    if len(path) == 1:
        values[path[0]] = composed[path[0]]
    else:
        _set(values[path[0]], composed[path[0]], path[1:])


def _with_new_keys(then: Any, composed: Any, prefix: str) -> Any:
    """A group of the run with the keys that came into the project since, at their defaults."""
    if not isinstance(then, dict) or not isinstance(composed, dict) or prefix in BY_LANGUAGE:
        return then
    fresh = {key: value for key, value in composed.items() if key not in then}
    for key, value in fresh.items():
        log.info("%-10s %s.%s is newer than the run; it is %s", "from_run", prefix, key, value)
    return fresh | {key: _with_new_keys(value, composed.get(key), f"{prefix}.{key}") for key, value in then.items()}


def _moved(then: dict[str, Any], root: str) -> dict[str, Any]:
    """The run's values with the project's folder of today in place of that where the run was made."""
    old = then["paths"]["root"]

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: moved(one) for key, one in value.items()}
        if isinstance(value, list):
            return [moved(one) for one in value]
        if isinstance(value, str) and value.startswith(f"{old}/"):
            return root + value.removeprefix(old)
        return value

    return {key: moved(value) for key, value in then.items()}


def _manifests(client: "MlflowClient", run: Any, outputs: Path) -> dict[str, Any]:
    """The manifests that the run holds; of a run without them those that lie on the disk."""
    found = {}
    for file in client.list_artifacts(run.info.run_id, MANIFESTS):
        found[Path(file.path).stem] = jsonl.read_json(Path(client.download_artifacts(run.info.run_id, file.path)))
    for name, key in run.data.tags.items():
        stage = name.removeprefix(ARTIFACT_TAG)
        if name.startswith(ARTIFACT_TAG) and stage not in found and (artifact := ArtifactCache(outputs).at(stage, key)):
            found[stage] = artifact.manifest
    return found


def kept_data(origin: Origin, cache: ArtifactCache, archive: str | None) -> Artifact | None:
    """The data of the run that is repeated, where its archive is not there as it was; None where it is.

    Args:
        origin: The run that is repeated.
        cache: All artifacts.
        archive: The hash of the archive as it is now; None where it cannot be read.

    Raises:
        DataError: when neither the archive nor what was read from it is there.
    """
    if "data" not in origin.manifests or origin.changed & {"data", "data.path"}:
        return None
    manifest = origin.manifests["data"]
    if archive == manifest["reads"]["inputs"]["archive"]:
        return None
    state = "has changed since" if archive else "is not there"
    try:
        found = cache.find("data", manifest["key"])
    except ArtifactError:
        found = None
    if found is None or any(key.startswith("data.") for key in origin.changed):
        raise DataError(
            f"data.path: the archive of run {origin.id} {state}, and what was read from it is gone or was to be read "
            "otherwise; data.path=… says where the archive lies now, or takes another one"
        )
    log.info("%-10s the archive %s; its mails are taken from the run's artifact", "data", state)
    return found


def log_comparison(
    origin: Origin, run: Run, artifacts: Mapping[str, Artifact], results: Mapping[str, Sequence[str]]
) -> None:
    """Print whether a repeated run gave the same results, and log it.

    Args:
        origin: The run that is repeated.
        run: The run now.
        artifacts: Of the run now, by stage.
        results: For each stage, the files of its artifact that are compared.
    """
    compared = [
        compare(origin.manifests[name], artifact.manifest, results[name])
        for name, artifact in artifacts.items()
        if name in origin.manifests
    ]
    run.set_tags({REPEAT_TAG: origin.id, SAME_TAG: str(all(one.is_same for one in compared)).lower()})
    run.log_text("repeat.json", json.dumps([vars(one) for one in compared], indent=2))
    _show(origin, compared)


def compare(then: Mapping[str, Any], now: Mapping[str, Any], results: Sequence[str]) -> Compared:
    """Compare two manifests of one stage, and these files of its artifacts."""
    stage = str(now["stage"])
    return Compared(
        stage,
        list(differences({**then["reads"], **then.get("scores", {})}, {**now["reads"], **now["scores"]})),
        [name for name in results if then["files"].get(name) != now["files"].get(name)],
        _numbers_that_differ(then["counts"], now["counts"]),
        _that_differ({**then["versions"], "commit": then["commit"]}, {**now["versions"], "commit": now["commit"]}),
    )


def _numbers_that_differ(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        name: values
        for name, values in _that_differ(then, now).items()
        if not name.endswith(_TIMES) and all(isinstance(value, int | float | None) for value in values)
    }


def _that_differ(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (then.get(name), now.get(name)) for name in {**then, **now} if then.get(name) != now.get(name)}


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """What differs between two mappings of mappings, as dotted keys, short values beside them."""
    for key in {**old, **new}:
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from differences(before, after, f"{prefix}{key}.")
        elif before != after:
            short = not prefix.startswith("inputs.") and len(f"{before}{after}") < 60
            yield f"{prefix}{key} ({before} → {after})" if short else f"{prefix}{key}"


def _show(origin: Origin, compared: list[Compared]) -> None:
    rows = []
    versions: dict[str, tuple[Any, Any]] = {}
    for one in compared:
        versions |= one.versions
        told = [f"reads {name}" for name in one.reads] + one.files
        told += [f"{name} {_told(before)} → {_told(after)}" for name, (before, after) in one.numbers.items()]
        rows.append((one.stage, "same" if one.is_same else "differs", "; ".join(told)))
    console = screen()
    console.print(table(("stage", "result", "what differs"), rows, title=f"beside run {origin.id}"))
    changed = [f"{name} {before} → {after}" for name, (before, after) in versions.items()]
    console.print(f"versions: {', '.join(changed) if changed else 'the same'}")


def _told(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
