"""The inputs of stages and commands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from email_assistant.configuration.schema import Config
from email_assistant.errors import ConfigurationError
from email_assistant.experiments import registry
from email_assistant.experiments.repeat import Origin
from email_assistant.experiments.run_logger import RunLogger
from email_assistant.experiments.tags import WEIGHTS_TAG
from email_assistant.language_model.adapter_folder import WEIGHTS
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.pipeline.declarations import StageKey
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.hashing import hash_file


@dataclass(frozen=True)
class StageInputs:
    """The arguments of a stage.

    Attributes:
        config: The whole configuration.
        artifacts: The artifacts that it reads from, by stage.
        run: The run that it logs to.
        cache: All artifacts, to reuse work of earlier ones.
        key: Everything that the artifact's key is computed from.
        version: The version of the stage.
        provenance: What else the manifest records: package versions, commit, time.
        forced: Whether nothing may be reused.
        same_result: An artifact with the same result that only has to be scored again, if there is one.
        distributed: This process's place in distributed training; it is rank 0.
    """

    config: Config
    artifacts: Mapping[str, Artifact]
    run: RunLogger
    cache: ArtifactCache
    key: StageKey
    version: int
    provenance: Mapping[str, Any]
    forced: bool
    same_result: Artifact | None
    distributed: DistributedContext = SINGLE_PROCESS

    def earlier(self, stage: str) -> list[Artifact]:
        """The artifacts of a stage whose work may be reused, the newest first."""
        return [] if self.forced else self.cache.all_of(stage)


@dataclass(frozen=True)
class StageStatus:
    """The status of a stage: its artifact, or why it would run.

    Attributes:
        name: The stage.
        key: The key of its artifact; None if an artifact before it is missing.
        artifact: The artifact, if it exists.
        reason: Why the stage would run, or the error.
        is_error: Whether its key or its artifact cannot be used.
    """

    name: str
    key: str | None
    artifact: Artifact | None
    reason: str
    is_error: bool = False


@dataclass
class Context:
    """The state of one run of the program, passed to commands.

    Attributes:
        config: The whole configuration.
        run: The run that it logs to.
        cache: All artifacts.
        artifacts: The artifacts found or made so far, by stage.
        origin: The run that this one repeats, if any.
        distributed: This process's place in distributed training; it is rank 0.
        statuses: For commands that inspect stages, the status of each in order; for commands that only use existing
            artifacts, the status of the first stage that is missing.
    """

    config: Config
    run: RunLogger
    cache: ArtifactCache
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    origin: Origin | None = None
    distributed: DistributedContext = SINGLE_PROCESS
    statuses: list[StageStatus] = field(default_factory=list)


def archive_paths(config: Config) -> list[Path]:
    """The archive's files and folders; relative paths start in the directory that the program was started from.

    Raises:
        ConfigurationError: If `data.path` is missing.
    """
    if not config.data.path:
        raise ConfigurationError("data.path: is missing; set it to your archive, as in data.path=sent.mbox")
    return [Path(path) for path in config.data.path]


def adapter_folder(context: Context) -> Path:
    """The folder of the adapter to use: the one that the configuration names, or the one that it trains."""
    return registry.adapter_path(context.config) or context.artifacts["train"].path("adapter")


def tag_adapter(run: RunLogger, adapter: Path) -> None:
    """Tag a run with the hash of the adapter that it uses."""
    run.set_tags({WEIGHTS_TAG: hash_file(adapter / WEIGHTS)})


def hydra_folder() -> Path | None:
    """The folder where Hydra keeps this run's configuration and log; None if Hydra did not start it."""
    return Path(HydraConfig.get().runtime.output_dir).resolve() if HydraConfig.initialized() else None
