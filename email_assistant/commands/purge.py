"""Removes mails from a project permanently: `stage=purge purge.match='from:bo@x.example or subject:merger'`.

Matching mails, and everything made from them, are deleted from the artifacts and the store, and skipped whenever the
archive is read later. The archive itself is not changed.
"""

import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from email_assistant.archive import edits, purging
from email_assistant.commands.purge_plan import EMAILS, PurgePlan, make_plan
from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger
from email_assistant.errors import PrivacyError
from email_assistant.experiments.queries import run_files
from email_assistant.pipeline.context import Context, hydra_folder
from email_assistant.privacy.passages import contains_any, sample_passages, text_files
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import ArtifactCache
from email_assistant.storage.hashing import hash_of
from email_assistant.storage.records import Email, Sentence

log = StageLogger(__name__, "purge")
SENTENCES = "sentences.jsonl"
# Files of a run that contain mail text.
RUN_TEXTS = ("report.html", "generations.json")
# Number of purged lines to search for afterwards.
SEARCHED_LINES = 200


def check(config: Config) -> None:
    """Check that the terms can be read and that the store is local.

    Raises:
        ConfigurationError: If a term is malformed.
        PrivacyError: If the earlier terms are corrupt, or the store is on a server.
    """
    purging.parse_terms(config.purge.match or "", purging.load_terms(config.outputs).key)
    if config.tracking.uri:
        raise PrivacyError(
            f"tracking.uri = {config.tracking.uri}: stage=purge cannot delete run files on a server; delete them "
            "there, then purge with tracking.uri=null"
        )


def run(context: Context) -> None:
    """Show what is deleted, delete it, and search for traces.

    Raises:
        PrivacyError: If traces are left.
    """
    config, cache = context.config, context.cache
    earlier = purging.load_terms(config.outputs)
    terms = purging.parse_terms(config.purge.match or "", earlier.key)
    plan = make_plan(config, cache, terms)
    _log_plan(config, plan)
    _delete_own_logs()
    if config.purge.dry_run:
        log.info("dry run: nothing was changed (purge.dry_run=true)")
        return
    # Saved first, so that the terms are known after an interrupted purge.
    purging.save_terms(config.outputs, earlier | terms)
    kept = _keep_sentences(cache, plan, terms)
    for folder in [*(artifact.folder for artifact in plan.artifacts), *plan.unfinished]:
        shutil.rmtree(folder)
    cache.remove_dead_links()
    edits.remove(config.outputs, plan.edits)
    _delete_run_files(config, plan)
    _delete_tables(config.outputs, terms)
    if kept:
        log.info("kept the model's instructions for %d other mails; the next run reuses them", kept)
    traces = list(_find_traces(config, plan))
    if traces:
        raise PrivacyError(
            f"text of purged mails is still in {', '.join(traces)}; run stage=purge again, or delete these files"
        )
    log.info("complete: no traces left; future runs skip the purged mails")


def _kept_adapters(config: Config, plan: PurgePlan) -> list[Path]:
    """The affected adapters that are not deleted: copies in the store, unless the configuration asks for it."""
    if config.purge.adapters:
        return []
    return [folder for folder in plan.adapters if folder.is_relative_to(config.paths.mlruns)]


def _log_plan(config: Config, plan: PurgePlan) -> None:
    counts = Counter(artifact.stage for artifact in plan.artifacts)
    shown = ", ".join(f"{stage} {count}" for stage, count in counts.items()) or "none"
    log.info("%d mails match; artifacts to delete: %s", len(plan.mail_ids), shown)
    if plan.edits:
        log.info("edited drafts to delete: %d", len(plan.edits))
    kept = _kept_adapters(config, plan)
    for folder, description in plan.adapters.items():
        action = "kept" if folder in kept else "to delete"
        log.info("adapter trained on these mails, %s: %s (%s)", action, folder, description)
    if kept:
        log.info("purge.adapters=true also deletes the kept adapters")


def _keep_sentences(cache: ArtifactCache, plan: PurgePlan, terms: purging.Terms) -> int:
    """Keep the model's sentences about other mails, which took hours to write, in an artifact of their own."""
    emails = {artifact.content_hash(EMAILS): artifact for artifact in plan.artifacts if artifact.stage == "data"}
    kept: dict[str, Sentence] = {}
    for artifact in plan.artifacts:
        if artifact.stage != "summarize" or not artifact.is_unchanged(SENTENCES):
            continue
        source = emails.get(str(artifact.manifest.get("reads", {}).get("inputs", {}).get("emails")))
        if source is not None:
            kept |= _sentences_about_others(source.path(EMAILS), artifact.path(SENTENCES), terms)
    if kept:
        fields: Mapping[str, Any] = {"reads": {}, "scores": {}, "made": time.strftime("%Y-%m-%dT%H:%M:%S%z")}

        def write(folder: Path) -> Mapping[str, Any]:
            return {"sentences": jsonl.write(folder / SENTENCES, kept.values())}

        cache.write("summarize", hash_of(sorted(kept)), fields, write, resumable=False)
    return len(kept)


def _sentences_about_others(emails: Path, sentences: Path, terms: purging.Terms) -> dict[str, Sentence]:
    """The sentences without a match, by key. The two files have a line per mail, in the same order."""
    with jsonl.Lines(emails, Email) as mails, jsonl.Lines(sentences, Sentence) as written:
        return {
            sentence["key"]: sentence
            for mail, sentence in zip(mails, written, strict=True)
            if not terms.matches_record(mail) and not terms.matches_record(sentence)
        }


def _delete_run_files(config: Config, plan: PurgePlan) -> None:
    for run_id in plan.run_ids:
        for name in RUN_TEXTS:
            (run_files(Path(config.paths.mlruns), run_id) / name).unlink(missing_ok=True)
    for folder in plan.adapters:
        if config.purge.adapters and folder.is_dir():
            shutil.rmtree(folder)


def _delete_tables(outputs: Path, terms: purging.Terms) -> None:
    """Delete the tables and drafts of `stage=infer` in the outputs that contain the words of a term."""
    written = [*outputs.glob("*.csv"), *outputs.glob(".*.progress.jsonl"), *outputs.rglob("*.eml")]
    for path in sorted(written):
        if terms.matches_record({"text": path.read_text(encoding="utf-8", errors="replace")}):
            path.unlink()
            log.info("deleted %s, which contained a match", path)


def _delete_own_logs() -> None:
    """Delete Hydra's record of this run, which contains the terms."""
    if folder := hydra_folder():
        shutil.rmtree(folder)


def _find_traces(config: Config, plan: PurgePlan) -> Iterator[str]:
    """Yield the files that contain lines of purged mails, or addresses in the terms."""
    addresses = [address.encode() for address in re.findall(r"[^\s:]+@[^\s:]+", config.purge.match or "")]
    passages: Sequence[bytes] = [*sample_passages(plan.lines, SEARCHED_LINES, config.seed), *addresses]
    for path in text_files([config.outputs, Path(config.paths.mlruns)]):
        if contains_any(path, passages):
            yield str(path)
