"""The training loop: optimizer steps, validation, early stopping, and checkpoints for exact resumption."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers.modeling_layers import GradientCheckpointingLayer

from email_assistant.configuration.schema import Trainer as Settings
from email_assistant.console import StageLogger
from email_assistant.errors import DataError
from email_assistant.language_model import collectives
from email_assistant.language_model.decoder import recomputed_layers
from email_assistant.language_model.device import out_of_memory_named
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel
from email_assistant.progress import bar
from email_assistant.training.averaging import MovingAverage
from email_assistant.training.batches import Batch, epoch_batches
from email_assistant.training.checkpoints import Checkpointer, TrainingState
from email_assistant.training.loss import CompletionLoss, ForwardMode
from email_assistant.training.micro_batching import MicroBatcher
from email_assistant.training.optimizer import build_optimizer, grad_scaler, learning_rate

log = StageLogger(__name__, "train")
Report = Callable[[dict[str, float], int], None]


@dataclass(frozen=True)
class TrainingData:
    """The examples to train on, and those to validate on; at least one of each.

    Attributes:
        training: The examples to train on; those of a mail are consecutive.
        validation: The examples to validate on.
        variants: Examples of each training mail; each epoch takes the next one of them.
    """

    training: Sequence[TokenizedExample]
    validation: Sequence[TokenizedExample]
    variants: int = 1


def enable_recomputation(model: Any, layers: bool | int = True) -> None:
    """Recompute the activations of the first `layers` layers in the backward pass, in the modes of transformers.

    Random numbers are repeated only if there are any: keeping their states takes time on a GPU.
    """
    dropouts = [module for module in model.modules() if isinstance(module, torch.nn.Dropout) and module.p > 0]
    repeats = bool(dropouts) or bool(getattr(model.config, "attention_dropout", 0.0))
    model.gradient_checkpointing_enable({"use_reentrant": False, "preserve_rng_state": repeats})
    found = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    for layer in found[recomputed_layers(layers, len(found)) :]:
        layer.gradient_checkpointing = False


class Trainer:
    """Trains the adapter of a model on tokenized examples.

    The random numbers of every step depend only on the seed and the step, so that an interrupted and resumed run equals
    an uninterrupted one: bit for bit on a CPU. A GPU may add up gradients in another order each time, so that two runs
    differ by rounding there, resumed or not.

    Attributes:
        weights: The trained weights, by name.
        optimizer: The optimizer of these weights.
        average: Their moving average, if configured; it is what is validated and kept.
        loss: The loss of a batch.
        batcher: Splits the examples of a step into micro-batches.
        state: The progress so far.
        mails: Number of training mails.
        variants: Examples of each of them.
        total_steps: Optimizer steps of the whole run.
    """

    def __init__(
        self,
        model: LanguageModel,
        data: TrainingData,
        settings: Settings,
        seed: int,
        folder: Path,
        report: Report = lambda metrics, step: None,
        distributed: DistributedContext = SINGLE_PROCESS,
    ) -> None:
        """Set up the optimizer and the schedule.

        Args:
            model: A model with an adapter, whose weights are the only ones that require gradients.
            data: Examples to train and validate on.
            settings: The trainer's settings. `gradient_checkpointing` has to be decided: 'auto' counts as false.
            seed: The seed of the examples' order, dropout and noise.
            folder: The folder of checkpoints and the best weights so far.
            report: Called with the metrics of every step and validation.
            distributed: The processes that train this adapter together.

        Raises:
            DataError: when there is nothing to train or validate on.
        """
        self.training, self.validation = data.training, data.validation
        if not self.training or not self.validation:
            raise DataError(
                f"only {len(self.training)} training and {len(self.validation)} validation mails fit "
                f"trainer.max_length={settings.max_length}; raise it, or set trainer.too_long=cut"
            )
        self.variants, self.mails = data.variants, len(data.training) // data.variants
        self.model, self.settings, self.seed = model, settings, seed
        self.folder, self.report, self.distributed = folder, report, distributed
        self.weights = {name: weight for name, weight in model.model.named_parameters() if weight.requires_grad}
        self.optimizer = build_optimizer(settings, self.weights)
        self.scaler = grad_scaler(model.device, model.dtype)
        # Workers get the weights to validate from rank 0.
        averages = settings.ema_decay > 0 and not distributed.is_worker
        self.average = MovingAverage(self.weights, settings.ema_decay) if averages else None
        self.checkpointer = Checkpointer(folder, self.weights, self.optimizer, self.scaler, self.average)
        self.loss = self._build_loss()
        # The noise of a common prefix would have to differ between sequences.
        share_prefix = not settings.neftune_alpha
        self.batcher = MicroBatcher(self.loss, model.device, settings.micro_batch_tokens, share_prefix, distributed)
        self.state, self._last_checkpoint = TrainingState(), time.monotonic()
        # The batches of the current epoch, computed once per epoch.
        self._epoch, self._epoch_batches = -1, list[list[int]]()
        self.steps_per_epoch = math.ceil(self.mails / settings.batch_size)
        steps = settings.epochs * self.steps_per_epoch
        self.total_steps = min(steps, settings.max_steps or steps)
        self.validate_every = max(1, self.steps_per_epoch // settings.validations_per_epoch)

    def _build_loss(self) -> CompletionLoss:
        setting = self.settings.gradient_checkpointing
        recompute = False if setting == "auto" else setting
        if recompute:
            enable_recomputation(self.model.model, recompute)
        # This project's own forward pass reads the layers' weights directly, which are not whole where sharded.
        modes: tuple[ForwardMode, ...] | None = ("varlen", "packed", "padded") if self.distributed.sharded else None
        return CompletionLoss(self.model.model, modes, self.settings.neftune_alpha, recompute)

    def fit(self) -> TrainingState:
        """Train to the end, resuming from the last checkpoint, and leave the best weights in the model."""
        self.resume()
        with bar("train", self.total_steps, self.state.step) as progress:
            if self.state.step == 0:
                self.validate()
            while self.state.step < self.total_steps and not self.state.stopped:
                self.train_step()
                progress.advance()
                progress.note(f"loss {self.state.history[-1]['train/loss']:.3f}, best {self.state.best_loss:.3f}")
                if self.state.step % self.validate_every == 0 or self.state.step == self.total_steps:
                    with self.average.applied() if self.average else nullcontext():
                        self.validate()
                if self.state.step % self.settings.checkpoint_steps == 0 and self._is_checkpoint_due():
                    self.checkpointer.save(self.state)
                    self._last_checkpoint = time.monotonic()
        self.checkpointer.load_best()
        self.model.model.eval()
        return self.state

    def _is_checkpoint_due(self) -> bool:
        return time.monotonic() - self._last_checkpoint >= self.settings.checkpoint_seconds

    def metrics(self) -> dict[str, float]:
        """Metrics of this training method besides the losses."""
        return {}

    def resume(self) -> None:
        """Continue from the newest intact checkpoint, if there is one; its history is reported again."""
        state = self.checkpointer.resume()
        if state is None:
            return
        self.state = state
        for record in state.history:
            self.report({key: value for key, value in record.items() if key != "step"}, int(record["step"]))
        log.info("resuming at step %d of %d", state.step, self.total_steps)

    def run_worker_step(self, command: Mapping[str, Any]) -> None:
        """Do a worker's share of a step or a validation that rank 0 broadcast."""
        if command["do"] == "step":
            self.scaler.load_state_dict(command["scaler"])
            self.compute_gradients(int(command["step"]))
            self.optimizer.zero_grad(set_to_none=True)
        elif command["do"] == "validate":
            self.validation_loss()

    def train_step(self) -> None:
        """One optimizer step."""
        started = time.monotonic()
        command = {"do": "step", "step": self.state.step, "scaler": self.scaler.state_dict()}
        collectives.broadcast_command(self.distributed, command)
        examples, loss = self.compute_gradients(self.state.step)
        rate = learning_rate(self.settings, self.state.step, self.total_steps)
        self.scaler.unscale_(self.optimizer)
        norm = self.clip_gradients()
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["rate_factor"]
        # The first step allocates the optimizer's state.
        with out_of_memory_named("the optimizer's state: use trainer.optimizer=paged_adamw_8bit or a lower lora.r"):
            # Skipped where scaled float16 gradients overflowed.
            self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.state.step += 1
        if self.average:
            self.average.update(self.state.step)
        seconds = time.monotonic() - started
        self._record(
            {
                "train/loss": loss,
                "train/learning_rate": rate,
                "train/gradient_norm": norm,
                "train/tokens_per_second": sum(len(example.ids) for example in examples) / seconds,
                "train/supervised_tokens_per_second": sum(example.num_target_tokens for example in examples) / seconds,
            }
        )

    def compute_gradients(self, step: int) -> tuple[list[TokenizedExample], float]:
        """Compute the gradients of a step's loss, and sum all processes' shares of them on rank 0.

        Returns:
            The examples of the step, and its loss: the mean over target tokens, or over mails of each mail's mean.
        """
        collectives.broadcast_(self.distributed, list(self.weights.values()))
        examples = self._examples_of(step)
        per_mail = self.settings.weighting == "mails"
        divisor = len(examples) if per_mail else sum(example.num_target_tokens for example in examples)
        # Each process has its own noise, as it has its own mails.
        seed = (self.seed * 1_000_003 + step + self.distributed.rank * 2**40) % 2**63
        self.model.model.train()
        total = self.batcher.retry_on_oom(
            partial(self.backward, divisor, per_mail), examples, seed, self.optimizer.zero_grad
        )
        if self.distributed.world_size > 1:
            for weight in self.weights.values():
                # This process's share of an epoch's last step may be empty.
                weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
            gradients = [weight.grad for weight in self.weights.values() if weight.grad is not None]
            collectives.reduce_sum_(self.distributed, gradients)
            collectives.reduce_sum_(self.distributed, [total])
        return examples, float(total)

    def _examples_of(self, step: int) -> list[TokenizedExample]:
        epoch, index = divmod(step, self.steps_per_epoch)
        if self._epoch != epoch:
            self._epoch = epoch
            self._epoch_batches = epoch_batches(self.mails, self.settings.batch_size, self.seed, epoch)
        turn = epoch % self.variants
        return [self.training[mail * self.variants + turn] for mail in self._epoch_batches[index]]

    def clip_gradients(self) -> float:
        """Scale the gradients down to `max_grad_norm`; returns their norm before that."""
        return float(torch.nn.utils.clip_grad_norm_(list(self.weights.values()), self.settings.max_grad_norm))

    def backward(self, divisor: int, per_mail: bool, batch: Batch) -> torch.Tensor:
        """Add the gradients of a batch's loss, divided by `divisor`; returns the divided loss."""
        loss = self.loss(batch, per_mail) / divisor
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    @torch.no_grad()
    def validation_loss(self) -> float:
        """The loss per target token of the validation mails, by the current weights; only valid on rank 0."""
        collectives.broadcast_(self.distributed, list(self.weights.values()))
        self.model.model.eval()
        total = self.batcher.retry_on_oom(self.loss, self.validation, self.seed, self.optimizer.zero_grad)
        collectives.reduce_sum_(self.distributed, [total])
        return float(total) / sum(example.num_target_tokens for example in self.validation)

    def validate(self) -> None:
        """Compute the validation loss, and save the weights if they are the best so far.

        Raises:
            DataError: when the loss is not finite.
        """
        collectives.broadcast_command(self.distributed, {"do": "validate"})
        loss = self.validation_loss()
        if not math.isfinite(loss):
            raise DataError(
                f"the validation loss is {loss} after {self.state.step} steps; use a lower trainer.learning_rate"
            )
        self._record({"validation/loss": loss, "validation/perplexity": math.exp(min(loss, 50.0))})
        if loss < self.state.best_loss:
            self.state.best_loss, self.state.best_step = loss, self.state.step
            self.state.validations_without_improvement = 0
            self.checkpointer.save_best()
        else:
            self.state.validations_without_improvement += 1
            patience = self.settings.patience
            self.state.stopped = patience is not None and self.state.validations_without_improvement >= patience

    def _record(self, metrics: dict[str, float]) -> None:
        self.state.history.append({"step": self.state.step, **metrics})
        self.report(metrics, self.state.step)
