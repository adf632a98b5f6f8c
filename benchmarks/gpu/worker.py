"""The process that measures: parts one after another, until one of them takes the GPU with it."""

import argparse
import time
import traceback

from email_assistant.privacy import guard

guard.protect()

import torch  # noqa: E402

from benchmarks.gpu import models  # noqa: E402
from benchmarks.gpu.parts import BY_NAME, USUAL_MINUTES  # noqa: E402
from benchmarks.gpu.report import DONE, FAILED, RUNNING, SKIPPED, Report  # noqa: E402
from benchmarks.gpu.session import ERROR_CHARACTERS, DeviceLostError, Session  # noqa: E402
from benchmarks.gpu.sizes import FULL, TINY  # noqa: E402
from email_assistant.language_model.device import free_memory  # noqa: E402
from email_assistant.language_model.process_settings import configure  # noqa: E402

DEVICE_LOST = 3


def work(arguments: argparse.Namespace) -> int:
    """Measure the parts of the command line; returns the exit code."""
    report = Report(arguments.out)
    name = ("cuda" if torch.cuda.is_available() else "cpu") if arguments.device == "auto" else arguments.device
    device = torch.device(name)
    configure(models.settings().model, device)
    for part in arguments.parts:
        now = time.time()
        if now >= arguments.deadline:
            report.set_part(part, state=SKIPPED, error="no time left")
            continue
        seconds = BY_NAME[part].seconds * arguments.minutes / USUAL_MINUTES
        deadline = min(arguments.deadline, now + seconds)
        sizes = TINY if arguments.tiny else FULL
        try:
            run_part(Session(report, part, device, sizes, arguments.scratch, deadline))
        except DeviceLostError:
            return DEVICE_LOST
    return 0


def run_part(session: Session) -> None:
    """Measure one part, and store its state and seconds.

    Raises:
        DeviceLostError: If nothing more can be measured in this process.
    """
    started = time.time()
    session.report.set_part(session.part, state=RUNNING, started=started)
    error: str | None = None
    lost = False
    try:
        BY_NAME[session.part].load()(session)
    except Exception as raised:
        # Every failure is a result here: it is stored, and the next part goes on.
        error, lost = traceback.format_exc()[-ERROR_CHARACTERS:], isinstance(raised, DeviceLostError)
    figures = session.report.parts[session.part]["figures"].values()
    failed = error is not None or any(isinstance(figure, dict) and "error" in figure for figure in figures)
    session.report.set_part(session.part, state=FAILED if failed else DONE, seconds=time.time() - started, error=error)
    if lost:
        raise DeviceLostError(error)
    free_memory()
