"""Processes that train one adapter together, real ones, beside a single one that does the same."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from safetensors.torch import load_file
from warm import Call

from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration import command_line
from email_assistant.errors import ConfigurationError
from email_assistant.language_model import collectives

Run = Callable[..., Call]
# Steps of five mails, the last of an epoch of two: one process's part may be empty.
TRAINING = (
    "stage=train",
    "trainer.batch_size=5",
    "trainer.epochs=2",
    "trainer.validations_per_epoch=3",
    "trainer.ema_decay=0.5",
)


def launched(tmp_path: Path, configuration: str, *arguments: str) -> list[str]:
    """The command that starts so many processes, with what the fixture's calls say, too."""
    where = [f"paths.outputs={tmp_path}/outputs", f"paths.mlruns={tmp_path}/mlruns"]
    return [*launcher(configuration), str(ROOT / "run.py"), *arguments, *where]


def launcher(configuration: str) -> list[str]:
    accelerate = str(Path(sys.executable).with_name("accelerate"))
    return [accelerate, "launch", "--config_file", str(ROOT / "launch" / configuration), "--num_processes", "2"]


def adapter(outputs: Path) -> Any:
    return load_file(outputs / "latest" / "train" / "adapter" / "adapter_model.safetensors")


def history(outputs: Path) -> list[dict[str, float]]:
    text = (outputs / "latest" / "train" / "history.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("configuration", "quantization"),
    # Each with the whole base; and with a base in 4 bit that is spread over them.
    [("ddp.yaml", "none"), ("fsdp.yaml", "nf4")],
)
def test_two_processes_train_as_one(
    configuration: str, quantization: str, run_py: Run, tmp_path: Path, tiny_model: Path, archive: Path
) -> None:
    alone = run_py(*TRAINING, f"model.quantization={quantization}")
    assert alone.code == 0, alone.err
    before = tmp_path / "before"
    shutil.copytree(tmp_path / "outputs", before, symlinks=True)
    shutil.rmtree(tmp_path / "outputs" / "artifacts" / "train")
    given = [
        *TRAINING, f"model.path={tiny_model}", f"data.path={archive}", "generation.max_new_tokens=12",
        "summarizer=base_model", "generation=sample", "summarizer.max_new_tokens=8",
        "trainer.scored_mails=2", "lora.r=2", "model.threads=1",
        "tracking.experiment=email-assistant", f"model.quantization={quantization}",
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name != "WORLD_SIZE"}
    command = launched(tmp_path, configuration, *given)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    # One of them reads, says and writes.
    assert done.stdout.count("running") == 1 and done.stdout.count("cached") == 3
    single, double = history(before), history(tmp_path / "outputs")
    assert [record["step"] for record in single] == [record["step"] for record in double]
    for one, two in zip(single, double, strict=True):
        assert set(one) == set(two)
        for name in {"train/loss", "train/gradient_norm", "validation/loss"} & set(one):
            assert one[name] == pytest.approx(two[name], rel=1e-4)
    first, second = adapter(before), adapter(tmp_path / "outputs")
    assert all(float((first[name] - second[name]).abs().max()) < 1e-4 for name in first)
    if configuration == "ddp.yaml":
        # An error of what leads ends them all, with its line.
        bad = [part.replace("lora.r=2", "lora.target_modules=[nothing]") for part in command]
        failed = subprocess.run(bad, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=300)
        assert failed.returncode == 1 and "error: lora.target_modules" in failed.stderr


PROGRAM = """
from pathlib import Path
from email_assistant.language_model import collectives

def threads() -> list[str]:
    return [task.read_text() for task in Path("/proc/self/task").glob("*/comm")]

context = collectives.init()
import accelerate, peft, transformers.trainer
assert any("gloo" in name for name in threads())
if context.is_worker:
    assert collectives.receive_command() == {"do": "nothing"}
else:
    collectives.broadcast_command(context, {"do": "nothing"})
assert collectives.all_reduce_max(context, context.rank) == 1
collectives.shutdown(context)
assert not any("gloo" in name for name in threads()), threads()
"""


@pytest.mark.slow
def test_no_thread_outlives_the_process_group(tmp_path: Path) -> None:
    # A thread that is left could take the lock of the ending interpreter and abort a finished training.
    (tmp_path / "program.py").write_text(PROGRAM)
    alone = {name: value for name, value in os.environ.items() if name != "WORLD_SIZE"} | {"PYTHONPATH": str(ROOT)}
    command = [*launcher("ddp.yaml"), str(tmp_path / "program.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=alone, timeout=300)
    assert done.returncode == 0, done.stderr


def test_several_processes_refuse_sweeps_and_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigurationError, match="sweep"):
        command_line.check(["-m", "stage=train", "lora.r=2,4"], ROOT / "conf", CONFIG_CHECKS, 2)
    monkeypatch.setenv("MASTER_ADDR", "10.0.0.7")
    with pytest.raises(ConfigurationError, match=r"MASTER_ADDR = 10\.0\.0\.7"):
        collectives.init()


@pytest.mark.parametrize(("platform", "interface"), [("linux", "lo"), ("darwin", "lo0")])
def test_processes_talk_over_the_loopback_interface_by_its_name(
    monkeypatch: pytest.MonkeyPatch, platform: str, interface: str
) -> None:
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        # Set first, so that what `init` sets is undone.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    for name, value in {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(collectives.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(sys, "platform", platform)
    collectives.init()
    assert (os.environ["GLOO_SOCKET_IFNAME"], os.environ["NCCL_SOCKET_IFNAME"]) == (interface, interface)
