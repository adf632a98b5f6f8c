import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from email_assistant.privacy import guard


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "2001:db8::1"])
def test_other_hosts_are_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(PermissionError, match="nothing leaves this machine"):
        connection.connect((host, 80))


def test_names_are_not_looked_up() -> None:
    with pytest.raises(PermissionError, match="example"):
        socket.getaddrinfo("mail.example", 80)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.sendto", (None, ("192.0.2.1", 53))),
        ("socket.sendmsg", (None, ("192.0.2.1", 53))),
        ("socket.gethostbyname", ("mail.example",)),
        ("socket.gethostbyaddr", ("192.0.2.1",)),
        ("socket.getnameinfo", (("192.0.2.1", 80),)),
        ("socket.getaddrinfo", (b"mail.example", 80, 0, 0, 0)),
        ("socket.connect", (None, ("ff02::1%eth0", 80, 0, 2))),
        ("socket.connect", (None, (2, 1234))),
    ],
)
def test_every_way_out_is_closed(event: str, arguments: tuple[object, ...]) -> None:
    with pytest.raises(PermissionError, match="by test_guard: nothing leaves this machine"):
        sys.audit(event, *arguments)


def test_what_stays_on_the_machine_is_open(tmp_path: Path) -> None:
    sys.audit("socket.sendmsg", None, None)
    sys.audit("socket.connect", None, str(tmp_path / "socket"))
    sys.audit("socket.getaddrinfo", None, 80, 0, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as kernel:
        kernel.connect((0, 0))


def logged_events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in folder.iterdir() for line in file.read_text().splitlines()]


def test_connections_are_logged_once_with_their_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(guard.LOG_VARIABLE, "")
    monkeypatch.setenv(guard.CALL_VARIABLE, "")
    guard.start_audit_log(tmp_path / "audit", "train")
    for _ in range(2):
        with pytest.raises(PermissionError):
            socket.getaddrinfo("mail.example", 80)
    sys.audit("socket.connect", None, ("127.0.0.1", 80))
    # So do processes that are started meanwhile.
    lookup = (
        "import socket; from email_assistant.privacy import guard; guard.protect(); socket.gethostbyname('b.example')"
    )
    child = subprocess.run([sys.executable, "-c", lookup], cwd=ROOT, capture_output=True, check=False)
    assert b"refused the look-up of b.example by __main__" in child.stderr
    call, *seen = logged_events(tmp_path / "audit")
    assert (call["what"], call["stage"], call["guarded"], call["changed_switches"]) == ("call", "train", True, [])
    assert [(event["what"], event["host"], event["allowed"], event["by"]) for event in seen] == [
        ("look-up", "mail.example", False, "test_guard"),
        ("connection", "127.0.0.1", True, "test_guard"),
        ("look-up", "b.example", False, "__main__"),
    ]
    assert {event["call"] for event in seen} == {call["call"]}
    monkeypatch.setenv("DO_NOT_TRACK", "false")
    guard.start_audit_log(tmp_path / "audit", "data")
    assert logged_events(tmp_path / "audit")[-1]["changed_switches"] == ["DO_NOT_TRACK"]


def test_the_guarded_environment_covers_child_processes(tmp_path: Path) -> None:
    tries = """
import socket, subprocess, sys
tries = [
    lambda: socket.create_connection(("192.0.2.1", 80)),
    lambda: subprocess.run(["true"]),
    lambda: subprocess.run("true", shell=True),
    lambda: __import__("os").system("true"),
]
for attempt in tries:
    try:
        attempt()
        print("open")
    except PermissionError:
        print("refused")
if len(sys.argv) < 2:
    subprocess.run([sys.executable, __file__, "child"], check=True)
"""
    (tmp_path / "tries.py").write_text(tries)
    environment = guard.guarded_environment()
    environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
    command = [sys.executable, str(tmp_path / "tries.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == ["refused"] * 8


def a_whole_job(folder: Path, tiny_model: Path, archive: Path, *more: str) -> list[str]:
    return [
        sys.executable, str(ROOT / "run.py"), *more, f"paths.outputs={folder}/outputs", f"paths.mlruns={folder}/mlruns",
        f"model.path={tiny_model}", f"data.path={archive}", "generation.max_new_tokens=12",
        "summarizer.max_new_tokens=8", "trainer.epochs=1", "trainer.scored_mails=2", "model.threads=1",
        "evaluation.max_mails=2", "evaluation.judge_mails=0", "evaluation.extraction_mails=1",
    ]  # fmt: skip


@pytest.fixture
def without_ci() -> dict[str, str]:
    """The environment of a user: MLflow keeps still by itself where it finds CI in it."""
    return {name: value for name, value in os.environ.items() if name not in ("CI", *guard.SWITCHES)}


@pytest.mark.slow
def test_the_kernel_sees_no_way_out(
    tmp_path: Path, tiny_model: Path, archive: Path, without_ci: dict[str, str]
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    watched = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=network", "-o", str(tmp_path / "calls")]
    # Whatever files would be like otherwise.
    command = ["sh", "-c", 'umask 000 && exec "$@"', "sh", *a_whole_job(tmp_path, tiny_model, archive, "stage=all")]
    done = subprocess.run([*watched, *command], env=without_ci, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr:
        pytest.skip(f"strace may not watch here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls
    addresses = [
        address for call in calls for address in re.findall(r'inet_(?:addr|pton)\((?:AF_INET6, )?"([^"]+)"', call)
    ]
    assert [address for address in addresses if not guard.is_loopback(address)] == []
    made = [path for root in ("outputs", "mlruns") for path in [tmp_path / root, *(tmp_path / root).rglob("*")]]
    assert len(made) > 50
    assert [path for path in made if not path.is_symlink() and path.stat().st_mode & 0o077] == []


@pytest.mark.slow
def test_a_sweep_needs_no_network(tmp_path: Path, tiny_model: Path, archive: Path, without_ci: dict[str, str]) -> None:
    apart = ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network can be taken away here (unshare)")
    command = a_whole_job(tmp_path, tiny_model, archive, "-m", "stage=train", "lora.r=1,2")
    done = subprocess.run([*apart, *command], env=without_ci, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("outputs/artifacts/train/*/manifest.json"))) == 2


def test_loopback_is_open() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
    assert guard.is_loopback("localhost")
    assert guard.is_loopback("::1")
    assert not guard.is_loopback("127.0.0.1.example")


def test_switches_and_guard_are_in_place_before_other_libraries_are_imported() -> None:
    """Several libraries read their switches when they are imported, and may connect from then on."""
    program = f"""
import importlib.abc, json, os, runpy, socket, sys

class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("hydra", "mlflow", "torch", "transformers"):
            guarded = False
            try:
                socket.getaddrinfo("mail.example", 80)
            except PermissionError:
                guarded = True
            print(json.dumps([name, guarded, {{key: os.environ.get(key) for key in {sorted(guard.SWITCHES)}}}]))
            sys.exit(0)

sys.meta_path.insert(0, Watch())
runpy.run_path("run.py", run_name="__main__")
"""
    environment = {name: value for name, value in os.environ.items() if name not in guard.SWITCHES}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
    _, guarded, switches = json.loads(done.stdout)
    assert guarded
    assert switches == guard.SWITCHES


def test_new_files_are_readable_only_by_their_owner(tmp_path: Path) -> None:
    file = tmp_path / "mail.txt"
    file.write_text("x")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("10.1.2.3", True),
        ("172.31.0.1", True),
        ("192.168.7.7", True),
        ("fd00::1", True),
        ("127.0.0.1", True),
        ("localhost", True),
        ("172.32.0.1", False),
        ("192.0.2.1", False),
        ("169.254.1.1", False),
        ("tracker.example", False),
        ("10.0.0.1.example", False),
        ("", False),
    ],
)
def test_which_hosts_are_of_a_private_network(host: str, private: bool) -> None:
    assert guard.is_private(host) == private


def test_only_private_hosts_can_be_allowed() -> None:
    with pytest.raises(ValueError, match="not on a private network"):
        guard.allow_host("192.0.2.1")
    # In a process of its own, since a host stays allowed.
    program = """
import sys
from email_assistant.privacy import guard
guard.protect()
guard.allow_host("10.255.255.1")
sys.audit("socket.connect", None, ("10.255.255.1", 9))
try:
    sys.audit("socket.connect", None, ("10.255.255.2", 9))
except PermissionError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "refused"
