import os
import signal

import pytest

from email_assistant.archive.workers import MIN_ITEMS_FOR_PROCESSES, WorkerPool
from email_assistant.errors import ArchiveError


def squares(batch: list[int]) -> list[int]:
    return [number * number for number in batch]


def process_ids(batch: list[int]) -> list[int]:
    return [os.getpid()] * len(batch)


def kill_own_process(batch: list[int]) -> list[int]:
    os.kill(os.getpid(), signal.SIGKILL)
    return batch


def test_results_keep_the_order_of_the_items() -> None:
    with WorkerPool(2) as workers:
        for count in (0, 3, 5 * MIN_ITEMS_FOR_PROCESSES):
            assert list(workers.map_ordered(squares, range(count), lambda _: 1)) == squares(list(range(count)))


def test_no_process_is_started_for_few_items_or_a_count_of_one() -> None:
    for workers, count in ((WorkerPool(2), 10), (WorkerPool(1), 2 * MIN_ITEMS_FOR_PROCESSES)):
        with workers:
            assert set(workers.map_ordered(process_ids, range(count), lambda _: 1)) == {os.getpid()}


def test_large_items_are_not_batched() -> None:
    with WorkerPool(2) as workers:
        ids = set(workers.map_ordered(process_ids, range(2 * MIN_ITEMS_FOR_PROCESSES), lambda _: 5 << 20))
    assert os.getpid() not in ids


def test_a_killed_process_is_reported() -> None:
    with WorkerPool(2) as workers, pytest.raises(ArchiveError, match=r"data\.processes=1"):
        list(workers.map_ordered(kill_own_process, range(2 * MIN_ITEMS_FOR_PROCESSES), lambda _: 1))
