"""Scores of a trained adapter: on the validation mails, and how well it remembers its canaries."""

import shutil
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Config, Trainer
from email_assistant.console import screen
from email_assistant.errors import PrivacyError
from email_assistant.evaluation.generate_mails import generate_mails, text_generator
from email_assistant.evaluation.memorization import canaries, canaries_extracted, canary_exposures
from email_assistant.evaluation.scoring import build_scorer, perplexity_of
from email_assistant.experiments import sweep_environment
from email_assistant.language_model.loading import LanguageModel
from email_assistant.metrics.per_mail_score import save
from email_assistant.reports.sample_mails import mail_panel
from email_assistant.requests.prompting import Prompter, PromptSettings, configured_style, retrieval_embedder
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import PROGRESS, Artifact
from email_assistant.storage.records import GeneratedMail, Pair


def score_adapter(
    config: Config, model: LanguageModel, split: Artifact, folder: Path
) -> tuple[dict[str, float], dict[str, str]]:
    """Write validation mails and score them."""
    training = jsonl.Lines(split.path("train.jsonl"), Pair)
    chosen = jsonl.Lines(split.path("validation.jsonl"), Pair)[: config.trainer.scored_mails]
    prompter = Prompter(PromptSettings.of(config), model.encoder, training, retrieval_embedder(config, model))
    progress_file = folder / PROGRESS / "validation_mails.jsonl"
    generator = text_generator(config.generation, config.model, model, folder / "adapter", folder / PROGRESS)
    prompts = [prompter.fitting_prompt(pair, configured_style(config.retrieval)) for pair in chosen]
    show = _first_mail_printer(chosen)
    mails = generate_mails(
        generator, chosen, prompts, config.generation, config.seed, progress_file, "score", on_first=show
    )
    jsonl.write(
        folder / "validation_mails.jsonl",
        (
            {
                "id": pair["id"],
                "instruction": pair["instruction"],
                "email": pair["email"],
                "generated_email": mail["text"],
            }
            for pair, mail in zip(chosen, mails, strict=True)
        ),
    )
    scorer = build_scorer(config, model, chosen, training)
    measured = scorer.measure_generated(mails)
    measured["perplexity"] = perplexity_of(model, chosen, prompts, "score")
    save(folder / "measured.npz", [pair["id"] for pair in chosen], {"tuned": measured})
    return {name: score.value for name, score in measured.items()}, scorer.signatures()


def _first_mail_printer(pairs: Sequence[Pair]) -> Callable[[GeneratedMail], None] | None:
    """What prints the first mail by the adapter; None in a sweep, whose jobs show no mails."""
    if sweep_environment.current_job():
        return None

    def show(mail: GeneratedMail) -> None:
        pair = next(pair for pair in pairs if pair["id"] == mail["id"])
        console = screen()
        # Only on the screen: log files must not contain mail.
        console.print("First mail by the adapter, for a validation mail, which it was not trained on:")
        console.print(mail_panel({**pair, "tuned": mail["text"]}, ["tuned"], console.width))

    return show


def measure_canaries(config: Config, model: LanguageModel, folder: Path) -> dict[str, float]:
    """Write canaries.jsonl, and return how well the adapter remembers them; empty if none are planted."""
    planted = canaries(config.trainer.canaries, config.seed)
    if not planted:
        return {}
    exposures = canary_exposures(model, planted, config.seed)
    extracted = canaries_extracted(model, planted)
    jsonl.write(
        folder / "canaries.jsonl",
        (
            {
                "instruction": canary.instruction,
                "secret": canary.secret,
                "exposure": exposure,
                "extracted": is_extracted,
            }
            for canary, exposure, is_extracted in zip(planted, exposures, extracted, strict=True)
        ),
    )
    return {
        "canary_exposure": statistics.mean(exposures),
        "canary_exposure_max": max(exposures),
        "canaries_extracted": sum(extracted) / len(planted),
    }


def refuse_memorization(settings: Trainer, metrics: Mapping[str, Any], folder: Path) -> None:
    """Delete an adapter that memorized its canaries if `trainer.privacy` forbids that.

    Raises:
        PrivacyError: when it memorized them.
    """
    if settings.privacy == "none" or not settings.canaries:
        return
    mean, extracted = metrics["canary_exposure"], metrics["canaries_extracted"]
    if mean > settings.canary_limit or extracted:
        # Its weights are also in the checkpoints.
        for name in ("adapter", PROGRESS):
            shutil.rmtree(folder / name)
        raise PrivacyError(
            f"the adapter memorized its canaries: mean exposure {mean:.1f} bits (trainer.canary_limit="
            f"{settings.canary_limit:g}), {extracted:.0%} extracted; it was deleted; use fewer trainer.epochs, "
            "a lower trainer.learning_rate or a lower lora.r"
        )
