"""Estimates the memory, item by item, and the time that training and generation will need."""

import statistics
from collections.abc import Iterator, Sequence

from rich.table import Table

from email_assistant.configuration.schema import Config, Generation, Lora, Summarizer
from email_assistant.console import StageLogger, rough_duration, screen, table
from email_assistant.language_model.encoding import TokenizedExample
from email_assistant.language_model.loading import load_encoder
from email_assistant.language_model.meta_model import architecture
from email_assistant.pipeline.context import Context
from email_assistant.pipeline.time_estimate import fitting_seconds
from email_assistant.requests.prompting import Prompter, PromptSettings, retrieval_embedder
from email_assistant.storage import jsonl
from email_assistant.storage.records import Pair
from email_assistant.training import planning
from email_assistant.training.loss import PADDED_MODES
from email_assistant.training.planning import Machine, MemoryEstimate, TrainingSetup
from email_assistant.training.throughput_probe import ThroughputProbe

log = StageLogger(__name__, "plan")
# Number of training mails to assume if it is not known yet.
ASSUMED_MAILS = 1000
# Validation mails to assume, as a share of the training mails.
ASSUMED_VALIDATION_SHARE = 0.1


def check(config: Config) -> None:
    """Check nothing: the plan itself shows what is missing."""


def run(context: Context) -> None:
    """Print the plan.

    Raises:
        ConfigurationError: If the configured training does not fit into memory.
        ModelError: If there is neither the base model's folder nor `model.architecture`.
    """
    config, examples = context.config, _examples(context)
    setup, machine = TrainingSetup.from_config(config), planning.target_machine(config.plan, config.model)
    basis = f"{len(examples)} training mails" if examples else "mails of typical length"
    log.info("for %s, %s, %s", machine.name, str(machine.dtype).removeprefix("torch."), basis)
    training = planning.estimate_training(setup, machine, examples)
    log.info("%s (trainer.gradient_checkpointing)", _recomputation(config, training))
    estimates, uses = {"training": training}, list(_uses(config, examples))
    for name, settings, prompt_tokens in uses:
        rows, beams = _rows_and_beams(settings)
        # The base writes the instructions.
        lengths, is_adapted = (prompt_tokens, settings.max_new_tokens), name == "mails"
        estimate = planning.estimate_generation(setup, machine, training.resident, rows, *lengths, beams, is_adapted)
        if estimate.rows < rows:
            _log_fewer(name, settings, estimate.rows)
        estimates[name] = estimate
    screen().print(memory_table(estimates, machine.memory))
    if machine.is_local and config.plan.probe and training.total <= machine.memory:
        is_dense = planning.dense_to_write(setup, machine, training.resident) > 0
        probe = ThroughputProbe(architecture(config.model), machine.device, machine.dtype, setup.nf4, is_dense)
        _log_training_time(setup, machine, probe, examples, training.recompute)
        for name, settings, prompt_tokens in uses:
            # The base writes the instructions.
            lora, rows = config.lora if name == "mails" else None, estimates[name].rows
            _log_generation_time(probe, lora, name, settings, rows, prompt_tokens)
        _log_drafts(config.generation)
    planning.check_fits(
        training.total,
        machine.memory,
        setup,
        machine,
        lambda changed: planning.estimate_training(changed, machine, examples).total,
    )


def _log_drafts(settings: Generation) -> None:
    if settings.num_candidates > 1:
        how = "found together by beam search" if settings.beams > 1 else "written independently"
        log.info("drafts per request: %d, %s", settings.num_candidates, how)


def _uses(
    config: Config, examples: Sequence[TokenizedExample] | None
) -> Iterator[tuple[str, Summarizer | Generation, int]]:
    """Yield what the model writes, with its settings and the tokens of its longest prompt."""
    if config.summarizer.method == "model":
        yield "instructions", config.summarizer, planning.instruction_prompt_tokens(config.summarizer)
    longest = max(example.prompt_length for example in examples) if examples else planning.USUAL_PROMPT_TOKENS
    yield "mails", config.generation, longest


def _recomputation(config: Config, training: MemoryEstimate) -> str:
    layers = int(architecture(config.model).num_hidden_layers)
    return planning.recomputation_in_words(training.recompute, layers, training.saved)


def _log_fewer(name: str, settings: Summarizer | Generation, rows: int) -> None:
    """Log that fewer texts are written at a time than configured."""
    (most, beams), group = _rows_and_beams(settings), "generation" if isinstance(settings, Generation) else "summarizer"
    log.info(
        "memory is short: %d %s are written at a time instead of %d (%s.batch_size)",
        rows // beams,
        name,
        most // beams,
        group,
    )


def memory_table(estimates: dict[str, MemoryEstimate], memory: int) -> Table:
    """Gigabytes by part, with a column for each estimate."""
    gib = planning.GIB
    rows = []
    for part in dict.fromkeys(part for estimate in estimates.values() for part in estimate.parts):
        sizes = [estimate.parts.get(part, 0) for estimate in estimates.values()]
        if any(sizes):
            rows.append((part, *(f"{size / gib:.2f}" if size else "" for size in sizes)))
    title = f"Memory in GB (2^30 bytes); available: {memory / gib:.1f}"
    result = table(("", *estimates), rows, right=estimates, title=title)
    result.add_section()
    result.add_row("total", *(f"{estimate.total / gib:.2f}" for estimate in estimates.values()))
    if any(estimate.rows for estimate in estimates.values()):
        result.add_row("texts or beams at a time", *(str(estimate.rows or "") for estimate in estimates.values()))
    fits = ("fits" if estimate.total <= memory else "does not fit" for estimate in estimates.values())
    result.add_row("", *fits)
    return result


def _examples(context: Context) -> list[TokenizedExample] | None:
    """The training examples, if the split already exists."""
    if "split" not in context.artifacts:
        error = next((status.reason for status in context.statuses if status.is_error), None)
        if error:
            log.info("assuming typical mail lengths, because the training mails cannot be used: %s", error)
        return None
    config, encoder = context.config, load_encoder(context.config.model)
    pairs = jsonl.Lines(context.artifacts["split"].path("train.jsonl"), Pair)
    prompter = Prompter(PromptSettings.of(config), encoder, pairs, retrieval_embedder(config, None))
    examples = [prompter.example(pair) for pair in pairs]
    return [example for example in examples if example is not None] or None


def _log_training_time(
    setup: TrainingSetup,
    machine: Machine,
    probe: ThroughputProbe,
    examples: Sequence[TokenizedExample] | None,
    recompute: bool | int,
) -> None:
    trainer = setup.trainer
    padded = setup.mode(machine, probe.config) in PADDED_MODES
    batch = planning.largest_micro_batch(trainer, setup.seed, examples, padded)
    seconds_per_token = probe.step_seconds(setup.lora, batch, recompute) / batch.num_tokens
    mails = len(examples) if examples else ASSUMED_MAILS
    tokens = statistics.mean(len(example.ids) for example in examples) if examples else planning.USUAL_TOKENS
    seconds = fitting_seconds(trainer, seconds_per_token, tokens, mails, ASSUMED_VALIDATION_SHARE * mails)
    log.info(
        "about %.0f tokens per second: about %s for %d epochs over %d mails, less if training stops early",
        1 / seconds_per_token,
        rough_duration(seconds),
        trainer.epochs,
        mails,
    )


def _log_generation_time(
    probe: ThroughputProbe,
    lora: Lora | None,
    name: str,
    settings: Summarizer | Generation,
    rows: int,
    prompt_tokens: int,
) -> None:
    (_, beams), new_tokens = _rows_and_beams(settings), settings.max_new_tokens
    seconds = probe.generation_seconds(lora, rows, prompt_tokens, new_tokens, beams)
    log.info(
        "a batch of %d %s%s takes about %s at the full length of %d tokens each",
        rows // beams,
        name,
        f" with {beams} beams each" if beams > 1 else "",
        rough_duration(seconds),
        new_tokens,
    )


def _rows_and_beams(settings: Summarizer | Generation) -> tuple[int, int]:
    """The most rows at a time, and how many of them are the beams of one search."""
    if isinstance(settings, Generation):
        return settings.most_rows, settings.beams
    return settings.batch_size, 1
