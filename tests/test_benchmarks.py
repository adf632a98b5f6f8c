import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_benchmark_prints_its_ratio() -> None:
    done = bench("ingest", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ingest: .*: [0-9.]+ times as fast \(rounds: [0-9.]+\)$", done.stdout, re.MULTILINE)


def test_an_unknown_benchmark_is_named() -> None:
    done = bench("nothing")
    assert done.returncode == 2
    assert "choose from ingest, generation, training" in done.stderr
