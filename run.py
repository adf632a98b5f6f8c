"""The entry point: `python run.py stage=train lora.r=16`. See `python run.py --help`."""

# ruff: noqa: E402 - the switches come before every other import
from email_assistant import privacy

privacy.protect()

import os
import sys
from typing import Any

# An error comes to command_line as it was raised, not as Hydra would print it.
os.environ.setdefault("HYDRA_FULL_ERROR", "1")

import hydra
from omegaconf import DictConfig, OmegaConf

from email_assistant import command_line, config, pipeline, repeat, tracking

# What configuration files may name as code.
TRUSTED = ["email_assistant.sweeps.SweepParent", "email_assistant.progress.Formatter"]


@hydra.main(config_path="conf", config_name="config", execution_whitelist=TRUSTED)
def main(composed: DictConfig) -> float | None:
    """Run the stages that the configuration asks for; the return value is a sweep's objective."""
    # Of a sweep with a launcher this is another process, which has only inherited the environment.
    privacy.protect()
    with command_line.said_at_once():
        values: Any = OmegaConf.to_container(composed, resolve=True)
        origin = repeat.origin_of(values, tracking.overrides()) if values["from_run"] else None
        return pipeline.run(config.from_composed(origin.values if origin else values), origin)
    return None


if __name__ == "__main__":
    sys.exit(command_line.run(main))
