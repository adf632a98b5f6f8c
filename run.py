"""The entry point: `python run.py stage=train lora.r=16`. See `python run.py --help`."""

# ruff: noqa: E402 - the switches come before every other import
from email_assistant.privacy import guard

guard.protect()

import os
import sys
from typing import Any

# An error comes to command_line as it was raised, not as Hydra would print it.
os.environ.setdefault("HYDRA_FULL_ERROR", "1")

import hydra
from omegaconf import DictConfig, OmegaConf

from email_assistant.commands.catalog import CATALOG, RULES
from email_assistant.configuration import checks, command_line
from email_assistant.experiments import optuna_sweeper
from email_assistant.experiments.repeat import load_origin
from email_assistant.experiments.run_logger import command_line_overrides
from email_assistant.language_model import distributed
from email_assistant.pipeline import pipeline

# What configuration files may name as code.
TRUSTED = ["email_assistant.pipeline.sweep_parent.SweepParent", "email_assistant.console.Formatter"]
errors = command_line.ErrorReporter()


@hydra.main(config_path="conf", config_name="config", execution_whitelist=TRUSTED)
def main(composed: DictConfig) -> float | None:
    """Run the stages that the configuration asks for; the return value is a sweep's objective."""
    # A job of a sweep may be another process, which has only inherited the environment.
    guard.protect()
    with errors.of_job():
        values: Any = OmegaConf.to_container(composed, resolve=True)
        origin = load_origin(values, command_line_overrides(), RULES) if values["from_run"] else None
        return pipeline.run(checks.from_composed(origin.values if origin else values, RULES), CATALOG, origin)
    return None


if __name__ == "__main__":
    optuna_sweeper.register()
    sys.exit(command_line.run(main, RULES, errors, distributed.from_environment().world_size))
