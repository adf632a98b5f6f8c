"""The environment variables by which a launcher tells each process its place."""

import subprocess
import sys

import pytest
from conftest import ROOT

from email_assistant.errors import ConfigurationError
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext, from_environment

NAMES = ("WORLD_SIZE", "RANK", "LOCAL_RANK")


def set_variables(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_what_a_launcher_sets_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for values in ({}, {"WORLD_SIZE": ""}, {"WORLD_SIZE": "1", "RANK": "x"}):
        set_variables(monkeypatch, **values)
        assert from_environment() == SINGLE_PROCESS
    set_variables(monkeypatch, WORLD_SIZE="2", RANK="1", LOCAL_RANK="1")
    assert from_environment() == DistributedContext(rank=1, world_size=2, local_rank=1)


@pytest.mark.parametrize(
    "values",
    [
        {"WORLD_SIZE": "two"},
        {"WORLD_SIZE": "0"},
        {"WORLD_SIZE": "-1"},
        {"WORLD_SIZE": "2", "RANK": "x"},
        {"WORLD_SIZE": "2", "LOCAL_RANK": "1.0"},
    ],
)
def test_what_no_launcher_sets_is_named(values: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, **values)
    (name, value), *_ = reversed(values.items())
    with pytest.raises(ConfigurationError, match=rf"{name} = {value}: .* unset it"):
        from_environment()


def test_the_command_line_says_it_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, WORLD_SIZE="two")
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "stage=status"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: the environment variable WORLD_SIZE = two")
