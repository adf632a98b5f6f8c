"""What is shown when all is done: scores, a few mails, and where things lie."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from email_assistant.configuration.schema import Config
from email_assistant.console import plain, screen, table
from email_assistant.metrics.scores import OWNER, SCORES
from email_assistant.pipeline.records import Stage
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact

SAMPLES = 3
# Scores of the table on the screen; the page has all of them.
SHOWN = ("bleu", "chrf", "mauve", "authorship", "perplexity", "length_ratio")


def show(config: Config, artifacts: Mapping[str, Artifact], stages: Mapping[str, Stage]) -> None:
    """Print scores and sample mails of an evaluation, and where every artifact is."""
    console = screen()
    if "evaluate" in artifacts:
        _show_evaluation(console, artifacts["evaluate"])
    elif "train" in artifacts and config.stage == "train":
        _show_training(console, artifacts["train"])
    if artifacts:
        console.print(_places(config, artifacts, stages))


def _show_evaluation(console: Console, artifact: Artifact) -> None:
    from email_assistant.evaluation.score_table import on_screen

    report = jsonl.read_json(artifact.path("report.json"))
    shown = [name for name in SHOWN if any(name in scores for scores in report["arms"].values())]
    headings = [SCORES[name].short for name in shown]
    rows = [
        (arm.replace("_", "-"), *(Text.from_markup(on_screen(report, arm, name)) for name in shown))
        for arm in [*report["arms"], OWNER]
    ]
    for line in jsonl.read(artifact.path("generations.jsonl"))[:SAMPLES]:
        if "tuned" in line:
            console.print(Panel(plain(line["tuned"]), title=plain(line["instruction"]), title_align="left"))
    title = f"On {report['mails']} test mails, with 95% intervals"
    console.print(table(("", *headings), rows, right=headings, title=title))
    for warning in report["warnings"]:
        console.print(warning)


def _show_training(console: Console, artifact: Artifact) -> None:
    metrics: dict[str, Any] = jsonl.read_json(artifact.path("metrics.json"))["metrics"]
    console.print(
        f"validation loss {metrics['validation_loss']:.3f} (base {metrics['base_validation_loss']:.3f}), "
        f"BLEU {metrics['validation_bleu']:.1f}, chrF {metrics['validation_chrf']:.1f}, "
        f"MAUVE {metrics['validation_mauve']:.3f}"
    )


def _places(config: Config, artifacts: Mapping[str, Artifact], stages: Mapping[str, Stage]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name in artifacts:
        grid.add_row(name, f"{config.paths.outputs}/latest/{name}/  {stages[name].shows}")
    if config.tracking.enabled:
        grid.add_row("runs", f"{config.paths.mlruns}  (make ui)")
    return grid
