"""What `make bench` prints is the ratio of two times for the same work."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as bench
from benchmarks import ingest
from benchmarks.measure import speed_ratios


class Clock:
    """Time that passes only where some work takes it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def work(self, name: str, *seconds: float) -> Callable[[], None]:
        """Work that takes so long, call by call."""
        left = list(seconds)

        def do() -> None:
            self.order.append(name)
            self.now += left.pop(0)

        return do


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: made.now)
    return made


def test_a_ratio_is_the_seconds_of_the_peer_by_ours_and_the_order_alternates(clock: Clock) -> None:
    ours, peer = clock.work("ours", 2.0, 4.0, 1.0), clock.work("peer", 3.0, 2.0, 5.0)
    assert speed_ratios(ours, peer, 3) == [1.5, 0.5, 5.0]
    assert clock.order == ["ours", "peer", "peer", "ours", "ours", "peer"]


def test_each_benchmark_prints_the_median_of_its_rounds(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared = ("to a peer", clock.work("ours", 2.0, 4.0, 1.0), clock.work("peer", 3.0, 2.0, 5.0))
    monkeypatch.setattr(bench, "BENCHMARKS", {"one": SimpleNamespace(prepare=lambda: prepared)})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--rounds", "3"])
    bench.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("one: to a peer: 1.50 ")
    assert "1.50, 0.50, 5.00" in line


def test_an_unknown_benchmark_is_refused_with_the_names_of_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "nothing"])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert "nothing" in message
    assert all(name in message for name in bench.BENCHMARKS)


def test_ingest_and_its_peer_read_the_same_messages(tmp_path: Path) -> None:
    archive = tmp_path / "archive.mbox"
    shutil.copyfile(ingest.DEMO, archive)
    _, ours, peer = ingest.prepare(archive)
    counts = ours()
    assert isinstance(counts, dict)
    assert counts["messages"] == peer()
    # Nearly all that the demo's writer sent is kept: ours does not gain its time by dropping mails.
    assert counts["kept"] > 100
