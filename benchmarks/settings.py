"""The configuration that run.py composes from conf/, for benchmarks. Needs no package of the archive's readers."""

from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from email_assistant.configuration.checks import ConfigChecks, from_composed
from email_assistant.configuration.schema import Config

ROOT = Path(__file__).resolve().parents[1]


def composed(checks: ConfigChecks, *overrides: str) -> Config:
    """The configuration of conf/ with overrides, checked by `checks` as well as by the schema."""
    OmegaConf.register_resolver("project_root", lambda: str(ROOT), replace=True)
    with initialize_config_dir(config_dir=str(ROOT / "conf")):
        values: Any = OmegaConf.to_container(compose("config", overrides=["data.path=none", *overrides]), resolve=True)
    return from_composed(values, checks)
