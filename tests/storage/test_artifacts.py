import subprocess
import sys
from pathlib import Path

import pytest

from email_assistant.errors import ArtifactError
from email_assistant.storage.artifacts import PROGRESS, ArtifactCache
from email_assistant.storage.hashing import hash_of


def make(folder: Path) -> dict[str, int]:
    (folder / "a.txt").write_text("a")
    (folder / "deep").mkdir(exist_ok=True)
    (folder / "deep" / "b.txt").write_text("b")
    return {"files": 2}


def test_a_written_artifact_is_found_and_others_are_not(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)
    written = cache.write("data", "k1", {"core": "c"}, make, resumable=False)
    found = cache.find("data", "k1")
    assert found is not None
    assert found.manifest == written.manifest
    assert found.manifest["counts"] == {"files": 2}
    assert cache.find("data", "k2") is None
    by_core = cache.find_by_result("data", "c")
    assert by_core is not None
    assert by_core.folder == found.folder
    assert cache.find_by_result("data", "d") is None


def test_content_depends_only_on_the_named_files(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)
    first = cache.write("data", "k1", {}, make, resumable=False)

    def other(folder: Path) -> dict[str, int]:
        counts = make(folder)
        (folder / "deep" / "b.txt").write_text("changed")
        return counts

    second = cache.write("data", "k2", {}, other, resumable=False)
    assert first.content_hash("a.txt") == second.content_hash("a.txt")
    assert first.content_hash("deep") != second.content_hash("deep")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failed_stage_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    cache = ArtifactCache(tmp_path)

    def fail(folder: Path) -> dict[str, int]:
        make(folder)
        raise error

    with pytest.raises(error):
        cache.write("data", "k", {}, fail, resumable=False)
    assert cache.find("data", "k") is None
    assert list((tmp_path / "artifacts" / "data").iterdir()) == []


def test_progress_of_a_resumable_stage_survives_until_it_is_done(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)

    def fail(folder: Path) -> dict[str, int]:
        (folder / PROGRESS).mkdir()
        (folder / PROGRESS / "step").write_text("3")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.write("train", "k", {}, fail, resumable=True)

    def resume(folder: Path) -> dict[str, int]:
        return make(folder) | {"from": int((folder / PROGRESS / "step").read_text())}

    done = cache.write("train", "k", {}, resume, resumable=True)
    assert done.manifest["counts"]["from"] == 3
    assert not (done.folder / PROGRESS).exists()


def test_a_changed_or_missing_file_is_named(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)
    artifact = cache.write("data", "k", {}, make, resumable=False)
    artifact.path("a.txt").write_text("by hand")
    with pytest.raises(ArtifactError, match=r"a\.txt: changed or missing"):
        cache.find("data", "k")
    artifact.path("a.txt").unlink()
    with pytest.raises(ArtifactError, match="force=true"):
        cache.find("data", "k")


def test_what_the_finder_writes_into_a_folder_is_no_part_of_an_artifact(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)

    def make_while_looked_at(folder: Path) -> dict[str, int]:
        (folder / ".DS_Store").write_text("icons")
        return make(folder)

    artifact = cache.write("data", "k", {}, make_while_looked_at, resumable=False)
    artifact.path(".DS_Store").write_text("list")
    assert cache.find("data", "k") is not None


def test_a_corrupt_manifest_is_named(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)
    artifact = cache.write("data", "k", {}, make, resumable=False)
    cache.mark_latest(artifact)
    manifest = artifact.path("manifest.json")
    whole = manifest.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"7"):
        manifest.write_bytes(broken)
        for look in (lambda: cache.find("data", "k"), lambda: cache.latest("data"), lambda: cache.all_of("data")):
            with pytest.raises(ArtifactError, match=r"manifest\.json: the manifest is corrupt"):
                look()
    # It can be written again.
    cache.write("data", "k", {}, make, resumable=False)
    assert cache.find("data", "k") is not None


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_is_no_link_is_not_replaced_by_the_latest(tmp_path: Path, is_folder: bool) -> None:
    cache = ArtifactCache(tmp_path)
    own = tmp_path / "latest" / "data"
    (own if is_folder else own.parent).mkdir(parents=True)
    (own / "own.txt" if is_folder else own).write_text("own")
    with pytest.raises(ArtifactError, match="not the link"):
        cache.mark_latest(cache.write("data", "k", {}, make, resumable=False))
    assert (own / "own.txt" if is_folder else own).read_text() == "own"
    assert len(list((tmp_path / "latest").iterdir())) == 1


def test_latest_points_to_the_artifact_used_last(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)
    for key in ("k1", "k2"):
        cache.mark_latest(cache.write("data", key, {}, make, resumable=False))
    assert (tmp_path / "latest" / "data").resolve() == (tmp_path / "artifacts" / "data" / "k2").resolve()
    assert (cache.latest("data") or {})["key"] == "k2"


def test_a_second_process_waits(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib; from email_assistant.storage.artifacts import ArtifactCache\n"
        "cache = ArtifactCache(pathlib.Path(sys.argv[1]))\n"
        "with cache.locked('data', 'k', lambda: print('waits')):\n"
        "    mark = pathlib.Path(sys.argv[1]) / 'inside'\n"
        "    assert not mark.exists(); mark.touch(); time.sleep(1); mark.unlink()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(outputs) == ["", "waits\n", "waits\n"]


def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("a file")
    with pytest.raises(ArtifactError, match=r"paths\.outputs"):
        ArtifactCache(tmp_path).write("data", "k", {}, make, resumable=False)


def test_hashes_do_not_depend_on_the_order_of_keys() -> None:
    assert hash_of({"a": 1, "b": [2]}) == hash_of({"b": [2], "a": 1})
    assert hash_of({"a": 1}) != hash_of({"a": 2})
