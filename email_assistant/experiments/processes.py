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
    number, _ = _here(name)
    if number is not None and not is_gone(name):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGINT)


def is_gone(name: str) -> bool:
    """Whether a process of this machine has ended; of others and of unknown ones nothing can be said."""
    number, started = _here(name)
    if number is None:
        return False
    try:
        return f"{psutil.Process(number).create_time():.0f}" != started
    except psutil.NoSuchProcess:
        return True


def _here(name: str) -> tuple[int | None, str]:
    """The number of a process of this machine and when it started; no number for another machine's."""
    machine, number, started = [*name.split(), "", "", ""][:3]
    return (int(number) if machine == platform.node() and number.isdigit() else None), started
