"""Nothing leaves the machine: offline switches, a guard on connections, file modes.

`run.py` calls `protect()` before any other import, since several libraries read these switches
once, when they are imported.
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
    # Its downloads would go by a library that no guard of Python's sees.
    "HF_HUB_DISABLE_XET": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "TOKENIZERS_PARALLELISM": "true",
}
OWNER_ONLY_UMASK = 0o077
PRIVATE = [ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
# Where this process and those that it starts write down what they connected to or were refused, and for which call.
RECORD, CALL = "EMAIL_ASSISTANT_RECORD", "EMAIL_ASSISTANT_CALL"
# The folder of it among the outputs.
AUDIT = "audit"
# Python's events (docs: Audit events table): of a socket and an address, and of a host or an address.
_CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")

_guarded = False
_open = False
# What this process wrote down already.
_seen: set[tuple[str, str, str]] = set()
# Hosts of the private network that the user has let this process connect to.
_allowed: set[str] = set()


def protect(fetches: bool = False) -> None:
    """Set the offline switches, make new files readable by their owner alone, guard connections.

    Child processes inherit the switches and the file mode. Calling it twice does no harm.

    Args:
        fetches: This process sees no mail and is to fetch a model: it may connect, and what it connects to is
            written down.
    """
    global _open
    _open = fetches
    os.environ.update({**SWITCHES, **dict.fromkeys(OFFLINE, "0")} if fetches else SWITCHES)
    os.umask(OWNER_ONLY_UMASK)
    _guard_connections()


def start_python_alone() -> None:
    """Refuse to start any program but Python, in this process for good."""
    sys.addaudithook(_refuse_other_programs)


def guarded_environment() -> dict[str, str]:
    """The environment for a program of others in Python, by which all its processes are guarded."""
    paths = [str(Path(__file__).parent / "startup"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **SWITCHES, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def record_to(folder: Path, stage: str) -> None:
    """Write down in a folder, for `stage=audit`, that a call begins, and what its processes connect to.

    Args:
        folder: A file a day comes into it.
        stage: What the call asks for. Its other values may name people.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    os.environ[RECORD] = str((folder / f"{now:%Y-%m-%d}.jsonl").resolve())
    os.environ[CALL] = f"{os.getpid()}-{now.timestamp():.6f}"
    _seen.clear()
    changed = [name for name, value in SWITCHES.items() if os.environ.get(name) != value]
    _write_down("call", stage=stage, guarded=_guarded, changed_switches=changed)


def _guard_connections() -> None:
    global _guarded
    if not _guarded:
        sys.addaudithook(_refuse_other_hosts)
        _guarded = True


def _refuse_other_hosts(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _CONNECTIONS:
        kind, host = "connection", _host_of(arguments[0], arguments[1])
    elif event in _LOOKUPS:
        kind, host = "look-up", _text(arguments[0])
    else:
        return
    if host is None or host == "":
        return
    inside, by = is_loopback(host), _who_asks()
    allowed = inside or _open or host in _allowed
    if (kind, host, by) not in _seen:
        _seen.add((kind, host, by))
        _write_down(kind, host=host, allowed=allowed, by=by)
    if not allowed:
        what = "a connection to" if kind == "connection" else "the look-up of"
        raise PermissionError(f"email-assistant refused {what} {host} by {by}: nothing leaves this machine")


def _refuse_other_programs(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        program = os.fsdecode(arguments[0] or arguments[1][0])
        if Path(program).name != Path(sys.executable).name:
            raise PermissionError(f"email-assistant refused to start {program} by {_who_asks()}: it is not guarded")


def _host_of(connection: Any, address: Any) -> str | None:
    """The host of an address; None for what is of this machine by its family (paths, the kernel's own)."""
    family = getattr(connection, "family", None)
    if not isinstance(address, tuple) or family == getattr(socket, "AF_NETLINK", object()):
        return None
    return _text(address[0])


def _who_asks() -> str:
    """The module that asked for a connection, by the frames; the standard library's are passed over."""
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


def _write_down(what: str, **values: Any) -> None:
    path = os.environ.get(RECORD)
    if path:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"time": now, "call": os.environ[CALL], "process": os.getpid(), "what": what, **values}
        line = json.dumps(record, ensure_ascii=False) + "\n"
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # In one write to the end, so that lines of several processes do not mix.
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


def is_loopback(host: str | bytes) -> bool:
    """Whether a host name or address is this machine itself."""
    name = _text(host)
    if name in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """Whether a host is this machine or, by its number, one of a private network (RFC 1918, RFC 4193)."""
    if is_loopback(host):
        return bool(host)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in PRIVATE if network.version == address.version)


def allow(host: str) -> None:
    """Let this process connect to a host of the private network.

    Raises:
        ValueError: for any other host.
    """
    if not is_private(host):
        raise ValueError(f"{host}: not on a private network")
    _allowed.add(host)


def _text(host: Any) -> str:
    """A host as text; '' where none is named, and the first part of an address."""
    if isinstance(host, tuple):
        host = host[0] if host else ""
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return "" if host is None else str(host)
