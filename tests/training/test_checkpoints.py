"""Interrupted trainings resume exactly, and damaged checkpoints are not used."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from small import LORA, PLAIN, Killed, distance, encoded, trained, trainer

from email_assistant.configuration.schema import Lora
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.training.checkpoints import Checkpointer, TrainingState
from email_assistant.training.trainer import Trainer


@pytest.fixture(scope="module")
def examples(tiny_model: Path) -> list[TokenizedExample]:
    return encoded(tiny_model)


def optimizer_state(loop: Trainer) -> list[Any]:
    """Moments, steps and rates, in order."""
    state = loop.optimizer.state_dict()
    moments = [value for _, values in sorted(state["state"].items()) for _, value in sorted(values.items())]
    return moments + [group["lr"] for group in state["param_groups"]]


@pytest.fixture(scope="module")
def expected(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, torch.Tensor]:
    """The weights after a training that nothing interrupts."""
    return trained(tiny_model, examples, tmp_path_factory.mktemp("whole"), PLAIN)[1]


@pytest.fixture(scope="module")
def interrupted(tiny_model: Path, examples: list[TokenizedExample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same training, interrupted after its checkpoint of step 2."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.raises(KeyboardInterrupt):
        trainer(tiny_model, examples, folder, PLAIN, kind=Killed).fit()
    return folder


@pytest.fixture
def checkpoint(interrupted: Path, tmp_path: Path) -> Path:
    """That checkpoint in a copy of the folder, `killed`, which the test may change."""
    shutil.copytree(interrupted, tmp_path / "killed")
    (found,) = (tmp_path / "killed").glob("checkpoint-*")
    return found


def test_a_checkpoint_of_a_gpu_is_resumed_where_there_is_none(
    tiny_model: Path,
    examples: list[TokenizedExample],
    expected: dict[str, torch.Tensor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        # What torch notes about tensors that are saved from a GPU.
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        trainer(tiny_model, examples, tmp_path, PLAIN, kind=Killed).fit()
    resumed = trainer(tiny_model, examples, tmp_path, PLAIN)
    resumed.resume()
    assert resumed.state.step == 2
    resumed.fit()
    assert distance(expected, resumed.weights) == 0.0


@pytest.mark.parametrize("harm", ["cut", "altered", "gone", "state", "figure"])
def test_a_checkpoint_that_was_changed_is_not_used(
    tiny_model: Path,
    examples: list[TokenizedExample],
    expected: dict[str, torch.Tensor],
    checkpoint: Path,
    harm: str,
) -> None:
    weights, state = checkpoint / "weights.safetensors", checkpoint / "state.json"
    content = weights.read_bytes()
    if harm == "cut":
        weights.write_bytes(content[: len(content) // 2])
    elif harm == "altered":
        weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif harm == "gone":
        weights.unlink()
    elif harm == "state":
        state.write_text(state.read_text()[:40])
    else:
        state.write_text(state.read_text().replace('"step": 2', '"step": 1', 1))
    resumed = trainer(tiny_model, examples, checkpoint.parent, PLAIN)
    resumed.resume()
    assert resumed.state.step == 0 and not checkpoint.exists()
    resumed.fit()
    assert distance(expected, resumed.weights) == 0.0


@dataclasses.dataclass
class Whole:
    """A training that nothing interrupted: how it was set up, and what it gave."""

    lora: Lora
    values: dict[str, Any]
    loop: Trainer
    weights: dict[str, torch.Tensor]


@pytest.fixture(
    scope="module",
    params=[(LORA, None, 0.0), (PLAIN, 5.0, 0.0), (LORA, None, 0.7)],
    ids=["dropout", "noise", "average"],
)
def whole(
    request: pytest.FixtureRequest,
    tiny_model: Path,
    examples: list[TokenizedExample],
    tmp_path_factory: pytest.TempPathFactory,
) -> Whole:
    lora, noise, decay = request.param
    values = {"neftune_alpha": noise, "ema_decay": decay}
    return Whole(lora, values, *trained(tiny_model, examples, tmp_path_factory.mktemp("whole"), lora, **values))


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3, 4, 5])
def test_a_killed_run_resumed_equals_the_uninterrupted(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, whole: Whole, killed_after: int
) -> None:
    killed = trainer(tiny_model, examples, tmp_path, whole.lora, kind=Killed, **whole.values)
    killed.killed_after = killed_after  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        killed.fit()
    resumed, found = trained(tiny_model, examples, tmp_path, whole.lora, **whole.values)
    expected = whole.loop
    assert distance(whole.weights, found) == 0.0
    for left, right in zip(optimizer_state(expected), optimizer_state(resumed), strict=True):
        assert torch.equal(torch.as_tensor(left), torch.as_tensor(right))
    assert (resumed.state.best_step, resumed.state.best_loss) == (expected.state.best_step, expected.state.best_loss)
    losses = [[record.get("train/loss") for record in loop.state.history] for loop in (expected, resumed)]
    assert losses[0] == losses[1]
    averages = expected.average, resumed.average
    assert [average is not None for average in averages] == [whole.values["ema_decay"] > 0] * 2
    if expected.average and resumed.average:
        assert distance(expected.average.values, resumed.average.values) == 0.0


def test_a_checkpoint_of_an_earlier_version_is_resumed(
    tiny_model: Path, examples: list[TokenizedExample], expected: dict[str, torch.Tensor], checkpoint: Path
) -> None:
    assert sorted(path.name for path in checkpoint.iterdir()) == [
        *("best.safetensors", "optimizer.pt", "state.json", "weights.safetensors")
    ]
    stored = json.loads((checkpoint / "state.json").read_text())
    assert set(stored) == {"state", "files", "hash"}
    assert set(stored["state"]) == {"step", "best_step", "best_loss", "worse", "stopped", "history"}
    # A call that was killed while it wrote left an incomplete folder.
    (checkpoint.parent / "checkpoint-00000004.partial").mkdir()
    resumed = trainer(tiny_model, examples, checkpoint.parent, PLAIN)
    resumed.resume()
    assert resumed.state.step == 2
    resumed.fit()
    assert distance(expected, resumed.weights) == 0.0


def test_a_state_is_stored_and_read() -> None:
    state = TrainingState(7, 4, 1.5, 3, True, [{"step": 1, "train/loss": 2.0}])
    assert TrainingState.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_a_checkpoint_of_another_way_to_update_weights_is_resumed_with_the_present_one(tmp_path: Path) -> None:
    """With float16 a step of the other way would be refused: the scaler gives its factor to the optimizer."""

    def checkpointer(fused: bool | None, value: float) -> tuple[Checkpointer, torch.optim.Optimizer, Any]:
        weights = {"lora_A": torch.nn.Parameter(torch.full((2, 2), value))}
        optimizer = torch.optim.AdamW(weights.values(), lr=0.1, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        scaler.scale(weights["lora_A"].sum()).backward()  # type: ignore[no-untyped-call]
        return Checkpointer(tmp_path, weights, optimizer, scaler), optimizer, scaler

    old, optimizer, scaler = checkpointer(None, 1.0)
    scaler.step(optimizer)
    scaler.update()
    old.save_best()
    old.save(TrainingState(step=1))
    new, optimizer, scaler = checkpointer(True, 2.0)
    assert new.resume() == TrainingState(step=1)
    assert [group["fused"] for group in optimizer.param_groups] == [True]
    scaler.step(optimizer)
    (moments,) = optimizer.state_dict()["state"].values()
    assert moments["step"] == 2 and moments["exp_avg"].flatten().tolist() == pytest.approx([0.19] * 4)
