"""Differential privacy for the mails that are learned from: DP-SGD (Abadi et al. 2016, arXiv:1607.00133) by Opacus.

Each step takes every mail with the same probability, by itself (Poisson sampling), limits each mail's gradient by its
norm, and adds Gaussian noise to their sum; Opacus limits, adds and accounts. What it promises, it promises of the
weights: whoever has them learns hardly more of a mail than from weights that were trained without it.
"""

import logging
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from typing import Any

import torch
from opacus.accountants import create_accountant
from opacus.accountants.utils import get_noise_multiplier
from opacus.optimizers import DPOptimizer

from email_assistant.errors import ConfigurationError
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.training.trainer import Trainer

log = logging.getLogger(__name__)
# Random bytes that the steps' draws come of. Who knew them could take the noise away: they go with the checkpoints.
SECRET, SECRET_BYTES = "secret", 32
# Delta, where it is not given, is a tenth of one mail's share.
SHARE = 0.1
# The noise spends at least 99% of what it may.
TOLERANCE = 0.01


class DifferentialTrainer(Trainer):
    """Trains an adapter that is (epsilon, delta)-differentially private for each training mail.

    `trainer.batch_size` is the expected number of mails of a step and `trainer.max_grad_norm` the norm that each mail's
    gradient, of its mean loss a token, is limited to. The validation mails, which choose the step that is kept, and
    the numbers of the log are no part of the promise. A training that was killed goes on exactly, but no two trainings
    are the same.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Find the noise that the promise needs; as the Trainer's otherwise."""
        super().__init__(*arguments, **named)
        self.rate = min(1.0, self.settings.batch_size / len(self.training))
        self.delta = self.settings.delta or SHARE / len(self.training)
        self.noise = noise_multiplier(self.settings.epsilon, self.delta, self.rate, self.total_steps)
        self._private = DPOptimizer(
            self.optimizer,
            noise_multiplier=self.noise,
            max_grad_norm=self.settings.max_grad_norm,
            expected_batch_size=self.rate * len(self.training),
        )
        self._secret = b""

    def facts(self) -> dict[str, float]:
        """What was promised by the steps that were taken, and the noise in multiples of the norm."""
        spent = epsilon(self.noise, self.delta, self.rate, self.state.step)
        return {"privacy_epsilon": spent, "privacy_delta": self.delta, "privacy_noise": self.noise}

    def _resume(self) -> None:
        super()._resume()
        path = self.folder / SECRET
        if not path.exists():
            # One that was cut off could be guessed.
            fresh = path.with_suffix(".partial")
            fresh.write_bytes(secrets.token_bytes(SECRET_BYTES))
            fresh.replace(path)
        self._secret = path.read_bytes()
        log.info(
            "%-10s each of %d mails has a part in a step with probability %.3f; noise of %.2f times the norm for "
            "epsilon %g, delta %.1e",
            *("train", len(self.training), self.rate, self.noise, self.settings.epsilon, self.delta),
        )

    def _gradients(self, step: int) -> tuple[list[TokenizedExample], float]:
        """The gradients of a step's mails, each limited, with the noise, over the expected number of mails."""
        weights = list(self.weights.values())
        examples = [self.training[int(index)] for index in self._drawn(step).nonzero()]
        for weight in weights:
            weight.summed_grad = None  # type: ignore[attr-defined]
            # There may be no mail at all.
            weight.grad_sample = weight.new_zeros((0, *weight.shape))  # type: ignore[attr-defined]
        self._private.clip_and_accumulate()
        self.model.model.train()
        total = 0.0
        for place, example in enumerate(examples):
            seed = (self.seed * 1_000_003 + step * len(self.training) + place) % 2**63
            mean = float(
                self._in_less_memory(partial(self._backward, example.num_target_tokens, False), [example], seed)
            )
            total += mean * example.num_target_tokens
            for weight in weights:
                found = torch.zeros_like(weight) if weight.grad is None else weight.grad
                weight.grad, weight.grad_sample = None, found[None]  # type: ignore[attr-defined]
            self._private.clip_and_accumulate()
        self._private.generator = self._chance(step, "noise", self.model.device)
        self._private.add_noise()
        self._private.scale_grad()
        for weight in weights:
            weight.grad_sample = weight.summed_grad = None  # type: ignore[attr-defined]
        return examples, total / max(1, sum(example.num_target_tokens for example in examples))

    def _limit(self) -> float:
        """The norm of the mails' noisy mean, each of which was limited."""
        return float(torch.nn.utils.get_total_norm([weight.grad for weight in self.weights.values()]))  # type: ignore[misc]

    def _drawn(self, step: int) -> torch.Tensor:
        """Which mails have a part in a step, (mails,) bool."""
        return torch.rand(len(self.training), generator=self._chance(step, "mails", "cpu")) < self.rate

    def _chance(self, step: int, purpose: str, device: torch.device | str) -> torch.Generator:
        digest = blake2b(f"{purpose} {step}".encode(), key=self._secret, digest_size=8).digest()
        return torch.Generator(device).manual_seed(int.from_bytes(digest, "big") % 2**63)


def noise_multiplier(target: float, delta: float, rate: float, steps: int) -> float:
    """The noise's standard deviation, in multiples of the norm, with which so many steps spend at most `target`.

    Raises:
        ConfigurationError: when no noise does, as the accounting goes.
    """
    try:
        with _silent():
            found = get_noise_multiplier(
                target_epsilon=target,
                target_delta=delta,
                sample_rate=rate,
                steps=steps,
                accountant=_accountant(rate),
                epsilon_tolerance=TOLERANCE * target,
            )
    except ValueError as error:
        raise ConfigurationError(
            f"trainer.epsilon = {target:g}: cannot be promised with trainer.delta={delta:.1e}: {error}"
        ) from error
    return float(found)


def epsilon(noise: float, delta: float, rate: float, steps: int) -> float:
    """What so many steps spend."""
    accountant = create_accountant(_accountant(rate))
    accountant.history = [(noise, rate, steps)]
    with _silent():
        return float(accountant.get_epsilon(delta=delta))


@contextmanager
def _silent() -> Iterator[None]:
    """It warns where its bound could be tighter by other orders than it tries, at noises that it only passes by."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Optimal order is the", category=UserWarning)
        yield


def _accountant(rate: float) -> str:
    """Numerical composition (Gopi, Lee and Wutschitz 2021, arXiv:2106.02848); Rényi's (Mironov 2017, arXiv:1702.07476).

    The former is tighter, and made for mails that are drawn.
    """
    return "prv" if rate < 1 else "rdp"
