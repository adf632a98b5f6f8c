"""What encryption at rest costs: files locked and opened again, beside the same files copied.

    python -m benchmarks.vault --rounds 5

A large file, as weights are, and many small ones. Each way writes a file to the disk (fsync) before the old one goes.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from email_assistant.privacy import vault

KINDS = {"one of 300 MB": (1, 300_000_000), "1,000 of 20 kB": (1000, 20_000)}


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print("| files | copied | locked | opened | of a copy |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        started = time.monotonic()
        opened = vault.open_vault(folder, lambda _: "a passphrase")
        key = time.monotonic() - started
        for kind, (count, size) in KINDS.items():
            names = [f"{number}.bin" for number in range(count)]
            for name in names:
                (folder / name).write_bytes(os.urandom(size))
            taken: dict[str, list[float]] = {"copied": [], "locked": [], "opened": []}
            for _ in range(rounds):
                for name in names:
                    _timed(taken["copied"], partial(_copy, folder / name))
                for name in names:
                    _timed(taken["locked"], partial(opened.encrypt, folder / name, name))
                for name in names:
                    _timed(taken["opened"], partial(opened.decrypt, folder / f"{name}.locked", name))
            median = {what: statistics.median(seconds) * count for what, seconds in taken.items()}
            ratios = " and ".join(f"{median[what] / median['copied']:.1f}" for what in ("locked", "opened"))
            print(f"| {kind} | {' | '.join(f'{seconds:.2f} s' for seconds in median.values())} | {ratios} times |")
            for name in names:
                (folder / name).unlink()
    print(f"\nThe key takes {key:.2f} s.")


def _copy(file: Path) -> None:
    """As a lock does it, but for the encryption."""
    copy = file.with_suffix(".copy")
    with file.open("rb") as source, copy.open("wb") as sink:
        shutil.copyfileobj(source, sink, vault.CHUNK_BYTES)
        sink.flush()
        os.fsync(sink.fileno())
    copy.replace(file)


def _timed(taken: list[float], work: Callable[[], None]) -> None:
    started = time.monotonic()
    work()
    taken.append(time.monotonic() - started)


if __name__ == "__main__":
    main()
