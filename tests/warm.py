"""run.py in processes that have imported everything already: importing takes longer than most tests' own work."""

import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from email_assistant.commands.catalog import CATALOG

RUN = Path(__file__).resolve().parents[1] / "run.py"
# No thread may run in what is forked: these are imported and nothing of them is called.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["hydra", "mlflow", "peft", *CATALOG.modules])


def _run(arguments: Sequence[str], cwd: str, environment: dict[str, str], streams: Sequence[str]) -> None:
    for descriptor, (name, flags) in enumerate(zip(streams, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        os.dup2(os.open(name, flags), descriptor)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(os.dup(place), mode) for place, mode in enumerate("rww"))
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [str(RUN), *arguments]
    sys.path.insert(0, str(RUN.parent))
    runpy.run_path(str(RUN), run_name="__main__")


@dataclass
class Call:
    """What a call of run.py gave."""

    code: int
    out: str
    err: str


def run(arguments: Sequence[str], cwd: Path, environment: dict[str, str], given: str, timeout: float) -> Call:
    """Call run.py as `python run.py` would, and wait.

    Raises:
        TimeoutError: It was killed for taking longer than `timeout` seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("in", "out", "err")]
        streams[0].write_text(given, encoding="utf-8")
        for stream in streams[1:]:
            stream.touch()
        process: BaseProcess = _context.Process(
            target=_run, args=(list(arguments), str(cwd), environment, [str(stream) for stream in streams])
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"run.py took longer than {timeout} seconds")
        out, err = (stream.read_text(encoding="utf-8") for stream in streams[1:])
        return Call(process.exitcode, out, err)
