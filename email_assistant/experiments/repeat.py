"""Repeats a run of the store: its configuration, its data by hash, and a comparison of versions and results."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from email_assistant.configuration.checks import ConfigChecks, find_errors, report
from email_assistant.configuration.keys import BY_LANGUAGE, affects_results, as_written
from email_assistant.console import StageLogger, printable, screen, table
from email_assistant.errors import ArtifactError, ConfigurationError, DataError, TrackingError
from email_assistant.experiments import lazy_mlflow
from email_assistant.experiments.connection import connect, has_store
from email_assistant.experiments.queries import run_to_repeat
from email_assistant.experiments.run_logger import RunLogger
from email_assistant.experiments.tags import ARTIFACT_TAG, COMMIT_TAG, CONFIGURATION, MANIFESTS, REPEAT_TAG, SAME_TAG
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, ArtifactCache

# Groups that are taken from the current configuration: where files are, and what the commands show.
_CURRENT_GROUPS = ("paths", "tracking", "sweep", "compare", "clean", "plan", "from_run")
# Endings of the counts that measure time, which differs from run to run.
_TIMES = ("per_second", "seconds")
Manifest = Mapping[str, Any]
# A value of the original run, and that of the repeated one.
Change = tuple[Any, Any]
log = StageLogger(__name__, "from_run")


@dataclass(frozen=True)
class Origin:
    """The original run of a repeated one.

    Attributes:
        id: Its id.
        values: The configuration to run: the original's, with what the command line changes.
        changed: The keys and groups that the command line changes.
        manifests: The manifests of its artifacts, by stage.
    """

    id: str
    values: dict[str, Any]
    changed: frozenset[str]
    manifests: Mapping[str, Manifest]


@dataclass(frozen=True)
class ArtifactComparison:
    """An artifact of a repeated run against the original's.

    Attributes:
        stage: The stage that made both.
        reads: The inputs and settings that differ.
        files: The result files that differ.
        numbers: The counts that differ.
        versions: The package versions that differ, and the commit.
    """

    stage: str
    reads: list[str]
    files: list[str]
    numbers: dict[str, Change]
    versions: dict[str, Change]

    @property
    def is_same(self) -> bool:
        """Whether the results are identical."""
        return not self.files and not self.numbers


def load_origin(composed: Mapping[str, Any], overrides: Sequence[str], extra_checks: ConfigChecks) -> Origin:
    """Load the run that `from_run` names, and apply the command line to its configuration.

    Args:
        composed: The current configuration with the command line's overrides.
        overrides: The overrides.
        extra_checks: As for `checks.find_errors`.

    Raises:
        TrackingError: If there is no such run, or it has no configuration.
        ConfigurationError: If its configuration does not fit the current schema.
    """
    current = OmegaConf.create(dict(composed))
    if not has_store(current):
        raise TrackingError(
            f"from_run = {composed['from_run']}: no MLflow store in {current.paths.mlruns}; check paths.mlruns"
        )
    client, _ = connect(current)
    run = run_to_repeat(client, str(composed["from_run"]))
    run_id = run.info.run_id
    if CONFIGURATION not in {file.path for file in client.list_artifacts(run_id)}:
        raise TrackingError(f"from_run = {run_id}: has no configuration; if it is a sweep, name one of its jobs")
    original: Any = OmegaConf.to_container(OmegaConf.load(client.download_artifacts(run_id, CONFIGURATION)))
    values, changed = _overridden(_relocated(original, composed["paths"]["root"]), composed, overrides)
    errors = find_errors(values, extra_checks)
    if errors:
        commit = run.data.tags.get(COMMIT_TAG, "unknown")
        raise ConfigurationError(
            f"from_run = {run_id}: its configuration does not fit this version of the program; check out its commit, "
            f"{commit}, or set the keys below; {report(errors)}"
        )
    if not any(map(affects_results, changed)) and "force" not in changed:
        # Otherwise the cached artifact would be compared with itself.
        values["force"] = True
    return Origin(run_id, values, frozenset(changed), _manifests(client, run, Path(composed["paths"]["outputs"])))


def _overridden(
    original: dict[str, Any], composed: Mapping[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """The original's values with current paths and the command line's changes, and the changed keys."""
    values = {**composed, **original, **{group: composed[group] for group in _CURRENT_GROUPS}, "force": False}
    values = {key: _with_new_keys(values[key], composed.get(key), key) for key in values}
    changed = []
    for line in overrides:
        key = line.lstrip("+~").partition("=")[0].partition("@")[0]
        if key == "experiment" or line.startswith("~"):
            raise ConfigurationError(f"{line}: cannot be combined with from_run; change single keys instead")
        group, _, rest = key.partition(".")
        if rest:
            _copy_key(values[group], composed[group], rest.split("."))
        else:
            values[group] = composed[group]
        changed.append(key)
    return values, [key for key in changed if key not in ("from_run", "stage")]


def _copy_key(values: dict[str, Any], composed: Mapping[str, Any], path: list[str]) -> None:
    if len(path) == 1:
        values[path[0]] = composed[path[0]]
    else:
        _copy_key(values[path[0]], composed[path[0]], path[1:])


# Of keys whose default changed what runs did before: the value that means what they did.
_BEFORE: Mapping[str, Any] = {"evaluation.baseline_candidates": None, "generation.search": "sample"}


def _with_new_keys(original: Any, composed: Any, prefix: str) -> Any:
    """A group of the original with the keys that the project has gained since, at values that mean what it did."""
    if not isinstance(original, dict) or not isinstance(composed, dict) or prefix in BY_LANGUAGE:
        return original
    added = {key: _BEFORE.get(f"{prefix}.{key}", value) for key, value in composed.items() if key not in original}
    for key, value in added.items():
        log.info("the original run is older than the key %s.%s; using %s", prefix, key, value)
    return added | {key: _with_new_keys(value, composed.get(key), f"{prefix}.{key}") for key, value in original.items()}


def _relocated(original: dict[str, Any], root: str) -> dict[str, Any]:
    """The original's values with paths inside the project moved to the project's current folder."""
    old = original["paths"]["root"]

    def relocated(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: relocated(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [relocated(inner) for inner in value]
        if isinstance(value, str) and value.startswith(f"{old}/"):
            return root + value.removeprefix(old)
        return value

    return {key: relocated(value) for key, value in original.items()}


def _manifests(client: "lazy_mlflow.MlflowClient", run: "lazy_mlflow.Run", outputs: Path) -> dict[str, Manifest]:
    """The manifests in the run; for stages that it has none of, those of its artifacts on disk."""
    manifests: dict[str, Manifest] = {}
    for file in client.list_artifacts(run.info.run_id, MANIFESTS):
        manifests[Path(file.path).stem] = jsonl.read_object(Path(client.download_artifacts(run.info.run_id, file.path)))
    cache = ArtifactCache(outputs)
    for name, key in run.data.tags.items():
        stage = name.removeprefix(ARTIFACT_TAG)
        if name.startswith(ARTIFACT_TAG) and stage not in manifests and (artifact := cache.at(stage, key)):
            manifests[stage] = artifact.manifest
    return manifests


def recorded_data(origin: Origin, cache: ArtifactCache, inputs: Mapping[str, str] | None) -> Artifact | None:
    """The mails that the original run read, if its archive, or the edits that it read, have changed since.

    Args:
        origin: The original run.
        cache: All artifacts.
        inputs: The current hashes of the archive, of what its folders tell and, with `data.edits`, of the edits; None
            if the archive cannot be read.

    Returns:
        The original's artifact; None if the archive is unchanged or the command line names other data.

    Raises:
        DataError: If neither the archive nor the artifact can be used.
    """
    if "data" not in origin.manifests or origin.changed & {"data", "data.path"}:
        return None
    manifest = origin.manifests["data"]
    recorded = {
        name: digest
        for name, digest in manifest["reads"]["inputs"].items()
        if not (name == "edits" and "data.edits" in origin.changed)
    }
    if inputs and recorded.items() <= inputs.items():
        return None
    is_archive = not inputs or any(recorded[name] != inputs[name] for name in {"archive", "folders"} & recorded.keys())
    state = f"the archive of run {origin.id} {'has changed' if inputs else 'is missing'}"
    if not is_archive:
        state = f"the edited drafts have changed since run {origin.id}"
    try:
        artifact = cache.find("data", manifest["key"])
    except ArtifactError:
        artifact = None
    if artifact is None or any(key.startswith("data.") for key in origin.changed):
        reason = "the mails that it read were deleted" if artifact is None else "the changed data settings need it"
        remedy = "set data.path to the original archive, or to another one" if is_archive else "add data.edits=true"
        raise DataError(f"data.path: {state}, and {reason}; {remedy}")
    StageLogger(__name__, "data").info("%s; using the mails that it read", state)
    return artifact


def log_comparison(
    origin: Origin, run: RunLogger, artifacts: Mapping[str, Artifact], results: Mapping[str, Sequence[str]]
) -> None:
    """Compare a repeated run with its original, print the comparison and log it.

    Args:
        origin: The original run.
        run: The repeated run.
        artifacts: Its artifacts, by stage.
        results: The result files to compare, by stage.
    """
    comparisons = [
        compare_manifests(origin.manifests[stage], artifact.manifest, results[stage])
        for stage, artifact in artifacts.items()
        if stage in origin.manifests
    ]
    same = all(comparison.is_same for comparison in comparisons)
    run.set_tags({REPEAT_TAG: origin.id, SAME_TAG: str(same).lower()})
    run.log_text("repeat.json", json.dumps([vars(comparison) for comparison in comparisons], indent=2))
    _show(origin, comparisons)


def compare_manifests(original: Manifest, repeated: Manifest, results: Sequence[str]) -> ArtifactComparison:
    """Compare two manifests of one stage, and these files of its artifacts."""
    stage = str(repeated["stage"])
    return ArtifactComparison(
        stage,
        list(
            changed_keys(
                {**original["reads"], **original.get("scores", {})}, {**repeated["reads"], **repeated["scores"]}
            )
        ),
        [name for name in results if original["files"].get(name) != repeated["files"].get(name)],
        _changed_counts(original["counts"], repeated["counts"]),
        _changed(
            {**original["versions"], "commit": original["commit"]},
            {**repeated["versions"], "commit": repeated["commit"]},
        ),
    )


def _changed_counts(original: Mapping[str, Any], repeated: Mapping[str, Any]) -> dict[str, Change]:
    return {
        name: values
        for name, values in _changed(original, repeated).items()
        if not name.endswith(_TIMES) and all(isinstance(value, int | float | None) for value in values)
    }


def _changed(original: Mapping[str, Any], repeated: Mapping[str, Any]) -> dict[str, Change]:
    return {
        name: (original.get(name), repeated.get(name))
        for name in {**original, **repeated}
        if original.get(name) != repeated.get(name)
    }


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted keys in which two nested mappings differ, with both values if they are short."""
    for key in {**old, **new}:
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            yield from changed_keys(before, after, f"{prefix}{key}.")
        elif before != after:
            values = f"{as_written(before)} → {as_written(after)}"
            short = not prefix.startswith("inputs.") and len(values) < 60
            yield f"{prefix}{key} ({values})" if short else f"{prefix}{key}"


def _show(origin: Origin, comparisons: Sequence[ArtifactComparison]) -> None:
    rows = []
    versions: dict[str, Change] = {}
    for comparison in comparisons:
        versions |= comparison.versions
        changes = [f"input {name}" for name in comparison.reads] + comparison.files
        changes += [f"{name} {_shown(old)} → {_shown(new)}" for name, (old, new) in comparison.numbers.items()]
        rows.append((comparison.stage, "same" if comparison.is_same else "differs", "; ".join(changes)))
    console = screen()
    console.print(table(("stage", "result", "differences"), rows, title=f"compared with run {origin.id}"))
    changed = [f"{name} {old} → {new}" for name, (old, new) in versions.items()]
    console.print(printable(f"versions: {', '.join(changed) if changed else 'unchanged'}"))


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
