"""A comparison of runs in words: which run to take, and how certain it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from email_assistant.experiments.run_comparison import Effect, RunComparison
from email_assistant.metrics.scores import SCORES

# Names in a sentence; the page has all of them.
SHOWN_NAMES = 5


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
    reason = f"run {comparison.runs[best].id} has the best {score.label}, {shown}"
    remarks = []
    if not others:
        reason = f"there is no other run to compare it with; {score.label} {shown}"
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
        remarks += [f"{name}: {effect_sentence(effects)}" for name, effects in comparison.effects.items()]
    if comparison.excluded:
        remarks.append(
            f"Excluded because they were scored on other mails: {len(comparison.excluded)} runs "
            f"({_first(comparison.excluded, ', ')})."
        )
    return RunVerdict(f"Take {best}", f"{reason}.", remarks)


def effect_sentence(effects: Sequence[Effect]) -> str:
    """What a varied parameter does, averaged over the others."""
    worse = [effect.value for effect in effects[1:] if effect.is_worse]
    ties = [effect.value for effect in effects[1:] if not effect.is_worse]
    parts = [f"significantly better than {', '.join(worse)}"] if worse else []
    parts += [f"not significantly different from {', '.join(ties)}"] if ties else []
    return f"averaged over the other parameters, {effects[0].value} is best, {', '.join(parts)}."


def _first(names: Sequence[str], separator: str) -> str:
    """The first names of a list, with an ellipsis for the others."""
    return separator.join([*names[:SHOWN_NAMES], *(["…"] if len(names) > SHOWN_NAMES else [])])
