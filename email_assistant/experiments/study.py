"""An Optuna study: opening it, resuming it, its search space, and the trial that a job runs.

Only this module imports Optuna, so import it only if there is a study.
"""

from collections.abc import Sequence

import optuna
from hydra.core.override_parser.types import IntervalSweep, Override, Transformer
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import Trial, TrialState

from email_assistant.errors import ConfigurationError, TrialPruned
from email_assistant.experiments.sweep_environment import StudyFile
from email_assistant.experiments.sweeps import last_overrides


def journal(path: str) -> JournalStorage:
    """A study file as Optuna reads it."""
    return JournalStorage(JournalFileBackend(path, lock_obj=JournalFileOpenLock(path)))


def open_study(file: StudyFile, sampler: BaseSampler | None = None) -> Study:
    """Open a study, created on first use.

    Args:
        file: The study file.
        sampler: The sampler that proposes values; needed only to ask for new trials.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=journal(file.path),
        study_name=file.name,
        direction=file.direction,
        sampler=sampler or RandomSampler(),
        pruner=_pruner(file),
        load_if_exists=True,
    )


def _pruner(file: StudyFile) -> BasePruner:
    # The loss before the first step says nothing about a trial.
    return MedianPruner(file.startup_trials, n_warmup_steps=1) if file.prune else NopPruner()


def open_for_proposals(file: StudyFile, seed: int) -> Study:
    """Open a study whose trials TPE proposes (Bergstra et al. 2011).

    Args:
        file: The study file.
        seed: The seed of the first run. A resumed study gets another one, or it would draw the same values again.
    """
    seed = (seed + len(open_study(file).trials)) % 2**32
    return open_study(file, TPESampler(seed=seed, n_startup_trials=file.startup_trials, multivariate=True))


def requeue_unfinished(study: Study) -> int:
    """Queue the values of trials that were interrupted or failed in an earlier run.

    Returns:
        The number of finished trials.
    """
    trials = study.get_trials(deepcopy=False)
    finished = [trial for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    for trial in trials:
        if trial.state is TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
    unfinished = [trial.params for trial in trials if trial.state in (TrialState.RUNNING, TrialState.FAIL)]
    known = [trial.params for trial in trials if trial.state is TrialState.WAITING]
    known += [trial.params for trial in finished]
    for params in unfinished:
        if params not in known:
            known.append(params)
            study.enqueue_trial(params)
    return len(finished)


def search_space(lines: Sequence[str]) -> tuple[dict[str, BaseDistribution], list[str]]:
    """The distributions to search, by key, and the overrides that all jobs share; the last one of a key wins.

    Raises:
        ConfigurationError: for a sweep that Optuna cannot sample from.
    """
    overrides = last_overrides(lines)
    space = {key: _distribution(override) for key, override in overrides.items() if override.is_sweep_override()}
    fixed = [str(override.input_line) for override in overrides.values() if not override.is_sweep_override()]
    return space, fixed


def _distribution(override: Override) -> BaseDistribution:
    """The distribution of 'choice(4,8)', '4,8', 'range(1,5)', 'interval(0,1)' or 'tag(log,interval(1e-4,1e-2))'."""
    value = override.value()
    if isinstance(value, IntervalSweep):
        if value.start is None or value.end is None:
            raise ConfigurationError(f"{override.input_line}: an interval needs two bounds, as in interval(0,1)")
        log = "log" in value.tags
        try:
            if isinstance(value.start, int) and isinstance(value.end, int):
                return IntDistribution(value.start, value.end, log=log)
            return FloatDistribution(float(value.start), float(value.end), log=log)
        except ValueError as error:
            raise ConfigurationError(
                f"{override.input_line}: not an interval to search: the lower bound comes first, and is above 0 with "
                "tag(log,…), as in tag(log,interval(1e-4,1e-2))"
            ) from error
    if override.is_discrete_sweep():
        choices = override.sweep_iterator(transformer=Transformer.encode)
        return CategoricalDistribution([str(choice) for choice in choices])
    raise ConfigurationError(
        f"{override.input_line}: Optuna cannot sample from this; conf/hydra/sweeper/optuna.yaml shows what it can"
    )


class RunningTrial:
    """The trial that this process runs."""

    def __init__(self, file: StudyFile, number: int) -> None:
        """Look up a trial of a study by its number."""
        self._study = open_study(file)
        # The pruner compares in the direction of the objective; a loss is always minimized.
        self._sign = 1.0 if file.direction == "minimize" else -1.0
        self._trial = Trial(self._study, self._study.get_trials(deepcopy=False)[number]._trial_id)

    def report(self, loss: float, validation: int) -> None:
        """Report a validation loss.

        Args:
            loss: The loss in nats per token.
            validation: The number of the validation; 0 is the one before the first step.

        Raises:
            TrialPruned: If the trial's lowest loss so far is above the median of the other trials at this validation.
        """
        self._trial.report(self._sign * loss, validation)
        if self._trial.should_prune():
            self._study.tell(self._trial, state=TrialState.PRUNED)
            raise TrialPruned(
                f"validation loss {loss:.3f} at validation {validation}: worse than the median of the others so far"
            )
