"""Artifacts: folders that a stage writes completely or not at all, found by the hash of everything they depend on.

`<root>/<stage>/<key>/` holds the files and a `manifest.json`. While a stage writes, its folder is called
`<key>.partial`; a resumable stage finds its progress there. `<key>.lock` is held during that time. Only this module
knows these names.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

from filelock import FileLock, Timeout

from email_assistant.errors import ArtifactError, DataError, reason_of_folder
from email_assistant.storage import jsonl
from email_assistant.storage.hashing import hash_file, hash_of
from email_assistant.storage.jsonl import Row
from email_assistant.storage.records import Manifest

MANIFEST = "manifest.json"
# What every manifest has, and what those of stages have besides, with their types.
MANIFEST_FIELDS: Mapping[str, Any] = {
    "stage": str,
    "key": str,
    "counts": dict,
    "seconds": int | float,
    "files": dict,
}
STAGE_FIELDS: Mapping[str, Any] = {"reads": dict, "scores": dict, "versions": dict, "made": str}
PROGRESS = "progress"
# macOS writes this file into folders that are looked at in the Finder, and changes it later.
FINDER_FILE = ".DS_Store"
_PARTIAL, _LOCK = ".partial", ".lock"


@dataclass(frozen=True)
class Artifact:
    """A complete artifact on disk."""

    folder: Path
    manifest: Manifest

    @property
    def key(self) -> str:
        """The hash that names it among its stage's artifacts."""
        return self.folder.name

    @property
    def stage(self) -> str:
        """The stage that wrote it."""
        return self.folder.parent.name

    def path(self, name: str) -> Path:
        """The path of one of its files."""
        return self.folder / name

    @property
    def size(self) -> int:
        """The size of its files in bytes."""
        return folder_size(self.folder)

    def is_unchanged(self, name: str) -> bool:
        """Whether a file exists and is as the stage wrote it."""
        return self.path(name).is_file() and hash_file(self.path(name)) == self.manifest["files"].get(name)

    def content_hash(self, *names: str) -> str:
        """The hash of some of its files; a folder's name includes all files in it."""
        wanted = {
            file: digest
            for file, digest in self.manifest["files"].items()
            if any(file == name or file.startswith(f"{name}/") for name in names)
        }
        return hash_of(wanted)


@dataclass(frozen=True)
class Unused:
    """A file or folder of the cache that nothing needs.

    Attributes:
        path: The file or folder.
        stage: The stage that it belongs to.
        kind: An artifact, the partial folder of an interrupted stage, or a lock without either.
    """

    path: Path
    stage: str
    kind: Literal["artifact", "partial", "lock"]


class ArtifactCache:
    """All artifacts of a project."""

    def __init__(self, outputs: Path) -> None:
        """Use `outputs/artifacts` and `outputs/latest`, which are created on the first write."""
        self.root = outputs / "artifacts"
        self.latest_links = outputs / "latest"

    def find(self, stage: str, key: str) -> Artifact | None:
        """Return the artifact with this key after hashing its files; None when there is none.

        Raises:
            ArtifactError: If a file was changed or removed since it was written.
        """
        artifact = self.at(stage, key)
        if artifact is None:
            return None
        folder = artifact.folder
        for name, digest in artifact.manifest["files"].items():
            if not (folder / name).exists() or hash_file(folder / name) != digest:
                raise ArtifactError(
                    f"{folder / name}: changed or missing since stage={stage} wrote it; run stage={stage} force=true "
                    "to rebuild it (to use corrected instructions, see summarizer=from_file)"
                )
        return artifact

    def at(self, stage: str, key: str) -> Artifact | None:
        """Return the artifact with this key without looking at its files; None when there is none.

        Raises:
            ArtifactError: If its manifest is corrupt.
        """
        manifest = self.root / stage / key / MANIFEST
        return Artifact(manifest.parent, _manifest(manifest)) if manifest.exists() else None

    def find_by_result(self, stage: str, result_hash: str) -> Artifact | None:
        """Return the newest artifact with this result, however it was scored; None when there is none."""
        newest = next((one for one in self.all_of(stage) if one.manifest.get("core") == result_hash), None)
        return self.find(stage, newest.key) if newest else None

    def all_of(self, stage: str) -> list[Artifact]:
        """Return every complete artifact of a stage, newest first, without looking at their files.

        Raises:
            ArtifactError: If a manifest is corrupt.
        """
        manifests = [path for path in (self.root / stage).glob(f"*/{MANIFEST}") if not path.parent.suffix]
        manifests.sort(key=lambda path: -path.stat().st_mtime)
        return [Artifact(path.parent, _manifest(path)) for path in manifests]

    def latest(self, stage: str) -> Manifest | None:
        """Return the manifest of the stage's artifact that was used last."""
        manifest = self.latest_links / stage / MANIFEST
        return _manifest(manifest) if manifest.exists() else None

    def mark_latest(self, artifact: Artifact) -> None:
        """Point `latest/<stage>` to an artifact.

        Raises:
            ArtifactError: If a file or folder that is no link is in its place, which is left alone.
        """
        self.latest_links.mkdir(parents=True, exist_ok=True)
        link = self.latest_links / artifact.stage
        if link.exists() and not link.is_symlink():
            raise ArtifactError(f"{link}: is not the link to the latest result, so it is not replaced; move it away")
        # Two runs may do this at the same time, so each needs a name of its own.
        fresh = self.latest_links / f".{artifact.stage}.{os.getpid()}"
        fresh.symlink_to(os.path.relpath(artifact.folder, self.latest_links))
        fresh.replace(link)

    def latest_keys(self) -> set[str]:
        """Return the keys that the links in `latest` point to."""
        return {link.resolve().name for link in self.latest_links.glob("*")}

    def remove_dead_links(self) -> None:
        """Remove links in `latest` to artifacts that no longer exist."""
        for link in self.latest_links.glob("*"):
            if not link.exists():
                link.unlink()

    @contextmanager
    def locked(self, stage: str, key: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the artifact's lock; `waiting` is called once if another process holds it."""
        folder = self.root / stage
        _make_folder(folder)
        lock = FileLock(folder / f"{key}{_LOCK}")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def held_locks(self) -> Iterator[Path]:
        """Yield the locks that a process holds: its stage is running."""
        return (lock for lock in self.root.glob(f"*/*{_LOCK}") if not _is_free(lock))

    def partial_folders(self) -> list[Path]:
        """Return the folders of stages that are running or were interrupted."""
        return sorted(self.root.glob(f"*/*{_PARTIAL}"))

    def unused(self, needed: Set[str]) -> Iterator[Unused]:
        """Yield what can be removed: interrupted work, locks without a folder, and artifacts that are not needed.

        Args:
            needed: Keys of the artifacts to keep, besides those in `latest`.
        """
        kept = needed | self.latest_keys()
        for path in sorted(self.root.glob("*/*")):
            key, stage = key_of(path), path.parent.name
            if path.suffix == _LOCK:
                if not any(other.is_dir() for other in path.parent.glob(f"{key}*")) and _is_free(path):
                    yield Unused(path, stage, "lock")
            elif path.suffix == _PARTIAL:
                if _is_free(path.with_suffix(_LOCK)):
                    yield Unused(path, stage, "partial")
            elif key not in kept and (path / MANIFEST).exists():
                yield Unused(path, stage, "artifact")

    def write(
        self,
        stage: str,
        key: str,
        fields: Mapping[str, Any],
        make: Callable[[Path], Mapping[str, Any]],
        resumable: bool,
    ) -> Artifact:
        """Have `make` write the files of an artifact, then move them to their final folder.

        Args:
            stage: The stage's name.
            key: The artifact's key.
            fields: What the manifest records besides files, counts and seconds.
            make: Writes into the folder that it is given and returns the manifest's counts. What it keeps
                in `progress/` survives an interruption and is removed at the end.
            resumable: Whether the folder of an interrupted stage is kept for the next run.

        Raises:
            ArtifactError: If the folder cannot be written.
        """
        folder = self.root / stage / key
        partial = folder.with_name(f"{key}{_PARTIAL}")
        if not resumable:
            shutil.rmtree(partial, ignore_errors=True)
        _make_folder(partial)
        started = time.monotonic()
        try:
            counts = make(partial)
        except BaseException:
            if not resumable or not _has_progress(partial):
                shutil.rmtree(partial, ignore_errors=True)
            raise
        shutil.rmtree(partial / PROGRESS, ignore_errors=True)
        manifest = {
            "stage": stage,
            "key": key,
            **fields,
            "counts": counts,
            "seconds": round(time.monotonic() - started, 2),
            "files": _hashes(partial),
        }
        jsonl.write_json(partial / MANIFEST, manifest)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        return Artifact(folder, cast(Manifest, manifest))


def key_of(folder: Path) -> str:
    """The key of an artifact's folder, also while its stage writes it."""
    return folder.name.partition(".")[0]


def lines_by_key(artifacts: Iterable[Artifact], name: str, wanted: Set[str], kind: type[Row]) -> dict[str, Row]:
    """Look up lines that earlier artifacts have.

    Args:
        artifacts: Where to look, in this order, until every key is found.
        name: A JSONL file whose lines have a `key`; an artifact in which it was changed is skipped.
        wanted: The keys.
        kind: The type of the lines.
    """
    lines: dict[str, Row] = {}
    for artifact in artifacts:
        if len(lines) == len(wanted):
            break
        if artifact.is_unchanged(name):
            lines |= {line["key"]: line for line in jsonl.read(artifact.path(name), kind) if line["key"] in wanted}
    return lines


def folder_size(folder: Path) -> int:
    """The size of all files in a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _manifest(path: Path) -> Manifest:
    try:
        manifest = jsonl.read_object(path)
    except DataError as error:
        raise ArtifactError(f"{path.resolve()}: the manifest is corrupt; delete its folder to rebuild it") from error
    if not _is_manifest(manifest):
        raise ArtifactError(f"{path.resolve()}: the manifest is corrupt; delete its folder to rebuild it")
    return cast(Manifest, manifest)


def _is_manifest(values: Mapping[str, Any]) -> bool:
    """Whether values have the fields of a manifest in their types, and a time that can be read if there is one."""
    has_all = all(isinstance(values.get(name), kind) for name, kind in MANIFEST_FIELDS.items())
    if not has_all or any(not isinstance(values.get(name, kind()), kind) for name, kind in STAGE_FIELDS.items()):
        return False
    try:
        return "made" not in values or datetime.fromisoformat(values["made"]).tzinfo is not None
    except ValueError:
        return False


def _has_progress(partial: Path) -> bool:
    return (partial / PROGRESS).is_dir() and any((partial / PROGRESS).iterdir())


def _is_free(lock: Path) -> bool:
    try:
        with FileLock(lock, timeout=0):
            return True
    except Timeout:
        return False


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArtifactError(
            f"{folder}: cannot be written: {reason_of_folder(error)}; set paths.outputs to another folder"
        ) from error


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (MANIFEST, FINDER_FILE))
    return {str(path.relative_to(folder)): hash_file(path) for path in files}
