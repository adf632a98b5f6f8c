"""Speed and memory of reading and cleaning an mbox, compared with only parsing it by the standard library.

python -m benchmarks ingest                            the speed, on the demo archive
python -m benchmarks.ingest --archive PATH             the speed, on another archive
python -m benchmarks.ingest --archive PATH --gigabytes 0.25 0.5 1 2
                                                       time and memory for archives of these sizes, made by repetition
"""

import argparse
import json
import mailbox
import math
import resource
import subprocess
import sys
import tempfile
import time
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from benchmarks.measure import Row, compare, print_rows, speed
from email_assistant.archive import readers
from email_assistant.archive.selection import read_and_select
from email_assistant.archive.selection_steps import SelectionRules

DEMO = Path(__file__).resolve().parents[1] / "demo" / "archive.mbox"
COPIES = 12
PEER = "`mailbox.mbox` with `email.policy.default`, which only parses"
RULES = SelectionRules(min_words=5, max_words=1500, duplicate_similarity=0.9, drop=frozenset({"bounce", "vacation"}))
ID_HEADERS = (b"Message-ID: <", b"Message-Id: <", b"In-Reply-To: <", b"References: <", b"\n\t<", b"\n <")


def rows(rounds: int, archive: Path = DEMO) -> list[Row]:
    """Messages per second. The demo archive, which is small, is repeated."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.mbox"
        repeat(archive, path, archive.stat().st_size * (COPIES if archive == DEMO else 1))
        ours, peer = speed(lambda: ingest(path, [])["messages"]), speed(lambda: parse(path))
        return compare("reading and cleaning an archive, messages/s", ours, {PEER: peer}, rounds)


def parse(path: Path) -> int:
    """Parse every message by the standard library; returns their number."""
    factory: Any = BytesParser(policy=policy.default).parse
    return sum(1 for _ in mailbox.mbox(path, factory=factory))


def ingest(path: Path, owner: list[str]) -> dict[str, int]:
    """Run both passes over an archive on all cores."""
    with tempfile.TemporaryDirectory() as work:
        index, _, selection = read_and_select(lambda: readers.read([path], "auto", {}), owner, RULES, Path(work))
        return {"messages": len(index), "kept": sum(1 for _ in selection.kept)}


def repeat(archive: Path, target: Path, size: int) -> None:
    """Write copies of an archive with different Message-IDs until the file has a size in bytes."""
    data = archive.read_bytes()
    with target.open("wb") as file:
        copy = 0
        while file.tell() < size:
            changed = data
            for header in ID_HEADERS if copy else ():
                changed = changed.replace(header, header + b"%d." % copy)
            file.write(changed if changed.endswith(b"\n\n") else changed + b"\n")
            copy += 1


def _grow(archive: Path, owner: list[str], gigabytes: list[float]) -> None:
    """Measure each size in a process of its own, so that peak memory is not that of another size."""
    points = []
    with tempfile.TemporaryDirectory() as folder:
        for size in gigabytes:
            path = Path(folder) / "large.mbox"
            repeat(archive, path, int(size * 1e9))
            command = [sys.executable, "-m", "benchmarks.ingest", "--measure", str(path), "--owner", *owner]
            result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            points.append((result["messages"], result["seconds"]))
            print(f"{size} GB: {result}", flush=True)
    if len(points) > 1:
        (first, before), (last, after) = points[0], points[-1]
        print(f"exponent of time over the number of messages: {math.log(after / before) / math.log(last / first):.2f}")


def _measure(path: Path, owner: list[str]) -> None:
    started = time.perf_counter()
    counts = ingest(path, owner)
    seconds = time.perf_counter() - started
    peak = {
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak_mib_worker": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }
    print(json.dumps({**counts, "seconds": round(seconds, 1), **peak}))


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, default=DEMO)
    parser.add_argument("--owner", nargs="*", default=[])
    parser.add_argument("--gigabytes", nargs="*", type=float, default=[])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        _measure(arguments.measure, arguments.owner)
    elif arguments.gigabytes:
        _grow(arguments.archive, arguments.owner, arguments.gigabytes)
    else:
        command = f"benchmarks.ingest --archive {arguments.archive}"
        print_rows(command, rows(arguments.rounds, arguments.archive))


if __name__ == "__main__":
    main()
