import os
import signal

import pytest

from email_assistant.archive.workers import WORTH_STARTING, Workers
from email_assistant.errors import ArchiveError


def squares(batch: list[int]) -> list[int]:
    return [number * number for number in batch]


def processes(batch: list[int]) -> list[int]:
    return [os.getpid()] * len(batch)


def dies(batch: list[int]) -> list[int]:
    os.kill(os.getpid(), signal.SIGKILL)
    return batch


def test_results_keep_the_order_of_the_items() -> None:
    with Workers(2) as crew:
        for count in (0, 3, 5 * WORTH_STARTING):
            assert list(crew.ordered(squares, range(count), lambda _: 1)) == squares(list(range(count)))


def test_few_items_or_one_process_start_nothing() -> None:
    for crew, count in ((Workers(2), 10), (Workers(1), 2 * WORTH_STARTING)):
        with crew:
            assert set(crew.ordered(processes, range(count), lambda _: 1)) == {os.getpid()}


def test_large_items_go_alone() -> None:
    with Workers(2) as crew:
        seen = set(crew.ordered(processes, range(2 * WORTH_STARTING), lambda _: 5 << 20))
    assert os.getpid() not in seen


def test_a_process_that_was_killed_is_said() -> None:
    with Workers(2) as crew, pytest.raises(ArchiveError, match=r"data\.processes=1"):
        list(crew.ordered(dies, range(2 * WORTH_STARTING), lambda _: 1))
