"""What `make bench` prints: a table of this project beside its peers, on the same work in turn."""

import importlib
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import ROOT, model_settings
from pretended_gpu import GPU, pretended_gpu

from benchmarks import __main__ as bench
from benchmarks import edits as edits_benchmark
from benchmarks import generation, ingest, memory, threads, training
from benchmarks import model as bench_model
from benchmarks.measure import Row, compare, in_new_process, process_with, speed
from email_assistant.archive import edits
from email_assistant.language_model.meta_model import architecture
from email_assistant.storage.records import Email


class Clock:
    """Time that passes only where some work takes it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def work(self, name: str, *seconds: float) -> Callable[[], int]:
        """Work of one unit that takes so long, call by call."""
        left = list(seconds)

        def do() -> int:
            self.order.append(name)
            self.now += left.pop(0)
            return 1

        return do


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "perf_counter", lambda: made.now)
    return made


def test_arms_take_turns_in_alternating_order_and_are_compared_round_by_round(clock: Clock) -> None:
    ours, peer = clock.work("ours", 2.0, 4.0, 1.0), clock.work("peer", 3.0, 2.0, 5.0)
    (row,) = compare("work/s", speed(ours), {"peer": speed(peer)}, 3)
    assert row.ratios() == pytest.approx([1.5, 0.5, 5.0])
    assert clock.order == ["ours", "peer", "peer", "ours", "ours", "peer"]
    assert row.cell() == "0.5 / 0.333: 1.50 (0.50 to 5.00)"


def test_of_seconds_and_bytes_fewer_are_better() -> None:
    assert Row("", "", [2.0, 4.0], [3.0, 2.0], less_is_better=True).ratios() == [1.5, 0.5]


def test_a_peer_that_is_not_installed_is_named_as_such(clock: Clock) -> None:
    ours, peer = clock.work("ours", 0.001), clock.work("peer", 0.002)
    rows = compare("work/s", speed(ours), {"absent": None, "peer": speed(peer)}, 1)
    assert [(row.peer, row.cell()) for row in rows] == [
        ("absent", "1,000 / not installed"),
        ("peer", "1,000 / 500: 2.00"),
    ]


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parts of the table that measure nothing, on an invented CPU."""
    for name in ("one", "two"):
        rows = [Row(f"{name}, tokens/s", peer, [6.0, 8.0, 9.0], [3.0, 2.0, 3.0]) for peer in ("a peer", "another")]
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", SimpleNamespace(rows=lambda rounds, rows=rows: rows))
    monkeypatch.setattr(bench, "PARTS", ("one", "two"))
    monkeypatch.setattr(bench, "in_new_process", lambda function, *arguments: function(*arguments))
    monkeypatch.setattr(bench, "processor_kind", lambda: "AVX-1024")
    monkeypatch.setattr(bench, "auto_format", lambda: "float32")


@pytest.mark.parametrize(("named", "parts"), [([], ["one", "two"]), (["two"], ["two"])])
@pytest.mark.usefixtures("faked")
def test_the_table_has_a_row_for_each_measurement_and_peer(
    named: list[str], parts: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *named])
    bench.main()
    text, head, _, *rows = [line for line in capsys.readouterr().out.splitlines() if line]
    assert "float32" in text
    assert head == "| Measurement | Peer | Command | AVX-1024 |"
    assert rows == [
        f"| {part}, tokens/s | {peer} | `python -m benchmarks {part}` | 8 / 3: 3.00 (2.00 to 4.00) |"
        for part in parts
        for peer in ("a peer", "another")
    ]


def test_an_unknown_benchmark_is_refused_with_the_names_of_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "nothing"])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert "nothing" in message
    assert all(name in message for name in (*bench.PARTS, *bench.REPORTS))


def test_every_part_and_report_exists() -> None:
    for names, function in ((bench.PARTS, "rows"), (bench.REPORTS, "report")):
        assert all(callable(getattr(importlib.import_module(f"benchmarks.{name}"), function)) for name in names)


def test_the_page_names_commands_that_print_its_rows() -> None:
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    commands = {row.split(" | ")[2] for row in page.splitlines() if row.startswith("| ") and "`python" in row}
    known = {f"`python -m benchmarks {name}`" for name in bench.PARTS}
    assert commands & known
    assert commands - known == {"`python -m benchmarks.memory llama3`"}


def test_a_process_of_its_own_connects_to_no_other_machine_and_prints_nothing_in_the_table(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert in_new_process(os.getpid) != os.getpid()
    with pytest.raises(PermissionError):
        in_new_process(socket.create_connection, ("192.0.2.1", 80), 1)
    in_new_process(print, "a peer's log")
    assert capfd.readouterr() == ("", "a peer's log\n")


def test_a_process_gets_variables_that_this_one_does_not_keep() -> None:
    before = dict(os.environ)
    with process_with({"GOMP_SPINCOUNT": "7"}) as process:
        assert process.submit(os.getenv, "GOMP_SPINCOUNT").result() == "7"
        assert process.submit(os.getpid).result() == process.submit(os.getpid).result() != os.getpid()
    assert dict(os.environ) == before


@pytest.fixture
def tiny(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A random model instead of the bundled one, in this process, with no peers but those that are always there."""
    monkeypatch.setattr(bench_model, "SMOLLM2", tiny_model)
    for module in (training, generation):
        monkeypatch.setattr(module, "is_installed", lambda package: False)
    for module in (training, generation, threads):
        monkeypatch.setattr(module, "auto_format", lambda: "bfloat16")


@pytest.mark.usefixtures("tiny")
def test_training_is_compared_with_the_same_mails_in_both_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "in_new_process", lambda function, *arguments: function(*arguments))
    monkeypatch.setattr(training, "MAILS", 8)
    monkeypatch.setattr(training, "SQUARE", 16)
    rows = {(row.what, row.peer): row for row in training.rows(1)}
    assert len(rows) == 8
    assert all(row.ours[0] > 0 and row.theirs[0] > 0 for row in rows.values())
    for dtype in ("bfloat16", "float32"):
        losses = rows[f"loss on 4 other mails after training in {dtype}", training.PLAIN]
        assert losses.ours == pytest.approx(losses.theirs, rel=0.01)


@pytest.mark.usefixtures("tiny")
def test_writing_is_compared_on_all_numbers_of_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "COUNTS", (1, 3))
    monkeypatch.setattr(generation, "INSTRUCTIONS", 2)
    rows = list(generation.rows(1))
    assert [row.what for row in rows[::3]] == [
        "writing 1 mail, tokens/s",
        "writing 3 mails, tokens/s",
        "writing 2 instructions for mails, tokens/s",
    ]
    assert [row.theirs != [] for row in rows] == [True, True, False] * 3


@pytest.mark.usefixtures("tiny")
def test_what_a_busy_process_costs_is_measured_on_every_work() -> None:
    threads._work.cache_clear()
    try:
        assert all(threads.seconds_of(work, 1) > 0 for work in threads.WORKS)
        work = threads._work(1)
    finally:
        threads._work.cache_clear()
    written = list(zip(threads.WORKS, threads.WRITTEN.items(), strict=False))
    assert [work[name]() for name, _ in written] == [count * tokens for _, (count, tokens) in written]


def test_what_a_busy_process_costs_is_a_ratio_for_every_arm(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    busy: list[bool] = []

    @contextmanager
    def busy_process() -> Iterator[None]:
        busy.append(True)
        yield
        busy.append(False)

    def seconds_of(work: str, count: int | None) -> float:
        return (1.0 if count else 0.5) * (3.0 if busy and busy[-1] else 1.0)

    monkeypatch.setattr(threads, "process_with", lambda environment: ThreadPoolExecutor(1))
    monkeypatch.setattr(threads, "auto_format", lambda: "float32")
    monkeypatch.setattr(threads, "busy_process", busy_process)
    monkeypatch.setattr(threads, "seconds_of", seconds_of)
    threads.report()
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    cells = " | ".join(["1 / 3: 3.00 (3.00 to 3.00)", *["0.5 / 1.5: 3.00 (3.00 to 3.00)"] * 2])
    assert rows == [f"| {work} | {cells} |" for work in threads.WORKS]
    assert busy.count(True) == len(threads.WORKS) * len(threads.ARMS) * threads.ROUNDS


def test_a_busy_process_ends_with_what_it_is_measured_beside() -> None:
    with threads.busy_process() as busy:
        assert busy.poll() is None
    assert busy.poll() is not None


def test_ingest_and_its_peer_read_the_same_messages(tmp_path: Path) -> None:
    archive = tmp_path / "archive.mbox"
    shutil.copyfile(ingest.DEMO, archive)
    counts = ingest.ingest(archive, [])
    assert counts["messages"] == ingest.parse(archive)
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
