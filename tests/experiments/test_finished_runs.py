import shutil
from pathlib import Path

from email_assistant.experiments.connection import open_store
from email_assistant.experiments.finished_runs import has_finished_run


def test_only_a_finished_run_with_all_tags_counts(tmp_path: Path, empty_store: Path) -> None:
    mlruns = tmp_path / "ml runs?"
    assert not has_finished_run(mlruns, {"a": "1"})
    mlruns.mkdir()
    shutil.copyfile(empty_store, mlruns / "mlflow.db")
    client, experiment = open_store(mlruns, "e")
    run = client.create_run(experiment, tags={"a": "1", "b": "2"}).info.run_id
    assert not has_finished_run(mlruns, {"a": "1"})
    client.set_terminated(run, "FAILED")
    assert not has_finished_run(mlruns, {"a": "1"})
    client.set_terminated(run)
    assert has_finished_run(mlruns, {"a": "1"})
    assert has_finished_run(mlruns, {"a": "1", "b": "2"})
    assert not has_finished_run(mlruns, {"a": "1", "b": "1"})
    # The tags of two runs do not add up.
    client.set_terminated(client.create_run(experiment, tags={"c": "3"}).info.run_id)
    assert not has_finished_run(mlruns, {"a": "1", "c": "3"})
    client.delete_run(run)
    assert not has_finished_run(mlruns, {"a": "1"})


def test_a_file_that_is_no_database_has_no_runs(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database " * 100)
    assert not has_finished_run(tmp_path, {"a": "1"})
