"""The archive's messages to the owner's own mails."""

import logging
from collections import Counter
from pathlib import Path
from typing import Any

from email_assistant import jsonl
from email_assistant.archive import owner as owners
from email_assistant.archive import readers
from email_assistant.archive.mail import Mail, Unreadable
from email_assistant.archive.selection import Limits, Selection, select
from email_assistant.config import Config
from email_assistant.context import Context, archive_path
from email_assistant.errors import ArchiveError
from email_assistant.progress import bar

log = logging.getLogger(__name__)


def run(context: Context, folder: Path) -> dict[str, Any]:
    """Write emails.jsonl, dropped.jsonl and report.json; kept and dropped add up to the messages."""
    config = context.config
    pieces, passed_over = readers.find_pieces(archive_path(config), config.data.format)
    messages = _read(pieces, config)
    owner = owners.given(config.data.owner) if config.data.owner else _found(messages)
    limits = Limits(
        config.data.min_words, config.data.max_words, config.data.duplicate_similarity, config.data.max_mails
    )
    with bar("clean", None):
        chosen = select(messages, owner, limits)
    if not chosen.kept:
        raise ArchiveError(_nothing_kept(messages, chosen, owner, config))
    jsonl.write(folder / "emails.jsonl", chosen.kept)
    jsonl.write(folder / "dropped.jsonl", ({"source": source, "reason": reason} for source, reason in chosen.dropped))
    report = _report(messages, chosen, owner, pieces, passed_over)
    jsonl.write_json(folder / "report.json", report)
    _say(report)
    return {"messages": report["messages"], "kept": report["kept"]}


def _read(pieces: list[readers.Piece], config: Config) -> list[Mail | Unreadable]:
    columns = vars(config.data.columns)
    messages: list[Mail | Unreadable] = []
    with bar("read", None) as progress:
        for piece in pieces:
            for message in readers.read(piece, columns):
                messages.append(message)
                progress.advance()
    if not messages:
        raise ArchiveError(f"{archive_path(config)}: holds no message")
    return messages


def _found(messages: list[Mail | Unreadable]) -> owners.Owner:
    found = owners.find(message for message in messages if isinstance(message, Mail))
    log.info("%-10s owner: %s (%s)", "data", _names(found), found.grounds)
    return found


def _names(owner: owners.Owner) -> str:
    return ", ".join([*sorted(owner.addresses), *sorted(owner.names)]) or "not named"


def _nothing_kept(messages: list[Mail | Unreadable], chosen: Selection, owner: owners.Owner, config: Config) -> str:
    reasons = Counter(reason for _, reason in chosen.dropped)
    if set(reasons) <= {"not_by_owner", "unreadable"} and reasons["not_by_owner"]:
        senders = Counter(
            str(person) for message in messages if isinstance(message, Mail) for person in message.senders[:1]
        )
        often = ", ".join(f"{name} ({count})" for name, count in senders.most_common(3))
        return f"{archive_path(config)}: none of {len(messages)} messages is by {_names(owner)}; most are by {often}"
    shown = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    return f"{archive_path(config)}: none of {len(messages)} messages is left: {shown}; see data.min_words and its like"


def _report(
    messages: list[Mail | Unreadable],
    chosen: Selection,
    owner: owners.Owner,
    pieces: list[readers.Piece],
    passed_over: list[str],
) -> dict[str, Any]:
    return {
        "messages": len(messages),
        "kept": len(chosen.kept),
        "dropped": dict(Counter(reason for _, reason in chosen.dropped).most_common()),
        "owner": {"addresses": sorted(owner.addresses), "names": sorted(owner.names), "grounds": owner.grounds},
        "languages": dict(Counter(str(email["language"]) for email in chosen.kept).most_common()),
        "formats": dict(Counter(piece.format for piece in pieces).most_common()),
        "files_passed_over": passed_over,
    }


def _say(report: dict[str, Any]) -> None:
    dropped = ", ".join(f"{count} {reason}" for reason, count in report["dropped"].items())
    log.info("%-10s %d messages, %d kept; dropped: %s", "data", report["messages"], report["kept"], dropped or "none")
    if report["files_passed_over"]:
        log.info("%-10s no mail in: %s", "data", ", ".join(report["files_passed_over"][:5]))
