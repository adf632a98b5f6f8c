"""Differential privacy: what a mail may do to a step, the noise, and what is promised."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from small import PLAIN, encoded, fresh, trainer

from email_assistant.errors import ConfigurationError
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.training.batches import collate
from email_assistant.training.differential import SECRET, DifferentialTrainer, epsilon, noise_multiplier
from email_assistant.training.loss import CompletionLoss


@pytest.fixture(scope="module")
def examples(tiny_model: Path) -> list[TokenizedExample]:
    return encoded(tiny_model)


def started(path: Path, examples: list[TokenizedExample], folder: Path, **values: Any) -> DifferentialTrainer:
    loop = trainer(path, examples, folder, PLAIN, kind=DifferentialTrainer, privacy="differential", **values)
    assert isinstance(loop, DifferentialTrainer)
    loop.resume()
    return loop


def gradients(loop: DifferentialTrainer) -> torch.Tensor:
    found = [weight.grad.flatten() for weight in loop.weights.values() if weight.grad is not None]
    for weight in loop.weights.values():
        weight.grad = None
    return torch.cat(found)


def of_single_mails(path: Path, examples: list[TokenizedExample]) -> list[torch.Tensor]:
    """The gradient of each mail's mean loss a token, with nothing of this project's batches."""
    model = fresh(path, PLAIN)
    loss = CompletionLoss(model.model, ("full_logits",))
    found = []
    for example in examples:
        model.model.zero_grad()
        (loss(collate([example], model.device)) / example.num_target_tokens).backward()  # type: ignore[no-untyped-call]
        weights = [weight.grad for weight in model.model.parameters() if weight.grad is not None]
        found.append(torch.cat([gradient.flatten() for gradient in weights]))
    return found


def test_no_mail_changes_a_step_by_more_than_the_clipping_norm(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    single = of_single_mails(tiny_model, examples[:8])
    norms = sorted(float(one.norm()) for one in single)
    # Some are limited, and some are not.
    limit = (norms[3] + norms[4]) / 2
    loop = started(tiny_model, examples, tmp_path, max_grad_norm=limit, batch_size=8)
    assert loop.sample_rate == 1.0
    loop.dp_optimizer.noise_multiplier = 0.0
    loop.compute_gradients(0)
    expected = sum(one * min(1.0, limit / float(one.norm())) for one in single) / 8
    torch.testing.assert_close(gradients(loop), expected, rtol=1e-3, atol=1e-6)


@pytest.mark.slow
def test_the_noise_is_as_large_as_was_computed(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path
) -> None:
    loop = started(tiny_model, examples, tmp_path, max_grad_norm=0.5, batch_size=4)
    loop.sample_rate = 0.0
    drawn, loss = loop.compute_gradients(0)
    noise = gradients(loop)
    assert drawn == [] and loss == 0.0
    # The standard error of a standard deviation is its 1 / sqrt(2 n).
    spread = loop.noise_multiplier * 0.5 / 4
    assert abs(float(noise.std()) / spread - 1) < 5 / math.sqrt(2 * len(noise))
    assert abs(float(noise.mean())) < 5 * spread / math.sqrt(len(noise))
    loop.compute_gradients(1)
    other = gradients(loop)
    assert abs(float(torch.corrcoef(torch.stack([noise, other]))[0, 1])) < 5 / math.sqrt(len(noise))


@pytest.mark.slow
def test_mails_are_drawn_each_by_itself(tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path) -> None:
    loop = started(tiny_model, examples, tmp_path, batch_size=2)
    taken = torch.stack([loop.sampled_mails(step) for step in range(4000)]).float()
    assert loop.sample_rate == 0.25
    assert (taken.mean(0) - 0.25).abs().max() < 5 * math.sqrt(0.25 * 0.75 / 4000)
    # Of drawing so many at once the number of mails would not vary: of eight with probability 1/4 it does by 1.5.
    assert abs(float(taken.sum(1).var()) - 1.5) < 0.2


@pytest.mark.parametrize(
    ("rate", "steps", "noise", "delta", "expected"),
    [
        # The Gaussian mechanism is (epsilon, delta) with delta = Phi(1 / 2s - eps s) - e^eps Phi(-1 / 2s - eps s)
        # (Balle and Wang 2018, arXiv:1805.06530, theorem 8), and k of them are one with s / sqrt(k).
        (1.0, 1, 1.0, 1e-5, 4.377),
        (1.0, 100, 20.0, 1e-5, 1.993),
    ],
)
def test_what_is_spent_is_no_less_than_the_exact_value(
    rate: float, steps: int, noise: float, delta: float, expected: float
) -> None:
    def phi(value: float) -> float:
        return 0.5 * (1 + math.erf(value / math.sqrt(2)))

    single = noise / math.sqrt(steps)
    exact = phi(0.5 / single - expected * single) - math.exp(expected) * phi(-0.5 / single - expected * single)
    assert math.isclose(exact, delta, rel_tol=0.01)
    assert 0.99 * expected <= epsilon(noise, delta, rate, steps) <= 1.15 * expected
    # Mails that are drawn are hidden better.
    assert epsilon(noise, delta, 0.1, steps) < 0.6 * expected


@pytest.mark.slow
def test_the_noise_keeps_the_promise() -> None:
    for target in (0.1, 1.0, 50.0):
        noise = noise_multiplier(target, 1e-4, 0.1, 60)
        assert 0.98 * target < epsilon(noise, 1e-4, 0.1, 60) <= target
        assert epsilon(noise * 0.95, 1e-4, 0.1, 60) > target
    with pytest.raises(
        ConfigurationError, match=r"trainer.epsilon = 0.1: cannot be guaranteed with trainer.delta=1.0e-09"
    ):
        noise_multiplier(0.1, 1e-9, 1.0, 60)


def test_an_interrupted_training_resumes_exactly_and_no_two_are_the_same(
    tiny_model: Path, examples: list[TokenizedExample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weights(loop: DifferentialTrainer) -> torch.Tensor:
        return torch.cat([weight.detach().flatten().clone() for weight in loop.weights.values()])

    # All mails have a part in every step: what that spends is found at once.
    values = {"batch_size": 8, "epochs": 6}
    whole = started(tiny_model, examples, tmp_path / "whole", **values)
    secret = (tmp_path / "whole" / SECRET).read_bytes()
    assert (tmp_path / "whole" / SECRET).stat().st_mode & 0o077 == 0
    assert whole.fit().step == 6
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / SECRET).write_bytes(secret)
    cut = started(tiny_model, examples, tmp_path / "cut", **values)
    take, steps = cut.train_step, iter(range(3))

    def taking() -> None:
        next(steps)
        take()

    monkeypatch.setattr(cut, "train_step", taking)
    with pytest.raises(StopIteration):
        cut.fit()
    again = started(tiny_model, examples, tmp_path / "cut", **values)
    assert again.state.step == 2
    again.fit()
    assert torch.equal(weights(again), weights(whole))
    other = started(tiny_model, examples, tmp_path / "other", **values)
    other.fit()
    assert not torch.equal(weights(other), weights(whole))
    metrics = whole.metrics()
    assert metrics["privacy_epsilon"] <= 8.0 and metrics["privacy_delta"] == 0.1 / 8
    assert metrics["privacy_noise"] == whole.noise_multiplier
