"""`stage=audit` shows evidence of privacy: connections of earlier runs, file modes, and files with mail text."""

import itertools
import os
import stat
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from email_assistant.archive import edits
from email_assistant.configuration.schema import Audit, Config
from email_assistant.console import printable, screen, size, table
from email_assistant.errors import DataError, PrivacyError
from email_assistant.experiments.connection import files_folder
from email_assistant.pipeline.context import Context
from email_assistant.privacy.guard import AUDIT_FOLDER, is_loopback
from email_assistant.privacy.passages import contains_any, sample_passages, searchable_lines, text_files, walk
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import ArtifactCache

OTHERS_ACCESS = stat.S_IRWXG | stat.S_IRWXO
# Number of paths that an error names.
NAMED_PATHS = 5


@dataclass(frozen=True)
class Connection:
    """A connection or look-up of a process.

    Attributes:
        what: 'connection' or 'look-up'.
        host: The host.
        allowed: Whether the guard allowed it.
        module: The module that opened it.
    """

    what: str
    host: str
    allowed: bool
    module: str

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(self.host)


@dataclass
class Call:
    """A run of run.py with the processes that it started.

    Attributes:
        time: When it began, in UTC (ISO 8601).
        stage: The stage of the run.
        guarded: Whether connections were guarded.
        changed_switches: Privacy switches of libraries that had other values.
        connections: The connections and look-ups of its processes.
    """

    time: str
    stage: str
    guarded: bool
    changed_switches: Sequence[str]
    connections: list[Connection] = field(default_factory=list)


def check(config: Config) -> None:
    """Nothing to check: an audit works even without earlier runs."""


def run(context: Context) -> None:
    """Print the evidence.

    Raises:
        PrivacyError: After printing, if a promise was broken.
    """
    config, console = context.config, screen()
    roots = [config.outputs, Path(config.paths.mlruns)]
    calls = _load_calls(config.outputs / AUDIT_FOLDER)
    findings = [
        *_report_connections(calls[-config.audit.calls :], console),
        *_report_modes(roots, console),
        *_report_text(config, roots, calls, console),
    ]
    if findings:
        raise PrivacyError("; ".join(findings))


def _load_calls(folder: Path) -> list[Call]:
    calls: dict[str, Call] = {}
    for file in sorted(folder.glob("*.jsonl")):
        try:
            _add_calls(calls, jsonl.read_finished(file))
        except (DataError, KeyError, TypeError) as error:
            raise PrivacyError(f"{file}: the record of connections was changed or is damaged; delete it") from error
    return list(calls.values())


def _add_calls(calls: dict[str, Call], events: Iterable[Mapping[str, Any]]) -> None:
    """Add what a file recorded to the calls by their ids."""
    for event in events:
        if event["what"] == "call":
            calls[event["call"]] = _to_call(event)
        elif event["call"] in calls:
            connection = Connection(event["what"], event["host"], event["allowed"], event["by"])
            calls[event["call"]].connections.append(connection)


def _to_call(event: Mapping[str, Any]) -> Call:
    return Call(event["time"], event["stage"], event["guarded"], event["changed_switches"])


def _report_connections(calls: Sequence[Call], console: Console) -> Iterator[str]:
    """Print the connections of the runs, and yield what is wrong."""
    rows = []
    for call in calls:
        remote = [connection for connection in call.connections if not connection.is_local]
        refused = sum(not connection.allowed for connection in remote)
        counts = (len(call.connections) - len(remote), len(remote) - refused, refused)
        rows.append((call.time[:19], call.stage, *map(str, counts)))
    headings = ("this machine", "other machines", "refused")
    console.print(table(("run (UTC)", "stage", *headings), rows, right=headings))
    remote_counts = Counter(
        ("allowed" if connection.allowed else "refused", connection.what, connection.host, connection.module)
        for call in calls
        for connection in call.connections
        if not connection.is_local
    )
    for (decision, what, host, module), count in sorted(remote_counts.items()):
        console.print(printable(f"{decision}: {host}, {what} by {module} (processes: {count})"))
    if not remote_counts:
        console.print(f"no run tried to reach another machine (runs: {len(calls)})")
    unguarded = sum(not call.guarded for call in calls)
    if unguarded:
        yield f"runs without the network guard: {unguarded}"
    changed = sorted({name for call in calls for name in call.changed_switches})
    if changed:
        yield f"changed telemetry switches: {', '.join(changed)}"


def _report_modes(roots: Sequence[Path], console: Console) -> Iterator[str]:
    """Print how many files and folders other users may access, and yield an error if there are any."""
    paths = list(walk(roots))
    accessible = [path for path in paths if not path.is_symlink() and path.lstat().st_mode & OTHERS_ACCESS]
    console.print(f"{len(paths)} files and folders, {len(accessible)} of them accessible to other users")
    if accessible:
        names = ", ".join(map(str, accessible[:NAMED_PATHS])) + (" …" if len(accessible) > NAMED_PATHS else "")
        yield f"other users can access {names}; to fix it, run: chmod -R go= {' '.join(map(str, roots))}"


def _report_text(config: Config, roots: Sequence[Path], calls: Sequence[Call], console: Console) -> Iterator[str]:
    """Print which files contain passages of mails, and yield an error for those outside of the expected folders."""
    passages = _sample_passages(config)
    if not passages:
        console.print("no archive has been read and no edited draft kept yet, so there are no passages to search for")
        return
    excluded = [path.resolve() for path in (*roots, *map(Path, config.data.path or ()))]
    recent, skipped = _newest_within(_temporary_files(excluded, calls), config.audit.temporary_mb * 10**6)
    files_by_folder: dict[str, list[Path]] = {}
    unexpected = []
    searched = 0
    for path in itertools.chain(text_files(roots), recent):
        searched += 1
        if _still_contains(path, passages):
            folder = _expected_folder(config, path)
            files_by_folder.setdefault(str(folder or path), []).append(path)
            if folder is None:
                unexpected.append(path)
    rows = [
        (folder, str(len(paths)), size(sum(path.stat().st_size for path in paths)))
        for folder, paths in sorted(files_by_folder.items())
    ]
    console.print(table(("mail text in", "files", "size"), rows, right=("files", "size")))
    _print_coverage(config.audit, len(passages), searched, skipped, console)
    if unexpected:
        yield f"mail text in unexpected files: {', '.join(map(str, unexpected[:NAMED_PATHS]))}"


def _print_coverage(settings: Audit, passages: int, searched: int, skipped: Sequence[int], console: Console) -> None:
    console.print(f"searched {searched} files for {passages} passages of mails")
    if skipped:
        console.print(
            f"skipped {len(skipped)} files in {tempfile.gettempdir()} ({size(sum(skipped))}): over the "
            f"limit of audit.temporary_mb={settings.temporary_mb}"
        )
    console.print("skipped adapter weights; they may reproduce mails, so protect them like the archive")


def _sample_passages(config: Config) -> list[bytes]:
    """Passages of the mails of all archives that were read, and as many of the edits of drafts."""
    learned = {
        line for edit in edits.load(config.outputs) for text in edits.texts(edit) for line in searchable_lines(text)
    }
    lines: set[str] = set()
    for artifact in ArtifactCache(config.outputs).all_of("data"):
        with jsonl.Lines(artifact.path("emails.jsonl")) as emails:
            for email in emails:
                lines.update(searchable_lines(email["text"]))
    return [each for found in (lines, learned) for each in sample_passages(found, config.audit.passages, config.seed)]


def _expected_folder(config: Config, path: Path) -> Path | None:
    """Where mail text is expected: a folder of artifacts or runs, or the file of edits; None for another file."""
    if path == edits.edits_file(config.outputs):
        return path
    artifacts, runs = ArtifactCache(config.outputs).root, files_folder(Path(config.paths.mlruns))
    if path.is_relative_to(artifacts):
        return artifacts / path.relative_to(artifacts).parts[0]
    return runs if path.is_relative_to(runs) else None


def _temporary_files(excluded: Sequence[Path], calls: Sequence[Call]) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield this user's files in the temporary folder since the first run, except the excluded files and folders."""
    since = min((datetime.fromisoformat(call.time).timestamp() for call in calls), default=0.0)
    top = Path(tempfile.gettempdir()).resolve()
    if any(top.is_relative_to(path) for path in excluded):
        return
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if Path(folder, name) not in excluded]
        for path in (Path(folder, name) for name in files):
            try:
                state = path.lstat()
            except FileNotFoundError:
                # Another program has deleted it in the meantime.
                continue
            is_mine = state.st_uid == os.getuid() and stat.S_ISREG(state.st_mode)
            if is_mine and state.st_mtime >= since and path not in excluded:
                yield path, state


def _newest_within(files: Iterable[tuple[Path, os.stat_result]], max_bytes: int) -> tuple[list[Path], list[int]]:
    """The newest files with at most this total size, and the sizes of the others."""
    chosen, skipped = [], []
    for path, state in sorted(files, key=lambda file: -file[1].st_mtime):
        if state.st_size > max_bytes:
            skipped.append(state.st_size)
        else:
            max_bytes -= state.st_size
            chosen.append(path)
    return chosen, skipped


def _still_contains(path: Path, passages: Sequence[bytes]) -> bool:
    """Whether a file contains any of the passages; False if it was deleted in the meantime."""
    try:
        return contains_any(path, passages)
    except FileNotFoundError:
        return False
