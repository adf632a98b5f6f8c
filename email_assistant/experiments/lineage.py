"""The lineage of an adapter: the manifests of the stages behind it, each checked against what is on disk.

`lineage.json` is next to an adapter's weights and stays with them when the folder is copied. For every stage it
holds the artifact's inputs, settings and counts, and no text of any mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from email_assistant.errors import ArtifactError, DataError, ModelError
from email_assistant.language_model.adapter_folder import WEIGHTS
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.hashing import hash_file

LINEAGE = "lineage.json"
# The inputs of each stage: the earlier stage and the file, by the input's name.
Reads = Mapping[str, Mapping[str, tuple[str, str]]]
# The fields of a manifest that lineage.json keeps.
_KEPT = ("key", "reads", "versions", "commit", "made", "seconds", "counts")


@dataclass(frozen=True)
class StageRecord:
    """What is known about one stage behind an adapter.

    Attributes:
        stage: Its name.
        manifest: Its manifest: `key reads versions commit made counts`; None if it is unknown.
        state: Whether its artifact still exists and is unchanged.
        is_changed: Whether its artifact exists but was changed.
    """

    stage: str
    manifest: Mapping[str, Any] | None
    state: str
    is_changed: bool = False


def write_lineage(
    adapter: Path, manifest: Mapping[str, Any], artifacts: Mapping[str, Artifact], metrics: Mapping[str, Any]
) -> None:
    """Write lineage.json into an adapter's folder.

    Args:
        adapter: The folder.
        manifest: The manifest of the training; it may be unfinished.
        artifacts: The artifacts of the earlier stages, by stage.
        metrics: The adapter's scores.
    """
    stages = {stage: _shortened(artifact.manifest) for stage, artifact in artifacts.items()}
    stages["train"] = _shortened(manifest)
    jsonl.write_json(adapter / LINEAGE, {"weights": hash_file(adapter / WEIGHTS), "metrics": metrics, "stages": stages})


def _shortened(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest without the hashes of its files and without scores, which are listed separately."""
    return {name: manifest[name] for name in _KEPT if name in manifest}


def read_lineage(adapter: Path) -> dict[str, Any]:
    """The content of an adapter's lineage.json; empty if there is none, as with other programs' adapters.

    Raises:
        ModelError: If it cannot be read.
    """
    path = adapter / LINEAGE
    if not path.is_file():
        return {}
    try:
        written = jsonl.read_object(path)
    except DataError as error:
        raise ModelError(f"{path}: not valid JSON; it was changed after the adapter was trained") from error
    stages, metrics = written.get("stages", {}), written.get("metrics", {})
    is_whole = isinstance(stages, dict) and isinstance(metrics, dict)
    if not is_whole or not all(_is_record(stage, values) for stage, values in stages.items()):
        raise ModelError(f"{path}: not a lineage of this program; it was changed after the adapter was trained")
    return written


def _is_record(stage: str, values: Any) -> bool:
    """Whether values are what `_shortened` keeps of a stage's manifest. A training's has no counts yet."""
    if not isinstance(values, dict) or not {"made", "commit"} <= values.keys():
        return False
    details = "versions" if stage == "train" else "counts"
    groups = [values.get("reads"), values.get(details)]
    return all(isinstance(group, dict) for group in groups) and isinstance(values["reads"].get("inputs", {}), dict)


def trace(cache: ArtifactCache, weights: str, written: Mapping[str, Any], reads: Reads) -> list[StageRecord]:
    """The stages behind an adapter, the last one first.

    Artifacts on disk take precedence over lineage.json. All files of an artifact are hashed again, and it must have
    exactly the files that the stage after it read.

    Args:
        cache: All artifacts.
        weights: The hash of the adapter's weights.
        written: The contents of its lineage.json.
        reads: The inputs of the stages up to the training, in order.
    """
    stages = written.get("stages", {})
    hashes: dict[str, dict[str, str]] = {"train": {f"adapter/{WEIGHTS}": weights}}
    records = []
    for stage in reversed(list(reads)):
        record = _record(cache, stage, hashes.get(stage), stages.get(stage))
        records.append(record)
        inputs = (record.manifest or {}).get("reads", {}).get("inputs", {})
        for name, (earlier, file) in reads[stage].items():
            if name in inputs:
                hashes.setdefault(earlier, {})[file] = inputs[name]
    return records


def _record(
    cache: ArtifactCache, stage: str, hashes: Mapping[str, str] | None, written: Mapping[str, Any] | None
) -> StageRecord:
    """Look for the artifact of a stage that has certain files.

    Args:
        cache: All artifacts.
        stage: The stage's name.
        hashes: The files' hashes by name; None if the stage that read them is unknown.
        written: What lineage.json says about the stage.
    """
    if hashes is None:
        return StageRecord(stage, written, "cannot be traced: the stage after it is unknown")
    matches = [artifact for artifact in cache.all_of(stage) if _has_files(artifact, stage, hashes)]
    # If several artifacts have the same content, prefer the one that lineage.json names.
    matches.sort(key=lambda artifact: artifact.folder.name != (written or {}).get("key"))
    if not matches:
        return StageRecord(stage, written, "artifact missing")
    manifest = _shortened(matches[0].manifest)
    try:
        cache.find(stage, matches[0].folder.name)
    except ArtifactError as error:
        return StageRecord(stage, manifest, str(error), is_changed=True)
    return StageRecord(stage, manifest, "unchanged")


def _has_files(artifact: Artifact, stage: str, hashes: Mapping[str, str]) -> bool:
    """Whether an artifact has files with these hashes: of weights the hash of the file, otherwise of its content."""
    if stage == "train":
        return all(artifact.manifest["files"].get(name) == digest for name, digest in hashes.items())
    return all(artifact.content_hash(name) == digest for name, digest in hashes.items())


def has_weights(trained: Artifact, weights: str) -> bool:
    """Whether a training artifact contains the adapter weights with this hash."""
    return _has_files(trained, "train", {f"adapter/{WEIGHTS}": weights})


def evaluations_of(cache: ArtifactCache, trained: Artifact | None) -> list[Artifact]:
    """The evaluations of an adapter, the newest first."""
    if trained is None:
        return []
    adapter = trained.content_hash(f"adapter/{WEIGHTS}")
    return [
        artifact for artifact in cache.all_of("evaluate") if artifact.manifest["reads"]["inputs"]["adapter"] == adapter
    ]
