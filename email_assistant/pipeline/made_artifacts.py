"""Finds artifacts that were made before, without making any."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from email_assistant.console import StageLogger
from email_assistant.errors import EmailAssistantError
from email_assistant.pipeline.context import Context, StageStatus
from email_assistant.pipeline.declarations import ALL, Catalog, Stage, StageKey
from email_assistant.storage.artifacts import Artifact
from email_assistant.storage.hashing import hash_of

log = StageLogger(__name__, "data")


def find(stage: Stage, key: StageKey, context: Context) -> Artifact | None:
    """The artifact of a stage with this key, however it was scored if a later stage reads it; None if there is none."""
    exact = context.cache.find(stage.name, key.key)
    if exact or not key.scoring_dependencies or context.config.stage in (stage.name, ALL):
        return exact
    # Later stages read the result; how it was scored does not matter to them.
    return context.cache.find_by_result(stage.name, key.result_hash)


def find_made(context: Context, catalog: Catalog, names: tuple[str, ...]) -> None:
    """Find the existing artifacts of these stages and those before them, without making any.

    With `data.edits`, every draft that is kept changes the key of the data: until the next training, the newest
    artifacts that were made with earlier edits are used.
    """
    if not context.config.data.path:
        return
    _find_chain(context, catalog, names)
    missing = context.statuses[-1:]
    if not context.config.data.edits or not missing or missing[0].is_error:
        return
    for earlier in _with_earlier_edits(context, catalog.stages["data"]):
        chain = replace(context, artifacts={"data": earlier}, statuses=[])
        _find_chain(chain, catalog, names)
        if not chain.statuses:
            context.artifacts, context.statuses = chain.artifacts, []
            log.info("there are new edited drafts since the last training; stage=train learns from them")
            return


def _with_earlier_edits(context: Context, data: Stage) -> Iterator[Artifact]:
    """The artifacts of the stage data that differ only in their edits, the newest first."""

    def without_edits(dependencies: Mapping[str, Any]) -> str:
        inputs = {name: digest for name, digest in dependencies["inputs"].items() if name != "edits"}
        return hash_of({**dependencies, "inputs": inputs})

    wanted = without_edits(data.key_of(context.config, {}).result_dependencies)
    for artifact in context.cache.all_of("data"):
        reads = artifact.manifest.get("reads", {})
        if "edits" in reads.get("inputs", {}) and without_edits(reads) == wanted:
            yield artifact


def _find_chain(context: Context, catalog: Catalog, names: tuple[str, ...]) -> None:
    """Find the artifacts of these stages and those before them that are not found yet, up to the first missing one."""
    for name in catalog.with_earlier(names):
        stage = catalog.stages[name]
        if name in context.artifacts:
            continue
        try:
            artifact = find(stage, stage.key_of(context.config, context.artifacts), context)
        except EmailAssistantError as error:
            context.statuses.append(StageStatus(name, None, None, str(error), is_error=True))
            return
        if artifact is None:
            context.statuses.append(StageStatus(name, None, None, "not made yet"))
            return
        context.artifacts[name] = artifact
