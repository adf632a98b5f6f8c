"""Which base model it is: a hash of its weights and configuration, wherever it lies."""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Config
from email_assistant.errors import ModelError
from email_assistant.language_model import hub
from email_assistant.storage.hashing import hash_file

log = logging.getLogger(__name__)


def model_folder(path: str) -> Path:
    """The folder of a model: as given, or of a hub name that lies in the local cache.

    Raises:
        ModelError: when there is none, or it holds no weights as safetensors.
    """
    folder = Path(path).expanduser()
    if hub.is_hub_name(path):
        folder = _cached(path)
    if not folder.is_dir():
        raise ModelError(
            f"{folder}: there is no such folder; model.path names the base model (README.md: how to get one)"
        )
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder}: holds no model: config.json and weights as .safetensors are expected")
    return folder


def _cached(name: str) -> Path:
    folder = hub.cached_folder(name)
    if folder is None:
        raise ModelError(
            f"model.path={name}: neither a folder nor in the local hub cache; privacy.allow_network=true fetches it"
        )
    return folder


def generation_key(config: Config) -> dict[str, Any]:
    """What the text of written mails depends on beside model, adapter and seed.

    Raises:
        ModelError: when llama.cpp is to write and its file is not there.
    """
    settings = {key: value for key, value in asdict(config.generation).items() if key not in ("batch_size", "slots")}
    if config.generation.backend == "llama_cpp":
        settings["gguf"] = fingerprint_of([gguf_file(config)], _memo(config))
    return settings


def base_fingerprint(config: Config) -> str:
    """The fingerprint of the configured base model.

    Raises:
        ModelError: as `model_folder`.
    """
    return fingerprint(config.model.path, _memo(config))


def base_identity(config: Config) -> dict[str, Any]:
    """The base model by its content, and how it is held in memory: not where it is, nor what computes it.

    Raises:
        ModelError: as `model_folder`.
    """
    elsewhere = ("path", "gguf", "architecture", "device", "threads")
    held = {key: value for key, value in asdict(config.model).items() if key not in elsewhere}
    return {"fingerprint": base_fingerprint(config), **held}


def features_fingerprint(config: Config) -> str | None:
    """The fingerprint of the model that MAUVE's features come of; None where that is the base.

    Raises:
        ModelError: as `model_folder`.
    """
    path = config.evaluation.mauve.model_path
    return fingerprint(path, _memo(config)) if path else None


def _memo(config: Config) -> Path:
    return config.outputs / "fingerprints.json"


def gguf_file(config: Config) -> Path:
    """The base model as GGUF.

    Raises:
        ModelError: when it is not there.
    """
    file = Path(config.model.gguf or "").expanduser()
    if not file.is_file():
        raise ModelError(f"{file}: there is no such file; model.gguf names the base model as GGUF")
    return file


def fingerprint(path: str, memo: Path) -> str:
    """A hash of a model's weights and configuration; gigabytes are read once (`memo`, with size and time of change).

    Raises:
        ModelError: as `model_folder`.
    """
    folder = model_folder(path)
    return fingerprint_of([folder / "config.json", *folder.glob("*.safetensors")], memo)


def _known(memo: Path) -> dict[str, list[object]]:
    """What is kept of files' hashes; nothing where that was cut off: they are read again."""
    try:
        return dict(json.loads(memo.read_text()))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError):
        log.info("%-10s %s was changed or cut off, and is made anew", "model", memo)
        return {}


def fingerprint_of(files: Iterable[Path], memo: Path) -> str:
    """A hash of files by name and content, whose own hashes are kept in `memo`."""
    known = _known(memo)
    digest = sha256()
    fresh = dict(known)
    for file in sorted(files):
        state = file.resolve().stat()
        entry = known.get(str(file.resolve()))
        if entry is None or entry[:2] != [state.st_size, state.st_mtime_ns]:
            entry = [state.st_size, state.st_mtime_ns, hash_file(file)]
            fresh[str(file.resolve())] = entry
        digest.update(f"{file.name} {entry[2]}\n".encode())
    if fresh != known:
        memo.parent.mkdir(parents=True, exist_ok=True)
        scratch = memo.with_suffix(".partial")
        scratch.write_text(json.dumps(fresh, indent=1))
        scratch.replace(memo)
    return digest.hexdigest()[:16]
