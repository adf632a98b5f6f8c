"""What `make bench` prints is the ratio of two times for the same work."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import model_settings
from pretended_gpu import GPU, pretended_gpu

from benchmarks import __main__ as bench
from benchmarks import edits as edits_benchmark
from benchmarks import ingest, memory
from benchmarks.measure import speed_ratios
from email_assistant.archive import edits
from email_assistant.language_model.meta_model import architecture
from email_assistant.storage.records import Email


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


def test_edits_come_between_the_mails_that_are_trained_on_and_those_that_are_tested(tmp_path: Path) -> None:
    emails: list[Email] = [
        {
            "id": f"m{number}",
            "text": f"Bo,\n\nplease bring {number} crates of nails to the pier.\n\nT",
            "subject": "Nails",
            "date": f"2024-01-{number + 1:02d}T10:00:00+00:00",
            "to": ["Bo <bo@x.example>"],
            "thread": f"t{number}",
            "language": "en",
            "source": "archive",
        }
        for number in range(12)
    ]
    base, edited, tested = edits_benchmark._parts(emails, 6, 3)
    assert [len(part) for part in (base, edited, tested)] == [6, 3, 3]
    assert base[-1]["id"] < edited[0]["id"] and tested[0]["id"] == "m9"
    for number, email in enumerate(edited):
        assert edits.keep(tmp_path, edits_benchmark._edit(email, number))
    kept = edits.load(tmp_path)
    assert [edit["text"] for edit in kept] == [email["text"] for email in edited]
    assert all("crates" in edit["request"] and edit["request"] != edit["text"] for edit in kept)


def test_a_random_model_is_whole_on_its_device(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "quantize_nf4", lambda layer, dtype, device: layer)
    with pretended_gpu():
        monkeypatch.setattr(
            torch.nn.Module, "to_empty", lambda module, device: pretended_weights(module, torch.device(device))
        )
        model = memory.random_model(architecture(model_settings(tiny_model)), GPU)
        devices = {name: tensor.device for name, tensor in [*model.named_parameters(), *model.named_buffers()]}
        assert set(devices.values()) == {GPU}, devices
        assert bool(torch.isfinite(model(input_ids=torch.arange(9, device=GPU)[None]).logits).all())


def pretended_weights(module: torch.nn.Module, device: torch.device) -> None:
    """As `Module.to_empty`, which cannot make such weights from those of the meta device."""
    for name, weight in module._parameters.items():
        if weight is not None:
            empty = torch.zeros(weight.shape, device=device)
            module._parameters[name] = torch.nn.Parameter(empty, requires_grad=False)
