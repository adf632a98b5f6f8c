"""Runs of the store side by side: which to take, and whether the difference is real."""

import difflib
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.text import Text

from email_assistant.configuration.schema import Config
from email_assistant.console import plain, printable, screen, table
from email_assistant.errors import ConfigurationError, TrackingError
from email_assistant.evaluation.score_table import on_screen
from email_assistant.experiments.choice import Choice, choose
from email_assistant.experiments.store import scored_runs
from email_assistant.experiments.tracking import experiments_of, has_store, store_of
from email_assistant.metrics.bootstrap import SIGNIFICANCE_LEVEL
from email_assistant.metrics.scores import SCORES
from email_assistant.pipeline.context import Context

# Runs of the table on the screen.
SHOWN_RUNS = 20


def check(config: Config) -> None:
    """Find out that there is something to compare, and something to compare by.

    Raises:
        ConfigurationError: when runs cannot be ordered by `compare.by`.
        TrackingError: when there is no store.
    """
    by = config.compare.by
    ordered = [name for name, score in SCORES.items() if score.better != "near"]
    if by not in ordered:
        near = difflib.get_close_matches(by, ordered, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"take one of {', '.join(ordered)}"
        raise ConfigurationError(f"compare.by = {by}: no score that runs can be ordered by; {remedy}")
    if not has_store(config):
        raise TrackingError(
            f"{config.paths.mlruns}: there is no store of runs yet: python run.py stage=train makes one"
        )


def run(context: Context) -> None:
    """Write the page, print the table and the verdict, and log both to a run.

    Raises:
        TrackingError: when no run has the scores.
    """
    from email_assistant.reports.comparison_page import figures_of, write_comparison
    from email_assistant.reports.plots import write_pictures

    config, settings = context.config, context.config.compare
    client, experiment = store_of(config)
    experiments = [experiment] if config.tracking.experiment else experiments_of(client)
    found = scored_runs(client, experiments, settings.runs, settings.mails, settings.arm)
    having = [run for run in found if settings.by in run.scores]
    if not having:
        raise TrackingError(f"compare.by = {settings.by}: none of {len(found)} runs has it on {settings.mails} mails")
    choice = choose(having, settings.by, settings.resamples, config.seed)
    said = verdict(choice)
    page = Path(settings.output).expanduser()
    page.parent.mkdir(parents=True, exist_ok=True)
    figures = figures_of(choice)
    write_comparison(page, choice, settings.mails, said, figures)
    _show(choice, said, page)
    context.run.experiment = client.get_run(choice.runs[choice.best].id).info.experiment_id
    context.run.log_files(page)
    if context.run.is_open:
        with TemporaryDirectory() as folder:
            write_pictures(Path(folder), figures)
            context.run.log_files(Path(folder), "plots")
    context.run.log_table("runs.json", [_row(choice, label) for label in choice.labels])
    context.run.set_tags({"compare.best": choice.runs[choice.best].id})


def verdict(choice: Choice) -> list[str]:
    """What to take and how sure that is, in sentences."""
    by, best = choice.by, choice.best
    score, value, (low, high) = SCORES[by], choice.report["arms"][best][by], choice.report["intervals"][best][by]
    shown = f"{score.label} {value:.{score.digits}f} ({low:.{score.digits}f} to {high:.{score.digits}f})"
    said = [f"Best: {best}. {shown}. Run {choice.runs[best].id}."]
    others = choice.labels[1:]
    if not others:
        return [*said, "It is the only one."]
    if not choice.alike:
        said.append(f"The difference from each of the {len(others)} others is real (p < 0.05 after correction).")
    else:
        shown_alike = "; ".join(choice.alike[:5]) + ("; …" if len(choice.alike) > 5 else "")
        said.append(
            f"{len(choice.alike)} of {len(others)} others cannot be told from it on these mails: {shown_alike}. "
            "Take whichever of them is cheaper, or score more mails."
        )
    for name, lines in choice.effects.items():
        if len(choice.varied) > 1:
            said.append(_effect(name, lines))
    if choice.left_out:
        said.append(
            f"Left out, since they wrote other mails: {len(choice.left_out)} runs ({', '.join(choice.left_out[:5])}"
            f"{', …' if len(choice.left_out) > 5 else ''})."
        )
    return said


def _effect(name: str, lines: list[dict[str, float]]) -> str:
    """A parameter over all values of the others."""
    worse = [str(line["value"]) for line in lines[1:] if line["p"] < SIGNIFICANCE_LEVEL]
    same = [str(line["value"]) for line in lines[1:] if line["p"] >= SIGNIFICANCE_LEVEL]
    said = f"{name}, over all values of the others: {lines[0]['value']} is best"
    parts = [f"better than {', '.join(worse)}"] if worse else []
    parts += [f"not to be told from {', '.join(same)}"] if same else []
    return f"{said}, {', '.join(parts)}."


def _show(choice: Choice, said: list[str], page: Path) -> None:
    console = screen()
    names = choice.main_scores
    headings = [SCORES[name].short for name in names]
    rows = [
        [plain(label), *(Text.from_markup(on_screen(choice.report, label, name)) for name in names)]
        for label in choice.labels[:SHOWN_RUNS]
    ]
    title = f"{len(choice.labels)} runs on {len(choice.runs[choice.best].ids)} mails, the best first"
    console.print(table(("", *headings), rows, right=headings, title=title))
    for line in said:
        console.print(printable(line))
    console.print(f"compare  {page}")


def _row(choice: Choice, label: str) -> dict[str, object]:
    run = choice.runs[label]
    values = {name: run.params.get(name) for name in choice.varied}
    return {"run": run.id, "name": run.name, **values, **choice.report["arms"][label]}
