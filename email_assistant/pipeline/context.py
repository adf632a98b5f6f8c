"""What a stage is given."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig

from email_assistant.configuration.schema import Config
from email_assistant.errors import ConfigurationError
from email_assistant.experiments import registry
from email_assistant.experiments.tracking import Run
from email_assistant.language_model.adapter_folder import WEIGHTS
from email_assistant.language_model.distributed import SINGLE_PROCESS, DistributedContext
from email_assistant.storage.artifacts import Artifact, ArtifactCache
from email_assistant.storage.hashing import hash_file, hash_of

if TYPE_CHECKING:
    from email_assistant.experiments.repeat import Origin

# By it a run that uses an adapter names the hash of its weights.
WEIGHTS_TAG = "adapter.weights"


@dataclass(frozen=True)
class Outlook:
    """What a stage that makes an artifact would do now.

    Attributes:
        name: Of the stage.
        key: Of the artifact; None where what comes before it is not made yet.
        artifact: That is there; None where it would run.
        reason: Why it would run, or what is wrong.
        fault: Whether something is wrong.
    """

    name: str
    key: str | None
    artifact: Artifact | None
    reason: str
    fault: bool = False


@dataclass
class Context:
    """What a stage is given: the configuration, the artifacts before it, and the run that it logs to.

    Attributes:
        reads: What the stage's result depends on: its version, its slice of the configuration, its inputs' hashes.
        circumstances: Of its artifact: versions, commit, time.
        origin: The run that is repeated; None where none is.
        peers: The processes that train together, of which this one leads.
        outlook: For a stage that only looks: every other one in order.
        forced: Whether the stage makes its artifact again, without anything that was made before.
    """

    config: Config
    artifacts: dict[str, Artifact]
    run: Run
    store: ArtifactCache
    reads: dict[str, Any] = field(default_factory=dict)
    circumstances: dict[str, Any] = field(default_factory=dict)
    origin: "Origin | None" = None
    peers: DistributedContext = SINGLE_PROCESS
    outlook: list[Outlook] = field(default_factory=list)
    forced: bool = False

    def earlier(self, stage: str) -> list[Artifact]:
        """The artifacts of a stage that work may be taken from, the newest first."""
        return [] if self.forced else self.store.all_of(stage)

    @property
    def core(self) -> str:
        """The hash of what the stage's result depends on, however it is scored."""
        return hash_of(self.reads)


def archive_paths(config: Config) -> list[Path]:
    """The archive's files and folders; relative paths start where the program was called.

    Raises:
        ConfigurationError: when none is named.
    """
    if not config.data.path:
        raise ConfigurationError("data.path: say where your archive lies, as in data.path=sent.mbox")
    return [Path(path).expanduser() for path in config.data.path]


def chosen_adapter(context: Context) -> Path:
    """The adapter's folder: the configured one, or the one that the configuration trains; the run is told which."""
    folder = registry.adapter_path(context.config) or context.artifacts["train"].path("adapter")
    context.run.set_tags({WEIGHTS_TAG: hash_file(folder / WEIGHTS)})
    return folder


def folder_of_call() -> Path | None:
    """Where Hydra writes down what this call was given and logs; None where it is not Hydra's."""
    return Path(HydraConfig.get().runtime.output_dir).resolve() if HydraConfig.initialized() else None
