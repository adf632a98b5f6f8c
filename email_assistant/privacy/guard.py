"""Keeps mail on this machine: offline switches for libraries, a guard on network connections, and private file modes.

`run.py` calls `protect()` before its other imports, since several libraries read their switches when they are imported.

The guard is a Python audit hook (PEP 578). Before Python code connects a socket, sends a datagram or looks up a name,
the hook checks the host and raises PermissionError unless it is this machine (a loopback address or 'localhost') or was
allowed. The hook cannot be removed while the process runs. It does not see connections that compiled code opens by
itself, without Python's `socket` module, and it does not apply to programs other than Python; both kinds of code would
have to be confined by the operating system. Unix domain sockets are not checked.
"""

import ipaddress
import json
import os
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
SWITCHES = {
    **OFFLINE,
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    # Xet downloads by compiled code, which no audit hook sees.
    "HF_HUB_DISABLE_XET": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "TOKENIZERS_PARALLELISM": "true",
}
OWNER_ONLY_UMASK = 0o077
PRIVATE_NETWORKS = [
    ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
]
# Environment variables that give the processes of a run its audit log and its id.
LOG_VARIABLE, CALL_VARIABLE = "EMAIL_ASSISTANT_RECORD", "EMAIL_ASSISTANT_CALL"
# The folder of audit logs in the outputs.
AUDIT_FOLDER = "audit"
# Python's audit events that have a socket and an address, and those that have a host or an address.
_CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")

_hook_installed = False
_may_connect_anywhere = False
# Events that this process has logged already, as (event, host, module).
_logged: set[tuple[str, str, str]] = set()
_allowed_hosts: set[str] = set()


def protect(may_download: bool = False) -> None:
    """Set the offline switches, guard connections, and make new files readable only by their owner.

    Child processes inherit the switches and the file mode. Only forks inherit the guard; other processes call this
    function themselves. Repeated calls are harmless.

    Args:
        may_download: For a process that downloads a model and reads no mail: it may connect to any host, and its
            connections are logged.
    """
    global _hook_installed, _may_connect_anywhere
    _may_connect_anywhere = may_download
    os.environ.update({**SWITCHES, **dict.fromkeys(OFFLINE, "0")} if may_download else SWITCHES)
    os.umask(OWNER_ONLY_UMASK)
    if not _hook_installed:
        sys.addaudithook(_check_connection)
        _hook_installed = True


def forbid_other_programs() -> None:
    """Refuse to start any program but Python, for the rest of this process."""
    sys.addaudithook(_check_program)


def guarded_environment() -> dict[str, str]:
    """The environment for a Python program of another project, in which the guard covers all its Python processes."""
    paths = [str(Path(__file__).parent / "startup"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **SWITCHES, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def start_audit_log(folder: Path, stage: str) -> None:
    """Log the start of a run, and from now on the connections of its processes, for `stage=audit`.

    Args:
        folder: The folder of the logs, one file per day.
        stage: The stage of the run. No other values are logged, since they may contain names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    os.environ[LOG_VARIABLE] = str((folder / f"{now:%Y-%m-%d}.jsonl").resolve())
    os.environ[CALL_VARIABLE] = f"{os.getpid()}-{now.timestamp():.6f}"
    _logged.clear()
    changed = [name for name, value in SWITCHES.items() if os.environ.get(name) != value]
    _log_event("call", stage=stage, guarded=_hook_installed, changed_switches=changed)


def _check_connection(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _CONNECTIONS:
        what, host = "connection", _host_of(arguments[0], arguments[1])
    elif event in _LOOKUPS:
        what, host = "look-up", _host_text(arguments[0])
    else:
        return
    if host is None or host == "":
        return
    module = _calling_module()
    allowed = is_loopback(host) or _may_connect_anywhere or host in _allowed_hosts
    if (what, host, module) not in _logged:
        _logged.add((what, host, module))
        _log_event(what, host=host, allowed=allowed, by=module)
    if not allowed:
        action = "a connection to" if what == "connection" else "the look-up of"
        raise PermissionError(f"email-assistant refused {action} {host} by {module}: nothing leaves this machine")


def _check_program(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        program = os.fsdecode(arguments[0] or arguments[1][0])
        if Path(program).name != Path(sys.executable).name:
            raise PermissionError(
                f"email-assistant refused to let {_calling_module()} start {program}, which would not be guarded"
            )


def _host_of(connection: Any, address: Any) -> str | None:
    """The host of an address; None for addresses that are local by their family (Unix sockets, netlink)."""
    family = getattr(connection, "family", None)
    if not isinstance(address, tuple) or family == getattr(socket, "AF_NETLINK", object()):
        return None
    return _host_text(address[0])


def _calling_module() -> str:
    """The innermost module on the stack that is neither this one nor part of the standard library."""
    for frame in _frames():
        name = frame.f_globals.get("__name__", "")
        top = name.partition(".")[0]
        if name != __name__ and top not in sys.stdlib_module_names:
            return str(name)
    return "__main__"


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame:
        yield frame
        frame = frame.f_back


def _log_event(what: str, **values: Any) -> None:
    path = os.environ.get(LOG_VARIABLE)
    if path:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"time": now, "call": os.environ[CALL_VARIABLE], "process": os.getpid(), "what": what, **values}
        line = json.dumps(record, ensure_ascii=False) + "\n"
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # A single write in append mode, so that lines of several processes do not mix.
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


def is_loopback(host: str | bytes) -> bool:
    """Whether a host name or address is this machine."""
    name = _host_text(host)
    if name in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """Whether a host is this machine or an address of a private network (RFC 1918, RFC 4193); names are not private."""
    if is_loopback(host):
        return bool(host)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in PRIVATE_NETWORKS if network.version == address.version)


def allow_host(host: str) -> None:
    """Allow this process to connect to a host of the private network.

    Raises:
        ValueError: If the host is not private.
    """
    if not is_private(host):
        raise ValueError(f"{host}: not on a private network")
    _allowed_hosts.add(host)


def _host_text(host: Any) -> str:
    """A host as text: '' if there is none, and the first part of an address."""
    if isinstance(host, tuple):
        host = host[0] if host else ""
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return "" if host is None else str(host)
