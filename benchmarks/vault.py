"""The cost of encryption at rest: the time to lock and unlock files, compared with the time to copy them.

    python -m benchmarks.vault --rounds 5

Measured on one large file, like model weights, and on many small ones. Each file is written to the disk (fsync) before
the old one is deleted.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from email_assistant.privacy import vault

# Number of files and bytes of each.
CASES = {"1 of 300 MB": (1, 300_000_000), "1,000 of 20 kB": (1000, 20_000)}


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print("| files | copy | lock | unlock | time of a copy |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        started = time.monotonic()
        opened = vault.open_vault(folder, lambda _: "a passphrase")
        key_seconds = time.monotonic() - started
        for case, (count, size) in CASES.items():
            names = [f"{number}.bin" for number in range(count)]
            for name in names:
                (folder / name).write_bytes(os.urandom(size))
            seconds = _measure(opened, folder, names, rounds)
            ratios = " and ".join(f"{seconds[action] / seconds['copy']:.1f}" for action in ("lock", "unlock"))
            print(f"| {case} | {' | '.join(f'{value:.2f} s' for value in seconds.values())} | {ratios} times |")
            for name in names:
                (folder / name).unlink()
    print(f"\nDeriving the key takes {key_seconds:.2f} s.")


def _measure(opened: vault.Vault, folder: Path, names: Sequence[str], rounds: int) -> dict[str, float]:
    """The median time of each action for all files, in seconds."""
    actions: dict[str, Callable[[str], None]] = {
        "copy": lambda name: _copy(folder / name),
        "lock": lambda name: opened.encrypt(folder / name, name),
        "unlock": lambda name: opened.decrypt(folder / f"{name}.locked", name),
    }
    seconds: dict[str, list[float]] = {action: [] for action in actions}
    for _ in range(rounds):
        for action, function in actions.items():
            seconds[action] += [_time(partial(function, name)) for name in names]
    return {action: statistics.median(values) * len(names) for action, values in seconds.items()}


def _copy(file: Path) -> None:
    """Replace a file by a copy in the same way as the vault, but without encryption."""
    copy = file.with_suffix(".copy")
    with file.open("rb") as source, copy.open("wb") as sink:
        shutil.copyfileobj(source, sink, vault.CHUNK_BYTES)
        sink.flush()
        os.fsync(sink.fileno())
    copy.replace(file)


def _time(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


if __name__ == "__main__":
    main()
