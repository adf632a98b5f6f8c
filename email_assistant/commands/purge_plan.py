"""What `stage=purge` deletes: the matching mails and edits, and everything that was made from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from email_assistant.archive import edits, purging
from email_assistant.configuration.schema import Config
from email_assistant.experiments.connection import connect, has_store
from email_assistant.experiments.queries import experiment_ids, run_files, search_runs
from email_assistant.experiments.tags import ADAPTER, ARTIFACT_TAG
from email_assistant.privacy.passages import searchable_lines
from email_assistant.stages.catalog import STAGES
from email_assistant.stages.edited_mails import EDIT_PREFIX
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.records import Edit, Email

EMAILS, OTHERS, TRAIN = "emails.jsonl", "others.jsonl", "train.jsonl"


@dataclass
class PurgePlan:
    """What a purge deletes.

    Attributes:
        mail_ids: The ids of the matching mails.
        lines: Lines that only these mails have, to search for afterwards; in the end also those of matching edits.
        edit_lines: Lines of matching edits of drafts.
        artifacts: The artifacts to delete: all of the stage data, and those with matching mails or made from them.
        affected_keys: The keys of the artifacts with matching mails or made from them.
        unfinished: The folders of interrupted stages, which may have matching mails.
        run_ids: The runs of affected artifacts.
        adapters: The folders of adapters that were trained on matching mails, with a description.
        edits: The ids of the edits of drafts that match, or have lines of matching mails.
    """

    mail_ids: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    edit_lines: set[str] = field(default_factory=set)
    artifacts: list[Artifact] = field(default_factory=list)
    affected_keys: set[str] = field(default_factory=set)
    unfinished: list[Path] = field(default_factory=list)
    run_ids: list[str] = field(default_factory=list)
    adapters: dict[Path, str] = field(default_factory=dict)
    edits: set[str] = field(default_factory=set)


def make_plan(config: Config, cache: ArtifactCache, terms: purging.Terms) -> PurgePlan:
    """Find what matches the terms, and everything that was made from it."""
    plan = PurgePlan()
    # All artifacts of the stage data, since their reports show original messages that may quote matching mails.
    plan.artifacts = cache.all_of("data")
    data = [(artifact, _note_matches(artifact, terms, plan)) for artifact in plan.artifacts]
    learned = edits.load(config.outputs)
    _note_edits(learned, terms, [artifact for artifact, _ in data], plan)
    tainted_hashes: set[str] = set()
    for artifact, matching in data:
        _note_tainted(artifact, matching | _purged_edits_in(artifact, plan), plan, tainted_hashes)
    for stage in list(STAGES)[1:]:
        for artifact in cache.all_of(stage):
            matching = _note_matches(artifact, terms, plan)
            files = _tainted_files(artifact, matching, tainted_hashes)
            if _note_tainted(artifact, files, plan, tainted_hashes):
                plan.artifacts.append(artifact)
                if stage == "train":
                    plan.adapters[artifact.path(ADAPTER)] = "in the artifacts"
    plan.lines |= plan.edit_lines
    _leave_out_shared([artifact for artifact, _ in data], plan)
    for edit in learned:
        if edit["id"] not in plan.edits:
            plan.lines.difference_update(_lines_of_edit(edit))
    plan.unfinished = cache.partial_folders()
    if has_store(config):
        _add_runs(config, cache, plan)
    return plan


def _note_matches(artifact: Artifact, terms: purging.Terms, plan: PurgePlan) -> set[str]:
    """Note the matching mails of an artifact. Returns the files in which any of them is by the owner."""
    files = set()
    for file in sorted(artifact.folder.glob("*.jsonl")):
        with jsonl.Lines(file) as records:
            for record in filter(terms.matches_record, records):
                if file.name != OTHERS:
                    files.add(file.name)
                identity, is_edit = str(record.get("id", "")), _is_edit(record)
                if identity and not is_edit:
                    plan.mail_ids.add(identity)
                lines = plan.edit_lines if is_edit else plan.lines
                lines.update(searchable_lines(str(record.get("text", record.get("email", "")))))
    return files


def _is_edit(record: Mapping[str, Any]) -> bool:
    """Whether a line of an artifact was made from an edit of a draft."""
    return str(record.get("id", "")).startswith(EDIT_PREFIX)


def _note_edits(learned: Sequence[Edit], terms: purging.Terms, data: Sequence[Artifact], plan: PurgePlan) -> None:
    """Note the edits that match, and those with lines that only matching mails of the archive have."""
    _leave_out_shared(data, plan)
    for edit in learned:
        if edits.matches(terms, edit):
            plan.edits.add(edit["id"])
            plan.edit_lines.update(_lines_of_edit(edit))
        elif any(line in text for text in edits.texts(edit) for line in plan.lines):
            plan.edits.add(edit["id"])


def _lines_of_edit(edit: Edit) -> Iterator[str]:
    return (line for text in edits.texts(edit) for line in searchable_lines(text))


def _leave_out_shared(data: Sequence[Artifact], plan: PurgePlan) -> None:
    """Leave out the lines that other mails have as well: they are not traces of the purged ones."""
    for artifact in data:
        with jsonl.Lines(artifact.path(EMAILS), Email) as emails:
            for email in emails:
                if email["id"] not in plan.mail_ids:
                    plan.lines.difference_update(searchable_lines(email["text"]))


def _purged_edits_in(artifact: Artifact, plan: PurgePlan) -> set[str]:
    """The file of edits of an artifact of the stage data, if a purged edit is in it."""
    file, purged = artifact.path(edits.EDITS_FILE), {f"{EDIT_PREFIX}{name}" for name in plan.edits}
    if not purged or not file.is_file():
        return set()
    with jsonl.Lines(file) as records:
        return {file.name} if any(record.get("id") in purged for record in records) else set()


def _tainted_files(artifact: Artifact, matching: set[str], tainted_hashes: set[str]) -> set[str]:
    """The files of an artifact with matching mails in them, or made from them."""
    inputs = artifact.manifest.get("reads", {}).get("inputs", {})
    tainted = {name for name, digest in inputs.items() if str(digest) in tainted_hashes}
    if artifact.stage == "split" and tainted <= {"edits"}:
        # Edits are only in training mails; the other mails are those of a split without edits.
        return matching | ({TRAIN} if tainted else set())
    return set(artifact.manifest["files"]) if matching or tainted else set()


def _note_tainted(artifact: Artifact, files: set[str], plan: PurgePlan, tainted_hashes: set[str]) -> bool:
    """Note the files by whose hashes later stages refer to purged mails. Returns whether there are any."""
    if files:
        plan.affected_keys.add(artifact.key)
        tainted_hashes |= {artifact.content_hash(name) for name in files}
    return bool(files)


def _add_runs(config: Config, cache: ArtifactCache, plan: PurgePlan) -> None:
    client, _ = connect(config)
    versions = {version.run_id: version for version in client.search_model_versions()}
    for tracked in search_runs(client, experiment_ids(client, deleted=True)):
        run_id, tags = tracked.info.run_id, tracked.data.tags
        keys = {tag.removeprefix(ARTIFACT_TAG): key for tag, key in tags.items() if tag.startswith(ARTIFACT_TAG)}
        if plan.affected_keys & set(keys.values()):
            plan.run_ids.append(run_id)
        folder = run_files(Path(config.paths.mlruns), run_id) / ADAPTER
        is_known = cache.at("train", keys.get("train", "none")) is not None
        if folder.is_dir() and (keys.get("train") in plan.affected_keys or not is_known):
            version = versions.get(run_id)
            name = f"models:/{version.name}/{version.version}" if version else "not registered"
            doubt = "" if is_known else "; its artifact is gone, so this is uncertain"
            plan.adapters[folder] = f"run {tracked.info.run_name} {run_id[:8]}, {name}{doubt}"
