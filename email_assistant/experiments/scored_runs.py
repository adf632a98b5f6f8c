"""Runs of the MLflow store with their scores, mail by mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from email_assistant.errors import TrackingError
from email_assistant.experiments import lazy_mlflow
from email_assistant.experiments.queries import match_runs, search_runs
from email_assistant.experiments.tags import ARTIFACT_TAG, PARENT_TAG, STAGE_TAG, SWEEP
from email_assistant.metrics.per_mail_score import PerMailScore, load
from email_assistant.storage import jsonl


@dataclass(frozen=True)
class ScoreSource:
    """Where a run keeps scores of one kind.

    Attributes:
        file: The file of per-mail scores.
        artifact_tag: The tag with the key of the scored artifact.
        signature_prefix: The prefix of the tags with the scores' signatures.
    """

    file: str
    artifact_tag: str
    signature_prefix: str


SOURCES = {
    "validation": ScoreSource("validation/measured.npz", f"{ARTIFACT_TAG}train", "signature."),
    "test": ScoreSource("measured.npz", f"{ARTIFACT_TAG}evaluate", "signature.test."),
}


@dataclass(frozen=True)
class ScoredRun:
    """A run and its scores.

    Attributes:
        id: Its id.
        name: Its name.
        params: Its configuration as dotted keys.
        ids: The ids of the scored mails.
        scores: Per-mail scores by name.
        signatures: How each score was computed, by score.
        history: Losses by step.
        artifact: The key of the scored artifact.
    """

    id: str
    name: str
    params: Mapping[str, str]
    ids: list[str]
    scores: Mapping[str, PerMailScore]
    signatures: Mapping[str, str]
    history: list[dict[str, Any]]
    artifact: str


def find_scored_runs(
    client: "lazy_mlflow.MlflowClient", experiments: Sequence[str], wanted: Sequence[str], mails: str, arm: str
) -> list[ScoredRun]:
    """Finished runs with scores, the newest first; for each artifact only its newest run.

    Args:
        client: A client of the store.
        experiments: Ids of experiments.
        wanted: Names or ids of runs, or beginnings of ids; a sweep means its jobs. If empty, the jobs of the
            newest sweep, or all runs if there is no sweep.
        mails: 'validation' or 'test'.
        arm: The arm whose scores on test mails to use; only the tuned model writes validation mails.

    Raises:
        TrackingError: If no run has such scores.
    """
    finished = search_runs(client, experiments, "attributes.status = 'FINISHED'")
    chosen = [run for name in wanted for run in _match(name, finished)] or _newest_sweep(finished) or finished
    by_artifact: dict[str, ScoredRun] = {}
    for run in chosen:
        if run.data.tags.get(SOURCES[mails].artifact_tag) in by_artifact:
            continue
        scored = _load(client, run, mails, "tuned" if mails == "validation" else arm)
        if scored:
            by_artifact[scored.artifact] = scored
    if not by_artifact:
        stage, of_arm = ("train", "") if mails == "validation" else ("evaluate", f" of compare.arm={arm}")
        scores = f"scores{of_arm} on {mails} mails; python run.py stage={stage} creates them"
        if wanted:
            raise TrackingError(f"compare.runs = {', '.join(wanted)}: none of these runs has {scores}")
        if _newest_sweep(finished):
            raise TrackingError(f"no run of the newest sweep has {scores}, or choose others with compare.runs")
        raise TrackingError(f"no run in the MLflow store has {scores}")
    return list(by_artifact.values())


def _match(name_or_id: str, runs: "Sequence[lazy_mlflow.Run]") -> "list[lazy_mlflow.Run]":
    """The runs that a name or the beginning of an id matches; for a sweep, its jobs."""
    matches = match_runs(name_or_id, runs, "compare.runs", "finished run")
    sweeps = {run.info.run_id for run in matches if run.data.tags.get(STAGE_TAG) == SWEEP}
    jobs = [run for run in runs if run.data.tags.get(PARENT_TAG) in sweeps]
    return [run for run in matches if run.info.run_id not in sweeps] + jobs


def _newest_sweep(runs: "Sequence[lazy_mlflow.Run]") -> "list[lazy_mlflow.Run]":
    parents = [run.data.tags[PARENT_TAG] for run in runs if PARENT_TAG in run.data.tags]
    return [run for run in runs if parents and run.data.tags.get(PARENT_TAG) == parents[0]]


def _load(client: "lazy_mlflow.MlflowClient", run: "lazy_mlflow.Run", mails: str, arm: str) -> ScoredRun | None:
    """A run with its scores; None if it has none of that kind."""
    source, tags, run_id = SOURCES[mails], run.data.tags, run.info.run_id
    if source.artifact_tag not in tags:
        return None
    folder = str(Path(source.file).parent)
    if source.file not in {file.path for file in client.list_artifacts(run_id, folder if folder != "." else None)}:
        return None
    ids, arms = load(Path(client.download_artifacts(run_id, source.file)))
    if arm not in arms:
        return None
    return ScoredRun(
        id=run_id,
        name=run.info.run_name,
        params=run.data.params,
        ids=ids,
        scores=arms[arm],
        signatures=_signatures(tags, source.signature_prefix),
        history=jsonl.read(Path(client.download_artifacts(run_id, "history.jsonl"))) if mails == "validation" else [],
        artifact=tags[source.artifact_tag],
    )


def _signatures(tags: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Signatures by score. `signature.` is also the beginning of the test scores' prefix, whose rest has a dot."""
    by_score = {name.removeprefix(prefix): value for name, value in tags.items() if name.startswith(prefix)}
    return {score: signature for score, signature in by_score.items() if "." not in score}
