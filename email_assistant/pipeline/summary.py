"""What is shown when all is done: scores, a few mails, and where things lie."""

from datetime import timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from email_assistant.configuration.schema import Config
from email_assistant.metrics.scores import OWNER, SCORES
from email_assistant.progress import printable
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact

SAMPLES = 3
# Scores of the table on the screen; the page has all of them.
SHOWN = ("bleu", "chrf", "mauve", "authorship", "perplexity", "length_ratio")
FILES = {
    "data": "emails.jsonl",
    "summarize": "pairs.jsonl",
    "split": "train.jsonl, validation.jsonl, test.jsonl",
    "train": "adapter/",
    "evaluate": "report.html",
}


def duration(seconds: float) -> str:
    """Seconds for people: '8 s', '3 min 20 s'."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def age(passed: timedelta) -> str:
    """How long ago, for people: '5 minutes ago', '3 days ago'."""
    for seconds, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        count = int(passed.total_seconds() // seconds)
        if count:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "now"


def size(count: int) -> str:
    """Bytes for people: '3.4 MB'."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def show(config: Config, artifacts: dict[str, Artifact]) -> None:
    """Print scores and sample mails of an evaluation, and the place of every artifact."""
    console = Console(highlight=False)
    if "evaluate" in artifacts:
        _show_evaluation(console, artifacts["evaluate"])
    elif "train" in artifacts and config.stage == "train":
        _show_training(console, artifacts["train"])
    if artifacts:
        console.print(_places(config, artifacts))


def _show_evaluation(console: Console, artifact: Artifact) -> None:
    from email_assistant.evaluation.score_table import on_screen

    report = jsonl.read_json(artifact.path("report.json"))
    table = Table(title=f"On {report['mails']} test mails, with 95% intervals", box=box.SIMPLE_HEAD, padding=(0, 1))
    shown = [name for name in SHOWN if any(name in scores for scores in report["arms"].values())]
    for heading in ("", *(SCORES[name].short for name in shown)):
        table.add_column(heading, justify="left" if not heading else "right")
    for arm in [*report["arms"], OWNER]:
        table.add_row(arm.replace("_", "-"), *(on_screen(report, arm, name) for name in shown))
    for line in jsonl.read(artifact.path("generations.jsonl"))[:SAMPLES]:
        if "tuned" in line:
            console.print(Panel(_plain(line["tuned"]), title=_plain(line["instruction"]), title_align="left"))
    console.print(table)
    for warning in report["warnings"]:
        console.print(warning)


def _show_training(console: Console, artifact: Artifact) -> None:
    metrics: dict[str, Any] = jsonl.read_json(artifact.path("metrics.json"))["metrics"]
    console.print(
        f"validation loss {metrics['validation_loss']:.3f} (base {metrics['base_validation_loss']:.3f}), "
        f"BLEU {metrics['validation_bleu']:.1f}, chrF {metrics['validation_chrf']:.1f}, "
        f"MAUVE {metrics['validation_mauve']:.3f}"
    )


def _places(config: Config, artifacts: dict[str, Artifact]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name in artifacts:
        table.add_row(name, f"{config.paths.outputs}/latest/{name}/  {FILES[name]}")
    if config.tracking.enabled:
        table.add_row("runs", f"{config.paths.mlruns}  (make ui)")
    return table


def _plain(text: str) -> str:
    """Text of a mail for the terminal: no markup, no control characters that it could obey."""
    return escape(printable(text))
