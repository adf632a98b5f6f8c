"""The entry point: `python run.py stage=train lora.r=16`. See `python run.py --help`."""

# ruff: noqa: E402 - the first lines must run before the other imports
import os
import signal

# Files that are opened later must not become the standard streams where those are closed.
for descriptor in range(3):
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)

# The imports take seconds and leave nothing to clean up: until they are done, Ctrl-C ends the process silently.
if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from email_assistant.privacy import guard

guard.protect()

from email_assistant.language_model import openmp

openmp.limit_spinning()

import sys
from typing import Any

# Let errors reach command_line instead of being printed by Hydra.
os.environ.setdefault("HYDRA_FULL_ERROR", "1")

import hydra
from omegaconf import DictConfig, OmegaConf

from email_assistant.commands.catalog import CATALOG, CONFIG_CHECKS
from email_assistant.configuration import checks, command_line
from email_assistant.experiments import optuna_sweeper
from email_assistant.experiments.repeat import load_origin
from email_assistant.experiments.run_logger import command_line_overrides
from email_assistant.language_model import distributed
from email_assistant.pipeline import pipeline

# The only classes that YAML files may instantiate.
TRUSTED = [
    "email_assistant.pipeline.sweep_parent.SweepParent",
    "email_assistant.console.Formatter",
    "email_assistant.console.OutputHandler",
]
reporter = command_line.ErrorReporter()
OmegaConf.register_resolver("catalog_help", CATALOG.help_of, replace=True)


@hydra.main(config_path="conf", config_name="config", execution_whitelist=TRUSTED)
def main(composed: DictConfig) -> float | None:
    """Run the stages that the configuration asks for; the return value is a sweep's objective."""
    # A sweep's launcher may run jobs in new processes, which have inherited only the environment.
    guard.protect()
    with reporter.reporting_job_errors():
        values: Any = OmegaConf.to_container(composed, resolve=True)
        origin = load_origin(values, command_line_overrides(), CONFIG_CHECKS) if values["from_run"] else None
        return pipeline.run(checks.from_composed(origin.values if origin else values, CONFIG_CHECKS), CATALOG, origin)
    return None


if __name__ == "__main__":
    optuna_sweeper.register()
    sys.exit(command_line.run(main, CONFIG_CHECKS, reporter, lambda: distributed.from_environment().world_size))
