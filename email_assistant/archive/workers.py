"""A function over a long stream of items by all cores, results in the order of the items, memory bounded."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

from email_assistant import privacy

Item = TypeVar("Item")
Result = TypeVar("Result")
BATCH_ITEMS = 64
BATCH_BYTES = 4 << 20
# Starting a process costs half a second; fewer items than this are done before one has started.
WORTH_STARTING = 400


def ordered(
    function: Callable[[list[Item]], list[Result]],
    items: Iterable[Item],
    size: Callable[[Item], int],
    processes: int | None = None,
) -> Iterator[Result]:
    """The results of `function`, which is given lists of items, one by one and in order.

    Args:
        function: Defined at the top of a module, so that other processes find it.
        items: As many as there are; a few batches of them are held at a time.
        size: An item's bytes, by which batches are kept small.
        processes: How many to start; None for one a core. One works in this process alone.
    """
    items = iter(items)
    count = processes or _cores()
    first = list(islice(items, WORTH_STARTING))
    if count > 1 and len(first) == WORTH_STARTING and not multiprocessing.current_process().daemon:
        yield from _by_processes(function, _chain(first, items), size, count)
        return
    for batch in _batches(_chain(first, items), size):
        yield from function(batch)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chain(first: list[Item], rest: Iterator[Item]) -> Iterator[Item]:
    while first:
        yield first.pop(0)
    yield from rest


def _by_processes(
    function: Callable[[list[Item]], list[Result]], items: Iterator[Item], size: Callable[[Item], int], count: int
) -> Iterator[Result]:
    context = multiprocessing.get_context("spawn")
    pending: deque[Future[list[Result]]] = deque()
    with ProcessPoolExecutor(count, context, privacy.protect) as pool:
        try:
            for batch in _batches(items, size):
                pending.append(pool.submit(function, batch))
                while len(pending) > 3 * count:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


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
