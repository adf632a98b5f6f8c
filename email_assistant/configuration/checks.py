"""Every fault of a composed configuration, reported at once."""

import dataclasses
import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from email_assistant.configuration.schema import Config, Tracking
from email_assistant.errors import ConfigurationError, did_you_mean
from email_assistant.privacy import guard

# Names that people bring from other tools, for the nearest right key.
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
    """The key of the schema that the writer of `key` most likely meant."""
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
BY_LANGUAGE = tuple(f"summarizer.{name}" for name in ("prompts", "starts", "mentions", "notes", "examples"))


# Groups and keys that say how or where a run went, not what it learned.
_ELSEWHERE = frozenset(
    ["tracking", "infer", "compare", "sweep", "clean", "privacy", "audit", "purge", "vault", "plan", "export", "paths"]
)
_HOW = (
    "stage force from_run data.path data.processes model.path model.gguf model.device model.threads summarizer.path "
    "summarizer.batch_size generation.batch_size generation.slots trainer.micro_batch_tokens "
    "trainer.gradient_checkpointing trainer.checkpoint_steps"
)
HOW = frozenset(_HOW.split())


def is_learned(key: str) -> bool:
    """Whether a key or group changes what a run learns or writes."""
    return key not in HOW and key.partition(".")[0] not in _ELSEWHERE


def is_known(key: str) -> bool:
    """Whether a dotted key is in the schema; languages of prompts are free."""
    if key in schema_keys():
        return True
    parent = key.rpartition(".")[0]
    return parent in BY_LANGUAGE


def unknown_key(key: str) -> str:
    """The line that reports an unknown key."""
    nearest = nearest_key(key)
    return f"{key}: no such key" + (f"; did you mean {nearest}?" if nearest else "; see python run.py --cfg job")


@dataclass(frozen=True)
class Rules:
    """What is checked besides types, ranges and contradictions: stages and scores are not known in this package.

    Attributes:
        stages: Every value of `stage=`.
        of_config: Each yields a line for every fault of a typed configuration.
    """

    stages: tuple[str, ...]
    of_config: tuple[Callable[[Config], Iterator[str]], ...]


def find_faults(values: Mapping[str, Any], rules: Rules) -> list[str]:
    """All faults of a composed configuration, a line each; empty when there are none.

    Args:
        values: The composed configuration.
        rules: What is checked besides.
    """
    faults = list(_unknown_stage(values.get("stage"), rules.stages))
    try:
        config = _typed(values)
    except ValidationError as error:
        return faults + [_describe(fault) for fault in _without_repeats(error)]
    faults += _contradictions(config)
    return [*faults, *(fault for rule in rules.of_config for fault in rule(config))]


def _unknown_stage(stage: Any, stages: Sequence[str]) -> Iterator[str]:
    if isinstance(stage, str) and stage not in stages:
        yield f"stage = {stage}: must be one of {', '.join(stages)}{did_you_mean(stage, stages)}"


def from_composed(values: Mapping[str, Any], rules: Rules) -> Config:
    """The typed configuration.

    Raises:
        ConfigurationError: with every fault of `values` in one message.
    """
    faults = find_faults(values, rules)
    if faults:
        raise ConfigurationError(report(faults))
    return _typed(values)


def _typed(values: Mapping[str, Any]) -> Config:
    """By way of JSON, where strict types take a mapping for a dataclass."""
    return TypeAdapter(Config).validate_json(json.dumps(dict(values)))


def report(faults: list[str]) -> str:
    """One message for all faults."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n".join([f"the configuration has {count}:", *(f"  {fault}" for fault in faults)])


def _without_repeats(error: ValidationError) -> list[Any]:
    """One fault a key: pydantic reports each branch of a union."""
    seen: dict[str, Any] = {}
    for fault in error.errors(include_url=False):
        first = seen.setdefault(_key_of(fault), fault)
        if first is not fault:
            first["msg"] += " or " + fault["msg"].replace("Input should be ", "")
    return list(seen.values())


def _key_of(fault: Any) -> str:
    """The dotted key of a fault, without pydantic's names for branches of a union."""
    key = ""
    for part in fault["loc"]:
        longer = f"{key}.{part}".lstrip(".")
        if is_known(longer) or fault["type"] == "unexpected_keyword_argument":
            key = longer
        elif isinstance(part, int):
            key = f"{key}[{part}]"
    return key or ".".join(map(str, fault["loc"]))


def _describe(fault: Any) -> str:
    key = _key_of(fault)
    if fault["type"] == "unexpected_keyword_argument":
        return unknown_key(key)
    if fault["type"] == "missing":
        return f"{key}: is missing"
    message = fault["msg"].replace("Input should be", "must be").replace("List should", "must")
    if fault["type"] == "literal_error":
        message += _nearest_choice(key, str(fault["input"]))
    return f"{key} = {str(fault['input'])[:80]}: {message}"


def _nearest_choice(key: str, value: str) -> str:
    choices = [choice for choice in _choices(schema_keys().get(key.partition("[")[0])) if isinstance(choice, str)]
    return did_you_mean(value, choices)


def _choices(annotation: Any) -> list[Any]:
    found: list[Any] = []
    for argument in get_args(annotation):
        found += _choices(argument) if get_args(argument) else [argument]
    return found


def _faults_of_server(tracking: Tracking) -> list[str]:
    """Why runs must not go to a server; a name is none that could be looked up without asking others."""
    parts = urlsplit(tracking.uri or "")
    told = f"tracking.uri = {tracking.uri}"
    if parts.scheme not in ("http", "https"):
        return [f"{told}: not the address of an MLflow server, such as http://10.0.0.5:5000"]
    if not guard.is_private(parts.hostname or ""):
        return [
            f"{told}: runs hold adapters and mails, which go to this machine or a private network alone; "
            "name the server by its number there, such as http://10.0.0.5:5000"
        ]
    if not tracking.allow_remote:
        return [f"{told}: runs hold adapters and mails; tracking.allow_remote=true lets them go there"]
    return []


def _contradictions(config: Config) -> list[str]:
    """Faults that only several keys together show."""
    faults = []
    if config.summarizer.method == "from_file" and config.summarizer.path is None:
        faults.append("summarizer.path: summarizer=from_file needs the file of corrected pairs")
    if "en" not in config.summarizer.prompts:
        faults.append("summarizer.prompts: 'en' is missing, which every other language falls back on")
    for language in config.summarizer.prompts:
        if "{email}" not in config.summarizer.prompts[language]:
            faults.append(f"summarizer.prompts.{language}: {{email}} is missing, the place where the mail goes")
        if language not in config.summarizer.starts:
            faults.append(f"summarizer.starts.{language}: is missing, though there is a prompt for {language}")
        if "{notes}" not in config.summarizer.notes.get(language, ""):
            faults.append(f"summarizer.notes.{language}: {{notes}} is missing, the place where a mail's words go")
        if "{facts}" not in config.summarizer.mentions.get(language, ""):
            faults.append(f"summarizer.mentions.{language}: {{facts}} is missing, the place where names and numbers go")
    if config.lora.init != "default" and config.model.quantization != "none":
        faults.append(
            f"lora.init = {config.lora.init}: changes the base's weights, which 4 bits do not hold; take default"
        )
    if config.lora.init != "default" and config.lora.use_dora:
        faults.append(f"lora.init = {config.lora.init}: does not go with lora.use_dora=true; take one of them")
    if config.generation.backend == "llama_cpp" and config.model.gguf is None:
        faults.append("model.gguf: generation.backend=llama_cpp needs the base model as a GGUF file")
    if config.trainer.optimizer == "paged_adamw_8bit" and config.model.device == "cpu":
        faults.append("trainer.optimizer = paged_adamw_8bit: needs CUDA; with model.device=cpu take adamw")
    if config.trainer.privacy == "careful" and (config.data.redact == "none" or not config.trainer.canaries):
        faults.append(
            "trainer.privacy = careful: needs data.redact=pii and trainer.canaries=8; experiment=private has all"
        )
    if config.trainer.privacy == "differential" and config.shown_in_training:
        faults.append(
            "trainer.privacy = differential: a mail that is shown with others would have a part in what they teach; "
            "take retrieval.training_share=0"
        )
    if config.stage == "purge" and config.purge.match is None:
        faults.append("purge.match: say what to take out, as in purge.match='from:bo@x.example or subject:merger'")
    if config.tracking.uri:
        faults += _faults_of_server(config.tracking)
    return faults
