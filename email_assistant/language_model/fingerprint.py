"""Which base model it is: a hash of its weights and configuration, wherever it lies."""

import json
from hashlib import sha256
from pathlib import Path

from email_assistant.errors import ModelError
from email_assistant.hashing import hash_file


def model_folder(path: str) -> Path:
    """The folder of a model: as given, or of a hub name that lies in the local cache.

    Raises:
        ModelError: when there is none, or it holds no weights as safetensors.
    """
    folder = Path(path).expanduser()
    if not folder.exists() and path.count("/") == 1 and not path.startswith((".", "/", "~")):
        folder = _cached(path)
    if not folder.is_dir():
        raise ModelError(
            f"{folder}: there is no such folder; model.path names the base model (README.md: how to get one)"
        )
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder}: holds no model: config.json and weights as .safetensors are expected")
    return folder


def _cached(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except LocalEntryNotFoundError:
        raise ModelError(
            f"model.path={name}: neither a folder nor in the local hub cache; fetch it first: README.md says how"
        ) from None


def fingerprint(path: str, memo: Path) -> str:
    """A hash of a model's weights and configuration.

    Gigabytes are read once: `memo` keeps each file's hash with its size and time of change.

    Raises:
        ModelError: as `model_folder`.
    """
    folder = model_folder(path)
    known: dict[str, list[object]] = json.loads(memo.read_text()) if memo.exists() else {}
    digest = sha256()
    fresh = dict(known)
    for file in sorted([folder / "config.json", *folder.glob("*.safetensors")]):
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
