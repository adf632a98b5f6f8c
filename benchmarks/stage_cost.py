"""The time and peak memory of one call of the program."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """The cost of a call.

    Attributes:
        seconds: The run time of its process.
        processor: Seconds of all processors, of its process and those that it started; less disturbed by other load.
        megabytes: The peak memory of its process.
    """

    seconds: float
    processor: float
    megabytes: float

    def __str__(self) -> str:
        return f"{self.seconds:.0f} s ({self.processor:.0f} s of processors), {self.megabytes:,.0f} MB"


def cost_of(call: Sequence[str]) -> Cost:
    """Run `run.py` with these arguments.

    Raises:
        SystemExit: If it fails.
    """
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "run.py", *call], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{call[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return Cost(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)
