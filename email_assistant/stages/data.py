"""The archive's messages to the owner's own mails."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

from email_assistant.archive import owner as owners
from email_assistant.archive import purging, readers
from email_assistant.archive.index import ArchiveIndex, parse_item
from email_assistant.archive.mail import ArchiveItem, Mail
from email_assistant.archive.selection import Selection, SelectionRules, select
from email_assistant.archive.tally import Tally
from email_assistant.archive.workers import WorkerPool
from email_assistant.configuration.schema import Config, Data
from email_assistant.errors import ArchiveError
from email_assistant.pipeline.context import StageInputs, archive_paths
from email_assistant.progress import bar
from email_assistant.reports import archive_page
from email_assistant.storage import jsonl

MOST_DOMAINS = 20
log = logging.getLogger(__name__)


def run(inputs: StageInputs, folder: Path) -> dict[str, Any]:
    """Write emails.jsonl, others.jsonl, dropped.jsonl, report.json and report.html.

    Kept and dropped add up to the messages.
    """
    config = inputs.config
    work = folder / "work"
    work.mkdir(exist_ok=True)
    stats = readers.ReadStats()
    of_archive = partial(readers.read, archive_paths(config), config.data.format, vars(config.data.columns))
    purged = purging.load_terms(config.outputs)
    read = partial(_without, of_archive, purged) if purged else of_archive
    with WorkerPool(config.data.processes) as workers:
        index = _first_reading(partial(read, stats=stats), work, workers, config)
        owner = owners.parse_owner(config.data.owner) if config.data.owner else _found(index)
        with bar("clean", sum(index.written_by(owner))) as progress:
            chosen = select(read, index, owner, rules_of(config.data), work, workers, progress.advance)
    tally = Tally()
    count = jsonl.write(folder / "emails.jsonl", tally.count(chosen.kept))
    if not count:
        raise ArchiveError(_nothing_kept(index, chosen, owner, config))
    others = [{"id": identity, "text": chosen.redact(text)} for identity, text in sorted(chosen.others)]
    jsonl.write(folder / "others.jsonl", others)
    jsonl.write(folder / "dropped.jsonl", _dropped(index, chosen))
    report = _report(index, chosen, owner, stats, tally)
    jsonl.write_json(folder / "report.json", report)
    archive_page.write_page(
        folder / "report.html", report, chosen.drops.examples.by_label(chosen.redact), _unreadable(index, chosen)
    )
    rmtree(work)
    _say(report)
    return {"messages": report["messages"], "kept": report["kept"]}


def _without(read: Callable[..., Iterator[ArchiveItem]], purged: purging.Terms, **how: Any) -> Iterator[ArchiveItem]:
    """The archive's messages without those that were taken out for good, as if they were not in it."""
    for found in read(**how):
        message = parse_item(found)
        if not (isinstance(message, Mail) and purged.matches(message)):
            yield found


def rules_of(data: Data) -> SelectionRules:
    """What the configuration says of which mails are kept."""
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


def _first_reading(
    read: partial[Iterator[ArchiveItem]], work: Path, workers: WorkerPool, config: Config
) -> ArchiveIndex:
    index = ArchiveIndex(work / "sources.jsonl")
    with bar("read", None) as progress:
        for _ in index.add_all(read(), workers):
            progress.advance()
    if not len(index):
        raise ArchiveError(f"{_named(config)}: holds no message")
    return index


def _found(index: ArchiveIndex) -> owners.Owner:
    found = index.senders.detect_owner()
    log.info("%-10s owner: %s (%s)", "data", _names(found), found.grounds)
    return found


def _names(owner: owners.Owner) -> str:
    return ", ".join([*sorted(owner.addresses), *sorted(owner.names)]) or "not named"


def _named(config: Config) -> str:
    return ", ".join(map(str, archive_paths(config)))


def _nothing_kept(index: ArchiveIndex, chosen: Selection, owner: owners.Owner, config: Config) -> str:
    reasons = chosen.drops.reasons.counts()
    if set(reasons) <= {"not_by_owner", "unreadable"} and reasons.get("not_by_owner"):
        often = ", ".join(f"{name} ({count})" for name, count in index.senders.most_frequent(3))
        return f"{_named(config)}: none of {len(index)} messages is by {_names(owner)}; most are by {often}"
    shown = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
    return f"{_named(config)}: none of {len(index)} messages is left: {shown}; see data.min_words and its like"


def _dropped(index: ArchiveIndex, chosen: Selection) -> Iterator[dict[str, Any]]:
    """A line for every message that was dropped; of those that could not be read it says why."""
    for number, source in enumerate(index.sources()):
        if chosen.drops.reasons[number]:
            line = {"source": source, "reason": chosen.drops.reasons[number]}
            yield line | ({"why": chosen.drops.errors[number]} if number in chosen.drops.errors else {})


def _unreadable(index: ArchiveIndex, chosen: Selection) -> list[tuple[str, str]]:
    if not chosen.drops.errors:
        return []
    return [(source, chosen.drops.errors[n]) for n, source in enumerate(index.sources()) if n in chosen.drops.errors]


def _report(
    index: ArchiveIndex, chosen: Selection, owner: owners.Owner, stats: readers.ReadStats, tally: Tally
) -> dict[str, Any]:
    return {
        "messages": len(index),
        "kept": tally.kept,
        "dropped": chosen.drops.reasons.counts(),
        "owner": {"addresses": sorted(owner.addresses), "names": sorted(owner.names), "grounds": owner.grounds},
        "kinds": dict(chosen.kinds.most_common()),
        "cuts": dict(chosen.cuts.most_common()),
        "signature": {
            "lines": sorted(map(chosen.redact, chosen.profile.lines)),
            "sign_offs": chosen.profile.sign_offs,
            "boilerplate": sorted(map(chosen.redact, chosen.profile.boilerplate)),
        },
        "redactions": dict(chosen.redactions.most_common()),
        **tally.summary(),
        "domains": dict(chosen.domains.most_common(MOST_DOMAINS)),
        "formats": dict(stats.formats.most_common()),
        "files_passed_over": stats.skipped,
    }


def _say(report: dict[str, Any]) -> None:
    dropped = ", ".join(f"{count} {reason}" for reason, count in report["dropped"].items())
    log.info("%-10s %d messages, %d kept; dropped: %s", "data", report["messages"], report["kept"], dropped or "none")
    if report["files_passed_over"]:
        log.info("%-10s no mail in: %s", "data", ", ".join(report["files_passed_over"][:5]))
