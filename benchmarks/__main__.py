"""`make bench`: every benchmark, or those that are named: python -m benchmarks ingest generation."""

import argparse
import statistics
import time
from collections.abc import Callable

from email_assistant.privacy import guard

guard.protect()

from benchmarks import candidates, dropout, generation, ingest, training  # noqa: E402

BENCHMARKS = {
    "ingest": ingest,
    "generation": generation,
    "training": training,
    "candidates": candidates,
    "dropout": dropout,
}


def measure(ours: Callable[[], object], peer: Callable[[], object], rounds: int) -> list[float]:
    """Peer's seconds by ours, for each round; the order alternates so that neither always runs warm."""
    ratios = []
    for number in range(rounds):
        seconds = {}
        for work in (ours, peer) if number % 2 == 0 else (peer, ours):
            started = time.perf_counter()
            work()
            seconds[work] = time.perf_counter() - started
        ratios.append(seconds[peer] / seconds[ours])
    return ratios


def main() -> None:
    """Run benchmarks and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    for name in arguments.names or BENCHMARKS:
        what, ours, peer = BENCHMARKS[name].prepare()
        ratios = measure(ours, peer, arguments.rounds)
        shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{name}: {what}: {statistics.median(ratios):.2f} times as fast (rounds: {shown})", flush=True)


if __name__ == "__main__":
    main()
