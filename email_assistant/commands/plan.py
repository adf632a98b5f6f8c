"""What a run will need, said before it runs: memory part by part, and time."""

import logging
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from email_assistant.configuration.schema import Config
from email_assistant.console import duration, screen, table
from email_assistant.pipeline.context import Context
from email_assistant.storage import jsonl
from email_assistant.storage.records import Pair

log = logging.getLogger(__name__)
# Mails of the time that is said where none are known.
ASSUMED_MAILS = 1000


def check(config: Config) -> None:
    """Nothing can be wrong before the plan is made; what is missing shows in it."""


def run(context: Context) -> None:
    """Print the plan.

    Raises:
        ConfigurationError: when the training that is configured cannot fit.
        ModelError: when neither the base's folder nor `model.architecture` is there.
    """
    from email_assistant.training import planning

    config = planning.plain(context.config)
    examples = _examples(context)
    plan_for = planning.machine(config)
    known = f"{len(examples)} training mails" if examples else "mails of a usual length"
    log.info("%-10s for %s, %s, %s", "plan", plan_for.name, str(plan_for.dtype).removeprefix("torch."), known)
    training = planning.training(config, plan_for, examples)
    longest = max(example.prompt_length for example in examples) if examples else planning.USUAL_PROMPT
    summarizer, generation = config.summarizer, config.generation
    estimates = {"training": training}
    uses = (
        ("summaries", summarizer, planning.summary_prompt(summarizer)),
        ("mails", generation, longest),
    )
    for name, settings, prompt in uses:
        estimates[name] = planning.writing(
            config, plan_for, training.held, settings.batch_size, prompt, settings.max_new_tokens
        )
    screen().print(memory_table(estimates, plan_for.memory))
    if plan_for.here and config.plan.probe and training.total <= plan_for.memory:
        probe = _probe(config, plan_for)
        _say_time(config, plan_for, probe, examples, training.recomputed)
        for name, settings, prompt in uses:
            _say_writing(probe, name, settings.batch_size, prompt, settings.max_new_tokens)
        if generation.num_candidates > 1:
            log.info("%-10s %d mails are written for each request, to choose from", "plan", generation.num_candidates)
    planning.refuse(
        training.total,
        plan_for.memory,
        config,
        plan_for,
        lambda changed: planning.training(changed, plan_for, examples).total,
    )


def memory_table(estimates: dict[str, Any], memory: int) -> Table:
    """Gigabytes by part, a column for each use."""
    gib = 2**30
    rows = []
    for part in dict.fromkeys(part for estimate in estimates.values() for part in estimate.parts):
        sizes = [estimate.parts.get(part, 0) for estimate in estimates.values()]
        if any(sizes):
            rows.append((part, *(f"{size / gib:.2f}" if size else "" for size in sizes)))
    title = f"Memory in GB (2^30 bytes); there are {memory / gib:.1f}"
    made = table(("", *estimates), rows, right=estimates, title=title)
    made.add_section()
    made.add_row("in all", *(f"{estimate.total / gib:.2f}" for estimate in estimates.values()))
    fits = ("fits" if estimate.total <= memory else "does not fit" for estimate in estimates.values())
    made.add_row("", *fits)
    return made


def _examples(context: Context) -> list[Any] | None:
    """The training mails, where they are there already."""
    if "split" not in context.artifacts:
        fault = next((one.reason for one in context.statuses if one.fault), None)
        if fault:
            log.info("%-10s the lengths of mails are assumed: %s", "plan", fault)
        return None
    from email_assistant.evaluation.scoring import embedder
    from email_assistant.language_model.loading import load_encoder
    from email_assistant.requests.prompting import Prompter, PromptSettings

    config, encoder = context.config, load_encoder(context.config.model)
    pairs = jsonl.Lines(context.artifacts["split"].path("train.jsonl"), Pair)
    prompter = Prompter(PromptSettings.of(config), encoder, pairs, embedder(config, None))
    found = [prompter.example(pair) for pair in pairs]
    return [example for example in found if example is not None] or None


def _probe(config: Config, plan_for: Any) -> Any:
    from email_assistant.language_model.meta_model import architecture
    from email_assistant.training.throughput_probe import Probe

    return Probe(architecture(config.model), plan_for.device, plan_for.dtype, config.model.quantization == "nf4")


def _say_time(config: Config, plan_for: Any, probe: Any, examples: Sequence[Any] | None, recompute: bool) -> None:
    from email_assistant.training import planning

    way = planning.way_of(config, plan_for.device, plan_for.dtype)
    lengths, supervised = planning.lengths_of(config.trainer, config.seed, examples, padded=way == "padded")
    seconds = probe.step_seconds(config.lora, lengths, supervised, recompute)
    rate = sum(lengths) / seconds
    tokens = sum(len(example.ids) for example in examples) if examples else ASSUMED_MAILS * planning.USUAL_TOKENS
    # A validation is a forward pass, about a third of a step, over a tenth of the mails.
    validations = config.trainer.validations_per_epoch * config.trainer.epochs + 1
    whole = tokens * (config.trainer.epochs + validations * 0.1 / 3) / rate
    mails = len(examples) if examples else ASSUMED_MAILS
    log.info(
        "%-10s about %.0f tokens a second: %d mails in %d epochs take about %s, were none of them stopped early",
        *("plan", rate, mails, config.trainer.epochs, duration(whole)),
    )


def _say_writing(probe: Any, name: str, rows: int, prompt: int, new_tokens: int) -> None:
    seconds = probe.generation_seconds(rows, prompt, new_tokens)
    log.info(
        "%-10s %d %s at once, of %d tokens each, take about %s: shorter ones take less",
        *("plan", rows, name, new_tokens, duration(seconds)),
    )
