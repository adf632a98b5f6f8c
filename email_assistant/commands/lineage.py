"""What an adapter was made of: data, instructions, base, configuration, commit and scores, each looked at again."""

import json
from pathlib import Path
from typing import Any

from email_assistant.commands.catalog import CATALOG
from email_assistant.configuration.schema import Config
from email_assistant.console import screen, table
from email_assistant.errors import ArtifactError, EmailAssistantError, ModelError
from email_assistant.experiments import lineage
from email_assistant.experiments.lineage import Piece
from email_assistant.experiments.registry import adapter_path
from email_assistant.experiments.tracking import ARTIFACT_TAG, all_runs, experiments_of, has_store, store_of
from email_assistant.language_model.adapter_folder import BASE_NOTE, WEIGHTS, check_folder
from email_assistant.language_model.fingerprint import base_fingerprint
from email_assistant.metrics.scores import SCORES
from email_assistant.pipeline.context import WEIGHTS_TAG, Context
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact
from email_assistant.storage.hashing import hash_file

# Digits of a hash that are shown.
DIGITS = 16
TESTED = ("bleu", "chrf", "mauve")
SCORED = ("validation_loss", "validation_bleu", "validation_chrf", "validation_mauve", "validation_perplexity")


def check(config: Config) -> None:
    """Find out that there is an adapter.

    Raises:
        ModelError: when there is none.
    """
    check_folder(_folder(config))


def run(context: Context) -> None:
    """Print what the adapter was made of.

    Raises:
        ArtifactError: after that, when a piece was changed since it was made.
    """
    config, store = context.config, context.cache
    folder = _folder(config)
    weights, written = hash_file(folder / WEIGHTS), lineage.read(folder)
    reads = {name: CATALOG.stages[name].reads for name in CATALOG.with_earlier(("train",))}
    pieces = lineage.chain(store, weights, written, reads)
    told: list[tuple[str, str]] = [("adapter", f"{folder}, weights {weights[:DIGITS]}")]
    faults = [f"{piece.stage}: {piece.state}" for piece in pieces if piece.fault]
    if written and written["weights"] != weights:
        faults.append(f"{folder / WEIGHTS}: changed since the adapter was trained")
    if all(piece.made is None for piece in pieces):
        raise ModelError(
            f"{folder}: nothing is known of it: no {lineage.LINEAGE} lies beside it, and no artifact has its weights"
        )
    for piece in pieces:
        told += _told(piece)
    told += _base(config, folder)
    trained = store.at("train", str((pieces[0].made or {}).get("key", "")))
    told += _scores(written, trained, lineage.evaluations(store, trained))
    told += _runs(config, trained, weights)
    screen().print(table(("", ""), told))
    if faults:
        raise ArtifactError("; ".join(faults))


def _folder(config: Config) -> Path:
    return adapter_path(config) or config.outputs / "latest" / "train" / "adapter"


def _told(piece: Piece) -> list[tuple[str, str]]:
    """What is said of one stage."""
    made = piece.made
    if made is None:
        return [(piece.stage, piece.state)]
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    lines = [
        (piece.stage, f"{made.get('key', '')} ({piece.state})"),
        ("", f"made {made['made']} by commit {made['commit']}"),
        ("", _settings(piece.stage, made["reads"])),
    ]
    if piece.stage == "train":
        lines.append(("", versions))
    else:
        lines.append(("", ", ".join(f"{name} {count}" for name, count in made["counts"].items())))
    return lines


def _settings(stage: str, reads: dict[str, Any]) -> str:
    """The part of the configuration that a stage depends on; of the instructions' texts only how many there are."""
    flat: dict[str, Any] = {}
    for group, values in reads.items():
        if isinstance(values, dict):
            flat |= {f"{group}.{key}": value for key, value in values.items()}
        elif group != "version":
            flat[group] = values
    if stage == "summarize":
        texts = ("prompts", "starts", "mentions", "notes", "examples")
        flat = {key: value for key, value in flat.items() if key.rpartition(".")[2] not in texts}
    return " ".join(f"{key}={_value(value)}" for key, value in flat.items() if value is not None)


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _base(config: Config, folder: Path) -> list[tuple[str, str]]:
    """The base model, and whether it is the configured one."""
    note = folder / BASE_NOTE
    if not note.is_file():
        return [("base", "not named")]
    named = jsonl.read_json(note)
    try:
        same = base_fingerprint(config) == named["fingerprint"]
        state = "the configured one" if same else f"not the one in {config.model.path}"
    except EmailAssistantError as error:
        state = str(error)
    return [("base", f"{named['name']}, fingerprint {named['fingerprint']} ({state})")]


def _scores(written: dict[str, Any], trained: Artifact | None, evaluations: list[Artifact]) -> list[tuple[str, str]]:
    metrics = written.get("metrics") or (trained.manifest["counts"] if trained else {})
    shown = [f"{name} {metrics[name]:.4g}" for name in SCORED if name in metrics]
    told = [("scores", ", ".join(shown) or "none are known")]
    for found in evaluations:
        report = jsonl.read_json(found.path("report.json"))
        tuned = report["arms"].get("tuned", {})
        scores = [f"{name} {tuned[name]:.{SCORES[name].digits}f}" for name in TESTED if name in tuned]
        told.append(("", f"on {report['mails']} test mails: {', '.join(scores)} ({found.folder.name})"))
    return told


def _runs(config: Config, trained: Artifact | None, weights: str) -> list[tuple[str, str]]:
    """The runs of the store that made the adapter or used it."""
    if not config.tracking.enabled or not has_store(config):
        return [("runs", "there is no store")]
    client, _ = store_of(config)
    wanted = [f"tags.`{WEIGHTS_TAG}` = '{weights}'"]
    if trained:
        wanted.insert(0, f"tags.`{ARTIFACT_TAG}train` = '{trained.folder.name}'")
    found = {run.info.run_id: run for where in wanted for run in all_runs(client, experiments_of(client), where)}
    told = [f"{key[:8]} {run.info.run_name}: {run.data.tags.get('overrides', '')}" for key, run in found.items()]
    return [("runs", f"{len(told)} in the store"), *(("", line) for line in told)]
