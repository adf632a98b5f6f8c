"""Adapters as versions of registered models: which of them is the best."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from composed import composed_config

from email_assistant.experiments.connection import connect
from email_assistant.experiments.registry import BEST, model_name, register
from email_assistant.experiments.run_logger import RunLogger


class Store:
    """A store, and trainings that are registered in it without being done."""

    def __init__(self, config: Any) -> None:
        self.config, self.name = config, model_name(config)
        self.client, _ = connect(config)

    def train(self, key: str, validation: str, loss: float) -> str:
        """Register an adapter; returns the id of its run."""
        run = RunLogger(self.config)
        run.open()
        run_id = str(run.run_id)
        trained: Any = SimpleNamespace(folder=Path(key), manifest={"reads": {"inputs": {"validation": validation}}})
        register(run, trained, {"validation_loss": loss}, self.config)
        run.close("FINISHED")
        return run_id

    @property
    def best(self) -> str | None:
        """The run of the best version."""
        return self.client.get_model_version_by_alias(self.name, BEST).run_id


@pytest.fixture
def store(tiny_model: Path, archive: Path, tmp_path: Path, empty_store: Path) -> Store:
    config = composed_config(tiny_model, archive, tmp_path)
    config.paths.mlruns, config.tracking.system_metrics_seconds = str(tmp_path), None
    shutil.copyfile(empty_store, tmp_path / "mlflow.db")
    return Store(config)


def test_the_best_has_the_lowest_loss_of_all_on_the_newest_validation_mails(store: Store) -> None:
    first = store.train("1", "few", 2.0)
    assert store.best == first
    store.train("2", "few", 2.5)
    assert store.best == first
    more = store.train("3", "more", 3.0)
    assert store.best == more
    # Of the old mails again: an earlier version is better on them.
    store.train("4", "few", 2.2)
    assert store.best == first


def test_a_version_whose_run_was_deleted_is_not_the_best_and_may_be_registered_again(store: Store) -> None:
    first = store.train("1", "few", 2.0)
    store.client.delete_run(first)
    second = store.train("2", "few", 2.5)
    assert store.best == second
    again = store.train("1", "few", 2.0)
    assert store.best == again
    count = len(store.client.search_model_versions(f"name = '{store.name}'"))
    store.train("1", "few", 2.0)
    assert len(store.client.search_model_versions(f"name = '{store.name}'")) == count == 3
