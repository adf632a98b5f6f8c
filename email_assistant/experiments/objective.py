"""The metric that a sweep chooses by, and which way it is better."""

import difflib
from collections.abc import Mapping
from typing import Literal

from email_assistant.errors import ConfigurationError
from email_assistant.metrics.scores import SCORES


def direction_of(objective: str, direction: str) -> Literal["minimize", "maximize"]:
    """Which way a metric is better.

    Raises:
        ConfigurationError: when `direction` is auto and the name does not tell.
    """
    if direction in ("minimize", "maximize"):
        return "minimize" if direction == "minimize" else "maximize"
    if objective.endswith(("loss", "seconds", "_gb")):
        return "minimize"
    # The longest first: a name may end as another one.
    for name in sorted(SCORES, key=len, reverse=True):
        if objective.endswith(name) and SCORES[name].better != "near":
            return "minimize" if SCORES[name].better == "low" else "maximize"
    raise ConfigurationError(
        f"sweep.objective = {objective}: its name does not tell which way is better; "
        "take sweep.direction=minimize or maximize"
    )


def objective_of(stage: str, name: str, metrics: Mapping[str, float]) -> float:
    """The value that a sweep chooses a run by.

    Args:
        stage: The stage that was run, for the error.
        name: The metric.
        metrics: What the run logged.

    Raises:
        ConfigurationError: when the run logged no such metric.
    """
    if name in metrics:
        return metrics[name]
    near = difflib.get_close_matches(name, metrics, n=3, cutoff=0.5) or list(metrics)
    raise ConfigurationError(f"sweep.objective = {name}: stage={stage} has no such metric; there are {', '.join(near)}")
