"""Comparing runs of the store: which is best, which are not significantly worse, and the effect of each parameter."""

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from email_assistant.configuration.keys import affects_results, schema_keys, short_names
from email_assistant.evaluation.comparison import ArmComparison, compare_arms
from email_assistant.experiments.scored_runs import ScoredRun
from email_assistant.metrics.bootstrap import SIGNIFICANCE_LEVEL, bootstrap_weights, compare, holm
from email_assistant.metrics.formulas import Array
from email_assistant.metrics.per_mail_score import Average
from email_assistant.metrics.scores import OWNER_MAILS, REQUESTS, SCORES

# Scores that are shown first, after the one that runs are ranked by; the page's table has all scores.
MAIN_SCORES = ("sense", "perplexity", "mauve", "bleu", "chrf")
# Intervals and tests on fewer mails are unreliable.
MIN_MAILS = 20
# The group whose choices set keys of all other groups.
EXPERIMENT = "experiment"
SEED = "seed"
# Names in a sentence; the page has all of them.
SHOWN_NAMES = 5


@dataclass(frozen=True)
class Effect:
    """A value of a parameter against the parameter's best value, averaged over all values of the other parameters.

    Attributes:
        value: The value.
        runs: The number of runs with this value.
        mean: The mean score of these runs.
        difference: The best value's mean minus this one. None for the best value itself, like the attributes below.
        low: The lower end of the difference's 95% interval.
        high: The upper end.
        p: The p-value of the difference, after Holm's correction over the values.
    """

    value: str
    runs: int
    mean: float
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None

    @property
    def is_worse(self) -> bool:
        """Whether the value is significantly worse than the best one."""
        return self.p is not None and self.p < SIGNIFICANCE_LEVEL


@dataclass(frozen=True)
class RunComparison:
    """The comparison of several runs on the same mails.

    Attributes:
        ranked_by: The name of the score that runs are ranked by.
        labels: The runs' labels, the best run first.
        runs: The runs by label.
        varied: The parameters in which the runs differ.
        report: Scores, intervals and differences by label, as `compare_arms` returns them by arm.
        ties: Labels of runs that are not significantly different from the best.
        effects: The values of each varied parameter that can be judged, best first.
        between_seeds: The standard deviation of the score between runs that differ only in the seed; None if none do.
        excluded: Names of runs that were scored on other mails.
        warnings: Reasons to doubt the comparison.
    """

    ranked_by: str
    labels: list[str]
    runs: Mapping[str, ScoredRun]
    varied: list[str]
    report: ArmComparison
    ties: list[str]
    effects: dict[str, list[Effect]]
    between_seeds: float | None
    excluded: list[str]
    warnings: list[str]

    @property
    def main_scores(self) -> list[str]:
        """The names of the scores to show first, of those that all runs have."""
        common = set.intersection(*(set(scores) for scores in self.report["arms"].values()))
        return [name for name in dict.fromkeys((self.ranked_by, *MAIN_SCORES)) if name in common]

    @property
    def best(self) -> str:
        """The label of the best run."""
        return self.labels[0]


def compare_runs(candidates: Sequence[ScoredRun], ranked_by: str, resamples: int, seed: int) -> RunComparison:
    """Compare runs that were scored on the same mails.

    Args:
        candidates: Runs with scores; runs that were not scored on the same mails as most are excluded.
        ranked_by: The name of the score to rank by.
        resamples: The number of bootstrap resamples.
        seed: The seed of the bootstrap.
    """
    chosen, excluded = _on_the_same_mails(candidates)
    varied = _varied([run.params for run in chosen])
    runs = dict(zip(_labels(chosen, varied), chosen, strict=True))
    labels = sorted(runs, key=lambda label: (_cost(ranked_by, runs[label].scores[ranked_by].value), label))
    best = labels[0]
    report = compare_arms({label: runs[label].scores for label in labels}, None, best, resamples, seed)
    differences = report["differences"][best]
    return RunComparison(
        ranked_by=ranked_by,
        labels=labels,
        runs=runs,
        varied=varied,
        report=report,
        ties=[label for label in labels[1:] if differences[label][ranked_by]["p"] >= SIGNIFICANCE_LEVEL],
        effects=_effects(chosen, varied, ranked_by, bootstrap_weights(len(chosen[0].ids), resamples, seed)),
        between_seeds=_between_seeds(chosen, varied, ranked_by) if SEED in varied else None,
        excluded=[run.name for run in excluded],
        warnings=_warnings(chosen),
    )


def _on_the_same_mails(runs: Sequence[ScoredRun]) -> tuple[list[ScoredRun], list[ScoredRun]]:
    """The largest group of runs with the same mails, and all other runs; on a tie, the group of the newest run."""
    sizes = Counter(tuple(run.ids) for run in runs)
    largest = max(sizes, key=lambda ids: sizes[ids])
    return [run for run in runs if tuple(run.ids) == largest], [run for run in runs if tuple(run.ids) != largest]


def _varied(params: Sequence[Mapping[str, str]]) -> list[str]:
    """The parameters in which runs differ and which affect results.

    Where a sweep chose from groups, as in `model=a,b`, these choices stand for all keys that differ only with them.
    """
    names = dict.fromkeys(name for flat in params for name in flat)
    varied = [name for name in filter(affects_results, names) if len({flat.get(name) for flat in params}) > 1]
    choices = [name for name in varied if _is_choice(name) and all(name in flat for flat in params)]
    keys = [name for name in varied if not _is_choice(name)]
    return [*choices, *(key for key in keys if not any(_sets(choice, key, params) for choice in choices))]


def _is_choice(name: str) -> bool:
    """Whether a parameter is what a sweep chose from a group: of other runs, only the keys of the groups are logged."""
    return name == EXPERIMENT or dataclasses.is_dataclass(schema_keys().get(name))


def _sets(choice: str, key: str, params: Sequence[Mapping[str, str]]) -> bool:
    """Whether a choice sets a key, so that all runs with the same choice have the same value of it."""
    of_group = choice == EXPERIMENT or key.startswith(f"{choice}.")
    return of_group and len({(flat[choice], flat.get(key)) for flat in params}) == len(
        {flat[choice] for flat in params}
    )


def _labels(runs: Sequence[ScoredRun], varied: Sequence[str]) -> list[str]:
    """A label for each run: its varied values, with the beginning of its id if these are not unique."""
    names = short_names(varied)
    labels = [", ".join(f"{names[name]}={run.params.get(name)}" for name in varied) for run in runs]
    count = Counter(labels)
    return [
        label if label and count[label] == 1 else f"{label or run.name} ({run.id[:6]})"
        for label, run in zip(labels, runs, strict=True)
    ]


def _effects(
    runs: Sequence[ScoredRun], varied: Sequence[str], ranked_by: str, weights: Array
) -> dict[str, list[Effect]]:
    """The effects of the varied parameters.

    A parameter is left out unless each of its values was combined with the same values of the others: means over
    different combinations would reflect those as well. So is the seed: which one is best is chance.
    """
    effects: dict[str, list[Effect]] = {}
    for name in (each for each in varied if each != SEED):
        others = [other for other in varied if other != name]
        by_value: dict[str, list[ScoredRun]] = {}
        for run in runs:
            by_value.setdefault(str(run.params.get(name)), []).append(run)
        combinations = [
            Counter(tuple(run.params.get(other) for other in others) for run in group) for group in by_value.values()
        ]
        if all(combination == combinations[0] for combination in combinations):
            effects[name] = _effect(by_value, ranked_by, weights)
    return effects


def _between_seeds(runs: Sequence[ScoredRun], varied: Sequence[str], ranked_by: str) -> float | None:
    """The pooled standard deviation of a score between runs that have all varied parameters but the seed in common."""
    groups: dict[tuple[str | None, ...], list[float]] = {}
    for run in runs:
        others = tuple(run.params.get(name) for name in varied if name != SEED)
        groups.setdefault(others, []).append(run.scores[ranked_by].value)
    freedom = sum(len(values) - 1 for values in groups.values())
    squares = sum((value - fmean(values)) ** 2 for values in groups.values() for value in values)
    return math.sqrt(squares / freedom) if freedom else None


def _effect(by_value: Mapping[str, Sequence[ScoredRun]], ranked_by: str, weights: Array) -> list[Effect]:
    means = {value: Average([run.scores[ranked_by] for run in group]) for value, group in by_value.items()}
    best, *others = sorted(means, key=lambda value: _cost(ranked_by, means[value].value))
    differences = [compare(means[best], means[value], weights) for value in others]
    p_values = holm([difference.p for difference in differences])
    effects = [Effect(best, len(by_value[best]), means[best].value)]
    for value, difference, p in zip(others, differences, p_values, strict=True):
        runs, mean = len(by_value[value]), means[value].value
        effects.append(Effect(value, runs, mean, difference.value, difference.low, difference.high, p))
    return effects


def _cost(score: str, value: float) -> float:
    """A score as a cost: lower is better."""
    return value if SCORES[score].better == "low" else -value


# What to say of a signature that differs between runs, where it is not that of a single score.
DIFFERENT = {
    OWNER_MAILS: (
        "the texts of these mails differ between runs (by a data setting or a changed archive), so no score can be "
        "compared"
    ),
    REQUESTS: (
        "the requests for these mails differ between runs, and with them all scores; typed requests are the same for "
        "all (evaluation.requests, compare.mails=test)"
    ),
}


def _warnings(runs: Sequence[ScoredRun]) -> list[str]:
    """Reasons to doubt the comparison. Signatures that runs of earlier versions lack are not compared."""
    names, mails = dict.fromkeys(name for run in runs for name in run.signatures), len(runs[0].ids)
    few = f"{mails} mails are few: intervals and tests on fewer than {MIN_MAILS} are unreliable, so score more mails"
    return ([few] if mails < MIN_MAILS else []) + [
        DIFFERENT.get(name, f"{name} was computed with different settings, so it cannot be compared")
        for name in names
        if len({run.signatures[name] for run in runs if name in run.signatures}) > 1
    ]


@dataclass(frozen=True)
class RunVerdict:
    """Which run to take.

    Attributes:
        choice: The run, by what distinguishes it.
        reason: Why, in one sentence.
        remarks: Sentences about the other runs and the varied parameters.
    """

    choice: str
    reason: str
    remarks: list[str]

    def lines(self) -> list[str]:
        """All sentences, the choice and its reason in the first line."""
        return [f"{self.choice}: {self.reason}", *self.remarks]


def verdict(comparison: RunComparison) -> RunVerdict:
    """Which run to take and why."""
    by, best, report = comparison.ranked_by, comparison.best, comparison.report
    score, value, (low, high) = SCORES[by], report["arms"][best][by], report["intervals"][best][by]
    shown = f"{value:.{score.digits}f} (95% interval {low:.{score.digits}f} to {high:.{score.digits}f})"
    others, ties = len(comparison.labels) - 1, comparison.ties
    reason = f"run {comparison.runs[best].id} has the best {score.short}, {shown}"
    remarks = []
    if not others:
        reason = f"there is no other run to compare it with; {score.short} {shown}"
    elif not ties:
        reason += ", significantly better than " + (f"all {others} other runs" if others > 1 else "the other run")
    else:
        reason += ", but is not significantly better than " + (
            f"{len(ties)} of the {others} other runs" if others > 1 else "the other run"
        )
        remarks.append(
            f"Just as good, as far as these mails can tell: {_first(ties, '; ')}. Take the smallest of them, or score "
            "more mails to tell them apart."
        )
    if len(comparison.varied) > 1:
        remarks += [
            f"{name}: {effect_sentence(effects, len(comparison.varied))}"
            for name, effects in comparison.effects.items()
        ]
    if comparison.between_seeds is not None:
        remarks.append(
            f"{SEED}: between runs that differ only in it, {score.short} has a standard deviation of "
            f"{comparison.between_seeds:.{score.digits}f}. Differences of that size may be chance even where a test "
            "finds them significant, because the tests are over mails, not over seeds."
        )
    if comparison.excluded:
        remarks.append(
            f"Excluded because they were scored on other mails: {len(comparison.excluded)} runs "
            f"({_first(comparison.excluded, ', ')})."
        )
    return RunVerdict(f"Take {best}", f"{reason}.", remarks)


def effect_sentence(effects: Sequence[Effect], varied: int) -> str:
    """What a parameter does, averaged over the others of all that are varied."""
    worse = [effect.value for effect in effects[1:] if effect.is_worse]
    ties = [effect.value for effect in effects[1:] if not effect.is_worse]
    parts = [f"significantly better than {', '.join(worse)}"] if worse else []
    parts += [f"not significantly different from {', '.join(ties)}"] if ties else []
    others = "averaged over the other parameters, " if varied > 1 else ""
    return f"{others}{effects[0].value} is best, {', '.join(parts)}."


def _first(names: Sequence[str], separator: str) -> str:
    """The first names of a list, with an ellipsis for the others."""
    return separator.join([*names[:SHOWN_NAMES], *(["…"] if len(names) > SHOWN_NAMES else [])])
