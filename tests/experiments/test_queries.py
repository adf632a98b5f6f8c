"""Filters and addresses of the store, with any value that a user may give."""

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from email_assistant.errors import ModelError, TrackingError
from email_assistant.experiments.connection import open_store
from email_assistant.experiments.queries import has_finished_run, has_tag, match_runs, search_runs
from email_assistant.experiments.registry import find_version, set_alias


@pytest.fixture(scope="module")
def client(empty_store: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{empty_store}")


def test_a_filter_finds_any_name(empty_store: Path, tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    store.write_bytes(empty_store.read_bytes())
    client = MlflowClient(f"sqlite:///{store}")
    experiment = client.create_experiment("e", artifact_location=str(tmp_path))
    names = ["train", "owner=o'brien", 'owner="Holt"', 'o\'brien "x"', "100%_", "back\\slash", "é"]
    for name in names:
        client.create_run(experiment, tags={"name": name})
    for name in names:
        assert name in [run.data.tags["name"] for run in search_runs(client, [experiment], has_tag("name", name))]


@pytest.mark.parametrize(
    "address",
    [
        "models:/",
        "models:/m",
        "models:/m/",
        "models:/m@",
        "models:/m/1",
        "models:/m/99999999999999999999999",
        "models:/m/²",
        "models:/m/-1",
        "models:/m/1/2",
        "models:/a b@best",
        "models:/é@é",
        "models:/'\"@x",
        "models:/%20/1",
        "models:/../1",
    ],
)
def test_an_address_without_a_version_is_an_error(address: str, client: MlflowClient) -> None:
    with pytest.raises(ModelError, match="no such version"):
        find_version(client, address)


@pytest.mark.parametrize("alias", ["latest", "v1", "a b", "", "é" * 300, "1"])
def test_a_name_that_cannot_be_an_alias_is_an_error(alias: str, empty_store: Path, tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    store.write_bytes(empty_store.read_bytes())
    client = MlflowClient(f"sqlite:///{store}")
    run = client.create_run(client.create_experiment("e", artifact_location=str(tmp_path))).info.run_id
    client.create_registered_model("m")
    client.create_model_version("m", "/nowhere", run)
    with pytest.raises(ModelError, match="cannot be an alias"):
        set_alias(client, alias, "models:/m/1")


@pytest.mark.parametrize("name", ["", "[", "*", "0" * 40, "²", "a\nb"])
def test_a_name_of_no_run_is_an_error(name: str, client: MlflowClient) -> None:
    with pytest.raises(TrackingError, match="no run has the name"):
        match_runs(name, [], "from_run")


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
