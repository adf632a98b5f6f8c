"""Compares runs in the MLflow store: which is best, and whether the difference is significant."""

from pathlib import Path
from tempfile import TemporaryDirectory

from email_assistant.configuration.schema import Config
from email_assistant.console import plain, printable, screen, table
from email_assistant.errors import ConfigurationError, TrackingError, did_you_mean
from email_assistant.evaluation.score_table import on_screen
from email_assistant.experiments.connection import connect, has_store
from email_assistant.experiments.queries import experiment_ids
from email_assistant.experiments.run_comparison import RunComparison, compare_runs, verdict
from email_assistant.experiments.scored_runs import ScoredRun, find_scored_runs
from email_assistant.metrics.scores import SCORES
from email_assistant.pipeline.context import Context
from email_assistant.reports.comparison_page import figures_of, write_page
from email_assistant.reports.plots import write_pngs
from email_assistant.storage.named_files import check_replaceable, inputs_of

# Runs in the table on the terminal; the page has all of them.
SHOWN_RUNS = 20
PAGE_BEGINS = (b"<!doctype html>",)


def check(config: Config) -> None:
    """Check that there is a store, and a score to rank by.

    Raises:
        ConfigurationError: If runs cannot be ranked by `compare.by`.
        DataError: If the page would replace another file.
        TrackingError: If there is no store.
    """
    by = config.compare.by
    rankable = [name for name, score in SCORES.items() if score.better != "near"]
    if by not in rankable:
        choices = ", ".join(rankable)
        raise ConfigurationError(
            f"compare.by = {by}: cannot rank runs; use one of {choices}{did_you_mean(by, rankable)}"
        )
    named = inputs_of({"data.path": config.data.path})
    check_replaceable("compare.output", Path(config.compare.output), named, PAGE_BEGINS, "a page of this program")
    if not has_store(config):
        raise TrackingError(f"{config.paths.mlruns}: no MLflow store here yet; python run.py stage=train creates it")


def run(context: Context) -> None:
    """Write the page, print the table and the verdict, and log all of it to a run.

    Raises:
        TrackingError: If no run has the scores.
    """
    settings = context.config.compare
    comparison = compare_runs(_candidates(context.config), settings.by, settings.resamples, context.config.seed)
    decided = verdict(comparison)
    figures = figures_of(comparison)
    page = Path(settings.output)
    page.parent.mkdir(parents=True, exist_ok=True)
    write_page(page, comparison, settings.mails, decided, figures)
    show(comparison, decided.lines(), page)
    best = comparison.runs[comparison.best].id
    context.run.experiment = _experiment_of(context.config, best)
    context.run.log_files(page)
    if context.run.is_open:
        with TemporaryDirectory() as folder:
            write_pngs(Path(folder), figures)
            context.run.log_files(Path(folder), "plots")
    context.run.log_table("runs.json", [_row(comparison, label) for label in comparison.labels])
    context.run.set_tags({"compare.best": best})


def _candidates(config: Config) -> list[ScoredRun]:
    settings = config.compare
    client, experiment = connect(config)
    experiments = [experiment] if config.tracking.experiment else experiment_ids(client)
    scored = find_scored_runs(client, experiments, settings.runs, settings.mails, settings.arm)
    candidates = [run for run in scored if settings.by in run.scores]
    if not candidates:
        raise TrackingError(
            f"compare.by = {settings.by}: none of the {len(scored)} runs has this score on {settings.mails} mails; "
            "set compare.by to another score, or compare.runs to other runs"
        )
    return candidates


def _experiment_of(config: Config, run_id: str) -> str:
    client, _ = connect(config)
    return str(client.get_run(run_id).info.experiment_id)


def show(comparison: RunComparison, sentences: list[str], page: Path) -> None:
    """Print the table, the verdict, reasons to doubt it, and where the page is."""
    console = screen()
    names = comparison.main_scores
    headings = [SCORES[name].short for name in names]
    rows = [
        [plain(label), *(on_screen(comparison.report, label, name) for name in names)]
        for label in comparison.labels[:SHOWN_RUNS]
    ]
    mails = len(comparison.runs[comparison.best].ids)
    title = f"{len(comparison.labels)} runs on {mails} mails, best first"
    console.print(table(("", *headings), rows, right=headings, title=title))
    for line in sentences:
        console.print(printable(line))
    for warning in comparison.warnings:
        console.print(printable(f"Note: {warning}"))
    console.print(f"page: {page}")


def _row(comparison: RunComparison, label: str) -> dict[str, object]:
    run = comparison.runs[label]
    values = {name: run.params.get(name) for name in comparison.varied}
    return {"run": run.id, "name": run.name, **values, **comparison.report["arms"][label]}
