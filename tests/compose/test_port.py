"""A port that cannot be used: one sentence that says why and what to do, and exit code 1."""

import errno
import os
import re
import socket
import subprocess
import sys

import pytest
from asgi import TOKEN, call_app
from conftest import ROOT, RunPy
from served import free_port

from email_assistant.compose import gate
from email_assistant.compose.access import Access
from email_assistant.errors import ConfigurationError
from email_assistant.privacy.loopback import HOST, another_port, bind

# run.py on a system that refuses small ports, as most do to normal users; tests may run as root.
LIMITED = """
import errno, runpy, socket, sys

class Limited(socket.socket):
    def bind(self, address):
        if address[1] < 1024:
            raise PermissionError(errno.EACCES, "Permission denied")
        super().bind(address)

socket.socket = Limited
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
def test_a_port_for_the_administrator_is_refused_in_a_sentence(run_py: RunPy) -> None:
    arguments = run_py.command("stage=compose", "tracking=none", "data.path=nothing.mbox", "compose.port=80")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(ROOT / "run.py"), *arguments],
        cwd=run_py.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "error: port 80 cannot be used: only the system's administrator may use ports below 1024; "
        "compose.port=8080 uses another one\n"
    )
    assert "http" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("port", ["0", "-1", "65536", "http", "null", "80.5"])
def test_what_is_no_port_is_an_error_of_the_configuration(run_py: RunPy, port: str) -> None:
    done = run_py("stage=compose", "tracking=none", "data.path=nothing.mbox", f"compose.port={port}")
    assert done.code == 1
    assert re.fullmatch(
        r"error: the configuration has 1 error:\n  compose\.port = .+: must be (an integer|(greater|less) than .+)\n",
        done.err,
    )
    assert "http" not in done.out


@pytest.mark.parametrize("address", [HOST, "0.0.0.0"])
def test_a_port_of_another_program_is_in_use(address: str) -> None:
    with socket.create_server((address, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError) as refused:
            bind(port, "compose.port=")
    assert str(refused.value) == (
        f"port {port} is in use: the page is already running, or another program uses the port; "
        f"compose.port={another_port(port)} uses another one"
    )


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL])
def test_other_refusals_are_named_as_the_system_names_them(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ConfigurationError, match=f"^port 8423 cannot be used: {os.strerror(number)}; --port 8424 uses"):
        bind(8423, "--port ")


@pytest.mark.parametrize(("port", "other"), [(1, 8080), (1023, 8080), (1024, 1025), (8423, 8424), (65535, 65534)])
def test_another_port_needs_no_rights(port: int, other: int) -> None:
    assert another_port(port) == other


def test_a_port_that_was_just_left_is_free() -> None:
    port = free_port()
    with bind(port, "compose.port="), socket.create_connection((HOST, port)):
        pass
    bind(port, "compose.port=").close()


async def hello(scope: gate.Scope, receive: gate.Receive, send: gate.Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(("port", "status"), [(80, 200), (8423, 421)])
@pytest.mark.parametrize("host", [HOST, "localhost"])
def test_browsers_leave_out_port_80(host: str, port: int, status: int) -> None:
    app = gate.Gate(hello, Access(TOKEN), port, [])
    headers = {"host": host, "origin": f"http://{host}"}
    assert call_app(app, "POST", "/page/marks", {}, headers).status == status
    assert call_app(app, "GET", "/", None, {"host": f"{host}:{port}"}).status == 200
    assert call_app(app, "GET", "/", None, {"host": "evil.example"}).status == 421
