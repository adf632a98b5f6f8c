"""Configuration checks that need the list of stages or the list of scores."""

from collections.abc import Iterator

from email_assistant.configuration.checks import ConfigChecks
from email_assistant.configuration.schema import Config
from email_assistant.errors import ConfigurationError
from email_assistant.experiments.sweeps import direction_of
from email_assistant.pipeline.declarations import Catalog


def checks_for(catalog: Catalog) -> ConfigChecks:
    """The checks that `checks.find_errors` adds to its own."""

    def archive_is_named(config: Config) -> Iterator[str]:
        if config.data.path is None and config.stage in catalog.names and catalog.needs_archive(config):
            yield "data.path: is missing; set it to your archive, as in data.path=sent.mbox (data=demo uses the demo)"

    def objective_has_a_direction(config: Config) -> Iterator[str]:
        try:
            direction_of(config.sweep.objective, config.sweep.direction)
        except ConfigurationError as error:
            yield str(error)

    return ConfigChecks(catalog.names, (archive_is_named, objective_has_a_direction))
