"""What the user is told of errors that are not the project's own."""

import io
import logging
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration import command_line
from email_assistant.console import OutputHandler

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
        (["data.path=[null]"], "data.path[0] = null: must be text"),
        (["infer.output="], "infer.output = '': must not be empty"),
        (["stage=null"], "stage = null: must be text"),
        (["lora.r=true"], "lora.r = true: must be an integer"),
        (["--stage", "train"], "--stage: keys have no dashes; write stage=train"),
        (["--stage", "force=true"], "--stage: keys have no dashes; write stage=VALUE"),
        (["--stage=train"], "--stage=train: keys have no dashes; write stage=train"),
        (["-stage=train"], "-stage=train: keys have no dashes; write stage=train"),
        (["--force"], "--force: keys have no dashes; write force=true"),
        (["force"], "'force': not of the form KEY=VALUE; write force=true"),
        (["--lr=3"], "--lr=3: keys have no dashes; lr: no such key; did you mean trainer.learning_rate?"),
        (["experiment="], "experiment = '': no such choice; choose from"),
        (["experiment=null"], "experiment = null: no such choice; choose from"),
        (["tracking=null"], "tracking = null: no such choice; choose from local, none"),
        (["experiment=[quick,privat]"], "experiment = privat: no such choice; choose from"),
        (["+experiment=quick"], "+experiment=quick: experiment is a group that the configuration has; leave out the +"),
        (["++experiment=quick"], "leave out the +"),
        (["model=./tiny"], "to name a file or folder, write model.path=./tiny"),
        (["data=sent.mbox"], "choose from archive, demo; to name a file or folder, write data.path=sent.mbox"),
        (["-sc", "query=bash"], "only the shell can ask for completions"),
        (["stage=train,evaluate"], "several need a sweep: python run.py -m"),
        (["lora.r=4,8"], "lora.r: several values need a sweep: python run.py -m"),
        (["stage:data"], "'stage:data': not of the form KEY=VALUE; write stage=data"),
        (["data.path:a.mbox"], "write data.path=a.mbox"),
        (["run.py"], "'run.py': not of the form KEY=VALUE; write data.path=run.py"),
        (["x" * 5000], "not of the form KEY=VALUE"),
        (["help"], "'help': not of the form KEY=VALUE; python run.py --help lists stages and keys"),
        (["-v"], "unrecognized arguments: -v; python run.py --help lists stages and keys"),
        (["--cfg", "jobs"], "invalid choice: 'jobs'"),
        (["data.duplicate_similarity=0,9"], "a decimal comma is written as a point: data.duplicate_similarity=0.9"),
        (["data.columns={txt: body}"], "data.columns.txt: no such key; did you mean data.columns.text?"),
        (
            ["data.languages=EN"],
            "data.languages = EN: must be the code of a language, such as en or ru; did you mean en?",
        ),
        (["data.languages=[english]"], "data.languages = english: must be the code of a language"),
        (["\u200bstage=trian"], "stage = trian: must be one of"),
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resolve"], "The --resolve flag can only be used in conjunction with --cfg or --help; Hydra refused this"),
        (["hydra.verbose=5", "stage=status"], "AssertionError; Hydra refused this: check its options and the keys"),
    ],
)
def test_what_hydra_refuses_is_said_in_a_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), f"paths.outputs={tmp_path}", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {message}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["hydra/launcher=jobli"],
            "'hydra/launcher/jobli'; Available options in 'hydra/launcher': basic, joblib, ray, ",
        ),
        (["hydra.mode=multirun"], "Error merging override hydra.mode=multirun: Invalid value 'multirun'"),
        (
            ["+lora.r=4"],
            "Could not append to config. An item is already at 'lora.r'. Either remove + prefix: 'lora.r=4'",
        ),
    ],
)
def test_the_reason_that_hydra_gives_is_whole(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
    assert command_line.run(raising(AssertionError("it ran")), CONFIG_CHECKS) == 1  # type: ignore[arg-type]
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("value", ["[quick,private]", "[quick, private]", "['quick',\"private\"]"])
def test_several_experiments_are_combined(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", "stage=status", f"experiment={value}"])
    assert command_line.run(lambda: None, CONFIG_CHECKS) == 0


def test_the_options_of_hydra_keep_their_dashes() -> None:
    options = ["-m", "-cjob", "--cfg", "job", "--config-name=x", "-p", "lora", "-h", "-sc", "install=bash", "--no-such"]
    command_line._check_dashes(options)


def test_a_deleted_folder_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr(sys, "argv", ["run.py", "stage=status"])
    assert command_line.run(raising(AssertionError("it ran")), CONFIG_CHECKS) == 1  # type: ignore[arg-type]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: the folder in which the command was started was deleted")


def test_an_error_of_a_file_in_a_job_is_said_once_and_other_jobs_run(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = command_line.ErrorReporter()
    reporter.begin()
    with reporter.reporting_job_errors():
        raise OSError(36, "File name too long", "aaa")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: aaa: File name too long; check the path")
    assert len(reporter.reported) == 1
    for error in (BrokenPipeError(), ZeroDivisionError(), KeyboardInterrupt()):
        with pytest.raises(type(error)), reporter.reporting_job_errors():
            raise error


@pytest.mark.parametrize("lines", [1, 10_000])
def test_log_lines_that_nobody_reads_end_the_run_quietly(lines: int) -> None:
    code = (
        "import logging, sys; from email_assistant.configuration import command_line\n"
        "from email_assistant.commands.catalog import CONFIG_CHECKS\n"
        "from email_assistant.console import OutputHandler\n"
        "logging.basicConfig(handlers=[OutputHandler(sys.stdout)], level='INFO')\n"
        "def main():\n    sys.stdin.readline()\n"
        f"    for _ in range({lines}): logging.info('x' * 100)\n"
        "    print('y')\n"
        "sys.argv = ['run.py']; sys.exit(command_line.run(main, CONFIG_CHECKS))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.close()
        process.stdin.write(b"\n")
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_wrong_log_line_is_not_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    handler = OutputHandler(io.StringIO())
    handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("x",)}))
    assert "Logging error" in capsys.readouterr().err


def test_closed_standard_streams_do_not_become_files(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.close(0); os.close(1); sys.stdin = sys.stdout = None\n"
        "class Looks:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'hydra':\n"
        "            sys.exit(' '.join(os.readlink(f'/proc/self/fd/{number}') for number in (0, 1)))\n"
        "sys.meta_path.insert(0, Looks())\n"
        f"import runpy; sys.path.insert(0, {str(ROOT)!r})\n"
        f"runpy.run_path({str(ROOT / 'run.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "/dev/null /dev/null"


def test_ctrl_c_during_imports_prints_nothing(tmp_path: Path) -> None:
    code = (
        "import os, runpy, signal, sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'hydra': os.kill(os.getpid(), signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        f"sys.path.insert(0, {str(ROOT)!r}); runpy.run_path({str(ROOT / 'run.py')!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_a_fault_of_the_project_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    with pytest.raises(ZeroDivisionError):
        command_line.run(raising(ZeroDivisionError("a fault")), CONFIG_CHECKS)  # type: ignore[arg-type]
