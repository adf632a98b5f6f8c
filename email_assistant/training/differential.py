"""Differentially private training on mails: DP-SGD (Abadi et al. 2016, arXiv:1607.00133) with Opacus.

Each step samples every mail independently with the same probability (Poisson sampling), clips the norm of each mail's
gradient, and adds Gaussian noise to their sum. Opacus clips, adds noise and does the accounting. The guarantee is about
the weights: they reveal little more about a mail than weights that were trained without it.
"""

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

from email_assistant.console import StageLogger
from email_assistant.errors import ConfigurationError
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.storage.atomic import atomic_path
from email_assistant.training.trainer import Trainer

log = StageLogger(__name__, "train")
# The key of all random draws. Whoever knows it could remove the noise: it is deleted with the checkpoints.
SECRET, SECRET_BYTES = "secret", 32
# The default delta, as a fraction of 1 / number of mails.
DELTA_FRACTION = 0.1
# The noise may spend up to 1% less than epsilon.
TOLERANCE = 0.01


class DifferentialTrainer(Trainer):
    """Trains an adapter that is (epsilon, delta)-differentially private for each training mail.

    `trainer.batch_size` is the expected number of mails per step, and `trainer.max_grad_norm` the clipping norm of each
    mail's gradient (of its mean loss per token). The guarantee does not cover the validation mails, which select the
    step that is kept, nor logged metrics. An interrupted run resumes exactly, but no two runs are the same.

    Attributes:
        sample_rate: Probability that a mail is in a step.
        delta: The delta of the guarantee.
        noise_multiplier: Standard deviation of the noise, in multiples of the clipping norm.
        dp_optimizer: Opacus' optimizer, which clips gradients and adds noise; it does not update the weights.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Compute the noise that the guarantee needs; the arguments are those of `Trainer`.

        Raises:
            ConfigurationError: when the guarantee cannot be given, or the model is float16.
        """
        super().__init__(*arguments, **named)
        if self.scaler.is_enabled():
            raise ConfigurationError(
                "model.dtype = float16: cannot be combined with trainer.privacy=differential; use bfloat16"
            )
        self.sample_rate = min(1.0, self.settings.batch_size / self.mails)
        self.delta = self.settings.delta or DELTA_FRACTION / self.mails
        self.noise_multiplier = noise_multiplier(self.settings.epsilon, self.delta, self.sample_rate, self.total_steps)
        self.dp_optimizer = DPOptimizer(
            self.optimizer,
            noise_multiplier=self.noise_multiplier,
            max_grad_norm=self.settings.max_grad_norm,
            expected_batch_size=self.sample_rate * self.mails,
        )
        self._secret = b""

    def metrics(self) -> dict[str, float]:
        """The guarantee after the steps so far, and the noise multiplier."""
        spent = epsilon(self.noise_multiplier, self.delta, self.sample_rate, self.state.step)
        return {"privacy_epsilon": spent, "privacy_delta": self.delta, "privacy_noise": self.noise_multiplier}

    def resume(self) -> None:
        """As `Trainer.resume`; also reads the key of the random draws, or creates it."""
        super().resume()
        path = self.folder / SECRET
        if not path.exists():
            # Written atomically: half a key could be guessed.
            with atomic_path(path) as partial_path:
                partial_path.write_bytes(secrets.token_bytes(SECRET_BYTES))
        self._secret = path.read_bytes()
        log.info(
            "a step includes each of the %d mails with probability %.3f; noise multiplier %.2f (epsilon %g, "
            "delta %.1e)",
            self.mails,
            self.sample_rate,
            self.noise_multiplier,
            self.settings.epsilon,
            self.delta,
        )

    def compute_gradients(self, step: int) -> tuple[list[TokenizedExample], float]:
        """Sum the clipped gradients of a step's mails, add noise, and divide by the expected number of mails.

        Returns:
            The mails of the step, which may be none, and their mean loss per target token.
        """
        weights = list(self.weights.values())
        turn = step // self.steps_per_epoch % self.variants
        examples = [self.training[int(mail) * self.variants + turn] for mail in self.sampled_mails(step).nonzero()]
        for weight in weights:
            weight.summed_grad = None  # type: ignore[attr-defined]
            # Initializes the sum, as no mail may be sampled.
            weight.grad_sample = weight.new_zeros((0, *weight.shape))  # type: ignore[attr-defined]
        self.dp_optimizer.clip_and_accumulate()
        self.model.model.train()
        total = 0.0
        for index, example in enumerate(examples):
            seed = (self.seed * 1_000_003 + step * self.mails + index) % 2**63
            work = partial(self.backward, example.num_target_tokens, False)
            mean = self.batcher.retry_on_oom(work, [example], seed, self.optimizer.zero_grad)
            total += float(mean) * example.num_target_tokens
            for weight in weights:
                gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
                weight.grad, weight.grad_sample = None, gradient[None]  # type: ignore[attr-defined]
            self.dp_optimizer.clip_and_accumulate()
        self.dp_optimizer.generator = self._generator(step, "noise", self.model.device)
        self.dp_optimizer.add_noise()
        self.dp_optimizer.scale_grad()
        for weight in weights:
            weight.grad_sample = weight.summed_grad = None  # type: ignore[attr-defined]
        return examples, total / max(1, sum(example.num_target_tokens for example in examples))

    def clip_gradients(self) -> float:
        """The norm of the noisy mean of the clipped gradients, which is not clipped again."""
        return float(torch.nn.utils.get_total_norm([weight.grad for weight in self.weights.values()]))  # type: ignore[misc]

    def sampled_mails(self, step: int) -> torch.Tensor:
        """A mask of the mails in a step, (mails,) bool."""
        return torch.rand(self.mails, generator=self._generator(step, "mails", "cpu")) < self.sample_rate

    def _generator(self, step: int, purpose: str, device: torch.device | str) -> torch.Generator:
        digest = blake2b(f"{purpose} {step}".encode(), key=self._secret, digest_size=8).digest()
        return torch.Generator(device).manual_seed(int.from_bytes(digest, "big") % 2**63)


def noise_multiplier(target_epsilon: float, delta: float, sample_rate: float, steps: int) -> float:
    """The noise's standard deviation, in multiples of the clipping norm, that spends at most `target_epsilon`.

    Raises:
        ConfigurationError: when the accounting finds no such noise.
    """
    try:
        with _order_warnings_ignored():
            multiplier = get_noise_multiplier(
                target_epsilon=target_epsilon,
                target_delta=delta,
                sample_rate=sample_rate,
                steps=steps,
                accountant=_accountant(sample_rate),
                epsilon_tolerance=TOLERANCE * target_epsilon,
            )
    except ValueError as error:
        raise ConfigurationError(
            f"trainer.epsilon = {target_epsilon:g}: cannot be guaranteed with trainer.delta={delta:.1e} ({error}); "
            "use a higher epsilon or delta"
        ) from error
    return float(multiplier)


def epsilon(noise_multiplier: float, delta: float, sample_rate: float, steps: int) -> float:
    """The epsilon that some steps spend."""
    accountant = create_accountant(_accountant(sample_rate))
    accountant.history = [(noise_multiplier, sample_rate, steps)]
    with _order_warnings_ignored():
        return float(accountant.get_epsilon(delta=delta))


@contextmanager
def _order_warnings_ignored() -> Iterator[None]:
    """Opacus warns about Rényi orders at noises that its search only tries on the way."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Optimal order is the", category=UserWarning)
        yield


def _accountant(sample_rate: float) -> str:
    """PRV (Gopi, Lee and Wutschitz 2021, arXiv:2106.02848), or RDP (Mironov 2017, arXiv:1702.07476) without sampling.

    PRV is tighter, and made for sampled mails.
    """
    return "prv" if sample_rate < 1 else "rdp"
