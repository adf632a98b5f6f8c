"""The Makefile's choice of Python, the hooks before a commit, and the files of the Docker image."""

import functools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_readme import faults_of, make_targets

ROOT = Path(__file__).resolve().parents[1]
# What must never be in an image: where the program keeps it, and where people put it.
PRIVATE = (
    ".git/config",
    ".venv/bin/python",
    ".tools/bin/poetry",
    "outputs/artifacts/data/0f/emails.jsonl",
    "outputs/compose/token",
    "mlruns/mlflow.db",
    "models/smollm2_135m/model.safetensors",
    "models/smollm2_135m.gguf",
    "sent.mbox",
    "mail/Sent",
    "mails.csv",
    "my-style/adapter.gguf",
    "email_assistant/archive/__pycache__/owner.cpython-311.pyc",
)


@functools.cache
def pattern_of(line: str) -> re.Pattern[str]:
    """A pattern of a .dockerignore, for a path or one of the folders that it is in."""
    parts = re.split(r"(\*\*/|\*)", line)
    return re.compile("".join({"**/": "(?:.*/)?", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts))


def is_sent(path: str) -> bool:
    """Whether `docker build` sends a file: the last line counts that names it or a folder of it."""
    sent = True
    names = [path, *map(str, Path(path).parents)]
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            is_exception = line.startswith("!")
            if any(pattern_of(line.removeprefix("!")).fullmatch(name) for name in names):
                sent = is_exception
    return sent


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in pairs]


def test_what_is_private_does_not_get_into_the_image() -> None:
    assert [path for path in PRIVATE if is_sent(path)] == []


def test_what_the_program_needs_gets_into_the_image() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a clone")
    used = re.compile(r"(conf|email_assistant|demo|head_start|models)/.*|run\.py|Makefile|pyproject\.toml|poetry\.lock")
    needed = [path for path in tracked.stdout.split("\n") if used.fullmatch(path)]
    assert len(needed) > 300
    assert [path for path in needed if not is_sent(path)] == []
    # pyproject.toml names it.
    assert is_sent("README.md")


def test_every_line_of_dockerignore_names_something() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("!") and not (ROOT / line[1:]).exists()] == []


def test_the_image_is_made_as_the_makefile_installs() -> None:
    steps = dict(instructions())
    assert steps["FROM"] == "python:3.11-slim"
    run = [rest for name, rest in instructions() if name == "RUN"]
    targets = re.findall(r"^make ([a-z]+)", "\n".join(run), re.MULTILINE)
    assert targets == ["install"] and set(targets) <= make_targets()
    (extras,) = re.findall(r"EXTRAS=(\S+)", "\n".join(run))
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [name for name in extras.split(",") if f"\n{name} = [" not in text] == []
    assert [faults_of(" ".join(json.loads(steps["CMD"])))] == [[]]


def test_who_runs_the_program_in_the_container_is_not_root_and_owns_the_volumes() -> None:
    names = [name for name, _ in instructions()]
    steps = dict(instructions())
    assert steps["USER"] not in ("root", "0") and names.index("USER") < names.index("COPY")
    assert steps["COPY"].startswith(f"--chown={steps['USER']} ")
    # A folder that is made after the volume was declared is thrown away.
    made_last = max(number for number, name in enumerate(names) if name == "RUN")
    assert made_last < names.index("VOLUME")
    folders = [Path(folder) for folder in json.loads(steps["VOLUME"])]
    assert {folder.name for folder in folders} == {"outputs", "mlruns", "mail"}
    run = "\n".join(rest for name, rest in instructions() if name == "RUN")
    assert [folder for folder in folders if not re.search(rf"[ /]{folder.name}\b", run)] == []


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


def add_python(folder: Path, name: str, version: tuple[int, int]) -> None:
    """A Python that takes itself for another version, and runs only code that it is given by -c."""
    code = f"import sys; sys.version_info = (*{version}, 0); exec(sys.argv[1])"
    (folder / name).write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{code}' \"$2\"\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("supported", ["python3.11", "python3.12", "python3.13"])
def test_a_supported_python_is_chosen_before_the_systems_own(make: str, tmp_path: Path, supported: str) -> None:
    add_python(tmp_path / "bin", "python3", (3, 9))
    add_python(tmp_path / "bin", supported, (3, 11))
    (tmp_path / "show.mk").write_text('include Makefile\nshow:\n\t@echo "$(PYTHON)"\n')
    command = [make, "--no-print-directory", "-f", "show.mk", "show"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PATH": f"{tmp_path}/bin"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{tmp_path}/bin/{supported}"


@pytest.mark.parametrize(
    ("version", "is_supported"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)]
)
def test_another_python_is_refused_before_anything_is_installed(
    make: str, tmp_path: Path, version: tuple[int, int], is_supported: bool
) -> None:
    add_python(tmp_path / "bin", "python3", version)
    done = subprocess.run(
        [make, "install"], cwd=tmp_path, env={"PATH": f"{tmp_path}/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    refusal = f"Python 3.11 to 3.13 is needed, but {tmp_path}/bin/python3 is another"
    assert (refusal in done.stderr) is not is_supported
    assert not (tmp_path / ".tools").exists()


def hooks() -> list[dict[str, str]]:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    return list(local["hooks"])


def test_the_hooks_before_a_commit_are_the_checks_of_make_check() -> None:
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe
    checks = {" ".join(line.split()).replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()}
    # ruff gets the names of the changed files in place of the folder.
    assert {hook["entry"] for hook in hooks()} == {check.removesuffix(" .") for check in checks}


def test_the_hooks_before_a_commit_watch_what_is_there() -> None:
    watched = [
        part for hook in hooks() for part in hook.get("files", "").removeprefix("^(").rstrip(")").split("|") if part
    ]
    assert watched
    assert [part for part in watched if not (ROOT / part.replace("\\", "")).exists()] == []
