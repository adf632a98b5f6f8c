"""Measures everything that needs a GPU, in order of worth, within a few minutes.

python -m benchmarks.gpu [--minutes 8] [--out FOLDER]       on a machine with a GPU, torch and transformers
python -m benchmarks.gpu --tiny                             the same on a processor, with tiny shapes

Packages that are missing come from .gpu-kit/ (`make gpu-kit` fills it). Models have random weights in the shapes of
SmolLM2-135M, Llama-3.2-1B and Llama-3-8B. Every figure is written to FOLDER/results.json as it comes. If a part fails,
hangs or crashes, that is noted there, and the next part runs in a new process. At the end a table is printed.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.gpu import kit
from benchmarks.gpu.parts import BY_NAME, PARTS, USUAL_MINUTES, first_batch
from benchmarks.gpu.report import DONE, FAILED, SKIPPED, Report, table

PEERS_VARIABLE = "BENCHMARK_PEERS"
POLL_SECONDS = 0.2
# Measurements see the same clock, and end by themselves; what is left of them after this hangs.
GRACE_SECONDS = 5.0


def arguments_of(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=USUAL_MINUTES, help="stop after these")
    parser.add_argument("--out", type=Path, default=kit.ROOT / "outputs" / "gpu", help="the folder of results.json")
    parser.add_argument("--parts", nargs="+", choices=list(BY_NAME), default=[part.name for part in PARTS])
    parser.add_argument("--tiny", action="store_true", help="tiny shapes")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--kit", type=Path, default=kit.KIT, help="the folder of the kit")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--deadline", type=float, default=0.0, help=argparse.SUPPRESS)
    return parser.parse_args(given)


def main() -> None:
    """Measure, or be the process that measures some of the parts."""
    arguments = arguments_of()
    if arguments.worker:
        from benchmarks.gpu.worker import work

        sys.exit(work(arguments))
    started = time.time()
    (arguments.out / "results.json").unlink(missing_ok=True)
    # With the environment of the kit: this process has to import nothing of it.
    environment = environment_of(kit.unpacked(arguments.kit, Path(tempfile.gettempdir())))
    with tempfile.TemporaryDirectory() as scratch:
        arguments.scratch, arguments.deadline = Path(scratch), started + 60 * arguments.minutes
        report = supervise(arguments, environment)
    print(table(report.parts))
    sys.exit(0 if all(part["state"] == DONE for part in report.parts.values()) else 1)


def environment_of(folders: Sequence[Path]) -> dict[str, str]:
    """The environment of the workers: the kit's packages come before those of the machine."""
    found = [str(kit.ROOT), *(str(folder) for folder in folders[:1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, found))}
    # Uneven mails leave holes that fixed segments cannot use again.
    environment.setdefault("PYTORCH_ALLOC_CONF", "expandable_segments:True")
    return environment | ({PEERS_VARIABLE: str(folders[1])} if folders else {})


def supervise(arguments: argparse.Namespace, environment: dict[str, str]) -> Report:
    """Let workers measure all parts; one that dies or hangs costs only the part that it was at."""
    report = Report(arguments.out)
    remaining = list(arguments.parts)
    while remaining:
        if time.time() >= arguments.deadline:
            for name in remaining:
                report.set_part(name, state=SKIPPED, error="no time left")
            break
        batch = first_batch(remaining)
        code = watch(_start(arguments, environment, batch), report, arguments)
        report.reload()
        if current := report.running():
            name, began = current
            seconds = time.time() - began
            error = f"its process ended with code {code} after {seconds:.0f} s"
            report.set_part(name, state=FAILED, seconds=seconds, error=error)
        elif batch[0] not in report.parts:
            # It did not come to its first part: an import failed, say.
            report.set_part(batch[0], state=FAILED, error=f"its process ended with code {code} before it began")
        remaining = [name for name in remaining if name not in report.parts]
    return report


def _start(
    arguments: argparse.Namespace, environment: dict[str, str], batch: Sequence[str]
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "benchmarks.gpu", "--worker", "--parts", *batch, "--device", arguments.device]
    command += ["--minutes", str(arguments.minutes), "--out", str(arguments.out.resolve())]
    command += ["--scratch", str(arguments.scratch), "--deadline", str(arguments.deadline)]
    if BY_NAME[batch[0]].alone and PEERS_VARIABLE in environment:
        path = os.pathsep.join([environment["PYTHONPATH"], environment[PEERS_VARIABLE]])
        environment = {**environment, "PYTHONPATH": path}
    command += ["--tiny"] if arguments.tiny else []
    # With a session of its own, so that what it has started can be ended with it.
    return subprocess.Popen(command, env=environment, cwd=kit.ROOT, start_new_session=True)


def watch(process: "subprocess.Popen[bytes]", report: Report, arguments: argparse.Namespace) -> int:
    """Wait for a worker, but no longer than its part may take; returns its exit code."""
    while process.poll() is None:
        time.sleep(POLL_SECONDS)
        report.reload()
        current = report.running()
        latest = arguments.deadline
        if current:
            latest = min(latest, current[1] + seconds_of(current[0], arguments.minutes))
        # Measurements see the same clock: what is left of them then hangs.
        if time.time() > latest + GRACE_SECONDS:
            os.killpg(process.pid, signal.SIGKILL)
            break
    return process.wait()


def seconds_of(part: str, minutes: float) -> float:
    """How long a part may take."""
    return BY_NAME[part].seconds * minutes / USUAL_MINUTES


if __name__ == "__main__":
    main()
