"""What an adapter was made of: the chain of manifests behind it, each piece looked at again.

`lineage.json` lies beside an adapter's weights and goes where they go. It holds, for every stage, what its artifact
was made of, and no text of a mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from email_assistant.errors import ArtifactError, ModelError
from email_assistant.language_model.adapter_folder import WEIGHTS
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.hashing import hash_file

LINEAGE = "lineage.json"
# For each stage its inputs: the earlier stage and the file, by the input's name.
Reads = Mapping[str, Mapping[str, tuple[str, str]]]


@dataclass(frozen=True)
class Piece:
    """One stage behind an adapter.

    Attributes:
        stage: Its name.
        made: What its manifest says: `key reads versions commit made counts`; None where that is not known.
        state: Whether its artifact is there and as it was made.
        fault: Whether something is there that was changed.
    """

    stage: str
    made: Mapping[str, Any] | None
    state: str
    fault: bool = False


def record(
    adapter: Path, training: Mapping[str, Any], artifacts: Mapping[str, Artifact], metrics: Mapping[str, Any]
) -> None:
    """Write lineage.json beside the weights of an adapter.

    Args:
        adapter: The folder.
        training: What the manifest of its training says, or will say.
        artifacts: Those before it, by stage.
        metrics: Its scores.
    """
    made = _described(training)
    before = {name: _described(artifact.manifest) for name, artifact in artifacts.items()}
    jsonl.write_json(
        adapter / LINEAGE,
        {"weights": hash_file(adapter / WEIGHTS), "metrics": metrics, "stages": {**before, "train": made}},
    )


def _described(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest without the hashes of its files, and without scores, which are written apart."""
    told = ("key", "reads", "versions", "commit", "made", "seconds", "counts")
    return {name: manifest[name] for name in told if name in manifest}


def read(adapter: Path) -> dict[str, Any]:
    """What lies beside an adapter; nothing where it is of another program or an old version of this one.

    Raises:
        ModelError: when it cannot be read.
    """
    path = adapter / LINEAGE
    if not path.is_file():
        return {}
    try:
        return dict(jsonl.read_json(path))
    except ValueError as error:
        raise ModelError(f"{path}: is no JSON: it was changed since the adapter was trained") from error


def chain(store: ArtifactCache, weights: str, written: Mapping[str, Any], reads: Reads) -> list[Piece]:
    """The stages behind an adapter, the last one first.

    What the artifacts on the disk say counts before what lies beside the adapter; every artifact's files are hashed
    again, and it must be the one that the stage after it read.

    Args:
        store: Of the artifacts.
        weights: The hash of the adapter's weights.
        written: What lies beside them.
        reads: Of the stages up to the training, in order.
    """
    stages = written.get("stages", {})
    wanted: dict[str, dict[str, str]] = {"train": {f"adapter/{WEIGHTS}": weights}}
    pieces = []
    for stage in list(reads)[::-1]:
        piece = _piece(store, stage, wanted.get(stage), stages.get(stage))
        pieces.append(piece)
        inputs = (piece.made or {}).get("reads", {}).get("inputs", {})
        for name, (before, file) in reads[stage].items():
            if name in inputs:
                wanted.setdefault(before, {})[file] = inputs[name]
    return pieces


def _piece(
    store: ArtifactCache, stage: str, files: Mapping[str, str] | None, written: Mapping[str, Any] | None
) -> Piece:
    """The artifact of a stage that holds these files.

    Args:
        store: Of the artifacts.
        stage: The stage's name.
        files: Hashes by name; None where the stage after it is not known, and so what it read.
        written: What lies beside the adapter about it.
    """
    if files is None:
        return Piece(stage, written, "not looked for: what comes after it is not known")
    holding = [found for found in store.all_of(stage) if _holds(found, stage, files)]
    # Of several with the same content the one that is named beside the adapter.
    holding.sort(key=lambda found: found.folder.name != (written or {}).get("key"))
    if not holding:
        return Piece(stage, written, "its artifact is not here")
    made = _described(holding[0].manifest)
    try:
        store.find(stage, holding[0].folder.name)
    except ArtifactError as error:
        return Piece(stage, made, str(error), fault=True)
    return Piece(stage, made, "there, and unchanged")


def _holds(found: Artifact, stage: str, files: Mapping[str, str]) -> bool:
    """Whether an artifact has these files: weights are named by their own hash, all else as inputs are."""
    if stage == "train":
        return all(found.manifest["files"].get(name) == digest for name, digest in files.items())
    return all(found.content(name) == digest for name, digest in files.items())


def has_weights(trained: Artifact, weights: str) -> bool:
    """Whether an artifact of training holds the weights of this hash."""
    return _holds(trained, "train", {f"adapter/{WEIGHTS}": weights})


def evaluations(store: ArtifactCache, trained: Artifact | None) -> list[Artifact]:
    """The evaluations of an adapter, the newest first."""
    if trained is None:
        return []
    adapter = trained.content(f"adapter/{WEIGHTS}")
    return [found for found in store.all_of("evaluate") if found.manifest["reads"]["inputs"]["adapter"] == adapter]
