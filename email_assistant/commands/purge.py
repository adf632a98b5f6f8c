"""Takes a person, a topic or a mail out of all that was made, and out of archives that are read later."""

import logging
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from email_assistant.archive import purging
from email_assistant.configuration.schema import Config
from email_assistant.errors import PrivacyError
from email_assistant.experiments.connection import connect, has_store
from email_assistant.experiments.queries import experiment_ids, run_files, search_runs
from email_assistant.experiments.tags import ADAPTER, ARTIFACT_TAG
from email_assistant.pipeline.context import Context, hydra_folder
from email_assistant.privacy.passages import contains_any, sample_passages, searchable_lines, text_files
from email_assistant.stages.catalog import STAGES
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.hashing import hash_of

log = logging.getLogger(__name__)
Record = dict[str, Any]
# Of a run, what holds texts of mails.
TEXTS = ("report.html", "generations.json")
SENTENCES = "sentences.jsonl"
# Of the lines of what was taken out so many are looked for afterwards.
LOOKED_FOR = 200


@dataclass
class Found:
    """What a purge takes out.

    Attributes:
        mails: Ids of the mails.
        lines: Lines of them, to look for afterwards.
        artifacts: That go: what archives are read into, and all that hold such mails or come of them.
        touched: Keys of those that hold such mails or come of them.
        unfinished: Folders of interrupted stages that may.
        runs: Ids of runs of these artifacts.
        adapters: Where adapters lie that were trained on them, with what they are called.
    """

    mails: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    artifacts: list[Artifact] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    unfinished: list[Path] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    adapters: dict[Path, str] = field(default_factory=dict)


def check(config: Config) -> None:
    """Find out that the terms can be read.

    Raises:
        ConfigurationError: when one cannot.
        PrivacyError: when the terms of before cannot, or runs lie on a server.
    """
    purging.parse_terms(config.purge.match or "", purging.load_terms(config.outputs).key)
    if config.tracking.uri:
        raise PrivacyError(
            f"tracking.uri = {config.tracking.uri}: files of runs on a server cannot be taken out from here"
        )


def run(context: Context) -> None:
    """Say what goes, and take it out.

    Raises:
        PrivacyError: when traces are left.
    """
    config, store = context.config, context.cache
    before = purging.load_terms(config.outputs)
    terms = purging.parse_terms(config.purge.match or "", before.key)
    found = _find(config, store, terms)
    _tell(config, found)
    _clear_own_call()
    if config.purge.dry_run:
        log.info("%-10s nothing was changed (purge.dry_run=true)", "purge")
        return
    # First of all, so that a call that is cut off has not half forgotten what it was for.
    purging.save_terms(config.outputs, before | terms)
    kept = _keep_sentences(store, found, terms)
    for artifact in found.artifacts:
        shutil.rmtree(artifact.folder)
    for folder in found.unfinished:
        shutil.rmtree(folder)
    store.remove_dead_links()
    _clear_runs(config, found)
    _clear_tables(config, terms)
    if kept:
        log.info("%-10s %d sentences about other mails are kept for the next call", "purge", kept)
    traces = list(_traces(config, found))
    if traces:
        raise PrivacyError(f"text of what was taken out still lies in {', '.join(traces)}")
    log.info("%-10s done: no passage of it is left; the next call reads the archive without it", "purge")


def _find(config: Config, store: ArtifactCache, terms: purging.Terms) -> Found:
    found = Found()
    # What archives are read into is read again: originals beside it may be by the same people.
    found.artifacts = store.all_of("data")
    produced: set[str] = set()
    for artifact in found.artifacts:
        if _look_through(artifact, terms, found):
            found.touched.add(artifact.folder.name)
            produced |= _contents(artifact)
    for artifact in found.artifacts:
        # A line that other mails have as well tells nothing of these.
        for record in jsonl.Lines(artifact.path("emails.jsonl")):
            if record["id"] not in found.mails:
                found.lines.difference_update(searchable_lines(record["text"]))
    for stage in list(STAGES)[1:]:
        for artifact in store.all_of(stage):
            inputs = set(map(str, artifact.manifest.get("reads", {}).get("inputs", {}).values()))
            if _look_through(artifact, terms, found) or inputs & produced:
                found.touched.add(artifact.folder.name)
                produced |= _contents(artifact)
                found.artifacts.append(artifact)
                if stage == "train":
                    found.adapters[artifact.folder / ADAPTER] = "trained here"
    found.unfinished = store.partial_folders()
    if has_store(config):
        _find_runs(config, store, found)
    return found


def _look_through(artifact: Artifact, terms: purging.Terms, found: Found) -> bool:
    """Note the mails of an artifact that match; whether there are any beside what is read of others."""
    own = False
    for file in sorted(artifact.folder.glob("*.jsonl")):
        for record in jsonl.Lines(file):
            if terms.matches_record(record):
                own = own or file.name != "others.jsonl"
                found.mails.add(str(record.get("id", "")))
                found.lines.update(searchable_lines(str(record.get("text", record.get("email", "")))))
    found.mails.discard("")
    return own


def _contents(artifact: Artifact) -> set[str]:
    """The hashes by which the stages after it name what they read of an artifact."""
    return {artifact.content(name) for name in artifact.manifest["files"]}


def _find_runs(config: Config, store: ArtifactCache, found: Found) -> None:
    client, _ = connect(config)
    versions = {version.run_id: version for version in client.search_model_versions()}
    for one in search_runs(client, experiment_ids(client, deleted=True)):
        used = {
            name.removeprefix(ARTIFACT_TAG): key for name, key in one.data.tags.items() if name.startswith(ARTIFACT_TAG)
        }
        if found.touched & set(used.values()):
            found.runs.append(one.info.run_id)
        folder = run_files(Path(config.paths.mlruns), one.info.run_id) / ADAPTER
        known = store.at("train", used.get("train", "none")) is not None
        if folder.is_dir() and (used.get("train") in found.touched or not known):
            version = versions.get(one.info.run_id)
            called = f"models:/{version.name}/{version.version}" if version else "not registered"
            doubt = "" if known else "; its artifacts are gone, so that it may or may not be"
            found.adapters[folder] = f"run {one.info.run_name} {one.info.run_id[:8]}, {called}{doubt}"


def _tell(config: Config, found: Found) -> None:
    by_stage = Counter(artifact.folder.parent.name for artifact in found.artifacts)
    shown = ", ".join(f"{count} of {stage}" for stage, count in by_stage.items()) or "none"
    log.info("%-10s %d mails match; artifacts that go: %s", "purge", len(found.mails), shown)
    kept = [
        folder for folder in found.adapters if not config.purge.adapters and folder.is_relative_to(config.paths.mlruns)
    ]
    for folder, called in found.adapters.items():
        fate = "stays" if folder in kept else "goes"
        log.info("%-10s adapter that was trained on them, %s: %s (%s)", "purge", fate, folder, called)
    if kept:
        log.info("%-10s purge.adapters=true removes these, too", "purge")


def _keep_sentences(store: ArtifactCache, found: Found, terms: purging.Terms) -> int:
    """Keep what the model said of other mails, which took it hours, as an artifact of sentences alone."""
    emails = {artifact.content("emails.jsonl"): artifact for artifact in found.artifacts if _is_of("data", artifact)}
    kept: dict[str, Record] = {}
    for artifact in found.artifacts:
        if not _is_of("summarize", artifact) or not artifact.is_unchanged(SENTENCES):
            continue
        source = emails.get(str(artifact.manifest["reads"].get("inputs", {}).get("emails")))
        if source is None:
            continue
        mails = jsonl.Lines(source.path("emails.jsonl"))
        # A line for a mail, in their order.
        for mail, sentence in zip(mails, jsonl.Lines(artifact.path(SENTENCES)), strict=True):
            if not terms.matches_record(mail) and not terms.matches_record(sentence):
                kept[sentence["key"]] = sentence
    if kept:
        facts = {"reads": {}, "scores": {}, "made": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        key = hash_of(sorted(kept))
        store.write("summarize", key, facts, lambda folder: {"sentences": _write(folder, kept)}, resumable=False)
    return len(kept)


def _write(folder: Path, kept: Mapping[str, Record]) -> int:
    return jsonl.write(folder / SENTENCES, kept.values())


def _is_of(stage: str, artifact: Artifact) -> bool:
    return artifact.folder.parent.name == stage


def _clear_runs(config: Config, found: Found) -> None:
    for run_id in found.runs:
        for name in TEXTS:
            (run_files(Path(config.paths.mlruns), run_id) / name).unlink(missing_ok=True)
    for folder in found.adapters:
        if config.purge.adapters and folder.is_dir():
            shutil.rmtree(folder)


def _clear_tables(config: Config, terms: purging.Terms) -> None:
    """Remove tables of `infer` among the outputs that speak of what was taken out."""
    for path in sorted([*config.outputs.glob("*.csv"), *config.outputs.glob(".*.progress.jsonl")]):
        if terms.matches_record({"text": path.read_text(encoding="utf-8", errors="replace")}):
            path.unlink()
            log.info("%-10s %s spoke of it and is removed", "purge", path)


def _clear_own_call() -> None:
    """Remove what Hydra wrote down of this call, which names what was taken out."""
    if own := hydra_folder():
        shutil.rmtree(own)


def _traces(config: Config, found: Found) -> Iterator[str]:
    """Files that still have lines of the mails or the addresses that were named."""
    addresses = [address.encode() for address in re.findall(r"[^\s:]+@[^\s:]+", config.purge.match or "")]
    wanted = [*sample_passages(found.lines, LOOKED_FOR, config.seed), *addresses]
    for path in text_files([config.outputs, Path(config.paths.mlruns)]):
        if contains_any(path, wanted):
            yield str(path)
