"""The plots of evaluations, comparisons and sweeps, legible on light and dark pages."""

import base64
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from email_assistant.metrics.formulas import divergence_curve, shares
from email_assistant.metrics.per_mail_score import PerMailScore
from email_assistant.metrics.scores import OWNER, SCORES
from email_assistant.metrics.style import LENGTHS
from email_assistant.requests.arms import ARMS

# Legible on black and on white.
GREY = "#888888"
COLORS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#b279a2", "#72b7b2", "#9d755d", "#bab0ac")
# Scores that are drawn with those of the base model and the owner.
MAIN = ("sense", "mauve", "authorship", "bleu", "chrf")
# An axis with more values than this labels only the lowest and the highest.
MAX_TICKS = 8
# The archive's plot shows the newest months, and the most frequent domains.
MAX_MONTHS, MAX_DOMAINS = 60, 12
# What each plot shows, for its caption and for those who cannot see it.
ABOUT = {
    "scores": "The main scores with 95% intervals. Dashed: the owner's own mails; dotted: the base model.",
    "mauve": "Similarity of the texts to the owner's (MAUVE): the larger the area under a curve, the more similar.",
    "style": "Distance from the owner's style in each respect: the shorter the bar, the closer. Dashed: other mails of "
    "the owner.",
    "lengths": "Lengths of mails and sentences in words: quartiles and medians.",
    "loss": "Loss during training in nats per token: the adapter with the lowest validation loss is kept.",
    "runs": "The main scores of each run with 95% intervals; the dotted line is the best run.",
    "losses": "Validation losses of the runs during training.",
}
Records = Sequence[Mapping[str, Any]]


def display_name(arm: str) -> str:
    """The display name of an arm."""
    return "The owner" if arm == OWNER else ARMS[arm].label


def scores(report: Mapping[str, Any]) -> Any:
    """The main scores of every arm with intervals; lines mark the base model and the owner's own mails."""
    names = [name for name in MAIN if any(name in values for values in report["arms"].values())]
    figure, all_axes = _figure(len(names), 2.7 * len(names), 3.4)
    arms = list(report["arms"])
    for axes, name in zip(all_axes, names, strict=True):
        for position, arm in enumerate(arms):
            value, (low, high) = report["arms"][arm][name], report["intervals"][arm][name]
            axes.bar(position, value, color=COLORS[position % len(COLORS)])
            axes.errorbar(position, value, [[max(0, value - low)], [max(0, high - value)]], color=GREY, capsize=3)
        # The owner's other mails are about other things, so their BLEU and chrF are not an upper bound.
        lines = {"owner": report["owner"].get(name)} if name in ("sense", "mauve", "authorship") else {}
        lines["base"] = report["arms"].get("base", {}).get(name)
        for label, value in lines.items():
            if value is not None:
                axes.axhline(value, color=GREY, linestyle="--" if label == "owner" else ":", linewidth=1)
                axes.text(len(arms) - 0.45, value, f" {label}", color=GREY, fontsize=7, va="bottom", ha="right")
        axes.set_xticks(range(len(arms)), [display_name(arm) for arm in arms], rotation=35, ha="right", fontsize=8)
        axes.set_title(SCORES[name].label)
    return figure


def mauve_curves(arms: Mapping[str, Mapping[str, PerMailScore]]) -> Any:
    """MAUVE's divergence curve of every arm, for the first clustering; a larger area means a more similar style."""
    figure, (axes,) = _figure(1, 4.6, 4.0)
    for position, (arm, scores_of_arm) in enumerate(arms.items()):
        measured = scores_of_arm["mauve"]
        counts = shares(measured.contributions.sum(axis=0)[0])
        x, y = divergence_curve(counts[1], counts[0], measured.parameter)
        order = np.argsort(x)
        style = {"color": GREY, "linestyle": "--"} if arm == OWNER else {"color": COLORS[position % len(COLORS)]}
        axes.plot(x[order], y[order], label=display_name(arm), **style)
    axes.set_xlabel("exp(-c KL(written | mixture))")
    axes.set_ylabel("exp(-c KL(real | mixture))")
    axes.set_title("MAUVE divergence curve")
    _legend(axes)
    return figure


def dot_plot(report: Mapping[str, Any], labels: Sequence[str], names: Sequence[str]) -> Any:
    """Scores of several runs with intervals, one row for each run.

    Args:
        report: Scores and intervals by label, as `compare_arms` returns them.
        labels: The labels of the runs to show, the best first.
        names: The names of the scores.
    """
    figure, all_axes = _figure(len(names), 3.4 + 2.2 * len(names), 0.8 + 0.28 * len(labels), sharey=True)
    for color, axes, name in zip(COLORS, all_axes, names, strict=False):
        for row, label in enumerate(labels):
            value, (low, high) = report["arms"][label][name], report["intervals"][label][name]
            axes.errorbar(value, row, xerr=[[value - low], [high - value]], fmt="o", color=color, ecolor=GREY)
        axes.axvline(report["arms"][labels[0]][name], color=GREY, linestyle=":", linewidth=1)
        axes.set_title(SCORES[name].short)
    all_axes[0].set_yticks(range(len(labels)), labels, fontsize=8)
    all_axes[0].invert_yaxis()
    return figure


def parallel_coordinates(names: Sequence[str], runs: Sequence[tuple[Mapping[str, str], float]], objective: str) -> Any:
    """A line for each run through its values (Inselberg 1985), colored by the objective.

    Args:
        names: The varied parameters.
        runs: For each run its values and its objective.
        objective: The name of the objective.
    """
    from matplotlib import colormaps

    figure, (axes,) = _figure(1, 2.6 + 1.8 * len(names), 3.6)
    columns = [axis_positions([values[name] for values, _ in runs]) for name in names]
    columns.append(axis_positions([str(value) for _, value in runs]))
    heights = [height for height, _ in columns]
    for line in zip(*heights, strict=True):
        axes.plot(range(len(columns)), line, color=colormaps["viridis"](line[-1]), linewidth=1.5)
    for column, (_, ticks) in enumerate(columns):
        axes.axvline(column, color=GREY, linewidth=1)
        for height, label in ticks:
            # To the right of the point and above it, where fewer lines cross the label.
            offset = {"xytext": (4, 3), "textcoords": "offset points"}
            axes.annotate(label, (column, height), color=GREY, fontsize=7, **offset)
    axes.set_xticks(range(len(columns)), [*names, objective], fontsize=8)
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def axis_positions(values: Sequence[str]) -> tuple[list[float], list[tuple[float, str]]]:
    """The height of every value on an axis from 0 to 1, and the axis' labels with their heights.

    Numbers are spaced linearly, or logarithmically if they span more than a power of ten; words alphabetically.
    """
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        words = sorted(set(values))
        numbers = [float(words.index(value)) for value in values]
        labels = {float(index): word for index, word in enumerate(words)}
    else:
        labels = {number: f"{number:.4g}" for number in numbers}
        if len(labels) > MAX_TICKS:
            labels = {number: labels[number] for number in (min(numbers), max(numbers))}
    low, high = min(numbers), max(numbers)
    logarithmic = low > 0 and high / low > 10

    def height(number: float) -> float:
        if high == low:
            return 0.5
        if logarithmic:
            return float(np.log(number / low) / np.log(high / low))
        return (number - low) / (high - low)

    return [height(number) for number in numbers], [(height(number), label) for number, label in labels.items()]


def validation_losses(histories: Mapping[str, Records]) -> Any:
    """The validation losses of many runs by step."""
    figure, (axes,) = _figure(1, 8.0, 4.0)
    for index, (label, history) in enumerate(histories.items()):
        points = [(record["step"], record["validation/loss"]) for record in history if "validation/loss" in record]
        dashes = ("-", "--", ":", "-.")[index // len(COLORS) % 4]
        axes.plot(*zip(*points, strict=True), dashes, label=label, color=COLORS[index % len(COLORS)], marker=".")
    _label_losses(axes, "Validation loss")
    return figure


def losses(history: Records) -> Any:
    """Training and validation loss by step."""
    figure, (axes,) = _figure(1, 5.2, 4.0)
    lines = (("train", "training", COLORS[0], ""), ("validation", "validation", COLORS[1], "."))
    for kind, label, color, marker in lines:
        points = [(record["step"], record[f"{kind}/loss"]) for record in history if f"{kind}/loss" in record]
        if points:
            axes.plot(*zip(*points, strict=True), label=label, color=color, marker=marker)
    _label_losses(axes, "Loss")
    return figure


def lengths(texts: Mapping[str, Sequence[str]]) -> Any:
    """The lengths of mails and of their sentences in words, by arm."""
    figure, all_axes = _figure(2, 9.5, 3.6)
    for axes, (name, lengths_of) in zip(all_axes, LENGTHS.items(), strict=True):
        rows = [[length for text in mails for length in lengths_of(text)] or [0] for mails in texts.values()]
        drawn = axes.boxplot(rows, orientation="horizontal", showfliers=False, patch_artist=True)
        for index, box in enumerate(drawn["boxes"]):
            box.set(facecolor=GREY if index == 0 else COLORS[(index - 1) % len(COLORS)], alpha=0.7)
        for part in ("whiskers", "caps", "medians"):
            for line in drawn[part]:
                line.set_color(GREY)
        axes.set_yticks(range(1, len(rows) + 1), [display_name(arm) for arm in texts], fontsize=7)
        axes.invert_yaxis()
        axes.set_title(f"{SCORES[f'style_{name}'].label.partition(',')[0]}, words")
    return figure


def style(report: Mapping[str, Any]) -> Any:
    """Style distances from the owner's mails, by arm; dashed lines mark those of other mails of the owner."""
    names = [name for name in SCORES if name.startswith("style_")]
    figure, (axes,) = _figure(1, 9.5, 3.6)
    arms, positions = list(report["arms"]), np.arange(len(names))
    width = 0.8 / len(arms)
    for index, arm in enumerate(arms):
        heights = [report["arms"][arm][name] for name in names]
        shift = (index - (len(arms) - 1) / 2) * width
        axes.bar(positions + shift, heights, width, label=display_name(arm), color=COLORS[index % len(COLORS)])
    for x, name in zip(positions, names, strict=True):
        if name in report["owner"]:
            axes.hlines(report["owner"][name], x - 0.45, x + 0.45, color=GREY, linestyle="--", linewidth=1)
    axes.set_xticks(positions, [SCORES[name].label for name in names], rotation=20, ha="right", fontsize=8)
    axes.set_title("Style distance from the owner's mails (0: same)")
    _legend(axes)
    return figure


def archive(report: Mapping[str, Any]) -> Any:
    """Kept mails by month, language, recipient's domain and number of words.

    Args:
        report: The report.json of the stage data.
    """
    figure, (time, languages, domains, words) = _figure(4, 11.0, 6.4, rows=2)
    months = dict(list(report["months"].items())[-MAX_MONTHS:])
    for axes, title, counts in (
        (time, "Kept mails by month", months),
        (languages, "By language", report["languages"]),
        (words, "By number of words", report["words"]),
    ):
        axes.bar(range(len(counts)), list(counts.values()), color=COLORS[0])
        step = max(1, len(counts) // 12)
        axes.set_xticks(range(0, len(counts), step), list(counts)[::step], rotation=30, ha="right")
        axes.set_title(title)
    names = list(report["domains"])[:MAX_DOMAINS][::-1]
    domains.barh(range(len(names)), [report["domains"][name] for name in names], color=COLORS[0])
    domains.set_yticks(range(len(names)), names)
    domains.set_title("By recipient domain")
    return figure


def evaluation_figures(
    report: Mapping[str, Any], arms: Mapping[str, Mapping[str, PerMailScore]], generations: Records, history: Records
) -> dict[str, Any]:
    """All plots of an evaluation by name.

    Args:
        report: The evaluation's report.
        arms: Scores by arm, with the owner's.
        generations: The lines of generations.jsonl.
        history: The lines of history.jsonl.
    """
    texts = {OWNER: [line["email"] for line in generations]}
    texts |= {arm: [line[arm] for line in generations] for arm in report["arms"]}
    figures = {"scores": scores(report), "mauve": mauve_curves(arms), "style": style(report), "lengths": lengths(texts)}
    return figures | ({"loss": losses(history)} if history else {})


def as_image(figure: Any) -> str:
    """A figure as the address of an img element: an SVG inside the page."""
    return "data:image/svg+xml;base64," + base64.b64encode(_saved(figure, "svg")).decode("ascii")


def write_pngs(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write figures to a folder as PNG files on white, by name."""
    folder.mkdir(exist_ok=True)
    for name, figure in figures.items():
        picture = _saved(figure, "png", transparent=False, facecolor="white", dpi=120)
        (folder / f"{name}.png").write_bytes(picture)


def _saved(figure: Any, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    # Without a date, equal figures have equal bytes.
    metadata = {"Date": None} if kind == "svg" else {}
    figure.savefig(buffer, format=kind, metadata=metadata, **({"transparent": True} | options))
    return buffer.getvalue()


def _figure(count: int, width: float, height: float, sharey: bool = False, rows: int = 1) -> tuple[Any, list[Any]]:
    """A figure with a number of axes, row by row; lines and text are grey."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    all_axes = list(figure.subplots(rows, count // rows, squeeze=False, sharey=sharey).flat)
    for axes in all_axes:
        axes.tick_params(colors=GREY)
        for spine in axes.spines.values():
            spine.set_color(GREY)
        for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
            text.set_color(GREY)
    return figure, all_axes


def _label_losses(axes: Any, title: str) -> None:
    axes.set_xlabel("step")
    axes.set_ylabel("nats per token")
    axes.set_title(title)
    _legend(axes)


def _legend(axes: Any) -> None:
    axes.legend(fontsize=7, labelcolor=GREY, framealpha=0)
