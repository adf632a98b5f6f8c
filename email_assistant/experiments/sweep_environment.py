"""The environment variables that jobs inherit from their sweep, and the trial of an Optuna study that a job runs.

Launchers start jobs as other processes, on this or another machine, and pass environment variables on. This module is
the only one that reads or sets these variables.
"""

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from email_assistant.experiments.study import RunningTrial


_JOB, _STUDY = "EMAIL_ASSISTANT_SWEEP", "EMAIL_ASSISTANT_STUDY"


@dataclass(frozen=True)
class SweepJob:
    """The sweep that a job belongs to.

    Attributes:
        parent: The id of the sweep's run in the store.
        call: The id of this run of the sweep; a resumed sweep has several.
        varied: The keys whose values differ between jobs.
    """

    parent: str
    call: str
    varied: tuple[str, ...]

    def export(self) -> None:
        """Make all processes started from now on jobs of the sweep."""
        os.environ[_JOB] = json.dumps(asdict(self))


@dataclass(frozen=True)
class StudyFile:
    """An Optuna study on disk, and how it prunes trials.

    Attributes:
        path: The journal file; it may hold several studies.
        name: The study's name.
        direction: Whether a lower or a higher objective is better.
        prune: Whether unpromising trials are stopped early.
        startup_trials: The number of trials that must finish before any is pruned.
    """

    path: str
    name: str
    direction: Literal["minimize", "maximize"]
    prune: bool
    startup_trials: int

    def export(self) -> None:
        """Make all processes started from now on find the study."""
        os.environ[_STUDY] = json.dumps(asdict(self))


def current_job() -> SweepJob | None:
    """The sweep that this process runs a job of; None outside of a sweep."""
    exported = os.environ.get(_JOB)
    if not exported:
        return None
    values = json.loads(exported)
    return SweepJob(values["parent"], values["call"], tuple(values["varied"]))


def current_study() -> StudyFile | None:
    """The study that this process runs trials of; None if there is none."""
    exported = os.environ.get(_STUDY)
    return StudyFile(**json.loads(exported)) if exported else None


def leave_sweep() -> None:
    """Processes started from now on are not jobs of the sweep."""
    os.environ.pop(_JOB, None)


def current_trial(number: int | None) -> "RunningTrial | None":
    """The trial with this number (`sweep.trial`) of the study that this process belongs to; None without either."""
    study = current_study()
    if study is None or number is None:
        return None
    # Optuna takes a while to import, and most training runs are not trials.
    from email_assistant.experiments.study import RunningTrial

    return RunningTrial(study, number)
