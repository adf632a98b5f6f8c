"""Identity of a base model: a hash of its weights and configuration, wherever the files are."""

from collections.abc import Iterable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from email_assistant.configuration.schema import Generation, Mauve, Model
from email_assistant.errors import ModelError
from email_assistant.language_model import hub
from email_assistant.language_model.adapter_folder import BASE_NOTE, SETTINGS, WEIGHTS, check_folder
from email_assistant.storage import json_cache, jsonl
from email_assistant.storage.hashing import hash_file
from email_assistant.storage.named_files import check_readable

# Part of the key of mails that are the best of several: raised with every change of how the best is chosen
# (evaluation/best_of_n.py, and the rules of metrics/sense.py and of requests/: orders, shorthand, subjects).
BEST_OF_N_VERSION = 10
# In the folder of outputs: hashes of model files, with their sizes and times.
HASH_CACHE = "fingerprints.json"
# Of a model's folder, the files besides weights and configuration that prompts and the end of a mail depend on.
TOKENIZER_FILES = (
    *("tokenizer*", "*.model", "*.tiktoken", "vocab*", "merges.txt", "added_tokens.json", "special_tokens_map.json"),
    *("chat_template*", "generation_config.json"),
)
# The head starts that come with the project, a folder each.
HEAD_STARTS = Path(__file__).resolve().parents[2] / "head_start"


def model_folder(path: str) -> Path:
    """The folder of a model: the path itself, or that of a hub model in the local cache.

    Raises:
        ModelError: when it does not exist, or has no weights as safetensors.
    """
    folder = Path(path)
    if hub.is_hub_name(path):
        folder = _cached_folder(path)
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder; set model.path to the base model (see docs/models.md)")
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder}: not a model: it needs config.json and weights as .safetensors")
    return folder


def _cached_folder(name: str) -> Path:
    folder = hub.cached_folder(name)
    if folder is None:
        raise ModelError(
            f"model.path={name}: neither a folder nor a downloaded model; privacy.allow_network=true downloads it"
        )
    return folder


def generation_key(settings: Generation, model: Model, outputs: Path) -> dict[str, Any]:
    """Everything that generated text depends on, except the base model, the adapter, the prompts and the seed.

    Args:
        settings: How mails are generated.
        model: The model group of the configuration, for llama.cpp's file.
        outputs: The folder with the cache of hashes.

    Raises:
        ModelError: when llama.cpp is to generate and its file does not exist.
    """
    values = {key: value for key, value in asdict(settings).items() if key not in ("batch_size", "slots")}
    if settings.beams > 1:
        for name in ("temperature", "top_p", "min_p", "repetition_penalty", "greedy_first"):
            del values[name]
    else:
        # Mails that were generated before there were these keys are still found. A single beam is greedy decoding.
        values["greedy_first"] = settings.greedy_first or settings.by_beams
        if not values["greedy_first"]:
            del values["greedy_first"]
        del values["search"]
    if settings.num_candidates > 1:
        values["choice"] = BEST_OF_N_VERSION
    if settings.backend == "llama_cpp":
        values["gguf"] = hash_of_files([gguf_file(model)], outputs / HASH_CACHE)
    return values


def base_fingerprint(settings: Model, outputs: Path) -> str:
    """The fingerprint of the configured base model.

    Args:
        settings: The model group of the configuration.
        outputs: The folder with the cache of hashes.

    Raises:
        ModelError: as `model_folder`.
    """
    return fingerprint(settings.path, outputs / HASH_CACHE)


def base_identity(settings: Model, outputs: Path) -> dict[str, Any]:
    """The base model's content, its tokenizer and number format, independent of its location and of what computes it.

    Args:
        settings: The model group of the configuration.
        outputs: The folder with the cache of hashes.

    Raises:
        ModelError: as `model_folder`.
    """
    elsewhere = ("path", "gguf", "head_start", "architecture", "device", "threads", "dense_to_write")
    values = {key: value for key, value in asdict(settings).items() if key not in elsewhere}
    tokenizer = tokenizer_fingerprint(settings.path, outputs / HASH_CACHE)
    return {"fingerprint": base_fingerprint(settings, outputs), "tokenizer": tokenizer, **values}


def head_start_folder(settings: Model, outputs: Path) -> Path | None:
    """The folder of the head start that the configuration asks for; None if there is none.

    Args:
        settings: The model group of the configuration.
        outputs: The folder with the cache of hashes.

    Raises:
        ModelError: when the configured folder has no adapter.
    """
    if settings.head_start is None:
        return None
    if settings.head_start != "auto":
        folder = Path(settings.head_start)
        check_folder(folder)
        return folder
    if settings.quantization != "none":
        return None
    base = base_fingerprint(settings, outputs)
    notes = {note.parent: jsonl.read_object(note) for note in HEAD_STARTS.glob(f"*/{BASE_NOTE}")}
    return next((folder for folder, note in sorted(notes.items()) if note.get("fingerprint") == base), None)


def head_start_identity(settings: Model, outputs: Path) -> dict[str, str]:
    """A hash of the configured head start, as part of a key; empty if there is none.

    Args:
        settings: The model group of the configuration.
        outputs: The folder with the cache of hashes.

    Raises:
        ModelError: when its folder has no adapter.
    """
    folder = head_start_folder(settings, outputs)
    if folder is None:
        return {}
    return {"head_start": hash_of_files([folder / WEIGHTS, folder / SETTINGS], outputs / HASH_CACHE)}


def features_fingerprint(settings: Mauve, outputs: Path) -> str | None:
    """The fingerprints of the model that computes MAUVE's features and its tokenizer; None if it is the base model.

    Args:
        settings: The model group of the configuration.
        outputs: The folder with the cache of hashes.

    Raises:
        ModelError: as `model_folder`.
    """
    if settings.model_path is None:
        return None
    cache_file = outputs / HASH_CACHE
    return fingerprint(settings.model_path, cache_file) + tokenizer_fingerprint(settings.model_path, cache_file)


def gguf_file(settings: Model) -> Path:
    """The base model as GGUF.

    Raises:
        ModelError: when it does not exist.
    """
    file = Path(settings.gguf or "")
    check_readable(file, "set model.gguf to the base model as a GGUF file", ModelError)
    return file


def fingerprint(path: str, cache_file: Path) -> str:
    """A hash of a model's weights and configuration.

    Args:
        path: A folder or a hub name, as in `model.path`.
        cache_file: As for `hash_of_files`.

    Raises:
        ModelError: as `model_folder`.
    """
    folder = model_folder(path)
    return hash_of_files([folder / "config.json", *folder.glob("*.safetensors")], cache_file)


def tokenizer_fingerprint(path: str, cache_file: Path) -> str:
    """A hash of a model's tokenizer, with its chat template and the tokens that end a mail.

    Args:
        path: As for `fingerprint`.
        cache_file: As for `hash_of_files`.

    Raises:
        ModelError: as `model_folder`.
    """
    folder = model_folder(path)
    return hash_of_files({file for name in TOKENIZER_FILES for file in folder.glob(name) if file.is_file()}, cache_file)


def hash_of_files(files: Iterable[Path], cache_file: Path) -> str:
    """A hash of files by their names and contents.

    Args:
        files: The files, in any order.
        cache_file: Keeps the hash of each file with its size and times, so that gigabytes are read once. A file that
            replaces another may have its size and modification time, but not the time at which the system placed it.
    """
    cached = json_cache.read(cache_file)
    computed: dict[str, list[object]] = {}
    digest = sha256()
    for file in sorted(files):
        name, stat = str(file.resolve()), file.resolve().stat()
        state = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
        entry = cached.get(name)
        if not isinstance(entry, list) or entry[:-1] != state:
            entry = [*state, hash_file(file)]
            computed[name] = entry
        digest.update(f"{file.name} {entry[-1]}\n".encode())
    if computed:
        json_cache.add(cache_file, computed)
    return digest.hexdigest()[:16]
