"""The benchmark of GPUs, rehearsed on a processor: what it measures, and that nothing stops it."""

import argparse
import io
import json
import math
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from benchmarks.gpu import __main__ as gpu
from benchmarks.gpu import kit, models
from benchmarks.gpu.nf4 import PlainNf4Linear, bitsandbytes_error, quantized
from benchmarks.gpu.parts import BY_NAME, PARTS, first_batch
from benchmarks.gpu.report import DONE, FAILED, RUNNING, SKIPPED, Report, table
from benchmarks.gpu.session import DeviceLostError, Session
from benchmarks.gpu.sizes import TINY
from benchmarks.gpu.training import Case, trainer_of
from benchmarks.gpu.writing import agreeing_share, steady_speed

ROOT = Path(__file__).resolve().parents[1]
CPU = torch.device("cpu")
Figures = dict[str, dict[str, Any]]
Parts = dict[str, Any]


def rehearse(out: Path) -> tuple[dict[str, Any], str]:
    """The parts that `python -m benchmarks.gpu --tiny` measures, and what it prints."""
    # Far more minutes than it takes: other work may keep the processor busy.
    command = [sys.executable, "-m", "benchmarks.gpu", "--tiny", "--device", "cpu", "--minutes", "60"]
    command += ["--out", str(out), "--kit", str(out / "no kit")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((out / "results.json").read_text())["parts"], done.stdout


def figures_of(parts: Parts, part: str, start: str = "") -> Figures:
    """The figures of a part whose names start like this; there has to be one."""
    found = {name: value for name, value in parts[part]["figures"].items() if name.startswith(start)}
    assert found
    return found


def check_states_and_table(parts: Parts, printed: str) -> None:
    assert list(parts) == [part.name for part in PARTS]
    assert {part["state"] for part in parts.values()} == {DONE}
    lines = printed[printed.index("part  ") :].splitlines()
    assert [line.split("  ")[0] for line in lines[1:] if not line.startswith(" ")] == list(parts)


def check_losses(parts: Parts) -> None:
    found = figures_of(parts, "losses")
    leak = found.pop("what a wrong mask would change")
    assert len(found) == 3
    for name, losses in found.items():
        for way in ("packed", "padded", "full_logits", "decoder"):
            assert losses[way]["equal"], (name, way)
            assert losses[way]["loss"] == pytest.approx(losses["transformers"], abs=1e-2)
            assert losses[way]["gradient_distance"] < (0.03 if "bfloat16" in name else 1e-4)
        # Random weights, which do not predict all tokens alike.
        assert losses["transformers"] > math.log(TINY.small.vocabulary) + 1
    assert abs(leak["difference"]) > 3e-2


def check_training(parts: Parts) -> None:
    ratios = figures_of(parts, "training", "this project / ")
    assert len(ratios) == 2
    for name, ratio in ratios.items():
        case = name.partition("peft, ")[2]
        own, peer = (
            figures_of(parts, "training", f"{arm}, {case}") for arm in ("this project", "transformers and peft")
        )
        own_figure, peer_figure = own[f"this project, {case}"], peer[f"transformers and peft, {case}"]
        assert ratio["speed"] == pytest.approx(own_figure["tokens_per_second"] / peer_figure["tokens_per_second"])
        assert ratio["memory"] == pytest.approx(own_figure["peak_bytes"] / peer_figure["peak_bytes"])
        assert own_figure["loss"] == pytest.approx(peer_figure["loss"], abs=1e-4)
        assert own_figure["way"] == "decoder"
    uneven = [ratio for name, ratio in ratios.items() if name.endswith("uneven mails")]
    # It has no padding and no logits where nothing is to be predicted.
    assert uneven[0]["memory"] < 0.8


def check_memory(parts: Parts) -> None:
    found = figures_of(parts, "memory")
    assert len(found) == 3 + 6
    for name, figure in found.items():
        assert abs(figure["estimated_bytes"] / figure["peak_bytes"] - 1) < 0.15, name
        assert figure["within"] == (abs(figure["estimate_error"]) <= 0.1)
    # Recomputation needs less, also of what was measured.
    kept, recomputed = (
        found[f"tiny wide nf4, 192 tokens, uneven mails{ending}"] for ending in (", not recomputed", "")
    )
    assert recomputed["peak_bytes"] < kept["peak_bytes"]


def check_writing(parts: Parts) -> None:
    ratios = figures_of(parts, "writing", "this project / ")
    assert len(ratios) == 6
    mails, width = TINY.beams
    assert sum(name.endswith(f"{mails} mails by {width} beams") for name in ratios) == 2
    assert {ratio["equal_tokens"] for ratio in ratios.values()} == {1.0}
    own = figures_of(parts, "writing", "this project, ")
    rows = (*TINY.rows, mails * width)
    assert {figure["tokens"] for figure in own.values()} == {count * TINY.new_tokens for count in rows}
    for planned in figures_of(parts, "writing", "planned, ").values():
        assert abs(planned["estimate_error"]) < 0.15


def check_loading_resumption_and_scarce_memory(parts: Parts) -> None:
    assert len(figures_of(parts, "loading")) == 9
    resumed = figures_of(parts, "resumption")["adamw"]
    assert resumed["resumed_at_step"] == 3
    assert resumed["identical"]
    assert resumed["checkpoint_bytes"] > 0
    scarce = figures_of(parts, "out of memory")
    assert scarce["training"]["messages"]
    assert abs(scarce["training"]["loss_difference"]) < 1e-4
    for way in ("writing", "beams"):
        assert scarce[way]["messages"]
        assert scarce[way]["rows_written"] == scarce[way]["rows"]
        assert scarce[way]["equal_tokens"] == 1.0


def check_pipeline_profile_and_peers(parts: Parts) -> None:
    run = figures_of(parts, "pipeline")["run.py"]
    assert set(run["stages"]) == {"data", "summarize", "split", "train", "evaluate"}
    assert run["mails_written"] > 0
    assert run["adapter_bytes"] > 0
    for profile in figures_of(parts, "profile").values():
        assert profile["kernels"] > len(profile["longest"]) > 3
    installed = figures_of(parts, "peers")["installed"]
    assert set(installed) == {"trl", "unsloth", "liger_kernel"}


# One test: the rehearsal takes a minute or two, and workers of pytest share no fixture.
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_rehearsal_measures_every_part_rightly(tmp_path: Path) -> None:
    parts, printed = rehearse(tmp_path)
    check_states_and_table(parts, printed)
    check_losses(parts)
    check_training(parts)
    check_memory(parts)
    check_writing(parts)
    check_loading_resumption_and_scarce_memory(parts)
    check_pipeline_profile_and_peers(parts)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(Report(tmp_path), "losses", CPU, TINY, tmp_path, time.time() + 600)


def test_a_step_is_measured_in_the_way_that_is_asked_for() -> None:
    base = models.random_base(TINY.small, TINY.formats[0], CPU)
    for mode in ("padded", None):
        case = Case(24, "mails", mode=mode)
        with models.adapted(base) as tuned, trainer_of(tuned, case, case.examples(TINY.small)) as trainer:
            trainer.train_step()
            assert trainer.loss.mode == (mode or "decoder")
            assert trainer.loss is trainer.batcher.loss


def test_a_figure_that_fails_is_stored_with_its_error_and_the_next_is_measured(session: Session) -> None:
    def fail() -> None:
        raise ValueError("no such kernel")

    assert session.measure("first", fail) is None
    assert session.measure("second", lambda: {"value": 2}) == {"value": 2}
    stored = Report(session.scratch).parts["losses"]["figures"]
    assert stored["first"]["error"].rstrip().endswith("ValueError: no such kernel")
    assert stored["second"] == {"value": 2}
    assert "failed: ValueError: no such kernel" in table(Report(session.scratch).parts)


def test_a_figure_for_which_no_time_is_left_is_not_measured(session: Session) -> None:
    session.deadline = time.time() + 5
    assert session.measure("long", lambda: pytest.fail("it was measured"), seconds=10) is None
    assert session.report.parts["losses"]["figures"]["long"] == {"skipped": "no time left"}


def test_a_part_ends_when_the_device_no_longer_answers(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr("benchmarks.gpu.session.free_memory", broken)
    with pytest.raises(DeviceLostError):
        session.measure("first", broken)
    assert "illegal" in session.report.parts["losses"]["figures"]["first"]["error"]


def supervised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: Sequence[str], minutes: float = 60.0
) -> dict[str, Any]:
    """The results when these programs are the workers, one after another; each may use `report` and `parts`."""
    left = list(workers)
    prelude = (
        "import os, sys, time\nfrom pathlib import Path\nfrom benchmarks.gpu.report import Report\n"
        f"report = Report(Path({str(tmp_path)!r}))\nparts = sys.argv[1:]\n"
    )

    def start(_: Any, __: Any, batch: Sequence[str]) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", prelude + left.pop(0), *batch]
        return subprocess.Popen(command, cwd=ROOT, start_new_session=True)

    monkeypatch.setattr(gpu, "_start", start)
    monkeypatch.setattr(gpu, "GRACE_SECONDS", 0.1)
    arguments = gpu.arguments_of(["--out", str(tmp_path), "--parts", "machine", "losses", "training"])
    arguments.deadline, arguments.minutes = time.time() + 60 * minutes, minutes
    return gpu.supervise(arguments, {}).parts


DO_ALL = "for part in parts: report.set_part(part, state='done', seconds=1.0)"


def test_a_part_that_kills_its_process_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = (
        "report.set_part('machine', state='done', seconds=1.0)\n"
        "report.set_part('losses', state='running', started=time.time())\n"
        "report.add_figure('losses', 'first', 1)\nos._exit(7)"
    )
    parts = supervised(tmp_path, monkeypatch, [crash, DO_ALL])
    assert [part["state"] for part in parts.values()] == [DONE, FAILED, DONE]
    assert "code 7" in parts["losses"]["error"]
    assert parts["losses"]["figures"] == {"first": 1}


def test_a_worker_that_cannot_start_costs_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = supervised(tmp_path, monkeypatch, ["import no_such_package", DO_ALL])
    assert [part["state"] for part in parts.values()] == [FAILED, DONE, DONE]


def test_a_part_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if it had begun an hour ago: it may take 60 seconds of 8 minutes.
    hang = "report.set_part('machine', state='running', started=time.time() - 3600)\ntime.sleep(600)"
    parts = supervised(tmp_path, monkeypatch, [hang, DO_ALL], minutes=8.0)
    assert [part["state"] for part in parts.values()] == [FAILED, DONE, DONE]


def test_parts_after_the_last_minute_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = supervised(tmp_path, monkeypatch, [], minutes=0.0)
    assert [part["state"] for part in parts.values()] == [SKIPPED] * 3


def test_peers_have_a_process_of_their_own() -> None:
    names = [part.name for part in PARTS]
    assert first_batch(names) == names[:-1]
    assert first_batch(names[-1:]) == ["peers"]
    assert first_batch(["peers", "machine"]) == ["peers"]
    assert BY_NAME["peers"].alone


def test_a_report_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    Report(tmp_path).set_part("losses", state=RUNNING, started=5.0)
    Report(tmp_path).add_figure("losses", "value", {"size_bytes": 3 * 2**30})
    assert Report(tmp_path).running() == ("losses", 5.0)
    assert "size 3.00 GiB" in table(Report(tmp_path).parts)


def test_speed_is_that_after_the_first_tokens() -> None:
    assert steady_speed(tokens=100, seconds=5.0, first_tokens=20, first_seconds=3.0) == 40.0
    assert steady_speed(tokens=100, seconds=5.0, first_tokens=20, first_seconds=6.0) == 20.0


def test_agreement_ends_where_tokens_differ() -> None:
    assert agreeing_share([[1, 2, 3, 4]], [[1, 2, 9, 4]]) == 0.5
    assert agreeing_share([[1, 2], [3, 4]], [[1, 2], [3, 4]]) == 1.0


def linear() -> nn.Linear:
    torch.manual_seed(3)
    return nn.Linear(128, 48, bias=True).requires_grad_(False)


def test_nf4_in_plain_torch_has_the_weights_of_bitsandbytes() -> None:
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    layer = linear()
    packed, state = quantize_4bit(layer.weight.data, blocksize=64, compress_statistics=False, quant_type="nf4")
    expected = dequantize_4bit(packed, state)
    torch.testing.assert_close(PlainNf4Linear(layer, torch.float32).dense(), expected, rtol=1e-6, atol=1e-7)


def test_nf4_in_plain_torch_has_the_gradients_of_its_dense_weights() -> None:
    layer = PlainNf4Linear(linear(), torch.float32)
    inputs = torch.randn(5, 128, requires_grad=True)
    layer(inputs).square().sum().backward()
    dense = inputs.detach().clone().requires_grad_()
    nn.functional.linear(dense, layer.dense(), layer.bias).square().sum().backward()
    torch.testing.assert_close(inputs.grad, dense.grad)


@pytest.mark.parametrize("plain", [True, False])
def test_nf4_takes_half_a_byte_for_a_weight(plain: bool) -> None:
    layer: Any = quantized(linear(), torch.float32, CPU, plain)
    packed = layer.packed if plain else layer.weight
    assert packed.numel() * packed.element_size() == 128 * 48 // 2


def test_bitsandbytes_is_found_to_work_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bitsandbytes_error(CPU) is None

    def fail(*_: Any) -> None:
        raise OSError("no library for this CUDA")

    monkeypatch.setattr("benchmarks.gpu.nf4.quantize_nf4", fail)
    assert "no library for this CUDA" in str(bitsandbytes_error(CPU))
    monkeypatch.setattr("benchmarks.gpu.nf4.quantize_nf4", lambda layer, *_: nn.Linear(128, 64))
    assert "differs" in str(bitsandbytes_error(CPU))


def test_the_kit_has_the_versions_of_the_lock() -> None:
    names = kit.NAMES.read_text(encoding="utf-8")
    wanted = kit.requirements(names, (ROOT / "poetry.lock").read_text(encoding="utf-8"))
    assert {f"{name}=={version(name)}" for name in ("transformers", "bitsandbytes", "hydra-core")} <= set(
        wanted["core"]
    )
    assert [requirement.partition("==")[0] for requirement in wanted["peers"]] == ["liger-kernel", "trl"]


@pytest.mark.parametrize(
    ("member", "kept"),
    [
        ("bitsandbytes/libbitsandbytes_cuda130.so", True),
        ("bitsandbytes/libbitsandbytes_cpu.so", True),
        ("bitsandbytes/libbitsandbytes_cuda128.so", False),
        ("bitsandbytes/libbitsandbytes_rocm70.so", False),
        ("bitsandbytes/nn/modules.py", True),
        ("faiss/_swigfaiss.so", True),
    ],
)
def test_of_bitsandbytes_the_kit_has_few_libraries(member: str, kept: bool) -> None:
    assert kit.is_kept(member) == kept


def make_kit(folder: Path, versions: dict[str, str]) -> None:
    folder.mkdir()
    with tarfile.open(folder / f"cp{sys.version_info.major}{sys.version_info.minor}.tar.xz", "w:xz") as archive:
        for name, text in (
            ("core/extra.py", "VALUE = 1"),
            ("peers/other.py", ""),
            ("versions.json", json.dumps(versions)),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))


def test_a_kit_is_used_where_something_is_missing(tmp_path: Path) -> None:
    make_kit(tmp_path / "kit", {"no-such-package": "1.0"})
    folders = kit.unpacked(tmp_path / "kit", tmp_path)
    assert (folders[0] / "extra.py").read_text() == "VALUE = 1"
    environment = gpu.environment_of(folders)
    assert str(folders[0]) in environment["PYTHONPATH"].split(":")
    assert str(folders[1]) not in environment["PYTHONPATH"].split(":")
    assert environment[gpu.PEERS_VARIABLE] == str(folders[1])
    # Unpacked once.
    assert kit.unpacked(tmp_path / "kit", tmp_path) == folders


def test_no_kit_is_used_where_nothing_is_missing(tmp_path: Path) -> None:
    make_kit(tmp_path / "kit", {"torch": version("torch")})
    assert kit.unpacked(tmp_path / "kit", tmp_path) == []
    assert kit.unpacked(tmp_path / "nowhere", tmp_path) == []
    assert gpu.PEERS_VARIABLE not in gpu.environment_of([])


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_can_be_loaded(part: Any) -> None:
    measure: Callable[[Session], None] = part.load()
    assert callable(measure)


def test_the_command_line_takes_the_parts_and_the_minutes() -> None:
    arguments: argparse.Namespace = gpu.arguments_of(["--minutes", "3", "--parts", "losses", "memory"])
    assert (arguments.minutes, arguments.parts) == (3.0, ["losses", "memory"])
    assert gpu.seconds_of("losses", 4.0) == BY_NAME["losses"].seconds / 2
