"""Training of the adapter: by the leading process, and by workers that follow it."""

import dataclasses
import itertools
import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Config
from email_assistant.configuration.schema import Trainer as TrainerSettings
from email_assistant.console import StageLogger
from email_assistant.experiments import sweep_environment
from email_assistant.language_model import collectives, head_start
from email_assistant.language_model.adapter_folder import BASE_NOTE, SETTINGS
from email_assistant.language_model.device import available_memory, free_memory
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.fingerprint import base_fingerprint, head_start_folder
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_adapter
from email_assistant.language_model.process_settings import set_up_base
from email_assistant.pipeline.context import StageInputs
from email_assistant.requests.reading import Reading
from email_assistant.requests.request_form import trained_forms
from email_assistant.stages import train_examples
from email_assistant.stages.train_examples import EncodedCounts
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import PROGRESS
from email_assistant.storage.records import Pair
from email_assistant.training import planning
from email_assistant.training.checkpoints import TrainingState
from email_assistant.training.lora_init import load_or_save_init, save_as_standard_lora
from email_assistant.training.planning import TrainingSetup
from email_assistant.training.trainer import Trainer, TrainingData

log = StageLogger(__name__, "train")


def fit(inputs: StageInputs, folder: Path, fingerprint: str) -> tuple[LanguageModel, dict[str, Any]]:
    """Train, save the best weights, and return the model with them and metrics of the training run."""
    config, distributed = inputs.config, inputs.distributed
    model, metrics = _train_and_save(inputs, folder, fingerprint)
    started = head_start_folder(config.model, config.outputs)
    if config.lora.init == "default" and started is None and not distributed.sharded:
        return model, metrics
    # Score the saved adapter on the original base: the base in memory lacks what PiSSA moved into the adapter, contains
    # the head start, or is sharded over several processes.
    collectives.broadcast_command(distributed, {"do": "release_memory"})
    del model
    free_memory()
    base = set_up_base(config.model, distributed)
    if started:
        head_start.stack(folder / "adapter", started, base.model)
    return load_adapter(base, folder / "adapter", fingerprint), metrics


def _train_and_save(inputs: StageInputs, folder: Path, fingerprint: str) -> tuple[LanguageModel, dict[str, Any]]:
    """The model with the best weights, and metrics of the training run; writes adapter/ and history.jsonl."""
    config, distributed, split = inputs.config, inputs.distributed, inputs.artifacts["split"].folder
    base = set_up_base(config.model, distributed, to_shard=distributed.sharded)
    scratch = folder.resolve() / PROGRESS / "examples"
    data, counts = train_examples.prepare(config, base, split, scratch / "0")
    recompute = _recomputes(config, base, data.training, distributed)
    command = {"do": "train", "split": str(split.resolve()), "scratch": str(scratch), "recompute": recompute}
    collectives.broadcast_command(distributed, command)
    model = _add_adapter(config, base, distributed, fingerprint)
    train_examples.check(base.encoder, data)
    initial = None if config.lora.init == "default" else folder / PROGRESS / "start.safetensors"
    if initial:
        load_or_save_init(model.model, initial)
    trainable = sum(weight.numel() for weight in model.model.parameters() if weight.requires_grad)
    log.info("%d mails, %s trainable weights", counts.mails, f"{trainable:,}")
    settings = dataclasses.replace(config.trainer, gradient_checkpointing=recompute)
    checkpoints = folder / PROGRESS / "fit"
    trainer = _trainer_class(config.trainer)(
        model, data, settings, config.seed, checkpoints, _reporter(inputs), distributed
    )
    state = trainer.fit()
    jsonl.write(folder / "history.jsonl", state.history)
    log.info("%s", _speed(state))
    forms = trained_forms(
        jsonl.Lines(split / "train.jsonl", Pair), data.variants, Reading.of(config.summarizer).as_note
    )
    note = {"name": Path(config.model.path).name, "fingerprint": fingerprint, "forms": forms}
    _save_adapter(model, folder / "adapter", note, initial)
    return model, {
        **_counts(counts),
        **_training_summary(state),
        "supervised_tokens": _supervised_tokens(data),
        **trainer.metrics(),
        "trainable_weights": trainable,
    }


def follow(config: Config, distributed: DistributedContext) -> None:
    """Train with the leading process, command by command, until it sends the last."""
    trainer: Trainer | None = None
    while (command := collectives.receive_command()) is not None:
        if command["do"] == "train":
            base = set_up_base(config.model, distributed, to_shard=distributed.sharded)
            scratch = Path(command["scratch"]) / str(distributed.rank)
            data, _ = train_examples.prepare(config, base, Path(command["split"]), scratch)
            model = _add_adapter(config, base, distributed, base_fingerprint(config.model, config.outputs))
            settings = dataclasses.replace(config.trainer, gradient_checkpointing=command["recompute"])
            # A worker writes no checkpoints.
            trainer = Trainer(model, data, settings, config.seed, Path(os.devnull), distributed=distributed)
            del base, model
        elif command["do"] == "release_memory":
            # The leading process needs all the memory to write and score.
            trainer = None
            free_memory()
        elif trainer:
            trainer.run_worker_step(command)


def _add_adapter(
    config: Config, base: LanguageModel, distributed: DistributedContext, fingerprint: str
) -> LanguageModel:
    if started := head_start_folder(config.model, config.outputs):
        head_start.merge(base.model, started, fingerprint)
    model = add_adapter(base, config.lora, config.seed)
    if distributed.sharded:
        collectives.shard_model(model.model, model.device)
    return model


def _reporter(inputs: StageInputs) -> Callable[[dict[str, float], int], None]:
    """Logs the metrics of every step; a resumed run reports its steps from the first one."""
    trial, validations = sweep_environment.current_trial(inputs.config.sweep.trial), itertools.count()

    def report(metrics: dict[str, float], step: int) -> None:
        inputs.run.log_metrics(metrics, step)
        if trial and "validation/loss" in metrics:
            trial.report(metrics["validation/loss"], next(validations))

    return report


def _trainer_class(settings: TrainerSettings) -> type[Trainer]:
    """The trainer for the configured privacy mode."""
    if settings.privacy != "differential":
        return Trainer
    # Opacus takes a while to import, and few runs need it.
    from email_assistant.training.differential import DifferentialTrainer

    return DifferentialTrainer


def _counts(counts: EncodedCounts) -> dict[str, int]:
    return {f"train_{name}": value for name, value in dataclasses.asdict(counts).items()}


def _training_summary(state: TrainingState) -> dict[str, Any]:
    """Metrics of a training run; its speed is that of the median step."""
    return {
        "tokens_per_second": _median(state, "train/tokens_per_second"),
        "supervised_tokens_per_second": _median(state, "train/supervised_tokens_per_second"),
        "validation_loss": state.best_loss,
        "base_validation_loss": state.history[0]["validation/loss"],
        "best_step": state.best_step,
        "steps": state.step,
        "stopped_early": int(state.stopped),
    }


def _supervised_tokens(data: TrainingData) -> int:
    """Target tokens of one pass over the mails; they do not depend on the instruction."""
    return sum(example.num_target_tokens for example in data.training) // data.variants


def _recomputes(
    config: Config, base: LanguageModel, training: Sequence[TokenizedExample], distributed: DistributedContext
) -> bool | int:
    """The layers, from the first on, that recompute activations; True: all.

    Raises:
        ConfigurationError: If training does not fit next to the loaded base.
    """
    layers = int(base.model.config.num_hidden_layers)
    if distributed.sharded:
        setting = config.trainer.gradient_checkpointing
        recompute = True if setting == "auto" else setting
        _log_recomputation(recompute, layers, saved=0)
        return recompute
    if not training:
        return False
    machine, setup = planning.local_machine(config.model), TrainingSetup.from_config(config)
    free = available_memory(base.device)
    for_auto = planning.memory_for_auto(config.trainer, free, planning.used_memory(machine))

    def needed(changed: TrainingSetup) -> int:
        return planning.estimate_training_step(changed, base.model.config, machine, training, for_auto)[0].total

    step, recompute = planning.estimate_training_step(setup, base.model.config, machine, training, for_auto)
    planning.check_fits(step.total, free, setup, machine, needed)
    _log_recomputation(recompute, layers, planning.bytes_saved(recompute, step, layers))
    return recompute


def _log_recomputation(recompute: bool | int, layers: int, saved: int) -> None:
    """Log that layers recompute their activations, if any do, and the bytes that this saves."""
    if recompute:
        log.info("%s (trainer.gradient_checkpointing)", planning.recomputation_in_words(recompute, layers, saved))


def _median(state: TrainingState, name: str) -> float:
    return round(statistics.median(record[name] for record in state.history if name in record), 1)


def _speed(state: TrainingState) -> str:
    """The speed of the median step, as text for the log; padding does not count."""
    every, supervised = (_median(state, f"train/{name}tokens_per_second") for name in ("", "supervised_"))
    return f"{every:.0f} tokens per second, {supervised:.0f} of them in the loss"


def _save_adapter(model: LanguageModel, folder: Path, note: Mapping[str, Any], initial: Path | None) -> None:
    """Save the adapter, the tokenizer with its template, and the note of its base model and its forms of request."""
    if initial:
        save_as_standard_lora(model.model, folder, initial)
    else:
        model.model.save_pretrained(str(folder), save_embedding_layers=False)
    model.encoder.tokenizer.save_pretrained(str(folder))
    jsonl.write_json(folder / BASE_NOTE, note)
    settings = jsonl.read_json(folder / SETTINGS)
    settings["base_model_name_or_path"] = note["name"]
    jsonl.write_json(folder / SETTINGS, settings)
