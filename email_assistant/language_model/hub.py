"""Models of the Hugging Face hub: `privacy.allow_network=true` lets a separate process download one.

That process sees no mail, and is the only one that connects to another machine. All others remain guarded.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from email_assistant.console import StageLogger
from email_assistant.errors import ModelError
from email_assistant.privacy import guard

log = StageLogger(__name__, "network")
# Weights as safetensors, configuration, tokenizer and licence: nothing that can be executed.
ALLOWED_FILES = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "LICENSE*", "USE_POLICY*"]
HUB = "https://huggingface.co"


def is_hub_name(path: str) -> bool:
    """Whether a model's path looks like a name on the hub, `owner/model`, and is not a local folder."""
    return path.count("/") == 1 and not path.startswith((".", "/", "~")) and not Path(path).exists()


def cached_folder(name: str) -> Path | None:
    """The folder of a hub model in the local cache; None if it was not downloaded."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=ALLOWED_FILES))
    except LocalEntryNotFoundError:
        return None


def fetch_missing(paths: Iterable[str | None]) -> None:
    """Download the models that are not on this machine.

    Args:
        paths: Values of `model.path` and the like; folders and None are skipped.

    Raises:
        ModelError: when a download fails.
    """
    for path in paths:
        if path and is_hub_name(path) and cached_folder(path) is None:
            host = os.environ.get("HF_ENDPOINT", HUB)
            log.info("open: downloading %s from %s in a process that sees no mail", path, host)
            # Its progress bars go to the screen, by stderr.
            command = [sys.executable, "-m", __name__, path]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
            if done.returncode:
                reason = done.stdout.strip() or "see the error above"
                raise ModelError(f"model.path={path}: could not be downloaded: {reason}")
            log.info("closed")


def main(name: str) -> int:
    """Download a model: the command of the separate process."""
    guard.protect(may_download=True)
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(name, allow_patterns=ALLOWED_FILES)
    except OSError as error:
        print(" ".join(str(error).split())[:300])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
