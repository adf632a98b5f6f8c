"""The configuration of a call, composed in this process."""

from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from email_assistant.commands.catalog import CONFIG_CHECKS
from email_assistant.configuration import command_line  # noqa: F401 - it registers the resolver that conf/ uses
from email_assistant.configuration.checks import from_composed
from email_assistant.configuration.schema import Config

CONF = Path(__file__).resolve().parents[1] / "conf"


def composed_config(tiny_model: Path, archive: Path, folder: Path) -> Config:
    gguf = archive.with_name("base.gguf")
    gguf.write_bytes(b"GGUF")
    values = [f"model.path={tiny_model}", f"data.path={archive}", f"paths.outputs={folder}"]
    values += [f"model.gguf={gguf}", f"summarizer.path={archive}", "summarizer=base_model", "generation=sample"]
    with initialize_config_dir(config_dir=str(CONF)):
        composed: Any = OmegaConf.to_container(compose(config_name="config", overrides=values), resolve=True)
    return from_composed(composed, CONFIG_CHECKS)
