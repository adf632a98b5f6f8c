"""The adapter: trained on the owner's mails, then scored on the validation mails."""

import dataclasses
import itertools
import logging
import os
import shutil
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from email_assistant.archive.duplicates import near_duplicates
from email_assistant.configuration.schema import Config
from email_assistant.errors import ConfigurationError, PrivacyError
from email_assistant.evaluation.memorisation import canaries, canaries_extracted, canary_exposures
from email_assistant.evaluation.scoring import embedder, perplexity_of, scorer
from email_assistant.evaluation.writing import text_generator, write_mails
from email_assistant.experiments import lineage, registry, trials
from email_assistant.experiments.run_logger import RunLogger
from email_assistant.experiments.tags import ADAPTER
from email_assistant.language_model import collectives
from email_assistant.language_model.adapter_folder import BASE_NOTE, SETTINGS
from email_assistant.language_model.device import free_memory
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.encoding import ChatEncoder, TokenizedExample
from email_assistant.language_model.fingerprint import base_fingerprint
from email_assistant.language_model.loading import LanguageModel, add_adapter, load_adapter
from email_assistant.language_model.process import set_up_base
from email_assistant.metrics.per_mail_score import save
from email_assistant.pipeline.context import StageInputs
from email_assistant.reports.model_card import model_card
from email_assistant.requests.prompting import Prompter, PromptSettings, configured_style
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import PROGRESS, Artifact, key_of
from email_assistant.storage.records import Pair
from email_assistant.training import example_checks, planning
from email_assistant.training.checkpoints import TrainingState
from email_assistant.training.examples import Examples
from email_assistant.training.lora_init import load_or_save_init, save_as_standard_lora
from email_assistant.training.planning import TrainingSetup
from email_assistant.training.trainer import Trainer, TrainingData

log = logging.getLogger(__name__)


def run(inputs: StageInputs, folder: Path) -> dict[str, Any]:
    """Write adapter/, metrics.json, history.jsonl, validation_mails.jsonl, measured.npz and canaries.jsonl.

    An adapter that was trained with the same values, but scored otherwise, is scored again and not
    trained again.
    """
    config, split = inputs.config, inputs.artifacts["split"]
    fingerprint = base_fingerprint(config.model, config.outputs)
    trained = None if config.force else inputs.cache.find_core("train", inputs.key.content_key)
    if trained:
        log.info("%-10s the adapter was there; it is scored again", "train")
        _copy(trained, folder)
        model = load_adapter(set_up_base(config.model, inputs.processes), folder / "adapter", fingerprint)
        facts: dict[str, Any] = {key: trained.manifest["counts"][key] for key in trained.manifest["counts"]["fit"]}
    else:
        model, facts = _fit(inputs, folder, fingerprint)
    scores, signatures = _score(config, model, split, folder)
    metrics = {**facts, **{f"validation_{name}": value for name, value in scores.items()}}
    metrics |= _remembered(config, model, folder)
    _refuse_memory(config, metrics, folder)
    jsonl.write_json(folder / "metrics.json", {"metrics": metrics, "signatures": signatures})
    card = model_card(config, metrics, signatures, inputs.artifacts, fingerprint)
    (folder / "adapter" / "README.md").write_text(card, encoding="utf-8")
    fresh = {"key": inputs.key.key, "reads": inputs.key.content, **inputs.provenance}
    lineage.write_lineage(folder / "adapter", trained.manifest if trained else fresh, inputs.artifacts, metrics)
    return {**metrics, "fit": list(facts)}


def log_to(run: RunLogger, artifact: Artifact, config: Config) -> None:
    """Log scores, their settings, the data's hash and the adapter to a run."""
    saved = jsonl.read_json(artifact.path("metrics.json"))
    run.log_metrics(saved["metrics"])
    run.set_tags({f"signature.{name}": value for name, value in saved["signatures"].items()})
    run.log_dataset("train", artifact.manifest["reads"]["inputs"]["train"], artifact.folder)
    run.log_files(artifact.path("metrics.json"))
    run.log_files(artifact.path("history.jsonl"))
    run.log_files(artifact.path("measured.npz"), "validation")
    if artifact.manifest["key"] not in _reported:
        for record in jsonl.read(artifact.path("history.jsonl")):
            run.log_metrics({key: value for key, value in record.items() if key != "step"}, int(record["step"]))
    if config.tracking.log_adapter:
        run.log_files(artifact.path("adapter"), ADAPTER)
        registry.register(run, artifact, saved["metrics"], config)


# Keys of artifacts whose steps this process has logged while they were taken.
_reported: set[str] = set()


def _copy(trained: Artifact, folder: Path) -> None:
    shutil.copytree(trained.path("adapter"), folder / "adapter", dirs_exist_ok=True)
    shutil.copyfile(trained.path("history.jsonl"), folder / "history.jsonl")


def _fit(inputs: StageInputs, folder: Path, fingerprint: str) -> tuple[LanguageModel, dict[str, Any]]:
    """Train, save the best weights, and return the model with them and the facts of the training."""
    config, split, processes = inputs.config, inputs.artifacts["split"], inputs.processes
    way_to_train = _way_to_train(config, processes)
    base = set_up_base(config.model, processes, to_shard=processes.sharded)
    scratch = folder.resolve() / PROGRESS / "examples"
    training, validation, training_facts = _examples(config, base, split.folder, scratch / "first")
    recompute = config.trainer.gradient_checkpointing is not False
    if not processes.sharded:
        recompute = _check_memory(config, base, training)
    told = {"split": str(split.folder.resolve()), "scratch": str(scratch), "recompute": recompute}
    collectives.broadcast_command(processes, {"do": "train", **told})
    model = add_adapter(base, config.lora, config.seed)
    trainable = sum(weight.numel() for weight in model.model.parameters() if weight.requires_grad)
    log.info("%-10s %d mails, %s weights of the adapter", "train", len(training), f"{trainable:,}")
    _look_first(base.encoder, training, validation)
    if processes.sharded:
        collectives.shard_model(model.model, model.device)
    initial = None if config.lora.init == "default" else folder / PROGRESS / "start.safetensors"
    if initial:
        load_or_save_init(model.model, initial)
    trial, validations = trials.current_trial(config.sweep.trial), itertools.count()

    def report(metrics: dict[str, float], step: int) -> None:
        inputs.run.log_metrics(metrics, step)
        # A training that goes on reports its steps from the first one.
        if trial and "validation/loss" in metrics:
            trial.report(metrics["validation/loss"], next(validations))

    trainer = way_to_train(
        model,
        TrainingData(training, validation),
        dataclasses.replace(config.trainer, gradient_checkpointing=recompute),
        config.seed,
        folder / PROGRESS / "fit",
        report,
        processes,
    )
    state = trainer.fit()
    _reported.add(key_of(folder))
    jsonl.write(folder / "history.jsonl", state.history)
    log.info("%-10s %s", "train", speed_line(state))
    facts = {**training_facts, **_facts(state, training), **trainer.metrics(), "trainable_weights": trainable}
    _save_adapter(model, folder / "adapter", config, fingerprint, initial)
    if initial is None and not processes.sharded:
        return model, facts
    # A part of the base had been taken out, or lies in other processes; what is scored is what was saved, on the
    # base as it was.
    collectives.broadcast_command(processes, {"do": "rest"})
    del model, trainer, base
    free_memory()
    return load_adapter(set_up_base(config.model, processes), folder / "adapter", fingerprint), facts


def _way_to_train(config: Config, processes: DistributedContext) -> type[Trainer]:
    """The trainer for what is to be promised of the adapter.

    Raises:
        ConfigurationError: when several processes would have to keep a promise that one alone can.
    """
    if config.trainer.privacy != "differential":
        return Trainer
    if processes.world_size > 1:
        raise ConfigurationError("trainer.privacy = differential: trains in one process alone")
    # Few need it, and it takes a while to import.
    from email_assistant.training.differential import DifferentialTrainer

    return DifferentialTrainer


def follow(config: Config, processes: DistributedContext) -> None:
    """Train with the process that leads, step by step, until it says that all is done."""
    trainer: Trainer | None = None
    while (said := collectives.receive_command()) is not None:
        if said["do"] == "train":
            base = set_up_base(config.model, processes, to_shard=processes.sharded)
            scratch = Path(said["scratch"]) / str(processes.rank)
            training, validation, _ = _examples(config, base, Path(said["split"]), scratch)
            model = add_adapter(base, config.lora, config.seed)
            if processes.sharded:
                collectives.shard_model(model.model, model.device)
            settings = dataclasses.replace(config.trainer, gradient_checkpointing=said["recompute"])
            nowhere = Path(os.devnull)
            data = TrainingData(training, validation)
            trainer = Trainer(model, data, settings, config.seed, nowhere, processes=processes)
            del base, model
        elif said["do"] == "rest":
            # The one that leads needs all the memory to write and score.
            trainer = None
            free_memory()
        elif trainer:
            trainer.run_worker_step(said)


def _examples(
    config: Config, base: LanguageModel, split: Path, scratch: Path
) -> tuple[Examples, Examples, dict[str, Any]]:
    """Training examples with what is planted among them, validation examples, and facts about the former.

    Args:
        config: The whole configuration.
        base: For its encoder, and its way to embed.
        split: The folder of the split.
        scratch: A folder for the examples; it is removed with the progress.
    """
    pairs, validation_pairs = jsonl.Lines(split / "train.jsonl", Pair), jsonl.Lines(split / "validation.jsonl", Pair)
    prompter = Prompter(PromptSettings.of(config), base.encoder, pairs, embedder(config, base))
    planted = _planted(base.encoder, config)
    taught = _distinct(config, pairs) if config.trainer.privacy == "careful" else pairs
    training, facts = encode(prompter, taught, config, "train", scratch / "train", planted)
    validation, _ = encode(prompter, validation_pairs, config, "validation", scratch / "validation")
    return training, validation, facts


def _distinct(config: Config, pairs: Sequence[Pair]) -> Iterator[Pair]:
    """The pairs but for those whose mail nearly repeats an earlier one: what is seen often is remembered."""
    similarity = config.split.near_duplicate_similarity
    repeats = {later for later, _ in near_duplicates(jsonl.Field(pairs, "email"), similarity)}
    log.info("%-10s %d mails nearly repeat others and are left out", "train", len(repeats))
    return (pair for place, pair in enumerate(pairs) if place not in repeats)


def _refuse_memory(config: Config, metrics: Mapping[str, Any], folder: Path) -> None:
    """Keep no adapter that remembers what it was to forget.

    Raises:
        PrivacyError: when `trainer.privacy` asks for more than to measure it, and it remembers its canaries.
    """
    settings = config.trainer
    if settings.privacy == "none" or not settings.canaries:
        return
    mean, extracted = metrics["canary_exposure"], metrics["canaries_extracted"]
    if mean > settings.canary_limit or extracted:
        # Its weights lie in the checkpoints, too.
        for place in ("adapter", PROGRESS):
            shutil.rmtree(folder / place)
        raise PrivacyError(
            f"the adapter remembers its canaries: mean exposure {mean:.1f} bits (trainer.canary_limit="
            f"{settings.canary_limit:g}), {extracted:.0%} extracted; it is not kept: take fewer trainer.epochs, "
            "a lower trainer.learning_rate or a lower lora.r"
        )


def _facts(state: TrainingState, training: Examples) -> dict[str, Any]:
    """What the manifest and the metrics say of a training; its speed is the median step's."""
    return {
        "tokens_per_second": _median(state, "train/tokens_per_second"),
        "supervised_tokens_per_second": _median(state, "train/supervised_tokens_per_second"),
        "validation_loss": state.best_loss,
        "base_validation_loss": state.history[0]["validation/loss"],
        "best_step": state.best_step,
        "steps": state.step,
        "stopped_early": int(state.stopped),
        "supervised_tokens": training.num_target_tokens,
    }


def encode(
    prompter: Prompter,
    pairs: Iterable[Pair],
    config: Config,
    name: str,
    path: Path,
    planted: Sequence[TokenizedExample] = (),
) -> tuple[Examples, dict[str, Any]]:
    """Examples of the pairs that fit, in a file, and how many did not or were cut; both are said.

    Args:
        prompter: Knows how a pair is taught.
        pairs: To be taught.
        config: The whole configuration.
        name: Of the pairs, for people and facts.
        path: A folder for them.
        planted: Examples that come after them.
    """
    facts = {f"{name}_mails": 0, f"{name}_dropped": 0, f"{name}_cut": 0}

    def fitting() -> Iterator[TokenizedExample]:
        for pair in pairs:
            example = prompter.example(pair)
            if example is None:
                facts[f"{name}_dropped"] += 1
            else:
                facts[f"{name}_mails"] += 1
                facts[f"{name}_cut"] += example.cut
                yield example

    examples = Examples.write(path, itertools.chain(fitting(), planted))
    if facts[f"{name}_dropped"] or facts[f"{name}_cut"]:
        log.info(
            "%-10s longer than trainer.max_length=%d in %s: %d dropped, %d cut",
            *("train", config.trainer.max_length, name, facts[f"{name}_dropped"], facts[f"{name}_cut"]),
        )
    return examples, facts


def _planted(encoder: ChatEncoder, config: Config) -> list[TokenizedExample]:
    """The canaries as examples, each as often as configured."""
    settings = config.trainer
    once = [
        encoder.completed(encoder.prompt(canary.instruction), canary.email)
        for canary in canaries(settings.canaries, config.seed)
    ]
    if once:
        log.info("%-10s %d canaries are planted, each %d times", "train", len(once), settings.canary_repeats)
    return once * settings.canary_repeats


def _check_memory(config: Config, base: LanguageModel, training: Examples) -> bool:
    """Whether activations are to be made again; refuses a training that would not fit beside the loaded base."""
    if not training:
        return False
    machine, setup = planning.local_machine(config.model), TrainingSetup.from_config(config)
    free = machine.memory if base.device.type == "cuda" else planning.available_memory()

    def needed(changed: TrainingSetup) -> int:
        return planning.estimate_training_step(changed, base.model.config, machine, training, free)[0].total

    step, recompute = planning.estimate_training_step(setup, base.model.config, machine, training, free)
    planning.check_fits(step.total, free, setup, machine, needed)
    return recompute


def _median(state: TrainingState, name: str) -> float:
    return round(statistics.median(record[name] for record in state.history if name in record), 1)


def speed_line(state: TrainingState) -> str:
    """The speed of the median step, for people; ids that fill up rows do not count."""
    every, supervised = (_median(state, f"train/{name}tokens_per_second") for name in ("", "supervised_"))
    return f"{every:.0f} tokens a second, {supervised:.0f} of them supervised"


def _look_first(encoder: ChatEncoder, training: Examples, validation: Examples) -> None:
    """Refuse what would teach nothing, and show the first example with its supervised part marked."""
    example_checks.validate_examples(encoder, training, validation)
    if training:
        # On the screen alone: mail has no place in a log file.
        print(
            f"first example, supervised between » and «:\n{example_checks.render_example(encoder, training[0])}",
            flush=True,
        )


def _save_adapter(model: LanguageModel, folder: Path, config: Config, fingerprint: str, initial: Path | None) -> None:
    """The adapter, its configuration, the tokenizer with its template, and what base it belongs to."""
    if initial:
        save_as_standard_lora(model.model, folder, initial)
    else:
        model.model.save_pretrained(str(folder), save_embedding_layers=False)
    model.encoder.tokenizer.save_pretrained(str(folder))
    name = Path(config.model.path).name
    jsonl.write_json(folder / BASE_NOTE, {"name": name, "fingerprint": fingerprint})
    settings = jsonl.read_json(folder / SETTINGS)
    settings["base_model_name_or_path"] = name
    jsonl.write_json(folder / SETTINGS, settings)


def _remembered(config: Config, model: LanguageModel, folder: Path) -> dict[str, float]:
    """Write canaries.jsonl and say how well the adapter remembers the canaries; nothing where none are planted."""
    planted = canaries(config.trainer.canaries, config.seed)
    if not planted:
        return {}
    exposures = canary_exposures(model, planted, config.seed)
    given_away = canaries_extracted(model, planted)
    jsonl.write(
        folder / "canaries.jsonl",
        (
            {"instruction": canary.instruction, "secret": canary.secret, "exposure": exposure, "extracted": extracted}
            for canary, exposure, extracted in zip(planted, exposures, given_away, strict=True)
        ),
    )
    return {
        "canary_exposure": statistics.mean(exposures),
        "canary_exposure_max": max(exposures),
        "canaries_extracted": sum(given_away) / len(planted),
    }


def _score(
    config: Config, model: LanguageModel, split: Artifact, folder: Path
) -> tuple[dict[str, float], dict[str, str]]:
    """Write validation mails and score them."""
    training = jsonl.Lines(split.path("train.jsonl"), Pair)
    chosen = jsonl.Lines(split.path("validation.jsonl"), Pair)[: config.trainer.scored_mails]
    prompter = Prompter(PromptSettings.of(config), model.encoder, training, embedder(config, model))
    progress_file = folder / PROGRESS / "validation_mails.jsonl"
    writing = text_generator(config.generation, config.model, model, folder / "adapter", folder / PROGRESS)
    prompts = [prompter.ids(pair, configured_style(config.retrieval)) for pair in chosen]
    written = write_mails(writing, chosen, prompts, config.generation, config.seed, progress_file, "score")
    jsonl.write(
        folder / "validation_mails.jsonl",
        (
            {
                "id": pair["id"],
                "instruction": pair["instruction"],
                "email": pair["email"],
                "generated_email": mail["text"],
            }
            for pair, mail in zip(chosen, written, strict=True)
        ),
    )
    judge = scorer(config, model, chosen, training)
    measured = judge.measure_generated(written)
    measured["perplexity"] = perplexity_of(model, chosen, prompts, "score")
    save(folder / "measured.npz", [pair["id"] for pair in chosen], {"tuned": measured})
    return {name: score.value for name, score in measured.items()}, judge.signatures()
