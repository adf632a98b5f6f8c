"""Artifacts: folders that a stage writes whole or not at all, found again by a key of what went into them.

`<root>/<stage>/<key>/` holds the files and a `manifest.json`. While a stage writes, its folder is
called `<key>.partial`; a stage that can go on where it was finds its own progress there.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from email_assistant.errors import ArtifactError
from email_assistant.storage import jsonl
from email_assistant.storage.hashing import hash_file, hash_of

MANIFEST = "manifest.json"
PROGRESS = "progress"


@dataclass(frozen=True)
class Artifact:
    """A whole artifact on disk."""

    folder: Path
    manifest: dict[str, Any]

    def path(self, name: str) -> Path:
        """One of its files."""
        return self.folder / name

    @property
    def size(self) -> int:
        """Of its files, in bytes."""
        return folder_size(self.folder)

    def is_unchanged(self, name: str) -> bool:
        """Whether one of its files is there as the stage wrote it."""
        return self.path(name).is_file() and hash_file(self.path(name)) == self.manifest["files"].get(name)

    def content(self, *names: str) -> str:
        """The hash of some of its files, a folder's name standing for all in it."""
        wanted = {
            file: digest
            for file, digest in self.manifest["files"].items()
            if any(file == name or file.startswith(f"{name}/") for name in names)
        }
        return hash_of(wanted)


class Store:
    """All artifacts of a project."""

    def __init__(self, outputs: Path) -> None:
        """Use `outputs/artifacts` and `outputs/latest`; nothing is made until something is written."""
        self.root = outputs / "artifacts"
        self.latest_links = outputs / "latest"

    def find(self, stage: str, key: str) -> Artifact | None:
        """The artifact of this key, its files as its manifest says; None when there is none.

        Raises:
            ArtifactError: when a file was changed or is missing since it was made.
        """
        artifact = self.at(stage, key)
        if artifact is None:
            return None
        folder = artifact.folder
        for name, digest in artifact.manifest["files"].items():
            if not (folder / name).exists() or hash_file(folder / name) != digest:
                raise ArtifactError(
                    f"{folder / name}: changed or missing since the stage {stage} made it; force=true "
                    "stage=" + stage + " makes it again (corrected instructions go in by summarizer=from_file)"
                )
        return artifact

    def at(self, stage: str, key: str) -> Artifact | None:
        """The artifact of this key, its files not looked at; None when there is none.

        Raises:
            ArtifactError: when its manifest was changed or cut off.
        """
        manifest = self.root / stage / key / MANIFEST
        return Artifact(manifest.parent, _manifest(manifest)) if manifest.exists() else None

    def find_core(self, stage: str, core: str) -> Artifact | None:
        """The newest artifact whose manifest names this core: what the stage made, however it was scored."""
        newest = next((found for found in self.all_of(stage) if found.manifest.get("core") == core), None)
        return self.find(stage, newest.folder.name) if newest else None

    def all_of(self, stage: str) -> list[Artifact]:
        """Every whole artifact of a stage, the newest first; their files are not looked at.

        Raises:
            ArtifactError: when a manifest was changed or cut off.
        """
        manifests = [path for path in (self.root / stage).glob(f"*/{MANIFEST}") if not path.parent.suffix]
        manifests.sort(key=lambda path: -path.stat().st_mtime)
        return [Artifact(path.parent, _manifest(path)) for path in manifests]

    def latest(self, stage: str) -> dict[str, Any] | None:
        """The manifest of the artifact of this stage that was used last."""
        manifest = self.latest_links / stage / MANIFEST
        return _manifest(manifest) if manifest.exists() else None

    def mark_latest(self, artifact: Artifact) -> None:
        """Point `latest/<stage>` at an artifact."""
        stage = artifact.folder.parent.name
        self.latest_links.mkdir(parents=True, exist_ok=True)
        fresh = self.latest_links / f".{stage}.{os.getpid()}"
        fresh.symlink_to(os.path.relpath(artifact.folder, self.latest_links))
        fresh.replace(self.latest_links / stage)

    @contextmanager
    def locked(self, stage: str, key: str, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the artifact's lock; `waiting` is called once when another process has it."""
        folder = self.root / stage
        _make_folder(folder)
        lock = FileLock(folder / f"{key}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def write(
        self, stage: str, key: str, facts: dict[str, Any], make: Callable[[Path], dict[str, Any]], resumable: bool
    ) -> Artifact:
        """Let `make` write the files of an artifact, then give it its place.

        Args:
            stage: The stage's name.
            key: The artifact's key.
            facts: What the manifest says beside files, counts and seconds.
            make: Writes into the folder it is given and returns counts for the manifest. What it
                keeps under `progress/` survives an interruption and is removed at the end.
            resumable: Whether an interrupted folder is kept for the next call.

        Raises:
            ArtifactError: when the place cannot be written.
        """
        folder = self.root / stage / key
        partial = folder.with_name(f"{key}.partial")
        if not resumable:
            shutil.rmtree(partial, ignore_errors=True)
        _make_folder(partial)
        started = time.monotonic()
        try:
            counts = make(partial)
        except BaseException:
            self._after_failure(partial, resumable)
            raise
        shutil.rmtree(partial / PROGRESS, ignore_errors=True)
        manifest = {
            "stage": stage,
            "key": key,
            **facts,
            "counts": counts,
            "seconds": round(time.monotonic() - started, 2),
            "files": _hashes(partial),
        }
        jsonl.write_json(partial / MANIFEST, manifest)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        return Artifact(folder, manifest)

    @staticmethod
    def _after_failure(partial: Path, resumable: bool) -> None:
        """Keep progress to go on from, and nothing else."""
        has_progress = (partial / PROGRESS).is_dir() and any((partial / PROGRESS).iterdir())
        if not resumable or not has_progress:
            shutil.rmtree(partial, ignore_errors=True)


def _manifest(path: Path) -> dict[str, Any]:
    try:
        return dict(jsonl.read_json(path))
    except (ValueError, TypeError) as error:
        raise ArtifactError(f"{path.resolve()}: changed or cut off since it was made; remove its folder") from error


def lines_by_key(artifacts: Iterable[Artifact], name: str, wanted: Set[str]) -> dict[str, dict[str, Any]]:
    """What earlier artifacts have of the lines that are wanted.

    Args:
        artifacts: To look in, in this order, until all is found.
        name: Of a file of lines with a `key` each; where it was altered it is left out.
        wanted: Keys.
    """
    found: dict[str, dict[str, Any]] = {}
    for artifact in artifacts:
        if len(found) == len(wanted):
            break
        if artifact.is_unchanged(name):
            found |= {line["key"]: line for line in jsonl.read(artifact.path(name)) if line["key"] in wanted}
    return found


def is_free(lock: Path) -> bool:
    """Whether no process holds a lock."""
    try:
        with FileLock(lock, timeout=0):
            return True
    except Timeout:
        return False


def folder_size(folder: Path) -> int:
    """Of all files in a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArtifactError(f"{folder}: cannot be written: {error.strerror}; paths.outputs names the folder") from error


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): hash_file(path) for path in files}
