"""From the messages of an archive to the mails that its owner wrote."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from shutil import rmtree
from typing import Any

from email_assistant.archive import owner as owners
from email_assistant.archive import purging, readers
from email_assistant.archive.drop_log import REASONS
from email_assistant.archive.edits import EDITS_FILE
from email_assistant.archive.first_pass import ArchiveIndex
from email_assistant.archive.messages import ArchiveItem, ParsedMessage
from email_assistant.archive.parsing import parse_item
from email_assistant.archive.selection import Selection, select
from email_assistant.archive.selection_steps import SelectionRules
from email_assistant.archive.tally import Tally
from email_assistant.archive.workers import WorkerPool
from email_assistant.configuration.schema import Config, Data
from email_assistant.console import StageLogger
from email_assistant.errors import ArchiveError
from email_assistant.pipeline.context import StageInputs, archive_paths
from email_assistant.progress import bar
from email_assistant.reports import archive_page
from email_assistant.stages.edited_mails import edited_pairs
from email_assistant.storage import jsonl

MAX_DOMAINS = 20
# Skipped files that a line names.
MAX_NAMED = 3
log = StageLogger(__name__, "data")


def run(inputs: StageInputs, folder: Path) -> dict[str, Any]:
    """Write emails.jsonl, others.jsonl, dropped.jsonl, report.json and report.html, and edits.jsonl with `data.edits`.

    Every message is either kept or dropped.
    """
    config = inputs.config
    work = folder / "work"
    work.mkdir(exist_ok=True)
    stats = readers.ReadStats()
    read_archive = partial(readers.read, archive_paths(config), config.data.format, vars(config.data.columns))
    purged = purging.load_terms(config.outputs)
    read = partial(_without, read_archive, purged) if purged else read_archive
    with WorkerPool(config.data.processes) as workers:
        index = _index(partial(read, stats=stats), stats, work, workers, config)
        owner = owners.parse_owner(config.data.owner) if config.data.owner else _detect_owner(index)
        with bar("clean", sum(index.written_by(owner))) as progress:
            selection = select(read, index, owner, rules_of(config.data), work, workers, progress.advance)
    tally = Tally()
    count = jsonl.write(folder / "emails.jsonl", tally.count(selection.kept))
    if not count:
        raise ArchiveError(_nothing_kept(index, selection, owner, config))
    others = [{"id": identity, "text": selection.redact(text)} for identity, text in sorted(selection.others)]
    jsonl.write(folder / "others.jsonl", others)
    jsonl.write(folder / "dropped.jsonl", _dropped(index, selection))
    report = _report(index, selection, owner, stats, tally)
    if config.data.edits:
        pairs, report["edits"] = edited_pairs(config.outputs, rules_of(config.data), index, selection)
        jsonl.write(folder / EDITS_FILE, pairs)
    jsonl.write_json(folder / "report.json", report)
    archive_page.write_page(
        folder / "report.html",
        report,
        selection.drops.examples.by_label(selection.redact),
        _unreadable(index, selection),
    )
    rmtree(work)
    _log_report(report)
    return {"messages": report["messages"], "kept": report["kept"]}


def _without(read: Callable[..., Iterator[ArchiveItem]], purged: purging.Terms, **how: Any) -> Iterator[ArchiveItem]:
    """The archive's messages without those that were purged."""
    for item in read(**how):
        message = parse_item(item)
        if not (isinstance(message, ParsedMessage) and purged.matches(message)):
            yield item


def rules_of(data: Data) -> SelectionRules:
    """The configured rules that select mails."""
    return SelectionRules(
        min_words=data.min_words,
        max_words=data.max_words,
        duplicate_similarity=data.duplicate_similarity,
        max_mails=data.max_mails,
        drop=frozenset(data.drop),
        languages=frozenset(data.languages),
        drop_code=data.code == "drop",
        context_words=data.context_words if data.context == "parent" else None,
        redact=data.redact == "pii",
        others=data.others,
    )


def _index(
    read: partial[Iterator[ArchiveItem]], stats: readers.ReadStats, work: Path, workers: WorkerPool, config: Config
) -> ArchiveIndex:
    index = ArchiveIndex(work / "sources.jsonl")
    with bar("read", None) as progress:
        for _ in index.add_all(read(), workers):
            progress.advance()
    if not len(index):
        skipped = ", ".join(f"{name} ({why})" for name, why in islice(stats.passed_over.items(), MAX_NAMED))
        found = f" (skipped: {skipped})" if skipped else ""
        raise ArchiveError(f"{_named(config)}: contains no messages{found}; set data.path to another file or folder")
    if len(index.unreadable) == len(index):
        raise ArchiveError(_nothing_read(index, index.unreadable, config))
    return index


def _nothing_read(index: ArchiveIndex, errors: Mapping[int, str], config: Config) -> str:
    first = f"none of {len(index)} messages can be read; the first, {next(index.sources())}"
    said = first if len(index) > 1 else "cannot be read"
    return f"{_named(config)}: {said}: {errors[0]}; set data.path to another file or folder"


def _detect_owner(index: ArchiveIndex) -> owners.Owner:
    owner = index.senders.detect_owner()
    log.info("owner: %s (%s)", _names(owner), owner.grounds)
    return owner


def _names(owner: owners.Owner) -> str:
    return ", ".join([*sorted(owner.addresses), *sorted(owner.names)]) or "unnamed"


def _named(config: Config) -> str:
    return ", ".join(map(str, archive_paths(config)))


def _nothing_kept(index: ArchiveIndex, selection: Selection, owner: owners.Owner, config: Config) -> str:
    reasons = selection.drops.reasons.counts()
    if set(reasons) == {"unreadable"}:
        return _nothing_read(index, selection.drops.errors, config)
    if set(reasons) <= {"not_by_owner", "unreadable"} and reasons.get("not_by_owner"):
        senders = ", ".join(f"{name} ({count})" for name, count in index.senders.most_frequent(3))
        return (
            f"{_named(config)}: none of {len(index)} messages was written by {_names(owner)}; most are by {senders}; "
            "set data.owner"
        )
    dropped = ", ".join(f"{count} {REASONS[reason]}" for reason, count in reasons.items())
    return (
        f"{_named(config)}: none of {len(index)} messages was kept: {dropped}; "
        "check data.owner, data.min_words, data.languages and data.drop"
    )


def _dropped(index: ArchiveIndex, selection: Selection) -> Iterator[dict[str, Any]]:
    """A line for every dropped message, with the error if it could not be read."""
    for number, source in enumerate(index.sources()):
        if selection.drops.reasons[number]:
            line = {"source": source, "reason": selection.drops.reasons[number]}
            yield line | ({"why": selection.drops.errors[number]} if number in selection.drops.errors else {})


def _unreadable(index: ArchiveIndex, selection: Selection) -> list[tuple[str, str]]:
    if not selection.drops.errors:
        return []
    return [
        (source, selection.drops.errors[n]) for n, source in enumerate(index.sources()) if n in selection.drops.errors
    ]


def _report(
    index: ArchiveIndex, selection: Selection, owner: owners.Owner, stats: readers.ReadStats, tally: Tally
) -> dict[str, Any]:
    return {
        "messages": len(index),
        "kept": tally.kept,
        "dropped": selection.drops.reasons.counts(),
        "owner": {"addresses": sorted(owner.addresses), "names": sorted(owner.names), "grounds": owner.grounds},
        "kinds": dict(selection.kinds.most_common()),
        "cuts": dict(selection.cuts.most_common()),
        "repairs": dict(selection.repairs.most_common()),
        "signature": {
            "lines": sorted(map(selection.redact, selection.profile.lines)),
            "sign_offs": selection.profile.sign_offs,
            "boilerplate": sorted(map(selection.redact, selection.profile.boilerplate)),
        },
        "redactions": dict(selection.redactions.most_common()),
        **tally.summary(),
        "domains": dict(selection.domains.most_common(MAX_DOMAINS)),
        "formats": dict(stats.formats.most_common()),
        "files_passed_over": [{"file": name, "why": why} for name, why in stats.passed_over.items()],
    }


def _log_report(report: dict[str, Any]) -> None:
    dropped = ", ".join(f"{count} {REASONS[reason]}" for reason, count in report["dropped"].items())
    log.info("%d messages, %d kept; dropped: %s", report["messages"], report["kept"], dropped or "none")
    passed_over = Counter(each["why"] for each in report["files_passed_over"])
    if passed_over:
        reasons = ", ".join(f"{count} {why}" for why, count in passed_over.most_common())
        first = ", ".join(each["file"] for each in report["files_passed_over"][:MAX_NAMED])
        log.warning("skipped files: %d (%s), such as %s", passed_over.total(), reasons, first)
    if report["repairs"]:
        repairs = ", ".join(f"{repair} ({count})" for repair, count in report["repairs"].items())
        log.info("repaired in kept mails: %s", repairs)
