"""What the user is told of errors that are not the project's own."""

import sqlite3
import subprocess
import sys

import pytest
from conftest import ROOT
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration import command_line

FULL = "No space left on device (os error 28)"


def raising(error: Exception) -> object:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    "error",
    [
        # As tokenizers, safetensors and torch raise it.
        Exception(FULL),
        RuntimeError(f"Error while serializing: I/O error: {FULL}"),
        RuntimeError("[enforce fail at inline_container.cc:672] . PytorchStreamWriter failed writing file data/0"),
        OSError(28, "No space left on device", "a/file"),
    ],
)
def test_a_full_disk_is_said_in_a_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    assert command_line.run(raising(error), CONFIG_CHECKS) == 1  # type: ignore[arg-type]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "paths.outputs" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "'train': not of the form KEY=VALUE; write stage=train"),
        (["data.path"], "'data.path': not of the form KEY=VALUE; write data.path=VALUE"),
        (["=x"], "'=x': not of the form KEY=VALUE"),
        ([""], "'': not of the form KEY=VALUE"),
        (["d\u0430ta.path=x"], "d\u0430ta.path: no such key; did you mean data.path?"),
        (["experiment=\u00e9t\u00e9"], "experiment = \u00e9t\u00e9: no such choice; choose from"),
        (["lora.r=~4"], "lora.r = ~4: must be an integer"),
        (["lora.r=4;8"], "lora.r = 4;8: must be an integer"),
        (["data.drop=spam"], "data.drop = spam: must be a list"),
        (["data.path=[]"], "data.path = []: must have at least 1 item"),
        (["stage=train,evaluate"], "several need a sweep: python run.py -m"),
        (["lora.r=4,8"], "lora.r: several values need a sweep: python run.py -m"),
        (["data.path=caf\udce9.mbox"], "data.path=caf?.mbox: is not UTF-8"),
    ],
)
def test_what_is_no_override_is_said_in_a_line(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
    assert command_line.run(raising(AssertionError("it ran")), CONFIG_CHECKS) == 1  # type: ignore[arg-type]
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) <= 2


@pytest.mark.parametrize(
    "error",
    [
        MlflowException("The run abc must be in the 'active' state. Current state is deleted."),
        OperationalError("UPDATE runs", {}, sqlite3.OperationalError("attempt to write a readonly database")),
    ],
)
def test_a_refusal_of_the_store_is_said_in_a_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    assert command_line.run(raising(error), CONFIG_CHECKS) == 1  # type: ignore[arg-type]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and "tracking=none" in line


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied", "a/file"), "a/file: Permission denied; check the path and its"),
        # As the network guard raises it.
        (PermissionError("refused a connection to 1.2.3.4"), "refused a connection to 1.2.3.4"),
        (MemoryError("Unable to allocate 80 GiB"), "not enough memory (Unable to allocate 80 GiB); close"),
        (MemoryError(), "not enough memory; close"),
    ],
)
def test_errors_of_files_and_memory_are_said_in_a_line(
    error: Exception, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    assert command_line.run(raising(error), CONFIG_CHECKS) == 1  # type: ignore[arg-type]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {message}") and "None" not in line


def test_nothing_is_said_to_a_reader_that_has_ended() -> None:
    code = (
        "import sys; from email_assistant.configuration import command_line\n"
        "from email_assistant.commands.catalog import CONFIG_CHECKS\n"
        "def main():\n    while True: print('x' * 1000)\n"
        "sys.argv = ['run.py']; sys.exit(command_line.run(main, CONFIG_CHECKS))"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_options_that_exclude_one_another_are_said_in_a_line() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "--resolve"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "error: The --resolve flag can only be used in conjunction with --cfg or --help\n"


def test_a_fault_of_the_project_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    with pytest.raises(ZeroDivisionError):
        command_line.run(raising(ZeroDivisionError("a fault")), CONFIG_CHECKS)  # type: ignore[arg-type]
