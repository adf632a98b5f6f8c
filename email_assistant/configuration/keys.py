"""The keys of the configuration: which exist, which one was meant, and which affect results."""

import dataclasses
import difflib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from email_assistant.configuration.schema import Config

# Names that these keys have in other tools.
SYNONYMS = {
    name: key
    for key, names in {
        "lora.r": "rank lora_r",
        "lora.alpha": "lora_alpha",
        "lora.dropout": "lora_dropout",
        "lora.use_rslora": "rslora",
        "lora.use_dora": "dora",
        "lora.init": "init_lora_weights",
        "lora.layers": "layers_to_transform",
        "trainer.lora_plus_ratio": "loraplus_lr_ratio",
        "trainer.neftune_alpha": "neftune_noise_alpha",
        "trainer.learning_rate": "lr",
        "trainer.epochs": "num_epochs num_train_epochs",
        "trainer.batch_size": "bs per_device_train_batch_size",
        "trainer.micro_batch_tokens": "gradient_accumulation_steps",
        "trainer.max_length": "max_seq_length max_seq_len seq_len context_length n_ctx num_ctx",
        "trainer.warmup_fraction": "warmup warmup_steps warmup_ratio",
        "trainer.weight_decay": "wd",
        "trainer.max_grad_norm": "grad_clip clip_grad_norm",
        "trainer.patience": "early_stopping early_stopping_patience",
        "trainer.validations_per_epoch": "eval_steps",
        "trainer.checkpoint_steps": "save_steps",
        "generation.max_new_tokens": "max_new_tokens max_tokens",
        "generation.temperature": "temp do_sample",
        "generation.candidates": "num_beams beams num_return_sequences best_of",
        "generation.top_p": "top_p top_k",
        "generation.slots": "n_parallel",
        "model.path": "base_model base_model_name model_name model_name_or_path model_id pretrained_model",
        "model.gguf": "gguf",
        "model.device": "gpu gpus cuda cpu",
        "model.dtype": "fp16 bf16 float16 bfloat16 torch_dtype precision",
        "model.quantization": "load_in_4bit load_in_8bit 4bit qlora bits",
        "model.threads": "num_threads n_threads",
        "data.path": "archive mailbox dataset mbox train_file",
        "data.owner": "email me user",
        "data.languages": "lang",
        "data.redact": "anonymize pii",
        "data.max_mails": "limit max_samples n_mails",
        "data.processes": "workers num_workers cores",
        "split.test_fraction": "test_size test_split",
        "split.validation_fraction": "val_size val_split",
        "evaluation.shots": "n_shots k_shots few_shot",
        "retrieval.method": "rag",
        "infer.input": "prompt instruction instructions",
        "infer.output": "outfile output_file",
        "paths.outputs": "output_dir save_dir",
        "plan.device_memory_gb": "gpu_memory",
        "privacy.allow_network": "network download",
        "vault.passphrase_file": "passphrase password",
        "seed": "random_seed random_state",
    }.items()
    for name in names.split()
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


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """The last part of each key, or all of it where two keys have the same last part."""
    count = Counter(key.rpartition(".")[2] for key in keys)
    return {key: last if count[last := key.rpartition(".")[2]] == 1 else key for key in keys}


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


def as_written(value: Any) -> str:
    """A value as one writes it in the configuration: null, true, [1, 2], text without quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
