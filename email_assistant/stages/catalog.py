"""The stages: what each is called, what it reads, what its result depends on, and what it writes.

A stage's key is a hash of its version, its slice of the configuration and the content of its inputs. Paths, dates and
what changes only speed or memory are left out.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from email_assistant.archive import edits, purging, readers
from email_assistant.configuration.schema import Config, Lora
from email_assistant.evaluation.typed_requests import read_requests, requests_file
from email_assistant.language_model import number_format
from email_assistant.language_model.adapter_folder import WEIGHTS
from email_assistant.language_model.context_window import check_lengths
from email_assistant.language_model.fingerprint import (
    base_identity,
    features_fingerprint,
    generation_key,
    head_start_identity,
)
from email_assistant.metrics.scores import SCORES_VERSION
from email_assistant.pipeline.context import archive_paths
from email_assistant.pipeline.declarations import Stage, by_name
from email_assistant.requests.arms import ARMS
from email_assistant.requests.reading import Reading
from email_assistant.requests.rough_notes import ROUGH_NOTES_VERSION
from email_assistant.storage.hashing import hash_file, hash_of
from email_assistant.storage.named_files import check_readable


def _without(values: Any, *left_out: str) -> dict[str, Any]:
    """A group of the configuration as a mapping, without the keys that do not change the result."""
    return {key: value for key, value in asdict(values).items() if key not in left_out}


def archive_hashes(config: Config) -> dict[str, str]:
    """A hash of the content of the archive's files, and one of what their names tell about the mail.

    Raises:
        ArchiveError: when the archive is missing or unreadable.
    """
    found = readers.archive_files(archive_paths(config), config.data.format, vars(config.data.columns))
    files = sorted((hash_file(path), told) for path, told in found)
    return {
        "archive": hash_of([content for content, _ in files]),
        "folders": hash_of([file for file in files if file[1]]),
    }


def data_depends_on(config: Config) -> dict[str, Any]:
    """The data group, the terms of every purge, the archive's content and folders, and the edits if they are used."""
    unused = ("context_words",) if config.data.context == "none" else ()
    purged = purging.load_terms(config.outputs)
    without = {"without": purged.hash} if purged else {}
    learned = {"edits": edits.content_hash(config.outputs)} if config.data.edits else {}
    # Their order does not matter.
    lists = {name: sorted(set(getattr(config.data, name))) for name in ("owner", "drop", "languages")}
    return {
        "data": _without(config.data, "path", "processes", "edits", *unused) | lists,
        **without,
        "inputs": {**archive_hashes(config), **learned},
    }


def summarize_depends_on(config: Config) -> dict[str, Any]:
    """The summarizer and the base model, or the file of corrected pairs, or only the seed for notes made by rules.

    Raises:
        DataError: when that file is missing.
    """
    if config.summarizer.method == "from_file":
        pairs = Path(config.summarizer.path or "")
        check_readable(pairs, "set summarizer.path to the corrected pairs, as JSON lines")
        return {"summarizer": {"method": "from_file"}, "inputs": {"pairs": hash_file(pairs)}}
    if config.summarizer.method == "rough":
        # No model writes them, so neither the base model nor its prompts count.
        return {
            "summarizer": {"method": "rough", "rules": ROUGH_NOTES_VERSION, "variants": config.summarizer.variants},
            "seed": config.seed,
        }
    sentences = sentences_depend_on(config)
    with_notes = {"variants": config.summarizer.variants} if "rough" in config.summarizer.forms else {}
    return {
        **sentences,
        "summarizer": {
            **sentences["summarizer"],
            "forms": sorted(set(config.summarizer.forms)),
            "rules": ROUGH_NOTES_VERSION,
            **with_notes,
        },
        "inputs": {"base": base_identity(config.model, config.outputs)},
    }


def sentences_depend_on(config: Config) -> dict[str, Any]:
    """Everything that the model's order for a mail depends on, except the mail and the base model."""
    left_out = ("path", "batch_size", "forms", "variants", "subjects", "orders_as_notes", "spell_out")
    return {"summarizer": _without(config.summarizer, *left_out), "seed": config.seed}


def _prompts(config: Config, typed: bool) -> dict[str, Any]:
    """How prompts word a request: by which versions of the rules, those for orders if people typed some."""
    reading = Reading.of(config.summarizer)
    return reading.versions() if typed else reading.versions_of_notes()


def _typed_requests(config: Config) -> dict[str, str]:
    """The content of the file of typed requests; empty if there is none.

    Raises:
        DataError: when it is missing, or a request is too long for the model.
    """
    file = requests_file(config.evaluation.requests, archive_paths(config))
    if file is None:
        return {}
    check_readable(file, "set evaluation.requests to a file of typed requests for test mails, as JSON lines")
    check_lengths(config, ((f"{file}, the request for {mail}", text) for mail, text in read_requests(file).items()))
    return {"requests": hash_file(file)}


def split_depends_on(config: Config) -> dict[str, Any]:
    """The split group, the seed and, with edits, the similarity from which an edit and a mail count as one."""
    same = {"duplicate_similarity": config.data.duplicate_similarity} if config.data.edits else {}
    return {"split": asdict(config.split), "seed": config.seed, **same}


def split_more_files(config: Config) -> dict[str, tuple[str, str]]:
    """The edits, if they are trained on."""
    return {"edits": ("data", edits.EDITS_FILE)} if config.data.edits else {}


# Keys of the trainer group that change only speed, memory or the scores.
_NOT_LEARNED = (
    "micro_batch_tokens",
    "gradient_checkpointing",
    "memory_gb",
    "checkpoint_steps",
    "checkpoint_seconds",
    "scored_mails",
)
# Keys of the trainer group that have no effect, by privacy mode.
_WITHOUT_EFFECT = {
    "none": ("privacy", "canary_limit", "epsilon", "delta"),
    "careful": ("epsilon", "delta"),
    "differential": (),
}


def train_depends_on(config: Config) -> dict[str, Any]:
    """The adapter, its training, the seed and the base model."""
    leaves_out_repeats = config.trainer.privacy == "careful"
    similarity = {"near_duplicate_similarity": config.split.near_duplicate_similarity}
    unused = (*_WITHOUT_EFFECT[config.trainer.privacy], *([] if config.trainer.canaries else ["canary_repeats"]))
    return {
        "lora": _lora(config.lora),
        "trainer": _without(config.trainer, *_NOT_LEARNED, *unused),
        **(similarity if leaves_out_repeats else {}),
        "retrieval": _retrieval_in_training(config) if config.retrieves_in_training else None,
        **_prompts(config, config.data.edits),
        "seed": config.seed,
        "inputs": {
            "base": base_identity(config.model, config.outputs),
            **head_start_identity(config.model, config.outputs),
        },
    }


def _lora(settings: Lora) -> dict[str, Any]:
    """The adapter, the same however it is written: with alpha, and with names and layers in their order."""
    names, layers = settings.target_modules, settings.layers
    return {
        **asdict(settings),
        "alpha": settings.scale_numerator,
        "target_modules": names if isinstance(names, str) else sorted(set(names)),
        "layers": None if layers is None else sorted(set(layers)),
    }


def _retrieval_in_training(config: Config) -> dict[str, Any]:
    """What the mails in training prompts depend on; embeddings read as much of a mail as MAUVE's features do."""
    if config.retrieval.method != "embedding":
        return _retrieval(config)
    return {**_retrieval(config), "embedded_tokens": config.evaluation.mauve.max_tokens}


def train_scored_by(config: Config) -> dict[str, Any]:
    """How the validation mails are generated and scored."""
    return {
        "scores": SCORES_VERSION,
        "scored_mails": config.trainer.scored_mails,
        "generation": generation_key(config.generation, config.model, config.outputs),
        "mauve": _mauve(config),
        "asked": _retrieval(config, "training_share") if config.retrieval.method != "none" else None,
    }


def evaluate_depends_on(config: Config) -> dict[str, Any]:
    """The arms, how their mails are generated and scored, and the base model."""
    arms = [ARMS[arm] for arm in config.evaluation.arms]
    retrieves = any(arm.retrieves for arm in arms)
    starts = any(arm.adapter == "head_start" for arm in arms)
    return {
        "scores": SCORES_VERSION,
        "retrieval": _retrieval(config, "method", "training_share") if retrieves else None,
        "evaluation": {**_without(config.evaluation, "mauve", "requests"), "mauve": _mauve(config)},
        "generation": generation_key(config.generation, config.model, config.outputs),
        "max_length": config.trainer.max_length,
        **_prompts(config, config.data.edits or config.evaluation.requests is not None),
        "seed": config.seed,
        "inputs": {
            "base": base_identity(config.model, config.outputs),
            **(head_start_identity(config.model, config.outputs) if starts else {}),
            **_typed_requests(config),
        },
    }


def _retrieval(config: Config, *left_out: str) -> dict[str, Any]:
    """Everything that retrieved mails depend on, except the training mails and the base model."""
    similarity = config.split.near_duplicate_similarity
    return {**_without(config.retrieval, *left_out), "near_duplicate_similarity": similarity}


def _mauve(config: Config) -> dict[str, Any]:
    """MAUVE's settings; a feature model other than the base counts by its content."""
    settings = _without(config.evaluation.mauve, "model_path")
    features = features_fingerprint(config.evaluation.mauve, config.outputs)
    model = number_format.features_model(config)
    return {**settings, "features": features, "features_dtype": model.dtype} if features and model else settings


STAGES = by_name(
    Stage(
        name="data",
        help="read the archive, and keep what its owner wrote",
        module="email_assistant.stages.data",
        version=27,
        depends_on=data_depends_on,
        shows="emails.jsonl",
        results=("emails.jsonl", "others.jsonl"),
    ),
    Stage(
        name="summarize",
        help="write a request for every mail, by rules or with the base model",
        module="email_assistant.stages.summarize",
        version=7,
        input_files={"emails": ("data", "emails.jsonl")},
        depends_on=summarize_depends_on,
        shows="pairs.jsonl",
        results=("pairs.jsonl",),
        resumable=True,
    ),
    Stage(
        name="split",
        help="divide the mails into training, validation and test mails",
        module="email_assistant.stages.split",
        version=2,
        input_files={"pairs": ("summarize", "pairs.jsonl")},
        more_files=split_more_files,
        depends_on=split_depends_on,
        shows="train.jsonl, validation.jsonl, test.jsonl",
        results=("train.jsonl", "validation.jsonl", "test.jsonl"),
    ),
    Stage(
        name="train",
        help="train a LoRA or QLoRA adapter, then score it on the validation mails",
        module="email_assistant.stages.train",
        log_module="email_assistant.stages.train_log",
        version=5,
        input_files={"train": ("split", "train.jsonl"), "validation": ("split", "validation.jsonl")},
        depends_on=train_depends_on,
        scored_by=train_scored_by,
        shows="adapter/",
        results=(f"adapter/{WEIGHTS}", "validation_mails.jsonl"),
        resumable=True,
        has_scores=True,
        distributed=True,
    ),
    Stage(
        name="evaluate",
        help="compare the tuned model with baselines on the test mails",
        module="email_assistant.stages.evaluate",
        log_module="email_assistant.stages.evaluate_log",
        version=6,
        input_files={
            "others": ("data", "others.jsonl"),
            "train": ("split", "train.jsonl"),
            "test": ("split", "test.jsonl"),
            "adapter": ("train", f"adapter/{WEIGHTS}"),
        },
        depends_on=evaluate_depends_on,
        shows="report.html",
        results=("generations.jsonl",),
        resumable=True,
        has_scores=True,
    ),
)
