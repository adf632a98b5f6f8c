"""The trial of an Optuna study that this process runs, if any."""

from typing import TYPE_CHECKING

from email_assistant.experiments import sweep_environment

if TYPE_CHECKING:
    from email_assistant.experiments.study import RunningTrial


def current_trial(number: int | None) -> "RunningTrial | None":
    """The trial with this number (`sweep.trial`) of the study that this process belongs to; None without either."""
    study = sweep_environment.current_study()
    if study is None or number is None:
        return None
    # Optuna takes a while to import, and most training runs are not trials.
    from email_assistant.experiments.study import RunningTrial

    return RunningTrial(study, number)
