"""A model from the hub, fetched by a process of its own that sees no mail: `privacy.allow_network=true`.

It is the one thing that this project connects to another machine for. Everything else stays guarded meanwhile.
"""

import logging
import os
import subprocess
import sys
from pathlib import Path

from email_assistant.configuration.schema import Config
from email_assistant.errors import ModelError
from email_assistant.privacy import guard

log = logging.getLogger(__name__)
# Weights as safetensors, configuration, tokenizer and licence: nothing that could be run.
WANTED = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "LICENSE*", "USE_POLICY*"]
HUB = "https://huggingface.co"


def is_name(path: str) -> bool:
    """Whether a model's path may be a hub's name, `owner/model`, since it is no folder here."""
    return path.count("/") == 1 and not path.startswith((".", "/", "~")) and not Path(path).exists()


def cached(name: str) -> Path | None:
    """The folder of a hub's model in the local cache; None where it was not fetched."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=WANTED))
    except LocalEntryNotFoundError:
        return None


def fetch_missing(config: Config) -> None:
    """Fetch the models that the configuration names and this machine does not have.

    Raises:
        ModelError: when one cannot be had.
    """
    for path in (config.model.path, config.evaluation.mauve.model_path):
        if path and is_name(path) and cached(path) is None:
            host = os.environ.get("HF_ENDPOINT", HUB)
            log.info("%-10s open: fetching %s from %s, by a process that sees no mail", "network", path, host)
            # What it says of its progress goes to the screen.
            command = [sys.executable, "-m", __name__, path]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
            if done.returncode:
                reason = done.stdout.strip() or "it ended with an error, which stands above"
                raise ModelError(f"model.path={path}: could not be fetched: {reason}")
            log.info("%-10s closed", "network")


def main(name: str) -> int:
    """What that process does."""
    guard.protect(may_download=True)
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(name, allow_patterns=WANTED)
    except OSError as error:
        print(" ".join(str(error).split())[:300])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
