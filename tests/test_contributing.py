"""CONTRIBUTING.md's recipe for a stage, followed to the letter in a copy of the project."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, RunPy, artifacts

from email_assistant.experiments.connection import open_store
from email_assistant.storage import jsonl

HEAD = '''"""What each mail is about."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from email_assistant.pipeline.context import StageInputs
from email_assistant.storage import jsonl


def topics(pairs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": pair["id"], "topic": pair["subject"]} for pair in pairs]


'''


def recipe() -> list[str]:
    """The code blocks of the section about stages."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("\n## A stage\n")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def add_stage(project: Path) -> None:
    """Add the stage of the recipe: its module, and its record at the end of the catalog's stages."""
    module, record = recipe()
    (project / "email_assistant" / "stages" / "topics.py").write_text(HEAD + module)
    catalog = project / "email_assistant" / "stages" / "catalog.py"
    text = catalog.read_text(encoding="utf-8")
    (stages,) = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STAGES"
    ]
    lines = text.split("\n")
    lines.insert((stages.end_lineno or 0) - 1, record.rstrip() + ",")
    catalog.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.slow
def test_a_stage_takes_a_module_and_a_record(run_py: RunPy, made_outputs: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "email_assistant", project / "email_assistant", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "conf", project / "conf")
    shutil.copyfile(ROOT / "run.py", project / "run.py")
    add_stage(project)
    (tmp_path / "mlruns").mkdir()
    shutil.copyfile(run_py.empty_store, tmp_path / "mlruns" / "mlflow.db")
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "PYTHONPATH")}

    def call(*arguments: str) -> list[str]:
        """Call the copy's run.py; the stages that it made."""
        before = artifacts(made_outputs)
        command = [sys.executable, str(project / "run.py"), *run_py.command(*arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [stage for (stage, key), time in artifacts(made_outputs).items() if before.get((stage, key)) != time]

    assert call("stage=topics") == ["topics"]
    pairs = jsonl.read(made_outputs / "latest" / "split" / "train.jsonl")
    topics = jsonl.read(made_outputs / "latest" / "topics" / "topics.jsonl")
    assert [topic["id"] for topic in topics] == [pair["id"] for pair in pairs]
    assert call("stage=topics") == []
    assert call("stage=status") == []
    client, experiment = open_store(tmp_path / "mlruns", "email-assistant")
    runs = client.search_runs([experiment], order_by=["attributes.start_time ASC"])
    assert runs[0].data.metrics["topics.topics"] == len(pairs)
    # A run of it can be repeated: `call` fails where that ends in an error.
    call(f"from_run={runs[0].info.run_id}")
