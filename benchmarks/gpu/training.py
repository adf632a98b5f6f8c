"""Speed and memory of QLoRA on the shape of the main model, beside transformers and peft on the same mails."""

import dataclasses
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from benchmarks.gpu import models
from benchmarks.gpu.session import Session, bytes_of
from benchmarks.gpu.sizes import Shape
from email_assistant.configuration.schema import Trainer as Settings
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel
from email_assistant.training.loss import CompletionLoss, ForwardMode
from email_assistant.training.optimizer import build_optimizer
from email_assistant.training.trainer import Trainer, TrainingData

# The shares of a step's tokens that its mails have, if it has several.
UNEVEN = (0.35, 0.22, 0.15, 0.1, 0.08, 0.05, 0.03, 0.02)
WARM_UP = 2
Step = Callable[[], float]
Layout = Literal["one", "mails"]
LAYOUTS: tuple[Layout, ...] = ("one", "mails")


@dataclass(frozen=True)
class Case:
    """One training step.

    Attributes:
        tokens: Its number of tokens.
        layout: 'one' sequence of that length, or 'mails' of uneven lengths.
        recompute: Whether activations are recomputed in the backward pass.
        optimizer: `trainer.optimizer`; None: the configured one.
        mode: The way of the loss; None: the one that training chooses.
    """

    tokens: int
    layout: Layout
    recompute: bool = True
    optimizer: Literal["adamw", "paged_adamw_8bit"] | None = None
    mode: ForwardMode | None = None

    @property
    def name(self) -> str:
        """Its name in the results."""
        parts = [f"{self.tokens} tokens", "one sequence" if self.layout == "one" else "uneven mails"]
        parts += [] if self.recompute else ["not recomputed"]
        return ", ".join([*parts, *(each for each in (self.optimizer, self.mode) if each)])

    def examples(self, shape: Shape) -> list[TokenizedExample]:
        """The step's sequences."""
        lengths = [self.tokens] if self.layout == "one" else [max(2, round(share * self.tokens)) for share in UNEVEN]
        return models.examples_of(lengths, shape)

    def settings(self, device: torch.device, count: int) -> Settings:
        """The trainer's settings, for steps of `count` examples in one micro-batch."""
        usual = models.settings().trainer
        return dataclasses.replace(
            usual,
            optimizer=self.optimizer or usual.optimizer,
            batch_size=count,
            micro_batch_tokens=2 * self.tokens,
            gradient_checkpointing=self.recompute,
            epochs=1000,
        )


def cases_of(session: Session) -> list[Case]:
    """The steps that are compared with transformers and peft."""
    return [Case(tokens, layout) for layout in LAYOUTS for tokens in session.sizes.training_tokens]


def variants_of(session: Session) -> list[Case]:
    """Steps that show what recomputation and the optimizer cost, and whether this project's decoder gains on a GPU."""
    largest = session.sizes.training_tokens[-1]
    is_gpu = session.device.type == "cuda"
    has_paged = is_gpu and models.nf4_error("cuda") is None
    paged = [Case(largest, "mails", optimizer="paged_adamw_8bit")] if has_paged else []
    decoder = [Case(largest, "mails", recompute=each, mode="decoder") for each in (True, False) if is_gpu]
    return [Case(largest, "mails", recompute=False), *decoder, *paged]


def name_of(case: Case) -> str:
    """The figure of this project."""
    return f"this project, {case.name}"


def measure(session: Session) -> None:
    """Speed and peak of all steps; `memory` compares the peaks with what was planned."""
    shape, bases = session.sizes.large, list[LanguageModel]()

    def build() -> dict[str, float]:
        make = partial(models.random_base, shape, session.sizes.main, session.device)
        return {"seconds": session.seconds_of(lambda: bases.append(make()))}

    session.measure("model built", build)
    if not bases:
        return
    for case in cases_of(session):
        own = session.measure(name_of(case), partial(ours, session, bases[0], shape, case), 5)
        peer = session.measure(f"transformers and peft, {case.name}", partial(plain, session, bases[0], shape, case), 5)
        if own and peer:
            ratio = {
                "speed": own["tokens_per_second"] / peer["tokens_per_second"],
                "memory": own["peak_bytes"] / peer["peak_bytes"],
                "loss_difference": own["loss"] - peer["loss"],
            }
            session.figure(f"this project / transformers and peft, {case.name}", ratio)
    for case in variants_of(session):
        session.measure(name_of(case), partial(ours, session, bases[0], shape, case), 5)


def ours(session: Session, base: LanguageModel, shape: Shape, case: Case) -> dict[str, Any]:
    """Speed and peak of this project's trainer, and the way that its loss takes."""
    with models.adapted(base) as tuned, trainer_of(tuned, case, case.examples(shape)) as trainer:

        def step() -> float:
            trainer.train_step()
            return trainer.state.history[-1]["train/loss"]

        return {**timed(session, tuned, step, trainer.optimizer, case.tokens), "way": trainer.loss.mode}


@contextmanager
def trainer_of(tuned: LanguageModel, case: Case, examples: list[TokenizedExample]) -> Iterator[Trainer]:
    """The package's trainer on these examples, all of them in every step."""
    with tempfile.TemporaryDirectory() as folder:
        settings = case.settings(tuned.device, len(examples))
        trainer = Trainer(tuned, TrainingData(examples, examples[:1]), settings, 1, Path(folder))
        if case.mode:
            trainer.loss = trainer.batcher.loss = CompletionLoss(tuned.model, (case.mode,), recompute=case.recompute)
        yield trainer


def plain(session: Session, base: LanguageModel, shape: Shape, case: Case) -> dict[str, Any]:
    """Speed and peak of a usual loop over transformers and peft: padded rows, logits at every position."""
    with models.adapted(base) as tuned:
        step, optimizer = plain_step(tuned, case, shape)
        return timed(session, tuned, step, optimizer, case.tokens)


def plain_step(tuned: LanguageModel, case: Case, shape: Shape) -> tuple[Step, torch.optim.Optimizer]:
    """A step of the usual loop, and its optimizer."""
    module: Any = tuned.model
    examples = case.examples(shape)
    batch = models.padded_batch(examples, tuned.device)
    settings, weights = case.settings(tuned.device, len(examples)), models.trained(tuned)
    optimizer = build_optimizer(settings, weights)
    module.train()
    if case.recompute:
        module.gradient_checkpointing_enable({"use_reentrant": False})

    def step() -> float:
        with torch.autocast(tuned.device.type, tuned.dtype, enabled=tuned.dtype != torch.float32):
            loss = module(**batch, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(weights.values()), settings.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    return step, optimizer


def timed(
    session: Session, tuned: LanguageModel, step: Step, optimizer: torch.optim.Optimizer, tokens: int
) -> dict[str, Any]:
    """The loss of the first step, the median speed of the steps after the warm-up, and the peak of one of them."""
    loss = step()
    for _ in range(WARM_UP - 1):
        step()
    states = [value for state in optimizer.state.values() for value in state.values() if torch.is_tensor(value)]
    module: Any = tuned.model
    resident = bytes_of(*module.parameters(), *module.buffers(), *states)
    peak = session.peak_bytes(step, resident)
    seconds = [session.seconds_of(step) for _ in range(session.sizes.steps)]
    speed = tokens / statistics.median(seconds)
    return {
        "tokens_per_second": speed,
        "seconds": statistics.median(seconds),
        "slowest": max(seconds),
        **peak,
        "loss": loss,
    }
