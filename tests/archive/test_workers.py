import os
import signal

import pytest

from email_assistant.archive.workers import MIN_ITEMS_FOR_PROCESSES, WorkerPool
from email_assistant.errors import ArchiveError


def squares(batch: list[int]) -> list[int]:
    return [number * number for number in batch]


def processes(batch: list[int]) -> list[int]:
    return [os.getpid()] * len(batch)


def dies(batch: list[int]) -> list[int]:
    os.kill(os.getpid(), signal.SIGKILL)
    return batch


def test_results_keep_the_order_of_the_items() -> None:
    with WorkerPool(2) as crew:
        for count in (0, 3, 5 * MIN_ITEMS_FOR_PROCESSES):
            assert list(crew.map_ordered(squares, range(count), lambda _: 1)) == squares(list(range(count)))


def test_few_items_or_one_process_start_nothing() -> None:
    for crew, count in ((WorkerPool(2), 10), (WorkerPool(1), 2 * MIN_ITEMS_FOR_PROCESSES)):
        with crew:
            assert set(crew.map_ordered(processes, range(count), lambda _: 1)) == {os.getpid()}


def test_large_items_go_alone() -> None:
    with WorkerPool(2) as crew:
        seen = set(crew.map_ordered(processes, range(2 * MIN_ITEMS_FOR_PROCESSES), lambda _: 5 << 20))
    assert os.getpid() not in seen


def test_a_process_that_was_killed_is_said() -> None:
    with WorkerPool(2) as crew, pytest.raises(ArchiveError, match=r"data\.processes=1"):
        list(crew.map_ordered(dies, range(2 * MIN_ITEMS_FOR_PROCESSES), lambda _: 1))
