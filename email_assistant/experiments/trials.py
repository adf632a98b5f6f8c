"""A job that is a trial of an Optuna study: it says how its training goes and is told when to stop.

The study is a file under `paths.outputs`, which the sweeper made (`email_assistant.experiments.optuna_sweeper`).
"""

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from email_assistant.configuration.schema import Config
from email_assistant.errors import Pruned

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import JournalStorage

# Where a job finds its study, as JSON; workers on this or another machine inherit it.
ENVIRONMENT = "EMAIL_ASSISTANT_STUDY"


@dataclass(frozen=True)
class StudyFile:
    """A study, and how it stops hopeless trials.

    Attributes:
        path: Of the file; it may hold several studies.
        name: Of the study.
        direction: Of its objective.
        prune: Whether hopeless trials are stopped.
        startup_trials: That end before any is stopped.
    """

    path: str
    name: str
    direction: Literal["minimize", "maximize"]
    prune: bool
    startup_trials: int

    def announce(self) -> None:
        """Tell it to the jobs that this process starts."""
        os.environ[ENVIRONMENT] = json.dumps(asdict(self))

    @property
    def storage(self) -> "JournalStorage":
        """The file as Optuna reads it."""
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

        return JournalStorage(JournalFileBackend(self.path, lock_obj=JournalFileOpenLock(self.path)))

    def open(self, sampler: "BaseSampler | None" = None) -> "Study":
        """The study, made on first use; without a sampler it cannot propose trials."""
        import optuna
        from optuna.samplers import RandomSampler

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        return optuna.create_study(
            storage=self.storage,
            study_name=self.name,
            direction=self.direction,
            sampler=sampler or RandomSampler(),
            pruner=self._pruner(),
            load_if_exists=True,
        )

    def _pruner(self) -> "BasePruner":
        from optuna.pruners import MedianPruner, NopPruner

        # The loss before the first step says nothing of a trial.
        return MedianPruner(self.startup_trials, n_warmup_steps=1) if self.prune else NopPruner()


class RunningTrial:
    """The trial that this process runs."""

    def __init__(self, file: StudyFile, number: int) -> None:
        """Find it in its study."""
        from optuna.trial import Trial

        self._study = file.open()
        # The pruner compares as the objective is compared.
        self._sign = 1.0 if file.direction == "minimize" else -1.0
        self._trial = Trial(self._study, self._study.get_trials(deepcopy=False)[number]._trial_id)

    def report(self, loss: float, validation: int) -> None:
        """Say a validation loss.

        Args:
            loss: In nats a token.
            validation: Its number; 0 is the one before the first step.

        Raises:
            Pruned: when it is worse than the median of the other trials' best losses up to there.
        """
        from optuna.trial import TrialState

        self._trial.report(self._sign * loss, validation)
        if self._trial.should_prune():
            self._study.tell(self._trial, state=TrialState.PRUNED)
            raise Pruned(f"validation loss {loss:.3f} at validation {validation}: worse than half of the trials")


def current(config: Config) -> RunningTrial | None:
    """The trial that this process runs; None where it runs none."""
    told = os.environ.get(ENVIRONMENT)
    if not told or config.sweep.trial is None:
        return None
    return RunningTrial(StudyFile(**json.loads(told)), config.sweep.trial)
