"""The tuned model beside baselines on the test mails: one table, one page."""

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from email_assistant import jsonl, pages
from email_assistant.artifacts import PROGRESS, Artifact
from email_assistant.config import Config
from email_assistant.context import Context
from email_assistant.language_model.encoding import ChatEncoder
from email_assistant.language_model.fingerprint import base_fingerprint
from email_assistant.language_model.generation import Writer
from email_assistant.language_model.loading import LanguageModel, load_adapter, load_base
from email_assistant.scoring import asked, scorer, write_mails, writer
from email_assistant.tracking import Run

log = logging.getLogger(__name__)
Record = dict[str, Any]


def run(context: Context, folder: Path) -> dict[str, Any]:
    """Write report.json, report.html, scores.png and generations.jsonl."""
    config, split = context.config, context.artifacts["split"]
    test = jsonl.read(split.path("test.jsonl"))[: config.evaluation.max_mails]
    training = jsonl.read(split.path("train.jsonl"))
    fingerprint = base_fingerprint(config)
    adapter = context.artifacts["train"].path("adapter")
    model = load_adapter(load_base(config.model), adapter, fingerprint)
    (folder / PROGRESS).mkdir(parents=True, exist_ok=True)
    writing = writer(config, model, adapter, folder / PROGRESS)
    judge = scorer(config, model, [pair["email"] for pair in test])
    arms: dict[str, list[Record]] = {}
    report: dict[str, Any] = {"mails": len(test), "arms": {}, "signatures": {}}
    for arm in config.evaluation.arms:
        prompt_of = _prompts(model.encoder, arm, training, config)
        with _without_adapter(writing) if arm != "tuned" else nullcontext():
            arms[arm] = write_mails(writing, test, prompt_of, config, folder / PROGRESS / f"{arm}.jsonl", arm)
        report["arms"][arm], report["signatures"] = judge.score(arms[arm])
    jsonl.write(folder / "generations.jsonl", _generations(test, arms))
    jsonl.write_json(folder / "report.json", report)
    pages.plot_scores(folder / "scores.png", report["arms"])
    pages.write_report(folder / "report.html", report, jsonl.read(folder / "generations.jsonl"))
    return {f"{arm}_{name}": value for arm, scores in report["arms"].items() for name, value in scores.items()} | {
        "mails": len(test)
    }


def log_to(run: Run, artifact: Artifact, config: Config) -> None:
    """Log the table, the page and the settings of the scores to a run."""
    report = jsonl.read_json(artifact.path("report.json"))
    for arm, scores in report["arms"].items():
        run.log_metrics({f"test_{arm}_{name}": value for name, value in scores.items()})
    run.set_tags({f"signature.test.{name}": value for name, value in report["signatures"].items()})
    for name in ("report.json", "report.html", "scores.png"):
        run.log_files(artifact.path(name))


@contextmanager
def _without_adapter(writing: Writer) -> Iterator[None]:
    if isinstance(writing, LanguageModel):
        with writing.model.disable_adapter():  # type: ignore[operator]
            yield
        return
    writing.adapted = False
    yield
    writing.adapted = True


def _prompts(encoder: ChatEncoder, arm: str, training: list[Record], config: Config) -> Callable[[Record], list[int]]:
    """How an arm asks: with the instruction alone, or after mails of the owner as earlier turns."""

    def few_shot(pair: Record) -> list[int]:
        drawn = random.Random(f"{config.seed} {pair['id']}").sample(
            training, min(config.evaluation.shots, len(training))
        )
        examples = [(asked(example), example["email"]) for example in drawn]
        while examples:
            ids = encoder.prompt(asked(pair), examples)
            if len(ids) <= config.trainer.max_length:
                return ids
            # The longest example goes first where all of them do not fit.
            examples.remove(max(examples, key=lambda example: len(example[1])))
        return encoder.prompt(asked(pair))

    return few_shot if arm == "few_shot" else lambda pair: encoder.prompt(asked(pair))


def _generations(test: list[Record], arms: dict[str, list[Record]]) -> list[Record]:
    """A line for every test mail: what was asked, what the owner wrote, what each arm wrote."""
    lines = []
    for place, pair in enumerate(test):
        line: Record = {name: pair[name] for name in ("id", "instruction", "subject", "email")}
        line.update({"context": pair["context"]} if "context" in pair else {})
        line.update({arm: mails[place]["text"] for arm, mails in arms.items()})
        lines.append(line)
    return lines
