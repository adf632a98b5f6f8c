"""The table of speeds: rows that compare this project with a peer on the same work, in turn, for several rounds."""

import importlib
import importlib.util
import os
import statistics
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeVar
from unittest import mock

from email_assistant.privacy import guard

Name = TypeVar("Name", bound=Hashable)
Result = TypeVar("Result")
OURS = "ours"


@dataclass(frozen=True)
class Row:
    """One measurement of this project and of a peer.

    Attributes:
        what: What was measured, with its unit.
        peer: What this project is compared with.
        ours: This project's figure in each round.
        theirs: The peer's figure in each round; empty if the peer is not installed.
        less_is_better: True for seconds and bytes; false for speeds.
    """

    what: str
    peer: str
    ours: Sequence[float]
    theirs: Sequence[float]
    less_is_better: bool = False

    def ratios(self) -> list[float]:
        """How many times as good this project's figure is, in each round."""
        rounds = zip(self.ours, self.theirs, strict=True)
        return [theirs / ours if self.less_is_better else ours / theirs for ours, theirs in rounds]

    def cell(self) -> str:
        """Both medians, the median ratio, and the lowest and highest ratio."""
        ours = _number(statistics.median(self.ours))
        if not self.theirs:
            return f"{ours} / not installed"
        ratios = self.ratios()
        spread = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
        return f"{ours} / {_number(statistics.median(self.theirs))}: {statistics.median(ratios):.2f}{spread}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def alternate(arms: Mapping[Name, Callable[[], Result]], rounds: int) -> dict[Name, list[Result]]:
    """What each arm returns in each round. The order alternates, so that no arm always runs on a warm machine."""
    results: dict[Name, list[Result]] = {name: [] for name in arms}
    for number in range(rounds):
        for name in arms if number % 2 == 0 else reversed(list(arms)):
            results[name].append(arms[name]())
    return results


def compare(
    what: str, ours: Callable[[], float], peers: Mapping[str, Callable[[], float] | None], rounds: int
) -> list[Row]:
    """A row for each peer; one that is not installed is None."""
    arms = {OURS: ours} | {name: peer for name, peer in peers.items() if peer}
    figures = alternate(arms, rounds)
    return [Row(what, peer, figures[OURS], figures.get(peer, [])) for peer in peers]


def speed(work: Callable[[], int]) -> Callable[[], float]:
    """Work that returns how much it did, as an arm that returns how much it did per second."""

    def measured() -> float:
        started = time.perf_counter()
        amount = work()
        return amount / (time.perf_counter() - started)

    return measured


def is_installed(package: str) -> bool:
    """Whether a peer's package can be imported."""
    return importlib.util.find_spec(package) is not None


def in_new_process(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function of a module in a process of its own: peak memory and settings are not those of other work.

    What the process prints goes to stderr, because the table is on stdout.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_set_up_process) as executor:
        return executor.submit(function, *arguments).result()


def process_with(environment: Mapping[str, str]) -> ProcessPoolExecutor:
    """A process as of `in_new_process`, for several calls, with these variables set before anything is imported."""
    executor = ProcessPoolExecutor(1, get_context("spawn"), initializer=_set_up_process)
    with mock.patch.dict(os.environ, environment):
        # It is started with the first call.
        executor.submit(os.getpid).result()
    return executor


def _set_up_process() -> None:
    guard.protect()
    os.dup2(2, 1)


def rows_of(name: str, rounds: int) -> list[Row]:
    """The rows of the module `benchmarks.NAME`."""
    return list(importlib.import_module(f"benchmarks.{name}").rows(rounds))


def print_head(processor: str, number_format: str) -> None:
    """Print what the rows mean and the head of the table, in Markdown."""
    print(
        f"Ours / the peer's: how many times as good, as the median of the rounds (lowest to highest). "
        f"`model.dtype=auto` is {number_format} here.\n\n"
        f"| Measurement | Peer | Command | {processor} |\n|---|---|---|---|",
        flush=True,
    )


def print_rows(module: str, rows: Iterable[Row]) -> None:
    """Print rows of the table."""
    for row in rows:
        print(f"| {row.what} | {row.peer} | `python -m {module}` | {row.cell()} |", flush=True)
