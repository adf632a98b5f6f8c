"""run.py in processes that have imported everything already: importing takes longer than most tests' own work."""

import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from email_assistant.commands.catalog import CATALOG

RUN = Path(__file__).resolve().parents[1] / "run.py"
# What libraries import only when they are first used: for MLflow's store that takes longer than a short run does.
LAZY = (
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.model_registry.sqlalchemy_store",
    "sqlalchemy.dialects.sqlite",
    "datasets",
    "email_assistant.reports.plots",
    "matplotlib.backends.backend_agg",
    "sklearn.decomposition",
)
# No thread may run in what is forked: these are imported and nothing of them is called.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["hydra", "mlflow", "peft", *LAZY, *CATALOG.modules])


def _run(arguments: Sequence[str], cwd: str, environment: dict[str, str], streams: Sequence[str]) -> None:
    for descriptor, (name, flags) in enumerate(zip(streams, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        os.dup2(os.open(name, flags), descriptor)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(os.dup(number), mode) for number, mode in enumerate("rww"))
    # Tests that run in the background inherit that Ctrl-C is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    # Imports may already have looked up the temporary folder of the server's environment.
    tempfile.tempdir = None
    sys.argv = [str(RUN), *arguments]
    sys.path.insert(0, str(RUN.parent))
    runpy.run_path(str(RUN), run_name="__main__")


@dataclass
class Call:
    """What a call of run.py gave.

    Attributes:
        code: Its exit code.
        out: Its standard output.
        err: Its standard error.
        made: The stage of each artifact that was made while it ran, in the order in which they were finished.
    """

    code: int
    out: str
    err: str
    made: list[str] = field(default_factory=list)


class Running:
    """A call of run.py as `python run.py` would make it, which goes on while the test does.

    Attributes:
        process: Its process.
        streams: The files of its standard input, output and error.
    """

    def __init__(self, arguments: Sequence[str], cwd: Path, environment: dict[str, str], given: str = "") -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.streams = [Path(self._folder.name) / name for name in ("in", "out", "err")]
        self.streams[0].write_text(given, encoding="utf-8")
        for stream in self.streams[1:]:
            stream.touch()
        names = [str(stream) for stream in self.streams]
        self.process = _context.Process(target=_run, args=(list(arguments), str(cwd), environment, names))
        self.process.start()

    def stop(self, number: signal.Signals, when: Callable[[], object]) -> Call:
        """Send a signal as soon as something is so, and wait for the end.

        Raises:
            AssertionError: The call ended before that.
        """
        while not when():
            if not self.process.is_alive():
                raise AssertionError(f"run.py ended before it was stopped: {self.finish(0).err}")
            time.sleep(0.005)
        os.kill(self.process.pid or 0, number)
        return self.finish(120)

    def finish(self, timeout: float) -> Call:
        """Wait for the end.

        Raises:
            TimeoutError: It was killed for taking longer than `timeout` seconds.
        """
        self.process.join(timeout)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise TimeoutError(f"run.py took longer than {timeout} seconds")
        out, err = (stream.read_text(encoding="utf-8") for stream in self.streams[1:])
        self._folder.cleanup()
        return Call(self.process.exitcode, out, err)
