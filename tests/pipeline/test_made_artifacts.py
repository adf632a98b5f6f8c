"""The artifacts that the compose page finds, of which it makes none."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from composed import composed_config
from edit_records import edit, keep

from email_assistant.archive import purging
from email_assistant.commands.catalog import CATALOG
from email_assistant.configuration.schema import Config
from email_assistant.experiments.run_logger import RunLogger
from email_assistant.pipeline.context import Context
from email_assistant.pipeline.made_artifacts import find_made
from email_assistant.storage.artifacts import Artifact, ArtifactCache

TRAIN = ("train",)


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    made = composed_config(tiny_model, archive, tmp_path)
    return replace(made, data=replace(made.data, path=[str(archive)], edits=True))


def make(config: Config, stages: list[str]) -> dict[str, Artifact]:
    """Artifacts with the keys that the stages would give them, and files of one line."""
    cache, artifacts = ArtifactCache(config.outputs), dict[str, Artifact]()
    for name in stages:
        stage = CATALOG.stages[name]
        key = stage.key_of(config, artifacts)
        names = ("edits.jsonl", *stage.results) if name == "data" else stage.results
        content = key.key if name in ("split", "train") or not artifacts else "the same"

        def write(folder: Path, names: tuple[str, ...] = names, content: str = content) -> Mapping[str, Any]:
            for file in names:
                (folder / file).parent.mkdir(exist_ok=True)
                (folder / file).write_text(content if file != "emails.jsonl" else "the same")
            return {}

        fields = {"reads": key.result_dependencies, "scores": key.scoring_dependencies, "core": key.result_hash}
        artifacts[name] = cache.write(name, key.key, fields, write, resumable=False)
    return artifacts


def found(config: Config) -> Context:
    context = Context(config, RunLogger(config), ArtifactCache(config.outputs))
    find_made(context, CATALOG, TRAIN)
    return context


def keys(artifacts: Mapping[str, Artifact]) -> dict[str, str]:
    return {name: artifact.key for name, artifact in artifacts.items()}


def test_an_edit_that_is_kept_later_leaves_the_adapter(
    config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keep(tmp_path, edit("a", "Send nails."))
    stages = CATALOG.with_earlier(TRAIN)
    first = make(config, stages)
    assert keys(found(config).artifacts) == keys(first)
    keep(tmp_path, edit("b", "Send rope."))
    caplog.set_level("INFO")
    context = found(config)
    assert keys(context.artifacts) == keys(first) and context.statuses == []
    assert "new edited drafts since the last training" in caplog.text
    # Data without an adapter do not hide it.
    make(config, ["data"])
    assert keys(found(config).artifacts) == keys(first)
    newest = make(config, stages)
    assert keys(found(config).artifacts) == keys(newest) != keys(first)


def test_only_the_edits_may_differ(config: Config, tmp_path: Path) -> None:
    keep(tmp_path, edit("a", "Send nails."))
    make(config, CATALOG.with_earlier(TRAIN))
    keep(tmp_path, edit("b", "Send rope."))
    for values in ({"edits": False}, {"min_words": 99}):
        assert "train" not in found(replace(config, data=replace(config.data, **values))).artifacts
    purging.save_terms(tmp_path, purging.parse_terms("subject:tar", purging.load_terms(tmp_path).key))
    context = found(config)
    assert context.artifacts == {} and [status.name for status in context.statuses] == ["data"]
