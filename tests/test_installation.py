"""The Makefile's choice of Python."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def make(tmp_path: Path) -> str:
    """The program make; the Makefile is in the folder of the test."""
    program = shutil.which("make")
    if program is None:
        pytest.skip("make is not installed")
    shutil.copyfile(ROOT / "Makefile", tmp_path / "Makefile")
    for name in ("pyproject.toml", "poetry.lock"):
        (tmp_path / name).touch()
    (tmp_path / "bin").mkdir()
    return program


def add_python(folder: Path, name: str, is_supported: bool) -> None:
    """A Python that only says whether its version is supported."""
    (folder / name).write_text(f"#!/bin/sh\nexit {int(not is_supported)}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("supported", ["python3.11", "python3.12", "python3.13"])
def test_a_supported_python_is_chosen_before_the_systems_own(make: str, tmp_path: Path, supported: str) -> None:
    add_python(tmp_path / "bin", "python3", is_supported=False)
    add_python(tmp_path / "bin", supported, is_supported=True)
    (tmp_path / "show.mk").write_text('include Makefile\nshow:\n\t@echo "$(PYTHON)"\n')
    command = [make, "--no-print-directory", "-f", "show.mk", "show"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PATH": f"{tmp_path}/bin"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{tmp_path}/bin/{supported}"


def test_another_python_is_refused_before_anything_is_installed(make: str, tmp_path: Path) -> None:
    add_python(tmp_path / "bin", "python3", is_supported=False)
    done = subprocess.run(
        [make, "install"], cwd=tmp_path, env={"PATH": f"{tmp_path}/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"Python 3.11 to 3.13 is needed, and {tmp_path}/bin/python3 is another" in done.stderr
    assert not (tmp_path / ".tools").exists()
