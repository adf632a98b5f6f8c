"""Hydra's sweeper for `sweep=optuna`: runs the trials that an Optuna study proposes, and resumes the study.

Hydra's own Optuna plugin neither prunes trials nor resumes a study up to a total number of trials.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from email_assistant.configuration.schema import expand_home
from email_assistant.console import StageLogger
from email_assistant.errors import ConfigurationError, TrackingError
from email_assistant.experiments.sweep_environment import StudyFile
from email_assistant.experiments.sweeps import direction_of, last_overrides, override_lines, sweep_key
from email_assistant.storage.hashing import hash_of

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution

# The sweep gives up after this many failed jobs in a row.
MAX_FAILURES = 3
log = StageLogger(__name__, "sweep")


class OptunaSweeper(Sweeper):
    """Asks Optuna for values, launches jobs with them, and reports the results to it."""

    def __init__(
        self,
        params: DictConfig,
        n_trials: int,
        n_jobs: int,
        study_name: str | None,
        storage: str,
        prune: bool,
        startup_trials: int,
    ) -> None:
        """Store the values of conf/hydra/sweeper/optuna.yaml, which documents them; `override_lines` reads `params`."""
        self.n_trials, self.n_jobs = n_trials, n_jobs
        self.study_name, self.storage = study_name, storage
        self.prune, self.startup_trials = prune, startup_trials

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Store the configuration and create the launcher."""
        self._config = config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[JobReturn]:
        """Run trials until the study has `n_trials` finished ones.

        Raises:
            ConfigurationError: If a number of trials is not a number, or too small.
            TrackingError: If another process runs this study.
        """
        for name, least in (("n_trials", 1), ("n_jobs", 1), ("startup_trials", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise ConfigurationError(f"hydra.sweeper.{name} = {value}: must be an integer of at least {least}")
        path = Path(expand_home(self.storage)).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path.with_suffix(".lock"), timeout=0):
                returns = self._run_trials(path)
        except Timeout as error:
            raise TrackingError(
                f"{path}: in use by another sweep; wait, or set hydra.sweeper.storage to another file"
            ) from error
        for returned in returns:
            # Raises the error of a job that failed.
            _ = returned.return_value
        return returns

    def _run_trials(self, path: Path) -> list[JobReturn]:
        # Optuna takes a while to import, and every run of the program registers this sweeper.
        from email_assistant.experiments.study import open_for_proposals, requeue_unfinished, search_space

        lines = override_lines(self._config)
        space, fixed = search_space(lines)
        file = self._study_file(path, lines)
        study = open_for_proposals(file, self._config.seed)
        finished = requeue_unfinished(study)
        if study.trials:
            log.info("resuming study %s with %d finished trials", file.name, finished)
        file.export()
        returns: list[JobReturn] = []
        failures = 0
        while len(returns) < self.n_trials - finished and failures < MAX_FAILURES:
            count = min(self.n_jobs, self.n_trials - finished - len(returns))
            trials = [ask(study, space) for _ in range(count)]
            launched = self._launch(study, trials, fixed, len(returns))
            returns += launched
            for trial, returned in zip(trials, launched, strict=True):
                failures = 0 if _report(study, trial, returned) else failures + 1
        if failures >= MAX_FAILURES:
            log.error("giving up: %d jobs in a row failed", failures)
        return returns

    def _study_file(self, path: Path, lines: Sequence[str]) -> StudyFile:
        objective = self._config.sweep.objective
        direction = direction_of(objective, self._config.sweep.direction)
        name = self.study_name or hash_of([sweep_key(last_overrides(lines)), objective, direction])
        return StudyFile(str(path), name, direction, self.prune, self.startup_trials)

    def _launch(self, study: "Study", trials: "Sequence[Trial]", fixed: list[str], first: int) -> Sequence[JobReturn]:
        """Run one job for each trial; if the sweep is stopped, its trials count as failed."""
        overrides = [
            [*fixed, *(f"{key}={value}" for key, value in trial.params.items()), f"sweep.trial={trial.number}"]
            for trial in trials
        ]
        try:
            return self._launcher.launch(overrides, initial_job_idx=first)
        except BaseException:
            for trial in trials:
                _fail(study, trial)
            raise


def ask(study: "Study", space: "dict[str, BaseDistribution]") -> "Trial":
    """The next trial of a study.

    Raises:
        ConfigurationError: If the study has searched other values of these keys before.
    """
    try:
        return study.ask(space)
    except ValueError as error:
        raise ConfigurationError(
            f"hydra.sweeper.study_name = {study.study_name}: it has searched other choices of these keys "
            f"({error}); use another name"
        ) from error


def _report(study: "Study", trial: "Trial", returned: JobReturn) -> bool:
    """Report a job's result to the study.

    Returns:
        Whether the trial finished; one that was pruned has reported that itself.
    """
    value: Any = returned._return_value if returned.status is JobStatus.COMPLETED else None
    if value is None:
        return not _fail(study, trial)
    study.tell(trial, float(value))
    return True


def _fail(study: "Study", trial: "Trial") -> bool:
    """Mark a trial as failed unless it has finished; returns whether it counts as failed."""
    from optuna.trial import TrialState

    return study.tell(trial, state=TrialState.FAIL, skip_if_finished=True).state is TrialState.FAIL


def register() -> None:
    """Make the sweeper known to Hydra."""
    Plugins.instance().register(OptunaSweeper)


__all__ = ["OptunaSweeper", "register"]
