"""The average of a training's last weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from small import PLAIN, encoded, trainer

from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.training.averaging import MovingAverage
from email_assistant.training.checkpoints import BEST
from email_assistant.training.trainer import Trainer


@pytest.fixture(scope="module")
def examples(tiny_model: Path) -> list[TokenizedExample]:
    return encoded(tiny_model)


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        # The first step is all there is; after it (1 + 2 * 4) / 3 and (1 + 2 * 4 + 4 * 8) / 7.
        (0.5, [1.0, 3.0, 41 / 7]),
        (0.0, [1.0, 4.0, 8.0]),
    ],
)
def test_averages_by_hand(decay: float, expected: list[float]) -> None:
    weight = torch.nn.Parameter(torch.full((2, 3), 100.0))
    average = MovingAverage({"only": weight}, decay)
    for step, value in enumerate((1.0, 4.0, 8.0), start=1):
        torch.nn.init.constant_(weight, value)
        average.update(step)
        assert average.values["only"].flatten().tolist() == pytest.approx([expected[step - 1]] * 6)
        assert not average.values["only"].requires_grad


def test_averages_replace_the_weights_inside_the_block_only() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    average = MovingAverage({"only": weight}, 0.5)
    average.update(1)
    torch.nn.init.constant_(weight, 4.0)
    average.update(2)
    place = weight.data_ptr()
    with pytest.raises(ZeroDivisionError), average.applied():
        assert weight.tolist() == pytest.approx([3.0, 3.0])
        assert weight.data_ptr() == place
        raise ZeroDivisionError
    assert weight.tolist() == [4.0, 4.0]
    assert average.values["only"].tolist() == pytest.approx([3.0, 3.0])


class Remembering(Trainer):
    """Keeps the weights after every step."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.after_steps: list[dict[str, torch.Tensor]] = []

    def train_step(self) -> None:
        super().train_step()
        self.after_steps.append({name: weight.detach().clone() for name, weight in self.weights.items()})


def test_the_average_is_validated_and_kept_and_training_continues_from_the_latest_weights(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    def run(decay: float, folder: Path) -> Remembering:
        values = {"ema_decay": decay, "validations_per_epoch": 1, "epochs": 3}
        loop = trainer(tiny_model, examples, folder, PLAIN, kind=Remembering, **values)
        loop.fit()
        assert isinstance(loop, Remembering)
        return loop

    averaged = run(0.8, tmp_path / "averaged")
    steps = averaged.after_steps
    plain = run(0.0, tmp_path / "plain")
    losses: list[list[Any]] = [
        [record[name] for record in loop.state.history if name in record]
        for loop in (averaged, plain)
        for name in ("train/loss", "validation/loss")
    ]
    # The steps are the same, what is validated is not but for the beginning.
    assert losses[0] == losses[2]
    assert losses[1][0] == losses[3][0]
    assert all(left != right for left, right in zip(losses[1][1:], losses[3][1:], strict=True))
    best = averaged.state.best_step
    assert best > 1
    kept = load_file(tmp_path / "averaged" / BEST)
    shares = [0.8 ** (best - place) for place in range(1, best + 1)]
    for name, weight in kept.items():
        mean = sum(share * step[name] for share, step in zip(shares, steps[:best], strict=True)) / sum(shares)
        assert torch.allclose(weight, torch.as_tensor(mean), atol=1e-6)
        assert torch.equal(weight, averaged.weights[name])
        assert not torch.allclose(weight, steps[best - 1][name], atol=1e-4)
