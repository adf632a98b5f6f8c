"""Runs the stages that a run needs: computes their keys, finds or makes their artifacts, and logs the results.

An artifact's key is a hash of the stage's version, its slice of the configuration and the content of what it reads
(`stages/catalog.py`). An artifact with that key is used; otherwise the stage runs and writes it.
"""

import importlib
import json
import logging
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from email_assistant.configuration.checks import report
from email_assistant.configuration.contradictions import several_processes
from email_assistant.configuration.schema import Config
from email_assistant.console import StageLogger, duration
from email_assistant.errors import (
    ArchiveError,
    ConfigurationError,
    EmailAssistantError,
    PrivacyError,
    TrackingError,
    TrialPruned,
)
from email_assistant.experiments import repeat, sweep_environment, sweeps
from email_assistant.experiments.queries import has_finished_run
from email_assistant.experiments.repeat import Origin
from email_assistant.experiments.run_logger import RunLogger, git_commit
from email_assistant.experiments.sweeps import objective_of
from email_assistant.experiments.tags import ARTIFACT_TAG, MANIFESTS, PRUNED_TAG, STAGE_TAG
from email_assistant.language_model import hub, number_format
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext, from_environment
from email_assistant.pipeline import model_advice, summary, time_estimate
from email_assistant.pipeline.context import Context, StageInputs, StageStatus
from email_assistant.pipeline.declarations import ALL, Catalog, Command, Stage, StageKey
from email_assistant.pipeline.made_artifacts import find, find_made
from email_assistant.privacy import guard, vault_state
from email_assistant.progress import whole_call
from email_assistant.storage.artifacts import Artifact, ArtifactCache

log = StageLogger(__name__, "runs")
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "sacrebleu", "mauve-text", "mlflow")


def run(config: Config, catalog: Catalog, origin: Origin | None = None) -> float | None:
    """Run what `config.stage` asks for.

    Args:
        config: The whole configuration.
        catalog: Every stage and command.
        origin: The run that this one repeats.

    Returns:
        The metric that a sweep ranks jobs by; None if the stage has none.

    Raises:
        EmailAssistantError: for everything that the user can fix.
    """
    _refuse_locked(config, catalog)
    guard.start_audit_log(config.outputs / guard.AUDIT_FOLDER, config.stage)
    if from_environment().world_size > 1:
        return _run_distributed(config, catalog, origin)
    return _lead(_context(config, catalog, origin, SINGLE_PROCESS), catalog)


def _context(config: Config, catalog: Catalog, origin: Origin | None, distributed: DistributedContext) -> Context:
    if config.privacy.allow_network:
        hub.fetch_missing([config.model.path, config.evaluation.mauve.model_path])
    if catalog.uses_model(config):
        config = number_format.resolve(config)
    return Context(config, RunLogger(config), ArtifactCache(config.outputs), origin=origin, distributed=distributed)


def _run_distributed(config: Config, catalog: Catalog, origin: Origin | None) -> float | None:
    """Run as one of several processes: rank 0 does everything, the workers only their share of the training."""
    # It imports torch, which takes seconds that other runs need not wait for.
    from email_assistant.language_model import collectives

    distributed = collectives.init()
    errors = list(several_processes(config, distributed.world_size, distributed.sharded))
    if errors:
        raise ConfigurationError(report(errors))
    objective = None
    if distributed.is_worker:
        _follow(config, catalog, distributed)
    else:
        objective = _lead(_context(config, catalog, origin, distributed), catalog)
        collectives.broadcast_command(distributed, None)
    # Skipped after an error, when the others may be waiting for any message: the launcher ends them.
    collectives.shutdown(distributed)
    return objective


def _refuse_locked(config: Config, catalog: Catalog) -> None:
    """Refuse to run while files are encrypted."""
    command, state = catalog.commands.get(config.stage), vault_state.read_state(config.outputs)
    if state != "open" and not (command and command.runs_locked):
        if state == "locked":
            raise PrivacyError(f"{config.outputs}: encrypted; run stage=unlock first")
        raise PrivacyError(
            f"{config.outputs}: only partly encrypted, because stage=lock or stage=unlock was interrupted; run it again"
        )


def _follow(config: Config, catalog: Catalog, distributed: DistributedContext) -> None:
    """Take part in distributed training as a worker, which logs only warnings."""
    logging.getLogger("email_assistant").setLevel(logging.WARNING)
    stage = next(stage for stage in catalog.stages.values() if stage.distributed)
    importlib.import_module(stage.module).follow(number_format.resolve(config), distributed)


def _lead(context: Context, catalog: Catalog) -> float | None:
    config = context.config
    command = catalog.commands.get(config.stage)
    if command:
        importlib.import_module(command.module).check(config)
    try:
        with _run_status(context):
            _ensure_all(catalog.needed(config), context, catalog)
            if command:
                _run_command(command, context, catalog)
            elif (metrics := _finished_in_this_sweep(context)) is not None:
                return _objective(config, catalog, metrics)
            elif not _is_logged(context):
                log_results(context, catalog)
                _compare_with_origin(context, catalog)
            objective = _objective(config, catalog, context.run.metrics)
    except TrialPruned:
        return None
    if command is None or command.needs:
        summary.show(config, context.artifacts, catalog.stages)
    return objective


def _ensure_all(names: Sequence[str], context: Context, catalog: Catalog) -> None:
    """Find or make the artifacts of stages, in order; bars show the time that is left for all of them."""
    with whole_call(names) as call:
        for name in names:
            call.start(name)
            ensure(catalog.stages[name], context)
            call.finish()
        time_estimate.learn(context, call)


@contextmanager
def _run_status(context: Context) -> Iterator[None]:
    """End the run with its outcome: FINISHED, FAILED or KILLED."""
    run = context.run
    try:
        yield
    except KeyboardInterrupt:
        run.close("KILLED")
        raise
    except TrialPruned as pruned:
        StageLogger(__name__, context.config.stage).info("pruned: %s", pruned)
        run.set_tags({PRUNED_TAG: str(pruned)})
        run.close("FINISHED")
        raise
    except BaseException as error:
        if sweep_environment.current_job() and not isinstance(error, TrackingError):
            # A job that failed before it logged anything is still one of the sweep's jobs.
            run.open()
        if run.is_open:
            # Only the project's own errors are known to hold no text of a mail.
            reason = str(error) if isinstance(error, EmailAssistantError) else type(error).__name__
            run.set_tags({"error": reason})
        run.close("FAILED")
        raise
    run.close("FINISHED")


def _run_command(command: Command, context: Context, catalog: Catalog) -> None:
    if command.inspects:
        inspect(context, catalog)
    if command.uses:
        find_made(context, catalog, command.uses(context.config))
    importlib.import_module(command.module).run(context)
    if context.run.is_open:
        context.run.set_tags(_artifact_tags(context))


def _objective(config: Config, catalog: Catalog, metrics: Mapping[str, float]) -> float | None:
    """The metric that a sweep ranks jobs by; None outside of a sweep, and for stages that log no scores."""
    # A trial reports it even without a store.
    if sweep_environment.current_job() is None and config.sweep.trial is None:
        return None
    if not catalog.has_scores(config.stage):
        return metrics.get(config.sweep.objective)
    return objective_of(config.stage, config.sweep.objective, metrics)


def _finished_in_this_sweep(context: Context) -> dict[str, float] | None:
    """The metrics of this job if an earlier run of the sweep finished it; None if something was made now."""
    job = sweep_environment.current_job()
    if job is None or context.run.is_open:
        return None
    return sweeps.reuse_finished_job(context.config, job, _artifact_tags(context))


def _is_logged(context: Context) -> bool:
    """Whether nothing was made, the local store has a run of this stage with these artifacts, and one is enough."""
    config, tracking = context.config, context.config.tracking
    in_sweep = sweep_environment.current_job() is not None or config.sweep.trial is not None
    if tracking.log_cached or not tracking.enabled or tracking.uri or context.run.is_open or context.origin or in_sweep:
        return False
    tags = {STAGE_TAG: config.stage, **_artifact_tags(context)}
    if not has_finished_run(Path(config.paths.mlruns), tags):
        return False
    log.info("already logged; tracking.log_cached=true logs it again")
    return True


def _artifact_tags(context: Context) -> dict[str, str]:
    return {f"{ARTIFACT_TAG}{name}": artifact.folder.name for name, artifact in context.artifacts.items()}


def inspect(context: Context, catalog: Catalog) -> None:
    """Find the artifacts that exist, and why the others would be made, without making any."""
    if context.config.data.path is None:
        return
    for name, stage in catalog.stages.items():
        missing = [earlier for earlier in stage.input_stages if earlier not in context.artifacts]
        if missing:
            context.statuses.append(StageStatus(name, None, None, f"after {missing[-1]}"))
            continue
        try:
            key = stage.key_of(context.config, context.artifacts)
            artifact = context.cache.find(name, key.key)
        except EmailAssistantError as error:
            context.statuses.append(StageStatus(name, None, None, str(error), is_error=True))
            continue
        if artifact:
            context.artifacts[name] = artifact
        reason = "" if artifact else cache_miss_reason(name, key, context.cache)
        context.statuses.append(StageStatus(name, key.key, artifact, reason))


def ensure(stage: Stage, context: Context) -> None:
    """Find the artifact of a stage or make it, one process at a time."""
    artifact = _repeated_data(stage, context) or _find_or_make(stage, context)
    context.cache.mark_latest(artifact)
    context.artifacts[stage.name] = artifact


def _repeated_data(stage: Stage, context: Context) -> Artifact | None:
    """The data of the repeated run if what it was read from has changed or is missing; None if the archive is read."""
    if context.origin is None or stage.name != "data":
        return None
    try:
        inputs = stage.key_of(context.config, {}).result_dependencies["inputs"]
    except ArchiveError:
        inputs = None
    return repeat.recorded_data(context.origin, context.cache, inputs)


def _find_or_make(stage: Stage, context: Context) -> Artifact:
    name, config, cache = stage.name, context.config, context.cache
    key = stage.key_of(config, context.artifacts)
    forced = config.force and config.stage in (name, ALL)
    stage_log = StageLogger(__name__, name)
    with cache.locked(name, key.key, lambda: stage_log.info("another run is building it; waiting")):
        artifact = None if forced else find(stage, key, context)
        if artifact:
            stage_log.info("using cached artifact")
            return artifact
        reason = "force=true" if forced else cache_miss_reason(name, key, cache)
        stage_log.info("running%s", f": {reason}" if reason else "")
        context.run.open()
        model_advice.log_advice(name, context)
        same_result = None if forced else _same_result(stage, key, context)
        time_estimate.announce(name, context, is_rescored=same_result is not None)
        artifact = _make(stage, key, forced, same_result, context)
        stage_log.info("done in %s", duration(artifact.manifest["seconds"]))
        return artifact


def _same_result(stage: Stage, key: StageKey, context: Context) -> Artifact | None:
    """An artifact with the same result that was scored in another way, if there is one."""
    return context.cache.find_by_result(stage.name, key.result_hash) if key.scoring_dependencies else None


def _make(stage: Stage, key: StageKey, forced: bool, same_result: Artifact | None, context: Context) -> Artifact:
    inputs = StageInputs(
        config=context.config,
        artifacts=dict(context.artifacts),
        run=context.run,
        cache=context.cache,
        key=key,
        version=stage.version,
        provenance=provenance(),
        forced=forced,
        same_result=same_result,
        distributed=context.distributed,
    )
    module = importlib.import_module(stage.module)
    # The names of the fields on disk differ, since artifacts that were made before must be found.
    manifest_fields = {
        "reads": key.result_dependencies,
        "scores": key.scoring_dependencies,
        "core": key.result_hash,
        **inputs.provenance,
    }
    return context.cache.write(
        stage.name, key.key, manifest_fields, lambda folder: dict(module.run(inputs, folder)), stage.resumable
    )


def cache_miss_reason(name: str, key: StageKey, cache: ArtifactCache) -> str:
    """The differences from the stage's most recently used artifact; empty if there is none."""
    last = cache.latest(name)
    if last is None:
        return ""
    dependencies = {**key.result_dependencies, **key.scoring_dependencies}
    changed = list(repeat.changed_keys({**last.get("reads", {}), **last.get("scores", {})}, dependencies))
    return f"{', '.join(changed)} changed" if changed else "the last artifact was deleted"


def provenance() -> dict[str, Any]:
    """The fields of a manifest besides the key: versions, commit and time."""
    return {
        "versions": {"python": platform.python_version(), **{name: _version_of(name) for name in PACKAGES}},
        "commit": git_commit(),
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _version_of(package: str) -> str | None:
    """The version of a package; None where it is not installed, as MLflow need not be with tracking=none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def log_results(context: Context, catalog: Catalog) -> None:
    """Log the contents of the artifacts to the run, whether they are new or cached."""
    context.run.set_tags(_artifact_tags(context))
    for name, artifact in context.artifacts.items():
        counts = {f"{name}.{key}": value for key, value in artifact.manifest["counts"].items()}
        context.run.log_metrics({key: value for key, value in counts.items() if isinstance(value, int | float)})
        context.run.log_text(f"{MANIFESTS}/{name}.json", json.dumps(artifact.manifest, ensure_ascii=False, indent=2))
        log_module = catalog.stages[name].log_module
        if log_module:
            importlib.import_module(log_module).log_to(context.run, artifact, context.config)


def _compare_with_origin(context: Context, catalog: Catalog) -> None:
    """Report whether a repeated run gave the same results."""
    if context.origin:
        results = {name: stage.results for name, stage in catalog.stages.items()}
        repeat.log_comparison(context.origin, context.run, context.artifacts, results)
