"""What the store holds of scored runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from email_assistant.errors import TrackingError
from email_assistant.experiments.tracking import ARTIFACT_TAG, PARENT_TAG, SWEEP, all_runs, named
from email_assistant.metrics.per_mail_score import PerMailScore, load
from email_assistant.storage import jsonl

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Where a run keeps the parts of its scores, the tag of the artifact that they are of, and its signatures' prefix.
PLACES = {
    "validation": ("validation/measured.npz", f"{ARTIFACT_TAG}train", "signature."),
    "test": ("measured.npz", f"{ARTIFACT_TAG}evaluate", "signature.test."),
}


@dataclass(frozen=True)
class ScoredRun:
    """A run and its scores.

    Attributes:
        id: Of the run.
        name: Of the run.
        params: The flat configuration.
        ids: Of the mails that were written.
        scores: Of an arm, by name.
        signatures: How the scores were computed, by score.
        history: Losses by step.
        artifact: The key of what was scored.
    """

    id: str
    name: str
    params: Mapping[str, str]
    ids: list[str]
    scores: Mapping[str, PerMailScore]
    signatures: Mapping[str, str]
    history: list[dict[str, Any]]
    artifact: str


def scored_runs(
    client: "MlflowClient", experiments: Sequence[str], wanted: Sequence[str], mails: str, arm: str
) -> list[ScoredRun]:
    """Runs of the store with scores, the newest first; of several with the same artifact the newest alone.

    Args:
        client: Of the store.
        experiments: Their ids.
        wanted: Ids or their beginnings, names, or a sweep's id; empty: the newest sweep's, else all.
        mails: validation or test.
        arm: Of the test mails; on validation mails there is the tuned model alone.

    Raises:
        TrackingError: when nothing of that kind is in the store.
    """
    found = all_runs(client, experiments, "attributes.status = 'FINISHED'")
    taken = [run for want in wanted for run in _named(want, found)] or _of_newest_sweep(found) or found
    kept: dict[str, ScoredRun] = {}
    for run in taken:
        if run.data.tags.get(PLACES[mails][1]) in kept:
            continue
        scored = _scored(client, run, mails, "tuned" if mails == "validation" else arm)
        if scored:
            kept[scored.artifact] = scored
    if not kept:
        what = "train" if mails == "validation" else "evaluate"
        raise TrackingError(f"no run in the store has scores on {mails} mails: python run.py stage={what} makes one")
    return list(kept.values())


def _named(want: str, runs: list[Any]) -> list[Any]:
    """The runs that a name or the beginning of an id means; of a sweep, its children."""
    found = named(want, runs, "compare.runs")
    sweeps = {run.info.run_id for run in found if run.data.tags.get("stage") == SWEEP}
    children = [run for run in runs if run.data.tags.get(PARENT_TAG) in sweeps]
    return [run for run in found if run.info.run_id not in sweeps] + children


def _of_newest_sweep(runs: list[Any]) -> list[Any]:
    parents = [run.data.tags[PARENT_TAG] for run in runs if PARENT_TAG in run.data.tags]
    return [run for run in runs if parents and run.data.tags.get(PARENT_TAG) == parents[0]]


def _scored(client: "MlflowClient", run: Any, mails: str, arm: str) -> ScoredRun | None:
    """A run with its scores; None where it has none of that kind."""
    place, artifact_tag, prefix = PLACES[mails]
    tags = run.data.tags
    if artifact_tag not in tags:
        return None
    run_id = run.info.run_id
    folder = str(Path(place).parent)
    if place not in {file.path for file in client.list_artifacts(run_id, folder if folder != "." else None)}:
        return None
    ids, arms = load(Path(client.download_artifacts(run_id, place)))
    if arm not in arms:
        return None
    history = jsonl.read(Path(client.download_artifacts(run_id, "history.jsonl"))) if mails == "validation" else []
    signatures = {
        name.removeprefix(prefix): value
        for name, value in tags.items()
        if name.startswith(prefix) and "." not in name.removeprefix(prefix)
    }
    return ScoredRun(
        run_id, run.info.run_name, run.data.params, ids, arms[arm], signatures, history, tags[artifact_tag]
    )
