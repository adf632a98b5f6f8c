"""Nothing leaves the machine: offline switches, a guard on connections, file modes.

`run.py` calls `protect()` before any other import, since several libraries read these switches
once, when they are imported.
"""

import ipaddress
import os
import sys
from typing import Any

SWITCHES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    "TRANSFORMERS_OFFLINE": "1",
    "DISABLE_SAFETENSORS_CONVERSION": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "TOKENIZERS_PARALLELISM": "true",
}
OWNER_ONLY_UMASK = 0o077
PRIVATE = [ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]

_guarded = False
# Hosts of the private network that the user has let this process connect to.
_allowed: set[str] = set()


def protect() -> None:
    """Set the offline switches, make new files readable by their owner alone, guard connections.

    Child processes inherit the switches and the file mode. Calling it twice does no harm.
    """
    os.environ.update(SWITCHES)
    os.umask(OWNER_ONLY_UMASK)
    _guard_connections()


def _guard_connections() -> None:
    global _guarded
    if not _guarded:
        sys.addaudithook(_refuse_other_hosts)
        _guarded = True


def _refuse_other_hosts(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host is not None and not is_loopback(host) and _text(host) not in _allowed:
        raise PermissionError(f"email-assistant refused a connection to {host}: nothing leaves this machine")


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


def _text(host: str | bytes) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host
