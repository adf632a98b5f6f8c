"""The keys of the configuration: which exist, which one was meant, and which affect results."""

import dataclasses
import difflib
from typing import Any

from email_assistant.configuration.schema import Config

# Names that these keys have in other tools.
SYNONYMS = {
    "rank": "lora.r",
    "lora_r": "lora.r",
    "lora_alpha": "lora.alpha",
    "lora_dropout": "lora.dropout",
    "rslora": "lora.use_rslora",
    "dora": "lora.use_dora",
    "init_lora_weights": "lora.init",
    "layers_to_transform": "lora.layers",
    "loraplus_lr_ratio": "trainer.lora_plus_ratio",
    "neftune_noise_alpha": "trainer.neftune_alpha",
    "lr": "trainer.learning_rate",
    "num_epochs": "trainer.epochs",
    "num_train_epochs": "trainer.epochs",
    "bs": "trainer.batch_size",
    "max_seq_length": "trainer.max_length",
    "early_stopping": "trainer.patience",
    "top_p": "generation.top_p",
    "gguf": "model.gguf",
    "rag": "retrieval.method",
    "n_shots": "evaluation.shots",
    "k_shots": "evaluation.shots",
    "n_parallel": "generation.slots",
    "gpu_memory": "plan.device_memory_gb",
    "base_model": "model.path",
    "archive": "data.path",
    "mailbox": "data.path",
    "email": "data.owner",
    "random_seed": "seed",
}


def schema_keys(schema: Any = Config, prefix: str = "") -> dict[str, Any]:
    """Every key of the schema, groups included, with its type."""
    keys: dict[str, Any] = {}
    for field in dataclasses.fields(schema):
        key = f"{prefix}{field.name}"
        keys[key] = field.type
        if dataclasses.is_dataclass(field.type):
            keys |= schema_keys(field.type, f"{key}.")
    return keys


def nearest_key(key: str) -> str | None:
    """The key of the schema that was most likely meant by `key`."""
    last = key.rpartition(".")[2].lower()
    if last in SYNONYMS:
        return SYNONYMS[last]
    scores = {}
    for known, annotation in schema_keys().items():
        if dataclasses.is_dataclass(annotation):
            continue
        known_last = known.rpartition(".")[2]
        by_last = difflib.SequenceMatcher(None, last, known_last).ratio()
        scores[known] = max(_ratio(key, known), 0.95 * by_last)
    best = max(scores, key=lambda known: (scores[known], _ratio(key, known)))
    return best if scores[best] >= 0.6 else None


def _ratio(left: str, right: str) -> float:
    return difflib.SequenceMatcher(None, left, right).ratio()


# Groups whose keys are languages.
BY_LANGUAGE = tuple(f"summarizer.{name}" for name in ("prompts", "starts", "mentions", "examples"))


# Groups that do not change what a run learns or writes.
NON_RESULT_GROUPS = frozenset(
    [
        "tracking",
        "infer",
        "compose",
        "compare",
        "sweep",
        "clean",
        "privacy",
        "audit",
        "purge",
        "vault",
        "plan",
        "export",
        "paths",
    ]
)
# Keys of other groups that do not either: they only set how and where a run is executed.
EXECUTION_KEYS = frozenset(
    [
        "stage",
        "force",
        "from_run",
        "data.path",
        "data.processes",
        "model.path",
        "model.gguf",
        "model.device",
        "model.threads",
        "model.dense_to_write",
        "summarizer.path",
        "summarizer.batch_size",
        "generation.batch_size",
        "generation.slots",
        "trainer.micro_batch_tokens",
        "trainer.gradient_checkpointing",
        "trainer.memory_gb",
        "trainer.checkpoint_steps",
        "trainer.checkpoint_seconds",
    ]
)


def affects_results(key: str) -> bool:
    """Whether a key or group changes what a run learns or writes."""
    return key not in EXECUTION_KEYS and key.partition(".")[0] not in NON_RESULT_GROUPS


def is_known(key: str) -> bool:
    """Whether a dotted key is in the schema; languages of prompts are free."""
    if key in schema_keys():
        return True
    parent = key.rpartition(".")[0]
    return parent in BY_LANGUAGE


def unknown_key(key: str) -> str:
    """The line to report for an unknown key."""
    nearest = nearest_key(key)
    return f"{key}: no such key" + (
        f"; did you mean {nearest}?" if nearest else "; python run.py --cfg job lists all keys"
    )
