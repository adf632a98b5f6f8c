"""A function over a long stream of items by all cores, results in the order of the items, memory bounded."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

from email_assistant.errors import ArchiveError
from email_assistant.privacy import guard

Item = TypeVar("Item")
Result = TypeVar("Result")
BATCH_ITEMS = 64
BATCH_BYTES = 4 << 20
# Starting a process costs half a second; fewer items than this are done before one has started.
WORTH_STARTING = 400
AHEAD = 4


class Workers:
    """Processes that start when there is enough to do, and serve until the block ends."""

    def __init__(self, processes: int | None = None) -> None:
        """Start nothing yet.

        Args:
            processes: How many to start; None for one a core. One works in this process alone.
        """
        self._count = 1 if multiprocessing.current_process().daemon else processes or _cores()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def ordered(
        self, function: Callable[[list[Item]], list[Result]], items: Iterable[Item], size: Callable[[Item], int]
    ) -> Iterator[Result]:
        """The results of `function`, which is given lists of items, one by one and in order.

        Args:
            function: Defined at the top of a module, so that other processes find it.
            items: As many as there are; a few batches of them are held at a time.
            size: An item's bytes, by which batches are kept small.
        """
        items = iter(items)
        first = list(islice(items, WORTH_STARTING)) if self._count > 1 and not self._pool else []
        if self._count > 1 and (self._pool or len(first) == WORTH_STARTING):
            self._pool = self._pool or ProcessPoolExecutor(self._count, multiprocessing.get_context("spawn"), _start)
            yield from self._by_processes(self._pool, function, _batches(_chain(first, items), size))
        else:
            for batch in _batches(_chain(first, items), size):
                yield from function(batch)

    def _by_processes(
        self,
        pool: ProcessPoolExecutor,
        function: Callable[[list[Item]], list[Result]],
        batches: Iterator[list[Item]],
    ) -> Iterator[Result]:
        pending: deque[Future[list[Result]]] = deque()
        try:
            for batch in batches:
                pending.append(pool.submit(function, batch))
                while len(pending) > AHEAD * self._count:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        except BrokenProcessPool as error:
            raise ArchiveError(
                "a process that reads the archive was killed, as happens where memory runs out; try data.processes=1"
            ) from error


def _start() -> None:
    """What a process begins with: nothing leaves it, and Ctrl-C is for the one that started it."""
    guard.protect()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chain(first: list[Item], rest: Iterator[Item]) -> Iterator[Item]:
    while first:
        yield first.pop(0)
    yield from rest


def _batches(items: Iterator[Item], size: Callable[[Item], int]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += size(item)
        if len(batch) >= BATCH_ITEMS or weight >= BATCH_BYTES:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch
