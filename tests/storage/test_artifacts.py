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
    store = ArtifactCache(tmp_path)
    written = store.write("data", "k1", {"core": "c"}, make, resumable=False)
    found = store.find("data", "k1")
    assert found is not None
    assert found.manifest == written.manifest
    assert found.manifest["counts"] == {"files": 2}
    assert store.find("data", "k2") is None
    by_core = store.find_core("data", "c")
    assert by_core is not None
    assert by_core.folder == found.folder
    assert store.find_core("data", "d") is None


def test_content_is_of_the_named_files_alone(tmp_path: Path) -> None:
    store = ArtifactCache(tmp_path)
    first = store.write("data", "k1", {}, make, resumable=False)

    def other(folder: Path) -> dict[str, int]:
        counts = make(folder)
        (folder / "deep" / "b.txt").write_text("changed")
        return counts

    second = store.write("data", "k2", {}, other, resumable=False)
    assert first.content("a.txt") == second.content("a.txt")
    assert first.content("deep") != second.content("deep")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_half_written_is_left(tmp_path: Path, error: type[BaseException]) -> None:
    store = ArtifactCache(tmp_path)

    def fail(folder: Path) -> dict[str, int]:
        make(folder)
        raise error

    with pytest.raises(error):
        store.write("data", "k", {}, fail, resumable=False)
    assert store.find("data", "k") is None
    assert list((tmp_path / "artifacts" / "data").iterdir()) == []


def test_progress_of_a_resumable_stage_survives_and_goes_at_the_end(tmp_path: Path) -> None:
    store = ArtifactCache(tmp_path)

    def fail(folder: Path) -> dict[str, int]:
        (folder / PROGRESS).mkdir()
        (folder / PROGRESS / "step").write_text("3")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.write("train", "k", {}, fail, resumable=True)

    def go_on(folder: Path) -> dict[str, int]:
        return make(folder) | {"from": int((folder / PROGRESS / "step").read_text())}

    done = store.write("train", "k", {}, go_on, resumable=True)
    assert done.manifest["counts"]["from"] == 3
    assert not (done.folder / PROGRESS).exists()


def test_a_changed_or_missing_file_is_named(tmp_path: Path) -> None:
    store = ArtifactCache(tmp_path)
    artifact = store.write("data", "k", {}, make, resumable=False)
    artifact.path("a.txt").write_text("by hand")
    with pytest.raises(ArtifactError, match=r"a\.txt: changed or missing"):
        store.find("data", "k")
    artifact.path("a.txt").unlink()
    with pytest.raises(ArtifactError, match="force=true"):
        store.find("data", "k")


def test_a_manifest_that_was_cut_off_is_named(tmp_path: Path) -> None:
    store = ArtifactCache(tmp_path)
    artifact = store.write("data", "k", {}, make, resumable=False)
    store.mark_latest(artifact)
    manifest = artifact.path("manifest.json")
    whole = manifest.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"7"):
        manifest.write_bytes(broken)
        for look in (lambda: store.find("data", "k"), lambda: store.latest("data"), lambda: store.all_of("data")):
            with pytest.raises(ArtifactError, match=r"manifest\.json: corrupt"):
                look()
    # Made again it has its place.
    store.write("data", "k", {}, make, resumable=False)
    assert store.find("data", "k") is not None


def test_latest_points_at_the_last_one_used(tmp_path: Path) -> None:
    store = ArtifactCache(tmp_path)
    for key in ("k1", "k2"):
        store.mark_latest(store.write("data", key, {}, make, resumable=False))
    assert (tmp_path / "latest" / "data").resolve() == (tmp_path / "artifacts" / "data" / "k2").resolve()
    assert (store.latest("data") or {})["key"] == "k2"


def test_a_second_process_waits(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib; from email_assistant.storage.artifacts import ArtifactCache\n"
        "store = ArtifactCache(pathlib.Path(sys.argv[1]))\n"
        "with store.locked('data', 'k', lambda: print('waits')):\n"
        "    mark = pathlib.Path(sys.argv[1]) / 'inside'\n"
        "    assert not mark.exists(); mark.touch(); time.sleep(1); mark.unlink()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(outputs) == ["", "waits\n", "waits\n"]


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("a file")
    with pytest.raises(ArtifactError, match=r"paths\.outputs"):
        ArtifactCache(tmp_path).write("data", "k", {}, make, resumable=False)


def test_hashes_do_not_depend_on_the_order_of_keys() -> None:
    assert hash_of({"a": 1, "b": [2]}) == hash_of({"b": [2], "a": 1})
    assert hash_of({"a": 1}) != hash_of({"a": 2})
