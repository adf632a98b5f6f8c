"""What `stage=lineage` says of a stage."""

from typing import Any

import pytest

from email_assistant.commands.lineage import _stage
from email_assistant.experiments.lineage import StageRecord


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ({"made": "2024-05-01", "commit": "0abc"}, "made 2024-05-01 at commit 0abc"),
        ({"made": "2024-05-01", "commit": None}, "made 2024-05-01 at an unknown commit"),
        ({}, "made at an unknown time at an unknown commit"),
    ],
)
def test_a_stage_made_without_git_names_no_commit(manifest: dict[str, Any], said: str) -> None:
    record = StageRecord("data", {"key": "k", "counts": {"kept": 3}, **manifest}, "unchanged")
    lines = _stage(record)
    assert lines[0] == ("data", "k (unchanged)")
    assert ("", said) in lines
