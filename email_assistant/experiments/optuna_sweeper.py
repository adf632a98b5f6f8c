"""Hydra's sweeper for `sweep=optuna`: trials that Optuna proposes, of a study that goes on from call to call.

The sampler is TPE (Bergstra et al. 2011). Hydra's own plugin for Optuna neither stops hopeless trials nor
goes on to a number of trials.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from hydra.core.override_parser.types import IntervalSweep, Override, Transformer
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from email_assistant.errors import ConfigurationError, TrackingError
from email_assistant.experiments.objective import direction_of
from email_assistant.experiments.sweeps import key_of, last_of_each, lines_of
from email_assistant.experiments.trials import StudyFile
from email_assistant.storage.hashing import hash_of

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution
    from optuna.trial import TrialState

# Jobs that fail one after another before the sweep gives up.
FAILURES = 3
log = logging.getLogger(__name__)


class OptunaSweeper(Sweeper):
    """Asks Optuna for values, launches jobs with them, and tells it what came out."""

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
        """The values of conf/hydra/sweeper/optuna.yaml, which says what they mean; `params` are read as `lines_of`."""
        self.n_trials, self.n_jobs = n_trials, n_jobs
        self.study_name, self.storage = study_name, storage
        self.prune, self.startup_trials = prune, startup_trials

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra gives, and make its launcher."""
        self._config = config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> list[JobReturn]:
        """Run trials until the study has `n_trials` that came to an end.

        Raises:
            TrackingError: when another process is at this study.
        """
        path = Path(self.storage).expanduser().resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path.with_suffix(".lock"), timeout=0):
                returns = self._sweep(path)
        except Timeout as error:
            raise TrackingError(
                f"{path}: another sweep is at this study; hydra.sweeper.storage names another"
            ) from error
        for returned in returns:
            # Of a job that failed this raises its error.
            _ = returned.return_value
        return returns

    def _sweep(self, path: Path) -> list[JobReturn]:
        from optuna.samplers import TPESampler
        from optuna.trial import TrialState

        lines = lines_of(self._config)
        space, fixed = _space(lines)
        objective = self._config.sweep.objective
        direction = direction_of(objective, self._config.sweep.direction)
        name = self.study_name or hash_of([key_of(last_of_each(lines)), objective, direction])
        file = StudyFile(str(path), name, direction, self.prune, self.startup_trials)
        before = len(file.open().trials)
        # Another seed in every call, so that one that goes on does not draw the same values again.
        sampler = TPESampler(seed=self._config.seed + before, n_startup_trials=self.startup_trials, multivariate=True)
        study = file.open(sampler)
        done = _take_up(study)
        if before:
            log.info("%-10s study %s goes on: %d trials came to an end", "sweep", name, done)
        file.announce()
        returns: list[JobReturn] = []
        failures = 0
        while len(returns) < self.n_trials - done and failures < FAILURES:
            count = min(self.n_jobs, self.n_trials - done - len(returns))
            asked = [study.ask(space) for _ in range(count)]
            launched = self._launch(study, asked, fixed, len(returns))
            returns += launched
            for trial, returned in zip(asked, launched, strict=True):
                failures = failures + 1 if _tell(study, trial, returned) is TrialState.FAIL else 0
        if failures >= FAILURES:
            log.error("%-10s %d jobs failed one after another: the sweep gives up", "sweep", failures)
        return returns

    def _launch(self, study: "Study", asked: "Sequence[Trial]", fixed: list[str], first: int) -> Sequence[JobReturn]:
        """Run a job a trial; those of a call that is stopped count as failed."""
        from optuna.trial import TrialState

        overrides = [
            [*fixed, *(f"{key}={value}" for key, value in trial.params.items()), f"sweep.trial={trial.number}"]
            for trial in asked
        ]
        try:
            return self._launcher.launch(overrides, initial_job_idx=first)
        except BaseException:
            for trial in asked:
                study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
            raise


def _tell(study: "Study", trial: "Trial", returned: JobReturn) -> "TrialState":
    """Tell the study what came out of a job; one that was pruned has told it itself."""
    from optuna.trial import TrialState

    value = returned._return_value if returned.status is JobStatus.COMPLETED else None
    if value is None:
        return study.tell(trial, state=TrialState.FAIL, skip_if_finished=True).state
    return study.tell(trial, float(value)).state


def _take_up(study: "Study") -> int:
    """Ask again for the trials that an earlier call left without an end; returns how many have one."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    ended = [trial for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    for trial in trials:
        if trial.state is TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
    open_ones = [trial.params for trial in trials if trial.state in (TrialState.RUNNING, TrialState.FAIL)]
    known = [trial.params for trial in trials if trial.state is TrialState.WAITING] + [one.params for one in ended]
    for params in open_ones:
        if params not in known:
            known.append(params)
            study.enqueue_trial(params)
    return len(ended)


def _space(lines: list[str]) -> tuple[dict[str, "BaseDistribution"], list[str]]:
    """What is searched, by key, and the overrides that are the same for all jobs; later lines count."""
    last = last_of_each(lines)
    space = {key: _distribution(one) for key, one in last.items() if one.is_sweep_override()}
    return space, [str(one.input_line) for one in last.values() if not one.is_sweep_override()]


def _distribution(override: Override) -> "BaseDistribution":
    """The values of 'choice(4,8)', '4,8', 'range(1,5)', 'interval(0,1)' or 'tag(log,interval(1e-4,1e-2))'.

    Raises:
        ConfigurationError: for anything else.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    value = override.value()
    if isinstance(value, IntervalSweep):
        whole = isinstance(value.start, int) and isinstance(value.end, int)
        if value.start is None or value.end is None:
            raise ConfigurationError(f"{override.input_line}: an interval has two ends")
        if whole:
            return IntDistribution(int(value.start), int(value.end), log="log" in value.tags)
        return FloatDistribution(float(value.start), float(value.end), log="log" in value.tags)
    if override.is_discrete_sweep():
        return CategoricalDistribution([str(one) for one in override.sweep_iterator(transformer=Transformer.encode)])
    raise ConfigurationError(f"{override.input_line}: no values that Optuna can draw from")


def register() -> None:
    """Make the sweeper known to Hydra."""
    Plugins.instance().register(OptunaSweeper)


__all__ = ["OptunaSweeper", "register"]
