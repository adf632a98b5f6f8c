"""Which process a run is of, and whether it still lives."""

import os
import platform
import signal
from contextlib import suppress

import psutil


def this() -> str:
    """This process by machine, number and moment of its start, since numbers are used again."""
    return f"{platform.node()} {os.getpid()} {psutil.Process().create_time():.0f}"


def interrupt(name: str) -> None:
    """Do to a process what Ctrl-C does, where it is of this machine and lives."""
    machine, number, _ = [*name.split(), "", "", ""][:3]
    if machine == platform.node() and number.isdigit() and not is_gone(name):
        with suppress(ProcessLookupError):
            os.kill(int(number), signal.SIGINT)


def is_gone(name: str) -> bool:
    """Whether a process of this machine has ended; of others and of unknown ones nothing can be said."""
    machine, number, started = [*name.split(), "", "", ""][:3]
    if machine != platform.node() or not number.isdigit():
        return False
    try:
        return f"{psutil.Process(int(number)).create_time():.0f}" != started
    except psutil.NoSuchProcess:
        return True
