"""Speed ratios of two implementations."""

import statistics
import time
from collections.abc import Callable

Work = Callable[[], object]


def speed_ratios(ours: Work, peer: Work, rounds: int) -> list[float]:
    """The peer's time divided by ours in each round. The order alternates, so that neither always runs warm."""
    ratios = []
    for number in range(rounds):
        seconds = {}
        for work in (ours, peer) if number % 2 == 0 else (peer, ours):
            started = time.perf_counter()
            work()
            seconds[work] = time.perf_counter() - started
        ratios.append(seconds[peer] / seconds[ours])
    return ratios


def print_ratios(name: str, what: str, ratios: list[float]) -> None:
    """Print the median ratio of a benchmark, and the ratio of each round."""
    rounds = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"{name}: {what}: {statistics.median(ratios):.2f} times as fast (rounds: {rounds})", flush=True)
