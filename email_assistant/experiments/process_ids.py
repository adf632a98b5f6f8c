"""Names of processes, to find out later whether the process of a run still exists."""

import os
import platform
import signal
from contextlib import suppress

import psutil

# Seconds by which the system's start time of one process may vary, since it depends on the clock, which is adjusted.
START_TOLERANCE = 2


def this_process() -> str:
    """A name for this process: machine, process id and start time, since the system reuses ids."""
    return f"{platform.node()} {os.getpid()} {psutil.Process().create_time():.0f}"


def interrupt(name: str) -> None:
    """Send SIGINT, as Ctrl-C does, to a process of this machine that still exists."""
    process_id, _ = _parse_local(name)
    if process_id is not None and not has_ended(name):
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGINT)


def has_ended(name: str) -> bool:
    """Whether a process of this machine has ended; False for other machines' processes and unknown names."""
    process_id, started = _parse_local(name)
    if process_id is None:
        return False
    try:
        now = psutil.Process(process_id).create_time()
        return not started.isdigit() or abs(now - int(started)) > START_TOLERANCE
    except psutil.NoSuchProcess:
        return True


def _parse_local(name: str) -> tuple[int | None, str]:
    """The process id and start time of a name; no id if it is another machine's."""
    machine, process_id, started = [*name.split(), "", "", ""][:3]
    return (int(process_id) if machine == platform.node() and process_id.isdigit() else None), started
