"""The order of the stages, the key of each artifact, and what is missing.

A stage's key is a hash of its version, its own slice of the configuration and the content of what it
reads; paths, dates and what changes speed alone are left out.
"""

import importlib
import json
import logging
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from email_assistant.archive import purging, readers
from email_assistant.configuration.objective import objective_of
from email_assistant.configuration.schema import Config
from email_assistant.console import duration
from email_assistant.errors import (
    ArchiveError,
    ConfigurationError,
    DataError,
    EmailAssistantError,
    PrivacyError,
    Pruned,
    TrackingError,
)
from email_assistant.experiments import repeat, sweep_job, sweeps
from email_assistant.experiments.repeat import Origin
from email_assistant.experiments.tracking import ARTIFACT_TAG, MANIFESTS, PRUNED_TAG, Run, git_commit
from email_assistant.language_model import distributed, hub
from email_assistant.language_model.distributed import DistributedContext
from email_assistant.language_model.fingerprint import base_fingerprint, features_fingerprint, generation_key
from email_assistant.pipeline import summary
from email_assistant.pipeline.context import Context, Outlook, archive_paths
from email_assistant.privacy import guard, vault_state
from email_assistant.requests.arms import ARMS
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.hashing import hash_file, hash_of

log = logging.getLogger(__name__)
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "sacrebleu", "mauve-text", "mlflow")


@dataclass(frozen=True)
class Stage:
    """How one stage stands in the pipeline.

    Attributes:
        module: Where its `run(context, folder) -> counts` is; imported when it runs.
        version: Raised when its code gives another result from the same inputs.
        after: The stages whose artifacts it reads.
        reads: Its slice of the configuration and the hashes of its inputs.
        scores: What only its scores depend on: a change of it does not make stages after it run.
        resumable: Whether it goes on where it was interrupted.
    """

    module: str
    version: int
    after: tuple[str, ...]
    reads: Callable[[Context], dict[str, Any]]
    scores: Callable[[Context], dict[str, Any]] = lambda context: {}
    resumable: bool = False

    def key_parts(self, context: Context) -> tuple[dict[str, Any], dict[str, Any]]:
        """What its result depends on, and what its scores alone do; the artifact's key is a hash of both."""
        return {"version": self.version, **self.reads(context)}, self.scores(context)


def run(config: Config, origin: Origin | None = None) -> float | None:
    """Run the stages that `config.stage` asks for.

    Args:
        config: The whole configuration.
        origin: The run that is repeated by it.

    Returns:
        The metric that a sweep chooses by; None where the stage has none.

    Raises:
        EmailAssistantError: for everything that the user can mend.
    """
    _refuse_locked(config)
    guard.start_audit_log(config.outputs / guard.AUDIT_FOLDER, config.stage)
    together = distributed.init()
    if together.shards and config.lora.init != "default":
        raise ConfigurationError(f"lora.init = {config.lora.init}: changes the base, which is spread out; take default")
    value = None
    if together.follows:
        # The process that leads does and says everything but its part of the training.
        logging.getLogger("email_assistant").setLevel(logging.WARNING)
        importlib.import_module(STAGES["train"].module).follow(config, together)
    else:
        value = _lead(config, origin, together)
        together.tell(None)
    # After an error there is no telling what the others wait for: the launcher ends them.
    distributed.shutdown(together)
    return value


def _refuse_locked(config: Config) -> None:
    """Nothing is made or read while files are encrypted."""
    state = vault_state.read_state(config.outputs)
    if state != "open" and config.stage not in ("lock", "unlock"):
        how = "stage=unlock opens it" if state == "locked" else "stage=lock or unlock was cut off; call it again"
        raise PrivacyError(f"{config.outputs}: is {state}: {how}")


def _lead(config: Config, origin: Origin | None, together: DistributedContext) -> float | None:
    context = Context(config, {}, Run(config), ArtifactCache(config.outputs), origin=origin, peers=together)
    if config.privacy.allow_network:
        hub.fetch_missing(config)
    last = importlib.import_module(LAST[config.stage]) if config.stage in LAST else None
    if last:
        last.check(config)
    try:
        for name in needed(config):
            ensure(name, context)
        if config.stage in ("plan", "status"):
            _look(context)
        if last:
            last.run(context)
            if context.run.is_open:
                context.run.set_tags(_artifact_tags(context))
        elif (there := _in_this_sweep(context)) is not None:
            return _objective(config, there)
        else:
            log_results(context)
            repeat.log_comparison(context)
        value = _objective(config, context.run.metrics)
    except KeyboardInterrupt:
        context.run.close("KILLED")
        raise
    except Pruned as stopped:
        log.info("%-10s stopped: %s", config.stage, stopped)
        context.run.set_tags({PRUNED_TAG: str(stopped)})
        context.run.close("FINISHED")
        return None
    except BaseException as error:
        if sweep_job.current() and not isinstance(error, TrackingError):
            # A job that failed before it had anything to log is one of the sweep's jobs, too.
            context.run.open()
        if context.run.is_open:
            # Only the project's own errors are known to hold no text of a mail.
            said = str(error) if isinstance(error, EmailAssistantError) else type(error).__name__
            context.run.set_tags({"error": said})
        context.run.close("FAILED")
        raise
    context.run.close("FINISHED")
    if config.stage not in WITHOUT_ARTIFACTS:
        summary.show(context.config, context.artifacts)
    return value


def _objective(config: Config, metrics: Mapping[str, float]) -> float | None:
    # A trial has to say it without a store, too.
    in_sweep = sweep_job.current() is not None or config.sweep.trial is not None
    return objective_of(config.stage, config.sweep.objective, metrics) if in_sweep else None


def _in_this_sweep(context: Context) -> dict[str, float] | None:
    """The metrics of a job that an earlier call of the sweep finished; None where something was made now."""
    job = sweep_job.current()
    if job is None or context.run.is_open:
        return None
    return sweeps.there_already(context.config, job, _artifact_tags(context))


def _artifact_tags(context: Context) -> dict[str, str]:
    return {f"{ARTIFACT_TAG}{name}": artifact.folder.name for name, artifact in context.artifacts.items()}


def _look(context: Context) -> None:
    """Find the artifacts that are there, and why the others would be made; nothing is made."""
    if context.config.data.path is None:
        return
    for name, stage in STAGES.items():
        missing = [before for before in stage.after if before not in context.artifacts]
        if missing:
            context.outlook.append(Outlook(name, None, None, f"after {missing[-1]}"))
            continue
        try:
            reads, scores = stage.key_parts(context)
            key = hash_of({"reads": reads, "scores": scores})
            found = context.store.find(name, key)
        except EmailAssistantError as error:
            context.outlook.append(Outlook(name, None, None, str(error), fault=True))
            continue
        if found:
            context.artifacts[name] = found
        reason = "" if found else _why(name, reads, scores, context.store)
        context.outlook.append(Outlook(name, key, found, reason))


def needed(config: Config) -> list[str]:
    """The stages to have, in order, for the one that is asked for."""
    if config.stage == "all":
        return list(STAGES)
    if config.stage in WITHOUT_ARTIFACTS:
        return []
    if config.stage in LAST:
        if not config.infer.adapter:
            return _with_those_before("train")
        return _with_those_before("split") if config.infers_with_retrieval else []
    return _with_those_before(config.stage)


def _with_those_before(name: str) -> list[str]:
    wanted: set[str] = set()
    pending = [name]
    while pending:
        current = pending.pop()
        wanted.add(current)
        pending += STAGES[current].after
    return [stage for stage in STAGES if stage in wanted]


def ensure(name: str, context: Context) -> None:
    """Find the artifact of a stage or make it, one process at a time."""
    stage, config = STAGES[name], context.config
    if name == "data" and context.origin and (kept := repeat.kept_data(context, _archive_hash(context))):
        context.store.mark_latest(kept)
        context.artifacts[name] = kept
        return
    reads, scores = stage.key_parts(context)
    context.reads = reads
    key = hash_of({"reads": reads, "scores": scores})
    context.forced = forced = config.force and config.stage in (name, "all")
    # What comes after reads the adapter alone; how its scores were made does not matter there.
    by_core = config.stage in ("infer", "export", "evaluate") and bool(scores) and name == "train"
    with context.store.locked(name, key, lambda: log.info("%-10s another run is making this; waiting", name)):
        found = None if forced else _find(name, key, context, by_core)
        if found is None:
            why = "force=true" if forced else _why(name, reads, scores, context.store)
            log.info("%-10s running%s", name, f": {why}" if why else "")
            context.run.open()
            context.circumstances = _circumstances()
            facts = {"reads": reads, "scores": scores, "core": context.core, **context.circumstances}
            module = importlib.import_module(stage.module)
            found = context.store.write(
                name, key, facts, lambda folder: dict(module.run(context, folder)), stage.resumable
            )
            log.info("%-10s done in %s", name, duration(found.manifest["seconds"]))
        else:
            log.info("%-10s cached", name)
    context.store.mark_latest(found)
    context.artifacts[name] = found


def _find(name: str, key: str, context: Context, by_core: bool) -> Artifact | None:
    exact = context.store.find(name, key)
    return context.store.find_core(name, context.core) if exact is None and by_core else exact


def _why(name: str, reads: dict[str, Any], scores: dict[str, Any], store: ArtifactCache) -> str:
    """What differs from the artifact of this stage that was used last."""
    last = store.latest(name)
    if last is None:
        return ""
    changed = list(repeat.differences({**last["reads"], **last["scores"]}, {**reads, **scores}))
    return f"changed since last: {', '.join(changed)}" if changed else "its artifact is gone"


def _circumstances() -> dict[str, Any]:
    """What a manifest says beside the key: versions, commit, time."""
    return {
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "commit": git_commit(),
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def log_results(context: Context) -> None:
    """Log to the run what its artifacts say, whether they were made now or before."""
    context.run.set_tags(_artifact_tags(context))
    for name, artifact in context.artifacts.items():
        module = importlib.import_module(STAGES[name].module)
        counts = {f"{name}.{key}": value for key, value in artifact.manifest["counts"].items()}
        context.run.log_metrics({key: value for key, value in counts.items() if isinstance(value, int | float)})
        context.run.log_text(f"{MANIFESTS}/{name}.json", json.dumps(artifact.manifest, ensure_ascii=False, indent=2))
        if hasattr(module, "log_to"):
            module.log_to(context.run, artifact, context.config)


def _without(values: Any, *left_out: str) -> dict[str, Any]:
    """A dataclass of the configuration as a mapping, without what does not change the result."""
    return {key: value for key, value in asdict(values).items() if key not in left_out}


def _base(config: Config) -> dict[str, Any]:
    places = ("path", "gguf", "architecture", "device", "threads")
    return {"fingerprint": base_fingerprint(config), **_without(config.model, *places)}


def _archive_content(config: Config) -> str:
    files = readers.archive_files(archive_paths(config), config.data.format, vars(config.data.columns))
    return hash_of(sorted(map(hash_file, files)))


def _archive_hash(context: Context) -> str | None:
    """Of the archive as it is now; None where it cannot be read."""
    try:
        return _archive_content(context.config)
    except ArchiveError:
        return None


def _data(context: Context) -> dict[str, Any]:
    config = context.config
    unused = ("context_words",) if config.data.context == "none" else ()
    slice_of_it = _without(config.data, "path", "processes", *unused)
    gone = purging.load_terms(config.outputs)
    without = {"without": gone.hash} if gone else {}
    return {"data": slice_of_it, **without, "inputs": {"archive": _archive_content(config)}}


def _summarize(context: Context) -> dict[str, Any]:
    config, emails = context.config, context.artifacts["data"].content("emails.jsonl")
    if config.summarizer.method == "from_file":
        pairs = Path(config.summarizer.path or "").expanduser()
        if not pairs.is_file():
            raise DataError(f"{pairs}: there is no such file; summarizer.path names the corrected pairs")
        return {"summarizer": {"method": "from_file"}, "inputs": {"emails": emails, "pairs": hash_file(pairs)}}
    return {
        "summarizer": _without(config.summarizer, "path", "batch_size"),
        "seed": config.seed,
        "inputs": {"emails": emails, "base": _base(config)},
    }


def _split(context: Context) -> dict[str, Any]:
    pairs = context.artifacts["summarize"].content("pairs.jsonl")
    return {"split": asdict(context.config.split), "seed": context.config.seed, "inputs": {"pairs": pairs}}


def _train(context: Context) -> dict[str, Any]:
    config, split = context.config, context.artifacts["split"]
    resources: tuple[str, ...] = ("micro_batch_tokens", "gradient_checkpointing", "checkpoint_steps", "scored_mails")
    retrieves = config.shown_in_training
    careful = config.trainer.privacy == "careful"
    resources += {
        "none": ("privacy", "canary_limit", "epsilon", "delta"),
        "careful": ("epsilon", "delta"),
        "differential": (),
    }[config.trainer.privacy]
    return {
        "lora": asdict(config.lora),
        "trainer": _without(config.trainer, *resources),
        **({"near_duplicate_similarity": config.split.near_duplicate_similarity} if careful else {}),
        "retrieval": _retrieved(config) if retrieves else None,
        "seed": config.seed,
        "inputs": {
            "train": split.content("train.jsonl"),
            "validation": split.content("validation.jsonl"),
            "base": _base(config),
        },
    }


def _train_scores(context: Context) -> dict[str, Any]:
    config = context.config
    return {
        "scored_mails": config.trainer.scored_mails,
        "generation": generation_key(config),
        "mauve": _mauve(config),
        "asked": _retrieved(config, "training_share") if config.retrieval.method != "none" else None,
    }


def _retrieved(config: Config, *left_out: str) -> dict[str, Any]:
    """What retrieved mails depend on beside the training mails and the base."""
    similarity = config.split.near_duplicate_similarity
    return {**_without(config.retrieval, *left_out), "near_duplicate_similarity": similarity}


def _mauve(config: Config) -> dict[str, Any]:
    """MAUVE's settings; a feature model of its own counts by its content."""
    settings = _without(config.evaluation.mauve, "model_path")
    features = features_fingerprint(config)
    if features:
        settings["features"] = features
    return settings


def _evaluate(context: Context) -> dict[str, Any]:
    config, split = context.config, context.artifacts["split"]
    retrieves = any(ARMS[arm].retrieves for arm in config.evaluation.arms)
    return {
        "retrieval": _retrieved(config, "method", "training_share") if retrieves else None,
        "evaluation": {**_without(config.evaluation, "mauve"), "mauve": _mauve(config)},
        "generation": generation_key(config),
        "max_length": config.trainer.max_length,
        "seed": config.seed,
        "inputs": {
            "train": split.content("train.jsonl"),
            "test": split.content("test.jsonl"),
            "others": context.artifacts["data"].content("others.jsonl"),
            "adapter": context.artifacts["train"].content("adapter/adapter_model.safetensors"),
            "base": _base(config),
        },
    }


# What makes no artifact but writes where it is told, or only says something.
LAST = {
    "infer": "email_assistant.stages.infer",
    "export": "email_assistant.stages.export",
    "plan": "email_assistant.commands.plan",
    "compare": "email_assistant.commands.compare",
    "status": "email_assistant.commands.status",
    "clean": "email_assistant.commands.clean",
    "lineage": "email_assistant.commands.lineage",
    "audit": "email_assistant.commands.audit",
    "purge": "email_assistant.commands.purge",
    "lock": "email_assistant.commands.lock",
    "unlock": "email_assistant.commands.lock",
}
# Of these, what runs no other stage first, and has said all that there is to say.
WITHOUT_ARTIFACTS = ("plan", "compare", "status", "clean", "lineage", "audit", "purge", "lock", "unlock")
# The artifacts, in the order in which they come of one another.
STAGES: dict[str, Stage] = {
    "data": Stage("email_assistant.stages.data", 6, (), _data),
    "summarize": Stage("email_assistant.stages.summarize", 6, ("data",), _summarize, resumable=True),
    "split": Stage("email_assistant.stages.split_data", 1, ("summarize",), _split),
    "train": Stage("email_assistant.stages.train", 5, ("split",), _train, _train_scores, resumable=True),
    "evaluate": Stage("email_assistant.stages.evaluate", 6, ("data", "split", "train"), _evaluate, resumable=True),
}
