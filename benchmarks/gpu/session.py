"""What a part measures with: the device, the sizes, the clock, and figures that are stored as they come."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.report import Report
from benchmarks.gpu.sizes import Sizes
from email_assistant.language_model.device import free_memory
from email_assistant.training.memory_estimate import AllocationTracker

# The end of a traceback that is stored.
ERROR_CHARACTERS = 3000


class DeviceLostError(RuntimeError):
    """The GPU no longer answers this process, as after an illegal memory access; a new process can go on."""


@dataclass
class Session:
    """One part's access to the machine and the results.

    Attributes:
        report: The results.
        part: The name of the part.
        device: Where everything is measured.
        sizes: The shapes to measure.
        scratch: A folder for models and checkpoints, which all parts share.
        deadline: When the part has to end, in seconds since the epoch.
    """

    report: Report
    part: str
    device: torch.device
    sizes: Sizes
    scratch: Path
    deadline: float

    @property
    def seconds_left(self) -> float:
        """Until the part has to end."""
        return self.deadline - time.time()

    def figure(self, name: str, value: Any) -> None:
        """Store a figure."""
        self.report.add_figure(self.part, name, value)

    def measure(self, name: str, work: Callable[[], Any], seconds: float = 0.0) -> Any:
        """Measure and store a figure; an error is stored in its place.

        Args:
            name: The name of the figure.
            work: Returns what can be stored as JSON.
            seconds: It is left out if fewer are left.

        Returns:
            What `work` returned; None if it failed or was left out.

        Raises:
            DeviceLostError: If the GPU no longer answers after an error.
        """
        if self.seconds_left <= seconds:
            self.figure(name, {"skipped": "no time left"})
            return None
        value, error = None, None
        try:
            value = work()
        except Exception:
            # Every failure is a result here: it is stored, and the next measurement goes on.
            error = traceback.format_exc()[-ERROR_CHARACTERS:]
        self.figure(name, value if error is None else {"error": error})
        if error is not None:
            self._check_device()
        return value

    def _check_device(self) -> None:
        try:
            free_memory()
            if self.device.type == "cuda":
                torch.ones(8, device=self.device).sum().item()
        except RuntimeError as error:
            raise DeviceLostError(f"the GPU no longer answers: {error}") from error

    def synchronize(self) -> None:
        """Wait until the device has done all that was asked of it."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def seconds_of(self, work: Callable[[], Any]) -> float:
        """Seconds of one call."""
        self.synchronize()
        started = time.perf_counter()
        work()
        self.synchronize()
        return time.perf_counter() - started

    def peak_bytes(self, work: Callable[[], Any], resident: int) -> dict[str, int]:
        """The most bytes that are allocated at once while `work` runs.

        Args:
            work: What to run.
            resident: Bytes of the tensors that exist before, for the CPU, where nothing counts them.

        Returns:
            `peak_bytes`, and on a GPU `reserved_bytes`: what torch's allocator took from the driver.
        """
        free_memory()
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
            work()
            self.synchronize()
            peak, reserved = torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()
            return {"peak_bytes": peak, "reserved_bytes": reserved}
        with AllocationTracker() as tracker:
            work()
        return {"peak_bytes": resident + tracker.peak}


def bytes_of(*tensors: torch.Tensor) -> int:
    """Bytes of the storages of tensors, each counted once."""
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(storages.values())
