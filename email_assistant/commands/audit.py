"""The evidence that nothing left: connections of the last calls, modes of files, places where text of mails lies."""

import itertools
import os
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from email_assistant.configuration.schema import Config
from email_assistant.console import printable, screen, size, table
from email_assistant.errors import PrivacyError
from email_assistant.pipeline.context import Context
from email_assistant.privacy.guard import AUDIT_FOLDER, is_loopback
from email_assistant.privacy.passages import contains_any, sample_passages, searchable_lines, text_files, walk
from email_assistant.storage import jsonl

Record = dict[str, Any]
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO
# Faults that are named one by one.
NAMED = 5


@dataclass
class Call:
    """A call of run.py with the processes that it started.

    Attributes:
        time: When it began, in UTC.
        stage: That was asked for.
        guarded: Whether connections were guarded.
        changed: Switches of libraries that were not as they should be.
        seen: Connections and look-ups.
    """

    time: str
    stage: str
    guarded: bool
    changed: Sequence[str]
    seen: list[Record] = field(default_factory=list)


def check(config: Config) -> None:
    """Nothing can be wrong: of a project in which nothing has run there is only this call to tell of."""


def run(context: Context) -> None:
    """Print the evidence.

    Raises:
        PrivacyError: after that, when something is not as promised.
    """
    config, console = context.config, screen()
    roots = [config.outputs, Path(config.paths.mlruns)]
    calls = list(_calls(config.outputs / AUDIT_FOLDER))
    faults = [
        *_tell_calls(calls[-config.audit.calls :], console),
        *_tell_modes(roots, console),
        *_tell_text(config, roots, calls, console),
    ]
    if faults:
        raise PrivacyError("; ".join(faults))


def _calls(folder: Path) -> Iterable[Call]:
    calls: dict[str, Call] = {}
    for file in sorted(folder.glob("*.jsonl")):
        for record in jsonl.read_finished(file):
            if record["what"] == "call":
                calls[record["call"]] = Call(
                    record["time"], record["stage"], record["guarded"], record["changed_switches"]
                )
            elif record["call"] in calls:
                calls[record["call"]].seen.append(record)
    return calls.values()


def _tell_calls(calls: Sequence[Call], console: Console) -> Iterator[str]:
    rows = []
    for call in calls:
        inside = [one for one in call.seen if is_loopback(one["host"])]
        outside = [one for one in call.seen if one not in inside]
        allowed = [one for one in outside if one["allowed"]]
        refused = [one for one in outside if not one["allowed"]]
        rows.append((call.time[:19], call.stage, *(str(len(some)) for some in (inside, allowed, refused))))
    counts = ("this machine", "other machines", "refused")
    console.print(table(("call (UTC)", "stage", *counts), rows, right=counts))
    told = Counter(
        ("opened" if one["allowed"] else "refused", one["what"], one["host"], one["by"])
        for call in calls
        for one in call.seen
        if not is_loopback(one["host"])
    )
    for (fate, what, host, by), count in sorted(told.items()):
        console.print(printable(f"{fate}: {what} of {host} by {by}, in {count} processes"))
    if not told:
        console.print(f"in {len(calls)} calls nothing tried to reach another machine")
    unguarded = sum(not call.guarded for call in calls)
    if unguarded:
        yield f"{unguarded} calls ran without the guard on connections"
    changed = sorted({name for call in calls for name in call.changed})
    if changed:
        yield f"switches against telemetry were changed: {', '.join(changed)}"


def _tell_modes(roots: Sequence[Path], console: Console) -> Iterator[str]:
    files, opened = 0, []
    for path in walk(roots):
        files += 1
        if path.lstat().st_mode & OTHERS_MAY and not path.is_symlink():
            opened.append(path)
    console.print(f"{files} files and folders, of which others may read or change {len(opened)}")
    if opened:
        shown = ", ".join(map(str, opened[:NAMED])) + (" …" if len(opened) > NAMED else "")
        yield f"others may read or change {shown}: chmod -R go= {' '.join(map(str, roots))}"


def _tell_text(config: Config, roots: Sequence[Path], calls: Sequence[Call], console: Console) -> Iterator[str]:
    wanted = _passages(config)
    if not wanted:
        console.print("there is no archive's artifact to look for passages of")
        return
    found: dict[str, list[Path]] = {}
    astray = []
    looked = 0
    chosen, left = _newest(_temporary(config, roots, calls), config.audit.temporary_mb * 10**6)
    for path in itertools.chain(text_files(roots), chosen):
        looked += 1
        if _still_holds(path, wanted):
            place = _place_for_text(config, path)
            found.setdefault(str(place or path), []).append(path)
            if place is None:
                astray.append(path)
    rows = [
        (name, str(len(paths)), size(sum(path.stat().st_size for path in paths)))
        for name, paths in sorted(found.items())
    ]
    console.print(table(("text of mails lies in", "files", "size"), rows, right=("files", "size")))
    console.print(f"{len(wanted)} passages of the archive were looked for in {looked} files")
    if left:
        console.print(
            f"{len(left)} files in {tempfile.gettempdir()} ({size(sum(left))}) were not looked through: "
            "audit.temporary_mb allows for more"
        )
    console.print("weights of adapters were not looked through; they may repeat mails: treat them like the archive")
    if astray:
        yield f"text of mails lies where none should: {', '.join(map(str, astray[:NAMED]))}"


def _passages(config: Config) -> list[bytes]:
    """Of the mails of all archives that were read."""
    lines = {
        line
        for file in sorted((config.outputs / "artifacts" / "data").glob("*/emails.jsonl"))
        for text in jsonl.Field(jsonl.Lines(file), "text")
        for line in searchable_lines(text)
    }
    return sample_passages(lines, config.audit.passages, config.seed)


def _place_for_text(config: Config, path: Path) -> Path | None:
    """The folder to which text of mails belongs, and this file with it."""
    artifacts, store = config.outputs / "artifacts", Path(config.paths.mlruns) / "artifacts"
    if path.is_relative_to(artifacts):
        return artifacts / path.relative_to(artifacts).parts[0]
    return store if path.is_relative_to(store) else None


def _temporary(config: Config, roots: Sequence[Path], calls: Sequence[Call]) -> Iterator[tuple[Path, os.stat_result]]:
    """This user's files in the temporary folder since the first call, without archives that are read from there."""
    elsewhere = [root.resolve() for root in (*roots, *map(Path, config.data.path or ()))]
    since = min((datetime.fromisoformat(call.time).timestamp() for call in calls), default=0.0)
    top = Path(tempfile.gettempdir()).resolve()
    if any(top.is_relative_to(place) for place in elsewhere):
        return
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if Path(folder, name) not in elsewhere]
        for path in (Path(folder, name) for name in files):
            try:
                state = path.lstat()
            except FileNotFoundError:
                # Another program's, that is done with it.
                continue
            mine = state.st_uid == os.getuid() and stat.S_ISREG(state.st_mode)
            if mine and state.st_mtime >= since and path not in elsewhere:
                yield path, state


def _newest(files: Iterable[tuple[Path, os.stat_result]], room: int) -> tuple[list[Path], list[int]]:
    """The newest of some files that have so many bytes together at most, and the sizes of the others."""
    chosen, left = [], []
    for path, state in sorted(files, key=lambda file: -file[1].st_mtime):
        if state.st_size > room:
            left.append(state.st_size)
        else:
            room -= state.st_size
            chosen.append(path)
    return chosen, left


def _still_holds(path: Path, wanted: Sequence[bytes]) -> bool:
    try:
        return contains_any(path, wanted)
    except FileNotFoundError:
        return False
