"""The commands; together with the stages, all values of `stage=`, and the configuration checks that need them."""

from collections.abc import Iterator

from email_assistant.configuration.checks import ConfigChecks
from email_assistant.configuration.schema import Config
from email_assistant.errors import ConfigurationError
from email_assistant.experiments.sweeps import direction_of
from email_assistant.pipeline.declarations import Catalog, Command, by_name
from email_assistant.requests.arms import ARMS
from email_assistant.stages.catalog import STAGES


def _stages_of_adapter(config: Config) -> tuple[str, ...]:
    """Training, unless an adapter is named; then the split, if mails are retrieved from it."""
    if not config.infer.adapter:
        return ("train",)
    return ("split",) if config.retrieves_in_inference else ()


def _stages_for_composing(config: Config) -> tuple[str, ...]:
    """Training, unless an adapter is named; then the split, whose mails show what the owner usually says."""
    return ("split",) if config.infer.adapter else ("train",)


COMMANDS = by_name(
    Command(
        name="infer",
        help="write mails from instructions",
        module="email_assistant.commands.infer",
        needs=_stages_of_adapter,
        needs_archive=lambda config: config.retrieves_in_inference,
    ),
    Command(
        name="compose",
        help="write mails on a local page, and serve mail programs",
        module="email_assistant.commands.compose",
        uses=_stages_for_composing,
    ),
    Command(
        name="export",
        help="export the adapter as GGUF, with a Modelfile for Ollama",
        module="email_assistant.commands.export",
        needs=_stages_of_adapter,
    ),
    Command(
        name="plan",
        help="estimate memory and time before a run",
        module="email_assistant.commands.plan",
        inspects=True,
        for_another_machine=lambda config: config.plan.device_memory_gb is not None,
    ),
    Command(
        name="compare",
        help="compare runs, and show whether differences are significant",
        module="email_assistant.commands.compare",
    ),
    Command(
        name="status",
        help="show what is cached, with age and size, and which stages would run and why",
        module="email_assistant.commands.status",
        inspects=True,
    ),
    Command(
        name="clean",
        help="list the files that no run refers to; clean.remove=true deletes them",
        module="email_assistant.commands.clean",
    ),
    Command(
        name="lineage",
        help="show what an adapter was made from, and whether it is unchanged",
        module="email_assistant.commands.lineage",
    ),
    Command(
        name="audit",
        help="show what recent runs connected to, who can read their files, and where mail text is stored",
        module="email_assistant.commands.audit",
    ),
    Command(
        name="purge",
        help="remove a person, a topic or a mail from everything (purge.match='from:bo@x.example')",
        module="email_assistant.commands.purge",
    ),
    Command(
        name="lock",
        help="encrypt everything made from the archive",
        module="email_assistant.commands.lock",
        runs_locked=True,
    ),
    Command(
        name="unlock",
        help="decrypt it again",
        module="email_assistant.commands.lock",
        runs_locked=True,
    ),
)

CATALOG = Catalog(STAGES, COMMANDS)


def _archive_is_named(config: Config) -> Iterator[str]:
    if config.data.path is None and config.stage in CATALOG.names and CATALOG.needs_archive(config):
        yield "data.path: is missing; set it to your archive, as in data.path=sent.mbox (data=demo uses the demo)"


def _objective_has_a_direction(config: Config) -> Iterator[str]:
    try:
        direction_of(config.sweep.objective, config.sweep.direction)
    except ConfigurationError as error:
        yield str(error)


def _objective_is_logged(config: Config) -> Iterator[str]:
    """Scores of test mails need an evaluation with their arm: else every job would run and then fail."""
    objective, arms = config.sweep.objective, config.evaluation.arms
    if not objective.startswith("test_") or not CATALOG.has_scores(config.stage):
        return
    arm = max((each for each in ARMS if objective.startswith(f"test_{each}_")), key=len, default=None)
    if config.stage == "train":
        yield f"sweep.objective = {objective}: stage=train writes no test mails; use stage=evaluate"
    elif arm is not None and arm not in arms and not objective.endswith("_extracted"):
        yield f"sweep.objective = {objective}: the arm {arm} is not evaluated; add it to evaluation.arms"


# What `checks.find_errors` adds to its own checks.
CONFIG_CHECKS = ConfigChecks(CATALOG.names, (_archive_is_named, _objective_has_a_direction, _objective_is_logged))
