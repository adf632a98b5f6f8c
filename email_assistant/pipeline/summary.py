"""Prints the end of a run: sample mails, a verdict, scores, and the folders of the results."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from email_assistant.configuration.schema import Config
from email_assistant.console import plain, printable, screen, table
from email_assistant.metrics.scores import OWNER, SCORES
from email_assistant.pipeline.declarations import Stage
from email_assistant.reports.sample_mails import SHOWN_MAILS, mail_panel
from email_assistant.storage import jsonl
from email_assistant.storage.artifacts import Artifact

# The scores of the table on the terminal, as many as there is room for; the page has all of them.
SHOWN_SCORES = ("sense", "authorship", "mauve", "chrf", "perplexity", "facts_kept")
# The widths of the column of arms and of one score, in characters.
ARM_WIDTH, SCORE_WIDTH = 18, 12


def show(config: Config, artifacts: Mapping[str, Artifact], stages: Mapping[str, Stage]) -> None:
    """Print sample mails and scores of an evaluation or a training run, and the folder of every artifact.

    Args:
        config: The configuration of the run.
        artifacts: The run's artifacts, by stage.
        stages: All stages, which declare the files to name.
    """
    console = screen()
    if "evaluate" in artifacts:
        _show_evaluation(console, artifacts["evaluate"])
    elif "train" in artifacts and config.stage == "train":
        _show_training(console, artifacts["train"])
    if artifacts:
        console.print(_results(config, artifacts, stages))


def _show_evaluation(console: Console, artifact: Artifact) -> None:
    # Imported here because scores need numpy, which would slow down the command line.
    from email_assistant.evaluation.score_table import on_screen
    from email_assistant.evaluation.verdict import verdict

    report = jsonl.read_json(artifact.path("report.json"))
    samples = [line for line in jsonl.read(artifact.path("generations.jsonl")) if "tuned" in line][:SHOWN_MAILS]
    for line in samples:
        console.print(mail_panel(line, [arm for arm in ("base", "tuned") if arm in line], console.width))
    console.print(printable(verdict(report)), style="bold")
    names = [name for name in SHOWN_SCORES if any(name in scores for scores in report["arms"].values())]
    names = names[: max(1, (console.width - ARM_WIDTH) // SCORE_WIDTH)]
    headings = [SCORES[name].short for name in names]
    rows = [
        [plain(arm.replace("_", "-")), *(on_screen(report, arm, name) for name in names)]
        for arm in [*report["arms"], OWNER]
    ]
    title = f"Scores on {report['mails']} test mails (requests {report['requests']}), with 95% intervals"
    console.print(table(("", *headings), rows, right=headings, title=title))
    for warning in report["warnings"]:
        console.print(printable(f"Note: {warning}"))


def _show_training(console: Console, artifact: Artifact) -> None:
    metrics: dict[str, Any] = jsonl.read_json(artifact.path("metrics.json"))["metrics"]
    console.print(
        f"On the validation mails: loss {metrics['validation_loss']:.3f} (before training: "
        f"{metrics['base_validation_loss']:.3f}), sense {metrics['validation_sense']:.2f}, "
        f"MAUVE {metrics['validation_mauve']:.3f}, BLEU {metrics['validation_bleu']:.1f}, "
        f"chrF {metrics['validation_chrf']:.1f}"
    )


def _results(config: Config, artifacts: Mapping[str, Artifact], stages: Mapping[str, Stage]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name in artifacts:
        grid.add_row(plain(name), plain(f"{config.paths.outputs}/latest/{name}/  {stages[name].shows}"))
    if config.tracking.enabled:
        grid.add_row("runs", plain(f"{config.paths.mlruns}  (make ui shows them in the browser)"))
    return grid
