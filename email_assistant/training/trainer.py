"""The loop: optimizer steps, their average, validation, early stopping, checkpoints to resume from exactly."""

import dataclasses
import json
import logging
import math
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from email_assistant.configuration.schema import Trainer as Settings
from email_assistant.errors import DataError, OutOfMemoryError
from email_assistant.language_model.device import free_memory, is_out_of_memory
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import LanguageModel
from email_assistant.progress import bar
from email_assistant.storage.hashing import hash_file, hash_of
from email_assistant.training.averaging import MovingAverage, copy_values_
from email_assistant.training.batches import Batch, collate, epoch_batches, micro_batches
from email_assistant.training.loss import COMPARED_SEQUENCES, CompletionLoss, ForwardMode

log = logging.getLogger(__name__)
STATE, WEIGHTS, OPTIMIZER, AVERAGE = "state.json", "weights.safetensors", "optimizer.pt", "average.safetensors"
BEST = "best.safetensors"
Report = Callable[[dict[str, float], int], None]


@dataclass
class State:
    """Where a run is: all that a checkpoint holds beside weights and optimizer.

    Attributes:
        step: Optimizer steps taken.
        best_step: The step of the lowest validation loss.
        best_loss: That loss, in nats a supervised token.
        worse: Validations since then.
        stopped: Whether patience ran out.
        history: A record of every step and validation.
    """

    step: int = 0
    best_step: int = 0
    best_loss: float = math.inf
    worse: int = 0
    stopped: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """Trains the adapter of a model on encoded examples.

    Every step draws its randomness from the seed and its own number, so that a run that was killed
    and resumed equals the uninterrupted one.
    """

    def __init__(
        self,
        model: LanguageModel,
        training: Sequence[TokenizedExample],
        validation: Sequence[TokenizedExample],
        settings: Settings,
        seed: int,
        folder: Path,
        report: Report,
        peers: DistributedContext = SINGLE_PROCESS,
    ) -> None:
        """Set up optimizer and schedule.

        Args:
            model: With an adapter whose weights alone can be trained.
            training: At least one example.
            validation: At least one example.
            settings: As configured.
            seed: Of the order of examples and of dropout.
            folder: For checkpoints and the best weights so far.
            report: Is given the metrics of every step and validation.
            peers: The processes that train this adapter together.

        Raises:
            DataError: when there is nothing to train or validate on.
        """
        if not training or not validation:
            raise DataError(
                f"{len(training)} training and {len(validation)} validation mails fit trainer.max_length="
                f"{settings.max_length}; raise it, or take trainer.too_long=cut"
            )
        self.model, self.training, self.validation = model, training, validation
        self.settings, self.seed, self.folder, self.report, self.peers = settings, seed, folder, report, peers
        self.weights = {name: weight for name, weight in model.model.named_parameters() if weight.requires_grad}
        self.optimizer = _optimizer(settings, self.weights)
        # The weights that are validated and kept; those that follow are told them.
        averages = settings.ema_decay > 0 and not peers.follows
        self.average = MovingAverage(self.weights, settings.ema_decay) if averages else None
        # What 'auto' means was decided by the memory that is left (email_assistant.training.planning).
        self.recompute = settings.gradient_checkpointing is True
        if self.recompute:
            model.model.gradient_checkpointing_enable({"use_reentrant": False})
        # This project's own forward pass reads the layers' weights, which are not whole where they are sharded.
        ways: tuple[ForwardMode, ...] | None = ("packed", "padded") if peers.shards else None
        self.loss = CompletionLoss(model.model, ways, settings.neftune_alpha, self.recompute)
        self.state = State()
        # Less than configured, once there was no room for so much.
        self.budget = settings.micro_batch_tokens
        # The order of an epoch's examples is drawn once, not at every step.
        self._epoch, self._steps = -1, list[list[int]]()
        self.steps_per_epoch = math.ceil(len(training) / settings.batch_size)
        self.total_steps = min(settings.max_steps or 2**62, settings.epochs * self.steps_per_epoch)
        self.validate_every = max(1, self.steps_per_epoch // settings.validations_per_epoch)

    def fit(self) -> State:
        """Train to the end, or on from the last checkpoint, and leave the best weights in the model."""
        self._resume()
        with bar("train", self.total_steps, self.state.step) as progress:
            if self.state.step == 0:
                self._validate()
            while self.state.step < self.total_steps and not self.state.stopped:
                self._step()
                progress.advance()
                progress.note(f"loss {self.state.history[-1]['train/loss']:.3f}, best {self.state.best_loss:.3f}")
                if self.state.step % self.validate_every == 0 or self.state.step == self.total_steps:
                    with self.average.applied() if self.average else nullcontext():
                        self._validate()
                if self.state.step % self.settings.checkpoint_steps == 0:
                    self._save_checkpoint()
        self._load_weights(self.folder / BEST)
        self.model.model.eval()
        return self.state

    def facts(self) -> dict[str, float]:
        """What the metrics tell of this way to train."""
        return {}

    def follow(self, said: Mapping[str, Any]) -> None:
        """Do this process's part of a step or a validation that the leading process takes."""
        if said["do"] == "step":
            self._gradients(int(said["step"]))
            self.optimizer.zero_grad(set_to_none=True)
        else:
            self._validation_loss()

    def _step(self) -> None:
        """One optimizer step on one batch, in as many micro-batches as the token budget asks for."""
        started = time.monotonic()
        self.peers.tell({"do": "step", "step": self.state.step})
        examples, total = self._gradients(self.state.step)
        rate = learning_rate(self.settings, self.state.step, self.total_steps)
        norm = self._limit()
        for weights in self.optimizer.param_groups:
            weights["lr"] = rate * weights["rate_factor"]
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.state.step += 1
        if self.average:
            self.average.update(self.state.step)
        seconds = time.monotonic() - started
        self._record(
            {
                "train/loss": total,
                "train/learning_rate": rate,
                "train/gradient_norm": norm,
                "train/tokens_per_second": sum(len(example.ids) for example in examples) / seconds,
                "train/supervised_tokens_per_second": sum(example.num_target_tokens for example in examples) / seconds,
            }
        )

    def _gradients(self, step: int) -> tuple[list[TokenizedExample], float]:
        """The gradients of a step's loss, each process's part of them added up in the leading one.

        Returns:
            The examples of the step, and their loss: the mean of their supervised tokens, or of their own means.
        """
        self.peers.hand_out(list(self.weights.values()))
        epoch, place = divmod(step, self.steps_per_epoch)
        if self._epoch != epoch:
            self._epoch, self._steps = (
                epoch,
                epoch_batches(len(self.training), self.settings.batch_size, self.seed, epoch),
            )
        chosen = self._steps[place]
        examples = [self.training[index] for index in chosen]
        by_mail = self.settings.weighting == "mails"
        whole = len(examples) if by_mail else sum(example.num_target_tokens for example in examples)
        # Processes draw other noise, as they see other mails.
        seed = (self.seed * 1_000_003 + step + self.peers.rank * 2**40) % 2**63
        self.model.model.train()
        total = self._in_less_memory(partial(self._backward, whole, by_mail), examples, seed)
        if self.peers.count > 1:
            for weight in self.weights.values():
                # This process's part of the last step of an epoch may be empty.
                weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
            self.peers.add_up([weight.grad for weight in self.weights.values() if weight.grad is not None])
            self.peers.add_up([total])
        return examples, float(total)

    def _limit(self) -> float:
        """Scale the gradients of a step down to the norm that is allowed; theirs before that."""
        return float(torch.nn.utils.clip_grad_norm_(list(self.weights.values()), self.settings.max_grad_norm))

    def _backward(self, whole: int, by_mail: bool, batch: Batch) -> torch.Tensor:
        with self._precision():
            loss = self.loss(batch, by_mail) / whole
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _forward(self, batch: Batch) -> torch.Tensor:
        with self._precision():
            return self.loss(batch)

    def _in_less_memory(
        self, work: Callable[[Batch], torch.Tensor], examples: Sequence[TokenizedExample], seed: int
    ) -> torch.Tensor:
        """The sum of what some work gives for all batches; from the beginning in half as large ones without room.

        Raises:
            OutOfMemoryError: when there is none for a single mail.
        """
        while True:
            torch.manual_seed(seed)
            total = torch.zeros(1, dtype=torch.float64, device=self.model.device)
            try:
                for batch in self._batches(examples):
                    total += work(batch)
                return total
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                largest = max(len(example.ids) for example in examples)
                if self.peers.count > 1 or self.budget <= largest // 2:
                    raise OutOfMemoryError(
                        f"no memory for {min(self.budget, largest)} tokens at once: take a lower trainer.max_length, "
                        "model.quantization=nf4, or trainer.gradient_checkpointing=true (stage=plan says what fits)"
                    ) from None
            # What the traceback held is free here.
            self.optimizer.zero_grad(set_to_none=True)
            free_memory()
            self.budget = min(self.budget, sum(len(example.ids) for example in examples)) // 2
            log.info("%-10s out of memory: from here on at most %d tokens at once", "train", self.budget)

    def _batches(self, examples: Sequence[TokenizedExample]) -> Iterator[Batch]:
        """This process's part of the examples in batches that fit the token budget."""
        way = self.loss.way or self.loss.choose_mode(collate(examples[:COMPARED_SEQUENCES], self.model.device))
        groups = micro_batches(self.peers.part(examples), self.budget, padded=way in ("padded", "full_logits"))
        for group in groups:
            # Noise differs from sequence to sequence, so what they begin with does too.
            yield collate(group, self.model.device, share=way == "decoder" and not self.settings.neftune_alpha)
        if self.peers.shards:
            # All processes put a layer together at once, so each has to come by it as often as the others.
            idle = collate([min(examples, key=lambda example: len(example.ids))], self.model.device)
            idle = dataclasses.replace(idle, supervised=torch.zeros_like(idle.supervised))
            yield from [idle] * (self.peers.most(len(groups)) - len(groups))

    def _precision(self) -> AbstractContextManager[Any]:
        if self.model.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.model.device.type, dtype=self.model.dtype)

    @torch.no_grad()
    def _validation_loss(self) -> float:
        """The summed loss of the validation mails, each process's part added up in the leading one."""
        self.peers.hand_out(list(self.weights.values()))
        self.model.model.eval()
        total = self._in_less_memory(self._forward, self.validation, self.seed)
        self.peers.add_up([total])
        return float(total)

    def _validate(self) -> None:
        """The loss a supervised token on the validation mails; the best weights so far are kept."""
        self.peers.tell({"do": "validate"})
        mean = self._validation_loss() / sum(example.num_target_tokens for example in self.validation)
        if not math.isfinite(mean):
            raise DataError(
                f"the validation loss is {mean} after {self.state.step} steps: take a lower trainer.learning_rate"
            )
        self._record({"validation/loss": mean, "validation/perplexity": math.exp(min(mean, 50.0))})
        if mean < self.state.best_loss:
            self.state.best_loss, self.state.best_step, self.state.worse = mean, self.state.step, 0
            self._save_weights(self.folder / BEST)
        else:
            self.state.worse += 1
            self.state.stopped = self.settings.patience is not None and self.state.worse >= self.settings.patience

    def _record(self, metrics: dict[str, float]) -> None:
        self.state.history.append({"step": self.state.step, **metrics})
        self.report(metrics, self.state.step)

    def _save_weights(self, path: Path) -> None:
        fresh = path.with_suffix(".partial")
        save_file({name: weight.detach().contiguous() for name, weight in self.weights.items()}, fresh)
        fresh.replace(path)

    def _load_weights(self, path: Path) -> None:
        copy_values_(self.weights, load_file(path, device=str(self.model.device)))

    def _save_checkpoint(self) -> None:
        """Write a checkpoint beside the last one, then remove that; one of them is always whole."""
        place = self.folder / f"checkpoint-{self.state.step:08d}"
        fresh = place.with_suffix(".partial")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        self._save_weights(fresh / WEIGHTS)
        if self.average:
            save_file(self.average.values, fresh / AVERAGE)
        torch.save(self.optimizer.state_dict(), fresh / OPTIMIZER)
        shutil.copyfile(self.folder / BEST, fresh / BEST)
        files = {path.name: hash_file(path) for path in fresh.iterdir()}
        kept = {"state": asdict(self.state), "files": files}
        (fresh / STATE).write_text(json.dumps({**kept, "hash": hash_of(kept)}))
        fresh.rename(place)
        for older in self.folder.glob("checkpoint-*"):
            if older != place:
                shutil.rmtree(older)

    def _resume(self) -> None:
        """Go on from the newest whole checkpoint, if there is one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        places = sorted(place for place in self.folder.glob("checkpoint-*") if not place.suffix)
        whole = [place for place in places if _is_whole(place)]
        for place in places:
            if place not in whole:
                log.info("%-10s %s was changed or cut off since it was written, and is not used", "train", place.name)
                shutil.rmtree(place)
        if not whole:
            return
        newest = whole[-1]
        self._load_weights(newest / WEIGHTS)
        if self.average:
            self.average.values = load_file(newest / AVERAGE, device=str(self.model.device))
        self.optimizer.load_state_dict(torch.load(newest / OPTIMIZER, weights_only=True))
        self.state = State(**json.loads((newest / STATE).read_text())["state"])
        shutil.copyfile(newest / BEST, self.folder / BEST)
        for record in self.state.history:
            self.report({key: value for key, value in record.items() if key != "step"}, int(record["step"]))
        log.info("%-10s goes on from step %d of %d", "train", self.state.step, self.total_steps)


def _is_whole(checkpoint: Path) -> bool:
    """Whether the files of a checkpoint are as they were written."""
    try:
        kept = json.loads((checkpoint / STATE).read_text())
        known, files = kept.pop("hash"), kept["files"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    if known != hash_of(kept):
        return False
    return all((checkpoint / name).is_file() and hash_file(checkpoint / name) == files[name] for name in files)


def learning_rate(settings: Settings, step: int, total_steps: int) -> float:
    """The rate of a step, counted from 0: a linear rise, then the configured shape down to 0 or level."""
    warmup = math.ceil(settings.warmup_fraction * total_steps)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, total_steps - warmup)
    if settings.scheduler == "cosine":
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    return settings.learning_rate * (1 - done if settings.scheduler == "linear" else 1.0)


def _optimizer(settings: Settings, weights: dict[str, torch.nn.Parameter]) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101), paged in 8 bit where configured.

    With LoRA+ (Hayou et al. 2024, arXiv:2402.12354) B learns faster than A; a group's `rate_factor`
    says how much.
    """
    first = [weight for name, weight in weights.items() if "lora_B" not in name]
    second = [weight for name, weight in weights.items() if "lora_B" in name]
    groups = [
        {"params": first, "rate_factor": 1.0},
        {"params": second, "rate_factor": settings.lora_plus_ratio},
    ]
    if settings.optimizer == "paged_adamw_8bit":
        if not torch.cuda.is_available():
            raise DataError("trainer.optimizer = paged_adamw_8bit: needs CUDA; take adamw")
        from bitsandbytes.optim import PagedAdamW8bit

        paged: torch.optim.Optimizer = PagedAdamW8bit(
            groups, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        return paged
    return torch.optim.AdamW(groups, lr=settings.learning_rate, weight_decay=settings.weight_decay)
