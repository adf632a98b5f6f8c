"""Applies a function to a long stream of items on all cores, with results in order and bounded memory."""

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
# Starting a process takes half a second. Fewer items than this are done sooner without one.
MIN_ITEMS_FOR_PROCESSES = 400
PENDING_BATCHES_PER_PROCESS = 4


class WorkerPool:
    """Processes that start once there is enough work, and stop at the end of the `with` block."""

    def __init__(self, processes: int | None = None) -> None:
        """Configure the pool without starting any process.

        Args:
            processes: Number of processes; None for one per core. With one, all work is done in this process.
        """
        # A daemonic process, like a job of joblib, cannot have children.
        self._count = 1 if multiprocessing.current_process().daemon else processes or _available_cores()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def map_ordered(
        self, function: Callable[[list[Item]], list[Result]], items: Iterable[Item], size: Callable[[Item], int]
    ) -> Iterator[Result]:
        """Apply `function` to batches of items and yield the results one by one, in the order of the items.

        Args:
            function: Maps a list of items to a list of results. Must be importable by other processes.
            items: Any number of items; only a few batches are in memory at a time.
            size: The size of an item in bytes, by which batches are limited.

        Raises:
            ArchiveError: If a process was killed.
        """
        items = iter(items)
        first = list(islice(items, MIN_ITEMS_FOR_PROCESSES)) if self._count > 1 and not self._pool else []
        if self._count > 1 and (self._pool or len(first) == MIN_ITEMS_FOR_PROCESSES):
            context = multiprocessing.get_context("spawn")
            self._pool = self._pool or ProcessPoolExecutor(self._count, context, _initialize_process)
            yield from self._map_in_processes(self._pool, function, _batches(_chain(first, items), size))
        else:
            for batch in _batches(_chain(first, items), size):
                yield from function(batch)

    def _map_in_processes(
        self,
        pool: ProcessPoolExecutor,
        function: Callable[[list[Item]], list[Result]],
        batches: Iterator[list[Item]],
    ) -> Iterator[Result]:
        pending: deque[Future[list[Result]]] = deque()
        try:
            for batch in batches:
                pending.append(pool.submit(function, batch))
                while len(pending) > PENDING_BATCHES_PER_PROCESS * self._count:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        except BrokenProcessPool as error:
            raise ArchiveError(
                "a process that read the archive was killed, probably because memory ran out; try data.processes=1"
            ) from error


def _initialize_process() -> None:
    """Guard the process's connections, and leave Ctrl-C to the parent process."""
    guard.protect()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chain(first: list[Item], rest: Iterator[Item]) -> Iterator[Item]:
    # Unlike itertools.chain, this drops each item once it was yielded.
    while first:
        yield first.pop(0)
    yield from rest


def _batches(items: Iterator[Item], size: Callable[[Item], int]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    batch_bytes = 0
    for item in items:
        batch.append(item)
        batch_bytes += size(item)
        if len(batch) >= BATCH_ITEMS or batch_bytes >= BATCH_BYTES:
            yield batch
            batch, batch_bytes = [], 0
    if batch:
        yield batch
