"""A sweep's objective: its value for a run, and whether lower or higher is better."""

import difflib
from collections.abc import Mapping
from typing import Literal

from email_assistant.errors import ConfigurationError
from email_assistant.metrics.scores import SCORES


def direction_of(objective: str, direction: str) -> Literal["minimize", "maximize"]:
    """Whether an objective is minimized or maximized.

    Args:
        objective: The name of a metric.
        direction: The configured direction; 'auto' to derive it from the name.

    Raises:
        ConfigurationError: If it cannot be derived.
    """
    if direction in ("minimize", "maximize"):
        return "minimize" if direction == "minimize" else "maximize"
    if objective.endswith(("loss", "seconds", "_gb")):
        return "minimize"
    # The longest first, since one name may end with another.
    for name in sorted(SCORES, key=len, reverse=True):
        if objective.endswith(name) and SCORES[name].better != "near":
            return "minimize" if SCORES[name].better == "low" else "maximize"
    raise ConfigurationError(
        f"sweep.objective = {objective}: its direction cannot be derived from the name; "
        "set sweep.direction to minimize or maximize"
    )


def objective_of(stage: str, name: str, metrics: Mapping[str, float]) -> float:
    """The value of a run's objective.

    Args:
        stage: The stage of the run, for the error message.
        name: The name of the metric.
        metrics: The metrics that the run logged.

    Raises:
        ConfigurationError: If the run logged no such metric.
    """
    if name in metrics:
        return metrics[name]
    near = difflib.get_close_matches(name, metrics, n=3, cutoff=0.5) or list(metrics)
    raise ConfigurationError(
        f"sweep.objective = {name}: stage={stage} has no such metric; choose from {', '.join(near)}"
    )
