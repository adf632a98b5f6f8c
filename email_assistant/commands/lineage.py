"""Shows how an adapter was made: data, instructions, base, configuration, commit and scores, all verified."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from email_assistant.commands.catalog import CATALOG
from email_assistant.configuration.keys import as_written
from email_assistant.configuration.schema import Config
from email_assistant.console import screen, table
from email_assistant.errors import ArtifactError, EmailAssistantError, ModelError
from email_assistant.experiments import lineage
from email_assistant.experiments.connection import connect, has_store
from email_assistant.experiments.lineage import StageRecord
from email_assistant.experiments.queries import experiment_ids, search_runs
from email_assistant.experiments.registry import adapter_path
from email_assistant.experiments.tags import ARTIFACT_TAG, WEIGHTS_TAG
from email_assistant.language_model.adapter_folder import BASE_NOTE, WEIGHTS, check_folder
from email_assistant.language_model.fingerprint import base_fingerprint
from email_assistant.metrics.scores import SCORES
from email_assistant.pipeline.context import Context
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact
from email_assistant.storage.hashing import hash_file

# Digits of a hash to show.
DIGITS = 16
TEST_SCORES = ("sense", "mauve", "bleu", "chrf")
VALIDATION_SCORES = tuple(f"validation_{name}" for name in ("loss", "sense", "mauve", "bleu", "chrf", "perplexity"))
# Settings of the summarizer that are long texts.
LONG_SETTINGS = ("prompts", "starts", "mentions", "examples")
# A line of the table: a heading, empty if it continues the line before, and a text.
Line = tuple[str, str]


def check(config: Config) -> None:
    """Check that there is an adapter.

    Raises:
        ModelError: If there is none.
    """
    check_folder(_folder(config))


def run(context: Context) -> None:
    """Print how the adapter was made.

    Raises:
        ModelError: If nothing is known about the adapter.
        ArtifactError: after printing, when something was changed since it was made.
    """
    folder = _folder(context.config)
    weights, written = hash_file(folder / WEIGHTS), lineage.read_lineage(folder)
    reads = {name: CATALOG.stages[name].input_files for name in CATALOG.with_earlier(("train",))}
    records = lineage.trace(context.cache, weights, written, reads)
    if all(record.manifest is None for record in records):
        raise ModelError(f"{folder}: unknown adapter: it has no {lineage.LINEAGE}, and no artifact has its weights")
    trained = context.cache.at("train", str((records[0].manifest or {}).get("key", "")))
    lines = [
        ("adapter", f"{folder}, weights {weights[:DIGITS]}"),
        *(line for record in records for line in _stage(record)),
        *_base(context.config, folder),
        *_scores(written, trained, lineage.evaluations_of(context.cache, trained)),
        *_runs(context.config, trained, weights),
    ]
    screen().print(table(("", ""), lines))
    changes = [f"{record.stage}: {record.state}" for record in records if record.is_changed]
    if written and written.get("weights") != weights:
        changes.append(f"{folder / WEIGHTS}: changed since the adapter was trained")
    if changes:
        raise ArtifactError("; ".join(changes))


def _folder(config: Config) -> Path:
    return adapter_path(config) or config.outputs / "latest" / "train" / "adapter"


def _stage(record: StageRecord) -> list[Line]:
    manifest = record.manifest
    if manifest is None:
        return [(record.stage, record.state)]
    details = manifest.get("versions", {}) if record.stage == "train" else manifest["counts"]
    return [
        (record.stage, f"{manifest.get('key', '')} ({record.state})"),
        ("", f"made {manifest.get('made', 'at an unknown time')} at {_commit(manifest)}"),
        ("", _settings(record.stage, manifest.get("reads", {}))),
        ("", ", ".join(f"{name} {value}" for name, value in details.items())),
    ]


def _commit(manifest: Mapping[str, Any]) -> str:
    """The commit of this project that made an artifact; there is none where git or the history was missing."""
    return f"commit {commit}" if (commit := manifest.get("commit")) else "an unknown commit"


def _settings(stage: str, reads: dict[str, Any]) -> str:
    """The settings and inputs of a stage on one line, without the summarizer's prompts."""
    flat: dict[str, Any] = {}
    for group, values in reads.items():
        if isinstance(values, dict):
            flat |= {f"{group}.{key}": value for key, value in values.items()}
        elif group != "version":
            flat[group] = values
    if stage == "summarize":
        flat = {key: value for key, value in flat.items() if key.rpartition(".")[2] not in LONG_SETTINGS}
    return " ".join(f"{key}={as_written(value)}" for key, value in flat.items() if value is not None)


def _base(config: Config, folder: Path) -> list[Line]:
    """The base model, and whether it is the configured one."""
    note = folder / BASE_NOTE
    if not note.is_file():
        return [("base", "unknown")]
    base = jsonl.read_object(note)
    try:
        same = base_fingerprint(config.model, config.outputs) == base.get("fingerprint")
        state = "same as configured" if same else f"differs from {config.model.path}"
    except EmailAssistantError as error:
        state = str(error)
    return [("base", f"{base.get('name')}, fingerprint {base.get('fingerprint')} ({state})")]


def _scores(written: dict[str, Any], trained: Artifact | None, evaluations: list[Artifact]) -> list[Line]:
    metrics = written.get("metrics") or (trained.manifest["counts"] if trained else {})
    validation = [f"{name} {metrics[name]:.4g}" for name in VALIDATION_SCORES if _is_number(metrics.get(name))]
    lines = [("scores", ", ".join(validation) or "unknown")]
    for evaluation in evaluations:
        report = jsonl.read_json(evaluation.path("report.json"))
        tuned = report["arms"].get("tuned", {})
        scores = [f"{name} {tuned[name]:.{SCORES[name].digits}f}" for name in TEST_SCORES if name in tuned]
        lines.append(("", f"on {report['mails']} test mails: {', '.join(scores)} ({evaluation.folder.name})"))
    return lines


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _runs(config: Config, trained: Artifact | None, weights: str) -> list[Line]:
    """The runs of the store that made the adapter or used it."""
    if not config.tracking.enabled or not has_store(config):
        return [("runs", "no MLflow store")]
    client, _ = connect(config)
    filters = [f"tags.`{WEIGHTS_TAG}` = '{weights}'"]
    if trained:
        filters.insert(0, f"tags.`{ARTIFACT_TAG}train` = '{trained.folder.name}'")
    experiments = experiment_ids(client)
    runs = {run.info.run_id: run for where in filters for run in search_runs(client, experiments, where)}
    lines = [f"{key[:8]} {run.info.run_name}: {run.data.tags.get('overrides', '')}" for key, run in runs.items()]
    return [("runs", f"{len(lines)} in the MLflow store"), *(("", line) for line in lines)]
