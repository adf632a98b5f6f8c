import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from composed import composed_config
from conftest import ROOT
from mlflow import MlflowClient
from omegaconf import OmegaConf
from warm import Call

from email_assistant.errors import TrackingError
from email_assistant.experiments import __main__ as command_line
from email_assistant.experiments import connection, guarded_ui, process_ids, server
from email_assistant.experiments.connection import experiment_name, open_store
from email_assistant.experiments.queries import delete_permanently, experiment_ids, search_runs
from email_assistant.experiments.run_logger import RunLogger, git_commit
from email_assistant.experiments.server import relocate
from email_assistant.experiments.tags import PROCESS_TAG
from email_assistant.privacy import guard


def test_a_moved_store_is_refused_until_it_is_relocated(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    client, experiment = open_store(old, "e")
    run = client.create_run(experiment)
    client.log_text(run.info.run_id, "kept", "note.txt")
    client.set_terminated(run.info.run_id)
    shutil.copytree(old, new)
    with pytest.raises(TrackingError, match="relocate"):
        open_store(new, "e")
    # Also for an experiment that is new: its files would go to the old folder.
    with pytest.raises(TrackingError, match="relocate"):
        open_store(new, "another")
    assert relocate(new) == 2
    moved, _ = open_store(new, "e")
    assert moved.get_run(run.info.run_id).info.artifact_uri.startswith(str(new))
    assert [file.path for file in moved.list_artifacts(run.info.run_id)] == ["note.txt"]
    open_store(old, "e")


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError, NotADirectoryError])
def test_without_git_there_is_no_commit(error: type[OSError], monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: object, **options: object) -> None:
        raise error(1, "git")

    monkeypatch.setattr(subprocess, "run", run)
    assert git_commit() is None


@pytest.mark.parametrize("name", ["Почта?", "100%20 %3F", "a#b; 'x'", "artifacts"])
def test_a_store_is_in_the_folder_that_is_named(name: str, tmp_path: Path, empty_store: Path) -> None:
    mlruns = tmp_path / name / "mlruns"
    mlruns.mkdir(parents=True)
    shutil.copyfile(empty_store, mlruns / "mlflow.db")
    client, experiment = open_store(mlruns, "e")
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "kept", "note.txt")
    assert (mlruns / "artifacts" / run / "artifacts" / "note.txt").read_text() == "kept"
    assert [folder.name for folder in tmp_path.iterdir()] == [name]
    moved = tmp_path / f"{name} 2" / "artifacts" / "mlruns"
    shutil.move(mlruns, moved)
    with pytest.raises(TrackingError, match="relocate"):
        open_store(moved, "e")
    assert relocate(moved) == 2
    client, _ = open_store(moved, "e")
    assert Path(client.download_artifacts(run, "note.txt")).read_text() == "kept"
    if "?" in name:
        client.delete_run(run)
        delete_permanently(moved, [run])
        assert search_runs(client, experiment_ids(client), deleted=True) == []


def test_an_archive_has_one_experiment_however_its_accents_are_written() -> None:
    """macOS finds a file by its name with letters and accents together or apart."""
    written = "/mail/Gesendet für Zoë/Входящий.mbox"
    paths = {written, unicodedata.normalize("NFD", written)}
    assert len(paths) == 2
    values = ({"tracking": {"experiment": None}, "data": {"path": [path]}, "stage": "train"} for path in paths)
    assert {experiment_name(OmegaConf.create(each)) for each in values} == {"Gesendet für Zoë/Входящий.mbox"}


def test_another_spelling_of_its_folder_does_not_make_a_store_a_moved_one(
    tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On macOS, 'Mail' and 'mail' are one folder, and neither is resolved to the other."""
    (tmp_path / "mail").mkdir()
    shutil.copyfile(empty_store, tmp_path / "mail" / "mlflow.db")
    _, experiment = open_store(tmp_path / "mail", "e")
    (tmp_path / "Mail").symlink_to(tmp_path / "mail")
    monkeypatch.setattr(Path, "resolve", lambda path, strict=False: path.absolute())
    assert open_store(tmp_path / "Mail", "e")[1] == experiment


def test_a_deleted_experiment_is_restored_without_its_runs(tmp_path: Path, empty_store: Path) -> None:
    shutil.copyfile(empty_store, tmp_path / "mlflow.db")
    client, experiment = open_store(tmp_path, "e")
    old = client.create_run(experiment).info.run_id
    client.delete_experiment(experiment)
    again, same = open_store(tmp_path, "e")
    assert same == experiment
    new = again.create_run(same).info.run_id
    assert [run.info.run_id for run in search_runs(again, [same])] == [new]
    assert [run.info.run_id for run in search_runs(again, [same], deleted=True)] == [old]


def test_a_new_run_ends_those_whose_process_was_killed(
    tmp_path: Path, empty_store: Path, tiny_model: Path, archive: Path
) -> None:
    config = composed_config(tiny_model, archive, tmp_path)
    config.paths.mlruns, config.tracking.system_metrics_seconds = str(tmp_path), None
    shutil.copyfile(empty_store, tmp_path / "mlflow.db")
    client, experiment = open_store(tmp_path, experiment_name(config))
    machine, number, started = process_ids.this_process().split()
    killed, here, elsewhere = (
        client.create_run(experiment, tags={PROCESS_TAG: process}).info.run_id
        for process in (f"{machine} {number} {int(started) - 60}", f"{machine} {number} {started}", f"other {number} 1")
    )
    logger = RunLogger(config)
    logger.open()
    logger.close("FINISHED")
    assert [client.get_run(run).info.status for run in (killed, here, elsewhere)] == ["KILLED", "RUNNING", "RUNNING"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_server_stops_with_the_process_that_started_it(number: signal.Signals, tmp_path: Path) -> None:
    # In place of MLflow's server: one whose worker outlives it.
    worker = f"import os, time; open({str(tmp_path / 'worker')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}])"
    code = (
        # Tests that a shell runs in the background inherit that Ctrl-C is ignored.
        f"import os, signal, sys\nsignal.signal({int(number)}, signal.SIG_DFL)\n"
        "from email_assistant.experiments.server import _run_until_stopped\n"
        f"sys.exit(_run_until_stopped([sys.executable, '-c', {program!r}], os.environ))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    while not (tmp_path / "worker").exists() or not (tmp_path / "worker").read_text():
        assert process.poll() is None
        time.sleep(0.05)
    worker_id = int((tmp_path / "worker").read_text())
    process.send_signal(number)
    assert process.wait(timeout=60) == 0
    deadline = time.monotonic() + 10
    while psutil.pid_exists(worker_id) and psutil.Process(worker_id).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_code_of_a_server_that_fails_is_passed_on() -> None:
    assert server._run_until_stopped([sys.executable, "-c", "raise SystemExit(3)"], os.environ) == 3


def test_a_server_that_has_ended_is_stopped_where_its_group_may_not_be_signalled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on macOS, while a process that has ended is not waited for."""

    def forbid(group: int, number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"], start_new_session=True)
    monkeypatch.setattr(os, "killpg", forbid)
    server._stop(process)
    assert process.returncode == 3


@pytest.mark.parametrize("port", [-1, 0, 70000, 10**20])
def test_a_port_that_cannot_be_used_is_an_error(port: int, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="not a valid port"):
        server.serve(tmp_path, port)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(TrackingError, match="--port"):
            server.serve(tmp_path, other.getsockname()[1])


def test_the_ui_starts_with_columns_and_a_note(tmp_path: Path) -> None:
    client, experiment = open_store(tmp_path, "empty")
    _, used = open_store(tmp_path, "used")
    client.create_run(used)
    client.set_experiment_tag(used, "mlflow.note.content", "own words")
    experiments = server.prepare_ui(client)
    assert [(listed.name, listed.runs) for listed in experiments] == [("used", 1), ("empty", 0)]
    query = "workflowType=machine_learning&viewStateShareKey=scores"
    assert experiments[0].address == f"/#/experiments/{used}/runs?{query}"
    tags = client.get_experiment(experiment).tags
    assert "metrics.`validation_loss`" in json.loads(tags["mlflow.sharedViewState.scores"])["selectedColumns"]
    assert "stage=compare" in tags["mlflow.note.content"]
    assert client.get_experiment(used).tags["mlflow.note.content"] == "own words"


def test_several_processes_can_create_a_store_at_once(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from email_assistant.privacy import guard; guard.protect()\n"
        "from email_assistant.experiments.connection import open_store\n"
        "client, experiment = open_store(pathlib.Path(sys.argv[1]), 'e')\n"
        "client.set_terminated(client.create_run(experiment).info.run_id)\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "runs")]) for _ in range(4)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0, 0]
    client, experiment = open_store(tmp_path / "runs", "e")
    assert len(client.search_runs([experiment])) == 4


@pytest.mark.parametrize("part", [0.5, 0.1])
def test_a_corrupt_store_is_an_error(tmp_path: Path, part: float, empty_store: Path) -> None:
    (tmp_path / "runs").mkdir()
    content = empty_store.read_bytes()
    (tmp_path / "runs" / "mlflow.db").write_bytes(content[: int(len(content) * part)])
    with pytest.raises(TrackingError, match=r"mlflow\.db: cannot be read"):
        open_store(tmp_path / "runs", "e")
    (tmp_path / "runs" / "mlflow.db").write_bytes(b"no database, but as long as one may be" * 100)
    with pytest.raises(TrackingError, match=r"mlflow\.db: cannot be read"):
        open_store(tmp_path / "runs", "e")


def test_a_folder_in_place_of_the_database_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "runs" / "mlflow.db").mkdir(parents=True)
    with pytest.raises(TrackingError, match="is a folder, not a database"):
        open_store(tmp_path / "runs", "e")


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("database is locked", "another program uses it"),
        ("database or disk is full", "free some space"),
        ("attempt to write a readonly database", "check its permissions"),
        ("unable to open database file", "check its permissions"),
        ("file is not a database", "restore a backup"),
        ("Detected out-of-date database schema", "another version of MLflow wrote it; .* db upgrade 'sqlite:///.*'"),
    ],
)
def test_what_to_do_about_a_database_that_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, remedy: str
) -> None:
    def refuse(uri: str) -> None:
        raise connection.lazy_mlflow.MlflowException(f"{said}. Some advice.")

    (tmp_path / "mlflow.db").touch()
    monkeypatch.setattr(connection.lazy_mlflow, "MlflowClient", refuse)
    with pytest.raises(TrackingError, match=rf"cannot be read \({said}\): {remedy}"):
        connection.open_existing_store(tmp_path)


def test_the_command_line_relocates_and_sets_aliases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["experiments", "--mlruns", str(tmp_path / "runs"), *arguments])
        return command_line.main()

    assert call("relocate") == 1
    client, experiment = open_store(tmp_path / "runs", "e")
    run = client.create_run(experiment).info.run_id
    client.create_registered_model("m")
    client.create_model_version("m", "/nowhere", run)
    assert call("relocate") == 0
    assert call("alias", "production", "models:/m/2") == 1
    assert "models:/m/2" in capsys.readouterr().err
    assert call("alias", "production", "models:/m/1") == 0
    assert str(client.get_model_version_by_alias("m", "production").version) == "1"
    assert call("alias", "checked", "models:/m@production") == 0
    assert str(client.get_model_version_by_alias("m", "checked").version) == "1"


def test_a_store_that_may_not_be_used_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(mlruns: Path) -> int:
        raise PermissionError(13, "Permission denied", str(mlruns / ".lock"))

    monkeypatch.setattr(server, "relocate", refuse)
    monkeypatch.setattr(sys, "argv", ["experiments", "--mlruns", str(tmp_path), "relocate"])
    assert command_line.main() == 1
    assert capsys.readouterr().err == f"error: {tmp_path}/.lock: Permission denied; check its permissions\n"


def test_relocating_where_there_is_no_store_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="no MLflow store"):
        relocate(tmp_path)


def test_the_ui_listens_on_this_machine_only_and_contacts_no_other(tmp_path: Path) -> None:
    # MLflow's UI has an assistant that would start the command-line client of a cloud service, if it is installed.
    (tmp_path / "bin").mkdir()
    client = tmp_path / "bin" / "claude"
    client.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    client.chmod(0o700)
    record = tmp_path / "record.jsonl"
    environment = {
        **{name: value for name, value in os.environ.items() if name != "CI"},
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        guard.LOG_VARIABLE: str(record),
        guard.CALL_VARIABLE: "page",
    }
    port = _free_port()
    command = [sys.executable, "-m", "email_assistant.experiments", "--mlruns", str(tmp_path / "runs"), "ui"]
    shown = tmp_path / "shown.txt"
    with shown.open("w") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            cwd=ROOT,
            start_new_session=True,
            stdout=output,
            stderr=output,
            env=environment,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address)
        # Only this project's lines: no warnings of the libraries.
        assert "Warning" not in shown.read_text()
        assert set(_listening(port)) == {"0100007F"}
        with urllib.request.urlopen(f"{address}/", timeout=60) as page:
            assert page.headers["Content-Security-Policy"] == guarded_ui.POLICY
            files = re.findall('"(/email-assistant/[^"]+)"', page.read().decode())
        assert files == [guarded_ui.STYLE_PATH, guarded_ui.SCRIPT_PATH]
        with urllib.request.urlopen(f"{address}{guarded_ui.SCRIPT_PATH}", timeout=60) as script:
            assert '"mlflow.workflowType_v1": "machine_learning"' in script.read().decode()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{address}/ajax-api/3.0/mlflow/assistant/config", timeout=60)
        for path in ("/", "/ajax-api/3.0/mlflow/ui-telemetry", "/ajax-api/3.0/mlflow/assistant/config"):
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(f"{address}{path}", timeout=60).close()
        with contextlib.suppress(urllib.error.HTTPError):
            provider = f"{address}/ajax-api/3.0/mlflow/assistant/providers/claude_code/health"
            urllib.request.urlopen(provider, timeout=60).close()
        assert not (tmp_path / "started").exists()
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert list(_listening(port)) == []
    seen = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    assert [event for event in seen if not guard.is_loopback(event["host"])] == []


def _listening(port: int) -> Iterator[str]:
    """The local addresses, as the kernel writes them, on which a port is listened on."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        if address.endswith(f":{port:04X}") and state == "0A":
            yield address.partition(":")[0]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.slow
def test_runs_go_to_the_configured_server(run_py: Callable[..., Call], tmp_path: Path) -> None:
    port = _free_port()
    uri = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = ["--backend-store-uri", f"sqlite:///{tmp_path}/s.db", "--artifacts-destination", f"{tmp_path}/kept"]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    remote_server = subprocess.Popen(
        [*command, *stores], start_new_session=True, stdout=subprocess.DEVNULL, env=environment
    )
    try:
        remote = (f"tracking.uri={uri}", "tracking.allow_remote=true")
        unanswered = run_py("stage=data", "tracking.uri=http://127.0.0.1:9", "tracking.allow_remote=true")
        assert unanswered.code == 1
        assert "no server answers there" in unanswered.err
        _wait_for(uri)
        done = run_py("stage=data", *remote)
        assert done.code == 0, done.err
        client = MlflowClient(uri)
        experiment = client.get_experiment_by_name("email-assistant")
        assert experiment is not None
        (run,) = client.search_runs([experiment.experiment_id])
        assert run.info.status == "FINISHED"
        assert "configuration.yaml" in [file.path for file in client.list_artifacts(run.info.run_id)]
        assert not (tmp_path / "mlruns").exists()
    finally:
        os.killpg(remote_server.pid, signal.SIGTERM)
        remote_server.wait(timeout=60)


def _wait_for(uri: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{uri}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"{uri} does not answer")
