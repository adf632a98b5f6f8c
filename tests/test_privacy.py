import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from email_assistant import privacy


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "2001:db8::1"])
def test_other_hosts_are_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as connection, pytest.raises(PermissionError, match="nothing leaves this machine"):
        connection.connect((host, 80))


def test_names_are_not_looked_up() -> None:
    with pytest.raises(PermissionError, match="example"):
        socket.getaddrinfo("mail.example", 80)


def test_loopback_is_open() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
    assert privacy.is_loopback("localhost")
    assert privacy.is_loopback("::1")
    assert not privacy.is_loopback("127.0.0.1.example")


def test_switches_are_set_before_other_imports() -> None:
    root = Path(__file__).resolve().parents[1]
    lines = (root / "run.py").read_text().split("\n")
    first_import = next(line for line in lines if line.startswith(("import", "from")))
    assert first_import == "from email_assistant import privacy"
    heavy = "{'torch', 'mlflow', 'transformers', 'hydra'}"
    program = f"import email_assistant.privacy, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.strip() == "[]"
    for name in privacy.SWITCHES:
        assert os.environ[name] == privacy.SWITCHES[name]


def test_new_files_are_the_owners_alone(tmp_path: Path) -> None:
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
    assert privacy.is_private(host) == private


def test_only_private_hosts_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="not on a private network"):
        privacy.allow("192.0.2.1")
    monkeypatch.setattr(privacy, "_allowed", set())
    privacy.allow("10.255.255.1")
    sys.audit("socket.connect", None, ("10.255.255.1", 9))
    with pytest.raises(PermissionError, match="nothing leaves"):
        sys.audit("socket.connect", None, ("10.255.255.2", 9))
