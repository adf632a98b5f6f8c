"""Which of several runs to take, what their values do, and whether the differences are real."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from email_assistant.configuration.checks import is_learned
from email_assistant.experiments.comparison import report_of
from email_assistant.experiments.store import ScoredRun
from email_assistant.metrics.bootstrap import SIGNIFICANCE_LEVEL, Difference, bootstrap_weights, compare, holm
from email_assistant.metrics.per_mail_score import Average
from email_assistant.metrics.scores import SCORES

# Scores that are shown first, after the one that is chosen by; the page's table has all of them.
MAIN = ("perplexity", "mauve", "bleu", "chrf")


@dataclass(frozen=True)
class Choice:
    """What a comparison of runs found.

    Attributes:
        by: The score that was chosen by.
        labels: Of the runs, the best first.
        runs: By label.
        varied: The parameters in which the runs differ.
        report: Scores, intervals and differences by label, as `comparison.report_of` has them by arm.
        alike: Labels of runs that the chosen score cannot tell from the best.
        effects: For each varied parameter whose values were tried alike, a line a value, the best first.
        left_out: Names of runs that were scored on other mails.
        warnings: What a reader should know before believing it.
    """

    by: str
    labels: list[str]
    runs: Mapping[str, ScoredRun]
    varied: list[str]
    report: dict[str, Any]
    alike: list[str]
    effects: dict[str, list[dict[str, Any]]]
    left_out: list[str]
    warnings: list[str]

    @property
    def main_scores(self) -> list[str]:
        """The names of the scores to show first, that of the choice before them, as far as all runs have them."""
        common = set.intersection(*(set(scores) for scores in self.report["arms"].values()))
        return [name for name in dict.fromkeys((self.by, *MAIN)) if name in common]

    @property
    def best(self) -> str:
        """The label of the best run."""
        return self.labels[0]


def choose(found: Sequence[ScoredRun], by: str, resamples: int, seed: int) -> Choice:
    """Compare runs on the mails that they share.

    Args:
        found: Runs with scores.
        by: The score to choose by.
        resamples: Of the bootstrap.
        seed: Of the draws.
    """
    taken, left_out = _on_the_same_mails(found)
    varied = _varied([run.params for run in taken])
    runs = dict(zip(_labels(taken, varied), taken, strict=True))
    labels = sorted(runs, key=lambda label: (_rank(by, runs[label].scores[by].value), label))
    report = report_of({label: runs[label].scores for label in labels}, None, labels[0], resamples, seed)
    apart = report["differences"][labels[0]]
    return Choice(
        by=by,
        labels=labels,
        runs=runs,
        varied=varied,
        report=report,
        alike=[label for label in labels[1:] if apart[label][by]["p"] >= SIGNIFICANCE_LEVEL],
        effects=_effects(taken, varied, by, bootstrap_weights(len(taken[0].ids), resamples, seed)),
        left_out=[run.name for run in left_out],
        warnings=_warnings(taken),
    )


def _on_the_same_mails(found: Sequence[ScoredRun]) -> tuple[list[ScoredRun], list[ScoredRun]]:
    """The largest group of runs that wrote the same mails, and the others; of equal groups that of the newest run."""
    groups = Counter(tuple(run.ids) for run in found)
    most = max(groups, key=lambda ids: groups[ids])
    return [run for run in found if tuple(run.ids) == most], [run for run in found if tuple(run.ids) != most]


def _varied(params: Sequence[Mapping[str, str]]) -> list[str]:
    """The parameters in which runs differ, but for those that change nothing that was learned."""
    names = dict.fromkeys(name for one in params for name in one)
    return [name for name in filter(is_learned, names) if len({one.get(name) for one in params}) > 1]


def _labels(runs: Sequence[ScoredRun], varied: Sequence[str]) -> list[str]:
    """A run by what it varies, with the beginning of its id where that is not enough."""
    told = [", ".join(f"{name.rpartition('.')[2]} {run.params.get(name)}" for name in varied) for run in runs]
    often = Counter(told)
    return [
        label if label and often[label] == 1 else f"{label or run.name} ({run.id[:6]})"
        for label, run in zip(told, runs, strict=True)
    ]


def _effects(runs: Sequence[ScoredRun], varied: Sequence[str], by: str, drawn: Any) -> dict[str, list[dict[str, Any]]]:
    """The mean score of every value of a parameter over runs that are alike in all others.

    A parameter is left out where its values were not tried with the same values of the others: its mean would
    then speak of those.
    """
    told: dict[str, list[dict[str, Any]]] = {}
    for name in varied:
        others = [other for other in varied if other != name]
        groups: dict[str, list[ScoredRun]] = {}
        for run in runs:
            groups.setdefault(str(run.params.get(name)), []).append(run)
        beside = [
            Counter(tuple(run.params.get(other) for other in others) for run in group) for group in groups.values()
        ]
        if any(one != beside[0] for one in beside):
            continue
        means = {value: Average([run.scores[by] for run in group]) for value, group in groups.items()}
        order = sorted(means, key=lambda value: _rank(by, means[value].value))
        apart = {value: compare(means[order[0]], means[value], drawn) for value in order[1:]}
        raised = dict(zip(apart, holm([one.p for one in apart.values()]), strict=True))
        told[name] = [
            {"value": value, "runs": len(groups[value]), "mean": means[value].value}
            | (_told(apart[value], raised[value]) if value in apart else {})
            for value in order
        ]
    return told


def _rank(by: str, value: float) -> float:
    """The smaller the better."""
    return value if SCORES[by].better == "low" else -value


def _told(difference: Difference, p: float) -> dict[str, float]:
    return {"difference": difference.value, "low": difference.low, "high": difference.high, "p": p}


def _warnings(runs: Sequence[ScoredRun]) -> list[str]:
    found = []
    signed = dict.fromkeys(name for run in runs for name in run.signatures)
    for name in signed:
        if len({run.signatures.get(name) for run in runs}) > 1:
            found.append(f"{name} was not computed in the same way in all runs: its differences mean nothing")
    return found
