"""Declarations of stages and commands, and the catalog of them.

A *stage* writes an artifact. A *command* is also selected by `stage=`, but writes none: it reports, or writes to a path
that the user names. The declarations are next to the modules that they describe (`stages/catalog.py`,
`commands/catalog.py`) and are cheap to import: `module` is imported when the stage runs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from email_assistant.configuration.schema import Config
from email_assistant.storage.artifacts import Artifact
from email_assistant.storage.hashing import hash_of

ALL = "all"
R = TypeVar("R", "Stage", "Command")


@dataclass(frozen=True)
class StageKey:
    """Everything that an artifact's key is computed from.

    Attributes:
        result_dependencies: The stage's version, its slice of the configuration, and the hashes of its inputs.
        scoring_dependencies: The settings that change only the scores of the result.
    """

    result_dependencies: Mapping[str, Any]
    scoring_dependencies: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The key of the artifact."""
        return hash_of({"reads": self.result_dependencies, "scores": self.scoring_dependencies})

    @property
    def result_hash(self) -> str:
        """The hash of the result's dependencies: the same for two artifacts that differ only in their scoring."""
        return hash_of(self.result_dependencies)


def _nothing(config: Config) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage.

    Attributes:
        name: Its value of `stage=`.
        help: Its line in `python run.py --help`.
        module: The module with `run(inputs, folder) -> counts`.
        log_module: The module with `log_to(run, artifact, config)`, quick to import; None if it logs only its counts.
        version: Incremented whenever the same inputs would give a different result.
        input_files: Files of earlier artifacts, by the name of the input: `(stage, file)`. They order the stages.
        more_files: Returns further files of earlier artifacts, which it reads only under some configurations.
        depends_on: Returns its slice of the configuration; under "inputs", the hashes of files other than artifacts.
        scored_by: Returns the settings that change only its scores. Later stages do not rerun when these change.
        shows: The files that the summary names.
        results: The files compared when a run is repeated: all but pages, plots and files that hold times.
        resumable: Whether an interrupted run resumes where it stopped.
        has_scores: Whether its runs log scores that a sweep can choose by.
        distributed: Whether a launcher's processes join it; its module then has `follow(config, distributed)`.
    """

    name: str
    help: str
    module: str
    log_module: str | None = None
    version: int
    input_files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    more_files: Callable[[Config], Mapping[str, tuple[str, str]]] = _nothing
    depends_on: Callable[[Config], Mapping[str, Any]]
    scored_by: Callable[[Config], Mapping[str, Any]] = _nothing
    shows: str
    results: tuple[str, ...]
    resumable: bool = False
    has_scores: bool = False
    distributed: bool = False

    @property
    def input_stages(self) -> tuple[str, ...]:
        """The stages whose artifacts it reads; `more_files` are of these or of those before them."""
        return tuple(dict.fromkeys(stage for stage, _ in self.input_files.values()))

    def key_of(self, config: Config, artifacts: Mapping[str, Artifact]) -> StageKey:
        """Everything that the artifact's key is computed from, given the artifacts of its input stages."""
        values = dict(self.depends_on(config))
        files = {**self.input_files, **self.more_files(config)}
        inputs = {name: artifacts[stage].content_hash(file) for name, (stage, file) in files.items()}
        return StageKey(
            {"version": self.version, **values, "inputs": {**inputs, **values.get("inputs", {})}},
            self.scored_by(config),
        )


def _never(config: Config) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command.

    Attributes:
        name: Its value of `stage=`.
        help: Its line in `python run.py --help`.
        module: The module with `check(config)`, which refuses before anything is loaded, and `run(context)`.
        needs: Returns the stages whose artifacts it uses; None if it uses none.
        needs_archive: Returns whether it reads the archive.
        inspects: Whether it needs the status of every stage.
        uses: Returns the stages whose artifacts it uses if they exist; they are not made. None if it uses none.
        for_another_machine: Returns whether it is about another machine, whose number format this one does not set.
        runs_locked: Whether it runs while files are encrypted.
    """

    name: str
    help: str
    module: str
    needs: Callable[[Config], tuple[str, ...]] | None = None
    uses: Callable[[Config], tuple[str, ...]] | None = None
    needs_archive: Callable[[Config], bool] = _never
    inspects: bool = False
    for_another_machine: Callable[[Config], bool] = _never
    runs_locked: bool = False


@dataclass(frozen=True)
class Catalog:
    """Every value of `stage=`.

    Attributes:
        stages: The stages by name, each after those it reads from.
        commands: The commands by name.
    """

    stages: Mapping[str, Stage]
    commands: Mapping[str, Command]

    @property
    def names(self) -> tuple[str, ...]:
        """Every value of `stage=`."""
        return (ALL, *self.stages, *self.commands)

    @property
    def modules(self) -> Iterator[str]:
        """The module of every stage and command."""
        yield from (stage.module for stage in self.stages.values())
        yield from (command.module for command in self.commands.values())

    def uses_model(self, config: Config) -> bool:
        """Whether `config.stage` uses the base model on this machine, or the keys of what it made."""
        command = self.commands.get(config.stage)
        if command is None:
            return True
        if command.for_another_machine(config):
            return False
        return command.inspects or command.needs is not None or command.uses is not None

    def needed(self, config: Config) -> list[str]:
        """The stages whose artifacts are needed for `config.stage`, in order."""
        if config.stage == ALL:
            return list(self.stages)
        if config.stage in self.stages:
            return self.with_earlier((config.stage,))
        needs = self.commands[config.stage].needs
        return self.with_earlier(needs(config)) if needs else []

    def help_of(self, kind: str) -> str:
        """The lines of `python run.py --help` for all stages ("stages") or commands ("commands")."""
        records: Iterable[Stage | Command] = self.stages.values() if kind == "stages" else self.commands.values()
        return "\n".join(f"  {record.name:<12}{record.help}" for record in records)

    def has_scores(self, name: str) -> bool:
        """Whether a value of `stage=` logs scores that a sweep can choose by."""
        return name == ALL or (name in self.stages and self.stages[name].has_scores)

    def needs_archive(self, config: Config) -> bool:
        """Whether `config.stage` reads the archive."""
        command = self.commands.get(config.stage)
        return command is None or command.needs_archive(config)

    def with_earlier(self, names: tuple[str, ...]) -> list[str]:
        """These stages and all whose artifacts they need, in order."""
        wanted: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            wanted.add(name)
            pending += self.stages[name].input_stages
        return [name for name in self.stages if name in wanted]


def by_name(*records: R) -> dict[str, R]:
    """Records by their names, in their order."""
    return {record.name: record for record in records}
