"""Threads that wait for others sleep soon."""

import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT

from email_assistant.language_model import openmp

VARIABLES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"GOMP_SPINCOUNT": str(openmp.SPINS)}),
        ({"GOMP_SPINCOUNT": "9"}, {"GOMP_SPINCOUNT": "9"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ],
)
def test_what_the_environment_says_remains(
    given: dict[str, str], expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(given))
    openmp.limit_spinning()
    assert os.environ == expected


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="torch has another library than libgomp")
def test_run_py_sets_it_before_the_library_is_loaded() -> None:
    inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", "import run, torch"],
        cwd=ROOT,
        env={**inherited, "OMP_DISPLAY_ENV": "VERBOSE"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(re.findall(r"GOMP_SPINCOUNT = '(\d+)'", done.stderr)) == {str(openmp.SPINS)}, done.stderr
