import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from email_assistant.errors import TrackingError
from email_assistant.tracking import open_store, relocate


def test_a_moved_store_is_noticed_and_relocated(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    client, experiment = open_store(old, "e")
    run = client.create_run(experiment)
    client.log_text(run.info.run_id, "kept", "note.txt")
    client.set_terminated(run.info.run_id)
    shutil.copytree(old, new)
    with pytest.raises(TrackingError, match="relocate"):
        open_store(new, "e")
    assert relocate(new) == 2
    moved, _ = open_store(new, "e")
    assert moved.get_run(run.info.run_id).info.artifact_uri.startswith(str(new))
    assert [file.path for file in moved.list_artifacts(run.info.run_id)] == ["note.txt"]
    open_store(old, "e")


def test_processes_that_open_a_fresh_store_at_once_all_succeed(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from email_assistant import privacy; privacy.protect()\n"
        "from email_assistant.tracking import open_store\n"
        "client, experiment = open_store(pathlib.Path(sys.argv[1]), 'e')\n"
        "client.set_terminated(client.create_run(experiment).info.run_id)\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "runs")]) for _ in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0, 0]
    client, experiment = open_store(tmp_path / "runs", "e")
    assert len(client.search_runs([experiment])) == 4


def test_relocating_where_there_is_no_store_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="no store"):
        relocate(tmp_path)
